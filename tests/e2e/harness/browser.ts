/**
 * The browser that end-to-end tests run in, and a page that watches itself.
 *
 *     const site = await openSite({ headers: 'none' });
 *     await site.page.getByRole('button', { name: 'Train' }).click();
 *     site.assertClean();
 *     await site.close();
 *
 * Every page records what must never happen: a console error, an exception, a violation of the
 * Content-Security-Policy, a request that leaves the origin. `assertClean` fails when there is any.
 */
import { mkdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { resolve } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { serve } from '../../../build/serve.mjs';
import { findChromium } from '../../../build/setup.mjs';
import { built } from './files.ts';

const screenshots = resolve(import.meta.dirname, '../../../dist/screenshots');

/** Software WebGL2, nothing fetched in the background, and it runs as root. */
const ARGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu',
  '--enable-unsafe-swiftshader',
];

export interface LaunchOptions {
  /** Further command-line switches, as `--disable-3d-apis`. */
  args?: string[];
}

/** Starts Chromium with a fresh profile. The caller closes it. */
export async function launch({ args = [] }: LaunchOptions = {}): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('Chromium was not found. Run `npm run setup -- --tests`.');
  return chromium.launch({ executablePath, headless: true, args: [...ARGS, ...args] });
}

export interface SiteOptions {
  /** 'all': cross-origin isolation and compression; 'none': the plainest host there is. Default 'all'. */
  headers?: 'all' | 'none';
  /** Which build to open. Default 'site'. */
  site?: 'site' | 'site-faults';
  /** A folder to serve in place of a build, as a copy of one that a test changes. */
  root?: string;
  /** Told of every request that arrives at the server. */
  onRequest?: (request: IncomingMessage) => void;
  /** What follows the site's address: a query or a hash. */
  path?: string;
  /** Path under which the site is served, as '/some/folder/'. Default '/'. */
  base?: string;
  /** Further headers of every answer, as a host's own policy. */
  extra?: Record<string, string>;
  /** Command-line switches of the browser, or what makes them from the site's address. */
  args?: string[] | ((url: string) => string[]);
  /** Size, colour scheme, reduced motion and so on. Service workers are blocked unless `serviceWorkers` allows them. */
  context?: BrowserContextOptions;
  /** Called with the page before the site is opened in it: routes, init scripts. */
  before?: (page: Page) => Promise<unknown>;
  /** Problems that a test provokes on purpose are not held against the page. */
  allow?: RegExp;
}

export interface Site {
  page: Page;
  context: BrowserContext;
  browser: Browser;
  /** Address of the served site. */
  url: string;
  /** Every address asked for, by the page and its workers, in order. */
  requests: string[];
  /** What should not have happened so far, one sentence each. */
  problems: string[];
  /** Throws when something happened that should not have. */
  assertClean(): void;
  /** Saves a picture as dist/screenshots/NAME.png and resolves to its path. */
  screenshot(name: string): Promise<string>;
  /** Ends the server and leaves the browser: there is no network any more. */
  stopServing(): Promise<void>;
  close(): Promise<void>;
}

/** Address schemes that stay within the browser. */
const INSIDE = /^(blob|data|about|chrome-error):/;

/** Serves the built site on a free port and opens it in a browser of its own. */
export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const { headers = 'all', site = 'site', path = '', base = '/', extra = {}, allow, onRequest } = options;
  const { root = built(site) } = options;
  const server = await serve({ root, headers, base, extra, ...(onRequest ? { onRequest } : {}) });
  let browser: Browser | null = null;
  try {
    const { args = [] } = options;
    browser = await launch({ args: typeof args === 'function' ? args(server.url) : args });
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      serviceWorkers: 'block', // offline parts would be fetched behind every test
      ...options.context,
    });
    const page = await context.newPage();
    const requests: string[] = [];
    const problems: string[] = [];
    const problem = (text: string): void => {
      if (!allow?.test(text)) problems.push(text);
    };

    const origin = new URL(server.url).origin;
    context.on('request', (request) => {
      const url = request.url();
      requests.push(url);
      if (!url.startsWith(`${origin}/`) && !INSIDE.test(url)) problem(`A request left the origin: ${url}`);
    });
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      const { url, lineNumber } = message.location();
      problem(`Console error: ${message.text()} (${url}:${lineNumber})`);
    });
    page.on('pageerror', (error) => problem(`Exception: ${error.stack ?? error.message}`));
    page.on('crash', () => problem('The page crashed.'));
    await page.exposeFunction('__unfoldViolation', (text: string) =>
      problem(`Content-Security-Policy: ${text}`),
    );
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const report = (globalThis as unknown as { __unfoldViolation?: (text: string) => void })
          .__unfoldViolation;
        report?.(`${event.effectiveDirective} blocked ${event.blockedURI || 'inline'}`);
      });
    });
    await options.before?.(page);
    await page.goto(server.url + path);

    const opened = browser;
    return {
      page,
      context,
      browser: opened,
      url: server.url,
      requests,
      problems,
      assertClean() {
        if (problems.length > 0) throw new Error(`The page was not clean:\n${problems.join('\n')}`);
      },
      async screenshot(name) {
        mkdirSync(screenshots, { recursive: true });
        const file = resolve(screenshots, `${name}.png`);
        await page.screenshot({ path: file, animations: 'disabled' });
        return file;
      },
      stopServing: () => server.close(),
      async close() {
        await opened.close();
        await server.close();
      },
    };
  } catch (error) {
    await browser?.close();
    await server.close();
    throw error;
  }
}
