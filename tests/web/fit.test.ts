import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitCamera, worldToScreen } from '../../web/render/camera.ts';
import { dataBounds } from '../../web/render/fit.ts';

const viewport = { width: 900, height: 600 };

/** Deterministic pseudo-random numbers in [0, 1), for clouds of points. */
function generator(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

function cloud(n: number, seed = 1): Float32Array {
  const random = generator(seed);
  /* Sum of twelve uniform numbers less six: close to a normal distribution. */
  return Float32Array.from({ length: 2 * n }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += random();
    return sum;
  });
}

describe('dataBounds', () => {
  it('is finite with a positive size and a usable camera for whatever it is given', () => {
    const value = fc.oneof(
      fc.float({ noNaN: false }),
      fc.constantFrom(0, 1, 1e30, -1e30, 3e38, -3e38, 1e-40, Number.NaN, Number.POSITIVE_INFINITY),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 40 }), (values) => {
        const positions = Float32Array.from(values);
        const b = dataBounds(positions);
        expect([b.minX, b.minY, b.maxX, b.maxY].every(Number.isFinite)).toBe(true);
        expect(b.maxX - b.minX).toBeGreaterThan(0);
        expect(b.maxY - b.minY).toBeGreaterThan(0);
        const camera = fitCamera(b, viewport);
        expect(Number.isFinite(camera.cx + camera.cy) && camera.scale > 0).toBe(true);
        expect(Math.fround(camera.scale)).toBeGreaterThan(0);
      }),
    );
  });

  it('holds every one of a few rows, and shows them inside the canvas', () => {
    const coordinate = fc.float({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 49 }), (rows) => {
        const positions = Float32Array.from(rows.flat());
        const camera = fitCamera(dataBounds(positions), viewport);
        for (const [x, y] of rows) {
          const [sx, sy] = worldToScreen(camera, viewport, x, y);
          expect(sx > -0.01 && sx < 900.01 && sy > -0.01 && sy < 600.01).toBe(true);
        }
      }),
    );
  });

  it('shows one point, and many at one place, in the middle (row 68)', () => {
    for (const place of [0, 7, -1e30, 1e30]) {
      const positions = new Float32Array(200).fill(place);
      const at = Math.fround(place);
      for (const points of [positions, positions.subarray(0, 2)]) {
        const camera = fitCamera(dataBounds(points), viewport);
        expect(worldToScreen(camera, viewport, at, at)).toEqual([450, 300]);
      }
    }
  });

  it('holds every row of a bell-shaped cloud', () => {
    const positions = cloud(5000);
    const b = dataBounds(positions);
    let outside = 0;
    for (let i = 0; i < positions.length; i += 2) {
      const x = positions[i] ?? 0;
      const y = positions[i + 1] ?? 0;
      if (x < b.minX || x > b.maxX || y < b.minY || y > b.maxY) outside++;
    }
    expect(outside).toBe(0);
  });

  it('does not let runaway rows shrink the picture', () => {
    const positions = cloud(5000);
    const usual = dataBounds(positions);
    positions[100] = 1e30;
    positions[201] = -1e6;
    positions[400] = Number.NaN;
    const b = dataBounds(positions);
    expect(b.maxX - b.minX).toBeLessThan(1.2 * (usual.maxX - usual.minX));
    expect(b.maxY - b.minY).toBeLessThan(1.2 * (usual.maxY - usual.minY));
  });

  it('shows both of two clusters, the smaller of which has one row in twenty', () => {
    const positions = cloud(4000);
    for (let row = 0; row < 200; row++) positions[2 * row] = (positions[2 * row] ?? 0) + 500;
    expect(dataBounds(positions).maxX).toBeGreaterThan(500);
  });

  it('says nearly the same from a sample as from every row', () => {
    const positions = cloud(200_000);
    const sampled = dataBounds(positions);
    const whole = dataBounds(positions, { sample: 200_000 });
    expect(sampled.minX).toBeCloseTo(whole.minX, -0.4);
    expect(sampled.maxY - sampled.minY).toBeGreaterThan(0.8 * (whole.maxY - whole.minY));
  });

  it('reads no more rows than the sample allows', () => {
    let reads = 0;
    const watched = new Proxy(cloud(100_000), {
      get(target, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
        return Reflect.get(target, key, target);
      },
    });
    dataBounds(watched, { sample: 1000 });
    expect(reads).toBeLessThanOrEqual(2000);
  });

  it('leaves hidden rows out, and finds the shown ones even when the sample misses them', () => {
    const positions = new Float32Array(2 * 1000).fill(5);
    positions.set([100, 200], 2 * 777);
    const flags = new Uint8Array(1000).fill(4);
    flags[777] = 0;
    const b = dataBounds(positions, { flags, sample: 10 });
    expect((b.minX + b.maxX) / 2).toBeCloseTo(100, 5);
    expect((b.minY + b.maxY) / 2).toBeCloseTo(200, 5);
  });

  it('takes other numbers of coordinates: the first two count, one lies on the x axis', () => {
    const three = Float32Array.from([0, 0, 99, 4, 2, -99]);
    expect(dataBounds(three, { dims: 3 })).toMatchObject({ minX: 0, maxX: 4, minY: 0, maxY: 2 });
    const one = dataBounds(Float32Array.from([1, 2, 3]), { dims: 1 });
    expect(one).toMatchObject({ minX: 1, maxX: 3 });
    expect((one.minY + one.maxY) / 2).toBe(0);
  });
});
