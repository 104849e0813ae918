/** Makes the store, the engine and the actions, and mounts the page. */

import './ui/theme.css';
import './ui/shell.css';
import './ui/panels.css';
import './ui/run.css';
import './ui/narrow.css';
import './ui/map.css';
import { render } from 'preact';
import { createEngine } from './client/engine.ts';
import { type Actions, createActions } from './state/actions.ts';
import { localPreferences, readPreferences } from './state/preferences.ts';
import { createStore, type Theme } from './state/store.ts';
import { App } from './ui/app.tsx';

function applyTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset['theme'];
  else dataset['theme'] = theme;
}

/* Before anything is drawn. */
const storage = localPreferences();
applyTheme(readPreferences(storage).theme);

const store = createStore();
let actions: Actions | null = null;
const engine = createEngine({
  onReady: (ready) => actions?.onReady(ready),
  onProgress: (progress) => actions?.onProgress(progress),
  onFrame: (frame, release) => (actions ? actions.onFrame(frame, release) : release()),
  onLost: (failure, rebuilt, { retry }) => actions?.onLost(failure, rebuilt, retry),
});
actions = createActions(store, engine, {
  storage,
  applyTheme,
  surroundings: {
    fetch: (url, init) => fetch(url, init),
    now: () => performance.now(),
    later(run, ms) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    copy: (text) => navigator.clipboard.writeText(text),
    save(file, name) {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(file);
      link.download = name;
      link.click();
      /* The browser may take its time to begin. */
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    },
    version: __VERSION__,
    agent: navigator.userAgent,
  },
});

const host = document.getElementById('app');
if (host) render(<App store={store} actions={actions} />, host);
void actions.start();
