/** The rows of a link's sets, found or unpacked again, and checked: page and command line alike. */

import { failure } from '../protocol/failure.ts';
import type { Criterion, RowBits } from '../protocol/messages.ts';
import { countBits } from '../protocol/rows.ts';
import type { Link } from './link.ts';
import { decodeRows, hashBits } from './rows-code.ts';

/** Different criteria that rows of one link are found by. */
const MOST_CRITERIA = 100;

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
  /* A search goes through all cells: each is done once, and nobody made a view with very many of them. */
  const asked = new Map<string, RowBits>();
  const find = async (by: Criterion): Promise<RowBits> => {
    const key = JSON.stringify(by);
    const bits = asked.get(key) ?? (await select(by));
    asked.set(key, bits);
    if (asked.size > MOST_CRITERIA)
      throw failure('bad_param', 'The link has too many selections to be found.');
    return bits;
  };
  for (const set of sets) {
    const bits = set.is === 'by' ? await find(set.by) : decodeRows(set.rows, rows, set.n);
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
