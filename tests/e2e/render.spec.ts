/** The renderer alone in a real browser: what it draws is read back and compared with what it was told. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../build/serve.mjs';
import { buildRenderPage } from './fixtures/render/build.mjs';
import type {} from './fixtures/render/main.ts';
import { launch } from './harness/browser.ts';

let server: { url: string; close(): Promise<void> };

beforeAll(async () => {
  server = await serve({ root: await buildRenderPage(), headers: 'none' });
});

afterAll(async () => {
  await server.close();
});

/* Everything that holds for all ways of drawing is tested with each: squares as graphics cards get them, point
   sprites as software graphics get them, and no WebGL2 at all. */
const KINDS = [
  { way: 'WebGL2 with squares', kind: 'webgl2', args: [] as string[], sprites: false },
  { way: 'WebGL2 with point sprites', kind: 'webgl2', args: [] as string[], sprites: true },
  { way: 'a 2-D canvas', kind: 'canvas2d', args: ['--disable-3d-apis'], sprites: false },
] as const;

describe.each(KINDS)('the renderer on $way', ({ kind, args, sprites }) => {
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    browser = await launch({ args: [...args] });
  });
  afterAll(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    errors.length = 0;
    page = await browser.newPage({ viewport: { width: 900, height: 700 } });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      /* Reading pixels back makes the driver wait, which it remarks on; only the tests read. */
      const ours = !/GPU stall due to ReadPixels/.test(message.text());
      if (ours && ['error', 'warning'].includes(message.type())) errors.push(message.text());
    });
    await page.goto(server.url);
    await page.waitForFunction(() => 'kit' in window);
    await page.evaluate((wanted) => {
      window.mountDefaults = { sprites: wanted };
    }, sprites);
  });
  afterEach(async () => {
    await page.close();
    expect(errors).toEqual([]);
  });

  it('row 66: is the kind that the browser allows, and says why when it is the slower one', async () => {
    const told = await page.evaluate(() => {
      const { renderer, fallbacks } = window.kit.mount(100, 100, 1);
      return { kind: renderer.kind, fallbacks };
    });
    expect(told.kind).toBe(kind);
    if (kind === 'webgl2') expect(told.fallbacks).toEqual([]);
    else expect(told.fallbacks).toEqual([expect.stringMatching(/no WebGL2.*slower/)]);
  });

  it.each([1, 2, 1.5])('draws each row in its colour at its place, at %s device pixels each', async (dpr) => {
    const seen = await page.evaluate((ratio) => {
      const { renderer } = window.kit.mount(200, 100, ratio);
      renderer.set({
        positions: Float32Array.from([-50, 0, 0, 30, 50, -30]),
        colours: { index: Uint8Array.from([0, 1, 255]) },
        palette: window.kit.palette.categoricalPalette(3),
        camera: { cx: 0, cy: 0, scale: 1 },
        pointSize: 20,
        background: [250, 251, 252, 255],
      });
      renderer.draw(0);
      const { width, height, data } = window.kit.pixels(renderer.canvas);
      const at = (x: number, y: number): number[] =>
        data.slice(4 * (Math.round(y * ratio) * width + Math.round(x * ratio))).slice(0, 3);
      return { width, height, spots: [at(50, 50), at(100, 20), at(150, 80), at(100, 50), at(5, 5)] };
    }, dpr);
    expect([seen.width, seen.height]).toEqual([200 * dpr, 100 * dpr]);
    const near = (got: number[] | undefined, want: number[]): void => {
      for (const [i, v] of want.entries()) expect(Math.abs((got?.[i] ?? -99) - v)).toBeLessThan(18);
    };
    near(seen.spots[0], [87, 144, 252]);
    near(seen.spots[1], [248, 156, 32]);
    near(seen.spots[2], [138, 143, 152]);
    expect(seen.spots[3]).toEqual([250, 251, 252]);
    expect(seen.spots[4]).toEqual([250, 251, 252]);
  });

  it('moves points from where they are seen, also when a frame arrives half way', async () => {
    const places = await page.evaluate(() => {
      const { renderer } = window.kit.mount(400, 60, 1);
      const at = (x: number): Float32Array => Float32Array.from([x, 0]);
      /** Middle of everything that is not background, in world coordinates. */
      const middle = (): number => {
        const { width, data } = window.kit.pixels(renderer.canvas);
        let sum = 0;
        let weight = 0;
        for (let i = 0; i < data.length; i += 4) {
          const w = 255 - (data[i + 1] ?? 255);
          sum += w * (((i / 4) % width) + 0.5);
          weight += w;
        }
        return sum / weight - 200;
      };
      renderer.set({ positions: at(-100), camera: { cx: 0, cy: 0, scale: 1 }, pointSize: 12 });
      renderer.draw(0);
      const log: [string, number, boolean][] = [];
      const step = (label: string, now: number): void => {
        const moving = renderer.draw(now);
        log.push([label, middle(), moving]);
      };
      renderer.set({ positions: at(100), blendMs: 100 });
      step('start', 1000);
      step('half', 1050);
      renderer.set({ positions: at(-50), blendMs: 100 });
      step('turn', 1060);
      step('after the turn', 1100);
      step('end', 1150);
      step('rest', 1200);
      renderer.set({ positions: at(80) });
      step('jump', 1210);
      renderer.set({ positions: Float32Array.from([0, 0, 20, 0]), blendMs: 100 });
      step('other rows', 1220);
      return log;
    });
    const wanted = [
      ['start', -100, true],
      ['half', 0, true],
      /* From 0, seen at 1050, to -50 over 100 ms. */
      ['turn', -5, true],
      ['after the turn', -25, true],
      ['end', -50, false],
      ['rest', -50, false],
      ['jump', 80, false],
      ['other rows', 10, false],
    ] as const;
    for (const [i, [label, x, moving]] of wanted.entries()) {
      expect(places[i]?.[0]).toBe(label);
      expect(Math.abs((places[i]?.[1] ?? 1e9) - x), `${label}: ${places[i]?.[1]}`).toBeLessThan(0.6);
      expect(places[i]?.[2], label).toBe(moving);
    }
  });

  it('draws selected rows last with their outline, dims, hides and empties as flagged', async () => {
    const seen = await page.evaluate(() => {
      const { renderer } = window.kit.mount(240, 50, 1);
      const palette = new Uint8Array(1024);
      palette.set([255, 0, 0, 255, 0, 0, 255, 255]);
      /* Two rows at each of six places; the second would cover the first. */
      const places = [-100, -60, -20, 20, 60, 100];
      renderer.set({
        positions: Float32Array.from(places.flatMap((x) => [x, 0, x, 0])),
        colours: { index: Uint8Array.from(places.flatMap(() => [0, 1])) },
        palette,
        camera: { cx: 0, cy: 0, scale: 1 },
        pointSize: 20,
        flags: Uint8Array.from([0, 0, 1, 0, 0, 4, 4, 2, 4, 8, 4, 9]),
        selectedOutline: [0, 255, 0, 255],
      });
      renderer.draw(0);
      const { width, data } = window.kit.pixels(renderer.canvas);
      const at = (x: number, dy = 0): number[] => data.slice(4 * ((25 + dy) * width + x)).slice(0, 3);
      return {
        plain: at(20),
        selected: at(60),
        outline: at(60, 9),
        underHidden: at(100),
        dimmed: at(140),
        hollow: at(180),
        ring: at(180, 8),
        both: [at(220), at(220, 7), at(220, 9)],
      };
    });
    const [r, g, b] = [0, 1, 2] as const;
    expect(seen.plain[b]).toBeGreaterThan(235);
    expect(seen.plain[r]).toBeLessThan(30);
    expect(seen.selected[r]).toBeGreaterThan(235);
    expect(seen.selected[b]).toBeLessThan(30);
    expect(seen.outline[g]).toBeGreaterThan(150);
    expect(seen.selected[g]).toBeLessThan(30);
    expect(seen.underHidden[r]).toBeGreaterThan(235);
    expect(seen.underHidden[b]).toBeLessThan(30);
    expect(seen.dimmed[r]).toBeGreaterThan(170);
    expect(seen.dimmed[r]).toBeLessThan(240);
    expect(seen.hollow[r]).toBeGreaterThan(220);
    expect(seen.ring[r]).toBeLessThan(60);
    /* Held out and selected: empty, a ring of its own colour, and the outline around that. */
    const [inside = [], own = [], outer = []] = seen.both;
    expect(inside[r]).toBeGreaterThan(220);
    expect(own[b]).toBeGreaterThan(180);
    expect(own[g]).toBeLessThan(100);
    expect(outer[g]).toBeGreaterThan(150);
    expect(outer[b]).toBeLessThan(120);
  });

  it.each([1, 2])(
    'draws trails to where rows are seen now, under them, at %s device pixels each',
    async (dpr) => {
      const seen = await page.evaluate((ratio) => {
        const { renderer } = window.kit.mount(200, 100, ratio);
        const palette = new Uint8Array(1024);
        palette.set([255, 0, 0, 255, 0, 0, 255, 255]);
        /* Level ways at heights 40 to -40: plain, hidden, nowhere before, nowhere now, still; a slanted one below. */
        const NO = Number.NaN;
        const from = Float32Array.from([-80, 40, -80, 25, NO, 10, -80, -5, 80, -20, -60, -45]);
        const to = Float32Array.from([80, 40, 80, 25, 80, 10, NO, -5, 80.4, -20, 60, -25]);
        renderer.set({
          positions: to,
          colours: { index: Uint8Array.from([1, 0, 0, 0, 0, 0]) },
          palette,
          flags: Uint8Array.from([0, 4, 0, 0, 0, 0]),
          trails: { from },
          camera: { cx: 0, cy: 0, scale: 1 },
          pointSize: 4,
        });
        renderer.draw(0);
        const shot = window.kit.pixels(renderer.canvas);
        /** How much ink there is across a level line at a place of the world: sum of 255 - green, in CSS pixels. */
        const ink = (x: number, y: number): number => {
          let sum = 0;
          for (let d = -4 * ratio; d < 4 * ratio; d++) {
            const line = Math.round((50 - y) * ratio + d);
            sum += 255 - (shot.data[4 * (line * shot.width + Math.round((100 + x) * ratio)) + 1] ?? 255);
          }
          return sum / 255 / ratio;
        };
        const middle = shot.data.slice(4 * (10 * ratio * shot.width + 160 * ratio)).slice(0, 3);
        return {
          plain: [-78, 0, 70].map((x) => ink(x, 40)),
          beyond: [ink(-88, 40), ink(88, 40)],
          none: [25, 10, -5].map((y) => ink(0, y)),
          still: ink(70, -20),
          slanted: [ink(-30, -40), ink(0, -35), ink(30, -30)],
          middle,
        };
      }, dpr);
      /* A line 1.25 pixels wide, fainter at its old end. */
      const [old = 0, half = 0, now = 0] = seen.plain;
      expect(half / 1.25).toBeGreaterThan(0.15);
      expect(half / 1.25).toBeLessThan(0.3);
      expect(now).toBeGreaterThan(1.4 * half);
      expect(half).toBeGreaterThan(2 * old);
      expect(old).toBeGreaterThan(0.02);
      expect(seen.beyond).toEqual([0, 0]);
      expect(seen.none).toEqual([0, 0, 0]);
      expect(seen.still).toBe(0);
      const [s0 = 0, s1 = 0, s2 = 0] = seen.slanted;
      expect(s0).toBeGreaterThan(0.03);
      expect(s1).toBeGreaterThan(s0);
      expect(s2).toBeGreaterThan(s1);
      /* In the row's colour. */
      expect(seen.middle[2]).toBeGreaterThan((seen.middle[0] ?? 0) + 15);
    },
  );

  it('has trails follow a motion, strongest for selected rows, and takes them away again', async () => {
    const seen = await page.evaluate(() => {
      const { renderer } = window.kit.mount(200, 100, 1);
      const palette = new Uint8Array(1024);
      palette.fill(255, 3, 4);
      const at = (x: number): Float32Array => Float32Array.from([x, 30, x, 0, x, -30]);
      const from = at(-80);
      /** Ink at three heights: plain, dimmed, selected. */
      const inks = (x: number): number[] => {
        const { data, width } = window.kit.pixels(renderer.canvas);
        return [30, 0, -30].map((y) => {
          let sum = 0;
          for (let d = -4; d < 4; d++) sum += 255 - (data[4 * ((50 - y + d) * width + 100 + x)] ?? 255);
          return sum / 255;
        });
      };
      renderer.set({
        positions: at(-80),
        palette,
        flags: Uint8Array.from([0, 2, 1]),
        trails: { from },
        camera: { cx: 0, cy: 0, scale: 1 },
        pointSize: 4,
      });
      renderer.draw(0);
      const before = inks(0);
      renderer.set({ positions: at(80), blendMs: 100 });
      renderer.draw(1000);
      renderer.draw(1050);
      const half = { behind: inks(-20), ahead: inks(20) };
      /* Another frame in mid-motion: from where points are seen, while trails stay where they began. */
      renderer.set({ positions: at(40), blendMs: 100 });
      renderer.draw(1060);
      renderer.draw(1150);
      const end = { behind: inks(20), ahead: inks(60) };
      const same = renderer.set({ trails: { from } });
      const other = renderer.set({ trails: { from: from.subarray(2) } });
      renderer.draw(1200);
      const otherRows = inks(0);
      renderer.set({ trails: { from } });
      renderer.draw(1210);
      const again = inks(0);
      const gone = renderer.set({ trails: null });
      renderer.draw(1220);
      return { before, half, end, same, other, otherRows, again, gone, none: inks(0) };
    });
    expect(seen.before).toEqual([0, 0, 0]);
    expect(seen.half.ahead).toEqual([0, 0, 0]);
    const [plain = 0, dimmed = 0, selected = 0] = seen.half.behind;
    expect(dimmed).toBeGreaterThan(0.02);
    expect(plain).toBeGreaterThan(2 * dimmed);
    expect(selected).toBeGreaterThan(1.6 * plain);
    expect(Math.min(...seen.end.behind)).toBeGreaterThan(0.02);
    expect(seen.end.ahead).toEqual([0, 0, 0]);
    expect([seen.same, seen.other, seen.gone]).toEqual([false, true, true]);
    expect(seen.otherRows).toEqual([0, 0, 0]);
    expect(Math.min(...seen.again)).toBeGreaterThan(0.02);
    expect(seen.none).toEqual([0, 0, 0]);
  });

  it('draws trails of many rows of which few are selected in full once they rest', async () => {
    const seen = await page.evaluate(async () => {
      const n = 3000;
      const mounted = window.kit.mount(200, 100, 1);
      const { renderer } = mounted;
      const palette = new Uint8Array(1024);
      palette.fill(255, 3, 4);
      const at = (x: number): Float32Array =>
        Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? x : i < n ? 30 : -30));
      /** Whether there is a line behind the selected rows, and behind the others. */
      const lines = (): boolean[] => {
        const { data, width } = window.kit.pixels(renderer.canvas);
        return [20, 80].map((y) => [-1, 0, 1].some((d) => (data[4 * ((y + d) * width + 100)] ?? 255) < 250));
      };
      renderer.set({
        positions: at(-80),
        palette,
        flags: Uint8Array.from({ length: n }, (_, row) => (2 * row < n ? 1 : 2)),
        trails: { from: at(-80) },
        camera: { cx: 0, cy: 0, scale: 1 },
        pointSize: 4,
      });
      renderer.draw(0);
      renderer.set({ positions: at(80), blendMs: 100 });
      renderer.draw(1000);
      renderer.draw(1090);
      const moving = lines();
      renderer.draw(1200);
      const arrived = lines();
      while (mounted.frames === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      renderer.draw(1600);
      const rested = lines();
      renderer.set({ camera: { cx: 1, cy: 0, scale: 1 } });
      renderer.draw(1700);
      const panned = lines();
      while (mounted.frames === 1) await new Promise((resolve) => setTimeout(resolve, 20));
      renderer.draw(2100);
      const again = lines();
      await new Promise((resolve) => setTimeout(resolve, 400));
      return { moving, arrived, rested, panned, again, frames: mounted.frames };
    });
    expect(seen).toEqual({
      moving: [true, false],
      arrived: [true, false],
      rested: [true, true],
      panned: [true, false],
      again: [true, true],
      frames: 2,
    });
  });

  it('draws trails of more rows than are drawn at once, each at its place', async () => {
    const seen = await page.evaluate(() => {
      const n = 40_000;
      const { renderer } = window.kit.mount(200, 100, 1);
      const palette = new Uint8Array(1024);
      palette.fill(255, 3, 4);
      const from = new Float32Array(2 * n).fill(-500);
      const to = new Float32Array(2 * n).fill(-500);
      /* All rows rest outside but three, from the beginning, the middle and the end. */
      for (const [row, y] of [[0, 30] as const, [20_000, 0] as const, [n - 1, -30] as const]) {
        from.set([-80, y], 2 * row);
        to.set([80, y], 2 * row);
      }
      renderer.set({
        positions: to,
        palette,
        flags: new Uint8Array(n).fill(1),
        trails: { from },
        camera: { cx: 0, cy: 0, scale: 1 },
        pointSize: 4,
      });
      renderer.draw(0);
      const { data, width } = window.kit.pixels(renderer.canvas);
      return [30, 15, 0, -15, -30].map((y) => {
        let least = 255;
        for (let d = -2; d < 2; d++) least = Math.min(least, data[4 * ((50 - y + d) * width + 140)] ?? 255);
        return least < 240;
      });
    });
    expect(seen).toEqual([true, false, true, false, true]);
  });

  it('has a selected row win over a dimmed one at the same place, whichever comes first', async () => {
    const seen = await page.evaluate(() => {
      const palette = new Uint8Array(1024);
      palette.set([255, 0, 0, 255, 0, 0, 255, 255]);
      return [
        [1, 2],
        [2, 1],
      ].map((flags) => {
        const { renderer } = window.kit.mount(60, 40, 1);
        renderer.set({
          /* Two more far away, so that the map is not crowded. */
          positions: Float32Array.from([0, 0, 0, 0, -500, -500, 500, 500]),
          /* The selected row is red. */
          colours: { index: Uint8Array.from([...flags.map((flag) => (flag === 1 ? 0 : 1)), 0, 0]) },
          palette,
          flags: Uint8Array.from([...flags, 0, 0]),
          camera: { cx: 0, cy: 0, scale: 1 },
          pointSize: 20,
          selectedOutline: [0, 255, 0, 255],
        });
        renderer.draw(0);
        const { data, width } = window.kit.pixels(renderer.canvas);
        return [20, 29].map((y) => data.slice(4 * (y * width + 30)).slice(0, 3));
      });
    });
    for (const [inside, rim] of seen) {
      expect(inside?.[0]).toBeGreaterThan(235);
      expect(inside?.[2]).toBeLessThan(60);
      expect(rim?.[1]).toBeGreaterThan(150);
    }
  });

  it('puts a ring around the hovered and the focused row, on top of everything', async () => {
    const seen = await page.evaluate(() => {
      const { renderer } = window.kit.mount(100, 50, 1);
      const palette = new Uint8Array(1024);
      palette.set([255, 0, 0, 255, 0, 0, 255, 255]);
      renderer.set({
        positions: Float32Array.from([-25, 0, 25, 0, -25, 0, 25, 0]),
        colours: { index: Uint8Array.from([0, 0, 1, 1]) },
        palette,
        camera: { cx: 0, cy: 0, scale: 1 },
        pointSize: 10,
        hoverRow: 0,
        hoverRing: [0, 255, 0, 255],
        focusRing: [255, 0, 255, 255],
        focusRow: 1,
      });
      renderer.draw(0);
      const shot = window.kit.pixels(renderer.canvas);
      const at = (x: number, y: number): number[] => shot.data.slice(4 * (y * shot.width + x)).slice(0, 3);
      const result = { hovered: at(25, 25), focused: at(75, 25), greens: 0, magentas: 0, left: 0 };
      const count = (data: number[]): [number, number] => {
        let greens = 0;
        let magentas = 0;
        for (let i = 0; i < data.length; i += 4) {
          const [r = 0, g = 0, b = 0] = data.slice(i, i + 3);
          if (g > 200 && r < 60 && b < 60) greens++;
          if (g < 60 && r > 200 && b > 200) magentas++;
        }
        return [greens, magentas];
      };
      [result.greens, result.magentas] = count(shot.data);
      renderer.set({ hoverRow: null, focusRow: 99 });
      renderer.draw(1);
      result.left = count(window.kit.pixels(renderer.canvas).data).reduce((a, c) => a + c);
      return result;
    });
    expect(seen.hovered[0]).toBeGreaterThan(235);
    expect(seen.focused[0]).toBeGreaterThan(235);
    expect(seen.greens).toBeGreaterThan(30);
    expect(seen.magentas).toBeGreaterThan(seen.greens);
    expect(seen.left).toBe(0);
  });

  it('draws what is drawable of hostile positions, and counts the rest (row 68)', async () => {
    const seen = await page.evaluate(() => {
      const { renderer } = window.kit.mount(100, 100, 1);
      const shots: { dark: number; hidden: number }[] = [];
      const show = (values: number[], blendMs = 0): void => {
        const positions = Float32Array.from(values);
        const camera = window.kit.camera.fitCamera(window.kit.dataBounds(positions), {
          width: 100,
          height: 100,
        });
        renderer.set({ positions, blendMs, camera, pointSize: 8, palette: new Uint8Array(1024).fill(90) });
        renderer.draw(shots.length * 1000);
        const { data } = window.kit.pixels(renderer.canvas);
        let dark = 0;
        for (let i = 0; i < data.length; i += 4) if ((data[i] ?? 255) < 245) dark++;
        shots.push({ dark, hidden: renderer.hiddenCount });
      };
      show([]);
      show([3, 4]);
      show([1e30, 1e30, -1e30, -1e30]);
      show([Number.NaN, 0, Number.POSITIVE_INFINITY, 1]);
      /* From nowhere to somewhere in mid-blend: shown at its place at once. */
      show([0, 0, 1, 1], 1000);
      show([7, 7, 7, 7, 7, 7]);
      renderer.resize(0, 0, 1);
      const zero = renderer.draw(1e6);
      renderer.resize(10_000, 100, 1);
      renderer.draw(1e6);
      return { shots, zero, width: renderer.canvas.width };
    });
    const dots = seen.shots.map(({ dark }) => dark);
    expect(dots[0]).toBe(0);
    for (const i of [1, 5]) expect(dots[i]).toBeGreaterThan(20);
    for (const i of [2, 4]) expect(dots[i]).toBeGreaterThan(40);
    expect(dots[3]).toBe(0);
    expect(seen.shots.map(({ hidden }) => hidden)).toEqual([0, 0, 0, 2, 0, 0]);
    expect(seen.zero).toBe(false);
    expect(seen.width).toBeGreaterThan(4000);
    expect(seen.width).toBeLessThanOrEqual(10_000);
  });

  it('takes any size and any ratio of pixels, and none (row 69)', async () => {
    const seen = await page.evaluate(() => {
      const { renderer } = window.kit.mount(100, 100, 1);
      const palette = new Uint8Array(1024);
      palette.set([255, 0, 0, 255]);
      renderer.set({
        positions: Float32Array.from([0, 0]),
        colours: { index: Uint8Array.of(0) },
        palette,
        camera: { cx: 0, cy: 0, scale: 1 },
        pointSize: 40,
        background: [255, 255, 255, 255],
      });
      const sizes = [
        [0, 0, 1],
        [300, 0, 2],
        [10_000, 40, 1],
        [10_000, 40, 4],
        [120, 80, 0.5],
        [120, 80, 4],
        [Number.NaN, 80, 1],
        [120, 80, Number.NaN],
        [100, 100, 1],
      ] as const;
      return sizes.map(([width, height, ratio]) => {
        renderer.resize(width, height, ratio);
        renderer.draw(0);
        const { width: w, height: h } = renderer.canvas;
        const { data } = window.kit.pixels(renderer.canvas);
        const middle = 4 * (Math.floor(h / 2) * w + Math.floor(w / 2));
        return { w, h, red: (data[middle] ?? 0) > 235 && (data[middle + 1] ?? 255) < 220 };
      });
    });
    const drawn = seen.map(({ red }) => red);
    expect(drawn).toEqual([false, false, true, true, true, true, false, true, true]);
    for (const { w, h } of seen) expect(Math.max(w, h)).toBeLessThanOrEqual(16_384);
    expect(seen.slice(4, 6).map(({ w, h }) => [w, h])).toEqual([
      [60, 40],
      [480, 320],
    ]);
  });

  if (kind === 'canvas2d')
    it('draws 200,000 rows, the most that the page has it draw without a warning', async () => {
      const seen = await page.evaluate(() => {
        const { positions, classOf } = window.kit.clusters(200_000, 8);
        const { renderer } = window.kit.mount(880, 640, 1);
        renderer.set({
          positions,
          colours: { index: classOf },
          palette: window.kit.palette.categoricalPalette(8),
          camera: window.kit.camera.fitCamera(window.kit.dataBounds(positions), { width: 880, height: 640 }),
          pointSize: 2,
        });
        renderer.draw(0);
        const times: number[] = [];
        for (let i = 0; i < 5; i++) {
          renderer.set({ pointSize: 2 + (i % 2) / 2 });
          const start = performance.now();
          renderer.draw(i);
          window.kit.pixels(renderer.canvas); // waits until it is drawn
          times.push(performance.now() - start);
        }
        const { data } = window.kit.pixels(renderer.canvas);
        let coloured = 0;
        for (let i = 0; i < data.length; i += 4) {
          const [r = 0, g = 0, b = 0] = data.slice(i, i + 3);
          if (Math.max(r, g, b) - Math.min(r, g, b) > 40) coloured++;
        }
        return { coloured, ms: times.sort((a, b) => a - b)[2] ?? 0 };
      });
      console.info(`A frame of 200,000 rows, ${kind}: ${seen.ms.toFixed(0)} ms`);
      expect(seen.coloured).toBeGreaterThan(10_000);
    });

  it('shows the part of a point that reaches into the canvas when its middle is outside', async () => {
    const seen = await page.evaluate(() => {
      const { renderer } = window.kit.mount(60, 40, 1);
      renderer.set({
        positions: Float32Array.from([-33, 0, 0, 23, 39, 0]),
        palette: Uint8Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 255 : 40)),
        camera: { cx: 0, cy: 0, scale: 1 },
        pointSize: 16,
      });
      renderer.draw(0);
      const { data, width } = window.kit.pixels(renderer.canvas);
      return [data[4 * (20 * width)], data[4 * 30], data[4 * (20 * width + 59)]];
    });
    expect(seen[0]).toBeLessThan(80);
    expect(seen[1]).toBeLessThan(80);
    expect(seen[2]).toBe(255);
  });

  it('takes rows of one or three coordinates', async () => {
    const seen = await page.evaluate(() => {
      const { renderer } = window.kit.mount(100, 20, 1);
      const dark = (): number[] => {
        const { data, width } = window.kit.pixels(renderer.canvas);
        return [20, 50, 80].filter((x) => (data[4 * (10 * width + x)] ?? 255) < 200);
      };
      const camera = { cx: 0, cy: 0, scale: 1 };
      const palette = new Uint8Array(1024).fill(60);
      palette.fill(255, 3, 4);
      renderer.set({ positions: Float32Array.from([-30, 0, 9, 30, 0, 9]), dims: 3, camera, palette });
      renderer.draw(0);
      const three = dark();
      renderer.set({ positions: Float32Array.from([0, 30]), dims: 1, blendMs: 100 });
      renderer.draw(10);
      renderer.draw(60);
      renderer.set({ positions: Float32Array.from([30, -30]), dims: 1, blendMs: 100 });
      renderer.draw(70);
      renderer.draw(500);
      return { three, one: dark() };
    });
    expect(seen).toEqual({ three: [20, 80], one: [20, 80] });
  });

  it('captures a picture larger than any one texture, without highlights, and shows the same view after', async () => {
    const seen = await page.evaluate(async () => {
      const { renderer } = window.kit.mount(300, 200, 1);
      const palette = new Uint8Array(1024);
      palette.set([255, 0, 0, 255, 0, 0, 255, 255]);
      renderer.set({
        positions: Float32Array.from([-100, 50, 100, -50]),
        colours: { index: Uint8Array.from([0, 1]) },
        palette,
        camera: { cx: 0, cy: 0, scale: 1 },
        pointSize: 20,
        hoverRow: 0,
        hoverRing: [0, 255, 0, 255],
        trails: { from: Float32Array.from([-100, 50, -100, -50]) },
      });
      renderer.draw(0);
      const before = window.kit.pixels(renderer.canvas);
      const promise = renderer.capture(10);
      const after = window.kit.pixels(renderer.canvas);
      const bitmap = await createImageBitmap(await promise);
      const copy = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = copy.getContext('2d', { willReadFrequently: true });
      context?.drawImage(bitmap, 0, 0);
      const at = (x: number, y: number): number[] => [...(context?.getImageData(x, y, 1, 1).data ?? [])];
      const tooLarge = await renderer.capture(1000).catch((error: Error) => error.message);
      return {
        same: before.data.every((v, i) => v === after.data[i]),
        size: [bitmap.width, bitmap.height],
        red: at(500, 500),
        blue: at(2500, 1500),
        hover: at(500 + 127, 500),
        ground: at(1500, 1000),
        trail: at(2200, 1500),
        besideTrail: at(2200, 1508),
        tooLarge,
      };
    });
    expect(seen.same).toBe(true);
    expect(seen.size).toEqual([3000, 2000]);
    expect(seen.red[0]).toBeGreaterThan(235);
    expect(seen.red[1]).toBeLessThan(30);
    expect(seen.blue[2]).toBeGreaterThan(235);
    expect(seen.hover).toEqual([255, 255, 255, 255]);
    expect(seen.ground).toEqual([255, 255, 255, 255]);
    expect(seen.trail[2]).toBeGreaterThan(250);
    expect(seen.trail[0]).toBeLessThan(230);
    expect(seen.besideTrail).toEqual([255, 255, 255, 255]);
    expect(seen.tooLarge).toMatch(/more than this browser can hold/);
  });
});

