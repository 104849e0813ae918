/** One training of a model: a fit, its runner, what is told meanwhile, and how it ended. */
import { type Ae, AeFit } from '../kernels/ae.ts';
import type { Kernels } from '../kernels/module.ts';
import type { EpochLoss, FitSpec, FromWorker, Id, RunResult } from '../protocol/messages.ts';
import type { Estimator } from './estimate.ts';
import { FitTask } from './fit-task.ts';
import type { Jobs } from './jobs.ts';
import type { LiveMap } from './live-map.ts';
import { Runner, type RunnerEnd } from './runner.ts';

export interface TrainedModel {
  id: Id;
  ae: Ae;
  live: LiveMap;
  runner: Runner | null; // while it is being trained
}

export interface Training {
  kernels: Kernels;
  jobs: Jobs;
  job: Id;
  model: TrainedModel;
  matrixPtr: number;
  fit: FitSpec;
  live: boolean;
  post(message: FromWorker, transfer: Transferable[]): void;
  now(): number;
  estimator: Estimator;
  probe?: (where: 'epoch' | 'create', count: number) => void;
}

export function train(training: Training): Promise<RunResult> {
  const { kernels, model, fit: spec, job, jobs } = training;
  const fit = AeFit.create(
    kernels,
    model.ae,
    training.matrixPtr,
    spec,
    spec.rows ?? null,
    spec.weights ?? null,
  );
  const task = new FitTask(fit, spec.epochs);
  const reporter = jobs.reporter(job, 'train');
  let series: EpochLoss[] = [];
  let snapshotStep = -1;
  const runner = new Runner(
    { now: training.now, turn: () => jobs.turn() },
    task,
    {
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
        training.probe?.('epoch', fit.epoch);
      },
      rest() {
        if (training.live && model.ae.steps !== snapshotStep) {
          snapshotStep = model.ae.steps;
          const buffer = model.ae.snapshot();
          training.post({ type: 'snapshot', model: model.id, step: snapshotStep, buffer }, [buffer]);
        }
      },
    },
    training.live ? model.live : null,
  );
  model.runner = runner;
  return jobs.run(job, model.id, runner, fit, (end) => {
    model.runner = null;
    try {
      const seconds = runner.stepSeconds;
      training.estimator.learn(model.ae.parameters, fit.rowsTrained, fit.progress().done, seconds);
      return resultOf(end ?? 'cancelled', task, fit, spec, model.ae, seconds);
    } finally {
      fit.free();
    }
  });
}

function resultOf(
  end: RunnerEnd,
  task: FitTask,
  fit: AeFit,
  spec: FitSpec,
  ae: Ae,
  seconds: number,
): RunResult {
  const { train, heldout } = fit.progress();
  const common = {
    epochs: fit.epoch,
    steps: ae.steps,
    rows_trained: fit.rowsTrained,
    seconds,
    train: Number.isNaN(train) ? null : train,
    heldout: Number.isNaN(heldout) ? null : heldout,
    suggested_learning_rate: null,
  };
  const epochs = `${fit.epoch} ${fit.epoch === 1 ? 'epoch' : 'epochs'}`;
  if (end === 'cancelled') {
    return { ...common, outcome: 'cancelled', reason: 'user', message: `Cancelled after ${epochs}.` };
  }
  if (end === 'stopped') {
    return { ...common, outcome: 'stopped', reason: 'user', message: `Stopped after ${epochs}.` };
  }
  if (task.end === 'diverged') {
    const lower = lowerRate(spec.learning_rate);
    const message =
      `The loss ran away in epoch ${fit.epoch + 1} with learning rate ${spec.learning_rate}. ` +
      `The model is back at its last finite state; try ${lower}.`;
    return { ...common, outcome: 'stopped', reason: 'diverged', message, suggested_learning_rate: lower };
  }
  if (task.end === 'plateau') {
    const message = `Ended after ${fit.epoch} of ${spec.epochs} epochs: the held-out loss no longer got better.`;
    return { ...common, outcome: 'finished', reason: 'plateau', message };
  }
  return { ...common, outcome: 'finished', reason: 'epochs', message: `Trained ${epochs}.` };
}

/** A tenth of the rate that ran away, but nothing above 0.001: one digit, as a person would type it. */
export function lowerRate(rate: number): number {
  return Number(Math.min(rate / 10, 1e-3).toPrecision(1));
}
