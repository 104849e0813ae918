// Looking at rows: by pointing, by pressing, by number, by class, by error, and in the table beside the map.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import {
  choose,
  clearSelection,
  dataSet,
  ended,
  epoch,
  field,
  mapPixels,
  named,
  numberIn,
  placeOfRow,
  record,
  resting,
  until,
} from './support.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite({ headers: 'none', before: record });
  await named.map(site.page).locator('canvas').first().waitFor();
});
afterAll(() => site.close());

const rowBox = () => named.inspector(site.page).getByRole('spinbutton');
const inspected = async (): Promise<string> =>
  (await named.inspector(site.page).innerText()).replace(/\s+/g, ' ');

/** How many different greys a picture of a row has. */
async function greys(name: RegExp): Promise<number> {
  return named
    .inspector(site.page)
    .getByRole('img', { name })
    .evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const context = (canvas as HTMLCanvasElement).getContext('2d');
      return new Set(context?.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 === 0)).size;
    });
}

/** Brings the pointer onto a row and gives its number. */
async function hover(): Promise<number> {
  const { page } = site;
  const { x, y } = await placeOfRow(page);
  await page.mouse.move(x - 1, y);
  await page.mouse.move(x, y);
  await until('a row is hovered', async () => (await rowBox().inputValue()) !== '');
  return Number(await rowBox().inputValue());
}

describe('images', () => {
  beforeAll(async () => {
    const { page } = site;
    await until('the second epoch is done', async () => (await epoch(page)) >= 2, 60_000);
    await named.stop(page).click();
    await ended(page);
    await resting(page);
  });

  test('hovering shows the image, its reconstruction, its error and its code', async () => {
    const { page } = site;
    const row = await hover();
    expect(row).toBeGreaterThan(0);
    const inspector = named.inspector(page);
    await inspector.getByRole('img', { name: /as it is$/ }).waitFor();
    await inspector.getByRole('img', { name: /as the model reconstructs it$/ }).waitFor();
    await inspector.getByRole('img', { name: /^Reconstruction minus row/ }).waitFor();
    expect(await greys(/as it is$/)).toBeGreaterThan(8);
    expect(await greys(/as the model reconstructs it$/)).toBeGreaterThan(8);
    const text = await inspected();
    expect(text).toMatch(/digit \d/);
    expect(numberIn(text.split('Error')[1] ?? '')).toBeGreaterThan(0);
    expect(text).toMatch(/z1 [−\d.]+.* z2 [−\d.]+/);
    await page.mouse.move(5, 5);
    await inspector.getByText(/Point at a row on the map/).waitFor();
    site.assertClean();
  });

  test('a press keeps the row, and letting go lets go', async () => {
    const { page } = site;
    const { x, y } = await placeOfRow(page);
    await page.mouse.click(x, y);
    await page.mouse.move(5, 5);
    await page.getByRole('button', { name: 'Let go of the row' }).waitFor();
    const kept = Number(await rowBox().inputValue());
    expect(kept).toBeGreaterThan(0);
    await named
      .inspector(page)
      .getByRole('img', { name: new RegExp(`^Row ${kept.toLocaleString('en')} as it is`) })
      .waitFor();
    await page.getByRole('button', { name: 'Let go of the row' }).click();
    await named
      .inspector(page)
      .getByText(/Point at a row on the map/)
      .waitFor();
    site.assertClean();
  });

  test('rows are stepped through and gone to by number', async () => {
    const { page } = site;
    await page.getByRole('button', { name: 'Next row' }).click();
    expect(await rowBox().inputValue()).toBe('1');
    await page.getByRole('button', { name: 'Next row' }).click();
    expect(await rowBox().inputValue()).toBe('2');
    await page.getByRole('button', { name: 'Previous row' }).click();
    expect(await rowBox().inputValue()).toBe('1');
    await rowBox().fill('4321');
    await rowBox().press('Enter');
    await named
      .inspector(page)
      .getByRole('img', { name: /^Row 4,321 as it is/ })
      .waitFor();
    await rowBox().fill('99999');
    await rowBox().press('Enter');
    await until('the last row', async () => (await rowBox().inputValue()) === '10000');
    await page.getByRole('button', { name: 'Let go of the row' }).click();
  });

  test('a class that is selected stands out, and goes back', async () => {
    const { page } = site;
    /* The row that was pressed is let go, but still selected. */
    await clearSelection(page);
    await page.mouse.move(5, 5);
    const plain = await resting(page);
    const seven = named.legend(page).getByRole('button', { name: '7', exact: true });
    await seven.click();
    expect(await seven.getAttribute('aria-pressed')).toBe('true');
    await until('it stands out', async () => (await mapPixels(page)).picture !== plain);
    await seven.click();
    expect(await seven.getAttribute('aria-pressed')).toBe('false');
    await page.mouse.move(5, 5);
    expect(await resting(page)).toBe(plain);
    site.assertClean();
  });

  test('the map can be coloured by error, with a scale in place of classes', async () => {
    const { page } = site;
    const menu = page.getByRole('combobox', { name: 'Colour by', exact: true });
    const before = await resting(page);
    await menu.selectOption('error');
    await until('other colours', async () => (await mapPixels(page)).picture !== before);
    expect((await named.legend(page).getByRole('heading').innerText()).toLowerCase()).toContain('error');
    expect(await named.classes(page).count()).toBe(0);
    const [lo, hi] = await named.legend(page).locator('.legend-ends span').allInnerTexts();
    expect(numberIn(hi ?? '')).toBeGreaterThan(numberIn(lo ?? ''));
    await menu.selectOption({ label: 'digit' });
    await until('the digits are back', async () => (await named.classes(page).count()) === 10);
    expect(await resting(page)).toBe(before);
    site.assertClean();
  });
});

