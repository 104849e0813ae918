/** The prepared data sets: that an id names bytes, and that the bytes are the data they claim to be. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readIdx, shuffledOrder } from '../../datasets/formats.mjs';
import { fetchRaw, prepare } from '../../datasets/prepare.mjs';
import { dataMirror, temporaryFolder } from '../e2e/harness/files.ts';

const root = resolve(import.meta.dirname, '../..');
const data = resolve(root, 'dist/data');
const mirror = dataMirror();

interface Entry {
  id: string;
  kind: 'table' | 'images' | 'synthetic';
  title: string;
  description: string;
  rows: number;
  columns: number;
  label?: string;
  file?: string;
  head?: string;
  bytes?: number;
  sha256?: string;
  gzip_bytes?: number;
  embedded: boolean;
  licence: string;
  source: string;
  synthetic?: string;
  n?: number;
  seed?: number;
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const catalog = readJson<Entry[]>(resolve(root, 'datasets/catalog.json'));
const unpack = (entry: Entry, folder = data): Buffer =>
  gunzipSync(readFileSync(resolve(folder, entry.file ?? '')));

interface Tensor {
  header: Record<string, unknown> & { rows: number; classes: string[] };
  labels: Buffer;
  image(row: number): Buffer;
}

/** Reads the form as datasets/README.md describes it, without the code that writes it. */
function readTensor(bytes: Buffer): Tensor {
  const end = bytes.indexOf(0x0a);
  const header = JSON.parse(bytes.subarray(0, end).toString('latin1')) as Tensor['header'];
  const n = header.rows;
  const size = Number(header.height) * Number(header.width) * Number(header.channels);
  expect(bytes.length).toBe(end + 1 + n + n * size);
  const pixels = bytes.subarray(end + 1 + n);
  return {
    header,
    labels: bytes.subarray(end + 1, end + 1 + n),
    image: (row) => pixels.subarray(row * size, (row + 1) * size),
  };
}

