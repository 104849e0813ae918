// What retraining asks of the worker, and what it says meanwhile. The same with real kernels: returning.test.ts.
import { describe, expect, it } from 'vitest';
import type { Failure, Id } from '../../web/protocol/messages.ts';
import { refusalNow } from '../../web/state/retrain.ts';
import { bitsOfRows } from '../../web/state/selection.ts';
import type { Maker } from '../../web/state/store.ts';
import {
  type Bench,
  type BenchOptions,
  csvFile,
  measurement,
  press,
  progressOf,
  runResult,
  settle,
  tableInfo,
  trainingBench,
} from './session-fixture.ts';

const ROWS = 4898;
const ERROR = Float32Array.from({ length: ROWS }, (_, i) => i);
const MAKER: Maker = { kind: 'class', column: 3, classes: ['8'] };

type Trained = Bench & { table: Id; job: Id; map: Id; model: Id };

/** A model is trained; rows 0 to 48 are selected; row 0 and every hundredth are held out. */
async function trained(options: BenchOptions = {}): Promise<Trained> {
  const bench = await trainingBench(options);
  const { actions, engine, store } = bench;
  const { read } = engine.answers;
  engine.answers.read = (body) =>
    body.what === 'heldout'
      ? bitsOfRows(
          Array.from({ length: 49 }, (_, i) => 100 * i),
          ROWS,
        )
      : body.what === 'error'
        ? ERROR
        : read?.(body);
  actions.onProgress(progressOf(bench.job, { done: 1000, series: [{ epoch: 1, train: 0.5, heldout: 0.6 }] }));
  await engine.waiting('run').answer(runResult());
  place(bench, 0);
  actions.setField('heldout', '0.01');
  actions.setField('batch', '64');
  void actions.startAgain();
  await settle();
  const run = engine.waiting('run');
  const map = store.map.value?.map ?? 0;
  actions.onProgress(
    progressOf(run.body.job, { done: 500, series: [{ epoch: 1, train: 0.5, heldout: 0.6 }] }),
  );
  await run.answer(runResult({ steps: 500, seconds: 5 }));
  actions.selectBits(
    bitsOfRows(
      Array.from({ length: 49 }, (_, i) => i),
      ROWS,
    ),
    MAKER,
    'replace',
  );
  await settle();
  return { ...bench, map, model: run.body.model, job: run.body.job };
}

/** Puts every row at one place. */
function place({ store }: Bench, x: number): void {
  const map = store.map.value;
  if (map) store.bulk.maps.set(map.map, { positions: new Float32Array(2 * ROWS).fill(x), error: null });
}

async function begin(bench: Bench): Promise<void> {
  void bench.actions.retrain();
  await settle();
}

/** Answers the training under way as `steps` more batches. */
async function finish(bench: Bench, steps: number): Promise<void> {
  await bench.engine.waiting('run').answer(runResult({ steps, epochs: 5, seconds: 1 }));
}

