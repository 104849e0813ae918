/** Selections beside the rest of a session: what they leave alone, what they outlive, and what ends them. */

import { describe, expect, it } from 'vitest';
import { bitsOfRows, rowsOf } from '../../web/state/selection.ts';
import type { Maker } from '../../web/state/store.ts';
import {
  type Bench,
  createBench,
  csvFile,
  featureInfo,
  READY,
  runResult,
  settle,
  tableInfo,
  trainingBench,
} from './session-fixture.ts';

const ROWS = 4898;
const LASSO: Maker = { kind: 'polygon', points: [0, 0, 1, 0, 1, 1], step: 5, epoch: 1, axes: [0, 1] };

function selectSome(bench: Bench): void {
  bench.actions.selectBits(bitsOfRows([3, 40, 4897], ROWS), LASSO);
}

function selected({ store }: Bench): number[] {
  return [...rowsOf(store.bulk.selected)];
}

describe('a selection', () => {
  it('is made, undone and made again during a training, which takes no note of it (row 72)', async () => {
    const bench = await trainingBench();
    const { store, engine, actions } = bench;
    const before = { sent: engine.types(), phase: store.phase.value, form: store.form.value };
    selectSome(bench);
    actions.keepOnly();
    actions.setColour({ kind: 'none' });
    for (let i = 0; i < 5; i++) await actions.undo();
    expect([selected(bench), store.hidden.value.rows]).toEqual([[], 0]);
    for (let i = 0; i < 5; i++) await actions.redo();
    expect(selected(bench)).toEqual([3, 40, 4897]);
    expect(store.hidden.value.rows).toBe(ROWS - 3);
    expect({ sent: engine.types(), phase: store.phase.value, form: store.form.value }).toEqual(before);
  });

  it('outlives training, a new model, a lost worker, other roles, and a file that cannot be read', async () => {
    const bench = await trainingBench();
    const { store, engine, actions } = bench;
    selectSome(bench);
    actions.saveSelection('odd ones');
    await engine.waiting('run').answer(runResult());
    void actions.startAgain();
    await settle();
    expect(store.model.value?.info.model).not.toBe(bench.model);
    await engine.waiting('run').answer(runResult());
    actions.onLost({ code: 'worker_lost', message: 'The worker was lost.', hint: '' }, true, false);
    actions.onReady({ ...READY });
    void actions.setRole(0, 'ignored');
    await settle();
    await engine.waiting('run').answer(runResult());
    void actions.open(csvFile('picture.csv'));
    await settle();
    await engine.waiting('open').refuse({ code: 'bad_file', message: 'This is a PNG image.', hint: '' });
    expect(selected(bench)).toEqual([3, 40, 4897]);
    expect(store.selection.value).toMatchObject({ count: 3, maker: LASSO });
    expect(store.named.value).toMatchObject([{ name: 'odd ones' }]);
    expect(store.undoable.value.undo).toBe('saved selection odd ones');
  });

  it('ends when another file is there, even one with as many rows', async () => {
    const bench = await trainingBench();
    const { store, engine, actions } = bench;
    await engine.waiting('run').answer(runResult());
    selectSome(bench);
    void actions.open(csvFile('other.csv'));
    await settle();
    expect(selected(bench)).toEqual([3, 40, 4897]);
    const open = engine.waiting('open');
    await open.answer(tableInfo(open.body.table));
    expect(store.selection.value).toMatchObject({ count: 0, maker: { kind: 'none' } });
    expect([store.bulk.selected, store.bulk.flags]).toEqual([null, null]);
    expect(store.undoable.value).toEqual({ undo: null, redo: null });
  });

  it('ends when all rows of the demonstration have come: its ids were those of the first rows', async () => {
    const bench = createBench();
    const { store, engine, actions } = bench;
    const streams = async (): Promise<void> => {
      for (let i = 0; i < 30; i++) await new Promise((resolve) => setTimeout(resolve));
    };
    engine.answers.open = ({ table, source }) =>
      tableInfo(table, { name: source.name, rows: source.name.includes('head') ? 2000 : 10_000 });
    engine.answers.prepare = () => featureInfo({ d: 784, n: 2000 });
    void actions.start();
    actions.onReady(READY);
    await streams();
    actions.selectAll();
    expect(store.selection.value.count).toBe(2000);
    await engine.waiting('run').answer(runResult({ epochs: 1 }));
    await streams();
    expect(store.map.value?.rows).toBe(10_000);
    expect(store.selection.value.count).toBe(0);
    actions.selectAll();
    expect(store.selection.value.count).toBe(10_000);
  });
});
