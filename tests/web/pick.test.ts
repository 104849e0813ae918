import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countBits, hasRow, type RowBits } from '../../web/render/bits.ts';
import { PickIndex } from '../../web/render/pick.ts';
import { windingNumber } from '../../web/render/region.ts';

/** Coordinates that often coincide. */
const coordinate = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.float({ min: -20, max: 20, noNaN: true }));
/** Rows that have run away, a little or far, or are nowhere: so few that the grid does not cover them. */
const wild = fc.record({
  row: fc.nat({ max: 299 }),
  axis: fc.constantFrom(0, 1),
  value: fc.constantFrom(100, -70, 1e30, -1e6, Number.NaN, Number.POSITIVE_INFINITY),
});
/* Such clouds shrink for minutes: a failure names its seed instead. */
const cloud = fc
  .record({
    points: fc.array(fc.tuple(coordinate, coordinate), { maxLength: 300 }),
    runaways: fc.array(wild, { maxLength: 6 }),
    hidden: fc.array(fc.nat({ max: 299 }), { maxLength: 10 }),
  })
  .map(({ points, runaways, hidden }) => {
    for (const { row, axis, value } of runaways) {
      const point = points[row];
      if (point) point[axis === 0 ? 0 : 1] = value;
    }
    return { points, hidden };
  });
/** Corners of what is asked for: among the rows, at their very places, and out where the runaways are. */
const query = fc.oneof(
  { weight: 8, arbitrary: fc.float({ min: -25, max: 25, noNaN: true }) },
  { weight: 3, arbitrary: fc.integer({ min: -22, max: 22 }) },
  { weight: 1, arbitrary: fc.constantFrom(90, 100, 120, -70, -90) },
);

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

/** The rows of a set, ascending: bit by bit, up to the last bit of its last word. */
function rowsOf(bits: RowBits): number[] {
  return Array.from({ length: 32 * bits.length }, (_, row) => row).filter(
    (row) => ((bits[row >> 5] ?? 0) & (2 ** (row & 31))) !== 0,
  );
}

/** Rows all over a square of side 10, without pattern. */
function scattered(n: number): Float32Array {
  let s = 7;
  return Float32Array.from({ length: 2 * n }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s / 2 ** 32) * 10;
  });
}

