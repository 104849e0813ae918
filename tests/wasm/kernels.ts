/** The compiled kernels for tests in Node: `dist/wasm/kernels.wasm`, or the file UNFOLD_WASM names. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { instantiate, type Kernels } from '../../web/kernels/module.ts';

const path = process.env.UNFOLD_WASM ?? resolve(import.meta.dirname, '../../dist/wasm/kernels.wasm');

let compiled: WebAssembly.Module | null = null;

export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(path));
  return compiled;
}

/** A fresh instance with a memory of its own. */
export function freshKernels(): Kernels {
  return instantiate(kernelModule());
}
