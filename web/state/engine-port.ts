/**
 * What the actions need of the engine: requests without their id, answered by the reply of their kind.
 */

import type { Failure, Id, ReplyOf, Request } from '../protocol/messages.ts';

type WithoutId<R> = R extends Request ? Omit<R, 'id'> : never;

/** A request as actions write it; the engine gives it an id. */
export type RequestBody = WithoutId<Request>;

/** The part of client/engine.ts that the view's actions use, so that tests can stand in for it. */
export interface ViewEngine {
  request<B extends RequestBody>(
    body: B,
    options?: { signal?: AbortSignal; transfer?: Transferable[] },
  ): Promise<ReplyOf<Extract<B & { id: Id }, Request>>>;
}

/** The failure in whatever a request was rejected with: itself, a member of it, or made of its message. */
export function failureOf(error: unknown): Failure {
  if (typeof error === 'object' && error !== null) {
    if ('failure' in error) return failureOf(error.failure);
    if ('code' in error && 'message' in error && typeof error.message === 'string') {
      return {
        ...(error as Failure),
        hint: 'hint' in error && typeof error.hint === 'string' ? error.hint : '',
      };
    }
    if (error instanceof Error) return { code: 'internal', message: error.message, hint: '' };
  }
  return { code: 'internal', message: String(error), hint: '' };
}
