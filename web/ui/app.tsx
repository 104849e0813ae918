/** The page: top bar, data and method at the left, the map, inspector and legend at the right, the run at the foot. */

import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { epochsOf } from '../state/transport.ts';
import { DataPanel, DropCard } from './data-panel.tsx';
import { DropOverlay } from './drop-overlay.tsx';
import { HelpSheet } from './help-sheet.tsx';
import { Inspector } from './inspector.tsx';
import { Legend } from './legend.tsx';
import { MapToolbar } from './map-toolbar.tsx';
import { MethodPanel } from './method-panel.tsx';
import { Messages, Notices } from './notices.tsx';
import { Opening } from './opening.tsx';
import { RowsTable } from './rows-table.tsx';
import { RunPanel } from './run-panel.tsx';
import { ScatterView } from './scatter-view.tsx';
import { pressed } from './shortcuts.ts';
import { type PanelProps, TopBar } from './top-bar.tsx';

export function App({ store, actions }: PanelProps): JSX.Element {
  const [help, setHelp] = useState(false);
  const openHelp = useCallback(() => setHelp(true), []);
  const closeHelp = useCallback(() => setHelp(false), []);
  const table = store.table.value;

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const key = store.shortcuts.peek() ? pressed(event) : null;
      if (key === null || help) return;
      event.preventDefault();
      if (key === 'help') setHelp(true);
      else if (key === 'step') void actions.step();
      else actions.toggle();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [store, actions, help]);

  return (
    <div class={`app${table ? '' : ' without-table'}`}>
      <TopBar store={store} actions={actions} onHelp={openHelp} />
      <div class="side left">
        <DataPanel store={store} actions={actions} />
        <MethodPanel store={store} actions={actions} />
      </div>
      <main class="centre">
        <Notices store={store} actions={actions} />
        <MapToolbar store={store} actions={actions} />
        <div class="stage">
          {table ? <ScatterView store={store} actions={actions} /> : null}
          <Introduction store={store} actions={actions} />
          <Opening store={store} actions={actions} />
        </div>
        {table ? <RowsTable store={store} actions={actions} /> : null}
      </main>
      {table ? (
        <aside class="side right" aria-label="Inspect">
          <Inspector store={store} actions={actions} />
          <Legend store={store} actions={actions} />
        </aside>
      ) : null}
      <RunPanel store={store} actions={actions} />
      <Messages store={store} />
      <HelpSheet store={store} actions={actions} open={help} onClose={closeHelp} />
      <DropOverlay actions={actions} />
    </div>
  );
}

/** One line on what is going on, while the demonstration runs; an invitation when there is nothing to see. */
function Introduction({ store }: PanelProps): JSX.Element | null {
  const phase = store.phase.value;
  const table = store.table.value;
  const model = store.model.value;
  if (phase.kind === 'empty') {
    return (
      <div class="welcome">
        <h2>Look at your data through a model that learns it</h2>
        <DropCard inviting />
      </div>
    );
  }
  if (!store.firstVisit.value || !table || !model) return null;
  const started = (epochsOf(model, store.progress.value)?.done ?? 0) > 0;
  const what = table.info.image ? 'images' : 'rows';
  return (
    <p class="introduction">
      A small network is learning, in this page, to redraw each of these {what} from just{' '}
      {model.params.latent === 2 ? 'two numbers' : `${model.params.latent} numbers`}. Each dot is one of them,
      placed by those numbers{started ? ': what it draws alike comes together' : ''}.
    </p>
  );
}
