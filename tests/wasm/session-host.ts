/** A session in this process with the real kernels, asked like the worker is; events are collected. */
import type { RequestBody } from '../../web/client/ledger.ts';
import type { Failure, FromWorker, Id, ReplyOf, Request } from '../../web/protocol/messages.ts';
import { Session, type SessionOptions } from '../../web/worker/session.ts';
import { createTurn } from '../../web/worker/turn.ts';
import { freshKernels } from './kernels.ts';

export interface Hosted {
  session: Session;
  events: FromWorker[];
  nextId(): Id;
  ask<B extends RequestBody>(body: B): Promise<ReplyOf<Extract<B & { id: Id }, Request>>>;
  of<T extends FromWorker['type']>(type: T): Extract<FromWorker, { type: T }>[];
}

/** Rejections of `ask` are the failure itself. */
export function host(
  options: Partial<SessionOptions> & { onEvent?: (event: FromWorker) => void } = {},
): Hosted {
  const events: FromWorker[] = [];
  const pending = new Map<Id, { resolve(value: unknown): void; reject(failure: Failure): void }>();
  let last = 1000;
  const session = new Session({
    kernels: freshKernels(),
    now: () => performance.now(),
    turn: createTurn(),
    threads: 1,
    memory: null,
    post(message, transfer) {
      // As over a port: what is transferred is gone here, and nothing is shared.
      const received = structuredClone(message, { transfer: transfer as ArrayBuffer[] });
      if (received.type === 'reply') {
        pending.get(received.id)?.resolve(received.value);
      } else if (received.type === 'error') {
        pending.get(received.id)?.reject(received.failure);
      } else {
        events.push(received);
        options.onEvent?.(received);
      }
    },
    ...options,
  });
  return {
    session,
    events,
    nextId: () => ++last,
    ask(body) {
      const id = ++last;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
        void session.handle({ ...body, id } as Request);
      });
    },
    of<T extends FromWorker['type']>(type: T) {
      return events.filter((event) => event.type === type) as Extract<FromWorker, { type: T }>[];
    },
  };
}

/** A table that is prepared, of a synthetic set. */
export async function synthetic(
  hosted: Hosted,
  n = 600,
  set: 'swiss_roll' | 'blobs' | 'rings' | 'trefoil' = 'blobs',
): Promise<Id> {
  const table = hosted.nextId();
  const source = { synthetic: set, n, seed: 1, name: set };
  const info = await hosted.ask({ type: 'open', table, job: hosted.nextId(), source, hints: {} });
  const spec = { roles: info.columns.map(({ role }) => role), scale: 'auto' as const };
  await hosted.ask({ type: 'prepare', table, job: hosted.nextId(), spec });
  return table;
}
