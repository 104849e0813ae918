/** The build's own parts: the static server, the check of compiled modules, the state of node_modules. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasmProblems, writtenExports } from '../../build/check-wasm.mjs';
import { devStyles } from '../../build/dev-styles.mjs';
import { readCounts } from '../../build/layers.mjs';
import { serve, serveNear } from '../../build/serve.mjs';
import { modulesMatchLockfile } from '../../build/setup.mjs';
import { shortShader } from '../../build/vite.config.ts';
import { temporaryFolder } from '../e2e/harness/files.ts';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Asks with the path exactly as written: fetch and URL would tidy it first. */
function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((done, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        done({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('static server', () => {
  const folder = temporaryFolder();
  const root = resolve(folder.path, 'site');
  let server: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    mkdirSync(resolve(root, 'assets'), { recursive: true });
    writeFileSync(resolve(folder.path, 'secret.txt'), 'secret');
    mkdirSync(resolve(folder.path, 'site-other'));
    writeFileSync(resolve(folder.path, 'site-other/secret.txt'), 'secret');
    symlinkSync(resolve(folder.path, 'secret.txt'), resolve(root, 'link.txt'));
    writeFileSync(resolve(root, 'index.html'), '<!doctype html>');
    writeFileSync(resolve(root, 'assets/a.js'), 'export {};');
    writeFileSync(resolve(root, 'assets/a.js.gz'), gzipSync('export {};'));
    writeFileSync(resolve(root, 'assets/k.wasm'), new Uint8Array([0, 97, 115, 109]));
    writeFileSync(resolve(root, 'assets/d.csv.gz'), gzipSync('a\n1\n'));
    server = await serve({ root });
  });

  afterAll(async () => {
    await server.close();
    folder.remove();
  });

  it('gives each kind of file the type that browsers need', async () => {
    const types = async (path: string): Promise<unknown> =>
      (await ask(server.port, path)).headers['content-type'];
    expect(await types('/')).toBe('text/html; charset=utf-8');
    expect(await types('/assets/a.js')).toBe('text/javascript; charset=utf-8');
    expect(await types('/assets/k.wasm')).toBe('application/wasm');
  });

  it('sends the headers for cross-origin isolation, or none at all', async () => {
    const isolated = await ask(server.port, '/');
    expect(isolated.headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(isolated.headers['cross-origin-embedder-policy']).toBe('require-corp');
    const plain = await serve({ root, headers: 'none' });
    const answer = await ask(plain.port, '/assets/a.js', { 'accept-encoding': 'gzip, br' });
    await plain.close();
    const names = Object.keys(answer.headers).filter(
      (name) => !['date', 'connection', 'keep-alive'].includes(name),
    );
    expect(names.sort()).toEqual(['content-length', 'content-type']);
    expect(answer.body.toString()).toBe('export {};');
  });

  it('uses a compressed copy only for clients that accept it, and never unpacks data files', async () => {
    const packed = await ask(server.port, '/assets/a.js', { 'accept-encoding': 'deflate, gzip;q=0.5' });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(packed.body).toEqual(gzipSync('export {};'));
    const refused = await ask(server.port, '/assets/a.js', { 'accept-encoding': 'gzip;q=0' });
    expect(refused.headers['content-encoding']).toBeUndefined();
    const data = await ask(server.port, '/assets/d.csv.gz', { 'accept-encoding': 'gzip' });
    expect(data.headers['content-encoding']).toBeUndefined();
    expect(data.headers['content-type']).toBe('application/gzip');
  });

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/../site-other/secret.txt',
    '/..\\secret.txt',
    '/link.txt',
    '//etc/passwd',
    '/%00',
    '/%',
    '/assets',
    '/assets/',
    '/absent.js',
  ])('answers %s with 404', async (path) => {
    const answer = await ask(server.port, path);
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).not.toContain('secret');
  });

  it('answers HEAD without a body and refuses to be written to', async () => {
    const head = await ask(server.port, '/assets/a.js', {}, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.headers['content-length']).toBe('10');
    expect(head.body.length).toBe(0);
    expect((await ask(server.port, '/', {}, 'POST')).status).toBe(405);
  });

  it('serves below a path, and takes the next port when one is taken', async () => {
    const below = await serveNear({ root, base: '/some/folder/' }, server.port);
    expect(below.port).toBeGreaterThan(server.port);
    expect((await ask(below.port, '/some/folder/')).status).toBe(200);
    expect((await ask(below.port, '/some/folder/assets/a.js')).status).toBe(200);
    expect((await ask(below.port, '/')).status).toBe(404);
    await below.close();
  });
});

