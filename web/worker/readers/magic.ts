/** What a file is by its first bytes, when it is no text table; and in which encoding its text is. */
import { type FailureError, failure } from '../../protocol/failure.ts';
import type { Encoding } from './bytes.ts';

interface Known {
  bytes: readonly number[];
  at?: number;
  what: string;
  hint: string;
}

const ascii = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

const OPEN_TABLE = 'Open a text table, such as a CSV or TSV file.';
const SAVE_CSV = 'Save it as CSV in the program that made it, and open that.';
const UNPACK = 'Unpack it, and open the table inside.';

const KNOWN: readonly Known[] = [
  { bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], what: 'a PNG image', hint: OPEN_TABLE },
  { bytes: [0xff, 0xd8, 0xff], what: 'a JPEG image', hint: OPEN_TABLE },
  { bytes: ascii('GIF8'), what: 'a GIF image', hint: OPEN_TABLE },
  { bytes: ascii('WEBP'), at: 8, what: 'a WebP image', hint: OPEN_TABLE },
  { bytes: ascii('%PDF-'), what: 'a PDF document', hint: SAVE_CSV },
  { bytes: ascii('PAR1'), what: 'a Parquet file', hint: SAVE_CSV },
  { bytes: [0x93, ...ascii('NUMPY')], what: 'a NumPy array file', hint: SAVE_CSV },
  { bytes: [0x89, ...ascii('HDF\r\n')], what: 'an HDF5 file', hint: SAVE_CSV },
  { bytes: ascii('SQLite format 3'), what: 'an SQLite database', hint: SAVE_CSV },
  { bytes: ascii('ARROW1'), what: 'an Arrow file', hint: SAVE_CSV },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old Excel or Office file', hint: SAVE_CSV },
  { bytes: ascii('7z\xbc\xaf'), what: 'a 7-Zip archive', hint: UNPACK },
  { bytes: ascii('Rar!'), what: 'a RAR archive', hint: UNPACK },
  { bytes: ascii('BZh'), what: 'a bzip2 file', hint: UNPACK },
  { bytes: [0xfd, ...ascii('7zXZ')], what: 'an xz file', hint: UNPACK },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: 'a Zstandard file', hint: UNPACK },
  { bytes: [0x00, 0x00, 0x08], what: 'an IDX array file', hint: OPEN_TABLE },
  { bytes: ascii('\x7fELF'), what: 'a program', hint: OPEN_TABLE },
];

const starts = (head: Uint8Array, bytes: readonly number[], at = 0): boolean =>
  bytes.every((byte, i) => head[at + i] === byte);

function refused(what: string, hint: string): FailureError {
  return failure('bad_file', `This is ${what}, not a table of text.`, hint);
}

/** Throws a FailureError for bytes that are a known format other than a text table. */
export function refuseOtherFormats(head: Uint8Array): void {
  for (const { bytes, at, what, hint } of KNOWN) {
    if (starts(head, bytes, at)) {
      throw refused(what, hint);
    }
  }
  const text = new TextDecoder('latin1').decode(head.subarray(0, 4096));
  if (starts(head, [0x50, 0x4b, 0x03, 0x04]) || starts(head, [0x50, 0x4b, 0x05, 0x06])) {
    if (text.includes('[Content_Types].xml') || text.includes('xl/')) {
      throw refused('an Excel or Office file', SAVE_CSV);
    }
    throw refused('a ZIP archive', UNPACK);
  }
  const first = text.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (/^<(!doctype html|html|head|body)\b/i.test(first)) {
    throw refused('an HTML page', 'It may be a login or error page that was saved instead of the file.');
  }
  if (/^<(\?xml|svg)\b/i.test(first)) {
    throw refused('an XML file', SAVE_CSV);
  }
  if (/^(\{\s*("|\})|\[\s*[[{])/.test(first)) {
    throw refused('a JSON file', 'Convert it to CSV, and open that.');
  }
}

function hasUtf16Zeros(head: Uint8Array): Encoding | null {
  const pairs = Math.min(head.length, 4096) >> 1;
  let even = 0;
  let odd = 0;
  for (let i = 0; i < pairs; i += 1) {
    even += head[2 * i] === 0 ? 1 : 0;
    odd += head[2 * i + 1] === 0 ? 1 : 0;
  }
  if (pairs >= 4 && odd > 0.6 * pairs && even < 0.05 * pairs) {
    return 'utf-16le';
  }
  return pairs >= 4 && even > 0.6 * pairs && odd < 0.05 * pairs ? 'utf-16be' : null;
}

/**
 * UTF-16 by its byte order mark, or by zeros in every other byte; UTF-8 when the sample is valid; else, unless
 * there are zero bytes, Windows-1252.
 */
export function encodingOf(head: Uint8Array): Encoding {
  if (starts(head, [0xff, 0xfe])) {
    return 'utf-16le';
  }
  if (starts(head, [0xfe, 0xff])) {
    return 'utf-16be';
  }
  const wide = hasUtf16Zeros(head);
  if (wide !== null) {
    return wide;
  }
  try {
    // stream: a character may be cut by the end of the sample
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return 'utf-8';
  } catch {
    return head.includes(0) ? 'utf-8' : 'windows-1252';
  }
}
