// The article and the pages of the documentation, as they are built: figures come alive, answer a reader, and say what the
// text says; every page reads well in both themes and at three widths; every link leads somewhere.
import { readdirSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { Finished } from '../../web/embed/api.ts';
import { built } from './harness/files.ts';
import { openSite, type Site } from './harness/index.ts';
import { root, until } from './support.ts';

const axe = readFileSync(resolve(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
const site = built('site');
const pages = ['article', 'docs'].flatMap((folder) =>
  readdirSync(resolve(site, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.html'))
    .map((name) => `${folder}/${name}`),
);

/** A figure trains as long as it takes. */
const LONG = 120_000;

const now = (page: Page, figure: number): Promise<string> =>
  page.locator(`#now-${figure}`).innerText({ timeout: LONG });

const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

/** Scrolls to a figure and waits until its buttons can be used: it has trained. */
async function reach(page: Page, figure: number): Promise<void> {
  await page.locator(`#figure-${figure}`).scrollIntoViewIfNeeded();
  await page.locator(`#figure-${figure} unfold-map`).scrollIntoViewIfNeeded();
  const buttons = page.locator(`#controls-${figure} button`);
  await until(
    `figure ${figure} has trained`,
    async () => (await buttons.first().getAttribute('aria-disabled')) === 'false',
    LONG,
  );
}

/** What the retrain of a figure reported; `errors` are numbers in full. */
function retrained(page: Page, figure: number): Promise<Finished> {
  return page.evaluate(
    (id) =>
      new Promise<Finished>((done) => {
        const map = document.querySelector(`#figure-${id} unfold-map`);
        map?.addEventListener('unfold-finished', (event) => done((event as CustomEvent<Finished>).detail), {
          once: true,
        });
      }),
    figure,
  );
}

const column = (page: Page, n: number): Promise<string[]> =>
  page.locator(`#digits tbody tr > :nth-child(${n})`).allInnerTexts();

const asShown = (text: string | null): string => (text ?? '').replaceAll('\u00a0', ' ');

/** Middles of the circles of the plot beside figure 3. */
const places = (page: Page, of: string): Promise<string[]> =>
  page
    .locator(`#plot ${of} circle`)
    .evaluateAll((all) => all.map((one) => `${one.getAttribute('cx')} ${one.getAttribute('cy')}`));

describe('the article', () => {
  test('figures train when they are reached; a reader retrains on the eights, sees what it costs, and goes back', async () => {
    const site = await openSite({ headers: 'none', path: 'article/' });
    const { page } = site;
    try {
      await page.getByRole('heading', { name: 'What a map forgets' }).waitFor();
      const printed = await page.locator('#now-1').innerText();
      expect(site.requests.filter((url) => /mnist/.test(url))).toEqual([]);

      await page.locator('#figure-1 unfold-map').scrollIntoViewIfNeeded();
      await until(
        'figure 1 has trained',
        async () => (await now(page, 1)).startsWith('In your figure'),
        LONG,
      );
      const numbers = (text: string): string[] => text.match(/0\.\d+/g) ?? [];
      expect(numbers(await now(page, 1))).toEqual(numbers(printed));
      expect(numbers(printed)).toHaveLength(2);

      await reach(page, 2);
      await press(page, 'Select the eights');
      const frame = page.frameLocator('#figure-2 unfold-map iframe');
      await frame.locator('.selection-number', { hasText: '944 of 10,000 selected' }).waitFor();
      const first = retrained(page, 2);
      await press(page, 'Retrain on them');
      const whole = await first;
      const { errors, focus, rows } = whole;
      expect({ focus, rows }).toEqual({ focus: 1, rows: 944 });
      await until('the text has followed', async () => (await now(page, 2)).startsWith('In your figure'));
      expect(asShown(await now(page, 2))).toMatch(
        /digit 8 at focus 100 %: −\d+ %, the rest \+\d+ %; most forgotten: digit 1/,
      );
      /* As the text says: the eights better, every other digit worse. */
      for (const { of, name, change } of errors ?? []) {
        const better = of === 'selection' || name === '8';
        expect(Math.sign(change ?? 0), `${of} ${name}`).toBe(better ? -1 : 1);
      }
      expect(await column(page, 4)).toEqual(await column(page, 3));
      expect(await page.locator('#agreement').innerText()).toMatch(
        /^In your browser they are: all 22 numbers/,
      );

      /* Where a number came out otherwise, also one of before, that would be said. */
      const agreement = await page.locator('#agreement').innerText();
      const said = await page.evaluate((seen) => {
        const errors = seen.errors?.map((one) => (one.name === '3' ? { ...one, before: 9 } : one));
        const figure = document.querySelector('#figure-2 unfold-map');
        const tell = (detail: unknown): string => {
          figure?.dispatchEvent(new CustomEvent('unfold-finished', { detail }));
          return document.getElementById('agreement')?.textContent ?? '';
        };
        return [tell({ ...seen, errors }), tell({ ...seen, from: 1, errors: [] }), tell(seen)];
      }, whole);
      expect(said[0]).toMatch(/^In your browser 1 of 22 numbers differ \(\S+ is 9\S* here\)/);
      expect(said.slice(1)).toEqual([said[0], agreement]);

      await press(page, 'Take it back');
      await until(
        'it is taken back',
        async () => (await now(page, 2)).includes('back at the map from before'),
        LONG,
      );
      expect(new Set(await column(page, 4))).toEqual(new Set(['–']));
      /* Back is back: the same retrain from there comes to the same numbers, to the last bit. */
      const second = retrained(page, 2);
      await press(page, 'Retrain on them');
      expect((await second).errors).toEqual(errors);

      await reach(page, 3);
      for (const [share, rings] of [
        ['90', 1],
        ['50', 2],
      ] as const) {
        await page.getByRole('slider', { name: /^Focus/ }).fill(share);
        const third = retrained(page, 3);
        await press(page, 'Retrain from the same start');
        expect((await third).focus).toBeCloseTo(Number(share) / 100);
        await until('the ring is there', async () => (await page.locator('.rings circle').count()) === rings);
        /* The same numbers lie in the same place. */
        const [ringsAt, dotsAt] = [await places(page, '.rings'), await places(page, '.printed')];
        expect(dotsAt).toEqual(expect.arrayContaining(ringsAt));
        const row = page.locator(`#trade tr[data-focus="${share}"]`);
        const [eights, rest] = await row.locator('td').allInnerTexts();
        expect(asShown(await now(page, 3))).toContain(`focus ${share} %: ${eights}, the rest ${rest}`);
      }
      site.assertClean();
    } finally {
      await site.close();
    }
  }, 400_000);

  test('without scripts and in print it is an article still', async () => {
    const site = await openSite({ headers: 'none', path: 'article/', context: { javaScriptEnabled: false } });
    const { page } = site;
    try {
      expect(await page.locator('.fallback').allInnerTexts()).toHaveLength(3);
      for (const fallback of await page.locator('.fallback').all())
        expect(await fallback.isVisible()).toBe(true);
      expect(await page.locator('.controls:visible').count()).toBe(0);
      expect(await column(page, 3)).toContain('+152 %');
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('.screen:visible, .controls:visible, nav:visible').count()).toBe(0);
      expect(await page.getByText('Figure 2. Nothing but eights.').isVisible()).toBe(true);
      site.assertClean();
    } finally {
      await site.close();
    }
  });
});

interface Finding {
  id: string;
  help: string;
  nodes: { html: string }[];
}

async function findings(page: Page): Promise<string[]> {
  const found = (await page.evaluate(
    /* The frames of figures are looked at with the figures. */
    "(async () => (await axe.run(document, { resultTypes: ['violations'], iframes: false })).violations)()",
  )) as Finding[];
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html.slice(0, 160)}`);
}

async function reads(open: Site, path: string): Promise<void> {
  const { page } = open;
  await page.goto(open.url + path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [1440, 390, 320]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await findings(page), `${path}, ${colorScheme}, ${width} px`).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, `${path}, ${width} px: no sideways scroll`).toBeLessThanOrEqual(width);
    }
  }
}

/** Where every link of the page leads, fragments too; what leads nowhere. */
async function broken({ page, url, context }: Site): Promise<string[]> {
  const links = await page.evaluate(() => [...document.links].map(({ href }) => href));
  expect(links.length).toBeGreaterThan(8);
  const wrong: string[] = [];
  for (const href of new Set(links)) {
    const to = new URL(href);
    if (!to.href.startsWith(url)) wrong.push(`${href} is elsewhere`);
    else if (!(await context.request.get(to.href)).ok()) wrong.push(`${href} is not there`);
    else if (to.hash !== '' && (await page.locator(to.hash).count()) !== 1)
      wrong.push(`${href} has no ${to.hash}`);
  }
  return wrong;
}

test('every page reads in both themes at three widths, axe finds nothing, and its links lead somewhere', async () => {
  const open = await openSite({
    headers: 'none',
    path: 'docs/',
    before: (page) => page.addInitScript({ content: axe }),
  });
  try {
    expect(pages.length).toBeGreaterThan(5);
    for (const path of pages) {
      await reads(open, path);
      expect(await broken(open), path).toEqual([]);
    }
    open.assertClean();
  } finally {
    await open.close();
  }
}, 240_000);

test('a snippet names the place that the page lies in, and can be copied', async () => {
  const open = await openSite({ headers: 'none', base: '/some/where/', path: 'docs/embed.html' });
  const { page, context, url } = open;
  try {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toContain(`<script type="module" src="${url}embed.js"></script>`);
    /* And what it says works: the page itself shows that figure. */
    const frame = page.frameLocator('unfold-map iframe');
    await frame.getByRole('region', { name: 'Map', exact: true }).waitFor({ timeout: LONG });
    open.assertClean();
  } finally {
    await open.close();
  }
});

test('pages carry no picture of the README', () => {
  const pictures = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.png$/.test(name),
  );
  expect(pictures.filter((name) => /story|screenshot/.test(relative('.', name)))).toEqual([]);
});
