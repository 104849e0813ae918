// `npm start` as a person meets it: it prints an address, the page is there, and Ctrl-C ends it.
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { serve } from '../../build/serve.mjs';

const root = resolve(import.meta.dirname, '../..');
const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** Starts it and resolves to the address it prints, or rejects with what it said. */
function start(env: Record<string, string>): { child: ChildProcess; address: Promise<string> } {
  const child = spawn(process.execPath, [resolve(root, 'build/start.mjs')], {
    env: { ...process.env, ...env },
  });
  started.push(child);
  const address = new Promise<string>((done, reject) => {
    let out = '';
    let said = '';
    child.stderr?.on('data', (chunk) => {
      said += String(chunk);
    });
    child.stdout?.on('data', (chunk) => {
      out += String(chunk);
      const line = /^Unfold is at (http:\S+)\n/m.exec(out);
      if (line !== null) done(line[1] ?? '');
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
  return { child, address };
}

test('prints the address of the page, with the headers for isolation, and ends when asked to', async () => {
  const { child, address } = start({ PORT: '42173' });
  const response = await fetch(await address);
  expect(response.status).toBe(200);
  expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect(await response.text()).toContain('<title>Unfold');
  const catalog = await fetch(new URL('data/catalog.json', await address));
  expect(((await catalog.json()) as { id: string }[]).map(({ id }) => id)).toEqual(
    expect.arrayContaining(['mnist-10k', 'iris', 'swiss-roll']),
  );
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  expect(await ended).toBe(0);
});

test('takes the next port when the wanted one is taken, and refuses what is not a port', async () => {
  const taken = await serve({ root: resolve(root, 'dist/site') });
  const { address } = start({ PORT: String(taken.port) });
  expect(Number(new URL(await address).port)).toBeGreaterThan(taken.port);
  await taken.close();
  await expect(start({ PORT: 'http' }).address).rejects.toThrow('PORT must be a number');
});
