/**
 * Rows as CSV: UTF-8 without a byte order mark, separated by commas, quoted as RFC 4180 says, lines ended by LF.
 *
 * Three things a reader may rely on:
 * - A float reads back to the same float32, bit for bit: it has nine significant digits, fewer where they are enough.
 * - A cell of text reads back as it was. Only with `protect` does one that a spreadsheet would run as a formula get
 *   an apostrophe in front; a number never does.
 * - The table is never one string: it is made in parts, with a rest between two of them.
 *
 * LF and not the CRLF of the RFC: every reader takes both, but only LF leaves nothing at the end of the last cell for
 * tools that cut lines (awk, cut, diff). No byte order mark: it would become part of the first column's name.
 */
import { shortestFloat } from '../kernels/params.ts';
import type { RowBits } from '../protocol/messages.ts';
import { hasRow } from '../protocol/rows.ts';

export interface CsvColumn {
  name: string;
  /** Cells of words, which a spreadsheet must not take for formulas; numbers are false. */
  text: boolean;
  cell(row: number): string;
}

export interface ExportSource {
  rows: number; // of the table
  latent: number;
  codes: Float32Array; // (rows, latent)
  positions: Float32Array; // (rows, 2): as the map draws them
  error: Float32Array; // (rows)
  selection: RowBits | null; // null: no row is selected
  only: boolean; // only the selected rows
  protect: boolean; // no cell of text starts like a formula
  labels: CsvColumn[]; // columns of the table that go with each row
  rest(): Promise<void>; // between two parts; what it throws ends the export
}

/** Cells made between two rests: some 10 ms. */
const PART_CELLS = 32_768;

/** 10 to the whole numbers that a double holds exactly. */
const TENS = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** First characters that spreadsheets run or skip over to run what follows (OWASP's list). */
const FORMULA = '=+-@\t\r\n\u0000\uff1d\uff0b\uff0d\uff20';

/**
 * A float32 rounded to as few significant digits as read back to the same bits; NaN and Infinity by these names. The
 * usual magnitudes go by arithmetic, which is six times faster than formatting each length to try it: a whole number
 * below 1e9 over a power of ten is exactly what reading the decimal gives.
 */
export function floatText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-7 && size < 1e6) {
    let power = 0;
    while (size * (TENS[power] ?? 1) < 1e5) {
      power += 1;
    }
    for (const last = power + 3; power <= last; power += 1) {
      const ten = TENS[power] ?? 1;
      const candidate = Math.round(size * ten) / ten;
      if (Math.fround(candidate) === size) {
        return String(value < 0 ? -candidate : candidate);
      }
    }
  }
  // A decimal of up to six digits that reads back is the nearest one of six; of seven another one may lie nearer.
  if (size >= 2 ** 24 && size < Number.POSITIVE_INFINITY) {
    const digits = [6, 7, 8, 9].find((count) => Math.fround(Number(value.toPrecision(count))) === value);
    return String(Number(value.toPrecision(digits ?? 9)));
  }
  return Object.is(value, -0) ? '-0' : String(shortestFloat(value));
}

/** A cell that a spreadsheet would run gets an apostrophe in front. */
function defused(cell: string): string {
  return cell !== '' && FORMULA.includes(cell.charAt(0)) ? `'${cell}` : cell;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** The names as they are written: the first of a kind keeps its name, later ones become "name (2)" as in a table. */
function uniqueNames(names: readonly string[], reserved: ReadonlySet<string>): string[] {
  const taken = new Set([...reserved, ...names]);
  const used = new Set(reserved);
  return names.map((name) => {
    let unique = name;
    for (let i = 2; used.has(unique); i += 1) {
      const candidate = `${name} (${i})`;
      unique = taken.has(candidate) ? name : candidate;
    }
    used.add(unique);
    taken.add(unique);
    return unique;
  });
}

/** Columns of text with a name no other column has and, if asked for, cells that are not run. */
function prepared(
  columns: readonly CsvColumn[],
  protect: boolean,
  reserved: ReadonlySet<string>,
): CsvColumn[] {
  const heads = columns.map(({ name }) => (protect ? defused(name) : name));
  const names = uniqueNames(heads, reserved);
  return columns.map(({ text, cell }, i) => ({
    name: quoted(names[i] ?? ''),
    text,
    cell: (row) => quoted(text && protect ? defused(cell(row)) : cell(row)),
  }));
}

/** A column of plain floats: (rows, stride), the number at `offset` of each row. */
export function floatColumn(name: string, values: Float32Array, stride = 1, offset = 0): CsvColumn {
  return { name, text: false, cell: (row) => floatText(values[row * stride + offset] ?? Number.NaN) };
}

/** The floats of a code, named z1, z2, … */
export function codeColumns(codes: Float32Array, latent: number): CsvColumn[] {
  return Array.from({ length: latent }, (_, j) => floatColumn(`z${j + 1}`, codes, latent, j));
}

export interface CsvSpec {
  /** Our own names come first and are kept; where one of `labels` has the same, the label's is altered. */
  columns: readonly CsvColumn[];
  labels: readonly CsvColumn[];
  labelsAt: number; // labels stand before this one of `columns`
  rows: number;
  selected?: (row: number) => boolean; // rows to write; absent: all
  protect: boolean;
}

/** The file in parts of whole lines, the header in the first. */
export function* csvParts(spec: CsvSpec): Generator<string> {
  const reserved = new Set(spec.columns.map(({ name }) => name));
  const labels = prepared(spec.labels, spec.protect, reserved);
  const columns = [...spec.columns.slice(0, spec.labelsAt), ...labels, ...spec.columns.slice(spec.labelsAt)];
  const most = Math.max(1, Math.floor(PART_CELLS / columns.length));
  let lines = [columns.map(({ name }) => name).join(',')];
  for (let row = 0; row < spec.rows; row += 1) {
    if (spec.selected?.(row) ?? true) {
      lines.push(columns.map(({ cell }) => cell(row)).join(','));
    }
    if (lines.length >= most) {
      yield `${lines.join('\n')}\n`;
      lines = [];
    }
  }
  if (lines.length > 0) {
    yield `${lines.join('\n')}\n`;
  }
}

/**
 * Header id, labels, z1 … zk, x, y, error, selected; the rows in the order of the table. `id` counts from 0;
 * `selected` is 1 or 0.
 */
export async function exportCsv(source: ExportSource): Promise<Blob> {
  const { rows, codes, latent, positions, error, selection, labels, protect } = source;
  const selected = (row: number): boolean => hasRow(selection, row);
  const parts = csvParts({
    columns: [
      { name: 'id', text: false, cell: String },
      ...codeColumns(codes, latent),
      floatColumn('x', positions, 2, 0),
      floatColumn('y', positions, 2, 1),
      floatColumn('error', error),
      { name: 'selected', text: false, cell: (row) => (selected(row) ? '1' : '0') },
    ],
    labels,
    labelsAt: 1,
    rows,
    ...(source.only ? { selected } : {}),
    protect,
  });
  const blobs: Blob[] = [];
  for (const part of parts) {
    blobs.push(new Blob([part])); // the string can go
    await source.rest();
  }
  return new Blob(blobs, { type: 'text/csv;charset=utf-8' });
}
