/**
 * Rows by chance, and measures of a set of rows (core/measure). Thin: marshal, call,
 * check. `matrixPtr` is the address of a C `matrix`, which is borrowed and must outlive what was made of it.
 */
import type { RowBits } from '../protocol/messages.ts';
import { matrixStruct } from './ae.ts';
import { bytesOf, make, mustFit, withBytes } from './calls.ts';
import type { Kernels } from './module.ts';

const words = (rows: number): number => Math.ceil(rows / 32);

/** `n` different rows, or all of them; the same for the same seed, and a part of those for a larger `n`. */
export function selectRandom(k: Kernels, rows: number, n: number, seed: number): RowBits {
  return k.heap.with(words(rows) * 4, (block) => {
    k.exports.select_random(rows, Math.min(n, rows), seed, block.ptr);
    return block.u32().slice();
  });
}

/** At most `most` rows of the set `bits` of a table of `rows`, ascending: all of it, or a seeded part. */
export function sampleRows(k: Kernels, bits: RowBits, rows: number, most: number, seed: number): Uint32Array {
  mustFit(bits.length === words(rows), 'the set of rows');
  const room = Math.min(most, rows);
  return withBytes(k, bytesOf(bits), (set) =>
    k.heap.with(room * 4, (block) => {
      const taken = k.exports.select_sample(set, rows, room, seed, block.ptr) >>> 0;
      return block.u32().slice(0, taken);
    }),
  );
}

/** Distance correlation of some rows of a matrix and where a map draws them (Szekely et al. 2007). */
export class DistanceCorrelation {
  readonly #k: Kernels;
  #ptr: number;

  private constructor(k: Kernels, ptr: number) {
    this.#k = k;
    this.#ptr = ptr;
  }

  /** What `create` claims for `rows` rows of `d` features, which are copied; infinite beyond all bounds. */
  static bytes(k: Kernels, d: number, rows: number): number {
    const bytes = k.exports.dcor_bytes(d, rows) >>> 0;
    return bytes === 0xffffffff ? Number.POSITIVE_INFINITY : bytes;
  }

  /** `positions` (n, 2) are those of all rows, `rows` the ids to look at; both are copied. */
  static create(
    k: Kernels,
    matrixPtr: number,
    positions: Float32Array,
    rows: Uint32Array,
  ): DistanceCorrelation {
    const points = new Float32Array(rows.length * 2);
    rows.forEach((row, i) => {
      mustFit(2 * row + 1 < positions.length, 'rows');
      points.set(positions.subarray(2 * row, 2 * row + 2), 2 * i);
    });
    return withBytes(k, bytesOf(points), (at) =>
      withBytes(k, bytesOf(rows), (ids) => {
        const what = 'the distance correlation';
        const ptr = make(k, what, (out) => k.exports.dcor_new(out, matrixPtr, at, ids, rows.length));
        return new DistanceCorrelation(k, ptr);
      }),
    );
  }

  /** Each unit takes 1 to 2 ms. */
  step(units: number): void {
    this.#k.exports.dcor_step(this.#live, units);
  }

  get done(): boolean {
    return this.#k.exports.dcor_done(this.#live) !== 0;
  }

  /** When done: in [0, 1]; null for fewer than three rows, or rows or positions without any spread. */
  get value(): number | null {
    if (!this.done) {
      throw new Error('A distance correlation was asked for before it was done.');
    }
    const value = this.#k.exports.dcor_value(this.#live);
    return Number.isNaN(value) ? null : value;
  }

  free(): void {
    this.#k.exports.dcor_free(this.#ptr);
    this.#ptr = 0;
  }

  get #live(): number {
    if (this.#ptr === 0) {
      throw new Error('A distance correlation was used after it was freed.');
    }
    return this.#ptr;
  }
}

/** What a set of rows is, beside the rest. Arrays are (d), in the scaled units of the matrix. */
export interface MomentsResult {
  n: number; // rows of the set
  mean: Float32Array<ArrayBuffer>; // NaN without rows
  restMean: Float32Array<ArrayBuffer>;
  effect: Float32Array<ArrayBuffer>; // Cohen's d; NaN where there is none, infinite when each side has one value and they differ
}

export class Moments {
  readonly #k: Kernels;
  readonly #d: number;
  #ptr: number;

  private constructor(k: Kernels, ptr: number, d: number) {
    this.#k = k;
    this.#ptr = ptr;
    this.#d = d;
  }

  /** `bits` are rows of the matrix; copied. */
  static create(k: Kernels, matrixPtr: number, bits: RowBits): Moments {
    const { n, d } = matrixStruct.read(k.heap, matrixPtr);
    mustFit(bits.length === words(n), 'the set of rows');
    return withBytes(k, bytesOf(bits), (set) => {
      const ptr = make(k, 'the summary', (out) => k.exports.moments_new(out, matrixPtr, set));
      return new Moments(k, ptr, d);
    });
  }

  /** Each unit takes 1 to 2 ms. */
  step(units: number): void {
    this.#k.exports.moments_step(this.#live, units);
  }

  get done(): boolean {
    return this.#k.exports.moments_done(this.#live) !== 0;
  }

  /** When done. */
  result(): MomentsResult {
    if (!this.done) {
      throw new Error('A summary was asked for before it was done.');
    }
    const { exports, heap } = this.#k;
    const d = this.#d;
    return heap.with(3 * d * 8, (block) => {
      exports.moments_read(this.#live, block.ptr, block.ptr + d * 8, block.ptr + 2 * d * 8);
      const out = block.f64();
      const part = (i: number): Float32Array<ArrayBuffer> =>
        Float32Array.from(out.subarray(i * d, (i + 1) * d));
      return {
        n: exports.moments_count(this.#live) >>> 0,
        mean: part(0),
        restMean: part(1),
        effect: part(2),
      };
    });
  }

  free(): void {
    this.#k.exports.moments_free(this.#ptr);
    this.#ptr = 0;
  }

  get #live(): number {
    if (this.#ptr === 0) {
      throw new Error('A summary was used after it was freed.');
    }
    return this.#ptr;
  }
}
