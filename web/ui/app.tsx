/** The page: top bar; data and method at the left, the map, inspector, retrains and legend at the right; selection and run at the foot. */

import type { ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Actions } from '../state/actions.ts';
import { numberColours } from '../state/colour-actions.ts';
import type { Store } from '../state/store.ts';
import { DataPanel, DropCard } from './data-panel.tsx';
import { DropOverlay } from './drop-overlay.tsx';
import { enterSoon } from './lazy.tsx';
import {
  FigureBar,
  HelpSheet,
  Inspector,
  Legend,
  MapToolbar,
  MethodPanel,
  panels,
  Retrains,
  RowsTable,
  SavedCard,
  SelectionBar,
} from './lazy-panels.tsx';
import { drawing } from './map-controller.ts';
import { Messages, Notices } from './notices.tsx';
import { Opening } from './opening.tsx';
import type { Part } from './parts.ts';
import { RunPanel } from './run-panel.tsx';
import { ScatterView } from './scatter-view.tsx';
import { isSingle, pressed, type Shortcut } from './shortcuts.ts';
import { type Sheets, Slot, useSheets } from './slot.tsx';
import { type PanelProps, TopBar } from './top-bar.tsx';

export interface AppProps extends PanelProps {
  hide?: ReadonlySet<Part>;
  /** A figure inside another page. */
  embedded?: boolean;
  /** One that is little more than its map, and has room for the rest beside and under it. */
  compact?: boolean;
  /** Of a figure: the address that opens what it shows on a page of its own; null: there is none yet, or it is elsewhere. */
  elsewhere?: ReadonlySignal<string | null>;
}

const NOTHING: ReadonlySet<Part> = new Set();

/** In the order of the tabs. */
const TABS: readonly Part[] = [
  'data',
  'method',
  'selection',
  'inspector',
  'table',
  'retrains',
  'legend',
  'run',
];

interface TabsProps {
  store: Store;
  sheets: Sheets;
  shows(part: Part): boolean;
}

export function App({
  store,
  actions,
  hide = NOTHING,
  embedded = false,
  compact,
  elsewhere,
}: AppProps): JSX.Element {
  const shows = (part: Part): boolean => !hide.has(part);
  const [help, setHelp] = useState(false);
  const openHelp = useCallback(() => setHelp(true), []);
  const closeHelp = useCallback(() => setHelp(false), []);
  const table = store.table.value;

  const sheets = useSheets(!compact);
  const show = sheets?.show;

  const [search, setSearch] = useState(0);
  const openSearch = useCallback(() => {
    show?.('selection');
    setSearch((wish) => wish + 1);
  }, [show]);

  useKeys(store, actions, help, openHelp, openSearch);
  const { acts, saves } = actions;
  useEffect(() => {
    const rooms = [acts, panels, drawing, numberColours];
    return enterSoon(store, saves ? [...rooms, saves] : rooms);
  }, [store, acts, saves]);

  const bar =
    embedded && table ? (
      <FigureBar store={store} actions={actions} hide={hide} elsewhere={elsewhere} />
    ) : null;

  return (
    <div
      class={`app${table ? '' : ' without-table'}${compact ? ' compact' : ''}`}
      data-sheet={sheets?.open ?? undefined}
    >
      {shows('top') ? <TopBar store={store} actions={actions} onHelp={openHelp} /> : null}
      {shows('data') || shows('method') ? (
        <Slot sheets={sheets} of={['data', 'method']}>
          <div class="side left">
            {shows('data') ? <DataPanel store={store} actions={actions} /> : null}
            {shows('method') ? <MethodPanel store={store} actions={actions} /> : null}
          </div>
        </Slot>
      ) : null}
      <main class="centre">
        <Notices store={store} actions={actions}>
          <SavedCard actions={actions} />
        </Notices>
        <Introduction store={store} />
        {shows('tools') ? (
          <MapToolbar store={store} actions={actions}>
            {bar}
          </MapToolbar>
        ) : null}
        <div class="stage">
          {shows('tools') ? null : bar}
          {table ? <ScatterView store={store} actions={actions} shy={embedded} /> : null}
          <Welcome store={store} actions={actions} />
          <Opening store={store} actions={actions} />
        </div>
        {table && shows('table') ? (
          <Slot sheets={sheets} of={['table']}>
            <RowsTable store={store} actions={actions} unfolded={sheets?.open === 'table'} />
          </Slot>
        ) : null}
      </main>
      {table && (shows('inspector') || shows('retrains') || shows('legend')) ? (
        <Slot sheets={sheets} of={['inspector', 'retrains', 'legend']}>
          <aside class="side right" aria-label="Inspect">
            {shows('inspector') ? <Inspector store={store} actions={actions} /> : null}
            <div class="side-rest">
              {shows('retrains') ? <Retrains store={store} actions={actions} /> : null}
              {shows('legend') ? <Legend store={store} actions={actions} /> : null}
            </div>
          </aside>
        </Slot>
      ) : null}
      {shows('selection') ? (
        <Slot sheets={sheets} of={['selection']}>
          <SelectionBar store={store} actions={actions} search={search} />
        </Slot>
      ) : null}
      {shows('run') ? (
        <Slot sheets={sheets} of={['run']}>
          <RunPanel store={store} actions={actions} />
        </Slot>
      ) : null}
      {sheets ? <Tabs store={store} sheets={sheets} shows={shows} /> : null}
      <Messages store={store} />
      <HelpSheet store={store} actions={actions} open={help} onClose={closeHelp} />
      <DropOverlay actions={actions} />
    </div>
  );
}

