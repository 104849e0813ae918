// What several end-to-end specs need: the page's stable names, waiting for its states, reading its pixels.

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Frame, Page } from 'playwright-core';
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
  /** The buttons named by their class, without the smaller ones beside them. */
  classes: (page: Page) =>
    page.getByRole('region', { name: 'Legend', exact: true }).locator('.legend-button'),
};

/** Lets go of every selected row, if there is one. */
export async function clearSelection(page: Page): Promise<void> {
  const selection = page.getByRole('region', { name: 'Selection', exact: true });
  const clear = selection.getByRole('button', { name: 'Clear', exact: true });
  if ((await clear.getAttribute('aria-disabled')) !== 'true') await clear.click();
  await selection.getByText(/^0 of [\d,]+ selected/).waitFor();
}

/** The sets that the page offers, by id. */
export const dataSet = (page: Page) => page.getByLabel('Data set', { exact: true });
export const field = (page: Page, name: string) =>
  page.getByRole('group', { name: 'Parameters' }).getByLabel(name, { exact: true });
/** What the page says about the run: epoch, rate, outcome. */
export const runText = (page: Page): Promise<string> => page.locator('footer').innerText();
export const noteTexts = (page: Page): Promise<string[]> => page.locator('.notes li').allInnerTexts();

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

/** Waits until training has ended by itself or was stopped, and gives the sentence that says how. */
export async function ended(page: Page, ms = 90_000): Promise<string> {
  const status = page.locator('footer .status');
  await status.getByText(/^(finished|stopped|failed)$/).waitFor({ timeout: ms });
  return page.locator('footer .outcome').innerText();
}

/** Opens a set of the catalogue and waits until it has been trained on. */
export async function choose(page: Page, id: string): Promise<void> {
  const title = await dataSet(page).locator(`option[value="${id}"]`).innerText();
  await dataSet(page).selectOption(id);
  await until(`${id} is shown`, async () => (await dataSet(page).inputValue()) === id);
  if (title === '') throw new Error(`${id} has no title.`);
  await ended(page);
}

/** The two losses that the foot of the page shows. */
export async function losses(page: Page): Promise<{ train: number; heldout: number }> {
  const [train, heldout] = await page.locator('.losses dd').allInnerTexts();
  return { train: numberIn(train ?? ''), heldout: numberIn(heldout ?? '') };
}

