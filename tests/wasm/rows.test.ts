// Sets of rows through the session with the real kernels: finding, measuring, summarising and exporting them,
// each against the slow and obvious way over what the session itself gives for single rows and cells.
import { describe, expect, it } from 'vitest';
import type { Criterion, Id, RowBits } from '../../web/protocol/messages.ts';
import {
  bitsOf,
  everyStepLong,
  made,
  modelOf,
  params,
  ROWS,
  range,
  returning,
  rowsOf,
  run,
  weights,
} from './retrain-support.ts';
import { type Hosted, host } from './session-host.ts';

const TEXT = `name,group,size,note,exact
"Ada, L.",=1+1,0.1,blue Whale,1600000001
Bob,red,0.3,,1600000002
Çelik,red,,whale,1600000003
dora,blue,-2,BLUE,1600000004
Eve,red,1e300,x,1600000005
Ada,,0.1,y,1600000006
"line
break",blue,7,z,1600000007
`;

/** A table of the text, its number columns prepared as features. */
async function opened(hosted: Hosted, text = TEXT) {
  const table = hosted.nextId();
  const source = { blob: new Blob([text]), name: 'rows.csv' };
  const info = await hosted.ask({
    type: 'open',
    table,
    job: hosted.nextId(),
    source,
    hints: { label: 'group' },
  });
  const roles = info.columns.map(({ kind }) => (kind === 'number' ? 'feature' : 'ignored') as 'feature');
  const spec = { roles, scale: 'standard' as const };
  await hosted.ask({ type: 'prepare', table, job: hosted.nextId(), spec });
  const column = (name: string) => info.columns.findIndex((one) => one.name === name);
  const select = async (by: Criterion) => rowsOf(await hosted.ask({ type: 'select', table, by }), info.rows);
  return { hosted, table, info, column, select };
}

