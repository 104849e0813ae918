import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { tilesFor } from '../../web/render/capture.ts';
import {
  marksFor,
  suggestedPointSize,
  TRAIL_TAIL,
  TRAIL_WIDTH,
  trailInk,
  trailMarks,
} from '../../web/render/marks.ts';
import { loadMore } from '../../web/render/more.ts';
import { defaultProps, mergeProps, type ScatterProps } from '../../web/render/props.ts';
import { clearRaster, rasterPass, rasterRow, rasterTrails } from '../../web/render/raster.ts';
import { ScatterRenderer } from '../../web/render/scatter.ts';
import { backingSize } from '../../web/render/surface.ts';

interface Call {
  name: string;
  args: unknown[];
}

const constants = new Map<string, number>();

/** The number that stands for a constant of WebGL in every fake context. */
function glConstant(name: string): number {
  const known = constants.get(name);
  if (known !== undefined) return known;
  constants.set(name, 1000 + constants.size);
  return 999 + constants.size;
}

/**
 * A canvas whose WebGL2 context records what is called. Constants are numbers, objects are fresh, questions get
 * the answer that lets the caller go on, unless `answers` (by function) or `parameters` (by constant) say other.
 */
class FakeCanvas extends EventTarget {
  width = 0;
  height = 0;
  readonly calls: Call[] = [];
  answers: Record<string, unknown> = {};
  parameters: Record<string, unknown> = {};

  getContext(): WebGL2RenderingContext {
    let next = 1;
    return new Proxy({} as WebGL2RenderingContext, {
      get: (_, key) => {
        const name = String(key);
        if (/^[A-Z][A-Z0-9_]*$/.test(name)) return glConstant(name);
        return (...args: unknown[]) => {
          this.calls.push({ name, args });
          if (name in this.answers) return this.answers[name];
          if (name.startsWith('create') || name === 'getUniformLocation') return { id: next++ };
          if (name === 'getProgramParameter') return true;
          if (name === 'getParameter') {
            return Object.entries(this.parameters).find(([key]) => glConstant(key) === args[0])?.[1] ?? null;
          }
          return name === 'getError' ? 0 : null;
        };
      },
    });
  }
}

const asCanvas = (canvas: FakeCanvas): HTMLCanvasElement => canvas as unknown as HTMLCanvasElement;

const UPLOADS = ['bufferData', 'bufferSubData', 'texImage2D', 'texSubImage2D'];
const uploads = (calls: Call[]): Call[] => calls.filter(({ name }) => UPLOADS.includes(name));
const draws = (calls: Call[]): Call[] => calls.filter(({ name }) => name.startsWith('draw'));

/** Positions of n rows that count how often an element is read. */
function watched(n: number): { positions: Float32Array; reads: () => number } {
  let count = 0;
  const positions = new Proxy(
    Float32Array.from({ length: 2 * n }, (_, i) => (i * 37) % 101),
    {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) count++;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    },
  );
  return { positions, reads: () => count };
}

beforeAll(async () => {
  await loadMore();
});

