/** Fetching the files of a version and keeping them: all or none, then the large ones as there is room. */

import type { MissingFile, OfflineFailure, OfflineReport } from '../protocol/offline.ts';
import { addressOf, bytesOf, core, folder, integrityOf, large, site } from './site.ts';
import { add, cacheOf, clearHalf, versions } from './versions.ts';

declare const self: ServiceWorkerGlobalScope;

/** Files that are fetched at once. */
const LANES = 6;
/** Kept with each file: what it was checked against. */
const CHECKED = 'X-Checked';

class NotKept extends Error {
  readonly file: string;
  readonly reason: OfflineFailure['reason'];
  constructor(file: string, reason: OfflineFailure['reason']) {
    super(`${file || 'the list of versions'}: ${reason}`);
    this.file = file;
    this.reason = reason;
  }
}

/** Tells every open page of this site. */
async function tell(message: OfflineReport | OfflineFailure): Promise<void> {
  const clients = await self.clients.matchAll({ includeUncontrolled: true, type: 'window' });
  for (const client of clients) {
    if (client.url.startsWith(folder.href)) client.postMessage(message);
  }
}

/** Only storing fails for want of room; browsers differ in what they call it. */
async function storing<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch {
    throw new NotKept(file, 'full');
  }
}

/** Fetches a file, past any copy that the browser has not asked the host about, and keeps it if it is what was built. */
async function keep(cache: Cache, path: string, signal?: AbortSignal): Promise<void> {
  const integrity = integrityOf(path);
  let response: Response;
  let body: Blob;
  try {
    response = await fetch(addressOf(path), {
      integrity,
      cache: 'no-cache',
      credentials: 'same-origin',
      ...(signal ? { signal } : {}),
    });
    if (!response.ok) throw new NotKept(path, 'missing');
    body = await response.blob();
  } catch (error) {
    throw error instanceof NotKept ? error : new NotKept(path, 'damaged');
  }
  /* Made anew: what the host says of compression and redirects is no longer true of it. */
  const headers = new Headers({ 'Content-Length': String(body.size), [CHECKED]: integrity });
  const type = response.headers.get('Content-Type');
  if (type) headers.set('Content-Type', type);
  await storing(path, cache.put(addressOf(path), new Response(body, { headers })));
}

async function keepAll(cache: Cache, paths: readonly string[]): Promise<void> {
  const queue = [...paths];
  const abort = new AbortController();
  const lane = async (): Promise<void> => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      await keep(cache, path, abort.signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } catch (error) {
    queue.length = 0;
    abort.abort();
    throw error;
  }
}

/** Copies large files that another version has, if they are the same, so that an update does not fetch them again. */
async function takeOver(cache: Cache): Promise<void> {
  const others = (await versions()).filter((version) => version !== site.version);
  for (const path of large) {
    for (const version of others) {
      const found = await caches.match(addressOf(path), { cacheName: cacheOf(version) });
      if (found?.headers.get(CHECKED) !== integrityOf(path)) continue;
      await cache.put(addressOf(path), found).catch(() => undefined);
      break;
    }
  }
}

/** True when this very version was kept before and still is: the host went back to it. */
async function isWhole(): Promise<boolean> {
  if (!(await versions()).includes(site.version)) return false;
  const cache = await caches.open(cacheOf(site.version));
  const kept = new Set((await cache.keys()).map(({ url }) => url));
  return core.every((path) => kept.has(addressOf(path)));
}

/**
 * Keeps this version: every file but the large ones, or none. Rejects when one is missing, is not what was built, or
 * there is no room; what was there before is as it was, this very version included, and the browser tries again at the next visit.
 */
export async function install(): Promise<void> {
  const name = cacheOf(site.version);
  let begun = false; // a copy that was not there before
  try {
    if (!(await isWhole())) {
      await clearHalf();
      /* One that is in the list may be what the running worker answers from: it is filled up where it is. */
      begun = !(await versions()).includes(site.version);
      const cache = await storing('', caches.open(name));
      await keepAll(cache, core);
      await takeOver(cache);
    }
    await storing('', add());
  } catch (error) {
    if (begun) await caches.delete(name);
    const { file, reason } = error instanceof NotKept ? error : new NotKept('', 'full');
    await tell({ type: 'offline-failed', version: site.version, file, reason });
    throw error;
  }
}

/** What of this version is not kept: large files, and any that the browser has dropped since. */
async function missingFiles(): Promise<MissingFile[]> {
  const cache = await caches.open(cacheOf(site.version));
  const kept = new Set((await cache.keys()).map(({ url }) => url));
  const all = [...core, ...large];
  return all.filter((path) => !kept.has(addressOf(path))).map((file) => ({ file, bytes: bytesOf(file) }));
}

const allBytes = [...core, ...large].reduce((sum, path) => sum + bytesOf(path), 0);
let full = false;
let completing: Promise<void> | null = null;

export async function report(): Promise<OfflineReport> {
  const missing = await missingFiles();
  const bytes = allBytes - missing.reduce((sum, { bytes: each }) => sum + each, 0);
  return { type: 'offline', version: site.version, bytes, missing, full };
}

/** True when a file would take more than half of what is left for this origin. */
async function tooLarge(bytes: number): Promise<boolean> {
  const { quota = 0, usage = 0 } = await self.navigator.storage.estimate();
  return bytes > (quota - usage) / 2;
}

async function completeNow(): Promise<void> {
  full = false;
  const cache = await caches.open(cacheOf(site.version));
  for (const { file, bytes } of await missingFiles()) {
    try {
      if (await tooLarge(bytes)) throw new NotKept(file, 'full');
      await keep(cache, file);
    } catch (error) {
      full = error instanceof NotKept && error.reason === 'full';
      /* No room for this one means none for those after it, which are larger. */
      if (full) break;
    }
    await tell(await report());
  }
  await tell(await report());
}

/** Fetches what is not kept, the large files last and the smallest of them first; tells the pages after each. Never rejects. */
export function complete(): Promise<void> {
  completing ??= completeNow()
    .catch(() => undefined)
    .finally(() => {
      completing = null;
    });
  return completing;
}
