// `--then retrain`: what its options mean, which rows it takes, and what the report says of them, against the
// session asked by hand and plain sums over what it gives.
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseArgs } from '../../web/cli/args.ts';
import type { Report } from '../../web/cli/main.ts';
import { parseIds } from '../../web/cli/rows.ts';
import { FailureError } from '../../web/protocol/failure.ts';
import { exportCsv } from '../../web/worker/export-csv.ts';
import { host } from '../wasm/session-host.ts';
import { commandLine, data } from './cli-support.ts';

const { path, unfold, remove } = commandLine();
afterAll(remove);

const ROWS = 150;
const KINDS = ['low', 'high, "odd"=1', 'rare'] as const;
const kindOf = (row: number): (typeof KINDS)[number] =>
  row % 10 === 9 ? 'rare' : row % 3 === 0 ? 'low' : KINDS[1];
const rowsOfKind = (kind: string): number[] =>
  Array.from({ length: ROWS }, (_, row) => row).filter((row) => kindOf(row) === kind);

const table = path('table.csv');
const lines = ['x,y,z,kind'];
for (let i = 0; i < ROWS; i += 1) {
  const [u, v] = [(i * 37) % 50, (i * 53) % 41];
  const far = kindOf(i) === 'rare' ? 3 : 1;
  lines.push(`${u * far},${v},${(u * v * far) / 10},"${kindOf(i).replaceAll('"', '""')}"`);
}
writeFileSync(table, `${lines.join('\n')}\n`);

const training = ['--label', 'kind', '--epochs', '20', '--batch', '16', '--hidden', '8'];

async function retrained(name: string, ...then: string[]): Promise<{ report: Report; codes: string }> {
  const [out, file] = [path(`${name}.csv`), path(`${name}.json`)];
  const args = ['ae', table, ...training, '--out', out, '--report', file, '--then', 'retrain', ...then];
  expect(await unfold(...args)).toEqual({ status: 0, out: '', err: '' });
  return { report: JSON.parse(readFileSync(file, 'utf8')) as Report, codes: readFileSync(out, 'utf8') };
}

const failureOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof FailureError) return error.message;
    throw error;
  }
  throw new Error('Nothing was thrown.');
};

const idsOf = (bits: Uint32Array): number[] =>
  Array.from({ length: bits.length * 32 }, (_, row) => row).filter(
    (row) => ((bits[row >>> 5] ?? 0) >>> (row & 31)) & 1,
  );

