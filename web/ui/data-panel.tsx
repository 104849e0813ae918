/** What is loaded, what its columns are used for, and what was done to it. */

import type { JSX } from 'preact';
import type { Scale } from '../protocol/messages.ts';
import type { TableState } from '../state/store.ts';
import { formatCount, formatNumber } from '../state/summary.ts';
import { ColumnsTable } from './columns-table.tsx';
import { visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import { OPEN_INPUT, type PanelProps } from './top-bar.tsx';

const scales: [Scale, string, string][] = [
  ['auto', 'Automatic', 'Pixels are divided by 255; anything else is standardised.'],
  ['standard', 'Standardise', 'Each number column is shifted to mean 0 and scaled to standard deviation 1.'],
  ['minmax', 'To 0–1', 'Each number column is stretched so that its least value is 0 and its largest 1.'],
  ['255', 'Divide by 255', 'For pixels and other bytes.'],
  ['none', 'As they are', 'Columns with large numbers count for more.'],
];

export function DropCard({ inviting }: { inviting: boolean }): JSX.Element {
  return (
    <label class={`drop-card${inviting ? ' inviting' : ''}`} for={OPEN_INPUT}>
      <Icon name="open" size={inviting ? 22 : 18} />
      <span>
        <strong>
          Drop a CSV here, or <u>open one</u>
        </strong>
        <small>It is read on this machine and goes nowhere else.</small>
      </span>
    </label>
  );
}

export function DataPanel({ store, actions }: PanelProps): JSX.Element {
  const table = store.table.value;
  const entry = store.catalog.value.find(({ id }) => id === table?.origin);
  return (
    <section class="panel data-panel" aria-labelledby="data-heading">
      <h2 id="data-heading">Data</h2>
      <DropCard inviting={store.firstVisit.value} />
      {entry ? <p class="hint">{entry.description}</p> : null}
      {table ? <Loaded table={table} store={store} actions={actions} /> : null}
    </section>
  );
}

function Loaded({ table, store, actions }: PanelProps & { table: TableState }): JSX.Element {
  const trained = store.model.value !== null;
  const chosen = scales.find(([scale]) => scale === table.scale);
  return (
    <>
      <ColumnsTable table={table} actions={actions} />
      <p class="hint">
        {trained
          ? 'Features are learned from: changing them, or the scaling, starts the model again.'
          : 'Features are learned from. A label only colours the map.'}
      </p>
      <label class="field-row" title={chosen?.[2]}>
        <span>Scaling</span>
        <select
          value={table.scale}
          onChange={(event) => void actions.setScale(event.currentTarget.value as Scale)}
        >
          {scales.map(([scale, title, meaning]) => (
            <option key={scale} value={scale} title={meaning}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <Done table={table} />
    </>
  );
}

/** Everything that was noticed in the file or done to its numbers. */
function Done({ table }: { table: TableState }): JSX.Element {
  const { info, features } = table;
  const notes = [...info.notes, ...(features?.notes ?? [])];
  return (
    <>
      <h3>What was done</h3>
      {features ? (
        <ul class="notes">
          <li>
            {formatCount(features.n)} {features.n === 1 ? 'row' : 'rows'} of {formatCount(features.d)}{' '}
            {features.d === 1 ? 'number' : 'numbers'}.
          </li>
          {notes.map((note) => (
            <li key={note}>{visibleText(note)}</li>
          ))}
          <li title="Mean squared error per feature, in scaled units, of predicting every feature by its mean.">
            Predicting the mean has an error of {formatNumber(features.baseline)}.
          </li>
        </ul>
      ) : (
        <p class="hint">The numbers are being prepared.</p>
      )}
    </>
  );
}
