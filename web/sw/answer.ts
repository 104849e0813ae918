/** Answering from what is kept, dressed with the headers that a plain host does not send. */

import { KEPT_MARK } from '../protocol/offline.ts';
import { addressOf, isListed, pathOf, site } from './site.ts';
import { cacheOf, remember, sweep, versionOf, versions } from './versions.ts';

/** Answers without a body, which can't be made anew: two projects have shipped a TypeError here. */
const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** Where files lie that other versions may have and this one has not. */
const VERSIONED = /^(assets|data)\//;

/** The path to answer for, or null: the request is none of the worker's business, and takes its usual way. */
export function wanted({ method, headers, cache, mode, url }: Request): string | null {
  if (method !== 'GET' || headers.has('range')) return null;
  if (cache === 'only-if-cached' && mode !== 'same-origin') return null;
  const path = pathOf(url);
  return path !== null && (isListed(path) || VERSIONED.test(path)) ? path : null;
}

/**
 * The same answer with isolation, and with a policy on documents and scripts: a worker that is started by address
 * takes it from its script. An answer from the host keeps its own policy beside ours; one from the copy is marked,
 * so that the page can tell who answered.
 */
export function dressed(response: Response, path: string, fromCopy = false): Response {
  const { type, status, statusText, body } = response;
  if (type === 'opaqueredirect' || type === 'error' || BODILESS.has(status)) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(site.headers)) headers.set(name, value);
  if (fromCopy) headers.set('Server-Timing', KEPT_MARK);
  const policy = site.policies[path.endsWith('.js') ? 'index.html' : path];
  if (policy !== undefined) headers.append('Content-Security-Policy', policy);
  return new Response(body, { status, statusText, headers });
}

/**
 * A file as the page knows it: of the version it runs, else of this one, else of any. Names below assets/ hold a hash
 * of what is in them, so that the last resort, for pages of which nothing is known, can't mix versions either.
 */
async function find(path: string, client: string | null): Promise<Response | undefined> {
  const list = await versions();
  const order = new Set([site.version, ...[...list].reverse()]);
  let first = site.version;
  if (client && list.length > 1) first = (await versionOf(client)) ?? first;
  for (const version of new Set([first, ...order])) {
    const found = await caches.match(addressOf(path), { cacheName: cacheOf(version) });
    if (found) return found;
  }
  return undefined;
}

/** Never rejects: what can't be had is a network error, as without a worker. */
export async function answer(event: FetchEvent, path: string): Promise<Response> {
  const { request } = event;
  const document = request.mode === 'navigate';
  try {
    if (document) {
      event.waitUntil(
        remember(event.resultingClientId)
          .then(sweep)
          .catch(() => undefined),
      );
    }
    const found = await find(path, document ? null : event.clientId);
    return found ? dressed(found, path, true) : dressed(await fetch(request), path);
  } catch {
    return Response.error();
  }
}