describe('a retrain', () => {
  it('measures, trains on with the selection in focus, and measures again', async () => {
    const bench = await trained();
    const { engine, store, actions } = bench;
    const sent = engine.types().length;
    const answers = [measurement(0.2, 0.1, [['8', 0.3]]), measurement(0.138, 0.112, [['8', 0.2]])];
    engine.answers.measure = () => answers.shift();
    actions.setRetrainField('epochs', '3');
    actions.setRetrainField('learning_rate', '5e-4');
    actions.setFocus(0.5);
    place(bench, 7);
    await begin(bench);
    expect(engine.types().slice(sent)).toEqual(['measure', 'run']);
    const run = engine.waiting('run').body;
    expect(run).toMatchObject({ model: bench.model, live: true });
    expect(run.fit).toMatchObject({
      epochs: 3,
      learning_rate: 5e-4,
      patience: 0,
      batch: 64,
      heldout: 0.01,
      focus: 0.5,
    });
    expect(run.fit.selection).toEqual(store.bulk.selected);
    expect(run.fit.fresh).toBeUndefined();
    expect(store.task.value).toEqual({ kind: 'retrain', title: 'Retraining on quality 8', stage: 'run' });
    // 48 of the 49 selected rows may be trained on; half of each batch is theirs.
    expect(store.announcement.value).toBe(
      'Retraining on quality 8: 3 epochs, 6 steps of 64 rows: 32 from the selection, 32 from the rest; less than 1 s.',
    );
    expect(store.bulk.before?.positions[0]).toBe(7);
    expect(store.bulk.before?.error).toEqual(ERROR);
    expect(store.history.value.at).toBeNull();
    await finish(bench, 506);
    expect(store.phase.value.kind).toBe('finished');
    expect(store.task.value).toBeNull();
    expect(store.announcement.value).toBe('Quality 8 −31 %, rest +12 %.');
    expect(store.history.value).toMatchObject({
      at: 1,
      nodes: [
        { kind: 'train' },
        { kind: 'retrain', parent: 0, maker: MAKER, rows: 49, focus: 0.5, label: 'quality' },
      ],
    });
    expect(store.history.value.nodes[1]?.fits).toMatchObject([{ steps: 6, table: bench.table }]);
    expect(store.undoable.value.undo).toBe('retrain 1');
  });

  it('speaks of its own epochs', async () => {
    const bench = await trained();
    await begin(bench);
    bench.wait(10_000);
    const { job } = bench.engine.waiting('run').body;
    const series = [{ epoch: 4, train: 0.25, heldout: null, selection: 0.2, rest: 0.3 }];
    bench.actions.onProgress(progressOf(job, { epoch: 3, epochs: 5, seconds_left: 2, series }));
    expect(bench.store.announcement.value).toBe(
      'Retraining on quality 8: epoch 3 of 5, loss 0.2500, about 2 s left',
    );
  });

  it('begins with what the last one ended with, where the rows are the same', async () => {
    const bench = await trained();
    const { engine, store } = bench;
    await begin(bench);
    await finish(bench, 505);
    expect(engine.count('measure')).toBe(2);
    await begin(bench);
    expect(engine.count('measure')).toBe(2);
    await finish(bench, 510);
    expect(store.history.value.nodes[2]?.before).toEqual(store.history.value.nodes[1]?.after);
    bench.actions.invertSelection();
    await begin(bench);
    expect(engine.count('measure')).toBe(4);
  });

  it('never trains on rows that were held out before, whatever the form says now', async () => {
    const bench = await trained();
    bench.actions.setField('heldout', '0.4');
    bench.actions.setField('latent', '5');
    await begin(bench);
    expect(bench.engine.waiting('run').body).toMatchObject({ model: bench.model, fit: { heldout: 0.01 } });
  });

  it('is refused in words while there is no model at rest, no row, or none to train on', async () => {
    const bench = await trainingBench();
    const { actions, store, engine } = bench;
    const ask = async (): Promise<string> => {
      await actions.retrain();
      return store.announcement.value;
    };
    expect(await ask()).toBe('Train a model first.');
    actions.onProgress(progressOf(bench.job, { series: [{ epoch: 1, train: 0.5, heldout: 0.6 }] }));
    expect(await ask()).toBe('Stop the training first, or wait until it ends.');
    await actions.pause();
    expect(await ask()).toBe('Resume or stop the training first.');
    await actions.resume();
    await engine.waiting('run').answer(runResult());
    expect(await ask()).toBe('Select some rows first.');
    actions.selectAll();
    await actions.exclude();
    expect(store.announcement.value).toBe('No other row is left to train on.');
    expect(engine.count('run')).toBe(1);
    expect(refusalNow(store, 'retrain')).toBeNull();
  });

  it('that is stopped while it measures has not begun', async () => {
    const bench = await trained();
    const { engine, actions, store } = bench;
    delete engine.answers.measure;
    await begin(bench);
    expect(store.task.value?.stage).toBe('measure');
    await actions.pause(); // nothing to pause yet
    expect(store.phase.value).toMatchObject({ kind: 'running', stopping: false });
    await actions.train(); // nor to train besides
    void actions.stop();
    await settle();
    await engine.waiting('measure').answer(measurement(0.2, 0.1));
    expect(store.phase.value.kind).toBe('finished');
    expect(engine.count('run')).toBe(2);
    expect(store.history.value).toMatchObject({ at: 0, nodes: [{ id: 0 }] });
    expect(store.bulk.before).toBeNull();
    expect(store.task.value).toBeNull();
  });

  it('that is stopped keeps what was done, and what was done before a batch is nothing', async () => {
    const bench = await trained();
    const { engine, store, actions } = bench;
    await begin(bench);
    void actions.stop();
    await engine
      .waiting('run')
      .answer(runResult({ outcome: 'stopped', reason: 'user', steps: 503, epochs: 0 }));
    expect(store.history.value.nodes[1]).toMatchObject({ epochs: 0, steps: 503, fits: [{ steps: 3 }] });
    await begin(bench);
    void actions.stop();
    const message = 'Stopped after 0 epochs.';
    await engine
      .waiting('run')
      .answer(runResult({ outcome: 'stopped', reason: 'user', steps: 503, message }));
    expect(store.history.value).toMatchObject({ at: 1 });
    expect(store.history.value.nodes).toHaveLength(2);
    expect(store.announcement.value).toBe(message);
    expect(store.undoable.value.undo).toBe('retrain 1');
  });

  it('that went wrong puts the weights back, and is done once more by Try again', async () => {
    const bench = await trained();
    const { engine, store, actions } = bench;
    await begin(bench);
    const first = engine.waiting('run');
    actions.onProgress(progressOf(first.body.job, { done: 2 }));
    const failure: Failure = { code: 'no_memory', message: 'Not enough memory.', hint: '' };
    engine.answers.restore = ({ model }) => ({ model, steps: 500 });
    await first.refuse(failure);
    expect(store.phase.value).toMatchObject({ kind: 'failed', retry: true, failure });
    expect(engine.types().slice(-2)).toEqual(['restore', 'refresh']);
    expect(store.history.value).toMatchObject({ at: 0 });
    expect(store.bulk.before).toBeNull();
    actions.clearSelection();
    void actions.retry();
    await settle();
    expect(engine.waiting('run').body.fit).toEqual(first.body.fit);
  });

  it('that went down with every worker is put back once there is one again', async () => {
    const bench = await trained();
    const { engine, store, actions } = bench;
    const lost: Failure = { code: 'worker_lost', message: 'It stopped.', hint: '' };
    await begin(bench);
    actions.onProgress(progressOf(engine.waiting('run').body.job, { done: 2 }));
    engine.answers.restore = () => {
      throw lost;
    };
    await engine.waiting('run').refuse(lost);
    actions.onLost(lost, false, true);
    expect(store.history.value.at).toBeNull();
    engine.answers.restore = ({ model }) => ({ model, steps: 500 });
    void actions.retry();
    await settle();
    expect(engine.restarts).toBe(1);
    expect(engine.types().slice(-2)).toEqual(['restore', 'refresh']);
    expect(store.history.value.at).toBe(0);
    expect(store.phase.value.kind).toBe('finished');
  });

  it('is given up with the model when other data comes, and leaves the next model’s history alone', async () => {
    const bench = await trained();
    const { engine, store, actions } = bench;
    await begin(bench);
    const old = engine.waiting('run');
    engine.answers.cancel = () => {
      void old.answer(runResult({ outcome: 'cancelled', reason: 'user' }));
      return null;
    };
    void actions.open(csvFile('other.csv'));
    await settle();
    await press(bench, 'Open');
    const open = engine.waiting('open');
    await open.answer(tableInfo(open.body.table, { name: 'other.csv' }));
    await settle();
    expect(store.history.value).toEqual({ nodes: [], at: null, returning: null });
    expect([store.task.value, store.bulk.before, store.undoable.value.undo]).toEqual([null, null, null]);
    const next = engine.waiting('run');
    expect(next.body.model).not.toBe(old.body.model);
    await next.answer(runResult({ steps: 40 }));
    expect(store.history.value.nodes).toMatchObject([{ kind: 'train', rated: false, fits: [{ steps: 40 }] }]);
    expect(engine.count('restore')).toBe(0);
  });

  it('that ran away is begun again with a lower rate, which is its own', async () => {
    const bench = await trained();
    const { engine, store, actions } = bench;
    const rate = store.form.value?.fit.learning_rate;
    const ranAway = runResult({
      outcome: 'stopped',
      reason: 'diverged',
      steps: 500,
      suggested_learning_rate: 1e-4,
    });
    await begin(bench);
    await engine.waiting('run').answer(ranAway);
    expect(store.history.value).toMatchObject({ at: 0, nodes: [{ id: 0 }] });
    void actions.tryLearningRate(1e-4);
    await settle();
    expect(engine.waiting('run').body.fit).toMatchObject({ learning_rate: 1e-4, focus: 1 });
    expect(store.retrain.value.learning_rate).toBe(1e-4);
    expect(store.form.value?.fit.learning_rate).toBe(rate);
    await finish(bench, 505);
    void actions.trainFromScratch();
    await settle();
    await engine.waiting('run').answer({ ...ranAway, steps: 8 });
    void actions.tryLearningRate(1e-5);
    await settle();
    expect(engine.waiting('run').body.fit).toMatchObject({ learning_rate: 1e-5, fresh: true });
    await engine.waiting('run').answer(runResult({ steps: 12 }));
    void actions.train();
    await settle();
    await engine.waiting('run').answer({ ...ranAway, steps: 13 });
    void actions.tryLearningRate(1e-6);
    await settle();
    expect(engine.waiting('run').body.fit.selection).toBeUndefined();
    expect(engine.waiting('run').body.fit.learning_rate).toBe(1e-6);
  });

  it('that ran away after some epochs is also begun again with a lower rate when the model is back there', async () => {
    const bench = await trained();
    const { engine, store, actions } = bench;
    const rate = store.form.value?.fit.learning_rate;
    engine.answers.restore = ({ model }) => ({ model, steps: store.history.value.returning?.to ? 503 : 500 });
    await begin(bench);
    await engine
      .waiting('run')
      .answer(
        runResult({ outcome: 'stopped', reason: 'diverged', steps: 503, suggested_learning_rate: 1e-4 }),
      );
    await actions.returnTo(0);
    await actions.returnTo(1);
    expect(store.model.value?.result?.reason).toBe('diverged');
    void actions.tryLearningRate(1e-4);
    await settle();
    expect(engine.waiting('run').body.fit).toMatchObject({ learning_rate: 1e-4, focus: 1 });
    expect(store.form.value?.fit.learning_rate).toBe(rate);
    await finish(bench, 510);
    // A state that did not run away is trained on plainly by the same button's action.
    await actions.returnTo(0);
    void actions.tryLearningRate(1e-5);
    await settle();
    expect(engine.waiting('run').body.fit.selection).toBeUndefined();
  });

  it('is refused while a setting of it is wrong, and so is leaving rows out; a new start has its own', async () => {
    const { actions, store, engine } = await trained();
    actions.setRetrainField('epochs', 'many');
    for (const act of [actions.retrain, actions.exclude]) {
      store.announcement.value = '';
      await act();
      expect(store.announcement.value).toBe('A setting of the retrain is wrong.');
    }
    expect(engine.count('run')).toBe(2);
    expect(refusalNow(store, 'scratch')).toBeNull();
    actions.setRetrainField('epochs', '3');
    expect(refusalNow(store)).toBeNull();
  });

  it('that was refused before it moved anything changes nothing', async () => {
    const bench = await trained();
    const { engine, store } = bench;
    await begin(bench);
    await engine.waiting('run').refuse({ code: 'bad_param', message: 'No.', hint: '' });
    expect(engine.count('restore')).toBe(0);
    expect(store.history.value.at).toBe(0);
  });

  it('is no step to undo once another model is there; selections stay so', async () => {
    const bench = await trained();
    const { engine, store, actions } = bench;
    await begin(bench);
    await finish(bench, 505);
    expect(store.undoable.value.undo).toBe('retrain 1');
    void actions.startAgain();
    await settle();
    expect(store.undoable.value.undo).toMatch(/^selection/);
    expect(store.history.value).toEqual({ nodes: [], at: null, returning: null });
    await engine.waiting('run').answer(runResult({ steps: 9 }));
    expect(store.history.value.nodes).toMatchObject([{ kind: 'train', parent: null, fits: [{ steps: 9 }] }]);
  });

  it('can’t be undone while a job runs; a selection can (row 72)', async () => {
    const bench = await trained();
    const { engine, store, actions } = bench;
    await begin(bench);
    await finish(bench, 505);
    void actions.train();
    await settle();
    const sent = engine.sent.length;
    await actions.undo();
    expect(store.announcement.value).toBe('Stop the training first: this step changes the model.');
    await actions.returnTo(0);
    expect(store.announcement.value).toBe('Stop the training first: returning changes the model.');
    expect(engine.sent.slice(sent).filter(({ type }) => type !== 'read')).toEqual([]);
    actions.clearSelection();
    await actions.undo();
    expect(store.selection.value.count).toBe(49);
    expect(store.phase.value.kind).toBe('running');
  });
});

