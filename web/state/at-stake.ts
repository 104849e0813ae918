/** Whether there is work on the page that loading it again would lose, were nothing of it kept. */

import type { Store } from './store.ts';

/** Something runs or is being opened that the person has begun. */
export function underWay(store: Store): boolean {
  const phase = store.phase.peek();
  if (store.firstVisit.peek()) return false;
  return 'job' in phase || phase.kind === 'opening' || store.task.peek() !== null;
}

/** The demonstration, and a set of the catalogue that was trained on as it came, can be had again at any time. */
export function somethingAtStake(store: Store): boolean {
  if (store.firstVisit.peek()) return false;
  return (
    underWay(store) ||
    store.table.peek()?.origin === 'file' ||
    store.named.peek().length > 0 ||
    store.history.peek().nodes.some(({ kind }) => kind !== 'train')
  );
}
