/** The figure itself: the page's own store, engine, actions and views, with what a figure needs instead of the rest. */

import '../ui/theme.css';
import '../ui/shell.css';
import '../ui/panels.css';
import '../ui/run.css';
import '../ui/narrow.css';
import '../ui/map.css';
import './embed.css';
import { effect, signal, untracked } from '@preact/signals';
import { render } from 'preact';
import { createEngine } from '../client/engine.ts';
import { type Actions, createActions } from '../state/actions.ts';
import { applyTheme, browserSurroundings } from '../state/browser.ts';
import { createStore, type Store, type Theme } from '../state/store.ts';
import { App } from '../ui/app.tsx';
import { VERSION } from './api.ts';
import type { Peer } from './peer.ts';
import { TroubleError, troubleOf } from './peer.ts';
import { createPerformer, finishedOf, type Performer, selectionNews, shapeOf } from './perform.ts';
import { createRest } from './rest.ts';
import type { Command, ReadSettings } from './schema.ts';

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
      await arrive(store, acting, performer, read, peer);
      arriving.value = false;
      return true;
    },
  });
  actions = acting;
  const linkOf = async (): Promise<string | null> => (await acting.shareLink()).hash;
  const performer = createPerformer(store, acting, linkOf);
  report(store, peer);
  const arriving = signal(false);
  const rest = createRest(store, engine, acting, () => performance.now(), arriving);
  const elsewhere = signal<string | null>(null);
  let linked = false;
  followLink(store, linkOf, (hash) => {
    peer.say({ unfold: VERSION, type: 'link', hash });
    if (!linked) elsewhere.value = PAGE + hash;
  });
  render(<App store={store} actions={acting} hide={read.figure.hide} embedded elsewhere={elsewhere} />, host);
  const started = acting.start().then(() => acting.setTheme(theme));
  return {
    /* What the person does comes a moment after the page, as a rule; whoever asks by a command waits for it. */
    perform: (command) => started.then(() => acting.acts.enter()).then(() => performer.perform(command)),
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
  { figure, wrong }: ReadSettings,
  peer: Peer,
): Promise<void> {
  const complaints = [...wrong];
  const attempt = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const { code, message } = troubleOf(error);
      peer.event('unfold-error', { code: code === 'not_found' ? 'bad_setting' : code, message });
      complaints.push(message);
    }
  };
  const complain = (): void => {
    if (complaints.length > 0) actions.refuse(complaints.join(' '));
  };
  if (figure.link !== null) {
    await actions.openLink(figure.link);
    return complain();
  }
  if (figure.data === null) return complain();
  const entry = store.catalog.peek().find(({ id }) => id === figure.data);
  if (!entry) {
    await attempt(() => {
      throw new TroubleError('bad_setting', `There is no data set ${figure.data} here.`);
    });
    return complain();
  }
  const { label } = figure;
  if (!(await actions.openAs(entry, label === null ? {} : { hints: { label } }))) return;
  for (const [name, value] of figure.fields) await attempt(() => performer.set({ [name]: value }));
  const { colour, select, focus } = figure;
  if (colour !== null) await attempt(() => performer.colour(colour));
  void actions.train();
  await attempt(() => actions.acts.enter());
  if (focus !== null) actions.setFocus(focus);
  if (select !== null) await attempt(() => performer.select(select));
  complain();
}

/** So long after the last change the link is made, ms. */
const CALM = 500;

/** Has the link to what is shown told whenever that has changed and rests. */
function followLink(store: Store, linkOf: () => Promise<string | null>, tell: (hash: string) => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told = '';
  effect(() => {
    const { at } = store.history.value;
    void store.selection.value;
    void store.colour.value;
    const rests = !('job' in store.phase.value);
    clearTimeout(timer);
    if (at === null || !rests) return;
    timer = setTimeout(async () => {
      const hash = await linkOf().catch(() => null);
      if (hash === null || hash === told) return;
      told = hash;
      tell(hash);
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
