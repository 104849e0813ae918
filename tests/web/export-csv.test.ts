// Rows as CSV: what papaparse and plain arithmetic read back from them.
import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { type CsvColumn, type ExportSource, exportCsv, floatText } from '../../web/worker/export-csv.ts';

const bits = new DataView(new ArrayBuffer(4));

function floatOf(word: number): number {
  bits.setUint32(0, word);
  return bits.getFloat32(0);
}

function wordOf(float: number): number {
  bits.setFloat32(0, float);
  return bits.getUint32(0);
}

const labelOf = (name: string, cells: readonly string[], text = true): CsvColumn => ({
  name,
  text,
  cell: (row) => cells[row] ?? '',
});

function sourceOf(rows: number, given: Partial<ExportSource> = {}): ExportSource {
  return {
    rows,
    latent: 2,
    codes: Float32Array.from({ length: rows * 2 }, (_, i) => i / 10),
    positions: Float32Array.from({ length: rows * 2 }, (_, i) => -i / 3),
    error: Float32Array.from({ length: rows }, (_, i) => 1 / (i + 1)),
    selection: null,
    only: false,
    protect: true,
    labels: [],
    rest: () => Promise.resolve(),
    ...given,
  };
}

const rowsOf = (text: string): string[][] =>
  Papa.parse<string[]>(text, { delimiter: ',', newline: '\n' }).data.slice(0, -1); // after the last line end

async function exported(source: ExportSource): Promise<string[][]> {
  return rowsOf(await (await exportCsv(source)).text());
}

