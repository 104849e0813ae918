/**
 * The page's worker: loads the kernels, then hands every message to the session. Whatever escapes it ends the
 * worker with one `fatal`; the page then starts another.
 */
import kernelsUrl from '@kernels/kernels.wasm?url';
import { compileKernels, instantiate } from '../kernels/module.ts';
import { isSmall, mostValues, SMALL_WORKER } from '../protocol/limits.ts';
import type { FromWorker, ToWorker } from '../protocol/messages.ts';
import { failureOf } from './failure-of.ts';
import { createFaults, type Faults } from './faults.ts';
import { Session } from './session.ts';
import { createTurn } from './turn.ts';

/** The part of the worker's global scope that is used: a blob worker has no address of its own. */
const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

let faults: Faults | null = null;
let session: Session | null = null;
const early: ToWorker[] = [];

function post(message: FromWorker, transfer: Transferable[] = []): void {
  if (!faults?.silent) {
    scope.postMessage(message, transfer);
  }
}

/** Ends the session, or the start. */
function giveUp(error: unknown): void {
  if (session === null) {
    post({ type: 'fatal', failure: failureOf(error) });
  } else {
    session.fail(error);
  }
}

scope.addEventListener('message', (event: MessageEvent<ToWorker>) => {
  if (session === null) {
    early.push(event.data);
  } else {
    void session.handle(event.data);
  }
});

scope.addEventListener('error', (event) => {
  event.preventDefault();
  giveUp(event.error ?? new Error(event.message));
});

scope.addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  giveUp(event.reason);
});

/** Bytes, rounded to powers of two; only some browsers say. Phones that don't have enough for this. */
function deviceMemory(small: boolean): number | null {
  const { deviceMemory: memory } = scope.navigator as { deviceMemory?: number };
  if (memory !== undefined) return memory * 2 ** 30;
  return small ? 2 ** 31 : null;
}

async function start(): Promise<void> {
  try {
    const kernels = instantiate(await compileKernels(new URL(kernelsUrl, import.meta.url).href));
    if (import.meta.env.VITE_FAULTS === '1') {
      faults = createFaults(scope.name, kernels);
    }
    const memory = (scope.navigator as { deviceMemory?: number }).deviceMemory;
    const small = isSmall({ memory, touchOnly: scope.name === SMALL_WORKER });
    session = new Session({
      kernels,
      post,
      now: () => performance.now(),
      turn: createTurn(),
      threads: 1,
      memory: deviceMemory(small),
      values: mostValues(small),
      ...(faults ? { probe: faults.strike } : {}),
    });
  } catch (error) {
    post({ type: 'failed', failure: failureOf(error) });
    return;
  }
  post(session.ready());
  for (const message of early.splice(0)) {
    void session.handle(message);
  }
  void session.rehearse();
}

void start();
