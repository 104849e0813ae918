/** What pointer, wheel and keys do on the map: joined to it once the first frames have been drawn. */

import { effect } from '@preact/signals';
import { PickIndex } from '../render/pick.ts';
import type { Store } from '../state/store.ts';
import { formatNumber, labelColumn, rowName } from '../state/summary.ts';
import type { ViewActions } from '../state/view-actions.ts';
import { visibleText } from './data-text.tsx';
import type { MapController } from './map-controller.ts';
import { attachGestures } from './map-gestures.ts';
import { connectShapes } from './map-shapes.ts';
import { type Cursor, createMapTarget, type MapActions } from './map-target.ts';

export interface MapHands {
  /** Draws what lies over the map again: the view has moved. */
  paint(): void;
  stop(): void;
}

/**
 * @param layer where shapes are drawn
 * @param shy wheel and fingers are left to the page around until the map has the focus
 */
export function attachHands(
  host: HTMLElement,
  layer: HTMLElement,
  view: MapController,
  store: Store,
  actions: MapActions,
  shy = false,
): MapHands {
  view.findWith(new PickIndex());
  const cursor: Cursor = { row: null, said: '' };
  const drawing = connectShapes(host, layer, view, store, actions);
  const target = createMapTarget(store, actions, cursor, () => view.showAll());
  const stops = [
    attachGestures(host, view, drawing.shapes, target, drawing.hints, shy),
    drawing.stop,
    followCursor(store, actions, cursor),
  ];
  return {
    paint: drawing.paint,
    stop() {
      for (const stop of stops) stop();
    },
  };
}

/** Says the row that the keys have gone to, once its detail is there. */
function followCursor(store: Store, actions: ViewActions, cursor: Cursor): () => void {
  return effect(() => {
    const detail = store.detail.value;
    if (!detail || detail.row !== cursor.row) return;
    cursor.row = null;
    const label = detail.cells[labelColumn(store.table.peek())];
    const parts = [rowName(detail.row)];
    if (label !== undefined) parts.push(visibleText(label));
    parts.push(`error ${formatNumber(detail.error)}`);
    /* The detail takes its time: what the next key has done meanwhile is said first. */
    const since = store.announcement.peek();
    const first = since === cursor.said ? '' : `${since}${since.endsWith('.') ? '' : '.'} `;
    actions.announceMap(`${first}${parts.join(', ')}`);
  });
}
