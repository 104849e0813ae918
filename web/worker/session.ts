/**
 * The worker's state: tables, models, maps and jobs by the ids that the page gave them, and the only owner of
 * kernel objects. Every request has one entry in a table of handlers.
 *
 *     table ──► features (by roles and scale) ──► model ──► map
 *
 * A stage is kept as long as something needs it: asking for the same features again costs nothing, models keep
 * the features they were made on, and freeing a table frees what stands on it.
 *
 * The session runs in the page's worker and in Node alike: clock, turn and the way out are given to it.
 */
import { Ae, aeBounds, aeCost, checkAe } from '../kernels/ae.ts';
import type { Kernels } from '../kernels/module.ts';
import type { Features, Table } from '../kernels/table.ts';
import { failure } from '../protocol/failure.ts';
import {
  type AeParams,
  type Estimate,
  type FeatureInfo,
  type FitSpec,
  type FromWorker,
  type Id,
  type ModelInfo,
  PROTOCOL,
  type Ready,
  type Request,
  type RowDetail,
  type TableInfo,
  type ToWorker,
} from '../protocol/messages.ts';
import { availableBytes, Estimator, type Machine } from './estimate.ts';
import { failureOf, isFatal } from './failure-of.ts';
import { Jobs } from './jobs.ts';
import { LiveMap } from './live-map.ts';
import { openTable } from './readers/open.ts';
import type { Runner, Timing } from './runner.ts';
import { type TrainedModel, train } from './training.ts';

export interface SessionOptions extends Timing, Machine {
  kernels: Kernels;
  post(message: FromWorker, transfer: Transferable[]): void;
  threads: number;
  /** Test hook: called at each finished epoch, and before a model is created. */
  probe?: (where: 'epoch' | 'create', count: number) => void;
}

interface FeatureEntry {
  key: string;
  features: Features;
  info: FeatureInfo;
}

interface TableEntry {
  id: Id;
  table: Table;
  info: TableInfo;
  entries: FeatureEntry[]; // the last prepared one, and those that models still use
  current: FeatureEntry | null;
}

interface ModelEntry extends TrainedModel {
  id: Id;
  table: TableEntry;
  entry: FeatureEntry;
  params: AeParams;
  runner: Runner | null;
}

type Of<T extends Request['type']> = Extract<Request, { type: T }>;
type Handlers = { [T in Request['type']]: (request: Of<T>) => unknown };

/** Rows that a decode turns at a time. */
const DECODE_ROWS = 64;

/** Milliseconds between two signs of life while something long runs that has no progress of its own. */
const ALIVE_EVERY = 1000;

function bad(message: string, where: string): Error {
  return failure('bad_param', message, '', where);
}

function missing(what: string, id: Id): Error {
  return failure('not_found', `There is no ${what} ${id}.`);
}

function abortError(): Error {
  return failure('cancelled', 'Cancelled.');
}

