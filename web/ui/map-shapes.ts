/** Joins the shape being drawn, the keys held and the pointer with what lies over the map. */

import { effect } from '@preact/signals';
import type { Store } from '../state/store.ts';
import type { MapController } from './map-controller.ts';
import type { GestureHints, Place } from './map-gestures.ts';
import { createShapeTarget, type MapActions, opInForce } from './map-target.ts';
import { type Keys, NO_KEYS, ShapeDrawing } from './selection-gestures.ts';
import { ShapeOverlay } from './shape-overlay.tsx';
import { createShyHint } from './shy-hint.ts';

export interface ShapeLink {
  shapes: ShapeDrawing;
  hints: GestureHints;
  /** Draws the overlay again: the view has moved. */
  paint(): void;
  stop(): void;
}

export function connectShapes(
  host: HTMLElement,
  layer: HTMLElement,
  view: MapController,
  store: Store,
  actions: MapActions,
): ShapeLink {
  const overlay = new ShapeOverlay(layer);
  let pointer: Place | null = null;
  let keys: Keys = NO_KEYS;
  let ring: Place | null = null;
  const screenAt = view.screenAt.bind(view);

  const paint = (): void => {
    const { shape } = shapes;
    const tool = store.tool.peek();
    const inHand = tool === 'pan' && keys.shift ? store.shiftTool.peek() : tool;
    const op = shape ? shapes.op : opInForce(store, keys);
    overlay.paint({
      shape,
      screenAt,
      scale: view.scale,
      pointer,
      brush: inHand === 'brush' ? store.brushRadius.peek() : null,
      op: op === 'replace' || (!shape && inHand === 'pan') ? null : op,
      count: store.drawing.peek(),
      rows: store.map.peek()?.rows ?? 0,
      ring,
    });
    host.dataset['tool'] = shape ? shape.kind : inHand;
  };

  const shapes = new ShapeDrawing(view, createShapeTarget(store, actions, paint));
  const hints: GestureHints = {
    pointer(at, held) {
      pointer = at;
      keys = held;
      paint();
    },
    charge(at) {
      if (at === ring) return;
      ring = at;
      paint();
    },
    leave: createShyHint(host),
  };

  let shown: string | null = null;
  const stops = [
    effect(() => {
      const map = store.map.value;
      const key = map ? `${map.map}:${map.axes.join()}` : null;
      /* Another map, or other axes of it: what was begun on the one before means nothing there. */
      if (key !== shown) shapes.cancel();
      shown = key;
      shapes.refresh();
    }),
    effect(() => {
      store.tool.value;
      store.shiftTool.value;
      store.selectionOp.value;
      store.brushRadius.value;
      store.drawing.value;
      paint();
    }),
  ];
  return {
    shapes,
    hints,
    paint,
    stop() {
      for (const stop of stops) stop();
    },
  };
}
