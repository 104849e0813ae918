/** The figure itself: the page's own store, engine, actions and views, with what a figure needs instead of the rest. */

import '../ui/theme.css';
import '../ui/shell.css';
import '../ui/panels.css';
import '../ui/run.css';
import '../ui/narrow.css';
import '../ui/map.css';
import './embed.css';
import { computed, effect, signal, untracked } from '@preact/signals';
import { render } from 'preact';
import { createEngine } from '../client/engine.ts';
import { type Actions, createActions } from '../state/actions.ts';
import { applyTheme, browserSurroundings } from '../state/browser.ts';
import { createStore, type Store, type Theme } from '../state/store.ts';
import { App } from '../ui/app.tsx';
import type { Part } from '../ui/parts.ts';
import { type Trouble, VERSION } from './api.ts';
import type { Peer } from './peer.ts';
import { TroubleError, troubleOf } from './peer.ts';
import { createPerformer, finishedOf, type Performer, selectionNews, shapeOf } from './perform.ts';
import { createRest } from './rest.ts';
import type { Command, ReadSettings } from './schema.ts';

/** Parts that need room of their own. */
const PANELS: readonly Part[] = ['data', 'method', 'inspector', 'table', 'retrains'];

/** The page beside embed.html. */
const PAGE = new URL('./', location.href).href;

export interface Live {
  perform(command: Command): Promise<unknown>;
  setTheme(theme: Theme): void;
  /** The page around the figure has a link to Unfold of its own. */
  hideLink(): void;
  /** False: the figure is far from what is seen, and lets go of its worker and its graphics. */
  setNear(near: boolean): void;
}

/** Puts the figure on its page and has it open what it is of. */
export function startFigure(host: HTMLElement, read: ReadSettings, peer: Peer, theme: Theme): Live {
  const store = createStore();
  let actions: Actions | null = null;
  const engine = createEngine({
    onReady: (ready) => actions?.onReady(ready),
    onProgress: (progress) => actions?.onProgress(progress),
    onFrame: (frame, release) => (actions ? actions.onFrame(frame, release) : release()),
    onLost: (failure, rebuilt, { retry }) => actions?.onLost(failure, rebuilt, retry),
  });
  const acting = createActions(store, engine, {
    storage: null, // a figure remembers nothing: the page around it is someone else's
    applyTheme,
    surroundings: browserSurroundings,
    /* The address of a figure is its page's matter: nothing is written to it. */
    address: { page: () => PAGE, write: () => undefined },
    arrive: async () => {
      arriving.value = true;
      try {
        await arrive(store, acting, performer, read, peer);
      } finally {
        arriving.value = false;
      }
      return true;
    },
  });
  actions = acting;
  const linkOf = async (): Promise<string | null> =>
    handedOver(store) ? null : (await acting.shareLink()).hash;
  const busy = signal(0); // things under way that are not cut in two
  const arriving = signal(false);
  const whole = computed(() => arriving.value || busy.value > 0);
  const rest = createRest(store, engine, acting, () => performance.now(), whole);
  const performer = createPerformer(store, acting, linkOf, rest.held);
  report(store, peer);
  const elsewhere = signal<string | null>(null);
  let linked = false;
  followLink(store, linkOf, (hash) => {
    peer.say({ unfold: VERSION, type: 'link', hash, handed: handedOver(store) });
    if (!linked) elsewhere.value = hash === null ? null : PAGE + hash;
  });
  /** A training is left when the figure is; what is asked of a figure that is far already is done, and then it rests again. */
  const perform = async (command: Command): Promise<unknown> => {
    const training = command.command === 'run' || command.command === 'retrain';
    if (training && !store.asleep.peek()) return performer.perform(command);
    busy.value += 1;
    try {
      return await performer.perform(command);
    } finally {
      busy.value -= 1;
    }
  };
  const { hide } = read.figure;
  const compact = PANELS.every((part) => hide.has(part));
  render(<App store={store} actions={acting} {...{ hide, compact, elsewhere }} embedded />, host);
  const started = acting.start().then(() => acting.setTheme(theme));
  return {
    /* What the person does comes a moment after the page, as a rule; whoever asks by a command waits for it. */
    perform: (command) => started.then(() => acting.acts.enter()).then(() => perform(command)),
    setTheme: (next) => void started.then(() => acting.setTheme(next)),
    hideLink() {
      linked = true;
      elsewhere.value = null;
    },
    setNear: rest.setNear,
  };
}

