// Work that outlives the page: crashes, reloads, full and forbidden storage, other tabs, and what others did to it.

import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { openFirefox, openSite, type Site, type SiteOptions } from './harness/index.ts';
import { clumps, drop, ended, lastPositions, named, record, until } from './support.ts';

const ROWS = 240;

let site: Site | null = null;

afterEach(async () => {
  await site?.close();
  site = null;
});

async function open(options: SiteOptions = {}): Promise<Site> {
  site = await openSite({ before: record, ...options });
  return site;
}

/** The site in another tab of the same browser. */
async function tab({ context, url }: Site): Promise<Page> {
  const page = await context.newPage();
  await record(page);
  await page.goto(url);
  return page;
}

const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const bytes = (positions: Float32Array): string => Buffer.from(positions.buffer).toString('base64');
const returnTo = (page: Page, id: number) =>
  page.getByRole('button', { name: `Return to ${id}`, exact: true });
const bringBack = (page: Page, name: string) =>
  page.getByRole('button', { name: `Bring back ${name}`, exact: true }).first();

async function opened(page: Page, name = 'clumps.csv', rows = ROWS): Promise<void> {
  await named.map(page).locator('canvas').first().waitFor();
  await drop(page, [{ name, bytes: clumps(rows) }]);
  await until(`${name} is shown`, async () =>
    (await page.locator('.shape').innerText()).startsWith(`${rows} rows`),
  );
  await ended(page);
}

async function at(page: Page, id: number): Promise<void> {
  await until(`the model is at ${id}`, async () => {
    const button = returnTo(page, id);
    return (await button.count()) === 1 && (await button.getAttribute('aria-disabled')) !== 'false'
      ? !(await button.isEnabled())
      : false;
  });
  await ended(page);
}

async function retrained(page: Page, n: number): Promise<void> {
  await page.getByRole('button', { name: 'Retrain on selection', exact: true }).click();
  await at(page, n);
}

interface Kept {
  name: string;
  states: number;
  record: string;
}

