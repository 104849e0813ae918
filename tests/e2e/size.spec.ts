// What a stranger's browser asks for until the first points move: the page, its worker and the kernels, as a host with
// compression sends them, without data. Nothing that is wanted later may be asked for before that.
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import { record, recording, root, until } from './support.ts';

/** Bytes of .gz files, level 9: 120 kB, as a start is allowed. */
const BUDGET = 120_000;
/** Fetched by every page, part of no start: what it is on the home screen, and its data. */
const BESIDE = /favicon|manifest|^icons?\/|^data\//;

let site: Site;
beforeAll(async () => {
  site = await openSite({ headers: 'none', before: record });
});
afterAll(() => site.close());

/** Bytes of a file of the site as it is sent. */
function sent(path: string): number {
  const file = resolve(root, 'dist/site', path === '' ? 'index.html' : path);
  return statSync(existsSync(`${file}.gz`) ? `${file}.gz` : file).size;
}

test('the first picture that moves needs no more than the budget, and nothing of what comes later', async () => {
  const { page } = site;
  await until('frames have come', async () => (await recording(page)).frames.length >= 2, 60_000);
  await page.getByRole('region', { name: 'Selection' }).getByRole('button', { name: 'Invert' }).waitFor();
  const frames = (await recording(page)).frames.map(({ at }) => at);
  const moved = frames[1] ?? 0;
  /* Times of the browser itself, of page and worker: not of this test, which hears of things later. */
  const seen = await page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).map(({ name, startTime }) => ({
      name,
      at: startTime,
    })),
  );
  const path = (url: string): string => url.slice(site.url.length).replace(/[?#].*/, '');
  const own = (url: string): boolean => url.startsWith(site.url) && !BESIDE.test(path(url));
  const late = new Set(seen.filter(({ name, at }) => own(name) && at > moved).map(({ name }) => path(name)));
  const early = [...new Set(site.requests.filter(own).map(path))].filter((file) => !late.has(file));
  const rows = early.map((file) => ({ file: file === '' ? 'index.html' : file, bytes: sent(file) }));
  const total = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  const line = (bytes: number, file: string): string =>
    `${(bytes / 1000).toFixed(1).padStart(7)} kB  ${file}`;
  const table = [
    ...rows.map(({ bytes, file }) => line(bytes, file)),
    line(total, 'until the first points move'),
  ];
  process.stdout.write(`${table.join('\n')}\n`);

  /* The panels came later, so that there is something that was not asked for. */
  expect([...late].join(' ')).toMatch(/panels-[\w-]+\.js/);
  expect(early.filter((file) => /panels|acts|loss-plot|link|save|asking|text-/.test(file))).toEqual([]);
  /* And all that the start is made of was seen. */
  for (const part of [/index-.*\.js$/, /start-.*\.js$/, /main-.*\.js$/, /kernels-.*\.wasm$/, /\.css$/])
    expect(
      early.some((file) => part.test(file)),
      String(part),
    ).toBe(true);
  expect(total).toBeLessThanOrEqual(BUDGET);
  site.assertClean();
});
