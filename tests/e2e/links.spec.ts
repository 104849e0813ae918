// Links that reproduce: what one browser made, another makes again to the same bits; and what is no link is refused (row 76).
import { inflateRawSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openSite } from './harness/index.ts';
import { choose, dataSet, ended, lastPositions, named, placeOfRow, record, until } from './support.ts';

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

const retrainTitles = (page: Page): Promise<string[]> =>
  page.getByRole('region', { name: 'Retrains', exact: true }).getByRole('listitem').allInnerTexts();

let hash = ''; // of the view that the first test makes
let places: Float32Array = new Float32Array(0);

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
