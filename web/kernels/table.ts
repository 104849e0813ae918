/**
 * Tables: thin classes over core/table. No timing, no messages; whoever holds one calls `free()`.
 */
import { type FailureError, failure } from '../protocol/failure.ts';
import { MOST_VALUES } from '../protocol/limits.ts';
import type {
  ColumnInfo,
  ColumnKind,
  ColumnValues,
  FeatureSpec,
  ImageShape,
  Role,
} from '../protocol/messages.ts';
import { counted, hex, nameList, text } from './calls.ts';
import { Features, makeFeatures, SCALES } from './features.ts';
import { check, KernelError, type Kernels, STATUS } from './module.ts';
import { type WireValue, wire } from './params.ts';
import { type GuessColumn, guessImage, guessRoles } from './roles.ts';

export { Features } from './features.ts';

const KINDS: readonly ColumnKind[] = ['number', 'category', 'text', 'constant', 'identifier', 'empty'];
const NONE = 0xffffffff;
const MOST_CATEGORIES = 10_000;
const STORE_NONE = 0;
const STORE_U8 = 1;

const columnStruct = wire({
  kind: 'u32',
  store: 'u32',
  missing: 'u32',
  distinct: 'u32',
  integer: 'u32',
  bad: 'u32',
  infinite: 'u32',
  words: 'u32',
  near_constant: 'u32',
});

/** What is known of a table besides its bytes. */
export interface TableFacts {
  notes: readonly string[];
  label?: string; // column wanted as label
  image?: ImageShape; // what the number columns are, when the source says so
}

/** A table whose columns are not settled yet. Becomes a Table, or is freed. */
export class RawTable {
  readonly rows: number;
  readonly columns: number;
  readonly #k: Kernels;
  #ptr: number;

  constructor(k: Kernels, ptr: number) {
    this.#k = k;
    this.#ptr = ptr;
    this.rows = k.exports.table_rows(ptr) >>> 0;
    this.columns = k.exports.table_columns(ptr) >>> 0;
  }

