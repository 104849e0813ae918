/**
 * What a fit would take, before it is started: memory as the kernels compute it, time from a short measurement.
 */
import { Ae, AeFit, aeCost, checkAe, checkFit, MAX_PARAMETERS, matrixStruct } from '../kernels/ae.ts';
import { type Block, KernelError } from '../kernels/heap.ts';
import type { Kernels } from '../kernels/module.ts';
import type { AeParams, Estimate, FitSpec } from '../protocol/messages.ts';
import { emptyBits } from '../protocol/rows.ts';
import { checkBits, countGroups, focusOf } from './groups.ts';

/** More than this is not asked of a 32-bit memory, whatever the machine has. */
const MOST_BYTES = 3.5e9;

/** From this size on, whether the memory can grow so far is tried out. It costs nothing until it is used. */
const WORTH_TRYING = 256e6;

/** A fit that is smaller than this, in bytes and in multiply-adds of a batch, is tried out for a moment. */
const PROBE_BYTES = 64e6;
const PROBE_WORK = 20e6;
const PROBE_MS = 20;

/** Of a rehearsal that nobody waits for. */
const SLICE_MS = 10;
const REHEARSAL_SLICES = 20;

/** Seconds of a batch that do not depend on its size. */
const BATCH_OVERHEAD = 20e-6;

/** A live map takes up to a quarter of the time. */
const LIVE_SHARE = 0.25;

export interface Machine {
  now(): number; // milliseconds
  memory: number | null; // bytes of the machine, as far as it says
  values?: number; // of a matrix, at most; default MOST_VALUES
}

export interface Asked {
  params: AeParams;
  fit: FitSpec;
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

/** Parameters, and bytes of model and fit together with the copies made of what the fit lists for each of n rows. */
export function fitCost(
  k: Kernels,
  params: AeParams,
  fit: FitSpec,
  n: number,
  d: number,
): { parameters: number; bytes: number } {
  const { parameters, bytes } = aeCost(k, params, d, fit, n);
  const weights = fit.weights ? n * 8 : 0;
  const selection = fit.selection ? n : 0;
  const visited = fit.rows ? fit.rows.length * 4 : 0;
  return { parameters, bytes: bytes + weights + selection + visited };
}

/** Rows of a kind whose loss is taken at the end of an epoch, at most. */
const PROBED = { heldout: 2000, group: 1000 };

/** What a fit has to do, as far as it can be said before its rows are drawn. */
interface Work {
  batch: number; // rows of a batch
  batches: number; // of all epochs
  evaluated: number; // rows whose loss is taken, at the ends of all epochs
}

function workOf(fit: FitSpec, n: number): Work {
  const kept = 1 - fit.heldout;
  const heldout = Math.round(fit.heldout * n);
  const visited = fit.rows?.length ?? n;
  let trained = Math.max(visited - Math.round(fit.heldout * visited), 1);
  let batch = Math.min(fit.batch, trained);
  let probed = Math.min(heldout, PROBED.heldout);
  let perEpoch = Math.ceil(trained / batch);
  if (fit.selection) {
    checkBits(fit.selection, n, 'selection');
    // Some of each group are held out: about as large a part of it as of all rows.
    const groups = countGroups(fit, fit.selection, n, emptyBits(n));
    const selected = groups.trained * kept;
    const rest = groups.rest * kept;
    const focus = groups.rest === 0 ? 1 : focusOf(fit);
    trained = focus === 0 ? rest : focus === 1 ? selected : selected + rest;
    batch = Math.max(Math.min(fit.batch, Math.ceil(trained)), 1);
    perEpoch = Math.max(Math.ceil(focus === 0 ? rest / batch : selected / (focus * batch)), 1);
    probed += Math.min(selected, PROBED.group) + Math.min(rest, PROBED.group);
  }
  const all = fit.epochs * perEpoch;
  const batches = fit.steps ? Math.min(fit.steps, all) : all;
  return { batch, batches, evaluated: (probed * batches) / perEpoch };
}

/** Of the training that is only there to be timed. */
const REHEARSAL = { rows: 256, d: 256, batch: 64 };

/** However slow they are: one alone may have been interrupted. */
const LEAST_EPOCHS = 3;

/** More units than an epoch of it has. */
const ONE_EPOCH = 1000;

/**
 * A small training on made-up rows: how many multiply-adds a second this machine does. The longer it runs the
 * truer it is, because engines compile what runs often a second time, and better.
 */
export class Rehearsal {
  readonly #machine: Machine;
  readonly #rows: Block;
  readonly #model: Ae;
  readonly #fit: AeFit;
  #best = Number.POSITIVE_INFINITY; // milliseconds of a batch

