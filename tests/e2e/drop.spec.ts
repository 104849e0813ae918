// A person's own file: dropped or chosen, read right, trained on, and moving soon; and files that can't be read,
// which cost nothing of what is on screen.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSite, type Site, temporaryFolder } from './harness/index.ts';
import {
  choose,
  clumps,
  drop,
  ended,
  field,
  lastPositions,
  losses,
  mapPixels,
  mirrored,
  moving,
  named,
  noteTexts,
  numberIn,
  placeOfRow,
  read,
  record,
  resting,
  until,
} from './support.ts';

const folder = temporaryFolder();
let site: Site;
beforeAll(async () => {
  // Files that can't be read are logged as well as told.
  const allow = /^Console error: (empty_file|bad_file|no_numeric_column): /;
  site = await openSite({ headers: 'none', before: record, allow });
  await named.map(site.page).locator('canvas').first().waitFor();
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

interface Expected {
  /** Text beside the file's name. */
  shape: string;
  label: string;
  notes: RegExp[];
  /** The held-out loss is below this share of predicting the mean's. */
  factor: number;
}

/** Waits for the table, its moving points and the end of its training, and checks what is said on the way. */
async function follow(what: string, dropped: number, want: Expected): Promise<void> {
  const { page } = site;
  await page.getByText(want.shape, { exact: true }).waitFor({ timeout: 60_000 });
  const shown = Date.now() - dropped;
  await moving(page);
  process.stdout.write(`${what}: read after ${shown} ms, moving after ${Date.now() - dropped} ms\n`);
  expect(await page.getByLabel(`Role of ${want.label}`, { exact: true }).inputValue()).toBe('label');
  const notes = await noteTexts(page);
  for (const note of want.notes) {
    expect(notes, String(note)).toContainEqual(expect.stringMatching(note));
  }
  const sentence = await ended(page);
  expect(sentence).not.toBe('');
  const baseline = numberIn(
    notes.find((note) => /Predicting the mean/.test(note))?.split('error of')[1] ?? '',
  );
  const { heldout, train } = await losses(page);
  const ratio = heldout / baseline;
  process.stdout.write(
    `${what}: held out ${heldout}, predicting the mean ${baseline}, ratio ${ratio.toFixed(3)}; ${sentence}\n`,
  );
  expect(ratio).toBeLessThan(want.factor);
  expect(train).toBeGreaterThan(0);
  // Every row has a place, and they are not all in one.
  const places = await lastPositions(page);
  expect(places.length).toBe(2 * numberIn(want.shape));
  expect(places.every(Number.isFinite)).toBe(true);
  expect(new Set(places).size).toBeGreaterThan(places.length / 20);
  site.assertClean();
}

/** One file of the mirror: how it is opened, and what must be said of it. */
const FILES: [string, 'dropped' | 'chosen', Expected][] = [
  [
    'wine-quality/winequality-white.csv',
    'dropped',
    {
      shape: '4,898 rows, 12 columns',
      label: 'quality',
      notes: [/4,898 rows of 11 numbers/, /standard/i],
      factor: 0.75,
    },
  ],
  [
    'iris/iris.csv',
    'chosen',
    { shape: '150 rows, 5 columns', label: 'class', notes: [/150 rows of 4 numbers/], factor: 0.3 },
  ],
  [
    'penguins/penguins.csv',
    'dropped',
    {
      shape: '344 rows, 8 columns',
      label: 'species',
      notes: [/344 rows of \d+ numbers/, /\b\d+ missing/i],
      factor: 0.6,
    },
  ],
];

for (const [path, how, want] of FILES) {
  const source = mirrored(path);
  const name = path.split('/').at(-1) as string;
  const title = `${name} is ${how}, read right and learned`;
  test.skipIf(source === null)(source === null ? `${title} (skipped: no data mirror)` : title, async () => {
    const start = Date.now();
    if (how === 'dropped') await drop(site.page, [{ name, bytes: read(source as string) }]);
    else await named.file(site.page).setInputFiles(source as string);
    await follow(name, start, want);
  });
}

/** Writes 10,000 digits as a CSV of label and 784 integers, and gives its path; null without their file. */
function digitsCsv(): string | null {
  const images = mirrored('mnist/t10k-images-idx3-ubyte.gz');
  const labels = mirrored('mnist/t10k-labels-idx1-ubyte.gz');
  if (images === null || labels === null) return null;
  const pixels = gunzipSync(readFileSync(images)).subarray(16);
  const digits = gunzipSync(readFileSync(labels)).subarray(8);
  const lines = [`label,${Array.from({ length: 784 }, (_, i) => `pixel${i}`).join(',')}`];
  for (let i = 0; i < 10_000; i++) {
    lines.push(`${digits[i]},${pixels.subarray(784 * i, 784 * (i + 1)).join(',')}`);
  }
  const path = resolve(folder.path, 'digits.csv');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const mirror = mirrored('mnist/t10k-images-idx3-ubyte.gz');
const digitsTitle = 'an 18 MB CSV of 10,000 digits is read right and learned';
test.skipIf(mirror === null)(
  mirror === null ? `${digitsTitle} (skipped: no data mirror)` : digitsTitle,
  async () => {
    const path = digitsCsv() as string;
    expect(statSync(path).size).toBeGreaterThan(18e6);
    const start = Date.now();
    await named.file(site.page).setInputFiles(path);
    await follow('digits.csv', start, {
      shape: '10,000 rows, 785 columns',
      label: 'label',
      notes: [/10,000 rows of \d+ numbers/, /255/],
      factor: 0.8,
    });
  },
);

test('a CSV made on the spot is dropped, its label guessed and its clumps found', async () => {
  const start = Date.now();
  await drop(site.page, [{ name: 'clumps.csv', bytes: clumps(600) }]);
  await follow('clumps.csv', start, {
    shape: '600 rows, 7 columns',
    label: 'kind',
    notes: [/600 rows of 6 numbers/, /standard/i],
    factor: 0.3,
  });
  const items = named.classes(site.page);
  expect((await items.allInnerTexts()).sort()).toEqual(['blue', 'green', 'red']);
});

describe('a file that can’t be opened', () => {
  let picture = '';
  beforeAll(async () => {
    await drop(site.page, [{ name: 'kept.csv', bytes: clumps(300) }]);
    await site.page.getByText('300 rows, 7 columns', { exact: true }).waitFor();
    await ended(site.page);
    await site.page.getByRole('button', { name: 'Fit', exact: true }).click();
    await site.page.mouse.move(5, 5);
    picture = await resting(site.page);
  });

  /** Drops it, reads the sentence, and finds everything as it was. */
  async function refused(file: { name: string; bytes: Uint8Array | string }, says: RegExp): Promise<void> {
    const { page } = site;
    await drop(page, [file]);
    await stays(says);
  }

  async function stays(says: RegExp): Promise<void> {
    const { page } = site;
    const notice = page.locator('.notice').last();
    await notice.waitFor();
    const text = (await notice.innerText()).replace(/\s+/g, ' ');
    process.stdout.write(`told: ${text}\n`);
    expect(text).toMatch(says);
    await notice.getByRole('button', { name: 'Dismiss' }).click();
    await notice.waitFor({ state: 'detached' });
    await page.getByText('300 rows, 7 columns', { exact: true }).waitFor();
    expect(await named.classes(page).count()).toBe(3);
    expect(await named.train(page).getAttribute('aria-disabled')).toBe('false');
    await page.mouse.move(5, 5);
    expect(await resting(page)).toBe(picture);
    const { x, y } = await placeOfRow(page);
    await page.mouse.move(x, y);
    await until('the row is shown', async () => /Row/.test(await named.inspector(page).innerText()));
    await named.inspector(page).getByText('Code', { exact: true }).waitFor();
    await page.mouse.move(5, 5);
    site.assertClean();
  }

  test('empty', () => refused({ name: 'empty.csv', bytes: '' }, /empty/i));
  test('a PNG by another name', () =>
    refused(
      {
        name: 'picture.csv',
        bytes: Buffer.from(
          'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
          'base64',
        ),
      },
      /PNG/,
    ));
  test('without a column of numbers', () =>
    refused({ name: 'words.csv', bytes: 'a,b\nx,y\nz,w\nq,r\n' }, /number/i));
  test('a header and no rows', () => refused({ name: 'header.csv', bytes: 'a,b,c\n' }, /row/i));
  test('several at once', async () => {
    await drop(site.page, [
      { name: 'one.csv', bytes: clumps(10) },
      { name: 'two.csv', bytes: clumps(10) },
    ]);
    await stays(/2 files.*one at a time/);
  });
  test('text instead of a file', async () => {
    const { page } = site;
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.setData('text/plain', 'a,b\n1,2');
      return transfer;
    });
    await page.locator('body').dispatchEvent('dragenter', { dataTransfer: data });
    await page.getByText('Drop to read it here').waitFor();
    await page.locator('body').dispatchEvent('drop', { dataTransfer: data });
    await stays(/That is text.*Save it as a CSV/);
    expect(await page.getByText('Drop to read it here').count()).toBe(0);
  });
});

describe('a drop during the person’s own training', () => {
  test('asks first; “Keep training” keeps it, “Open” takes the new file', async () => {
    const { page } = site;
    await choose(page, 'iris');
    await field(page, 'Epochs').fill('100000');
    await field(page, 'Epochs').press('Enter');
    await page.getByText('More', { exact: true }).click();
    await field(page, 'Patience').fill('0');
    await field(page, 'Patience').press('Enter');
    await named.train(page).click();
    await named.pause(page).waitFor();

    await drop(page, [{ name: 'second.csv', bytes: clumps(300) }]);
    const question = page.locator('.notice', { hasText: 'Open second.csv instead?' });
    await question.waitFor();
    expect(await question.innerText()).toMatch(/Training is under way/);
    await question.getByRole('button', { name: 'Keep training' }).click();
    await question.waitFor({ state: 'detached' });
    await named.pause(page).waitFor();
    await page.getByText('150 rows, 5 columns', { exact: true }).waitFor();
    const before = (await mapPixels(page)).picture;
    await until('it still trains', async () => (await mapPixels(page)).picture !== before);

    await drop(page, [{ name: 'second.csv', bytes: clumps(300) }]);
    await question.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('300 rows, 7 columns', { exact: true }).waitFor();
    await ended(page); // by its own defaults: what was typed belongs to the table before
    expect(await field(page, 'Epochs').inputValue()).not.toBe('100000');
    site.assertClean();
  });
});
