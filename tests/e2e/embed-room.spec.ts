// What is in a figure has room there: tools hide no rows, and nothing that is to be read is cut off.

import type { Browser, Frame } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { event, figure, frameOf, MODULE, openSites, read, type Sites } from './embed-support.ts';
import { launch } from './harness/index.ts';
import { until } from './support.ts';

let sites: Sites;
let browser: Browser;

beforeAll(async () => {
  sites = await openSites();
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await sites?.close();
});

/** What lies over the map but the buttons of its view, and which words are wider or higher than their places. */
const crowded = (frame: Frame): Promise<{ over: string[]; cut: string[] }> =>
  frame.evaluate(() => {
    const map = document.querySelector('.map')?.getBoundingClientRect();
    const over = [...document.querySelectorAll('.figure-bar, .map-toolbar, .legend, .selection-bar')].filter(
      (element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        return !map || (left < map.right && right > map.left && top < map.bottom - 1 && bottom > map.top + 1);
      },
    );
    const words = [...document.querySelectorAll('.selection-number, .outcome, .outcome > span')];
    const cut = words.filter(
      (element) =>
        element.clientHeight === 0 ||
        element.scrollWidth > element.clientWidth + 1 ||
        element.scrollHeight > element.clientHeight + 1,
    );
    const names = (elements: Element[]): string[] =>
      elements.map(({ className, textContent }) => `${className}: ${textContent}`);
    return { over: names(over), cut: names(cut) };
  });

test('at any usual width nothing lies over the rows, and no words are cut off', async () => {
  const url = sites.article({
    body:
      '<div id="column" style="width: 1100px">' +
      `${figure('select="setosa" start="load" height="480"')}</div>${MODULE(sites.all)}`,
  });
  const article = await read(browser, url, { viewport: { width: 1200, height: 700 } });
  const { page } = article;
  try {
    const link = page.locator('#figure a');
    expect(await link.innerText()).toBe('Open in Unfold');
    const before = await page.locator('#figure iframe').boundingBox();
    /* As many as its attribute says, not as its data have by default: that came before the training. */
    expect((await event(page, 'finished'))['epochs']).toBe(5);
    await page.evaluate(() =>
      (
        document.getElementById('figure') as HTMLElement & { retrain(options: object): Promise<unknown> }
      ).retrain({ focus: 1, epochs: 2 }),
    );
    const frame = frameOf(page);
    await frame
      .locator('.outcome', { hasText: 'most forgotten' })
      .or(frame.locator('.outcome', { hasText: 'rest' }))
      .first()
      .waitFor();
    await until('there is a link', async () => (await link.getAttribute('href')) !== null);
    /* The link takes the place that its words have held. */
    expect(await page.locator('#figure iframe').boundingBox()).toEqual(before);
    for (const width of [1100, 1030, 800, 680, 560, 390, 320]) {
      await page.evaluate((to) => {
        (document.getElementById('column') as HTMLElement).style.width = `${to}px`;
      }, width);
      await until(`${width}`, () => frame.evaluate((to) => Math.abs(innerWidth - to) <= 4, width));
      expect(await crowded(frame), `${width} px`).toEqual({ over: [], cut: [] });
    }
    expect(article.problems).toEqual([]);
  } finally {
    await article.close();
  }
});
