// Links that reproduce: what one browser made, another makes again to the same bits; and what is no link is refused (row 76).
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openFirefox, openSite, temporaryFolder } from './harness/index.ts';
import {
  choose,
  clumps,
  dataSet,
  drop,
  ended,
  epoch,
  lastPositions,
  named,
  placeOfRow,
  record,
  recordMessages,
  root,
  until,
} from './support.ts';

/** The copy of the address that "Copy link" makes, whatever the browser thinks of clipboards. */
async function catchCopies(page: Page): Promise<void> {
  await record(page);
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', {
      value: {
        writeText: (text: string) => {
          (globalThis as unknown as { copied: string }).copied = text;
          return Promise.resolve();
        },
      },
    });
  });
}

const messages = (page: Page): Promise<string> => page.getByLabel('Messages', { exact: true }).innerText();

/** Makes the link and copies it, as a person does; what is behind "#". */
async function copyLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  const button = page.getByRole('button', { name: 'Copy link', exact: true });
  await page.locator('button[aria-disabled="false"]', { hasText: 'Copy link' }).waitFor();
  await button.click();
  await until('the link is copied', async () => (await messages(page)) === 'The link was copied.');
  const copied = await page.evaluate(() => (globalThis as unknown as { copied: string }).copied);
  expect(copied).toBe(page.url());
  await page.keyboard.press('Escape');
  return new URL(copied).hash;
}

/** Waits until a link was followed to its end; what is said of it then. */
async function followed(page: Page, ms = 90_000): Promise<string> {
  await until(
    'the link is open',
    async () => /^The link is open|kernels|not where/.test(await messages(page)),
    ms,
  );
  return messages(page);
}

const bytes = (positions: Float32Array): Buffer =>
  Buffer.from(positions.buffer, positions.byteOffset, positions.byteLength);

const selected = (page: Page): Promise<string> =>
  page.getByRole('region', { name: 'Selection', exact: true }).locator('.selection-count').innerText();

/** What a link holds, and the link with something of it changed. */
const unpacked = (hash: string): Record<string, unknown> =>
  JSON.parse(inflateRawSync(Buffer.from(hash.slice('#v1.'.length), 'base64url')).toString());

const packed = (value: unknown): string =>
  `#v1.${deflateRawSync(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')}`;

const retrainTitles = (page: Page): Promise<string[]> =>
  page.getByRole('region', { name: 'Retrains', exact: true }).getByRole('listitem').allInnerTexts();

/** Stops the demonstration once all of its rows have been seen. */
async function stopped(page: Page): Promise<void> {
  await until('all rows were trained on', async () => (await epoch(page)) >= 3, 90_000);
  await named.stop(page).click();
  await ended(page);
}

let hash = ''; // of the view that the first test makes
let places: Float32Array = new Float32Array(0);
let exported = ''; // what the page saves of all rows

