/** What was thrown, as a failure that can be told. */
import { KernelError, KernelStartError } from '../kernels/module.ts';
import { FailureError } from '../protocol/failure.ts';
import type { ErrorCode, Failure } from '../protocol/messages.ts';

const HINTS: Partial<Record<ErrorCode, string>> = {
  no_memory: 'Use fewer rows or columns, or a smaller model.',
  too_large: 'Use fewer rows or columns, or a smaller model.',
  not_finite: 'Try a lower learning rate.',
};

/** After one of these the kernels' instance must not be called again. */
export function isFatal(error: unknown): boolean {
  return (
    error instanceof WebAssembly.RuntimeError ||
    (error instanceof RangeError && /call stack/i.test(error.message))
  );
}

export function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) {
    return error.failure;
  }
  if (error instanceof KernelError) {
    const { code, message, where } = error;
    const hint = HINTS[code] ?? '';
    return where === undefined ? { code, message, hint } : { code, message, where, hint };
  }
  if (error instanceof KernelStartError) {
    return { code: 'worker_start', message: error.message, hint: error.hint };
  }
  if (isFatal(error)) {
    return { code: 'internal', message: 'The computing hit an internal error and was stopped.', hint: '' };
  }
  if (error instanceof RangeError && /alloc|memory|array (buffer )?length/i.test(error.message)) {
    return {
      code: 'no_memory',
      message: 'There is not enough memory for this.',
      hint: HINTS.no_memory ?? '',
    };
  }
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'AbortError') {
    return { code: 'cancelled', message: 'Cancelled.', hint: '' };
  }
  if (name === 'NotReadableError' || name === 'NotFoundError') {
    return {
      code: 'file_changed',
      message: 'The file has changed or gone since it was chosen.',
      hint: 'Open it again.',
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message: `Something went wrong: ${message}`, hint: '' };
}
