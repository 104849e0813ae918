/**
 * `npm run screenshots`: takes the pictures of the README from the running page, in light and in dark.
 *
 * Builds the site, opens it in Chromium at 1440 × 900, and takes each picture as a person would come to see it:
 * when the first visit's training has ended, with one row in the inspector; then the story of a retrain: rows
 * being drawn around, the model retrained on one digit, and what it forgot. They go to web/docs.
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
const timeout = TRAINING_MINUTES * 60_000;

/** Has as many colours as fit: with all of them the many small discs make a large file. */
async function picture(page, name) {
  const path = join(root, `web/docs/${name}.png`);
  const whole = await page.screenshot({ animations: 'disabled' });
  const small = PALETTES.map((size) => reducePng(whole, size)).find((bytes) => bytes.length <= LARGEST);
  if (small === undefined)
    fail(`${shown(path)} would be larger than ${LARGEST / 1000} kB and weigh on every clone.`);
  writeFileSync(path, small);
  say(`${shown(path)}: ${(small.length / 1000).toFixed(0)} kB.`);
}

/** The first visit trains twice, on the first rows and then on all of them: it has ended when `Train` stays. */
async function trained(page) {
  const button = (name) => page.getByRole('button', { name, exact: true });
  await button('Pause').waitFor({ timeout });
  do {
    await button('Train').waitFor({ timeout });
    await page.waitForTimeout(2000);
  } while (await button('Pause').isVisible());
}

/** Somewhere near the middle there is a row: walks outwards until the inspector shows one. */
async function inspectSome(page, box) {
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
}

/** A loop of the lasso, not let go. */
async function drawAround(page, box) {
  await page.keyboard.down('Shift');
  for (let i = 0; i <= 40; i += 1) {
    const angle = (i / 40) * 2 * Math.PI;
    const wobble = 1 + 0.12 * Math.sin(3 * angle);
    const x = box.x + box.width * (0.7 + 0.12 * wobble * Math.cos(angle));
    const y = box.y + box.height * (0.58 + 0.18 * wobble * Math.sin(angle));
    await page.mouse.move(x, y);
    if (i === 0) await page.mouse.down();
  }
  await page.waitForTimeout(500);
}

async function letGo(page) {
  await page.mouse.up();
  await page.keyboard.up('Shift');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
}

/** Retrains on the digit 8, once with everything drawn as it was and once by change of error. */
async function tellStory(page, scheme) {
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('region', { name: 'Legend' }).getByRole('button', { name: '8', exact: true }).click();
  await press('Retrain on selection');
  await page.getByRole('button', { name: 'Return to 1', exact: true }).waitFor({ timeout });
  await page.locator('.story').first().waitFor({ timeout });
  await page.waitForTimeout(3000);
  await picture(page, `story-2-retrained-${scheme}`);
  await press('Colour by change of error');
  await page.waitForTimeout(3000);
  await picture(page, `story-3-forgotten-${scheme}`);
}

try {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
    await page.goto(server.url);
    const map = page.getByRole('region', { name: 'Map', exact: true });
    await map.waitFor();
    await trained(page);
    const box = await map.boundingBox();
    if (box === null) fail('The map has no place on the page.');
    await inspectSome(page, box);
    await picture(page, `screenshot-${colorScheme}`);
    // Lets go of the row, and of it as a selection.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await drawAround(page, box);
    await picture(page, `story-1-drawn-${colorScheme}`);
    await letGo(page);
    await tellStory(page, colorScheme);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
