/**
 * How the command line is bundled: one module for Node, `dist/cli.mjs`, with everything in it.
 * Beside it lie `kernels.wasm` and `data/`, which it finds through `import.meta.url`.
 */
import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import { shared } from './vite.config.ts';

const root = resolve(import.meta.dirname, '..');

export default defineConfig({
  ...shared('production'),
  root: resolve(root, 'web'),
  publicDir: false,
  cacheDir: resolve(root, 'dist/vite-cache'),
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: resolve(root, 'web/cli.ts'),
    outDir: resolve(root, 'dist'),
    emptyOutDir: false,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      output: {
        format: 'es',
        entryFileNames: 'cli.mjs',
        banner: '#!/usr/bin/env node',
        codeSplitting: false,
      },
    },
  },
});
