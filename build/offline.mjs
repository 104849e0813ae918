/**
 * What the site needs to live without a network: `dist/site/sw.js`, the service worker (web/sw.ts) with the list of
 * every file of the site in front of it, and the list itself for whoever checks the site.
 *
 * The list names each file with the hash that `fetch` checks it against. A browser that finds another sw.js has
 * found another version of the site: it holds the hash of every file, so that any change changes it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { isolationHeaders } from './headers.mjs';
import { dist, filesUnder, hashOf, root, sha256, stamp } from './lib.mjs';

/** Scripts of the service worker: the one that is shipped, and the one that takes it back. */
const SCRIPTS = ['sw', 'sw-off'];
const SOURCES = ['web/sw.ts', 'web/sw-off.ts', 'web/sw', 'web/protocol', 'package-lock.json', 'build'];

/** Never listed: the worker can't keep itself, and copies for servers are not asked for by name. */
const UNLISTED = /(^sw\.js|\.br|(?<!\.csv|\.tensor)\.gz)$/;

/**
 * Bundles the service worker, without a list of files yet, as `dist/sw/sw.js`, and `dist/sw/sw-off.js`, which a
 * host can serve in its place to remove it from all browsers.
 */
export async function bundleServiceWorker() {
  const folder = join(dist, 'sw');
  const results = SCRIPTS.map((name) => join(folder, `${name}.js`));
  const made = stamp('sw', hashOf(SOURCES), results);
  if (made.current) return;
  const { build } = await import('vite');
  for (const name of SCRIPTS) {
    await build({
      configFile: false,
      root: join(root, 'web'),
      publicDir: false,
      cacheDir: join(dist, 'vite-cache'),
      logLevel: 'warn',
      build: {
        outDir: folder,
        emptyOutDir: false,
        target: 'es2022',
        modulePreload: false,
        rollupOptions: {
          input: join(root, 'web', `${name}.ts`),
          output: { format: 'iife', entryFileNames: '[name].js' },
        },
      },
    });
  }
  made.save();
}

const integrity = (bytes) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;

/**
 * A prepared data file is compressed by itself. Hosts that declare that as an encoding of the answer make browsers
 * unpack it: what arrives then is known, too, from the catalogue, and as right.
 */
function unpackedIntegrity(site) {
  const catalog = join(site, 'data/catalog.json');
  if (!existsSync(catalog)) return new Map();
  return new Map(
    JSON.parse(readFileSync(catalog, 'utf8')).flatMap(({ file, sha256: hex }) =>
      file && hex ? [[`data/${file}`, ` sha256-${Buffer.from(hex, 'hex').toString('base64')}`]] : [],
    ),
  );
}

/** The policy that a document carries, as a header would say it. */
function policyIn(html) {
  const [, content] = /<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(html) ?? [];
  return content ?? null;
}

/**
 * Every file of a built site by its path, with its hash for `fetch` and its bytes; and each document's policy.
 *
 * @param {string} site folder
 * @returns {{files: Record<string, [integrity: string, bytes: number]>, policies: Record<string, string>}}
 */
export function siteFiles(site) {
  const files = {};
  const policies = {};
  const unpacked = unpackedIntegrity(site);
  for (const file of filesUnder(site)) {
    const path = relative(site, file).split(sep).join('/');
    if (UNLISTED.test(path)) continue;
    const bytes = readFileSync(file);
    files[path] = [integrity(bytes) + (unpacked.get(path) ?? ''), bytes.length];
    const policy = path.endsWith('.html') ? policyIn(bytes.toString('utf8')) : null;
    if (policy !== null) policies[path] = policy;
  }
  return { files, policies };
}

/** Writes the service worker of a built site, for the files that are in it now. Returns its version. */
export function placeServiceWorker(site) {
  const code = readFileSync(join(dist, 'sw/sw.js'), 'utf8');
  const { files, policies } = siteFiles(site);
  const rest = { files, policies, headers: isolationHeaders };
  const version = sha256(JSON.stringify(rest) + code).slice(0, 16);
  const list = JSON.stringify({ version, ...rest });
  writeFileSync(join(site, 'sw.js'), `globalThis.__SITE__=${list};\n${code}`);
  return version;
}
