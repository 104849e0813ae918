/**
 * Pointer, wheel and keys on the map, as calls of its controller, of the shape being drawn and of its target.
 *
 * In Pan mode one finger or the left button pans, and Shift begins a shape; in the other modes a plain drag
 * draws one. The middle button and Space pan in every mode, two fingers zoom and pan, the wheel zooms at the
 * pointer. A press without a move is a click. A finger that rests for half a second in Pan mode begins a lasso.
 * Whatever takes a pointer away (a cancel, a lost capture, a second finger, Escape, another window) gives up the
 * shape. Hovering is suppressed while dragging. Every gesture has a key or a button that does the same.
 */

import { wheelFactor } from '../render/camera.ts';
import type { Tool } from '../state/store.ts';
import type { MapController } from './map-controller.ts';
import { type Keys, keysOf, NO_KEYS, type ShapeDrawing, type ShapeKind } from './selection-gestures.ts';
import { PRESSABLE, TYPING } from './shortcuts.ts';

/** What gestures do to the view. */
export type Steerable = Pick<
  MapController,
  'nearest' | 'neighbour' | 'central' | 'reveal' | 'pan' | 'glide' | 'zoom' | 'zoomStep' | 'showAll'
>;

/** What gestures do to the shape being drawn. */
export type Drawable = Pick<ShapeDrawing, 'begin' | 'move' | 'hold' | 'end' | 'cancel' | 'shape'>;

export interface Place {
  x: number;
  y: number;
}

export interface MapTarget {
  hovered(): number | null;
  pinned(): number | null;
  hover(row: number | null): void;
  /** The row the arrow keys have gone to: hover it and say so. */
  cursor(row: number): void;
  /** What a plain drag does. */
  tool(): Tool;
  /** What a drag with Shift draws. */
  shiftTool(): ShapeKind;
  /** A press on a row, or on nothing. */
  click(row: number | null, keys: Keys): void;
  /** The second of two presses at one place; both have been clicks already. */
  doubleClick(): void;
  /** Enter on the row of the arrow keys; with Ctrl `toggle`. */
  enter(row: number, toggle: boolean): void;
  selectAll(): void;
  invert(): void;
  /** Lets go of one thing: the row, else the selection. False when there is neither. */
  escape(): boolean;
  /** Makes the brush larger (1) or smaller (-1). False when there is no brush. */
  resizeBrush(direction: 1 | -1): boolean;
  /** Space without a drag, which this file kept for itself until it was known. */
  space(): void;
}

/** What is shown beside the pointer. */
export interface GestureHints {
  /** Where the pointer is and which keys are held; null: it is not over the map, or is a finger. */
  pointer(at: Place | null, keys: Keys): void;
  /** A finger rests here, and a lasso will begin in half a second; null: not any more. */
  charge(at: Place | null): void;
}

/** How near the pointer must be to a row, in CSS pixels. */
const REACH = { mouse: 10, pen: 14, touch: 24 } as const;
/** Moves shorter than this are a press, in CSS pixels. */
const SLOP = { mouse: 4, pen: 4, touch: 8 } as const;
export const LONG_PRESS = 500;
const KEY_PAN = 64;
const KEY_ZOOM = 1.5;

/** A drag, from the first pointer that goes down to the last that goes up. */
interface Press extends Place {
  id: number;
  type: string;
  main: boolean; // the left button, a finger, a pen: a press without a move is a click
  does: ShapeKind | 'pan' | 'nothing'; // nothing: it was given up, and waits for the pointer to go
  keys: Keys;
  moved: boolean;
}