describe('ScatterRenderer', () => {
  let canvas: FakeCanvas;
  let renderer: ScatterRenderer;
  const n = 100_000;

  beforeEach(() => {
    canvas = new FakeCanvas();
    renderer = new ScatterRenderer(asCanvas(canvas));
    renderer.resize(800, 600, 1);
    renderer.set({
      positions: watched(n).positions,
      colours: { index: new Uint8Array(n) },
      flags: new Uint8Array(n),
    });
    renderer.draw(0);
    canvas.calls.length = 0;
  });

  it('does one upload for a new frame, and nothing else that grows with the rows', () => {
    for (let frame = 1; frame <= 5; frame++) {
      const { positions, reads } = watched(n);
      canvas.calls.length = 0;
      expect(renderer.set({ positions, blendMs: 100 })).toBe(true);
      expect(canvas.calls).toHaveLength(0);
      renderer.draw(frame * 50);
      const sent = uploads(canvas.calls).filter(({ name }) => name !== 'bufferData');
      expect(sent.map(({ name }) => name)).toEqual(['bufferSubData']);
      expect(sent.map(({ args }) => (args[2] as Float32Array).length)).toEqual([2 * n]);
      /* What is looked at on the page's thread is a sample of fixed size. */
      expect(reads()).toBeLessThanOrEqual(2 * 1024);
      /* After the three buffers exist no memory is asked for again. */
      if (frame > 2) expect(canvas.calls.some(({ name }) => name === 'bufferData')).toBe(false);
    }
  });

  it('draws all points in one call, and uploads nothing while it only blends or moves the camera', () => {
    renderer.set({ positions: watched(n).positions, blendMs: 100 });
    renderer.draw(1000);
    canvas.calls.length = 0;
    renderer.set({ camera: { cx: 1, cy: 2, scale: 3 } });
    expect(renderer.draw(1050)).toBe(true);
    expect(uploads(canvas.calls)).toEqual([]);
    expect(draws(canvas.calls)).toHaveLength(1);
    expect(draws(canvas.calls)[0]?.args.slice(1)).toEqual([0, 4, n]);
    expect(renderer.draw(1100)).toBe(false);
  });

  it('uploads one byte a row for other colours, and as much for other flags', () => {
    renderer.set({ colours: { index: new Uint8Array(n).fill(3) } });
    renderer.draw(10);
    expect(uploads(canvas.calls).map(({ args }) => (args[2] as Uint8Array).byteLength)).toEqual([n]);
    canvas.calls.length = 0;
    const flags = new Uint8Array(n);
    flags[5] = 1;
    renderer.set({ flags });
    renderer.draw(20);
    expect(uploads(canvas.calls).map(({ args }) => (args[2] as Uint8Array).byteLength)).toEqual([n]);
    expect(draws(canvas.calls)).toHaveLength(2);
  });

  it('has the GPU, not the page, find where points are seen when a frame arrives in mid-blend', () => {
    renderer.set({ positions: watched(n).positions, blendMs: 100 });
    renderer.draw(1000);
    renderer.draw(1040);
    canvas.calls.length = 0;
    renderer.set({ positions: watched(n).positions, blendMs: 100 });
    expect(renderer.draw(1050)).toBe(true);
    expect(canvas.calls.filter(({ name }) => name === 'beginTransformFeedback')).toHaveLength(1);
    const blendBefore = canvas.calls.find(({ name }) => name === 'uniform1f');
    expect(blendBefore?.args[1]).toBeCloseTo(0.4, 6);
    /* The motion goes on from when it was last drawn: no display frame stands still. */
    const blends = canvas.calls.filter(({ name }) => name === 'uniform1f').map(({ args }) => args[1]);
    expect(blends[1]).toBeCloseTo(0.1, 6);
  });

  it.each([
    ['ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)', 'drawArrays'],
    ['llvmpipe, or similar', 'drawArrays'],
    ['ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)', 'drawArraysInstanced'],
  ])('draws each way in one call for all points: %s', (name, expected) => {
    canvas = new FakeCanvas();
    canvas.parameters = {
      RENDERER: name,
      ALIASED_POINT_SIZE_RANGE: [1, 1023],
      MAX_VIEWPORT_DIMS: [8192, 8192],
    };
    renderer = new ScatterRenderer(asCanvas(canvas));
    renderer.resize(800, 600, 1);
    renderer.set({ positions: watched(n).positions });
    renderer.draw(0);
    expect(draws(canvas.calls).map((call) => call.name)).toEqual([expected]);
    /* Where sprites are too small for the ring of a highlight, squares do it. */
    canvas.parameters.ALIASED_POINT_SIZE_RANGE = [1, 16];
    canvas.calls.length = 0;
    renderer = new ScatterRenderer(asCanvas(canvas));
    renderer.resize(800, 600, 1);
    renderer.set({ positions: watched(n).positions });
    renderer.draw(0);
    expect(draws(canvas.calls).map((call) => call.name)).toEqual(['drawArraysInstanced']);
  });

  it('says whether anything changed, comparing arrays by identity and settings by value', () => {
    const flags = new Uint8Array(n);
    expect(renderer.set({ flags })).toBe(true);
    expect(renderer.set({ flags })).toBe(false);
    expect(renderer.set({ flags: flags.subarray() })).toBe(true);
    expect(renderer.set({ camera: { cx: 5, cy: 6, scale: 7 }, hoverRow: 3 })).toBe(true);
    expect(renderer.set({ camera: { cx: 5, cy: 6, scale: 7 }, hoverRow: 3 })).toBe(false);
    const from = new Float32Array(2 * n);
    expect(renderer.set({ trails: { from } })).toBe(true);
    expect(renderer.set({ trails: { from } })).toBe(false);
    expect(renderer.set({ trails: { from: from.subarray() } })).toBe(true);
    expect(renderer.set({ trails: null })).toBe(true);
    expect(renderer.set({ trails: null })).toBe(false);
    expect(renderer.set({ background: [1, 2, 3, 255] })).toBe(true);
    expect(renderer.set({ background: [1, 2, 3, 255] })).toBe(false);
    expect(renderer.set({})).toBe(false);
  });

  it('draws all trails in one more call, under the points, and uploads where rows were once', () => {
    const from = new Float32Array(2 * n);
    expect(renderer.set({ trails: { from } })).toBe(true);
    renderer.draw(10);
    expect(uploads(canvas.calls).filter(({ name }) => name === 'bufferSubData')).toHaveLength(1);
    expect(draws(canvas.calls).map(({ args }) => args.slice(1))).toEqual([
      [0, 4, n],
      [0, 4, n],
    ]);
    expect(renderer.set({ trails: { from } })).toBe(false);
    /* A new frame is still one upload, and no loop over the rows: a sample for their area, one for the trails. */
    const { positions, reads } = watched(n);
    renderer.set({ positions, blendMs: 100 });
    canvas.calls.length = 0;
    renderer.draw(50);
    const sent = uploads(canvas.calls).filter(({ name }) => name === 'bufferSubData');
    expect(sent.map(({ args }) => (args[2] as Float32Array).length)).toEqual([2 * n]);
    expect(sent[0]?.args[2]).not.toBe(from);
    /* Of each position only a sample is read, for the area of the map and for the length of the trails. */
    expect(reads()).toBeLessThanOrEqual(5 * 1024);
    expect(draws(canvas.calls)).toHaveLength(2);
    /* Of another number of rows they lead nowhere; without them there is one call less. */
    for (const trails of [{ from: new Float32Array(2 * n - 2) }, null]) {
      renderer.set({ trails });
      canvas.calls.length = 0;
      renderer.draw(60);
      expect(uploads(canvas.calls)).toEqual([]);
      expect(draws(canvas.calls)).toHaveLength(1);
    }
  });

  it('uploads nothing for frames that are replaced before they are drawn', () => {
    for (let i = 0; i < 10; i++) renderer.set({ positions: watched(n).positions, blendMs: 50 });
    expect(uploads(canvas.calls)).toEqual([]);
    renderer.draw(500);
    expect(uploads(canvas.calls).filter(({ name }) => name === 'bufferSubData')).toHaveLength(1);
  });

  it('does not use colours or flags of another number of rows, nor read past them', () => {
    renderer.set({ positions: new Float32Array(2 * (n + 50)) });
    renderer.draw(10);
    const constant = canvas.calls
      .filter(({ name }) => name === 'vertexAttribI4ui')
      .map(({ args }) => args[0]);
    expect(constant).toEqual([2, 3]);
    canvas.calls.length = 0;
    renderer.set({ colours: { index: new Uint8Array(n + 50) } });
    renderer.draw(20);
    expect(canvas.calls.filter(({ name }) => name === 'vertexAttribIPointer')).toHaveLength(1);
  });

  it('counts rows without a position when asked', () => {
    expect(renderer.hiddenCount).toBe(0);
    renderer.set({ positions: Float32Array.from([0, 0, Number.NaN, 1, 2, Number.POSITIVE_INFINITY, 3, 3]) });
    expect(renderer.hiddenCount).toBe(2);
    renderer.set({ positions: Float32Array.from([0, 0, 5, 1, 2, 7]), dims: 3 });
    expect(renderer.hiddenCount).toBe(0);
  });

  it('draws nothing on a canvas without size, and nothing but the ground without rows (rows 68, 69)', () => {
    renderer.resize(0, 0, 2);
    expect(renderer.draw(5)).toBe(false);
    expect(canvas.calls.filter(({ name }) => name !== 'getParameter')).toEqual([]);
    renderer.resize(300, 200, 2);
    renderer.set({ positions: new Float32Array(0) });
    renderer.draw(6);
    expect(canvas.calls.some(({ name }) => name === 'clear')).toBe(true);
    expect(draws(canvas.calls)).toEqual([]);
    expect([canvas.width, canvas.height]).toEqual([600, 400]);
  });

  it('prevents the default of a lost context, draws nothing meanwhile, and rebuilds all from its arrays (row 67)', () => {
    const onNeedsFrame = vi.fn();
    canvas = new FakeCanvas();
    renderer = new ScatterRenderer(asCanvas(canvas), { onNeedsFrame });
    renderer.resize(100, 100, 1);
    const index = new Uint8Array(7);
    renderer.set({
      positions: new Float32Array(14),
      colours: { index },
      flags: new Uint8Array(7),
      trails: { from: new Float32Array(14) },
    });
    renderer.draw(0);
    const event = new Event('webglcontextlost', { cancelable: true });
    canvas.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    canvas.calls.length = 0;
    expect(renderer.draw(1)).toBe(false);
    expect(renderer.set({ pointSize: 9 })).toBe(true);
    expect(canvas.calls).toEqual([]);
    canvas.dispatchEvent(new Event('webglcontextrestored'));
    expect(onNeedsFrame).toHaveBeenCalledTimes(1);
    renderer.draw(2);
    const sizes = canvas.calls.filter(({ name }) => name === 'bufferSubData').map(({ args }) => args[2]);
    expect(sizes.map((data) => (data as Uint8Array).byteLength)).toEqual([56, 7, 7, 56]);
    expect(canvas.calls.filter(({ name }) => name === 'texImage2D')).toHaveLength(1);
    renderer.dispose();
  });

  it('says so when the context stays away, and resolves those who wait for it', async () => {
    vi.useFakeTimers();
    vi.stubGlobal('document', { visibilityState: 'visible', addEventListener: vi.fn() });
    try {
      const onGone = vi.fn();
      canvas = new FakeCanvas();
      renderer = new ScatterRenderer(asCanvas(canvas), { onGone });
      canvas.dispatchEvent(new Event('webglcontextlost'));
      const settled = renderer.settled();
      vi.advanceTimersByTime(2900);
      expect(onGone).not.toHaveBeenCalled();
      vi.advanceTimersByTime(200);
      expect(onGone).toHaveBeenCalledTimes(1);
      await settled;
    } finally {
      vi.useRealTimers();
      vi.unstubAllGlobals();
    }
  });

  it('gives up in words when the driver refuses shaders or memory', () => {
    const refusing = new FakeCanvas();
    refusing.answers = { getProgramParameter: false, isContextLost: false, getProgramInfoLog: 'no' };
    expect(() => new ScatterRenderer(asCanvas(refusing))).toThrow(/refused the shaders/);
    const full = new FakeCanvas();
    const onGone = vi.fn();
    const starved = new ScatterRenderer(asCanvas(full), { onGone });
    starved.resize(10, 10, 1);
    starved.set({ positions: new Float32Array(2000) });
    full.answers.getError = glConstant('OUT_OF_MEMORY');
    expect(starved.draw(0)).toBe(false);
    expect(onGone.mock.calls[0]?.[0]).toMatch(/does not hold 1,000 points/);
  });
});

