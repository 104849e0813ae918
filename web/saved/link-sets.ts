/** The rows of a link's sets, found or unpacked again, and checked: page and command line alike. */

import { failure } from '../protocol/failure.ts';
import type { Criterion, RowBits } from '../protocol/messages.ts';
import { countBits } from '../protocol/rows.ts';
import type { Link } from './link.ts';
import { decodeRows, hashBits } from './rows-code.ts';

/**
 * The sets in order. Throws bad_param when one is not what it was.
 *
 * @param rows of the table
 * @param select finds rows by what they are
 */
export async function setsOf(
  { sets = [] }: Link,
  rows: number,
  select: (by: Criterion) => Promise<RowBits>,
): Promise<RowBits[]> {
  const found: RowBits[] = [];
  for (const set of sets) {
    const bits = set.is === 'by' ? await select(set.by) : decodeRows(set.rows, rows, set.n);
    if (!bits || countBits(bits) !== set.n || hashBits(bits) !== set.hash) {
      throw failure('bad_param', 'A selection in the link is not one of these rows.');
    }
    found.push(bits);
  }
  return found;
}

/** Whether what was read is what a link was made of; a sentence says why not. */
export function mismatch(
  link: Link,
  info: { fingerprint: string; rows: number; columns: ArrayLike<unknown> },
  columns: number,
): string | null {
  if (info.fingerprint !== link.print) return 'Its content is not that of the link.';
  if (info.rows !== link.count || info.columns.length !== columns) {
    return 'It has other rows or columns than the link.';
  }
  return null;
}
