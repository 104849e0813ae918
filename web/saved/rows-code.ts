/**
 * Sets of rows as short text, and 32-bit hashes that tell whether two sets, or two maps, are the same.
 *
 * A set is written as the gaps between its rows, or between the rows that it lacks, by Rice's code (R. F. Rice, "Some
 * practical universal noiseless coding techniques", JPL 79-22, 1979), which for rows scattered at random is within
 * some percent of the least there is; or as the lengths of its runs by exponential Golomb codes, which is shorter where
 * neighbours go together, as in files sorted by class. The shortest of the three is taken.
 *
 *   byte 0      kind of code (0 gaps, 1 gaps of the others, 2 runs) · 32 + parameter k
 *   then bits   the numbers one after the other, most significant bit first; zeros fill the last byte
 *
 * as base64url without padding. The number of rows in the set is told beside it, and so is the table's.
 */

import type { RowBits } from '../protocol/messages.ts';
import { addRow, countBits, emptyBits, hasRow } from '../protocol/rows.ts';

/** Largest parameter: gaps are below 2^31. */
const MOST_K = 30;

type Kind = 0 | 1 | 2;

/* ---- base64url ------------------------------------------------------------------------------------------- */

export function toBase64Url(bytes: Uint8Array): string {
  const PIECE = 8192;
  let text = '';
  for (let i = 0; i < bytes.length; i += PIECE) {
    text += String.fromCharCode(...bytes.subarray(i, i + PIECE));
  }
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The bytes of base64url text without padding; null when it is none. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/* ---- bits ------------------------------------------------------------------------------------------------ */

class BitWriter {
  readonly #bytes: number[] = [];
  #free = 0; // bits of the last byte

  bit(one: boolean): void {
    if (this.#free === 0) {
      this.#bytes.push(0);
      this.#free = 8;
    }
    this.#free -= 1;
    if (one) this.#bytes.push((this.#bytes.pop() ?? 0) | (1 << this.#free));
  }

  /** The last `width` bits of a value below 2^31. */
  bits(value: number, width: number): void {
    for (let i = width - 1; i >= 0; i -= 1) this.bit(((value >>> i) & 1) === 1);
  }

  /** So many ones, and a zero. */
  unary(ones: number): void {
    for (let i = 0; i < ones; i += 1) this.bit(true);
    this.bit(false);
  }

  bytes(): number[] {
    return this.#bytes;
  }
}

/** Reads what was written; NaN past the end. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at: number; // bit

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  bit(): number {
    const byte = this.#bytes[this.#at >>> 3];
    if (byte === undefined) return Number.NaN;
    const bit = (byte >>> (7 - (this.#at & 7))) & 1;
    this.#at += 1;
    return bit;
  }

  bits(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i += 1) value = value * 2 + this.bit();
    return value;
  }

  unary(): number {
    let ones = 0;
    for (;;) {
      const bit = this.bit();
      if (bit !== 1) return bit === 0 ? ones : Number.NaN;
      ones += 1;
    }
  }

  /** Nothing but the zeros that fill the last byte is left. */
  get atEnd(): boolean {
    const left = 8 * this.#bytes.length - this.#at;
    return left >= 0 && left < 8 && (left === 0 || this.bits(left) === 0);
  }
}

/* ---- the numbers of a set -------------------------------------------------------------------------------- */

/** Rows passed over before each row of the set, or before each row that it lacks. */
function* gapsOf(bits: RowBits, rows: number, of: boolean): Generator<number> {
  let gap = 0;
  for (let row = 0; row < rows; row += 1) {
    if (hasRow(bits, row) === of) {
      yield gap;
      gap = 0;
    } else {
      gap += 1;
    }
  }
}

/** Lengths of runs, of rows outside and inside in turn; the first may be 0. */
function* runsOf(bits: RowBits, rows: number): Generator<number> {
  let inside = false;
  let length = 0;
  for (let row = 0; row < rows; row += 1) {
    if (hasRow(bits, row) !== inside) {
      yield length;
      inside = !inside;
      length = 0;
    }
    length += 1;
  }
  yield length;
}

function numbersOf(bits: RowBits, rows: number, kind: Kind): Generator<number> {
  return kind === 2 ? runsOf(bits, rows) : gapsOf(bits, rows, kind === 0);
}

