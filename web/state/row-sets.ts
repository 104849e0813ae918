/**
 * Sets of rows as bitmasks: a Uint32Array of ceil(rows / 32) words, bit (row & 31) of word (row >> 5), rows counted from
 * 0, the bits past the last row 0. Sets are never changed in place: every function returns a new one, so that the undo
 * list may keep the old. Two sets that meet are of the same table; words that one of them lacks count as 0.
 */

import type { RowBits } from '../protocol/messages.ts';
import {
  addRow,
  bitsIn,
  countBits,
  emptyBits,
  hasRow,
  invertBits as invert,
  rowsOf,
} from '../protocol/rows.ts';
import type { SelectionOp } from './store.ts';

export { countBits, emptyBits, hasRow, invert, rowsOf };

/** Every row of `rows`. */
export function allBits(rows: number): RowBits {
  return invert(null, rows);
}

/** One word of two sets by an operation. */
function combineWord(a: number, b: number, op: SelectionOp): number {
  if (op === 'add') return a | b;
  if (op === 'subtract') return a & ~b;
  return op === 'intersect' ? a & b : b;
}

/** What is selected after `b` came to `a`; null is the empty set. */
export function combine(a: RowBits | null, b: RowBits, op: SelectionOp): RowBits {
  const out = new Uint32Array(b.length);
  for (let word = 0; word < out.length; word++) out[word] = combineWord(a?.[word] ?? 0, b[word] ?? 0, op);
  return out;
}

/** Number of rows that `combine` would give. */
export function countCombined(a: RowBits | null, b: RowBits, op: SelectionOp): number {
  return countBits(combine(a, b, op));
}

/** The set of the given rows; those that are not among `rows` are passed over. */
export function bitsOfRows(ids: ArrayLike<number>, rows: number): RowBits {
  const bits = emptyBits(rows);
  for (let i = 0; i < ids.length; i++) {
    const row = ids[i] ?? -1;
    if (Number.isInteger(row) && row >= 0 && row < rows) addRow(bits, row);
  }
  return bits;
}

export function sameBits(a: RowBits | null, b: RowBits | null): boolean {
  const [long, short] = (a?.length ?? 0) >= (b?.length ?? 0) ? [a, b] : [b, a];
  return !long || long.every((word, i) => word === (short?.[i] ?? 0));
}

/** How many runs of neighbours the set has; microseconds for a million rows. */
export function countRuns(bits: RowBits | null): number {
  let runs = 0;
  let carry = 0; // whether the last row of the word before is in the set
  for (let word = 0; bits && word < bits.length; word++) {
    const v = bits[word] ?? 0;
    runs += bitsIn(v & ~((v << 1) | carry));
    carry = v >>> 31;
  }
  return runs;
}

/** The set as first row and count of each run of neighbours, ascending: [3, 2, 9, 1] is rows 3, 4 and 9. */
export function runsOf(bits: RowBits | null): number[] {
  const runs = new Array<number>(2 * countRuns(bits));
  let at = 0;
  let first = -1; // of the run that has begun
  for (let word = 0; bits && word < bits.length; word++) {
    const v = bits[word] ?? 0;
    const carry = first >= 0 ? 1 : 0;
    /* Where a row differs from the one before it, a run begins or ends. */
    for (let left = v ^ ((v << 1) | carry); left !== 0; left &= left - 1) {
      const row = 32 * word + 31 - Math.clz32(left & -left);
      if (first < 0) {
        first = row;
      } else {
        runs[at++] = first;
        runs[at++] = row - first;
        first = -1;
      }
    }
  }
  if (first >= 0 && bits) {
    runs[at++] = first;
    runs[at] = 32 * bits.length - first;
  }
  return runs;
}

/** The set of `runsOf`; what lies outside of `rows` is passed over. */
export function bitsOfRuns(runs: readonly number[], rows: number): RowBits {
  const bits = emptyBits(rows);
  for (let i = 0; i + 1 < runs.length; i += 2) {
    const first = Math.max(0, runs[i] ?? 0);
    const end = Math.min(rows, (runs[i] ?? 0) + (runs[i + 1] ?? 0));
    for (let row = first; row < end; row++) addRow(bits, row);
  }
  return bits;
}

/** Rows that training visits, of the selection and beside it: those that are not held out. */
export function trainedCounts(
  selected: RowBits | null,
  heldout: RowBits | null,
  rows: number,
): { selected: number; rest: number } {
  const of = selected
    ? countCombined(heldout, selected, 'replace') - countCombined(heldout, selected, 'intersect')
    : 0;
  return { selected: of, rest: rows - countBits(heldout) - of };
}

/** The share of the loss that a selection has when nothing is done about it: s / n of the rows trained on. */
export function naturalShare(selected: RowBits | null, heldout: RowBits | null, rows: number): number {
  const { selected: s, rest } = trainedCounts(selected, heldout, rows);
  return s + rest > 0 ? s / (s + rest) : 0;
}
