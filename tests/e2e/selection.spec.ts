// Choosing rows on the map and by the legend, with a real mouse, real fingers and real keys.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSite, type Site, type SiteOptions } from './harness/index.ts';
import { PNG } from './png.ts';
import {
  choose,
  clearSelection,
  clumps,
  drop,
  ended,
  lastPositions,
  mapPixels,
  named,
  numberIn,
  pauseFor,
  record,
  resting,
  until,
} from './support.ts';

const ROWS = 1800;

type Point = [number, number];

let site: Site;
/** Where the map is in the window. */
let box: { x: number; y: number; width: number; height: number };

async function open(options: SiteOptions = {}): Promise<void> {
  site = await openSite({ headers: 'none', before: record, ...options });
  const { page } = site;
  await named.map(page).locator('canvas').first().waitFor();
  await drop(page, [{ name: 'clumps.csv', bytes: clumps(ROWS) }]);
  await page.getByText(`${ROWS.toLocaleString('en')} rows, 7 columns`, { exact: true }).waitFor();
  await ended(page);
  await page.getByRole('button', { name: 'Fit', exact: true }).click();
  await page.mouse.move(5, 5);
  await resting(page);
  const found = await named.map(page).locator('canvas').first().boundingBox();
  if (!found) throw new Error('The map has no canvas.');
  box = found;
}

const radio = (name: string) => site.page.getByRole('radio', { name, exact: true });
const selection = () => site.page.getByRole('region', { name: 'Selection', exact: true });
const surface = () => named.map(site.page).getByRole('application');
const item = (name: string) => named.legend(site.page).getByRole('button', { name, exact: true });
const spoken = (): Promise<string> => site.page.getByRole('status', { name: 'Messages' }).innerText();

/** How many rows the page says are selected, or would be if the shape were let go. */
async function count(): Promise<number> {
  const text = await selection().innerText();
  const found = /([\d,]+) of ([\d,]+) selected/.exec(text);
  expect(found?.[2], text).toBe(ROWS.toLocaleString('en'));
  return numberIn(found?.[1] ?? '');
}

async function counts(expected: number): Promise<void> {
  await until(`${expected} rows are selected`, async () => (await count()) === expected);
}

const clear = (): Promise<void> => clearSelection(site.page);

/** A drag of the mouse through places given as shares of the map's width and height. */
async function drag(
  path: Point[],
  { release = true, button = 'left' as 'left' | 'middle' } = {},
): Promise<void> {
  const { mouse } = site.page;
  const at = ([x, y]: Point): Point => [box.x + x * box.width, box.y + y * box.height];
  const [first = [0, 0], ...rest] = path;
  await mouse.move(...at(first));
  await mouse.down({ button });
  for (const place of rest) await mouse.move(...at(place), { steps: 6 });
  if (release) await mouse.up({ button });
}

const held = async (keys: string[], act: () => Promise<void>): Promise<void> => {
  for (const key of keys) await site.page.keyboard.down(key);
  await act();
  for (const key of keys) await site.page.keyboard.up(key);
};

const WHOLE: Point[] = [
  [0.005, 0.005],
  [0.995, 0.995],
];
const LEFT: Point[] = [
  [0.005, 0.005],
  [0.5, 0.995],
];

/** The ids of the selected rows, as the page writes them to a file. */
async function selectedIds(): Promise<number[]> {
  const { page } = site;
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Selected rows (CSV)', exact: true }).click();
  const lines = readFileSync(await (await saved).path(), 'utf8')
    .trim()
    .split(/\r?\n/);
  const id = (lines[0] ?? '').split(',').indexOf('id');
  expect(id).toBeGreaterThanOrEqual(0);
  return lines.slice(1).map((line) => Number(line.split(',')[id]));
}

interface Seen {
  row: number;
  x: number;
  y: number;
}

