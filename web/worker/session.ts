/**
 * The worker's state behind its messages, and the only owner of kernel objects. Every request has one entry in a
 * table of handlers; what they do is in the rooms beside this one:
 *
 *   nouns         tables, models and maps by the ids that the page gave them
 *   tables        reading and preparing            select        rows by what they are
 *   models        making, training, showing        readings      rows, columns, errors, codes, files
 *   jobs          what takes time                  measurements  numbers about groups of rows
 *
 * The session runs in the page's worker and in Node alike: clock, turn and the way out are given to it.
 */
import { aeBounds } from '../kernels/ae.ts';
import type { Kernels } from '../kernels/module.ts';
import { MOST_VALUES } from '../protocol/limits.ts';
import {
  type FromWorker,
  type Id,
  PROTOCOL,
  type Ready,
  type Request,
  type ToWorker,
} from '../protocol/messages.ts';
import { Estimator, type Machine } from './estimate.ts';
import { failureOf, isFatal } from './failure-of.ts';
import { Jobs } from './jobs.ts';
import { Models } from './models.ts';
import { bad, Nouns } from './nouns.ts';
import { Readings } from './readings.ts';
import { type Asking, askingRoom, type InRoom } from './rooms.ts';
import type { Timing } from './runner.ts';
import { Breath, type Of, type Probe, type Shared } from './shared.ts';
import { Tables } from './tables.ts';

export interface SessionOptions extends Timing, Machine {
  kernels: Kernels;
  post(message: FromWorker, transfer: Transferable[]): void;
  threads: number;
  probe?: Probe;
}

/** What acts on a job that runs: it waits for nothing. */
const PROMPT: ReadonlySet<string> = new Set(['pause', 'resume', 'stop', 'cancel']);

type Handlers = { [T in Request['type']]: (request: Of<T>) => unknown };

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
  readonly #shared: Shared;
  readonly #tables: Tables;
  readonly #models: Models;
  readonly #handlers: Handlers;
  #dead = false;
  #coming: Promise<unknown> | null = null; // the asking room, on its way

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#shared = {
      kernels: options.kernels,
      nouns: new Nouns(),
      jobs: new Jobs(options, (message) => this.#post(message)),
      estimator: new Estimator(options.kernels, options),
      machine: options,
      post: (message, transfer) => this.#post(message, transfer),
      breath: new Breath(options, () => this.#post({ type: 'alive' })),
      probe: options.probe ?? null,
    };
    this.#tables = new Tables(this.#shared);
    this.#models = new Models(this.#shared, options);
    this.#handlers = this.#table();
  }

  #table(): Handlers {
    const { jobs, nouns } = this.#shared;
    const [tables, models] = [this.#tables, this.#models];
    const asking: InRoom = (use) => this.#asking(use);
    const readings = new Readings(this.#shared, models, asking);
    return {
      open: (r) => tables.open(r),
      prepare: (r) => tables.prepare(r),
      estimate: (r) => models.estimate(r),
      create: (r) => models.create(r),
      run: (r) => models.run(r),
      set: (r) => models.set(r),
      pause: (r) => jobs.control(r.job, (runner) => runner.pause()),
      resume: (r) => jobs.control(r.job, (runner) => runner.resume(r.epochs)),
      stop: (r) => jobs.stop(r.job),
      cancel: (r) => jobs.cancel(r.job),
      refresh: (r) => models.refresh(nouns.map(r.map)),
      snapshot: (r) => models.quiet(nouns.model(r.model), (model) => model.ae.snapshot()),
      restore: (r) => models.restore(r),
      read: (r) => readings.read(r),
      select: (r) => asking((room) => room.select(this.#shared, r)),
      measure: (r) => readings.measure(r),
      export: (r) => readings.export(r),
      decode: (r) => readings.decode(r),
      free: (r) => this.#free(r.target),
    };
  }

  /** What comes after a request for what is not there yet waits with it. */
  #asking<R>(use: (room: Asking) => R): R | Promise<Awaited<R>> {
    if (askingRoom.here !== null) return use(askingRoom.here);
    const come = askingRoom.enter();
    const through = (): void => {
      this.#coming = null;
    };
    this.#coming ??= come.then(through, through);
    return come.then(use) as Promise<Awaited<R>>;
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
      values: this.#options.values ?? MOST_VALUES,
    };
  }

  /** Before anything is asked: learns the machine's speed, so that the first estimate is a good one. */
  async rehearse(): Promise<void> {
    const { estimator, jobs } = this.#shared;
    try {
      await estimator.rehearse(this.#options.turn, () => jobs.busy || this.#dead);
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
      this.#shared.nouns.maps.get(message.map)?.live.lend(message.buffer);
      return;
    }
    /* Which state is read, and whether that is still wanted, is a matter of the order. */
    if (this.#coming !== null && !PROMPT.has(message.type)) await this.#coming;
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
    return this.#options.kernels.heap.inUse();
  }

  #post(message: FromWorker, transfer: Transferable[] = []): void {
    if (!this.#dead) {
      this.#options.post(message, transfer);
    }
  }

  /** What stands on a table goes with it, a map with its model. */
  async #free(id: Id): Promise<void> {
    const { nouns } = this.#shared;
    const model = nouns.models.get(id) ?? nouns.maps.get(id);
    if (model !== undefined) {
      await this.#models.free(model);
      return;
    }
    const table = nouns.table(id);
    for (const other of [...nouns.models.values()]) {
      if (other.table === table) {
        await this.#models.free(other);
      }
    }
    await this.#tables.free(table);
  }
}
