/**
 * Training: making a model of the table on screen, running it, and writing down what came of it. Each run that counts
 * becomes part of the model's history.
 */

import { batch } from '@preact/signals';
import type { FitSpec, Frame, Id, RunResult } from '../protocol/messages.ts';
import { type Deed, plain, type Scribe } from './deeds.ts';
import { failureOf } from './engine-port.ts';
import { createForms, type FormActions, type Forms } from './form-actions.ts';
import {
  createJobs,
  type JobActions,
  type Jobs,
  type Replay,
  type Running,
  restingPhase,
} from './job-actions.ts';
import type { Models } from './model-actions.ts';
import type { Session } from './session-actions.ts';
import type { HistoryNode, ModelState, Phase } from './store.ts';
import { goesOn } from './transport.ts';

export interface RunActions extends FormActions, JobActions {
  /** Trains: on from the model's weights, or a new model when a choice needs one. */
  train(): Promise<void>;
  /** Trains a new model whatever there is. */
  startAgain(): Promise<void>;
  /** One epoch, then rests. */
  step(): Promise<void>;
  /** After a failure: trains on from what was kept, or tries again what failed. */
  retry(): Promise<void>;
  onFrame(frame: Frame, release: () => void): void;
}

/** What a run came to. */
export interface Ran {
  result: RunResult;
  node: HistoryNode | null; // null: the model is as it was
}

/** What opening, the demonstration and retraining need besides. */
export interface Runner
  extends RunActions,
    Pick<Forms, 'adoptTable' | 'adoptForm'>,
    Pick<Jobs, 'follow' | 'hold' | 'interrupt' | 'takeRate' | 'watch'> {
  trainIfPossible(): Promise<void>;
  /** Trains if that takes no longer than a person would wait for unasked; else forgets the old model. */
  trainIfQuick(): Promise<void>;
  /** What is on screen when nothing runs. */
  restingPhase(): Phase;
  /** Makes a model of a table and shows its map; null when something else took over meanwhile. */
  create(table: Id): Promise<ModelState | null>;
  /** Runs a model and writes it down; null when it failed, which has been told. `job`: its id, when it has one. */
  run(model: ModelState, fit: FitSpec, deed?: Deed, job?: Id): Promise<Ran | null>;
  /** Runs a model without drawing it or writing it down; rejects with what went wrong. */
  repeat(model: ModelState, fit: FitSpec, replay: Replay): Promise<RunResult>;
  /** What trying again does, now that this has failed. */
  tryNext(what: () => Promise<void>): void;
  /**
   * The model and its map are of the rows of another table from now on, one with the same features. `same`: the rows of
   * the first are the first rows of the other, number for number, and what was done with them is told as done there.
   */
  moveTo(model: ModelState, table: Id, same: boolean): void;
  /** What the model's last result is of. */
  deedNow(): Deed | null;
  /** The model is gone, and its history with it. */
  resetHistory(): void;
}

/** Longest training, in seconds, that starts by itself after a column's role was changed. */
const UNASKED_SECONDS = 20;

