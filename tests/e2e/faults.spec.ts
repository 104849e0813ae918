// What the page does when its worker fails, in the build that can be told to fail (`?fault=…`), and when a person
// asks for the impossible. The last map and the data stay on screen, it is told once, and training can go on.
import { afterEach, expect, test } from 'vitest';
import { openSite, type Site, type SiteOptions } from './harness/browser.ts';
import { dataSet, ended, epoch, field, mapPixels, named, until } from './support.ts';

let site: Site | null = null;
afterEach(async () => {
  await site?.close();
  site = null;
});

async function open(path: string, options: SiteOptions = {}): Promise<Site> {
  site = await openSite({
    site: 'site-faults',
    path,
    headers: 'none',
    allow: /worker_|internal|no_memory/,
    ...options,
  });
  return site;
}

const alerts = (page: Site['page']) => page.getByRole('alert');

/** The one message about it, once it is there. */
async function toldOnce(page: Site['page'], words: RegExp, ms = 60_000): Promise<void> {
  await page.getByText(words).first().waitFor({ timeout: ms });
  expect(await alerts(page).filter({ hasText: words }).count()).toBeLessThanOrEqual(1);
}

/** Training goes on after what happened, and the page is usable. */
async function goesOn(page: Site['page']): Promise<void> {
  const { coloured } = await mapPixels(page);
  expect(coloured).toBeGreaterThan(100); // the last map is still there
  const before = await epoch(page);
  const again = page.getByRole('button', { name: /^(Train|Try again|Retry)$/ }).first();
  await again.click();
  await until('training goes on', async () => (await epoch(page)) > before, 60_000);
}

for (const fault of ['trap', 'reject']) {
  test(`rows 59, 62: ${fault} in mid-training: told once, everything back, training goes on`, async () => {
    const { page, assertClean } = await open(`?fault=${fault}@epoch1`);
    await toldOnce(page, /stopped unexpectedly/);
    await goesOn(page);
    assertClean();
  });
}

for (const fault of ['hang', 'silence']) {
  test(`row 61: ${fault}: noticed after ten seconds, told once, training goes on`, async () => {
    const { page, assertClean } = await open(`?fault=${fault}@epoch1`);
    await toldOnce(page, /stopped unexpectedly/);
    await goesOn(page);
    assertClean();
  });
}

test('row 59: three losses in a row end the retrying', async () => {
  const { page, requests } = await open('?fault=trap@epoch1&faults=9');
  const workers = (): number => requests.filter((url) => url.startsWith('blob:')).length;
  for (let losses = 1; losses < 3; losses += 1) {
    await until(`loss ${losses} is made up for`, async () => workers() === losses + 1);
    const again = page.getByRole('button', { name: /^(Train|Try again|Retry)$/ }).first();
    await again.click({ timeout: 30_000 });
  }
  await toldOnce(page, /3 times in a row/);
  await page.waitForTimeout(1000);
  expect(workers()).toBe(3);
});

test('row 60: an allocation that fails is told, and the next try works', async () => {
  const { page } = await open('?fault=oom');
  await toldOnce(page, /not enough memory/);
  await dataSet(page).selectOption('iris');
  expect(await ended(page)).toMatch(/epochs/);
});

test('row 62: a worker script that is missing is told in words', async () => {
  const { page } = await open('?fault=worker404', { allow: /worker_|404|Failed to (load|fetch)/ });
  await toldOnce(page, /compute module could not be loaded/);
});

test('row 62: a host that answers with a page instead of the script is told in words', async () => {
  const { page } = await open('', {
    site: 'site',
    allow: /worker_|MIME|Failed to (load|fetch)|404/,
    before: (opened) =>
      opened
        .context()
        .route(/assets\/main-.*\.js$/, (route) =>
          route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Not found</title>' }),
        ),
  });
  await toldOnce(page, /compute module could not be loaded/);
});

test('row 63: without WebAssembly SIMD the page says what is needed', async () => {
  const { page } = await open('', {
    site: 'site',
    allow: /worker_|SIMD/,
    args: ['--js-flags=--no-experimental-wasm-simd,--no-enable-sse4-1'],
    before: (opened) =>
      opened.context().route(/assets\/main-.*\.js$/, async (route) => {
        const response = await route.fetch();
        const body = `WebAssembly.validate = () => false;\n${await response.text()}`;
        await route.fulfill({ response, body });
      }),
  });
  await toldOnce(page, /no WebAssembly SIMD/);
});

test('row 64: a host policy without wasm-unsafe-eval is named', async () => {
  const { page } = await open('', {
    site: 'site',
    allow: /worker_|Content-Security-Policy|Content Security Policy|wasm/,
    before: (opened) =>
      opened.context().route(/\/(index\.html)?$/, async (route) => {
        const response = await route.fetch();
        await route.fulfill({
          response,
          headers: {
            ...response.headers(),
            'content-security-policy': "script-src 'self'; worker-src 'self' blob:",
          },
        });
      }),
  });
  await toldOnce(page, /wasm-unsafe-eval/);
});

test('row 54: a learning rate that runs away keeps the map and proposes a lower one', async () => {
  const { page, assertClean } = await open('', { site: 'site' });
  await dataSet(page).selectOption('iris');
  await ended(page);
  await field(page, 'Learning rate').fill('1e6');
  await named.train(page).click();
  await page
    .getByText(/ran away/)
    .first()
    .waitFor({ timeout: 30_000 });
  expect((await mapPixels(page)).coloured).toBeGreaterThan(50);
  await page
    .getByRole('button', { name: /0\.001/ })
    .first()
    .click();
  await until('it trains with the lower rate', async () =>
    /finished|epochs/.test(await page.locator('footer').innerText()),
  );
  assertClean();
});

test('row 57: stop, and start again, ten times', async () => {
  const { page, assertClean } = await open('', { site: 'site' });
  await named.pause(page).waitFor({ timeout: 30_000 });
  for (let i = 0; i < 10; i += 1) {
    await named.stop(page).click();
    await named.train(page).waitFor({ timeout: 10_000 });
    await until('Train can be pressed', () => named.train(page).isEnabled());
    await named.train(page).click();
    await named.pause(page).waitFor({ timeout: 10_000 });
  }
  assertClean();
});
