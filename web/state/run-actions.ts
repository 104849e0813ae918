/**
 * Training: making a model of the table on screen, running it, pausing, stopping, and taking in what the
 * worker says meanwhile. One run at a time.
 *
 * Everything late is dropped by its id: progress of a job that was replaced, frames of a map that is gone.
 */

import { batch } from '@preact/signals';
import type { FitSpec, Frame, Id, Progress, RunResult } from '../protocol/messages.ts';
import { failureOf } from './engine-port.ts';
import { formFor, withField } from './form.ts';
import { numberText } from './number-text.ts';
import type { Session } from './session-actions.ts';
import type { MapArrays, ModelState, Phase } from './store.ts';
import { goesOn, progressSentence } from './transport.ts';

export interface RunActions {
  /** Trains: on from the model's weights, or a new model when a choice needs one. */
  train(): Promise<void>;
  /** Trains a new model whatever there is. */
  startAgain(): Promise<void>;
  /** One epoch, then rests. */
  step(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  /** After a failure: trains on from what was kept. */
  retry(): Promise<void>;
  /** Takes another learning rate and trains on with it. */
  tryLearningRate(rate: number): Promise<void>;
  /** Takes what was typed into a field; false, with a sentence under the field, when it can't be used. */
  setField(name: string, text: string): boolean;
  /** Takes back what the person typed: every field as the shape of the table suggests. */
  resetFields(): void;
  onProgress(progress: Progress): void;
  onFrame(frame: Frame, release: () => void): void;
}

/** What opening and the demonstration need besides. */
export interface Runner extends RunActions {
  /** The table on screen has new features: fields and estimate follow. `rows`: as if it had so many. */
  adoptTable(rows?: number): void;
  /** Has what runs wait; resolves to what lets it go on, or rest as it was. */
  hold(): Promise<() => void>;
  /** Ends what runs, without refreshing the map; resolves when it has ended. */
  interrupt(): Promise<void>;
  trainIfPossible(): Promise<void>;
  /** Trains if that takes no longer than a person would wait for unasked; else forgets the old model. */
  trainIfQuick(): Promise<void>;
  /** What is on screen when nothing runs. */
  restingPhase(): Phase;
  /** Progress of this job belongs to what is being opened. */
  follow(job: Id): void;
  /** Makes a model of a table and shows its map; null when something else took over meanwhile. */
  create(table: Id): Promise<ModelState | null>;
  /** Runs a model; null when it failed, which has been told. */
  run(model: ModelState, fit: FitSpec): Promise<RunResult | null>;
  /** The model and its map are of the rows of another table from now on, one with the same features. */
  moveTo(model: ModelState, table: Id): void;
}

/** Longest training, in seconds, that starts by itself after a column's role was changed. */
const UNASKED_SECONDS = 20;
const ESTIMATE_DELAY = 120;

interface Running {
  job: Id;
  model: Id;
  ended: Promise<unknown>;
}

export function createRunner(session: Session): Runner {
  const { store, engine, surroundings } = session;
  let running: Running | null = null;
  let generation = 0; // raised by whatever takes over: what was begun before it must not go on
  let followed: Id | null = null;
  let resuming = false; // until the worker has answered, "paused" is old news
  let cancelEstimate: (() => void) | null = null;
  let estimateRequest = 0;
  let estimated: Promise<void> = Promise.resolve(); // of the table on screen
  const lent = new Map<Id, () => void>(); // gives the buffer on screen back, by map

  function free(target: Id): void {
    engine.request({ type: 'free', target }).catch(() => undefined);
  }

  function tableId(): Id | null {
    const shown = store.table.peek();
    for (const [id, state] of store.tables.peek()) {
      if (state === shown) return id;
    }
    return null;
  }

  function restingPhase(): Phase {
    if (store.tables.peek().size === 0) return { kind: 'empty' };
    const model = store.model.peek();
    return model && (model.losses.length > 0 || model.result) ? { kind: 'finished' } : { kind: 'ready' };
  }

  /* ---- fields and estimate ------------------------------------------------------------------------------ */

  let formOf: Id | null = null; // the table that the form's values are for

  function adoptTable(rows?: number): void {
    const table = store.table.peek();
    const ready = store.ready.peek();
    if (!table?.features || !ready) return;
    const features = rows === undefined ? table.features : { ...table.features, n: rows };
    /* Other columns of the same table, or more of its rows: what was typed stays. Another table has its own. */
    const { table: id } = table.info;
    store.form.value = formFor(ready, features, id === formOf ? store.form.peek() : null);
    formOf = id;
    estimated = estimate();
  }

  async function estimate(): Promise<void> {
    const mine = ++estimateRequest;
    const form = store.form.peek();
    const table = tableId();
    if (!form || table === null || !store.table.peek()?.features) return;
    const { method, params, fit } = form;
    try {
      const answer = await engine.request({ type: 'estimate', table, method, params, fit });
      if (mine === estimateRequest) store.estimate.value = answer;
    } catch {
      /* Asked again at the next change; training itself tells what is wrong. */
      if (mine === estimateRequest) store.estimate.value = null;
    }
  }

  function changeForm(next: NonNullable<typeof store.form.value>): void {
    store.form.value = next;
    cancelEstimate?.();
    cancelEstimate = surroundings.later(() => {
      cancelEstimate = null;
      void estimate();
    }, ESTIMATE_DELAY);
  }

  /* ---- models ------------------------------------------------------------------------------------------- */

  function show(model: ModelState, positions: MapArrays | null): void {
    const old = [...store.models.peek().keys()]; // each takes its map along
    const { map, table } = model.info;
    const rows = store.tables.peek().get(table)?.info.rows ?? 0;
    batch(() => {
      store.bulk.maps.clear();
      if (positions) store.bulk.maps.set(map, positions);
      store.models.value = new Map([[model.info.model, model]]);
      const version = positions ? 1 : 0;
      store.maps.value = new Map([
        [map, { map, table, rows, version, step: 0, epoch: 0, whole: false, axes: [0, 1] }],
      ]);
      store.panes.value = [map];
      store.detail.value = null;
    });
    lent.clear();
    for (const id of old) free(id);
  }

  /** The old map's points, so that they move from where they are when a new model of the same rows takes over. */
  function carriedPositions(table: Id): MapArrays | null {
    const map = store.map.peek();
    const arrays = map && map.table === table ? store.bulk.maps.get(map.map) : undefined;
    return arrays ? { positions: arrays.positions, error: null } : null;
  }

  async function create(table: Id): Promise<ModelState | null> {
    const form = store.form.peek();
    if (!form) return null;
    const mine = generation;
    const { method, params, fit } = form;
    const model = engine.nextId();
    const map = engine.nextId();
    const axes: [number, number] = [0, params.latent > 1 ? 1 : 0];
    const info = await engine.request({ type: 'create', model, map, table, method, params, spec: { axes } });
    if (mine !== generation) {
      free(model);
      return null;
    }
    const state: ModelState = { info, method, params, fit, losses: [], result: null };
    show(state, carriedPositions(table));
    setMap(map, { axes });
    return state;
  }

  function moveTo(model: ModelState, table: Id): void {
    const rows = store.tables.peek().get(table)?.info.rows ?? 0;
    setModel(model.info.model, { info: { ...model.info, table } });
    if (formOf === model.info.table) formOf = table;
    /* Rows that are new have no place yet. */
    const positions = new Float32Array(rows * 2).fill(Number.NaN);
    const before = store.bulk.maps.get(model.info.map)?.positions;
    if (before) positions.set(before.subarray(0, positions.length));
    store.bulk.maps.set(model.info.map, { positions, error: null });
    lent.delete(model.info.map);
    const version = (store.maps.peek().get(model.info.map)?.version ?? 0) + 1;
    setMap(model.info.map, { table, rows, version, whole: false });
  }

  function setMap(id: Id, change: Partial<NonNullable<typeof store.map.value>>): void {
    const map = store.maps.peek().get(id);
    if (map) store.maps.value = new Map(store.maps.peek()).set(id, { ...map, ...change });
  }

  function setModel(id: Id, change: Partial<ModelState>): void {
    const model = store.models.peek().get(id);
    if (model) store.models.value = new Map(store.models.peek()).set(id, { ...model, ...change });
  }

  function forget(): void {
    const old = [...store.models.peek().keys()]; // each takes its map along
    batch(() => {
      store.panes.value = [];
      store.models.value = new Map();
      store.maps.value = new Map();
      store.bulk.maps.clear();
      store.detail.value = null;
      store.phase.value = restingPhase();
    });
    lent.clear();
    for (const id of old) free(id);
  }

  /* ---- runs --------------------------------------------------------------------------------------------- */

  async function run(model: ModelState, fit: FitSpec): Promise<RunResult | null> {
    const job = engine.nextId();
    const id = model.info.model;
    batch(() => {
      store.progress.value = null;
      store.phase.value = { kind: 'running', job, stopping: false };
      setModel(id, { fit, result: null });
    });
    const reply = engine.request({ type: 'run', job, model: id, fit, live: true });
    running = { job, model: id, ended: reply.catch(() => undefined) };
    resuming = false;
    try {
      const result = await reply;
      if (running?.job !== job) return null;
      running = null;
      batch(() => {
        setModel(id, { result });
        if (onScreen(job)) store.phase.value = restingPhase();
      });
      return result;
    } catch (error) {
      if (running?.job === job) running = null;
      const failure = failureOf(error);
      const shown = onScreen(job);
      if (failure.code === 'cancelled') {
        if (shown) store.phase.value = restingPhase();
      } else if (shown) {
        store.phase.value = { kind: 'failed', failure, retry: true };
        session.report(error, 'Training has stopped.');
      }
      return null;
    }
  }

  /** What is on screen is this job; not so once something else is being opened. */
  function onScreen(job: Id): boolean {
    const phase = store.phase.peek();
    return 'job' in phase && phase.job === job;
  }

  async function trainWith(options: { fresh?: boolean; one?: boolean }): Promise<void> {
    const table = tableId();
    const form = store.form.peek();
    if (running || table === null || !form || !store.table.peek()?.features) return;
    if (store.phase.peek().kind === 'opening') return;
    const refused = store.estimate.peek()?.refused;
    let model = store.model.peek();
    const fresh = options.fresh || !model || !goesOn(form, model);
    if (fresh && refused) return;
    const mine = generation;
    try {
      if (fresh || !model) model = await create(table);
    } catch (error) {
      if (mine !== generation) return;
      store.phase.value = restingPhase();
      session.report(error, 'The model can’t be made.');
      return;
    }
    if (!model || mine !== generation) return;
    const fit = options.one ? { ...form.fit, epochs: 1, patience: 0 } : form.fit;
    const result = await run(model, fit);
    if (result && result.outcome !== 'cancelled') session.announce(result.message);
  }

  async function ask(type: 'pause' | 'stop' | 'cancel', job: Id): Promise<void> {
    try {
      await engine.request({ type, job });
    } catch (error) {
      /* A job that has ended meanwhile needs no stopping. */
      if (failureOf(error).code !== 'not_found') session.report(error);
    }
  }

  async function resumeFor(epochs?: number): Promise<void> {
    const phase = store.phase.peek();
    if (phase.kind !== 'paused') return;
    const { job } = phase;
    store.phase.value = { kind: 'running', job, stopping: false };
    resuming = true;
    try {
      await engine.request({ type: 'resume', job, ...(epochs === undefined ? {} : { epochs }) });
    } catch (error) {
      if (failureOf(error).code !== 'not_found') session.report(error);
    } finally {
      resuming = false;
    }
  }

  function takeProgress(progress: Progress): void {
    const model = running ? store.models.peek().get(running.model) : undefined;
    batch(() => {
      store.progress.value = progress;
      if (model && progress.series.length > 0) {
        const first = progress.series[0]?.epoch ?? 0;
        const kept = model.losses.filter(({ epoch }) => epoch < first);
        setModel(model.info.model, { losses: [...kept, ...progress.series] });
      }
      const phase = store.phase.peek();
      const runs = phase.kind === 'running' || phase.kind === 'pausing';
      if (progress.state === 'paused' && runs && phase.job === progress.job && !resuming) {
        store.phase.value = { kind: 'paused', job: progress.job };
      }
    });
    session.announce(progressSentence(progress, store.model.peek()), 'progress');
  }

  function setField(name: string, text: string): boolean {
    const form = store.form.peek();
    const ready = store.ready.peek();
    if (!form || !ready) return false;
    const { form: next, error, live } = withField(form, ready, name, text);
    changeForm(next);
    if (error === null && live && running) {
      const params = { learning_rate: next.fit.learning_rate };
      engine.request({ type: 'set', target: running.job, params }).catch((cause: unknown) => {
        if (failureOf(cause).code !== 'not_found') session.report(cause);
      });
    }
    return error === null;
  }

  return {
    adoptTable,
    setField,
    restingPhase,
    create,
    run,
    moveTo,
    follow(job) {
      followed = job;
    },
    async hold() {
      generation++;
      const was = running;
      const phase = store.phase.peek();
      const rested = phase.kind === 'paused';
      if (was && !rested) await ask('pause', was.job);
      return () => {
        if (!was || running !== was) {
          store.phase.value = restingPhase();
          return;
        }
        store.phase.value = { kind: 'paused', job: was.job };
        if (!rested) void resumeFor();
      };
    },
    async interrupt() {
      generation++;
      const was = running;
      if (!was) return;
      await ask('cancel', was.job);
      await was.ended;
      if (running === was) running = null;
    },
    async trainIfPossible() {
      await estimated;
      if (store.estimate.peek()?.refused === null) await trainWith({ fresh: true });
    },
    async trainIfQuick() {
      await estimated;
      const answer = store.estimate.peek();
      if (answer && answer.refused === null && answer.seconds <= UNASKED_SECONDS) {
        await trainWith({ fresh: true });
      } else {
        forget();
      }
    },
    train: () => trainWith({}),
    startAgain: () => trainWith({ fresh: true }),
    async step() {
      if (store.phase.peek().kind === 'paused') await resumeFor(1);
      else await trainWith({ one: true });
    },
    async pause() {
      const phase = store.phase.peek();
      if (phase.kind !== 'running' || phase.stopping) return;
      store.phase.value = { kind: 'pausing', job: phase.job };
      await ask('pause', phase.job);
      const now = store.phase.peek();
      if (now.kind === 'pausing' && now.job === phase.job) {
        store.phase.value = { kind: 'paused', job: phase.job };
        session.announce('Paused.');
      }
    },
    resume: () => resumeFor(),
    async stop() {
      const phase = store.phase.peek();
      if (phase.kind !== 'running' && phase.kind !== 'pausing' && phase.kind !== 'paused') return;
      generation++;
      store.phase.value = { kind: 'running', job: phase.job, stopping: true };
      await ask('stop', phase.job);
    },
    async retry() {
      if (store.phase.peek().kind !== 'failed') return;
      store.phase.value = restingPhase();
      await trainWith({});
    },
    async tryLearningRate(rate) {
      if (setField('learning_rate', numberText(rate))) await trainWith({});
    },
    resetFields() {
      const table = store.table.peek();
      const ready = store.ready.peek();
      if (table?.features && ready) changeForm(formFor(ready, table.features, null));
    },
    onProgress(progress) {
      if (running?.job === progress.job) {
        takeProgress(progress);
        return;
      }
      const phase = store.phase.peek();
      if (progress.job === followed && phase.kind === 'opening') {
        const { done, total, seconds_left } = progress;
        store.phase.value = { ...phase, done, total, seconds_left };
      }
    },
    onFrame(frame, release) {
      const map = store.maps.peek().get(frame.map);
      if (!map || map.rows !== frame.rows) {
        release();
        return;
      }
      const { positions, error } = frame.channels;
      const before = lent.get(frame.map);
      store.bulk.maps.set(frame.map, {
        positions: new Float32Array(frame.buffer, positions.offset, positions.length),
        error: error ? new Float32Array(frame.buffer, error.offset, error.length) : null,
      });
      lent.set(frame.map, release);
      const { step, epoch, whole } = frame;
      setMap(frame.map, { version: map.version + 1, step, epoch, whole });
      /* Only now does nothing look at the frame before. */
      before?.();
    },
  };
}