describe('properties', () => {
  it('refuses a palette or a number of coordinates that cannot be', () => {
    expect(() => mergeProps(defaultProps(), { palette: new Uint8Array(12) })).toThrow(RangeError);
    expect(() => mergeProps(defaultProps(), { dims: 0 })).toThrow(RangeError);
    expect(() => mergeProps(defaultProps(), { dims: 1.5 })).toThrow(RangeError);
  });

  it('keeps a duration with the positions it came with', () => {
    const props = defaultProps();
    mergeProps(props, { positions: new Float32Array(2), blendMs: 80 });
    expect(props.blendMs).toBe(80);
    mergeProps(props, { pointSize: 3 });
    expect(props.blendMs).toBe(80);
    mergeProps(props, { positions: new Float32Array(2) });
    expect(props.blendMs).toBe(0);
  });
});

describe('marks', () => {
  it('turns translucent as the map gets crowded, never invisible, and back when zoomed in', () => {
    const look = (n: number, scale: number) => marksFor(n, 1, scale, 4, 1);
    const alphas = [100, 10_000, 100_000, 1_000_000].map((n) => look(n, 600).alpha);
    expect(alphas).toEqual([...alphas].sort((a, b) => b - a));
    expect(alphas[0]).toBeGreaterThan(0.9);
    expect(alphas.at(-1)).toBeGreaterThan(0.2);
    expect(look(100_000, 60_000)).toEqual(look(100, 600));
    expect(look(100_000, 600).rimStrength).toBeLessThan(look(100, 600).rimStrength);
  });

  it('suggests smaller points for more rows, within what a hand and an eye can use', () => {
    const sizes = [1, 150, 10_000, 100_000, 1e7].map(suggestedPointSize);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes.every((s) => s >= 2 && s <= 9)).toBe(true);
  });
});

