/**
 * The TypeScript tests, in three projects: `web` (units in Node; a file that needs a document says
 * `// @vitest-environment happy-dom` in its first line), `wasm` (the compiled kernels in Node) and
 * `e2e` (the built site in a real browser, one file at a time).
 */
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { shared } from './vite.config.ts';

const root = resolve(import.meta.dirname, '..');
const common = { ...shared('test'), root };

export default defineConfig({
  ...common,
  cacheDir: resolve(root, 'dist/vite-cache'),
  test: {
    projects: [
      {
        ...common,
        test: {
          name: 'web',
          include: ['tests/web/**/*.test.{ts,tsx}'],
          environment: 'node',
          testTimeout: 30_000,
        },
      },
      {
        ...common,
        test: {
          name: 'wasm',
          include: ['tests/wasm/**/*.test.ts'],
          environment: 'node',
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...common,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.spec.ts'],
          environment: 'node',
          globalSetup: ['tests/e2e/harness/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 300_000, // machines have other things to do
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
