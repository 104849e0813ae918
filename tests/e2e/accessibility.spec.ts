// What axe finds in every state of the page that people meet, in both themes and at four sizes; no sideways scroll;
// forced colours and reduced motion (rows 70 and 71 of the catalogue).
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import { clumps, drop, ended, epoch, mapPixels, named, root, still, until } from './support.ts';

const axe = readFileSync(resolve(root, 'node_modules/axe-core/axe.min.js'), 'utf8');

interface Finding {
  id: string;
  impact: string | null;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** Everything axe finds, one line each; nothing when all is well. */
async function findings(page: Page, rules: object): Promise<string[]> {
  await still(page);
  const options = JSON.stringify({ resultTypes: ['violations'], rules });
  const found = (await page.evaluate(
    `(async () => (await axe.run(document, ${options})).violations)()`,
  )) as Finding[];
  return found.flatMap(({ id, impact, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => {
      const why = failureSummary?.split('\n')[1]?.trim() ?? '';
      return `${id} (${impact}): ${help}: ${html.slice(0, 160)} ${why}`;
    }),
  );
}

async function check(site: Site, state: string, rules: object = {}): Promise<void> {
  const { page } = site;
  expect(await findings(page, rules), state).toEqual([]);
  const [wide, high, width, height] = await page.evaluate(() => {
    const { scrollWidth, scrollHeight } = document.documentElement;
    return [scrollWidth, scrollHeight, innerWidth, innerHeight] as const;
  });
  expect(wide, `${state}: no sideways scroll`).toBeLessThanOrEqual(width);
  /* Beside the map the panels scroll, never the page. */
  if (width >= 900) expect(high, `${state}: the page does not scroll`).toBeLessThanOrEqual(height);
}

/** Opens the page with axe at hand: the policy would refuse a script that is put in later. */
function open(context: BrowserContextOptions): Promise<Site> {
  return openSite({
    headers: 'none',
    context,
    allow: /^Console error: bad_file: /,
    before: (page) => page.addInitScript({ content: axe }),
  });
}

/** Buttons that open a dialog once rows are selected. Whoever adds one to the page adds it here. */
const DIALOGS: readonly (string | RegExp)[] = [
  'Select by…',
  /^Saved selections/,
  /^Retrain settings/,
  'Export',
  'Share',
];

/** Of the sheets that panels are in in a narrow window. */
const tab = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'Panels' }).getByRole('button', { name, exact: true });

const SHEETS = ['Data', 'Method', 'Select', 'Inspect', 'Rows', 'Retrains', 'Legend', 'Loss'];

/** Bytes that no table begins with. */
const PNG_START = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB', 'base64');

const SIZES = [
  [1440, 900],
  [900, 700],
  [390, 844],
] as const;