describe('rows are selected', () => {
  it('by class: by its words, all but these, and those without any', async () => {
    const { select, column } = await opened(host());
    const group = column('group');
    const by = (classes: string[], more: object = {}) =>
      select({ kind: 'class', column: group, classes, ...more });
    expect(await by(['red'])).toEqual([1, 2, 4]);
    expect(await by(['=1+1', 'blue'])).toEqual([0, 3, 6]);
    expect(await by(['Red', 'nothing'])).toEqual([]);
    expect(await by(['red'], { except: true })).toEqual([0, 3, 6]);
    expect(await by(['red'], { missing: true })).toEqual([1, 2, 4, 5]);
    expect(await by(['red'], { except: true, missing: true })).toEqual([0, 3, 5, 6]);
    expect(await by([], { except: true })).toEqual([0, 1, 2, 3, 4, 6]);
  });

  it('by the numbers of a class, however they are written', async () => {
    const { select, column } = await opened(host());
    const size = column('size');
    expect(await select({ kind: 'class', column: size, classes: ['0.1'] })).toEqual([0, 5]);
    const float = String(Math.fround(0.1));
    expect(await select({ kind: 'class', column: size, classes: [float, '7'] })).toEqual([0, 5, 6]);
    expect(await select({ kind: 'class', column: size, classes: ['', 'NaN'] })).toEqual([]);
    expect(await select({ kind: 'class', column: size, classes: [], missing: true })).toEqual([2]);
  });

  it('by a range, both ends included to the last digit, rows without a number never', async () => {
    const { select, column } = await opened(host());
    const size = column('size');
    const range = (lo: number | null, hi: number | null, of = size) =>
      select({ kind: 'range', column: of, lo, hi });
    expect(await range(0.1, 0.3)).toEqual([0, 1, 5]);
    expect(await range(0.1 + 1e-12, null)).toEqual([1, 4, 6]);
    expect(await range(null, 0.1)).toEqual([0, 3, 5]);
    expect(await range(null, null)).toEqual([0, 1, 3, 4, 5, 6]);
    expect(await range(1e299, 1e301)).toEqual([4]);
    expect(await range(1e301, null)).toEqual([]);
    expect(await range(5, 4)).toEqual([]);
    // All of these are one and the same float.
    expect(await range(1_600_000_002, 1_600_000_004, column('exact'))).toEqual([1, 2, 3]);
  });

  it('by a search in any column or one, upper case or lower', async () => {
    const { select, column } = await opened(host());
    const search = (text: string, of: number | null = null) => select({ kind: 'search', text, column: of });
    expect(await search('BLUE')).toEqual([0, 3, 6]);
    expect(await search('whale')).toEqual([0, 2]);
    expect(await search('ada')).toEqual([0, 5]);
    expect(await search('çel')).toEqual([2]);
    expect(await search('0.1', column('size'))).toEqual([0, 5]);
    expect(await search('E+3')).toEqual([4]);
    expect(await search('000005')).toEqual([4]);
    expect(await search('blue', column('group'))).toEqual([3, 6]);
    expect(await search('\n')).toEqual([6]);
  });

  it('by a search through words past the list of categories', async () => {
    const rows = 12_000;
    const text = `word,x\n${range(0, rows)
      .map((row) => `w${row} ${row % 3 === 0 ? 'Even' : 'odd'},${row % 7}`)
      .join('\n')}\n`;
    const { select, column, info } = await opened(host(), text);
    expect(info.columns[0]?.distinct).toBeNull();
    expect(await select({ kind: 'search', text: 'even', column: column('word') })).toEqual(
      range(0, rows).filter((row) => row % 3 === 0),
    );
    expect(await select({ kind: 'search', text: 'w11999 ', column: null })).toEqual([11_999]);
    const classes = ['w11000 odd', 'w6 Even'];
    expect(await select({ kind: 'class', column: column('word'), classes })).toEqual([6, 11_000]);
  });

  it('at random: exactly so many, the same for the same seed', async () => {
    const { hosted, table } = await made(host());
    const random = async (n: number, seed: number) =>
      rowsOf(await hosted.ask({ type: 'select', table, by: { kind: 'random', n, seed } }));
    const first = await random(100, 3);
    expect(first.length).toBe(100);
    expect(await random(100, 3)).toEqual(first);
    expect(await random(100, 4)).not.toEqual(first);
    expect((await random(5000, 3)).length).toBe(ROWS);
    expect(await random(0, 3)).toEqual([]);
  });

  it('not by what makes no sense: the field is named', async () => {
    const { hosted, table, column } = await opened(host());
    const wrong: [Criterion, string][] = [
      [{ kind: 'class', column: 9, classes: [] }, 'column'],
      [{ kind: 'range', column: -1, lo: 0, hi: 1 }, 'column'],
      [{ kind: 'range', column: column('group'), lo: 0, hi: 1 }, 'column'],
      [{ kind: 'range', column: column('size'), lo: Number.NaN, hi: 1 }, 'lo'],
      [{ kind: 'search', text: 'a', column: 0.5 }, 'column'],
      [{ kind: 'search', text: '', column: null }, 'text'],
      [{ kind: 'random', n: -1, seed: 1 }, 'n'],
      [{ kind: 'random', n: 1, seed: 1.5 }, 'seed'],
      [{ kind: 'colour' } as unknown as Criterion, 'kind'],
    ];
    for (const [by, where] of wrong) {
      await expect(hosted.ask({ type: 'select', table, by }), JSON.stringify(by)).rejects.toMatchObject({
        code: 'bad_param',
        where,
      });
    }
  });

  it('with turns in between, and a sign of life in a long search; a freed table ends it', async () => {
    const hosted = host({ now: everyStepLong() });
    const { table } = await made(hosted, {}, 3000);
    const before = hosted.events.length;
    const by = { kind: 'search', text: '1', column: null } as const;
    const searching = hosted.ask({ type: 'select', table, by });
    let answered = false;
    void searching.then(() => (answered = true));
    await hosted.ask({ type: 'read', what: 'cells', table, rows: new Uint32Array([1]) });
    expect(answered).toBe(false);
    expect(rowsOf(await searching, 3000).length).toBeGreaterThan(2000);
    expect(hosted.events.slice(before).some(({ type }) => type === 'alive')).toBe(true);
    const gone = hosted.ask({ type: 'select', table, by });
    await hosted.ask({ type: 'free', target: table });
    await expect(gone).rejects.toMatchObject({ code: 'not_found' });
    expect(hosted.session.bytesInUse).toBe(0);
  });
});

