/**
 * How much of the time a live view may take: a quarter of all, earned by the task and spent on rows.
 *
 * A whole sweep over all rows at the end of an epoch shows one consistent state and comes first: as an epoch
 * goes on, what its end will cost is put aside. What is left goes to blocks of rows, round robin. Where an epoch
 * earns less than a sweep costs (few rows are trained, many shown), all of it goes to blocks.
 */

/** View time ÷ task time that keeps the view at a quarter of both together. */
const RATE = 1 / 3;

/** Milliseconds: not more than about 30 whole sweeps a second, however short an epoch is. */
const SWEEP_EVERY = 33;

/** Milliseconds that may be saved up. */
const MOST_SAVED = 4000;

export interface SweepCost {
  plain: number; // milliseconds; 0 = not known yet
  detailed: number;
}

export class Allowance {
  #saved = 50; // something to begin with, so that the first frame does not wait
  #earnedThisEpoch = 0;
  #earnedLastEpoch: number | null = null;
  #lastSweep = Number.NEGATIVE_INFINITY;
  #whole = false;
  #detail = false;

  /** The task has worked for so long. */
  earn(milliseconds: number): void {
    const gain = milliseconds * RATE;
    this.#saved = Math.min(this.#saved + gain, MOST_SAVED);
    this.#earnedThisEpoch += gain;
  }

  spend(milliseconds: number): void {
    this.#saved -= milliseconds;
  }

  /** An epoch has ended: true when a whole sweep should follow now. */
  epochEnds(cost: SweepCost, now: number): boolean {
    this.#earnedLastEpoch = this.#earnedThisEpoch;
    this.#earnedThisEpoch = 0;
    if (now - this.#lastSweep < SWEEP_EVERY || this.#saved < cost.plain || this.#saved <= 0) {
      return false;
    }
    this.#lastSweep = now;
    this.#whole = true;
    this.#detail = cost.detailed > 0 ? this.#saved >= cost.detailed : this.#saved >= cost.plain * 2;
    return true;
  }

  /** Whether `epochEnds` asked for a whole sweep; once. */
  takeWhole(): boolean {
    const whole = this.#whole;
    this.#whole = false;
    return whole;
  }

  /** Whether that sweep can afford detail. */
  get detail(): boolean {
    return this.#detail;
  }

  /** Blocks of rows have added up to a sweep. */
  swept(now: number): void {
    this.#lastSweep = now;
  }

  /** Milliseconds that may go to single blocks of rows now; `share` of the epoch is done. */
  forRows(cost: SweepCost, share: number, now: number): number {
    if (now - this.#lastSweep < SWEEP_EVERY) {
      return 0;
    }
    const earns = this.#earnedLastEpoch;
    const affordable = earns === null || earns >= cost.plain;
    const aside = affordable ? cost.plain * share : 0;
    return this.#saved - aside;
  }

  /** Whether blocks of rows can afford detail: what an epoch earns pays for more than its own sweep. */
  canDetail(cost: SweepCost): boolean {
    return (
      this.#earnedLastEpoch !== null &&
      this.#earnedLastEpoch >= cost.plain + Math.max(cost.detailed, cost.plain * 2)
    );
  }
}