describe('training without, and from scratch', () => {
  it('ask for it in the words of the protocol', async () => {
    const bench = await trained();
    const { engine, actions, store } = bench;
    void actions.exclude();
    await settle();
    expect(engine.waiting('run').body.fit).toMatchObject({ focus: 0, epochs: 5 });
    expect(store.task.value?.title).toBe('Training without quality 8');
    await finish(bench, 505);
    actions.setField('epochs', '12');
    actions.setRetrainField('learning_rate', '5');
    void actions.trainFromScratch();
    await settle();
    expect(engine.waiting('run').body.fit).toMatchObject({
      focus: 1,
      fresh: true,
      epochs: 12,
      learning_rate: store.form.value?.fit.learning_rate,
      patience: 0,
    });
    await engine.waiting('run').answer(runResult({ steps: 12, align: [1, 0, 0, 1, 0, 0] }));
    expect(store.history.value.nodes[2]).toMatchObject({
      kind: 'scratch',
      parent: 1,
      steps: 12,
      fits: [{ steps: 12, fresh: true }],
      align: [1, 0, 0, 1, 0, 0],
    });
  });
});

describe('the history', () => {
  it('has a state for each training that moved the model, and branches after a return', async () => {
    const bench = await trained();
    const { engine, actions, store } = bench;
    engine.answers.restore = ({ model }) => ({ model, steps: store.history.value.nodes[0]?.steps });
    void actions.step();
    await settle();
    await engine.waiting('run').answer(runResult({ steps: 600, epochs: 1, seconds: 2 }));
    expect(store.history.value.nodes).toMatchObject([
      { steps: 500, epochs: 20, seconds: 5, fits: [{ steps: 500 }] },
      { parent: 0, steps: 600, epochs: 1, seconds: 2, fits: [{ steps: 100, epochs: 1 }] },
    ]);
    expect(store.undoable.value.undo).toBe('training 1');
    await begin(bench);
    await finish(bench, 605);
    await actions.returnTo(0);
    expect(store.history.value.at).toBe(0);
    void actions.train();
    await settle();
    await engine.waiting('run').answer(runResult({ steps: 700 }));
    expect(store.history.value.nodes.map(({ kind, parent }) => [kind, parent])).toEqual([
      ['train', null],
      ['train', 0],
      ['retrain', 1],
      ['train', 0],
    ]);
    expect(store.history.value.at).toBe(3);
    expect(store.undoable.value.undo).toBe('training 3');
  });

  it('offers to redo nothing of the model once that has gone on, also where it went down on the way', async () => {
    const bench = await trained();
    const { engine, actions, store } = bench;
    engine.answers.restore = ({ model }) => ({ model, steps: 500 });
    await begin(bench);
    await finish(bench, 505);
    await actions.undo();
    expect(store.undoable.value.redo).toBe('retrain 1');
    void actions.train();
    await settle();
    const stopped = runResult({ outcome: 'stopped', reason: 'user', steps: 500, epochs: 0 });
    await engine.waiting('run').answer(stopped);
    // Nothing was done: what was undone can still be redone.
    expect(store.undoable.value.redo).toBe('retrain 1');
    void actions.train();
    await settle();
    actions.onProgress(progressOf(engine.waiting('run').body.job, { done: 2 }));
    await engine.waiting('run').refuse({ code: 'worker_lost', message: 'It stopped.', hint: '' });
    expect(store.undoable.value.redo).toBeNull();
  });

  it('knows that the learning rate of a retrain was changed on the way, by its own form', async () => {
    const bench = await trained();
    const { actions, engine, store } = bench;
    await begin(bench);
    const own = store.retrain.value.learning_rate;
    const changes = [2, 2, 9].map((after) => ({ after, rate: 0 }));
    engine.answers.set = ({ params }) => {
      const change = changes.shift();
      if (!change) throw new Error('It is not known.');
      return { ...change, rate: 'learning_rate' in params ? params.learning_rate : 0 };
    };
    actions.setField('learning_rate', '1e-5');
    expect(engine.count('set')).toBe(0);
    expect(store.retrain.value.learning_rate).toBe(own);
    actions.setRetrainField('epochs', '7');
    expect(engine.count('set')).toBe(0);
    actions.setRetrainField('learning_rate', '2e-5');
    const { job } = engine.waiting('run').body;
    expect(engine.sent.at(-1)).toEqual({ type: 'set', target: job, params: { learning_rate: 2e-5 } });
    actions.setRetrainField('learning_rate', '3e-5');
    actions.setRetrainField('learning_rate', '4e-5');
    await settle();
    await finish(bench, 505);
    /* One for the same batch took the place of the other; the last came too late for any. */
    const [, node] = store.history.value.nodes;
    expect(node).toMatchObject({ rated: false, fits: [{ steps: 5, rates: [{ after: 2, rate: 3e-5 }] }] });
    expect(node?.fits[0]?.rates).toHaveLength(1);
    void actions.train();
    await settle();
    actions.setRetrainField('learning_rate', '3e-5');
    expect(engine.count('set')).toBe(3);
    actions.setField('learning_rate', '5e-5');
    expect(engine.count('set')).toBe(4);
    await settle();
    await engine.waiting('run').answer(runResult({ steps: 510 }));
    expect(store.history.value.nodes[2]).toMatchObject({ rated: true });
  });

  it('goes back to where it was as that was drawn, when the state has no snapshot', async () => {
    const bench = await trained();
    const { engine, actions, store } = bench;
    const { snapshot } = engine.answers;
    const align = [0, 1, -1, 0, 3, 4] as const;
    void actions.trainFromScratch();
    await settle();
    delete engine.answers.snapshot;
    await engine.waiting('run').answer(runResult({ steps: 9, align: [...align], axes: [1, 0] }));
    await engine.waiting('snapshot').refuse({ code: 'no_memory', message: 'Full.', hint: '' });
    if (snapshot) engine.answers.snapshot = snapshot;
    expect(store.history.value).toMatchObject({ at: 1, nodes: [{ kept: true }, { kept: false }] });
    engine.answers.restore = ({ model }) => ({ model, steps: 499 });
    await actions.returnTo(0);
    const restores = engine.sent.filter(({ type }) => type === 'restore');
    expect(restores).toMatchObject([{ align: null }, { align, axes: [1, 0] }]);
  });

  it('goes back to where it was also when that had to make room for what could not be brought back', async () => {
    const bench = await trained({ snapshotBudget: 0 });
    const { engine, actions, store } = bench;
    for (const steps of [505, 510]) {
      await begin(bench);
      await finish(bench, steps);
    }
    expect(store.history.value.nodes.map(({ kept }) => kept)).toEqual([true, false, true]);
    /* State 0, the same to be looked at, state 1 as it was made again (and wrong), and state 2. */
    const answers = [500, 500, 499, 510];
    engine.answers.restore = ({ model }) => ({ model, steps: answers.shift() });
    void actions.returnTo(1);
    await settle();
    await finish(bench, 505);
    expect(answers).toEqual([]);
    expect(store.notices.value.at(-1)?.text).toContain('Can’t return to retrain 1.');
    expect(store.history.value).toMatchObject({ at: 2, returning: null });
    expect(store.history.value.nodes.map(({ kept }) => kept)).toEqual([true, false, true]);
    await begin(bench);
    expect(engine.waiting('run').body.fit.focus).toBe(1);
  });

  it('tells when what a retrain has changed could not be measured', async () => {
    const bench = await trained();
    const { engine, store } = bench;
    await begin(bench);
    engine.answers.measure = () => {
      throw { code: 'no_memory', message: 'Not enough memory.', hint: 'Use fewer rows.' };
    };
    await finish(bench, 505);
    expect(store.history.value).toMatchObject({ at: 1, nodes: [{ id: 0 }, { after: null }] });
    expect(store.notices.value).toMatchObject([
      {
        tone: 'warning',
        text: 'What this training has changed could not be measured. Not enough memory.',
        hint: 'Use fewer rows.',
      },
    ]);
  });

  it('measures again where the map shows other dimensions by now', async () => {
    const bench = await trained();
    const { engine, store } = bench;
    const turn = (axes: [number, number]): void => {
      const map = store.map.value;
      if (map) store.maps.value = new Map([[map.map, { ...map, axes }]]);
    };
    await begin(bench);
    await finish(bench, 505);
    expect(engine.count('measure')).toBe(2);
    turn([1, 0]);
    await begin(bench);
    expect(engine.count('measure')).toBe(3);
    // Others are chosen while it is measured what has changed.
    const answers = [measurement(0.3, 0.3), measurement(0.4, 0.4)];
    engine.answers.measure = () => {
      if (answers.length === 2) turn([0, 1]);
      return answers.shift();
    };
    await finish(bench, 510);
    expect(store.history.value.nodes[2]).toMatchObject({
      before: { axes: [1, 0] },
      after: { axes: [0, 1], selection: { error: 0.4 } },
    });
  });

  it('draws a state as it was drawn, on the axes that it was drawn on', async () => {
    const bench = await trained();
    const { engine, actions, store } = bench;
    let steps = 9;
    engine.answers.restore = ({ model }) => ({ model, steps });
    const align = [1, 0, 0, 1, 2, 2];
    void actions.trainFromScratch();
    await settle();
    await engine.waiting('run').answer(runResult({ steps: 9, align: align as never }));
    await begin(bench);
    await engine.waiting('run').answer(runResult({ steps: 14, axes: [1, 0] }));
    await actions.returnTo(1);
    expect(engine.sent.findLast(({ type }) => type === 'restore')).toMatchObject({ align, axes: [0, 1] });
    const map = store.map.value;
    if (map) store.maps.value = new Map([[map.map, { ...map, axes: [1, 0] }]]);
    await actions.returnTo(1); // where it is already: nothing
    expect(engine.count('restore')).toBe(1);
    for (const [node, at, drawn] of [
      [2, 14, { align: null, axes: [1, 0] }],
      [1, 9, { align, axes: [0, 1] }],
    ] as const) {
      steps = at;
      await actions.returnTo(node);
      expect(engine.sent.findLast(({ type }) => type === 'restore')).toMatchObject(drawn);
      expect(store.history.value.at).toBe(node);
    }
  });

  it('tells when a state could not be brought back, and stays where it was', async () => {
    const bench = await trained();
    const { engine, actions, store } = bench;
    await begin(bench);
    await finish(bench, 505);
    let wrong = true;
    engine.answers.restore = ({ model }) => {
      const steps = wrong ? 499 : 505;
      wrong = false;
      return { model, steps };
    };
    await actions.returnTo(0);
    expect(store.notices.value.at(-1)?.text).toContain('Can’t return to training 0.');
    expect(store.history.value).toMatchObject({ at: 1, returning: null });
    expect(store.phase.value.kind).toBe('finished');
    expect(store.undoable.value.undo).toBe('retrain 1');
  });
});

