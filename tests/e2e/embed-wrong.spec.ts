// Figures where something is in their way: a link or data that can't be opened, a move, an article without an origin, a
// host that does not let them in; and what axe finds in them.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UnfoldMapElement } from '../../web/embed/element.ts';
import { CLASSIC, event, figure, frameOf, MODULE, openSites, read, type Sites } from './embed-support.ts';
import { launch, launchFirefox } from './harness/index.ts';
import { root, still, until } from './support.ts';

type Figure = UnfoldMapElement & HTMLElement;

const axe = readFileSync(resolve(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
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

/** What `ready` of a figure comes to. */
const readiness = (page: Page, id = 'figure'): Promise<unknown> =>
  page.evaluate(
    (name) =>
      (document.getElementById(name) as Figure).ready.catch(({ code }: { code: string }) => code as unknown),
    id,
  );

const errorsOf = (page: Page, id = 'figure'): Promise<unknown[]> =>
  page.evaluate(
    (name) =>
      globalThis.told
        .filter((one) => one.name === 'error' && one.id === name)
        .map((one) => one.detail['code']),
    id,
  );

/** The address of "Open in Unfold" below a figure; null: it is not offered. */
const elsewhere = (page: Page, id = 'figure'): Promise<string | null> =>
  page.evaluate((name) => {
    const link = document.getElementById(name)?.shadowRoot?.querySelector('a');
    return link?.href ? link.hash : null;
  }, id);

const load = (page: Page): Promise<unknown> =>
  page.evaluate(() => {
    const lines = ['x,y,z', ...Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 5},${i}`)];
    const { buffer } = new TextEncoder().encode(lines.join('\n'));
    return (document.getElementById('figure') as Figure).load(buffer as ArrayBuffer, {
      name: 'mine.csv',
      train: false,
    });
  });

test('what can’t be opened is told and rejects ready; data that come after all make it good', async () => {
  const url = sites.article({
    body:
      '<unfold-map id="figure" start="load" link="#v1.damaged"></unfold-map>' +
      '<unfold-map id="none" start="load" data="missing"></unfold-map>' +
      `<unfold-map id="bad" start="load" data="../x"></unfold-map>${MODULE(sites.all)}`,
  });
  const article = await read(browser, url);
  const { page } = article;
  try {
    for (const id of ['figure', 'none', 'bad']) expect(await readiness(page, id)).toBe('bad_setting');
    for (const id of ['figure', 'none', 'bad']) expect(await errorsOf(page, id)).toEqual(['bad_setting']);
    expect(await load(page)).toMatchObject({ rows: 60 });
    expect(await readiness(page)).toMatchObject({ name: 'mine.csv', rows: 60 });
  } finally {
    await article.close();
  }
});

test('“Open in Unfold” leads to what is shown or is not there; a figure that is moved says what it has lost', async () => {
  const url = sites.article({
    body: `${figure('select="setosa" start="load"')}<div id="elsewhere"></div>${MODULE(sites.all)}`,
  });
  const article = await read(browser, url);
  const { page } = article;
  const move = (): Promise<void> =>
    page.evaluate(() => {
      const place = document.getElementById('elsewhere') as HTMLElement;
      const element = document.getElementById('figure') as HTMLElement;
      if (place.contains(element)) document.body.append(element);
      else place.append(element);
    });
  try {
    await event(page, 'finished');
    await until('there is a link', async () => (await elsewhere(page)) !== null);
    /* Moved, what it showed comes back by its link. */
    await move();
    await event(page, 'ready', 'figure', 2);
    await until('the selection is back', () =>
      page.evaluate(
        async () => (await (document.getElementById('figure') as Figure).selection()).length === 50,
      ),
    );
    await until('there is a link again', async () => (await elsewhere(page)) !== null);
    expect(await errorsOf(page)).toEqual([]);

    /* The page's own data: no link leads to them, and a move loses them. */
    await load(page);
    await until('the link is gone', async () => (await elsewhere(page)) === null);
    expect(await page.evaluate(() => (document.getElementById('figure') as Figure).link())).toBeNull();
    await move();
    expect(await errorsOf(page)).toEqual(['lost']);
    expect(await readiness(page)).toMatchObject({ name: 'Iris flowers' });
    expect(await load(page)).toMatchObject({ name: 'mine.csv' });
    expect(article.problems).toEqual([]);
  } finally {
    await article.close();
  }
});

describe('an article in a sandbox that leaves it no origin', () => {
  test('row 89: has a figure that works, from a host that lets it; and one reason from one that does not', async () => {
    const noting =
      "<script>var codes = []; addEventListener('unfold-error', ({ detail }) => codes.push(detail.code));</script>";
    const inner = (site: string): string =>
      sites.article({ head: noting, body: figure('start="load"') + CLASSIC(site) });
    const frame = (id: string, src: string): string =>
      `<iframe id="${id}" sandbox="allow-scripts" width="700" height="520" src="${src}"></iframe>`;
    const article = await read(
      browser,
      sites.article({ body: frame('a', inner(sites.all)) + frame('b', inner(sites.none)) }),
    );
    const { page } = article;
    const inside = async (id: string) => {
      const found = await (await page.waitForSelector(`#${id}`)).contentFrame();
      if (!found) throw new Error('There is no frame.');
      await found.waitForFunction(() => customElements.get('unfold-map'));
      return found;
    };
    try {
      const [open, closed] = [await inside('a'), await inside('b')];
      expect(await open.evaluate(() => self.origin)).toBe('null');
      const done = await open.evaluate(async () => {
        const element = document.getElementById('figure') as Figure;
        const shape = await element.ready;
        const { count } = await element.select('all');
        return { shape, count, words: element.shadowRoot?.querySelector('.words')?.textContent };
      });
      expect(done).toMatchObject({ shape: { rows: 150 }, count: 150, words: '' });

      await closed
        .getByText(/does not send Access-Control-Allow-Origin/)
        .first()
        .waitFor();
      const answers = await closed.evaluate(async () => {
        const element = document.getElementById('figure') as Figure;
        const code = (work: Promise<unknown>): Promise<unknown> =>
          work.catch((error: { code: string }) => error.code);
        return [await code(element.ready), await code(element.run()), await code(element.select('all'))];
      });
      expect(answers).toEqual(['blocked', 'blocked', 'blocked']);
      expect(await closed.evaluate('codes')).toEqual(['blocked']);
    } finally {
      await article.close();
    }
  });
});

