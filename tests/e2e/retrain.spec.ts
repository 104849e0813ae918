// Retraining as a person does it: select, retrain, see what was forgotten, go back; by pointer and by keyboard.

import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import { clumps, drop, ended, lastPositions, named, record, recording, until } from './support.ts';

let site: Site;
let page: Page;

beforeEach(async () => {
  site = await openSite({ before: record });
  page = site.page;
});
afterEach(async () => {
  await site.close();
});

const region = (name: string) => page.getByRole('region', { name, exact: true });
const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
const selectionText = (): Promise<string> => region('Selection').innerText();
const returnTo = (id: number) =>
  region('Retrains').getByRole('button', { name: `Return to ${id}`, exact: true });
const selectClass = (name: string): Promise<void> =>
  region('Legend').getByRole('button', { name, exact: true }).click();

const sent = async (type: string) =>
  (await recording(page)).sent.filter(({ message }) => message.type === type).map(({ message }) => message);

/** A table of clumps, trained with the page's defaults. */
async function trained(rows = 600): Promise<void> {
  await named.map(page).locator('canvas').first().waitFor();
  await drop(page, [{ name: 'clumps.csv', bytes: clumps(rows) }]);
  await until('the clumps are shown', async () =>
    (await page.locator('.shape').innerText()).startsWith(`${rows} rows`),
  );
  await ended(page);
}

/** Waits until the model has gone through a retrain and its state is the `n`th of the list. */
async function at(n: number): Promise<void> {
  await until(`the model is at ${n}`, async () => {
    const button = returnTo(n);
    return (await button.count()) === 1 && !(await button.isEnabled()) && !(await runs());
  });
  await ended(page);
}

const runs = async (): Promise<boolean> =>
  page.getByRole('button', { name: 'Pause', exact: true }).isVisible();

async function retrain(n: number): Promise<void> {
  await press('Retrain on selection');
  await at(n);
}

const colourBy = () => page.getByRole('combobox', { name: 'Colour by', exact: true });
const box = (name: string) => page.getByRole('textbox', { name, exact: true });

const bytes = (positions: Float32Array): Buffer => Buffer.from(positions.buffer);

test('a class is retrained on: its error falls, others rise, and Return to 0 brings every bit back', async () => {
  await trained();
  const before = await lastPositions(page);
  await selectClass('green');
  await expect.poll(selectionText).toContain('200 of 600 selected');
  expect(await selectionText()).toMatch(/5 epochs, \d+ steps of \d+ rows from the selection/);
  await retrain(1);

  const list = region('Retrains');
  const story = await list.locator('.story').innerText();
  const [, fell, rose] =
    /^Kind green −([\d.]+) %, rest \+([\d,.]+) %; most forgotten: kind (red|blue)\.$/.exec(story) ?? [];
  expect(Number(fell), story).toBeGreaterThan(0);
  expect(Number(rose?.replace(',', '')), story).toBeGreaterThan(0);
  const table = list.getByRole('table');
  for (const name of ['Selection', 'Rest', 'green', 'red', 'blue']) {
    expect(await table.getByRole('rowheader', { name }).count(), name).toBeGreaterThan(0);
  }
  expect(await list.innerText()).toMatch(/Distance correlation/);
  const after = await lastPositions(page);
  expect(bytes(after).equals(bytes(before))).toBe(false);

  // What was asked of the worker is what the page had said.
  expect((await sent('run')).at(-1)?.['fit']).toMatchObject({ epochs: 5, focus: 1 });
  expect((await sent('measure')).length).toBe(2);

  await returnTo(0).click();
  await at(0);
  expect(bytes(await lastPositions(page)).equals(bytes(before))).toBe(true);
  // The selection is still there, and the same retrain gives the same bits, in a branch of its own.
  expect(await selectionText()).toContain('200 of 600 selected');
  await retrain(2);
  expect(bytes(await lastPositions(page)).equals(bytes(after))).toBe(true);
  await returnTo(1).click();
  await at(1);
  expect(bytes(await lastPositions(page)).equals(bytes(after))).toBe(true);
  site.assertClean();
});

