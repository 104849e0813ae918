// The wrappers of the autoencoder against plain arithmetic in JavaScript, and their memory.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Ae, AeFit, aeCost, type FitParams, matrixStruct } from '../../web/kernels/ae.ts';
import { instantiate, type Kernels } from '../../web/kernels/module.ts';
import type { AeParams } from '../../web/protocol/messages.ts';
import { freshKernels } from './kernels.ts';

/** Built with a hook that makes allocations fail. */
const faulty = resolve(import.meta.dirname, '../../dist/wasm-faults/kernels.wasm');

const N = 200;
const D = 5;
const STRIDE = 8;

const params: AeParams = {
  hidden: [7],
  latent: 2,
  activation: 'elu',
  output: 'linear',
  loss: 'mse',
  seed: 3,
};

const fitParams: FitParams = {
  epochs: 4,
  batch: 16,
  learning_rate: 0.01,
  weight_decay: 0,
  noise: 0,
  heldout: 0.1,
  patience: 0,
  seed: 3,
};

/** Rows on a bent surface, written into kernel memory; the address of their `matrix`. */
function rows(k: Kernels): { matrix: number; values: number[][]; free(): void } {
  const block = k.heap.alloc(N * STRIDE * 4 + matrixStruct.bytes);
  const values = Array.from({ length: N }, (_, i) => {
    const u = ((i * 37) % N) / N;
    const v = ((i * 53) % N) / N;
    return [u, v, u * v, u - v, u * u].map(Math.fround);
  });
  const data = block.f32();
  values.forEach((row, i) => {
    data.set(row, i * STRIDE);
  });
  const matrix = block.ptr + N * STRIDE * 4;
  matrixStruct.write(k.heap, matrix, {
    data: block.ptr,
    dtype: 0,
    n: N,
    d: D,
    stride: STRIDE,
    scale: 0,
    shift: 0,
  });
  return { matrix, values, free: () => block.free() };
}

function train(fit: AeFit, units = 1): void {
  while (!fit.done) fit.step(units);
}

describe('autoencoder', () => {
  it('codes, reconstructions, residuals and errors agree with each other and with decode', () => {
    const k = freshKernels();
    const { matrix, values } = rows(k);
    const model = Ae.create(k, params, D);
    const z = new Float32Array(N * 2);
    const reconstruction = new Float32Array(N * D);
    const residual = new Float32Array(N * D);
    const error = new Float32Array(N);
    model.evaluate(matrix, 0, N, { z, reconstruction, residual, error });
    const codes = new Float32Array(N * 2);
    model.show(matrix, 0, N, codes);
    expect(codes).toEqual(z);
    expect(model.decode(z)).toEqual(reconstruction);
    values.forEach((row, i) => {
      let sum = 0;
      row.forEach((value, j) => {
        const r = (reconstruction[i * D + j] ?? 0) - value;
        expect(residual[i * D + j]).toBeCloseTo(r, 6);
        sum += r * r;
      });
      expect(error[i]).toBeCloseTo(sum / D, 5);
    });
  });

  it('trains, says how far it is, and every slicing gives the same bits', () => {
    const results = [1, 3, 1000].map((units) => {
      const k = freshKernels();
      const { matrix } = rows(k);
      const model = Ae.create(k, params, D);
      const fit = AeFit.create(k, model, matrix, fitParams);
      expect(fit.rows).toBe(180);
      expect(fit.heldoutRows).toBe(20);
      train(fit, units);
      expect(fit.endedBy).toBe('epochs');
      expect(fit.rowsTrained).toBe(4 * 180);
      expect(model.steps).toBe(4 * Math.ceil(180 / 16));
      const { done, total, train: loss, heldout } = fit.progress();
      expect(done).toBe(total);
      expect(loss).toBeLessThan(1);
      expect(heldout).toBeGreaterThan(0);
      return new Uint8Array(model.snapshot());
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('the cost that is stated is the memory that is taken', () => {
    const k = freshKernels();
    const { matrix } = rows(k);
    const before = k.heap.inUse();
    const { parameters, bytes } = aeCost(k, params, D, fitParams, N);
    const model = Ae.create(k, params, D);
    expect(model.parameters).toBe(parameters);
    expect(parameters).toBe(D * 7 + 7 + 7 * 2 + 2 + 2 * 7 + 7 + 7 * D + D);
    const modelBytes = k.heap.inUse() - before;
    expect(modelBytes).toBe(model.bytes);
    const fit = AeFit.create(k, model, matrix, fitParams);
    const total = k.heap.inUse() - before;
    const wrappers = modelBytes - (bytes - (total - modelBytes - 44)); // 44: the fit's progress record
    expect(wrappers).toBe(512 * 3 * 4); // the model's scratch of codes and errors
    fit.free();
    model.free();
    model.free();
    expect(k.heap.inUse()).toBe(before);
  });

  it('row 57: a cancelled fit leaves whole weights, those of some batch or of the start of the epoch', () => {
    const wide = { ...params, hidden: [2000, 1000] };
    const seen = new Set<boolean>();
    for (const units of [2, 60, 66, 72]) {
      const k = freshKernels();
      const { matrix } = rows(k);
      const model = Ae.create(k, wide, D);
      const start = new Uint8Array(model.snapshot());
      const fit = AeFit.create(k, model, matrix, { ...fitParams, batch: 180, heldout: 0 });
      for (let i = 0; i < units; i += 1) fit.step(1);
      const whole = fit.settled;
      seen.add(whole);
      const { steps } = model;
      fit.cancel();
      expect(fit.done).toBe(true);
      expect(fit.settled).toBe(true);
      expect(fit.endedBy).toBe('cancelled');
      // Half moved: back to the start of the epoch, which here is the untrained model.
      expect(model.steps).toBe(whole ? steps : 0);
      // Compared as bytes: `toEqual` would take minutes for tens of megabytes.
      if (!whole) expect(Buffer.compare(new Uint8Array(model.snapshot()), start)).toBe(0);
      fit.step(5);
      expect(model.steps).toBe(whole ? steps : 0);
    }
    expect(seen.size).toBe(2);
  });

  it.skipIf(!existsSync(faulty))(
    'row 60: every allocation failing in turn, once or from then on, is an error; nothing leaks or breaks',
    () => {
      const k = instantiate(new WebAssembly.Module(readFileSync(faulty)));
      const failNth = (k.exports as unknown as Record<string, (nth: number, persistent: number) => void>)
        .mem_fail_nth;
      const { matrix } = rows(k);
      const before = k.heap.inUse();
      const attempt = (): void => {
        const model = Ae.create(k, params, D);
        try {
          const fit = AeFit.create(k, model, matrix, {
            ...fitParams,
            rows: new Uint32Array([1, 2, 3]),
            weights: new Float32Array(N),
          });
          train(fit);
          fit.free();
          model.decode(new Float32Array(model.snapshot().byteLength > 0 ? 2 : 0));
        } finally {
          model.free();
        }
      };
      for (const persistent of [0, 1]) {
        let failures = 0;
        for (let nth = 1; nth <= 40; nth += 1) {
          failNth?.(nth, persistent);
          try {
            attempt();
          } catch (error) {
            expect(error).toMatchObject({ code: 'no_memory' });
            failures += 1;
          }
          failNth?.(0, 0);
          expect(k.heap.inUse()).toBe(before);
          expect(k.heap.blocks).toBe(1);
        }
        expect(failures).toBeGreaterThan(10);
        attempt();
      }
    },
  );
});
