/**
 * Features: columns of a table as one matrix, and the way back. A thin class over core/table/features.
 */
import { failure } from '../protocol/failure.ts';
import type { FeatureInfo, ImageShape, Scale } from '../protocol/messages.ts';
import { counted, hex, make, nameList, withBytes } from './calls.ts';
import { check, type Kernels } from './module.ts';
import { wire, withStruct } from './params.ts';
import type { Table } from './table.ts';

/** By number of features_scaling. */
export const SCALES: readonly Scale[] = ['auto', 'none', 'standard', 'minmax', '255'];

const NONE = 0xffffffff;
const OTHER = 0xfffffffe;

const OUTCOME = { NUMBER: 0, ONE_HOT: 1, CONSTANT: 2, NEAR_CONSTANT: 3, EMPTY: 4, TEXT: 5, TOO_MANY: 6 };

const featuresParams = wire({ scale: 'u32', keep_constant: 'u32' });

/** For Table.features(): the C object of a settled table. Throws KernelError. */
export function makeFeatures(
  k: Kernels,
  table: number,
  columns: readonly number[],
  scale: Scale,
  keepConstant: boolean,
): number {
  const params = { scale: SCALES.indexOf(scale), keep_constant: keepConstant ? 1 : 0 };
  return withBytes(k, new Uint8Array(Uint32Array.from(columns).buffer), (list) =>
    withStruct(k.heap, featuresParams, params, (p) =>
      make(k, 'features', (out) => k.exports.features_new(out, table, p, list, columns.length)),
    ),
  );
}

export class Features {
  /** Address of the C `matrix`, for functions that take one; its values are there when done. */
  readonly matrixPtr: number;
  readonly #k: Kernels;
  readonly #table: Table; // borrowed by the C object
  readonly #asked: readonly number[];
  readonly #image: ImageShape | null;
  #ptr: number;
  #info: FeatureInfo | null = null;

  constructor(k: Kernels, ptr: number, table: Table, asked: readonly number[], image: ImageShape | null) {
    this.#k = k;
    this.#ptr = ptr;
    this.#table = table;
    this.#asked = asked;
    this.#image = image;
    this.matrixPtr = k.exports.features_matrix(ptr) >>> 0;
  }

  /** Features of each row, known before anything is computed. */
  get width(): number {
    return this.#k.exports.features_count(this.#ptr) >>> 0;
  }

  step(units: number): void {
    check(this.#k.exports.features_step(this.#ptr, units));
  }

  get done(): boolean {
    return this.#k.exports.features_done(this.#ptr) !== 0;
  }

  progress(): { done: number; total: number } {
    return {
      done: this.#k.exports.features_units_done(this.#ptr) >>> 0,
      total: this.#k.exports.features_units(this.#ptr) >>> 0,
    };
  }

  /** When done: what was made of which columns. */
  get info(): FeatureInfo {
    if (!this.done) {
      throw new Error('Features were asked about before they were done.');
    }
    this.#info ??= this.#describe();
    return this.#info;
  }

  /** When done: hex, equal for equal matrices. */
  get fingerprint(): string {
    return hex(this.#k, (out) => this.#k.exports.features_fingerprint(this.#ptr, out));
  }

  #describe(): FeatureInfo {
    const { exports } = this.#k;
    const f = this.#ptr;
    const d = exports.features_count(f) >>> 0;
    const source = Uint32Array.from({ length: d }, (_, j) => exports.features_source(f, j) >>> 0);
    const names = Array.from(source, (column, j) => {
      const info = this.#table.columns[column];
      const category = exports.features_category(f, j) >>> 0;
      if (category === NONE) {
        return info?.name ?? '';
      }
      return `${info?.name} = ${category === OTHER ? 'other' : info?.categories?.[category]}`;
    });
    const scale = SCALES[exports.features_scale(f) >>> 0] as Exclude<Scale, 'auto'>;
    return {
      n: exports.features_rows(f) >>> 0,
      d,
      names,
      source,
      scale,
      unit_range: exports.features_in_unit_range(f) !== 0,
      image: this.#image,
      notes: this.#notes(scale),
      baseline: exports.features_baseline(f),
      bytes: this.#bytes(d),
    };
  }

  #bytes(d: number): number {
    const isBytes = this.#k.exports.features_is_bytes(this.#ptr) !== 0;
    return this.#table.rows * (isBytes ? d : Math.ceil(d / 4) * 16);
  }

