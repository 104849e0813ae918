/**
 * Pointer, wheel and keys on the map, as calls of its controller, of the shape being drawn and of its target.
 *
 * In Pan mode one finger or the left button pans, and Shift begins a shape; in the other modes a plain drag
 * draws one. The middle button and Space pan in every mode, two fingers zoom and pan, the wheel zooms at the
 * pointer. A press without a move is a click. A finger that rests for half a second in Pan mode begins a lasso.
 *
 * A shy map, in a page that scrolls, leaves the wheel (without Ctrl) and fingers to that page until it has the focus,
 * which a press or a tap gives it.
 *
 * Whatever takes a pointer away (a cancel, a lost capture, a second finger, Escape, another window) gives up the
 * shape. Hovering is suppressed while dragging. Every gesture has a key or a button that does the same.
 */

import { wheelFactor } from '../render/camera.ts';
import type { Tool } from '../state/store.ts';
import type { MapController } from './map-controller.ts';
import { pressMapKey } from './map-keys.ts';
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
  /** The wheel or a finger was left to the page around: how to be heard. */
  leave?(by: 'wheel' | 'touch'): void;
}

/** How near the pointer must be to a row, in CSS pixels. */
const REACH = { mouse: 10, pen: 14, touch: 24 } as const;
/** Moves shorter than this are a press, in CSS pixels. */
const SLOP = { mouse: 4, pen: 4, touch: 8 } as const;
export const LONG_PRESS = 500;

/** A drag, from the first pointer that goes down to the last that goes up. */
interface Press extends Place {
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
  shy = false,
): () => void {
  const gestures = new Gestures(host, map, shapes, target, hints, shy);
  const listening = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (event: HTMLElementEventMap[K]) => unknown,
    passive = true,
  ): void => host.addEventListener(type, listener as EventListener, { signal: listening.signal, passive });
  on('pointerdown', (event) => gestures.onDown(event));
  on('pointermove', (event) => gestures.onMove(event));
  on('pointerup', (event) => gestures.onUp(event));
  on('pointercancel', (event) => gestures.onLost(event));
  on('lostpointercapture', (event) => gestures.onLost(event));
  on('pointerleave', (event) => gestures.onLeave(event));
  on('wheel', (event) => gestures.onWheel(event), false);
  on('dblclick', () => target.doubleClick());
  on('keydown', (event) => event.target === host && pressMapKey(event, map, target) && swallow(event), false);
  /* The middle button would begin the browser's scrolling. */
  on('mousedown', (event) => event.button === 1 && event.preventDefault(), false);
  on('contextmenu', (event) => gestures.ownsMenu && event.preventDefault(), false);
  const everywhere = { signal: listening.signal, capture: true };
  window.addEventListener('keydown', (event) => gestures.onAnyKey(event), everywhere);
  window.addEventListener('keyup', (event) => gestures.onAnyKey(event), everywhere);
  window.addEventListener('blur', () => gestures.onBlur(), { signal: listening.signal });
  return () => {
    listening.abort();
    gestures.stop();
  };
}

class Gestures {
  private readonly host: HTMLElement;
  private readonly map: Steerable;
  private readonly shapes: Drawable;
  private readonly target: MapTarget;
  private readonly hints: GestureHints;
  private readonly shy: boolean;
  private readonly down = new Map<number, Place>();
  private press: Press | null = null;
  private holdTimer: ReturnType<typeof setTimeout> | undefined;
  private hoverAt: (Place & { reach: number }) | null = null;
  private hoverFrame = 0;
  private over: Place | null = null; // the mouse or pen above the map
  private touched = false; // the last pointer was a finger
  private space: { used: boolean } | null = null; // held, and kept from the rest of the page

  constructor(
    host: HTMLElement,
    map: Steerable,
    shapes: Drawable,
    target: MapTarget,
    hints: GestureHints,
    shy: boolean,
  ) {
    this.host = host;
    this.map = map;
    this.shapes = shapes;
    this.target = target;
    this.hints = hints;
    this.shy = shy;
  }

  /** A long press is ours, and so is Ctrl with the one button of a mouse; the right button is the browser's. */
  get ownsMenu(): boolean {
    return this.down.size > 0 || this.touched;
  }

  stop(): void {
    this.stopCharging();
    this.shapes.cancel();
    cancelAnimationFrame(this.hoverFrame);
  }

  /* ---- what is under the pointer ------------------------------------------------------------------------ */