/** The panels that there are something in, as tabs. */
function Tabs({ store, sheets, shows }: TabsProps): JSX.Element | null {
  /* Their icons come with the panels: drawn again then. */
  void panels.content.value;
  const table = store.table.value !== null;
  const map = table && store.map.value !== null;
  const filled: Partial<Record<Part, boolean>> = {
    data: true,
    method: true,
    selection: map,
    inspector: table,
    table,
    retrains: table && store.history.value.nodes.length > 0,
    legend: map && (store.legend.value.kind !== 'none' || store.hidden.value.rows > 0),
    run: table,
  };
  const parts = TABS.filter((part) => filled[part] && shows(part));
  const { open, show } = sheets;
  const gone = open !== null && !parts.includes(open);
  useEffect(() => {
    if (gone) show(null);
  }, [gone, show]);
  return parts.length > 0 ? <sheets.kit.SheetTabs parts={parts} open={open} onShow={show} /> : null;
}

/** The keys of the whole page. Those with Ctrl work always, the single ones unless they are switched off. */
function useKeys(
  store: Store,
  actions: Actions,
  help: boolean,
  onHelp: () => void,
  onSearch: () => void,
): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const key = pressed(event);
      if (key === null || help || (isSingle(key) && !store.shortcuts.peek())) return;
      if (key === 'help') onHelp();
      else if (key === 'search' && store.map.peek()) onSearch();
      else if (!perform(key, store, actions)) return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [store, actions, help, onHelp, onSearch]);
}

/** False when there is nothing that the key could do: it is left to the browser. */
function perform(key: Exclude<Shortcut, 'help'>, store: Store, actions: Actions): boolean {
  switch (key) {
    case 'undo':
    case 'redo':
      void actions[key]();
      return true;
    case 'retrain':
      if (!store.map.peek()) return false;
      void actions.retrain();
      return true;
    case 'pan':
    case 'lasso':
    case 'box':
    case 'brush':
      if (!store.map.peek()) return false;
      actions.setTool(key);
      return true;
    case 'search':
      return false;
    case 'step':
      void actions.step();
      return true;
    default:
      actions.toggle();
      return true;
  }
}

/** One line on what is going on, while the demonstration runs. */
function Introduction({ store }: { store: Store }): JSX.Element | null {
  const table = store.table.value;
  const model = store.model.value;
  if (!store.firstVisit.value || !table || !model) return null;
  const one = table.info.image ? 'image' : 'row';
  const { latent } = model.params;
  const numbers = latent === 2 ? 'two numbers' : `${latent} numbers`;
  return (
    <p class="introduction">
      A small network is learning, in this page, to redraw each {one} from {numbers}: where its dot lies.
    </p>
  );
}

/** When there is nothing to see: an invitation, or what has gone wrong and a way on. */
function Welcome({ store, actions }: PanelProps): JSX.Element | null {
  const phase = store.phase.value;
  if (phase.kind === 'failed' && !store.table.value) {
    const { failure, retry } = phase;
    return (
      <div class="welcome">
        <h2>{failure.message}</h2>
        {failure.hint ? <p>{failure.hint}</p> : null}
        {retry ? (
          <p>
            <button type="button" class="button primary" onClick={() => void actions.retry()}>
              Try again
            </button>
          </p>
        ) : null}
      </div>
    );
  }
  if (phase.kind !== 'empty') return null;
  return (
    <div class="welcome">
      <h2>Look at your data through a model that learns it</h2>
      <DropCard inviting />
    </div>
  );
}
