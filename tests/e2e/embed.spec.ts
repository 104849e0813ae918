// Figures in articles of another site: what surrounds them, what they are asked to do, and what they never do.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UnfoldMapElement } from '../../web/embed/element.ts';
import {
  CLASSIC,
  deedsOf,
  event,
  figure,
  figures,
  frameOf,
  MODULE,
  openSites,
  read,
  type Sites,
} from './embed-support.ts';
import { launch, launchFirefox, temporaryFolder } from './harness/index.ts';
import { PNG } from './png.ts';
import { until } from './support.ts';

let sites: Sites;
let browser: Browser;

beforeAll(async () => {
  sites = await openSites();
  /* A name that is no secure context, as a page on plain http. */
  browser = await launch({ args: ['--host-resolver-rules=MAP plain.test 127.0.0.1'] });
});
afterAll(async () => {
  await browser?.close();
  await sites?.close();
});

type Figure = UnfoldMapElement;

/** Calls a method of the figure from the article. */
function call<T>(page: Page, method: string, ...args: unknown[]): Promise<T> {
  return page.evaluate(
    async ([name, given]) => {
      const element = document.getElementById('figure') as unknown as Record<
        string,
        (...all: unknown[]) => unknown
      >;
      try {
        return (await element[name as string]?.(...(given as unknown[]))) as T;
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        return { code, message } as T;
      }
    },
    [method, args] as const,
  );
}

/** Whether the map of a figure comes to have dots on it, as it is seen: the classes of the flowers have strong colours. */
function drawn(page: Page): Promise<void> {
  const canvas = frameOf(page).locator('.map canvas').first();
  return until('the map has dots', async () => {
    const picture = new PNG(await canvas.screenshot({ animations: 'disabled' }));
    let coloured = 0;
    for (let i = 0; i < picture.width * picture.height; i++) {
      const rgb = picture.rgb(i);
      if (Math.max(...rgb) - Math.min(...rgb) > 60) coloured += 1;
    }
    return coloured > 200;
  });
}

