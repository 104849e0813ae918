// What the autoencoder learns, against things nobody here wrote: PCA's reconstruction error, and PyTorch's
// training loss on the same network and data.

import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';

const wasm = new WebAssembly.Module(readFileSync(new URL('../../dist/wasm/kernels.wasm', import.meta.url)));

type Exports = Record<string, CallableFunction> & { memory: WebAssembly.Memory };

/** The pixels of a prepared image set (datasets/README.md describes the format), or null. */
function pixels(id: string): { n: number; d: number; bytes: Uint8Array } | null {
  const file = new URL(`../../dist/data/${id}.tensor.gz`, import.meta.url);
  if (!existsSync(file)) {
    return null;
  }
  const all = gunzipSync(readFileSync(file));
  const end = all.indexOf(10);
  const header = JSON.parse(all.subarray(0, end).toString()) as Record<'rows' | 'height' | 'width', number>;
  const d = header.height * header.width;
  return { n: header.rows, d, bytes: all.subarray(end + 1 + header.rows) };
}

/** A model on bytes / 255, straight on the kernels' exports. */
function trainer(data: { n: number; d: number; bytes: Uint8Array }) {
  const instance = new WebAssembly.Instance(wasm, {
    env: { emscripten_notify_memory_growth: () => undefined },
  });
  const k = instance.exports as unknown as Exports;
  const call = (name: string, ...args: number[]): number => (k[name] as CallableFunction)(...args) as number;
  const u32 = (ptr: number, n: number) => new Uint32Array(k.memory.buffer, ptr, n);
  const f32 = (ptr: number, n: number) => new Float32Array(k.memory.buffer, ptr, n);
  call('_initialize');
  const alloc = (n: number) => call('mem_alloc', n) >>> 0;
  const x = alloc(data.bytes.length);
  new Uint8Array(k.memory.buffer, x, data.bytes.length).set(data.bytes);
  const scale = alloc(data.d * 4);
  f32(scale, data.d).fill(1 / 255);
  const [matrix, p, q, out, progress] = [alloc(28), alloc(56), alloc(32), alloc(4), alloc(44)];
  u32(matrix, 7).set([x, 1, data.n, data.d, data.d, scale, 0]);
  const LINEAR = 0;
  const RELU = 1;
  const SIGMOID = 5;
  return {
    LINEAR,
    RELU,
    SIGMOID,
    create(hidden: number[], latent: number, output: number, seed: number): number {
      call('ae_params_default', p);
      u32(p, 14).set([hidden.length, ...hidden]);
      u32(p + 36, 5).set([latent, RELU, output, 0, seed]);
      expect(call('ae_new', out, p, data.d)).toBe(0);
      return u32(out, 1)[0] as number;
    },
    /** Trains and gives the training loss of the last epoch: mean squared error per feature. */
    fit(model: number, epochs: number, learning_rate: number, seed: number): number {
      call('ae_fit_params_default', q);
      u32(q, 2).set([epochs, 128]);
      f32(q + 8, 1)[0] = learning_rate;
      u32(q + 28, 1)[0] = seed;
      expect(call('ae_fit_new', out, model, matrix, q, 0, 0, 0, 0)).toBe(0);
      const fit = u32(out, 1)[0] as number;
      while (!call('ae_fit_done', fit)) {
        expect(call('ae_fit_step', fit, 16)).toBe(0);
      }
      call('ae_fit_progress', fit, progress);
      const loss = f32(progress + 12, 1)[0] as number;
      call('ae_fit_free', fit);
      return loss;
    },
    /** Mean error over all rows at the weights as they are. */
    error(model: number): number {
      const errors = alloc(data.n * 4);
      expect(call('ae_evaluate', model, matrix, 0, data.n, 0, 0, 0, errors)).toBe(0);
      let sum = 0;
      for (const e of f32(errors, data.n)) {
        sum += e;
      }
      call('mem_free', errors);
      return sum / data.n;
    },
    free(model: number) {
      call('ae_free', model);
    },
  };
}

/**
 * Mean squared error per feature left by the first `k` principal components: total variance minus the k
 * largest eigenvalues of the covariance, by orthogonal iteration in double precision. Slow and obvious.
 */
