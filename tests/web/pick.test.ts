import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PickIndex, windingNumber } from '../../web/render/pick.ts';

/** Coordinates that often coincide, now and then run away, and sometimes are no numbers. */
const coordinate = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 8, arbitrary: fc.float({ min: -20, max: 20, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(1e30, -1e6, Number.NaN, Number.POSITIVE_INFINITY) },
);
const cloud = fc.record({
  points: fc.array(fc.tuple(coordinate, coordinate), { maxLength: 300 }),
  hidden: fc.array(fc.nat({ max: 299 }), { maxLength: 10 }),
});
const query = fc.float({ min: -25, max: 25, noNaN: true });

interface Cloud {
  points: [number, number][];
  hidden: number[];
}

function indexOf({ points, hidden }: Cloud): { index: PickIndex; rows: [number, number, number][] } {
  const positions = Float32Array.from(points.flat());
  const flags = new Uint8Array(points.length);
  for (const row of hidden) if (row < flags.length) flags[row] = 4;
  const index = new PickIndex();
  index.set(positions, 2, flags);
  const rows: [number, number, number][] = [];
  for (let row = 0; row < points.length; row++) {
    const x = positions[2 * row] ?? Number.NaN;
    const y = positions[2 * row + 1] ?? Number.NaN;
    if (flags[row] === 0 && Number.isFinite(x) && Number.isFinite(y)) rows.push([row, x, y]);
  }
  return { index, rows };
}

/** Winding number by adding up angles: another formula than the one under test. */
function windingByAngles(polygon: readonly number[], x: number, y: number): number {
  let sum = 0;
  const corners = polygon.length / 2;
  for (let i = 0; i < corners; i++) {
    const j = (i + 1) % corners;
    const ax = (polygon[2 * i] ?? 0) - x;
    const ay = (polygon[2 * i + 1] ?? 0) - y;
    const bx = (polygon[2 * j] ?? 0) - x;
    const by = (polygon[2 * j + 1] ?? 0) - y;
    sum += Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
  }
  return sum / (2 * Math.PI);
}

