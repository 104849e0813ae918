/**
 * Builds everything that is shipped: `node build/build.mjs [--faults]`.
 *
 *   dist/wasm/kernels.wasm   the C core
 *   dist/data/               prepared data sets and their catalogue
 *   dist/site/               the static site; works from any folder of any host; sw.js keeps it for offline use
 *   dist/sw/                 the service worker without a list of files, and sw-off.js, which takes it back
 *   dist/cli.mjs             the command line, with kernels.wasm and data/ beside it
 *
 * `--faults` also makes `dist/wasm-faults` and `dist/site-faults`: the same sources with the hooks
 * that end-to-end tests use to break things. They are never part of a release.
 *
 * Each part is made again only when what it is made from has changed. No network is used, except
 * by setup.mjs on a machine that lacks a tool.
 */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { prepare } from '../datasets/prepare.mjs';
import { placeIcons } from './icons.mjs';
import { buildKernels } from './kernels.mjs';
import { dist, fail, filesUnder, hashOf, isMain, root, say, sha256, shown, stamp } from './lib.mjs';
import { bundleServiceWorker, placeServiceWorker } from './offline.mjs';
import { setup } from './setup.mjs';

/** What the bundles depend on, besides the kernels. */
const SOURCES = ['web', 'package.json', 'package-lock.json', 'build'];

/** Kinds of file that shrink: each gets a .gz and a .br beside it for servers that use them. */
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.json', '.svg', '.wasm', '.webmanifest']);

/** Puts a file at `to` without copying its bytes where the file system can. */
function place(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function compress(folder) {
  for (const file of filesUnder(folder)) {
    if (!COMPRESSIBLE.has(extname(file))) continue;
    const bytes = readFileSync(file);
    if (bytes.length < 1024) continue;
    const gz = gzipSync(bytes, { level: 9 });
    const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
    writeFileSync(`${file}.gz`, gz);
    writeFileSync(`${file}.br`, br);
  }
}

/** Makes the site's data folder anew: the catalogue, and the files it lists. */
function placeData(site) {
  const from = join(dist, 'data');
  const to = join(site, 'data');
  // Filled beside and then renamed: whoever serves the site meanwhile never finds half of it.
  const filling = join(site, `data.${process.pid}`);
  const catalog = JSON.parse(readFileSync(join(from, 'catalog.json'), 'utf8'));
  const files = catalog.flatMap(({ file }) => (file === undefined ? [] : [file]));
  for (const name of ['catalog.json', ...files]) place(join(from, name), join(filling, name));
  rmSync(to, { recursive: true, force: true });
  renameSync(filling, to);
}

async function buildSite(faults, kernelsHash) {
  const site = join(dist, faults ? 'site-faults' : 'site');
  const inputs = hashOf(SOURCES, kernelsHash);
  const made = stamp(`site${faults ? '-faults' : ''}`, inputs, [join(site, 'index.html')]);
  if (!made.current) {
    const { build } = await import('vite');
    await build({
      configFile: join(root, 'build/vite.config.ts'),
      mode: faults ? 'faults' : 'production',
      logLevel: 'warn',
    });
    placeIcons(site);
    compress(site);
    made.save();
    const files = filesUnder(site).filter((file) => !/\.(gz|br)$/.test(file));
    const bytes = files.reduce((sum, file) => sum + readFileSync(file).length, 0);
    say(`${shown(site)}: ${files.length} files, ${(bytes / 1000).toFixed(0)} kB before compression.`);
  }
  placeData(site);
  await bundleServiceWorker();
  placeServiceWorker(site);
  return site;
}

async function buildCli(kernels, kernelsHash) {
  const target = join(dist, 'cli.mjs');
  const made = stamp('cli', hashOf(SOURCES, kernelsHash), [target]);
  copyFileSync(kernels, join(dist, 'kernels.wasm'));
  if (made.current) return target;
  const { build } = await import('vite');
  await build({ configFile: join(root, 'build/vite-cli.config.ts'), logLevel: 'warn' });
  chmodSync(target, 0o755);
  made.save();
  return target;
}

/** Builds what is not up to date. Resolves to the folders and files made. */
export async function buildAll({ faults = false, cli = true } = {}) {
  setup();
  const kernels = await buildKernels();
  await prepare();
  const kernelsHash = sha256(readFileSync(kernels));
  const result = { kernels, site: await buildSite(false, kernelsHash), cli: null, siteFaults: null };
  if (cli) result.cli = await buildCli(kernels, kernelsHash);
  if (faults) {
    const withHooks = await buildKernels({ faults: true });
    result.siteFaults = await buildSite(true, sha256(readFileSync(withHooks)));
  }
  return result;
}

if (isMain(import.meta)) {
  try {
    const { site, cli } = await buildAll({ faults: process.argv.includes('--faults') });
    process.stdout.write(`The site is in ${shown(site)}, the command line is ${shown(cli)}.\n`);
  } catch (error) {
    fail(`The build failed: ${error instanceof Error ? error.message : error}`);
  }
}
