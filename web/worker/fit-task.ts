/** The training of an autoencoder as a task of the runner. */
import type { AeFit, FitEnd } from '../kernels/ae.ts';
import { KernelError } from '../kernels/heap.ts';
import type { EpochLoss, FitSpec, RateChange } from '../protocol/messages.ts';
import type { Task } from './runner.ts';

const orNull = (loss: number): number | null => (Number.isNaN(loss) ? null : loss);

export class FitTask implements Task {
  #fit: AeFit;
  #rates: RateChange[] = []; // set by hand before it began
  #begun = false;
  readonly #again: ((before: AeFit) => AeFit) | null;
  #before = 0; // epochs of the model when it began
  readonly #selects: boolean;
  readonly #batches: number; // of an epoch

  /** `again`: for a fit that others may read the model before; makes it from what the model is when it begins. */
  constructor(fit: AeFit, spec: FitSpec, again: ((before: AeFit) => AeFit) | null = null) {
    this.#fit = fit;
    this.#again = again;
    this.#before = fit.model.epochs;
    this.#selects = Boolean(spec.selection);
    this.#batches = Math.ceil(fit.rows / Math.min(spec.batch, fit.rows));
  }

  get fit(): AeFit {
    return this.#fit;
  }

  begin(): void {
    if (this.#again !== null) {
      this.#fit = this.#again(this.#fit);
      this.#before = this.#fit.model.epochs;
      for (const { after, rate } of this.#rates) this.#fit.setLearningRate(rate, after);
    }
    this.#begun = true;
  }

  setLearningRate(rate: number): RateChange {
    const change = this.#fit.setLearningRate(rate);
    if (!this.#begun) this.#rates.push(change);
    return change;
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

  /** The model counts an epoch when its last batch is done, the fit once its losses are known. */
  get epochClosed(): boolean {
    return this.#fit.model.epochs - this.#before <= this.#fit.epoch;
  }

  get epoch(): number {
    return this.#fit.epoch;
  }

  get epochShare(): number {
    const share = this.#fit.progress().done / this.#batches - this.#fit.epoch;
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

  /** The losses of the epoch that has just ended; `train` is NaN before there is one. */
  loss(): EpochLoss {
    const { train, heldout, selection, rest } = this.#fit.progress();
    const loss: EpochLoss = { epoch: this.#fit.model.epochs, train, heldout: orNull(heldout) };
    return this.#selects ? { ...loss, selection: orNull(selection), rest: orNull(rest) } : loss;
  }
}
