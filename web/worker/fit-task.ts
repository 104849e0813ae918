/** The training of an autoencoder as a task of the runner. */
import type { AeFit, FitEnd } from '../kernels/ae.ts';
import { KernelError } from '../kernels/heap.ts';
import type { EpochLoss } from '../protocol/messages.ts';
import type { Task } from './runner.ts';

export class FitTask implements Task {
  readonly #fit: AeFit;
  readonly #epochs: number;

  constructor(fit: AeFit, epochs: number) {
    this.#fit = fit;
    this.#epochs = epochs;
  }

  /** A loss that ran away ends the fit; `end` says so, and the model is back at its last finite state. */
  step(units: number): void {
    try {
      this.#fit.step(units);
    } catch (error) {
      if (!(error instanceof KernelError && error.code === 'not_finite')) {
        throw error;
      }
    }
  }

  get done(): boolean {
    return this.#fit.done;
  }

  get settled(): boolean {
    return this.#fit.settled;
  }

  get epoch(): number {
    return this.#fit.epoch;
  }

  get epochShare(): number {
    const { done, total } = this.#fit.progress();
    const share = (done * this.#epochs) / total - this.#fit.epoch;
    return share < 0 ? 0 : Math.min(share, 1);
  }

  abandon(): void {
    this.#fit.abandon();
  }

  rewind(): void {
    this.#fit.cancel();
  }

  get end(): FitEnd {
    return this.#fit.endedBy;
  }

  /** The losses of the epoch that has just ended. */
  loss(): EpochLoss {
    const { train, heldout } = this.#fit.progress();
    return { epoch: this.#fit.model.epochs, train, heldout: Number.isNaN(heldout) ? null : heldout };
  }
}
