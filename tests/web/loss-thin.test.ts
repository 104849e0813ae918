import { describe, expect, it } from 'vitest';
import type { EpochLoss } from '../../web/protocol/messages.ts';
import { lossColumns } from '../../web/state/loss-lines.ts';
import { LossThinner, MOST_POINTS, placeOf } from '../../web/state/loss-thin.ts';

const noise = (i: number): number => ((i * 7919) % 1009) / 1009;
const epochs = (n: number, first = 1): EpochLoss[] =>
  Array.from({ length: n }, (_, i) => ({ epoch: first + i, train: noise(first + i), heldout: null }));

describe('losses thinned for the chart', () => {
  it('are all of them up to two thousand', () => {
    const losses = epochs(MOST_POINTS);
    expect(new LossThinner().points(losses)).toEqual(losses);
  });

  it('have the extremes of the whole and of every stretch, the first end and the last, in order', () => {
    const losses = epochs(100_000);
    const spike = { epoch: 54_321, train: 77, heldout: 1 };
    losses[54_320] = spike;
    const points = new LossThinner().points(losses);
    expect(points.length).toBeLessThanOrEqual(MOST_POINTS);
    expect(points.length).toBeGreaterThan(MOST_POINTS / 4);
    expect(points).toContain(spike);
    expect(points.at(-1)).toBe(losses.at(-1));
    expect(points.every((point, i) => i === 0 || point.epoch > (points[i - 1]?.epoch ?? 0))).toBe(true);
    const between = (lo: number, hi: number, all: EpochLoss[]): number[] =>
      all.filter(({ epoch }) => epoch > lo && epoch <= hi).map(({ train }) => train);
    /* A stretch of 1,024 epochs is one of whole buckets. */
    for (let lo = 0; lo + 1024 <= 100_000; lo += 1024) {
      const [some, every] = [between(lo, lo + 1024, points), between(lo, lo + 1024, losses)];
      expect([Math.min(...some), Math.max(...some)]).toEqual([Math.min(...every), Math.max(...every)]);
    }
  });

  it('are the same, and each epoch is looked at once, however they come', () => {
    const all = epochs(30_000);
    const growing: EpochLoss[] = [];
    const thinner = new LossThinner();
    let points: EpochLoss[] = [];
    for (let at = 0; at < all.length; at += 37) {
      growing.push(...all.slice(at, at + 37));
      points = thinner.points(growing);
    }
    expect(thinner.looked).toBe(30_000);
    expect(points).toEqual(new LossThinner().points(all));
    /* Other losses, or fewer, begin anew. */
    const other = epochs(5);
    expect(thinner.points(other)).toEqual(other);
    other.length = 3;
    expect(thinner.points(other)).toEqual(other);
  });

  it('may begin at any epoch', () => {
    const losses = epochs(5000, 11);
    const first = placeOf(losses, 4000);
    expect(losses[first]?.epoch).toBe(4000);
    expect(new LossThinner().points(losses, first)).toEqual(losses.slice(first));
    expect([placeOf(losses, 0), placeOf(losses, 9999), placeOf([], 3)]).toEqual([0, 5000, 0]);
    expect(new LossThinner().points(losses, 5000)).toEqual([]);
  });

  it('keep the gap between two states, also where its epochs are left out', () => {
    const [x] = lossColumns([epochs(1, 1), epochs(1, 9), epochs(1, 20)].flat(), [0, 4, 9]);
    expect(x).toEqual([1, 4.5, 9, 9.5, 20]);
  });
});