test('undo and redo walk selections, colours and retrains, and stop at the ends (row 72)', async () => {
  await trained();
  const undo = page.getByRole('button', { name: 'Undo', exact: true });
  const redo = page.getByRole('button', { name: 'Redo', exact: true });
  const disabled = async (button: typeof undo): Promise<boolean> =>
    (await button.getAttribute('aria-disabled')) === 'true' || !(await button.isEnabled());
  expect(await disabled(undo)).toBe(true);
  await page.keyboard.press('Control+z');
  const start = await lastPositions(page);

  await selectClass('red');
  await expect.poll(selectionText).toContain('200 of 600 selected');
  await retrain(1);
  const after = await lastPositions(page);
  await colourBy().selectOption('error');
  await press('Invert');
  await expect.poll(selectionText).toContain('400 of 600 selected');

  await undo.click();
  await expect.poll(selectionText).toContain('200 of 600 selected');
  await undo.click();
  await expect.poll(() => colourBy().inputValue()).not.toBe('error');
  await undo.click();
  await at(0);
  expect(bytes(await lastPositions(page)).equals(bytes(start))).toBe(true);
  await undo.click();
  await expect.poll(selectionText).toContain('0 of 600 selected');
  expect(await disabled(undo)).toBe(true);

  await page.keyboard.press('Control+Shift+z');
  await expect.poll(selectionText).toContain('200 of 600 selected');
  await page.keyboard.press('Control+y');
  await at(1);
  expect(bytes(await lastPositions(page)).equals(bytes(after))).toBe(true);
  // A change after an undo: what could have been redone is gone.
  await undo.click();
  await at(0);
  await press('Clear');
  await expect.poll(() => disabled(redo)).toBe(true);
  site.assertClean();
});

test('undo during a retrain leaves the model and its settings alone (row 72)', async () => {
  await trained(600);
  await selectClass('blue');
  await expect.poll(selectionText).toContain('200 of 600 selected');
  await retrain(1);
  // The next retrain takes long enough to be met in the middle.
  await page.getByRole('button', { name: /^Retrain settings/ }).click();
  await box('Retrain epochs').fill('4000');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await press('Retrain on selection');
  await until('it trains', runs);
  await page.keyboard.press('Control+z');
  await page.waitForTimeout(500);
  expect(await runs()).toBe(true);
  expect((await sent('restore')).length).toBe(0);
  const messages = page.getByRole('status', { name: 'Messages' });
  expect(await messages.or(page.getByLabel('Messages')).first().innerText()).toMatch(
    /Stop the training first/,
  );
  await press('Pause');
  await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
  await press('Resume');
  await press('Stop');
  await at(2);
  const epochs = (await recording(page)).received.findLast(
    ({ message }) =>
      message.type === 'reply' && (message['value'] as { outcome?: string })?.outcome === 'stopped',
  );
  expect(epochs).toBeDefined();
  site.assertClean();
});

test('excluding rows and training from scratch on a selection; the map stays where it was', async () => {
  await trained();
  await selectClass('green');
  await expect.poll(selectionText).toContain('200 of 600 selected');
  await press('Exclude');
  await at(1);
  expect((await sent('run')).at(-1)?.['fit']).toMatchObject({ focus: 0 });
  expect(await region('Retrains').innerText()).toContain('Trained without');

  const before = await lastPositions(page);
  await press('Train from scratch on selection');
  await at(2);
  expect((await sent('run')).at(-1)?.['fit']).toMatchObject({ focus: 1, fresh: true });
  const after = await lastPositions(page);
  // Aligned to the map before: the same middle and no wider than it, by the definition of the least squares fit.
  const middle = (p: Float32Array, axis: number): number => {
    let sum = 0;
    for (let i = axis; i < p.length; i += 2) sum += p[i] as number;
    return (2 * sum) / p.length;
  };
  const size = (p: Float32Array): number => {
    const at = [middle(p, 0), middle(p, 1)];
    let sum = 0;
    for (let i = 0; i < p.length; i++) sum += ((p[i] as number) - (at[i % 2] as number)) ** 2;
    return Math.sqrt((2 * sum) / p.length);
  };
  for (const axis of [0, 1]) {
    expect(Math.abs(middle(after, axis) - middle(before, axis))).toBeLessThan(1e-4 * size(before));
  }
  expect(size(after)).toBeLessThanOrEqual(size(before) * 1.0001);
  expect(size(after)).toBeGreaterThan(size(before) * 0.2);
  await returnTo(1).click();
  await at(1);
  expect(bytes(await lastPositions(page)).equals(bytes(before))).toBe(true);
  await returnTo(2).click();
  await at(2);
  expect(bytes(await lastPositions(page)).equals(bytes(after))).toBe(true);
  site.assertClean();
});

