// Training, and what concerns the page as a whole.
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../web/protocol/messages.ts';
import { PREFERENCES_KEY } from '../../web/state/preferences.ts';
import {
  BAD_FILE,
  createBench,
  csvFile,
  ESTIMATE,
  frameOf,
  kind,
  press,
  progressOf,
  READY,
  runResult,
  settle,
  tableInfo,
  texts,
  trainingBench,
} from './session-fixture.ts';

describe('training', () => {
  it('adds losses in place, so that a message costs what is new, and leaves those of states alone', async () => {
    const bench = await trainingBench();
    const { store, actions, engine } = bench;
    const loss = (epoch: number) => ({ epoch, train: 1 / epoch, heldout: null });
    const tell = (job: number, ...epochs: number[]) =>
      actions.onProgress(progressOf(job, { series: epochs.map(loss) }));
    const epochs = (): number[] => (store.model.value?.losses ?? []).map(({ epoch }) => epoch);
    tell(bench.job, 1, 2);
    const mine = store.model.value?.losses;
    tell(bench.job, 3);
    tell(bench.job, 4, 5);
    expect(store.model.value?.losses).toBe(mine);
    await engine.waiting('run').answer(runResult({ epochs: 5, steps: 500 }));
    void actions.train();
    await settle();
    const { job } = engine.waiting('run').body;
    tell(job, 6);
    expect(epochs()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(store.history.value.nodes[0]?.losses).toHaveLength(5);
    /* After a loss of the worker it goes on from an earlier epoch. */
    tell(job, 7, 8);
    tell(job, 7);
    tell(job, 8, 9);
    expect(epochs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('collects the losses of the job that runs, and of no other', async () => {
    const bench = await trainingBench();
    const { actions, store, job } = bench;
    actions.onProgress(progressOf(job, { epoch: 1, series: [{ epoch: 1, train: 0.5, heldout: 0.6 }] }));
    actions.onProgress(progressOf(job, { epoch: 2, series: [{ epoch: 2, train: 0.4, heldout: 0.5 }] }));
    actions.onProgress(progressOf(job + 99, { epoch: 3, series: [{ epoch: 3, train: 9, heldout: 9 }] }));
    expect(store.model.value?.losses.map(({ train }) => train)).toEqual([0.5, 0.4]);
    expect(store.progress.value?.epoch).toBe(2);
  });

  it('pauses, resumes, steps and stops', async () => {
    const bench = await trainingBench();
    const { actions, store, engine, job } = bench;
    await actions.pause();
    expect(store.phase.value).toEqual({ kind: 'paused', job });
    void actions.resume();
    await settle();
    expect(store.phase.value).toEqual({ kind: 'running', job, stopping: false });
    expect(engine.sent.at(-1)).toEqual({ type: 'resume', job });
    await actions.pause();
    await actions.step();
    expect(engine.sent.at(-1)).toEqual({ type: 'resume', job, epochs: 1 });
    actions.onProgress(progressOf(job, { state: 'paused' }));
    expect(store.phase.value).toEqual({ kind: 'paused', job });
    void actions.stop();
    expect(store.phase.value).toEqual({ kind: 'running', job, stopping: true });
    await engine
      .waiting('run')
      .answer(runResult({ outcome: 'stopped', reason: 'user', message: 'Stopped.' }));
    expect(kind(bench)).toBe('finished');
    expect(store.announcement.value).toBe('Stopped.');
  });

  it('does not take an old “paused” for the answer to Resume', async () => {
    const bench = await trainingBench();
    const { actions, store, engine, job } = bench;
    await actions.pause();
    delete engine.answers.resume;
    void actions.resume();
    await settle();
    actions.onProgress(progressOf(job, { state: 'paused' }));
    expect(kind(bench)).toBe('running');
    await engine.waiting('resume').answer(null);
    expect(store.phase.value).toEqual({ kind: 'running', job, stopping: false });
  });

  it('goes on from the weights when only the training changes, else makes a new model', async () => {
    const bench = await trainingBench();
    const { actions, engine, store } = bench;
    actions.onProgress(progressOf(bench.job, { epoch: 1, series: [{ epoch: 1, train: 0.5, heldout: 0.6 }] }));
    await engine.waiting('run').answer(runResult());
    actions.setField('epochs', '3');
    void actions.train();
    await settle();
    expect(engine.count('create')).toBe(1);
    expect(engine.waiting('run').body).toMatchObject({ model: bench.model, fit: { epochs: 3 } });
    await engine.waiting('run').answer(runResult());
    actions.setField('latent', '3');
    void actions.train();
    await settle();
    expect(engine.count('create')).toBe(2);
    expect(store.model.value?.losses).toEqual([]);
    expect(engine.freed().sort()).toEqual([bench.model]);
  });

  it('keeps what was typed while the table stays, and starts afresh with another one', async () => {
    const bench = await trainingBench();
    const { actions, engine, store } = bench;
    await engine.waiting('run').answer(runResult());
    const usual = store.form.value?.fit.epochs;
    expect(usual).not.toBe(60);
    actions.setField('epochs', '60');
    void actions.setRole(0, 'ignored');
    await settle();
    expect(engine.count('prepare')).toBe(2);
    expect(store.form.value?.fit.epochs).toBe(60);
    expect([...(store.form.value?.touched ?? [])]).toEqual(['epochs']);
    engine.answers.cancel = () => {
      void engine.waiting('run').answer(runResult({ outcome: 'cancelled', reason: 'user' }));
      return null;
    };
    void actions.open(csvFile('other.csv'));
    await settle();
    await press(bench, 'Open');
    const open = engine.waiting('open');
    await open.answer(tableInfo(open.body.table, { name: 'other.csv' }));
    await settle();
    expect(store.table.value?.info.name).toBe('other.csv');
    expect(store.form.value?.fit.epochs).toBe(usual);
    expect(store.form.value?.touched.size).toBe(0);
  });

  it('makes a new model for other held-out rows: the old one has been trained on some of them', async () => {
    const bench = await trainingBench();
    const { actions, engine } = bench;
    actions.onProgress(progressOf(bench.job, { epoch: 1, series: [{ epoch: 1, train: 0.5, heldout: 0.6 }] }));
    await engine.waiting('run').answer(runResult());
    actions.setField('heldout', '0.3');
    void actions.train();
    await settle();
    expect(engine.count('create')).toBe(2);
    expect(engine.waiting('run').body).toMatchObject({ fit: { heldout: 0.3 } });
  });

  it('keeps the points where they are when a new model of the same rows begins', async () => {
    const bench = await trainingBench();
    const { actions, engine, store } = bench;
    const frame = frameOf(bench.map, 4898);
    new Float32Array(frame.buffer).fill(7);
    actions.onFrame(frame, () => undefined);
    await engine.waiting('run').answer(runResult());
    void actions.startAgain();
    await settle();
    const map = store.map.value;
    expect(map?.map).not.toBe(bench.map);
    expect(store.bulk.maps.get(map?.map ?? -1)?.positions[0]).toBe(7);
    expect([...store.bulk.maps.keys()]).toEqual([map?.map]);
  });

  it('tells of a plateau in the words of the worker', async () => {
    const bench = await trainingBench();
    const message = 'Ended after 12 of 20 epochs: the held-out loss no longer got better.';
    await bench.engine.waiting('run').answer(runResult({ reason: 'plateau', message }));
    expect(bench.store.model.value?.result).toMatchObject({ reason: 'plateau', message });
    expect(bench.store.announcement.value).toBe(message);
    expect(kind(bench)).toBe('finished');
  });

  it('offers a lower rate after it ran away, and trains on with it (RELIABILITY 54)', async () => {
    const bench = await trainingBench();
    const { actions, engine, store } = bench;
    const diverged = runResult({ outcome: 'stopped', reason: 'diverged', suggested_learning_rate: 1e-4 });
    await engine.waiting('run').answer(diverged);
    void actions.tryLearningRate(1e-4);
    await settle();
    expect(store.form.value?.fit.learning_rate).toBe(1e-4);
    expect(engine.waiting('run').body).toMatchObject({ model: bench.model, fit: { learning_rate: 1e-4 } });
  });

  it('sends a new learning rate to the training under way, and nothing else', async () => {
    const bench = await trainingBench();
    const { actions, engine, job } = bench;
    expect(actions.setField('learning_rate', '1e-4')).toBe(true);
    expect(engine.sent.at(-1)).toEqual({ type: 'set', target: job, params: { learning_rate: 1e-4 } });
    const sent = engine.sent.length;
    expect(actions.setField('learning_rate', '1e')).toBe(false);
    expect(actions.setField('epochs', '5')).toBe(true);
    expect(engine.sent).toHaveLength(sent);
    expect(bench.store.form.value?.errors['learning_rate']).toContain('Still 1e-4.');
  });

  it('asks for an estimate once after several keys, and takes the last answer', async () => {
    const bench = await trainingBench();
    const { actions, engine, store } = bench;
    const before = engine.count('estimate');
    delete engine.answers.estimate;
    actions.setField('epochs', '5');
    actions.setField('epochs', '50');
    await bench.runLater();
    expect(engine.count('estimate')).toBe(before + 1);
    const first = engine.waiting('estimate');
    actions.setField('epochs', '500');
    await bench.runLater();
    const second = engine.waiting('estimate');
    await second.answer({ ...ESTIMATE, seconds: 60 });
    await first.answer({ ...ESTIMATE, seconds: 1 });
    expect(store.estimate.value?.seconds).toBe(60);
  });

  it('fails with what happened, and trains on with Try again', async () => {
    const bench = await trainingBench();
    const { engine, store, actions } = bench;
    await engine
      .waiting('run')
      .refuse({ code: 'no_memory', message: 'Not enough memory.', hint: 'Fewer rows.' });
    expect(store.phase.value).toMatchObject({ kind: 'failed', retry: true });
    expect(texts(bench)).toEqual(['Training has stopped. Not enough memory.']);
    void actions.retry();
    await settle();
    expect(kind(bench)).toBe('running');
  });

  it('speaks of progress at most once in five seconds', async () => {
    const bench = await trainingBench();
    const { actions, store, job } = bench;
    bench.wait(10_000);
    actions.onProgress(progressOf(job, { epochs: 20, seconds_left: 9 }));
    expect(store.announcement.value).toBe('epoch 0 of 20, about 9 s left');
    bench.wait(4999);
    actions.onProgress(progressOf(job, { epochs: 20, seconds_left: 5 }));
    expect(store.announcement.value).toBe('epoch 0 of 20, about 9 s left');
    bench.wait(1);
    actions.onProgress(progressOf(job, { epochs: 20, seconds_left: 4 }));
    expect(store.announcement.value).toBe('epoch 0 of 20, about 4 s left');
  });
});

describe('frames', () => {
  it('raise the map’s version and give the buffer before back', async () => {
    const bench = await trainingBench();
    const released: number[] = [];
    bench.actions.onFrame(frameOf(bench.map, 4898, { step: 1 }), () => released.push(1));
    const version = bench.store.map.value?.version ?? 0;
    bench.actions.onFrame(frameOf(bench.map, 4898, { step: 2 }), () => released.push(2));
    expect(bench.store.map.value).toMatchObject({ version: version + 1, step: 2 });
    expect(released).toEqual([1]);
  });

  it('of a map that is gone, or of another number of rows, are handed back unseen (RELIABILITY 58)', async () => {
    const bench = await trainingBench();
    const released: string[] = [];
    const before = bench.store.map.value;
    bench.actions.onFrame(frameOf(bench.map + 500, 4898), () => released.push('gone'));
    bench.actions.onFrame(frameOf(bench.map, 10), () => released.push('rows'));
    expect(released).toEqual(['gone', 'rows']);
    expect(bench.store.map.value).toBe(before);
    expect(bench.store.bulk.maps.size).toBe(0);
  });
});

describe('the worker lost (RELIABILITY 59, 60, 62)', () => {
  const LOST: Failure = {
    code: 'worker_lost',
    message: 'The computing stopped unexpectedly.',
    hint: 'Try again.',
  };

  it('is told once, and training can be tried again', async () => {
    const bench = await trainingBench();
    await bench.engine.waiting('run').refuse(LOST);
    expect(texts(bench)).toEqual([]);
    bench.actions.onLost(LOST, true, true);
    expect(texts(bench)).toEqual([
      'The computing stopped unexpectedly. The data and the last state of the model are back.',
    ]);
    expect(bench.store.phase.value).toMatchObject({ kind: 'failed', retry: true });
    expect(bench.store.table.value).not.toBeNull();
    void bench.actions.retry();
    await settle();
    expect(bench.engine.waiting('run').body.model).toBe(bench.model);
    expect(bench.engine.restarts).toBe(0);
  });

  it('that can’t start offers to start it again', async () => {
    const bench = createBench();
    void bench.actions.start();
    bench.actions.onLost({ ...LOST, code: 'worker_start', message: 'It could not be loaded.' }, false, true);
    expect(bench.store.phase.value).toMatchObject({ kind: 'failed', retry: true });
    void bench.actions.retry();
    await settle();
    expect(bench.engine.restarts).toBe(1);
    expect(kind(bench)).toBe('starting');
  });

  it('gives details without data', async () => {
    const bench = await trainingBench();
    await bench.engine.waiting('run').refuse({ ...BAD_FILE, where: 'line 3, column “salary of Ann”' });
    const details = bench.store.notices.value[0]?.details ?? '';
    await bench.actions.copyDetails(details);
    expect(bench.copied).toEqual([details]);
    expect(details).toContain('code bad_file');
    expect(details).toContain('table 4898 × 4, csv');
    for (const secret of ['wine', 'acidity', 'quality', 'salary', 'PNG'])
      expect(details).not.toContain(secret);
  });
});

describe('preferences', () => {
  it('are taken at the start and kept when they change', async () => {
    const bench = createBench({ catalog: [] });
    bench.storage.setItem(PREFERENCES_KEY, '{"theme":"dark","logLoss":true,"shortcuts":false,"pointSize":9}');
    void bench.actions.start();
    bench.actions.onReady(READY);
    await settle();
    const { store, actions } = bench;
    expect([store.theme.value, store.logLoss.value, store.shortcuts.value, store.pointSize.value]).toEqual([
      'dark',
      true,
      false,
      9,
    ]);
    actions.setTheme('light');
    actions.setLogLoss(false);
    actions.setShortcuts(true);
    actions.setPointSize(4);
    actions.setTool('brush');
    actions.setTool('pan');
    actions.setBrushRadius(40);
    actions.setTrails(false);
    expect(bench.themes.at(-1)).toBe('light');
    expect(JSON.parse(bench.storage.getItem(PREFERENCES_KEY) ?? '')).toEqual({
      theme: 'light',
      logLoss: false,
      shortcuts: true,
      pointSize: 4,
      shiftTool: 'brush',
      brushRadius: 40,
      trails: false,
      keep: true,
      offline: 'auto',
    });
  });
});