/** Bits above the `k` lowest that an exponential Golomb code writes: value / 2^k + 1 in binary. */
function golombWidth(value: number, k: number): number {
  return 31 - Math.clz32((value >>> k) + 1);
}

function costs(bits: RowBits, rows: number, kind: Kind): Float64Array {
  const sums = new Float64Array(MOST_K + 1);
  for (const value of numbersOf(bits, rows, kind)) {
    for (let k = 0; k <= MOST_K; k += 1) {
      sums[k] = (sums[k] ?? 0) + (kind === 2 ? 2 * golombWidth(value, k) + 1 : (value >>> k) + 1) + k;
    }
  }
  return sums;
}

/* ---- writing and reading --------------------------------------------------------------------------------- */

/** The set as text; `rows`: of the table. */
export function encodeRows(bits: RowBits, rows: number): string {
  let best: { kind: Kind; k: number; cost: number } = { kind: 0, k: 0, cost: Number.POSITIVE_INFINITY };
  for (const kind of [0, 1, 2] as const) {
    costs(bits, rows, kind).forEach((cost, k) => {
      if (cost < best.cost) best = { kind, k, cost };
    });
  }
  const { kind, k } = best;
  const out = new BitWriter();
  for (const value of numbersOf(bits, rows, kind)) {
    if (kind === 2) {
      const width = golombWidth(value, k);
      out.unary(width);
      out.bits((value >>> k) + 1, width); // its first bit is told by the width
    } else {
      out.unary(value >>> k);
    }
    out.bits(value & (2 ** k - 1), k);
  }
  return toBase64Url(Uint8Array.from([32 * kind + k, ...out.bytes()]));
}

/** The set of `count` rows of a table of `rows`; null when the text is no such set. Takes memory for `rows` bits. */
export function decodeRows(text: string, rows: number, count: number): RowBits | null {
  const bytes = fromBase64Url(text);
  const head = bytes?.[0];
  if (!bytes || head === undefined || count > rows) return null;
  const [kind, k] = [head >>> 5, head & 31];
  if (kind > 2 || k > MOST_K) return null;
  const read = new BitReader(bytes, 8);
  const bits = kind === 2 ? readRuns(read, k, rows) : readGaps(read, k, rows, kind === 0, count);
  return bits && read.atEnd && countBits(bits) === count ? bits : null;
}

function readGaps(read: BitReader, k: number, rows: number, of: boolean, count: number): RowBits | null {
  const bits = emptyBits(rows);
  const add = (first: number, end: number): void => {
    for (let row = first; row < end; row += 1) addRow(bits, row);
  };
  let next = 0; // the first row that nothing is known of
  for (let left = of ? count : rows - count; left > 0; left -= 1) {
    const gap = read.unary() * 2 ** k + read.bits(k);
    if (!(next + gap < rows)) return null;
    if (of) addRow(bits, next + gap);
    else add(next, next + gap);
    next += gap + 1;
  }
  if (!of) add(next, rows);
  return bits;
}

function readRuns(read: BitReader, k: number, rows: number): RowBits | null {
  const bits = emptyBits(rows);
  let row = 0;
  let inside = false;
  do {
    const width = read.unary();
    if (!(width <= 31)) return null;
    const high = 2 ** width + read.bits(width) - 1;
    const end = row + high * 2 ** k + read.bits(k);
    /* Only the first run may be empty, else text could go on without end. */
    if (!(end <= rows) || (end === row && (inside || row > 0) && rows > 0)) return null;
    for (; row < end; row += 1) if (inside) addRow(bits, row);
    inside = !inside;
  } while (row < rows);
  return bits;
}

/* ---- hashes ---------------------------------------------------------------------------------------------- */

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** A number from 0 to 2^32 - 1 that differs, but for one in four thousand million, where the sets do. */
export function hashBits(bits: RowBits): number {
  return bits.reduce((hash, word) => mixed(hash, word), bits.length) >>> 0;
}

/** The same of positions, bit for bit; whatever is no number counts as one and the same. */
export function hashFloats(values: Float32Array): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let hash = values.length;
  for (let i = 0; i < words.length; i += 1) {
    hash = mixed(hash, Number.isNaN(values[i]) ? 0x7fc00000 : (words[i] ?? 0));
  }
  return hash >>> 0;
}