test('a view of iris, lassoed, retrained, coloured and moved, is the same in a fresh browser', async () => {
  const site = await openSite({ before: catchCopies });
  const { page } = site;
  await named.map(page).locator('canvas').first().waitFor();
  await choose(page, 'iris');
  const { x, y } = await placeOfRow(page);
  await page.keyboard.press('l');
  const around: [number, number][] = [
    [-90, -70],
    [90, -70],
    [90, 70],
    [-90, 70],
    [-90, -60],
  ];
  await page.mouse.move(x + (around[0]?.[0] ?? 0), y + (around[0]?.[1] ?? 0));
  await page.mouse.down();
  for (const [dx, dy] of around.slice(1)) await page.mouse.move(x + dx, y + dy, { steps: 6 });
  await page.mouse.up();
  await page.keyboard.press('g');
  const count = await selected(page);
  expect(count).toMatch(/^[1-9]\d* of 150 selected/);
  await page.getByRole('slider', { name: 'Focus' }).fill('80');
  await page.getByRole('button', { name: 'Retrain on selection', exact: true }).click();
  await page.getByRole('button', { name: 'Return to 1', exact: true }).waitFor();
  await ended(page);
  await page.getByRole('combobox', { name: 'Colour by', exact: true }).selectOption('change');
  await page.getByRole('button', { name: 'Zoom in', exact: true }).click();
  places = await lastPositions(page);
  const titles = await retrainTitles(page);
  hash = await copyLink(page);
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'All rows (CSV)', exact: true }).click();
  exported = readFileSync(await (await download).path(), 'utf8');
  expect(hash.length).toBeLessThan(2000);
  console.log(`the link has ${hash.length} characters`);
  const link = unpacked(hash);
  expect(link).toMatchObject({
    id: 'iris',
    path: [{ kind: 'train' }, { kind: 'retrain', maker: { kind: 'polygon' } }],
  });
  expect(link['view']).toBeDefined();
  site.assertClean();
  await site.close();

  const fresh = await openSite({ before: record, path: hash });
  expect(await followed(fresh.page)).toBe('The link is open: every row is where it was.');
  expect(bytes(await lastPositions(fresh.page)).equals(bytes(places))).toBe(true);
  expect(await retrainTitles(fresh.page)).toEqual(titles);
  expect(await selected(fresh.page)).toBe(count);
  expect(await dataSet(fresh.page).inputValue()).toBe('iris');
  expect(await fresh.page.getByRole('combobox', { name: 'Colour by', exact: true }).inputValue()).toBe(
    'change',
  );
  expect(fresh.page.url()).toContain(hash);
  // And what it leads to is itself a view that can be shared: the same one.
  await fresh.page.getByRole('button', { name: 'Share', exact: true }).click();
  const address = fresh.page.getByLabel('Address of this view', { exact: true });
  await until('the link is made', async () => (await address.inputValue()) !== '');
  expect(unpacked(new URL(await address.inputValue()).hash)).toEqual(link);
  fresh.assertClean();
  await fresh.close();
});

test('the command line does the same trainings: unfold open gives the page’s places and its file', async () => {
  expect(hash).not.toBe('');
  const folder = temporaryFolder();
  try {
    const [npy, csv, report] = ['z.npy', 'z.csv', 'r.json'].map((name) => resolve(folder.path, name));
    const open = (...args: string[]) =>
      promisify(execFile)(process.execPath, [resolve(root, 'dist/cli.mjs'), 'open', ...args]);
    await open(`https://host.example/lab/${hash}`, '--out', npy as string, '--report', report as string);
    const file = readFileSync(npy as string);
    expect(file.subarray(10 + file.readUInt16LE(8)).equals(bytes(places))).toBe(true);
    expect(JSON.parse(readFileSync(report as string, 'utf8'))).toMatchObject({
      rows: 150,
      same: true,
      trainings: [
        { kind: 'train', rows: 150 },
        { kind: 'retrain', before: {}, after: {} },
      ],
    });
    await open(hash, '--out', csv as string);
    expect(readFileSync(csv as string, 'utf8')).toBe(exported);
    // Another seed is another map: the comparison can fail, and what the link tells of the places is looked at.
    const link = unpacked(hash) as { params: object };
    const other = packed({ ...link, params: { ...link.params, seed: 2 } });
    await expect(open(other, '--out', npy as string)).rejects.toThrow('not where they were');
    const moved = readFileSync(npy as string);
    expect(moved.subarray(10 + moved.readUInt16LE(8)).equals(bytes(places))).toBe(false);
  } finally {
    folder.remove();
  }
});

test('Firefox makes the same bits of it', async () => {
  expect(hash).not.toBe('');
  const fox = await openFirefox({ path: hash, before: (page) => page.evaluateOnNewDocument(recordMessages) });
  try {
    await fox.page.waitForFunction(
      () => document.querySelector('[aria-label="Messages"]')?.textContent?.startsWith('The link is open'),
      { timeout: 90_000 },
    );
    const values = await fox.page.evaluate(() =>
      Array.from((globalThis as unknown as { lastFrame: Float32Array }).lastFrame),
    );
    expect(bytes(Float32Array.from(values)).equals(bytes(places))).toBe(true);
    fox.assertClean();
  } finally {
    await fox.close();
  }
});