describe('check of a compiled module', () => {
  /** A module without code that imports one function and exports its memory under each name. */
  function moduleWith(importName: string, exports: string[]): Uint8Array {
    const text = (value: string): number[] => [value.length, ...new TextEncoder().encode(value)];
    const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]);
    const section = (id: number, body: number[]): number[] => [id, ...leb(body.length), ...body];
    return new Uint8Array([
      ...[0, 97, 115, 109, 1, 0, 0, 0],
      ...section(1, [1, 0x60, 0, 0]),
      ...section(2, [1, ...text('env'), ...text(importName), 0, 0]),
      ...section(5, [1, 0, 1]),
      ...section(7, [
        ...leb(exports.length + 1),
        ...[...text('memory'), 2, 0],
        ...exports.flatMap((name) => [...text(name), 0, 0]),
      ]),
    ]);
  }

  it('is content with what is written down, and names what is not', () => {
    const written = [...writtenExports()];
    expect(written.length).toBeGreaterThan(0);
    const right = moduleWith('emscripten_notify_memory_growth', ['_initialize', ...written]);
    expect(wasmProblems(right)).toEqual([]);

    expect(wasmProblems(moduleWith('fd_write', ['_initialize', ...written]))).toEqual([
      'it imports env.fd_write, which is not allowed',
    ]);
    const [first = '', ...rest] = written;
    expect(wasmProblems(moduleWith('emscripten_notify_memory_growth', ['_initialize', ...rest]))).toEqual([
      `it does not export ${first}, which exports.txt names`,
    ]);
    const more = moduleWith('emscripten_notify_memory_growth', ['_initialize', 'surprise', ...written]);
    expect(wasmProblems(more)).toEqual(['it exports surprise, which exports.txt does not name']);
    expect(wasmProblems(moduleWith('emscripten_notify_memory_growth', written))).toEqual([
      'it does not export _initialize',
    ]);
  });
});

describe('installed packages', () => {
  const lock = (version: string) => ({
    packages: {
      '': { name: 'x' },
      'node_modules/a': { version, integrity: `sha512-${version}` },
      'node_modules/b': { version: '1.0.0', optional: true },
    },
  });

  it('match the lockfile only when a finished install made them from it', () => {
    const folder = temporaryFolder();
    try {
      const write = (path: string, value: unknown): void => {
        mkdirSync(resolve(folder.path, path, '..'), { recursive: true });
        writeFileSync(resolve(folder.path, path), JSON.stringify(value));
      };
      write('package-lock.json', lock('1.0.0'));
      expect(modulesMatchLockfile(folder.path)).toBe(false);
      mkdirSync(resolve(folder.path, 'node_modules/a'), { recursive: true });
      expect(modulesMatchLockfile(folder.path), 'half-finished').toBe(false);
      write('node_modules/.package-lock.json', {
        packages: { 'node_modules/a': lock('1.0.0').packages['node_modules/a'] },
      });
      expect(modulesMatchLockfile(folder.path), "another platform's package may be absent").toBe(true);
      write('package-lock.json', lock('1.0.1'));
      expect(modulesMatchLockfile(folder.path), 'another version').toBe(false);
    } finally {
      folder.remove();
    }
  });
});

describe('counts of a test program', () => {
  it('are those of its last line of that form, or none', () => {
    expect(readCounts('ok\n3 passed, 0 failed, 1 skipped\n')).toEqual({ passed: 3, failed: 0, skipped: 1 });
    expect(readCounts('1 passed, 0 failed, 0 skipped\n2 passed, 1 failed, 0 skipped\n')?.failed).toBe(1);
    expect(readCounts('3 passed')).toBeNull();
    expect(readCounts('Segmentation fault\n')).toBeNull();
  });
});

describe('the development server', () => {
  it('allows the styles that it gives to the page by scripts, and leaves the rest of the policy alone', () => {
    const page = readFileSync(new URL('../../web/index.html', import.meta.url), 'utf8');
    const policy = (html: string): string[] =>
      (/content="(default-src[^"]*)"/.exec(html)?.[1] ?? '').split('; ');
    const built = policy(page);
    const served = policy(devStyles().transformIndexHtml(page));
    expect(served.filter((rule) => !built.includes(rule))).toEqual(["style-src 'self' 'unsafe-inline'"]);
    expect(built.filter((rule) => !served.includes(rule))).toEqual(["style-src 'self'"]);
    expect(devStyles().apply).toBe('serve');
    expect(() => devStyles().transformIndexHtml('<html></html>')).toThrow(/dev-styles/);
  });
});

describe('shaders', () => {
  it('lose comments and indentation, and keep directives on lines of their own and every sign', () => {
    const source =
      '#version 300 es\n// why\nuniform float u_a; // what\n\nvoid main() {\n    /* at\n    length */\n    float b = -u_a - -1.0;\n}\n';
    expect(shortShader(source)).toBe(
      '#version 300 es\nuniform float u_a;\nvoid main(){\nfloat b=-u_a - -1.0;\n}\n',
    );
  });
});
