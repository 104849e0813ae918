/** Joins the page and its service worker, with what both need of the browser. A file of its own: nobody waits for it. */

import type { Actions } from './state/actions.ts';
import { somethingAtStake, underWay } from './state/at-stake.ts';
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

/** How long a save may take before the person is asked all the same, ms: some never end. */
const PATIENCE = 5000;

/** What of saved work is needed here. */
interface Saves {
  flush(): Promise<void>;
  unsaved(): boolean;
}

/** Saves what can be saved; true when loading the page again costs work all the same, or may. */
export async function unsavedWork(
  store: Store,
  saves: Saves | null | undefined,
  patience = PATIENCE,
): Promise<boolean> {
  if (!saves) return somethingAtStake(store);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, patience, 'late');
  });
  const saved = saves.flush().catch(() => undefined);
  const how = await Promise.race([saved, late]);
  clearTimeout(timer);
  /* What runs is not saved until it has ended. */
  return saves.unsaved() || underWay(store) || (how === 'late' && somethingAtStake(store));
}

export function startOffline(store: Store, actions: Actions): void {
  createOffline(store, actions, {
    /* Undefined in contexts that are not secure. */
    container: navigator.serviceWorker as ServiceWorkerContainer | undefined,
    address: new URL('sw.js', document.baseURI).href,
    sparing,
    unsaved: () => unsavedWork(store, actions.saves?.content.peek()),
    reload: () => location.reload(),
  });
}