/** Distance correlation by its definition: both matrices of distances, centred twice. */
function distanceCorrelation(a: number[][], b: number[][]): number {
  const n = a.length;
  const centred = (points: number[][]): number[][] => {
    const distance = points.map((p) =>
      points.map((q) => Math.sqrt(p.reduce((sum, v, j) => sum + (v - (q[j] ?? 0)) ** 2, 0))),
    );
    const row = distance.map((line) => line.reduce((sum, v) => sum + v, 0) / n);
    const all = row.reduce((sum, v) => sum + v, 0) / n;
    return distance.map((line, i) => line.map((v, j) => v - (row[i] ?? 0) - (row[j] ?? 0) + all));
  };
  const [x, y] = [centred(a), centred(b)];
  const cov = (p: number[][], q: number[][]) =>
    p.reduce((sum, line, i) => sum + line.reduce((s, v, j) => s + v * (q[i]?.[j] ?? 0), 0), 0);
  return Math.sqrt(cov(x, y) / Math.sqrt(cov(x, x) * cov(y, y)));
}

async function inputs(hosted: Hosted, model: Id, rows: number[]) {
  const details = [];
  for (const row of rows) details.push(await hosted.ask({ type: 'read', what: 'inspect', model, row }));
  return details;
}

describe('a measurement', () => {
  it('is the mean error of each group and class, and the distance correlation by its definition', async () => {
    const at = await made(returning());
    await run(at, {}, true);
    const { hosted, model, table } = at;
    const chosen = range(0, ROWS).filter((row) => row % 5 === 0);
    const selection = bitsOf(chosen);
    const measured = await hosted.ask({ type: 'measure', model, selection, column: 8 });
    const details = await inputs(hosted, model, range(0, ROWS));
    const mean = (rows: number[]) =>
      rows.reduce((sum, row) => sum + (details[row]?.error ?? 0), 0) / rows.length;
    const rest = range(0, ROWS).filter((row) => row % 5 !== 0);
    expect(measured.step).toBe(6 * 17);
    expect(measured.selection.n).toBe(120);
    expect(measured.rest.n).toBe(480);
    expect(measured.selection.error).toBeCloseTo(mean(chosen), 12);
    expect(measured.rest.error).toBeCloseTo(mean(rest), 12);
    const cells = await hosted.ask({
      type: 'read',
      what: 'cells',
      table,
      rows: Uint32Array.from(range(0, ROWS)),
    });
    const labels = cells.map((line) => line[8] ?? '');
    expect(measured.classes.reduce((sum, { n }) => sum + n, 0)).toBe(ROWS);
    for (const { name, n, error } of measured.classes) {
      const of = range(0, ROWS).filter((row) => labels[row] === name);
      expect(n).toBe(of.length);
      expect(error).toBeCloseTo(mean(of), 12);
    }
    for (const [group, rows] of [
      [measured.selection, chosen],
      [measured.rest, rest],
    ] as const) {
      const slow = distanceCorrelation(
        rows.map((row) => [...(details[row]?.input ?? [])]),
        rows.map((row) => [...(details[row]?.latent ?? [])]),
      );
      expect(group.distance_correlation).toBeCloseTo(slow, 5);
    }
    // Without changing anything.
    expect(await hosted.ask({ type: 'measure', model, selection, column: 8 })).toEqual(measured);
  });

  it('has a line for the rows without a label, under a name that no class has', async () => {
    const named = async (word: string) => {
      const text = TEXT.replaceAll('blue', word).replace('1e300', '9');
      const { hosted, table, column, info } = await opened(host(), text);
      const ids = { model: hosted.nextId(), map: hosted.nextId() };
      await hosted.ask({ type: 'create', ...ids, table, method: 'ae', params, spec: { axes: [0, 1] } });
      const selection = bitsOf([2], info.rows);
      const ask = (name: string) =>
        hosted.ask({ type: 'measure', model: ids.model, selection, column: column(name) });
      const errors = await hosted.ask({ type: 'read', what: 'error', model: ids.model });
      const cells = await hosted.ask({
        type: 'read',
        what: 'cells',
        table,
        rows: Uint32Array.from(range(0, info.rows)),
      });
      const without = range(0, info.rows).filter((row) => cells[row]?.[column('group')] === '');
      expect(without.length).toBeGreaterThan(0);
      const mean = without.reduce((sum, row) => sum + (errors[row] ?? Number.NaN), 0) / without.length;
      const { classes } = await ask('group');
      const last = classes.at(-1);
      expect(last).toMatchObject({ n: without.length, missing: true });
      expect(last?.error).toBeCloseTo(mean, 10);
      expect(classes.slice(0, -1).some(({ missing }) => missing)).toBe(false);
      return last?.name;
    };
    expect(await named('blue')).toBe('Missing');
    expect(await named('Missing')).toBe('Missing (no value)');
  });

  it('has nothing to say of nothing', async () => {
    const at = await made(host());
    const ask = (selection: RowBits) =>
      at.hosted.ask({ type: 'measure', model: at.model, selection, column: null });
    const none = await ask(bitsOf([]));
    expect(none.selection).toEqual({ n: 0, error: null, distance_correlation: null });
    expect(none.rest.n).toBe(ROWS);
    expect(none.classes).toEqual([]);
    const all = await ask(bitsOf(range(0, ROWS)));
    expect(all.rest).toEqual({ n: 0, error: null, distance_correlation: null });
    expect(all.selection).toEqual(none.rest);
    const two = await ask(bitsOf([3, 4]));
    expect(two.selection).toMatchObject({ n: 2, distance_correlation: null });
    await expect(ask(new Uint32Array(3))).rejects.toMatchObject({ code: 'bad_param', where: 'selection' });
    const wrong = at.hosted.ask({
      type: 'measure',
      model: at.model,
      selection: bitsOf([1]),
      column: 12,
    });
    await expect(wrong).rejects.toMatchObject({ code: 'bad_param', where: 'column' });
  });

  it('of a code of one number takes that number alone, not the chance that is drawn beside it', async () => {
    const at = await made(host(), { latent: 1 });
    await run(at);
    const chosen = range(0, 150);
    const measured = await at.hosted.ask({
      type: 'measure',
      model: at.model,
      selection: bitsOf(chosen),
      column: null,
    });
    const details = await inputs(at.hosted, at.model, chosen);
    const slow = distanceCorrelation(
      details.map(({ input }) => [...input]),
      details.map(({ latent }) => [...latent]),
    );
    expect(measured.selection.distance_correlation).toBeCloseTo(slow, 5);
  });

  it('ends with its model, and leaves no memory behind', async () => {
    const hosted = host({ now: everyStepLong() });
    const at = await made(hosted, {}, 5000);
    const selection = bitsOf(range(0, 2500), 5000);
    for (const target of [at.model, at.table]) {
      const again = target === at.model ? at : await modelOf(hosted, at.table, {}, 5000);
      const measuring = hosted.ask({ type: 'measure', model: again.model, selection, column: 8 });
      await new Promise((resolve) => setImmediate(resolve));
      await hosted.ask({ type: 'free', target });
      await expect(measuring).rejects.toMatchObject({ code: 'not_found' });
    }
    expect(hosted.session.bytesInUse).toBe(0);
  });

  it('leaves out the distance correlation when there is no memory for it, and nothing else', async () => {
    const selection = bitsOf(range(0, 300));
    const measured = async (memory: number | null) => {
      const { hosted, model } = await made(host({ memory }));
      const bytes = hosted.session.bytesInUse;
      return { bytes, of: await hosted.ask({ type: 'measure', model, selection, column: 8 }) };
    };
    const all = await measured(null);
    // A session may use half of the machine's memory: 300 rows of 8 features and their points are some 20 kB.
    const little = await measured(2 * (all.bytes + 10_000));
    const enough = await measured(2 * (all.bytes + 100_000));
    expect(enough.of).toEqual(all.of);
    expect(all.of.selection.distance_correlation).toBeGreaterThan(0);
    const without = (group: object) => ({ ...group, distance_correlation: null });
    expect(little.of).toEqual({
      ...all.of,
      selection: without(all.of.selection),
      rest: without(all.of.rest),
    });
  });
});

