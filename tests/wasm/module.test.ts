// The boundary itself: what the module exports and imports, and every way in which loading it can fail.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXPORTS } from '../../web/kernels/exports.ts';
import {
  ABI_VERSION,
  compileFailure,
  hasSimd,
  instantiate,
  requireFeatures,
} from '../../web/kernels/module.ts';
import { freshKernels, kernelModule } from './kernels.ts';

const list = resolve(import.meta.dirname, '../../core/wasm/exports.txt');

/** The least module: exports nothing. */
const EMPTY = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

describe('module', () => {
  it('the functions that the wrappers call are those that exports.txt lists', () => {
    const written = readFileSync(list, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('_'))
      .map((line) => line.trim().slice(1));
    expect([...EXPORTS].sort()).toEqual([...written].sort());
    expect(new Set(EXPORTS).size).toBe(EXPORTS.length);
  });

  it('imports one function, which only says that the memory has grown', () => {
    expect(WebAssembly.Module.imports(kernelModule())).toEqual([
      { module: 'env', name: 'emscripten_notify_memory_growth', kind: 'function' },
    ]);
  });

  it('starts with nothing in use, and says its version and revision', () => {
    const { exports, heap, revision } = freshKernels();
    expect(heap.inUse()).toBe(0);
    expect(exports.kernels_abi_version()).toBe(ABI_VERSION);
    expect(revision).toBeGreaterThan(0);
  });

  it('row 62: a module that does not fit is one sentence naming what is missing', () => {
    expect(() => instantiate(new WebAssembly.Module(EMPTY))).toThrow(
      'does not fit this page: it lacks memory, _initialize, kernels_abi_version.',
    );
  });

  it('row 63: a browser without WebAssembly or without SIMD is told so', () => {
    expect(hasSimd()).toBe(true);
    expect(() => requireFeatures()).not.toThrow();
    expect(() => requireFeatures({ validate: () => false })).toThrow('no WebAssembly SIMD');
    expect(() => requireFeatures(undefined as never)).not.toThrow(); // the default stands in
    const { WebAssembly: wasm } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, 'WebAssembly');
      expect(() => requireFeatures()).toThrow('WebAssembly is switched off');
    } finally {
      Object.defineProperty(globalThis, 'WebAssembly', { value: wasm, configurable: true, writable: true });
    }
  });

  it('row 64: a policy that forbids WebAssembly is named, in the words of each browser', () => {
    const words = [
      "WebAssembly.compileStreaming(): Refused to compile or instantiate WebAssembly module because neither 'wasm-eval' nor 'unsafe-eval' is an allowed source of script",
      'WebAssembly.compile(): Wasm code generation disallowed by embedder',
      'call to WebAssembly.compile() blocked by CSP',
      "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script in the following Content Security Policy directive",
    ];
    for (const message of words) {
      const failure = compileFailure(new WebAssembly.CompileError(message));
      expect(failure.message).toContain("'wasm-unsafe-eval'");
    }
    expect(
      compileFailure(new RangeError('WebAssembly.Memory(): could not allocate memory')).message,
    ).toContain('memory');
    const other = compileFailure(
      new WebAssembly.CompileError('expected magic word 00 61 73 6d, found 3c 21 64 6f'),
    );
    expect(other.message).toContain('could not be loaded');
    expect(other.message).not.toContain('unsafe-eval');
  });
});
