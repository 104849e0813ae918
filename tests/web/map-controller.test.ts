// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Camera } from '../../web/render/camera.ts';
import { PickIndex } from '../../web/render/pick.ts';
import {
  defaultProps,
  FLAG_HIDDEN,
  FLAG_SELECTED,
  mergeProps,
  type ScatterProps,
} from '../../web/render/props.ts';
import { continuousPalette, divergingPalette } from '../../web/render/scales.ts';
import { countBits } from '../../web/state/selection.ts';
import { MapController } from '../../web/ui/map-controller.ts';

/** What the renderer was told last, and how often it was told and drew. */
let props: ScatterProps;
let draws: number;
let blends: number[];

vi.mock('../../web/render/renderer.ts', () => ({
  createRenderer: () => ({
    kind: 'webgl2',
    software: false,
    hiddenCount: 0,
    set(partial: Partial<ScatterProps>) {
      const { any, positions } = mergeProps(props, partial);
      if (positions) blends.push(props.blendMs);
      return any;
    },
    resize: () => true,
    draw() {
      draws++;
      return false;
    },
    dispose() {},
  }),
}));

let still: boolean;
let map: MapController;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (run: (now: number) => void) =>
    setTimeout(() => run(performance.now()), 16),
  );
  vi.stubGlobal('cancelAnimationFrame', (id: number) => clearTimeout(id));
  props = defaultProps();
  draws = 0;
  blends = [];
  still = false;
  map = new MapController(document.createElement('div'), {
    onFallback() {},
    onDrawn() {},
    reducedMotion: () => still,
  });
  map.findWith(new PickIndex());
  map.resize(800, 600, 1);
});

/** How far two colours are from each other, largest difference of a channel. */
const apart = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...[0, 1, 2].map((i) => Math.abs((a[i] ?? 0) - (b[i] ?? 0))));

it.each([
  ['light', [255, 255, 255, 255]],
  ['dark', [17, 20, 24, 255]],
] as const)('selected rows among others in full colours can be told by their rims: %s', (_, ground) => {
  map.background([...ground]);
  expect(props.outline[3]).toBeGreaterThan(0);
  map.background([...ground], true);
  expect(props.outline[3]).toBe(0);
  for (const palette of [continuousPalette(), divergingPalette()]) {
    for (let entry = 0; entry < 254; entry++) {
      const fill = palette.subarray(4 * entry, 4 * entry + 3);
      expect(apart([...fill], props.selectedOutline), `entry ${entry}`).toBeGreaterThan(60);
    }
  }
  expect(apart(ground, props.selectedOutline)).toBeGreaterThan(60);
  map.background([...ground]);
  expect(props.outline[3]).toBeGreaterThan(0);
});