describe('options after --then', () => {
  const parse = (...then: string[]) => {
    const command = parseArgs([
      'ae',
      'f.csv',
      '--out',
      'z.csv',
      '--epochs',
      '7',
      '--then',
      'retrain',
      ...then,
    ]);
    return command.kind === 'run' ? command.options : null;
  };

  it('belong to the retrain, but for the files and the label', () => {
    const options = parse(
      ...[
        '--rows',
        'class=8',
        '--epochs',
        '3',
        '--focus=0.8',
        '--lr',
        '1e-4',
        '--seed',
        '9',
        '--batch',
        '32',
      ],
      ...['--report', 'r.json', '--label', 'digit'],
    );
    expect(options).toMatchObject({ epochs: 7, seed: 1, report: 'r.json', label: 'digit' });
    expect(options?.retrain).toEqual({
      kind: 'retrain',
      rows: { kind: 'class', name: '8' },
      focus: 0.8,
      epochs: 3,
      batch: 32,
      learning_rate: 1e-4,
      seed: 9,
    });
    expect(parse('--rows', 'ids.txt')?.retrain).toEqual({
      kind: 'retrain',
      rows: { kind: 'file', path: 'ids.txt' },
      focus: 1,
      epochs: null,
      batch: null,
      learning_rate: null,
      seed: null,
    });
    expect(parse('--exclude', '--rows', 'random=20')?.retrain).toMatchObject({
      kind: 'exclude',
      rows: { kind: 'random', n: 20 },
      focus: 0,
    });
    expect(parse('--rows', 'random=1', '--from-scratch')?.retrain).toMatchObject({
      kind: 'scratch',
      focus: 1,
    });
    expect(parseArgs(['ae', 'f.csv', '--out', 'z.csv'])).toMatchObject({ options: { retrain: null } });
  });

  it('take the name of a class as it is, with commas and equals signs', () => {
    for (const name of ['a,b', 'x=1', '=', ' ', '--focus', 'class=8', 'two\nlines', '"q"']) {
      expect(parse(`--rows=class=${name}`)?.retrain?.rows).toEqual({ kind: 'class', name });
      expect(parse('--rows', `class=${name}`)?.retrain?.rows).toEqual({ kind: 'class', name });
    }
    expect(parse('--rows', './class=8')?.retrain?.rows).toEqual({ kind: 'file', path: './class=8' });
  });

  it('row 56: are refused by name where they have no meaning, with status 2', async () => {
    const before = ['ae', table, '--out', path('never.csv')];
    const rows = ['--rows', 'random=5'];
    const wrong: [string[], RegExp][] = [
      [['--then'], /--then needs a value/],
      [['--then', 'forget'], /--then is one of retrain, not "forget"/],
      [['--then', 'retrain'], /--rows is missing/],
      [['--then', 'retrain', ...rows, '--then', 'retrain'], /--then is given twice/],
      [['--then', 'retrain', ...rows, ...rows], /--rows is given twice/],
      [['--then', 'retrain', ...rows, '--out', 'other.csv'], /--out is given twice/],
      [['--rows', 'random=5'], /--rows belongs to the retrain/],
      [['--focus', '1'], /--focus belongs to the retrain/],
      [['--exclude'], /--exclude belongs to the retrain/],
      [['--then', 'retrain', ...rows, '--hidden', '3'], /--hidden belongs to the training/],
      [['--then', 'retrain', ...rows, '--heldout', '0.1'], /--heldout belongs to the training/],
      [['--then', 'retrain', ...rows, '--speed', '3'], /no option --speed/],
      [['--then', 'retrain', ...rows, 'more.csv'], /"more\.csv" is not an option/],
      [['--then', 'retrain', '--rows', 'class='], /--rows class= needs the name/],
      [
        ['--then', 'retrain', '--rows', 'class=violet'],
        /kind has no class violet; there are high, "odd"=1, low, rare/,
      ],
      [['--then', 'retrain', '--rows', 'random='], /--rows random= needs a number/],
      [['--then', 'retrain', '--rows', 'random=0'], /at least one row/],
      [['--then', 'retrain', '--rows', 'random=151'], /the table has 150 rows/],
      [['--then', 'retrain', ...rows, '--focus', '1.01'], /--focus is a share/],
      [['--then', 'retrain', ...rows, '--focus', '-0.5'], /--focus is a share/],
      [
        ['--then', 'retrain', ...rows, '--focus', '0.03'],
        /--focus 0\.03 is below .* 0\.0334: .*use --exclude/,
      ],
      [['--then', 'retrain', ...rows, '--exclude', '--from-scratch'], /choose one/],
      [['--then', 'retrain', ...rows, '--exclude', '--focus', '0.5'], /--focus does not go with --exclude/],
      [
        ['--then', 'retrain', ...rows, '--from-scratch', '--focus', '1'],
        /--focus does not go with --from-scratch/,
      ],
      [['--then', 'retrain', ...rows, '--exclude=yes'], /--exclude takes no value/],
      [['--then', 'retrain', ...rows, '--epochs', '0'], /--epochs after --then: .*between 1 and/],
      [['--then', 'retrain', ...rows, '--lr', '0'], /--lr after --then/],
      [['--then', 'retrain', '--rows', 'random=150', '--exclude'], /--rows after --then: .*nothing is left/],
      [['--heldout', '0.5', '--seed', '3', '--then', 'retrain', '--rows', path('kept.txt')], /held out/],
    ];
    const hosted = host();
    const kept = await heldoutOf(hosted, 3, 0.5);
    writeFileSync(path('kept.txt'), `${kept.join('\n')}\n`);
    for (const [args, message] of wrong) {
      const { status, err } = await unfold(...before, '--label', 'kind', ...args);
      expect(err, args.join(' ')).toMatch(message);
      expect(status, args.join(' ')).toBe(2);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
    }
    const odd = path('odd.csv');
    writeFileSync(odd, 'x,y,kind\n1,2,a\u001b[2Jb\n3,5,\u202ec\n4,4,a\u001b[2Jb\n7,1,\u202ec\n');
    const told = await unfold(
      ...['ae', odd, '--out', path('never.csv'), '--label', 'kind', '--then', 'retrain', '--rows', 'class=d'],
    );
    expect(told.err).toMatch(/kind has no class d; there are a \[2Jb, {2}c/); // nothing that moves a terminal's cursor
    const bare = path('bare.csv');
    writeFileSync(bare, 'x,y\n1,2\n3,5\n4,4\n7,1\n');
    const { status, err } = await unfold(
      'ae',
      bare,
      '--out',
      path('never.csv'),
      '--then',
      'retrain',
      '--rows=class=8',
    );
    expect([status, err]).toEqual([
      2,
      expect.stringMatching(/needs a column of labels: name it with --label/),
    ]);
    expect(existsSync(path('never.csv'))).toBe(false);
  });
});

/** A model of the table as the command line makes it, asked by hand. */
async function modelOf(hosted: ReturnType<typeof host>, seed: number) {
  const [id, model] = [hosted.nextId(), hosted.nextId()];
  const source = { blob: new Blob([readFileSync(table)]), name: 'table.csv' };
  const info = await hosted.ask({
    type: 'open',
    table: id,
    job: hosted.nextId(),
    source,
    hints: { label: 'kind' },
  });
  const spec = { roles: info.columns.map(({ role }) => role), scale: 'auto' as const };
  await hosted.ask({ type: 'prepare', table: id, job: hosted.nextId(), spec });
  const params = {
    hidden: [8],
    latent: 2,
    activation: 'tanh' as const,
    output: 'linear' as const,
    loss: 'mse' as const,
    seed,
  };
  await hosted.ask({
    type: 'create',
    model,
    map: hosted.nextId(),
    table: id,
    method: 'ae',
    params,
    spec: { axes: [0, 1] },
  });
  return model;
}

async function heldoutOf(hosted: ReturnType<typeof host>, seed: number, heldout: number): Promise<number[]> {
  const model = await modelOf(hosted, seed);
  return idsOf(await hosted.ask({ type: 'read', what: 'heldout', model, heldout }));
}

const fitOf = (more: object) => ({
  epochs: 20,
  batch: 16,
  learning_rate: 3e-3,
  weight_decay: 0,
  noise: 0,
  heldout: 0,
  patience: 0,
  seed: 1,
  ...more,
});

describe('a retrain', () => {
  it('gives the bits that the page gets from the session, and the errors that plain sums give', async () => {
    const rare = rowsOfKind('rare');
    const { report, codes } = await retrained('rare', '--rows', 'class=rare', '--focus', '0.8');
    const hosted = host();
    const model = await modelOf(hosted, 1);
    await hosted.ask({ type: 'run', job: hosted.nextId(), model, fit: fitOf({}), live: false });
    const before = await hosted.ask({ type: 'read', what: 'error', model });
    const selection = new Uint32Array(Math.ceil(ROWS / 32));
    for (const row of rare) selection[row >>> 5] = (selection[row >>> 5] ?? 0) | (1 << (row & 31));
    const fit = fitOf({ epochs: 5, selection, focus: 0.8 });
    await hosted.ask({ type: 'run', job: hosted.nextId(), model, fit, live: true });
    const after = await hosted.ask({ type: 'read', what: 'error', model });
    const latent = await hosted.ask({ type: 'read', what: 'latent', model });

    const written = codes.trimEnd().split('\n').slice(1);
    expect(written.map((line) => line.split(',').slice(0, 2).map(Number).map(Math.fround))).toEqual(
      Array.from({ length: ROWS }, (_, row) => [latent[row * 2], latent[row * 2 + 1]]),
    );
    const mean = (errors: Float32Array, rows: number[]): number =>
      rows.reduce((sum, row) => sum + (errors[row] ?? Number.NaN), 0) / rows.length;
    const others = Array.from({ length: ROWS }, (_, row) => row).filter((row) => kindOf(row) !== 'rare');
    for (const [side, errors] of [
      [report.retrain?.before, before],
      [report.retrain?.after, after],
    ] as const) {
      expect(side?.selection).toBeCloseTo(mean(errors, rare), 12);
      expect(side?.rest).toBeCloseTo(mean(errors, others), 12);
      expect(Object.keys(side?.classes ?? {}).sort()).toEqual([...KINDS].sort());
      for (const kind of KINDS) expect(side?.classes[kind]).toBeCloseTo(mean(errors, rowsOfKind(kind)), 12);
    }
    expect(report.retrain?.after.selection).toBeLessThan(report.retrain?.before.selection ?? 0);
  });

  it('reports what was done, beside what it reports of a training', async () => {
    const plain = path('plain.json');
    await unfold('ae', table, ...training, '--out', path('plain.csv'), '--report', plain);
    const alone = JSON.parse(readFileSync(plain, 'utf8')) as Report;
    const { report } = await retrained('random', '--rows', 'random=40', '--lr', '1e-3', '--epochs', '2');
    expect(Object.keys(report)).toEqual([...Object.keys(alone), 'retrain']);
    expect(report.loss).toEqual(alone.loss);
    expect(report.stages.map(({ name }) => name)).toEqual([
      ...['read', 'features', 'train', 'measure', 'retrain', 'encode', 'write'],
    ]);
    expect(Object.keys(report.retrain ?? {})).toEqual([
      ...['kind', 'rows', 'focus', 'epochs', 'steps', 'learning_rate', 'seconds', 'before', 'after'],
    ]);
    expect(report.retrain).toMatchObject({
      kind: 'retrain',
      rows: 40,
      focus: 1,
      epochs: 2,
      learning_rate: 1e-3,
    });
    for (const side of [report.retrain?.before, report.retrain?.after]) {
      expect(Object.keys(side ?? {})).toEqual(['selection', 'rest', 'classes', 'distance_correlation']);
      for (const value of Object.values(side?.distance_correlation ?? {})) {
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThanOrEqual(1);
      }
    }
  });

  it.each([
    ['random=150', 1, 16],
    ['random=40', 1, 16],
    ['random=40', 0.8, 16],
    ['random=40', 0.5, 7],
    ['class=rare', 0.3, 16],
    ['class=rare', 0.1, 16], // their share of the rows, as in the training
  ])(
    'of %s at focus %d with batches of %d takes 5 ceil(s / (focus batch)) steps',
    async (rows, focus, batch) => {
      const s = rows === 'class=rare' ? rowsOfKind('rare').length : Number(rows.slice('random='.length));
      const { report } = await retrained(
        'steps',
        '--rows',
        rows,
        '--focus',
        String(focus),
        '--batch',
        String(batch),
      );
      expect(report.retrain?.rows).toBe(s);
      expect(report.retrain?.steps).toBe(5 * Math.ceil(Number((s / (focus * batch)).toFixed(9))));
      if (s === ROWS) {
        expect(report.retrain?.before).toMatchObject({ rest: null, distance_correlation: { rest: null } });
      }
    },
  );

  it('excludes rows, or begins anew on them, by the page’s defaults', async () => {
    const { report: without } = await retrained('without', '--rows', 'class=rare', '--exclude');
    const others = ROWS - rowsOfKind('rare').length;
    expect(without.retrain).toMatchObject({ kind: 'exclude', focus: 0, epochs: 5 });
    expect(without.retrain?.steps).toBe(5 * Math.ceil(others / 16));
    expect(without.retrain?.after.rest).toBeLessThan(without.retrain?.before.rest ?? 0);

    const { report: anew, codes } = await retrained('anew', '--rows', 'class=rare', '--from-scratch');
    const rare = rowsOfKind('rare').length;
    expect(anew.retrain).toMatchObject({ kind: 'scratch', focus: 1, epochs: 20 });
    expect(anew.retrain?.steps).toBe(20 * Math.ceil(rare / 16));
    const other = ['ae', table, '--label', 'kind', '--epochs', '1', '--batch', '16', '--hidden', '8'];
    const then = ['--then', 'retrain', '--rows', 'class=rare', '--from-scratch', '--epochs', '20'];
    expect((await unfold(...other, '--out', path('again.csv'), ...then)).status).toBe(0);
    expect(readFileSync(path('again.csv'), 'utf8')).toBe(codes); // whatever was trained before
  });

  it('row 65: is the same bytes each time, and of the same rows however they were named', async () => {
    const { codes } = await retrained('one', '--rows', 'random=30');
    expect((await retrained('two', '--rows', 'random=30')).codes).toBe(codes);
    expect((await retrained('three', '--rows', 'random=30', '--seed', '2')).codes).not.toBe(codes);
    const odd = await retrained('four', '--rows', `class=${KINDS[1]}`, '--focus', '0.9');
    writeFileSync(path('ids.txt'), rowsOfKind(KINDS[1]).toReversed().join('\r\n'));
    expect((await retrained('five', '--rows', path('ids.txt'), '--focus', '0.9')).codes).toBe(odd.codes);
  });

  it.skipIf(!existsSync(resolve(data, 'catalog.json')))('finds the label of a set by itself', async () => {
    const files = ['--out', path('iris.npy'), '--report', path('iris.json')];
    expect(await unfold('ae', 'iris', ...files, '--then', 'retrain', '--rows', 'class=setosa')).toMatchObject(
      {
        status: 0,
        err: '',
      },
    );
    const { retrain } = JSON.parse(readFileSync(path('iris.json'), 'utf8')) as Report;
    expect(retrain).toMatchObject({ rows: 50, steps: 5 * Math.ceil(50 / 16) });
    expect(Object.keys(retrain?.after.classes ?? {}).sort()).toEqual(['setosa', 'versicolor', 'virginica']);
    expect(retrain?.after.classes.setosa).toBe(retrain?.after.selection);
  });

  it('says what went wrong, with status 1, and never writes over the file of ids', async () => {
    const ids = path('some.txt');
    writeFileSync(ids, '3\n4\nfive\n');
    writeFileSync(path('long.txt'), '1\n');
    truncateSync(path('long.txt'), 600e6); // without its bytes on the disk
    const then = (rows: string, ...more: string[]) => ['--then', 'retrain', '--rows', rows, ...more];
    const out = ['--out', path('never.csv')];
    const wrong: [string[], number, RegExp][] = [
      [[...out, ...then(path('nothing.txt'))], 1, /no file .*nothing\.txt.*class=NAME or random=N/],
      [[...out, ...then(path('.'))], 1, /can't be read/],
      [[...out, ...then(ids)], 1, /some\.txt, line 3: "five" is not the id of a row/],
      [
        [...out, '--report', path('never.json'), ...then('random=20', '--lr', '1e8', '--epochs', '50')],
        1,
        /^The loss ran away in epoch \d+ with --then retrain --lr 100000000; nothing was written\. Try --then retrain --lr 0\.001\.$/m,
      ],
      [
        ['--report', path('no/such/never.json'), ...then('class=rare')],
        1,
        /never\.json can't be written \(ENOENT\)/,
      ],
      [[...out, ...then(path('long.txt'))], 1, /long\.txt has 600 MB; a file of ids may have 500 MB\./],
      [[...out, '--report', ids, ...then(ids)], 2, /--report is a file that is read/],
    ];
    for (const [args, expected, message] of wrong) {
      const { status, err } = await unfold('ae', table, ...training, ...args);
      expect(err, args.join(' ')).toMatch(message);
      expect(status, args.join(' ')).toBe(expected);
    }
    expect(readFileSync(ids, 'utf8')).toBe('3\n4\nfive\n');
    expect(existsSync(path('never.csv')) || existsSync(path('never.json'))).toBe(false);
  });

  it('shortens what it tells of long names', async () => {
    const long = path('long.csv');
    const name = (first: string): string => first + 'x'.repeat(500);
    const rows = Array.from({ length: 12 }, (_, i) => `${i},${(i * 7) % 5},${name(i % 2 ? 'a' : 'b')}`);
    writeFileSync(long, [`x,y,${name('kind')}`, ...rows].join('\n'));
    const args = ['ae', long, '--out', path('never.csv'), '--label', name('kind'), '--epochs', '1'];
    const { status, err } = await unfold(...args, '--then', 'retrain', `--rows=class=${name('c')}`);
    expect(status).toBe(2);
    expect(err).toMatch(/has no class cx{38}…; there are [ab]x{38}…, [ab]x{38}…\./);
    expect(err.length).toBeLessThan(250);
  });
});

describe('files of ids', () => {
  const read = (text: string, rows = 100): number[] => idsOf(parseIds(text, rows, 'ids.txt'));

  it.each([
    ['3\n1\n99', [1, 3, 99]],
    ['\ufeff3\r\n\r\n  1 \r\n3\r\n', [1, 3]],
    ['id\n0\n31\n32\n', [0, 31, 32]],
    ['\n\nID\n7', [7]],
    ['007', [7]],
    ['"5"\n6', [5, 6]],
    ['id,digit,z1\n5,8,0.1\n6,"a,b\nc ""d""",-2\n"7",x,1', [5, 6, 7]],
    ['id,x\n5,3\n6,4', [5, 6]], // other columns are passed over
    ['id,selected\n1,0\n2,1\n3,1', [2, 3]],
    ['id,selected,more\n1,0,1\n2,1,1', [1, 2]], // not the last column
  ])('%j has the rows %j', (text, ids) => {
    expect(read(text)).toEqual(ids);
  });

  it.each([
    ['', 'ids.txt has no ids of rows.'],
    ['id\n\n', 'ids.txt has no ids of rows.'],
    ['id,selected\n1,0\n', 'ids.txt has no selected row.'],
    ['1\n\n1.5', 'ids.txt, line 3: "1.5" is not the id of a row, a whole number counted from 0.'],
    ['1\n-2', 'ids.txt, line 2: "-2" is not the id of a row, a whole number counted from 0.'],
    ['1\nid', 'ids.txt, line 2: "id" is not the id of a row, a whole number counted from 0.'],
    ['1\r2\r1e2', 'ids.txt, line 3: "1e2" is not the id of a row, a whole number counted from 0.'],
    ['\u001b[2J', 'ids.txt, line 1: "\\u001b[2J" is not the id of a row, a whole number counted from 0.'],
    ['99\n100', 'ids.txt, line 2: there is no row 100; the table has rows 0 to 99.'],
    [
      '99999999999999999999',
      'ids.txt, line 1: there is no row 99999999999999999999; the table has rows 0 to 99.',
    ],
    [
      'id,a\n1,"two\nlines"\nx,',
      'ids.txt, line 4: "x" is not the id of a row, a whole number counted from 0.',
    ],
    ['id,a\n1,"open\n2,b\n', 'ids.txt, line 2: a quote is not closed.'],
    [
      '1,2,3',
      'ids.txt, line 1: there are 3 cells; ids stand one a line, or in the first column of a CSV that is called id.',
    ],
    [
      '7\n8,1',
      'ids.txt, line 2: there are 2 cells; ids stand one a line, or in the first column of a CSV that is called id.',
    ],
    ['id,selected\n1,yes', 'ids.txt, line 2: selected is 1 or 0, not "yes".'],
  ])('%j is refused: %s', (text, message) => {
    expect(failureOf(() => read(text))).toBe(message);
  });

  it('of an export give the rows that were selected, whatever stands beside them', async () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom(',', '"', '\n', '\r', '1', 'selected') }),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(cell, { minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.boolean(),
        async (cells, chosen, only) => {
          const rows = cells.length;
          const selection = Uint32Array.of(chosen, chosen).map((word, i) =>
            i === Math.ceil(rows / 32) - 1 && rows % 32 !== 0 ? word & (2 ** (rows % 32) - 1) : word,
          );
          const bits = selection.slice(0, Math.ceil(rows / 32));
          fc.pre(bits.some((word) => word !== 0));
          const blob = await exportCsv({
            rows,
            latent: 1,
            codes: new Float32Array(rows),
            positions: new Float32Array(rows * 2),
            error: new Float32Array(rows),
            selection: bits,
            only,
            protect: true,
            labels: [{ name: cells[0] ?? '', text: true, cell: (row) => cells[row] ?? '' }],
            rest: () => Promise.resolve(),
          });
          expect(read(await blob.text(), rows)).toEqual(idsOf(bits));
        },
      ),
    );
  });
});
