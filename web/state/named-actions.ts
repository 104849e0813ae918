/** Selections under names, in the order in which they were first saved. */

import { cut, sameBits } from './selection.ts';
import type { NamedSelection, Store } from './store.ts';
import { rowsText } from './summary.ts';
import type { Undo } from './undo.ts';

/** Characters of a saved selection's name. */
const NAME_LENGTH = 60;

export interface Named {
  /** Keeps the selected rows; see `saveSelection`. */
  save(name: string): boolean;
  forget(name: string): void;
  find(name: string): NamedSelection | undefined;
}

export function createNamed(store: Store, undo: Undo, announce: (text: string) => void): Named {
  function find(name: string): NamedSelection | undefined {
    return store.named.peek().find((other) => other.name === name);
  }

  function change(label: string, next: readonly NamedSelection[]): void {
    const before = store.named.peek();
    const put = (list: readonly NamedSelection[]) => () => {
      store.named.value = list;
    };
    put(next)();
    undo.push({ label, undo: put(before), redo: put(next) });
  }

  return {
    find,
    save(text) {
      const name = Array.from(text.trim()).slice(0, NAME_LENGTH).join('').trim();
      const bits = store.bulk.selected;
      if (name === '' || !bits) return false;
      const { count, maker } = store.selection.peek();
      const entry: NamedSelection = { name, count, maker, bits };
      const old = find(name);
      if (old && sameBits(old.bits, bits)) return true;
      const list = store.named.peek();
      change(
        `saved selection ${cut(name)}`,
        old ? list.map((other) => (other === old ? entry : other)) : [...list, entry],
      );
      announce(
        old
          ? `“${name}” is now ${rowsText(count)}; it was ${rowsText(old.count)}.`
          : `${rowsText(count)} saved as “${name}”.`,
      );
      return true;
    },
    forget(name) {
      if (!find(name)) return;
      change(
        `forgetting ${cut(name)}`,
        store.named.peek().filter((other) => other.name !== name),
      );
      announce(`“${name}” was forgotten.`);
    },
  };
}
