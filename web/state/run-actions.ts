/**
 * Training: making a model of the table on screen, running it, pausing, stopping, and taking in what the
 * worker says meanwhile. One run at a time; each that counts becomes part of the model's history.
 *
 * Everything late is dropped by its id: progress of a job that was replaced, frames of a map that is gone.
 */

import { batch } from '@preact/signals';
import type { FitSpec, Frame, Id, Progress, RunResult } from '../protocol/messages.ts';
import { failureOf } from './engine-port.ts';
import { formFor, withField } from './form.ts';
import { type Deed, plain, type Recorder } from './history-actions.ts';
import type { Models } from './model-actions.ts';
import { numberText } from './number-text.ts';
import type { Session } from './session-actions.ts';
import type { FormState, HistoryNode, ModelState, Phase, RunKind } from './store.ts';
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
  /** After a failure: trains on from what was kept, or tries again what failed. */
  retry(): Promise<void>;
  /** Takes another learning rate and trains on with it; a retrain that ran away is begun again. */
  tryLearningRate(rate: number): Promise<void>;
  /** Takes what was typed into a field; false, with a sentence under the field, when it can't be used. */
  setField(name: string, text: string): boolean;
  /** Takes back what the person typed: every field as the shape of the table suggests. */
  resetFields(): void;
  onProgress(progress: Progress): void;
  onFrame(frame: Frame, release: () => void): void;
}

/** Part of something longer that is done again: `done` batches of `total` came before it. */
export interface Replay {
  done: number;
  total: number;
}

/** What a run came to. */
export interface Ran {
  result: RunResult;
  node: HistoryNode | null; // null: the model is as it was
}

/** What opening, the demonstration and retraining need besides. */
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
  /** Runs a model and writes it down; null when it failed, which has been told. `job`: its id, when it has one. */
  run(model: ModelState, fit: FitSpec, deed?: Deed, job?: Id): Promise<Ran | null>;
  /** Has the training under way go on with another learning rate, where it takes its own from this form. */
  takeRate(from: 'form' | 'retrain', rate: number): void;
  /** Runs a model without drawing it or writing it down; rejects with what went wrong. */
  repeat(model: ModelState, fit: FitSpec, replay: Replay): Promise<RunResult>;
  /** What trying again does, now that this has failed. */
  tryNext(what: () => Promise<void>): void;
  /** Tells whether something else has taken over since it was asked for. */
  watch(): () => boolean;
  /** The model and its map are of the rows of another table from now on, one with the same features. */
  moveTo(model: ModelState, table: Id): void;
  /** The model is gone, and its history with it. */
  resetHistory(): void;
}

/** Longest training, in seconds, that starts by itself after a column's role was changed. */
const UNASKED_SECONDS = 20;
const ESTIMATE_DELAY = 120;

interface Running {
  job: Id;
  model: Id;
  kind: RunKind;
  ended: Promise<unknown>;
  replay: Replay | null;
  done: number; // batches, as last reported
  rated: boolean; // the learning rate was changed on the way
}

/** Progress of a part as that of the whole. */
function partOf(told: Progress, replay: Replay): Progress {
  const done = replay.done + told.done;
  const share = (replay.total - done) / Math.max(1, told.total - told.done);
  const seconds_left = told.seconds_left === null ? null : told.seconds_left * share;
  return { ...told, done, total: replay.total, seconds_left };
}

/** Its learning rate is that of the retrain's form. */
function ownRate(kind: RunKind): boolean {
  return kind === 'retrain' || kind === 'exclude';
}