interface Finding {
  id: string;
  help: string;
  nodes: { html: string }[];
}

test.each(['light', 'dark'] as const)(
  'axe finds nothing in a figure in the %s theme, by itself or in an article',
  async (colorScheme) => {
    const by = (page: Page): Promise<unknown> => page.addInitScript({ content: axe });
    const look = async (page: Page, state: string): Promise<void> => {
      const frame = frameOf(page);
      await still(frame);
      const found = (await frame.evaluate(
        "(async () => (await axe.run(document, { resultTypes: ['violations'] })).violations)()",
      )) as Finding[];
      const lines = found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html.slice(0, 160)}`);
      expect(lines, `${state}, ${colorScheme}`).toEqual([]);
      const small = await frame.evaluate(() =>
        [...document.querySelectorAll('button, input, a')]
          .filter((one) => one.checkVisibility() && !one.closest('.visually-hidden'))
          .map((one) => ({ one, box: (one.closest('label') ?? one).getBoundingClientRect() }))
          .filter(({ box }) => box.width > 0 && (box.width < 24 || box.height < 24))
          .map(({ one, box }) => `${box.width} × ${box.height}: ${one.outerHTML.slice(0, 120)}`),
      );
      expect(small, `${state}: targets of 24 px`).toEqual([]);
    };
    const alone = await read(browser, `${sites.none}embed.html#data=iris&epochs=5&select=setosa&start=load`, {
      colorScheme,
      viewport: { width: 320, height: 480 },
      before: by,
    });
    try {
      await alone.page.locator('footer .state', { hasText: 'finished' }).waitFor({ timeout: 60_000 });
      await alone.page.getByText('50 of 150').first().waitFor();
      await look(alone.page, 'by itself');
      expect(alone.problems).toEqual([]);
    } finally {
      await alone.close();
    }
    const url = sites.article({
      head: `<meta name="color-scheme" content="${colorScheme}">`,
      body: figure('select="setosa"') + CLASSIC(sites.none),
    });
    const article = await read(browser, url, { colorScheme, before: by });
    try {
      await event(article.page, 'selection', 'figure', 1);
      await event(article.page, 'finished');
      await article.page.evaluate(() =>
        (document.getElementById('figure') as Figure).retrain({ epochs: 1 }).then(() => undefined),
      );
      for (const width of [900, 560, 320]) {
        await article.page.setViewportSize({ width, height: 700 });
        await look(article.page, `in an article, ${width} px`);
      }
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
  },
);

test('rows 89, 90: in Firefox, in articles that are isolated, strict or without an origin, and without any storage', async () => {
  const firefox = await launchFirefox({ 'network.cookie.cookieBehavior': 2, 'dom.storage.enabled': false });
  const strict = new URL(sites.all).origin;
  const inner = sites.article({ body: figure('start="load"') + CLASSIC(sites.all) });
  const articles = {
    isolated: sites.article({
      headers: {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      },
      body: figure() + MODULE(sites.all),
    }),
    strict: sites.article({
      headers: {
        'Content-Security-Policy': `default-src 'none'; script-src ${strict}; frame-src ${strict}; require-trusted-types-for 'script'`,
      },
      body: figure() + MODULE(sites.all),
    }),
    'without an origin': sites.article({
      body: `<iframe id="inner" sandbox="allow-scripts" width="700" height="520" src="${inner}"></iframe>`,
    }),
  };
  try {
    for (const [name, url] of Object.entries(articles)) {
      const page = await firefox.newPage();
      await page.goto(url);
      const frame =
        name === 'without an origin' ? await (await page.$('#inner'))?.contentFrame() : page.mainFrame();
      if (!frame) throw new Error('There is no frame.');
      await frame.waitForFunction(() => customElements.get('unfold-map') !== undefined);
      const result = await frame.evaluate(async () => {
        const element = document.getElementById('figure') as Figure;
        await element.ready;
        await element.select({ class: 'setosa' });
        const { kind, rows } = (await element.retrain({ epochs: 2, focus: 1 })) ?? {};
        const { origin, crossOriginIsolated: isolated } = self;
        const words = element.shadowRoot?.querySelector('.words')?.textContent;
        let storage = true; // the browser's own setting, which counts for every page
        try {
          storage = Boolean(localStorage);
        } catch {
          storage = false;
        }
        return { storage, kind, rows, words, own: origin !== 'null', isolated };
      });
      expect(result, name).toEqual({
        storage: false,
        kind: 'retrain',
        rows: 50,
        words: '',
        own: name !== 'without an origin',
        isolated: name === 'isolated',
      });
      await page.close();
    }
  } finally {
    await firefox.close();
  }
}, 180_000);
