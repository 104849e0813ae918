/**
 * How the page and its worker are bundled.
 *
 * The result in `dist/site` is static: every address in it is relative, so it works from any folder
 * of any host, and it contains no inline script, so the Content-Security-Policy in index.html
 * needs no exception for one.
 *
 * `--mode faults` makes the build for end-to-end tests: `import.meta.env.VITE_FAULTS` is `'1'`, the
 * kernels are those compiled with fault hooks, and the result goes to `dist/site-faults`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import { embedScript } from './embed.mjs';
import { isolationHeaders } from './headers.mjs';

const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { version: string };

/** Options that the site, its tests and the command-line bundle have in common. */
export function shared(mode: string) {
  const faults = mode === 'faults';
  return {
    define: {
      __VERSION__: JSON.stringify(version),
      'import.meta.env.VITE_FAULTS': faults ? '"1"' : '""',
    },
    resolve: { alias: { '@kernels': resolve(root, faults ? 'dist/wasm-faults' : 'dist/wasm') } },
    oxc: { jsx: { runtime: 'automatic' as const, importSource: 'preact' } },
  };
}

/** Every page of the site: what lies in web/ as .html, under the same path. */
function pages(): string[] {
  const folder = resolve(root, 'web');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.html'))
    .map((path) => resolve(folder, path));
}

/** What a chunk's name is decided by; as much of it as is used. */
interface Graph {
  getModuleInfo(id: string): { importedIds: readonly string[] } | null;
}

/**
 * One chunk for all that the start of the page needs, instead of one for each set of pages that share a module:
 * together it compresses better, and comes in one request. The script that starts the page is not in it: other pages
 * import the chunk, too.
 */
function startChunk(): (id: string, graph: Graph) => string | null {
  const main = resolve(root, 'web/main.tsx');
  let needed: Set<string> | null = null;
  return (id, graph) => {
    if (needed === null) {
      needed = new Set([main]);
      for (const module of needed)
        for (const other of graph.getModuleInfo(module)?.importedIds ?? []) needed.add(other);
    }
    return id !== main && needed.has(id) ? 'start' : null;
  };
}

export default defineConfig(({ mode }) => ({
  ...shared(mode),
  root: resolve(root, 'web'),
  base: './',
  // Icons and the like; data/ is put into the site by build.mjs.
  publicDir: resolve(root, 'web/public'),
  cacheDir: resolve(root, 'dist/vite-cache'),
  worker: { format: 'es' },
  plugins: [embedScript()],
  build: {
    outDir: resolve(root, mode === 'faults' ? 'dist/site-faults' : 'dist/site'),
    emptyOutDir: true,
    target: 'es2022',
    rollupOptions: {
      input: pages(),
      output: { codeSplitting: { groups: [{ name: startChunk(), debugName: 'start' }] } },
    },
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  server: { headers: isolationHeaders, host: '127.0.0.1', fs: { allow: [root] } },
  preview: { headers: isolationHeaders },
}));
