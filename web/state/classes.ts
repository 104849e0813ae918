/** The classes of a column with the rows of each, for choosing one from a list. */

import type { ColumnInfo, ColumnValues } from '../protocol/messages.ts';
import { BEYOND_CODE } from '../protocol/rows.ts';

/** Whole numbers with more different values are offered as a range only. */
const MOST_NUMBERS = 1000;

export interface ColumnClasses {
  /** As the table of columns lists them; of a column of numbers, ascending. */
  classes: { name: string; count: number }[];
  missing: number;
  /** Rows whose class is beyond the list of a column with very many: found by a search. */
  beyond: number;
}

/** Whether a column has classes to choose from: categories, or whole numbers that are not too many. */
export function hasClasses(info: ColumnInfo): boolean {
  return (
    info.kind === 'category' ||
    (info.kind === 'number' && info.integer && info.distinct !== null && info.distinct <= MOST_NUMBERS)
  );
}

export function columnClasses(values: ColumnValues): ColumnClasses {
  return values.kind === 'category' ? ofCodes(values) : ofNumbers(values.values);
}

function ofCodes({ codes, categories }: ColumnValues & { kind: 'category' }): ColumnClasses {
  const counts = new Uint32Array(categories.length);
  let missing = 0;
  let beyond = 0;
  for (const code of codes) {
    if (code < categories.length) counts[code] = (counts[code] ?? 0) + 1;
    else if (code === BEYOND_CODE) beyond++;
    else missing++;
  }
  return { classes: categories.map((name, code) => ({ name, count: counts[code] ?? 0 })), missing, beyond };
}

function ofNumbers(values: Float32Array): ColumnClasses {
  const counts = new Map<number, number>();
  let missing = 0;
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    else counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const ascending = [...counts].sort(([a], [b]) => a - b);
  return { classes: ascending.map(([value, count]) => ({ name: String(value), count })), missing, beyond: 0 };
}
