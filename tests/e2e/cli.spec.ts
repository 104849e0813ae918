// The built program as people run it: a process of its own, beside its kernels and data.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from './support.ts';

const folder = mkdtempSync(resolve(tmpdir(), 'unfold-program-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  status: number | null;
  out: string;
  err: string;
}

function unfold(...args: string[]): Promise<Ended> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [resolve(root, 'dist/cli.mjs'), ...args], { cwd: folder });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => (err += String(chunk)));
    child.on('close', (status) => done({ status, out, err }));
  });
}

test('version and help come from the program itself', async () => {
  const { version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { version: string };
  expect(await unfold('--version')).toEqual({ status: 0, out: `unfold ${version}\n`, err: '' });
  expect((await unfold('--help')).out).toContain('unfold ae FILE --out');
});

test('trains on a file in another folder, without a word on a pipe, and twice gives the same bytes', async () => {
  const rows = Array.from({ length: 90 }, (_, i) => `${i % 7},${(i * i) % 13},${i / 3}`);
  writeFileSync(resolve(folder, 'in.csv'), `a,b,c\n${rows.join('\n')}\n`);
  for (const out of ['one.csv', 'two.csv']) {
    expect(await unfold('ae', 'in.csv', '--out', out, '--epochs', '4')).toEqual({
      status: 0,
      out: '',
      err: '',
    });
  }
  const one = readFileSync(resolve(folder, 'one.csv'), 'utf8');
  expect(one.split('\n')).toHaveLength(92);
  expect(readFileSync(resolve(folder, 'two.csv'), 'utf8')).toBe(one);
});

test('finds a set of the catalogue beside itself, and reports stages and losses', async () => {
  const args = ['ae', 'iris', '--out', 'iris.npy', '--report', 'iris.json', '--heldout', '0.2'];
  expect((await unfold(...args)).status).toBe(0);
  const report = JSON.parse(readFileSync(resolve(folder, 'iris.json'), 'utf8')) as {
    rows: number;
    loss: { train: number; heldout: number };
  };
  expect(report.rows).toBe(150);
  expect(report.loss.heldout).toBeLessThan(0.3);
});

test('retrains on a class, a file of ids or random rows, and reports what it did to each class', async () => {
  interface Side {
    selection: number;
    rest: number;
    classes: Record<string, number>;
  }
  const retrained = async (
    ...then: string[]
  ): Promise<Record<string, unknown> & { before: Side; after: Side }> => {
    const args = ['ae', 'iris', '--out', 'then.csv', '--report', 'then.json', '--then', 'retrain', ...then];
    expect(await unfold(...args)).toEqual({ status: 0, out: '', err: '' });
    return JSON.parse(readFileSync(resolve(folder, 'then.json'), 'utf8')).retrain;
  };
  const codes = (): string => readFileSync(resolve(folder, 'then.csv'), 'utf8');

  const virginica = await retrained('--rows', 'class=virginica', '--focus', '0.8');
  const byClass = codes();
  expect(virginica).toMatchObject({ rows: 50, focus: 0.8, epochs: 5, steps: 5 * Math.ceil(50 / (0.8 * 16)) });
  expect(Object.keys(virginica.after.classes).sort()).toEqual(['setosa', 'versicolor', 'virginica']);
  expect(virginica.after.classes.virginica).toBe(virginica.after.selection);
  expect(virginica.after.selection).toBeLessThan(virginica.before.selection);

  writeFileSync(
    resolve(folder, 'ids.csv'),
    `id,note\n${Array.from({ length: 50 }, (_, i) => 100 + i).join(',\n')},\n`,
  );
  expect((await retrained('--rows', 'ids.csv', '--focus', '0.8')).after).toEqual(virginica.after);
  expect(codes()).toBe(byClass);

  expect(await retrained('--rows', 'random=20', '--exclude', '--epochs', '2')).toMatchObject({
    kind: 'exclude',
    rows: 20,
    steps: 2 * Math.ceil(130 / 16),
  });
});

test('an error is one sentence and status 1; wrong usage is status 2', async () => {
  const gone = await unfold('ae', 'nothing.csv', '--out', 'x.csv');
  expect(gone).toMatchObject({ status: 1, out: '' });
  expect(gone.err.trimEnd().split('\n')).toHaveLength(1);
  expect(await unfold('ae', 'in.csv')).toMatchObject({ status: 2, out: '' });
  const then = ['ae', 'iris', '--out', 'x.csv', '--then', 'retrain'];
  expect(await unfold(...then, '--rows', 'nothing.txt')).toMatchObject({ status: 1, out: '' });
  expect(await unfold(...then, '--rows', 'class=rose')).toMatchObject({ status: 2, out: '' });
  expect(await unfold(...then)).toMatchObject({ status: 2, out: '' });
});
