/**
 * What the built site weighs, and what its start needs: `node build/sizes.mjs [--modules]`.
 *
 * The start is what index.html names, whatever those scripts import, the worker and the kernels; everything else is
 * fetched when it is wanted. Sizes are of the .gz files, as a host sends them. With --modules also what each chunk
 * of the start is made of: kB of each source by itself, compressed, which adds up to more than the chunk.
 *
 * This reads the files; tests/e2e/size.spec.ts asks a browser, and holds the budget.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { dist, filesUnder, isMain, root } from './lib.mjs';

/** Bytes of a file as it is sent. */
function sent(file) {
  return readFileSync(existsSync(`${file}.gz`) ? `${file}.gz` : file).length;
}

/** Files beside a script that it needs before it runs. */
function imports(file) {
  const code = readFileSync(file, 'utf8');
  return [...code.matchAll(/(?:\bfrom|\bimport)\s*["'`]\.\/([\w.-]+)["'`]/g)].map(([, name]) => name);
}

/** Names of the files that the start needs, of those in `assets`. */
function startOf(site, assets) {
  const page = readFileSync(join(site, 'index.html'), 'utf8');
  const found = new Set();
  const follow = (name) => {
    if (found.has(name)) return;
    found.add(name);
    if (name.endsWith('.js')) for (const other of imports(join(assets, name))) follow(other);
  };
  for (const [, name] of page.matchAll(/assets\/([\w.-]+)/g)) follow(name);
  const all = filesUnder(assets).map((file) => basename(file));
  for (const name of all) if (/^kernels-.*\.wasm$/.test(name)) follow(name);
  /* The worker is the script that names the kernels. */
  for (const name of all) {
    if (!name.endsWith('.js') || found.has(name)) continue;
    if (/kernels-[\w-]+\.wasm/.test(readFileSync(join(assets, name), 'utf8'))) follow(name);
  }
  return found;
}

/** { name, bytes, start } of every file of the site that is sent compressed, the largest first. */
export function sizes(site = join(dist, 'site')) {
  const assets = join(site, 'assets');
  const start = startOf(site, assets);
  const files = filesUnder(site).filter(
    (file) => /\.(js|css|wasm|html)$/.test(file) && !file.includes('/data/'),
  );
  return files
    .map((file) => {
      const name = file.slice(site.length + 1);
      return { name, bytes: sent(file), start: name === 'index.html' || start.has(basename(file)) };
    })
    .sort((a, b) => b.bytes - a.bytes);
}

async function modules(wanted) {
  const { build } = await import('vite');
  const built = await build({
    configFile: join(root, 'build/vite.config.ts'),
    mode: 'production',
    logLevel: 'error',
    build: { write: false },
  });
  for (const { output } of [built].flat()) {
    for (const chunk of output) {
      if (chunk.type !== 'chunk' || !wanted.has(basename(chunk.fileName))) continue;
      process.stdout.write(`\n${chunk.fileName}\n`);
      const rows = Object.entries(chunk.modules).map(([id, { code }]) => [
        gzipSync(code ?? '', { level: 9 }).length,
        id.replace(`${root}/`, '').replace(/^\0/, ''),
      ]);
      for (const [bytes, id] of rows.sort((a, b) => b[0] - a[0])) process.stdout.write(line(bytes, id));
    }
  }
}

const line = (bytes, name) => `${(bytes / 1000).toFixed(1).padStart(8)} kB  ${name}\n`;

if (isMain(import.meta)) {
  const all = sizes();
  const start = all.filter((file) => file.start);
  process.stdout.write('The start:\n');
  for (const { bytes, name } of start) process.stdout.write(line(bytes, name));
  process.stdout.write(
    line(
      start.reduce((sum, { bytes }) => sum + bytes, 0),
      'in all',
    ),
  );
  process.stdout.write('When it is wanted:\n');
  for (const { bytes, name } of all)
    if (!start.some((file) => file.name === name)) process.stdout.write(line(bytes, name));
  if (process.argv.includes('--modules')) await modules(new Set(start.map(({ name }) => basename(name))));
}