test.each(['light', 'dark'] as const)(
  'axe finds nothing in any state in the %s theme',
  async (colorScheme) => {
    const site = await open({ colorScheme });
    const { page } = site;
    /** The state beside its panels and above its tabs; what is in the sheets is checked once. */
    const everywhere = async (state: string): Promise<void> => {
      /* The dark theme has other colours, at the same places. */
      for (const [width, height] of colorScheme === 'light' ? SIZES : SIZES.slice(0, 1)) {
        await page.setViewportSize({ width, height });
        await check(site, `${state}, ${width} × ${height}`);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
    };
    try {
      await until('the first visit has trained an epoch', async () => (await epoch(page)) >= 1, 60_000);
      await everywhere('first visit');

      await drop(page, [{ name: 'clumps.csv', bytes: clumps(120) }]);
      await page.getByText('120 rows of 6 numbers.').waitFor();
      await ended(page);
      await page.getByRole('button', { name: 'Next row' }).click();
      await page.getByRole('region', { name: 'Values', exact: true }).waitFor();
      await everywhere('finished, with a row in the inspector');

      await page.getByRole('button', { name: 'Let go of the row' }).click();
      await named.legend(page).getByRole('button', { name: 'red', exact: true }).click();
      await page.getByRole('heading', { name: 'Most different columns' }).waitFor();
      await everywhere('a class selected');
      for (const name of DIALOGS) {
        await page.getByRole('button', { name }).click();
        await page.getByRole('dialog').waitFor();
        await check(site, `the panel of ${String(name)}`);
        const inside = await page.getByRole('dialog').evaluate((panel) => {
          const { left, top, right, bottom } = panel.getBoundingClientRect();
          return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
        });
        expect(inside, `the panel of ${String(name)} is inside the window`).toBe(true);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'hidden' });
      }
      await page.getByRole('button', { name: 'Retrain on selection' }).click();
      await page.getByRole('table', { name: 'Error before and after' }).waitFor();
      await everywhere('retrained');
      await page.setViewportSize({ width: 390, height: 844 });
      for (const name of SHEETS) {
        await tab(page, name).click();
        await page.getByRole('dialog', { name, exact: true }).waitFor();
        await check(site, `the sheet ${name}`);
      }
      await page.setViewportSize({ width: 320, height: 640 });
      await check(site, 'a sheet in the narrowest window');
      await page.setViewportSize({ width: 1440, height: 900 });

      await page.getByLabel('Epochs', { exact: true }).fill('many');
      await page.getByLabel('Epochs', { exact: true }).press('Enter');
      await page.getByText('More', { exact: true }).click();
      await page.getByRole('region', { name: 'Rows' }).getByRole('button', { name: 'Rows' }).click();
      await page.getByRole('grid').waitFor();
      await everywhere('a field that can’t be used, everything unfolded');

      await drop(page, [{ name: 'bad.csv', bytes: PNG_START }]);
      await page.getByRole('alert').filter({ hasText: 'bad.csv' }).waitFor();
      await everywhere('a file that can’t be opened');

      await page.getByRole('button', { name: 'Help' }).click();
      await page.getByRole('dialog', { name: 'Help' }).getByText('Words').waitFor();
      await everywhere('the help sheet');
      site.assertClean();
    } finally {
      await site.close();
    }
  },
);

test('axe finds nothing in the list of requests and beside work that can be brought back', async () => {
  const site = await open({ viewport: { width: 900, height: 700 } });
  const { page } = site;
  const inBoth = async (state: string): Promise<void> => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await check(site, `${state}, ${colorScheme}`);
    }
  };
  try {
    await drop(page, [{ name: 'clumps.csv', bytes: clumps(120) }]);
    await page.getByText('0 of 120 selected').waitFor();
    await ended(page);
    await page.getByRole('button', { name: 'See for yourself' }).first().click();
    const list = page.getByRole('dialog', { name: 'Your data stays here' });
    await list.getByRole('region', { name: 'Requests' }).waitFor();
    await inBoth('the list of requests');
    await page.keyboard.press('Escape');
    await until('the work is kept', () =>
      page.evaluate(async () => {
        if (!(await indexedDB.databases()).some(({ name }) => name === 'unfold')) return false;
        const answer = <T>(request: IDBRequest<T>): Promise<T> =>
          new Promise((done, fail) => {
            request.onsuccess = () => done(request.result);
            request.onerror = () => fail(request.error);
          });
        const db = await answer(indexedDB.open('unfold'));
        const works = await answer(db.transaction('works').objectStore('works').count());
        db.close();
        return works === 1;
      }),
    );
    await page.reload();
    await page.getByRole('region', { name: 'Your work is still here' }).waitFor();
    await inBoth('work that can be brought back');
    site.assertClean();
  } finally {
    await site.close();
  }
});

