/** The actions that the map, its toolbar and the legend take, on an engine whose answers the test gives. */

import { createSelectionActions } from '../../web/state/selection-actions.ts';
import type { Store } from '../../web/state/store.ts';
import { createUndo } from '../../web/state/undo.ts';
import { createViewActions } from '../../web/state/view-actions.ts';
import type { MapActions } from '../../web/ui/map-target.ts';
import type { FakeEngine } from './view-fixture.ts';

export interface TestActions extends MapActions {
  /** Names of the actions that belong to the rest of the page, as they were called. */
  readonly called: string[];
  dispose(): void;
}

export function mapActions(store: Store, engine: FakeEngine): TestActions {
  const announce = (text: string): void => {
    store.announcement.value = text;
  };
  const called: string[] = [];
  const undo = createUndo(store, announce);
  const view = createViewActions(store, engine, undo);
  const selection = createSelectionActions(store, engine, {
    undo,
    announce,
    notify: (notice) => {
      store.notices.value = [...store.notices.peek(), { id: store.notices.peek().length, ...notice }];
    },
    settle: () => undefined,
    report: (error) => called.push(`report ${String(error)}`),
    refreshFlags: view.refreshFlags,
  });
  return {
    ...view,
    ...selection,
    called,
    toggle: () => called.push('toggle'),
    dispose() {
      view.disposeView();
      selection.disposeSelection();
    },
  };
}
