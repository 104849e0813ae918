// The site without a network, and from one version to the next: what is kept is whole or not at all, and nothing
// changes under a page that is open (rows 77, 78, 79 and 81 of the catalogue).
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { placeServiceWorker, siteFiles } from '../../build/offline.mjs';
import { PREFERENCES_KEY } from '../../web/state/preferences.ts';
import { built, openSite, type Site, type SiteOptions, temporaryFolder } from './harness/index.ts';
import { choose, drop, named, root, until } from './support.ts';

/** Several visits each, on machines that have other things to do. */
const TIME = { timeout: 240_000 };

const temporary = temporaryFolder();
let copies = 0;
afterAll(() => temporary.remove());

/** Sizes of data that stay in a copy: the rest only costs time. */
const SMALL = 100_000;

/** A copy of the built site that a test may change. */
function copySite(): string {
  const folder = resolve(temporary.path, `site-${++copies}`);
  cpSync(built('site'), folder, { recursive: true });
  for (const [path, [, bytes]] of Object.entries(siteFiles(folder).files)) {
    if (bytes > SMALL && path.startsWith('data/') && !path.includes('mnist-10k'))
      rmSync(resolve(folder, path));
  }
  placeServiceWorker(folder);
  return folder;
}

const HEAD = '<title>';
/** Makes another version of a copy: its document says which. */
function release(folder: string, version: string): void {
  const page = resolve(folder, 'index.html');
  const html = readFileSync(resolve(built('site'), 'index.html'), 'utf8');
  writeFileSync(page, html.replace(HEAD, `<meta name="release" content="${version}" />${HEAD}`));
  placeServiceWorker(folder);
}

const open = (options: SiteOptions): Promise<Site> =>
  openSite({
    headers: 'none',
    base: '/some/folder/',
    ...options,
    context: { serviceWorkers: 'allow', ...options.context },
    async before(page) {
      await page.addInitScript(() => {
        const told: unknown[] = [];
        (globalThis as unknown as { told: unknown[] }).told = told;
        navigator.serviceWorker?.addEventListener('message', ({ data }) => told.push(data));
      });
      await options.before?.(page);
    },
  });

interface Told {
  type: string;
  version: string;
  reason?: string;
  file?: string;
  missing?: unknown[];
}
/** What the service worker has told the page since it was loaded. */
const told = (page: Page): Promise<Told[]> =>
  page.evaluate(() => (globalThis as unknown as { told: Told[] }).told);

const ready = (page: Page): Promise<void> =>
  until(
    'the site is kept, and the page is its client',
    async () => {
      const report = (await told(page)).findLast(({ type }) => type === 'offline');
      const controlled = await page.evaluate(() => navigator.serviceWorker.controller !== null);
      return controlled && report?.missing?.length === 0;
    },
    60_000,
  );

/** The caches of this site: how many files are in each. */
const kept = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(async () => {
    const found: Record<string, number> = {};
    for (const name of (await caches.keys()).sort()) {
      found[name.split(' ').at(-1) ?? ''] = (await (await caches.open(name)).keys()).length;
    }
    return found;
  });
const versionOf = (folder: string): string =>
  /"version":"(\w+)"/.exec(readFileSync(resolve(folder, 'sw.js'), 'utf8'))?.[1] ?? '';
const releaseOf = (page: Page): Promise<string | null> =>
  page.evaluate(() => document.querySelector('meta[name=release]')?.getAttribute('content') ?? null);
const isolated = (page: Page): Promise<boolean> => page.evaluate(() => crossOriginIsolated);
/** The first visit has begun to train; it rests from then on, so that the rest is quick. */
const trains = (page: Page): Promise<void> => named.pause(page).click({ timeout: 60_000 });
/** Has the browser look for another version now, and says whether it has taken one on. */
const look = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    await registration?.update().catch(() => undefined);
  });
const notice = (page: Page, text: string | RegExp) => page.locator('.notice').filter({ hasText: text });
const seeForYourself = (page: Page) => page.getByRole('button', { name: 'See for yourself' }).first();
const privacy = (page: Page) => page.getByRole('dialog', { name: 'Your data stays here' });

