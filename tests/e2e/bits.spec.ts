// The determinism contract across engines: Chromium gives the bits that native code and Node give.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import golden from '../golden/run-hash.json' with { type: 'json' };
import { runHash } from '../wasm/run-hash.ts';
import { openSite, type Site, temporaryFolder } from './harness/index.ts';
import { choose, ended, lastPositions, named, record, recording, root } from './support.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite({ before: record });
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

/** The float32 values of an .npy file of two columns. */
function npy(path: string): Float32Array {
  const file = readFileSync(path);
  const end = 10 + file.readUInt16LE(8);
  const header = file.subarray(10, end).toString('latin1');
  expect(header).toMatch(/'descr': '<f4'.*'fortran_order': False.*'shape': \(150, 2\)/);
  return new Float32Array(file.buffer.slice(file.byteOffset + end, file.byteOffset + file.length));
}

test('the page’s map of iris is the command line’s, bit for bit', async () => {
  const { page } = site;
  await named.map(page).locator('canvas').first().waitFor();
  await choose(page, 'iris');
  const shown = await lastPositions(page);
  const run = (await recording(page)).sent.findLast(({ message }) => message.type === 'run')?.message;
  const { heldout, seed } = (run?.['fit'] ?? {}) as { heldout?: number; seed?: number };
  expect([heldout, seed]).toEqual([0.1, 1]);

  const folder = temporaryFolder();
  try {
    const out = resolve(folder.path, 'z.npy');
    const cli = resolve(root, 'dist/cli.mjs');
    const args = [cli, 'ae', 'iris', '--heldout', String(heldout), '--seed', String(seed), '--out', out];
    await promisify(execFile)(process.execPath, args);
    const written = npy(out);
    expect(written.length).toBe(300);
    expect(new Set(written).size).toBeGreaterThan(200);
    expect(Buffer.from(shown.buffer).equals(Buffer.from(written.buffer))).toBe(true);

    // And another seed gives another map: the comparison can fail.
    const other = resolve(folder.path, 'other.npy');
    await promisify(execFile)(process.execPath, [...args.slice(0, 5), '--seed', '2', '--out', other]);
    expect(Buffer.from(npy(other).buffer).equals(Buffer.from(written.buffer))).toBe(false);
  } finally {
    folder.remove();
  }
  site.assertClean();
});

test('a retrain on the page gives the codes of the same retrain on the command line, bit for bit', async () => {
  const { page } = site;
  await choose(page, 'iris');
  await named.legend(page).getByRole('button', { name: 'virginica', exact: true }).click();
  await page.getByRole('slider', { name: 'Focus' }).fill('80');
  await page.getByRole('button', { name: 'Retrain on selection', exact: true }).click();
  const returning = page.getByRole('button', { name: 'Return to 1', exact: true });
  await returning.waitFor();
  await ended(page);
  const shown = await lastPositions(page);
  const run = (await recording(page)).sent.findLast(({ message }) => message.type === 'run')?.message;
  expect(run?.['fit']).toMatchObject({ focus: Math.fround(0.8), epochs: 5, heldout: 0.1 });

  const folder = temporaryFolder();
  try {
    const out = resolve(folder.path, 'z.npy');
    const report = resolve(folder.path, 'r.json');
    const train = [resolve(root, 'dist/cli.mjs'), 'ae', 'iris', '--heldout', '0.1', '--seed', '1'];
    const retrain = ['--then', 'retrain', '--rows', 'class=virginica', '--focus', '0.8', '--report', report];
    await promisify(execFile)(process.execPath, [...train, '--out', out, ...retrain]);
    const written = npy(out);
    expect(Buffer.from(shown.buffer).equals(Buffer.from(written.buffer))).toBe(true);
    const told = JSON.parse(readFileSync(report, 'utf8')).retrain;
    expect(told.after.selection).toBeLessThan(told.before.selection);
  } finally {
    folder.remove();
  }
  site.assertClean();
});
