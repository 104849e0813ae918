// What a column is used for is the person's to say, and everything that follows from it is done and told.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import {
  clumps,
  drop,
  ended,
  lastPositions,
  mapPixels,
  named,
  noteTexts,
  numberIn,
  record,
  resting,
  until,
} from './support.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite({ headers: 'none', before: record });
  const { page } = site;
  await named.map(page).locator('canvas').first().waitFor();
  await drop(page, [{ name: 'clumps.csv', bytes: clumps(300) }]);
  await page.getByText('300 rows, 7 columns', { exact: true }).waitFor();
  await ended(page);
});
afterAll(() => site.close());

const role = (column: string) => site.page.getByLabel(`Role of ${column}`, { exact: true });

/** Waits until another model of so many numbers has been trained to its end. */
async function trainedOn(numbers: number, before: Float32Array): Promise<void> {
  const { page } = site;
  await until(`there are ${numbers} numbers`, async () =>
    (await noteTexts(page)).some((note) => note === `300 rows of ${numbers} numbers.`),
  );
  await ended(page);
  await until('the map is of another model', async () => {
    const now = await lastPositions(page);
    return now.length === before.length && now.some((v, i) => v !== before[i]);
  });
}

test('the table of columns shows each with its guessed role', async () => {
  const { page } = site;
  const columns = page.getByRole('table', { name: 'Columns', exact: true });
  await columns.waitFor();
  for (const name of 'abcdef') expect(await role(name).inputValue()).toBe('feature');
  expect(await role('kind').inputValue()).toBe('label');
  expect(await noteTexts(page)).toContainEqual('300 rows of 6 numbers.');
});

test('a column that is ignored is learned from no more, and training works again', async () => {
  const { page } = site;
  const before = await lastPositions(page);
  await role('b').selectOption('ignored');
  await trainedOn(5, before);
  expect(await role('b').inputValue()).toBe('ignored');
  // The inspector lists the features that are left.
  await page.getByRole('button', { name: 'Next row' }).click();
  const values = page.getByRole('region', { name: 'Values', exact: true });
  await values.waitFor();
  expect(await values.locator('tbody th').allInnerTexts()).toEqual(['a', 'c', 'd', 'e', 'f']);
  await named.train(page).click();
  await until('it has trained on', async () =>
    /goes on from epoch/.test(await page.locator('body').innerText()),
  );
  await ended(page);
  site.assertClean();
});

test('a column that is used again is there again', async () => {
  const before = await lastPositions(site.page);
  await role('b').selectOption('feature');
  await trainedOn(6, before);
  site.assertClean();
});

test('another scaling is said, and changes what the mean is worth', async () => {
  const { page } = site;
  const baseline = async (): Promise<number> => {
    const note = (await noteTexts(page)).find((text) => text.startsWith('Predicting the mean')) ?? '';
    return numberIn(note.split('error of')[1] ?? '');
  };
  // Standardised columns have variance 1.
  expect(await baseline()).toBeCloseTo(1, 2);
  const scaling = page.getByRole('combobox', { name: 'Scaling', exact: true });
  await scaling.selectOption('minmax');
  await until('the numbers are between 0 and 1', async () => (await baseline()) < 0.25);
  expect((await noteTexts(page)).join(' ')).toMatch(/0.{1,6}1/);
  await ended(page);
  await scaling.selectOption('auto');
  await until('they are standardised again', async () => (await baseline()) > 0.9);
  await ended(page);
  site.assertClean();
});

test('another label recolours the map and renames the legend, without training again', async () => {
  const { page } = site;
  await ended(page);
  const places = await lastPositions(page);
  await page.mouse.move(5, 5);
  const coloured = await resting(page);
  expect(await named.legend(page).getByRole('heading').innerText()).toBe('kind');
  await role('kind').selectOption('ignored');
  await until('the colours have changed', async () => (await mapPixels(page)).picture !== coloured);
  expect(await named.classes(page).count()).toBe(0);
  await role('kind').selectOption('label');
  await until('the legend is back', async () => (await named.classes(page).count()) === 3);
  expect(await resting(page)).toBe(coloured);
  expect(await lastPositions(page)).toEqual(places);
  site.assertClean();
});
