import { describe, expect, it } from 'vitest';
import type { Failure } from '../../web/protocol/messages.ts';
import { PREFERENCES_KEY } from '../../web/state/preferences.ts';
import {
  type Bench,
  CATALOG,
  createBench,
  csvFile,
  ESTIMATE,
  featureInfo,
  frameOf,
  progressOf,
  READY,
  runResult,
  settle,
  tableInfo,
  trainingBench,
} from './session-fixture.ts';

const BAD_FILE: Failure = {
  code: 'bad_file',
  message: 'This is a PNG image.',
  hint: 'Save it as CSV.',
};

function kind(bench: Bench): string {
  return bench.store.phase.value.kind;
}

function texts(bench: Bench): string[] {
  return bench.store.notices.value.map(({ text }) => text);
}

async function press(bench: Bench, label: string): Promise<void> {
  for (const { action, other } of bench.store.notices.value) {
    for (const button of [action, other]) {
      if (button?.label === label) button.run();
    }
  }
  await settle();
}

describe('opening a file', () => {
  it('reads, prepares, shows it and trains on it', async () => {
    const bench = await trainingBench();
    const { store, engine } = bench;
    expect(engine.types().slice(0, 5)).toEqual(['open', 'prepare', 'estimate', 'create', 'run']);
    expect(store.table.value?.info.rows).toBe(4898);
    expect(store.table.value?.roles).toEqual(['feature', 'feature', 'feature', 'label']);
    expect(store.map.value?.rows).toBe(4898);
    expect(kind(bench)).toBe('running');
    const run = engine.waiting('run').body;
    expect(run).toMatchObject({ live: true, fit: { heldout: 0.1, seed: 1 } });
  });

  it('says how far it is', async () => {
    const bench = createBench();
    bench.actions.onReady(READY);
    void bench.actions.open(csvFile());
    await settle();
    const { job } = bench.engine.waiting('open').body;
    bench.actions.onProgress(progressOf(job, { stage: 'read', done: 5, total: 20, seconds_left: 3 }));
    expect(bench.store.phase.value).toMatchObject({
      kind: 'opening',
      name: 'wine.csv',
      stage: 'read',
      done: 5,
      total: 20,
      seconds_left: 3,
      replaces: false,
    });
  });

  it('keeps everything that was there when the next file can’t be read', async () => {
    const bench = await trainingBench();
    const { store, engine, actions } = bench;
    await engine.waiting('run').answer(runResult());
    actions.onFrame(frameOf(bench.map, 4898), () => undefined);
    const before = { table: store.table.value, model: store.model.value, map: store.map.value };
    void actions.open(csvFile('picture.csv'));
    await settle();
    expect(store.phase.value).toMatchObject({ kind: 'opening', replaces: true });
    expect(store.table.value).toBe(before.table);
    await engine.waiting('open').refuse(BAD_FILE);
    expect(store.table.value).toBe(before.table);
    expect(store.model.value).toBe(before.model);
    expect(store.map.value).toBe(before.map);
    expect(kind(bench)).toBe('finished');
    expect(engine.freed()).toEqual([]);
    const [notice] = store.notices.value;
    expect(notice).toMatchObject({ tone: 'error', code: 'bad_file', hint: 'Save it as CSV.' });
    expect(notice?.text).toContain('picture.csv');
    expect(notice?.text).toContain('This is a PNG image.');
    expect(notice?.text).toContain('The data that was loaded is still here.');
  });

  it('tells the last failure only, until something could be opened', async () => {
    const bench = await trainingBench();
    const { engine, actions } = bench;
    await engine.waiting('run').answer(runResult());
    for (const name of ['one.csv', 'two.csv']) {
      void actions.open(csvFile(name));
      await settle();
      await engine.waiting('open').refuse(BAD_FILE);
    }
    expect(texts(bench)).toHaveLength(1);
    expect(texts(bench)[0]).toContain('two.csv');
    void actions.open(csvFile('good.csv'));
    await settle();
    expect(texts(bench)).toHaveLength(1);
    const open = engine.waiting('open');
    await open.answer(tableInfo(open.body.table, { name: 'good.csv' }));
    expect(texts(bench)).toEqual([]);
  });

  it('frees a table that was read but can’t be prepared', async () => {
    const bench = await trainingBench();
    const { engine, actions, store } = bench;
    await engine.waiting('run').answer(runResult());
    engine.answers.prepare = () => {
      throw { code: 'no_numeric_column', message: 'No column holds numbers.', hint: '' };
    };
    void actions.open(csvFile('words.csv'));
    await settle();
    const open = engine.waiting('open');
    await open.answer(tableInfo(open.body.table, { name: 'words.csv' }));
    expect(engine.freed()).toEqual([open.body.table]);
    expect(store.table.value?.info.name).toBe('wine.csv');
    expect(texts(bench)[0]).toContain('No column holds numbers.');
  });

  it('is empty again when the first file can’t be read, and tells nothing about data', async () => {
    const bench = createBench();
    bench.actions.onReady(READY);
    void bench.actions.open(csvFile());
    await settle();
    await bench.engine.waiting('open').refuse(BAD_FILE);
    expect(kind(bench)).toBe('empty');
    expect(texts(bench)).toEqual(['wine.csv can’t be opened. This is a PNG image.']);
  });

  it('frees the old table and model, which takes its map along, once the new one is there', async () => {
    const bench = await trainingBench();
    const { engine, actions, store } = bench;
    await engine.waiting('run').answer(runResult());
    void actions.open(csvFile('second.csv'));
    await settle();
    expect(engine.freed()).toEqual([]);
    const open = engine.waiting('open');
    await open.answer(tableInfo(open.body.table, { name: 'second.csv' }));
    expect(engine.freed().sort()).toEqual([bench.table, bench.model].sort());
    expect(store.table.value?.info.name).toBe('second.csv');
  });

  it('is given up with Cancel, which leaves what was there', async () => {
    const bench = await trainingBench();
    await bench.engine.waiting('run').answer(runResult());
    void bench.actions.open(csvFile('second.csv'));
    await settle();
    bench.actions.cancel();
    await settle();
    expect(kind(bench)).toBe('finished');
    expect(texts(bench)).toEqual([]);
    expect(bench.store.table.value?.info.name).toBe('wine.csv');
  });

  it('takes the last of several files in a row, and frees the ones before', async () => {
    const bench = createBench();
    const { engine, actions, store } = bench;
    actions.onReady(READY);
    void actions.open(csvFile('first.csv'));
    await settle();
    const first = engine.waiting('open');
    void actions.open(csvFile('second.csv'));
    await settle();
    const second = engine.waiting('open');
    expect(second.body).not.toBe(first.body);
    await second.answer(tableInfo(second.body.table, { name: 'second.csv' }));
    expect(store.table.value?.info.name).toBe('second.csv');
    expect(texts(bench)).toEqual([]);
  });

  it('does not train when that is refused', async () => {
    const bench = createBench();
    bench.engine.answers.estimate = () => ({ ...ESTIMATE, refused: 'This model has 40 million parameters.' });
    bench.actions.onReady(READY);
    void bench.actions.open(csvFile());
    await settle();
    const open = bench.engine.waiting('open');
    await open.answer(tableInfo(open.body.table));
    expect(kind(bench)).toBe('ready');
    await bench.actions.train();
    expect(bench.engine.count('run')).toBe(0);
  });

  it('opens a set of the catalogue with its label', async () => {
    const bench = createBench();
    bench.store.catalog.value = CATALOG;
    bench.actions.onReady(READY);
    void bench.actions.open('iris');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve));
    const { body } = bench.engine.waiting('open');
    expect(body.hints).toEqual({ label: 'species' });
    expect(body.source).toMatchObject({ name: 'iris.csv.gz' });
    void bench.actions.open('rings');
    await settle();
    expect(bench.engine.waiting('open').body.source).toEqual({
      synthetic: 'rings',
      n: 3000,
      seed: 1,
      name: 'Rings',
    });
  });
});