describe('in an article of another site', () => {
  test('rows 90, 92, 93: on plain http, among hostile styles and keys, from a host that sends no headers', async () => {
    const hostile =
      '<style>* { all: unset !important; font-size: 40px !important } iframe { display: none }</style>' +
      "<script>for (const type of ['keydown', 'keyup', 'wheel', 'pointerdown']) " +
      'addEventListener(type, (e) => { e.preventDefault(); e.stopImmediatePropagation(); }, { capture: true, passive: false });' +
      '</script>';
    const url = sites.article(
      { head: hostile, body: `<p>Words.</p>${figure('select="setosa" height="440"')}${CLASSIC(sites.none)}` },
      'plain.test',
    );
    const article = await read(browser, url);
    const { page } = article;
    try {
      expect(await event(page, 'ready')).toEqual({ name: 'Iris flowers', rows: 150, columns: 5 });
      const finished = await event(page, 'finished');
      expect(finished).toMatchObject({ kind: 'train', epochs: 5, outcome: 'finished' });
      expect(await event(page, 'selection', 'figure', 2)).toMatchObject({ count: 50, of: 150 });
      const box = await page.locator('unfold-map').boundingBox();
      expect(box?.height).toBe(440);
      await drawn(page);
      const frame = frameOf(page);
      expect(await frame.evaluate(() => [isSecureContext, crossOriginIsolated])).toEqual([false, false]);

      /* The article's keys are its own until the figure has the focus, and the figure's are its own then. */
      const frameBox = await page.locator('unfold-map iframe').boundingBox();
      await page.keyboard.press('Space');
      const retrained = await call<Record<string, unknown>>(page, 'retrain', { focus: 0.5, epochs: 2 });
      /* From the first training: Space would have begun another before it. */
      expect(retrained).toMatchObject({ kind: 'retrain', epochs: 2, state: 1, from: 0 });
      const ended = await page.evaluate(() => globalThis.told.filter(({ name }) => name === 'finished'));
      expect(ended).toHaveLength(2);
      expect(frameBox).not.toBeNull();
      await frame.locator('.map-host').click({ position: { x: 200, y: 30 } });
      await page.keyboard.press('Control+z');
      await frame
        .getByRole('button', { name: 'Redo' })
        .and(frame.locator('[aria-disabled="false"]'))
        .waitFor();

      const { forbidden } = await deedsOf(page);
      expect(forbidden).toEqual([]);
      expect(page.url()).toBe(url);
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
  });

  test('row 90: in an isolated article, where it is isolated too', async () => {
    const url = sites.article({
      headers: {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      },
      body: figure() + MODULE(sites.all),
    });
    const article = await read(browser, url);
    try {
      await event(article.page, 'finished');
      expect(await article.page.evaluate(() => crossOriginIsolated)).toBe(true);
      expect(await frameOf(article.page).evaluate(() => crossOriginIsolated)).toBe(true);
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
  });

  test('row 90: under a strict policy that names the site twice, and in words under one that does not', async () => {
    const site = new URL(sites.all).origin;
    const strict = (more: string): Record<string, string> => ({
      'Content-Security-Policy': `default-src 'none'; script-src ${site}; ${more} require-trusted-types-for 'script'`,
    });
    const body = figure() + MODULE(sites.all);
    const article = await read(browser, sites.article({ headers: strict(`frame-src ${site};`), body }));
    try {
      await event(article.page, 'finished');
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
    const refused = await read(browser, sites.article({ headers: strict(''), body }));
    try {
      expect(await event(refused.page, 'error')).toMatchObject({ code: 'blocked' });
      await refused.page.getByText(/must name the site in frame-src/).waitFor();
    } finally {
      await refused.close();
    }
  });

  test('row 90: in a page from a file', async () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'article.html');
    writeFileSync(file, `<!doctype html><title>A file</title>${figure()}${MODULE(sites.all)}`);
    const article = await read(browser, pathToFileURL(file).href);
    try {
      await event(article.page, 'finished');
      expect(await call(article.page, 'select', 'all')).toMatchObject({ count: 150 });
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
      folder.remove();
    }
  });

  test('row 89: in a sandbox that leaves it no origin, or says what is missing', async () => {
    const frame = (site: string, id: string): string =>
      `<iframe id="${id}" sandbox="allow-scripts" width="600" height="400" src="${site}embed.html#data=iris&epochs=5&start=load"></iframe>`;
    const url = sites.article({ body: frame(sites.all, 'a') + frame(sites.none, 'b') });
    const article = await read(browser, url);
    try {
      const [open, closed] = [article.page.frameLocator('#a'), article.page.frameLocator('#b')];
      await open.locator('footer .state', { hasText: 'finished' }).waitFor({ timeout: 60_000 });
      await closed.getByText(/does not send Access-Control-Allow-Origin/).waitFor();
      const origins = await Promise.all(figures(article.page).map((one) => one.evaluate(() => self.origin)));
      expect(origins).toEqual(['null', 'null']);
    } finally {
      await article.close();
    }
  });

  test('without storage, WebGL2, threads and with one core it draws and retrains', async () => {
    const url = sites.article({ body: figure('select="virginica"') + MODULE(sites.all) });
    const article = await read(browser, url, {
      before: (page) =>
        page.addInitScript(() => {
          const denied = (): never => {
            throw new DOMException('Denied.', 'SecurityError');
          };
          for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) {
            Object.defineProperty(globalThis, name, { get: denied });
          }
          for (const name of ['storage', 'serviceWorker']) {
            Object.defineProperty(Navigator.prototype, name, { get: denied });
          }
          Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 1 });
          Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
          const original = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...args: [string]) {
            return args[0] === '2d' ? original.apply(this, args) : null;
          } as typeof HTMLCanvasElement.prototype.getContext;
        }),
    });
    try {
      await event(article.page, 'finished');
      expect(await call(article.page, 'retrain', { epochs: 1 })).toMatchObject({
        kind: 'retrain',
        epochs: 1,
      });
      await drawn(article.page);
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
  });
});

