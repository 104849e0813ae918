/** The worker's session in this process, asked like the worker is. */
import { freemem } from 'node:os';
import { instantiate } from '../kernels/module.ts';
import { FailureError } from '../protocol/failure.ts';
import type { Frame, FromWorker, Id, Progress, ReplyOf, Request } from '../protocol/messages.ts';
import { Session } from '../worker/session.ts';
import { createTurn } from '../worker/turn.ts';

type WithoutId<R> = R extends Request ? Omit<R, 'id'> : never;

export interface Host {
  readonly kernels: number; // revision
  readonly threads: number;
  nextId(): Id;
  /** Rejects with a `FailureError`. */
  ask<B extends WithoutId<Request>>(body: B): Promise<ReplyOf<Extract<B & { id: Id }, Request>>>;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: FailureError): void;
}

export function createHost(
  module: WebAssembly.Module,
  onProgress: (progress: Progress) => void,
  onFrame: (frame: Frame) => void = () => undefined,
): Host {
  const pending = new Map<Id, Pending>();
  let last = 0;
  const take = (id: Id): Pending | undefined => {
    const found = pending.get(id);
    pending.delete(id);
    return found;
  };
  const session = new Session({
    kernels: instantiate(module),
    now: () => performance.now(),
    turn: createTurn(),
    threads: 1,
    memory: freemem() * 2, // the session takes half of what it is told
    post(message: FromWorker) {
      switch (message.type) {
        case 'reply':
          take(message.id)?.resolve(message.value);
          break;
        case 'error':
          take(message.id)?.reject(new FailureError(message.failure));
          break;
        case 'fatal':
          for (const { reject } of pending.values()) reject(new FailureError(message.failure));
          break;
        case 'progress':
          onProgress(message);
          break;
        case 'frame':
          onFrame(message);
          break;
      }
    },
  });
  const ready = session.ready();
  return {
    kernels: ready.kernels,
    threads: ready.threads,
    nextId: () => ++last,
    ask(body) {
      const id = ++last;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
        void session.handle({ ...body, id } as Request);
      });
    },
  };
}
