/**
 * The autoencoder and its training (core/models/ae.h): a model holds weights and moments, a fit visits rows
 * and moves the model. Thin: marshal, call, check. No timing, no caching, no messages.
 */
import type { Activation, AeParams, Bounds, FitSpec, RateChange, RowBits } from '../protocol/messages.ts';
import { type Block, check, KernelError, STATUS } from './heap.ts';
import type { Kernels } from './module.ts';
import { readBounds, type Wire, type WireValue, wire, withStruct } from './params.ts';

const aeParams = wire({
  n_hidden: 'u32',
  hidden: 'u32[8]',
  latent: 'u32',
  activation: 'u32',
  output: 'u32',
  loss: 'u32',
  seed: 'u32',
});

const fitParams = wire({
  epochs: 'u32',
  batch: 'u32',
  learning_rate: 'f32',
  weight_decay: 'f32',
  noise: 'f32',
  heldout: 'f32',
  patience: 'u32',
  seed: 'u32',
  focus: 'f32',
  steps: 'u32',
});

const jobProgress = wire({ stage: 'u32', done: 'u32', total: 'u32', loss: 'f32[8]' });

/** A C `matrix` of floats in 32-bit memory (core/math/matrix.h): addresses are numbers, 0 = none. */
export const matrixStruct = wire({
  data: 'u32',
  dtype: 'u32', // 0: float
  n: 'u32',
  d: 'u32',
  stride: 'u32',
  scale: 'u32',
  shift: 'u32',
});

/** In the order of act_kind in core/nn/act.h. */
const ACTIVATIONS: readonly Activation[] = ['linear', 'relu', 'leaky_relu', 'elu', 'tanh', 'sigmoid'];

/** In the order of ae_loss. */
const LOSSES = ['mse', 'bce'] as const;

/** In the order of ae_fit_end. */
const ENDS = ['running', 'epochs', 'plateau', 'diverged', 'cancelled'] as const;

export type FitEnd = (typeof ENDS)[number];

/** The numbers of a FitSpec that the kernels take. */
export type FitParams = Omit<FitSpec, 'table' | 'rows' | 'weights' | 'selection' | 'fresh'>;

/** Rows that one call of `show` takes at most. */
export const EVALUATE_ROWS = 512;

/** More than this many parameters is refused. */
export const MAX_PARAMETERS = 30_000_000;

function indexOf<T extends string>(names: readonly T[], name: T, field: string): number {
  const index = names.indexOf(name);
  if (index < 0) {
    throw new KernelError(
      STATUS.BAD_PARAM,
      field,
      `${field} can't be ${name}; it is one of ${names.join(', ')}.`,
    );
  }
  return index;
}

function toWire(p: AeParams): WireValue<typeof aeParams> {
  return {
    n_hidden: p.hidden.length,
    hidden: p.hidden,
    latent: p.latent,
    activation: indexOf(ACTIVATIONS, p.activation, 'activation'),
    output: indexOf(ACTIVATIONS, p.output, 'output'),
    loss: indexOf(LOSSES, p.loss, 'loss'),
    seed: p.seed,
  };
}

function fitToWire(q: FitParams): WireValue<typeof fitParams> {
  const { epochs, batch, learning_rate, weight_decay, noise, heldout, patience, seed } = q;
  const { focus = 1, steps = 0 } = q;
  return { epochs, batch, learning_rate, weight_decay, noise, heldout, patience, seed, focus, steps };
}