describe('a table', () => {
  beforeAll(async () => {
    await choose(site.page, 'iris');
    await resting(site.page);
  });

  test('hovering shows value, model and residual of each feature', async () => {
    const { page } = site;
    await hover();
    const values = page.getByRole('region', { name: 'Values', exact: true });
    await values.waitFor();
    const rows = await values.locator('tbody tr').allInnerTexts();
    expect(rows).toHaveLength(4);
    for (const row of rows) {
      const [, value, model] = row.split('\t');
      // In the units of the file: centimetres, and not far off after training.
      expect(Math.abs(numberIn(model ?? '') - numberIn(value ?? ''))).toBeLessThan(2);
      expect(numberIn(value ?? '')).toBeGreaterThan(0);
    }
    await page.mouse.move(5, 5);
  });

  test('the table of rows has the same rows, and going through it moves the inspector', async () => {
    const { page } = site;
    const rows = page.getByRole('region', { name: 'Rows', exact: true });
    await rows.getByRole('button', { name: 'Rows' }).click();
    const grid = rows.getByRole('grid');
    await grid.waitFor();
    expect(await grid.getAttribute('aria-rowcount')).toBe('151');
    await until('cells have been read', async () => /setosa/.test(await grid.innerText()));
    const first = (await grid.locator('tbody tr').first().innerText()).split('\t').map((cell) => cell.trim());
    expect(first[0]).toBe('1');
    expect(first.join(' ')).toMatch(/5\.1 3\.5 1\.4 0\.2/);
    await grid.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await until('row 3 is kept', async () => (await rowBox().inputValue()) === '3');
    await until('its values', async () => /4\.7 .*3\.2 .*1\.3 .*0\.2/.test(await inspected()));
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await until('the last row is kept', async () => (await rowBox().inputValue()) === '150');
    await page.keyboard.press('Escape');
    await named
      .inspector(page)
      .getByText(/Point at a row on the map/)
      .waitFor();
    await rows.getByRole('button', { name: 'Rows' }).click();
    site.assertClean();
  });

  test('a code of one number and one of five can both be looked at', async () => {
    const { page } = site;
    for (const [latent, axes] of [
      ['1', 0],
      ['5', 2],
    ] as const) {
      await field(page, 'Latent size').fill(latent);
      await field(page, 'Latent size').press('Enter');
      await named.train(page).click();
      await until(
        'a map of that code',
        async () => (await page.locator('.map-axes select').count()) === axes,
      );
      await ended(page);
      await page.getByRole('button', { name: 'Next row' }).click();
      await until(
        'its code has so many numbers',
        async () => (await page.locator('.latent-cell').count()) === Number(latent),
      );
    }
    const before = await resting(page);
    await page.locator('.map-axes select').first().selectOption({ label: 'z4' });
    await until('other axes, another map', async () => (await mapPixels(page)).picture !== before);
    expect((await mapPixels(page)).coloured).toBeGreaterThan(100);
    expect(await dataSet(page).inputValue()).toBe('iris');
    site.assertClean();
  });
});
