/**
 * What the run panel says: which controls make sense, how far training is, how long it will take. Pure
 * functions of the store's values.
 */

import type { EpochLoss, Estimate, Progress } from '../protocol/messages.ts';
import { sameParams } from './form.ts';
import type { FormState, ModelState, Phase, TableState, Task } from './store.ts';
import { formatCount, formatNumber } from './summary.ts';

export type Primary = 'Train' | 'Pause' | 'Resume';

export interface Transport {
  primary: Primary;
  /** Which buttons do something now. */
  canPrimary: boolean;
  canStep: boolean;
  canStop: boolean;
  canStartAgain: boolean;
}

export function transportOf(
  phase: Phase,
  table: TableState | null,
  model: ModelState | null,
  estimate: Estimate | null,
  task: Task | null = null,
): Transport {
  /* What happens before the first batch can be stopped, not paused. */
  const pauses = phase.kind === 'running' && !phase.stopping && task?.stage !== 'measure';
  const rests = phase.kind === 'ready' || phase.kind === 'finished' || phase.kind === 'failed';
  const possible = rests && Boolean(table?.features) && !estimate?.refused;
  return {
    primary: phase.kind === 'paused' ? 'Resume' : possible || !('job' in phase) ? 'Train' : 'Pause',
    canPrimary: possible || phase.kind === 'paused' || pauses,
    canStep: possible || phase.kind === 'paused',
    canStop:
      phase.kind === 'paused' || phase.kind === 'pausing' || (phase.kind === 'running' && !phase.stopping),
    canStartAgain: possible && model !== null && model.losses.length > 0,
  };
}

/**
 * Whether a training by the form goes on from the model's weights. Not with other held-out rows: some of them
 * would have been trained on, and their loss would tell nothing.
 */
export function goesOn(form: FormState, model: ModelState): boolean {
  return sameParams(form.params, model.params) && form.fit.heldout === model.fit.heldout;
}

export interface EpochCount {
  done: number;
  of: number;
  /** Share of this run's epochs, 0 to 1, the one under way included. */
  share: number;
}

/**
 * Epochs of the model: those of earlier runs, and this run's. Of a retrain, its own alone: they are as long as the
 * selection.
 */
export function epochsOf(
  model: ModelState | null,
  progress: Progress | null,
  task: Task | null = null,
): EpochCount | null {
  if (!model) return null;
  const done = model.losses.at(-1)?.epoch ?? 0;
  if (!progress || progress.epochs === 0) return { done, of: done, share: 0 };
  const part = progress.total > 0 ? progress.done / progress.total : progress.epoch / progress.epochs;
  const share = Math.min(1, Math.max(0, part));
  if (task) return { done: progress.epoch, of: progress.epochs, share };
  return { done, of: done - progress.epoch + progress.epochs, share };
}

/** "less than 1 s", "9 s", "1 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  if (!(seconds >= 1)) return 'less than 1 s';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${formatCount(hours)} h` : `${formatCount(hours)} h ${minutes % 60} min`;
}

/** "about 9 s", "less than 1 s": nothing is about less than something. */
export function aboutText(seconds: number): string {
  return seconds >= 1 ? `about ${duration(seconds)}` : duration(seconds);
}

/** "1.6 MB", in powers of ten as file managers have them. */
export function byteText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** What is known about the time left, and when it was said. */
export interface TimeLeft {
  seconds: number;
  at: number; // ms
  /** It has grown since it was last said: the words say so. */
  longer: boolean;
}

/** Time that must have passed before a time left is worth saying, in ms. */
export const TIME_LEFT_AFTER = 3000;

/**
 * The time left to show: counts down with the clock, follows the estimate when that is shorter, and when the
 * estimate has clearly grown takes it and says that it takes longer.
 */
export function nextTimeLeft(
  before: TimeLeft | null,
  estimate: number | null,
  now: number,
  started: number,
): TimeLeft | null {
  if (estimate === null || now - started < TIME_LEFT_AFTER) return null;
  const seconds = Math.max(0, estimate);
  if (!before) return { seconds, at: now, longer: false };
  const counted = Math.max(0, before.seconds - (now - before.at) / 1000);
  if (seconds <= counted) return { seconds, at: now, longer: false };
  if (seconds > counted * 1.25 + 1.5) return { seconds, at: now, longer: true };
  return { seconds: counted, at: now, longer: before.longer };
}

export function timeLeftText(left: TimeLeft | null): string {
  if (!left) return '';
  return left.longer ? `takes longer: ${duration(left.seconds)} left` : `${duration(left.seconds)} left`;
}

/** What the numbers of the loss are: unit and reduction. */
export function lossUnit(model: ModelState | null): string {
  return model?.params.loss === 'bce'
    ? 'cross-entropy per feature, in nats'
    : 'mean squared error per feature, scaled units';
}

/** With four digits always, so that numbers that follow each other don't jump about. */
export function lossNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value >= 1e-4 && value < 1e4 ? value.toPrecision(4) : formatNumber(value);
}

/** For the live region and the progress bar's text. `task`: what it is for, if it is not a plain training. */
export function progressSentence(
  progress: Progress,
  model: ModelState | null,
  task: Task | null = null,
): string {
  const epochs = epochsOf(model, progress, task);
  const last = model?.losses.at(-1);
  const parts =
    task?.kind === 'return'
      ? [`step ${formatCount(progress.done)} of ${formatCount(progress.total)}`]
      : [`epoch ${formatCount(epochs?.done ?? 0)} of ${formatCount(epochs?.of ?? progress.epochs)}`];
  if (last && task?.kind !== 'return') parts.push(`loss ${lossNumber(last.train)}`);
  if (progress.seconds_left !== null) parts.push(`${aboutText(progress.seconds_left)} left`);
  return task ? `${task.title}: ${parts.join(', ')}` : parts.join(', ');
}

/** Whether an epoch tells selection and rest apart. */
export function hasSelection(loss: EpochLoss | undefined): boolean {
  return typeof loss?.selection === 'number' || typeof loss?.rest === 'number';
}
