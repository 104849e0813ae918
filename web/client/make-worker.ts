/**
 * Starts the page's worker from a blob that imports the real script: a blob's worker inherits the page's
 * Content-Security-Policy, where one started by address would escape it on a server that sends no headers.
 */
import { SMALL_WORKER } from '../protocol/limits.ts';
import workerUrl from '../worker/main.ts?worker&url';
import { smallDevice } from './device.ts';
import { scriptUrl } from './trusted.ts';

/** As much of a Worker as the engine uses. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

/** `start` counts the workers of this page from 1. */
export function makeWorker(start: number): WorkerLike {
  let address = new URL(workerUrl, import.meta.url).href;
  let name = smallDevice ? SMALL_WORKER : 'unfold';
  if (import.meta.env.VITE_FAULTS === '1') {
    // ?fault=trap@epoch2&faults=3: the first so many workers fail so.
    const asked = new URLSearchParams(location.search);
    if (start <= Number(asked.get('faults') ?? 1)) {
      name = asked.get('fault') ?? name;
      address = name === 'worker404' ? new URL('missing.js', address).href : address;
    }
  }
  /* In a frame without an origin of its own no module can be the worker's first script, but one may import it. */
  const opaque = globalThis.origin === 'null';
  const from = JSON.stringify(address);
  const source = opaque
    ? `import(${from}).catch((error) => setTimeout(() => { throw error; }));`
    : `import ${from};`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(scriptUrl(url), { type: opaque ? 'classic' : 'module', name });
  // The worker has its own reference once it runs; the address is not needed again.
  worker.addEventListener('message', () => URL.revokeObjectURL(url), { once: true });
  return worker;
}
