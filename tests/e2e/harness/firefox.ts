/**
 * A second engine: Debian's Firefox, driven over WebDriver BiDi. It shows that nothing here leans on Chromium, above
 * all that another engine computes the same bits.
 *
 *     const fox = await openFirefox();
 *     await fox.page.locator('button ::-p-text(Train)').click();
 *     fox.assertClean();
 *     await fox.close();
 *
 * Headless Firefox has no WebGL2 here: the map is drawn by the processor.
 */
import { type Browser, launch, type Page } from 'puppeteer-core';
import { serve } from '../../../build/serve.mjs';
import { findFirefox } from '../../../build/setup.mjs';
import { built, temporaryFolder } from './files.ts';

export interface FirefoxOptions {
  /** 'all': cross-origin isolation and compression; 'none': the plainest host there is. Default 'all'. */
  headers?: 'all' | 'none';
  /** What follows the site's address: a page, a query or a hash. */
  path?: string;
  /** Called with the page before the site is opened in it. */
  before?: (page: Page) => Promise<unknown>;
  /** Settings of the profile, as `{ 'dom.serviceWorkers.enabled': false }`. */
  prefs?: Record<string, unknown>;
}

export interface Fox {
  page: Page;
  browser: Browser;
  /** Address of the served site. */
  url: string;
  /** What should not have happened so far, one sentence each. */
  problems: string[];
  assertClean(): void;
  close(): Promise<void>;
}

/** Starts Firefox with a fresh profile. The caller closes it. */
export async function launchFirefox(prefs: Record<string, unknown> = {}): Promise<Browser> {
  const executablePath = findFirefox();
  if (executablePath === null) throw new Error('Firefox was not found. Run `npm run setup -- --tests`.');
  /* Run by root, Firefox refuses a home that is another's, and it needs one where there is none. */
  const home = temporaryFolder();
  const browser = await launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    env: { ...process.env, HOME: home.path },
    extraPrefsFirefox: { 'dom.serviceWorkers.enabled': false, ...prefs },
  });
  browser.process()?.once('exit', home.remove);
  return browser;
}

/** Serves the built site on a free port and opens it in a Firefox of its own. */
export async function openFirefox(options: FirefoxOptions = {}): Promise<Fox> {
  const server = await serve({ root: built('site'), headers: options.headers ?? 'all' });
  let browser: Browser | null = null;
  try {
    browser = await launchFirefox(options.prefs);
    const page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 800 });
    const problems: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`Console error: ${message.text()}`);
    });
    page.on('pageerror', (error) => problems.push(`Exception: ${String(error)}`));
    await options.before?.(page);
    await page.goto(server.url + (options.path ?? ''), { waitUntil: 'domcontentloaded' });
    const opened = browser;
    return {
      page,
      browser: opened,
      url: server.url,
      problems,
      assertClean() {
        if (problems.length > 0) throw new Error(`The page was not clean:\n${problems.join('\n')}`);
      },
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