/** Turns what the kernels' check says into one sentence with the limits. */
function refuse(status: number, field: string, bounds: Bounds): never {
  const name = field.replace(/\[.*/, '');
  const place = /\[(\d+)\]/.exec(field);
  const at = (values: Record<string, number | number[]>): number | undefined => {
    const value = values[name];
    return Array.isArray(value) ? value[Number(place?.[1] ?? 0)] : value;
  };
  if (name === 'n_hidden') {
    throw new KernelError(status, 'hidden', `There can be at most ${at(bounds.hi)} hidden layers.`);
  }
  if (name === 'loss') {
    throw new KernelError(status, 'loss', 'The loss bce needs the output sigmoid.');
  }
  const layer = place ? ` (layer ${Number(place[1]) + 1})` : '';
  throw new KernelError(
    status,
    name,
    `${name}${layer} must be between ${at(bounds.lo)} and ${at(bounds.hi)}.`,
  );
}

/** A whole number that the field can't even hold is out of bounds too: the same error as C's own check. */
function guarded<V extends Record<string, number | number[]>>(
  struct: Wire<V>,
  value: V,
  bounds: Bounds,
): void {
  for (const { name, kind, length } of struct.fields) {
    const given = value[name];
    const items = Array.isArray(given) ? given : [given ?? Number.NaN];
    if (length !== null && items.length > length) {
      refuse(STATUS.BAD_PARAM, `n_${name}`, bounds);
    }
    items.forEach((item, i) => {
      const fits =
        kind === 'f32' ? Number.isFinite(item) : Number.isInteger(item) && item >= 0 && item <= 0xffffffff;
      if (!fits) {
        refuse(STATUS.BAD_PARAM, length === null ? name : `${name}[${i}]`, bounds);
      }
    });
  }
}

/** Defaults and hard limits of models and fits, as C states them. */
export function aeBounds(k: Kernels): { params: Bounds; fit: Bounds } {
  const { exports, heap } = k;
  return {
    params: readBounds(heap, aeParams, exports.ae_params_default, exports.ae_params_bounds),
    fit: readBounds(heap, fitParams, exports.ae_fit_params_default, exports.ae_fit_params_bounds),
  };
}

/** Throws a `KernelError` that names the field and its limits, or says that the model is too large. */
export function checkAe(k: Kernels, p: AeParams, d: number): void {
  const bounds = aeBounds(k).params;
  const value = toWire(p);
  guarded(aeParams, value, bounds);
  k.heap.with(aeParams.bytes + 4, ({ ptr }) => {
    aeParams.write(k.heap, ptr, value);
    const status = k.exports.ae_params_check(ptr, d, ptr + aeParams.bytes);
    if (status === STATUS.BAD_PARAM) {
      const word = new DataView(k.heap.buffer()).getUint32(ptr + aeParams.bytes, true);
      refuse(status, aeParams.fieldAt(word), bounds);
    }
    check(status, 'hidden');
  });
}

export function checkFit(k: Kernels, q: FitParams): void {
  const bounds = aeBounds(k).fit;
  const value = fitToWire(q);
  guarded(fitParams, value, bounds);
  k.heap.with(fitParams.bytes + 4, ({ ptr }) => {
    fitParams.write(k.heap, ptr, value);
    const status = k.exports.ae_fit_params_check(ptr, ptr + fitParams.bytes);
    if (status !== STATUS.OK) {
      const word = new DataView(k.heap.buffer()).getUint32(ptr + fitParams.bytes, true);
      refuse(status, fitParams.fieldAt(word), bounds);
    }
  });
}

/** Lists of one entry, or one bit, for each row of the table are as long as that; rates come one after another. */
function checkLists({ weights, selection, rates = [] }: FitSpec, rows: number): void {
  const words = Math.ceil(rows / 32);
  if (weights && weights.length !== rows) {
    throw new KernelError(STATUS.BAD_PARAM, 'weights', `There must be ${rows} weights, one for each row.`);
  }
  if (selection && selection.length !== words) {
    throw new KernelError(
      STATUS.BAD_PARAM,
      'selection',
      `The selection must have ${words} words of 32 rows.`,
    );
  }
  if (rates.some(({ after }, i) => !Number.isSafeInteger(after) || after <= (rates[i - 1]?.after ?? 0))) {
    throw new KernelError(STATUS.BAD_PARAM, 'rates', 'Changes of the learning rate must be in order.');
  }
}

/** What a model of d features and a fit of n rows would take. The parameters must be within bounds. */
export function aeCost(
  k: Kernels,
  p: AeParams,
  d: number,
  q: FitParams,
  n: number,
): { parameters: number; bytes: number } {
  const { exports, heap } = k;
  return withStruct(heap, aeParams, toWire(p), (pp) =>
    withStruct(heap, fitParams, fitToWire(q), (qp) => ({
      parameters: exports.ae_parameters(pp, d) >>> 0,
      bytes: (exports.ae_bytes(pp, d) >>> 0) + (exports.ae_fit_bytes(pp, d, qp, n) >>> 0),
    })),
  );
}

/** Where `evaluate` copies its results: each array is written from its start, or left out. */
export interface Evaluation {
  z?: Float32Array; // (rows, latent)
  error?: Float32Array; // (rows) mean squared residual
  reconstruction?: Float32Array; // (rows, d)
  residual?: Float32Array; // (rows, d)
}

export class Ae {
  readonly d: number;
  readonly latent: number;
  readonly parameters: number;
  readonly bytes: number; // of kernel memory, scratch included
  readonly #k: Kernels;
  readonly #scratch: Block; // z, then error, of EVALUATE_ROWS rows
  #ptr: number;

  private constructor(k: Kernels, ptr: number, scratch: Block, d: number, latent: number, cost: number[]) {
    this.#k = k;
    this.#ptr = ptr;
    this.#scratch = scratch;
    this.d = d;
    this.latent = latent;
    this.parameters = cost[0] ?? 0;
    this.bytes = (cost[1] ?? 0) + scratch.bytes;
  }

  static create(k: Kernels, p: AeParams, d: number): Ae {
    checkAe(k, p, d);
    const { exports, heap } = k;
    const scratch = heap.alloc(EVALUATE_ROWS * (p.latent + 1) * 4, 'the model');
    try {
      return withStruct(heap, aeParams, toWire(p), (params) =>
        heap.with(4, (out) => {
          check(exports.ae_new(out.ptr, params, d), 'the model');
          const ptr = out.u32()[0] ?? 0;
          const cost = [exports.ae_parameters(params, d) >>> 0, exports.ae_bytes(params, d) >>> 0];
          return new Ae(k, ptr, scratch, d, p.latent, cost);
        }),
      );
    } catch (error) {
      scratch.free();
      throw error;
    }
  }

  /** For AeFit. */
  get ptr(): number {
    if (this.#ptr === 0) {
      throw new Error('A model was used after it was freed.');
    }
    return this.#ptr;
  }

  /** Batches trained so far, over all fits. */
  get steps(): number {
    return this.#k.exports.ae_steps(this.ptr) >>> 0;
  }

  /** Epochs finished so far, over all fits. */
  get epochs(): number {
    return this.#k.exports.ae_epochs(this.ptr) >>> 0;
  }

  /** Keeps the weights as they are now for `show`, whatever a fit moves meanwhile. */
  freeze(): void {
    this.#k.exports.ae_freeze(this.ptr);
  }

  /**
   * Codes, and errors if asked for, of at most EVALUATE_ROWS rows by the weights last frozen. `matrix` is the
   * address of a C `matrix`.
   */
  show(matrix: number, first: number, rows: number, z: Float32Array, error?: Float32Array): void {
    const { exports } = this.#k;
    const zp = this.#scratch.ptr;
    const ep = zp + EVALUATE_ROWS * this.latent * 4;
    check(exports.ae_show(this.ptr, matrix, first, rows, zp, error === undefined ? 0 : ep));
    const out = this.#scratch.f32();
    z.set(out.subarray(0, rows * this.latent));
    error?.set(out.subarray(EVALUATE_ROWS * this.latent, EVALUATE_ROWS * this.latent + rows));
  }

  /** Everything about a few rows. */
  evaluate(matrix: number, first: number, rows: number, into: Evaluation): void {
    const { exports, heap } = this.#k;
    const sizes = [this.latent, this.d, this.d, 1].map((width) => rows * width);
    const wanted = [into.z, into.reconstruction, into.residual, into.error];
    const total = sizes.reduce((sum, size) => sum + size, 0);
    heap.with(total * 4, (block) => {
      const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
      const at = (i: number): number => (wanted[i] === undefined ? 0 : block.ptr + (starts[i] ?? 0) * 4);
      check(exports.ae_evaluate(this.ptr, matrix, first, rows, at(0), at(1), at(2), at(3)));
      const out = block.f32();
      wanted.forEach((array, i) => {
        const start = starts[i] ?? 0;
        array?.set(out.subarray(start, start + (sizes[i] ?? 0)));
      });
    });
  }

  /** Codes (rows, latent) to rows (rows, d) in scaled units. */
  decode(codes: Float32Array): Float32Array<ArrayBuffer> {
    const { exports, heap } = this.#k;
    const rows = Math.floor(codes.length / this.latent);
    return heap.with(rows * (this.latent + this.d) * 4, (block) => {
      block.f32().set(codes.subarray(0, rows * this.latent));
      const xp = block.ptr + rows * this.latent * 4;
      check(exports.ae_decode(this.ptr, block.ptr, rows, xp));
      return block.f32().slice(rows * this.latent);
    });
  }

  /** Weights, moments and step count; only while no fit is half-way through a batch. */
  snapshot(): ArrayBuffer {
    const { exports, heap } = this.#k;
    return heap.with(exports.ae_snapshot_bytes(this.ptr) >>> 0, (block) => {
      exports.ae_snapshot_read(this.ptr, block.ptr);
      return block.u8().slice().buffer;
    });
  }

  /** BAD_DATA when the bytes are damaged or of another shape; nothing is changed then. */
  restore(buffer: ArrayBuffer): void {
    const { exports, heap } = this.#k;
    heap.with(buffer.byteLength, (block) => {
      block.u8().set(new Uint8Array(buffer));
      check(exports.ae_snapshot_write(this.ptr, block.ptr, buffer.byteLength), 'the snapshot');
    });
  }

  /** Weights, moments and counts as `create` made them; only while no fit is under way. */
  reset(): void {
    this.#k.exports.ae_reset(this.ptr);
  }

  /** Rows of a table of so many that fits of this held-out fraction keep out of training. */
  heldout(fraction: number, rows: number): RowBits {
    const { exports, heap } = this.#k;
    return heap.with(Math.ceil(rows / 32) * 4, (block) => {
      exports.ae_heldout(this.ptr, fraction, rows, block.ptr);
      return block.u32().slice();
    });
  }

  free(): void {
    if (this.#ptr !== 0) {
      this.#k.exports.ae_free(this.#ptr);
      this.#ptr = 0;
      this.#scratch.free();
    }
  }
}

export interface FitProgress {
  done: number; // batches
  total: number;
  train: number; // of the last finished epoch; NaN before
  heldout: number; // NaN when no rows are held out
  selection: number; // NaN without a selection
  rest: number;
}

export class AeFit {
  readonly rows: number; // visited an epoch, repeats counted
  readonly heldoutRows: number;
  readonly #k: Kernels;
  readonly #model: Ae; // borrowed: must outlive the fit
  readonly #progress: Block;
  #ptr: number;

  private constructor(k: Kernels, model: Ae, ptr: number, progress: Block) {
    this.#k = k;
    this.#model = model;
    this.#ptr = ptr;
    this.#progress = progress;
    this.rows = k.exports.ae_fit_rows(ptr) >>> 0;
    this.heldoutRows = k.exports.ae_fit_heldout_rows(ptr) >>> 0;
  }

  /**
   * `matrix` is the address of a C `matrix`; it is borrowed and must outlive the fit. What the specification
   * lists (rows, weights, selection) is copied.
   */
  static create(k: Kernels, model: Ae, matrix: number, spec: FitSpec): AeFit {
    checkFit(k, spec);
    checkLists(spec, matrixStruct.read(k.heap, matrix).n);
    const { exports, heap } = k;
    const owned: Block[] = [];
    const take = (bytes: number): Block => {
      const block = heap.alloc(bytes, 'the training');
      owned.push(block);
      return block;
    };
    let progress: Block | null = null;
    try {
      progress = heap.alloc(jobProgress.bytes, 'the training');
      const record = progress;
      const copied = (values: Uint32Array | Float32Array | null | undefined): number => {
        if (!values) {
          return 0;
        }
        const block = take(values.byteLength);
        block.u8().set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
        return block.ptr;
      };
      const ids = copied(spec.rows);
      const weights = copied(spec.weights);
      const selection = copied(spec.selection);
      return withStruct(heap, fitParams, fitToWire(spec), (params) =>
        heap.with(4, (out) => {
          const status = exports.ae_fit_new(
            out.ptr,
            model.ptr,
            matrix,
            params,
            ids,
            spec.rows?.length ?? 0,
            weights,
            selection,
          );
          if (status === STATUS.BAD_SHAPE) {
            throw new KernelError(status, 'rows', 'No row is left to train on.');
          }
          check(status, 'the training');
          const fit = new AeFit(k, model, out.u32()[0] ?? 0, record);
          for (const { after, rate } of spec.rates ?? []) fit.setLearningRate(rate, after);
          return fit;
        }),
      );
    } catch (error) {
      progress?.free();
      throw error;
    } finally {
      for (const block of owned) {
        block.free();
      }
    }
  }

  /** Throws NOT_FINITE when the loss ran away: the model is then back at its last finite state. */
  step(units: number): void {
    check(this.#k.exports.ae_fit_step(this.#live, units), 'the loss');
  }

  get done(): boolean {
    return this.#k.exports.ae_fit_done(this.#live) !== 0;
  }

  /** Weights are whole: reading, snapshots and freeing are safe. */
  get settled(): boolean {
    return this.#k.exports.ae_fit_between_batches(this.#live) !== 0;
  }

  /** Drops a batch that is under way, if no weight was moved yet. */
  abandon(): boolean {
    return this.#k.exports.ae_fit_abandon_batch(this.#live) !== 0;
  }

  /** Ends the fit now, with whole weights: at worst those of the start of the epoch. */
  cancel(): void {
    this.#k.exports.ae_fit_cancel(this.#live);
  }

  get endedBy(): FitEnd {
    return ENDS[this.#k.exports.ae_fit_ended_by(this.#live)] ?? 'running';
  }

  /** Epochs finished by this fit. */
  get epoch(): number {
    return this.#k.exports.ae_fit_epoch(this.#live) >>> 0;
  }

  /** Rows visited by this fit, repeats counted. */
  get rowsTrained(): number {
    return this.#k.exports.ae_fit_rows_trained(this.#live);
  }

  get model(): Ae {
    return this.#model;
  }

  progress(): FitProgress {
    this.#k.exports.ae_fit_progress(this.#live, this.#progress.ptr);
    const { done, total, loss } = jobProgress.read(this.#k.heap, this.#progress.ptr);
    const [train = Number.NaN, heldout = Number.NaN, selection = Number.NaN, rest = Number.NaN] = loss;
    return { done, total, train, heldout, selection, rest };
  }

  /** From the batch on that comes after so many of this fit; at the earliest, and by default, from the one after the next. */
  setLearningRate(rate: number, after: number = this.progress().done + 1): RateChange {
    const { exports } = this.#k;
    const status = exports.ae_fit_set_learning_rate(this.#live, after, rate);
    if (status === STATUS.TOO_LARGE) {
      throw new KernelError(status, 'rates', 'The learning rate is changed too often.');
    }
    if (status !== STATUS.OK) {
      refuse(STATUS.BAD_PARAM, 'learning_rate', aeBounds(this.#k).fit);
    }
    return { after, rate };
  }

  free(): void {
    if (this.#ptr !== 0) {
      this.#k.exports.ae_fit_free(this.#ptr);
      this.#ptr = 0;
      this.#progress.free();
    }
  }

  get #live(): number {
    if (this.#ptr === 0) {
      throw new Error('A fit was used after it was freed.');
    }
    return this.#ptr;
  }
}
