/** What every room of the session works with, and how work that takes long lets others in between. */
import type { Kernels } from '../kernels/module.ts';
import type { FromWorker, Request } from '../protocol/messages.ts';
import type { Estimator, Machine } from './estimate.ts';
import type { Jobs } from './jobs.ts';
import type { Nouns } from './nouns.ts';
import type { Timing } from './runner.ts';

export type Of<T extends Request['type']> = Extract<Request, { type: T }>;

/** Test hook: called at each finished epoch, and before a model is created. */
export type Probe = (where: 'epoch' | 'create', count: number) => void;

export interface Shared {
  kernels: Kernels;
  nouns: Nouns;
  jobs: Jobs;
  estimator: Estimator;
  machine: Machine;
  post(message: FromWorker, transfer?: Transferable[]): void;
  breath: Breath;
  probe: Probe | null;
}

/** Milliseconds of work between two turns. */
const SLICE = 12;

/** Milliseconds between two signs of life while something long runs that has no progress of its own. */
const ALIVE_EVERY = 1000;

/** Cuts long work outside of jobs into slices, and says now and then that the worker is alive. */
export class Breath {
  readonly #timing: Timing;
  readonly #alive: () => void;
  #lastAlive = Number.NEGATIVE_INFINITY;
  #since = Number.NEGATIVE_INFINITY; // when the last turn was over

  constructor(timing: Timing, alive: () => void) {
    this.#timing = timing;
    this.#alive = alive;
  }

  /** Lets everything that has arrived be handled. */
  async turn(): Promise<void> {
    const now = this.#timing.now();
    if (now - this.#lastAlive >= ALIVE_EVERY) {
      this.#lastAlive = now;
      this.#alive();
    }
    await this.#timing.turn();
    this.#since = this.#timing.now();
  }

  /**
   * Calls `step` until it gives true, with a turn after each slice. `check` is called after each turn and throws
   * when what is worked on is gone. Many short pieces in a row make slices together.
   */
  async until(step: () => boolean, check: () => void): Promise<void> {
    while (!step()) {
      if (this.#timing.now() - this.#since >= SLICE) {
        await this.turn();
        check();
      }
    }
  }

  /** `step` for each of the numbers 0 .. n - 1, `block` of them between two looks at the clock. */
  async each(n: number, block: number, step: (i: number) => void, check: () => void): Promise<void> {
    let i = 0;
    await this.until(() => {
      for (const end = Math.min(i + block, n); i < end; i += 1) {
        step(i);
      }
      return i >= n;
    }, check);
  }
}
