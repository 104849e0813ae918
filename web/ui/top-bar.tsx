/** The strip along the top: name, data set, opening a file, undo, export, theme, help. */

import type { JSX } from 'preact';
import type { Actions } from '../state/actions.ts';
import { offered } from '../state/catalog.ts';
import type { CatalogEntry, Store, Theme } from '../state/store.ts';
import { formatCount } from '../state/summary.ts';
import { ActionButton } from './action-button.tsx';
import { visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import { ExportMenu, ShareMenu } from './lazy-panels.tsx';

/** The id of the one file input, which every "open" label on the page belongs to. */
export const OPEN_INPUT = 'open-file';

/** What the file chooser offers first; anything can be chosen. */
const ACCEPT = '.csv,.tsv,.txt,.tab,.data,.gz,.unfold,text/csv,text/tab-separated-values,text/plain';

const nextTheme: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const themeWord: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' };

export interface PanelProps {
  store: Store;
  actions: Actions;
}

export function TopBar({ store, actions, onHelp }: PanelProps & { onHelp(): void }): JSX.Element {
  const table = store.table.value;
  const theme = store.theme.value;
  return (
    <header class="top-bar">
      <h1 class="brand">
        <Mark />
        Unfold
      </h1>
      <DataSetMenu store={store} actions={actions} />
      <span class="open-file">
        <input
          id={OPEN_INPUT}
          class="visually-hidden"
          type="file"
          accept={ACCEPT}
          aria-label="Open a data file"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            /* The same file can be chosen again after it was changed. */
            event.currentTarget.value = '';
            if (file) void actions.open(file);
          }}
        />
        <label class="button" for={OPEN_INPUT}>
          <Icon name="open" />
          <span class="wide-only">Open…</span>
        </label>
      </span>
      {table ? (
        <p class="shape">
          <span class="shape-size">
            {formatCount(table.info.rows)} {table.info.rows === 1 ? 'row' : 'rows'},{' '}
            {formatCount(table.info.columns.length)} {table.info.columns.length === 1 ? 'column' : 'columns'}
          </span>
        </p>
      ) : null}
      <span class="spacer" />
      {table ? <UndoRedo store={store} actions={actions} /> : null}
      <ShareMenu store={store} actions={actions} />
      <ExportMenu store={store} actions={actions} />
      <button
        type="button"
        class="button quiet square"
        aria-label="Theme"
        aria-description={`Now ${themeWord[theme]}. Press for ${themeWord[nextTheme[theme]]}.`}
        title={`Theme: ${themeWord[theme]}`}
        onClick={() => actions.setTheme(nextTheme[theme])}
      >
        <Icon name={`theme-${theme}`} />
      </button>
      <button
        type="button"
        class="button quiet square"
        aria-label="Help"
        title="Help and keys (?)"
        onClick={onHelp}
      >
        <Icon name="help" />
      </button>
    </header>
  );
}

export function UndoRedo({ store, actions }: PanelProps): JSX.Element {
  const { undo, redo } = store.undoable.value;
  const model = store.undoesModel.value;
  const training = 'job' in store.phase.value;
  const why = (step: string | null, doing: string, waits: boolean): string | null => {
    if (step === null) return `Nothing to ${doing}`;
    return waits && training ? 'Stop the training first: this step changes the model' : null;
  };
  return (
    <span class="undo-redo">
      <ActionButton
        name="Undo"
        look="quiet square"
        why={why(undo, 'undo', model.undo)}
        hint={`Undo ${visibleText(undo ?? '')} (Ctrl+Z)`}
        onPress={() => void actions.undo()}
      >
        <Icon name="undo" />
      </ActionButton>
      <ActionButton
        name="Redo"
        look="quiet square"
        why={why(redo, 'redo', model.redo)}
        hint={`Redo ${visibleText(redo ?? '')} (Ctrl+Shift+Z)`}
        onPress={() => void actions.redo()}
      >
        <Icon name="redo" />
      </ActionButton>
    </span>
  );
}

function Mark(): JSX.Element {
  return (
    <svg class="mark" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path
        d="M3 15.5 C 6 3, 9 3, 10 10 S 14 17, 17 4.5"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
      />
      <circle cx="3" cy="15.5" r="2" fill="currentColor" />
      <circle cx="10" cy="10" r="2" fill="currentColor" />
      <circle cx="17" cy="4.5" r="2" fill="currentColor" />
    </svg>
  );
}

function shapeOf(entry: CatalogEntry): string {
  return `${formatCount(entry.rows)} × ${formatCount(entry.columns)}`;
}

function DataSetMenu({ store, actions }: PanelProps): JSX.Element | null {
  const sets = offered(store.catalog.value);
  const table = store.table.value;
  if (sets.length === 0) return null;
  const origin = table?.origin ?? '';
  const own = table && !sets.some(({ id }) => id === origin);
  const prepared = sets.filter(({ kind }) => kind !== 'synthetic');
  const generated = sets.filter(({ kind }) => kind === 'synthetic');
  const option = (entry: CatalogEntry): JSX.Element => (
    <option key={entry.id} value={entry.id} title={entry.description}>
      {entry.title} · {shapeOf(entry)}
    </option>
  );
  return (
    <select
      class="data-set"
      aria-label="Data set"
      value={own ? '' : origin}
      onChange={(event) => {
        const select = event.currentTarget;
        const id = select.value;
        /* Shown as chosen only once it is on screen. */
        select.value = own ? '' : origin;
        if (id !== '') void actions.open(id);
      }}
    >
      {own || origin === '' ? (
        <option value="">{table ? visibleText(table.info.name) : 'Choose a data set'}</option>
      ) : null}
      {prepared.length > 0 ? <optgroup label="Prepared">{prepared.map(option)}</optgroup> : null}
      {generated.length > 0 ? <optgroup label="Generated">{generated.map(option)}</optgroup> : null}
    </select>
  );
}
