/**
 * `npm run screenshots`: takes the pictures of the README from the running page, in light and in dark.
 *
 * Builds the site, opens it in Chromium at 1440 × 900, and takes each picture when the first visit's
 * training has ended by itself, with one row in the inspector. They go to web/docs.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from './build.mjs';
import { fail, root, say, shown } from './lib.mjs';
import { reducePng } from './png.mjs';
import { serve } from './serve.mjs';
import { findChromium, setup } from './setup.mjs';

const LARGEST = 200_000;
const PALETTES = [256, 192, 128, 64];
const TRAINING_MINUTES = 5;

setup({ tests: true });
const { site } = await buildAll({ cli: false });
const { chromium } = await import('playwright-core');
const server = await serve({ root: site });
const browser = await chromium.launch({
  executablePath: findChromium(),
  args: ['--no-sandbox', '--disable-gpu', '--enable-unsafe-swiftshader'],
});
mkdirSync(join(root, 'web/docs'), { recursive: true });
try {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
    await page.goto(server.url);
    const map = page.getByRole('region', { name: 'Map' });
    await map.waitFor();
    const button = (name) => page.getByRole('button', { name, exact: true });
    const timeout = TRAINING_MINUTES * 60_000;
    await button('Pause').waitFor({ timeout });
    // Training ends by itself. The first visit trains twice, on the first rows and then on all of them:
    // it has ended when `Train` stays.
    do {
      await button('Train').waitFor({ timeout });
      await page.waitForTimeout(2000);
    } while (await button('Pause').isVisible());
    const box = await map.boundingBox();
    if (box === null) fail('The map has no place on the page.');
    // Somewhere near the middle there is a row: walk outwards until the inspector shows one.
    const inspector = page.getByRole('region', { name: 'Inspector' });
    for (let ring = 0; ring < 40 && (await inspector.getByRole('img').count()) === 0; ring += 1) {
      const angle = ring * 2.4;
      const radius = 4 * ring;
      await page.mouse.click(
        box.x + box.width / 2 + radius * Math.cos(angle),
        box.y + box.height / 2 + radius * Math.sin(angle),
      );
    }
    await page.waitForTimeout(1000);
    const path = join(root, `web/docs/screenshot-${colorScheme}.png`);
    const picture = await page.screenshot({ animations: 'disabled' });
    await page.close();
    // As many colours as fit: with all of them the many small discs make a large file.
    const small = PALETTES.map((size) => reducePng(picture, size)).find((bytes) => bytes.length <= LARGEST);
    if (small === undefined) {
      fail(`${shown(path)} would be larger than ${LARGEST / 1000} kB and weigh on every clone.`);
    }
    writeFileSync(path, small);
    say(`${shown(path)}: ${(small.length / 1000).toFixed(0)} kB.`);
  }
} finally {
  await browser.close();
  await server.close();
}