describe('surface', () => {
  it('has whole pixels for any size and ratio, within the limit of the device', () => {
    expect(backingSize(800.4, 600, 2, 8192)).toMatchObject({ pixelWidth: 1601, pixelHeight: 1200, dpr: 2 });
    expect(backingSize(10_000, 500, 2, 8192)).toMatchObject({ pixelWidth: 8192 });
    expect(backingSize(10_000, 500, 2, 8192).dpr).toBeCloseTo(0.8192, 9);
    for (const [w, h, dpr] of [
      [0, 0, 1],
      [-5, 3, 1],
      [Number.NaN, 3, Number.NaN],
      [1, 1, 0.1],
    ] as const) {
      const size = backingSize(w, h, dpr, 4096);
      expect(size.pixelWidth >= 1 && size.pixelHeight >= 1).toBe(true);
    }
  });

  it('cuts a large picture into tiles that cover it once, each with its own camera', () => {
    const camera = { cx: 3, cy: -4, scale: 50 };
    const tiles = tilesFor(1500, 1100, 4, camera);
    expect(tiles.reduce((sum, t) => sum + t.pixelWidth * t.pixelHeight, 0)).toBe(6000 * 4400);
    for (const tile of tiles) {
      expect(Math.max(tile.pixelWidth, tile.pixelHeight)).toBeLessThanOrEqual(2048);
      /* The same world point is at the same place of the whole, by the tile's camera as by the picture's. */
      const x = tile.x + tile.pixelWidth / 2 + (3 - tile.camera.cx) * 50 * 4;
      const y = tile.y + tile.pixelHeight / 2 - (-4 - tile.camera.cy) * 50 * 4;
      expect(x).toBeCloseTo(3000, 6);
      expect(y).toBeCloseTo(2200, 6);
    }
    expect(() => tilesFor(9000, 9000, 8, camera)).toThrow(/more than this browser can hold/);
    expect(() => tilesFor(0, 10, 1, camera)).toThrow(/no size/);
  });
});

