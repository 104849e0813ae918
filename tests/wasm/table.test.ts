// The table wrappers over the compiled kernels: equal bits to the native builds, memory given back, errors as
// errors, views that survive the memory's growth.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CsvReader, sniffDialect } from '../../web/kernels/csv.ts';
import { PixelsReader, SyntheticMaker } from '../../web/kernels/makers.ts';
import type { RawTable, Table } from '../../web/kernels/table.ts';
import { FailureError } from '../../web/protocol/failure.ts';
import type { Role, Scale } from '../../web/protocol/messages.ts';
import { freshKernels } from './kernels.ts';

const k = freshKernels();

let before = 0;
beforeEach(() => {
  before = k.heap.inUse();
});
afterEach(() => {
  expect(k.heap.inUse()).toBe(before);
  expect(k.heap.blocks).toBe(0);
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function settled(raw: RawTable): Table {
  while (!raw.settled) {
    raw.settle(3);
  }
  expect(raw.settledColumns).toBe(raw.columns);
  return raw.finish({ notes: [] });
}

function tableOf(text: string): Table {
  const bytes = bytesOf(text);
  const reader = new CsvReader(k, sniffDialect(k, bytes, true));
  reader.feed(bytes);
  reader.end();
  if (reader.needsAnotherPass) {
    reader.again();
    reader.feed(bytes);
    reader.end();
  }
  const raw = reader.take();
  reader.free();
  return settled(raw);
}

function featuresOf(table: Table, scale: Scale = 'auto', roles?: Role[]) {
  const features = table.features({ roles: roles ?? table.columns.map(({ role }) => role), scale });
  let calls = 0;
  while (!features.done) {
    const { done, total } = features.progress();
    expect(done).toBeLessThan(total);
    features.step(1);
    calls += 1;
  }
  expect(features.progress()).toEqual({ done: calls, total: calls });
  return features;
}

describe('made sets', () => {
  // tests/core/test_synthetic.c holds the same numbers.
  it.each([
    ['swiss_roll', '5cd97e96a12eb98d', 'd1aabe4912a8204a'],
    ['blobs', 'be81431cae356949', '2e2f336ccc938cc1'],
    ['rings', '728158be8b91b4e3', 'b881206b0380e66b'],
    ['trefoil', '6796a38045bf6edf', 'a25c94e7ef18549c'],
  ] as const)('%s has the bits of the native builds', (set, table, matrix) => {
    const maker = new SyntheticMaker(k, set, 1000, 1);
    while (!maker.done) {
      maker.step(300);
    }
    const made = settled(maker.take());
    maker.free();
    expect(made.fingerprint).toBe(table);
    const features = featuresOf(made, 'standard');
    expect(features.fingerprint).toBe(matrix);
    features.free();
    made.free();
  });
});

describe('tables', () => {
  it('give cells, columns and their facts', () => {
    const table = tableOf('x,y,c\n1.5,255,red\n,7,blue\n-2,0,red\n');
    expect([table.rows, table.image, table.notes]).toEqual([3, null, []]);
    expect(table.columns[0]).toEqual({
      name: 'x',
      kind: 'number',
      role: 'feature',
      missing: 1,
      distinct: 2,
      integer: false,
      min: -2,
      max: 1.5,
      mean: -0.25,
      bad_cells: 0,
      categories: null,
    });
    expect(table.columns[1]).toMatchObject({ integer: true, min: 0, max: 255 });
    expect(table.columns[2]).toMatchObject({ role: 'label', min: null, categories: ['red', 'blue'] });
    expect([table.cell(0, 0), table.cell(1, 0), table.cell(1, 2)]).toEqual(['1.5', '', 'blue']);
    expect(table.column(0)).toEqual({ kind: 'number', values: new Float32Array([1.5, Number.NaN, -2]) });
    expect(table.column(2)).toEqual({
      kind: 'category',
      codes: new Uint16Array([0, 1, 0]),
      categories: ['red', 'blue'],
    });
    expect(() => table.cell(3, 0)).toThrowError(FailureError);
    expect(() => table.cell(0, -1)).toThrowError(FailureError);
    expect(() => table.column(1.5)).toThrowError(FailureError);
    table.free();
    table.free(); // twice is harmless
  });

  it('mark missing words in a column of words', () => {
    const table = tableOf('v,w\n1,a\n3,NA\n2,a\n');
    expect(table.column(1)).toEqual({
      kind: 'category',
      codes: new Uint16Array([0, 65535, 0]),
      categories: ['a'],
    });
    table.free();
  });

  it('keep numbers as they were written, beyond floats', () => {
    const table = tableOf('a,b\n0.1,16777217\n1e300,-5\n0.30000000000000004,2000000000\n');
    expect([0, 1, 2].map((row) => table.cell(row, 0))).toEqual(['0.1', '1e+300', '0.30000000000000004']);
    expect([0, 1, 2].map((row) => table.cell(row, 1))).toEqual(['16777217', '-5', '2000000000']);
    const { values } = table.column(0) as { values: Float32Array };
    expect(values[1]).toBe(Math.fround(3.4028234663852886e38)); // the largest float
    table.free();
  });

  it('change their fingerprint with any byte and with the way of reading', () => {
    const prints = ['a,b\n1,2\n3,1\n', 'a,b\n1,2\n3,2\n', 'a,b\n1,2\r3,1\n'].map((text) => {
      const table = tableOf(text);
      table.free();
      return table.fingerprint;
    });
    expect(new Set(prints).size).toBe(3);
    expect(prints.every((print) => /^[0-9a-f]{16}$/.test(print))).toBe(true);
  });
});

describe('features', () => {
  it('scale and come back', () => {
    const table = tableOf('x,y,c\n1,10,u\n2,,v\n6,40,u\n');
    const features = featuresOf(table);
    expect(features.info).toMatchObject({
      n: 3,
      d: 2,
      names: ['x', 'y'],
      scale: 'standard',
      unit_range: false,
      image: null,
    });
    expect(features.info.baseline).toBeCloseTo(1, 12);
    expect(Array.from(features.info.source)).toEqual([0, 1]);
    expect(features.info.notes).toEqual([
      '1 missing value in 1 column was filled with the median of the column.',
      'Each number column was shifted to mean 0 and scaled to standard deviation 1.',
    ]);
    const row = features.row(1);
    const sd = Math.sqrt((4 + 1 + 9) / 3);
    expect(row[0]).toBeCloseTo((2 - 3) / sd, 6);
    expect(row[1]).toBeCloseTo(0, 6); // 25 is median and mean
    const raw = features.toRaw(new Float32Array([...features.row(0), ...features.row(2)]));
    expect(Array.from(raw, (value) => Math.round(value * 1e4) / 1e4)).toEqual([1, 10, 6, 40]);
    expect(() => features.toRaw(new Float32Array(3))).toThrowError(FailureError);
    expect(() => features.row(3)).toThrowError(FailureError);
    features.free();
    features.free();
    table.free();
  });

  it('say what was left out and why', () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${(i * 7) % 30},5,,text ${i},${i % 3 ? 'p' : 'q'}`);
    const table = tableOf(['x,k,e,t,c', ...rows].join('\n'));
    const features = featuresOf(table, 'minmax', ['feature', 'feature', 'feature', 'feature', 'feature']);
    expect(features.info.names).toEqual(['x', 'c = p', 'c = q']);
    expect(features.info.unit_range).toBe(true);
    expect(features.info.notes).toEqual([
      'A feature of 0 or 1 was made for each category of c.',
      'Left out, the same value in every row: k.',
      'Left out, no values: e.',
      'Left out, text: t.',
      'Each number column was scaled to the range from 0 to 1.',
    ]);
    features.free();
    table.free();
  });

  it('refuse what gives no matrix', () => {
    const table = tableOf('a,b\n1,5\n2,5\n4,5\n');
    const codeOf = (roles: Role[]): string => {
      try {
        table.features({ roles, scale: 'auto' }).free();
      } catch (error) {
        return error instanceof FailureError ? error.failure.code : 'another error';
      }
      return 'none';
    };
    expect(codeOf(['ignored', 'ignored'])).toBe('no_numeric_column');
    expect(codeOf(['ignored', 'feature'])).toBe('no_numeric_column');
    expect(codeOf(['feature'])).toBe('bad_param');
    expect(codeOf(['feature', 'feature'])).toBe('none');
    table.free();
  });

  it('are refused past the most values of the device, and nothing is left of them', () => {
    const table = tableOf('a,b\n1,5\n2,6\n4,7\n'); // 3 rows of 2 features
    const ask = (most: number): string => {
      try {
        const features = table.features({ roles: ['feature', 'feature'], scale: 'auto' }, most);
        const { width } = features;
        features.free();
        return `${width} features`;
      } catch (error) {
        return error instanceof FailureError
          ? `${error.failure.code}: ${error.failure.message}`
          : 'another error';
      }
    };
    expect(ask(7)).toBe('2 features');
    expect(ask(6)).toBe('2 features');
    expect(ask(5)).toBe(
      'too_large: 3 rows of this many features are more than 0.000005 million values, the most that this device is given.',
    );
    table.free();
  });

  it('give a C matrix that can be read in place', () => {
    const reader = new PixelsReader(k, 2, 3, 'digit', ['a', 'b']);
    reader.feed(new Uint8Array([1, 0, 10, 20, 255, 40, 50, 60]));
    reader.end();
    const table = settled(reader.take());
    reader.free();
    const features = featuresOf(table);
    const u32 = new Uint32Array(k.heap.buffer(), features.matrixPtr, 7);
    const [data = 0, dtype, n, d, stride = 0, scale = 0, shift] = u32;
    expect([dtype, n, d, stride, shift]).toEqual([1, 2, 3, 3, 0]);
    expect(Array.from(new Uint8Array(k.heap.buffer(), data, 6))).toEqual([10, 20, 255, 40, 50, 60]);
    expect(new Float32Array(k.heap.buffer(), scale, 3)[0]).toBe(Math.fround(1 / 255));
    features.free();
    table.free();
  });
});

describe('memory', () => {
  it('that can not be had is an error, and the next table opens', () => {
    expect(() => new PixelsReader(k, 85_000, 49_999, '', [])).toThrowError(/not enough memory/);
    expect(() => new PixelsReader(k, 5_000_000, 49_999, '', [])).toThrowError(/stated limit/);
    const table = tableOf('a,b\n1,2\n3,0\n');
    expect(table.cell(1, 0)).toBe('3');
    table.free();
  });

  it('may grow while columns are read', () => {
    const table = tableOf(
      `a,b\n${Array.from({ length: 20_000 }, (_, i) => `${(i * 7919) % 20_011},${i % 7}`).join('\n')}`,
    );
    const first = table.column(0);
    const large = k.heap.alloc(64 * 2 ** 20);
    expect(table.column(0)).toEqual(first);
    large.free();
    table.free();
  });

  it('is back at its start after a reader that failed', () => {
    const reader = new CsvReader(k, sniffDialect(k, bytesOf('a,b\n'), true));
    reader.feed(bytesOf('a,b\n1,"2'));
    expect(() => reader.end()).toThrowError();
    expect(reader.report()).toMatchObject({ problem: 2, error_line: 2 });
    reader.free();
    reader.free();
  });
});
