// Sources to tables: real files, other formats refused by name, encodings, compression, roles, made sets.

import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ColumnInfo, Role } from '../../web/protocol/messages.ts';
import { openTable } from '../../web/worker/readers/open.ts';
import { freshKernels } from '../wasm/kernels.ts';
import {
  blobOf,
  cellsOf,
  failureOf,
  mirrorFile,
  openBlob,
  openPath,
  openText,
  PiecesBlob,
} from './table-support.ts';

const k = freshKernels();

// Nothing stays in the kernels' memory, whatever came of the source.
let before = 0;
beforeEach(() => {
  before = k.heap.inUse();
});
afterEach(() => {
  expect(k.heap.inUse()).toBe(before);
});

const named = (columns: readonly ColumnInfo[], role: Role): string[] =>
  columns.filter((column) => column.role === role).map((column) => column.name);

const mirrored = (path: string): string => mirrorFile(path) ?? '';
const catalog = JSON.parse(readFileSync(new URL('../../datasets/catalog.json', import.meta.url), 'utf8')) as {
  synthetic?: string;
  columns: number;
}[];
const absent = mirrorFile('iris/iris.csv') === null;

describe.skipIf(absent)('real files, untouched', () => {
  it('iris.csv', async () => {
    const { table, recipe } = await openPath(k, mirrored('iris/iris.csv'));
    expect(recipe).toEqual({ format: 'csv', separator: ',', decimal: '.', header: true });
    expect(table.rows).toBe(150);
    expect(named(table.columns, 'label')).toEqual(['class']);
    expect(named(table.columns, 'feature').length).toBe(4);
    const [length] = table.columns;
    expect([length?.min, length?.max, length?.missing, length?.distinct]).toEqual([4.3, 7.9, 0, 35]);
    expect(length?.mean).toBeCloseTo(876.5 / 150, 12);
    expect(table.columns[4]?.categories).toEqual(['Iris-setosa', 'Iris-versicolor', 'Iris-virginica']);
    expect(table.notes).toEqual([]);
    table.free();
  });

  it('iris.data: no header, a blank last line', async () => {
    const { table, recipe } = await openPath(k, mirrored('iris/iris.data'));
    expect(recipe.header).toBe(false);
    expect(table.rows).toBe(150);
    expect(table.columns.map((column) => column.name)).toEqual(['c1', 'c2', 'c3', 'c4', 'c5']);
    expect(named(table.columns, 'label')).toEqual(['c5']);
    expect(table.cell(34, 3)).toBe('0.1'); // one of the known errors of this file
    expect(table.notes).toEqual(['There is no header line, so the columns are numbered.']);
    table.free();
  });

  it.each([
    ['red', 1599, 5.6360225140712945],
    ['white', 4898, 5.87790935075541],
  ])('winequality-%s.csv', async (colour, rows, quality) => {
    const { table, recipe } = await openPath(k, mirrored(`wine-quality/winequality-${colour}.csv`));
    expect(recipe.separator).toBe(';');
    expect(table.rows).toBe(rows);
    expect(named(table.columns, 'label')).toEqual(['quality']);
    expect(named(table.columns, 'feature').length).toBe(11);
    expect(table.columns.every((column) => column.kind === 'number' && column.missing === 0)).toBe(true);
    expect(table.columns[11]?.mean).toBeCloseTo(quality, 12);
    expect(table.columns[0]?.name).toBe('fixed acidity');
    table.free();
  });

  it('penguins.csv: NA, categories, years', async () => {
    const { table } = await openPath(k, mirrored('penguins/penguins.csv'));
    expect(table.rows).toBe(344);
    expect(named(table.columns, 'label')).toEqual(['species']);
    expect(named(table.columns, 'feature')).toEqual([
      'island',
      'bill_length_mm',
      'bill_depth_mm',
      'flipper_length_mm',
      'body_mass_g',
      'sex',
      'year',
    ]);
    expect(table.columns.map((column) => column.missing)).toEqual([0, 0, 2, 2, 2, 2, 11, 0]);
    expect(table.columns[0]?.categories).toEqual(['Adelie', 'Gentoo', 'Chinstrap']);
    const features = table.features({ roles: table.columns.map(({ role }) => role), scale: 'auto' });
    features.step(1e6);
    expect(features.info.notes[0]).toBe(
      '8 missing values in 4 columns were filled with the median of the column.',
    );
    expect(features.info.notes).toContain('11 missing values in 1 category column: 0 in all its categories.');
    expect(features.info.names.slice(0, 3)).toEqual([
      'island = Biscoe',
      'island = Dream',
      'island = Torgersen',
    ]);
    features.free();
    table.free();
  });

  it('AirQualityUCI.csv: decimal comma, empty columns, rows of separators', async () => {
    const { table, recipe } = await openPath(k, mirrored('air-quality/AirQualityUCI.csv'));
    expect(recipe).toEqual({ format: 'csv', separator: ';', decimal: ',', header: true });
    expect(table.rows).toBe(9357);
    expect(table.notes).toEqual(['114 rows without any value passed over.']);
    expect(table.cell(0, 2)).toBe('2.6');
    expect(table.cell(0, 1)).toBe('18.00.00');
    expect(table.columns.slice(15).map((column) => column.kind)).toEqual(['empty', 'empty']);
    const co = table.column(2);
    expect(co.kind === 'number' && co.values.filter((value) => value === -200).length).toBe(1683);
    table.free();
  });

  it('digits.csv.gz: compressed, without a header, 8 x 8 images', async () => {
    const { table } = await openPath(k, mirrored('digits/digits.csv.gz'));
    expect(table.rows).toBe(1797);
    expect(table.image).toEqual({ height: 8, width: 8, channels: 1 });
    expect(named(table.columns, 'label')).toEqual(['c65']);
    table.free();
  });

  it('wine_data.csv: a first line unlike the others', async () => {
    const { table } = await openPath(k, mirrored('wine/wine_data.csv'));
    expect([table.rows, table.columns.length]).toEqual([178, 14]);
    expect(table.notes).toContain('The first line is unlike the others and was passed over.');
    expect(named(table.columns, 'label')).toEqual(['c14']);
    table.free();
    const cancer = await openPath(k, mirrored('breast-cancer/breast_cancer.csv'));
    expect(named(cancer.table.columns, 'label')).toEqual(['c31']);
    expect(named(cancer.table.columns, 'feature')).toHaveLength(30);
    cancer.table.free();
  });

  it('18 MB of digits: label and 784 pixels', async () => {
    const idx = (name: string, skip: number) =>
      gunzipSync(readFileSync(mirrored(`mnist/t10k-${name}-ubyte.gz`))).subarray(skip);
    const pixels = idx('images-idx3', 16);
    const labels = idx('labels-idx1', 8);
    const lines = ['label', ...Array.from({ length: 784 }, (_, j) => `,${(j / 28) | 0}x${j % 28}`), '\n'];
    for (let i = 0; i < 10_000; i += 1) {
      lines.push(`${labels[i]},${pixels.subarray(i * 784, (i + 1) * 784).join(',')}\n`);
    }
    const text = lines.join('');
    expect(text.length).toBeGreaterThan(18e6);
    const { table } = await openText(k, text);
    expect(table.rows).toBe(10_000);
    expect(table.image).toEqual({ height: 28, width: 28, channels: 1 });
    expect(named(table.columns, 'label')).toEqual(['label']);
    expect(table.bytes).toBeLessThan(10_000 * 785 * 1.5); // bytes stay bytes
    const features = table.features({ roles: table.columns.map(({ role }) => role), scale: 'auto' });
    while (!features.done) {
      features.step(64);
    }
    expect(features.info).toMatchObject({ n: 10_000, d: 784, scale: '255', unit_range: true });
    for (const row of [0, 1234, 9999]) {
      const wanted = Array.from(pixels.subarray(row * 784, (row + 1) * 784));
      expect(Array.from(features.toRaw(features.row(row)), Math.round)).toEqual(wanted);
      expect(table.cell(row, 0)).toBe(String(labels[row]));
    }
    // the mean of all pixels and their variances, the obvious way
    let baseline = 0;
    for (let j = 0; j < 784; j += 1) {
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < 10_000; i += 1) {
        const value = (pixels[i * 784 + j] ?? 0) / 255;
        sum += value / 10_000;
        squares += (value * value) / 10_000;
      }
      baseline += (squares - sum * sum) / 784;
    }
    expect(features.info.baseline).toBeCloseTo(baseline, 9);
    features.free();
    table.free();
  });
});

