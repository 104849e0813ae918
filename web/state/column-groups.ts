/**
 * The columns of a table as the page lists them: long stretches of alike ones, such as pixels, as one.
 */

import type { ColumnInfo, Role } from '../protocol/messages.ts';
import { formatCount, formatNumber } from './summary.ts';

/** More columns than this in a row, named alike, are shown as one. */
export const GROUP_ABOVE = 40;

export type ColumnItem = { kind: 'one'; column: number } | { kind: 'group'; columns: number[] };

/** A name without the numbers in it: "pixel 1" and "pixel 784" are alike, so are "3x4" and "3x5". */
function stem(name: string): string {
  return name.slice(0, 100).replace(/\d+/g, '#');
}

function numeric(column: ColumnInfo): boolean {
  return column.kind === 'number' || column.kind === 'constant' || column.kind === 'empty';
}

/** Neighbouring numeric columns with alike names, when there are more than 40; every other column by itself. */
export function groupColumns(columns: readonly ColumnInfo[]): ColumnItem[] {
  const items: ColumnItem[] = [];
  let first = 0;
  while (first < columns.length) {
    const start = columns[first];
    if (!start) break;
    let end = first + 1;
    if (numeric(start)) {
      const alike = stem(start.name);
      for (;;) {
        const next = columns[end];
        if (!next || !numeric(next) || stem(next.name) !== alike) break;
        end++;
      }
    }
    if (end - first > GROUP_ABOVE) {
      items.push({ kind: 'group', columns: Array.from({ length: end - first }, (_, i) => first + i) });
    } else {
      for (let i = first; i < end; i++) items.push({ kind: 'one', column: i });
    }
    first = end;
  }
  return items;
}

/** What a column may be used for: text that hardly repeats can't be turned into numbers, nor can nothing. */
export function rolesFor(column: ColumnInfo): Role[] {
  const usable = column.kind !== 'text' && column.kind !== 'empty';
  return usable ? ['feature', 'label', 'id', 'ignored'] : ['label', 'id', 'ignored'];
}

/** The role that all of these have; null when they differ. */
export function commonRole(roles: readonly Role[], columns: readonly number[]): Role | null {
  const first = roles[columns[0] ?? -1];
  return first !== undefined && columns.every((i) => roles[i] === first) ? first : null;
}

/** Two ends in few digits, as the column is narrow: whole numbers whole, others so that the ends can be told apart. */
function range(lo: number, hi: number): string {
  if (Number.isInteger(lo) && Number.isInteger(hi)) return `${formatNumber(lo)} to ${formatNumber(hi)}`;
  const short = (value: number, digits: number): string =>
    formatNumber(Number.isInteger(value) ? value : Number(value.toPrecision(digits)));
  let digits = 3;
  while (digits < 9 && lo !== hi && short(lo, digits) === short(hi, digits)) digits += 1;
  return `${short(lo, digits)} to ${short(hi, digits)}`;
}

/** Range or examples, in one short line. */
export function valuesText(column: ColumnInfo): string {
  switch (column.kind) {
    case 'number':
      return column.min === null || column.max === null ? '' : range(column.min, column.max);
    case 'constant':
      return column.min === null ? (column.categories?.[0] ?? 'one value') : formatNumber(column.min);
    case 'empty':
      return 'no values';
    case 'category': {
      const classes = column.categories ?? [];
      return classes.length > 0 && classes.length <= 3 ? classes.join(', ') : `${countText(column)} classes`;
    }
    default:
      return `${countText(column)} values`;
  }
}

function countText({ distinct }: ColumnInfo): string {
  return distinct === null ? 'over 10,000' : formatCount(distinct);
}

/** More about a column's values than fits in the table: the most frequent classes, or the range with all digits. */
export function valuesDetail(column: ColumnInfo): string {
  if (column.kind === 'number' && column.min !== null && column.max !== null) {
    const mean = column.mean === null ? '' : `, mean ${formatNumber(column.mean)}`;
    return `${formatNumber(column.min)} to ${formatNumber(column.max)}${mean}`;
  }
  const some = column.categories?.slice(0, 8).join(', ') ?? '';
  const more = (column.categories?.length ?? 0) > 8 ? ' …' : '';
  return some === '' ? valuesText(column) : `${some}${more}`;
}

/** Least and largest value of several number columns. */
export function rangeOf(columns: readonly ColumnInfo[]): string {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const { min, max } of columns) {
    if (min !== null) lo = Math.min(lo, min);
    if (max !== null) hi = Math.max(hi, max);
  }
  return lo <= hi ? range(lo, hi) : '';
}
