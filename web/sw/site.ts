/** What the build has put into the service worker: every file of its version of the site (build/offline.mjs). */

export interface Site {
  version: string; // 16 hexadecimal digits, a hash of all below and of the worker itself
  /** By path below the site's folder: what `fetch` checks the file against, and its bytes. */
  files: Record<string, readonly [integrity: string, bytes: number]>;
  /** Content-Security-Policy of each document, by path; scripts that start a worker get that of `index.html`. */
  policies: Record<string, string>;
  /** Isolation, for every answer (build/headers.mjs). */
  headers: Record<string, string>;
}

declare const __SITE__: Site;

export const site: Site = __SITE__;

/** Files above this many bytes are not part of the installation: a failure there must not cost the whole. */
const LARGE = 2_000_000;

/** Paths, the small ones first: those of the installation, and those that are fetched when it is done. */
const paths = Object.keys(site.files).sort((a, b) => bytesOf(a) - bytesOf(b));
export const core: readonly string[] = paths.filter((path) => bytesOf(path) <= LARGE);
export const large: readonly string[] = paths.filter((path) => bytesOf(path) > LARGE);

export function bytesOf(path: string): number {
  return site.files[path]?.[1] ?? 0;
}

export function integrityOf(path: string): string {
  return site.files[path]?.[0] ?? '';
}

/** The site's folder, as an address. */
export const folder = new URL('./', globalThis.location.href);

export const addressOf = (path: string): string => new URL(path, folder).href;

/** The path below the folder that an address means, or null when it lies elsewhere. */
export function pathOf(address: string): string | null {
  const url = new URL(address);
  if (url.origin !== folder.origin || !url.pathname.startsWith(folder.pathname)) return null;
  const path = url.pathname.slice(folder.pathname.length);
  return path === '' || path.endsWith('/') ? `${path}index.html` : path;
}

export const isListed = (path: string): boolean => Object.hasOwn(site.files, path);
