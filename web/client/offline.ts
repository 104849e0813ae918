/**
 * The page's handle on its service worker (web/sw.ts): registers it, hears how much is kept, and learns of new
 * versions. It never reloads the page by itself and never fails loudly: where there is no service worker, because
 * the browser, the person or the surroundings refuse it, the page works as it does without one.
 */

import * as v from 'valibot';
import type { OfflineFailure, OfflineReport, OfflineRequest, OfflineVersion } from '../protocol/offline.ts';
import { scriptUrl } from './trusted.ts';

/** Least time between two looks for a new version, in a page that stays open, ms. */
const LOOK_AGAIN = 60 * 60 * 1000;

const message = v.variant('type', [
  v.object({
    type: v.literal('offline'),
    version: v.string(),
    bytes: v.number(),
    missing: v.array(v.object({ file: v.string(), bytes: v.number() })),
    full: v.boolean(),
  }),
  v.object({
    type: v.literal('offline-failed'),
    version: v.string(),
    file: v.string(),
    reason: v.picklist(['missing', 'damaged', 'full']),
  }),
  v.object({ type: v.literal('offline-version'), version: v.string() }),
]) satisfies v.GenericSchema<OfflineReport | OfflineFailure | OfflineVersion>;

export interface OfflineHandlers {
  /** Nothing can be kept here. */
  onRefused(): void;
  onInstalling(): void;
  onReport(report: OfflineReport): void;
  onFailure(failure: OfflineFailure): void;
  /** A new version is whole and waits; `accept` puts it to work. */
  onUpdate(): void;
  /** The version that was accepted is at work: the page may be reloaded. */
  onAccepted(): void;
  /** Another worker is at work. What is kept is not known until it reports, which one of other makers never does. */
  onChanged(): void;
  /** Another tab has accepted a new version. This page keeps the files of its own. */
  onReplaced(): void;
  /** The host, or the browser, has ended the service worker: nothing is kept any more. Nothing else is called after it. */
  onEnded(): void;
}

/** The part of `navigator.serviceWorker` that is used. */
export type Container = Pick<
  ServiceWorkerContainer,
  'controller' | 'register' | 'getRegistration' | 'addEventListener' | 'removeEventListener'
>;

export interface OfflineCopy {
  /** Puts the version that waits to work, in every tab. `onAccepted` is called once it is, or is no more. */
  accept(): void;
  /** Fetches what is too large to be part of the installation. */
  complete(): void;
  /** Deletes all that is kept and ends the service worker; resolves when the browser has taken that in. */
  remove(): Promise<void>;
}

async function register(
  container: Container | undefined,
  address: string,
): Promise<ServiceWorkerRegistration | undefined> {
  return container?.register(scriptUrl(address), { updateViaCache: 'none' });
}

/**
 * Begins to keep the site. `address` is that of sw.js, absolute. Resolves once the browser has taken the worker on,
 * or to null after `onRefused`.
 */
export async function keepOffline(
  container: Container | undefined,
  address: string,
  on: OfflineHandlers,
): Promise<OfflineCopy | null> {
  /* Automated browsers resolve to nothing where they block service workers. */
  const registration = await register(container, address).catch(() => undefined);
  if (!container || !registration) {
    on.onRefused();
    return null;
  }
  const ended = new AbortController();
  const { signal } = ended;
  let accepting = false;
  let accepted: ServiceWorker | null = null; // is to take over
  let replaced = false; // by a worker that has not said yet of which version it is

  const isOurs = (worker: ServiceWorker | null): boolean => worker?.scriptURL === address;
  const ask = (worker: ServiceWorker | null, request: OfflineRequest): void => worker?.postMessage(request);

  let controlled = isOurs(container.controller);
  container.addEventListener(
    'controllerchange',
    () => {
      if (controlled && !accepting) {
        replaced = true;
        on.onChanged();
        ask(container.controller, { type: 'version' });
      }
      controlled = isOurs(container.controller);
    },
    { signal },
  );
  container.addEventListener(
    'message',
    ({ data }: MessageEvent<unknown>) => {
      const told = v.safeParse(message, data);
      if (!told.success) return;
      const { output } = told;
      if (output.type === 'offline') on.onReport(output);
      else if (output.type === 'offline-failed') on.onFailure(output);
      else if (replaced) {
        replaced = false;
        on.onReplaced();
      } else if (registration.waiting && !accepting) on.onUpdate();
    },
    { signal },
  );

  /** A worker that ends the site's, in its place at the host, has taken the registration with it. */
  async function lookForEnd(): Promise<void> {
    const found = await container?.getRegistration(address).catch(() => registration);
    if (signal.aborted || found?.scope === registration?.scope) return;
    ended.abort();
    on.onEnded();
  }

  /** Takes on the version that waits; where there is none any more, the page is loaded again for what there is. */
  function takeOn(): void {
    accepted = registration?.waiting ?? null;
    if (accepted) ask(accepted, { type: 'activate' });
    else on.onAccepted();
  }

  /** Follows a worker from its installation on. */
  function follow(worker: ServiceWorker | null): void {
    if (!worker) return;
    const first = !isOurs(registration?.active ?? null);
    if (first && worker.state === 'installing') on.onInstalling();
    const look = (): void => {
      /* Whether it is a new version is for it to say. */
      if (worker.state === 'installed' && !first) {
        replaced = false;
        ask(worker, { type: 'version' });
      } else if (worker.state === 'redundant' && worker === accepted) takeOn();
      else if (worker.state === 'activated') {
        if (accepting) on.onAccepted();
        else {
          ask(worker, { type: 'report' });
          void lookForEnd();
        }
      }
    };
    worker.addEventListener('statechange', look, { signal });
    look();
  }

  registration.addEventListener('updatefound', () => follow(registration.installing), { signal });
  follow(registration.installing);
  follow(registration.waiting);
  follow(registration.active);

  let looked = Date.now();
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState !== 'visible' || Date.now() - looked < LOOK_AGAIN) return;
      looked = Date.now();
      registration.update().catch(() => undefined);
    },
    { signal },
  );

  return {
    accept() {
      accepting = true;
      takeOn();
    },
    complete: () => ask(registration.active, { type: 'complete' }),
    async remove() {
      ended.abort();
      const worker = registration.active ?? registration.waiting;
      ask(worker, { type: 'uninstall' });
      /* The worker deletes its caches and ends itself; that it was taken off is seen here, too. */
      await registration.unregister().catch(() => false);
    },
  };
}
