// A phone, 390 × 844, by touch alone: from a file to a retrain and back (rows 70 and 71 of the catalogue).
import type { CDPSession, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import { clumps, ended, named, numberIn, pauseFor, resting, until } from './support.ts';

const ROWS = 120;

let site: Site;
let session: CDPSession;

beforeAll(async () => {
  site = await openSite({
    headers: 'none',
    context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  });
  session = await site.context.newCDPSession(site.page);
});
afterAll(() => site.close());

const tab = (name: string): Locator =>
  site.page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name, exact: true });
const sheet = (name: string): Locator => site.page.getByRole('dialog', { name, exact: true });
const strip = (): Locator => site.page.getByRole('region', { name: 'Selection', exact: true });

async function boxOf(what: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await what.boundingBox();
  if (box === null) throw new Error(`${what} is not shown.`);
  return box;
}

type Place = [x: number, y: number];

async function finger(type: 'touchStart' | 'touchMove' | 'touchEnd', place?: Place): Promise<void> {
  const touchPoints = place ? [{ x: place[0], y: place[1], id: 0 }] : [];
  await session.send('Input.dispatchTouchEvent', { type, touchPoints });
}

async function slide(path: Place[]): Promise<void> {
  for (const [i, to] of path.entries()) {
    const from = path[i - 1];
    if (!from) continue;
    for (const t of [0.25, 0.5, 0.75, 1]) {
      await finger('touchMove', [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t]);
    }
  }
  /* The finger rests before it is lifted: after a throw the browser takes the next tap for a stop. */
  await pauseFor(200);
}

async function noSidewaysScroll(): Promise<void> {
  const [wide, width] = await site.page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(wide).toBeLessThanOrEqual(width ?? 0);
}

/** Whatever can be pressed and is in sight: smaller than `least` in one direction. */
function small(least: number): Promise<string[]> {
  return site.page.evaluate((size) => {
    const found: string[] = [];
    for (const one of document.querySelectorAll('button, select, input, summary, label.button, a[href]')) {
      /* What a label draws is as large as the label; words in a sentence have the sentence's height. */
      const shown = one.matches('.visually-hidden') ? null : (one.closest('label') ?? one);
      if (!shown?.checkVisibility()) continue;
      const { width, height } = shown.getBoundingClientRect();
      if (Math.min(width, height) < size - 0.5)
        found.push(
          `${Math.round(width)} × ${Math.round(height)}: ${one.outerHTML.replace(/<svg.*<\/svg>/, '').slice(0, 120)}`,
        );
    }
    return found;
  }, least);
}

test('a file, a training, a lasso, a retrain, what it changed, and back', async () => {
  const { page } = site;
  await tab('Data').waitFor();
  const chosen = page.waitForEvent('filechooser');
  await page.locator('.top-bar label.button').tap();
  await (await chosen).setFiles({
    name: 'clumps.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(clumps(ROWS)),
  });
  await strip().getByText(`0 of ${ROWS} selected`).waitFor();
  await ended(page);
  await resting(page);
  await noSidewaysScroll();

  const map = await boxOf(named.map(page));
  expect(map.height).toBeGreaterThan(844 / 2);
  const at = (x: number, y: number): Place => [map.x + x * map.width, map.y + y * map.height];
  /* The left half, after a long press. */
  await finger('touchStart', at(0.02, 0.02));
  await page.locator('.map-shape .ring-way').waitFor();
  await page.locator('.map-shape .ring-way').waitFor({ state: 'hidden' });
  await slide([at(0.02, 0.02), at(0.5, 0.02), at(0.5, 0.98), at(0.02, 0.98)]);
  await finger('touchEnd');
  const counted = async (): Promise<number> => numberIn(await strip().innerText());
  await until('rows are selected', async () => (await counted()) > 0);
  expect(await counted()).toBeLessThan(ROWS);

  const retrain = strip().getByRole('button', { name: 'Retrain on selection' });
  await until(
    'the rows can be trained on',
    async () => (await retrain.getAttribute('aria-disabled')) !== 'true',
  );
  await retrain.tap();
  await tab('Retrains').tap();
  const compared = sheet('Retrains').getByRole('table', { name: 'Error before and after' });
  await compared.waitFor();
  await ended(page);
  /* What has changed is read beside the map, and the map is still there to be touched. */
  const under = await boxOf(sheet('Retrains'));
  const above = await boxOf(named.map(page));
  expect(above.height).toBeGreaterThan(150);
  expect(above.y + above.height).toBeLessThanOrEqual(under.y + 1);
  await noSidewaysScroll();

  await sheet('Retrains').getByRole('button', { name: 'Return to 0' }).tap();
  await sheet('Retrains').locator('[aria-current="step"]').getByText('Trained').waitFor();
  await compared.waitFor({ state: 'hidden' });

  /* The rows are let go with another touch, where there is none. */
  await page.touchscreen.tap(above.x + 4, above.y + 4);
  await tab('Retrains').tap();
  await strip().getByText(`0 of ${ROWS} selected`).waitFor();
  site.assertClean();
});

