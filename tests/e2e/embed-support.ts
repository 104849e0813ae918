// Articles on another site than the figures in them: a server of its own, on another host name and port.

import { createServer } from 'node:http';
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import { serve } from '../../build/serve.mjs';
import { built } from './harness/index.ts';

/** What an article answers with. */
export interface Article {
  body: string;
  head?: string;
  headers?: Record<string, string>;
}

export interface Sites {
  /** Address of a site that sends all headers, and of one that sends none. */
  all: string;
  none: string;
  /** Puts an article on the host and gives its address. `host`: the name that it is reached by. */
  article(article: Article, host?: string): string;
  close(): Promise<void>;
}

/** Serves the built site twice on 127.0.0.1, and articles on localhost: another site, to a browser. */
export async function openSites(): Promise<Sites> {
  const all = await serve({ root: built('site'), headers: 'all' });
  const none = await serve({ root: built('site'), headers: 'none' });
  const articles: Article[] = [];
  const server = createServer((request, response) => {
    const article = articles[Number(request.url?.slice(1))];
    if (!article) {
      response.writeHead(request.url === '/favicon.ico' ? 204 : 404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ...article.headers });
    response.end(
      `<!doctype html><html lang="en"><head><title>An article</title>${article.head ?? ''}</head>` +
        `<body>${article.body}</body></html>`,
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const at = server.address();
  const port = typeof at === 'object' && at !== null ? at.port : 0;
  return {
    all: all.url,
    none: none.url,
    article(article, host = 'localhost') {
      articles.push(article);
      return `http://${host}:${port}/${articles.length - 1}`;
    },
    async close() {
      await all.close();
      await none.close();
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
    },
  };
}

export const MODULE = (site: string): string => `<script type="module" src="${site}embed.js"></script>`;
export const CLASSIC = (site: string): string => `<script src="${site}embed-classic.js"></script>`;
/** A figure with one id, that trains in a moment. */
export const figure = (more = '', id = 'figure'): string =>
  `<unfold-map id="${id}" data="iris" seed="1" epochs="5" ${more}></unfold-map>`;

/** What a page and its frames have done, counted from their first script on. */
export interface Deeds {
  workers: number; // alive
  contexts: number; // of WebGL, alive
  started: number; // workers ever
  forbidden: string[]; // windows opened, permissions asked for, storage written
}

export interface Told {
  name: string;
  id: string;
  detail: Record<string, unknown>;
}

declare global {
  var deeds: Deeds;
  var told: Told[];
}

/** Counts what lives, and notes what a good guest never does. Runs in every frame before anything else. */
function watch(): void {
  const deeds: Deeds = { workers: 0, contexts: 0, started: 0, forbidden: [] };
  globalThis.deeds = deeds;
  globalThis.told = [];
  const Original = globalThis.Worker;
  globalThis.Worker = class extends Original {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      deeds.workers += 1;
      deeds.started += 1;
    }

    override terminate(): void {
      deeds.workers -= 1;
      super.terminate();
    }
  };
  const contexts = new Set<WebGL2RenderingContext>();
  Object.defineProperty(deeds, 'contexts', {
    enumerable: true,
    get: () => [...contexts].filter((context) => !context.isContextLost()).length,
  });
  const original = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...args: [string]) {
    const context = original.apply(this, args) as RenderingContext | null;
    if (context instanceof WebGL2RenderingContext) contexts.add(context);
    return context;
  } as typeof HTMLCanvasElement.prototype.getContext;
  const forbid = (target: object, name: string): void => {
    const before = (target as Record<string, unknown>)[name];
    if (typeof before !== 'function') return;
    Object.defineProperty(target, name, {
      value(...args: unknown[]) {
        deeds.forbidden.push(name);
        return (before as (...all: unknown[]) => unknown).apply(this, args);
      },
    });
  };
  forbid(globalThis, 'open');
  forbid(globalThis, 'alert');
  for (const [part, name] of [
    [globalThis.Notification, 'requestPermission'],
    [navigator.permissions, 'query'],
    [navigator.geolocation, 'getCurrentPosition'],
    [navigator.mediaDevices, 'getUserMedia'],
    [navigator.serviceWorker, 'register'],
    [document, 'requestStorageAccess'],
  ] as const) {
    if (part) forbid(part, name);
  }
  for (const name of ['ready', 'selection', 'finished', 'error']) {
    globalThis.addEventListener(`unfold-${name}`, (event) => {
      const { detail } = event as CustomEvent<Record<string, unknown>>;
      globalThis.told.push({ name, id: (event.target as Element).id, detail });
    });
  }
}

export interface Reader {
  page: Page;
  /** Console errors and exceptions of the article and of its figures. */
  problems: string[];
  close(): Promise<void>;
}

/** Opens an article in a context of its own. */
export async function read(
  browser: Browser,
  url: string,
  options: BrowserContextOptions & { before?: (page: Page) => Promise<unknown> } = {},
): Promise<Reader> {
  const { before, ...context } = options;
  const opened = await browser.newContext({ viewport: { width: 900, height: 700 }, ...context });
  const page = await opened.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.addInitScript(watch);
  await before?.(page);
  await page.goto(url);
  return { page, problems, close: () => opened.close() };
}

/** Waits for an event of a figure and gives its detail; the `nth` of its kind. */
export async function event(page: Page, name: string, id = 'figure', nth = 1): Promise<Told['detail']> {
  const handle = await page.waitForFunction(
    ([wanted, of, count]) => globalThis.told.filter((one) => one.name === wanted && one.id === of)[count - 1],
    [name, id, nth] as const,
    { timeout: 60_000 },
  );
  return (await handle.jsonValue())?.detail ?? {};
}

/** The frames that figures live in. */
export const figures = (page: Page): Frame[] =>
  page.frames().filter((frame) => frame.url().includes('/embed.html'));

export function frameOf(page: Page): Frame {
  const [frame] = figures(page);
  if (!frame) throw new Error('There is no figure.');
  return frame;
}

/** What all frames of a page have done, summed. */
export async function deedsOf(page: Page): Promise<Deeds> {
  const all = await Promise.all(
    page.frames().map((frame) => frame.evaluate(() => globalThis.deeds).catch(() => null)),
  );
  const sum: Deeds = { workers: 0, contexts: 0, started: 0, forbidden: [] };
  for (const deeds of all) {
    if (!deeds) continue;
    sum.workers += deeds.workers;
    sum.contexts += deeds.contexts;
    sum.started += deeds.started;
    sum.forbidden.push(...deeds.forbidden);
  }
  return sum;
}
