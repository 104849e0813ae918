/** What this page has asked the network for since it was opened, as the browser has noted it. */

import { KEPT_MARK } from '../protocol/offline.ts';

export interface Asked {
  file: string; // path below the page's folder; a whole address where it is none of this site
  own: boolean; // a file of this site, without a query
  at: number; // ms after the page was opened
  bytes: number; // unpacked
  by: 'offline copy' | 'browser’s cache' | 'network'; // who answered
}

/** What the browser notes of each request. */
export type Noted = Pick<
  PerformanceResourceTiming,
  'name' | 'startTime' | 'decodedBodySize' | 'transferSize' | 'workerStart'
> & { readonly serverTiming?: readonly Pick<PerformanceServerTiming, 'name'>[] };

/** The service worker marks what it has from its copy. What else goes by way of it, it fetches from the host. */
function answerer({ serverTiming = [], workerStart, transferSize }: Noted): Asked['by'] {
  if (workerStart > 0)
    return serverTiming.some(({ name }) => name === KEPT_MARK) ? 'offline copy' : 'network';
  return transferSize === 0 ? 'browser’s cache' : 'network';
}

/**
 * @param notes `navigation` and `resource` entries, oldest first
 * @param base the page's address
 */
export function askedFor(notes: readonly Noted[], base: string): Asked[] {
  const folder = new URL('./', base).href;
  /* What the page has made itself is asked of nobody. */
  const outside = notes.filter(({ name }) => !/^(blob|data):/.test(name));
  return outside.map((note) => {
    const { name, startTime, decodedBodySize } = note;
    const { href, search } = withoutHash(name);
    const below = href.startsWith(folder);
    return {
      file: below ? href.slice(folder.length) || 'index.html' : href,
      own: below && search === '',
      at: startTime,
      bytes: decodedBodySize,
      by: answerer(note),
    };
  });
}

function withoutHash(name: string): URL {
  const url = new URL(name);
  url.hash = '';
  return url;
}