describe('what is no table', () => {
  const bytes = (...parts: (string | number[])[]): Blob =>
    new Blob(parts.map((part) => (typeof part === 'string' ? part : new Uint8Array(part))));
  const cases: [string, Blob, RegExp][] = [
    ['PNG', bytes([0x89], 'PNG\r\n', [0x1a, 0x0a, 0, 0, 0, 13]), /PNG image/],
    ['JPEG', bytes([0xff, 0xd8, 0xff, 0xe0]), /JPEG image/],
    ['PDF', bytes('%PDF-1.7\n'), /PDF/],
    ['ZIP', bytes('PK', [3, 4], 'hello.txt'), /ZIP archive/],
    ['Excel', bytes('PK', [3, 4], '[Content_Types].xml'), /Excel/],
    ['Parquet', bytes('PAR1', [21, 0]), /Parquet/],
    ['NumPy', bytes([0x93], 'NUMPY', [1, 0]), /NumPy/],
    ['HTML', bytes('\n<!DOCTYPE html><title>Sign in</title>'), /HTML page/],
    ['JSON', bytes('[{"a": 1}]'), /JSON/],
    ['zero bytes', bytes('a,b\n1,', [0, 0, 0], '\n'), /zero bytes/],
  ];
  it.each(cases)('%s is named and refused', async (_, blob, message) => {
    const failure = await failureOf(openBlob(k, blob));
    expect(failure.code).toBe('bad_file');
    expect(failure.message).toMatch(message);
    expect(failure.hint).not.toBe('');
  });

  it.each(['', '\n\n', ' \r\n\t\n', '\ufeff'])('nothing in it: %j', async (text) => {
    expect((await failureOf(openText(k, text))).code).toBe('empty_file');
    expect((await failureOf(openBlob(k, new Blob([gzipSync(text)])))).code).toBe('empty_file');
  });

  it('no column to compute on', async () => {
    const failure = await failureOf(openText(k, 'name,city\nAnn,Rome\nBob,Oslo\nCem,Bonn\n'));
    expect(failure.code).toBe('no_numeric_column');
    expect(failure.hint).toBe('Open a file with such a column.');
    const one = await failureOf(openText(k, 'name\nAnn_Rome\nBob_Oslo\nCem_Bonn\n'));
    expect(one.hint).toMatch(/one column: if it has several, save it with commas/);
    expect((await failureOf(openText(k, 'a,b\n5,x\n5,y\n5,z\n'))).code).toBe('no_numeric_column');
  });

  it('a header alone, or one row, is a table', async () => {
    const header = await openText(k, 'a,b,c\n');
    expect([header.table.rows, header.table.columns.length]).toEqual([0, 3]);
    expect(header.table.notes).toEqual(['There is a header and no rows.']);
    expect(() =>
      header.table.features({ roles: ['feature', 'feature', 'feature'], scale: 'auto' }),
    ).toThrowError('The table has no rows.');
    header.table.free();
    const row = await openText(k, 'a,b\n1,2\n');
    expect(cellsOf(row)).toEqual([['1', '2']]);
    row.table.free();
  });
});

