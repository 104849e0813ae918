/**
 * A lasso of 300 corners, drawn by hand as it were, around about 30 % of 1,000,000 rows in ten bell-shaped blobs:
 * ours beside the way of regl-scatterplot 1.16 (`findPointsInLasso`), in the same run.
 *
 *     node tests/bench/lasso.mjs        (once `npm run bench` has installed the packages of this folder)
 *
 * That program keeps a KDBush of its points (4.0.2, nodes of 64, doubles), asks it for those in the lasso's bounding
 * box, and compares each with every edge; the same non-zero rule is written out below. Both give the same rows,
 * which is checked. Its answer is a list of rows, ours a bitmask.
 *
 * - warm: the index is there, as for each frame while a lasso is drawn over a map at rest.
 * - cold: with the making of the index, as for the first question after the map has moved.
 *
 * And what letting go of it costs beside that, when it is added to rows that lie scattered: the two sets and their
 * makers put together, as `selectBits` does.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import KDBush from 'kdbush';
import { build } from 'vite';
import { root } from '../../build/lib.mjs';

const ROWS = 1_000_000;
const BLOBS = 10;
const CORNERS = 300;
const SHARE = 0.3;

/** One of the page's own sources, made readable for Node. */
async function ours(path, name) {
  const outDir = join(root, 'dist/bench');
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      lib: { entry: join(root, 'web', path), formats: ['es'], fileName: () => `${name}.mjs` },
      outDir,
      emptyOutDir: false,
      minify: false,
      target: 'es2022',
    },
    publicDir: false,
  });
  return import(pathToFileURL(join(outDir, `${name}.mjs`)).href);
}

/** The same numbers in [0, 1) each run. */
function seeded(seed) {
  let s = seed;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return (s + 0.5) / 2 ** 32;
  };
}

function blobs() {
  const random = seeded(1);
  const middles = Array.from({ length: BLOBS }, () => [8 * random(), 8 * random(), 0.4 + 0.8 * random()]);
  const positions = new Float32Array(2 * ROWS);
  for (let row = 0; row < ROWS; row++) {
    const [x, y, spread] = middles[Math.floor(random() * BLOBS)];
    const r = spread * Math.sqrt(-2 * Math.log(random()));
    const angle = 2 * Math.PI * random();
    positions[2 * row] = x + r * Math.cos(angle);
    positions[2 * row + 1] = y + r * Math.sin(angle);
  }
  return positions;
}

/** A closed outline around (4, 4), about `size` across, with bays and a hand's tremor. */
function outline(size) {
  const random = seeded(2);
  return Array.from({ length: CORNERS }, (_, i) => {
    const angle = (2 * Math.PI * i) / CORNERS;
    const r = size * (1 + 0.25 * Math.sin(3 * angle) + 0.1 * Math.sin(8 * angle + 1) + 0.02 * random());
    return [4 + r * Math.cos(angle), 4 + 0.8 * r * Math.sin(angle)];
  }).flat();
}

const countOf = (bits) => {
  let count = 0;
  for (let word of bits) for (; word !== 0; word &= word - 1) count++;
  return count;
};

/** The outline that holds about the wanted share of the rows, by halving. */
function lassoAround(index) {
  let [lo, hi] = [0, 8];
  for (let i = 0; i < 20; i++) {
    const mid = (lo + hi) / 2;
    if (countOf(index.selectPolygon(outline(mid))) < SHARE * ROWS) lo = mid;
    else hi = mid;
  }
  return outline(hi);
}

/** regl-scatterplot's index, of points as it holds them. */
function kdOf(points) {
  const index = new KDBush(points.length);
  for (const point of points) index.add(point[0], point[1]);
  return index.finish();
}

function windsAround(polygon, [px, py]) {
  const side = (ax, ay, bx, by) => (bx - ax) * (py - ay) - (px - ax) * (by - ay);
  let winding = 0;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; i += 2) {
    const x1 = polygon[i];
    const y1 = polygon[i + 1];
    const x2 = polygon[j];
    const y2 = polygon[j + 1];
    if (y1 <= py) {
      if (y2 > py && side(x1, y1, x2, y2) > 0) winding++;
    } else if (y2 <= py && side(x1, y1, x2, y2) < 0) {
      winding--;
    }
    j = i;
  }
  return winding !== 0;
}

function kdLasso(index, points, polygon) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < polygon.length; i += 2) {
    x0 = Math.min(x0, polygon[i]);
    x1 = Math.max(x1, polygon[i]);
    y0 = Math.min(y0, polygon[i + 1]);
    y1 = Math.max(y1, polygon[i + 1]);
  }
  const found = [];
  for (const row of index.range(x0, y0, x1, y1)) if (windsAround(polygon, points[row])) found.push(row);
  return found;
}

function milliseconds(times, work) {
  const values = Array.from({ length: times }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return values[values.length >> 1];
}

const { PickIndex } = await ours('render/pick.ts', 'pick');
const { combine, combineMakers, countBits } = await ours('state/selection.ts', 'selection');
const positions = blobs();
const index = new PickIndex();
index.set(positions);
const lasso = lassoAround(index);
const warm = milliseconds(41, () => index.selectPolygon(lasso));
const cold = milliseconds(9, () => {
  index.set(positions);
  index.selectPolygon(lasso);
});

const scattered = new Uint32Array(Math.ceil(ROWS / 32)).map((_, i) => Math.imul(i + 1, 2654435761));
const drawn = { kind: 'polygon', points: lasso, step: 1, epoch: 1, axes: [0, 1] };
const inside = index.selectPolygon(lasso);
const commit = milliseconds(41, () => {
  const both = combine(scattered, inside, 'add');
  if (countBits(both) === 0) throw new Error('Nothing is selected.');
  combineMakers(drawn, drawn, 'add', both);
});

const points = Array.from({ length: ROWS }, (_, row) => [positions[2 * row], positions[2 * row + 1]]);
let kd = kdOf(points);
const theirWarm = milliseconds(5, () => kdLasso(kd, points, lasso));
const theirCold = milliseconds(3, () => {
  kd = kdOf(points);
  kdLasso(kd, points, lasso);
});

const bits = index.selectPolygon(lasso);
const theirs = kdLasso(kd, points, lasso);
const held = countOf(bits);
const same = theirs.length === held && theirs.every((row) => ((bits[row >> 5] >>> (row & 31)) & 1) === 1);
if (!same) throw new Error(`The two ways disagree: ${held} rows here, ${theirs.length} there.`);
console.log(
  JSON.stringify({
    name: `Lasso of ${CORNERS} corners over 1,000,000 rows, Node, one thread`,
    measure: 'ms, median; peer: the way of regl-scatterplot 1.16, KDBush 4.0.2',
    rows_inside: held,
    warm,
    peer_warm: theirWarm,
    times_faster_warm: theirWarm / warm,
    commit,
    cold,
    peer_cold: theirCold,
    times_faster_cold: theirCold / cold,
  }),
);
