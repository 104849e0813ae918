/** What the columns of a table are used for, how they are scaled, and what was done to them. */

import type { JSX } from 'preact';
import type { Scale } from '../protocol/messages.ts';
import type { TableState } from '../state/store.ts';
import { formatCount, formatNumber } from '../state/summary.ts';
import { ColumnsTable } from './columns-table.tsx';
import { visibleText } from './data-text.tsx';
import type { PanelProps } from './top-bar.tsx';
import './table-panel.css';

const scales: [Scale, string, string][] = [
  ['auto', 'Automatic', 'Pixels are divided by 255; anything else is standardised.'],
  ['standard', 'Standardise', 'Each number column is shifted to mean 0 and scaled to standard deviation 1.'],
  ['minmax', 'To 0–1', 'Each number column is stretched so that its least value is 0 and its largest 1.'],
  ['255', 'Divide by 255', 'For pixels and other bytes.'],
  ['none', 'As they are', 'Columns with large numbers count for more.'],
];

export interface TablePanelProps extends PanelProps {
  table: TableState;
}

export function TablePanel({ table, store, actions }: TablePanelProps): JSX.Element {
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