/** The first number in a text, written as the page writes numbers. */
export function numberIn(text: string): number {
  const found = /[−-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?/i.exec(text)?.[0];
  return found === undefined ? Number.NaN : Number(found.replace(/,/g, '').replace('−', '-'));
}

/** Waits until the map's picture has changed twice: points move. */
export async function moving(page: Page, ms = 60_000): Promise<void> {
  let before = await mapPixels(page);
  let changes = 0;
  await until(
    'points move',
    async () => {
      const now = await mapPixels(page);
      if (now.coloured > 0 && before.coloured > 0 && now.picture !== before.picture) changes++;
      before = now;
      return changes >= 2;
    },
    ms,
  );
}

/** Waits until two pictures of the map, some frames apart, are equal, and gives that picture. */
export async function resting(page: Page, ms = 30_000): Promise<string> {
  let last = '';
  await until(
    'the map rests',
    async () => {
      const { picture } = await mapPixels(page);
      const same = picture === last;
      last = picture;
      if (!same) await pauseFor(400);
      return same;
    },
    ms,
  );
  return last;
}

export const pauseFor = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** A place on the map, in the window's pixels, where a row is: a coloured pixel and its whole surroundings. */
export async function placeOfRow(page: Page): Promise<{ x: number; y: number }> {
  const box = await named.map(page).locator('canvas').first().boundingBox();
  if (box === null) throw new Error('The map has no canvas.');
  const image = new PNG(await page.screenshot({ clip: box, animations: 'disabled' }));
  const coloured = (i: number): boolean => {
    const [r, g, b] = image.rgb(i);
    return Math.max(r, g, b) - Math.min(r, g, b) > 60;
  };
  const { width, height } = image;
  let best = { at: -1, far: Number.POSITIVE_INFINITY };
  /* The one nearest to the middle, where nothing lies over the map. */
  for (let y = 2; y < height - 2; y++) {
    for (let x = 2; x < width - 2; x++) {
      const at = y * width + x;
      if (!coloured(at) || !coloured(at - 1) || !coloured(at + 1)) continue;
      if (!coloured(at - width) || !coloured(at + width)) continue;
      const far = Math.hypot(x - width / 2, y - height / 2);
      if (far < best.far) best = { at, far };
    }
  }
  if (best.at < 0) throw new Error('No row is drawn on the map.');
  return { x: box.x + (best.at % width), y: box.y + Math.floor(best.at / width) };
}

/** Rows of three clumps in six numbers and their name: a table that trains in a moment. */
export function clumps(rows: number, { header = true } = {}): string {
  const lines = header ? ['a,b,c,d,e,f,kind'] : [];
  let state = 12345;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  for (let i = 0; i < rows; i++) {
    const clump = i % 3;
    const values = Array.from({ length: 6 }, (_, j) => ((clump * (j + 1)) % 5) + next()).map((v) =>
      v.toFixed(4),
    );
    lines.push(`${values.join(',')},${['red', 'green', 'blue'][clump]}`);
  }
  return `${lines.join('\n')}\n`;
}

/* ---- what page and worker say to each other ---------------------------------------------------------------- */

/** Everything that went between page and worker, with bulk left out but for the last frame. */
export interface Recording {
  sent: { at: number; message: { type: string; id?: number; job?: number; [key: string]: unknown } }[];
  received: { at: number; message: { type: string; id?: number; job?: number; [key: string]: unknown } }[];
  frames: { at: number; whole: boolean; fresh: number; rows: number; step: number }[];
}

/** Has a page record the messages of its workers; before the site is opened in it. */
export async function record(page: Page): Promise<void> {
  await page.addInitScript(recordMessages);
}

/** Runs in the page, in any browser, before its own scripts. */
export function recordMessages(): void {
  const recording: Recording = { sent: [], received: [], frames: [] };
  const scope = globalThis as unknown as { recording: Recording; lastFrame: Float32Array | null };
  scope.recording = recording;
  scope.lastFrame = null;
  const light = (message: object): Recording['sent'][number]['message'] =>
    Object.fromEntries(
      Object.entries(message).filter(([, v]) => !(v instanceof ArrayBuffer || ArrayBuffer.isView(v))),
    ) as Recording['sent'][number]['message'];
  const Original = globalThis.Worker;
  globalThis.Worker = class extends Original {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener('message', ({ data }: MessageEvent) => {
        const at = performance.now();
        if (data.type !== 'frame') {
          recording.received.push({ at, message: light(data) });
          return;
        }
        const [first, end] = data.fresh as [number, number];
        const { whole, rows, step } = data;
        recording.frames.push({ at, whole, fresh: end - first, rows, step });
        const { offset, length } = data.channels.positions;
        scope.lastFrame = new Float32Array(data.buffer, offset, length).slice();
      });
    }
    override postMessage(message: unknown, transfer?: unknown): void {
      recording.sent.push({ at: performance.now(), message: light(message as object) });
      super.postMessage(message, transfer as Transferable[]);
    }
  };
}

export const recording = (page: Page): Promise<Recording> =>
  page.evaluate(() => (globalThis as unknown as { recording: Recording }).recording);

/** Positions (rows * 2) in the last frame that came. */
export async function lastPositions(page: Page): Promise<Float32Array> {
  const values = await page.evaluate(() =>
    Array.from((globalThis as unknown as { lastFrame: Float32Array | null }).lastFrame ?? []),
  );
  return Float32Array.from(values);
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

/** Waits until what fades in is there: half-way its colours are those of nothing. */
export async function still(page: Page | Frame): Promise<void> {
  await until('nothing fades', () =>
    page.evaluate(() =>
      document
        .getAnimations()
        .every(
          ({ playState, effect }) =>
            playState !== 'running' || effect?.getComputedTiming().iterations === Number.POSITIVE_INFINITY,
        ),
    ),
  );
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
