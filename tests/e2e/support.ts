// What several end-to-end specs need: the page's stable names, waiting for its states, reading its pixels.

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { PNG } from './png.ts';

export const root = resolve(import.meta.dirname, '../..');

const mirrors = [process.env['UNFOLD_DATA_MIRROR'], resolve(root, '../shared/data')];

/** A file of the data mirror, or null where there is none. */
export function mirrored(path: string): string | null {
  for (const mirror of mirrors) {
    if (mirror && existsSync(resolve(mirror, path))) {
      return resolve(mirror, path);
    }
  }
  return null;
}

export const named = {
  train: (page: Page) => page.getByRole('button', { name: 'Train', exact: true }),
  pause: (page: Page) => page.getByRole('button', { name: 'Pause', exact: true }),
  resume: (page: Page) => page.getByRole('button', { name: 'Resume', exact: true }),
  step: (page: Page) => page.getByRole('button', { name: 'Step', exact: true }),
  stop: (page: Page) => page.getByRole('button', { name: 'Stop', exact: true }),
  file: (page: Page) => page.getByLabel('Open a data file'),
  progress: (page: Page) => page.getByRole('progressbar', { name: 'Progress' }),
  map: (page: Page) => page.getByRole('region', { name: 'Map', exact: true }),
  loss: (page: Page) => page.getByRole('region', { name: 'Loss', exact: true }),
  inspector: (page: Page) => page.getByRole('region', { name: 'Inspector', exact: true }),
  legend: (page: Page) => page.getByRole('region', { name: 'Legend', exact: true }),
};

/** How many pixels of the map are clearly coloured, and a checksum of where. */
export async function mapPixels(page: Page): Promise<{ coloured: number; picture: string }> {
  const box = await named.map(page).locator('canvas').first().boundingBox();
  if (box === null) {
    throw new Error('The map has no canvas.');
  }
  const image = new PNG(await page.screenshot({ clip: box, animations: 'disabled' }));
  let coloured = 0;
  let sum = 0;
  for (let i = 0; i < image.width * image.height; i++) {
    const [r, g, b] = image.rgb(i);
    if (Math.max(r, g, b) - Math.min(r, g, b) > 60) {
      coloured++;
      sum = (Math.imul(sum, 31) + i) >>> 0;
    }
  }
  return { coloured, picture: `${coloured}:${sum}` };
}

/** The epoch that the transport shows. */
export async function epoch(page: Page): Promise<number> {
  const text = await page.locator('body').innerText();
  const found = /epoch\s+(\d[\d,]*)/i.exec(text);
  return found ? Number((found[1] as string).replace(/,/g, '')) : 0;
}

export async function until(what: string, condition: () => Promise<boolean>, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) {
      throw new Error(`Waited ${ms / 1000} s in vain: ${what}.`);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Drops files on the window as a person would: with a real DataTransfer. */
export async function drop(page: Page, files: { name: string; bytes: Uint8Array | string }[]): Promise<void> {
  const transfer = await page.evaluateHandle(
    (list) => {
      const data = new DataTransfer();
      for (const { name, base64 } of list) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        data.items.add(new File([bytes], name));
      }
      return data;
    },
    files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes as string).toString('base64') })),
  );
  const target = page.locator('body');
  await target.dispatchEvent('dragenter', { dataTransfer: transfer });
  await target.dispatchEvent('dragover', { dataTransfer: transfer });
  await target.dispatchEvent('drop', { dataTransfer: transfer });
}

export const read = (path: string): Uint8Array => readFileSync(path);