/** Where the tip beside the row under the keyboard's cursor says that it is, in pixels of the map. */
async function cursorRow(): Promise<Seen> {
  const { page } = site;
  const tip = page.locator('.row-tip');
  const row = Number(await named.inspector(page).getByRole('spinbutton').inputValue()) - 1;
  const place = await tip.boundingBox();
  if (!place) throw new Error('There is no tip.');
  /* At the right of its point, and halfway up; see placeTip in scatter-view.tsx. */
  return { row, x: place.x - box.x - 14, y: place.y - box.y + place.height / 2 };
}

/**
 * From map units to pixels of the map, as the picture shows it: the middle of what is drawn is the middle of the
 * rows, and its extent is theirs and the size of one point.
 */
async function view(): Promise<(x: number, y: number) => Point> {
  const { page } = site;
  const positions = await lastPositions(page);
  const image = new PNG(await page.screenshot({ clip: box, animations: 'disabled' }));
  const seen = { x: [Number.POSITIVE_INFINITY, 0], y: [Number.POSITIVE_INFINITY, 0] };
  const take = (range: number[], value: number): void => {
    range[0] = Math.min(range[0] ?? value, value);
    range[1] = Math.max(range[1] ?? value, value);
  };
  for (let i = 0; i < image.width * image.height; i++) {
    const [r, g, b] = image.rgb(i);
    if (Math.max(r, g, b) - Math.min(r, g, b) <= 60) continue;
    take(seen.x, (i % image.width) + 0.5);
    take(seen.y, Math.floor(i / image.width) + 0.5);
  }
  const rows = {
    x: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    y: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  };
  for (const [i, value] of positions.entries()) take(i % 2 === 0 ? rows.x : rows.y, value);
  const middle = ([lo = 0, hi = 0]: number[]): number => (lo + hi) / 2;
  const extent = ([lo = 0, hi = 0]: number[]): number => hi - lo;
  const size = Number(await page.getByRole('slider', { name: 'Point size', exact: true }).inputValue());
  const scale = (extent(seen.y) - size + 1) / extent(rows.y);
  expect(Math.abs((extent(seen.x) - size + 1) / extent(rows.x) / scale - 1)).toBeLessThan(0.01);
  return (x, y) => [
    middle(seen.x) + (x - middle(rows.x)) * scale,
    middle(seen.y) - (y - middle(rows.y)) * scale,
  ];
}

/** By the angles that the corners are seen under: slow, and nothing like the page's way. */
function inside(polygon: Point[], [x, y]: Point): boolean {
  let turned = 0;
  for (const [i, [ax, ay]] of polygon.entries()) {
    const [bx, by] = polygon[(i + 1) % polygon.length] ?? [0, 0];
    const cross = (ax - x) * (by - y) - (ay - y) * (bx - x);
    const dot = (ax - x) * (bx - x) + (ay - y) * (by - y);
    turned += Math.atan2(cross, dot);
  }
  return Math.abs(turned) > 1;
}

/** Pixels from a place to the nearest edge. */
function toEdge(polygon: Point[], [x, y]: Point): number {
  let least = Number.POSITIVE_INFINITY;
  for (const [i, [ax, ay]] of polygon.entries()) {
    const [bx, by] = polygon[(i + 1) % polygon.length] ?? [0, 0];
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const t =
      length > 0 ? Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length)) : 0;
    least = Math.min(least, Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y));
  }
  return least;
}

