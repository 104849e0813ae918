/**
 * What a training is compared with: the map as it was before, and the errors of a selection, of the rest and of each
 * class, before and after.
 */

import { failure } from '../protocol/failure.ts';
import type { RowBits } from '../protocol/messages.ts';
import { sameAxes } from './colouring.ts';
import { sameBits } from './row-sets.ts';
import type { Session } from './session-actions.ts';
import type { Before, Measured, ModelState, Store } from './store.ts';
import { labelColumn } from './summary.ts';

export interface Comparing {
  /** Errors of a selection and beside it, by the present weights. */
  measure(selected: RowBits): Promise<Measured>;
  /** The map as it is now, to compare with: exact errors of every row. */
  look(): Promise<Before | null>;
  /** What the map is compared with from now on. */
  compareWith(before: Before | null): void;
  /** Name of the label column that errors are told by class of. */
  labelName(): string | null;
}

/** The model on screen; a failure when there is none any more. */
export function modelNow(store: Store): ModelState {
  const model = store.model.peek();
  if (!model) throw failure('not_found', 'There is no model any more.');
  return model;
}

export function axesNow(store: Store): [number, number] {
  return store.map.peek()?.axes ?? [0, 1];
}

export function createComparing({ store, engine }: Session, refreshColours: () => void): Comparing {
  function labels(): { column: number | null; name: string | null } {
    const table = store.table.peek();
    const column = labelColumn(table);
    return column < 0
      ? { column: null, name: null }
      : { column, name: table?.info.columns[column]?.name ?? null };
  }

  async function measure(selected: RowBits): Promise<Measured> {
    const { model } = modelNow(store).info;
    const { at, nodes } = store.history.peek();
    const { column, name } = labels();
    const node = at === null ? undefined : nodes[at];
    /* What the last retrain ended with is what this one begins with. */
    const same = node?.label === name && sameBits(node?.fits.at(-1)?.selection ?? null, selected);
    const axes = axesNow(store);
    if (same && node?.after && sameAxes(node.after.axes, axes)) return node.after;
    const measured = await engine.request({ type: 'measure', model, selection: selected, column });
    /* Others were chosen meanwhile: nobody knows which of them were measured. */
    return sameAxes(axes, axesNow(store)) ? { ...measured, axes } : measure(selected);
  }

  return {
    measure,
    labelName: () => labels().name,
    compareWith(before) {
      if (store.bulk.before === before) return;
      store.bulk.before = before;
      refreshColours();
    },
    async look() {
      const map = store.map.peek();
      const arrays = map ? store.bulk.maps.get(map.map) : undefined;
      if (!map || !arrays || arrays.positions.length !== 2 * map.rows) return null;
      /* Frames lend their arrays; those of the errors may be older than the positions. */
      const positions = arrays.positions.slice();
      const { model } = modelNow(store).info;
      const error = await engine.request({ type: 'read', what: 'error', model });
      return { positions, error: error.length === map.rows ? error : null, axes: [...map.axes] };
    },
  };
}
