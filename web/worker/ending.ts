/** How a training ended: its numbers, and one sentence for the person. */
import type { FitSpec, RunResult } from '../protocol/messages.ts';
import type { FitTask } from './fit-task.ts';
import { focusOf, type Groups } from './groups.ts';
import type { Drawing } from './live-map.ts';
import type { RunnerEnd } from './runner.ts';

export interface Ended {
  end: RunnerEnd;
  task: FitTask;
  spec: FitSpec;
  groups: Groups | null; // of a fit with a selection
  drawing: Drawing; // of the map
  seconds: number; // spent training
}

const counted = (n: number, one: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : `${one}s`}`;

/** A tenth of the rate that ran away, but nothing above 0.001: one digit, as a person would type it. */
function lowerRate(rate: number): number {
  return Number(Math.min(rate / 10, 1e-3).toPrecision(1));
}

/** "Trained 19 epochs, 20 in all.", "Retrained 5 epochs on 974 rows." */
function trained({ spec, groups }: Ended, done: string, all: string): string {
  const only = groups !== null && focusOf(spec) > 0 ? ` on ${counted(groups.trained, 'row')}` : '';
  const without = groups !== null && focusOf(spec) === 0 ? ` without ${counted(groups.selected, 'row')}` : '';
  if (spec.fresh) {
    return `Trained from scratch for ${done}${only}${without}.`;
  }
  return groups === null
    ? `Trained ${done}${all}.`
    : `${only ? 'Retrained' : 'Trained'} ${done}${only}${without}.`;
}

export function resultOf(ended: Ended): RunResult {
  const { end, task, spec, groups, drawing, seconds } = ended;
  const { fit } = task;
  const { model } = fit;
  const loss = task.loss();
  const common = {
    epochs: fit.epoch,
    steps: model.steps,
    rows_trained: fit.rowsTrained,
    seconds,
    train: Number.isNaN(loss.train) ? null : loss.train,
    heldout: loss.heldout,
    selection: loss.selection ?? null,
    rest: loss.rest ?? null,
    align: drawing.align,
    axes: drawing.axes,
    suggested_learning_rate: null,
  };
  // Less than an epoch is said in steps.
  const done = fit.epoch > 0 ? counted(fit.epoch, 'epoch') : counted(fit.progress().done, 'step');
  const before = model.epochs > fit.epoch;
  const all = before && groups === null ? `, ${model.epochs.toLocaleString('en')} in all` : '';
  if (end !== 'done') {
    const [outcome, word] =
      end === 'cancelled' ? (['cancelled', 'Cancelled'] as const) : (['stopped', 'Stopped'] as const);
    return { ...common, outcome, reason: 'user', message: `${word} after ${done}${all}.` };
  }
  if (task.end === 'diverged') {
    const lower = lowerRate(spec.learning_rate);
    const message =
      `The loss ran away in epoch ${model.epochs + 1} with learning rate ${spec.learning_rate}. ` +
      `The model is back at its last finite state; try ${lower}.`;
    return { ...common, outcome: 'stopped', reason: 'diverged', message, suggested_learning_rate: lower };
  }
  if (task.end === 'plateau') {
    const message = `Ended after ${fit.epoch} of ${spec.epochs} epochs: the held-out loss no longer got better.`;
    return { ...common, outcome: 'finished', reason: 'plateau', message };
  }
  return { ...common, outcome: 'finished', reason: 'epochs', message: trained(ended, done, all) };
}