/** What lies in the browser's database, read past the page's own code; empty where there is none. */
function shelf(page: Page): Promise<Kept[]> {
  return page.evaluate(async () => {
    const known = await indexedDB.databases();
    if (!known.some(({ name }) => name === 'unfold')) return [];
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('unfold');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const works = await new Promise<{ brief: Kept; record: string }[]>((resolve, reject) => {
      const request = db.transaction('works').objectStore('works').getAll();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    db.close();
    return works.map(({ brief: { name, states }, record }) => ({ name, states, record }));
  });
}

async function keptStates(page: Page, wanted: Omit<Kept, 'record'>[]): Promise<void> {
  await until(`${JSON.stringify(wanted)} is kept`, async () => {
    const found = await shelf(page);
    return wanted.every((one) =>
      found.some(({ name, states }) => name === one.name && states === one.states),
    );
  });
}

/** Some work is kept with this in its record. */
const kept = async (page: Page, text: string): Promise<boolean> =>
  (await shelf(page)).some(({ record }) => record.includes(text));

test('a crash and a reload: one press brings every bit back, and every state (rows 73 to 75)', async () => {
  const first = await open({ allow: /crashed/ });
  const { page } = first;
  await opened(page);
  const start = bytes(await lastPositions(page));
  await region(page, 'Legend').getByRole('button', { name: 'green', exact: true }).click();
  await retrained(page, 1);
  const after = bytes(await lastPositions(page));
  expect(after).not.toBe(start);
  await page.getByRole('combobox', { name: 'Colour by', exact: true }).selectOption('drift');
  await keptStates(page, [{ name: 'clumps.csv', states: 2 }]);
  await until('the colours are kept, too', () => kept(page, '"colour":{"kind":"drift"}'));
  const crash = await first.context.newCDPSession(page);
  const gone = page.waitForEvent('crash');
  crash.send('Page.crash').catch(() => undefined);
  await gone;

  const next = await tab(first);
  const card = region(next, 'Your work is still here');
  await card.waitFor();
  expect(await card.innerText()).toMatch(
    /clumps\.csv\s+240 rows, 2 states, 1 of them a retrain, saved today at/,
  );
  await bringBack(next, 'clumps.csv').click();
  await at(next, 1);
  expect(bytes(await lastPositions(next))).toBe(after);
  expect(await card.count()).toBe(0);
  expect(await region(next, 'Selection').innerText()).toContain('80 of 240 selected');
  expect(await next.getByRole('combobox', { name: 'Colour by', exact: true }).inputValue()).toBe('drift');
  expect(await next.getByRole('button', { name: 'Undo', exact: true }).getAttribute('aria-disabled')).toBe(
    'true',
  );
  await returnTo(next, 0).click();
  await at(next, 0);
  expect(bytes(await lastPositions(next))).toBe(start);

  /* By keyboard, after a reload. */
  await until('where it is now is kept', () => kept(next, '"at":0'));
  await next.reload();
  await bringBack(next, 'clumps.csv').waitFor();
  await bringBack(next, 'clumps.csv').focus();
  await next.keyboard.press('Enter');
  await until('a state is back', async () => (await returnTo(next, 1).count()) === 1);
  await ended(next);
  await until('the announcement is there', async () =>
    /clumps\.csv is back, at /.test(await next.getByRole('status', { name: 'Messages' }).innerText()),
  );
  expect(bytes(await lastPositions(next))).toBe(start);
  first.assertClean();
});

test('two tabs keep their own, damaged work is refused in a sentence, and what is forgotten is gone (row 75)', async () => {
  const first = await open({ allow: /damaged|bad_file/ });
  const { page } = first;
  await opened(page, 'one.csv');
  await keptStates(page, [{ name: 'one.csv', states: 1 }]);
  const second = await tab(first);
  await opened(second, 'two.csv', 120);
  await keptStates(second, [
    { name: 'one.csv', states: 1 },
    { name: 'two.csv', states: 1 },
  ]);
  /* What another tab has open is not offered. */
  expect(await bringBack(second, 'one.csv').count()).toBe(0);
  await page.goto('about:blank');
  await second.reload();
  await bringBack(second, 'two.csv').waitFor();
  await region(second, 'Your work is still here').getByText('1 more', { exact: true }).click();
  await bringBack(second, 'one.csv').waitFor();

  /* Someone changes one byte of one array, and the record of the other. */
  await second.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('unfold');
      request.onsuccess = () => resolve(request.result);
    });
    const transaction = db.transaction(['works', 'parts'], 'readwrite');
    const done = new Promise((resolve) => {
      transaction.oncomplete = resolve;
    });
    const works = transaction.objectStore('works');
    const parts = transaction.objectStore('parts');
    works.getAll().onsuccess = ({ target }) => {
      for (const work of (target as IDBRequest<{ slot: string; brief: { name: string }; record: string }[]>)
        .result) {
        if (work.brief.name === 'two.csv') {
          works.put({ ...work, record: work.record.replace('"batch":', '"batch":-') });
          continue;
        }
        parts.openCursor(IDBKeyRange.bound([work.slot], [work.slot, []])).onsuccess = (event) => {
          const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result;
          if (!cursor) return;
          if (cursor.value instanceof ArrayBuffer) {
            const changed = new Uint8Array(cursor.value);
            changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
            cursor.update(changed.buffer);
          }
          cursor.continue();
        };
      }
    };
    await done;
    db.close();
  });
  const before = await dataShown(second);
  for (const [name, why] of [
    ['one.csv', /It is damaged: a part of it has changed since it was saved\./],
    ['two.csv', /It is damaged: .*batch is not what it has to be\./],
  ] as const) {
    await bringBack(second, name).click();
    await second.getByRole('alert').filter({ hasText: why }).waitFor();
    expect(await dataShown(second)).toBe(before);
  }
  expect((await shelf(second)).map(({ name }) => name).sort()).toEqual(['one.csv', 'two.csv']);
  await second.getByRole('button', { name: 'Forget two.csv', exact: true }).first().click();
  await until('it is gone', async () => (await shelf(second)).length === 1);
  expect(await bringBack(second, 'one.csv').count()).toBe(1);
  first.assertClean();
});

const dataShown = (page: Page): Promise<string> => page.getByLabel('Data set', { exact: true }).inputValue();

test('no room: said once, the work goes on, and a file takes all of it along (row 74)', async () => {
  const full = await open();
  const { page } = full;
  const cdp = await full.context.newCDPSession(page);
  const { origin } = new URL(full.url);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  await opened(page);
  const notice = page.locator('.notice').filter({ hasText: 'There is no room left on this device' });
  await notice.waitFor();
  await region(page, 'Legend').getByRole('button', { name: 'red', exact: true }).click();
  await retrained(page, 1);
  expect(await notice.count()).toBe(1);
  const after = bytes(await lastPositions(page));
  const coming = page.waitForEvent('download');
  await notice.getByRole('button', { name: 'Save as a file', exact: true }).click();
  const download = await coming;
  expect(download.suggestedFilename()).toBe('clumps.unfold');
  const file = readFileSync(await download.path());
  /* Room again: it is kept, and the notice goes. */
  await cdp.send('Storage.overrideQuotaForOrigin', { origin });
  await region(page, 'Legend').getByRole('button', { name: 'blue', exact: true }).click();
  await keptStates(page, [{ name: 'clumps.csv', states: 2 }]);
  await notice.waitFor({ state: 'detached' });
  await page.reload();
  await bringBack(page, 'clumps.csv').waitFor();

  /* The file, cut off and whole. */
  await drop(page, [{ name: 'cut.unfold', bytes: file.subarray(0, file.length - 10) }]);
  await page
    .getByRole('alert')
    .filter({ hasText: 'cut.unfold can’t be brought back. It is damaged: it is cut off.' })
    .waitFor();
  await drop(page, [{ name: 'clumps.unfold', bytes: file }]);
  await at(page, 1);
  expect(bytes(await lastPositions(page))).toBe(after);
  expect(await region(page, 'Selection').innerText()).toContain('80 of 240 selected');
  full.assertClean();
});

