// Opening data, and what its columns are used for.
import { describe, expect, it } from 'vitest';
import {
  BAD_FILE,
  CATALOG,
  createBench,
  csvFile,
  ESTIMATE,
  featureInfo,
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

  /** A retrain has been done; it is the second state of the model. */
  async function retrainedBench() {
    const bench = await trainingBench();
    await bench.engine.waiting('run').answer(runResult());
    bench.actions.selectRow(7);
    void bench.actions.retrain();
    await settle();
    await bench.engine.waiting('run').answer(runResult({ epochs: 5, steps: 1005 }));
    expect(bench.store.history.value.nodes).toHaveLength(2);
    return bench;
  }
  const QUESTION = 'This starts a new model; 2 states of this one are lost.';

  it('that would cost the states of a model ask first, and change nothing until then', async () => {
    const bench = await retrainedBench();
    const { store, actions, engine } = bench;
    const { roles } = store.table.value ?? {};
    const prepared = engine.count('prepare');
    await actions.setRole(1, 'ignored');
    await actions.setScale('minmax');
    expect(texts(bench)).toEqual([QUESTION]);
    expect(store.announcement.value).toBe(QUESTION);
    expect(store.table.value).toMatchObject({ roles, scale: 'auto' });
    await press(bench, 'Keep');
    expect(texts(bench)).toEqual([]);
    expect(engine.count('prepare')).toBe(prepared);
    expect(store.history.value.nodes).toHaveLength(2);

    void actions.setRole(1, 'ignored');
    await settle();
    await actions.setRole(3, 'ignored'); // a label: no number changes
    await press(bench, 'Go on');
    expect(store.table.value?.roles).toEqual(['feature', 'ignored', 'feature', 'ignored']);
    expect(engine.count('prepare')).toBe(prepared + 1);
    expect(store.history.value.nodes).toEqual([]);
    expect(texts(bench)).toEqual([]);
  });

  it('ask in the middle of a retrain, which goes on; the question counts with it, and goes with its cause', async () => {
    const bench = await trainingBench();
    const { store, actions, engine } = bench;
    await engine.waiting('run').answer(runResult());
    actions.selectRow(7);
    void actions.retrain();
    await settle();
    await actions.setScale('minmax');
    expect(texts(bench)).toEqual(['This starts a new model; 1 state of this one is lost.']);
    expect(kind(bench)).toBe('running');
    await engine.waiting('run').answer(runResult({ epochs: 5, steps: 1005 }));
    expect(texts(bench)).toEqual([QUESTION]);
    void actions.startAgain();
    await settle();
    expect(texts(bench)).toEqual([]);
    expect(store.table.value?.scale).toBe('auto');
  });

  it('ask nothing where there are only trainings to lose', async () => {
    const bench = await trainingBench();
    await bench.engine.waiting('run').answer(runResult());
    void bench.actions.setScale('minmax');
    await settle();
    expect(texts(bench)).toEqual([]);
    expect(bench.store.table.value?.scale).toBe('minmax');
  });
});
