// The command line, in this process: arguments, files, reports and exit statuses. tests/e2e/cli.spec.ts runs the
// built program.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import Papa from 'papaparse';
import { afterAll, describe, expect, it } from 'vitest';
import { parseArgs, parseNumber, UsageError } from '../../web/cli/args.ts';
import { barText } from '../../web/cli/bar.ts';
import type { Report } from '../../web/cli/main.ts';
import { csvOf, npyOf } from '../../web/cli/output.ts';
import { host } from '../wasm/session-host.ts';
import { commandLine, data } from './cli-support.ts';

const { folder, path, unfold, remove } = commandLine();
afterAll(remove);

const table = path('table.csv');
const lines = ['x,y,name,z'];
for (let i = 0; i < 120; i += 1) {
  lines.push(`${i % 11},${(i * i) % 17},${['=sum(a)', '"a ""b"", c"', 'plain'][i % 3]},${i / 4}`);
}
writeFileSync(table, `${lines.join('\n')}\n`);

describe('command line', () => {
  it('writes codes as CSV in the order of the rows, with the label, and a report', async () => {
    const { status, err } = await unfold(
      ...['ae', table, '--out', path('z.csv'), '--report', path('r.json'), '--label', 'name'],
      ...['--latent', '3', '--epochs', '5', '--hidden', '8,4', '--seed', '7', '--heldout', '0.1'],
    );
    expect(err).toBe('');
    expect(status).toBe(0);
    const { data: rows } = Papa.parse<string[]>(readFileSync(path('z.csv'), 'utf8'), {
      skipEmptyLines: true,
    });
    expect(rows[0]).toEqual(['z1', 'z2', 'z3', 'name']);
    expect(rows).toHaveLength(121);
    expect(rows.slice(1, 4).map((row) => row[3])).toEqual(["'=sum(a)", 'a "b", c', 'plain']);
    const report = JSON.parse(readFileSync(path('r.json'), 'utf8')) as Report;
    expect(Object.keys(report)).toEqual([
      ...['method', 'rows', 'columns', 'seed', 'threads', 'kernels', 'stages', 'loss', 'rows_per_second'],
    ]);
    expect(report).toMatchObject({ method: 'ae', rows: 120, columns: 4, seed: 7, threads: 1 });
    expect(report.stages.map(({ name }) => name)).toEqual(['read', 'features', 'train', 'encode', 'write']);
    expect(report.stages.every(({ seconds }) => seconds >= 0)).toBe(true);
    const train = report.stages.find(({ name }) => name === 'train')?.seconds ?? 0;
    expect(report.rows_per_second).toBeCloseTo((108 * 5) / train, 6);
    expect(report.loss.train).toBeGreaterThan(0);
    expect(report.loss.heldout).toBeGreaterThan(0);
  });

  it('writes the report alone when nothing else is asked for', async () => {
    const args = ['ae', table, '--report', path('alone.json'), '--epochs', '1'];
    expect(await unfold(...args)).toEqual({ status: 0, out: '', err: '' });
    const { stages, rows } = JSON.parse(readFileSync(path('alone.json'), 'utf8')) as Report;
    expect(rows).toBe(120);
    expect(stages.map(({ name }) => name)).toEqual(['read', 'features', 'train']);
    expect((await unfold('ae', table, '--report', table)).status).toBe(2);
  });

  it('row 82: a label that is a number stays one, however little its column varies', async () => {
    const signed = path('signed.csv');
    writeFileSync(signed, 'x,y,same,own\n1,2,-1,-5\n3,5,-1,-6\n4,4,-1,-7\n7,1,-1,-8\n');
    for (const [label, cell] of [
      ['same', '-1'],
      ['own', '-5'],
    ] as const) {
      const args = ['ae', signed, '--out', path('signed-out.csv'), '--epochs', '1', '--label', label];
      expect((await unfold(...args)).status).toBe(0);
      const [, first = ''] = readFileSync(path('signed-out.csv'), 'utf8').split('\n');
      expect(first.split(',').at(-1)).toBe(cell);
    }
  });

  it('row 65: the same command gives the same bytes, another seed others, and .npy the same numbers', async () => {
    const run = (out: string, seed: string) =>
      unfold(
        'ae',
        table,
        '--out',
        path(out),
        '--epochs',
        '3',
        '--label=name',
        '--seed',
        seed,
        '--threads',
        '1',
      );
    for (const [out, seed] of [
      ['a.csv', '1'],
      ['b.csv', '1'],
      ['c.csv', '2'],
      ['a.npy', '1'],
    ] as const) {
      expect((await run(out, seed)).status).toBe(0);
    }
    const read = (name: string): string => readFileSync(path(name), 'utf8');
    expect(read('b.csv')).toBe(read('a.csv'));
    expect(read('c.csv')).not.toBe(read('a.csv'));
    const bytes = readFileSync(path('a.npy'));
    expect(bytes.subarray(0, 8).toString('latin1')).toBe('\u0093NUMPY\u0001\u0000');
    const length = bytes.readUInt16LE(8);
    expect((10 + length) % 64).toBe(0);
    expect(bytes.subarray(10, 10 + length).toString()).toContain(
      "'descr': '<f4', 'fortran_order': False, 'shape': (120, 2)",
    );
    const { data: rows } = Papa.parse<string[]>(read('a.csv'), { skipEmptyLines: true });
    rows.slice(1).forEach((row, i) => {
      expect(Math.fround(Number(row[0]))).toBe(bytes.readFloatLE(10 + length + i * 8));
      expect(Math.fround(Number(row[1]))).toBe(bytes.readFloatLE(10 + length + i * 8 + 4));
    });
  });

  it('never writes over the file it reads, whatever the path looks like', async () => {
    const before = readFileSync(table, 'utf8');
    const twisted = resolve(folder, '..', folder, 'table.csv');
    for (const outputs of [
      ['--out', table],
      ['--out', `${folder}/./table.csv`],
      ['--out', path('ok.csv'), '--report', twisted],
      ['--out', path('same.csv'), '--report', path('same.csv')],
    ]) {
      const { status, err } = await unfold('ae', table, ...outputs);
      expect(status, outputs.join(' ')).toBe(2);
      expect(err).toMatch(/would be overwritten|same file/);
    }
    expect(readFileSync(table, 'utf8')).toBe(before);
  });

  it('row 65: gives the very bits that the page gets from the session', async () => {
    await unfold(
      'ae',
      table,
      '--out',
      path('s.npy'),
      '--epochs',
      '4',
      '--hidden',
      '6',
      '--batch',
      '16',
      '--lr',
      '1e-2',
    );
    const bytes = readFileSync(path('s.npy'));
    const codes = new Float32Array(new Uint8Array(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer);
    const hosted = host();
    const [id, model] = [hosted.nextId(), hosted.nextId()];
    const source = { blob: new Blob([readFileSync(table)]), name: 'table.csv' };
    const info = await hosted.ask({ type: 'open', table: id, job: hosted.nextId(), source, hints: {} });
    const spec = { roles: info.columns.map(({ role }) => role), scale: 'auto' as const };
    await hosted.ask({ type: 'prepare', table: id, job: hosted.nextId(), spec });
    const params = {
      hidden: [6],
      latent: 2,
      activation: 'tanh',
      output: 'linear',
      loss: 'mse',
      seed: 1,
    } as const;
    const create = { type: 'create', model, map: hosted.nextId(), table: id, method: 'ae' } as const;
    await hosted.ask({ ...create, params: { ...params, hidden: [6] }, spec: { axes: [0, 1] } });
    const rest = { weight_decay: 0, noise: 0, heldout: 0, patience: 0, seed: 1 };
    const fit = { epochs: 4, batch: 16, learning_rate: 1e-2, ...rest };
    await hosted.ask({ type: 'run', job: hosted.nextId(), model, fit, live: true });
    expect([...(await hosted.ask({ type: 'read', what: 'latent', model }))]).toEqual([...codes]);
  });

  it.skipIf(!existsSync(resolve(data, 'catalog.json')))(
    'takes the id of a set in the catalogue',
    async () => {
      expect(await unfold('ae', 'iris', '--out', path('iris.csv'), '--epochs', '2')).toMatchObject({
        status: 0,
        err: '',
      });
      expect(readFileSync(path('iris.csv'), 'utf8').split('\n')).toHaveLength(152);
      const catalog = JSON.parse(readFileSync(resolve(data, 'catalog.json'), 'utf8')) as {
        id: string;
        synthetic?: string;
      }[];
      const made = catalog.find(({ synthetic }) => synthetic !== undefined);
      expect(made).toBeDefined();
      expect((await unfold('ae', made?.id ?? '', '--out', path('made.npy'), '--epochs', '1')).status).toBe(0);
    },
  );

  it('says what went wrong in one sentence, with status 1', async () => {
    writeFileSync(path('empty.csv'), '');
    mkdirSync(path('folder.csv'));
    writeFileSync(path('words.csv'), 'a\nsome words\nother words\nno number\n');
    const out = ['--out', path('never.csv')];
    const wrong: [string[], RegExp][] = [
      [['ae', path('nothing.csv'), ...out], /no file .*nothing\.csv/],
      [['ae', folder, ...out], /is a folder/],
      [['ae', path('empty.csv'), ...out], /empty/],
      [
        ['ae', table, ...out, '--lr', '1e8', '--epochs', '50'],
        /ran away.*--lr 100000000; nothing was written\. Try --lr 0\.001\./,
      ],
      [['ae', table, ...out, '--hidden', '4096,4096,4096'], /parameters; at most 30 million/],
      [
        ['ae', table, '--out', path('no/such/folder.csv'), '--epochs', '4000000000'],
        /can't be written \(ENOENT\)/,
      ],
      [['ae', table, '--out', path('folder.csv'), '--epochs', '1'], /can't be written \(it is a folder\)/],
    ];
    for (const [args, message] of wrong) {
      const { status, err, out: printed } = await unfold(...args);
      expect(err, args.join(' ')).toMatch(message);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
      expect(status).toBe(1);
      expect(printed).toBe('');
    }
    expect(existsSync(path('never.csv'))).toBe(false);
  });

  it('row 56: wrong usage is named, with status 2', async () => {
    const out = ['--out', path('never.csv')];
    const wrong: [string[], RegExp][] = [
      [['pca', table, ...out], /method is one of ae/],
      [['ae', ...out], /file is missing/],
      [['ae', table, table, ...out], /One file/],
      [['ae', table], /--out is missing/],
      [['ae', table, '--out', 'z.parquet'], /\.csv or \.npy/],
      [['ae', table, ...out, '--speed', '9'], /no option --speed/],
      [['ae', table, ...out, '--seed'], /--seed needs a value/],
      [['ae', table, ...out, '--label', 'colour'], /no column colour; there are x, y, name, z/],
      [['ae', table, ...out, '--seed', '1', '--seed', '2'], /given twice/],
      [['ae', table, ...out, '--scale', 'log'], /--scale is one of auto/],
      [['ae', table, ...out, '--latent', '65'], /--latent: .*between 1 and 64/],
      [['ae', table, ...out, '--epochs', '0'], /--epochs: .*between 1 and/],
      [['ae', table, ...out, '--heldout', '0.9'], /--heldout/],
      [['ae', table, ...out, '--loss', 'bce', '--output', 'linear'], /--loss/],
      ...['abc', '', '1e', '-3', '1.5', '1,000', '0x10', ' 5', '١', 'Infinity', 'NaN'].map(
        (text): [string[], RegExp] => [['ae', table, ...out, '--epochs', text], /--epochs needs/],
      ),
    ];
    for (const [args, message] of wrong) {
      const { status, err } = await unfold(...args);
      expect(err, args.join(' ')).toMatch(message);
      expect(status, args.join(' ')).toBe(2);
    }
    expect(existsSync(path('never.csv'))).toBe(false);
  });

  it('prints help and version', async () => {
    expect(await unfold('--version')).toEqual({ status: 0, out: 'unfold 1.2.3\n', err: '' });
    const { status, out } = await unfold('--help');
    expect(status).toBe(0);
    expect(out).toMatch(/formula \(it starts with = \+ - @\) gets an apostrophe/);
    const names = out.match(/--[a-z-]+/g) ?? [];
    for (const name of new Set(names)) {
      if (name === '--help' || name === '--version') continue;
      if (name === '--exclude' || name === '--from-scratch') continue; // nothing to give
      const words = [name === '--data' ? 'open' : 'ae', 'f', name];
      const after = ['ae', 'f', '--then', 'retrain', name];
      expect(() => parseArgs(name === '--rows' || name === '--focus' ? after : words), name).toThrow(
        /needs a value/,
      );
    }
    expect((await unfold()).out).toBe(out);
  });

  it('says when more threads are asked for than there are, and goes on', async () => {
    const { status, err } = await unfold(
      'ae',
      table,
      '--out',
      path('t.csv'),
      '--epochs',
      '1',
      '--threads',
      '8',
    );
    expect(status).toBe(0);
    expect(err).toMatch(/1 thread; 8 were asked for/);
  });

  it('numbers are read as written or not at all', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parseNumber(String(value), '--lr') + 0).toBe(value + 0);
      }),
    );
    expect(() => parseNumber('1e999', '--lr')).toThrow(UsageError);
  });
});