test('under the map nothing moves when a retrain ends, and what it changed can be read beside it', async () => {
  const site = await open({ viewport: { width: 390, height: 844 } });
  const { page } = site;
  try {
    await drop(page, [{ name: 'clumps.csv', bytes: clumps(120) }]);
    await page.getByText('0 of 120 selected').waitFor();
    await ended(page);
    await tab(page, 'Legend').click();
    await named.legend(page).getByRole('button', { name: 'red', exact: true }).click();
    await tab(page, 'Retrains').click();
    const box = (): Promise<object | null> => named.map(page).boundingBox();
    const at = await box();
    await page.keyboard.press('r');
    const table = page.getByRole('table', { name: 'Error before and after' });
    await table.waitFor();
    expect(await box()).toEqual(at);

    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    /* All of its lines are in sight without scrolling, and no number is cut. */
    const seen = await table.evaluate((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      const column = one.closest('.side-rest')?.getBoundingClientRect();
      const cut = [...one.querySelectorAll('td')].filter(
        ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth,
      );
      return { whole: column !== undefined && top >= column.top && bottom <= column.bottom, cut: cut.length };
    });
    expect(seen).toEqual({ whole: true, cut: 0 });
    site.assertClean();
  } finally {
    await site.close();
  }
});

test('the foot says epoch and state whole at any width; what it is of gets shorter', async () => {
  const site = await open({ viewport: { width: 900, height: 700 } });
  const { page } = site;
  try {
    await drop(page, [{ name: 'clumps.csv', bytes: clumps(120) }]);
    await page.getByText('120 rows of 6 numbers.').waitFor();
    await ended(page);
    await named.legend(page).getByRole('button', { name: 'red', exact: true }).click();
    await page.getByLabel('Epochs', { exact: true }).fill('50000');
    await page.getByLabel('Epochs', { exact: true }).press('Enter');
    await page.getByRole('button', { name: 'Train from scratch on selection' }).click();
    const state = page.locator('footer .task-state');
    await state.filter({ hasText: /epoch [\d,]+ of 50,000/ }).waitFor();
    await named.pause(page).click();
    await named.resume(page).waitFor();
    for (const width of [1440, 900, 390, 320]) {
      await page.setViewportSize({ width, height: 700 });
      const cut = await page.locator('footer .status-line').evaluate((line) => {
        const box = (name: string): DOMRect | undefined => line.querySelector(name)?.getBoundingClientRect();
        const [outer, state, rate] = [line.getBoundingClientRect(), box('.task-state'), box('.rate')];
        if (!state || !rate) return ['missing'];
        const inside = [state, rate].every(
          (one) => one.left >= outer.left - 1 && one.right <= outer.right + 1,
        );
        const apart = state.right <= rate.left || state.bottom <= rate.top;
        return [inside ? '' : 'outside', apart ? '' : 'over each other'].filter(Boolean);
      });
      expect(cut, `at ${width}`).toEqual([]);
      expect(await page.locator('footer .rate').innerText()).toMatch(/^paused/);
    }
    await named.stop(page).click();
    await ended(page);
    site.assertClean();
  } finally {
    await site.close();
  }
});

test.each([
  [1280, 800],
  [390, 844],
] as const)(
  'with letters twice as large nothing is cut or pushed aside, %s pixels wide',
  async (width, height) => {
    const site = await openSite({
      headers: 'none',
      args: ['--blink-settings=defaultFontSize=32'],
      context: { viewport: { width, height } },
      before: (page) => page.addInitScript({ content: axe }),
    });
    const { page } = site;
    try {
      await drop(page, [{ name: 'clumps.csv', bytes: clumps(120) }]);
      await page.getByText('0 of 120 selected').waitFor();
      await ended(page);
      await tab(page, 'Legend').click();
      await named.legend(page).getByRole('button', { name: 'red', exact: true }).click();
      await page.keyboard.press('r');
      await tab(page, 'Retrains').click();
      await page.getByRole('table', { name: 'Error before and after' }).waitFor();
      for (const name of SHEETS) {
        await tab(page, name).click();
        await page.getByRole('dialog', { name, exact: true }).waitFor();
        await check(site, `large letters, ${name}`);
        const cut = await page.evaluate(() =>
          [...document.querySelectorAll('button, h2, label, output, .outcome, .selection-number')]
            .filter((one) => one.checkVisibility() && !one.closest('.visually-hidden, [hidden]'))
            .filter((one) => one.scrollHeight > one.clientHeight + 4 && one.clientHeight > 0)
            .filter((one) => getComputedStyle(one).display !== 'inline')
            .map((one) => `${one.className}: ${one.textContent?.slice(0, 40)}`),
        );
        expect(cut, name).toEqual([]);
      }
      /* The map keeps a part of the window, and can be touched there. */
      expect((await named.map(page).boundingBox())?.height).toBeGreaterThan(80);
      site.assertClean();
    } finally {
      await site.close();
    }
  },
);

