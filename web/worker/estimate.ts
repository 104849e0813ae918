/**
 * What a fit would take, before it is started: memory as the kernels compute it, time from a short measurement.
 */
import { Ae, AeFit, aeCost, checkAe, checkFit, type FitParams, MAX_PARAMETERS } from '../kernels/ae.ts';
import { KernelError } from '../kernels/heap.ts';
import type { Kernels } from '../kernels/module.ts';
import type { AeParams, Estimate } from '../protocol/messages.ts';

/** More than this is not asked of a 32-bit memory, whatever the machine has. */
const MOST_BYTES = 3.5e9;

/** From this size on, whether the memory can grow so far is tried out. It costs nothing until it is used. */
const WORTH_TRYING = 256e6;

/** A fit that is smaller than this, and whose batch is quicker, is tried out for the time of one step. */
const PROBE_BYTES = 64e6;
const PROBE_BATCH_SECONDS = 0.01;
const PROBE_MS = 20;

/** Of the multiply-adds of a plain product, a training step manages about so many in the same time. */
const TRAINING_EFFICIENCY = 0.6;

/** Seconds of a batch that do not depend on its size. */
const BATCH_OVERHEAD = 20e-6;

/** A live map takes up to a quarter of the time. */
const LIVE_SHARE = 0.25;

export interface Machine {
  now(): number; // milliseconds
  memory: number | null; // bytes of the machine, as far as it says
}

export interface Asked {
  params: AeParams;
  fit: FitParams;
  rows: number; // visited, before some are held out
  matrixPtr: number;
  n: number; // rows of the matrix
  d: number;
}

/** Bytes that can still be claimed. */
export function availableBytes(k: Kernels, machine: Machine): number {
  const limit = Math.min(MOST_BYTES, machine.memory === null ? MOST_BYTES : machine.memory / 2);
  return Math.max(limit - k.heap.inUse(), 0);
}

/** Whether the memory can grow to hold so many bytes more. */
export function canClaim(k: Kernels, bytes: number): boolean {
  const missing = k.heap.inUse() + bytes * 1.05 - k.heap.buffer().byteLength;
  if (missing <= 0 || bytes < WORTH_TRYING) {
    return true;
  }
  try {
    k.memory.grow(Math.ceil(missing / 65536));
    return true;
  } catch {
    return false;
  }
}

/** Multiply-adds a second of a product of 128 × 256 by 256 × 256, single thread. */
export function measureRate(k: Kernels, machine: Machine): number {
  const [m, n, depth] = [128, 256, 256];
  const workspace = k.exports.gemm_workspace(m, n, depth) >>> 0;
  return k.heap.with((m * depth + depth * n + m * n) * 4 + workspace + 64, ({ ptr }) => {
    const b = ptr + m * depth * 4;
    const c = b + depth * n * 4;
    const space = Math.ceil((c + m * n * 4) / 64) * 64;
    let best = Number.POSITIVE_INFINITY;
    const start = machine.now();
    for (let i = 0; i < 200 && machine.now() - start < PROBE_MS; i += 1) {
      const before = machine.now();
      for (let j = 0; j < 4; j += 1) {
        k.exports.gemm(m, n, depth, ptr, depth, b, n, c, n, space);
      }
      best = Math.min(best, Math.max(machine.now() - before, 0.1) / 4);
    }
    return (m * n * depth * 1000) / best;
  });
}

export class Estimator {
  readonly #k: Kernels;
  readonly #machine: Machine;
  #rate: number | null = null; // multiply-adds a second while training

  constructor(k: Kernels, machine: Machine) {
    this.#k = k;
    this.#machine = machine;
  }

  /** What a fit was seen to do: better than any measurement of parts. */
  learn(parameters: number, rows: number, batches: number, seconds: number): void {
    const own = seconds - batches * BATCH_OVERHEAD;
    if (own > 0.3) {
      this.#rate = (3 * parameters * rows) / own;
    }
  }

  /** Throws when a parameter is out of bounds; too many of them is an estimate that says so. */
  estimate(asked: Asked, quiet: boolean): Estimate {
    const { params, fit, d, n } = asked;
    checkFit(this.#k, fit);
    let tooLarge = false;
    try {
      checkAe(this.#k, params, d);
    } catch (error) {
      if (!(error instanceof KernelError && error.code === 'too_large')) {
        throw error;
      }
      tooLarge = true;
    }
    const { parameters, bytes } = aeCost(this.#k, params, d, fit, n);
    const shown = n * (params.latent + 1) * 4;
    const needed = bytes + shown;
    const available = availableBytes(this.#k, this.#machine);
    const trained = Math.max(asked.rows - Math.round(fit.heldout * asked.rows), 1);
    const batch = Math.min(fit.batch, trained);
    let step = this.#step(parameters, batch);
    const refusedByMemory = needed > available || !canClaim(this.#k, needed);
    if (!tooLarge && !refusedByMemory && quiet && step < PROBE_BATCH_SECONDS && needed < PROBE_BYTES) {
      step = this.#probe(asked) ?? step;
    }
    const would = `It would take ${megabytes(needed)} and ${seconds(step)} for a step of ${batch} rows.`;
    let refused: string | null = null;
    if (tooLarge) {
      refused = `This model has ${parameters.toLocaleString('en')} parameters; at most ${MAX_PARAMETERS / 1e6} million are allowed. ${would}`;
    } else if (refusedByMemory) {
      refused = `This model needs more memory than the ${megabytes(available)} there are. ${would}`;
    }
    const steps = fit.epochs * Math.ceil(trained / batch);
    return {
      parameters,
      bytes: needed,
      available,
      step_seconds: step,
      seconds: (steps * step) / (1 - LIVE_SHARE),
      refused,
    };
  }

  #step(parameters: number, batch: number): number {
    this.#rate ??= measureRate(this.#k, this.#machine) * TRAINING_EFFICIENCY;
    return BATCH_OVERHEAD + (3 * parameters * batch) / this.#rate;
  }

  /** Seconds of a batch, from a few real ones on a model that is thrown away; null when it can't be had. */
  #probe({ params, fit, matrixPtr, d }: Asked): number | null {
    let model: Ae | null = null;
    let trial: AeFit | null = null;
    try {
      model = Ae.create(this.#k, params, d);
      trial = AeFit.create(this.#k, model, matrixPtr, { ...fit, learning_rate: 1e-6, patience: 0 });
      trial.step(1); // not counted: it touches everything for the first time
      const first = trial.progress().done;
      const start = this.#machine.now();
      while (!trial.done && this.#machine.now() - start < PROBE_MS) {
        trial.step(1);
      }
      const batches = trial.progress().done - first;
      const took = this.#machine.now() - start;
      return batches > 0 && took > 0 ? took / 1000 / batches : null;
    } catch (error) {
      if (error instanceof KernelError) {
        return null;
      }
      throw error;
    } finally {
      trial?.free();
      model?.free();
    }
  }
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}

function seconds(value: number): string {
  if (value >= 10) {
    return `${Math.round(value)} s`;
  }
  return value >= 0.1 ? `${value.toFixed(1)} s` : `${Math.max(value * 1000, 0.01).toPrecision(2)} ms`;
}
