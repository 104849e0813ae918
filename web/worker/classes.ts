/**
 * The classes of a column: of words those of its list, in that order; of numbers its different values, ascending,
 * by their shortest text. A column of more than 10,000 different values (`ColumnInfo.distinct` is null) has no
 * classes, only rows with a value and rows without one.
 */
import { shortestFloat } from '../kernels/params.ts';
import type { ColumnValues } from '../protocol/messages.ts';
import { BEYOND_CODE, MISSING_CODE } from '../protocol/rows.ts';
import { bad, type TableEntry } from './nouns.ts';

/** In place of a class: no value, or a value of a column without classes. */
export const NO_VALUE = -1;
export const NO_CLASS = -2;

export interface Classes {
  names: string[];
  of: Int32Array; // (rows) place in `names`, NO_VALUE or NO_CLASS
}

/** Throws bad_param, with `where`, unless there is such a column. */
export function checkColumn(table: TableEntry, column: number, where: string): void {
  if (!Number.isInteger(column) || column < 0 || column >= table.info.columns.length) {
    throw bad(`There is no column ${column}.`, where);
  }
}

export function classesOf(table: TableEntry, column: number): Classes {
  checkColumn(table, column, 'column');
  const values = table.table.column(column);
  const known = (table.info.columns[column]?.distinct ?? null) !== null;
  return values.kind === 'category' ? classesOfWords(values, known) : classesOfNumbers(values.values, known);
}

function classesOfWords(
  { codes, categories }: Extract<ColumnValues, { kind: 'category' }>,
  known: boolean,
): Classes {
  const of = Int32Array.from(codes, (code) => {
    if (code === MISSING_CODE) {
      return NO_VALUE;
    }
    return code === BEYOND_CODE || !known ? NO_CLASS : code;
  });
  return { names: known ? categories : [], of };
}

function classesOfNumbers(values: Float32Array, known: boolean): Classes {
  const found = new Map<number, number>();
  if (known) {
    const ascending = new Float32Array(new Set(values)).filter((value) => !Number.isNaN(value)).sort();
    ascending.forEach((value, place) => {
      found.set(value, place);
    });
  }
  const of = Int32Array.from(values, (value) =>
    Number.isNaN(value) ? NO_VALUE : (found.get(value) ?? NO_CLASS),
  );
  return { names: [...found.keys()].map((value) => String(shortestFloat(value))), of };
}
