/**
 * The service worker: keeps whole versions of the site for use without a network, and sends the headers that make
 * pages isolated on hosts that send none. Built to `sw.js` beside the site's index.html, with the list of all files.
 * README.md of this folder's neighbour `sw/` tells the rules.
 */

import type { OfflineRequest, OfflineVersion } from './protocol/offline.ts';
import { answer, wanted } from './sw/answer.ts';
import { complete, install, report } from './sw/keep.ts';
import { site } from './sw/site.ts';
import { clear, sweep, sweepAll, versions } from './sw/versions.ts';

declare const self: ServiceWorkerGlobalScope;

self.addEventListener('install', (event) => {
  /* A worker of another script in this folder, as those that only add headers, has no version to keep whole. */
  const { active } = self.registration;
  if (active && active.scriptURL !== self.location.href) void self.skipWaiting();
  event.waitUntil(install());
});

self.addEventListener('activate', (event) => {
  const takeOver = async (): Promise<void> => {
    /* The first version takes the page that installed it: it works without a network from now on. */
    if ((await versions()).length === 1) await self.clients.claim();
    await sweep();
  };
  event.waitUntil(takeOver());
});

self.addEventListener('fetch', (event) => {
  const path = wanted(event.request);
  if (path !== null) event.respondWith(answer(event, path));
});

async function uninstall(): Promise<void> {
  await clear();
  await self.registration.unregister();
}

self.addEventListener('message', (event) => {
  const { type } = (event.data ?? {}) as Partial<OfflineRequest>;
  const asker = event.source;
  switch (type) {
    case 'version':
      asker?.postMessage({ type: 'offline-version', version: site.version } satisfies OfflineVersion);
      break;
    case 'report':
      event.waitUntil(report().then((told) => asker?.postMessage(told)));
      /* Asked when a page has come: the one before it in its tab is gone, or goes. */
      event.waitUntil(sweepAll());
      break;
    case 'complete':
      event.waitUntil(complete());
      break;
    case 'activate':
      event.waitUntil(self.skipWaiting());
      break;
    case 'uninstall':
      event.waitUntil(uninstall());
      break;
    default:
  }
});