test('storage that is denied, and a newer schema: everything else works, and nothing is deleted (rows 73, 74)', async () => {
  const denied = await open({
    async before(page) {
      await record(page);
      await page.addInitScript(() => {
        for (const name of ['indexedDB', 'localStorage', 'sessionStorage']) {
          Object.defineProperty(globalThis, name, {
            get() {
              throw new DOMException('The operation is insecure.', 'SecurityError');
            },
          });
        }
      });
    },
  });
  const { page } = denied;
  await opened(page);
  const notice = page.locator('.notice').filter({ hasText: 'This browser keeps nothing for this page' });
  await notice.waitFor();
  await region(page, 'Legend').getByRole('button', { name: 'red', exact: true }).click();
  await retrained(page, 1);
  expect(await notice.count()).toBe(1);
  await notice.getByRole('button', { name: 'Dismiss' }).click();
  await region(page, 'Legend').getByRole('button', { name: 'blue', exact: true }).click();
  await retrained(page, 2);
  expect(await notice.count()).toBe(0);
  denied.assertClean();
  await denied.close();

  const newer = await open({
    async before(page) {
      await record(page);
      await page.addInitScript(() => {
        /* Asked first, so that it is there before the page looks for its own. */
        const request = indexedDB.open('unfold', 99);
        request.onupgradeneeded = () => request.result.createObjectStore('tomorrow').put('precious', 'key');
        request.onsuccess = () => request.result.close();
      });
    },
  });
  const told = newer.page.locator('.notice').filter({ hasText: 'A newer version of Unfold has saved work' });
  await told.waitFor();
  await opened(newer.page);
  expect(await told.count()).toBe(1);
  const precious = await newer.page.evaluate(
    () =>
      new Promise((resolve) => {
        const request = indexedDB.open('unfold');
        request.onsuccess = () => {
          const db = request.result;
          const get = db.transaction('tomorrow').objectStore('tomorrow').get('key');
          get.onsuccess = () => resolve([db.version, get.result]);
        };
      }),
  );
  expect(precious).toEqual([99, 'precious']);
  newer.assertClean();
});

test('Firefox: work comes back after a reload, and a full disk by its name there is told (row 74)', async () => {
  const fox = await openFirefox();
  try {
    const { page } = fox;
    const drop = (name: string, text: string) =>
      page.evaluate(
        (file, content) => {
          const data = new DataTransfer();
          data.items.add(new File([content], file));
          window.dispatchEvent(
            new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }),
          );
        },
        name,
        text,
      );
    const wait = (what: string) => page.waitForSelector(`::-p-text(${what})`, { timeout: 60_000 });
    await page.waitForSelector('.map-host', { timeout: 60_000 });
    await drop('fox.csv', clumps(90));
    await page.waitForFunction(() => /^90 rows/.test(document.querySelector('.shape')?.textContent ?? ''));
    await page.waitForFunction(
      () => /finished/.test(document.querySelector('footer .status')?.textContent ?? ''),
      {
        timeout: 60_000,
      },
    );
    await page.waitForFunction(
      async () => {
        const found = await indexedDB.databases();
        if (!found.some(({ name }) => name === 'unfold')) return false;
        const db = await new Promise<IDBDatabase>((resolve) => {
          const request = indexedDB.open('unfold');
          request.onsuccess = () => resolve(request.result);
        });
        const works = await new Promise<{ brief: { states: number } }[]>((resolve) => {
          const request = db.transaction('works').objectStore('works').getAll();
          request.onsuccess = () => resolve(request.result);
        });
        db.close();
        return works.some(({ brief }) => brief.states === 1);
      },
      { timeout: 60_000 },
    );
    await page.reload();
    const button = await page.waitForSelector('button[aria-label="Bring back fox.csv"]', { timeout: 60_000 });
    await button?.click();
    await wait('fox.csv is back');
    await page.evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw Object.assign(new Error('full'), { name: 'NS_ERROR_DOM_QUOTA_REACHED' });
      };
    });
    await page.keyboard.press('Escape');
    const legend = await page.waitForSelector('.legend-button', { timeout: 60_000 });
    await legend?.click();
    await wait('There is no room left on this device');
    fox.assertClean();
  } finally {
    await fox.close();
  }
});