/** @param remember takes note of a state that a training has led to */
export function createRunner(
  session: Session,
  models: Models,
  recorder: Recorder,
  remember: (node: HistoryNode) => void,
): Runner {
  const { store, engine, surroundings } = session;
  let running: Running | null = null;
  let generation = 0; // raised by whatever takes over: what was begun before it must not go on
  let followed: Id | null = null;
  let resuming = false; // until the worker has answered, "paused" is old news
  let again: (() => Promise<void>) | null = null; // what trying again does; null: trains
  const deeds = new WeakMap<RunResult, Deed>(); // what each result is of, also when it is shown again after a return
  let cancelEstimate: (() => void) | null = null;
  let estimateRequest = 0;
  let estimated: Promise<void> = Promise.resolve(); // of the table on screen

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
    const same = id === formOf;
    const form = formFor(ready, features, same ? store.form.peek() : null);
    const { learning_rate } = form.fit;
    const retrain = store.retrain.peek();
    batch(() => {
      if (!same) store.retrain.value = { focus: 1, epochs: 5, learning_rate, errors: {} };
      else if (retrain.learning_rate === store.form.peek()?.fit.learning_rate) {
        store.retrain.value = { ...retrain, learning_rate };
      }
      store.form.value = form;
    });
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

  function changeForm(next: FormState): void {
    const before = store.form.peek()?.fit.learning_rate;
    const retrain = store.retrain.peek();
    batch(() => {
      /* A retrain learns as a training does, until told otherwise. */
      if (retrain.learning_rate === before && !(running && ownRate(running.kind))) {
        store.retrain.value = { ...retrain, learning_rate: next.fit.learning_rate };
      }
      store.form.value = next;
    });
    cancelEstimate?.();
    cancelEstimate = surroundings.later(() => {
      cancelEstimate = null;
      void estimate();
    }, ESTIMATE_DELAY);
  }

  /* ---- models ------------------------------------------------------------------------------------------- */

  async function create(table: Id): Promise<ModelState | null> {
    const form = store.form.peek();
    if (!form) return null;
    const mine = generation;
    const model = await models.make(table, form);
    if (mine !== generation) {
      models.free(model.info.model);
      return null;
    }
    batch(() => {
      models.show(model);
      recorder.reset();
    });
    return model;
  }

  function forget(): void {
    batch(() => {
      models.forget();
      recorder.reset();
      store.phase.value = restingPhase();
    });
  }

  /* ---- runs --------------------------------------------------------------------------------------------- */

  /** Has the worker run a model, as the one job that is under way. */
  async function execute(
    model: Id,
    fit: FitSpec,
    job: Id,
    kind: RunKind,
    replay: Replay | null,
  ): Promise<[RunResult, Running]> {
    const reply = engine.request({ type: 'run', job, model, fit, live: replay === null });
    const mine: Running = {
      job,
      model,
      kind,
      ended: reply.catch(() => undefined),
      replay,
      done: 0,
      rated: false,
    };
    running = mine;
    resuming = false;
    try {
      return [await reply, mine];
    } finally {
      if (running === mine) running = null;
    }
  }

  async function run(
    model: ModelState,
    fit: FitSpec,
    deed: Deed = plain(store.map.peek()?.rows ?? 0),
    job: Id = engine.nextId(),
  ): Promise<Ran | null> {
    const id = model.info.model;
    batch(() => {
      store.progress.value = null;
      store.task.value = deed.selected ? { kind: deed.kind, title: deed.title, stage: 'run' } : null;
      store.phase.value = { kind: 'running', job, stopping: false };
    });
    let now: Running | null = null;
    try {
      await recorder.begin();
      if (!wanted(job)) {
        if (shown(id)) await recorder.cutOff(deed.kind, false);
        rest(job, id, model.result, model.info.steps);
        return null;
      }
      models.setModel(id, { fit, result: null });
      const going = execute(id, fit, job, deed.kind, null);
      now = running;
      const [result, { rated, done }] = await going;
      session.settle('training');
      again = null;
      deeds.set(result, deed);
      if (result.outcome === 'cancelled') {
        if (shown(id)) recorder.doubt();
        rest(job, id, result, result.steps);
        return { result, node: null };
      }
      if (onScreen(job)) finishing(job);
      const node = await recorder.record({ model: id, fit, deed, result, rated, done });
      if (node) remember(node);
      rest(job, id, result, node?.steps ?? model.info.steps);
      return { result, node };
    } catch (error) {
      await failed(error, job, id, deed, (now?.done ?? 0) > 0);
      return null;
    }
  }

  /** The job is over; its snapshot and what it did are taken down. */
  function finishing(job: Id): void {
    const task = store.task.peek();
    batch(() => {
      store.phase.value = { kind: 'running', job, stopping: true };
      if (task) store.task.value = { ...task, stage: 'measure' };
    });
  }

  function rest(job: Id, id: Id, result: RunResult | null, steps: number): void {
    batch(() => {
      const model = store.models.peek().get(id);
      if (model) models.setModel(id, { result, info: { ...model.info, steps } });
      /* Another model's task is its own. */
      if (model) store.task.value = null;
      if (onScreen(job)) store.phase.value = restingPhase();
    });
  }

  async function failed(error: unknown, job: Id, id: Id, deed: Deed, moved: boolean): Promise<void> {
    const failure = failureOf(error);
    if (shown(id)) store.task.value = null;
    if (onScreen(job)) {
      if (failure.code === 'cancelled') {
        store.phase.value = restingPhase();
      } else {
        again = deed.retry;
        store.phase.value = { kind: 'failed', failure, retry: true };
        session.report(error, 'Training has stopped.', '', 'training');
      }
    }
    if (!shown(id)) return;
    if (failure.code === 'cancelled') recorder.doubt();
    else await recorder.cutOff(deed.kind, moved);
  }

  /** The model is still there: else its history is another's by now. */
  function shown(id: Id): boolean {
    return store.models.peek().has(id);
  }

  /** What is on screen is this job; not so once something else is being opened. */
  function onScreen(job: Id): boolean {
    const phase = store.phase.peek();
    return 'job' in phase && phase.job === job;
  }

  /** Nobody has stopped it before it began. */
  function wanted(job: Id): boolean {
    const phase = store.phase.peek();
    return onScreen(job) && !(phase.kind === 'running' && phase.stopping);
  }

  function busy(): boolean {
    const phase = store.phase.peek();
    return running !== null || phase.kind === 'opening' || 'job' in phase;
  }

  async function trainWith(options: { fresh?: boolean; one?: boolean }): Promise<void> {
    const table = tableId();
    const form = store.form.peek();
    if (busy() || table === null || !form || !store.table.peek()?.features) return;
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
      session.report(error, 'The model can’t be made.', '', 'training');
      return;
    }
    if (!model || mine !== generation) return;
    const fit = options.one ? { ...form.fit, epochs: 1, patience: 0 } : form.fit;
    const ran = await run(model, fit);
    if (ran && ran.result.outcome !== 'cancelled') session.announce(ran.result.message);
  }

  async function ask(type: 'pause' | 'stop' | 'cancel', job: Id): Promise<void> {
    try {
      await engine.request({ type, job });
    } catch (error) {
      /* A job that has ended meanwhile, or has not begun, needs no stopping. */
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

  function takeProgress(told: Progress, now: Running): void {
    const { replay } = now;
    now.done = told.done;
    const progress = replay ? partOf(told, replay) : told;
    const model = store.models.peek().get(now.model);
    let pauses = false;
    batch(() => {
      store.progress.value = progress;
      if (model && !replay && progress.series.length > 0) {
        const first = progress.series[0]?.epoch ?? 0;
        const kept = model.losses.filter(({ epoch }) => epoch < first);
        models.setModel(model.info.model, { losses: [...kept, ...progress.series] });
      }
      const phase = store.phase.peek();
      const runs = phase.kind === 'running' || phase.kind === 'pausing';
      if (progress.state === 'paused' && runs && phase.job === progress.job && !resuming) {
        store.phase.value = { kind: 'paused', job: progress.job };
        pauses = true;
      }
    });
    /* How far it is can be read; that it rests is news. */
    if (pauses) session.announce('Paused.');
    else if (progress.state === 'running')
      session.announce(progressSentence(progress, store.model.peek(), store.task.peek()), 'progress');
  }

  function setField(name: string, text: string): boolean {
    const form = store.form.peek();
    const ready = store.ready.peek();
    if (!form || !ready) return false;
    const { form: next, error, live } = withField(form, ready, name, text);
    changeForm(next);
    if (error === null && live) takeRate('form', next.fit.learning_rate);
    return error === null;
  }

  function takeRate(from: 'form' | 'retrain', rate: number): void {
    if (!running || running.replay || ownRate(running.kind) !== (from === 'retrain')) return;
    /* From here on the steps that lead to this state can't be told by its fit. */
    running.rated = true;
    const params = { learning_rate: rate };
    engine.request({ type: 'set', target: running.job, params }).catch((cause: unknown) => {
      if (failureOf(cause).code !== 'not_found') session.report(cause);
    });
  }

  /** What happens before the first batch or after the last can't be paused. */
  function measuring(): boolean {
    return store.task.peek()?.stage === 'measure';
  }

  return {
    adoptTable,
    setField,
    takeRate,
    restingPhase,
    create,
    run,
    moveTo: models.moveTo,
    resetHistory: recorder.reset,
    onFrame: models.onFrame,
    follow(job) {
      followed = job;
    },
    async repeat(model, fit, replay) {
      const job = engine.nextId();
      store.phase.value = { kind: 'running', job, stopping: false };
      const [result] = await execute(model.info.model, fit, job, 'train', replay);
      return result;
    },
    tryNext(what) {
      again = what;
    },
    watch() {
      const mine = generation;
      return () => mine !== generation;
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
      if (phase.kind !== 'running' || phase.stopping || measuring()) return;
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
      const what = again;
      again = null;
      await (what ? what() : trainWith({}));
    },
    async tryLearningRate(rate) {
      const result = store.model.peek()?.result;
      const { kind = 'train', retry = null } = (result && deeds.get(result)) ?? {};
      if (ownRate(kind)) store.retrain.value = { ...store.retrain.peek(), learning_rate: rate };
      else if (!setField('learning_rate', numberText(rate))) return;
      await (retry ? retry() : trainWith({}));
    },
    resetFields() {
      const table = store.table.peek();
      const ready = store.ready.peek();
      if (table?.features && ready) changeForm(formFor(ready, table.features, null));
    },
    onProgress(progress) {
      if (running?.job === progress.job) {
        takeProgress(progress, running);
        return;
      }
      const phase = store.phase.peek();
      if (progress.job === followed && phase.kind === 'opening') {
        const { done, total, seconds_left } = progress;
        store.phase.value = { ...phase, done, total, seconds_left };
      }
    },
  };
}
