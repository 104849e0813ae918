/**
 * The sets that the page offers: reading their list and fetching their files, from the page's own origin.
 */

import { type Check, fieldsOf, isCount, isNumber, isText, oneOf } from './checks.ts';
import type { CatalogEntry } from './store.ts';

type Checks<T> = { [K in keyof T]-?: Check<NonNullable<T[K]>> };

const needed: Checks<Pick<CatalogEntry, 'id' | 'title' | 'description' | 'rows' | 'columns' | 'kind'>> = {
  id: (value): value is string => isText(value) && value !== '',
  title: isText,
  description: isText,
  rows: isCount,
  columns: isCount,
  kind: oneOf('table', 'images', 'synthetic'),
};

const optional: Checks<Omit<CatalogEntry, keyof typeof needed>> = {
  file: (value): value is string => isText(value) && /^[\w.-]+$/.test(value),
  head: isText,
  synthetic: oneOf('swiss_roll', 'blobs', 'rings', 'trefoil'),
  n: isNumber(-Infinity, Infinity),
  seed: isNumber(-Infinity, Infinity),
  label: isText,
  licence: isText,
  source: isText,
};

/** An entry with what is known of it, or null when it is not understood. */
function entryOf(item: unknown): CatalogEntry | null {
  const fields = fieldsOf(item);
  const there = Object.entries(optional).filter(([name]) => fields[name] !== undefined);
  const checks = [...Object.entries(needed), ...there];
  if (!checks.every(([name, check]) => check(fields[name]))) return null;
  return Object.fromEntries(checks.map(([name]) => [name, fields[name]])) as unknown as CatalogEntry;
}

/** How far a download is. `total` is 0 when the server does not say. */
export interface Download {
  done: number; // bytes
  total: number;
}

export type Fetch = (url: string, init: { signal: AbortSignal }) => Promise<Response>;

/** A file or list that could not be fetched, in words for the person. */
export class FetchError extends Error {}

async function get(fetch: Fetch, url: string, what: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new FetchError(`${what} could not be fetched: there was no answer.`);
  }
  if (!response.ok) {
    throw new FetchError(`${what} could not be fetched: the server answered ${response.status}.`);
  }
  return response;
}

/** Reads the list. Entries that are not understood are left out; a list that is not one throws. */
export async function fetchCatalog(
  fetch: Fetch,
  url: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<CatalogEntry[]> {
  const response = await get(fetch, url, 'The list of data sets', signal);
  let list: unknown;
  try {
    list = await response.json();
  } catch {
    throw new FetchError('The list of data sets could not be read: it is not JSON.');
  }
  if (!Array.isArray(list)) {
    throw new FetchError('The list of data sets could not be read: it is not a list.');
  }
  return list.flatMap((item: unknown) => {
    const entry = entryOf(item);
    return entry ? [entry] : [];
  });
}

/** Fetches a file piece by piece, saying how far it is. */
export async function fetchBlob(
  fetch: Fetch,
  url: string,
  name: string,
  signal: AbortSignal,
  onProgress: (download: Download) => void,
): Promise<Blob> {
  const response = await get(fetch, url, name, signal);
  const length = Number(response.headers.get('content-length') ?? 0);
  const total = Number.isFinite(length) && length > 0 ? length : 0;
  if (!response.body) {
    return response.blob();
  }
  const pieces: BlobPart[] = [];
  const reader = response.body.getReader();
  let done = 0;
  try {
    for (;;) {
      const piece = await reader.read();
      if (piece.done) break;
      pieces.push(piece.value as BlobPart);
      done += piece.value.byteLength;
      onProgress({ done, total: Math.max(total, done) });
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new FetchError(`${name} could not be fetched: the connection broke after ${done} bytes.`);
  }
  return new Blob(pieces);
}

/** Entries to choose from: all but those that are only the first rows of another. */
export function offered(catalog: readonly CatalogEntry[]): CatalogEntry[] {
  const heads = new Set(catalog.map((item) => item.head));
  return catalog.filter((item) => !heads.has(item.id));
}

/** What the demonstration shows: the digits when they are there, else the first generated set. */
export function demonstration(catalog: readonly CatalogEntry[]): CatalogEntry | null {
  return (
    catalog.find((item) => item.id === 'mnist-10k') ??
    catalog.find((item) => item.kind === 'synthetic') ??
    catalog[0] ??
    null
  );
}