/** Distance from a point to a line between two others, by where the foot of the perpendicular falls. */
function distanceTo([ax, ay]: readonly number[], [bx, by]: readonly number[], x: number, y: number): number {
  const [vx, vy] = [(bx ?? 0) - (ax ?? 0), (by ?? 0) - (ay ?? 0)];
  const [wx, wy] = [x - (ax ?? 0), y - (ay ?? 0)];
  if (vx * wx + vy * wy <= 0) return Math.hypot(wx, wy);
  const [ux, uy] = [x - (bx ?? 0), y - (by ?? 0)];
  if (vx * ux + vy * uy >= 0) return Math.hypot(ux, uy);
  return Math.abs(vx * wy - vy * wx) / Math.hypot(vx, vy);
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
      { numRuns: 400, endOnFailure: true },
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
        expect(rowsOf(index.selectBox(x0, y0, x1, y1))).toEqual(inside.map(([row]) => row));
      }),
      { numRuns: 400, endOnFailure: true },
    );
  });

  it('finds exactly the rows within a polygon of any shape, self-crossing included', () => {
    const polygon = fc.array(fc.tuple(query, query), { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(cloud, polygon, (c, corners) => {
        const { index, rows } = indexOf(c);
        const flat = corners.flat();
        const inside = rows.filter(([, x, y]) => windingNumber(flat, x, y) !== 0);
        expect(rowsOf(index.selectPolygon(flat))).toEqual(inside.map(([row]) => row));
      }),
      { numRuns: 600, endOnFailure: true },
    );
  });

  it('finds the same rows as one by one where edges run along rows, over each other and through corners', () => {
    const whole = fc.integer({ min: -3, max: 43 });
    const polygon = fc.array(fc.tuple(whole, whole), { minLength: 3, maxLength: 40 });
    const points = Array.from({ length: 41 * 41 }, (_, i): [number, number] => [i % 41, Math.floor(i / 41)]);
    const { index } = indexOf({ points, hidden: [] });
    fc.assert(
      fc.property(polygon, (corners) => {
        const flat = corners.flat();
        const inside = points.flatMap(([x, y], row) => (windingNumber(flat, x, y) !== 0 ? [row] : []));
        expect(rowsOf(index.selectPolygon(flat))).toEqual(inside);
      }),
      { numRuns: 150, endOnFailure: true },
    );
  });

  it('decides whole cells as single rows would be decided, over many rows and a fine outline', () => {
    const n = 20_000;
    const positions = scattered(n);
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
    expect(rowsOf(index.selectPolygon(polygon))).toEqual(expected);
  });

  it('finds rows far outside what the grid covers, on every side, one by one', () => {
    const positions = scattered(20_000);
    /* One row in fifty is up to ten times as far out as the others. */
    for (let row = 0; row < 20_000; row += 50) {
      const axis = (row / 50) % 2;
      positions[2 * row + axis] = ((positions[2 * row + axis] ?? 0) - 5) * 20;
    }
    const index = new PickIndex();
    index.set(positions);
    for (const polygon of [
      [1, 15, 9, 40, 2, 90],
      [1, -15, 9, -40, 2, -90],
      [15, 1, 40, 9, 90, 2],
      [-15, 1, -40, 9, -90, 2],
      [-95, -80, 95, 3, 4, 95],
    ]) {
      const expected: number[] = [];
      const near: number[] = [];
      for (let row = 0; row < 20_000; row++) {
        const [x, y] = [positions[2 * row] ?? 0, positions[2 * row + 1] ?? 0];
        if (windingNumber(polygon, x, y) !== 0) expected.push(row);
        const [ax = 0, ay = 0, bx = 0, by = 0] = polygon;
        if (distanceTo([ax, ay], [bx, by], x, y) < 4) near.push(row);
      }
      expect(expected.length).toBeGreaterThan(8);
      expect(near.length).toBeGreaterThan(8);
      expect(rowsOf(index.selectPolygon(polygon))).toEqual(expected);
      expect(rowsOf(index.selectBrush(polygon.slice(0, 4), 4))).toEqual(near);
    }
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
    expect(rowsOf(index.selectPolygon(twice))).toEqual([0]);
    expect(rowsOf(index.selectPolygon([0, 0, 4, 4]))).toEqual([]);
  });

  it('gives each row of a tiling to one tile, rows on shared edges and corners included', () => {
    const points: [number, number][] = [];
    for (let x = 0; x <= 8; x++) for (let y = 0; y <= 8; y++) points.push([x, y]);
    const { index } = indexOf({ points, hidden: [] });
    const times = new Uint8Array(points.length);
    /* Triangles, clockwise and counter-clockwise, some with a corner in the middle of an edge. */
    for (const tile of [
      [-1, -1, 9, -1, 4, 4],
      [-1, -1, 4, 4, -1, 9],
      [4, 4, 9, -1, 9, 4, 9, 9],
      [9, 9, 6, 6, 4, 4, 2, 6, -1, 9],
    ]) {
      for (const row of rowsOf(index.selectPolygon(tile))) times[row] = (times[row] ?? 0) + 1;
    }
    expect(new Set(times)).toEqual(new Set([1]));
    /* The rule itself: left and lower border in, right and upper out; a box takes all four. */
    const inside = (bits: RowBits): string =>
      rowsOf(bits)
        .map((row) => points[row]?.join())
        .join(' ');
    expect(inside(index.selectPolygon([2, 2, 3, 2, 3, 3, 2, 3]))).toBe('2,2');
    expect(inside(index.selectPolygon([2, 3, 3, 3, 3, 2, 2, 2]))).toBe('2,2');
    expect(inside(index.selectBox(3, 3, 2, 2))).toBe('2,2 2,3 3,2 3,3');
  });

  it('holds nothing in polygons without an inside, or with a corner that is nowhere', () => {
    const { index } = indexOf({
      points: [
        [0, 0],
        [1, 1],
        [2, 2],
        [1, 0],
      ],
      hidden: [],
    });
    const there = [-5, -5, 5, -5, 5, 5, -5, 5];
    expect(rowsOf(index.selectPolygon(there))).toEqual([0, 1, 2, 3]);
    for (const polygon of [
      [],
      [0, 0],
      [0, 0, 2, 2],
      [1, 1, 1, 1, 1, 1],
      [-5, -5, 0, 0, 5, 5, 1, 1],
      [-5, 0, 5, 0, 1, 0],
      /* There and back again the same way. */
      [...there, -5, -5, -5, 5, 5, 5, 5, -5, -5, -5],
      [...there, Number.NaN, 0],
      [-5, -5, 5, -5, Number.POSITIVE_INFINITY, 5],
    ]) {
      expect(rowsOf(index.selectPolygon(polygon)), polygon.join()).toEqual([]);
    }
    expect(rowsOf(index.selectBox(Number.NaN, -5, 5, 5))).toEqual([]);
    const [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    expect(rowsOf(index.selectBox(least, least, most, most))).toEqual([0, 1, 2, 3]);
  });

  it('finds exactly the rows within a radius of a line, whole or drawn piece by piece', () => {
    const path = fc.array(fc.tuple(query, query), { maxLength: 6 });
    const reach = fc.float({ min: 0, max: 30, noNaN: true });
    fc.assert(
      fc.property(cloud, path, reach, (c, corners, radius) => {
        const { index, rows } = indexOf(c);
        const bits = index.selectBrush(corners.flat(), radius);
        const found = new Set(rowsOf(bits));
        expect([...found].every((row) => rows.some(([r]) => r === row))).toBe(true);
        for (const [row, x, y] of rows) {
          const pieces = corners.map((b, i) => distanceTo(corners[Math.max(0, i - 1)] ?? b, b, x, y));
          const d = Math.min(Number.POSITIVE_INFINITY, ...pieces);
          /* At the very border rounding decides. */
          if (Math.abs(d - radius) > 1e-9 * (1 + radius))
            expect(found.has(row), `row ${row}`).toBe(d < radius);
        }
        const grown = new Uint32Array(bits.length);
        for (const [i, [bx, by]] of corners.entries()) {
          const [ax, ay] = corners[Math.max(0, i - 1)] ?? [bx, by];
          index.brushSegment(ax, ay, bx, by, radius, grown);
        }
        expect(rowsOf(grown)).toEqual([...found]);
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  it('finds exactly the rows under a brush among many, with cells that are passed by', () => {
    const n = 20_000;
    const positions = scattered(n);
    const index = new PickIndex();
    index.set(positions);
    const path = Array.from({ length: 80 }, (_, i) => [5 + 4 * Math.cos(i / 9), 5 + 3 * Math.sin(i / 5)]);
    const found = index.selectBrush(path.flat(), 0.21);
    let inside = 0;
    for (let row = 0; row < n; row++) {
      const [x, y] = [positions[2 * row] ?? 0, positions[2 * row + 1] ?? 0];
      const d = Math.min(...path.slice(1).map((b, i) => distanceTo(path[i] ?? b, b, x, y)));
      if (d < 0.21) inside++;
      if (Math.abs(d - 0.21) > 1e-9) expect(hasRow(found, row)).toBe(d < 0.21);
    }
    expect(inside).toBeGreaterThan(1000);
    expect(Math.abs(countBits(found) - inside)).toBeLessThan(2);
  });

  it('brushes nothing without a path, a radius, or numbers; and only into a set of as many rows', () => {
    const { index } = indexOf({
      points: [
        [0, 0],
        [3, 4],
      ],
      hidden: [],
    });
    expect(rowsOf(index.selectBrush([0, 0], 5))).toEqual([0, 1]);
    expect(rowsOf(index.selectBrush([0, 0], 4.99))).toEqual([0]);
    expect(rowsOf(index.selectBrush([0, 0], 0))).toEqual([0]);
    for (const [path, radius] of [
      [[], 9],
      [[0, 0], -1],
      [[0, 0], Number.NaN],
      [[0, 0], Number.POSITIVE_INFINITY],
      [[0, 0, Number.NaN, 1], 9],
    ] as const) {
      expect(rowsOf(index.selectBrush(path, radius))).toEqual([]);
    }
    expect(() => index.brushSegment(0, 0, 1, 1, 2, new Uint32Array(2))).toThrow(RangeError);
  });

  it('gives sets with as many words as the rows need, and no bit past the last row', () => {
    fc.assert(
      fc.property(fc.nat({ max: 200 }), (n) => {
        const index = new PickIndex();
        index.set(new Float32Array(2 * n));
        const all = index.selectBox(-1, -1, 1, 1);
        expect(all).toHaveLength(Math.ceil(n / 32));
        expect(countBits(all)).toBe(n);
        expect(rowsOf(all)).toEqual(Array.from({ length: n }, (_, row) => row));
        expect([hasRow(all, n), hasRow(all, n + 100)]).toEqual([false, false]);
      }),
    );
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
      { numRuns: 600, endOnFailure: true },
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
    expect(rowsOf(index.selectBox(0, 0, 2e30, 2e30))).toEqual([0]);
    expect(index.nearestInDirection(0, 1, 0)).toBe(-1);
    index.set(new Float32Array(40).fill(3));
    expect(index.nearest(3, 3, 1)).toBe(19);
    expect(countBits(index.selectBox(2, 2, 4, 4))).toBe(20);
    expect(countBits(index.selectPolygon([2, 2, 4, 2, 3, 4]))).toBe(20);
    expect(countBits(index.selectBrush([2, 3], 1))).toBe(20);
    expect(countBits(index.selectPolygon([3, 2, 4, 2, 4, 4]))).toBe(0);
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