function pcaError(data: { n: number; d: number; bytes: Uint8Array }, k: number): number {
  const { n, d, bytes } = data;
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      mean[j] = (mean[j] as number) + (bytes[i * d + j] as number) / 255 / n;
    }
  }
  const covariance = new Float64Array(d * d);
  const row = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      row[j] = (bytes[i * d + j] as number) / 255 - (mean[j] as number);
    }
    for (let a = 0; a < d; a++) {
      const ra = row[a] as number;
      for (let b = a; b < d; b++) {
        const at = a * d + b;
        covariance[at] = (covariance[at] as number) + (ra * (row[b] as number)) / n;
      }
    }
  }
  let trace = 0;
  for (let a = 0; a < d; a++) {
    trace += covariance[a * d + a] as number;
    for (let b = 0; b < a; b++) {
      covariance[a * d + b] = covariance[b * d + a] as number;
    }
  }
  let basis = Array.from({ length: k }, (_, c) =>
    Float64Array.from({ length: d }, (_, j) => ((j * 37 + c * 101) % 17) - 8),
  );
  let explained = 0;
  for (let iteration = 0; iteration < 300; iteration++) {
    const next = basis.map((v) => {
      const w = new Float64Array(d);
      for (let a = 0; a < d; a++) {
        let sum = 0;
        for (let b = 0; b < d; b++) {
          sum += (covariance[a * d + b] as number) * (v[b] as number);
        }
        w[a] = sum;
      }
      return w;
    });
    explained = 0;
    for (let c = 0; c < k; c++) {
      const v = next[c] as Float64Array;
      for (let e = 0; e < c; e++) {
        const u = next[e] as Float64Array;
        let dot = 0;
        for (let j = 0; j < d; j++) {
          dot += (u[j] as number) * (v[j] as number);
        }
        for (let j = 0; j < d; j++) {
          v[j] = (v[j] as number) - dot * (u[j] as number);
        }
      }
      let norm = 0;
      for (let j = 0; j < d; j++) {
        norm += (v[j] as number) ** 2;
      }
      norm = Math.sqrt(norm);
      explained += norm;
      for (let j = 0; j < d; j++) {
        v[j] = (v[j] as number) / norm;
      }
    }
    basis = next;
  }
  return (trace - explained) / d;
}

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

describe('without a hidden layer a linear autoencoder of 8 dimensions converges to PCA', () => {
  test('mnist-10k: within 2 % of the error that 8 principal components leave', { timeout: 300_000 }, () => {
    const data = pixels('mnist-10k');
    if (data === null) {
      throw new Error('mnist-10k was not prepared');
    }
    const t = trainer(data);
    const model = t.create([], 8, t.LINEAR, 1);
    t.fit(model, 30, 1e-3, 1);
    t.fit(model, 20, 1e-4, 1);
    const ours = t.error(model);
    t.free(model);
    const pca = pcaError(data, 8);
    console.log(
      `linear AE ${ours.toFixed(5)}, PCA ${pca.toFixed(5)}: ${(100 * (ours / pca - 1)).toFixed(2)} %`,
    );
    expect(ours).toBeGreaterThan(pca * 0.999); // nothing linear can do better
    expect(ours).toBeLessThan(pca * 1.02);
  });
});

// 784-512-128-2-128-512-784, ReLU except the code, sigmoid output, MSE, Adam 1e-3, batch 128, default init:
// PyTorch 1.13's mean squared error over the 4th epoch, median of seeds 1 to 5.
describe.each([
  ['mnist-test', 0.0507],
  ['mnist-10k', 0.0509],
])('training loss of the deep autoencoder on %s', (id, pytorch) => {
  const data = pixels(id);
  const note = data === null ? ' (skipped: no data mirror)' : '';
  test.skipIf(data === null)(
    `median of seeds 1-5 at most 1.02 × PyTorch's ${pytorch}${note}`,
    { timeout: 600_000 },
    () => {
      const t = trainer(data as NonNullable<typeof data>);
      const losses = [1, 2, 3, 4, 5].map((seed) => {
        const model = t.create([512, 128], 2, t.SIGMOID, seed);
        const loss = t.fit(model, 4, 1e-3, seed);
        t.free(model);
        return loss;
      });
      console.log(
        `${id}: ${losses.map((l) => l.toFixed(4)).join(' ')}, median ${median(losses).toFixed(4)}; PyTorch ${pytorch}`,
      );
      expect(median(losses)).toBeLessThanOrEqual(1.02 * pytorch);
    },
  );
});
