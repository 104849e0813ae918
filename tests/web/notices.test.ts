// What the page says of a matter stays as long as the matter does.
import { describe, expect, it } from 'vitest';
import { bitsOfRows } from '../../web/state/selection.ts';
import type { Bench } from './session-fixture.ts';
import {
  BAD_FILE,
  csvFile,
  press,
  progressOf,
  runResult,
  settle,
  tableInfo,
  texts,
  trainingBench,
} from './session-fixture.ts';

const RESULT = runResult({ epochs: 1, steps: 35 });

async function trainedBench() {
  const bench = await trainingBench();
  await bench.engine.waiting('run').answer(RESULT);
  await settle();
  return bench;
}

async function openAnother({ actions, engine }: Bench): Promise<void> {
  void actions.open(csvFile('penguins.csv'));
  await settle();
  const { body, answer } = engine.waiting('open');
  await answer(tableInfo(body.table, { name: 'penguins.csv' }));
}

function select({ actions }: Bench, rows: number[]): void {
  actions.selectBits(bitsOfRows(rows, 4898), { kind: 'rows', rows: [rows[0] ?? 0, rows.length] }, 'replace');
}

/** A retrain has been done, and another training is under way. */
async function runningAfterRetrain() {
  const bench = await trainedBench();
  select(bench, [1, 2, 3]);
  void bench.actions.retrain();
  await settle();
  await bench.engine.waiting('run').answer(runResult({ epochs: 1, steps: 40 }));
  void bench.actions.train();
  await settle();
  return bench;
}

describe('a notice is withdrawn when its cause is over', () => {
  it('why a step could not be undone, when the training ends', async () => {
    const bench = await runningAfterRetrain();
    await bench.actions.undo();
    expect(texts(bench)).toEqual(['Stop the training first: this step changes the model.']);
    await bench.engine.waiting('run').answer(runResult({ epochs: 1, steps: 75 }));
    expect(texts(bench)).toEqual([]);
  });

  it('why a step could not be undone, when another step is taken', async () => {
    const bench = await runningAfterRetrain();
    await bench.actions.undo();
    select(bench, [7]);
    await bench.actions.undo();
    expect(texts(bench)).toEqual([]);
  });

  it('that no row was found, when rows are selected', async () => {
    const bench = await trainedBench();
    const search = bench.actions.selectBy({ kind: 'search', text: 'gone', column: null });
    await bench.engine.waiting('select').answer(bitsOfRows([], 4898));
    await search;
    expect(texts(bench)).toEqual(['No row found: “gone” in any column.']);
    select(bench, [7]);
    expect(texts(bench)).toEqual([]);
  });

  it('that rows could not be exported, when they have been; the file is named once', async () => {
    const bench = await trainedBench();
    bench.engine.answers.export = () => Promise.reject(BAD_FILE);
    await bench.actions.exportRows({ only: false, protect: true });
    expect(texts(bench)).toEqual(['The rows can’t be exported. This is a PNG image.']);
    bench.engine.answers.export = () => new Blob(['id']);
    await bench.actions.exportRows({ only: false, protect: true });
    expect(texts(bench)).toEqual([]);
    select(bench, [7]);
    await bench.actions.exportRows({ only: true, protect: true });
    expect(bench.saved.map(({ name }) => name)).toEqual(['wine rows.csv', 'wine selected rows.csv']);
  });

  it('that training has stopped, when one has ended well', async () => {
    const bench = await trainingBench();
    await bench.engine.waiting('run').refuse({ code: 'no_memory', message: 'Too little memory.', hint: '' });
    expect(texts(bench)).toEqual(['Training has stopped. Too little memory.']);
    void bench.actions.retry();
    await settle();
    await bench.engine.waiting('run').answer(RESULT);
    expect(texts(bench)).toEqual([]);
  });

  it('any of them, when another table is there', async () => {
    const bench = await trainedBench();
    const search = bench.actions.selectBy({ kind: 'search', text: 'gone', column: null });
    await bench.engine.waiting('select').answer(bitsOfRows([], 4898));
    await search;
    bench.engine.answers.export = () => Promise.reject(BAD_FILE);
    await bench.actions.exportRows({ only: false, protect: true });
    expect(texts(bench)).toHaveLength(2);
    await openAnother(bench);
    expect(texts(bench)).toEqual([]);
  });
});

describe('questions', () => {
  it('are said in the live region, too', async () => {
    const bench = await trainingBench();
    await bench.actions.open(csvFile('penguins.csv'));
    expect(bench.store.announcement.value).toBe('Training is under way. Open penguins.csv instead?');
    await press(bench, 'Keep training');
    expect(texts(bench)).toEqual([]);
  });

  it('a pause is said, whether the worker’s progress or its answer comes first', async () => {
    const bench = await trainingBench();
    delete bench.engine.answers.pause;
    for (const progressFirst of [true, false]) {
      bench.actions.announce('');
      const pause = bench.actions.pause();
      await settle();
      const told = progressOf(bench.job, { state: 'paused' });
      if (progressFirst) bench.actions.onProgress(told);
      await bench.engine.waiting('pause').answer(null);
      await pause;
      if (!progressFirst) bench.actions.onProgress(told);
      expect(bench.store.phase.value.kind).toBe('paused');
      expect(bench.store.announcement.value).toBe('Paused.');
      bench.wait(60_000);
      await bench.actions.resume();
    }
  });
});
