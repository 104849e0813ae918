// A failure as something to throw: made where it is known what happened, told to the page as it is.

import type { ErrorCode, Failure } from './messages.ts';

export class FailureError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'FailureError';
    this.failure = failure;
  }
}

/** A FailureError from its parts. */
export function failure(code: ErrorCode, message: string, hint = '', where?: string): FailureError {
  return new FailureError(where === undefined ? { code, message, hint } : { code, message, hint, where });
}
