// The built site on the hosts people have: a subfolder of a server that sends no headers, and one that sends
// all. Its Content-Security-Policy must hold by itself, in the page and in the worker.
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { openSite, type Site } from './harness/browser.ts';

/** The first visit has begun to train by itself. */
async function training(site: Site): Promise<void> {
  await site.page.getByRole('region', { name: 'Map' }).waitFor();
  await site.page.getByRole('button', { name: 'Pause', exact: true }).waitFor({ timeout: 60_000 });
}

test('row 63: trains without shared memory, from a subfolder of a host that sends no headers', async () => {
  const site = await openSite({ headers: 'none', base: '/some/folder/' });
  try {
    await training(site);
    expect(await site.page.evaluate(() => globalThis.crossOriginIsolated)).toBe(false);
    const outside = site.requests.filter((url) => !url.startsWith(site.url) && !url.startsWith('blob:'));
    expect(outside).toEqual([]);
    site.assertClean();
  } finally {
    await site.close();
  }
});

test('is cross-origin isolated where the host sends the headers', async () => {
  const site = await openSite({ headers: 'all' });
  try {
    await training(site);
    expect(await site.page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
    site.assertClean();
  } finally {
    await site.close();
  }
});

test.each([1, 128, undefined])('row 63: trains where the browser tells of %s cores', async (cores) => {
  const site = await openSite({
    before: (page) =>
      page.addInitScript((value) => {
        Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => value });
      }, cores),
  });
  try {
    await training(site);
    site.assertClean();
  } finally {
    await site.close();
  }
});

test("row 64: names what a host's policy lacks when it forbids WebAssembly", async () => {
  const site = await openSite({
    headers: 'none',
    extra: { 'Content-Security-Policy': "script-src 'self'; worker-src 'self' blob:" },
    allow: /WebAssembly|wasm|Content.Security.Policy|Failed to load/i,
  });
  try {
    await site.page
      .getByText(/Content-Security-Policy forbids WebAssembly: script-src lacks 'wasm-unsafe-eval'/)
      .first()
      .waitFor({ timeout: 30_000 });
    site.assertClean();
  } finally {
    await site.close();
  }
});

test('its policy holds without headers: no inline script, no eval, no other origin, in page and worker', async () => {
  const site = await openSite({ headers: 'none', allow: /Content.Security.Policy|Refused to|violates/i });
  try {
    await training(site);
    const ran = await site.page.evaluate(() => {
      try {
        const script = document.createElement('script');
        script.textContent = 'globalThis.injected = true;';
        document.head.append(script);
      } catch {
        // Trusted Types refuse the text already.
      }
      return 'injected' in globalThis;
    });
    expect(ran).toBe(false);

    // A server of another origin that would answer, so that only the policy can be in the way.
    const other = await openOther();
    try {
      const tryFetch = (url: string): Promise<string> =>
        fetch(url, { mode: 'no-cors' }).then(
          () => 'answered',
          () => 'refused',
        );
      // In a turn of its own: the browser's debugger lifts the ban for the code it is given.
      const tryEval = (): Promise<string> =>
        new Promise((done) => {
          setTimeout(() => {
            try {
              // biome-ignore lint/security/noGlobalEval: that it is refused is what is tested
              done(String(globalThis.eval('1 + 1')));
            } catch {
              done('refused');
            }
          });
        });
      expect(await site.page.evaluate(tryEval)).toBe('refused');
      expect(await site.page.evaluate(tryFetch, other.url)).toBe('refused');
      const [worker] = site.page.workers();
      if (worker === undefined) throw new Error('there is no worker');
      expect(await worker.evaluate(tryFetch, other.url)).toBe('refused');
      expect(await worker.evaluate(tryEval)).toBe('refused');
      expect(other.asked()).toBe(0);
    } finally {
      await other.close();
    }
  } finally {
    await site.close();
  }
});

/** A server on another port, which counts what it is asked. */
async function openOther(): Promise<{ url: string; asked(): number; close(): Promise<void> }> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.end('here');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    asked: () => asked,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
