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
import { dirname, resolve } from 'node:path';
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
  getModuleInfo(id: string): { importedIds: readonly string[]; code: string | null } | null;
}

/** The index of a package with one file for each icon: who imports an icon of it would seem to import all. */
const ICONS = /\/lucide\/dist\/esm\/lucide\.mjs$/;

/** Those files of the icons' index that hold what `code` imports from it. */
function iconsOf(code: string, index: string): string[] {
  const named = [...code.matchAll(/import\s*\{([^}]*)\}\s*from\s*["']lucide["']/g)].flatMap(
    ([, names = '']) => names.split(',').map((name) => name.trim().split(/\s/)[0]),
  );
  return [...index.matchAll(/export \{([^}]*)\} from '(\.\/icons\/[^']+)'/g)]
    .filter(([, names = '']) =>
      names.split(',').some((name) => named.includes(name.replace(/.* as /, '').trim())),
    )
    .map(([, , file = '']) => file);
}

/** What a module needs, of an index of icons only those that it names. */
function needs(id: string, graph: Graph): readonly string[] {
  const { importedIds = [], code = '' } = graph.getModuleInfo(id) ?? {};
  const index = importedIds.find((other) => ICONS.test(other));
  if (index === undefined) return importedIds;
  const files = iconsOf(code ?? '', graph.getModuleInfo(index)?.code ?? '');
  return [
    ...importedIds.filter((other) => other !== index),
    ...files.map((file) => resolve(dirname(index), file)),
  ];
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
      for (const module of needed) for (const other of needs(module, graph)) needed.add(other);
    }
    return id !== main && needed.has(id) ? 'start' : null;
  };
}

/** Shaders without comments and indentation. Lines stay: directives end with theirs. */
function shortShaders() {
  return {
    name: 'short-shaders',
    enforce: 'pre' as const,
    load(id: string) {
      if (!id.endsWith('.glsl?raw')) return null;
      return `export default ${JSON.stringify(shortShader(readFileSync(id.slice(0, -'?raw'.length), 'utf8')))}`;
    },
  };
}

export function shortShader(source: string): string {
  const lines = source
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .split('\n')
    .map((line) =>
      line
        .replace(/\/\/.*/, '')
        .trim()
        .replace(/\s+/g, ' '),
    )
    .filter((line) => line !== '');
  const tight = (line: string): string =>
    line.startsWith('#') ? line : line.replace(/ ?([*=<>!&|?:,;(){}]) ?/g, '$1');
  return `${lines.map(tight).join('\n')}\n`;
}

export default defineConfig(({ mode }) => ({
  ...shared(mode),
  root: resolve(root, 'web'),
  base: './',
  // Icons and the like; data/ is put into the site by build.mjs.
  publicDir: resolve(root, 'web/public'),
  cacheDir: resolve(root, 'dist/vite-cache'),
  worker: { format: 'es' },
  plugins: [shortShaders(), embedScript()],
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
