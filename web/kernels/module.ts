/**
 * From a compiled `WebAssembly.Module` to kernels that are known to fit: ABI version, and the machine's support for
 * 128-bit SIMD. Whatever is wrong is one sentence.
 */
import type { KernelExports } from './exports.ts';
import { Heap } from './heap.ts';

export { Block, check, Heap, KernelError, STATUS } from './heap.ts';

/** Equals kernels_abi_version() in core/wasm/entry.c. */
export const ABI_VERSION = 3;

export interface Kernels {
  exports: KernelExports;
  memory: WebAssembly.Memory;
  heap: Heap;
  revision: number; // equal revisions give equal bits
}

/** The module can't be used here. The message is for the person; the hint says what would help. */
export class KernelStartError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'KernelStartError';
    this.hint = hint;
  }
}

/** A function that returns a vector: valid only where 128-bit SIMD is. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98,
  11,
]);

const RELOAD = 'Reload the page; if that does not help, the site was copied incompletely.';

export function hasSimd(validate: (bytes: BufferSource) => boolean = WebAssembly.validate): boolean {
  return validate(SIMD_PROBE);
}

/** Throws a `KernelStartError` that names what this browser lacks. */
export function requireFeatures(
  wasm: { validate(bytes: BufferSource): boolean } | undefined = globalThis.WebAssembly,
): void {
  if (wasm === undefined) {
    throw new KernelStartError(
      'WebAssembly is switched off in this browser, and the computing is done in it.',
      'Allow WebAssembly, or open this page in another browser.',
    );
  }
  if (!hasSimd((bytes) => wasm.validate(bytes))) {
    throw new KernelStartError(
      'This browser has no WebAssembly SIMD, which the computing needs.',
      'Use Chrome or Edge 91, Firefox 89, Safari 16.4 or later.',
    );
  }
}

/** What a failed compilation means; browsers say it in different words. */
export function compileFailure(error: unknown): KernelStartError {
  if (error instanceof KernelStartError) {
    return error;
  }
  const text = error instanceof Error ? error.message : String(error);
  if (/unsafe-eval|wasm-eval|disallowed by embedder|\bCSP\b|content security policy/i.test(text)) {
    return new KernelStartError(
      "This site's Content-Security-Policy forbids WebAssembly: script-src lacks 'wasm-unsafe-eval'.",
      "Add 'wasm-unsafe-eval' to script-src in the headers of the server.",
    );
  }
  if (error instanceof RangeError || /out of memory|could not allocate/i.test(text)) {
    return new KernelStartError(
      'There is not enough memory to start computing.',
      'Close other tabs or programs, then try again.',
    );
  }
  return new KernelStartError(`The compute module could not be loaded: ${text}`, RELOAD);
}

/** Fetches and compiles kernels.wasm; also from a server that gives it a wrong content type. */
export async function compileKernels(url: string): Promise<WebAssembly.Module> {
  requireFeatures();
  try {
    const response = await fetch(url);
    if (!response.ok) {
      throw new Error(`the server answered ${response.status} for kernels.wasm`);
    }
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('application/wasm')) {
      return await WebAssembly.compileStreaming(response);
    }
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (error) {
    throw compileFailure(error);
  }
}

/** Makes an instance with a memory of its own. Throws a `KernelStartError`. */
export function instantiate(module: WebAssembly.Module): Kernels {
  const missing = missingExports(module);
  if (missing.length > 0) {
    throw new KernelStartError(
      `kernels.wasm does not fit this page: it lacks ${missing.join(', ')}.`,
      RELOAD,
    );
  }
  let raw: WebAssembly.Exports;
  try {
    // Views are made afresh at each use, so there is nothing to do when the memory grows.
    raw = new WebAssembly.Instance(module, { env: { emscripten_notify_memory_growth: () => {} } }).exports;
    (raw._initialize as () => void)();
  } catch (error) {
    throw compileFailure(error);
  }
  const exports = raw as unknown as KernelExports;
  const version = exports.kernels_abi_version() >>> 0;
  if (version !== ABI_VERSION) {
    throw new KernelStartError(
      `kernels.wasm does not fit this page: its interface is version ${version}, not ${ABI_VERSION}.`,
      RELOAD,
    );
  }
  const memory = raw.memory as WebAssembly.Memory;
  return { exports, memory, heap: new Heap(memory, exports), revision: exports.kernels_revision() >>> 0 };
}

/** The rest of the list is held by the build (check-wasm.mjs, and a test), and told apart by the ABI version. */
const FIRST = ['memory', '_initialize', 'kernels_abi_version'];

function missingExports(module: WebAssembly.Module): string[] {
  const found = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  return FIRST.filter((name) => !found.has(name));
}
