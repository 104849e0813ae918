import { describe, expect, it } from 'vitest';
import type { EpochLoss } from '../../web/protocol/messages.ts';
import {
  chartSentence,
  chartStart,
  hasSelection,
  lossColumns,
  lossTicks,
  nodeEnds,
  ticksThatFit,
} from '../../web/state/loss-lines.ts';
import type { History, HistoryNode } from '../../web/state/store.ts';

/** Losses of a training, then of retrains that go on from it. */
const training = (epochs: number): EpochLoss[] =>
  Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1, train: 1 / (i + 2), heldout: 1 / (i + 1.5) }));
const retrain = (before: EpochLoss[], epochs: number, at: number): EpochLoss[] => [
  ...before,
  ...Array.from({ length: epochs }, (_, i) => ({
    epoch: before.length + i + 1,
    train: at + i / 100,
    heldout: null,
    selection: at + 0.1,
    rest: at + 0.2,
  })),
];

const history = (...losses: EpochLoss[][]): History => ({
  nodes: losses.map((losses, id) => ({ id, losses }) as HistoryNode),
  at: 0,
  returning: null,
});

describe('where a state of the model ends and the next begins', () => {
  const first = training(4);
  const second = retrain(first, 2, 0.5);
  const other = retrain(first, 3, 0.7);

  it('is where the losses of a state are the first of these', () => {
    expect(nodeEnds(history(first, second), retrain(second, 1, 0.3))).toEqual([4, 6]);
  });

  it('is not at the end of these, nor where a state of another branch ended', () => {
    expect(nodeEnds(history(first, second, other), other)).toEqual([4]);
    expect(nodeEnds(history(first), first)).toEqual([]);
    expect(nodeEnds(history(first), training(2))).toEqual([]);
    expect(nodeEnds(history([]), first)).toEqual([]);
  });

  it('is told where the rows in question change, not where a plain training went on from another', () => {
    const step = training(5);
    expect(nodeEnds(history(first, step), training(6))).toEqual([]);
    const after = retrain(step, 2, 0.5);
    expect(nodeEnds(history(first, step, after), after)).toEqual([5]);
    const on = [...after, { epoch: 8, train: 0.4, heldout: 0.4 }, { epoch: 9, train: 0.3, heldout: 0.3 }];
    expect(nodeEnds(history(first, step, after, on.slice(0, -1)), on)).toEqual([5, 7]);
  });

  it('breaks the lines of selection and rest, which are of other rows from there', () => {
    const losses = retrain(second, 1, 0.3);
    const [epochs, train, heldout, selection, rest] = lossColumns(losses, [4, 6]);
    expect(epochs).toEqual([1, 2, 3, 4, 4.5, 5, 6, 6.5, 7]);
    expect(train?.[4]).toBeNull();
    expect(heldout?.slice(0, 4)).toEqual(first.map((loss) => loss.heldout));
    expect(selection).toEqual([null, null, null, null, null, 0.6, 0.6, null, 0.4]);
    expect(rest).toEqual([null, null, null, null, null, 0.7, 0.7, null, 0.5]);
  });
});

describe('what the chart shows', () => {
  it('is all of a training, and of a retrain after a long one the retrain with as much before it', () => {
    const long = training(300);
    expect(chartStart(long, [])).toBeNull();
    expect(chartStart(retrain(long, 2, 0.5), [300])).toBe(296);
    expect(chartStart(retrain(long, 40, 0.5), [300])).toBe(261);
    expect(chartStart(retrain(training(5), 5, 0.5), [5])).toBeNull();
    /* A plain training after a retrain is a training. */
    const on = [...retrain(long, 2, 0.5), { epoch: 303, train: 0.4, heldout: 0.4 }];
    expect(chartStart(on, [300, 302])).toBeNull();
  });

  it('is said in a sentence', () => {
    expect(chartSentence([], [], 'nats')).toBe('No epoch is finished yet.');
    expect(chartSentence(retrain(training(2), 1, 0.25), [2], 'nats')).toBe(
      'Loss, nats: 0.5000 after epoch 1, 0.2500 after epoch 3, selection 0.3500, rest 0.4500. Retrains and what follows them begin with epoch 3.',
    );
  });

  it('has two ticks at least on its loss axis, at round numbers within it', () => {
    for (const [lo, hi] of [
      [0.0372, 0.0428],
      [0.04, 0.051],
      [0, 1],
      [0.0399, 0.0401],
      [3, 977],
      [1e-7, 2.5e-7],
    ] as const) {
      const ticks = lossTicks(lo, hi);
      expect(ticks.length, `${lo} to ${hi}`).toBeGreaterThanOrEqual(2);
      expect(ticks.length, `${lo} to ${hi}`).toBeLessThanOrEqual(5);
      for (const tick of ticks) {
        expect(tick).toBeGreaterThanOrEqual(lo - 1e-12);
        expect(tick).toBeLessThanOrEqual(hi + 1e-12);
      }
      const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
      expect(['1', '2', '5']).toContain(Number(step.toPrecision(9)).toExponential().split('e')[0]);
    }
    expect(lossTicks(0.2, 0.6)).toEqual([0.2, 0.4, 0.6]);
    expect(lossTicks(0.5, 0.5)).toEqual([]);
    expect(lossTicks(Number.NaN, 1)).toEqual([]);
  });

  it('has no more ticks than fit: two in the low chart of a figure', () => {
    expect([20, 39, 52, 300].map(ticksThatFit)).toEqual([2, 3, 4, 4]);
    expect(lossTicks(0.038, 0.072, ticksThatFit(20))).toEqual([0.04, 0.06]);
    expect(lossTicks(0, 1, ticksThatFit(20))).toEqual([0, 1]);
  });

  it('tells selection and rest apart only where there are both or one', () => {
    expect(hasSelection(undefined)).toBe(false);
    expect(hasSelection({ epoch: 1, train: 1, heldout: 1 })).toBe(false);
    expect(hasSelection({ epoch: 1, train: 1, heldout: 1, selection: null, rest: null })).toBe(false);
    expect(hasSelection({ epoch: 1, train: 1, heldout: 1, selection: 0.1, rest: null })).toBe(true);
  });
});
