/**
 * Which rows are shown: the eyes of the legend, and "Keep only". Rows that are hidden stay selected, trained on and
 * counted; they are not drawn, and pointer and gestures pass over them.
 */

import { batch } from '@preact/signals';
import type { RowBits } from '../protocol/messages.ts';
import { MISSING_INDEX } from '../render/palette.ts';
import { cut, sameBits } from './selection.ts';
import type { Store } from './store.ts';
import { formatCount, rowsText } from './summary.ts';
import type { Undo } from './undo.ts';

export interface HideActions {
  /** Shows the selected rows alone. */
  keepOnly(): void;
  /** Shows every row: takes back `keepOnly` and opens every eye. */
  showAllRows(): void;
  /** Opens or shuts the eye of a legend item, by its palette entry. */
  toggleEntry(entry: number): void;
  /** Shows one legend item alone; the same again shows all of them. */
  isolateEntry(entry: number): void;
}

interface Shown {
  entries: ReadonlySet<number>;
  only: RowBits | null;
}

const NONE: ReadonlySet<number> = new Set();

export function createHideActions(
  store: Store,
  undo: Pick<Undo, 'push'>,
  announce: (text: string) => void,
  refreshFlags: () => void,
): HideActions {
  function put({ entries, only }: Shown): void {
    batch(() => {
      store.bulk.only = only;
      store.hidden.value = { ...store.hidden.peek(), entries, only: only !== null };
      refreshFlags();
    });
  }

  function change(label: string, next: Shown): void {
    const before: Shown = { entries: store.hidden.peek().entries, only: store.bulk.only };
    put(next);
    undo.push({ label, undo: () => put(before), redo: () => put(next), says: shownRows });
    announce(shownRows());
  }

  function shownRows(): string {
    const rows = store.table.peek()?.info.rows ?? 0;
    return `${formatCount(rows - store.hidden.peek().rows)} of ${formatCount(rows)} rows shown`;
  }

  /** The legend's entries that have an eye, with their names. */
  function eyes(): Map<number, string> {
    const legend = store.legend.peek();
    const names = new Map<number, string>();
    if (legend.kind === 'none') return names;
    if (legend.kind === 'classes') for (const { name, colour } of legend.items) names.set(colour, cut(name));
    if (legend.missing > 0) names.set(MISSING_INDEX, 'missing');
    return names;
  }

  return {
    keepOnly() {
      const { selected, only } = store.bulk;
      const { count } = store.selection.peek();
      const all = count === store.table.peek()?.info.rows;
      if (!selected || sameBits(selected, only) || (all && !only)) return;
      const { entries } = store.hidden.peek();
      change(`keep only ${rowsText(count)}`, { entries, only: selected });
    },
    showAllRows() {
      const { entries, only } = store.hidden.peek();
      if (entries.size > 0 || only) change('showing all rows', { entries: NONE, only: null });
    },
    toggleEntry(entry) {
      const name = eyes().get(entry);
      if (name === undefined) return;
      const entries = new Set(store.hidden.peek().entries);
      const shut = entries.delete(entry);
      if (!shut) entries.add(entry);
      change(`${shut ? 'showing' : 'hiding'} ${name}`, { entries, only: store.bulk.only });
    },
    isolateEntry(entry) {
      const names = eyes();
      const name = names.get(entry);
      if (name === undefined) return;
      names.delete(entry);
      const { entries } = store.hidden.peek();
      const alone = !entries.has(entry) && [...names.keys()].every((other) => entries.has(other));
      if (alone && names.size === 0) return;
      const next = { entries: alone ? NONE : new Set(names.keys()), only: store.bulk.only };
      change(alone ? 'showing all classes' : `only ${name}`, next);
    },
  };
}
