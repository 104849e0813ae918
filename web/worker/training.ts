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
 * A fit of the model on the rows it shows. Its first order of rows and first step are computed from the weights that
 * it is made on, and those may still change: a fresh fit resets them to the initial ones, once whoever reads the
 * former ones is through, and a restore may be waiting for the same. Such a fit is made again when it begins; it is
 * made before as well, so that nothing is reset for one that can't be.
 */
function taskOf(shared: Shared, { model, spec }: Training): FitTask {
  const { ae, entry, live } = model;
  const make = (): AeFit => AeFit.create(shared.kernels, ae, entry.features.matrixPtr, spec);
  const again = (before: AeFit): AeFit => {
    before.free();
    if (spec.fresh) {
      live.follow();
      ae.reset();
    }
    return make();
  };
  return new FitTask(make(), spec, spec.fresh || model.changing !== null ? again : null);
}

function listenerOf(shared: Shared, { job, model, spec, live }: Training, task: FitTask): Listener {
  const reporter = shared.jobs.reporter(job, 'train');
  let series: EpochLoss[] = [];
  let snapshotStep = -1;
  return {
    progress(state) {
      const { fit } = task;
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
      shared.probe?.('epoch', task.epoch);
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
 * Trains to the end. A fresh training that was cancelled leaves the new model as its last whole batch left it (the
 * former one, if it was still being read), one
 * that ran away at its last finite state, if need be its initial weights; the map is drawn by the alignment of
 * the last whole sweep. Who wants the former model restores a snapshot of it.
 */
export function train(shared: Shared, training: Training): Promise<RunResult> {
  const { jobs, estimator } = shared;
  const { model, spec, job } = training;
  jobs.mustBeNew(job);
  const task = taskOf(shared, training);
  const listener = listenerOf(shared, training, task);
  const runner = new Runner(training.timing, task, listener, training.live ? model.live : null);
  model.runner = runner;
  for (const reading of model.reading) {
    void runner.quiet(() => reading).catch(() => undefined);
  }
  return jobs.run(job, model.id, runner, task, (end) => {
    const { fit } = task;
    model.runner = null;
    if (training.live || end === null) {
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
