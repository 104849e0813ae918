/** Keys on the map while it has the focus, as calls of its controller and its target. */

import type { MapTarget, Steerable } from './map-gestures.ts';

const KEY_PAN = 64;
const KEY_ZOOM = 1.5;

const ARROWS: Record<string, [number, number]> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** The part of a KeyboardEvent that is looked at. */
export type MapKey = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** Does what the key stands for; false when it means nothing here. */
export function pressMapKey(event: MapKey, map: Steerable, target: MapTarget): boolean {
  if (event.altKey) return false;
  if (event.ctrlKey || event.metaKey) return !event.shiftKey && command(event.key, target);
  const way = ARROWS[event.key];
  if (way) {
    arrow(...way, event.shiftKey, map, target);
    return true;
  }
  return plain(event.key, map, target);
}

/** To the next row that way; with Shift the view moves instead. */
function arrow(dx: number, dy: number, pan: boolean, map: Steerable, target: MapTarget): void {
  if (pan) {
    map.glide(-dx * KEY_PAN, dy * KEY_PAN);
    return;
  }
  const from = target.hovered() ?? target.pinned();
  const row = from === null ? map.central() : map.neighbour(from, dx, dy);
  if (row === null) return;
  map.reveal(row);
  target.cursor(row);
}

/** With Ctrl or Command. */
function command(key: string, target: MapTarget): boolean {
  const row = target.hovered() ?? target.pinned();
  if (key === 'a' || key === 'A') target.selectAll();
  else if (key === 'i' || key === 'I') target.invert();
  else if (key === 'Enter' && row !== null) target.enter(row, true);
  else return false;
  return true;
}

function plain(key: string, map: Steerable, target: MapTarget): boolean {
  switch (key) {
    case '+':
    case '=':
      map.zoomStep(KEY_ZOOM);
      return true;
    case '-':
    case '_':
      map.zoomStep(1 / KEY_ZOOM);
      return true;
    case '0':
      map.showAll();
      return true;
    case '<':
      return target.resizeBrush(-1);
    case '>':
      return target.resizeBrush(1);
    case 'Enter': {
      const row = target.hovered();
      if (row !== null) target.enter(row, false);
      return row !== null;
    }
    case 'Escape':
      if (!target.escape()) map.showAll();
      return true;
    default:
      return false;
  }
}
