/**
 * Our kernels, wasm in Node on one thread: training rows a second of the deep autoencoder, and the matrix product as a
 * fraction of what the measured clock allows: 16 flop a cycle, two multiplications and two additions of four floats.
 *
 * Usage: node kernels.mjs ROWS.u8 kernels.wasm (the rows are 10,000 × 784 bytes).
 */
import { readFileSync } from 'node:fs';

const [rowsFile, wasmFile] = process.argv.slice(2);
const D = 784;
const data = readFileSync(rowsFile);
const n = data.length / D;
const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasmFile)), {
  env: { emscripten_notify_memory_growth() {} },
});
const k = instance.exports;
k._initialize();
const alloc = (bytes) => k.mem_alloc(bytes) >>> 0;
const u32 = (ptr, length) => new Uint32Array(k.memory.buffer, ptr, length);
const f32 = (ptr, length) => new Float32Array(k.memory.buffer, ptr, length);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const seconds = (run) => {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1000;
};

/**
 * Cycles a second, from a chain of dependent 32-bit multiplications: three cycles each on x86-64 and on most ARM.
 * The factor is an argument: products with constants would be folded into one.
 */
function clock() {
  const chain = (steps, factor) => {
    let x = 12345;
    for (let i = 0; i < steps; i += 8) {
      x = Math.imul(x, factor);
      x = Math.imul(x, factor);
      x = Math.imul(x, factor);
      x = Math.imul(x, factor);
      x = Math.imul(x, factor);
      x = Math.imul(x, factor);
      x = Math.imul(x, factor);
      x = Math.imul(x, factor);
    }
    return x;
  };
  chain(1e6, 3);
  const steps = 4e7;
  return Math.max(...[5, 7, 9, 11, 13].map((factor) => (3 * steps) / seconds(() => chain(steps, factor))));
}

function gemm() {
  const size = 1024;
  const [a, b, c] = [0, 0, 0].map(() => alloc(size * size * 4));
  const workspace = alloc(k.gemm_workspace(size, size, size));
  f32(a, size * size).fill(1.5);
  f32(b, size * size).fill(0.25);
  const rates = Array.from({ length: 9 }, () => {
    const s = seconds(() => k.gemm(size, size, size, a, size, b, size, c, size, workspace));
    return (2 * size ** 3) / s / 1e9;
  });
  for (const block of [a, b, c, workspace]) {
    k.mem_free(block);
  }
  return { best: Math.max(...rates), median: median(rates.slice(1)) };
}

function autoencoder() {
  const x = alloc(data.length);
  new Uint8Array(k.memory.buffer, x, data.length).set(data);
  const scale = alloc(D * 4);
  f32(scale, D).fill(1 / 255);
  const [matrix, p, q, out, progress] = [alloc(28), alloc(56), alloc(32), alloc(4), alloc(44)];
  u32(matrix, 7).set([x, 1, n, D, D, scale, 0]);
  k.ae_params_default(p);
  u32(p, 3).set([2, 512, 128]);
  u32(p + 36, 5).set([2, 1, 5, 0, 1]);
  k.ae_new(out, p, D);
  const model = u32(out, 1)[0];
  k.ae_fit_params_default(q);
  u32(q, 2).set([5, 128]);
  k.ae_fit_new(out, model, matrix, q, 0, 0, 0, 0);
  const fit = u32(out, 1)[0];
  const rates = [];
  for (let epoch = 0; epoch < 5; epoch++) {
    rates.push(
      n /
        seconds(() => {
          while (k.ae_fit_epoch(fit) === epoch) {
            k.ae_fit_step(fit, 4);
          }
        }),
    );
  }
  k.ae_fit_progress(fit, progress);
  return { rates, loss: f32(progress + 12, 1)[0] };
}

const hertz = clock();
const product = gemm();
const ae = autoencoder();
const peak = (16 * hertz) / 1e9;
console.log(
  JSON.stringify({
    name: 'GEMM 1024 x 1024 x 1024, wasm in Node, one thread',
    measure: 'GFLOP/s; fraction of 16 flop x measured clock',
    clock_GHz: hertz / 1e9,
    best: product.best,
    median: product.median,
    fraction_of_peak: product.median / peak,
  }),
);
console.log(
  JSON.stringify({
    name: 'autoencoder 784-512-128-2-128-512-784, batch 128, wasm in Node, one thread',
    measure: 'rows trained a second, per epoch of 10,000 rows',
    best: Math.max(...ae.rates),
    median: median(ae.rates.slice(1)),
    loss_of_epoch_5: ae.loss,
  }),
);