describe('PickIndex', () => {
  it('finds the nearest row as a search through all rows does', () => {
    fc.assert(
      fc.property(cloud, query, query, fc.float({ min: 0, max: 60, noNaN: true }), (c, x, y, radius) => {
        const { index, rows } = indexOf(c);
        let best = -1;
        let bestD = radius * radius;
        for (const [row, rx, ry] of rows) {
          const d = (rx - x) * (rx - x) + (ry - y) * (ry - y);
          if (d <= bestD) {
            best = row;
            bestD = d;
          }
        }
        expect(index.nearest(x, y, radius)).toBe(best);
      }),
      { numRuns: 400 },
    );
  });

  it('passes over rows that are skipped', () => {
    const { index } = indexOf({
      points: [
        [0, 0],
        [1, 0],
        [2, 0],
      ],
      hidden: [],
    });
    expect(index.nearest(0, 0, 10)).toBe(0);
    expect(index.nearest(0, 0, 10, (row) => row === 0)).toBe(1);
    expect(index.nearest(0, 0, 10, () => true)).toBe(-1);
  });

  it('finds exactly the rows within a box', () => {
    fc.assert(
      fc.property(cloud, query, query, query, query, (c, x0, y0, x1, y1) => {
        const { index, rows } = indexOf(c);
        const inside = rows.filter(
          ([, x, y]) =>
            x >= Math.min(x0, x1) && x <= Math.max(x0, x1) && y >= Math.min(y0, y1) && y <= Math.max(y0, y1),
        );
        expect([...index.inBox(x0, y0, x1, y1)]).toEqual(inside.map(([row]) => row));
      }),
      { numRuns: 400 },
    );
  });

  it('finds exactly the rows within a polygon of any shape, self-crossing included', () => {
    const polygon = fc.array(fc.tuple(query, query), { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(cloud, polygon, (c, corners) => {
        const { index, rows } = indexOf(c);
        const flat = corners.flat();
        const inside = rows.filter(([, x, y]) => windingNumber(flat, x, y) !== 0);
        expect([...index.inPolygon(flat)]).toEqual(inside.map(([row]) => row));
      }),
      { numRuns: 600 },
    );
  });

  it('decides whole cells as single rows would be decided, over many rows and a fine outline', () => {
    const n = 20_000;
    const positions = new Float32Array(2 * n);
    let s = 7;
    for (let i = 0; i < positions.length; i++) {
      s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
      positions[i] = (s / 2 ** 32) * 10;
    }
    const polygon: number[] = [];
    for (let i = 0; i < 500; i++) {
      const r = 3 + Math.sin(i * 0.5);
      polygon.push(5 + r * Math.cos((i * Math.PI) / 125), 5 + r * Math.sin((i * Math.PI) / 250));
    }
    const index = new PickIndex();
    index.set(positions);
    const expected: number[] = [];
    for (let row = 0; row < n; row++) {
      if (windingNumber(polygon, positions[2 * row] ?? 0, positions[2 * row + 1] ?? 0) !== 0) {
        expected.push(row);
      }
    }
    expect(expected.length).toBeGreaterThan(1000);
    expect([...index.inPolygon(polygon)]).toEqual(expected);
  });

  it('counts winding as the sum of angles does', () => {
    const whole = fc.integer({ min: -9, max: 9 });
    const polygon = fc.array(fc.tuple(whole, whole), { minLength: 3, maxLength: 9 });
    fc.assert(
      fc.property(polygon, whole, whole, (corners, col, line) => {
        const flat = corners.flat();
        /* Off every line through whole numbers: on an edge the angles would say a half. */
        const x = col + Math.SQRT2 - 1;
        const y = line + Math.PI - 3;
        const winding = windingByAngles(flat, x, y);
        expect(Math.abs(winding - Math.round(winding))).toBeLessThan(1e-6);
        expect(windingNumber(flat, x, y) === Math.round(winding)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the hole of an overlapping loop selected, unlike the even-odd rule', () => {
    const twice = [0, 0, 4, 0, 4, 4, 0, 4, 0, 0, 4, 0, 4, 4, 0, 4];
    const { index } = indexOf({
      points: [
        [2, 2],
        [5, 5],
      ],
      hidden: [],
    });
    expect([...index.inPolygon(twice)]).toEqual([0]);
    expect([...index.inPolygon([0, 0, 4, 4])]).toEqual([]);
  });

  it('goes to the nearest row within 45 degrees of a direction', () => {
    const directions = [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const;
    fc.assert(
      fc.property(cloud, fc.nat({ max: 299 }), fc.constantFrom(...directions), (c, pick, [dx, dy]) => {
        const { index, rows } = indexOf(c);
        fc.pre(rows.length > 0);
        const [row, px, py] = rows[pick % rows.length] ?? [0, 0, 0];
        const found = index.nearestInDirection(row, dx, dy);
        const twins = rows.filter(([r, x, y]) => x === px && y === py && r !== row);
        const forward = dx > 0 || dy < 0;
        const ahead = twins.filter(([r]) => (forward ? r > row : r < row)).map(([r]) => r);
        if (ahead.length > 0) {
          expect(found).toBe(forward ? Math.min(...ahead) : Math.max(...ahead));
          return;
        }
        const distance = (x: number, y: number): number => (x - px) * (x - px) + (y - py) * (y - py);
        const cone = rows.filter(([, x, y]) => {
          const along = (x - px) * dx + (y - py) * dy;
          return along > 0 && Math.abs((x - px) * dy - (y - py) * dx) <= along;
        });
        const least = Math.min(...cone.map(([, x, y]) => distance(x, y)));
        if (cone.length === 0) {
          expect(found).toBe(-1);
        } else {
          const [, fx, fy] = cone.find(([r]) => r === found) ?? [0, Number.NaN, 0];
          expect(distance(fx, fy)).toBe(least);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('walks through rows at the same place and out again, both ways', () => {
    const { index } = indexOf({
      points: [
        [0, 0],
        [1, 0],
        [1, 0],
        [1, 0],
        [2, 0],
      ],
      hidden: [],
    });
    const walk = (from: number, dx: number): number[] => {
      const path = [from];
      for (let row = index.nearestInDirection(from, dx, 0); row >= 0; ) {
        path.push(row);
        row = index.nearestInDirection(row, dx, 0);
      }
      return path;
    };
    expect(walk(0, 1)).toEqual([0, 1, 2, 3, 4]);
    expect(walk(4, -1)).toEqual([4, 3, 2, 1, 0]);
  });

  it('answers for no rows, one row, and rows all at one place', () => {
    const index = new PickIndex();
    expect(index.nearest(0, 0, 10)).toBe(-1);
    expect(index.nearestInDirection(0, 1, 0)).toBe(-1);
    index.set(Float32Array.from([1e30, 1e30]));
    expect([...index.inBox(0, 0, 2e30, 2e30)]).toEqual([0]);
    expect(index.nearestInDirection(0, 1, 0)).toBe(-1);
    index.set(new Float32Array(40).fill(3));
    expect(index.nearest(3, 3, 1)).toBe(19);
    expect(index.inBox(2, 2, 4, 4)).toHaveLength(20);
    expect(index.nearest(3, 3, Number.NaN)).toBe(-1);
  });

  it('sees new positions only after they are set, and those of three coordinates by their first two', () => {
    const index = new PickIndex();
    index.set(Float32Array.from([0, 0, 5, 5]));
    expect(index.nearest(0, 0, 1)).toBe(0);
    index.set(Float32Array.from([9, 9, 0, 0, 0, 7]), 3);
    expect(index.nearest(9, 9, 1)).toBe(0);
    expect(index.nearest(0, 0, 1)).toBe(1);
  });
});
