/** Before any end-to-end test: the site must have been built, with and without fault hooks. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

export function setup(): void {
  const root = resolve(import.meta.dirname, '../../..');
  for (const site of ['site', 'site-faults']) {
    if (!existsSync(resolve(root, 'dist', site, 'index.html'))) {
      throw new Error(`dist/${site} is not built. Run \`node build/build.mjs --faults\` first.`);
    }
  }
}
