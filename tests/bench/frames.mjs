/**
 * How long the renderer takes, on software graphics in a headless browser: a lower bound for any machine with a
 * graphics card. Prints a table; passes and fails nothing.
 *
 *   node tests/bench/frames.mjs
 *
 * - blend: one display frame in mid-motion, picture complete (the one-pixel read at its end waits for it).
 * - still: the same at rest, with a tenth of the rows selected, which is a second draw call.
 * - trails, trails moving: the same two with a trail for each row, a tenth of the map long.
 * - new frame: what a frame of positions costs the page's thread, before the graphics driver's own work.
 * - fit, grid, hover, lasso: the processor's share, on the page's thread.
 */
import { chromium } from 'playwright-core';
import { serve } from '../../build/serve.mjs';
import { findChromium } from '../../build/setup.mjs';
import { buildRenderPage } from '../e2e/fixtures/render/build.mjs';

const WIDTH = 900;
const HEIGHT = 700;
/** Sprites are what software graphics get; squares, what a graphics card gets, crawl there. */
const KINDS = [
  ['webgl2 sprites', [10_000, 100_000, 1_000_000]],
  ['webgl2 squares', [10_000, 100_000]],
  ['canvas2d', [10_000, 100_000, 200_000]],
];

const executablePath = findChromium();
if (executablePath === null) {
  console.error('Chromium was not found. Run `npm run setup -- --tests`.');
  process.exit(1);
}
const server = await serve({ root: await buildRenderPage(), headers: 'all' });
const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--enable-unsafe-swiftshader', '--disable-background-networking'],
});

/** Runs in the page: times in ms for `n` rows, medians. */
async function measure({ n, width, height, kind }) {
  const { kit } = window;
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const host = document.createElement('div');
  const canvas = document.createElement('canvas');
  host.append(canvas);
  document.body.append(host);
  const canvas2d = kind === 'canvas2d';
  const renderer = canvas2d
    ? new kit.Canvas2dRenderer(canvas)
    : new kit.ScatterRenderer(canvas, { sprites: kind === 'webgl2 sprites' });
  renderer.resize(width, height, 1);
  const { positions, classOf } = kit.clusters(n, 10);
  const others = positions.map((v) => v * 0.9 + 0.05);
  const camera = kit.camera.fitCamera(kit.dataBounds(positions), { width, height });
  renderer.set({
    positions,
    camera,
    colours: { index: classOf },
    palette: kit.palette.categoricalPalette(10),
    pointSize: kit.suggestedPointSize(n),
  });
  const gl = canvas2d ? null : canvas.getContext('webgl2');
  const pixel = new Uint8Array(4);
  const wait = () => gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  const time = (work) => {
    const start = performance.now();
    work();
    return performance.now() - start;
  };
  const repeat = (count, work) => median(Array.from({ length: count }, (_, i) => time(() => work(i))));
  const count = n > 50_000 ? 5 : 15;
  let now = 0;
  renderer.draw(now);
  wait();

  const uploads = [];
  for (let i = 0; i < count; i++) {
    const next = i % 2 === 0 ? others : positions;
    now += 50;
    uploads.push(
      time(() => {
        renderer.set({ positions: next.subarray(), blendMs: 1000 });
        renderer.draw(now);
      }),
    );
    wait();
  }
  const blend = repeat(count, () => {
    now += 1;
    renderer.draw(now);
    wait();
  });
  renderer.set({ positions, flags: Uint8Array.from({ length: n }, (_, i) => (i % 10 === 0 ? 1 : 2)) });
  now += 5000;
  renderer.draw(now);
  wait();
  const still = repeat(count, () => {
    renderer.draw(now);
    wait();
  });
  renderer.set({ trails: { from: positions.map((v, i) => v + 0.8 * Math.sin(i * 12.9898)) } });
  renderer.draw(now);
  wait();
  const trails = repeat(count, () => {
    renderer.draw(now);
    wait();
  });
  renderer.set({ positions: others, blendMs: 1000 });
  const moving = repeat(count, () => {
    now += 1;
    renderer.draw(now);
    wait();
  });
  const fit = repeat(count, () => kit.dataBounds(positions));
  const index = new kit.PickIndex();
  const grid = repeat(5, () => {
    index.set(positions);
    index.nearest(0, 0, 0.1);
  });
  const hover = repeat(count, (i) => index.nearest(Math.sin(i) * 3, Math.cos(i) * 3, 10 / camera.scale));
  const outline = Array.from({ length: 400 }, (_, i) => {
    const angle = (Math.floor(i / 2) * Math.PI) / 100;
    return i % 2 === 0 ? 3 * Math.cos(angle) : 3 * Math.sin(angle);
  });
  const lasso = repeat(5, () => index.selectPolygon(outline));
  renderer.dispose();
  host.remove();
  return {
    'new frame': median(uploads),
    blend,
    still,
    trails,
    'trails moving': moving,
    fit,
    grid,
    hover,
    lasso,
  };
}

try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  await page.goto(server.url);
  await page.waitForFunction(() => 'kit' in window);
  console.log(
    `The map at ${WIDTH} by ${HEIGHT} pixels, medians in ms (${await browser.version()}, software).`,
  );
  const table = {};
  for (const [kind, sizes] of KINDS) {
    for (const n of sizes) {
      const times = await page.evaluate(measure, { n, width: WIDTH, height: HEIGHT, kind });
      const label = `${kind} ${n.toLocaleString('en')}`;
      table[label] = Object.fromEntries(
        Object.entries(times).map(([name, ms]) => [name, Number(ms.toFixed(ms < 10 ? 2 : 0))]),
      );
    }
  }
  console.table(table);
} finally {
  await browser.close();
  await server.close();
}