function entryOf(id: string): Entry {
  const entry = catalog.find((candidate) => candidate.id === id);
  if (entry === undefined) throw new Error(`no entry ${id}`);
  return entry;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('catalogue', () => {
  it('says of each set what the page shows, and where it comes from', () => {
    const ids = new Set<string>();
    for (const entry of catalog) {
      expect(ids.has(entry.id), entry.id).toBe(false);
      ids.add(entry.id);
      expect(entry.id).toMatch(/^[a-z0-9-]+$/);
      expect(entry.title.length).toBeGreaterThan(0);
      expect(entry.description, entry.id).toMatch(/^[A-Z][^!]*\.$/);
      expect(entry.licence.length).toBeGreaterThan(0);
      expect(entry.source.length).toBeGreaterThan(0);
      if (entry.kind === 'synthetic') {
        expect(entry.n).toBe(entry.rows);
        expect(entry.file).toBeUndefined();
      } else {
        expect(entry.sha256, entry.id).toMatch(/^[0-9a-f]{64}$/);
        expect(entry.file).toMatch(entry.kind === 'table' ? /\.csv\.gz$/ : /\.tensor\.gz$/);
      }
    }
    for (const entry of catalog) if (entry.head !== undefined) expect(ids.has(entry.head)).toBe(true);
    expect(catalog.flatMap((entry) => entry.synthetic ?? [])).toEqual([
      'swiss_roll',
      'blobs',
      'rings',
      'trefoil',
    ]);
  });

  it('lists in dist/data exactly what is there, and each file has the bytes its id names', async () => {
    const { prepared, absent } = await prepare();
    const listed = readJson<Entry[]>(resolve(data, 'catalog.json'));
    expect(listed.map((entry) => entry.id)).toEqual(prepared);
    expect([...prepared, ...absent].sort()).toEqual(catalog.map((entry) => entry.id).sort());
    for (const entry of listed) {
      if (entry.kind === 'synthetic') continue;
      const bytes = unpack(entry);
      const written = entryOf(entry.id);
      expect(bytes.length, entry.id).toBe(written.bytes);
      expect(sha256(bytes), entry.id).toBe(written.sha256);
      expect(readFileSync(resolve(data, entry.file ?? '')).length).toBe(entry.gzip_bytes);
      if (entry.kind === 'table') {
        const lines = bytes.toString('utf8').trimEnd().split('\n');
        expect(lines.length - 1, entry.id).toBe(entry.rows);
        expect(lines[0]?.split(',')).toHaveLength(entry.columns);
        expect(lines[0]?.split(',')).toContain(entry.label);
        for (const line of lines) expect(line.split(',')).toHaveLength(entry.columns);
      } else {
        const { header, labels } = readTensor(bytes);
        expect(header).toMatchObject({
          format: 'unfold-tensor',
          version: 1,
          name: entry.id,
          rows: entry.rows,
          label: entry.label,
        });
        expect(Number(header.height) * Number(header.width) * Number(header.channels) + 1).toBe(
          entry.columns,
        );
        expect(Math.max(...labels.subarray(0, 5000))).toBeLessThan(header.classes.length);
      }
    }
  });

  it('has the embedded sets without any mirror, with the same bytes', async () => {
    const folder = temporaryFolder();
    try {
      vi.stubEnv('UNFOLD_DATA_MIRROR', resolve(folder.path, 'absent'));
      const { prepared } = await prepare({ to: folder.path, unpacked: ['mnist-10k-head'] });
      for (const entry of catalog) {
        if (entry.embedded) expect(prepared).toContain(entry.id);
        if (entry.embedded && entry.file !== undefined) {
          expect(sha256(unpack(entry, folder.path))).toBe(entry.sha256);
        }
      }
      const plain = readFileSync(resolve(folder.path, 'mnist-10k-head.tensor'));
      expect(sha256(plain)).toBe(entryOf('mnist-10k-head').sha256);
      // Nothing is done a second time, and nothing is lost.
      expect((await prepare({ to: folder.path })).prepared).toEqual(prepared);
    } finally {
      folder.remove();
    }
  });

  it('passes over a raw file that is not the one it should be', async () => {
    const folder = temporaryFolder();
    try {
      const raw = resolve(folder.path, 'raw');
      mkdirSync(resolve(raw, 'iris'), { recursive: true });
      writeFileSync(resolve(raw, 'iris/iris.data'), '5.1,3.5,1.4,0.2,Iris-setosa\n');
      vi.stubEnv('UNFOLD_DATA_MIRROR', raw);
      const { absent } = await prepare({ to: resolve(folder.path, 'data') });
      if (!existsSync(resolve(root, 'dist/raw/iris/iris.data'))) expect(absent).toContain('iris-uci');
    } finally {
      folder.remove();
    }
  });
});

describe('order of rows', () => {
  it('is the permutation that its description gives, computed another way', () => {
    // xorshift32 with Marsaglia's shifts 13, 17, 5 in big integers; from seed 1 it begins 270369, 67634689.
    const mask = 0xffffffffn;
    const drawn = (seed: number) => {
      let state = BigInt(seed);
      return (): bigint => {
        state ^= (state << 13n) & mask;
        state ^= state >> 17n;
        state ^= (state << 5n) & mask;
        return state;
      };
    };
    const first = drawn(1);
    expect([first(), first()]).toEqual([270369n, 67634689n]);

    const next = drawn(77);
    const expected = Array.from({ length: 1000 }, (_, i) => i);
    for (let i = 999; i > 0; i -= 1) {
      const bound = BigInt(i + 1);
      const limit = mask - (mask % bound);
      let value = next() - 1n;
      while (value >= limit) value = next() - 1n;
      const j = Number(value % bound);
      [expected[i], expected[j]] = [expected[j] ?? -1, expected[i] ?? -1];
    }
    expect([...shuffledOrder(1000, 77)]).toEqual(expected);
    expect([...shuffledOrder(1000, 77)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
  });

  it('mixes the digits from the first row on, and the head is the first rows', async () => {
    await prepare();
    const whole = readTensor(unpack(entryOf('mnist-10k')));
    const head = readTensor(unpack(entryOf('mnist-10k-head')));
    expect(new Set(whole.labels.subarray(0, 50)).size).toBe(10);
    expect(head.header.rows).toBe(2000);
    for (let row = 0; row < head.header.rows; row += 1) {
      if (head.labels[row] !== whole.labels[row] || !head.image(row).equals(whole.image(row))) {
        throw new Error(`row ${row} of the head is another`);
      }
    }
  });
});

describe.skipIf(mirror === null)('against the originals', () => {
  const raw = (path: string): Buffer => readFileSync(resolve(mirror ?? '', path));
  const idx = (path: string): Buffer => readIdx(gunzipSync(raw(path))).data as Buffer;

  it('mnist-10k is the first 10,000 training images of MNIST, label by label', async () => {
    await prepare();
    const images = idx('mnist/train-images-idx3-ubyte.gz');
    const labels = idx('mnist/train-labels-idx1-ubyte.gz');
    const set = readTensor(unpack(entryOf('mnist-10k')));
    const ours: string[] = [];
    const theirs: string[] = [];
    for (let row = 0; row < 10_000; row += 1) {
      ours.push(`${set.labels[row]} ${sha256(set.image(row))}`);
      theirs.push(`${labels[row]} ${sha256(images.subarray(row * 784, (row + 1) * 784))}`);
    }
    expect(ours).not.toEqual(theirs);
    expect(ours.sort()).toEqual(theirs.sort());
  });

  it('mnist-test is the test file, row for row', async () => {
    await prepare();
    const images = idx('mnist/t10k-images-idx3-ubyte.gz');
    const set = readTensor(unpack(entryOf('mnist-test')));
    expect([...set.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    for (const row of [0, 1, 4999, 9999]) {
      expect(set.image(row).equals(images.subarray(row * 784, (row + 1) * 784))).toBe(true);
    }
  });

  it('wine-quality has the red rows, then the white ones, cells as written', async () => {
    await prepare();
    const lines = unpack(entryOf('wine-quality')).toString('utf8').trimEnd().split('\n');
    const original = ['red', 'white'].flatMap((colour) =>
      raw(`wine-quality/winequality-${colour}.csv`)
        .toString('utf8')
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => `${line.replaceAll(';', ',')},${colour}`),
    );
    expect(lines.slice(1)).toEqual(original);
  });

  it('iris and iris-uci differ in rows 35 and 38 alone', async () => {
    await prepare();
    const ours = unpack(entryOf('iris')).toString('utf8').split('\n');
    const uci = unpack(entryOf('iris-uci')).toString('utf8').replaceAll('Iris-', '').split('\n');
    const rows = ours.flatMap((line, i) => (line === uci[i] ? [] : [i]));
    expect(rows).toEqual([35, 38]);
  });
});

describe('fetching', () => {
  it('keeps a file with the right hash, tries the next address, and names what it could not get', async () => {
    const bytes = Buffer.from('a,b\n1,2\n');
    const server = createServer((request, response) => {
      if (request.url === '/right') response.end(bytes);
      else if (request.url === '/wrong') response.end('a,b\n1,3\n');
      else response.writeHead(404).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const folder = temporaryFolder();
    try {
      const source = (path: string, ...urls: string[]) => ({
        path,
        bytes: bytes.length,
        sha256: sha256(bytes),
        urls: urls.map((url) => at + url),
      });
      const missing = await fetchRaw(
        [source('x/one.csv', '/absent', '/wrong', '/right'), source('x/two.csv', '/wrong', '/absent')],
        folder.path,
      );
      expect(missing).toEqual(['x/two.csv']);
      expect(readFileSync(resolve(folder.path, 'x/one.csv'))).toEqual(bytes);
      expect(existsSync(resolve(folder.path, 'x/two.csv'))).toBe(false);
    } finally {
      server.close();
      folder.remove();
    }
  });
});
