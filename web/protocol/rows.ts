/**
 * Sets of rows as bitmasks (`RowBits`), and the codes of a category column: what every reader of the messages has
 * to know, in one place. Rows are counted from 0. A set carries no number of rows of its own: whoever makes one
 * keeps the bits past the last row 0. (The renderer has its own, `render/bits.ts`: it imports nothing of ours.)
 */
import type { RowBits } from './messages.ts';

/** Codes of `ColumnValues` that stand for no class of the list: no value, and a value beyond the list. */
export const MISSING_CODE = 65535;
export const BEYOND_CODE = 65534;

/** No rows, of a table of `rows`. */
export function emptyBits(rows: number): RowBits {
  return new Uint32Array(Math.ceil(rows / 32));
}

/** Adds one row, in place; it must be one that the set was made for. */
export function addRow(bits: RowBits, row: number): void {
  bits[row >>> 5] = (bits[row >>> 5] ?? 0) | (1 << (row & 31));
}

/** Whether a row is in the set; rows past its end are not, and null is the empty set. */
export function hasRow(bits: RowBits | null, row: number): boolean {
  return (((bits?.[row >>> 5] ?? 0) >>> (row & 31)) & 1) === 1;
}

/** How many bits of a word are set, added up in parallel. */
export function bitsIn(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** How many rows; null is the empty set. */
export function countBits(bits: RowBits | null): number {
  let count = 0;
  for (let word = 0; bits && word < bits.length; word += 1) {
    count += bitsIn(bits[word] ?? 0);
  }
  return count;
}

/** The bits that word `word` of a set may have when there are `rows` rows. */
export function wordMask(word: number, rows: number): number {
  const left = rows - 32 * word;
  return left >= 32 ? 0xffffffff : left <= 0 ? 0 : 2 ** left - 1;
}

/** The rows of `rows` that are not in the set; of null all. */
export function invertBits(bits: RowBits | null, rows: number): RowBits {
  const out = emptyBits(rows);
  for (let word = 0; word < out.length; word += 1) {
    out[word] = ~(bits?.[word] ?? 0) & wordMask(word, rows);
  }
  return out;
}

/** The rows of the set, ascending. */
export function rowsOf(bits: RowBits | null): Uint32Array {
  const rows = new Uint32Array(countBits(bits));
  let at = 0;
  for (let word = 0; bits && word < bits.length; word++) {
    for (let left = bits[word] ?? 0; left !== 0; left &= left - 1) {
      rows[at] = 32 * word + 31 - Math.clz32(left & -left);
      at++;
    }
  }
  return rows;
}