test(
  'row 77: after one visit everything works without a network, isolated, parts and data included',
  TIME,
  async () => {
    const folder = copySite();
    const site = await open({ root: folder, allow: /ERR_INTERNET_DISCONNECTED/ });
    const { page } = site;
    try {
      await trains(page);
      expect(await isolated(page), 'the first visit to a plain host').toBe(false);
      await ready(page);
      const { files } = siteFiles(folder);
      expect((await kept(page))[versionOf(folder)]).toBe(Object.keys(files).length);

      // The network goes while a part of the page has not been asked for yet.
      await site.stopServing();
      await seeForYourself(page).click();
      await privacy(page)
        .getByText(/^Ready offline, with all data/)
        .waitFor();

      await page.reload();
      await trains(page);
      expect(await isolated(page), 'from the second load on').toBe(true);
      await choose(page, 'iris');
      await seeForYourself(page).click();
      await privacy(page).waitFor();
      const marked = await page.evaluate(() =>
        (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).filter(
          ({ name, serverTiming }) =>
            name.includes('/assets/') && !serverTiming.some((mark) => mark.name === 'unfold-kept'),
        ),
      );
      expect(marked, 'answers that do not say that they are of the copy').toEqual([]);
      await page.keyboard.press('Escape');

      // Every file there is, bit for bit; the folder itself, and a file by name.
      const digests = await page.evaluate(async (paths) => {
        const found: [string, string][] = [];
        for (const path of paths) {
          const bytes = await (await fetch(path)).arrayBuffer();
          const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
          found.push([path, `sha256-${btoa(String.fromCharCode(...digest))}`]);
        }
        return found;
      }, Object.keys(files));
      for (const [path, digest] of digests) expect(files[path]?.[0].split(' '), path).toContain(digest);
      for (const path of Object.keys(files).filter((name) => name.endsWith('.html'))) {
        const response = await page.goto(site.url + path);
        expect(response?.status(), path).toBe(200);
        expect(await isolated(page), path).toBe(true);
      }
      // Figures in an article, each a page of its own in a frame.
      await page.goto(`${site.url}article/`);
      await page.locator('iframe').first().scrollIntoViewIfNeeded();
      await page.frameLocator('iframe').first().getByRole('region', { name: 'Map', exact: true }).waitFor();
      // What was never there is the browser's own error, not something of ours.
      await expect(page.goto(`${site.url}elsewhere/`)).rejects.toThrow(/ERR_/);
      site.assertClean();
    } finally {
      await site.close();
    }
  },
);

/** Where work is saved: what was done is, but a retrain that is under way would be lost, which is said first (row 78). */
async function updateDuringRetrain(page: Page): Promise<void> {
  await choose(page, 'iris');
  await named.classes(page).first().click();
  await page.getByRole('button', { name: /^Retrain settings/ }).click();
  await page.getByRole('textbox', { name: 'Retrain epochs', exact: true }).fill('9999');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Retrain on selection', exact: true }).click();
  await named.pause(page).click();
  await named.resume(page).waitFor();
  await notice(page, 'A new version is ready.').getByRole('button', { name: 'Update' }).click();
  const asked = notice(page, /loaded again for the new version/);
  await asked.getByRole('button', { name: 'Later' }).click({ timeout: 30_000 });
  expect(await releaseOf(page)).toBe('one');
  await named.resume(page).waitFor();
}

/** The privacy dialog's chunk, which a page asks for when it is wanted. */
const lazyPart = (folder: string): string =>
  `assets/${readdirSync(resolve(folder, 'assets')).find((name) => /^privacy-.*\.js$/.test(name))}`;

test(
  'row 79: a version that is damaged, incomplete or too large is not taken on, and the one before it is whole',
  TIME,
  async () => {
    const folder = copySite();
    release(folder, 'one');
    const one = versionOf(folder);
    const site = await open({ root: folder, allow: /integrity|404|Failed to load resource|update/i });
    const { page } = site;
    try {
      await trains(page);
      await ready(page);
      const files = Object.keys(siteFiles(folder).files).length;
      const whole = { [one]: files };
      const { state: _, ...before } = await kept(page);
      expect(before).toEqual(whole);
      const refusal = async (reason: string, file: RegExp): Promise<void> => {
        const version = versionOf(folder);
        await look(page);
        const said = async (): Promise<Told | undefined> =>
          (await told(page)).find(
            (message) => message.type === 'offline-failed' && message.version === version,
          );
        await until(`${reason} is told`, async () => (await said()) !== undefined);
        expect((await said())?.reason).toBe(reason);
        expect((await said())?.file).toMatch(file);
        const { state: __, ...now } = await kept(page);
        expect(now, 'the version before is whole, and nothing is left of the other').toEqual(whole);
        expect(await notice(page, 'A new version is ready.').count()).toBe(0);
      };

      // One file is not what was built.
      release(folder, 'damaged');
      const part = resolve(folder, lazyPart(folder));
      const code = readFileSync(part);
      writeFileSync(part, Buffer.concat([code, Buffer.from('\n')]));
      await refusal('damaged', /privacy/);
      // One is not there.
      rmSync(part);
      release(folder, 'missing');
      const listed = readFileSync(resolve(folder, 'sw.js'), 'utf8');
      writeFileSync(
        resolve(folder, 'sw.js'),
        listed.replace('"index.html":', '"gone.html":["sha256-",1],"index.html":'),
      );
      await refusal('missing', /gone\.html/);
      // There is no room.
      const devtools = await site.context.newCDPSession(page);
      const origin = new URL(site.url).origin;
      release(folder, 'full');
      await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
      await refusal('full', /./);
      await devtools.send('Storage.overrideQuotaForOrigin', { origin });
      // And at the next visit, when all is well, it is.
      await page.reload();
      await notice(page, 'A new version is ready.').waitFor({ timeout: 60_000 });
      expect(await releaseOf(page)).toBe('one');
      expect(Object.keys(await kept(page)).sort()).toEqual([one, versionOf(folder), 'state'].sort());
      await updateDuringRetrain(page);
      site.assertClean();
    } finally {
      await site.close();
    }
  },
);

