// What runs by itself on a first look.
import { describe, expect, it } from 'vitest';
import { bitsOfRows } from '../../web/state/selection.ts';
import {
  BAD_FILE,
  type Bench,
  CATALOG,
  createBench,
  csvFile,
  featureInfo,
  frameOf,
  kind,
  READY,
  runResult,
  tableInfo,
  texts,
} from './session-fixture.ts';

describe('the demonstration', () => {
  /** Answers every read, and lets streams run. */
  async function begin(bench: Bench): Promise<void> {
    bench.engine.answers.open = ({ table, source }) => {
      const rows = source.name.includes('head') ? 2000 : 10_000;
      return tableInfo(table, { name: source.name, rows });
    };
    bench.engine.answers.prepare = () => featureInfo({ d: 784, n: 2000 });
    void bench.actions.start();
    bench.actions.onReady(READY);
    await streams();
  }

  async function streams(): Promise<void> {
    for (let i = 0; i < 30; i++) await new Promise((resolve) => setTimeout(resolve));
  }

  it('trains epoch 1 on the first rows, and the others on all rows with the same model', async () => {
    const bench = createBench();
    await begin(bench);
    const { engine, store } = bench;
    expect(store.firstVisit.value).toBe(true);
    const first = engine.waiting('run').body;
    expect(first.fit.epochs).toBe(1);
    expect(store.map.value?.rows).toBe(2000);
    bench.actions.onFrame(frameOf(store.map.value?.map ?? 0, 2000), () => undefined);
    await engine.waiting('run').answer(runResult({ epochs: 1 }));
    await streams();
    const second = engine.waiting('run').body;
    expect(second.model).toBe(first.model);
    expect(second.fit.table).toBe(store.table.value?.info.table);
    expect(second.fit.epochs).toBeGreaterThan(1);
    expect(store.map.value).toMatchObject({ rows: 10_000, table: second.fit.table });
    const positions = store.bulk.maps.get(store.map.value?.map ?? 0)?.positions;
    expect(positions).toHaveLength(20_000);
    expect([positions?.[0], positions?.[4000]]).toEqual([0, Number.NaN]);
    expect(engine.count('create')).toBe(1);
  });

  it('never trains on a row that is held out once all are there', async () => {
    const bench = createBench();
    // Of all 10,000 rows every fifth is held out.
    const heldout = bitsOfRows(
      Array.from({ length: 2000 }, (_, i) => 5 * i),
      10_000,
    );
    const asked: unknown[] = [];
    bench.engine.answers.read = (body) => {
      if (body.what === 'heldout') asked.push(body.of);
      return body.what === 'heldout' ? heldout : { kind: 'number', values: new Float32Array(2000) };
    };
    await begin(bench);
    const { fit } = bench.engine.waiting('run').body;
    expect(asked[0]).toBe(10_000);
    expect([...(fit.rows ?? [])]).toEqual(
      Array.from({ length: 2000 }, (_, i) => i).filter((row) => row % 5 !== 0),
    );
    expect(fit.heldout).toBe(0);
  });

  it('tells its first epoch as one on the first of all rows, where their numbers are the same', async () => {
    const fits = async (scale: 'none' | 'standard') => {
      const bench = createBench();
      bench.engine.answers.open = ({ table, source }) =>
        tableInfo(table, { name: source.name, rows: source.name.includes('head') ? 2000 : 10_000 });
      bench.engine.answers.prepare = () => featureInfo({ d: 784, n: 2000, scale });
      void bench.actions.start();
      bench.actions.onReady(READY);
      await streams();
      await bench.engine.waiting('run').answer(runResult({ epochs: 1, steps: 15 }));
      await streams();
      const { nodes } = bench.store.history.value;
      return { nodes, table: bench.store.table.value?.info.table };
    };
    const same = await fits('none');
    expect(same.nodes[0]?.fits).toMatchObject([{ table: same.table, steps: 15 }]);
    /* Scaled by their own mean and spread they are other numbers. */
    const other = await fits('standard');
    expect(other.nodes[0]?.fits[0]?.table).not.toBe(other.table);
  });

  it('waits for all rows however late they are', async () => {
    let deliver: (response: Response) => void = () => undefined;
    const late = new Promise<Response>((resolve) => {
      deliver = resolve;
    });
    const bench = createBench({
      fetch: (url) => (url.includes('head') ? Promise.resolve(new Response('x')) : late),
    });
    await begin(bench);
    await bench.engine.waiting('run').answer(runResult({ epochs: 1 }));
    await streams();
    expect(bench.engine.count('run')).toBe(1);
    expect(bench.store.phase.value).toMatchObject({ kind: 'opening', stage: 'fetch', replaces: true });
    deliver(new Response('x'));
    await streams();
    expect(bench.engine.count('run')).toBe(2);
  });

  it('goes on with the first rows when the others can’t be fetched', async () => {
    const bench = createBench({
      fetch: (url) =>
        Promise.resolve(url.includes('head') ? new Response('x') : new Response('', { status: 404 })),
    });
    await begin(bench);
    await bench.engine.waiting('run').answer(runResult({ epochs: 1 }));
    await streams();
    expect(bench.engine.waiting('run').body.fit.table).toBeUndefined();
    expect(texts(bench)[0]).toContain('404');
    expect(texts(bench)[0]).toContain('the first 2,000 rows');
  });

  it('gives way to a dropped file at once, without asking', async () => {
    const bench = createBench();
    await begin(bench);
    const { engine, store } = bench;
    const demo = engine.waiting('run');
    engine.answers.cancel = () => {
      void demo.answer(runResult({ outcome: 'cancelled', reason: 'user' }));
      return null;
    };
    void bench.actions.open(csvFile('mine.csv'));
    await streams();
    expect(store.firstVisit.value).toBe(false);
    expect(store.table.value?.info.name).toBe('mine.csv');
    expect(texts(bench)).toEqual([]);
    expect(engine.waiting('run').body.fit.epochs).toBeGreaterThan(1);
    const shown = [bench.store.table.value?.info.table];
    const opened = engine.sent.flatMap((body) => (body.type === 'open' ? [body.table] : []));
    expect(engine.freed()).toEqual(expect.arrayContaining(opened.filter((table) => !shown.includes(table))));
  });

  it('goes on after a file that can’t be read, and still gives way without asking', async () => {
    const bench = createBench();
    await begin(bench);
    const { engine, store } = bench;
    const job = engine.waiting('run').body.job;
    engine.answers.open = ({ table, source }) => {
      if (source.name === 'bad.csv') throw BAD_FILE;
      return tableInfo(table, { name: source.name });
    };
    void bench.actions.open(csvFile('bad.csv'));
    await streams();
    expect(store.phase.value).toEqual({ kind: 'running', job, stopping: false });
    const demo = engine.waiting('run');
    engine.answers.cancel = () => {
      void demo.answer(runResult({ outcome: 'cancelled', reason: 'user' }));
      return null;
    };
    void bench.actions.open(csvFile('good.csv'));
    await streams();
    expect(store.table.value?.info.name).toBe('good.csv');
    void bench.actions.open(csvFile('third.csv'));
    await streams();
    expect(texts(bench).at(-1)).toBe('Training is under way. Open third.csv instead?');
  });

  it('is a generated set where the digits are not there, and nothing where there is nothing', async () => {
    const bench = createBench({ catalog: CATALOG.filter(({ kind: what }) => what === 'synthetic') });
    await begin(bench);
    expect(bench.store.table.value?.info.name).toBe('Rings');
    const none = createBench({ catalog: [] });
    await begin(none);
    expect(kind(none)).toBe('empty');
  });

  it('ends with Stop, and all rows that came meanwhile are freed', async () => {
    const bench = createBench();
    await begin(bench);
    void bench.actions.stop();
    await bench.engine.waiting('run').answer(runResult({ outcome: 'stopped', reason: 'user' }));
    await streams();
    expect(kind(bench)).toBe('finished');
    expect(bench.engine.count('run')).toBe(1);
    const opened = bench.engine.sent.flatMap((body) => (body.type === 'open' ? [body.table] : []));
    expect(bench.engine.freed()).toEqual(opened.slice(1));
  });
});