describe('text that is not quite right', () => {
  it('names the line of a quote that is never closed', async () => {
    const failure = await failureOf(openText(k, 'a,b\n1,2\n3,"4\n5,6\n'));
    expect([failure.code, failure.where]).toEqual(['bad_file', 'line 3']);
  });

  it('counts ragged rows, and refuses more than 5 %', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${(i * 7) % 40},${i % 3}`);
    const some = await openText(k, ['a,b', ...lines, '5', '6,7,8'].join('\n'));
    expect(some.table.rows).toBe(42);
    expect(some.table.notes.join(' ')).toMatch(/1 row with too few cells .* 42, 43/);
    expect(some.table.cell(41, 1)).toBe('7');
    some.table.free();
    const failure = await failureOf(openText(k, ['a,b', ...lines, '5', '6,7,8', '9'].join('\n')));
    expect(failure.message).toBe('3 rows of 43 have another number of cells than the 2 columns.');
    expect(failure.where).toBe('lines 42, 43, 44');
    expect(failure.hint).toMatch(/^Each comma was taken .*another separator\.$/);
  });

  it('honours what the hints say', async () => {
    const text = 'a;b\n1,5;2\n3,5;1\n2,0;7\n';
    const guessed = await openText(k, text);
    expect(guessed.table.columns.map((column) => column.max)).toEqual([3.5, 7]);
    guessed.table.free();
    const asText = await openText(k, text, { decimal: '.' });
    expect(asText.table.columns.map((column) => column.kind)).toEqual(['text', 'number']);
    expect(asText.table.cell(0, 0)).toBe('1,5');
    asText.table.free();
    const label = await openText(k, 'a,b\n1,5\n3,5\n2,0\n', { label: 'a' });
    expect(label.table.columns.map((column) => column.role)).toEqual(['label', 'feature']);
    label.table.free();
    const numbered = await openText(k, '1,5\n3,5\n2,0\n', { header: true });
    expect(numbered.table.columns.map((column) => column.name)).toEqual(['1', '5']);
    numbered.table.free();
    expect((await failureOf(openText(k, text, { separator: 'x' }))).code).toBe('bad_param');
  });

  it('says what it did with bad and infinite cells', async () => {
    const rows = Array.from({ length: 10 }, (_, i) => `${(i * 3) % 10},${i % 4}`);
    const { table } = await openText(k, ['a,b', ...rows, 'oops,inf'].join('\n'));
    expect(table.columns[0]).toMatchObject({ kind: 'number', bad_cells: 1, missing: 1 });
    expect(table.notes).toEqual([
      '1 cell in number columns is not a number and read as missing: a.',
      '1 infinite value read as missing: b.',
    ]);
    table.free();
  });
});

describe('encodings and compression', () => {
  const text = 'größe;名\n1,5;a\n2,5;b\n1;a\n';

  it.each([
    ['utf16le', [0xff, 0xfe]],
    ['utf16le', []],
  ] as const)('%s with mark %j', async (encoding, mark) => {
    const body = new Uint8Array(Buffer.from(text.replace('名', 'n'), encoding));
    const { table } = await openBlob(k, new PiecesBlob(new Uint8Array([...mark, ...body]), [3]));
    expect(table.columns.map((column) => column.name)).toEqual(['größe', 'n']);
    expect(table.notes).toEqual(['The file is in UTF-16 and was read as such.']);
    table.free();
  });

  it('UTF-16 in the other order', async () => {
    const body = Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    const { table } = await openBlob(k, new Blob([new Uint8Array(body)]));
    expect(table.columns[1]?.name).toBe('名');
    table.free();
  });

  it('Windows-1252, with a note', async () => {
    const { table } = await openBlob(k, new Blob([Buffer.from('größe,b\n1,2\n3,1\n', 'latin1')]));
    expect(table.columns[0]?.name).toBe('größe');
    expect(table.notes[0]).toMatch(/Windows-1252/);
    table.free();
  });

  it('bytes that are not UTF-8, late in the file', async () => {
    const start = Buffer.from(`a,b\n${'1,x\n2,y\n'.repeat(10_000)}`);
    const { table } = await openBlob(k, new Blob([start, Buffer.from('3,gr\xfcn\n', 'latin1')]));
    expect(table.notes).toEqual([
      '1 text with bytes that are not UTF-8, first in line 20,002; they show as \ufffd.',
    ]);
    table.free();
  });

  it('a byte order mark and a sep= line are no part of the table', async () => {
    const { table } = await openText(k, '\ufeffsep=|\na|b\n1|2\n3|1\n');
    expect(table.columns.map((column) => column.name)).toEqual(['a', 'b']);
    table.free();
  });

  it('gzip: whole, cut short, damaged, a bomb', async () => {
    const packed = gzipSync(
      `a,b\n${Array.from({ length: 500 }, (_, i) => `${(i * 7) % 500},${i % 9}`).join('\n')}`,
    );
    const { table } = await openBlob(k, blobOf(new Uint8Array(packed)));
    expect(table.rows).toBe(500);
    table.free();
    const cut = new Uint8Array(packed.subarray(0, packed.length - 30));
    expect(await failureOf(openBlob(k, blobOf(cut)))).toMatchObject({
      code: 'bad_file',
      message: 'The compressed file is damaged or cut short.',
    });
    const damaged = new Uint8Array(packed);
    damaged[60] = (damaged[60] ?? 0) ^ 0x55;
    damaged[61] = (damaged[61] ?? 0) ^ 0x55;
    expect((await failureOf(openBlob(k, blobOf(damaged)))).code).toBe('bad_file');
    const bomb = gzipSync(Buffer.alloc(40 * 2 ** 20, '1,2\n'));
    expect((await failureOf(openBlob(k, blobOf(new Uint8Array(bomb))))).code).toBe('too_large');
  });
});

describe('roles', () => {
  const rolesOf = async (text: string): Promise<Record<string, Role>> => {
    const { table } = await openText(k, text);
    const roles = Object.fromEntries(table.columns.map(({ name, role }) => [name, role]));
    table.free();
    return roles;
  };
  const rows = (make: (i: number) => (string | number)[]): string =>
    Array.from({ length: 24 }, (_, i) => make(i).join(',')).join('\n');

  it('finds ids, constants, text and labels', async () => {
    const body = rows((i) => [
      i + 1,
      `00${100 + i}`,
      'same',
      `word ${i}`,
      i % 2 ? 'x' : 'y',
      (i * 7) % 24,
      '',
    ]);
    expect(await rolesOf(`nr,zip,k,t,Species,v,e\n${body}`)).toEqual({
      nr: 'id',
      zip: 'ignored',
      k: 'ignored',
      t: 'ignored',
      Species: 'label',
      v: 'feature',
      e: 'ignored',
    });
  });

  it('takes the last column of few categories for a label, and others as features', async () => {
    const body = rows((i) => [(i * 5) % 24, i % 3 ? 'a' : 'b', i % 4 ? 'c' : 'd']);
    expect(await rolesOf(`v,g,h\n${body}`)).toEqual({ v: 'feature', g: 'feature', h: 'label' });
  });

  it('takes a last column of few whole numbers for a label beside measurements, and only there', async () => {
    const measured = (i: number) => [((i * 5) % 24) + 0.5, ((i * 7) % 24) / 4];
    const features = { a: 'feature', b: 'feature' };
    const table = (last: (i: number) => number | string) =>
      rolesOf(`a,b,c\n${rows((i) => [...measured(i), last(i)])}`);
    expect(await table((i) => i % 3)).toEqual({ ...features, c: 'label' });
    // halves, more than a few, one missing, or counts among counts
    expect(await table((i) => (i % 3) / 2)).toEqual({ ...features, c: 'feature' });
    expect(await table((i) => (i * 5) % 12)).toEqual({ ...features, c: 'feature' });
    expect(await table((i) => (i === 5 ? '' : i % 3))).toEqual({ ...features, c: 'feature' });
    const counts = rows((i) => [((i * 5) % 24) + 0.5, i % 4, (i * 7) % 3]);
    expect(await rolesOf(`a,b,c\n${counts}`)).toEqual({ ...features, c: 'feature' });
  });

  it('keeps a rising column as a feature when there is nothing else', async () => {
    expect(await rolesOf(`t\n${rows((i) => [i])}`)).toEqual({ t: 'feature' });
  });

  it('knows pixels without names by their number, the label at either end', async () => {
    // dark corners, as images have them
    const pixels = (i: number) =>
      Array.from({ length: 64 }, (_, j) => (j % 63 === 0 ? 0 : (i * 37 + j * 11) % 251));
    for (const place of [0, 64]) {
      const body = rows((i) => {
        const cells = pixels(i);
        cells.splice(place, 0, i % 10);
        return cells;
      });
      const { table } = await openText(k, body);
      expect(table.image).toEqual({ height: 8, width: 8, channels: 1 });
      expect(table.columns.findIndex((column) => column.role === 'label')).toBe(place);
      // taken apart, they are no image
      const roles = table.columns.map(({ role }): Role => role);
      roles[place === 0 ? 1 : 0] = 'ignored';
      expect(table.imageOf(roles)).toBe(null);
      table.free();
    }
  });
});

describe('image blocks', () => {
  const header = {
    format: 'unfold-tensor',
    version: 1,
    name: 'two',
    rows: 2,
    height: 1,
    width: 3,
    channels: 1,
    label: 'digit',
    classes: ['zero', 'one'],
  };
  const block = (change: object, body: number[]): Uint8Array<ArrayBuffer> =>
    new Uint8Array([...new TextEncoder().encode(`${JSON.stringify({ ...header, ...change })}\n`), ...body]);

  it('are tables of a label and pixels, however cut', async () => {
    const bytes = block({}, [1, 0, 10, 20, 255, 40, 50, 60]);
    for (const sizes of [[bytes.length], [1], [7, 2]]) {
      const { table, recipe } = await openBlob(k, new PiecesBlob(bytes, sizes));
      expect(recipe).toEqual({ format: 'tensor' });
      expect(table.columns.map(({ name, role }) => [name, role])).toEqual([
        ['digit', 'label'],
        ['pixel 1', 'feature'],
        ['pixel 2', 'feature'],
        ['pixel 3', 'feature'],
      ]);
      expect(cellsOf({ table, recipe })).toEqual([
        ['one', '10', '20', '255'],
        ['zero', '40', '50', '60'],
      ]);
      expect(table.image).toEqual({ height: 1, width: 3, channels: 1 });
      const features = table.features({ roles: table.columns.map(({ role }) => role), scale: 'auto' });
      features.step(100);
      expect(features.info).toMatchObject({ d: 3, scale: '255', image: table.image });
      features.free();
      table.free();
    }
  });

  it('may have no classes', async () => {
    const { table } = await openBlob(k, blobOf(block({ classes: [] }, [10, 20, 255, 40, 50, 60])));
    expect(table.columns.length).toBe(3);
    table.free();
  });

  it.each([
    ['too short', block({}, [1, 0, 10, 20, 255, 40, 50])],
    ['too long', block({}, [1, 0, 10, 20, 255, 40, 50, 60, 7])],
    ['a label that is no class', block({}, [1, 2, 10, 20, 255, 40, 50, 60])],
    ['another version', block({ version: 2 }, [])],
    ['no rows', block({ rows: 0 }, [])],
    ['rows that are no number', block({ rows: 1.5 }, [])],
    ['huge', block({ height: 40000, width: 40000 }, [])],
    ['classes twice', block({ classes: ['a', 'a'] }, [])],
    ['a header without end', new TextEncoder().encode('{"format":"unfold-tensor","rows":')],
  ])('are refused when %s', async (_, bytes) => {
    expect((await failureOf(openBlob(k, blobOf(bytes)))).code).toBe('bad_file');
  });
});

describe('made sets', () => {
  const on = { progress: () => {}, signal: new AbortController().signal };
  it.each(['swiss_roll', 'blobs', 'rings', 'trefoil'] as const)('%s', async (synthetic) => {
    const make = (n: number, seed: number) =>
      openTable(k, { synthetic, n, seed, name: synthetic }, {}, on).then(({ table }) => {
        const values = table.column(0);
        const result = { ...table, values: values.kind === 'number' ? values.values : [] };
        table.free();
        return result;
      });
    const a = await make(300, 1);
    const b = await make(300, 1);
    const c = await make(300, 2);
    expect(a.rows).toBe(300);
    const listed = catalog.find((entry) => entry.synthetic === synthetic);
    expect(a.columns.length).toBe(listed?.columns);
    expect(named(a.columns, 'label').length).toBe(1);
    expect(named(a.columns, 'feature').every((name) => name.startsWith('x'))).toBe(true);
    expect(b.values).toEqual(a.values);
    expect(b.fingerprint).toBe(a.fingerprint);
    expect(c.fingerprint).not.toBe(a.fingerprint);
  });

  it('refuse a number of rows that is none', async () => {
    const opening = openTable(k, { synthetic: 'rings', n: 0, seed: 1, name: '' }, {}, on);
    expect((await failureOf(opening)).code).toBe('bad_param');
  });
});

describe('cancel and lost files', () => {
  it('ends between pieces, with nothing left in memory', async () => {
    const big = new TextEncoder().encode(`a,b\n${'1,2\n3,4\n'.repeat(500_000)}`);
    const controller = new AbortController();
    let seen = 0;
    const on = {
      progress(done: number) {
        seen = done;
        controller.abort();
      },
      signal: controller.signal,
    };
    const opening = openTable(k, { blob: new PiecesBlob(big, [65_536]), name: '' }, {}, on);
    expect((await failureOf(opening)).code).toBe('cancelled');
    expect(seen).toBeLessThan(big.length);
  });

  it('says when the file has changed or gone', async () => {
    class Gone extends Blob {
      override stream(): ReturnType<Blob['stream']> {
        return new ReadableStream({
          pull(stream) {
            stream.error(new DOMException('gone', 'NotReadableError'));
          },
        }) as ReturnType<Blob['stream']>;
      }
    }
    expect((await failureOf(openBlob(k, new Gone(['a,b\n1,2\n'])))).code).toBe('file_changed');
  });

  it('says when the file changed between two passes', async () => {
    class Changing extends Blob {
      #reads = 0;
      override stream(): ReturnType<Blob['stream']> {
        this.#reads += 1;
        // read once for its first bytes, then for each pass
        return new Blob([`a,b\n1,2\nx,3\ny,${this.#reads < 3 ? 4 : 5}\n`]).stream();
      }
    }
    expect((await failureOf(openBlob(k, new Changing(['a,b\n1,2\nx,3\ny,4\n'])))).code).toBe('file_changed');
  });

  it('reports progress to the end', async () => {
    const blob = blobOf(`a,b\n${'1,2\n3,4\n'.repeat(50_000)}`);
    const seen: number[] = [];
    const on = { progress: (done: number) => seen.push(done), signal: new AbortController().signal };
    const { table } = await openTable(k, { blob, name: '' }, {}, on);
    expect(seen.at(-1)).toBe(blob.size);
    expect(seen).toEqual([...seen].sort((x, y) => x - y));
    table.free();
  });
});
