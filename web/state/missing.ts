/**
 * What is done when a file of the page is not on its host (RELIABILITY 80): most likely the host serves another build
 * by now, and what this one would fetch later is gone.
 *
 * Where that is so and nothing would be lost, the page is loaded anew, once for each build that it meets; anything
 * else is told, and reloading is left to the person. So two hosts that disagree never make it turn in a circle.
 */

import { effect, untracked } from '@preact/signals';
import { roomMissing } from './room.ts';
import type { Notice, Store } from './store.ts';

export interface Ground {
  /** The script that this page was started by, as its address names it. */
  entry: string;
  /** The page as the host has it now; rejects when there is no answer. */
  page(): Promise<string>;
  reload(): void;
  /** Lives as long as the tab; null where it is refused. */
  memory: Pick<Storage, 'getItem' | 'setItem'> | null;
}

/** Names of the scripts from which the page was loaded anew. */
export const RELOADED_KEY = 'unfold.reloaded.1';

export function watchMissing(
  store: Store,
  notify: (notice: Omit<Notice, 'id'>) => number,
  ground: Ground,
): () => void {
  return effect(() => {
    if (roomMissing.value > 0) untracked(() => void answer(store, notify, ground));
  });
}

async function answer(
  store: Store,
  notify: (notice: Omit<Notice, 'id'>) => number,
  ground: Ground,
): Promise<void> {
  const script = ground.entry.split('/').at(-1) ?? '';
  const page = await ground.page().catch(() => null);
  const replaced = page !== null && !page.includes(script);
  if (replaced && losesNothing(store) && remember(ground.memory, script)) {
    ground.reload();
    return;
  }
  notify({
    tone: 'error',
    text: replaced
      ? 'There is a newer version of this page, and a part of the one you have is not on the host any more.'
      : page === null
        ? 'A part of this page could not be fetched: the host did not answer.'
        : 'A part of this page could not be fetched: it is not on the host.',
    hint: losesNothing(store)
      ? 'Reload the page.'
      : 'What is here goes on working. Reloading starts the page anew.',
    action: { label: 'Reload', run: ground.reload },
  });
}

/** Nobody has done anything yet: at most the demonstration runs. */
function losesNothing(store: Store): boolean {
  const untouched = store.table.peek() === null || store.firstVisit.peek();
  return untouched && store.selection.peek().count === 0;
}

/** Takes note of a reload; false when there was one from this script before, or no note can be kept. */
function remember(memory: Ground['memory'], script: string): boolean {
  try {
    const before = memory?.getItem(RELOADED_KEY)?.split(' ') ?? [];
    if (!memory || before.includes(script)) return false;
    const text = [...before, script].join(' ');
    memory.setItem(RELOADED_KEY, text);
    return memory.getItem(RELOADED_KEY) === text;
  } catch {
    return false;
  }
}