describe('with a mouse', () => {
  beforeAll(() => open());
  afterAll(() => site.close());

  test('a lasso selects exactly the rows it goes round, counts on the way, and is one step to undo', async () => {
    const { page } = site;
    const toScreen = await view();
    const positions = await lastPositions(page);
    await page.keyboard.press('l');
    expect(await radio('Lasso').isChecked()).toBe(true);
    /* A bean through the middle of the map. */
    const path = Array.from({ length: 40 }, (_, i): Point => {
      const angle = (i / 40) * 2 * Math.PI;
      const radius = 0.33 + 0.1 * Math.cos(3 * angle);
      return [0.5 + 0.8 * radius * Math.cos(angle), 0.5 + radius * Math.sin(angle)];
    });
    await drag(path, { release: false });
    await until('the live count is shown', async () => (await count()) > 0);
    const live = await count();
    const label = await page.locator('.map-shape p').innerText();
    expect(label).toBe(`${live.toLocaleString('en')} of ${ROWS.toLocaleString('en')}`);
    expect(await page.locator('.map-shape').isVisible()).toBe(true);
    await page.mouse.up();
    expect(await count()).toBe(live);
    expect(await page.locator('.map-shape').isVisible()).toBe(false);
    await until('it is said', async () => (await spoken()).includes(`${live.toLocaleString('en')} of`));

    const corners = path.map(([x, y]): Point => [x * box.width, y * box.height]);
    const selected = new Set(await selectedIds());
    expect(selected.size).toBe(live);
    const wrong: string[] = [];
    let near = 0;
    for (let row = 0; row < ROWS; row++) {
      const place = toScreen(positions[2 * row] ?? 0, positions[2 * row + 1] ?? 0);
      if (toEdge(corners, place) < 3) near++;
      else if (inside(corners, place) !== selected.has(row)) wrong.push(`row ${row} at ${place.join()}`);
    }
    expect(wrong).toEqual([]);
    expect(near).toBeLessThan(ROWS / 4);
    expect(live).toBeGreaterThan(50);

    const undo = page.getByRole('button', { name: 'Undo', exact: true });
    expect(await undo.getAttribute('title')).toContain('selection of');
    await page.keyboard.press('ControlOrMeta+z');
    await counts(0);
    await page.keyboard.press('ControlOrMeta+Shift+z');
    await counts(live);
    await clear();
    site.assertClean();
  });

  test('boxes add with Ctrl, subtract with Alt, intersect with both, as the toolbar does', async () => {
    await radio('Box').check();
    await drag(LEFT);
    const left = await count();
    expect(left).toBeGreaterThan(100);
    expect(left).toBeLessThan(ROWS - 100);
    await held(['Control'], () => drag(WHOLE));
    await counts(ROWS);
    await held(['Alt'], () => drag(LEFT));
    await counts(ROWS - left);
    await drag(WHOLE);
    await held(['Control', 'Alt'], () => drag(LEFT));
    await counts(left);
    for (const [op, result] of [
      ['Add', ROWS],
      ['Subtract', 0],
      ['Replace', ROWS],
    ] as const) {
      await radio(op).check();
      await drag(WHOLE);
      await counts(result);
    }
    await radio('Intersect').check();
    await drag(LEFT);
    await counts(left);
    /* Keys come before the toolbar, and are read when the button goes up. */
    await drag(WHOLE, { release: false });
    await site.page.keyboard.down('Control');
    await until('the sign says so', async () =>
      /^\+/.test(await site.page.locator('.map-shape p').innerText()),
    );
    await site.page.mouse.up();
    await site.page.keyboard.up('Control');
    await counts(ROWS);
    await radio('Replace').check();
    await clear();
    site.assertClean();
  });

  test('the same shape takes the same rows at any zoom', async () => {
    const { page } = site;
    await radio('Lasso').check();
    const triangle: Point[] = [
      [0.25, 0.25],
      [0.75, 0.35],
      [0.35, 0.75],
    ];
    await drag(triangle);
    const before = await count();
    expect(before).toBeGreaterThan(0);
    await clear();
    /* The wheel zooms at the pointer in every mode: places keep their direction from the middle. */
    const factor = Math.exp(100 / 200);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, -100);
    await resting(page);
    const zoomed = (v: number): number => 0.5 + (v - 0.5) * factor;
    await drag(triangle.map(([x, y]): Point => [zoomed(x), zoomed(y)]));
    /* A mouse stands on whole pixels. */
    expect(Math.abs((await count()) - before)).toBeLessThanOrEqual(Math.max(3, 0.02 * before));
    await page.getByRole('button', { name: 'Fit', exact: true }).click();
    await resting(page);
    await clear();
    site.assertClean();
  });

  test('a brush paints, and a press dabs', async () => {
    const { page } = site;
    await page.keyboard.press('k');
    const across: Point[] = [
      [0.1, 0.5],
      [0.9, 0.5],
    ];
    const size = page.getByRole('slider', { name: 'Brush size' });
    await size.fill('10');
    await drag(across);
    const thin = await count();
    await size.fill('150');
    await drag(across);
    const thick = await count();
    expect(thin).toBeGreaterThan(0);
    expect(thick).toBeGreaterThan(2 * thin);
    await surface().focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('<');
    expect(await size.inputValue()).toBe(
      String(Math.round(Math.round(Math.round(150 / 1.25) / 1.25) / 1.25)),
    );
    await clear();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    expect(await count()).toBeLessThan(thick);
    await clear();
    site.assertClean();
  });

  test('Shift draws in Pan mode; the middle button and Space pan in a mode that draws', async () => {
    const { page } = site;
    await radio('Box').check();
    await page.keyboard.press('g');
    expect(await radio('Pan').isChecked()).toBe(true);
    const fitted = await resting(page);
    await held(['Shift'], () => drag(WHOLE));
    await counts(ROWS);
    await clear();
    expect(await resting(page)).toBe(fitted);
    await page.keyboard.press('b');
    const short: Point[] = [
      [0.5, 0.5],
      [0.6, 0.55],
    ];
    await drag(short, { button: 'middle' });
    const moved = await resting(page);
    expect(moved).not.toBe(fitted);
    await held(['Space'], () => drag(short));
    expect(await resting(page)).not.toBe(moved);
    expect(await count()).toBe(0);
    expect(await named.train(page).count()).toBe(1);
    await page.getByRole('button', { name: 'Fit', exact: true }).click();
    await page.mouse.move(5, 5);
    expect(await resting(page)).toBe(fitted);
    site.assertClean();
  });

  test('Escape gives up the drag, then lets go of one thing at a time', async () => {
    const { page } = site;
    await radio('Box').check();
    await drag(LEFT);
    const left = await count();
    await drag(WHOLE, { release: false });
    await until('the shape is there', async () => page.locator('.map-shape').isVisible());
    await page.keyboard.press('Escape');
    await counts(left);
    await page.mouse.move(box.x + 100, box.y + 100);
    await page.mouse.up();
    await counts(left);
    await page.mouse.move(5, 5);
    await surface().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Escape');
    await counts(left);
    await page.keyboard.press('Escape');
    await counts(0);
    site.assertClean();
  });

  test('a click selects and keeps a row, Ctrl adds more, nothing clears, a double-click fits and clears nothing', async () => {
    const { page } = site;
    await radio('Pan').check();
    await surface().focus();
    await page.keyboard.press('ArrowUp');
    await pauseFor(300);
    const first = await cursorRow();
    await page.mouse.click(box.x + first.x, box.y + first.y);
    await counts(1);
    await page.getByRole('button', { name: 'Let go of the row' }).waitFor();
    expect(await selectedIds()).toHaveLength(1);
    await page.keyboard.down('Control');
    await page.mouse.click(box.x + first.x, box.y + first.y);
    await page.keyboard.up('Control');
    await counts(0);
    await item('red').click();
    const red = await count();
    expect(red).toBe(ROWS / 3);
    await page.mouse.dblclick(box.x + 6, box.y + 6);
    await counts(red);
    await page.mouse.click(box.x + 6, box.y + 6);
    await counts(0);
    await page.keyboard.press('ControlOrMeta+z');
    await counts(red);
    await radio('Lasso').check();
    await page.mouse.dblclick(box.x + 6, box.y + 6);
    await counts(0);
    await radio('Pan').check();
    site.assertClean();
  });

  test('by keyboard: all rows, the others, one row more', async () => {
    const { page } = site;
    await surface().focus();
    await page.keyboard.press('ControlOrMeta+a');
    await counts(ROWS);
    await page.keyboard.press('ControlOrMeta+i');
    await counts(0);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await counts(1);
    await page.keyboard.press('ArrowRight');
    await until('the row is said', async () => /^Row [\d,]+,/.test(await spoken()));
    await page.keyboard.press('ControlOrMeta+Enter');
    await counts(2);
    await until('it is said', async () => (await spoken()).startsWith('2 of'));
    await clear();
    await page.getByRole('radio', { name: 'Pan', exact: true }).focus();
    for (const name of ['Lasso', 'Box', 'Brush']) {
      await page.keyboard.press('ArrowRight');
      expect(await radio(name).isChecked()).toBe(true);
    }
    await radio('Pan').check();
    site.assertClean();
  });

  test('the legend selects classes, hides them, and shows one alone', async () => {
    const { page } = site;
    const third = ROWS / 3;
    await item('red').click();
    await counts(third);
    expect(await item('red').getAttribute('aria-pressed')).toBe('true');
    await item('green').click({ modifiers: ['Control'] });
    await counts(2 * third);
    await item('red').click({ modifiers: ['Alt'] });
    await counts(third);
    await item('green').click();
    await counts(0);

    await page.mouse.move(5, 5);
    const shown = await mapPixels(page);
    await item('red').hover();
    await item('Hide red').click();
    await page.mouse.move(5, 5);
    await until('it is hidden', async () => (await mapPixels(page)).coloured < 0.9 * shown.coloured);
    await radio('Box').check();
    await drag(WHOLE);
    await counts(2 * third);
    expect(await item('red').getAttribute('aria-pressed')).toBe('false');
    await item('Show red').click();
    await page.mouse.move(5, 5);

    await item('blue').dblclick();
    await until('blue alone', async () => (await item('Only blue').getAttribute('aria-pressed')) === 'true');
    await counts(2 * third);
    await drag(WHOLE);
    await counts(third);
    await item('Show all').click();
    await clear();
    await radio('Pan').check();
    site.assertClean();
  });

  test('a part of a scale is selected by dragging over it, or by typing', async () => {
    const { page } = site;
    const menu = page.getByRole('combobox', { name: 'Colour by', exact: true });
    await menu.selectOption('error');
    const gradient = page.locator('.legend-gradient');
    await gradient.waitFor();
    const bar = await gradient.boundingBox();
    if (!bar) throw new Error('The scale is not there.');
    const y = bar.y + bar.height / 2;
    await page.mouse.move(bar.x + 0.5 * bar.width, y);
    await page.mouse.down();
    await page.mouse.move(bar.x + bar.width - 1, y, { steps: 5 });
    await page.mouse.move(bar.x + bar.width + 20, y);
    await page.mouse.up();
    const high = await count();
    expect(high).toBeGreaterThan(0);
    expect(high).toBeLessThan(ROWS);
    const from = await page.getByRole('textbox', { name: 'Select from' }).inputValue();
    await clear();
    await page.getByRole('textbox', { name: 'Select from' }).fill(from);
    await page.getByRole('textbox', { name: 'Select from' }).press('Enter');
    await counts(high);
    await menu.selectOption({ label: 'a' });
    await page.getByRole('textbox', { name: 'Select to' }).fill('-100');
    await named.legend(page).getByRole('button', { name: 'Select', exact: true }).click();
    await page
      .getByText(/^No row found/)
      .first()
      .waitFor();
    await counts(high);
    await page.getByRole('textbox', { name: 'Select to' }).fill('');
    await named.legend(page).getByRole('button', { name: 'Select', exact: true }).click();
    await counts(ROWS);
    await clear();
    await menu.selectOption({ label: 'kind' });
    site.assertClean();
  });

  test('a selection stays through another model, and goes with its table', async () => {
    const { page } = site;
    await item('red').click();
    await counts(ROWS / 3);
    await named.train(page).click();
    await ended(page);
    await counts(ROWS / 3);
    await choose(page, 'iris');
    expect(await selection().innerText()).toContain('0 of 150 selected');
    site.assertClean();
  });
});

