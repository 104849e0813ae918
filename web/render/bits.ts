/**
 * Sets of rows as bitmasks: bit (row & 31) of word (row >> 5), in ceil(rows / 32) words; the bits past the last
 * row are 0. A million rows are 125 kB, which stays in the cache while a lasso writes to it.
 */

/** A set of rows. Carries no number of rows of its own. */
export type RowBits = Uint32Array;

/** No rows, of a table of `rows`. */
export function emptyBits(rows: number): RowBits {
  return new Uint32Array((rows + 31) >>> 5);
}

/** Adds one row, which must be below the number that `bits` was made for. */
export function addRow(bits: RowBits, row: number): void {
  const word = row >>> 5;
  bits[word] = (bits[word] ?? 0) | (1 << (row & 31));
}

/** Whether a row is in the set; rows past its end are not. */
export function hasRow(bits: RowBits, row: number): boolean {
  return (((bits[row >>> 5] ?? 0) >>> (row & 31)) & 1) === 1;
}

/** Bits set in one word, added up in parallel. */
function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** How many rows. Microseconds for a million. */
export function countBits(bits: RowBits): number {
  let count = 0;
  for (let i = 0; i < bits.length; i++) count += popcount(bits[i] ?? 0);
  return count;
}
