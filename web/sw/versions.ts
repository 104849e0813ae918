/**
 * Which versions of the site are kept, and which one each open page runs.
 *
 * Each version has a cache of its own, named by this copy's folder: several copies may share an origin. A small
 * cache beside them holds the list of versions that are whole, in the order in which they were installed, and
 * which version answered each page's navigation. A worker is ended and started by the browser at any moment, and
 * two of them, old and new, may be at work: what is remembered is read again before it is changed, under a lock.
 */

import { folder, site } from './site.ts';

declare const self: ServiceWorkerGlobalScope;

const prefix = `unfold ${folder.pathname} `;
const STATE = `${prefix}state`;
const LIST = new URL('.kept/versions', folder).href;
const clientKey = (id: string): string => new URL(`.kept/client/${encodeURIComponent(id)}`, folder).href;

/** Name of the cache that holds a version's files. */
export const cacheOf = (version: string): string => prefix + version;

/** The list as this worker has last seen it; null: not yet. */
let seen: readonly string[] | null = null;

/** Pages on their way, which are no clients yet: what is remembered of them is not thrown away. */
const arriving = new Set<string>();

async function read(key: string): Promise<string | null> {
  const found = await caches.match(key, { cacheName: STATE });
  return found ? found.text() : null;
}

async function write(key: string, text: string): Promise<void> {
  const cache = await caches.open(STATE);
  await cache.put(key, new Response(text));
}

async function readList(): Promise<string[]> {
  const text = await read(LIST);
  return text ? text.split(' ') : [];
}

/** Versions that are whole, the first installed first. */
export async function versions(): Promise<readonly string[]> {
  seen ??= await readList();
  return seen;
}

const locked = <T>(change: () => Promise<T>): Promise<T> =>
  self.navigator.locks.request(STATE, change) as Promise<T>;

/** This version is whole from now on, and the newest. */
export function add(): Promise<void> {
  return locked(async () => {
    const list = (await readList()).filter((version) => version !== site.version);
    seen = [...list, site.version];
    await write(LIST, seen.join(' '));
  });
}

/** Deletes what an installation that was cut off has left. */
export function clearHalf(): Promise<void> {
  return locked(async () => {
    const whole = new Set([STATE, ...(await readList()).map(cacheOf)]);
    for (const name of await caches.keys()) {
      if (name.startsWith(prefix) && !whole.has(name)) await caches.delete(name);
    }
  });
}

/** Notes that a page's document came from this version. */
export async function remember(client: string): Promise<void> {
  if (client === '') return;
  arriving.add(client);
  await write(clientKey(client), site.version);
}

/** The version a page runs, or null: it is not known, as of a page that came from the host. */
export const versionOf = (client: string): Promise<string | null> => read(clientKey(client));

/**
 * Deletes the versions before this one that no open page runs, and what was remembered of pages that are gone. Resolves
 * to true when some are left.
 */
export function sweep(): Promise<boolean> {
  return locked(async () => {
    const clients = await self.clients.matchAll({ includeUncontrolled: true, type: 'all' });
    const keep = new Set([LIST, ...[...arriving, ...clients.map(({ id }) => id)].map(clientKey)]);
    const used = new Set<string>();
    const state = await caches.open(STATE);
    for (const { url } of await state.keys()) {
      if (!keep.has(url)) await state.delete(url);
      else if (url !== LIST) used.add((await read(url)) ?? '');
    }
    const list = await readList();
    const own = list.indexOf(site.version);
    const over = list.filter((version, i) => i < own && !used.has(version));
    for (const version of over) await caches.delete(cacheOf(version));
    seen = list.filter((version) => !over.includes(version));
    if (over.length > 0) await write(LIST, seen.join(' '));
    return seen.indexOf(site.version) > 0;
  });
}

/** Milliseconds after which it is looked again for what could not go yet. */
const AGAIN = [2000, 5000, 10_000];

/** Sweeps now, and a little later for pages that were still on their way out. */
export async function sweepAll(): Promise<void> {
  for (const wait of AGAIN) {
    if (!(await sweep())) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  await sweep();
}

/** Deletes every copy of this site, and all that was remembered. */
export function clear(): Promise<void> {
  return locked(async () => {
    seen = [];
    for (const name of await caches.keys()) {
      if (name.startsWith(prefix)) await caches.delete(name);
    }
  });
}