test('a sheet is opened, made larger, dragged and closed in more than one way, and the focus goes along', async () => {
  const { page } = site;
  const focused = (): Promise<string | null> =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? null);
  await tab('Inspect').tap();
  await sheet('Inspect').waitFor();
  expect(await focused()).toBe('Inspect');
  expect(await tab('Inspect').getAttribute('aria-expanded')).toBe('true');
  await tab('Legend').tap();
  await sheet('Legend').getByRole('region', { name: 'Legend' }).waitFor();
  expect(await sheet('Inspect').count()).toBe(0);

  const { height } = await boxOf(sheet('Legend'));
  await page.getByRole('button', { name: 'Make the panel larger' }).tap();
  expect((await boxOf(sheet('Legend'))).height).toBeGreaterThan(height + 80);
  expect((await boxOf(named.map(page))).height).toBeGreaterThan(80);
  await page.getByRole('button', { name: 'Make the panel smaller' }).tap();
  expect((await boxOf(sheet('Legend'))).height).toBe(height);

  await sheet('Legend').getByRole('button', { name: 'Close Legend' }).tap();
  await sheet('Legend').waitFor({ state: 'hidden' });
  expect(await focused()).toBe('Legend');
  await tab('Legend').tap();
  await sheet('Legend').waitFor();
  await page.keyboard.press('Escape');
  await sheet('Legend').waitFor({ state: 'hidden' });
  expect(await focused()).toBe('Legend');

  await tab('Legend').tap();
  const handle = await boxOf(page.getByRole('button', { name: 'Make the panel larger' }));
  const grip: Place = [handle.x + handle.width / 2, handle.y + handle.height / 2];
  await finger('touchStart', grip);
  await slide([grip, [grip[0], grip[1] - 100]]);
  await finger('touchEnd');
  expect((await boxOf(sheet('Legend'))).height).toBeCloseTo(height + 100, -1);
  await finger('touchStart', [grip[0], grip[1] - 100]);
  await slide([
    [grip[0], grip[1] - 100],
    [grip[0], grip[1] + 400],
  ]);
  await finger('touchEnd');
  await sheet('Legend').waitFor({ state: 'hidden' });
  site.assertClean();
});

test('every control is large enough for a finger, and none is left out of the sheets', async () => {
  const { page } = site;
  const names = ['Data', 'Method', 'Select', 'Inspect', 'Rows', 'Retrains', 'Legend', 'Loss'];
  for (const name of names) {
    await tab(name).tap();
    await sheet(name).waitFor();
    expect(await small(24), name).toEqual([]);
    await noSidewaysScroll();
  }
  for (const name of names) expect((await boxOf(tab(name))).height).toBeGreaterThanOrEqual(44);
  /* A row touched in the table is the one on the map. */
  await tab('Rows').tap();
  await sheet('Rows').getByRole('row').nth(2).tap();
  await page.getByRole('button', { name: 'Close Rows' }).tap();
  await strip().getByText(`1 of ${ROWS} selected`).waitFor();
  site.assertClean();
});

test('a keyboard on the screen does not cover the field that is typed in', async () => {
  const { page } = site;
  await tab('Method').tap();
  const field = sheet('Method').getByLabel('Latent size');
  await field.tap();
  /* The page asks for its window to become as low as the keyboard leaves it (interactive-widget). */
  await page.setViewportSize({ width: 390, height: 470 });
  await until('the field is in sight', () =>
    field.evaluate((one) => {
      one.scrollIntoView({ block: 'nearest' });
      const { x, y, width, height } = one.getBoundingClientRect();
      return document.elementFromPoint(x + width / 2, y + height / 2) === one;
    }),
  );
  expect(await page.locator('meta[name="viewport"]').getAttribute('content')).toContain(
    'interactive-widget=resizes-content',
  );
  await field.fill('3');
  await field.press('Enter');
  await noSidewaysScroll();
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await field.inputValue()).toBe('3');
  site.assertClean();
});