describe('the fields of the next retrain', () => {
  it('are held to the limits of a training, with a sentence', async () => {
    const { actions, store } = await trained();
    expect(actions.setRetrainField('epochs', '2.5')).toBe(false);
    expect(store.retrain.value.errors['epochs']).toBe('Write a whole number from 1 to 100,000. Still 5.');
    expect(actions.setRetrainField('epochs', '7')).toBe(true);
    expect(store.retrain.value).toMatchObject({ epochs: 7, errors: {} });
    for (const focus of [-1, 2, Number.NaN]) actions.setFocus(focus);
    expect(store.retrain.value.focus).toBe(1);
  });

  it('learn as fast as the training until told otherwise, and start anew with another table', async () => {
    const bench = await trained();
    const { actions, store, engine } = bench;
    expect(store.retrain.value.learning_rate).toBe(store.form.value?.fit.learning_rate);
    actions.setField('learning_rate', '0.5');
    expect(store.retrain.value.learning_rate).toBe(0.5);
    actions.setRetrainField('learning_rate', '0.25');
    actions.setField('learning_rate', '0.125');
    expect(store.retrain.value.learning_rate).toBe(0.25);
    actions.setFocus(0.3);
    void actions.open(csvFile('other.csv'));
    await settle();
    const open = engine.waiting('open');
    await open.answer(tableInfo(open.body.table, { name: 'other.csv' }));
    expect(store.retrain.value).toMatchObject({ focus: 1, epochs: 5 });
    expect(store.retrain.value.learning_rate).toBe(store.form.value?.fit.learning_rate);
    expect(store.history.value.nodes).toEqual([]);
  });
});