describe('row 83: floats', () => {
  const significant = (text: string): number =>
    text
      .replace(/e.*/, '')
      .replace(/[-.]/g, '')
      .replace(/^0+|0+$/g, '').length;

  const agrees = (float: number): void => {
    const text = floatText(float);
    expect(wordOf(Number(text)), text).toBe(wordOf(float));
    expect(significant(text)).toBeLessThanOrEqual(9);
  };

  it('read back bit for bit, whatever their bits are', () => {
    const words = fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }), // any exponent
      fc.integer({ min: 0, max: 0x007fffff }), // subnormal
      fc.integer({ min: 0x33000000, max: 0x4d000000 }), // 1e-8 to 1e8
      fc.integer({ min: 0, max: 254 }).map((exponent) => exponent * 2 ** 23), // powers of two
    );
    fc.assert(
      fc.property(words, (word) => {
        const float = floatOf(word);
        fc.pre(Number.isFinite(float));
        agrees(float);
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [Math.fround(0.1), '0.1'],
    [Math.fround(-1 / 3), '-0.33333334'],
    [1e-7, '1e-7'],
    [floatOf(1), '1e-45'],
    [floatOf(0x00800000), '1.1754944e-38'],
    [floatOf(0x7f7fffff), '3.4028235e+38'],
    [16_777_217, '16777216'],
    [123_456_789, '123456790'],
    [9.67255947842164e24, '9.67256e+24'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
  ])('%d is written as %s', (value, text) => {
    expect(floatText(Math.fround(value))).toBe(text);
  });

  it('take no digit more than the slow way needs: every length, shortest first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7f7fffff }), (word) => {
        const float = floatOf(word);
        const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9].find(
          (count) => Math.fround(Number(float.toPrecision(count))) === float,
        );
        expect(significant(floatText(float)), String(float)).toBeLessThanOrEqual(digits ?? 9);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('the table', () => {
  it('has a row for each, in order, with id, labels, codes, place, error and whether it is selected', async () => {
    const selection = Uint32Array.of(0b10);
    const labels = [labelOf('digit', ['8', '0', '3'])];
    const blob = await exportCsv(sourceOf(3, { selection, labels }));
    expect(blob.type).toBe('text/csv;charset=utf-8');
    expect(await blob.text()).toBe(
      [
        'id,digit,z1,z2,x,y,error,selected',
        '0,8,0,0.1,-0,-0.33333334,1,0',
        '1,0,0.2,0.3,-0.6666667,-1,0.5,1',
        '2,3,0.4,0.5,-1.3333334,-1.6666666,0.33333334,0',
        '',
      ].join('\n'),
    );
  });

  it('of the selected rows alone has their ids, also beyond the first word of bits', async () => {
    const selection = new Uint32Array(4);
    for (const row of [0, 31, 32, 99]) selection[row >>> 5] = (selection[row >>> 5] ?? 0) | (1 << (row & 31));
    const rows = await exported(sourceOf(100, { selection, only: true }));
    expect(rows.slice(1).map((row) => [row[0], row.at(-1)])).toEqual([
      ['0', '1'],
      ['31', '1'],
      ['32', '1'],
      ['99', '1'],
    ]);
    expect(rows[2]?.[1]).toBe('6.2'); // its own code, not that of the second row
    expect(await exported(sourceOf(100, { only: true }))).toHaveLength(1); // nothing selected: a header
  });

  it('reads back equal, whatever the labels are, when nothing is to be protected', async () => {
    const special = fc.string({ unit: fc.constantFrom(',', '"', '\n', '\r', "'", '=', ' ', 'a') });
    const cell = fc.oneof(special, fc.string({ unit: 'binary' }));
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 20 }), cell, async (cells, name) => {
        const labels = [labelOf(`n${name}`, cells), labelOf('other', cells)];
        const rows = await exported(sourceOf(cells.length, { labels, protect: false }));
        expect(rows[0]?.slice(0, 3)).toEqual(['id', `n${name}`, 'other']);
        expect(rows.slice(1).map((row) => [row[1], row[2]])).toEqual(cells.map((text) => [text, text]));
      }),
    );
  });

  it('keeps our names; a label of the same name gets another, unlike every other', async () => {
    const labels = ['x', 'z2', 'x (2)', 'selected', 'Z1'].map((name) => labelOf(name, ['1']));
    const [header = []] = await exported(sourceOf(1, { labels }));
    expect(header).toEqual([
      ...['id', 'x (3)', 'z2 (2)', 'x (2)', 'selected (2)', 'Z1'],
      ...['z1', 'z2', 'x', 'y', 'error', 'selected'],
    ]);
    const twins = ['=a', "'=a"].map((name) => labelOf(name, ['1']));
    const [names = []] = await exported(sourceOf(1, { labels: twins }));
    expect(names.slice(1, 3)).toEqual(["'=a", "'=a (2)"]);
  });

  it('is made in parts of bounded size with a rest after each, and ends when the rest says so', async () => {
    let rests = 0;
    const rest = (): Promise<void> => {
      rests += 1;
      return Promise.resolve();
    };
    await exportCsv(sourceOf(20_000, { rest }));
    expect(rests).toBeGreaterThanOrEqual(Math.floor((20_000 * 7) / 32_768));
    const wide = { latent: 64, codes: new Float32Array(20_000 * 64) };
    const narrow = rests;
    await exportCsv(sourceOf(20_000, { rest, ...wide }));
    expect(rests - narrow).toBeGreaterThan(7 * narrow); // by cells, not by rows
    const stop = (): Promise<void> => Promise.reject(new Error('stopped'));
    await expect(exportCsv(sourceOf(20_000, { rest: stop }))).rejects.toThrow('stopped');
  });
});

describe('row 82: formulas', () => {
  const hostile = [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '\u0000=1',
    '\uff1d1',
    `=HYPERLINK("x","y")`,
    `=cmd|' /C calc'!A0`,
  ];

  it('get an apostrophe in cells and names of text, and nothing else does', async () => {
    const cells = [...hostile, 'x=1', '', ' x', "'=1"];
    const labels = [labelOf('=n', cells)];
    const rows = await exported(sourceOf(cells.length, { labels }));
    expect(rows[0]?.[1]).toBe("'=n");
    expect(rows.slice(1).map((row) => row[1])).toEqual([
      ...hostile.map((cell) => `'${cell}`),
      ...['x=1', '', ' x', "'=1"],
    ]);
    expect(rows[2]?.[4]).toBe('-0.6666667'); // ours: x of row 1
  });

  it('are left in columns of numbers, and everywhere when it is switched off', async () => {
    const number = [labelOf('n', ['-5', '+1'], false)];
    expect((await exported(sourceOf(2, { labels: number }))).map((row) => row[1])).toEqual(['n', '-5', '+1']);
    const labels = [labelOf('=n', hostile)];
    const rows = await exported(sourceOf(hostile.length, { labels, protect: false }));
    expect(rows.map((row) => row[1])).toEqual(['=n', ...hostile]);
  });
});