test('a view of a local file waits for the file; the demonstration can be linked to, too', async () => {
  const site = await openSite({ before: catchCopies });
  const { page } = site;
  await stopped(page);
  const demonstrated = await lastPositions(page);
  const demonstration = await copyLink(page);
  console.log(`the demonstration's link has ${demonstration.length} characters`);
  await drop(page, [{ name: 'clumps.csv', bytes: clumps(300) }]);
  await until('the clumps are shown', async () =>
    (await page.locator('.shape').innerText()).startsWith('300'),
  );
  await ended(page);
  await named.legend(page).getByRole('button', { name: 'green', exact: true }).click();
  await page.getByRole('button', { name: 'Exclude', exact: true }).click();
  await page.getByRole('button', { name: 'Return to 1', exact: true }).waitFor();
  await ended(page);
  const before = await lastPositions(page);
  const local = await copyLink(page);
  site.assertClean();

  const other = await site.context.newPage();
  await record(other);
  await other.goto(page.url());
  const notice = other.locator('.notice', { hasText: 'A saved view of “clumps.csv” is waiting' });
  await notice.waitFor();
  await drop(other, [{ name: 'clumps.csv', bytes: clumps(299) }]);
  await other.locator('.notice').getByText('is not the file of the saved view').waitFor();
  expect(await other.locator('.shape').count()).toBe(0);
  await other.getByRole('button', { name: 'Keep waiting', exact: true }).click();
  await notice.waitFor();
  await drop(other, [{ name: 'from-a-friend.csv', bytes: clumps(300) }]);
  expect(await followed(other)).toBe('The link is open: every row is where it was.');
  expect(bytes(await lastPositions(other)).equals(bytes(before))).toBe(true);
  expect(await selected(other)).toMatch(/^100 of 300 selected/);

  // In an open page the address may change: work is not given up unasked.
  await other.evaluate((next) => {
    location.hash = next;
  }, demonstration);
  await other.locator('.notice').getByText('The address has a link in it. Open it?').waitFor();
  expect(await other.locator('.shape').innerText()).toMatch(/^300 rows/);
  await other.getByRole('button', { name: 'Open the link', exact: true }).click();
  await until('the digits are shown', async () =>
    (await other.locator('.shape').innerText()).startsWith('10,000'),
  );
  expect(await followed(other)).toBe('The link is open: every row is where it was.');
  expect(bytes(await lastPositions(other)).equals(bytes(demonstrated))).toBe(true);
  expect(local).not.toBe(demonstration);
  site.assertClean();
  await site.close();
});

test('garbage, hostile and huge hashes are ignored with a notice; other kernels and other places are told (row 76)', async () => {
  const link = unpacked(hash) as { params: object; fit: object; path: object[] };
  const site = await openSite({ before: record, path: `#v1.${'A'.repeat(1_000_000)}` });
  const { page } = site;
  const notices = page.locator('.notice');
  await notices.first().waitFor();
  expect(await notices.innerText()).toContain('longer than a link may be');
  // The demonstration runs as if nothing had been there.
  await until('the digits are shown', async () => (await page.locator('.shape').count()) === 1);
  const json = JSON.stringify(link);
  const hostile: [string, RegExp][] = [
    ['#about', /not a view/],
    ['#v9.AAAA', /another version/],
    [hash.slice(0, -20), /damaged/],
    [packed(' '.repeat(11_000_000)), /longer than/],
    [packed(json.replace('{', '{"__proto__":{"x":1},')), /damaged/],
    [packed({ ...link, params: { ...link.params, latent: 1e6 } }), /can’t be/],
    [packed({ ...link, fit: { ...link.fit, epochs: -1 } }), /can’t be/],
    [packed({ ...link, id: '../../etc' }), /not offered here/],
  ];
  for (const [text, said] of hostile) {
    await page.evaluate((next) => {
      location.hash = next;
    }, text);
    await notices.getByText(said).waitFor();
    expect(await notices.count()).toBe(1);
    await page.getByRole('button', { name: 'Dismiss', exact: true }).click();
  }
  expect(await dataSet(page).inputValue()).toBe('mnist-10k');
  await stopped(page);
  site.assertClean();

  await page.evaluate(
    (next) => {
      location.hash = next;
    },
    packed({ ...link, kernels: 999, places: 1 }),
  );
  await page.getByRole('button', { name: 'Open the link', exact: true }).click();
  expect(await followed(page)).toMatch(
    /^Made with other kernels \(revision 999, here \d+\): the picture may differ\.$/,
  );
  expect(await notices.innerText()).toContain('Made with other kernels');
  site.assertClean();
  await site.close();
});