/** @param remember takes note of a state that a training has led to */
export function createRunner(
  session: Session,
  models: Models,
  recorder: Scribe,
  remember: (node: HistoryNode) => void,
): Runner {
  const { store, engine } = session;
  const jobs = createJobs(session, models);
  const forms = createForms(session, jobs);
  let again: (() => Promise<void>) | null = null; // what trying again does; null: trains
  const deeds = new WeakMap<RunResult, Deed>(); // what each result is of, also when it is shown again after a return

  /* ---- models ------------------------------------------------------------------------------------------- */

  async function create(table: Id): Promise<ModelState | null> {
    const form = store.form.peek();
    if (!form) return null;
    const taken = jobs.watch();
    const model = await models.make(table, form);
    if (taken()) {
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
      store.phase.value = restingPhase(store);
    });
  }

  /* ---- runs --------------------------------------------------------------------------------------------- */

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
      now = jobs.start(job, id, fit, deed.kind);
      const told = await now.result;
      const result = deed.retell?.(told) ?? told;
      const { rated, rates, done } = now;
      session.settle('training');
      again = null;
      deeds.set(result, deed);
      if (result.outcome === 'cancelled') {
        if (shown(id)) recorder.doubt();
        rest(job, id, result, result.steps);
        return { result, node: null };
      }
      if (onScreen(job)) finishing(job);
      const node = await recorder.record({ model: id, fit, deed, result, rated, rates, done });
      if (node) remember(node);
      rest(job, id, result, node?.steps ?? model.info.steps);
      return { result, node };
    } catch (error) {
      await failed(error, job, id, deed, (now?.done ?? 0) > 0);
      /* A training that was let go of is begun again as it was. */
      if (failureOf(error).code === 'asleep') again ??= () => runAgain(id, fit, deed);
      return null;
    }
  }

  async function runAgain(id: Id, fit: FitSpec, deed: Deed): Promise<void> {
    const model = store.models.peek().get(id);
    if (model) await run(model, fit, deed);
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
      if (onScreen(job)) store.phase.value = restingPhase(store);
    });
  }

  async function failed(error: unknown, job: Id, id: Id, deed: Deed, moved: boolean): Promise<void> {
    const failure = failureOf(error);
    if (shown(id)) store.task.value = null;
    if (onScreen(job)) {
      if (failure.code === 'cancelled') {
        store.phase.value = restingPhase(store);
      } else {
        again = deed.retry;
        store.phase.value = { kind: 'failed', failure, retry: true };
        session.report(error, 'Training has stopped.', '', 'training');
      }
    }
    if (!shown(id)) return;
    if (failure.code === 'cancelled') recorder.doubt();
    /* Who lets go of the worker has the model as it was before. */ else
      await recorder.cutOff(deed.kind, moved && failure.code !== 'asleep');
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

  async function trainWith(options: { fresh?: boolean; one?: boolean }): Promise<void> {
    const table = forms.tableId();
    const form = store.form.peek();
    if (jobs.busy() || table === null || !form || !store.table.peek()?.features) return;
    const refused = store.estimate.peek()?.refused;
    let model = store.model.peek();
    const fresh = options.fresh || !model || !goesOn(form, model);
    if (fresh && refused) return;
    const taken = jobs.watch();
    try {
      if (fresh || !model) model = await create(table);
    } catch (error) {
      if (taken()) return;
      store.phase.value = restingPhase(store);
      session.report(error, 'The model can’t be made.', '', 'training');
      return;
    }
    if (!model || taken()) return;
    const fit = options.one ? { ...form.fit, epochs: 1, patience: 0 } : form.fit;
    const ran = await run(model, fit);
    if (ran && ran.result.outcome !== 'cancelled') session.announce(ran.result.message);
  }

  return {
    ...jobs,
    ...forms,
    restingPhase: () => restingPhase(store),
    resume: () => jobs.resume(),
    create,
    run,
    moveTo(model, table, same) {
      models.moveTo(model, table);
      if (same) recorder.retable(model.info.table, table);
    },
    resetHistory: recorder.reset,
    onFrame: models.onFrame,
    async repeat(model, fit, replay) {
      const job = engine.nextId();
      store.phase.value = { kind: 'running', job, stopping: false };
      return jobs.start(job, model.info.model, fit, 'train', replay).result;
    },
    tryNext(what) {
      again = what;
    },
    async trainIfPossible() {
      await forms.estimated();
      if (store.estimate.peek()?.refused === null) await trainWith({ fresh: true });
    },
    async trainIfQuick() {
      await forms.estimated();
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
      if (store.phase.peek().kind === 'paused') await jobs.resume(1);
      else await trainWith({ one: true });
    },
    async retry() {
      if (store.phase.peek().kind !== 'failed') return;
      store.phase.value = restingPhase(store);
      const what = again;
      again = null;
      await (what ? what() : trainWith({}));
    },
    deedNow() {
      const result = store.model.peek()?.result;
      return (result && deeds.get(result)) ?? null;
    },
  };
}
