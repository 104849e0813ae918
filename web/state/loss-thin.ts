/**
 * The losses of very many epochs as few points that look the same on a chart: of every so many epochs that which has
 * the least training loss and that which has the most, and the last one of all. Work grows with what is new: a training
 * of 100,000 epochs is looked at 20 times a second.
 */

import type { EpochLoss } from '../protocol/messages.ts';

/** Points at most; a chart is not so many pixels wide. */
export const MOST_POINTS = 2000;

/** The extremes of neighbouring epochs. */
interface Bucket {
  least: EpochLoss;
  most: EpochLoss;
}

function join(a: Bucket, b: Bucket | undefined): Bucket {
  if (!b) return a;
  return {
    least: b.least.train < a.least.train ? b.least : a.least,
    most: b.most.train > a.most.train ? b.most : a.most,
  };
}

export class LossThinner {
  #of: readonly EpochLoss[] | null = null;
  #first = 0; // place where it begins
  #taken = 0; // place where it goes on
  #size = 1; // epochs of a bucket
  #buckets: Bucket[] = [];

  /** Epochs looked at so far, by any call. */
  looked = 0;

  /** The points of `losses` from the given place on. An array that has only grown since is gone on with. */
  points(losses: readonly EpochLoss[], first = 0): EpochLoss[] {
    if (this.#of !== losses || this.#first !== first || losses.length < this.#taken) {
      this.#of = losses;
      this.#first = first;
      this.#taken = first;
      this.#size = 1;
      this.#buckets = [];
    }
    for (; this.#taken < losses.length; this.#taken++) {
      const loss = losses[this.#taken];
      if (loss) this.#add(loss, this.#taken - first);
    }
    const points: EpochLoss[] = [];
    for (const { least, most } of this.#buckets) {
      if (least === most) points.push(least);
      else if (least.epoch < most.epoch) points.push(least, most);
      else points.push(most, least);
    }
    const last = losses.at(-1);
    if (last && losses.length > first && points.at(-1) !== last) points.push(last);
    return points;
  }

  #add(loss: EpochLoss, place: number): void {
    this.looked++;
    if (Math.floor(place / this.#size) >= this.#most) this.#halve();
    const at = Math.floor(place / this.#size);
    const bucket = { least: loss, most: loss };
    const before = this.#buckets[at];
    this.#buckets[at] = before ? join(before, bucket) : bucket;
  }

  /** Buckets of one epoch are one point, others two; and there is the last epoch. */
  get #most(): number {
    return this.#size === 1 ? MOST_POINTS : MOST_POINTS / 2 - 1;
  }

  #halve(): void {
    this.#size *= 2;
    const halves = this.#buckets;
    this.#buckets = [];
    for (let i = 0; i < halves.length; i += 2) {
      const half = halves[i];
      if (half) this.#buckets.push(join(half, halves[i + 1]));
    }
    if (this.#buckets.length > this.#most) this.#halve();
  }
}

/** Place of the first loss that is of this epoch or a later one; their epochs ascend. */
export function placeOf(losses: readonly EpochLoss[], epoch: number): number {
  let [lo, hi] = [0, losses.length];
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if ((losses[middle]?.epoch ?? 0) < epoch) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}
