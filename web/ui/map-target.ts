/** What presses, keys and shapes on the map mean: calls of the actions, by the modes that the store holds. */

import type { Actions } from '../state/actions.ts';
import type { SelectionActions } from '../state/selection-actions.ts';
import type { SelectionOp, Store } from '../state/store.ts';
import type { ViewActions } from '../state/view-actions.ts';
import type { MapTarget } from './map-gestures.ts';
import { type Keys, opOfKeys, type ShapeTarget } from './selection-gestures.ts';

export type MapActions = ViewActions & SelectionActions & Pick<Actions, 'toggle'>;

/** The row the arrow keys went to last, to be said once its detail is there. */
export interface Cursor {
  row: number | null;
  said: string; // by the live region when the key was pressed: what has been said since is not to be cut off
}

/** Presses of the brush's keys: each makes it so much larger or smaller. */
const BRUSH_STEP = 1.25;

/** @param showAll shows all of the map */
export function createMapTarget(
  store: Store,
  actions: MapActions,
  cursor: Cursor,
  showAll: () => void,
): MapTarget {
  /* Steps of the undo list that each of the last two clicks has made: a double-click takes them back, so that it
     never costs the selection it is pressed over. */
  let steps: number[] = [];

  const click = (row: number | null, keys: Keys): void => {
    if (keys.shift || (keys.ctrl && !keys.alt)) {
      if (row !== null) actions.toggleRow(row);
      return;
    }
    const held = opOfKeys(keys);
    if (held) {
      if (row !== null) actions.selectRow(row, held);
      return;
    }
    actions.pin(row);
    if (row !== null) actions.selectRow(row);
    else if (store.selectionOp.peek() === 'replace') actions.clearSelection();
  };

  const takeBack = async (): Promise<void> => {
    const made = steps.reduce((sum, count) => sum + count, 0);
    steps = [];
    for (let i = 0; i < made; i++) await actions.undo();
  };

  return {
    hovered: () => store.hover.peek(),
    pinned: () => store.pinned.peek(),
    hover: actions.setHover,
    cursor(row) {
      actions.setHover(row);
      cursor.row = row;
      cursor.said = store.announcement.peek();
    },
    tool: () => store.tool.peek(),
    shiftTool: () => store.shiftTool.peek(),
    click(row, keys) {
      const { version } = store.selection.peek();
      click(row, keys);
      steps = [...steps.slice(-1), store.selection.peek().version === version ? 0 : 1];
    },
    doubleClick() {
      const clears = store.tool.peek() !== 'pan';
      if (!clears) showAll();
      void takeBack().then(() => {
        if (clears) actions.clearSelection();
      });
    },
    enter(row, toggle) {
      if (toggle) {
        actions.toggleRow(row);
      } else {
        actions.pin(row);
        actions.selectRow(row);
      }
    },
    selectAll: actions.selectAll,
    invert: actions.invertSelection,
    escape() {
      if (store.hover.peek() !== null || store.pinned.peek() !== null) {
        actions.setHover(null);
        actions.pin(null);
        return true;
      }
      if (store.selection.peek().count === 0) return false;
      actions.clearSelection();
      return true;
    },
    resizeBrush(direction) {
      if (store.tool.peek() !== 'brush') return false;
      actions.setBrushRadius(Math.round(store.brushRadius.peek() * BRUSH_STEP ** direction));
      return true;
    },
    space() {
      if (store.shortcuts.peek()) actions.toggle();
    },
  };
}

/** @param changed draws the shape again */
export function createShapeTarget(store: Store, actions: MapActions, changed: () => void): ShapeTarget {
  return {
    op: () => store.selectionOp.peek(),
    radius: () => store.brushRadius.peek(),
    moment() {
      const map = store.map.peek();
      return map ? { step: map.step, epoch: map.epoch, axes: map.axes } : null;
    },
    preview: (bits, op) => actions.previewBits(bits, op),
    commit: (bits, maker, op) => actions.selectBits(bits, maker, op),
    changed,
  };
}

/** How the next press or shape would be combined. */
export function opInForce(store: Store, keys: Keys): SelectionOp {
  return opOfKeys(keys) ?? store.selectionOp.peek();
}