describe('what a figure is told', () => {
  test('row 88: others, other versions, cyclic, huge and too many messages change nothing', async () => {
    const url = sites.article({
      body: `${figure()}<iframe id="other" srcdoc="x"></iframe>${MODULE(sites.all)}`,
    });
    const article = await read(browser, url);
    const { page } = article;
    try {
      await event(page, 'finished');
      await frameOf(page).locator('footer').getByText('Trained 5 epochs.').first().waitFor();
      /* Of the foot what tells of the training: its chart may still be on its way. */
      const state = async (): Promise<string> =>
        JSON.stringify([
          await call(page, 'selection'),
          await frameOf(page).locator('footer .status').innerText(),
        ]);
      const before = await state();
      await page.evaluate(() => {
        const element = document.getElementById('figure') as HTMLElement;
        const target = element.shadowRoot?.querySelector('iframe')?.contentWindow as Window;
        const command = { unfold: 1, type: 'command', id: 1, command: 'select', rows: 'all' };
        /* From a window that is not the figure's page, but of its origin. */
        const { contentWindow: other } = document.getElementById('other') as HTMLIFrameElement;
        const { Function: FunctionThere } = other as unknown as { Function: typeof Function };
        new FunctionThere('target', 'message', 'target.postMessage(message, "*")')(target, command);
        target.postMessage({ ...command, unfold: 2 }, '*');
        target.postMessage({ ...command, unfold: '1' }, '*');
        target.postMessage({ ...command, rows: { random: -1 } }, '*');
        target.postMessage({ ...command, rows: 'all', more: true }, '*');
        target.postMessage({ ...command, command: '__proto__' }, '*');
        const cyclic: Record<string, unknown> = { ...command };
        cyclic['rows'] = cyclic;
        target.postMessage(cyclic, '*');
        target.postMessage({ ...command, rows: { search: 'x'.repeat(5_000_000) } }, '*');
        for (const junk of [null, 1, 'unfold', [], { unfold: 1 }, new Blob(['x'])])
          target.postMessage(junk, '*');
        for (let i = 0; i < 10_000; i++) target.postMessage({ ...command, rows: 'none', more: i }, '*');
      });
      expect(await event(page, 'error')).toMatchObject({ code: 'bad_command' });
      await until('too many are told of', () =>
        page.evaluate(() => globalThis.told.some(({ detail }) => detail['code'] === 'too_many')),
      );
      /* It reads again once what was dropped is long enough ago. */
      let after = '';
      await until('it reads again', async () => {
        after = await state();
        return !after.includes('too_many');
      });
      expect(after).toBe(before);
      await until('it takes commands again', async () => {
        const { count } = await call<{ count?: number }>(page, 'select', { class: 'setosa' });
        return count === 50;
      });
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
  });

  test('data handed over, fields, retrains and errors by its own methods', async () => {
    const url = sites.article({
      body: `<unfold-map id="figure" start="load" hide="data,method" height="500"></unfold-map>${MODULE(sites.all)}`,
    });
    const article = await read(browser, url);
    const { page } = article;
    try {
      const shape = await page.evaluate(async () => {
        const element = document.getElementById('figure') as unknown as Figure;
        const lines = ['x,y,z,kind'];
        for (let i = 0; i < 90; i++) lines.push(`${i % 7},${i % 5},${i / 90},${['a', 'b'][i % 2]}`);
        const { buffer } = new TextEncoder().encode(lines.join('\n'));
        const given = await element.load(buffer as ArrayBuffer, {
          name: 'mine.csv',
          label: 'kind',
          train: false,
        });
        return { ...given, left: buffer.byteLength };
      });
      expect(shape).toEqual({ name: 'mine.csv', rows: 90, columns: 4, left: 0 });
      expect(await call(page, 'set', { hidden: [8], epochs: 3, seed: 7 })).toBeUndefined();
      expect(await call(page, 'set', { epochs: -1, seed: 8 })).toMatchObject({ code: 'bad_command' });
      expect(await call(page, 'run')).toMatchObject({ kind: 'train', epochs: 3 });
      expect(await call(page, 'select', { class: 'nobody' })).toMatchObject({ code: 'not_found' });
      expect(await call(page, 'retrain')).toMatchObject({ code: 'refused' });
      expect(await call(page, 'select', { random: 10, seed: 3 })).toMatchObject({ count: 10 });
      const rows = await page.evaluate(async () => [
        ...(await (document.getElementById('figure') as unknown as Figure).selection()),
      ]);
      expect(rows).toHaveLength(10);
      expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
      expect(await call(page, 'retrain', { focus: 1, epochs: 1 })).toMatchObject({
        kind: 'retrain',
        epochs: 1,
      });
      expect(await call(page, 'load', 'text')).toMatchObject({ message: 'load takes an ArrayBuffer.' });
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
  });

  test('settings that can’t be used are told in the figure and to its page, and the rest is shown', async () => {
    const url = sites.article({
      body:
        '<unfold-map id="figure" data="iris" seed="-1" hide="data,walls" height="9" epochs="2" select="tulip"></unfold-map>' +
        `<unfold-map id="none" data="missing"></unfold-map>${MODULE(sites.all)}`,
    });
    const article = await read(browser, url);
    const { page } = article;
    try {
      await event(page, 'finished');
      const errors = await page.evaluate(() =>
        globalThis.told
          .filter(({ name, id }) => name === 'error' && id === 'figure')
          .map(({ detail }) => detail['message']),
      );
      for (const words of [
        'height is',
        'seed is',
        'hide is',
        'select="tulip": there is no class “tulip” in species',
      ]) {
        expect(
          errors.some((message) => String(message).includes(words)),
          words,
        ).toBe(true);
      }
      await frameOf(page)
        .getByText(/seed is “-1”/)
        .waitFor();
      await page.locator('#none').scrollIntoViewIfNeeded();
      expect(await event(page, 'error', 'none')).toMatchObject({ code: 'bad_setting' });
      await page.frameLocator('#none iframe').getByText('There is no data set missing here.').waitFor();
    } finally {
      await article.close();
    }
  });
});

describe('a page that scrolls', () => {
  /** Screens of words between figures. */
  const words = (screens: number): string => `<div style="height: ${screens * 100}vh">Words.</div>`;

  test('the wheel and a finger move the article until the map has the focus, or Ctrl is held', async () => {
    const url = sites.article({
      body: `${figure('start="load" height="400"')}${words(3)}${MODULE(sites.all)}`,
    });
    const article = await read(browser, url, { hasTouch: true });
    const { page } = article;
    try {
      await event(page, 'finished');
      const scrolled = (): Promise<number> => page.evaluate(() => scrollY);
      const host = frameOf(page).locator('.map-host');
      const picture = async (): Promise<string> =>
        (await page.locator('unfold-map').screenshot({ animations: 'disabled' })).toString('base64');
      const box = await page.locator('unfold-map').boundingBox();
      /* They stay for a moment, which a slow machine misses: noted when they come. */
      await frameOf(page).evaluate(() => {
        const noted: string[] = [];
        Object.assign(globalThis, { noted });
        new MutationObserver((changes) => {
          for (const { addedNodes } of changes)
            for (const node of addedNodes)
              if (node instanceof HTMLElement && node.matches('.map-hint'))
                noted.push(node.textContent ?? '');
        }).observe(document.body, { childList: true, subtree: true });
      });
      const noted = (): Promise<string[]> =>
        frameOf(page).evaluate(() => (globalThis as unknown as { noted: string[] }).noted);
      const at = { x: (box?.x ?? 0) + 300, y: (box?.y ?? 0) + 100 };
      await page.mouse.move(at.x, at.y);
      await page.mouse.wheel(0, 60);
      await until('the article scrolls', async () => (await scrolled()) > 0);
      await until('it is said how to zoom', async () => (await noted()).includes('Ctrl + scroll to zoom'));
      await page.evaluate(() => scrollTo(0, 0));
      await frameOf(page).getByText('+ scroll to zoom').waitFor({ state: 'detached' });

      const before = await picture();
      await page.keyboard.down('Control');
      await page.mouse.wheel(0, -200);
      await page.keyboard.up('Control');
      await until('the map is zoomed with Ctrl', async () => (await picture()) !== before);
      expect(await scrolled()).toBe(0);
      expect(await host.evaluate((element) => getComputedStyle(element).touchAction)).toBe('auto');

      await page.touchscreen.tap(at.x, at.y);
      await until('a tap gives the map the focus', () =>
        host.evaluate((element) => element.matches(':focus')),
      );
      expect(await host.evaluate((element) => getComputedStyle(element).touchAction)).toBe('none');
      const focused = await picture();
      await page.mouse.move(at.x, at.y + 1);
      await page.mouse.wheel(0, -200);
      await until('the map is zoomed', async () => (await picture()) !== focused);
      expect(await scrolled()).toBe(0);
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
  });

  test('row 91: twenty figures start as they are seen, and let go of worker and graphics when far', async () => {
    const many = Array.from({ length: 20 }, (_, i) => `${figure('height="500"', `f${i}`)}${words(1)}`).join(
      '',
    );
    const article = await read(browser, sites.article({ body: many + MODULE(sites.all) }));
    const { page } = article;
    try {
      const most = { workers: 0, contexts: 0 };
      for (let i = 0; i < 20; i++) {
        await page.locator(`#f${i}`).scrollIntoViewIfNeeded();
        await event(page, 'finished', `f${i}`);
        const { workers, contexts } = await deedsOf(page);
        most.workers = Math.max(most.workers, workers);
        most.contexts = Math.max(most.contexts, contexts);
      }
      /* Two screens above and below: seven figures at most, of which those that were never seen have not begun. */
      console.log(`20 figures: at most ${most.workers} workers and ${most.contexts} contexts at once`);
      expect(most.contexts).toBeLessThanOrEqual(7);
      await until('those far from what is seen have let go', async () => {
        const { workers, contexts } = await deedsOf(page);
        return workers <= 5 && contexts <= 5;
      });
      /* A picture stays in its place; back in sight it goes on from where it was. */
      const first = page.frameLocator('#f0 iframe');
      await first.locator('canvas.map-still').waitFor({ state: 'attached' });
      const { started, workers: kept } = await deedsOf(page);
      expect(started).toBe(20);
      /* What is asked of one far away is done there, to its end; then it lets go again. */
      const far = await page.evaluate(async () => {
        const element = document.getElementById('f2') as unknown as Figure;
        const { count } = await element.select({ class: 'virginica' });
        const done = await element.retrain({ epochs: 2 });
        return { count, epochs: done?.epochs };
      });
      expect(far).toEqual({ count: 50, epochs: 2 });
      expect((await deedsOf(page)).started).toBeGreaterThan(20);
      await until('it has let go again', async () => (await deedsOf(page)).workers <= kept);
      await page.locator('#f0').scrollIntoViewIfNeeded();
      await first.locator('canvas.map-still').waitFor({ state: 'detached' });
      const result = await page.evaluate(async () => {
        const element = document.getElementById('f0') as unknown as Figure;
        await element.select({ class: 'setosa' });
        return element.retrain({ epochs: 2, focus: 1 });
      });
      const near = await page.evaluate(async () => {
        const element = document.getElementById('f1') as unknown as Figure;
        await element.select({ class: 'setosa' });
        return element.retrain({ epochs: 2, focus: 1 });
      });
      expect(result).toEqual(near);
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
  });

  test('rows 69, 91: far while it trains, it trains again when back, to the same bits; moved, hidden and removed', async () => {
    /* Long enough to be left on the way. */
    const long = (id: string): string =>
      `<unfold-map id="${id}" data="mnist-10k-head" layers="64" epochs="12"></unfold-map>`;
    const url = sites.article({
      body: `${long('figure')}<div id="elsewhere"></div>${words(8)}${long('straight')}${MODULE(sites.all)}`,
    });
    const article = await read(browser, url);
    const { page } = article;
    try {
      await event(page, 'ready');
      await frameOf(page)
        .locator('footer .epoch', { hasText: /epoch [1-9]/ })
        .waitFor({ timeout: 60_000 });
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
      const straight = await event(page, 'finished', 'straight');
      const early = (): Promise<number> =>
        page.evaluate(
          () => globalThis.told.filter(({ name, id }) => name === 'finished' && id === 'figure').length,
        );
      expect(await early()).toBe(0);
      await page.evaluate(() => scrollTo(0, 0));
      expect(await event(page, 'finished')).toEqual(straight);

      /* Moved, its frame is made anew; hidden and without height nothing breaks. */
      await page.evaluate(() => {
        const element = document.getElementById('figure') as HTMLElement;
        document.getElementById('elsewhere')?.append(element);
      });
      await event(page, 'ready', 'figure', 2);
      await page.evaluate(() => {
        const element = document.getElementById('figure') as HTMLElement;
        element.style.setProperty('display', 'none', 'important');
        element.style.height = '0';
      });
      await page.evaluate(() => document.getElementById('figure')?.setAttribute('style', ''));
      expect(await call(page, 'select', 'all')).toMatchObject({ count: 2000 });
      const waits = await page.evaluate(() => {
        const element = document.getElementById('figure') as unknown as Figure;
        const running = element.run().catch((error: { code: string }) => error.code);
        element.remove();
        return running;
      });
      expect(waits).toBe('gone');
      await page.evaluate(() => document.getElementById('straight')?.remove());
      await until('no frame is left', async () => figures(page).length === 0);
      expect(article.problems).toEqual([]);
    } finally {
      await article.close();
    }
  });
});

test('row 92: in Firefox, without storage and WebGL2, among hostile styles', async () => {
  const firefox = await launchFirefox({ 'network.cookie.cookieBehavior': 2 });
  try {
    const url = sites.article({
      head: '<style>* { all: unset !important; font-size: 40px !important }</style>',
      body: `${figure('select="setosa"')}${CLASSIC(sites.none)}`,
    });
    const page = await firefox.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.evaluateOnNewDocument(() => {
      const told: { name: string; detail: unknown }[] = [];
      Object.assign(globalThis, { told });
      for (const name of ['ready', 'selection', 'finished', 'error']) {
        addEventListener(`unfold-${name}`, (event) =>
          told.push({ name, detail: (event as CustomEvent).detail }),
        );
      }
    });
    await page.goto(url);
    await page.waitForFunction(() => globalThis.told.some(({ name }) => name === 'finished'), {
      timeout: 90_000,
    });
    const result = await page.evaluate(async () => {
      const element = document.getElementById('figure') as unknown as Figure;
      const retrained = await element.retrain({ epochs: 2, focus: 0.5 });
      return { retrained, height: (element as unknown as HTMLElement).getBoundingClientRect().height };
    });
    expect(result).toMatchObject({ retrained: { kind: 'retrain', epochs: 2 }, height: 480 });
    const errors = await page.evaluate(() => globalThis.told.filter(({ name }) => name === 'error'));
    expect(errors).toEqual([]);
    expect(problems).toEqual([]);
  } finally {
    await firefox.close();
  }
});
