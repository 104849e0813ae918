/**
 * embed.js, which pages elsewhere load by that name: one file without imports beside embed.html. And embed-classic.js,
 * the same for `<script src>` without `type="module"`: browsers take a module from another site only where that sends
 * `Access-Control-Allow-Origin`.
 */
import { resolve } from 'node:path';

const entry = resolve(import.meta.dirname, '../web/embed/embed.ts');

async function bundle(format) {
  const { build } = await import('vite');
  const [{ output }] = await build({
    configFile: false,
    logLevel: 'warn',
    define: format === 'iife' ? { 'import.meta.url': 'document.currentScript.src' } : {},
    build: {
      write: false,
      target: 'es2022',
      lib: { entry, formats: [format], name: 'unfold' },
      minify: true,
    },
  });
  return output[0].code;
}

/** Vite's part of it: both files in the built site, and embed.js while developing. */
export function embedScript() {
  return {
    name: 'unfold-embed',
    configureServer(server) {
      server.middlewares.use((request, _, next) => {
        /* The browser still sees embed.js, so that embed.html is beside it. */
        if (request.url === '/embed.js') request.url = '/embed/embed.ts';
        next();
      });
    },
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'embed.js', source: await bundle('es') });
      this.emitFile({ type: 'asset', fileName: 'embed-classic.js', source: await bundle('iife') });
    },
  };
}
