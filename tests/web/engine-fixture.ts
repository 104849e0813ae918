/**
 * Workers for the engine over a real MessageChannel, at the other end the real session with the real kernels. The clock
 * is the test's own, so that deadlines pass when the test says so.
 */

import type { WorkerLike } from '../../web/client/engine.ts';
import { TICK } from '../../web/client/watch.ts';
import type { Failure, FromWorker, ToWorker } from '../../web/protocol/messages.ts';
import { Session } from '../../web/worker/session.ts';
import { createTurn } from '../../web/worker/turn.ts';
import { freshKernels } from '../wasm/kernels.ts';

/** What a worker does besides working: tests make it fail. */
export interface Behaviour {
  start?: 'never' | 'error' | 'html' | 'failed' | 'old';
  mute?: boolean; // posts nothing more
  deaf?: boolean; // hears nothing more
  trapAtEpoch?: number;
  failAllocation?: boolean;
}

export class Station {
  workers: ChannelWorker[] = [];
  behaviours: Behaviour[] = [];
  time = 0;
  #ticks = new Set<() => void>();

  makeWorker = (start: number): WorkerLike => {
    const worker = new ChannelWorker(this.behaviours[start - 1] ?? {});
    this.workers.push(worker);
    return worker;
  };

  clock = {
    now: () => this.time,
    every: (_milliseconds: number, tick: () => void) => {
      this.#ticks.add(tick);
      return () => void this.#ticks.delete(tick);
    },
  };

  get watching(): boolean {
    return this.#ticks.size > 0;
  }

  /** Waking time passes, tick by tick, with room for messages between. */
  async pass(milliseconds: number): Promise<void> {
    for (let t = 0; t < milliseconds; t += TICK) {
      this.time += TICK;
      for (const tick of [...this.#ticks]) tick();
      await settle(1);
    }
  }

  /** One tick that comes after a long sleep. */
  async sleep(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    for (const tick of [...this.#ticks]) tick();
    await settle(1);
  }
}

export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class ChannelWorker implements WorkerLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  onmessageerror: ((event: MessageEvent) => void) | null = null;
  terminated = false;
  heard: ToWorker[] = [];
  behaviour: Behaviour;
  readonly #page: MessagePort;
  readonly #worker: MessagePort;
  #session: Session | null = null;

  constructor(behaviour: Behaviour) {
    this.behaviour = behaviour;
    const { port1, port2 } = new MessageChannel();
    this.#page = port1;
    this.#worker = port2;
    port1.onmessage = (event) => this.onmessage?.(event);
    port2.onmessage = (event) => this.#hear(event.data as ToWorker);
    setImmediate(() => this.#start());
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.#page.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.behaviour = { mute: true, deaf: true };
    this.#page.close();
    this.#worker.close();
  }

  /** As the browser tells that a script failed. */
  breakDown(message: string): void {
    this.onerror?.({ message, preventDefault() {} } as ErrorEvent);
  }

  say(message: FromWorker, transfer: Transferable[] = []): void {
    if (!this.behaviour.mute) this.#worker.postMessage(message, transfer);
  }

  #start(): void {
    const { start } = this.behaviour;
    if (this.terminated) return;
    switch (start) {
      case 'never':
        return;
      case 'error':
        this.breakDown('');
        return;
      case 'html':
        this.breakDown("Uncaught SyntaxError: Unexpected token '<'");
        return;
      case 'failed': {
        const failure: Failure = {
          code: 'worker_start',
          message: 'This browser has no SIMD.',
          hint: 'Use another.',
        };
        this.say({ type: 'failed', failure });
        return;
      }
    }
    const kernels = freshKernels();
    const turn = createTurn();
    if (this.behaviour.failAllocation) {
      kernels.exports = { ...kernels.exports, ae_new: () => 1 };
    }
    this.#session = new Session({
      kernels,
      now: () => performance.now(),
      // A terminated worker does not come back from its turn.
      turn: () => (this.terminated ? new Promise(() => undefined) : turn()),
      threads: 1,
      memory: null,
      post: (message, transfer) => this.say(message, transfer),
      probe: (where, count) => {
        if (where === 'epoch' && count === this.behaviour.trapAtEpoch) {
          throw new WebAssembly.RuntimeError('unreachable');
        }
      },
    });
    const ready = this.#session.ready();
    this.say(start === 'old' ? { ...ready, protocol: 0 } : ready);
  }

  #hear(message: ToWorker): void {
    this.heard.push(message);
    if (!this.behaviour.deaf) void this.#session?.handle(message);
  }
}
