/** Text to a table: how it is written, its rows, and what was met in it. Refuses what is another format. */

import { counted } from '../../kernels/calls.ts';
import { CSV_PROBLEM, CsvReader, type CsvReport, type Dialect, sniffDialect } from '../../kernels/csv.ts';
import { KernelError, type Kernels } from '../../kernels/module.ts';
import type { RawTable } from '../../kernels/table.ts';
import { failure } from '../../protocol/failure.ts';
import type { OpenHints, Recipe } from '../../protocol/messages.ts';
import { type Encoding, type ReadControl, readBytes, readHead, SAMPLE_BYTES } from './bytes.ts';
import { encodingOf, refuseOtherFormats } from './magic.ts';
import { labelled, type Opened, settle } from './settle.ts';

/** More is taken as a sample when one record is longer. */
const LARGEST_SAMPLE = 16 * (1 << 20);
/** Records with too few or too many fields that are put up with. */
const MOST_RAGGED = 0.05;

type Head = Awaited<ReturnType<typeof readHead>>;

/** @param first the first bytes, unpacked, as they are */
export async function openText(
  k: Kernels,
  blob: Blob,
  compressed: boolean,
  first: Head,
  hints: OpenHints,
  on: ReadControl,
): Promise<Opened> {
  refuseOtherFormats(first.head);
  const encoding = encodingOf(first.head);
  let sample =
    encoding === 'utf-8' ? first : await readHead(blob, compressed, encoding, SAMPLE_BYTES, on.signal);
  let dialect = sniffDialect(k, sample.head, sample.whole, hints);
  for (
    let limit = SAMPLE_BYTES * 16;
    dialect.fields === 0 && !sample.whole && limit <= LARGEST_SAMPLE;
    limit *= 16
  ) {
    sample = await readHead(blob, compressed, encoding, limit, on.signal);
    dialect = sniffDialect(k, sample.head, sample.whole, hints);
  }
  const reader = new CsvReader(k, dialect);
  let raw: RawTable;
  let report: CsvReport;
  try {
    await feed(reader, blob, compressed, encoding, on);
    report = reader.report();
    if (reader.needsAnotherPass) {
      reader.again();
      await feed(reader, blob, compressed, encoding, on);
    }
    raw = reader.take();
  } finally {
    reader.free();
  }
  try {
    refuseUnusable(report, raw, dialect);
    const facts = { notes: textNotes(report, dialect, encoding) };
    return { table: await settle(raw, labelled(facts, hints), on), recipe: recipeOf(dialect) };
  } catch (error) {
    raw.free();
    throw error;
  }
}

async function feed(
  reader: CsvReader,
  blob: Blob,
  compressed: boolean,
  encoding: Encoding,
  on: ReadControl,
): Promise<void> {
  try {
    for await (const piece of readBytes(blob, compressed, encoding, on)) {
      reader.feed(piece);
    }
    reader.end();
  } catch (error) {
    throw error instanceof KernelError ? textFailure(error, reader.report()) : error;
  }
}

/** A failed read of text, with its place. */
function textFailure(error: KernelError, { problem, error_line }: CsvReport): unknown {
  const where = `line ${error_line.toLocaleString('en')}`;
  switch (problem) {
    case CSV_PROBLEM.NUL:
      return failure(
        'bad_file',
        'The file holds zero bytes, so it is not text.',
        'Open a text table, such as a CSV or TSV file.',
        where,
      );
    case CSV_PROBLEM.UNCLOSED_QUOTE:
      return failure(
        'bad_file',
        `The quote that opens in line ${error_line.toLocaleString('en')} is never closed.`,
        'Close the quote, or remove it.',
        where,
      );
    case CSV_PROBLEM.FIELD_TOO_LONG:
      return failure(
        'too_large',
        'A cell is longer than 1 MB, or a column name longer than 10 kB.',
        'A quote is probably missing near this line: correct it in the file.',
        where,
      );
    case CSV_PROBLEM.TOO_MANY_COLUMNS:
      return failure('too_large', 'There are more than 50,000 columns.', 'Open fewer columns.', where);
    case CSV_PROBLEM.TOO_MANY_ROWS:
      return failure('too_large', 'There are more than 5 million rows.', 'Open a part of the file.', where);
    case CSV_PROBLEM.CHANGED:
      return failure('file_changed', 'The file changed while it was read.', 'Drop the file again.');
    case CSV_PROBLEM.TEXT_TOO_LARGE:
      return failure('too_large', 'A column has more than 4 GB of text.', 'Leave this column out.', where);
    default:
      return error;
  }
}