  /** At most so many more columns. */
  settle(columns: number): void {
    check(this.#k.exports.table_settle(this.#ptr, columns));
  }

  get settledColumns(): number {
    return this.#k.exports.table_settled_columns(this.#ptr) >>> 0;
  }

  get settled(): boolean {
    return this.#k.exports.table_settled(this.#ptr) !== 0;
  }

  /** The table, which owns the memory from here on. */
  finish(facts: TableFacts): Table {
    const table = new Table(this.#k, this.#ptr, facts);
    this.#ptr = 0;
    return table;
  }

  free(): void {
    this.#k.exports.table_free(this.#ptr);
    this.#ptr = 0;
  }
}

interface RawColumn extends GuessColumn {
  info: WireValue<typeof columnStruct>;
  min: number;
  mean: number;
}

function readColumn(k: Kernels, table: number, j: number): RawColumn {
  const name = text(k, k.exports.table_name(table, j), k.exports.table_name_bytes(table, j) >>> 0);
  return k.heap.with(columnStruct.bytes + 28, (block) => {
    k.exports.table_column_info(table, j, block.ptr);
    const info = columnStruct.read(k.heap, block.ptr);
    k.exports.table_column_stats(table, j, block.ptr);
    const [min = Number.NaN, max = Number.NaN, mean = Number.NaN] = block.f64();
    return {
      name,
      info,
      kind: KINDS[info.kind] ?? 'empty',
      numeric: info.store !== STORE_NONE,
      bytes: info.store === STORE_U8,
      missing: info.missing,
      distinct: info.distinct === NONE ? null : info.distinct,
      min,
      max,
      mean,
    };
  });
}

export class Table {
  readonly rows: number;
  readonly columns: ColumnInfo[]; // roles as guessed
  readonly image: ImageShape | null; // that the columns guessed as features are
  readonly notes: string[];
  readonly fingerprint: string;
  readonly bytes: number;
  readonly #k: Kernels;
  readonly #raw: RawColumn[];
  readonly #pixels: readonly number[]; // the columns of `image`
  #ptr: number;

  /** Takes over a settled table; RawTable.finish() calls it. */
  constructor(k: Kernels, ptr: number, facts: TableFacts) {
    this.#k = k;
    this.#ptr = ptr;
    this.rows = k.exports.table_rows(ptr) >>> 0;
    this.fingerprint = hex(k, (out) => k.exports.table_fingerprint(ptr, out));
    this.bytes = k.exports.table_bytes(ptr) >>> 0;
    const count = k.exports.table_columns(ptr) >>> 0;
    this.#raw = Array.from({ length: count }, (_, j) => readColumn(k, ptr, j));
    const guess = guessRoles(this.#raw, this.rows, facts.label);
    let { image } = guess;
    let { roles } = guess;
    if (facts.image !== undefined) {
      image = facts.image;
      roles = this.#raw.map((column): Role => (column.bytes ? 'feature' : 'label'));
    }
    this.image = image;
    this.#pixels = image === null ? [] : indices(roles, 'feature');
    this.columns = this.#raw.map((column, j) => this.#describe(column, j, roles[j] ?? 'ignored'));
    this.notes = [...facts.notes, ...columnNotes(this.#raw)];
  }

  #describe(column: RawColumn, j: number, role: Role): ColumnInfo {
    const isNumber = column.kind === 'number';
    return {
      name: column.name,
      kind: column.kind,
      role,
      missing: column.missing,
      distinct: column.distinct,
      integer: isNumber && column.info.integer !== 0,
      min: isNumber ? column.min : null,
      max: isNumber ? column.max : null,
      mean: isNumber ? column.mean : null,
      bad_cells: column.info.bad,
      categories: column.kind === 'category' ? this.#words(j) : null,
    };
  }

  #word(column: number, word: number): string {
    const ptr = this.#k.exports.table_word(this.#ptr, column, word);
    return text(this.#k, ptr, this.#k.exports.table_word_bytes(this.#ptr, column, word) >>> 0);
  }

  #words(column: number): string[] {
    const length = Math.min(this.#raw[column]?.info.words ?? 0, MOST_CATEGORIES);
    return Array.from({ length }, (_, word) => this.#word(column, word));
  }

  /** A cell as text: a number in its shortest form, words as written, '' when missing. */
  cell(row: number, column: number): string {
    this.#mustHave(row, column);
    if (this.#raw[column]?.numeric) {
      const value = this.#k.exports.table_number(this.#ptr, row, column);
      return Number.isNaN(value) ? '' : String(value);
    }
    const word = this.#k.exports.table_code(this.#ptr, row, column) >>> 0;
    return word === NONE ? '' : this.#word(column, word);
  }

  /** A column, copied. Words of any kind come as categories, of a text column the first 10,000. */
  column(column: number): ColumnValues {
    this.#mustHave(0, column);
    if (this.#raw[column]?.numeric) {
      return this.#k.heap.with(this.rows * 4, (block) => {
        this.#k.exports.table_numbers(this.#ptr, column, block.ptr);
        return { kind: 'number', values: block.f32().slice() };
      });
    }
    return this.#k.heap.with(this.rows * 2, (block) => {
      this.#k.exports.table_codes(this.#ptr, column, block.ptr);
      return { kind: 'category', codes: block.u16().slice(), categories: this.#words(column) };
    });
  }

  /** Bytes from the start of the text that was read to this row. */
  rowOffset(row: number): number {
    return this.#k.exports.table_row_offset(this.#ptr, row);
  }

  #mustHave(row: number, column: number): void {
    const whole = Number.isInteger(row) && Number.isInteger(column);
    if (!whole || row < 0 || column < 0 || column >= this.columns.length || (row >= this.rows && row > 0)) {
      throw failure('not_found', `There is no row ${row} or no column ${column}.`);
    }
  }

  /** The image that the columns of these roles are; null when they are none. */
  imageOf(roles: readonly Role[]): ImageShape | null {
    const chosen = indices(roles, 'feature');
    if (this.image !== null && sameList(chosen, this.#pixels)) {
      return this.image;
    }
    return guessImage(chosen.flatMap((j) => this.#raw[j] ?? []));
  }

  /**
   * A matrix of the columns with role `feature`, to be stepped until done. The table must outlive it.
   * Throws a FailureError: no_numeric_column when no column can be used, empty_file without rows, too_large past `most`
   * values. Nothing is computed until it is stepped.
   */
  features(spec: FeatureSpec, most = MOST_VALUES): Features {
    if (spec.roles.length !== this.columns.length || !SCALES.includes(spec.scale)) {
      throw failure('bad_param', `Roles for ${this.columns.length} columns are needed.`, '', 'roles');
    }
    if (this.rows === 0) {
      throw failure('empty_file', 'The table has no rows.', 'Open a file that has rows under its header.');
    }
    const columns = indices(spec.roles, 'feature');
    const image = this.imageOf(spec.roles);
    try {
      const ptr = makeFeatures(this.#k, this.#ptr, columns, spec.scale, image !== null);
      const features = new Features(this.#k, ptr, this, columns, image);
      if (features.width * this.rows <= most) return features;
      features.free();
      throw tooLarge(this.rows, most);
    } catch (error) {
      throw explained(error, columns.length, this.rows);
    }
  }

  free(): void {
    this.#k.exports.table_free(this.#ptr);
    this.#ptr = 0;
  }
}

function tooLarge(rows: number, most: number): FailureError {
  const here = most < MOST_VALUES ? ', the most that this device is given' : '';
  return failure(
    'too_large',
    `${rows.toLocaleString('en')} rows of this many features are more than ${most / 1e6} million values${here}.`,
    'Ignore some columns, or use fewer rows.',
  );
}

function explained(error: unknown, columns: number, rows: number): unknown {
  if (!(error instanceof KernelError)) {
    return error;
  }
  if (error.status === STATUS.BAD_SHAPE && rows === 1) {
    return failure(
      'no_numeric_column',
      'There is one row: nothing differs, so there is nothing to learn.',
      'Open a file with more rows.',
    );
  }
  if (error.status === STATUS.BAD_SHAPE) {
    return columns === 0
      ? failure('no_numeric_column', 'No column is a feature.', 'Make at least one column a feature.')
      : failure(
          'no_numeric_column',
          'None of the feature columns has numbers or categories that differ between rows.',
          'Choose other columns as features.',
        );
  }
  if (error.status === STATUS.TOO_LARGE) {
    return tooLarge(rows, MOST_VALUES);
  }
  return error;
}

function indices(roles: readonly Role[], role: Role): number[] {
  return roles.flatMap((given, j) => (given === role ? [j] : []));
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function columnNotes(columns: readonly RawColumn[]): string[] {
  const notes: string[] = [];
  const bad = columns.filter((column) => column.info.bad > 0);
  if (bad.length > 0) {
    const cells = bad.reduce((sum, column) => sum + column.info.bad, 0);
    notes.push(
      `${counted(cells, 'cell')} in number columns ${cells === 1 ? 'is' : 'are'} not ${cells === 1 ? 'a number' : 'numbers'} and read as missing: ${nameList(bad.map((column) => column.name))}.`,
    );
  }
  const infinite = columns.filter((column) => column.info.infinite > 0);
  if (infinite.length > 0) {
    const cells = infinite.reduce((sum, column) => sum + column.info.infinite, 0);
    notes.push(
      `${counted(cells, 'infinite value')} read as missing: ${nameList(infinite.map((column) => column.name))}.`,
    );
  }
  return notes;
}