describe('raster', () => {
  const props: ScatterProps = defaultProps();
  const palette = new Uint8Array(1024).fill(255);
  palette.set([200, 0, 0, 255, 0, 0, 200, 255]);
  const marks = { radius: 5, alpha: 1, rim: 1, rimStrength: 0 };
  const camera = { cx: 0, cy: 0, scale: 1 };

  function picture(seen: number[], flags: number[], colours: number[]) {
    const raster = { data: new Uint8ClampedArray(40 * 40 * 4), width: 40, height: 40 };
    clearRaster(raster, [255, 255, 255, 255]);
    const points = {
      seen: Float32Array.from(seen),
      flags: Uint8Array.from(flags),
      colours: Uint8Array.from(colours),
      palette,
    };
    for (const pass of [0, 1] as const) {
      rasterPass(raster, points, camera, 1, pass, marks, props.selectedOutline);
    }
    const at = (x: number, y: number): number[] => [
      ...raster.data.slice(4 * (y * 40 + x), 4 * (y * 40 + x) + 3),
    ];
    return { raster, points, at };
  }

  it('fills a disc of the right colour and area where the camera says', () => {
    const { raster, at } = picture([10, 10], [0], [1]);
    expect(at(30, 10)).toEqual([0, 0, 200]);
    expect(at(20, 20)).toEqual([255, 255, 255]);
    let area = 0;
    for (let i = 0; i < raster.data.length; i += 4) area += (255 - (raster.data[i] ?? 0)) / 255;
    expect(area).toBeCloseTo(Math.PI * 25, 0);
  });

  it('draws selected rows last whatever their order, hides hidden ones, empties hollow ones', () => {
    expect(picture([0, 0, 0, 0], [1, 0], [0, 1]).at(20, 20)).toEqual([200, 0, 0]);
    expect(picture([0, 0, 0, 0], [0, 0], [0, 1]).at(20, 20)).toEqual([0, 0, 200]);
    expect(picture([0, 0], [4], [0]).at(20, 20)).toEqual([255, 255, 255]);
    expect(picture([Number.NaN, 0], [0], [0]).at(20, 20)).toEqual([255, 255, 255]);
    const hollow = picture([0, 0], [8], [0]);
    expect(hollow.at(20, 20)[1]).toBeGreaterThan(200);
    expect(hollow.at(24, 20)[1]).toBeLessThan(80);
    const dimmed = picture([0, 0], [2], [0]).at(20, 20)[1] ?? 0;
    expect(dimmed).toBeGreaterThan(150);
    expect(dimmed).toBeLessThan(245);
  });

  describe('trails', () => {
    const half = 0.625;
    const look = { plain: 0.2, dimmed: 0.1, selected: 0.4, half };

    /** Ink of one trail from a to b, pixels from the upper left corner of 40 by 40: black on white, 0 to 1 each. */
    function inkOf(a: readonly [number, number], b: readonly [number, number], flag = 0): Float64Array {
      const raster = { data: new Uint8ClampedArray(40 * 40 * 4), width: 40, height: 40 };
      clearRaster(raster, [255, 255, 255, 255]);
      const black = new Uint8Array(1024);
      black.fill(255, 3, 4);
      const points = {
        seen: Float32Array.from([b[0] - 20, 20 - b[1]]),
        flags: Uint8Array.of(flag),
        colours: null,
        palette: black,
      };
      rasterTrails(raster, points, Float32Array.from([a[0] - 20, 20 - a[1]]), camera, 1, look);
      return Float64Array.from({ length: 1600 }, (_, i) => (255 - (raster.data[4 * i] ?? 255)) / 255);
    }
    const total = (ink: Float64Array): number => ink.reduce((sum, v) => sum + v, 0);

    it.each([
      [
        [5, 20],
        [35, 20],
      ],
      [
        [20, 35],
        [20, 5],
      ],
      [
        [6, 9],
        [33, 27],
      ],
      [
        [30, 38],
        [12, 4],
      ],
      [
        [18.3, 20.2],
        [20.1, 21.4],
      ],
    ] as const)('have the ink of a line of their length and width, fading: %j to %j', (a, b) => {
      const ink = inkOf(a, b);
      const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
      const mean = (look.plain * (1 + TRAIL_TAIL)) / 2;
      /* Bytes round; a short line has few of them. */
      expect(total(ink) / (2 * half * length * mean)).toBeGreaterThan(0.85);
      expect(total(ink) / (2 * half * length * mean)).toBeLessThan(1.15);
      /* All of it near the line, most of it near the new end. */
      let [near, late] = [0, 0];
      for (const [i, v] of ink.entries()) {
        const [x, y] = [(i % 40) + 0.5, Math.floor(i / 40) + 0.5];
        const t = ((x - a[0]) * (b[0] - a[0]) + (y - a[1]) * (b[1] - a[1])) / length ** 2;
        const off = Math.abs((x - a[0]) * (b[1] - a[1]) - (y - a[1]) * (b[0] - a[0])) / length;
        if (t >= 0 && t <= 1 && off <= half + 0.5) near += v;
        if (t >= 0.5) late += v;
      }
      expect(near).toBeCloseTo(total(ink), 9);
      expect(late).toBeGreaterThan(0.6 * total(ink));
    });

    it('are stronger for selected rows, fainter for dimmed ones, and none where there is no way', () => {
      const [a, b] = [[5, 20] as const, [35, 20] as const];
      const inks = [2, 0, 1].map((flag) => total(inkOf(a, b, flag)));
      expect(inks[0]).toBeGreaterThan(0);
      expect((inks[1] ?? 0) / (inks[0] ?? 1)).toBeCloseTo(2, 0);
      expect((inks[2] ?? 0) / (inks[1] ?? 1)).toBeCloseTo(2, 0);
      expect(total(inkOf(a, b, 4))).toBe(0);
      expect(total(inkOf(a, [5.5, 20.5]))).toBe(0);
      for (const no of [Number.NaN, Number.POSITIVE_INFINITY, 1e30]) {
        expect(total(inkOf([no, 20], b))).toBe(0);
        expect(total(inkOf(a, [5, no]))).toBe(0);
      }
    });

    it('are cut at the borders, without a gap', () => {
      const ink = inkOf([-4000, 20.5], [4000, 20.5]);
      for (let x = 0; x < 40; x++) expect(ink[20 * 40 + x]).toBeGreaterThan(0.05);
      expect(total(inkOf([-100, -50], [300, -50]))).toBe(0);
    });
  });

  it('clips at the borders and puts a ring around a highlighted row', () => {
    const { at } = picture([-20, 20, 1e30, 0], [0, 0], [0, 1]);
    expect(at(0, 0)).toEqual([200, 0, 0]);
    const { raster, points, at: pixel } = picture([0, 0], [0], [0]);
    const ring = {
      radius: 10,
      width: 3,
      colour: [0, 255, 0, 255] as const,
      halo: 11,
      background: [9, 9, 9, 255] as const,
    };
    rasterRow(raster, points, 0, camera, 1, marks, props.selectedOutline, 0, ring);
    expect(pixel(28, 20)).toEqual([0, 255, 0]);
    expect(pixel(20, 28)).toEqual([0, 255, 0]);
    /* The ground shows between point and ring, whatever lay there. */
    expect(pixel(25, 20)).toEqual([9, 9, 9]);
    expect(pixel(20, 20)).toEqual([200, 0, 0]);
    expect(pixel(33, 20)).toEqual([255, 255, 255]);
  });
});

