/**
 * The training under way: having the worker do it, pausing, stopping, another learning rate, and taking in how far it
 * is. One at a time. Progress of a job that was replaced is dropped by its id.
 */

import { batch } from '@preact/signals';
import type { EpochLoss, FitSpec, Id, Progress, RateChange, RunResult } from '../protocol/messages.ts';
import { failureOf } from './engine-port.ts';
import type { Models } from './model-actions.ts';
import type { Session } from './session-actions.ts';
import type { ModelState, Phase, RunKind, Store } from './store.ts';
import { progressSentence } from './transport.ts';

export interface JobActions {
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  onProgress(progress: Progress): void;
}

/** Part of something longer that is done again: `done` batches of `total` came before it. */
export interface Replay {
  done: number;
  total: number;
}

/** The job under way. */
export interface Running {
  readonly job: Id;
  readonly model: Id;
  readonly kind: RunKind;
  readonly replay: Replay | null;
  readonly result: Promise<RunResult>;
  done: number; // batches, as last reported
  rates: RateChange[]; // the learning rates that it was given on the way
  rated: boolean; // it is not known when it was given one: it can't be done again
  losses: EpochLoss[] | null; // the model's, once they are this job's own to add to
}

export interface Jobs extends JobActions {
  /** Has the worker run a model; what is done again is not drawn. */
  start(job: Id, model: Id, fit: FitSpec, kind: RunKind, replay?: Replay | null): Running;
  /** Something runs, rests half-way or is being opened. */
  busy(): boolean;
  /** What runs takes its learning rate from the retrain's form. */
  ratesItself(): boolean;
  /** Has the training under way go on with another learning rate, where it takes its own from this form. */
  takeRate(from: 'form' | 'retrain', rate: number): void;
  /** Goes on for so many epochs, then rests again; absent: to the end. */
  resume(epochs?: number): Promise<void>;
  /** Progress of this job belongs to what is being opened. */
  follow(job: Id): void;
  /** Has what runs wait; resolves to what lets it go on, or rest as it was. */
  hold(): Promise<() => void>;
  /** Ends what runs, without refreshing the map; resolves when it has ended. */
  interrupt(): Promise<void>;
  /** Tells whether something else has taken over since it was asked for. */
  watch(): () => boolean;
}

/** What is on screen when nothing runs. */
export function restingPhase(store: Store): Phase {
  if (store.tables.peek().size === 0) return { kind: 'empty' };
  const model = store.model.peek();
  return model && (model.losses.length > 0 || model.result) ? { kind: 'finished' } : { kind: 'ready' };
}

/** The learning rate of such a training is that of the retrain's form. */
export function ownRate(kind: RunKind): boolean {
  return kind === 'retrain' || kind === 'exclude';
}

/** Progress of a part as that of the whole. */
function partOf(told: Progress, replay: Replay): Progress {
  const done = replay.done + told.done;
  const share = (replay.total - done) / Math.max(1, told.total - told.done);
  const seconds_left = told.seconds_left === null ? null : told.seconds_left * share;
  return { ...told, done, total: replay.total, seconds_left };
}

/**
 * The losses with new ones: added in place, as there may be very many. States of the history hold those that they ended
 * with, so that a job makes its own first; and again when a worker was lost, and epochs come once more.
 */
function lossesWith(now: Running, model: ModelState, series: readonly EpochLoss[]): EpochLoss[] {
  const first = series[0]?.epoch ?? 0;
  const again = (model.losses.at(-1)?.epoch ?? 0) >= first;
  if (!now.losses || now.losses !== model.losses || again) {
    now.losses = model.losses.filter(({ epoch }) => epoch < first);
  }
  for (const loss of series) now.losses.push(loss);
  return now.losses;
}

export function createJobs(session: Session, models: Models): Jobs {
  const { store, engine } = session;
  let running: Running | null = null;
  let generation = 0; // raised by whatever takes over: what was begun before it must not go on
  let followed: Id | null = null;
  let resuming = false; // until the worker has answered, "paused" is old news

  function start(job: Id, model: Id, fit: FitSpec, kind: RunKind, replay: Replay | null = null): Running {
    const result = engine.request({ type: 'run', job, model, fit, live: replay === null }).finally(() => {
      if (running === mine) running = null;
    });
    const mine: Running = {
      job,
      model,
      kind,
      replay,
      result,
      done: 0,
      rates: [...(fit.rates ?? [])],
      rated: false,
      losses: null,
    };
    running = mine;
    resuming = false;
    return mine;
  }

  async function ask(type: 'pause' | 'stop' | 'cancel', job: Id): Promise<void> {
    try {
      await engine.request({ type, job });
    } catch (error) {
      /* A job that has ended meanwhile, or has not begun, needs no stopping. */
      if (failureOf(error).code !== 'not_found') session.report(error);
    }
  }

  async function resume(epochs?: number): Promise<void> {
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
        models.setModel(model.info.model, { losses: lossesWith(now, model, progress.series) });
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

  /** What happens before the first batch or after the last can't be paused. */
  function measuring(): boolean {
    return store.task.peek()?.stage === 'measure';
  }

  return {
    start,
    resume,
    busy: () => running !== null || store.phase.peek().kind === 'opening' || 'job' in store.phase.peek(),
    ratesItself: () => running !== null && ownRate(running.kind),
    takeRate(from, rate) {
      if (!running || running.replay || ownRate(running.kind) !== (from === 'retrain')) return;
      const now = running;
      const params = { learning_rate: rate };
      engine.request({ type: 'set', target: now.job, params }).then(
        (change) => {
          if (change) now.rates = [...now.rates.filter(({ after }) => after < change.after), change];
        },
        (cause: unknown) => {
          if (failureOf(cause).code === 'not_found') return;
          now.rated = true;
          session.report(cause);
        },
      );
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
    async stop() {
      const phase = store.phase.peek();
      if (phase.kind !== 'running' && phase.kind !== 'pausing' && phase.kind !== 'paused') return;
      generation++;
      store.phase.value = { kind: 'running', job: phase.job, stopping: true };
      await ask('stop', phase.job);
    },
    async hold() {
      generation++;
      const was = running;
      const phase = store.phase.peek();
      const rested = phase.kind === 'paused';
      if (was && !rested) await ask('pause', was.job);
      return () => {
        if (!was || running !== was) {
          store.phase.value = restingPhase(store);
          return;
        }
        store.phase.value = { kind: 'paused', job: was.job };
        if (!rested) void resume();
      };
    },
    async interrupt() {
      generation++;
      const was = running;
      if (!was) return;
      await ask('cancel', was.job);
      await was.result.catch(() => undefined);
      if (running === was) running = null;
    },
    watch() {
      const mine = generation;
      return () => mine !== generation;
    },
    follow(job) {
      followed = job;
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