const lines = (numbers: readonly number[]): string =>
  numbers
    .filter((line) => line > 0)
    .map((line) => line.toLocaleString('en'))
    .join(', ');

function refuseUnusable(report: CsvReport, raw: RawTable, dialect: Dialect): void {
  if (raw.columns === 0 || (report.rows === 0 && report.named === 0)) {
    throw failure(
      'empty_file',
      'The file holds nothing but blank lines.',
      'Open a file with a header and rows.',
    );
  }
  const ragged = report.short_records + report.long_records;
  if (report.rows > 0 && ragged > MOST_RAGGED * report.rows) {
    throw failure(
      'bad_file',
      `${counted(ragged, 'row')} of ${report.rows.toLocaleString('en')} ${ragged === 1 ? 'has' : 'have'} another number of cells than the ${raw.columns.toLocaleString('en')} columns.`,
      `Each ${separatorName(dialect.separator)} was taken as the end of a cell. Correct the lines, or save the table with another separator.`,
      `lines ${lines(report.ragged_line)}`,
    );
  }
}

function separatorName(separator: number): string {
  const names = new Map([
    [44, 'comma'],
    [59, 'semicolon'],
    [9, 'tab'],
    [124, 'vertical bar'],
  ]);
  return names.get(separator) ?? `"${String.fromCharCode(separator)}"`;
}

function recipeOf(dialect: Dialect): Recipe {
  return {
    format: 'csv',
    separator: String.fromCharCode(dialect.separator),
    decimal: dialect.decimal === 44 ? ',' : '.',
    header: dialect.header === 2,
  };
}

function textNotes(report: CsvReport, dialect: Dialect, encoding: Encoding): string[] {
  const notes: string[] = [];
  const say = (when: boolean | number, note: () => string): void => {
    if (when) {
      notes.push(note());
    }
  };
  say(encoding.startsWith('utf-16'), () => 'The file is in UTF-16 and was read as such.');
  say(
    encoding === 'windows-1252',
    () => 'The file is not in UTF-8; it was read as Windows-1252. Check letters with accents.',
  );
  say(dialect.header === 1, () => 'There is no header line, so the columns are numbered.');
  say(dialect.preamble, () => 'The first line is unlike the others and was passed over.');
  say(dialect.row_names, () => 'The header has no name for the first column, which is called "row".');
  say(report.rows === 0, () => 'There is a header and no rows.');
  say(
    report.short_records,
    () =>
      `${counted(report.short_records, 'row')} with too few cells filled up with missing values, first in line ${lines(report.ragged_line)}.`,
  );
  say(
    report.long_records,
    () =>
      `${counted(report.long_records, 'row')} with too many cells: the further ones were dropped, first in line ${lines(report.ragged_line)}.`,
  );
  say(report.empty_records, () => `${counted(report.empty_records, 'row')} without any value passed over.`);
  say(
    report.stray_quotes,
    () => `${counted(report.stray_quotes, 'quote')} in places where no quote belongs kept as written.`,
  );
  say(
    report.not_utf8,
    () =>
      `${counted(report.not_utf8, 'text')} with bytes that are not UTF-8, first in line ${report.not_utf8_line.toLocaleString('en')}; they show as �.`,
  );
  return notes;
}
