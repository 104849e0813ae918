/**
 * `npm run dev`: builds the kernels and the data sets, then runs Vite's development server, with the
 * headers for cross-origin isolation. After a change in core/, stop it and start it again.
 */
import { join } from 'node:path';
import { prepare } from '../datasets/prepare.mjs';
import { devStyles } from './dev-styles.mjs';
import { buildKernels } from './kernels.mjs';
import { dist, root } from './lib.mjs';
import { serveData } from './serve-data.mjs';
import { setup } from './setup.mjs';

setup();
await buildKernels();
await prepare();
const { createServer } = await import('vite');
const server = await createServer({
  configFile: join(root, 'build/vite.config.ts'),
  mode: 'development',
  plugins: [serveData(join(dist, 'data')), devStyles()],
});
await server.listen(Number(process.env.PORT || 5173));
server.printUrls();