/** Listens on `host` until the function that is returned is called. */
export function attachGestures(
  host: HTMLElement,
  map: Steerable,
  shapes: Drawable,
  target: MapTarget,
  hints: GestureHints,
): () => void {
  const down = new Map<number, Place>();
  let press: Press | null = null;
  let holdTimer: ReturnType<typeof setTimeout> | undefined;
  let hoverAt: (Place & { reach: number }) | null = null;
  let hoverFrame = 0;
  let over: Place | null = null; // the mouse or pen above the map
  let touched = false; // the last pointer was a finger
  let space: { used: boolean } | null = null; // held, and kept from the rest of the page
  const listening = new AbortController();

  const place = (event: MouseEvent): Place => {
    const box = host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const reach = (event: PointerEvent): number => kindOf(event, REACH);

  /** At most one search for each frame drawn, however many events there are. */
  const hoverSoon = (at: Place, within: number): void => {
    hoverAt = { ...at, reach: within };
    if (hoverFrame !== 0) return;
    hoverFrame = requestAnimationFrame(() => {
      hoverFrame = 0;
      /* Under a brush it is the disc that says what is meant. */
      if (hoverAt) {
        const { x, y, reach: within } = hoverAt;
        target.hover(target.tool() === 'brush' ? null : map.nearest(x, y, within));
      }
      hoverAt = null;
    });
  };
  const endHover = (): void => {
    hoverAt = null;
    target.hover(null);
  };
  const centre = (): Place & { spread: number } => {
    const [a, b] = [...down.values()];
    if (!a) return { x: 0, y: 0, spread: 0 };
    if (!b) return { ...a, spread: 0 };
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, spread: Math.hypot(a.x - b.x, a.y - b.y) };
  };
  const point = (at: Place | null, keys: Keys): void => {
    over = at;
    hints.pointer(at, keys);
  };
  const stopCharging = (): void => {
    clearTimeout(holdTimer);
    hints.charge(null);
  };

  /* ---- pointers ----------------------------------------------------------------------------------------- */

  const toolFor = (event: PointerEvent): Tool => {
    if (event.button !== 0 || space) return 'pan';
    const tool = target.tool();
    return tool === 'pan' && event.shiftKey && event.pointerType !== 'touch' ? target.shiftTool() : tool;
  };

  const charge = (at: Place): void => {
    hints.charge(at);
    holdTimer = setTimeout(() => {
      hints.charge(null);
      if (!press) return;
      press.does = 'lasso';
      startDragging();
      shapes.begin('lasso', press.x, press.y, press.keys);
    }, LONG_PRESS);
  };

  const startDragging = (): void => {
    if (!press || press.moved) return;
    press.moved = true;
    if (press.does === 'pan') host.dataset['dragging'] = '';
    if (space) space.used = true;
    endHover();
  };

  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0 && event.button !== 1) return;
    const at = place(event);
    touched = event.pointerType === 'touch';
    down.set(event.pointerId, at);
    host.setPointerCapture?.(event.pointerId);
    stopCharging();
    if (down.size > 1 && press) {
      /* A second finger takes over, and what the first has drawn is given up. */
      shapes.cancel();
      press.does = 'pan';
      startDragging();
      return;
    }
    const main = event.button === 0 && !space;
    press = {
      ...at,
      id: event.pointerId,
      type: event.pointerType,
      main,
      does: toolFor(event),
      keys: keysOf(event),
      moved: false,
    };
    if (event.pointerType === 'touch' && press.does === 'pan') charge(at);
  };

  const onMove = (event: PointerEvent): void => {
    const at = place(event);
    if (event.pointerType !== 'touch') point(at, keysOf(event));
    if (!down.has(event.pointerId)) {
      if (event.pointerType !== 'touch') hoverSoon(at, reach(event));
      return;
    }
    if (event.pointerType === 'mouse' && event.buttons === 0) {
      onLost(event); // it was let go where the page could not see it
      return;
    }
    if (!press) return;
    if (!press.moved) {
      if (Math.hypot(at.x - press.x, at.y - press.y) < kindOf(event, SLOP)) return;
      stopCharging();
      startDragging();
      if (isShape(press.does)) shapes.begin(press.does, press.x, press.y, press.keys);
    }
    if (isShape(press.does)) draw(event, at);
    else if (press.does === 'pan') drag(event, at);
  };

  const draw = (event: PointerEvent, at: Place): void => {
    down.set(event.pointerId, at);
    /* All the places since the last frame: a fast hand draws round corners. */
    const path = event.getCoalescedEvents?.() ?? [];
    for (const past of path.length > 0 ? path : [event]) {
      const { x, y } = place(past);
      shapes.move(x, y);
    }
    shapes.hold(keysOf(event));
  };

  const drag = (event: PointerEvent, at: Place): void => {
    const was = centre();
    down.set(event.pointerId, at);
    const is = centre();
    map.pan(is.x - was.x, is.y - was.y);
    if (was.spread > 0 && is.spread > 0) map.zoom(is.x, is.y, is.spread / was.spread);
  };

  const onUp = (event: PointerEvent): void => {
    if (!down.delete(event.pointerId) || down.size > 0) return;
    stopCharging();
    const done = press;
    press = null;
    delete host.dataset['dragging'];
    if (!done) return;
    const at = place(event);
    const keys = keysOf(event);
    if (event.pointerType !== 'touch') point(at, keys);
    if (done.moved && isShape(done.does)) {
      shapes.move(at.x, at.y);
      shapes.hold(keys);
      if (shapes.end()) return;
    } else if (done.moved || !done.main) {
      return;
    } else if (target.tool() === 'brush' && done.does === 'brush') {
      /* The disc shows what a dab takes. */
      shapes.begin('brush', at.x, at.y, done.keys);
      shapes.hold(keys);
      shapes.end();
      return;
    }
    const row = map.nearest(at.x, at.y, reach(event));
    /* The points may have moved since the pointer came: what it shows is what was pressed. */
    if (event.pointerType !== 'touch') target.hover(row);
    target.click(row, keys);
  };

  /** The pointer is gone without a word: what it drew is given up. */
  const onLost = (event: PointerEvent): void => {
    if (!down.delete(event.pointerId)) return;
    abandon();
    if (down.size === 0) press = null;
  };
  const abandon = (): void => {
    stopCharging();
    shapes.cancel();
    if (press) {
      press.does = 'nothing';
      press.moved = true;
    }
    if (down.size === 0) delete host.dataset['dragging'];
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

  /* ---- keys --------------------------------------------------------------------------------------------- */

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
    if (event.altKey || event.target !== host) return;
    const known =
      event.ctrlKey || event.metaKey ? command(event.key, event.shiftKey) : plain(event.key, event.shiftKey);
    if (known) swallow(event);
  };

  /** True when the key means something here with Ctrl or Command. */
  const command = (key: string, shift: boolean): boolean => {
    const row = target.hovered() ?? target.pinned();
    if (shift) return false;
    if (key === 'a' || key === 'A') target.selectAll();
    else if (key === 'i' || key === 'I') target.invert();
    else if (key === 'Enter' && row !== null) target.enter(row, true);
    else return false;
    return true;
  };

  /** True when the key means something here by itself. */
  const plain = (key: string, shift: boolean): boolean => {
    const arrows: Record<string, [number, number]> = {
      ArrowRight: [1, 0],
      ArrowLeft: [-1, 0],
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
    };
    const way = arrows[key];
    if (way) {
      arrow(...way, shift);
      return true;
    }
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
        if (row === null) return false;
        target.enter(row, false);
        return true;
      }
      case 'Escape':
        if (!target.escape()) map.showAll();
        return true;
      default:
        return false;
    }
  };

  /* Keys that mean something wherever the focus is: during a drag, and while the pointer is above the map. */
  const onAnyKey = (event: KeyboardEvent): void => {
    if (event.key === ' ') {
      onSpace(event);
      return;
    }
    const drawing = shapes.shape !== null;
    if (event.key === 'Escape' && event.type === 'keydown' && drawing) {
      abandon();
      swallow(event);
      return;
    }
    const modifier = event.key === 'Control' || event.key === 'Meta' || event.key === 'Alt';
    if (!modifier && event.key !== 'Shift') return;
    const keys = keysOf(event);
    shapes.hold(keys);
    if (over) hints.pointer(over, keys);
    /* Alone, Alt would open the browser's menu. */
    if (drawing && event.key === 'Alt') event.preventDefault();
  };

  /**
   * In a mode that draws, Space is held to pan while the pointer is above the map, whatever has the focus: the
   * radio or the button that was pressed last. Only when it is let go without a drag does it mean what it does
   * elsewhere.
   */
  const onSpace = (event: KeyboardEvent): void => {
    if (event.type === 'keyup') {
      if (!space) return;
      const { used } = space;
      space = null;
      delete host.dataset['space'];
      swallow(event);
      if (used) return;
      const focused = event.target instanceof Element ? event.target.closest<HTMLElement>(PRESSABLE) : null;
      if (focused) focused.click();
      else target.space();
    } else if (space) {
      swallow(event);
    } else if (over && !event.repeat && target.tool() !== 'pan' && !modified(event) && !takesText(event)) {
      space = { used: false };
      host.dataset['space'] = '';
      swallow(event);
    }
  };

  const onBlur = (): void => {
    space = null;
    delete host.dataset['space'];
    abandon();
    if (over) hints.pointer(over, NO_KEYS);
  };

  const options = { signal: listening.signal };
  const on = <K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => unknown,
    passive = true,
  ): void => host.addEventListener(type, listener as EventListener, { ...options, passive });
  on('pointerdown', onDown);
  on('pointermove', onMove);
  on('pointerup', onUp);
  on('pointercancel', onLost);
  on('lostpointercapture', onLost);
  on('pointerleave', (event) => {
    if (event.pointerType === 'touch') return;
    if (down.size === 0) {
      point(null, NO_KEYS);
      endHover();
    }
  });
  on('wheel', onWheel, false);
  on('dblclick', () => target.doubleClick());
  on('keydown', onKey, false);
  /* The middle button would begin the browser's scrolling. */
  on('mousedown', (event) => event.button === 1 && event.preventDefault(), false);
  /* A long press, and Ctrl with the button of a mouse that has one, are ours; the right button is the browser's. */
  on('contextmenu', (event) => (down.size > 0 || touched) && event.preventDefault(), false);
  window.addEventListener('keydown', onAnyKey, { ...options, capture: true });
  window.addEventListener('keyup', onAnyKey, { ...options, capture: true });
  window.addEventListener('blur', onBlur, options);

  return () => {
    listening.abort();
    stopCharging();
    shapes.cancel();
    cancelAnimationFrame(hoverFrame);
  };
}

function isShape(does: Press['does']): does is ShapeKind {
  return does !== 'pan' && does !== 'nothing';
}

/** What holds for the kind of pointer of an event. */
function kindOf(event: PointerEvent, of: typeof REACH | typeof SLOP): number {
  return of[event.pointerType === 'touch' || event.pointerType === 'pen' ? event.pointerType : 'mouse'];
}

function modified(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** The key goes to a field or a sheet that needs it. */
function takesText(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest(`${TYPING}, dialog`) !== null;
}

function swallow(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}
