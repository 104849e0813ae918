/**
 * Ways to fail, for end-to-end tests: `trap@epoch2`, `hang@epoch2`, `silence@epoch2`, `reject@epoch2`, `oom`.
 * Only in the build made for such tests: main.ts reaches this behind a constant that a release drops.
 */
import type { Kernels } from '../kernels/module.ts';

type FaultExports = Record<'fault_trap' | 'fault_hang' | 'mem_fail_nth', (...args: number[]) => number>;

/** `strike` is called at each finished epoch and before a model is created; `silent` says to post nothing more. */
export interface Faults {
  strike(where: 'epoch' | 'create', count: number): void;
  readonly silent: boolean;
}

export function createFaults(text: string, kernels: Kernels): Faults {
  const [kind, at] = text.split('@');
  const epoch = Number(/^epoch(\d+)$/.exec(at ?? '')?.[1] ?? 1);
  const exports = kernels.exports as unknown as FaultExports;
  let silent = false;
  const actions: Record<string, () => void> = {
    trap: () => exports.fault_trap(),
    hang: () => exports.fault_hang(),
    silence: () => {
      silent = true;
    },
    reject: () => {
      void Promise.reject(new Error('A promise was rejected and nobody looked.'));
    },
  };
  return {
    strike(where, count) {
      if (where === 'create' && kind === 'oom') {
        exports.mem_fail_nth(1, 1);
      }
      if (where === 'epoch' && count === epoch) {
        actions[kind ?? '']?.();
      }
    },
    get silent() {
      return silent;
    },
  };
}
