/**
 * The kill switch: put in place of a host's `sw.js`, it removes every service worker of this site from the browsers
 * that come by, with all that was kept. Open pages go on as they are; nothing is reloaded.
 */

declare const self: ServiceWorkerGlobalScope;

self.addEventListener('install', () => {
  void self.skipWaiting();
});

self.addEventListener('activate', (event) => {
  const end = async (): Promise<void> => {
    const { pathname } = new URL('./', self.location.href);
    for (const name of await caches.keys()) {
      if (name.startsWith(`unfold ${pathname} `)) await caches.delete(name);
    }
    await self.registration.unregister();
  };
  event.waitUntil(end());
});

export {};