describe('a summary', () => {
  it('is what the rows are made of beside the others, in the units of the file', async () => {
    const at = await made(host());
    const { hosted, model, table } = at;
    const chosen = range(0, ROWS).filter((row) => row % 7 === 2);
    const summary = await hosted.ask({
      type: 'read',
      what: 'summary',
      table,
      rows: bitsOf(chosen),
      column: 8,
    });
    const details = await inputs(hosted, model, range(0, ROWS));
    const rest = range(0, ROWS).filter((row) => row % 7 !== 2);
    expect(summary.n).toBe(chosen.length);
    for (let j = 0; j < 8; j += 1) {
      const values = (rows: number[]) => rows.map((row) => details[row]?.input_raw[j] ?? 0);
      const mean = (v: number[]) => v.reduce((sum, x) => sum + x, 0) / v.length;
      const squares = (v: number[]) => v.reduce((sum, x) => sum + (x - mean(v)) ** 2, 0);
      const [a, b] = [values(chosen), values(rest)];
      const pooled = Math.sqrt((squares(a) + squares(b)) / (a.length + b.length - 2));
      expect(summary.mean[j]).toBeCloseTo(mean(a), 4);
      expect(summary.rest_mean[j]).toBeCloseTo(mean(b), 4);
      expect(summary.effect[j]).toBeCloseTo((mean(a) - mean(b)) / pooled, 4);
    }
    const cells = await hosted.ask({ type: 'read', what: 'cells', table, rows: Uint32Array.from(chosen) });
    const count = (name: string) => cells.filter((line) => line[8] === name).length;
    for (const { name, n, of } of summary.labels) {
      expect(n).toBe(count(name));
      expect(of).toBeGreaterThanOrEqual(n);
    }
    expect(summary.labels.reduce((sum, { of }) => sum + of, 0)).toBe(ROWS);
    expect(summary.missing).toBe(0);
  });

  it('of a category is the share of each of its values', async () => {
    const { hosted, table, column, info } = await opened(host());
    const chosen = [column('group'), column('exact')];
    const roles = info.columns.map((_, j) => (chosen.includes(j) ? 'feature' : 'ignored') as 'feature');
    const spec = { roles, scale: 'standard' as const };
    const features = await hosted.ask({ type: 'prepare', table, job: hosted.nextId(), spec });
    const rows = bitsOf([1, 2, 3], info.rows);
    const summary = await hosted.ask({ type: 'read', what: 'summary', table, rows, column: null });
    const of = (name: string) => features.names.indexOf(name);
    expect(summary.mean[of('group = red')]).toBeCloseTo(2 / 3, 6);
    expect(summary.rest_mean[of('group = red')]).toBeCloseTo(1 / 4, 6);
    expect(summary.mean[of('exact')]).toBe(Math.fround(1_600_000_003));
    expect([summary.labels, summary.missing]).toEqual([[], 0]);
  });

  it('counts rows without a label, and ends when the columns are used in another way', async () => {
    const { hosted, table, column, info } = await opened(host());
    const rows = bitsOf([1, 4, 5], info.rows);
    const ask = () => hosted.ask({ type: 'read', what: 'summary', table, rows, column: column('group') });
    const summary = await ask();
    expect(summary.labels.find(({ name }) => name === 'red')).toEqual({ name: 'red', n: 2, of: 3 });
    expect(summary.missing).toBe(1);
    const slow = host({ now: everyStepLong() });
    const at = await made(slow, {}, 20_000); // keeps the features it was made on
    const prepare = (features: number) => {
      const roles = range(0, 9).map((i) => (i < features ? 'feature' : 'ignored') as 'feature');
      const spec = { roles, scale: 'auto' as const };
      return slow.ask({ type: 'prepare', table: at.table, job: slow.nextId(), spec });
    };
    await prepare(4);
    const of = bitsOf(range(0, 9000), 20_000);
    const pending = slow.ask({ type: 'read', what: 'summary', table: at.table, rows: of, column: null });
    const failed = expect(pending).rejects.toMatchObject({ code: 'cancelled' });
    await prepare(8);
    await failed;
  });

  it('is given up for the next one of the same table, and for no other', async () => {
    const hosted = host({ now: everyStepLong() });
    const [at, other] = [await made(hosted, {}, 20_000), await made(hosted, {}, 20_000)];
    const ask = ({ table }: { table: Id }, last: number) => {
      const rows = bitsOf(range(0, last), 20_000);
      return hosted.ask({ type: 'read', what: 'summary', table, rows, column: 8 });
    };
    const elsewhere = ask(other, 10);
    const first = expect(ask(at, 10)).rejects.toMatchObject({ code: 'cancelled' });
    const second = expect(ask(at, 20)).rejects.toMatchObject({ code: 'cancelled' });
    const { n } = await ask(at, 30);
    await Promise.all([first, second]);
    expect([n, (await elsewhere).n]).toEqual([30, 10]);
    for (const target of [at.table, other.table]) await hosted.ask({ type: 'free', target });
    expect(hosted.session.bytesInUse).toBe(0);
  });
});