describe('rows as a file', () => {
  it('are asked for with their labels, and saved under a safe name', async () => {
    const bench = await trained();
    const { engine, actions, store } = bench;
    const table = store.table.value;
    if (table) {
      const info = { ...table.info, name: '../wine: white' };
      store.tables.value = new Map([[bench.table, { ...table, info }]]);
    }
    await actions.exportRows({ only: false, protect: true });
    expect(engine.sent.at(-1)).toEqual({
      type: 'export',
      model: bench.model,
      selection: store.bulk.selected,
      only: false,
      protect: true,
      labels: [3],
    });
    await actions.exportRows({ only: true, protect: false });
    expect(bench.saved.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^[^/\\:]*wine[^/\\:]*rows\.csv$/),
      expect.stringMatching(/selected rows\.csv$/),
    ]);
    expect(bench.saved[0]?.file.size).toBe(2);
    actions.clearSelection();
    await actions.exportRows({ only: true, protect: false });
    expect(bench.saved).toHaveLength(2);
  });

  it('that can’t be had are told', async () => {
    const bench = await trained();
    bench.engine.answers.export = () => {
      throw { code: 'no_memory', message: 'Not enough memory.', hint: '' };
    };
    await bench.actions.exportRows({ only: false, protect: true });
    expect(bench.store.notices.value.at(-1)?.text).toBe('The rows can’t be exported. Not enough memory.');
    expect(bench.saved).toEqual([]);
  });
});
