/** Joins the page and its service worker, with what both need of the browser. A file of its own: nobody waits for it. */

import type { Actions } from './state/actions.ts';
import { somethingAtStake } from './state/at-stake.ts';
import { createOffline } from './state/offline-actions.ts';
import type { Store } from './state/store.ts';

/** What browsers tell of the connection, where they do. */
interface Connection {
  saveData?: boolean;
  type?: string;
  effectiveType?: string;
}

/** True where megabytes cost money or minutes. */
function sparing(): boolean {
  const { connection } = navigator as { connection?: Connection };
  if (!connection) return false;
  const { saveData, type, effectiveType } = connection;
  return saveData === true || type === 'cellular' || /^(slow-2g|2g|3g)$/.test(effectiveType ?? '');
}

export function startOffline(store: Store, actions: Actions): void {
  createOffline(store, actions, {
    /* Undefined in contexts that are not secure. */
    container: navigator.serviceWorker as ServiceWorkerContainer | undefined,
    address: new URL('sw.js', document.baseURI).href,
    sparing,
    async unsaved() {
      const saves = actions.saves?.content.peek();
      await saves?.flush();
      return saves?.unsaved() ?? somethingAtStake(store);
    },
    reload: () => location.reload(),
  });
}