  /** Missing values of each category column that has some. */
  #gaps(): number[] {
    return this.#asked.flatMap((column, i) => {
      const missing = this.#table.columns[column]?.missing ?? 0;
      const outcome = this.#k.exports.features_column_outcome(this.#ptr, i) >>> 0;
      return outcome === OUTCOME.ONE_HOT && missing > 0 ? [missing] : [];
    });
  }

  #notes(scale: Exclude<Scale, 'auto'>): string[] {
    const { exports } = this.#k;
    const notes: string[] = [];
    const values = exports.features_filled_values(this.#ptr) >>> 0;
    const columns = exports.features_filled_columns(this.#ptr) >>> 0;
    if (values > 0) {
      notes.push(
        `${counted(values, 'missing value')} in ${counted(columns, 'column')} ${values === 1 ? 'was' : 'were'} filled with the median of the column.`,
      );
    }
    const by = new Map<number, string[]>();
    this.#asked.forEach((column, i) => {
      const outcome = exports.features_column_outcome(this.#ptr, i) >>> 0;
      const names = by.get(outcome) ?? [];
      names.push(this.#table.columns[column]?.name ?? '');
      by.set(outcome, names);
    });
    const left = (outcome: number, why: string): void => {
      const names = by.get(outcome);
      if (names !== undefined) {
        notes.push(`Left out, ${why}: ${nameList(names)}.`);
      }
    };
    const oneHot = by.get(OUTCOME.ONE_HOT);
    if (oneHot !== undefined) {
      notes.push(`A feature of 0 or 1 was made for each category of ${nameList(oneHot)}.`);
    }
    const gaps = this.#gaps();
    if (gaps.length > 0) {
      const cells = gaps.reduce((sum, missing) => sum + missing, 0);
      const whose = gaps.length === 1 ? 'its' : 'their';
      notes.push(
        `${counted(cells, 'missing value')} in ${counted(gaps.length, 'category column')}: 0 in all ${whose} categories.`,
      );
    }
    left(OUTCOME.CONSTANT, 'the same value in every row');
    left(OUTCOME.NEAR_CONSTANT, 'almost the same value in every row');
    left(OUTCOME.EMPTY, 'no values');
    left(OUTCOME.TEXT, 'text');
    left(OUTCOME.TOO_MANY, 'more than 1,000 categories');
    const scaled: Record<Exclude<Scale, 'auto'>, string> = {
      none: 'The values are used as they are, without scaling.',
      standard: 'Each number column was shifted to mean 0 and scaled to standard deviation 1.',
      minmax: 'Each number column was scaled to the range from 0 to 1.',
      '255': 'The values were divided by 255.',
    };
    notes.push(scaled[scale]);
    return notes;
  }

  /** One row, scaled. */
  row(i: number): Float32Array {
    if (!Number.isInteger(i) || i < 0 || i >= this.#table.rows) {
      throw failure('not_found', `There is no row ${i}.`);
    }
    const d = this.#k.exports.features_count(this.#ptr) >>> 0;
    return this.#k.heap.with(d * 4, (block) => {
      this.#k.exports.features_row(this.#ptr, i, block.ptr);
      return block.f32().slice();
    });
  }

  /** Scaled values of whole rows (one or more times d) in the units of the file; 0-or-1 features stay. */
  toRaw(values: Float32Array): Float32Array {
    const d = this.#k.exports.features_count(this.#ptr) >>> 0;
    if (values.length % d !== 0) {
      throw failure('bad_param', `${values.length} values are no whole rows of ${d} features.`);
    }
    return this.#k.heap.with(values.length * 4, (block) => {
      block.f32().set(values);
      for (let at = 0; at < values.length; at += d) {
        this.#k.exports.features_to_raw(this.#ptr, block.ptr + at * 4, block.ptr + at * 4);
      }
      return block.f32().slice();
    });
  }

  free(): void {
    this.#k.exports.features_free(this.#ptr);
    this.#ptr = 0;
  }
}
