/** The losses of a model as the chart's lines, the places where its retrains begin, and a sentence. Pure functions. */

import type { EpochLoss } from '../protocol/messages.ts';
import type { History } from './store.ts';
import { hasSelection, lossNumber } from './transport.ts';

export { hasSelection };

/** Epochs, then train, held out, selection and rest; null where there is none. */
export type LossColumns = [number[], ...(number | null)[][]];

/**
 * Epochs after which something else was begun: the ends of the states that these losses have gone through, but for
 * those where a plain training went on from a plain training. A state is one of them when its losses are the first
 * of these.
 */
export function nodeEnds(history: History, losses: readonly EpochLoss[]): number[] {
  const ends = new Set<number>();
  for (const { losses: earlier } of history.nodes) {
    const last = earlier.at(-1);
    const here = losses[earlier.length - 1];
    if (!last || !here || earlier.length >= losses.length) continue;
    const same = here.epoch === last.epoch && here.train === last.train && here.heldout === last.heldout;
    if (same && (hasSelection(here) || hasSelection(losses[earlier.length]))) ends.add(here.epoch);
  }
  return [...ends].sort((a, b) => a - b);
}

/**
 * The lines, of all epochs or of some. `ends` ascend. Between two states lies a place without values, half an epoch on: selection and rest are other rows
 * from there, and their lines begin anew.
 */
export function lossColumns(losses: readonly EpochLoss[], ends: readonly number[]): LossColumns {
  const epochs: number[] = [];
  const lines: (number | null)[][] = [[], [], [], []];
  const put = (epoch: number, values: readonly (number | null)[]): void => {
    epochs.push(epoch);
    for (const [i, line] of lines.entries()) line.push(values[i] ?? null);
  };
  let next = 0;
  for (const { epoch, train, heldout, selection = null, rest = null } of losses) {
    /* The epoch where a state ended may be one that is left out. */
    for (let end = ends[next]; end !== undefined && end < epoch; end = ends[++next]) {
      if (epochs.length > 0) put(end + 0.5, []);
    }
    put(epoch, [train, heldout, selection, rest]);
  }
  return [epochs, ...lines];
}

/** What the chart shows, for those who can't see it. */
export function chartSentence(losses: readonly EpochLoss[], ends: readonly number[], unit: string): string {
  const first = losses[0];
  const last = losses.at(-1);
  if (!first || !last) return 'No epoch is finished yet.';
  const parts = [
    `Loss, ${unit}: ${lossNumber(first.train)} after epoch ${first.epoch}, ${lossNumber(last.train)} after epoch ${last.epoch}`,
  ];
  if (last.heldout !== null) parts.push(`held out ${lossNumber(last.heldout)}`);
  if (typeof last.selection === 'number') parts.push(`selection ${lossNumber(last.selection)}`);
  if (typeof last.rest === 'number') parts.push(`rest ${lossNumber(last.rest)}`);
  const begun = ends.map((epoch) => epoch + 1).join(', ');
  const where = ends.length === 0 ? '' : ` Retrains and what follows them begin with epoch ${begun}.`;
  return `${parts.join(', ')}.${where}`;
}

/**
 * The first epoch that the chart shows so that the last retrain can be seen beside a long training before it: as
 * much of that again as the retrain is long, five epochs at least. Null: all of them are shown.
 */
export function chartStart(losses: readonly EpochLoss[], ends: readonly number[]): number | null {
  const last = losses.at(-1);
  const begun = ends.at(-1);
  const first = losses[0];
  if (!last || !first || begun === undefined || !hasSelection(last)) return null;
  const start = begun - Math.max(5, last.epoch - begun) + 1;
  return start > first.epoch + 1 ? start : null;
}

/** At most so many lines across a chart, and the least room for each of them, in CSS pixels: one of its labels. */
const MOST_TICKS = 4;
const TICK_ROOM = 13;

/** Lines that fit across a chart of so many CSS pixels: two at least. */
export function ticksThatFit(pixels: number): number {
  return Math.max(2, Math.min(MOST_TICKS, Math.floor(pixels / TICK_ROOM)));
}

/**
 * Ticks of a linear axis, two at least: multiples of 1, 2 or 5 times a power of ten, as
 * many as fit.
 * None where the ends are no range.
 */
export function lossTicks(lo: number, hi: number, most: number = MOST_TICKS): number[] {
  const span = hi - lo;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  let best: number[] = [];
  for (let power = Math.floor(Math.log10(span)) + 1, tried = 0; tried < 3; power--, tried++) {
    for (const unit of [5, 2, 1]) {
      const step = unit * 10 ** power;
      const ticks: number[] = [];
      for (let i = Math.ceil(lo / step - 1e-9); i * step <= hi + 1e-9 * step; i++) {
        /* 3 * 0.1 is not 0.3. */
        ticks.push(Number((i * step).toPrecision(12)));
        if (ticks.length > 2 * most) break;
      }
      if (best.length >= 2 && ticks.length > most) return best;
      if (ticks.length >= 2) best = ticks;
    }
  }
  return best;
}
