// The page in Firefox: another engine, without WebGL2, without shared memory.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fox, openFirefox } from './harness/index.ts';

let fox: Fox;

beforeAll(async () => {
  fox = await openFirefox({ headers: 'none' });
});
afterAll(() => fox?.close());

test('the demonstration is trained on all rows and drawn, and another set is trained to its end', async () => {
  const { page } = fox;
  await page.waitForFunction(() => /epoch [3-9]/.test(document.querySelector('footer')?.textContent ?? ''), {
    timeout: 100_000,
  });
  const canvas = await page.$('.map canvas');
  const coloured = await canvas?.evaluate((element) => {
    const found = element as HTMLCanvasElement;
    const pixels = found.getContext('2d')?.getImageData(0, 0, found.width, found.height).data ?? [];
    let sum = 0;
    for (let i = 0; i < pixels.length; i += 4) {
      const [r = 0, g = 0, b = 0] = [pixels[i], pixels[i + 1], pixels[i + 2]];
      if (Math.max(r, g, b) - Math.min(r, g, b) > 60) sum++;
    }
    return sum;
  });
  expect(coloured).toBeGreaterThan(5000);
  await page.select('select.data-set', 'iris');
  await page.waitForSelector('.status ::-p-text(finished)', { timeout: 100_000 });
  fox.assertClean();
});