  private place(event: MouseEvent): Place {
    const box = this.host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** At most one search for each frame drawn, however many events there are. */
  private hoverSoon(at: Place, reach: number): void {
    this.hoverAt = { ...at, reach };
    if (this.hoverFrame !== 0) return;
    this.hoverFrame = requestAnimationFrame(() => {
      this.hoverFrame = 0;
      if (this.hoverAt) {
        const { x, y, reach: within } = this.hoverAt;
        /* Under a brush it is the disc that says what is meant. */
        this.target.hover(this.target.tool() === 'brush' ? null : this.map.nearest(x, y, within));
      }
      this.hoverAt = null;
    });
  }

  private endHover(): void {
    this.hoverAt = null;
    this.target.hover(null);
  }

  private point(at: Place | null, keys: Keys): void {
    this.over = at;
    this.hints.pointer(at, keys);
  }

  onLeave(event: PointerEvent): void {
    if (event.pointerType === 'touch' || this.down.size > 0) return;
    this.point(null, NO_KEYS);
    this.endHover();
  }

  /** What moves the page around is not ours yet. */
  private get unheard(): boolean {
    return this.shy && !(this.host.ownerDocument.hasFocus() && this.host.matches(':focus'));
  }

  onWheel(event: WheelEvent): void {
    if (this.unheard && !event.ctrlKey && !event.metaKey) {
      this.hints.leave?.('wheel');
      return;
    }
    event.preventDefault();
    const at = this.place(event);
    /* A pinch on a touchpad comes as a wheel with the control key, in much smaller steps. */
    const factor = wheelFactor(
      event.deltaY * (event.ctrlKey && event.deltaMode === 0 ? 5 : 1),
      event.deltaMode,
    );
    this.map.zoom(at.x, at.y, factor);
    /* The rows have moved under a pointer that has not. */
    if (this.down.size === 0) this.hoverSoon(at, REACH.mouse);
  }

  /* ---- presses and drags -------------------------------------------------------------------------------- */

  onDown(event: PointerEvent): void {
    if (event.button !== 0 && event.button !== 1) return;
    const at = this.place(event);
    this.touched = event.pointerType === 'touch';
    if (this.touched && this.unheard) {
      this.down.set(event.pointerId, at);
      this.press = { ...at, main: true, does: 'nothing', keys: keysOf(event), moved: false };
      return;
    }
    this.down.set(event.pointerId, at);
    this.host.setPointerCapture?.(event.pointerId);
    this.stopCharging();
    if (this.down.size > 1 && this.press) {
      /* A second finger takes over, and what the first has drawn is given up. */
      this.shapes.cancel();
      this.press.does = 'pan';
      this.startDragging(this.press);
      return;
    }
    this.press = {
      ...at,
      main: event.button === 0 && !this.space,
      does: this.toolFor(event),
      keys: keysOf(event),
      moved: false,
    };
    if (this.touched && this.press.does === 'pan') this.charge(this.press);
  }

  private toolFor(event: PointerEvent): Tool {
    if (event.button !== 0 || this.space) return 'pan';
    const tool = this.target.tool();
    const shift = event.shiftKey && event.pointerType !== 'touch';
    return tool === 'pan' && shift ? this.target.shiftTool() : tool;
  }

  private charge(press: Press): void {
    this.hints.charge({ x: press.x, y: press.y });
    this.holdTimer = setTimeout(() => {
      this.hints.charge(null);
      press.does = 'lasso';
      this.startDragging(press);
      this.shapes.begin('lasso', press.x, press.y, press.keys);
    }, LONG_PRESS);
  }

  private stopCharging(): void {
    clearTimeout(this.holdTimer);
    this.hints.charge(null);
  }

  private startDragging(press: Press): void {
    if (press.does === 'pan') this.host.dataset['dragging'] = '';
    if (press.moved) return;
    press.moved = true;
    if (this.space) this.space.used = true;
    this.endHover();
  }

  onMove(event: PointerEvent): void {
    const at = this.place(event);
    const touch = event.pointerType === 'touch';
    if (!touch) this.point(at, keysOf(event));
    if (!this.down.has(event.pointerId)) {
      if (!touch) this.hoverSoon(at, kindOf(event, REACH));
      return;
    }
    if (event.pointerType === 'mouse' && event.buttons === 0) {
      this.onLost(event); // it was let go where the page could not see it
      return;
    }
    const { press } = this;
    if (!press) return;
    if (!press.moved) {
      if (Math.hypot(at.x - press.x, at.y - press.y) < kindOf(event, SLOP)) return;
      this.stopCharging();
      this.startDragging(press);
      if (isShape(press.does)) this.shapes.begin(press.does, press.x, press.y, press.keys);
    }
    if (isShape(press.does)) this.draw(event, at);
    else if (press.does === 'pan') this.drag(event, at);
  }

  private draw(event: PointerEvent, at: Place): void {
    this.down.set(event.pointerId, at);
    /* All the places since the last frame: a fast hand draws round corners. */
    const path = event.getCoalescedEvents?.() ?? [];
    for (const past of path.length > 0 ? path : [event]) {
      const { x, y } = this.place(past);
      this.shapes.move(x, y);
    }
    this.shapes.hold(keysOf(event));
  }

  private drag(event: PointerEvent, at: Place): void {
    const was = this.centre();
    this.down.set(event.pointerId, at);
    const is = this.centre();
    this.map.pan(is.x - was.x, is.y - was.y);
    if (was.spread > 0 && is.spread > 0) this.map.zoom(is.x, is.y, is.spread / was.spread);
  }

  /** The middle of the pointers that are down, and how far apart two of them are. */
  private centre(): Place & { spread: number } {
    const [a, b] = [...this.down.values()];
    if (!a) return { x: 0, y: 0, spread: 0 };
    if (!b) return { ...a, spread: 0 };
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, spread: Math.hypot(a.x - b.x, a.y - b.y) };
  }

