// What a person sees who has done nothing but open the address: digits that a model begins to sort.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import { ended, epoch, losses, mapPixels, named, record, recording, runText, until } from './support.ts';

/** How late the file of all rows comes, in ms: epoch 1 must not wait for it. */
const LATE = 3000;
const seen = { coloured: 0, changed: 0, full: 0 };
let begun = 0;
let site: Site;
let asked = 0;
let answered = 0;
beforeAll(async () => {
  site = await openSite({
    headers: 'none',
    async before(page) {
      await record(page);
      await page.route('**/mnist-10k.tensor.gz', async (route) => {
        asked = Date.now();
        await new Promise((done) => setTimeout(done, LATE));
        answered = Date.now();
        await route.continue();
      });
      begun = Date.now();
    },
  });
});
afterAll(() => site.close());

test('draws a coloured, moving map before all of the data has come', async () => {
  const { page } = site;
  await named.map(page).locator('canvas').first().waitFor();
  let first = await mapPixels(page);
  await until('the map has colours', async () => {
    first = await mapPixels(page);
    return first.coloured > 500;
  });
  seen.coloured = Date.now() - begun;
  await until('the points move', async () => (await mapPixels(page)).picture !== first.picture);
  seen.changed = Date.now() - begun;
  expect(asked).toBeGreaterThan(0);
  expect(answered, 'the map came first').toBe(0);
  expect(await page.locator('body').innerText()).toMatch(/2,000 rows, 785 columns/);
  process.stdout.write(
    `first visit: coloured pixels after ${seen.coloured} ms, moved after ${seen.changed} ms (polled)\n`,
  );
  site.assertClean();
});

test('says in one line what is going on, and that a CSV can be dropped', async () => {
  const { page } = site;
  await page.getByText(/A small network is learning, in this page/).waitFor();
  await page.getByText(/Drop a CSV here, or open one/).waitFor();
});

test('goes on with all 10,000 rows once they are there, and the loss falls', async () => {
  const { page } = site;
  await page.getByText('10,000 rows, 785 columns').waitFor({ timeout: 60_000 });
  await until('the second epoch is done', async () => (await epoch(page)) >= 2, 60_000);
  expect(answered).toBeGreaterThan(0);
  const early = await losses(page);
  expect(early.train).toBeGreaterThan(0);
  const before = (await mapPixels(page)).picture;
  await until('the points move', async () => (await mapPixels(page)).picture !== before);
  await until('five more epochs', async () => (await epoch(page)) >= 7, 60_000);
  const late = await losses(page);
  expect(late.train).toBeLessThan(early.train);
  expect(late.heldout).toBeLessThan(early.heldout);
  // Every digit has its colour and its count.
  const items = named.classes(page);
  expect(await items.allInnerTexts()).toEqual(Array.from('0123456789'));
  const counts = await named.legend(page).locator('.legend-count').allInnerTexts();
  expect(counts.reduce((sum, text) => sum + Number.parseInt(text.replace(/,/g, ''), 10), 0)).toBe(10_000);
  site.assertClean();
});

test('ends by itself and says how it went', async () => {
  const { page } = site;
  const sentence = await ended(page, 110_000);
  expect(sentence).not.toBe('');
  expect(await runText(page)).toMatch(/finished/);
  expect(await named.progress(page).getAttribute('aria-valuenow')).toBe('100');
  await named.train(page).waitFor();
  const { received, frames } = await recording(page);
  const end = received.filter(({ message }) => message.type === 'progress').at(-1)?.message;
  expect(end?.['epoch']).toBe(end?.['epochs']);
  expect(frames.at(-1)).toMatchObject({ whole: true, rows: 10_000 });
  // The one file of each kind, asked for once, all from where the page is.
  expect(site.requests.filter((url) => url.endsWith('mnist-10k.tensor.gz'))).toHaveLength(1);
  expect(site.requests.filter((url) => url.endsWith('mnist-10k-head.tensor.gz'))).toHaveLength(1);
  site.assertClean();
});

test('what scripts and assistive technology hold on to has its name', async () => {
  const { page } = site;
  await page.getByText('More', { exact: true }).click();
  const group = page.getByRole('group', { name: 'Parameters', exact: true });
  const wanted = [
    page.getByLabel('Open a data file', { exact: true }),
    page.getByRole('combobox', { name: 'Data set', exact: true }),
    page.getByRole('table', { name: 'Columns', exact: true }),
    page.getByRole('combobox', { name: 'Role of digit', exact: true }),
    page.getByRole('radiogroup', { name: 'Method', exact: true }),
    page.getByRole('radio', { name: 'Autoencoder', exact: true }),
    ...['Epochs', 'Batch size', 'Learning rate', 'Hidden layers', 'Latent size', 'Seed', 'Held out'].map(
      (name) => group.getByRole('textbox', { name, exact: true }),
    ),
    ...['Train', 'Step', 'Stop', 'Theme'].map((name) => page.getByRole('button', { name, exact: true })),
    page.getByRole('progressbar', { name: 'Progress', exact: true }),
    ...['Loss', 'Map', 'Inspector', 'Legend', 'Rows'].map((name) =>
      page.getByRole('region', { name, exact: true }),
    ),
    page.getByRole('combobox', { name: 'Colour by', exact: true }),
    page.getByRole('slider', { name: 'Point size', exact: true }),
    named.legend(page).getByRole('button', { name: '7', exact: true }),
    page.getByRole('status', { name: 'Messages', exact: true }),
  ];
  const missing: string[] = [];
  for (const one of wanted) {
    if ((await one.count()) !== 1) missing.push(`${one}: ${await one.count()}`);
  }
  expect(missing).toEqual([]);
  site.assertClean();
});