describe('the look of trails', () => {
  it('tells how often they would cover the map, whatever the zoom and the number of coordinates', () => {
    /* 5,000 rows that each went 3 to the right and 4 up. */
    const was = new Float32Array(10_000);
    const is = Float32Array.from(was, (_, i) => (i % 2 === 0 ? 3 : 4));
    expect(trailInk(was, is, 2, 2500, 1)).toBeCloseTo((5000 * 5 * TRAIL_WIDTH) / 2500, 5);
    /* Twice as near, they are twice as long on four times the area. */
    expect(trailInk(was, is, 2, 2500, 2)).toBeCloseTo((5000 * 5 * TRAIL_WIDTH) / 5000, 5);
    expect(trailInk(was, was, 2, 2500, 1)).toBe(0);
    /* Rows without a place say nothing, a map without an area has no trails to fade. */
    is.fill(Number.NaN, 0, 5000);
    expect(trailInk(was, is, 2, 2500, 1)).toBeCloseTo((5000 * 5 * TRAIL_WIDTH) / 2500, 5);
    expect(trailInk(was, is, 2, 0, 1)).toBe(0);
  });

  it('fades them where they would hide the rows, the selected ones less, and keeps their order', () => {
    const few = trailMarks(1, true, 0.1);
    const many = trailMarks(1, true, 10);
    expect(many.plain).toBeLessThan(few.plain / 4);
    expect(many.selected).toBeGreaterThan(few.selected / 4);
    for (const { dimmed, plain, selected } of [few, many]) {
      expect(dimmed).toBeLessThan(plain);
      expect(plain).toBeLessThan(selected);
      expect(selected).toBeLessThan(1);
    }
    expect(trailMarks(1, false, 0.1)).toMatchObject({ plain: 0, dimmed: 0, selected: few.selected });
  });
});
