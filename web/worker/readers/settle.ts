/** The last steps of every reader: columns settled, facts added. */

import type { RawTable, Table, TableFacts } from '../../kernels/table.ts';
import { failure } from '../../protocol/failure.ts';
import type { OpenHints, Recipe } from '../../protocol/messages.ts';
import { type ReadControl, throwIfAborted, turn } from './bytes.ts';

const VALUES_A_TURN = 400_000;

export interface Opened {
  table: Table;
  recipe: Recipe;
}

/** The facts, with the column that was said to be the label. */
export function labelled(facts: TableFacts, { label }: OpenHints): TableFacts {
  return label === undefined ? facts : { ...facts, label };
}

/** Settles every column, with turns between; then the table, unless nothing in it can be a feature. */
export async function settle(raw: RawTable, facts: TableFacts, on: ReadControl): Promise<Table> {
  const columns = Math.max(1, Math.floor(VALUES_A_TURN / Math.max(1, raw.rows)));
  while (!raw.settled) {
    raw.settle(columns);
    await turn();
    throwIfAborted(on.signal);
  }
  const table = raw.finish(facts);
  // A table of one row, or of none, is shown; what can't be done with it is said where it is asked for.
  if (table.rows > 1 && !table.columns.some((column) => column.role === 'feature')) {
    const notes = table.notes.join(' ');
    const several =
      table.columns.length > 1
        ? 'Open a file with such a column.'
        : 'It was read as one column: if it has several, save it with commas or tabs between them.';
    table.free();
    throw failure(
      'no_numeric_column',
      'No column holds numbers, or categories, that differ between rows.',
      [several, notes].filter(Boolean).join(' '),
    );
  }
  return table;
}