test('by keyboard alone: a class, a range and a draw of rows, a retrain and the way back', async () => {
  await trained();
  const open = page.getByRole('button', { name: /^Select by/ });
  await open.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /^Select by/ });
  const classes = dialog.getByRole('combobox', { name: 'Class', exact: true });
  await expect.poll(() => classes.locator('option').count()).toBe(3);
  await classes.focus();
  await classes.selectOption({ index: 1 });
  await dialog.getByRole('button', { name: 'Select', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(selectionText).toContain('200 of 600 selected');
  if (!(await dialog.isVisible())) {
    await open.focus();
    await page.keyboard.press('Enter');
  }
  await dialog.getByRole('radio', { name: 'Range', exact: true }).check();
  await dialog.getByRole('combobox', { name: 'Column', exact: true }).selectOption({ label: 'a' });
  await dialog.getByRole('textbox', { name: 'From', exact: true }).fill('0.5');
  await dialog.getByRole('button', { name: 'Select', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(selectionText).toMatch(/(?!200)\d+ of 600 selected\s+.*a .*0\.5/);
  await page.keyboard.press('Escape');
  const rows = box('Random rows');
  await rows.focus();
  await rows.fill('45');
  await page.getByRole('button', { name: 'Random', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect.poll(selectionText).toContain('45 of 600 selected');
  await expect.poll(() => page.getByLabel('Messages').first().innerText()).toContain('45 of 600 selected');
  await page.getByRole('slider', { name: 'Focus' }).focus();
  await page.keyboard.press('Home');
  const share = await page.getByRole('slider', { name: 'Focus' }).getAttribute('aria-valuetext');
  expect(share).toMatch(/^[78](\.\d)? % of the loss$/);
  expect(await selectionText()).toMatch(/from the selection, \d+ from the rest/);
  await page.locator('body').click({ position: { x: 700, y: 20 } });
  await page.keyboard.press('r');
  await at(1);
  await returnTo(0).focus();
  await page.keyboard.press('Enter');
  await at(0);
  site.assertClean();
});

test('all rows and selected rows are saved as CSV, in the order of the file', async () => {
  await trained(60);
  await selectClass('blue');
  await expect.poll(selectionText).toContain('20 of 60 selected');
  const save = async (name: string): Promise<string[][]> => {
    await press('Export');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name, exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.csv$/);
    const text = readFileSync(await download.path(), 'utf8');
    return text
      .trim()
      .split(/\r?\n/)
      .map((line) => line.split(','));
  };
  const all = await save('All rows (CSV)');
  expect(all[0]).toEqual(['id', 'kind', 'z1', 'z2', 'x', 'y', 'error', 'selected']);
  expect(all.length).toBe(61);
  const positions = await lastPositions(page);
  for (const [i, row] of all.slice(1).entries()) {
    expect(row[0]).toBe(String(i));
    expect(row[1]).toBe(['red', 'green', 'blue'][i % 3]);
    expect(row[7]).toBe(i % 3 === 2 ? '1' : '0');
    expect(Math.fround(Number(row[4]))).toBe(positions[2 * i]);
    expect(Math.fround(Number(row[5]))).toBe(positions[2 * i + 1]);
  }
  const some = await save('Selected rows (CSV)');
  expect(some.slice(1).map((row) => row[0])).toEqual(Array.from({ length: 20 }, (_, i) => String(3 * i + 2)));
  expect(site.requests.filter((url) => !url.startsWith(site.url) && !/^(blob|data):/.test(url))).toEqual([]);
  site.assertClean();
});
