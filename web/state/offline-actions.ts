/**
 * Use without a network, as the person sees it: a quiet word on what is kept, a notice when a new version is there,
 * and nothing that happens to the page unless it was asked for. Loaded after the first training has begun to move.
 */

import { effect, untracked } from '@preact/signals';
import { type Container, keepOffline, type OfflineCopy, type OfflineHandlers } from '../client/offline.ts';
import type { Actions } from './actions.ts';
import type { Notice, OfflineState, OfflineWish, Store } from './store.ts';

/** What the room needs of the browser. Tests give their own. */
export interface OfflineSurroundings {
  container: Container | undefined;
  /** Address of sw.js. */
  address: string;
  /** The person pays for what is fetched, or waits long for it. */
  sparing(): boolean;
  /** Saves what can be saved; true when there is work that a reload would lose all the same. */
  unsaved(): Promise<boolean>;
  reload(): void;
}

/** What is first seen is there, or nothing is on its way: the network and the processor have time for this. */
function calm(store: Store): boolean {
  const { kind } = store.phase.value;
  const moving = (store.map.value?.version ?? 0) >= 2;
  return moving || !(kind === 'starting' || kind === 'opening' || kind === 'running');
}

export function createOffline(store: Store, actions: Actions, around: OfflineSurroundings): void {
  let copy: OfflineCopy | null = null;
  let shown: number | null = null; // the notice about versions
  let busy: Promise<void> = Promise.resolve();

  /**
   * Says or asks something about versions, in place of what was said of them before. It is about the page and not
   * about its data: another table does not take it back.
   */
  function say(notice: Pick<Notice, 'tone' | 'text' | 'hint' | 'action'>): void {
    later();
    shown = actions.notify({ ...notice, other: { label: 'Later', run: later } });
    actions.announce(notice.text);
  }

  function later(): void {
    if (shown !== null) actions.dismiss(shown);
    shown = null;
  }

  /** Does what loads the page again; asks first when that costs work. */
  async function confirmed(verb: string, go: () => void): Promise<void> {
    if (!(await around.unsaved())) {
      go();
      return;
    }
    say({
      tone: 'warning',
      text: 'The page is loaded again for the new version, and what you have done here is not saved.',
      action: { label: `${verb} and lose it`, run: go },
    });
  }

  function accept(): void {
    later();
    copy?.accept();
  }

  const handlers: OfflineHandlers = {
    onRefused() {
      store.offline.value = { kind: 'refused' };
    },
    onInstalling() {
      store.offline.value = { kind: 'installing' };
    },
    onReport({ bytes, missing, full }) {
      const before = store.offline.peek();
      const first = before.kind !== 'ready';
      const fetching = !first && before.fetching && missing.length > 0 && !full;
      const state = { kind: 'ready', bytes, missing, full, fetching } as const;
      store.offline.value = state;
      if (first && (store.keepOffline.peek() === 'all' || !around.sparing())) completeIfMissing(state);
    },
    onFailure({ reason }) {
      /* A new version that could not be kept changes nothing: the one that is there is whole. */
      if (store.offline.peek().kind !== 'ready') store.offline.value = { kind: 'failed', reason };
    },
    onUpdate() {
      say({
        tone: 'info',
        text: 'A new version is ready.',
        hint: 'It replaces this one when you say so; the page is loaded again then.',
        action: { label: 'Update', run: () => void confirmed('Update', accept) },
      });
    },
    onAccepted: around.reload,
    onChanged() {
      later();
      store.offline.value = { kind: 'off' };
    },
    onEnded() {
      later();
      copy = null;
      store.offline.value = { kind: 'off' };
    },
    onReplaced() {
      say({
        tone: 'info',
        text: 'Unfold was updated in another tab.',
        hint: 'This one goes on as it is until it is loaded again.',
        action: { label: 'Reload', run: () => void confirmed('Reload', around.reload) },
      });
    },
  };

  async function follow(wish: OfflineWish): Promise<void> {
    if (wish === 'off') {
      later();
      await (copy ?? (await existing()))?.remove();
      copy = null;
      store.offline.value = { kind: 'off' };
      return;
    }
    copy ??= await keepOffline(around.container, around.address, handlers);
    const state = store.offline.peek();
    if (wish === 'all' && state.kind === 'ready') completeIfMissing(state);
  }

  /** What an earlier visit has left, when nothing is to be kept any more. */
  async function existing(): Promise<OfflineCopy | null> {
    if (!around.container?.controller) return null;
    return keepOffline(around.container, around.address, handlers);
  }

  function completeIfMissing(state: Extract<OfflineState, { kind: 'ready' }>): void {
    if (state.missing.length === 0 || state.fetching) return;
    store.offline.value = { ...state, full: false, fetching: true };
    copy?.complete();
  }

  /* Follows the person's wish, one change after the other; what is first seen comes before it. */
  let begun = false;
  effect(() => {
    const wish = store.keepOffline.value;
    begun ||= calm(store);
    if (!begun) return;
    untracked(() => {
      busy = busy.then(() => follow(wish)).catch(() => undefined);
    });
  });
}
