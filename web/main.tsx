/** Makes the store, the engine and the actions, and mounts the page. */

import './ui/theme.css';
import './ui/shell.css';
import './ui/panels.css';
import './ui/run.css';
import './ui/narrow.css';
import './ui/map.css';
import { render } from 'preact';
import { createEngine } from './client/engine.ts';
import { takeLaunches } from './client/launch.ts';
import { type Actions, createActions } from './state/actions.ts';
import { applyTheme, browserSurroundings, pageAddress, pageGround } from './state/browser.ts';
import { watchMissing } from './state/missing.ts';
import { localPreferences, readPreferences } from './state/preferences.ts';
import { createRoom } from './state/room.ts';
import { createStore } from './state/store.ts';
import { App } from './ui/app.tsx';
import { enterSoon } from './ui/lazy.tsx';

/* Before anything is drawn. */
const storage = localPreferences();
applyTheme(readPreferences(storage).theme);

const store = createStore();
let actions: Actions | null = null;
const engine = createEngine({
  onReady: (ready) => actions?.onReady(ready),
  onProgress: (progress) => actions?.onProgress(progress),
  onFrame: (frame, release) => (actions ? actions.onFrame(frame, release) : release()),
  onSnapshot: (snapshot) => actions?.onSnapshot(snapshot),
  onLost: (failure, rebuilt, { retry }) => actions?.onLost(failure, rebuilt, retry),
});
actions = createActions(store, engine, {
  storage,
  applyTheme,
  surroundings: browserSurroundings,
  address: pageAddress,
  arrive: async () => location.hash.length > 1 && (actions?.openLink(location.hash) ?? false),
  saves: async (desk) => (await import('./state/save-actions.ts')).createSaves(desk),
});

const host = document.getElementById('app');
if (host) render(<App store={store} actions={actions} />, host);
watchMissing(store, actions.notify, pageGround(import.meta.url));
takeLaunches(window, actions);
addEventListener('hashchange', () => {
  if (store.ready.peek() && location.hash.length > 1) void actions?.openLink(location.hash, true);
});
void actions.start();

/* Kept for use without a network; not while developing, nor for a figure in another page. */
if (import.meta.env.PROD && window === window.top) {
  const acts = actions;
  const offline = createRoom(async () => (await import('./offline.ts')).startOffline(store, acts));
  enterSoon(store, [offline]);
}
