/**
 * What makes tables of text (CSV). Thin classes over core/table; whoever holds one
 * calls `free()`, also after `take()`.
 */
import type { OpenHints } from '../protocol/messages.ts';
import { make, withBytes } from './calls.ts';
import { check, type Kernels } from './module.ts';
import { type WireValue, wire, withStruct } from './params.ts';
import { RawTable } from './table.ts';

const dialectStruct = wire({
  separator: 'u32',
  decimal: 'u32',
  header: 'u32',
  skip_bytes: 'u32',
  skip_lines: 'u32',
  preamble: 'u32',
  row_names: 'u32',
  fields: 'u32',
});

/** How a text file is written; see core/table/dialect.h. header: 1 none, 2 the first record. */
export type Dialect = WireValue<typeof dialectStruct>;

const reportStruct = wire({
  rows: 'u32',
  lines: 'u32',
  short_records: 'u32',
  long_records: 'u32',
  ragged_line: 'u32[5]',
  stray_quotes: 'u32',
  empty_records: 'u32',
  not_utf8: 'u32',
  not_utf8_line: 'u32',
  problem: 'u32',
  error_line: 'u32',
  named: 'u32',
});

/** What reading met; see core/table/csv.h. */
export type CsvReport = WireValue<typeof reportStruct>;

/** Values of csv_problem. */
export const CSV_PROBLEM = {
  NUL: 1,
  UNCLOSED_QUOTE: 2,
  FIELD_TOO_LONG: 3,
  TOO_MANY_COLUMNS: 4,
  TOO_MANY_ROWS: 5,
  CHANGED: 6,
  TEXT_TOO_LARGE: 7,
} as const;

const code = (character: string | undefined): number => character?.charCodeAt(0) ?? 0;

/** The dialect of a sample (the first bytes; `whole`: all of them). What `hints` say is not guessed. */
export function sniffDialect(k: Kernels, sample: Uint8Array, whole: boolean, hints: OpenHints = {}): Dialect {
  const given: Dialect = {
    separator: code(hints.separator),
    decimal: code(hints.decimal),
    header: hints.header === undefined ? 0 : hints.header ? 2 : 1,
    skip_bytes: 0,
    skip_lines: 0,
    preamble: 0,
    row_names: 0,
    fields: 0,
  };
  return withBytes(k, sample, (ptr) =>
    withStruct(k.heap, dialectStruct, given, (dialect) => {
      check(k.exports.dialect_sniff(dialect, ptr, sample.length, whole ? 1 : 0), 'separator');
      return dialectStruct.read(k.heap, dialect);
    }),
  );
}

/** Bytes of text to a table. After a KernelError only `report()` and `free()` may be called. */
export class CsvReader {
  readonly #k: Kernels;
  #ptr: number;

  constructor(k: Kernels, dialect: Dialect) {
    this.#k = k;
    this.#ptr = withStruct(k.heap, dialectStruct, dialect, (d) =>
      make(k, 'dialect', (out) => k.exports.csv_new(out, d)),
    );
  }

  /** The next bytes, in pieces of any size. */
  feed(bytes: Uint8Array): void {
    if (bytes.length > 0) {
      withBytes(this.#k, bytes, (ptr) => check(this.#k.exports.csv_feed(this.#ptr, ptr, bytes.length)));
    }
  }

  end(): void {
    check(this.#k.exports.csv_end(this.#ptr));
  }

  /** After `end()`: the same bytes must be fed once more, after `again()`. At most once. */
  get needsAnotherPass(): boolean {
    return this.#k.exports.csv_needs_another_pass(this.#ptr) !== 0;
  }

  again(): void {
    check(this.#k.exports.csv_again(this.#ptr));
  }

  report(): CsvReport {
    return this.#k.heap.with(reportStruct.bytes, ({ ptr }) => {
      this.#k.exports.csv_read_report(this.#ptr, ptr);
      return reportStruct.read(this.#k.heap, ptr);
    });
  }

  /** After the last `end()`, once. */
  take(): RawTable {
    return new RawTable(this.#k, this.#k.exports.csv_take(this.#ptr) >>> 0);
  }

  free(): void {
    this.#k.exports.csv_free(this.#ptr);
    this.#ptr = 0;
  }
}
