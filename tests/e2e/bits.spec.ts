// The determinism contract across engines: Chromium gives the bits that native code and Node give.

import { afterAll, beforeAll, expect, test } from 'vitest';
import golden from '../golden/run-hash.json' with { type: 'json' };
import { runHash } from '../wasm/run-hash.ts';
import { openSite, type Site } from './harness/index.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());

test('kernels in Chromium give the golden hash of the short runs (row 65)', async () => {
  const asked = (): string | undefined => site.requests.find((url) => url.endsWith('.wasm'));
  await expect.poll(asked, { timeout: 20_000 }).toBeDefined();
  const wasm = asked();
  // As an expression, not a function that builds one: the page's policy forbids eval, also to tests.
  const hash = await site.page.evaluate(`(async () => {
    const imports = { env: { emscripten_notify_memory_growth: () => undefined } };
    const bytes = await (await fetch(${JSON.stringify(wasm)})).arrayBuffer();
    const { instance } = await WebAssembly.instantiate(bytes, imports);
    instance.exports._initialize();
    return (${runHash.toString()})(instance);
  })()`);
  expect(hash).toBe(golden.hash);
});
