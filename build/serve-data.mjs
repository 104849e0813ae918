/** A Vite plugin for the development server: answers `data/…` from the prepared data sets. */
import { createReadStream, existsSync } from 'node:fs';
import { basename, join } from 'node:path';

/** @param {string} folder where the prepared files lie */
export function serveData(folder) {
  return {
    name: 'unfold-data',
    configureServer(server) {
      server.middlewares.use('/data', (request, response, next) => {
        const file = join(folder, basename(new URL(request.url ?? '/', 'http://localhost').pathname));
        if (!existsSync(file)) return next();
        response.setHeader('Content-Type', file.endsWith('.json') ? 'application/json' : 'application/gzip');
        createReadStream(file).pipe(response);
      });
    },
  };
}
