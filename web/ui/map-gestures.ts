/**
 * Pointer, wheel and keys on the map, as calls of its controller and of the view's actions.
 *
 * One finger or the left button pans, two fingers zoom and pan, the wheel zooms at the pointer, a press without
 * a move pins the nearest row. Hovering is suppressed while dragging; on touch a press held for half a second
 * hovers. Every gesture has a key or a button that does the same.
 */

import { wheelFactor } from '../render/camera.ts';
import type { MapController } from './map-controller.ts';

/** What gestures do to the view. */
export type Steerable = Pick<
  MapController,
  'nearest' | 'neighbour' | 'central' | 'reveal' | 'pan' | 'glide' | 'zoom' | 'zoomStep' | 'showAll'
>;

export interface MapTarget {
  hovered(): number | null;
  pinned(): number | null;
  hover(row: number | null): void;
  pin(row: number | null): void;
  /** The row the arrow keys have gone to: hover it and say so. */
  cursor(row: number): void;
}

/** How near the pointer must be to a row, in CSS pixels. */
const REACH = { mouse: 10, pen: 14, touch: 24 } as const;
/** Moves shorter than this are a press, in CSS pixels. */
const SLOP = 4;
const LONG_PRESS = 500;
const KEY_PAN = 64;
const KEY_ZOOM = 1.5;

interface Touchpoint {
  x: number;
  y: number;
}

/** Listens on `host` until the function that is returned is called. */
export function attachGestures(host: HTMLElement, map: Steerable, target: MapTarget): () => void {
  const down = new Map<number, Touchpoint>();
  let start: (Touchpoint & { id: number; type: string }) | null = null;
  let dragging = false;
  let held = false; // a long press has begun to hover
  let holdTimer: ReturnType<typeof setTimeout> | undefined;
  let hoverAt: (Touchpoint & { reach: number }) | null = null;
  let hoverFrame = 0;
  const listening = new AbortController();

  const place = (event: MouseEvent): Touchpoint => {
    const box = host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const reach = (event: PointerEvent): number =>
    REACH[event.pointerType === 'touch' || event.pointerType === 'pen' ? event.pointerType : 'mouse'];

  /** At most one search for each frame drawn, however many events there are. */
  const hoverSoon = (at: Touchpoint, within: number): void => {
    hoverAt = { ...at, reach: within };
    if (hoverFrame !== 0) return;
    hoverFrame = requestAnimationFrame(() => {
      hoverFrame = 0;
      if (hoverAt) target.hover(map.nearest(hoverAt.x, hoverAt.y, hoverAt.reach));
      hoverAt = null;
    });
  };
  const endHover = (): void => {
    hoverAt = null;
    target.hover(null);
  };
  const centre = (): Touchpoint & { spread: number } => {
    const [a, b] = [...down.values()];
    if (!a) return { x: 0, y: 0, spread: 0 };
    if (!b) return { ...a, spread: 0 };
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, spread: Math.hypot(a.x - b.x, a.y - b.y) };
  };

  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const at = place(event);
    down.set(event.pointerId, at);
    host.setPointerCapture?.(event.pointerId);
    clearTimeout(holdTimer);
    if (down.size === 1) {
      start = { ...at, id: event.pointerId, type: event.pointerType };
      dragging = false;
      held = false;
      if (event.pointerType === 'touch') {
        holdTimer = setTimeout(() => {
          held = true;
          hoverSoon(at, REACH.touch);
        }, LONG_PRESS);
      }
    } else {
      dragging = true;
      endHover();
    }
  };

  const onMove = (event: PointerEvent): void => {
    const at = place(event);
    const before = down.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== 'touch') hoverSoon(at, reach(event));
      return;
    }
    if (held) {
      down.set(event.pointerId, at);
      hoverSoon(at, REACH.touch);
      return;
    }
    if (!dragging) {
      if (start && Math.hypot(at.x - start.x, at.y - start.y) < SLOP) return;
      dragging = true;
      clearTimeout(holdTimer);
      host.dataset.dragging = '';
      endHover();
    }
    const was = centre();
    down.set(event.pointerId, at);
    const is = centre();
    map.pan(is.x - was.x, is.y - was.y);
    if (was.spread > 0 && is.spread > 0) map.zoom(is.x, is.y, is.spread / was.spread);
  };

  const onUp = (event: PointerEvent): void => {
    if (!down.delete(event.pointerId)) return;
    clearTimeout(holdTimer);
    const pressed = start?.id === event.pointerId && !dragging && event.type === 'pointerup';
    if (down.size > 0) return;
    delete host.dataset.dragging;
    if (pressed && !held) {
      const at = place(event);
      const row = map.nearest(at.x, at.y, reach(event));
      /* The points may have moved since the pointer came: what it shows is what was pressed. */
      if (event.pointerType !== 'touch') target.hover(row);
      target.pin(row);
    } else if (pressed && held) {
      const row = target.hovered();
      if (row !== null) target.pin(row);
      endHover();
    }
    start = null;
    dragging = false;
    held = false;
  };

  const onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const at = place(event);
    /* A pinch on a touchpad comes as a wheel with the control key, in much smaller steps. */
    const factor = wheelFactor(
      event.deltaY * (event.ctrlKey && event.deltaMode === 0 ? 5 : 1),
      event.deltaMode,
    );
    map.zoom(at.x, at.y, factor);
    /* The rows have moved under a pointer that has not. */
    if (down.size === 0) hoverSoon(at, REACH.mouse);
  };

  const arrow = (dx: number, dy: number, pan: boolean): void => {
    if (pan) {
      map.glide(-dx * KEY_PAN, dy * KEY_PAN);
      return;
    }
    const from = target.hovered() ?? target.pinned();
    const row = from === null ? map.central() : map.neighbour(from, dx, dy);
    if (row === null) return;
    map.reveal(row);
    target.cursor(row);
  };

  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== host) return;
    if (!press(event.key, event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** True when the key means something here. */
  const press = (key: string, shift: boolean): boolean => {
    switch (key) {
      case 'ArrowRight':
        arrow(1, 0, shift);
        return true;
      case 'ArrowLeft':
        arrow(-1, 0, shift);
        return true;
      case 'ArrowUp':
        arrow(0, 1, shift);
        return true;
      case 'ArrowDown':
        arrow(0, -1, shift);
        return true;
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
      case 'Enter':
        if (target.hovered() === null) return false;
        target.pin(target.hovered());
        return true;
      case 'Escape':
        if (target.hovered() !== null || target.pinned() !== null) {
          target.hover(null);
          target.pin(null);
        } else {
          map.showAll();
        }
        return true;
      default:
        return false;
    }
  };

  const on = <K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => unknown,
    passive = true,
  ): void => host.addEventListener(type, listener as EventListener, { signal: listening.signal, passive });
  on('pointerdown', onDown);
  on('pointermove', onMove);
  on('pointerup', onUp);
  on('pointercancel', onUp);
  on('pointerleave', (event) => {
    if (event.pointerType !== 'touch' && down.size === 0) endHover();
  });
  on('wheel', onWheel, false);
  on('dblclick', () => map.showAll());
  on('keydown', onKey, false);
  /* A long press is ours; the right button of a mouse is the browser's. */
  on('contextmenu', (event) => start?.type === 'touch' && event.preventDefault(), false);

  return () => {
    listening.abort();
    clearTimeout(holdTimer);
    cancelAnimationFrame(hoverFrame);
  };
}
