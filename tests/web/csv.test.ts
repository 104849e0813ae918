// Text to tables: against papaparse for quoting and line breaks, csv-spectrum's cases, and any cutting of the
// same bytes.

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import Papa from 'papaparse';
import { afterEach, describe, expect, it } from 'vitest';
import { freshKernels } from '../wasm/kernels.ts';
import { cellsOf, mirrorFile, openBlob, openPath, openText, PiecesBlob } from './table-support.ts';

const k = freshKernels();

afterEach(() => {
  expect(k.heap.inUse()).toBe(0);
});

/** Words that never look like numbers or missing values, with everything in them that needs quotes. */
const word = fc
  .string({ unit: fc.constantFrom('a', 'Z', ' ', ',', '"', '\n', '\r', ';', 'ä', '漢', '😀'), maxLength: 8 })
  .map((tail) => `w${tail}`);

const grid = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 8 }))
  .chain(([columns, rows]) =>
    fc.array(fc.array(word, { minLength: columns, maxLength: columns }), {
      minLength: rows,
      maxLength: rows,
    }),
  );

/** A table needs numbers: one for row i, not in order. */
const number = (i: number): string => String((i * 5) % 7);

describe('quoting and line breaks, against papaparse', () => {
  it('reads back what papaparse writes', async () => {
    await fc.assert(
      fc.asyncProperty(
        grid,
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        async (cells, newline, all) => {
          const rows = cells.map((row, i) => [number(i), ...row]);
          const text = Papa.unparse(rows, { newline, quotes: all });
          const opened = await openText(k, text, { header: false, separator: ',' });
          expect(cellsOf(opened)).toEqual(rows);
          opened.table.free();
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reads text that someone else quoted as papaparse does', async () => {
    // Unquoted fields without quotes, quoted ones with anything: what both call well-formed.
    const bare = fc
      .string({ unit: fc.constantFrom('a', 'b', ' ', ';', 'ü'), maxLength: 5 })
      .map((s) => `x${s}`);
    const quoted = word.map((s) => `"${s.replaceAll('"', '""')}"`);
    const line = fc
      .array(fc.oneof(bare, quoted), { minLength: 3, maxLength: 3 })
      .map((fields) => fields.join(','));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 6 }), fc.boolean(), async (lines, end) => {
        const text = lines.map((cells, i) => `${number(i)},${cells}`).join('\n') + (end ? '\n' : '');
        const wanted = Papa.parse<string[]>(text, {
          delimiter: ',',
          newline: '\n',
          skipEmptyLines: true,
        }).data;
        const opened = await openText(k, text, { header: false, separator: ',' });
        expect(cellsOf(opened)).toEqual(wanted);
        opened.table.free();
      }),
      { numRuns: 300 },
    );
  });

  it('keeps columns that papaparse loses', async () => {
    const opened = await openText(k, '__proto__,__proto__,constructor,toString\n1,2,3,4\n5,6,7,9\n');
    expect(opened.table.columns.map((column) => column.name)).toEqual([
      '__proto__',
      '__proto__ (2)',
      'constructor',
      'toString',
    ]);
    expect(cellsOf(opened)[1]).toEqual(['5', '6', '7', '9']);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
    opened.table.free();
  });
});

describe('csv-spectrum', () => {
  const folder = mirrorFile('csv-cases/csv-spectrum/csvs');
  const files = folder === null ? [] : readdirSync(folder).map((name) => join(folder, name));
  it.skipIf(folder === null)('has cases here', () => {
    expect(files.length).toBe(12);
  });
  // Upstream's expected phone number of this case is another one than its CSV has.
  it.each(files.filter((file) => !file.includes('location_coordinates')))('%s', async (file) => {
    const expected = join(file, '../../json', basename(file).replace('.csv', '.json'));
    const wanted = JSON.parse(readFileSync(expected, 'utf8')) as Record<string, string>[];
    const opened = await openPath(k, file, { header: true });
    const names = opened.table.columns.map((column) => column.name);
    const rows = cellsOf(opened).map((cells) => Object.fromEntries(cells.map((cell, j) => [names[j], cell])));
    expect(rows).toEqual(wanted);
    opened.table.free();
  });
});

describe('any cutting of the same bytes', () => {
  const HARD = [
    '\ufeffid,"a ""b""",c;d,zip,mixed',
    '1,"x,\r\ny",1.5,00501,7',
    '2,"",2e300,00502,word',
    '',
    '3,\u00e4\u6f22\ud83d\ude00,NA,00503,8',
    '4,z,-\u221e,00504,"other ""one"""',
    '5,q,0.125,00505,9',
  ].join('\r\n');

  it('gives the same table', async () => {
    const bytes = new TextEncoder().encode(HARD);
    const whole = await openBlob(k, new PiecesBlob(bytes, [bytes.length]));
    const wanted = { cells: cellsOf(whole), columns: whole.table.columns, notes: whole.table.notes };
    expect(wanted.cells[1]?.[4]).toBe('word');
    expect(whole.table.columns[3]?.kind).toBe('identifier');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
        async (sizes) => {
          const opened = await openBlob(k, new PiecesBlob(bytes, sizes));
          const { table } = opened;
          expect({ cells: cellsOf(opened), columns: table.columns, notes: table.notes }).toEqual(wanted);
          expect(table.fingerprint).toBe(whole.table.fingerprint);
          table.free();
        },
      ),
      { numRuns: 60 },
    );
    whole.table.free();
  });

  it('gives each row its place in the file', async () => {
    const text = 'a,b\n1,"x\ny"\n22,z\r\n3,w\n';
    const { table } = await openText(k, text);
    expect(Array.from({ length: table.rows }, (_, row) => text.slice(table.rowOffset(row))[0])).toEqual([
      '1',
      '2',
      '3',
    ]);
    table.free();
  });
});