test('names from right to left stay in their places: the page reads from left to right whatever they are', async () => {
  const site = await open({ viewport: { width: 390, height: 844 } });
  const { page } = site;
  try {
    const lines = clumps(120).replaceAll('red', 'أحمر').replaceAll('kind', 'نوع');
    await drop(page, [{ name: 'ألوان.csv', bytes: lines }]);
    await page.getByText('0 of 120 selected').waitFor();
    await ended(page);
    await tab(page, 'Legend').click();
    const red = named.legend(page).getByRole('button', { name: 'أحمر', exact: true });
    await red.click();
    await page.keyboard.press('Escape');
    /* "40 of 120 selected" before the name of the class, not among it. */
    const strip = page.getByRole('region', { name: 'Selection', exact: true });
    await strip.getByText('40 of 120 selected', { exact: true }).waitFor();
    expect(await page.evaluate(() => getComputedStyle(document.body).direction)).toBe('ltr');
    await check(site, 'names from right to left');
    site.assertClean();
  } finally {
    await site.close();
  }
});

test('with forced colours the page can be read and used', async () => {
  const site = await open({ forcedColors: 'active', colorScheme: 'dark' });
  const { page } = site;
  try {
    await until('an epoch', async () => (await epoch(page)) >= 1, 60_000);
    expect(await page.evaluate(() => matchMedia('(forced-colors: active)').matches)).toBe(true);
    await drop(page, [{ name: 'clumps.csv', bytes: clumps(120) }]);
    await page.getByText('120 rows of 6 numbers.').waitFor();
    await ended(page);
    // The classes keep their colours on the map and in the legend: they are what it means.
    await until('the map has colours', async () => (await mapPixels(page)).coloured > 200);
    await named.legend(page).getByRole('button', { name: 'red', exact: true }).waitFor();
    const swatches = await named
      .legend(page)
      .locator('.legend-swatch')
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
    expect(new Set(swatches).size).toBe(3);
    // axe computes contrast from the page's own text colour, which forced colours replace.
    await check(site, 'forced colours', { 'color-contrast': { enabled: false } });
    site.assertClean();
  } finally {
    await site.close();
  }
});

test('with reduced motion nothing glides', async () => {
  const site = await open({ reducedMotion: 'reduce' });
  const { page } = site;
  try {
    await drop(page, [{ name: 'clumps.csv', bytes: clumps(120) }]);
    await page.getByText('120 rows of 6 numbers.').waitFor();
    await ended(page);
    // Every transition and animation of the page itself takes no time worth seeing.
    const slow = await page.evaluate(() => {
      const seconds = (list: string): number =>
        Math.max(...list.split(',').map((one) => Number.parseFloat(one) * (/ms/.test(one) ? 1e-3 : 1)));
      return [...document.querySelectorAll('*')]
        .filter((one) => {
          const style = getComputedStyle(one);
          return seconds(style.transitionDuration) > 0.02 || seconds(style.animationDuration) > 0.02;
        })
        .map((one) => one.outerHTML.slice(0, 80));
    });
    expect(slow).toEqual([]);
    // A zoom on the map is there at once: one frame draws it, and no later one changes it.
    const drawn = await page.evaluate(async () => {
      const canvas = document.querySelector('.map canvas') as HTMLCanvasElement;
      const frame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => done()));
      const picture = (): string => canvas.toDataURL();
      await frame();
      const shots: string[] = [];
      (document.querySelector('[aria-label="Zoom in"]') as HTMLElement).click();
      for (let i = 0; i < 8; i++) {
        await frame();
        shots.push(picture());
      }
      return new Set(shots.slice(1).filter((shot, i, all) => shot !== all[0] && i > 0)).size;
    });
    expect(drawn).toBe(0);
    await check(site, 'reduced motion');
    site.assertClean();
  } finally {
    await site.close();
  }
});