it('draws the same with squares as with point sprites', async () => {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => 'kit' in window);
    const seen = await page.evaluate(() => {
      const { positions, classOf } = window.kit.clusters(3000, 8);
      const [a, b] = [true, false].map((sprites) => {
        const { renderer } = window.kit.mount(300, 200, 1, { sprites });
        renderer.set({
          positions,
          colours: { index: classOf },
          palette: window.kit.palette.categoricalPalette(8),
          flags: Uint8Array.from({ length: 3000 }, (_, i) => (i % 7 === 0 ? 1 : i % 11 === 0 ? 8 : 2)),
          camera: window.kit.camera.fitCamera(window.kit.dataBounds(positions), { width: 300, height: 200 }),
          hoverRow: 5,
          trails: { from: positions.map((v) => 0.8 * v) },
        });
        renderer.draw(0);
        return window.kit.pixels(renderer.canvas).data;
      });
      return (a ?? []).reduce((most, v, i) => Math.max(most, Math.abs(v - (b?.[i] ?? 0))), 0);
    });
    expect(seen).toBeLessThanOrEqual(4);
  } finally {
    await browser.close();
  }
});

describe('the renderer when its context is lost (row 67)', () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 900, height: 700 } });
    await page.goto(server.url);
    await page.waitForFunction(() => 'kit' in window);
  });
  afterEach(async () => {
    await page.close();
  });

  /** Fills window.mounted with 5,000 coloured, flagged rows. */
  const fill = (restoreMs: number): Promise<void> =>
    page.evaluate((ms) => {
      const mounted = window.kit.mount(300, 200, 1, { restoreMs: ms });
      const { positions, classOf } = window.kit.clusters(5000, 8);
      mounted.renderer.set({
        positions,
        colours: { index: classOf },
        palette: window.kit.palette.categoricalPalette(8),
        flags: Uint8Array.from({ length: 5000 }, (_, i) => (i % 7 === 0 ? 1 : i % 11 === 0 ? 8 : 2)),
        camera: window.kit.camera.fitCamera(window.kit.dataBounds(positions), { width: 300, height: 200 }),
        pointSize: 6,
        hoverRow: 17,
        trails: { from: positions.map((v, i) => 0.7 * v + (i % 5) / 10) },
      });
      window.mounted = mounted;
    }, restoreMs);

  it('gives the same pixels once it is back', async () => {
    await fill(3000);
    const seen = await page.evaluate(async () => {
      const { mounted } = window;
      const { renderer } = mounted;
      renderer.draw(0);
      const before = window.kit.pixels(renderer.canvas);
      const gl = renderer.canvas.getContext('webgl2');
      const extension = gl?.getExtension('WEBGL_lose_context');
      const event = (name: string): Promise<Event> =>
        new Promise((resolve) => renderer.canvas.addEventListener(name, resolve, { once: true }));
      const lost = event('webglcontextlost');
      extension?.loseContext();
      await lost;
      /* The browser offers the context again only once the event has been dealt with. */
      await new Promise((resolve) => setTimeout(resolve, 0));
      const whileLost = renderer.draw(1);
      /* What is told meanwhile counts afterwards; a capture waits. */
      renderer.set({ pointSize: 9 });
      renderer.set({ pointSize: 6 });
      const capture = renderer.capture(1);
      const restored = event('webglcontextrestored');
      extension?.restoreContext();
      await restored;
      renderer.draw(2);
      const after = window.kit.pixels(renderer.canvas);
      return {
        whileLost,
        kind: renderer.kind,
        frames: mounted.frames,
        differing: before.data.filter((v, i) => v !== after.data[i]).length,
        colours: new Set(before.data).size,
        captured: (await capture).size,
        error: gl?.getError(),
      };
    });
    expect(seen).toMatchObject({ whileLost: false, kind: 'webgl2', frames: 1, differing: 0, error: 0 });
    expect(seen.colours).toBeGreaterThan(100);
    expect(seen.captured).toBeGreaterThan(1000);
  });

  it('goes over to a 2-D canvas with the same picture when it stays away, and says why', async () => {
    await fill(200);
    const seen = await page.evaluate(async () => {
      const { mounted } = window;
      const { renderer } = mounted;
      renderer.draw(0);
      const before = window.kit.pixels(renderer.canvas);
      const first = renderer.canvas;
      first.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext();
      while (renderer.kind === 'webgl2') await new Promise((resolve) => setTimeout(resolve, 20));
      renderer.draw(1);
      const after = window.kit.pixels(renderer.canvas);
      const differences = before.data.map((v, i) => Math.abs(v - (after.data[i] ?? 0)));
      return {
        canvases: mounted.host.childElementCount,
        replaced: renderer.canvas !== first,
        hiddenFromReaders: renderer.canvas.getAttribute('aria-hidden'),
        frames: mounted.frames,
        fallbacks: mounted.fallbacks,
        mean: differences.reduce((sum, v) => sum + v, 0) / differences.length,
        far: differences.filter((v) => v > 24).length / differences.length,
        again: renderer.set({ pointSize: 11 }),
      };
    });
    expect(seen).toMatchObject({
      canvases: 1,
      replaced: true,
      hiddenFromReaders: 'true',
      frames: 1,
      again: true,
    });
    expect(seen.fallbacks).toEqual([expect.stringMatching(/^The browser took back.*slower\.$/)]);
    /* The two ways of drawing agree but for rounding. */
    expect(seen.mean).toBeLessThan(1.5);
    expect(seen.far).toBeLessThan(0.002);
  });

  it('keeps seventeen maps on one page, of which the browser lets sixteen use the graphics card', async () => {
    const seen = await page.evaluate(async () => {
      const maps = Array.from({ length: 17 }, () => window.kit.mount(40, 40, 1, { restoreMs: 150 }));
      const draw = (): number[] =>
        maps.map(({ renderer }) => {
          renderer.set({
            positions: Float32Array.from([0, 0]),
            pointSize: 30,
            palette: new Uint8Array(1024).fill(255),
          });
          renderer.set({ palette: Uint8Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 255 : 40)) });
          renderer.draw(0);
          return window.kit.pixels(renderer.canvas).data[4 * (20 * 40 + 20)] ?? -1;
        });
      draw();
      for (let i = 0; i < 50 && maps.every(({ renderer }) => renderer.kind === 'webgl2'); i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const middles = draw();
      const kinds = maps.map(({ renderer }) => renderer.kind);
      for (const { renderer } of maps) renderer.dispose();
      return {
        middles,
        slow: kinds.filter((k) => k === 'canvas2d').length,
        left: document.querySelectorAll('canvas').length,
      };
    });
    for (const middle of seen.middles) expect(middle).toBeLessThan(70);
    expect(seen.slow).toBe(1);
    expect(seen.left).toBe(0);
  });
});