/** Waits until a tab that is being loaded again shows a release. */
const runs = (page: Page, version: string): Promise<void> =>
  until(`the page runs ${version}`, async () => {
    try {
      return (await releaseOf(page)) === version;
    } catch {
      return false; // between two documents
    }
  });

test(
  'row 78: a new version is at work when the person says so, and another tab keeps its own',
  TIME,
  async () => {
    const folder = copySite();
    release(folder, 'one');
    const one = versionOf(folder);
    const part = resolve(folder, lazyPart(folder));
    const site = await open({
      root: folder,
      /* The person wants no work to be saved. */
      before: (page) =>
        page.addInitScript((key) => localStorage.setItem(key, '{"keep":false}'), PREFERENCES_KEY),
    });
    const { page } = site;
    try {
      await trains(page);
      await ready(page);
      // Another version, without a part that the first one has, and with other words in a file that both have.
      rmSync(part);
      release(folder, 'two');
      const list = JSON.parse(readFileSync(resolve(folder, 'data/catalog.json'), 'utf8'));
      list[0].title = 'Digits of the second version';
      rmSync(resolve(folder, 'data/catalog.json'));
      writeFileSync(resolve(folder, 'data/catalog.json'), JSON.stringify(list));
      placeServiceWorker(folder);
      const two = versionOf(folder);
      const other = await site.context.newPage();
      await other.goto(site.url);
      await trains(other);
      expect(await releaseOf(other), 'the version that waits is not at work').toBe('one');
      await other.evaluate(() => Object.assign(globalThis, { untouched: true }));

      // It is offered, in the middle of a training on a person's file; that costs the work, which is said first.
      await drop(page, [{ name: 'mine.csv', bytes: 'x,y,z\n1,2,3\n4,5,7\n3,1,2\n9,8,1\n2,2,2\n7,1,5\n' }]);
      await page.getByText('6 rows, 3 columns', { exact: true }).waitFor();
      await look(page);
      const asked = notice(page, /A new version is ready|loaded again for/);
      await asked.getByRole('button', { name: 'Update', exact: true }).click({ timeout: 60_000 });
      await asked.getByRole('button', { name: 'Later' }).waitFor();
      expect(await releaseOf(page)).toBe('one');
      await page.getByText('6 rows, 3 columns', { exact: true }).waitFor();
      await asked.getByRole('button', { name: /^Update/ }).click();
      await runs(page, 'two');

      // The other tab has not been touched, is told, and has the files of its own version: also one that the second
      // has not, and the words of its own.
      await notice(other, 'Unfold was updated in another tab.').waitFor();
      expect(await other.evaluate(() => 'untouched' in globalThis)).toBe(true);
      const title = (tab: Page): Promise<string> =>
        tab.evaluate(async () => (await (await fetch('data/catalog.json')).json())[0].title);
      expect(await title(page)).toBe('Digits of the second version');
      expect(await title(other)).not.toBe('Digits of the second version');
      await seeForYourself(other).click();
      await privacy(other).waitFor();
      await other.keyboard.press('Escape');
      expect(Object.keys(await kept(page)).sort()).toEqual([one, 'state', two].sort());

      // When nobody runs the first one any more, it goes.
      await other.getByRole('button', { name: 'Reload' }).click();
      await runs(other, 'two');
      await until('the first version is deleted', async () => !(one in (await kept(page))));
      site.assertClean();
    } finally {
      await site.close();
    }
  },
);

