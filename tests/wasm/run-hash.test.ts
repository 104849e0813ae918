// The determinism contract across builds: the wasm module in Node gives the bits that native code gives.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import golden from '../golden/run-hash.json' with { type: 'json' };
import { runHash } from './run-hash.ts';

const bytes = readFileSync(new URL('../../dist/wasm/kernels.wasm', import.meta.url));

function fresh(): WebAssembly.Instance {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { emscripten_notify_memory_growth: () => undefined },
  });
  (instance.exports['_initialize'] as CallableFunction)();
  return instance;
}

test('wasm in Node gives the golden hash of the short runs', () => {
  expect(runHash(fresh())).toBe(golden.hash);
});

test('the golden hash belongs to the revision that the kernels report', () => {
  // When the hash has to change, raise kernels_revision() in core/wasm/entry.c with it: links and sessions
  // carry the revision and promise equal bits for equal numbers.
  expect((fresh().exports['kernels_revision'] as CallableFunction)()).toBe(golden.revision);
});