/** Opens the data, sets what was asked for, and begins to train; what can't be used is told, and left out. */
async function arrive(
  store: Store,
  actions: Actions,
  performer: Performer,
  { figure, wrong, missing }: ReadSettings,
  peer: Peer,
): Promise<void> {
  const complaints = [...wrong];
  /** @param setting the one that the work is for, as it stands in the article */
  const attempt = async (work: () => unknown, setting = ''): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const { code, message: what } = troubleOf(error);
      const message = setting === '' ? what : `${setting}: ${what.slice(0, 1).toLowerCase()}${what.slice(1)}`;
      peer.event('unfold-error', { code: code === 'not_found' ? 'bad_setting' : code, message });
      complaints.push(message);
    }
  };
  const complain = (): void => {
    if (complaints.length > 0) actions.refuse(complaints.join(' '));
  };
  const unable = (error: Trouble): void => peer.say({ unfold: VERSION, type: 'unable', error });
  if (figure.link !== null) {
    if (await actions.openLink(figure.link)) return complain();
    const told = store.notices.peek().findLast(({ about }) => about === 'link' || about === 'opening');
    const error = { code: 'bad_setting', message: told?.text ?? 'The link can’t be opened.' };
    /* What went wrong in fetching or reading is told already. */
    if (told?.tone !== 'error') peer.event('unfold-error', error);
    return unable(error);
  }
  if (figure.data === null) {
    if (missing !== null) unable({ code: 'bad_setting', message: missing });
    return complain();
  }
  const entry = store.catalog.peek().find(({ id }) => id === figure.data);
  if (!entry) {
    const error = { code: 'bad_setting', message: `There is no data set ${figure.data} here.` };
    await attempt(() => {
      throw new TroubleError(error.code, error.message);
    });
    unable(error);
    return complain();
  }
  const { label } = figure;
  if (!(await actions.openAs(entry, label === null ? {} : { hints: { label } }))) {
    const told = store.notices.peek().findLast(({ about }) => about === 'opening');
    /* Unless the reader has something else on screen, or on its way there. */
    if (told) unable({ code: told.code ?? 'internal', message: told.text });
    return;
  }
  /* What takes values into the form is in a room of its own: before it is there they would be let fall. */
  if (figure.fields.length > 0) await attempt(() => actions.acts.enter());
  for (const [name, value] of figure.fields) await attempt(() => performer.set({ [name]: value }));
  const { colour, select, focus } = figure;
  if (colour !== null) await attempt(() => performer.colour(colour), `colour="${colour.slice(0, 60)}"`);
  void actions.train();
  await attempt(() => actions.acts.enter());
  if (focus !== null) actions.setFocus(focus);
  if (select !== null) {
    const told = complaints.length;
    await attempt(() => performer.select(select), `select="${asWritten(select)}"`);
    /* Said with the setting's name, and not once more without it. */
    const again = complaints.length === told ? [] : store.notices.peek();
    for (const { id, about } of again) if (about === 'selection') actions.dismiss(id);
  }
  complain();
}

/** The setting `select` as a person has written it, shortened. */
function asWritten(select: NonNullable<ReadSettings['figure']['select']>): string {
  const words = typeof select === 'string' ? select : 'class' in select ? select.class : '…';
  return String(words).slice(0, 60);
}

/** So long after the last change the link is made, ms. */
const CALM = 500;

/** Data that the page around, or its reader, has put in: there is no way to it from elsewhere. */
function handedOver(store: Store): boolean {
  return store.table.peek()?.origin === 'file';
}

/** Has the link to what is shown told whenever that has changed and rests; null as soon as it leads to other data. */
function followLink(
  store: Store,
  linkOf: () => Promise<string | null>,
  tell: (hash: string | null) => void,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told: string | null | undefined;
  let table: number | null = null;
  const say = (hash: string | null): void => {
    if (hash === told) return;
    told = hash;
    tell(hash);
  };
  effect(() => {
    const now = store.table.value?.info.table ?? null;
    if (now === table) return;
    table = now;
    told = undefined;
    untracked(() => say(null));
  });
  effect(() => {
    const { at } = store.history.value;
    void store.selection.value;
    void store.colour.value;
    const rests = !('job' in store.phase.value);
    clearTimeout(timer);
    if (at === null || !rests) return;
    timer = setTimeout(async () => {
      const of = table;
      const hash = await linkOf().catch(() => null);
      if (of === table) say(hash);
    }, CALM);
  });
}

/** Tells the page around it what happens. */
function report(store: Store, peer: Peer): void {
  let table: unknown = null;
  effect(() => {
    const shown = store.table.value;
    if (!shown?.features || shown.info.table === table) return;
    table = shown.info.table;
    untracked(() => peer.event('unfold-ready', shapeOf(shown)));
  });
  let version = 0;
  effect(() => {
    const { version: now } = store.selection.value;
    if (now === version) return;
    version = now;
    untracked(() => peer.event('unfold-selection', selectionNews(store)));
  });
  let nodes = 0;
  effect(() => {
    const { nodes: now } = store.history.value;
    const news = now.slice(Math.min(nodes, now.length));
    nodes = now.length;
    for (const node of news) untracked(() => peer.event('unfold-finished', finishedOf(node)));
  });
  let told = 0;
  effect(() => {
    for (const { id, tone, code, text } of store.notices.value) {
      if (tone !== 'error' || id <= told) continue;
      told = id;
      untracked(() => peer.event('unfold-error', { code: code ?? 'internal', message: text }));
    }
  });
}