  constructor(k: Kernels, machine: Machine) {
    const { rows, d, batch } = REHEARSAL;
    this.#machine = machine;
    this.#rows = k.heap.alloc(rows * d * 4 + matrixStruct.bytes);
    try {
      const { ptr } = this.#rows;
      const values = this.#rows.f32();
      for (let i = 0; i < rows * d; i += 1) {
        values[i] = (Math.imul(i, 0x9e3779b1) >>> 24) / 256;
      }
      const matrix = ptr + rows * d * 4;
      matrixStruct.write(k.heap, matrix, { data: ptr, dtype: 0, n: rows, d, stride: d, scale: 0, shift: 0 });
      this.#model = Ae.create(
        k,
        {
          hidden: [128],
          latent: 8,
          activation: 'relu',
          output: 'linear',
          loss: 'mse',
          seed: 1,
        },
        d,
      );
      try {
        this.#fit = AeFit.create(k, this.#model, matrix, {
          epochs: 100_000,
          batch,
          learning_rate: 1e-6,
          weight_decay: 0,
          noise: 0,
          heldout: 0,
          patience: 0,
          seed: 1,
        });
      } catch (error) {
        this.#model.free();
        throw error;
      }
    } catch (error) {
      this.#rows.free();
      throw error;
    }
  }

  /** Goes on for so many milliseconds. Multiply-adds a second of the best batch so far. */
  run(milliseconds: number): number {
    const start = this.#machine.now();
    let before = start;
    let epochs = 0;
    do {
      epochs += 1;
      // A step ends with its epoch: always the same whole number of batches.
      this.#fit.step(ONE_EPOCH);
      const now = this.#machine.now();
      this.#best = Math.min(this.#best, Math.max(now - before, 0.01) / (REHEARSAL.rows / REHEARSAL.batch));
      before = now;
    } while (before - start < milliseconds || epochs < LEAST_EPOCHS);
    return (3000 * this.#model.parameters * REHEARSAL.batch) / this.#best;
  }

  free(): void {
    this.#fit.free();
    this.#model.free();
    this.#rows.free();
  }
}

export class Estimator {
  readonly #k: Kernels;
  readonly #machine: Machine;
  #rate: number | null = null; // multiply-adds a second while training
  #learnt = false; // from a real fit

  constructor(k: Kernels, machine: Machine) {
    this.#k = k;
    this.#machine = machine;
  }

  /**
   * Finds out how fast this machine is, in slices, so that the first estimate is a good one; gives up when
   * something else begins.
   */
  async rehearse(turn: () => Promise<void>, busy: () => boolean): Promise<void> {
    const rehearsal = new Rehearsal(this.#k, this.#machine);
    try {
      for (let i = 0; i < REHEARSAL_SLICES && !busy() && !this.#learnt; i += 1) {
        this.#rate = rehearsal.run(SLICE_MS);
        await turn();
      }
    } finally {
      rehearsal.free();
    }
  }

  /** What a fit was seen to do: better than any measurement of parts. */
  learn(parameters: number, rows: number, batches: number, seconds: number): void {
    const own = seconds - batches * BATCH_OVERHEAD;
    if (own > 0.3 && 3 * parameters * rows > PROBE_WORK * batches) {
      this.#rate = (3 * parameters * rows) / own;
      this.#learnt = true;
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
    const { parameters, bytes } = fitCost(this.#k, params, fit, n, d);
    const shown = n * (params.latent + 1) * 4;
    const needed = bytes + shown;
    const available = availableBytes(this.#k, this.#machine);
    const { batch, batches, evaluated } = workOf(fit, n);
    let step = this.#step(parameters, batch);
    const refusedByMemory = needed > available || !canClaim(this.#k, needed);
    if (
      !tooLarge &&
      !refusedByMemory &&
      quiet &&
      3 * parameters * batch < PROBE_WORK &&
      needed < PROBE_BYTES
    ) {
      step = this.#probe(asked) ?? step;
    }
    const would = `It would take ${megabytes(needed)} and ${duration(step)} for a step of ${batch} rows.`;
    let refused: string | null = null;
    if (tooLarge) {
      refused = `This model has ${parameters.toLocaleString('en')} parameters; at most ${MAX_PARAMETERS / 1e6} million are allowed. ${would}`;
    } else if (refusedByMemory) {
      refused = `This model needs more memory than the ${megabytes(available)} there are. ${would}`;
    }
    // A row whose loss is taken costs a third of one that is trained on.
    const seconds = step * (batches + evaluated / (3 * batch));
    return {
      parameters,
      bytes: needed,
      available,
      step_seconds: step,
      seconds: seconds / (1 - LIVE_SHARE),
      refused,
    };
  }

  #step(parameters: number, batch: number): number {
    if (this.#rate === null) {
      const rehearsal = new Rehearsal(this.#k, this.#machine);
      this.#rate = rehearsal.run(PROBE_MS * 2);
      rehearsal.free();
    }
    return BATCH_OVERHEAD + (3 * parameters * batch) / this.#rate;
  }

  /** Seconds of a batch, from a few real ones on a model that is thrown away; null when it can't be had. */
  #probe({ params, fit, matrixPtr, d }: Asked): number | null {
    let model: Ae | null = null;
    let trial: AeFit | null = null;
    try {
      model = Ae.create(this.#k, params, d);
      const { epochs, batch, weight_decay, noise, heldout, seed } = fit;
      const plain = { epochs, batch, weight_decay, noise, heldout, seed };
      trial = AeFit.create(this.#k, model, matrixPtr, { ...plain, learning_rate: 1e-6, patience: 0 });
      trial.step(1); // not counted: it touches everything for the first time
      const times: number[] = []; // of a batch, in each step that finished some
      const start = this.#machine.now();
      let before = start;
      let done = trial.progress().done;
      while (!trial.done && before - start < PROBE_MS) {
        trial.step(1);
        const now = this.#machine.now();
        const batches = trial.progress().done - done;
        // Enough of them that the half batches at both ends hardly count.
        if (batches >= 8) {
          times.push((now - before) / batches);
          before = now;
          done += batches;
        }
      }
      // The quickest quarter: whatever else the machine did meanwhile is not the fit's.
      times.sort((a, b) => a - b);
      const quick = times[times.length >>> 2];
      return quick === undefined || quick <= 0 ? null : quick / 1000;
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

function duration(value: number): string {
  if (value >= 10) {
    return `${Math.round(value)} s`;
  }
  return value >= 0.1 ? `${value.toFixed(1)} s` : `${Math.max(value * 1000, 0.01).toPrecision(2)} ms`;
}