describe('an export', () => {
  it('holds every row as the model has it, or the selected ones', async () => {
    const at = await made(returning());
    await run(at, {}, true);
    const { hosted, model } = at;
    const selection = bitsOf([2, 31, 32, 599]);
    const ask = (only: boolean, of: RowBits | null = selection) =>
      hosted.ask({ type: 'export', model, selection: of, only, protect: true, labels: [8] });
    const text = await (await ask(false)).text();
    const lines = text.trimEnd().split('\n');
    expect(lines[0]).toBe('id,blob,z1,z2,x,y,error,selected');
    expect(lines.length).toBe(ROWS + 1);
    const codes = await hosted.ask({ type: 'read', what: 'latent', model });
    const errors = await hosted.ask({ type: 'read', what: 'error', model });
    lines.slice(1).forEach((line, row) => {
      const cells = line.split(',');
      expect(Number(cells[0])).toBe(row);
      expect(Math.fround(Number(cells[2]))).toBe(codes[2 * row]);
      expect(Math.fround(Number(cells[3]))).toBe(codes[2 * row + 1]);
      expect(Math.fround(Number(cells[6]))).toBe(errors[row]);
      expect(cells[7]).toBe([2, 31, 32, 599].includes(row) ? '1' : '0');
    });
    const few = (await (await ask(true)).text()).trimEnd().split('\n');
    expect(few.slice(1).map((line) => Number(line.split(',')[0]))).toEqual([2, 31, 32, 599]);
    await expect(ask(true, null)).rejects.toMatchObject({ code: 'bad_param', where: 'selection' });
    const wrong = hosted.ask({
      type: 'export',
      model,
      selection,
      only: false,
      protect: true,
      labels: [9],
    });
    await expect(wrong).rejects.toMatchObject({ code: 'bad_param', where: 'labels' });
  });

  it('row 82: defuses words that look like formulas, never numbers', async () => {
    const { hosted, table, column } = await opened(host());
    const [model, map] = [hosted.nextId(), hosted.nextId()];
    const params = {
      hidden: [4],
      latent: 2,
      activation: 'tanh',
      output: 'linear',
      loss: 'mse',
      seed: 1,
    } as const;
    await hosted.ask({
      type: 'create',
      model,
      map,
      table,
      method: 'ae',
      params: { ...params, hidden: [4] },
      spec: { axes: [0, 1] },
    });
    const labels = [column('group'), column('size')];
    const text = async (protect: boolean) =>
      (await hosted.ask({ type: 'export', model, selection: null, only: false, protect, labels })).text();
    expect(await text(true)).toContain(`\n0,'=1+1,0.1,`);
    expect(await text(true)).toContain('\n3,blue,-2,');
    expect(await text(false)).toContain('\n0,=1+1,0.1,');
  });
});

describe('held-out rows', () => {
  it('are those of the model, as many as the fraction says, the same after a training', async () => {
    const at = await made(host());
    const ask = (heldout: number) =>
      at.hosted.ask({ type: 'read', what: 'heldout', model: at.model, heldout });
    const out = rowsOf(await ask(0.1));
    expect(out.length).toBe(60);
    expect(rowsOf(await ask(0))).toEqual([]);
    const bits = await weights(at);
    await run(at);
    expect(rowsOf(await ask(0.1))).toEqual(out);
    expect((await weights(at)).equals(bits)).toBe(false);
    const other = await made(host(), { seed: 2 });
    const theirs = await other.hosted.ask({
      type: 'read',
      what: 'heldout',
      model: other.model,
      heldout: 0.1,
    });
    expect(rowsOf(theirs)).not.toEqual(out);
    for (const wrong of [-0.1, 0.6, Number.NaN]) {
      await expect(ask(wrong)).rejects.toMatchObject({ code: 'bad_param', where: 'heldout' });
    }
  });
});
