/**
 * TensorFlow.js with its WebAssembly backend, SIMD, one thread, training the autoencoder
 * 784-512-128-2-128-512-784: ReLU, linear code, sigmoid output, mean squared error, Adam 1e-3, batches of
 * 128, weights uniform in ±1/√fan_in.
 *
 *     node tests/bench/tfjs-ae.mjs ROWS
 *
 * ROWS is a file of raw bytes, n × 784. Prints one line of JSON: rows trained a second, after a few
 * batches of warm-up, over one epoch or twenty seconds, whichever ends first; and the loss over those.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const D = 784;
const WIDTHS = [D, 512, 128, 2, 128, 512, D];
const BATCH = 128;
const WARM_UP = 5;
const SECONDS = 20;

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: node tests/bench/tfjs-ae.mjs ROWS\n');
  process.exit(2);
}

const require = createRequire(import.meta.url);
// It announces a faster native package on stdout, which is for the result.
const { log } = console;
console.log = () => {};
console.warn = () => {};
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
wasm.setWasmPaths(
  `${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`,
);
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend of TensorFlow.js did not start');
await tf.ready();

const bytes = readFileSync(file);
const n = Math.floor(bytes.length / D);
const x = tf.tidy(() => tf.tensor2d(Float32Array.from(bytes), [n, D]).div(255));

const layers = WIDTHS.slice(1).map((out, i) => {
  const bound = 1 / Math.sqrt(WIDTHS[i]);
  return {
    weight: tf.variable(tf.randomUniform([WIDTHS[i], out], -bound, bound, 'float32', 2 * i + 1)),
    bias: tf.variable(tf.randomUniform([out], -bound, bound, 'float32', 2 * i + 2)),
  };
});

function forward(batch) {
  return layers.reduce((h, { weight, bias }, i) => {
    const z = h.matMul(weight).add(bias);
    if (i === layers.length - 1) return z.sigmoid();
    return WIDTHS[i + 1] === 2 ? z : z.relu();
  }, batch);
}

const adam = tf.train.adam(1e-3);
const order = tf.util.createShuffledIndices(n);

async function step(first) {
  const ids = Int32Array.from(order.subarray(first, first + BATCH));
  const loss = tf.tidy(() => {
    const batch = tf.gather(x, tf.tensor1d(ids, 'int32'));
    return adam.minimize(() => tf.losses.meanSquaredError(batch, forward(batch)), true);
  });
  const [value] = await loss.data();
  loss.dispose();
  return value;
}

for (let i = 0; i < WARM_UP; i += 1) await step(i * BATCH);

const started = performance.now();
let rows = 0;
let sum = 0;
while (rows + BATCH <= n && performance.now() - started < SECONDS * 1000) {
  sum += BATCH * (await step(rows));
  rows += BATCH;
}
const seconds = (performance.now() - started) / 1000;
log(
  JSON.stringify({
    name: 'TensorFlow.js wasm',
    version: tf.version.tfjs,
    measure: 'autoencoder 784-512-128-2, training, one thread',
    rows_per_second: Math.round(rows / seconds),
    rows,
    seconds: Number(seconds.toFixed(2)),
    loss: Number((sum / rows).toFixed(5)),
  }),
);
