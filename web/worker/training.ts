/** One training of a model: a fit, its runner, what is told meanwhile, and how it ended. */
import { AeFit } from '../kernels/ae.ts';
import type { EpochLoss, FitSpec, Id, RunResult } from '../protocol/messages.ts';
import { resultOf } from './ending.ts';
import { FitTask } from './fit-task.ts';
import type { Groups } from './groups.ts';
import type { ModelEntry } from './nouns.ts';
import { type Listener, Runner } from './runner.ts';
import type { Shared } from './shared.ts';

export interface Training {
  job: Id;
  model: ModelEntry;
  spec: FitSpec;
  groups: Groups | null; // of a fit with a selection
  live: boolean; // frames and snapshots are sent
  timing: { now(): number; turn(): Promise<void> };
}

/**
 * A fit of the model on the rows it shows. A fresh one begins again at the initial weights: they are what its first
 * order of rows and first step are computed from, so they are reset before it is made, but not before a fit
 * like it could be made.
 */
function begin(shared: Shared, { model, spec }: Training): AeFit {
  const { ae, entry, live } = model;
  const make = (): AeFit => AeFit.create(shared.kernels, ae, entry.features.matrixPtr, spec);
  const fit = make();
  if (!spec.fresh) {
    return fit;
  }
  fit.free();
  live.follow();
  ae.reset();
  try {
    return make();
  } catch (error) {
    live.unfollow();
    throw error;
  }
}

function listenerOf(shared: Shared, { job, model, spec, live }: Training, task: FitTask): Listener {
  const { fit } = task;
  const reporter = shared.jobs.reporter(job, 'train');
  let series: EpochLoss[] = [];
  let snapshotStep = -1;
  return {
    progress(state) {
      const { done, total } = fit.progress();
      reporter.say(done, total, state, {
        epoch: fit.epoch,
        epochs: spec.epochs,
        rows: fit.rowsTrained,
        series,
      });
      series = [];
    },
    epoch() {
      series.push(task.loss());
      shared.probe?.('epoch', fit.epoch);
    },
    rest() {
      const { ae } = model;
      if (live && ae.steps !== snapshotStep) {
        snapshotStep = ae.steps;
        const buffer = ae.snapshot();
        const { align, axes } = model.live.drawing;
        const step = snapshotStep;
        shared.post({ type: 'snapshot', model: model.id, step, buffer, align, axes }, [buffer]);
      }
    },
  };
}

/**
 * Trains to the end. A fresh training that was cancelled leaves the new model as its last whole batch left it, one
 * that ran away at its last finite state, if need be its initial weights; the map is drawn by the alignment of
 * the last whole sweep. Who wants the former model restores a snapshot of it.
 */
export function train(shared: Shared, training: Training): Promise<RunResult> {
  const { jobs, estimator } = shared;
  const { model, spec, job } = training;
  jobs.mustBeNew(job);
  const fit = begin(shared, training);
  const task = new FitTask(fit, spec);
  const listener = listenerOf(shared, training, task);
  const runner = new Runner(training.timing, task, listener, training.live ? model.live : null);
  model.runner = runner;
  for (const reading of model.reading) {
    void runner.quiet(() => reading).catch(() => undefined);
  }
  return jobs.run(job, model.id, runner, fit, (end) => {
    model.runner = null;
    if (training.live) {
      model.live.unfollow();
    }
    try {
      const seconds = runner.stepSeconds;
      if (training.groups === null) {
        // The losses of a selection are too large a part of short epochs to learn a rate from them.
        estimator.learn(model.ae.parameters, fit.rowsTrained, fit.progress().done, seconds);
      }
      return resultOf({
        end: end ?? 'cancelled',
        task,
        spec,
        groups: training.groups,
        drawing: model.live.drawing,
        seconds,
      });
    } finally {
      fit.free();
    }
  });
}
