import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  approachCamera,
  type Camera,
  cameraDistance,
  easeCamera,
  fitCamera,
  panBy,
  screenToWorld,
  visibleBounds,
  wheelFactor,
  worldToScreen,
  zoomAt,
  zoomLimits,
} from '../../web/render/camera.ts';

const viewport = { width: 800, height: 500 };

const finite = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const camera: fc.Arbitrary<Camera> = fc.record({
  cx: finite(-1e3, 1e3),
  cy: finite(-1e3, 1e3),
  scale: finite(1e-2, 1e4),
});

const isSane = (c: Camera): boolean =>
  Number.isFinite(c.cx) && Number.isFinite(c.cy) && Number.isFinite(c.scale) && c.scale > 0;

describe('camera', () => {
  it('puts its centre in the middle of the canvas, right to the right and up to the top', () => {
    const c = { cx: 3, cy: -2, scale: 10 };
    expect(worldToScreen(c, viewport, 3, -2)).toEqual([400, 250]);
    expect(worldToScreen(c, viewport, 4, -1)).toEqual([410, 240]);
  });

  it('turns screen points into world points and back', () => {
    fc.assert(
      fc.property(camera, finite(0, 800), finite(0, 500), (c, sx, sy) => {
        const [x, y] = screenToWorld(c, viewport, sx, sy);
        const [bx, by] = worldToScreen(c, viewport, x, y);
        /* World coordinates near 1e3 carry rounding of 1e-13, seen through a scale of up to 1e4. */
        expect(Math.abs(bx - sx)).toBeLessThan(1e-6);
        expect(Math.abs(by - sy)).toBeLessThan(1e-6);
      }),
    );
  });

  it('keeps the world point under the pointer while zooming, within its limits', () => {
    fc.assert(
      fc.property(camera, finite(0, 800), finite(0, 500), finite(0.01, 100), (c, sx, sy, factor) => {
        const limits = { min: 1e-2, max: 1e4 };
        const before = screenToWorld(c, viewport, sx, sy);
        const next = zoomAt(c, viewport, sx, sy, factor, limits);
        const [px, py] = worldToScreen(next, viewport, before[0], before[1]);
        expect(Math.hypot(px - sx, py - sy)).toBeLessThan(1e-5);
        expect(next.scale).toBeGreaterThanOrEqual(limits.min);
        expect(next.scale).toBeLessThanOrEqual(limits.max);
      }),
    );
  });

  it('moves what is seen by as many pixels as the pointer', () => {
    fc.assert(
      fc.property(camera, finite(-300, 300), finite(-300, 300), (c, dx, dy) => {
        const world = screenToWorld(c, viewport, 100, 100);
        const [sx, sy] = worldToScreen(panBy(c, dx, dy), viewport, world[0], world[1]);
        expect(Math.hypot(sx - 100 - dx, sy - 100 - dy)).toBeLessThan(1e-5);
      }),
    );
  });

  it('ignores factors and moves that are no numbers', () => {
    const c = { cx: 1, cy: 2, scale: 3 };
    for (const factor of [Number.NaN, 0, -1]) expect(zoomAt(c, viewport, 1, 1, factor)).toEqual(c);
    expect(panBy(c, Number.NaN, 0)).toEqual(c);
    expect(zoomAt(c, viewport, Number.NaN, 1, 2)).toEqual(c);
    expect(wheelFactor(Number.NaN)).toBe(1);
  });

  it('zooms in when the wheel turns up, out by the inverse, and not absurdly far in one event', () => {
    expect(wheelFactor(-100)).toBeGreaterThan(1);
    expect(wheelFactor(-100) * wheelFactor(100)).toBeCloseTo(1, 12);
    expect(wheelFactor(-1e9)).toBeLessThan(10);
    expect(wheelFactor(3, 1)).toBeCloseTo(wheelFactor(48), 12);
  });

  it('fits any bounds whole, with room around them', () => {
    fc.assert(
      fc.property(
        finite(-1e30, 1e30),
        finite(-1e30, 1e30),
        finite(1e-3, 1e30),
        finite(1e-3, 1e30),
        (x, y, w, h) => {
          const bounds = { minX: x, minY: y, maxX: x + w, maxY: y + h };
          const c = fitCamera(bounds, viewport, 24);
          expect(isSane(c)).toBe(true);
          if (w < 1e-9 * Math.abs(x) || h < 1e-9 * Math.abs(y)) return;
          const [x0, y0] = worldToScreen(c, viewport, bounds.minX, bounds.maxY);
          const [x1, y1] = worldToScreen(c, viewport, bounds.maxX, bounds.minY);
          expect(Math.min(x0, y0)).toBeGreaterThanOrEqual(23.9);
          expect(x1).toBeLessThanOrEqual(776.1);
          expect(y1).toBeLessThanOrEqual(476.1);
        },
      ),
    );
  });

  it('survives bounds and canvases of no size (row 68)', () => {
    const none = { minX: 5, minY: 5, maxX: 5, maxY: 5 };
    const bad = { minX: Number.NaN, minY: 0, maxX: 1, maxY: Number.POSITIVE_INFINITY };
    for (const bounds of [none, bad]) {
      for (const size of [viewport, { width: 0, height: 0 }, { width: 10, height: 4 }]) {
        const c = fitCamera(bounds, size);
        expect(isSane(c)).toBe(true);
        expect(isSane(zoomAt(c, size, 0, 0, 2, zoomLimits(c)))).toBe(true);
        const seen = visibleBounds(c, size);
        expect(Object.values(seen).every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('eases from one camera to the other through cameras between them', () => {
    fc.assert(
      fc.property(camera, camera, finite(0, 1), (a, b, t) => {
        expect(easeCamera(a, b, 0)).toEqual(a);
        expect(easeCamera(a, b, 1)).toEqual(b);
        const c = easeCamera(a, b, t);
        expect(isSane(c)).toBe(true);
        const [lo, hi] = [Math.min(a.scale, b.scale), Math.max(a.scale, b.scale)];
        expect(c.scale).toBeGreaterThanOrEqual(lo * (1 - 1e-9));
        expect(c.scale).toBeLessThanOrEqual(hi * (1 + 1e-9));
        const slack = 1e-6 * (1 + Math.abs(a.cx) + Math.abs(b.cx));
        expect(c.cx).toBeGreaterThanOrEqual(Math.min(a.cx, b.cx) - slack);
        expect(c.cx).toBeLessThanOrEqual(Math.max(a.cx, b.cx) + slack);
      }),
    );
  });

  it('keeps a zoom about a point a zoom about that point while easing', () => {
    const a = { cx: 0, cy: 0, scale: 10 };
    const b = zoomAt(a, viewport, 700, 100, 8);
    const fixed = screenToWorld(a, viewport, 700, 100);
    for (const t of [0.1, 0.5, 0.9]) {
      const [sx, sy] = worldToScreen(easeCamera(a, b, t), viewport, fixed[0], fixed[1]);
      expect(sx).toBeCloseTo(700, 6);
      expect(sy).toBeCloseTo(100, 6);
    }
  });

  it('follows a target at the same pace at any display rate, and arrives', () => {
    const a = { cx: 0, cy: 0, scale: 10 };
    const b = { cx: 40, cy: -20, scale: 25 };
    const steps = (dt: number, n: number): Camera => {
      let c: Camera = a;
      for (let i = 0; i < n; i++) c = approachCamera(c, b, dt);
      return c;
    };
    const slow = steps(32, 4);
    const fast = steps(8, 16);
    expect(fast.scale).toBeCloseTo(slow.scale, 6);
    expect(cameraDistance(a, b, viewport)).toBeGreaterThan(0.5);
    expect(steps(16, 200)).toBe(b);
    expect(cameraDistance(b, b, viewport)).toBe(0);
  });
});