afterEach(() => {
  map.dispose();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Positions of 100 rows on a circle. */
function ring(radius: number, x = 0): Float32Array {
  return Float32Array.from({ length: 200 }, (_, i) =>
    i % 2 === 0 ? x + radius * Math.cos(i / 2) : radius * Math.sin((i - 1) / 2),
  );
}

const shown = (): Camera => ({ ...props.camera });

describe('the view', () => {
  it('shows all of the first frame at once', () => {
    map.frame(ring(1), 'a');
    for (let row = 0; row < 100; row++) {
      const [x, y] = map.screenOf(row) ?? [-1, -1];
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(800);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(600);
    }
  });

  it('follows the data as it grows, in a motion, until the person moves it', () => {
    map.frame(ring(1), 'a');
    const { scale } = shown();
    map.frame(ring(4), 'a');
    vi.advanceTimersByTime(100);
    expect(shown().scale).toBeLessThan(scale);
    expect(shown().scale).toBeGreaterThan(scale / 4);
    vi.advanceTimersByTime(3000);
    expect(shown().scale).toBeCloseTo(scale / 4, 4);

    map.pan(10, 0);
    expect(map.following).toBe(false);
    const before = shown();
    map.frame(ring(40), 'a');
    vi.advanceTimersByTime(1000);
    expect(shown()).toEqual(before);

    map.showAll();
    expect(map.following).toBe(true);
    vi.advanceTimersByTime(3000);
    expect(shown().scale).toBeCloseTo(scale / 40, 4);
  });

  it('does not tremble with small changes', () => {
    map.frame(ring(1), 'a');
    const before = shown();
    map.frame(ring(1.01), 'a');
    vi.advanceTimersByTime(1000);
    expect(shown()).toEqual(before);
  });

  it('stays while a shape is drawn, and goes on following afterwards', () => {
    map.frame(ring(1), 'a');
    const before = shown();
    map.hold(true);
    map.frame(ring(4), 'a');
    vi.advanceTimersByTime(3000);
    expect(shown()).toEqual(before);
    map.hold(false);
    vi.advanceTimersByTime(3000);
    expect(shown().scale).toBeCloseTo(before.scale / 4, 4);
    map.pan(10, 0);
    const moved = shown();
    map.hold(true);
    map.frame(ring(40), 'a');
    map.hold(false);
    vi.advanceTimersByTime(3000);
    expect(shown()).toEqual(moved);
  });

  it('does not move for a row that the arrow keys reach where all are shown', () => {
    map.frame(ring(1), 'a');
    const before = shown();
    for (let row = 0; row < 100; row++) map.reveal(row);
    vi.advanceTimersByTime(1000);
    expect(shown()).toEqual(before);
    expect(map.following).toBe(true);
  });

  it('fits what is shown', () => {
    map.frame(ring(1), 'a');
    const { scale } = shown();
    /* Rows 0 to 3 alone. */
    map.set({ flags: Uint8Array.from({ length: 100 }, (_, row) => (row < 4 ? 0 : FLAG_HIDDEN)) });
    map.showAll();
    vi.advanceTimersByTime(3000);
    for (let row = 0; row < 4; row++) {
      expect(map.screenOf(row)?.[0]).toBeGreaterThan(0);
      expect(map.screenOf(row)?.[0]).toBeLessThan(800);
    }
    map.set({ flags: null });
    map.showAll();
    vi.advanceTimersByTime(3000);
    expect(shown().scale).toBeCloseTo(scale, 6);
  });

  it('starts over with another map', () => {
    map.frame(ring(1), 'a');
    map.zoom(100, 100, 5);
    map.frame(ring(2, 50), 'b');
    expect(map.following).toBe(true);
    expect(shown().cx).toBeCloseTo(50, 0);
  });

  it('keeps what is under the pointer there while it zooms', () => {
    map.frame(ring(1), 'a');
    const row = map.nearest(...(map.screenOf(17) ?? [0, 0]), 5);
    const [x, y] = map.screenOf(17) ?? [0, 0];
    map.zoom(x, y, 3);
    expect(row).toBe(17);
    expect(map.screenOf(17)?.[0]).toBeCloseTo(x, 3);
    expect(map.screenOf(17)?.[1]).toBeCloseTo(y, 3);
  });

  it('never zooms out of reach', () => {
    map.frame(ring(1), 'a');
    const { scale } = shown();
    for (let i = 0; i < 100; i++) map.zoom(400, 300, 0.1);
    expect(shown().scale).toBeGreaterThanOrEqual(scale / 20 - 1e-9);
    for (let i = 0; i < 100; i++) map.zoom(400, 300, 10);
    expect(shown().scale).toBeLessThanOrEqual(scale * 1000 + 1e-6);
  });

  it('brings a row into sight without changing the scale', () => {
    map.frame(ring(1), 'a');
    map.zoom(400, 300, 50);
    const { scale } = shown();
    expect(map.screenOf(0)?.[0]).toBeGreaterThan(800);
    map.reveal(0);
    vi.advanceTimersByTime(2000);
    expect(map.screenOf(0)?.[0]).toBeLessThan(800);
    expect(shown().scale).toBe(scale);
  });
});

describe('rows', () => {
  const flags = (hidden: number, of = 0): Uint8Array =>
    Uint8Array.from({ length: 100 }, (_, row) => of | (row === hidden ? FLAG_HIDDEN : 0));
  const found = (row: number): number | null => map.nearest(...(map.screenOf(row) ?? [0, 0]), 1);

  it('that are hidden are not found, by the pointer nor in a shape, until they are shown again', () => {
    map.frame(ring(1), 'a');
    map.set({ flags: flags(17) });
    expect([found(17), found(18)]).toEqual([null, 18]);
    expect(countBits(map.rows.selectBox(-2, -2, 2, 2))).toBe(99);
    map.frame(ring(2), 'a');
    expect(found(17)).toBeNull();
    map.set({ flags: null });
    expect(found(17)).toBe(17);
    expect(countBits(map.rows.selectBox(-2, -2, 2, 2))).toBe(100);
  });

  it('are sorted anew only when others are hidden, not when others are selected', () => {
    const set = vi.spyOn(PickIndex.prototype, 'set');
    map.frame(ring(1), 'a');
    map.set({ flags: flags(17) });
    expect(set).toHaveBeenCalledTimes(2);
    map.set({ flags: flags(17, FLAG_SELECTED) });
    expect(set).toHaveBeenCalledTimes(2);
    map.set({ flags: flags(18) });
    expect(set).toHaveBeenCalledTimes(3);
    set.mockRestore();
  });

  it('have a place on the screen, and back', () => {
    map.frame(ring(1), 'a');
    map.zoom(200, 100, 3);
    const [x, y] = map.placeAt(123, 456);
    const [sx, sy] = map.screenAt(x, y);
    expect([sx, sy]).toEqual([expect.closeTo(123, 6), expect.closeTo(456, 6)]);
    expect(map.placeAt(123 + map.scale, 456)[0]).toBeCloseTo(x + 1, 6);
  });
});

describe('frames', () => {
  it('blend for as long as they are apart, at most a quarter of a second', () => {
    map.frame(ring(1), 'a');
    vi.advanceTimersByTime(80);
    map.frame(ring(2), 'a');
    vi.advanceTimersByTime(5000);
    map.frame(ring(3), 'a');
    expect(blends).toEqual([0, 80, 250]);
  });

  it('jump where motion is unwelcome, and so does the view', () => {
    still = true;
    map.frame(ring(1), 'a');
    const { scale } = shown();
    vi.advanceTimersByTime(80);
    map.frame(ring(4), 'a');
    expect(blends).toEqual([0, 0]);
    expect(shown().scale).toBeCloseTo(scale / 4, 4);
  });

  it('are drawn once for any number of changes, and never on an idle page', () => {
    map.frame(ring(1), 'a');
    map.set({ pointSize: 7 });
    map.set({ hoverRow: 3 });
    vi.advanceTimersByTime(40);
    expect(draws).toBe(1);
    map.set({ hoverRow: 3 });
    vi.advanceTimersByTime(5000);
    expect(draws).toBe(1);
  });

  it('follow a change of size at once: a canvas of another size is empty (row 69)', () => {
    map.frame(ring(1), 'a');
    vi.advanceTimersByTime(40);
    const before = draws;
    map.resize(300, 200, 1);
    expect(draws).toBe(before + 1);
  });

  it('are nothing to trip over when empty, hidden or not finite', () => {
    map.frame(new Float32Array(0), null);
    map.resize(0, 0, 1);
    map.frame(ring(1).fill(Number.NaN), 'a');
    expect(map.nearest(10, 10, 10)).toBeNull();
    expect(map.screenOf(0)).toBeNull();
    expect(map.screenOf(1000)).toBeNull();
    map.showAll();
    map.resize(800, 600, 2);
    vi.advanceTimersByTime(100);
    expect(Object.values(shown()).every(Number.isFinite)).toBe(true);
  });
});

it('a part is shown once the map has a size, and is the same part at any size, until the view is moved', () => {
  const rows = new Float32Array([0, 0, 10, 10]);
  const part = { cx: 3, cy: 4, span: 2 };
  const bare = new MapController(document.createElement('div'), {
    onFallback() {},
    onDrawn() {},
    reducedMotion: () => true,
  });
  bare.findWith(new PickIndex());
  bare.frame(rows, 'map');
  // As in a tab that has not been looked at yet: however long that takes.
  bare.aim(part);
  expect(bare.chosen).toBeNull();
  vi.advanceTimersByTime(3_600_000);
  bare.resize(800, 600, 1);
  expect(bare.chosen).toEqual({ cx: 3, cy: 4, scale: 300 });
  expect(props.camera).toEqual({ cx: 3, cy: 4, scale: 300 });
  // What is said above the map takes room from it.
  bare.resize(800, 500, 1);
  expect(bare.chosen).toEqual({ cx: 3, cy: 4, scale: 250 });
  bare.pan(25, 0);
  bare.resize(800, 600, 1);
  expect(bare.chosen?.scale).toBe(250);
  // Another map is seen as a whole.
  bare.aim(part);
  bare.frame(rows, 'other');
  bare.resize(700, 500, 1);
  expect(bare.following).toBe(true);
  bare.dispose();
});