describe('a file dropped while a model trains (RELIABILITY 28)', () => {
  it('asks, and “Keep training” leaves the job untouched', async () => {
    const bench = await trainingBench();
    const sent = bench.engine.sent.length;
    await bench.actions.open(csvFile('other.csv'));
    expect(texts(bench)).toEqual(['Training is under way. Open other.csv instead?']);
    await press(bench, 'Keep training');
    expect(texts(bench)).toEqual([]);
    expect(bench.engine.sent).toHaveLength(sent);
    expect(kind(bench)).toBe('running');
  });

  it('“Open” holds the training while it reads, and ends it when the table is there', async () => {
    const bench = await trainingBench();
    const { engine, store } = bench;
    await bench.actions.open(csvFile('other.csv'));
    await press(bench, 'Open');
    expect(engine.types().slice(-2)).toEqual(['pause', 'open']);
    const old = engine.waiting('run');
    engine.answers.cancel = () => {
      void old.answer(runResult({ outcome: 'cancelled', reason: 'user' }));
      return null;
    };
    const open = engine.waiting('open');
    await open.answer(tableInfo(open.body.table, { name: 'other.csv' }));
    expect(store.table.value?.info.name).toBe('other.csv');
    expect(kind(bench)).toBe('running');
    expect(engine.waiting('run').body.job).not.toBe(bench.job);
  });

  it('“Open” of a bad file lets the training go on', async () => {
    const bench = await trainingBench();
    const { engine, store } = bench;
    await bench.actions.open(csvFile('bad.csv'));
    await press(bench, 'Open');
    await engine.waiting('open').refuse(BAD_FILE);
    expect(engine.types().slice(-1)).toEqual(['resume']);
    expect(store.phase.value).toEqual({ kind: 'running', job: bench.job, stopping: false });
    expect(texts(bench)[0]).toContain('The data that was loaded is still here.');
  });

  it('“Open” of a bad file leaves a paused training paused', async () => {
    const bench = await trainingBench();
    const { engine, store } = bench;
    await bench.actions.pause();
    await bench.actions.open(csvFile('bad.csv'));
    expect(texts(bench)).toEqual(['Training is paused. Open bad.csv instead?']);
    await press(bench, 'Open');
    await engine.waiting('open').refuse(BAD_FILE);
    expect(engine.count('resume')).toBe(0);
    expect(store.phase.value).toEqual({ kind: 'paused', job: bench.job });
  });

  it('asks about the last file only', async () => {
    const bench = await trainingBench();
    await bench.actions.open(csvFile('one.csv'));
    await bench.actions.open(csvFile('two.csv'));
    expect(texts(bench)).toEqual(['Training is under way. Open two.csv instead?']);
  });

  it('opens what was asked about when the training ends by itself', async () => {
    const bench = await trainingBench();
    await bench.actions.open(csvFile('other.csv'));
    await bench.engine.waiting('run').answer(runResult());
    expect(texts(bench)).toEqual([]);
    const open = bench.engine.waiting('open');
    expect(open.body.source).toMatchObject({ name: 'other.csv' });
    await open.answer(tableInfo(open.body.table, { name: 'other.csv' }));
    expect(bench.store.table.value?.info.name).toBe('other.csv');
  });

  it('opens nothing after “Keep training”, however the training ends', async () => {
    const bench = await trainingBench();
    await bench.actions.open(csvFile('other.csv'));
    await press(bench, 'Keep training');
    await bench.engine.waiting('run').answer(runResult());
    expect(kind(bench)).toBe('finished');
    expect(bench.engine.count('open')).toBe(1);
  });

  it('asks nothing while a training is being stopped, and opens when that has ended', async () => {
    const bench = await trainingBench();
    void bench.actions.stop();
    await settle();
    await bench.actions.open(csvFile('other.csv'));
    expect(texts(bench)).toEqual(['Training is stopping. other.csv opens then.']);
    expect(bench.engine.count('open')).toBe(1);
    await bench.engine.waiting('run').answer(runResult({ outcome: 'stopped', reason: 'user' }));
    expect(texts(bench)).toEqual([]);
    expect(bench.engine.waiting('open').body.source).toMatchObject({ name: 'other.csv' });
  });

  it('says what the training does now', async () => {
    const bench = await trainingBench();
    await bench.actions.open(csvFile('other.csv'));
    await bench.actions.pause();
    expect(texts(bench)).toEqual(['Training is paused. Open other.csv instead?']);
  });
});