test(
  'rows 77 and 79: what is too large for the installation comes after it, as there is room',
  TIME,
  async () => {
    const folder = copySite();
    const large = resolve(folder, 'data/large.bin');
    writeFileSync(large, Buffer.alloc(2_500_000, 7));
    placeServiceWorker(folder);
    const site = await open({
      root: folder,
      allow: /integrity|Failed to load/i,
      // The person saves data.
      before: (page) =>
        page.addInitScript(() =>
          Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ saveData: true }) }),
        ),
    });
    const { page } = site;
    try {
      await trains(page);
      await seeForYourself(page).click();
      const state = privacy(page).getByRole('status', { name: 'Offline' });
      await state.getByText('Ready offline, but for data/large.bin (2.5 MB).').waitFor({ timeout: 60_000 });
      const devtools = await site.context.newCDPSession(page);
      const origin = new URL(site.url).origin;
      await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 5_000_000 });
      await privacy(page).getByRole('button', { name: 'Fetch the large data sets, too' }).click();
      await state.getByText(/the browser has no room for it\.$/).waitFor();
      await devtools.send('Storage.overrideQuotaForOrigin', { origin });
      // Asked for once, it is tried at every visit.
      await page.reload();
      await seeForYourself(page).click();
      await state.getByText(/^Ready offline, with all data/).waitFor({ timeout: 60_000 });
      site.assertClean();
    } finally {
      await site.close();
    }
  },
);

test(
  'row 81: an older worker that only adds headers is replaced; ours goes when the person or the host says so',
  TIME,
  async () => {
    const folder = copySite();
    const old = `self.addEventListener('install', () => self.skipWaiting());
    self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
    self.addEventListener('fetch', (event) => event.respondWith(fetch(event.request).then((response) =>
      new Response(response.body, { status: response.status, headers: [...response.headers,
        ['Cross-Origin-Embedder-Policy', 'require-corp'], ['Cross-Origin-Opener-Policy', 'same-origin']] }))));`;
    writeFileSync(resolve(folder, 'coi.js'), old);
    writeFileSync(
      resolve(folder, 'old.html'),
      '<!doctype html><link rel="icon" href="favicon.svg"><title>before</title>',
    );
    const site = await open({ root: folder, path: 'old.html' });
    const { page } = site;
    const registrations = (): Promise<string[]> =>
      page.evaluate(async () =>
        (await navigator.serviceWorker.getRegistrations()).map(({ active }) => active?.scriptURL ?? ''),
      );
    try {
      await page.evaluate(async () => {
        await navigator.serviceWorker.register('coi.js');
        await navigator.serviceWorker.ready;
      });
      await page.goto(site.url);
      await trains(page);
      await ready(page);
      expect(await registrations()).toEqual([`${site.url}sw.js`]);
      expect(await notice(page, 'Unfold was updated in another tab.').count()).toBe(0);

      // Ended by the browser, it is started again when it is needed.
      const devtools = await site.context.newCDPSession(page);
      await devtools.send('ServiceWorker.enable');
      await devtools.send('ServiceWorker.stopAllWorkers');
      await seeForYourself(page).click();
      const keep = privacy(page).getByRole('checkbox', { name: /^Keep Unfold on this device/ });
      await privacy(page)
        .getByText(/^Ready offline/)
        .waitFor();

      // The person wants nothing kept, and it stays so.
      await keep.uncheck();
      await privacy(page).getByText('Nothing is kept for use without a network.').waitFor();
      await until('nothing is kept', async () => Object.keys(await kept(page)).length === 0);
      await page.reload();
      await trains(page);
      await seeForYourself(page).click();
      await privacy(page).getByText('Nothing is kept for use without a network.').waitFor();
      expect(await registrations()).toEqual([]);
      await keep.check();
      await ready(page);

      // The host takes it back.
      writeFileSync(resolve(folder, 'sw.js'), readFileSync(resolve(root, 'dist/sw/sw-off.js')));
      await look(page);
      await until('it is gone', async () => (await registrations()).length === 0);
      expect(await kept(page)).toEqual({});
      await privacy(page).getByText('Nothing is kept for use without a network.').waitFor();
      expect(
        await page
          .locator('.notice')
          .filter({ hasText: /version|updated/ })
          .count(),
      ).toBe(0);
      site.assertClean();
    } finally {
      await site.close();
    }
  },
);

test('row 81: the page works where service workers are missing or refused', TIME, async () => {
  const site = await open({
    path: '?missing',
    before: (page) =>
      page.addInitScript(() => {
        if (location.search === '?missing') {
          delete (Navigator.prototype as { serviceWorker?: unknown }).serviceWorker;
        } else {
          const refuse = (): Promise<never> => Promise.reject(new DOMException('no', 'SecurityError'));
          Object.defineProperty(ServiceWorkerContainer.prototype, 'register', { value: refuse });
        }
      }),
  });
  const { page } = site;
  try {
    for (const how of ['?missing', '?refused']) {
      await page.goto(site.url + how);
      await trains(page);
      await seeForYourself(page).click();
      await privacy(page)
        .getByText(/the browser does not allow it here\.$/)
        .waitFor();
    }
    site.assertClean();
  } finally {
    await site.close();
  }
});
