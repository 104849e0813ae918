/**
 * The rows that `--rows` names: from a file of ids, of a class of the label column, or drawn by a seed.
 *
 * A file of ids has one id a line, counted from 0, with or without the line `id` above; or it is a CSV whose first
 * column is called `id`, as the page exports it: without that name, numbers side by side may be anything. Other columns are passed over, except that where the last column is
 * `selected`, as in an export of all rows, the rows that have 0 there are left out.
 */
import { readFile, stat } from 'node:fs/promises';
import { FailureError, failure } from '../protocol/failure.ts';
import type { Id, RowBits, TableInfo } from '../protocol/messages.ts';
import { addRow, emptyBits } from '../protocol/rows.ts';
import { type RowsOption, UsageError } from './args.ts';
import type { Host } from './host.ts';

/** What is looked at of one record of a CSV. */
interface Line {
  number: number; // of its first line, counted from 1
  first: string; // cell
  last: string;
  cells: number;
  closed: boolean; // false: a quote was opened, and the text ended
}

const QUOTE = 34;
const ENDS: ReadonlySet<number> = new Set([44, 10, 13]); // comma, LF, CR

/** Records of a CSV; a cell that starts with a quote may have commas and line breaks, and quotes twice. */
function* linesOf(text: string): Generator<Line> {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let number = 1;
  let closed = true;
  const cell = (): string => {
    const start = at;
    const quoted = text.charCodeAt(start) === QUOTE;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (quoted && code === QUOTE) closed = !closed;
      else if (closed && ENDS.has(code)) break;
    }
    const raw = text.slice(start, at).trim();
    return quoted ? raw.replace(/^"|"$/g, '').replaceAll('""', '"') : raw;
  };
  while (at < text.length) {
    const start = at;
    const cells = [cell()];
    while (text.charAt(at) === ',') {
      at += 1;
      cells.push(cell());
    }
    at += text.startsWith('\r\n', at) ? 2 : 1;
    yield { number, first: cells[0] ?? '', last: cells.at(-1) ?? '', cells: cells.length, closed };
    number += text.slice(start, at).match(/\r\n|[\r\n]/g)?.length ?? 0;
  }
}

function wrong(name: string, { number }: Line, what: string): FailureError {
  return failure('bad_file', `${name}, line ${number}: ${what}`);
}

/** Text from data inside a sentence: its first characters. */
function cut(text: string, most: number): string {
  const characters = Array.from(text.slice(0, 2 * most + 2));
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}

/** A cell inside a sentence on a terminal: short, and without control characters. */
function told(cell: string): string {
  return JSON.stringify(cut(cell, 24));
}

/** The rows of a file of ids, for a table of `rows`. `name`: of the file, for messages. Throws bad_file. */
export function parseIds(text: string, rows: number, name: string): RowBits {
  const bits = emptyBits(rows);
  let ids = 0;
  let header: Line | null | undefined; // undefined: nothing read yet; null: there is none
  for (const line of linesOf(text)) {
    const { first, last, cells } = line;
    if (!line.closed) {
      throw wrong(name, line, 'a quote is not closed.');
    }
    if (cells === 1 && first === '') {
      continue;
    }
    if (header === undefined) {
      header = first.toLowerCase() === 'id' ? line : null;
      if (header !== null) continue;
    }
    if (header === null && cells > 1) {
      throw wrong(
        name,
        line,
        `there are ${cells} cells; ids stand one a line, or in the first column of a CSV that is called id.`,
      );
    }
    const row = /^\d+$/.test(first) ? Number(first) : Number.NaN;
    if (Number.isNaN(row)) {
      throw wrong(name, line, `${told(first)} is not the id of a row, a whole number counted from 0.`);
    }
    if (row >= rows) {
      throw wrong(name, line, `there is no row ${first}; the table has rows 0 to ${rows - 1}.`);
    }
    ids += 1;
    const marked = header?.last === 'selected' && cells === header.cells;
    if (marked && last !== '0' && last !== '1') {
      throw wrong(name, line, `selected is 1 or 0, not ${told(last)}.`);
    }
    if (!marked || last === '1') {
      addRow(bits, row);
    }
  }
  if (bits.every((word) => word === 0)) {
    throw failure('bad_file', ids === 0 ? `${name} has no ids of rows.` : `${name} has no selected row.`);
  }
  return bits;
}

/** Bytes of a file of ids: longer text can't be had in one piece. */
const MOST_BYTES = 500e6;

async function fromFile(path: string, rows: number): Promise<RowBits> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) {
      const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
      throw failure(
        'too_large',
        `${path} has ${megabytes(size)}; a file of ids may have ${megabytes(MOST_BYTES)}.`,
        'Leave out columns that are not needed.',
      );
    }
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof FailureError) {
      throw error;
    }
    const { code } = error as { code?: string };
    throw code === 'ENOENT'
      ? failure(
          'not_found',
          `There is no file ${path}.`,
          '--rows takes a file of ids, class=NAME or random=N.',
        )
      : failure('bad_file', `${path} can't be read (${code ?? 'unknown reason'}).`);
  }
  return parseIds(text, rows, path);
}

/** The first classes of a column, for a message. */
async function someClasses(host: Host, table: Id, info: TableInfo, column: number): Promise<string> {
  const MOST = 8;
  const LENGTH = 40;
  const values = await host.ask({ type: 'read', what: 'column', table, column });
  const names =
    values.kind === 'category'
      ? (info.columns[column]?.categories ?? [])
      : [...new Set(values.values.filter((value) => !Number.isNaN(value)))].map(String);
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : '';
  const some = names.slice(0, MOST).map((name) => cut(name, LENGTH));
  return `${some.join(', ')}${more}`;
}

async function fromClass(
  host: Host,
  table: Id,
  info: TableInfo,
  column: number | null,
  name: string,
): Promise<RowBits> {
  if (column === null) {
    throw new UsageError(`--rows class=${cut(name, 40)} needs a column of labels: name it with --label.`);
  }
  const by = { kind: 'class' as const, column, classes: [name] };
  const bits = await host.ask({ type: 'select', table, by });
  if (bits.every((word) => word === 0)) {
    const classes = await someClasses(host, table, info, column);
    throw new UsageError(
      `--rows: the column ${cut(info.columns[column]?.name ?? '', 40)} has no class ${cut(name, 40)}; ` +
        `there are ${classes}.`,
    );
  }
  return bits;
}

/** `label`: column of the classes, null where there is none. `seed`: draws random rows. */
export async function rowsOf(
  host: Host,
  table: Id,
  info: TableInfo,
  option: RowsOption,
  { label, seed }: { label: number | null; seed: number },
): Promise<RowBits> {
  if (option.kind === 'file') {
    return fromFile(option.path, info.rows);
  }
  if (option.kind === 'class') {
    return fromClass(host, table, info, label, option.name);
  }
  if (option.n > info.rows) {
    throw new UsageError(`--rows random=${option.n}: the table has ${info.rows} rows.`);
  }
  return host.ask({ type: 'select', table, by: { kind: 'random', n: option.n, seed } });
}
