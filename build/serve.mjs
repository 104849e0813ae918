/**
 * A small static server, for `npm start` and for the tests:
 * `node build/serve.mjs [FOLDER] [--port N] [--no-headers]`.
 *
 * It reads only below its folder, answers GET and HEAD, and uses the .br or .gz beside a file when
 * the client accepts it. `headers: 'none'` behaves like the plainest host there is: a type and a
 * length, nothing else, which is how the site must work too.
 */
import { createReadStream, realpathSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { isolationHeaders, serviceWorkerHeaders } from './headers.mjs';
import { dist, fail, isMain } from './lib.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.ico': 'image/x-icon',
  '.csv': 'text/csv; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  // A data file is compressed by itself: no Content-Encoding, the reader unpacks it.
  '.gz': 'application/gzip',
};

/** Its policy can't be in the file itself. */
const SERVICE_WORKER = /\/sw\.js$/;

const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
];

function statFile(path) {
  try {
    const stat = statSync(path);
    return stat.isFile() ? stat : null;
  } catch {
    return null;
  }
}

/** The file an address means, or null: never one outside the folder, not even through a link. */
function locate(root, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return null;
  }
  if (path.includes('\0')) return null;
  const inside = (file) => file === root || file.startsWith(root + sep);
  let file = resolve(root, `.${path}`);
  if (!inside(file)) return null;
  if (path.endsWith('/')) file = join(file, 'index.html');
  try {
    return inside(realpathSync(file)) && statFile(file) !== null ? file : null;
  } catch {
    return null;
  }
}

/** True when `encoding` is among those a client accepts, and not with weight zero. */
function accepts(header, encoding) {
  return header.split(',').some((part) => {
    const [name, ...params] = part.trim().toLowerCase().split(';');
    return name === encoding && !params.some((param) => /^\s*q=0(\.0*)?\s*$/.test(param));
  });
}

function answer({ root, headers, base, extra }, request, response) {
  const common = {
    ...(headers === 'all' ? { ...isolationHeaders, 'Cache-Control': 'no-cache' } : {}),
    ...(headers === 'all' && SERVICE_WORKER.test(request.url ?? '') ? serviceWorkerHeaders : {}),
    ...extra,
  };
  const plain = (status, text, more = {}) => {
    response.writeHead(status, { ...common, 'Content-Type': 'text/plain; charset=utf-8', ...more });
    response.end(request.method === 'HEAD' ? undefined : `${text}\n`);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return plain(405, 'Only GET and HEAD', { Allow: 'GET, HEAD' });
  const url = request.url ?? '/';
  if (!url.startsWith(base)) return plain(404, 'Not found');
  const file = locate(root, `/${url.slice(base.length)}`);
  if (file === null) return plain(404, 'Not found');

  const head = { ...common, 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' };
  let sent = file;
  if (headers === 'all') {
    const wanted = String(request.headers['accept-encoding'] ?? '');
    for (const [encoding, suffix] of ENCODINGS) {
      if (!accepts(wanted, encoding) || statFile(file + suffix) === null) continue;
      sent = file + suffix;
      head['Content-Encoding'] = encoding;
      head.Vary = 'Accept-Encoding';
      break;
    }
  }
  head['Content-Length'] = String(statSync(sent).size);
  response.writeHead(200, head);
  if (request.method === 'HEAD') return response.end();
  const stream = createReadStream(sent);
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
}

/**
 * Serves a folder.
 *
 * @param {object} options
 * @param {string} options.root folder to serve
 * @param {number} [options.port] 0 for any free port (default)
 * @param {'all' | 'none'} [options.headers] isolation headers and compression, or neither
 * @param {string} [options.host] address to listen on; this machine only by default
 * @param {string} [options.base] path under which the folder appears, as '/some/folder/'
 * @param {Record<string, string>} [options.extra] further headers of every answer
 * @param {(request: import('node:http').IncomingMessage) => void} [options.onRequest] told of every request
 * @returns {Promise<{url: string, port: number, close(): Promise<void>}>} rejects when the port is taken
 */
export function serve(options) {
  const { root, port = 0, headers = 'all', host = '127.0.0.1', base = '/', extra = {}, onRequest } = options;
  const folder = realpathSync(resolve(root));
  const server = createServer((request, response) => {
    try {
      onRequest?.(request);
      answer({ root: folder, headers, base, extra }, request, response);
    } catch (error) {
      response.destroy(error instanceof Error ? error : undefined);
    }
  });
  return new Promise((done, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const at = server.address();
      const actual = typeof at === 'object' && at !== null ? at.port : port;
      const shownHost = host.includes(':') ? `[${host}]` : host;
      done({
        url: `http://${shownHost}:${actual}${base}`,
        port: actual,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

/** Serves on the wanted port, or the next of ten that is free. */
export async function serveNear(options, port) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await serve({ ...options, port: port + attempt });
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || attempt === 10) throw error;
    }
  }
}

if (isMain(import.meta)) {
  const args = process.argv.slice(2);
  const at = args.indexOf('--port');
  const port = at < 0 ? 4173 : Number(args.splice(at, 2)[1]);
  const folder = args.find((arg) => !arg.startsWith('--')) ?? join(dist, 'site');
  try {
    const { url } = await serve({
      root: folder,
      port,
      headers: args.includes('--no-headers') ? 'none' : 'all',
    });
    process.stdout.write(`Serving at ${url}\n`);
  } catch (error) {
    fail(`Cannot serve ${folder}: ${error.message}`);
  }
}