describe('with fingers', () => {
  type Finger = { x: number; y: number; id: number };
  let send: (type: 'touchStart' | 'touchMove' | 'touchEnd', fingers: Finger[]) => Promise<unknown>;

  beforeAll(async () => {
    await open({ context: { viewport: { width: 1440, height: 900 }, hasTouch: true } });
    const session = await site.context.newCDPSession(site.page);
    send = (type, touchPoints) => session.send('Input.dispatchTouchEvent', { type, touchPoints });
  });
  afterAll(() => site.close());

  const at = ([x, y]: Point, id = 0): Finger => ({ x: box.x + x * box.width, y: box.y + y * box.height, id });

  async function slide(path: Point[]): Promise<void> {
    const [first = [0, 0], ...rest] = path;
    await send('touchStart', [at(first)]);
    let from = first;
    for (const to of rest) {
      for (let i = 1; i <= 5; i++) {
        const t = i / 5;
        await send('touchMove', [at([from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t])]);
      }
      from = to;
    }
  }

  const ROUND: Point[] = [
    [0.01, 0.01],
    [0.99, 0.01],
    [0.99, 0.99],
    [0.01, 0.99],
  ];

  test('one finger pans, and draws in a mode that does', async () => {
    const { page } = site;
    const fitted = await resting(page);
    await slide([
      [0.4, 0.4],
      [0.5, 0.5],
    ]);
    await send('touchEnd', []);
    expect(await resting(page)).not.toBe(fitted);
    expect(await count()).toBe(0);
    await page.getByRole('button', { name: 'Fit', exact: true }).click();
    await page.mouse.move(5, 5);
    expect(await resting(page)).toBe(fitted);
    await radio('Lasso').check();
    await slide(ROUND);
    await send('touchEnd', []);
    await counts(ROWS);
    await clear();
    site.assertClean();
  });

  test('a second finger gives the shape up and zooms', async () => {
    const { page } = site;
    await radio('Lasso').check();
    const fitted = await resting(page);
    await slide([
      [0.3, 0.3],
      [0.5, 0.5],
    ]);
    await send('touchStart', [at([0.5, 0.5]), at([0.6, 0.5], 1)]);
    for (const x of [0.65, 0.7, 0.8]) await send('touchMove', [at([0.5, 0.5]), at([x, 0.5], 1)]);
    await send('touchEnd', []);
    expect(await count()).toBe(0);
    expect(await page.locator('.map-shape').isVisible()).toBe(false);
    expect(await resting(page)).not.toBe(fitted);
    await page.getByRole('button', { name: 'Fit', exact: true }).click();
    await radio('Pan').check();
    site.assertClean();
  });

  test('a finger that rests begins a lasso, after a ring has closed', async () => {
    const { page } = site;
    await resting(page);
    await send('touchStart', [at(ROUND[0] ?? [0, 0])]);
    await page.locator('.map-shape .ring-way').waitFor();
    await page.locator('.map-shape .ring-way').waitFor({ state: 'hidden' });
    for (const place of ROUND.slice(1)) await send('touchMove', [at(place)]);
    await until('it counts', async () => (await count()) > 0);
    await send('touchEnd', []);
    await counts(ROWS);
    await clear();
    site.assertClean();
  });

  test('a tap on a row selects it', async () => {
    const { page } = site;
    await surface().focus();
    await page.keyboard.press('ArrowUp');
    await pauseFor(300);
    const { x, y } = await cursorRow();
    await page.keyboard.press('Escape');
    await page.touchscreen.tap(box.x + x, box.y + y);
    await counts(1);
    await page.getByRole('button', { name: 'Let go of the row' }).waitFor();
    site.assertClean();
  });
});

test('a screen of other pixels takes the same rows', async () => {
  const counted: number[] = [];
  for (const deviceScaleFactor of [1, 2]) {
    await open({ context: { viewport: { width: 1440, height: 900 }, deviceScaleFactor } });
    try {
      await radio('Box').check();
      await drag(LEFT);
      counted.push(await count());
      site.assertClean();
    } finally {
      await site.close();
    }
  }
  expect(counted[0]).toBeGreaterThan(0);
  expect(counted[1]).toBe(counted[0]);
});
