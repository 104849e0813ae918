/**
 * The page's handle on the worker: a promise for each request, events for the rest, and another worker when one is
 * lost.
 *
 *     const engine = createEngine({ onFrame: (frame, release) => …, onLost: (failure, rebuilt) => … });
 *     const table = engine.nextId();
 *     const info = await engine.request({ type: 'open', table, job: engine.nextId(), source, hints: {} });
 *
 * - A request is answered or rejected with a `FailureError`. Aborting its signal cancels its job; a request
 *   without a job is given up at once, and its answer dropped.
 * - Frames come in buffers that were lent. Whoever takes one calls `release()` once it has been drawn or copied.
 * - Weights are kept, not copied: the buffer of a snapshot, asked for or told, and that of a restore may be needed for
 *   another worker. Whoever else keeps one shares it; nobody transfers or changes it.
 * - A worker is lost when it traps, leaves a promise unhandled, does not start, says nothing for 10 s while
 *   something is under way, or does not answer a cancel within 2 s. All requests are then rejected with code
 *   `worker_lost`, another worker is brought to the same tables, models and last snapshots under the same ids,
 *   and `onLost` tells it once; what is asked meanwhile waits. After three losses in a row it stays down until
 *   `restart()`.
 * - Out of memory: the request is rejected with `no_memory`, and the worker replaced without another word,
 *   because its memory never shrinks.
 */
import { FailureError, failure } from '../protocol/failure.ts';
import {
  type Failure,
  type Frame,
  type FromWorker,
  type Id,
  PROTOCOL,
  type Progress,
  type Ready,
  type ReplyOf,
  type Request,
  type SnapshotEvent,
  type ToWorker,
} from '../protocol/messages.ts';
import { Ledger, type RequestBody, type Restored } from './ledger.ts';
import { makeWorker as makePageWorker, type WorkerLike } from './make-worker.ts';
import { type Clock, realClock, Watch } from './watch.ts';

export type { RequestBody } from './ledger.ts';
export type { WorkerLike } from './make-worker.ts';

/** Waking milliseconds. */
const START_DEADLINE = 20_000;
const SILENCE = 10_000;
const CANCEL_DEADLINE = 2000;

/** Losses without a finished training between them. */
const MOST_LOSSES = 3;

const LENT = 2;

export interface LostInfo {
  retry: boolean; // trying the same again makes sense
  losses: number; // in a row
  restored: { model: Id; steps: number }[];
}

export interface EngineEvents {
  onReady(ready: Ready): void; // of the first worker, and of each one after it
  onProgress(progress: Progress): void;
  onFrame(frame: Frame, release: () => void): void;
  onSnapshot(snapshot: SnapshotEvent): void; // the buffer stays the engine's: don't transfer it
  /** `rebuilt`: another worker has everything again. */
  onLost(failure: Failure, rebuilt: boolean, info: LostInfo): void;
}

export interface EngineOptions extends Partial<EngineEvents> {
  makeWorker?: (start: number) => WorkerLike;
  clock?: Clock;
}

export interface RequestOptions {
  signal?: AbortSignal;
  transfer?: Transferable[]; // never weights, see above
}

export interface Engine {
  /** A number that no noun or job of this page has. */
  nextId(): Id;
  request<B extends RequestBody>(
    body: B,
    options?: RequestOptions,
  ): Promise<ReplyOf<Extract<B & { id: Id }, Request>>>;
  /** Starts a worker again after the engine went down; what was loaded comes back. */
  restart(): void;
  /**
   * Lets go of the worker until something is asked again; then another one is given everything. A training under way is
   * rejected with `asleep`, and its model is what it was when that began. False while a worker is being brought up, and with `idle` while
   * anything is awaited of it.
   */
  sleep(idle?: boolean): boolean;
  /** Ends the worker; everything pending is rejected. */
  close(): void;
}

type State = 'starting' | 'up' | 'rebuilding' | 'asleep' | 'down' | 'closed';

interface Pending {
  id: Id;
  body: RequestBody;
  transfer: Transferable[];
  resolve(value: unknown): void;
  reject(error: FailureError): void;
  sent: boolean;
  replayed: boolean; // for bringing a worker up: the ledger knows it
}

/** The job that a request starts. */
function jobOf(body: RequestBody): Id | null {
  return body.type === 'open' || body.type === 'prepare' || body.type === 'run' ? body.job : null;
}

function cancelled(): FailureError {
  return failure('cancelled', 'Cancelled.');
}

class WorkerEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #make: (start: number) => WorkerLike;
  readonly #watch: Watch;
  readonly #ledger = new Ledger();
  readonly #pending = new Map<Id, Pending>(); // in the order of asking
  readonly #paused = new Set<Id>(); // jobs that rest
  readonly #cancels = new Map<Id, number>(); // request ids of cancels, and when they are due
  #worker: WorkerLike | null = null;
  #state: State = 'down';
  #starts = 0;
  #losses = 0;
  #lastId = 0;
  #heard = 0; // waking time of the last message
  #startDue = 0;
  #ready: ((ready: Ready) => void) | null = null;
  #startFailed: ((error: FailureError) => void) | null = null;
  #lastFailure: Failure = { code: 'worker_lost', message: 'The computing has stopped.', hint: '' };

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#make = options.makeWorker ?? makePageWorker;
    this.#watch = new Watch(options.clock ?? realClock, (awake) => this.#tick(awake));
    void this.#start();
  }

  nextId(): Id {
    this.#lastId += 1;
    return this.#lastId;
  }

  request<B extends RequestBody>(
    body: B,
    { signal, transfer = [] }: RequestOptions = {},
  ): Promise<ReplyOf<Extract<B & { id: Id }, Request>>> {
    if (signal?.aborted) {
      return Promise.reject(cancelled());
    }
    if (this.#state === 'down' || this.#state === 'closed') {
      return Promise.reject(new FailureError(this.#lastFailure));
    }
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        id: this.nextId(),
        body,
        transfer,
        resolve: resolve as (value: unknown) => void,
        reject,
        sent: false,
        replayed: false,
      };
      this.#pending.set(pending.id, pending);
      signal?.addEventListener('abort', () => this.#abort(pending), { once: true });
      if (this.#state === 'up') {
        this.#send(pending);
      } else if (this.#state === 'asleep') {
        void this.#start();
      }
      this.#attend();
    });
  }

  restart(): void {
    if (this.#state === 'down') {
      this.#losses = 0;
      void this.#start();
    }
  }

  sleep(idle = false): boolean {
    if (this.#state !== 'up' || (idle && this.#pending.size > 0)) {
      return this.#state === 'asleep';
    }
    this.#drop();
    this.#state = 'asleep';
    this.#ledger.takeBack();
    const message = 'The computing rests.';
    for (const pending of [...this.#pending.values()]) {
      this.#pending.delete(pending.id);
      const code = pending.body.type === 'run' ? 'asleep' : 'worker_lost';
      pending.reject(failure(code, message));
    }
    this.#attend();
    return true;
  }

  close(): void {
    this.#drop();
    this.#state = 'closed';
    this.#rejectAll({ code: 'cancelled', message: 'The computing was ended.', hint: '' });
    this.#attend();
  }

  // ---------------------------------------------------------------------------------------------- starting

  /** The first worker, or one after `restart()`. */
  async #start(): Promise<void> {
    this.#state = 'starting';
    try {
      const restored = await this.#raise();
      this.#up();
      this.#tellMissing(restored);
    } catch (error) {
      this.#goDown(error, true);
    }
  }

  /** A worker that is ready and knows everything of the ledger. */
  async #raise(): Promise<Restored> {
    const ready = await this.#startWorker();
    this.#options.onReady?.(ready);
    const restored = await this.#ledger.replay(
      (body) => this.#ask(body),
      () => this.nextId(),
    );
    for (const map of this.#ledger.maps) {
      this.#lend(map);
    }
    return restored;
  }

  #startWorker(): Promise<Ready> {
    this.#starts += 1;
    return new Promise((resolve, reject) => {
      const fail = (hint?: string): void => {
        this.#startFailed?.(
          failure(
            'worker_start',
            'The compute module could not be loaded.',
            hint ?? 'Reload the page; if that does not help, the site was copied incompletely.',
          ),
        );
      };
      const settle = (): void => {
        this.#ready = null;
        this.#startFailed = null;
      };
      this.#ready = (ready) => {
        settle();
        resolve(ready);
      };
      this.#startFailed = (error) => {
        settle();
        this.#drop();
        reject(error);
      };
      this.#startDue = this.#watch.awake + START_DEADLINE;
      this.#heard = this.#watch.awake;
      try {
        const worker = this.#make(this.#starts);
        this.#worker = worker;
        worker.onmessage = ({ data }) => {
          if (this.#worker === worker) this.#hear(data as FromWorker);
        };
        worker.onmessageerror = () => {
          if (this.#worker === worker) this.#lose('A message could not be read.');
        };
        worker.onerror = (event) => {
          event.preventDefault?.();
          if (this.#worker !== worker) return;
          if (this.#startFailed !== null) fail();
          else this.#lose(event.message || 'The worker failed.');
        };
      } catch {
        fail();
      }
      this.#attend();
    });
  }

  /** Straight to the worker, for bringing it up; its requests are not the callers'. */
  #ask<B extends RequestBody>(body: B): Promise<ReplyOf<Extract<B & { id: Id }, Request>>> {
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        id: this.nextId(),
        body,
        transfer: [],
        resolve: resolve as (value: unknown) => void,
        reject,
        sent: false,
        replayed: true,
      };
      this.#pending.set(pending.id, pending);
      this.#send(pending);
    });
  }

  #up(): void {
    this.#state = 'up';
    for (const pending of [...this.#pending.values()]) {
      if (!pending.sent) this.#send(pending);
    }
    this.#attend();
  }

  // ---------------------------------------------------------------------------------------------- asking

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #send(pending: Pending): void {
    const { body, id, transfer } = pending;
    pending.sent = true;
    if (body.type === 'cancel') {
      this.#cancels.set(id, this.#watch.awake + CANCEL_DEADLINE);
    }
    try {
      this.#post({ ...body, id } as Request, transfer);
    } catch (error) {
      this.#pending.delete(id);
      pending.reject(failure('bad_param', `The request could not be sent: ${String(error)}`));
      return;
    }
    if (body.type === 'run') {
      this.#ledger.began(body.model);
      const map = this.#ledger.mapOf(body.model);
      const { table } = body.fit;
      if (map !== null && table !== undefined && this.#ledger.moved(body.model, table)) {
        this.#lend(map);
      }
    }
  }

  #abort(pending: Pending): void {
    if (this.#pending.get(pending.id) !== pending) {
      return;
    }
    const job = jobOf(pending.body);
    if (job === null || !pending.sent) {
      this.#pending.delete(pending.id);
      pending.reject(cancelled());
      this.#attend();
      return;
    }
    this.request({ type: 'cancel', job }).catch(() => undefined);
  }

  #lend(map: Id): void {
    const rows = this.#ledger.rowsOf(map);
    for (let i = 0; rows !== null && i < LENT; i += 1) {
      const buffer = new ArrayBuffer(rows * 12);
      this.#post({ type: 'frame-return', map, buffer }, [buffer]);
    }
  }

  // ---------------------------------------------------------------------------------------------- hearing

  #hear(message: FromWorker): void {
    this.#heard = this.#watch.awake;
    switch (message.type) {
      case 'ready':
        this.#hearReady(message);
        break;
      case 'failed':
        this.#startFailed?.(new FailureError(message.failure));
        break;
      case 'reply':
        this.#hearReply(message.id, message.value);
        break;
      case 'error':
        this.#hearError(message.id, message.failure);
        break;
      case 'progress':
        this.#hearProgress(message);
        break;
      case 'frame':
        this.#hearFrame(message);
        break;
      case 'snapshot':
        if (this.#ledger.snapshot(message)) this.#options.onSnapshot?.(message);
        break;
      case 'alive':
        break;
      case 'fatal':
        if (this.#startFailed !== null) this.#startFailed(new FailureError(message.failure));
        else this.#lose(message.failure.message);
        break;
    }
  }

  #hearReady(ready: Ready): void {
    if (ready.protocol !== PROTOCOL) {
      const message = 'The page and its compute module are of different versions.';
      this.#startFailed?.(failure('worker_start', message, 'Reload the page.'));
      return;
    }
    this.#ready?.(ready);
  }

  #take(id: Id): Pending | null {
    const pending = this.#pending.get(id) ?? null;
    this.#pending.delete(id);
    this.#cancels.delete(id);
    const job = pending === null ? null : jobOf(pending.body);
    if (job !== null) this.#paused.delete(job);
    return pending;
  }

  #hearReply(id: Id, value: unknown): void {
    const pending = this.#take(id);
    if (pending !== null) {
      if (!pending.replayed && !this.#midway(pending.body)) this.#ledger.note(pending.body, value);
      if (pending.body.type === 'create' && this.#state === 'up') this.#lend(pending.body.map);
      if (pending.body.type === 'run') this.#losses = 0;
      pending.resolve(value);
    }
    this.#attend();
  }

  /** A snapshot of a model that is being trained. */
  #midway(asked: RequestBody): boolean {
    return (
      asked.type === 'snapshot' &&
      [...this.#pending.values()].some(({ body }) => body.type === 'run' && body.model === asked.model)
    );
  }

  #hearError(id: Id, why: Failure): void {
    const pending = this.#take(id);
    pending?.reject(new FailureError(why));
    if (why.code === 'no_memory' && pending !== null && this.#state === 'up') {
      // Whoever asked knows; a job that goes down with the worker has to be told of.
      this.#replace(
        why,
        [...this.#pending.values()].some(({ body, sent }) => sent && jobOf(body) !== null),
      );
      return;
    }
    this.#attend();
  }

  /** Late messages of a job that has ended are dropped. */
  #hearProgress(progress: Progress): void {
    const known = [...this.#pending.values()].some(({ body }) => jobOf(body) === progress.job);
    if (!known) {
      return;
    }
    if (progress.state === 'paused') this.#paused.add(progress.job);
    else this.#paused.delete(progress.job);
    this.#attend();
    this.#options.onProgress?.(progress);
  }

  #hearFrame(frame: Frame): void {
    const { map, buffer } = frame;
    const worker = this.#worker;
    let released = false;
    const release = (): void => {
      if (!released && worker === this.#worker && this.#ledger.rowsOf(map) !== null) {
        this.#post({ type: 'frame-return', map, buffer }, [buffer]);
      }
      released = true;
    };
    if (this.#ledger.rowsOf(map) === null || this.#options.onFrame === undefined) {
      release();
      return;
    }
    this.#options.onFrame(frame, release);
  }

  // ---------------------------------------------------------------------------------------------- losing

  /** Is there anything that the worker should be saying something about? */
  #expecting(): boolean {
    for (const { body, sent } of this.#pending.values()) {
      const job = jobOf(body);
      if (sent && (job === null || !this.#paused.has(job))) {
        return true;
      }
    }
    return false;
  }

  #attend(): void {
    const starting = this.#ready !== null;
    if (!this.#expecting()) {
      this.#heard = this.#watch.awake;
    }
    this.#watch.set(starting || this.#expecting());
  }

  #tick(awake: number): void {
    if (this.#ready !== null) {
      if (awake >= this.#startDue) {
        this.#startFailed?.(
          failure(
            'worker_start',
            'The compute module could not be loaded: it gave no sign of life.',
            'Reload the page.',
          ),
        );
      }
      return;
    }
    if ([...this.#cancels.values()].some((due) => awake >= due)) {
      this.#lose('It did not answer a cancel.');
    } else if (this.#expecting() && awake - this.#heard >= SILENCE) {
      this.#lose('It gave no sign of life for 10 seconds.');
    }
  }

  #drop(): void {
    if (this.#worker !== null) {
      this.#worker.onmessage = null;
      this.#worker.onerror = null;
      this.#worker.onmessageerror = null;
      this.#worker.terminate();
      this.#worker = null;
    }
    this.#paused.clear();
    this.#cancels.clear();
  }

  #rejectAll(why: Failure, sentOnly = false): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.sent || !sentOnly) {
        this.#pending.delete(pending.id);
        pending.reject(new FailureError(why));
      }
    }
  }

  #lose(detail: string): void {
    const why: Failure = {
      code: 'worker_lost',
      message: `The computing stopped unexpectedly. ${detail}`,
      hint: 'Try again, perhaps with fewer rows or a smaller model.',
    };
    this.#replace(why, true);
  }

  /** Another worker in place of this one; what was sent is rejected, what was not waits. */
  #replace(why: Failure, tell: boolean): void {
    if (this.#state === 'closed' || this.#state === 'down') {
      return;
    }
    this.#drop();
    if (why.code !== 'no_memory') this.#losses += 1;
    this.#lastFailure = why;
    const raising = this.#state !== 'up';
    this.#state = 'rebuilding';
    this.#rejectAll({ ...why, code: 'worker_lost' }, true);
    if (!raising) {
      void this.#rebuild(why, tell);
    }
  }

  async #rebuild(why: Failure, tell: boolean): Promise<void> {
    for (;;) {
      if (this.#losses >= MOST_LOSSES) {
        const message = `${why.message} That was ${MOST_LOSSES} times in a row.`;
        this.#goDown(failure('worker_lost', message, 'Reload the page to start afresh.'), false);
        return;
      }
      const losses = this.#losses;
      try {
        const restored = await this.#raise();
        this.#up();
        if (tell || restored.missing.length > 0) {
          const missing = restored.missing[0];
          const info = { retry: missing === undefined, losses, restored: restored.models };
          this.#options.onLost?.(missing?.failure ?? why, missing === undefined, info);
        }
        return;
      } catch (error) {
        if (this.#state === 'closed') {
          return;
        }
        const start = error instanceof FailureError && error.failure.code === 'worker_start';
        if (start || this.#losses === losses) {
          this.#goDown(error, start);
          return;
        }
      }
    }
  }

  /** No worker any more, until `restart()`. */
  #goDown(error: unknown, retry: boolean): void {
    if (this.#state === 'closed') {
      return;
    }
    this.#drop();
    this.#state = 'down';
    const why: Failure =
      error instanceof FailureError
        ? error.failure
        : { code: 'worker_lost', message: 'The computing stopped unexpectedly.', hint: 'Reload the page.' };
    this.#lastFailure = why;
    this.#rejectAll(why);
    this.#attend();
    this.#options.onLost?.(why, false, { retry, losses: this.#losses, restored: [] });
  }

  #tellMissing({ missing, models }: Restored): void {
    const first = missing[0];
    if (first !== undefined) {
      this.#options.onLost?.(first.failure, false, { retry: false, losses: this.#losses, restored: models });
    }
  }
}

export function createEngine(options: EngineOptions = {}): Engine {
  return new WorkerEngine(options);
}