describe('training', () => {
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

describe('roles and scaling', () => {
  it('a label that is not a feature changes no number', async () => {
    const bench = await trainingBench();
    const sent = bench.engine.sent.length;
    await bench.actions.setRole(3, 'ignored');
    expect(bench.store.table.value?.roles[3]).toBe('ignored');
    expect(bench.engine.sent.slice(sent).filter(({ type }) => type !== 'read')).toEqual([]);
    expect(kind(bench)).toBe('running');
  });

  it('at most one column names the rows', async () => {
    const bench = await trainingBench();
    await bench.actions.setRole(3, 'id');
    const old = bench.engine.waiting('run');
    bench.engine.answers.cancel = () => {
      void old.answer(runResult({ outcome: 'cancelled' }));
      return null;
    };
    void bench.actions.setRole(0, 'id');
    await settle();
    expect(bench.store.table.value?.roles).toEqual(['id', 'feature', 'feature', 'ignored']);
  });

  it('another set of features is prepared while the training waits, then trained on anew', async () => {
    const bench = await trainingBench();
    const { engine, store, actions } = bench;
    const old = engine.waiting('run');
    engine.answers.cancel = () => {
      void old.answer(runResult({ outcome: 'cancelled' }));
      return null;
    };
    const sent = engine.types().length;
    engine.answers.prepare = () => featureInfo({ d: 2 });
    void actions.setRole(1, 'ignored');
    await settle();
    const asked = engine.types().slice(sent);
    expect(asked.filter((type) => type !== 'free')).toEqual([
      'pause',
      'prepare',
      'cancel',
      'estimate',
      'create',
      'run',
    ]);
    expect(store.table.value?.features?.d).toBe(2);
    expect(kind(bench)).toBe('running');
    expect(engine.waiting('run').body.job).not.toBe(bench.job);
  });

  it('several columns change together', async () => {
    const bench = await trainingBench();
    await bench.engine.waiting('run').answer(runResult());
    const sent = bench.engine.sent.length;
    void bench.actions.setRole([0, 1], 'ignored');
    await settle();
    const prepares = bench.engine.sent.slice(sent).filter(({ type }) => type === 'prepare');
    expect(prepares).toHaveLength(1);
    expect(bench.store.table.value?.roles).toEqual(['ignored', 'ignored', 'feature', 'label']);
  });

  it('a long training does not start by itself; the old model is forgotten', async () => {
    const bench = await trainingBench();
    const { engine, store, actions } = bench;
    await engine.waiting('run').answer(runResult());
    engine.answers.estimate = () => ({ ...ESTIMATE, seconds: 600 });
    await actions.setScale('minmax');
    expect(kind(bench)).toBe('ready');
    expect(store.model.value).toBeNull();
    expect(store.table.value?.scale).toBe('minmax');
    expect(engine.freed().sort()).toEqual([bench.model]);
  });

  it('a choice that can’t be prepared is taken back, with the reason', async () => {
    const bench = await trainingBench();
    const { engine, store, actions } = bench;
    await engine.waiting('run').answer(runResult());
    const before = store.table.value;
    engine.answers.prepare = () => {
      throw { code: 'no_numeric_column', message: 'No feature is left.', hint: '' };
    };
    await actions.setRole([0, 1, 2], 'ignored');
    expect(store.table.value).toEqual(before);
    expect(store.model.value?.info.model).toBe(bench.model);
    expect(kind(bench)).toBe('finished');
    expect(texts(bench)[0]).toMatch(/^That choice was taken back\. No feature is left\./);
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
    });
  });
});