/** The buffers of a reply that may leave with it: nothing that the session keeps is ever in a reply. */
function buffersOf(value: unknown): Transferable[] {
  const found: Transferable[] = [];
  const look = (item: unknown): void => {
    if (item instanceof ArrayBuffer) {
      found.push(item);
    } else if (ArrayBuffer.isView(item) && item.buffer instanceof ArrayBuffer) {
      found.push(item.buffer);
    }
  };
  look(value);
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    Object.values(value).forEach(look);
  }
  return found;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #kernels: Kernels;
  readonly #jobs: Jobs;
  readonly #estimator: Estimator;
  readonly #tables = new Map<Id, TableEntry>();
  readonly #models = new Map<Id, ModelEntry>();
  readonly #maps = new Map<Id, ModelEntry>();
  readonly #handlers: Handlers;
  #lastAlive = Number.NEGATIVE_INFINITY;
  #dead = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#kernels = options.kernels;
    this.#jobs = new Jobs(options, (message) => this.#post(message));
    this.#estimator = new Estimator(options.kernels, options);
    this.#handlers = {
      open: (r) => this.#open(r),
      prepare: (r) => this.#prepare(r),
      estimate: (r) => this.#estimate(r),
      create: (r) => this.#create(r),
      run: (r) => this.#run(r),
      set: (r) => this.#set(r),
      pause: (r) => this.#jobs.control(r.job, (runner) => runner.pause()),
      resume: (r) => this.#jobs.control(r.job, (runner) => runner.resume(r.epochs)),
      stop: (r) => this.#jobs.stop(r.job),
      cancel: (r) => this.#jobs.cancel(r.job),
      refresh: (r) => this.#refresh(this.#map(r.map)),
      snapshot: (r) => this.#quiet(this.#model(r.model), (model) => model.ae.snapshot()),
      restore: (r) => this.#restore(r),
      read: (r) => this.#read(r),
      decode: (r) => this.#decode(r),
      free: (r) => this.#free(r.target),
    };
  }

  /** The first message: what there is, and the limits of every parameter. */
  ready(): Ready {
    const { threads, kernels } = this.#options;
    return {
      type: 'ready',
      protocol: PROTOCOL,
      kernels: kernels.revision,
      threads,
      methods: { ae: aeBounds(kernels) },
    };
  }

  /** Before anything is asked: learns the machine's speed, so that the first estimate is a good one. */
  async rehearse(): Promise<void> {
    try {
      await this.#estimator.rehearse(this.#options.turn, () => this.#jobs.busy || this.#dead);
    } catch (error) {
      if (isFatal(error)) {
        this.fail(error);
      }
    }
  }

  /** Takes a message; the answer, if there is one, is posted. */
  async handle(message: ToWorker): Promise<void> {
    if (this.#dead) {
      return;
    }
    if (message.type === 'frame-return') {
      this.#maps.get(message.map)?.live.lend(message.buffer);
      return;
    }
    try {
      const handler = this.#handlers[message.type] as ((request: Request) => unknown) | undefined;
      if (handler === undefined) {
        throw bad(`There is no request ${message.type}.`, 'type');
      }
      const value = (await handler(message)) ?? null;
      this.#post({ type: 'reply', id: message.id, value }, buffersOf(value));
    } catch (error) {
      if (isFatal(error)) {
        this.fail(error);
        return;
      }
      this.#post({ type: 'error', id: message.id, failure: failureOf(error) });
    }
  }

  /** Something that can't be recovered from: told once, and nothing is answered any more. */
  fail(error: unknown): void {
    if (!this.#dead) {
      this.#post({ type: 'fatal', failure: failureOf(error) });
      this.#dead = true;
    }
  }

  /** Bytes of kernel memory in use, for tests of leaks. */
  get bytesInUse(): number {
    return this.#kernels.heap.inUse();
  }

  #post(message: FromWorker, transfer: Transferable[] = []): void {
    if (!this.#dead) {
      this.#options.post(message, transfer);
    }
  }

  // ---------------------------------------------------------------------------------------------- nouns

  #table(id: Id): TableEntry {
    const entry = this.#tables.get(id);
    if (entry === undefined) {
      throw missing('table', id);
    }
    return entry;
  }

  #model(id: Id): ModelEntry {
    const entry = this.#models.get(id);
    if (entry === undefined) {
      throw missing('model', id);
    }
    return entry;
  }

  #map(id: Id): ModelEntry {
    const entry = this.#maps.get(id);
    if (entry === undefined) {
      throw missing('map', id);
    }
    return entry;
  }

  #features(table: TableEntry): FeatureEntry {
    if (table.current === null) {
      throw failure('not_found', `The columns of ${table.info.name} have not been prepared yet.`);
    }
    return table.current;
  }

  #unused(id: Id): void {
    if (this.#tables.has(id) || this.#models.has(id) || this.#maps.has(id)) {
      throw bad(`The id ${id} is taken.`, 'id');
    }
  }

  #info(model: ModelEntry): ModelInfo {
    const { id, ae, live } = model;
    return {
      model: id,
      table: model.table.id,
      map: live.id,
      method: 'ae',
      parameters: ae.parameters,
      bytes: ae.bytes,
      steps: ae.steps,
    };
  }

  // ---------------------------------------------------------------------------------------------- tables

  #open({ table: id, job, source, hints }: Of<'open'>): Promise<TableInfo> {
    this.#unused(id);
    return this.#jobs.read(job, 'read', async (on) => {
      const { table, recipe } = await openTable(this.#kernels, source, hints, on);
      if (on.signal.aborted) {
        table.free();
        throw abortError();
      }
      const { rows, columns, image, notes, fingerprint, bytes } = table;
      const info: TableInfo = {
        table: id,
        name: source.name,
        rows,
        columns,
        recipe,
        image,
        notes,
        fingerprint,
        bytes,
      };
      this.#tables.set(id, { id, table, info, entries: [], current: null });
      return info;
    });
  }

  async #prepare({ table: id, job, spec }: Of<'prepare'>): Promise<FeatureInfo> {
    const table = this.#table(id);
    const key = JSON.stringify([spec.roles.map((role) => (role === 'feature' ? 1 : 0)), spec.scale]);
    let entry = table.entries.find((known) => known.key === key);
    if (entry === undefined) {
      const features = table.table.features(spec);
      entry = await this.#jobs.step(job, features, id, (end) => {
        if (end === 'done' && this.#tables.get(id) === table) {
          return { key, features, info: features.info };
        }
        features.free();
        throw abortError();
      });
      table.entries.push(entry);
    }
    table.current = entry;
    this.#dropUnused(table);
    return { ...entry.info, source: entry.info.source.slice() };
  }

  /** Frees features that are neither the table's present ones nor any model's. */
  #dropUnused(table: TableEntry): void {
    const used = new Set([...this.#models.values()].map(({ entry }) => entry));
    table.entries = table.entries.filter((entry) => {
      const keep = entry === table.current || used.has(entry);
      if (!keep) {
        entry.features.free();
      }
      return keep;
    });
  }

  // ---------------------------------------------------------------------------------------------- models

  #estimate({ table: id, params, fit }: Of<'estimate'>): Estimate {
    const { features, info } = this.#features(this.#table(id));
    const quiet = !this.#jobs.busy;
    return this.#estimator.estimate(
      {
        params,
        fit,
        rows: fit.rows?.length ?? info.n,
        matrixPtr: features.matrixPtr,
        n: info.n,
        d: info.d,
      },
      quiet,
    );
  }

  #create({ model: id, map, table: tableId, params, spec }: Of<'create'>): ModelInfo {
    this.#unused(id);
    this.#unused(map);
    const table = this.#table(tableId);
    const entry = this.#features(table);
    checkAe(this.#kernels, params, entry.info.d);
    this.#options.probe?.('create', 0);
    const ae = Ae.create(this.#kernels, params, entry.info.d);
    try {
      const live = this.#show(map, ae, entry, this.#axes(spec.axes, params.latent));
      const model: ModelEntry = { id, table, entry, ae, live, params, runner: null };
      this.#models.set(id, model);
      this.#maps.set(map, model);
      return this.#info(model);
    } catch (error) {
      ae.free();
      throw error;
    }
  }

  #axes(axes: [number, number], latent: number): [number, number] {
    const fits = axes.length === 2 && axes.every((axis) => Number.isInteger(axis) && axis >= 0);
    if (!fits || (latent > 1 && axes.some((axis) => axis >= latent))) {
      throw bad(`The axes must be two of the ${latent} dimensions of the code, counted from 0.`, 'axes');
    }
    return [axes[0], axes[1]];
  }

  #show(map: Id, ae: Ae, { features, info }: FeatureEntry, axes: [number, number]): LiveMap {
    const shown = { matrixPtr: features.matrixPtr, n: info.n };
    return new LiveMap(map, ae, shown, axes, {
      now: this.#options.now,
      frame: (frame) => this.#post(frame, [frame.buffer]),
    });
  }

  async #run({ job, model: id, fit, live }: Of<'run'>): Promise<unknown> {
    const model = this.#model(id);
    if (this.#jobs.training) {
      throw failure('busy', 'Another model is being trained.', 'Stop it first.');
    }
    this.#moveTo(model, fit);
    const { features } = model.entry;
    const needed = this.#bytes(model, fit);
    if (needed > availableBytes(this.#kernels, this.#options)) {
      throw failure(
        'no_memory',
        'There is not enough memory to train this model.',
        'Use fewer rows or a smaller model.',
      );
    }
    return train({
      kernels: this.#kernels,
      jobs: this.#jobs,
      job,
      model,
      matrixPtr: features.matrixPtr,
      fit,
      live,
      post: (message, transfer) => this.#post(message, transfer),
      now: this.#options.now,
      estimator: this.#estimator,
      ...(this.#options.probe ? { probe: this.#options.probe } : {}),
    });
  }

  #bytes(model: ModelEntry, fit: FitSpec): number {
    const { d, n } = model.entry.info;
    return aeCost(this.#kernels, model.params, d, fit, n).bytes - model.ae.bytes;
  }

  /** Training on the rows of another table shows that table's rows from now on. */
  #moveTo(model: ModelEntry, fit: FitSpec): void {
    if (fit.table === undefined || fit.table === model.table.id) {
      return;
    }
    const table = this.#table(fit.table);
    const entry = this.#features(table);
    if (entry.info.d !== model.ae.d) {
      throw bad(`${table.info.name} has ${entry.info.d} features, the model takes ${model.ae.d}.`, 'table');
    }
    const before = model.table;
    model.live = this.#show(model.live.id, model.ae, entry, model.live.axes);
    model.table = table;
    model.entry = entry;
    this.#dropUnused(before);
  }

  async #set({ target, params }: Of<'set'>): Promise<void> {
    if ('axes' in params) {
      const model = this.#map(target);
      model.live.setAxes(this.#axes(params.axes, model.ae.latent));
      if (model.live.drawn) {
        model.live.send(true);
      } else {
        await this.#refresh(model);
      }
      return;
    }
    const rate = params.learning_rate;
    if (rate !== undefined) {
      this.#jobs.setLearningRate(target, rate);
    }
  }

  #refresh(model: ModelEntry): Promise<void> {
    return this.#quiet(model, async () => {
      await this.#sweep(model, true);
      model.live.send(true);
    });
  }

  #restore({ model: id, buffer }: Of<'restore'>): ModelInfo {
    const model = this.#model(id);
    if (model.runner !== null) {
      throw failure('busy', 'The model is being trained.', 'Stop it first.');
    }
    model.ae.restore(buffer);
    model.live.invalidate();
    return this.#info(model);
  }

  // ---------------------------------------------------------------------------------------------- reading

  /** Uses a model while no batch is half-way, and lets it rest until `use` is through. */
  async #quiet<T>(model: ModelEntry, use: (model: ModelEntry) => T | Promise<T>): Promise<T> {
    return model.runner === null ? use(model) : model.runner.quiet(() => use(model));
  }

  /** Brings codes, and errors if asked for, of every row up to the model's present state, in slices. */
  async #sweep(model: ModelEntry, detail: boolean): Promise<void> {
    const { live } = model;
    if (live.isCurrent(detail)) {
      return;
    }
    live.restart(detail);
    while (!live.advance(16)) {
      this.#sayAlive();
      await this.#options.turn();
      if (this.#models.get(model.id) !== model || model.live !== live) {
        throw missing('model', model.id);
      }
    }
  }

  #sayAlive(): void {
    const now = this.#options.now();
    if (now - this.#lastAlive >= ALIVE_EVERY) {
      this.#lastAlive = now;
      this.#post({ type: 'alive' });
    }
  }

  #read(request: Of<'read'>): unknown {
    switch (request.what) {
      case 'inspect':
        return this.#quiet(this.#model(request.model), (model) => this.#inspect(model, request.row));
      case 'cells': {
        const { table, info } = this.#table(request.table);
        return Array.from(request.rows, (row) => info.columns.map((_, column) => table.cell(row, column)));
      }
      case 'column':
        return this.#table(request.table).table.column(request.column);
      case 'error':
      case 'latent':
        return this.#quiet(this.#model(request.model), async (model) => {
          await this.#sweep(model, request.what === 'error');
          return request.what === 'error' ? model.live.errors() : model.live.codes();
        });
    }
  }

  #inspect(model: ModelEntry, row: number): RowDetail {
    const { features } = model.entry;
    const { d, latent } = model.ae;
    const input = features.row(row);
    const reconstruction = new Float32Array(d);
    const residual = new Float32Array(d);
    const z = new Float32Array(latent);
    const error = new Float32Array(1);
    model.ae.evaluate(features.matrixPtr, row, 1, { z, reconstruction, residual, error });
    return {
      row,
      cells: model.table.info.columns.map((_, column) => model.table.table.cell(row, column)),
      input,
      input_raw: features.toRaw(input),
      reconstruction,
      reconstruction_raw: features.toRaw(reconstruction),
      residual,
      latent: z,
      error: error[0] ?? Number.NaN,
    };
  }

  #decode({ model: id, codes }: Of<'decode'>): Promise<Float32Array> {
    return this.#quiet(this.#model(id), async (model) => {
      const { latent, d } = model.ae;
      const rows = codes.length / latent;
      if (!Number.isInteger(rows) || !codes.every(Number.isFinite)) {
        throw bad(`The codes must be whole rows of ${latent} finite numbers.`, 'codes');
      }
      const out = new Float32Array(rows * d);
      for (let first = 0; first < rows; first += DECODE_ROWS) {
        const some = codes.subarray(first * latent, (first + DECODE_ROWS) * latent);
        out.set(model.entry.features.toRaw(model.ae.decode(some)), first * d);
        this.#sayAlive();
        await this.#options.turn();
      }
      return out;
    });
  }

  // ---------------------------------------------------------------------------------------------- freeing

  async #free(id: Id): Promise<void> {
    const model = this.#models.get(id) ?? this.#maps.get(id);
    if (model !== undefined) {
      await this.#freeModel(model);
      return;
    }
    const table = this.#table(id);
    for (const other of [...this.#models.values()]) {
      if (other.table === table) {
        await this.#freeModel(other);
      }
    }
    this.#tables.delete(id);
    await this.#jobs.cancelOf(id);
    for (const { features } of table.entries) {
      features.free();
    }
    table.table.free();
  }

  /** A model and its map go together. */
  async #freeModel(model: ModelEntry): Promise<void> {
    this.#models.delete(model.id);
    this.#maps.delete(model.live.id);
    if (model.runner !== null) {
      await this.#jobs.cancelOf(model.id);
    }
    model.ae.free();
    this.#dropUnused(model.table);
  }
}