  onUp(event: PointerEvent): void {
    if (!this.down.delete(event.pointerId) || this.down.size > 0) return;
    this.stopCharging();
    const done = this.press;
    this.press = null;
    delete this.host.dataset['dragging'];
    if (!done) return;
    const at = this.place(event);
    const keys = keysOf(event);
    if (event.pointerType !== 'touch') this.point(at, keys);
    if (done.moved && isShape(done.does)) {
      this.shapes.move(at.x, at.y);
      this.shapes.hold(keys);
      if (this.shapes.end()) return;
    } else if (done.moved || !done.main) {
      return;
    } else if (this.target.tool() === 'brush' && done.does === 'brush') {
      /* The disc shows what a dab takes. */
      this.shapes.begin('brush', at.x, at.y, done.keys);
      this.shapes.hold(keys);
      this.shapes.end();
      return;
    }
    if (this.shy) this.host.focus({ preventScroll: true });
    const row = this.map.nearest(at.x, at.y, kindOf(event, REACH));
    /* The points may have moved since the pointer came: what it shows is what was pressed. A finger has no other way
       to be told what a row is. */
    this.target.hover(row);
    this.target.click(row, keys);
  }

  /** The pointer is gone without a word: what it drew is given up. */
  onLost(event: PointerEvent): void {
    if (!this.down.delete(event.pointerId)) return;
    if (this.unheard && event.type === 'pointercancel') this.hints.leave?.('touch');
    this.abandon();
    if (this.down.size === 0) this.press = null;
  }

  private abandon(): void {
    this.stopCharging();
    this.shapes.cancel();
    if (this.press) {
      this.press.does = 'nothing';
      this.press.moved = true;
    }
    if (this.down.size === 0) delete this.host.dataset['dragging'];
  }

  /* ---- keys wherever the focus is ----------------------------------------------------------------------- */

  /** Keys that mean something during a drag, and while the pointer is above the map. */
  onAnyKey(event: KeyboardEvent): void {
    if (event.key === ' ') {
      this.onSpace(event);
      return;
    }
    const drawing = this.shapes.shape !== null;
    if (event.key === 'Escape' && event.type === 'keydown' && drawing) {
      this.abandon();
      swallow(event);
      return;
    }
    if (!['Control', 'Meta', 'Alt', 'Shift'].includes(event.key)) return;
    const keys = keysOf(event);
    this.shapes.hold(keys);
    if (this.over) this.hints.pointer(this.over, keys);
    /* Alone, Alt would open the browser's menu. */
    if (drawing && event.key === 'Alt') event.preventDefault();
  }

  /**
   * In a mode that draws, Space is held to pan while the pointer is above the map, whatever has the focus: the
   * radio or the button that was pressed last. Only when it is let go without a drag does it mean what it does
   * elsewhere.
   */
  private onSpace(event: KeyboardEvent): void {
    const { space } = this;
    if (event.type === 'keyup') {
      if (!space) return;
      this.letGoOfSpace();
      swallow(event);
      if (space.used) return;
      const focused = event.target instanceof Element ? event.target.closest<HTMLElement>(PRESSABLE) : null;
      if (focused) focused.click();
      else this.target.space();
      return;
    }
    const begins =
      this.over && this.target.tool() !== 'pan' && !event.repeat && !modified(event) && !takesText(event);
    if (!space && !begins) return;
    this.space = space ?? { used: false };
    this.host.dataset['space'] = '';
    swallow(event);
  }

  private letGoOfSpace(): void {
    this.space = null;
    delete this.host.dataset['space'];
  }

  onBlur(): void {
    this.letGoOfSpace();
    this.abandon();
    if (this.over) this.hints.pointer(this.over, NO_KEYS);
  }
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