describe('output files', () => {
  it('row 83: every float reads back bit for bit, and any label as it was', () => {
    const floats = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(floats, fc.string(), fc.string({ unit: 'binary' }), (values, name, cell) => {
        const label = { name: `l${name}`, cell: () => `l${cell}`, text: true };
        const text = [...csvOf(Float32Array.from(values), 1, label)].join('');
        const { data: rows } = Papa.parse<string[]>(text, { delimiter: ',', newline: '\n' });
        expect(rows[0]).toEqual(['z1', `l${name}`]);
        values.forEach((value, i) => {
          expect(Math.fround(Number(rows[i + 1]?.[0]))).toBe(value);
          expect(rows[i + 1]?.[1]).toBe(`l${cell}`);
        });
      }),
    );
  });

  it('row 82: words that a spreadsheet would run are defused, numbers never', () => {
    const cells = ['=1+1', '-1'];
    const cell = (row: number): string => cells[row] ?? '';
    const codes = Float32Array.of(0, -1);
    expect([...csvOf(codes, 1, { name: '=n', cell, text: true })].join('')).toBe("z1,'=n\n0,'=1+1\n-1,'-1\n");
    expect([...csvOf(codes, 1, { name: 'n', cell, text: false })].join('')).toBe('z1,n\n0,=1+1\n-1,-1\n');
    expect([...csvOf(codes, 2, { name: 'z1', cell, text: true })].join('')).toBe(
      "z1,z2,z1 (2)\n0,-1,'=1+1\n",
    );
  });

  it('.npy: header of 64-byte multiples for any shape', () => {
    for (const rows of [0, 1, 9, 99_999]) {
      const bytes = npyOf(new Float32Array(rows * 64), 64);
      const length = (bytes[8] ?? 0) + (bytes[9] ?? 0) * 256;
      expect((10 + length) % 64).toBe(0);
      expect(bytes[9 + length]).toBe(10);
      expect(bytes.length).toBe(10 + length + rows * 256);
    }
  });

  it('the bar says stage, epoch, loss, rate and time left', () => {
    const progress = {
      type: 'progress' as const,
      job: 1,
      stage: 'train',
      done: 50,
      total: 200,
      epoch: 2,
      epochs: 8,
      rows_per_second: 12_345.6,
      seconds_left: 61.2,
      state: 'running' as const,
      series: [],
    };
    const text = barText(progress, 0.051234);
    for (const part of ['train', '25 %', 'epoch 3 of 8', 'loss 0.05123', '12,346 rows/s', '62 s left']) {
      expect(text).toContain(part);
    }
  });
});
