// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Tool } from '../../web/state/store.ts';
import {
  attachGestures,
  type Drawable,
  type GestureHints,
  type MapTarget,
  type Steerable,
} from '../../web/ui/map-gestures.ts';
import type { Keys, ShapeKind } from '../../web/ui/selection-gestures.ts';

let host: HTMLDivElement;
let stop: () => void;
let calls: string[]; // of the view, the shape and the target, in order
let near: number | null;
let state: { hover: number | null; pin: number | null; selected: boolean; tool: Tool; shiftTool: ShapeKind };
let reaches: number[];
let shape: ShapeKind | null;
let small: boolean; // the shape turns out to be none
let hint: { pointer: string | null; charge: string | null };

const n = (value: number): string => value.toFixed(1).replace('-0.0', '0.0');
const held = ({ ctrl, alt, shift }: Keys): string =>
  `${ctrl ? ' ctrl' : ''}${alt ? ' alt' : ''}${shift ? ' shift' : ''}`;
const at = (place: { x: number; y: number } | null, keys = ''): string | null =>
  place ? `${place.x},${place.y}${keys}` : null;

const map: Steerable = {
  nearest: (_x, _y, reach) => {
    reaches.push(reach);
    return near;
  },
  neighbour: (row, dx, dy) => row + 10 * dx + dy,
  central: () => 50,
  reveal: (row) => calls.push(`reveal ${row}`),
  pan: (dx, dy) => calls.push(`pan ${n(dx)} ${n(dy)}`),
  glide: (dx, dy) => calls.push(`glide ${n(dx)} ${n(dy)}`),
  zoom: (x, y, factor) => calls.push(`zoom ${n(x)} ${n(y)} ${factor.toFixed(3)}`),
  zoomStep: (factor) => calls.push(`step ${factor > 1 ? 'in' : 'out'}`),
  showAll: () => calls.push('all'),
};

const shapes: Drawable = {
  get shape() {
    return shape === null ? null : { kind: 'lasso' as const, points: [] };
  },
  begin(kind, x, y, keys) {
    shape = kind;
    calls.push(`${kind} ${n(x)} ${n(y)}${held(keys)}`);
  },
  move: (x, y) => calls.push(`to ${n(x)} ${n(y)}`),
  hold(keys) {
    if (shape && held(keys)) calls.push(`hold${held(keys)}`);
  },
  end() {
    shape = null;
    calls.push('end');
    return !small;
  },
  cancel() {
    if (shape) calls.push('cancel');
    shape = null;
  },
};

const target: MapTarget = {
  hovered: () => state.hover,
  pinned: () => state.pin,
  hover: (row) => {
    state.hover = row;
  },
  cursor: (row) => {
    state.hover = row;
  },
  tool: () => state.tool,
  shiftTool: () => state.shiftTool,
  click: (row, keys) => calls.push(`click ${row}${held(keys)}`),
  doubleClick: () => calls.push('double'),
  enter: (row, toggle) => calls.push(`${toggle ? 'toggle' : 'select'} ${row}`),
  selectAll: () => calls.push('select all'),
  invert: () => calls.push('invert'),
  escape() {
    const { hover, pin, selected } = state;
    state.hover = state.pin = null;
    if (hover === null && pin === null) state.selected = false;
    return hover !== null || pin !== null || selected;
  },
  resizeBrush(direction) {
    if (state.tool === 'brush') calls.push(`brush ${direction}`);
    return state.tool === 'brush';
  },
  space: () => calls.push('space'),
};

const hints: GestureHints = {
  pointer(place, keys) {
    hint.pointer = at(place, held(keys));
  },
  charge(place) {
    hint.charge = at(place);
  },
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 16));
  vi.stubGlobal('cancelAnimationFrame', (id: number) => clearTimeout(id));
  host = document.createElement('div');
  document.body.append(host);
  calls = [];
  near = null;
  reaches = [];
  shape = null;
  small = false;
  hint = { pointer: null, charge: null };
  state = { hover: null, pin: null, selected: false, tool: 'pan', shiftTool: 'lasso' };
  stop = attachGestures(host, map, shapes, target, hints);
});

afterEach(() => {
  stop();
  host.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

interface Press extends PointerEventInit {
  id?: number;
}

function pointer(type: string, x: number, y: number, { id = 1, ...init }: Press = {}): PointerEvent {
  const event = new PointerEvent(type, {
    clientX: x,
    clientY: y,
    pointerId: id,
    pointerType: 'mouse',
    button: type === 'pointermove' ? -1 : 0,
    buttons: type === 'pointerup' ? 0 : 1,
    bubbles: true,
    cancelable: true,
    ...init,
  });
  host.dispatchEvent(event);
  return event;
}

/** Press, moves and release at these places. */
function drag(places: [number, number][], init: Press = {}): void {
  const [first = [0, 0]] = places;
  const last = places.at(-1) ?? first;
  pointer('pointerdown', ...first, init);
  for (const place of places.slice(1)) pointer('pointermove', ...place, init);
  pointer('pointerup', ...last, init);
}

const TOUCH: Press = { pointerType: 'touch' };
const finger = (id: number): Press => ({ pointerType: 'touch', id });

function key(name: string, options: KeyboardEventInit = {}, type = 'keydown'): KeyboardEvent {
  const event = new KeyboardEvent(type, { key: name, bubbles: true, cancelable: true, ...options });
  host.dispatchEvent(event);
  return event;
}

describe('a pointer over the map', () => {
  it('hovers the nearest row, searching once for each frame drawn', () => {
    near = 7;
    for (let i = 0; i < 20; i++) pointer('pointermove', i, i, { buttons: 0 });
    expect(reaches).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(reaches).toEqual([10]);
    expect(state.hover).toBe(7);
    expect(hint.pointer).toBe('19,19');
    pointer('pointerleave', 0, 0);
    expect([state.hover, hint.pointer]).toEqual([null, null]);
  });

  it('hovers nothing under the brush, whose disc says what it means', () => {
    near = 7;
    state.tool = 'brush';
    pointer('pointermove', 5, 5, { buttons: 0 });
    vi.advanceTimersByTime(20);
    expect(state.hover).toBeNull();
  });

  it('clicks the nearest row, or nothing, with the keys that are held', () => {
    near = 3;
    drag([
      [10, 10],
      [12, 11],
    ]);
    near = null;
    drag([[50, 50]], { ctrlKey: true });
    near = 4;
    drag([[50, 50]], { shiftKey: true, altKey: true });
    expect(calls).toEqual(['click 3', 'click null ctrl', 'click 4 alt shift']);
  });

  it('pans when it drags, and then neither hovers nor clicks', () => {
    near = 3;
    state.hover = 3;
    pointer('pointerdown', 10, 10);
    pointer('pointermove', 20, 10);
    expect(state.hover).toBeNull();
    pointer('pointermove', 25, 30);
    vi.advanceTimersByTime(100);
    pointer('pointerup', 25, 30);
    expect(calls).toEqual(['pan 10.0 0.0', 'pan 5.0 20.0']);
    expect([state.hover, reaches]).toEqual([null, []]);
  });

  it('leaves the right button to the browser', () => {
    near = 3;
    drag(
      [
        [10, 10],
        [60, 60],
      ],
      { button: 2 },
    );
    expect(calls).toEqual([]);
  });

  it('zooms at the wheel by exp(-y/200), in every mode', () => {
    /* This document's wheel events know no place of their own. */
    const wheel = (): WheelEvent => {
      const event = new WheelEvent('wheel', { deltaY: -200, cancelable: true });
      host.dispatchEvent(Object.assign(event, { clientX: 30, clientY: 40 }));
      return event;
    };
    expect(wheel().defaultPrevented).toBe(true);
    near = 12;
    vi.advanceTimersByTime(20);
    expect(state.hover).toBe(12);
    state.tool = 'lasso';
    wheel();
    const zoom = `zoom 30.0 40.0 ${Math.E.toFixed(3)}`;
    expect(calls).toEqual([zoom, zoom]);
  });

  it('tells of a double-click', () => {
    host.dispatchEvent(new MouseEvent('dblclick'));
    expect(calls).toEqual(['double']);
  });
});

describe('drawing a shape', () => {
  const path: [number, number][] = [
    [10, 10],
    [20, 10],
    [20, 30],
  ];

  it('is what a plain drag does in its mode, from where the button went down', () => {
    for (const tool of ['lasso', 'box', 'brush'] as const) {
      state.tool = tool;
      calls = [];
      drag(path);
      expect(calls).toEqual([`${tool} 10.0 10.0`, 'to 20.0 10.0', 'to 20.0 30.0', 'to 20.0 30.0', 'end']);
    }
  });

  it('is what Shift does while the map pans, with the tool used last', () => {
    state.shiftTool = 'box';
    drag(path.slice(0, 2), { shiftKey: true, ctrlKey: true });
    expect(calls).toEqual([
      'box 10.0 10.0 ctrl shift',
      'to 20.0 10.0',
      'hold ctrl shift',
      'to 20.0 10.0',
      'hold ctrl shift',
      'end',
    ]);
  });

  it('follows every place that the pointer was at between two events', () => {
    state.tool = 'lasso';
    pointer('pointerdown', 0, 0);
    const event = new PointerEvent('pointermove', { clientX: 30, clientY: 0, pointerId: 1, buttons: 1 });
    const past = [10, 20, 30].map((x) => new PointerEvent('pointermove', { clientX: x, clientY: 0 }));
    host.dispatchEvent(Object.assign(event, { getCoalescedEvents: () => past }));
    expect(calls).toEqual(['lasso 0.0 0.0', 'to 10.0 0.0', 'to 20.0 0.0', 'to 30.0 0.0']);
  });

  it('takes the keys pressed and let go while it goes on', () => {
    state.tool = 'lasso';
    pointer('pointerdown', 0, 0);
    pointer('pointermove', 30, 0);
    calls = [];
    key('Control', { ctrlKey: true });
    expect(key('Alt', { ctrlKey: true, altKey: true }).defaultPrevented).toBe(true);
    pointer('pointerup', 30, 0, { altKey: true });
    expect(calls).toEqual(['hold ctrl', 'hold ctrl alt', 'to 30.0 0.0', 'hold alt', 'end']);
  });

  it('is a click after all when it was too small', () => {
    state.tool = 'lasso';
    small = true;
    near = 9;
    drag(path.slice(0, 2));
    expect(calls.at(-1)).toBe('click 9');
  });

  it('is a click on a row when the pointer did not move; a brush dabs', () => {
    near = 9;
    state.tool = 'box';
    drag([[5, 5]]);
    expect(calls).toEqual(['click 9']);
    calls = [];
    state.tool = 'brush';
    drag([[5, 5]], { altKey: true });
    expect(calls).toEqual(['brush 5.0 5.0 alt', 'hold alt', 'end']);
    calls = [];
    state.tool = 'pan';
    state.shiftTool = 'brush';
    drag([[5, 5]], { shiftKey: true });
    expect(calls).toEqual(['click 9 shift']);
  });

  it.each([
    ['the pointer is cancelled', () => pointer('pointercancel', 20, 30)],
    ['the capture is lost', () => pointer('lostpointercapture', 20, 30)],
    ['the button was let go outside of the window', () => pointer('pointermove', 20, 30, { buttons: 0 })],
    ['the window loses the focus', () => window.dispatchEvent(new Event('blur'))],
    ['Escape is pressed', () => key('Escape')],
  ])('is given up when %s', (_why, happens) => {
    state.tool = 'lasso';
    state.selected = true;
    near = 3;
    pointer('pointerdown', 10, 10);
    pointer('pointermove', 20, 30);
    calls = [];
    happens();
    expect(calls).toEqual(['cancel']);
    pointer('pointermove', 60, 60);
    pointer('pointerup', 60, 60);
    expect(calls).toEqual(['cancel']);
    expect(state.selected).toBe(true);
    /* And the next one is a new one. */
    drag(path.slice(0, 2));
    expect(calls.slice(1)).toEqual(['lasso 10.0 10.0', 'to 20.0 10.0', 'to 20.0 10.0', 'end']);
  });

  it('ends with its listeners', () => {
    state.tool = 'lasso';
    pointer('pointerdown', 10, 10);
    pointer('pointermove', 20, 30);
    stop();
    expect(calls.at(-1)).toBe('cancel');
  });
});

describe('panning in a mode that draws', () => {
  beforeEach(() => {
    state.tool = 'lasso';
  });

  it('takes the middle button, which is no click', () => {
    near = 3;
    drag(
      [
        [10, 10],
        [30, 10],
      ],
      { button: 1, buttons: 4 },
    );
    drag([[10, 10]], { button: 1 });
    expect(calls).toEqual(['pan 20.0 0.0']);
    const down = new MouseEvent('mousedown', { button: 1, cancelable: true });
    host.dispatchEvent(down);
    expect(down.defaultPrevented).toBe(true);
  });

  it('takes Space, which then does nothing else', () => {
    pointer('pointermove', 10, 10, { buttons: 0 });
    const elsewhere = vi.fn();
    document.body.addEventListener('keydown', elsewhere);
    expect(key(' ').defaultPrevented).toBe(true);
    drag([
      [10, 10],
      [30, 10],
    ]);
    key(' ', {}, 'keyup');
    document.body.removeEventListener('keydown', elsewhere);
    expect(elsewhere).not.toHaveBeenCalled();
    expect(calls).toEqual(['pan 20.0 0.0']);
    calls = [];
    drag([
      [10, 10],
      [30, 10],
    ]);
    expect(calls[0]).toBe('lasso 10.0 10.0');
  });

  it('gives Space back when no drag came', () => {
    pointer('pointermove', 10, 10, { buttons: 0 });
    key(' ');
    key(' ', { repeat: true });
    expect(calls).toEqual([]);
    key(' ', {}, 'keyup');
    expect(calls).toEqual(['space']);
  });

  it('gives Space back to what has the focus', () => {
    pointer('pointermove', 10, 10, { buttons: 0 });
    const button = document.createElement('button');
    const clicked = vi.fn();
    button.addEventListener('click', clicked);
    document.body.append(button);
    for (const type of ['keydown', 'keyup']) {
      const event = new KeyboardEvent(type, { key: ' ', bubbles: true, cancelable: true });
      button.dispatchEvent(event);
      expect(event.defaultPrevented).toBe(true);
    }
    button.remove();
    expect(clicked).toHaveBeenCalledTimes(1);
    expect(calls).toEqual([]);
  });

  it('leaves Space alone where it means something: away from the map, in a field, in Pan mode', () => {
    expect(key(' ').defaultPrevented).toBe(false);
    pointer('pointermove', 10, 10, { buttons: 0 });
    const field = document.createElement('input');
    document.body.append(field);
    const event = new KeyboardEvent('keydown', { key: ' ', bubbles: true, cancelable: true });
    field.dispatchEvent(event);
    field.remove();
    expect(event.defaultPrevented).toBe(false);
    state.tool = 'pan';
    expect(key(' ').defaultPrevented).toBe(false);
  });
});

describe('touch', () => {
  it('clicks within a wider reach, and is told what the row is until it touches elsewhere', () => {
    near = 4;
    drag([[10, 10]], TOUCH);
    expect(reaches).toEqual([24]);
    expect(calls).toEqual(['click 4']);
    expect(state.hover).toBe(4);
    near = null;
    drag([[90, 90]], TOUCH);
    expect(state.hover).toBeNull();
  });

  it('pans with one finger, and draws in a mode that does', () => {
    const path: [number, number][] = [
      [10, 10],
      [30, 10],
    ];
    drag(path, TOUCH);
    state.tool = 'box';
    drag(path, TOUCH);
    expect(calls).toEqual(['pan 20.0 0.0', 'box 10.0 10.0', 'to 30.0 10.0', 'to 30.0 10.0', 'end']);
  });

  it.each(['pan', 'lasso'] as const)('zooms and pans with two fingers in mode %s', (tool) => {
    state.tool = tool;
    pointer('pointerdown', 100, 100, finger(1));
    pointer('pointerdown', 200, 100, finger(2));
    pointer('pointermove', 300, 100, finger(2));
    pointer('pointerup', 300, 100, finger(2));
    pointer('pointermove', 120, 100, finger(1));
    pointer('pointerup', 120, 100, finger(1));
    expect(calls).toEqual(['pan 50.0 0.0', 'zoom 200.0 100.0 2.000', 'pan 20.0 0.0']);
  });

  it('gives a shape up for a second finger', () => {
    state.tool = 'lasso';
    pointer('pointerdown', 100, 100, finger(1));
    pointer('pointermove', 150, 100, finger(1));
    pointer('pointerdown', 250, 100, finger(2));
    pointer('pointerup', 250, 100, finger(2));
    pointer('pointerup', 150, 100, finger(1));
    expect(calls).toEqual(['lasso 100.0 100.0', 'to 150.0 100.0', 'cancel']);
  });

  it('begins a lasso where a finger has rested for half a second, with a ring that says so', () => {
    near = 5;
    pointer('pointerdown', 10, 10, TOUCH);
    expect(hint.charge).toBe('10,10');
    pointer('pointermove', 13, 10, TOUCH);
    vi.advanceTimersByTime(499);
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(hint.charge).toBeNull();
    pointer('pointermove', 40, 40, TOUCH);
    pointer('pointerup', 40, 40, TOUCH);
    expect(calls).toEqual(['lasso 10.0 10.0', 'to 40.0 40.0', 'to 40.0 40.0', 'end']);
  });

  it('begins none for a finger that moves, lifts, or is joined by another', () => {
    drag([[10, 10]], TOUCH);
    pointer('pointerdown', 10, 10, finger(1));
    pointer('pointermove', 30, 10, finger(1));
    expect(hint.charge).toBeNull();
    vi.advanceTimersByTime(1000);
    pointer('pointerup', 30, 10, finger(1));
    pointer('pointerdown', 10, 10, finger(1));
    pointer('pointerdown', 90, 10, finger(2));
    vi.advanceTimersByTime(1000);
    expect(calls).toEqual(['click null', 'pan 20.0 0.0']);
  });

  it('keeps the browser’s menu away, which a mouse may open', () => {
    const menu = (): boolean => {
      const event = new MouseEvent('contextmenu', { cancelable: true });
      host.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect(menu()).toBe(false);
    drag([[10, 10]], TOUCH);
    expect(menu()).toBe(true);
  });

  it('draws with a pen at once, and pans with it in Pan mode', () => {
    const pen: Press = { pointerType: 'pen' };
    const path: [number, number][] = [
      [10, 10],
      [15, 10],
    ];
    drag(path, pen);
    state.tool = 'lasso';
    drag(path, pen);
    expect(calls).toEqual(['pan 5.0 0.0', 'lasso 10.0 10.0', 'to 15.0 10.0', 'to 15.0 10.0', 'end']);
  });
});

describe('keys', () => {
  it('walk from row to row, from the middle at first', () => {
    key('ArrowRight');
    expect(state.hover).toBe(50);
    key('ArrowRight');
    key('ArrowUp');
    expect(state.hover).toBe(61);
    expect(calls).toEqual(['reveal 50', 'reveal 60', 'reveal 61']);
  });

  it('move the view with Shift, zoom and fit', () => {
    key('ArrowRight', { shiftKey: true });
    key('ArrowUp', { shiftKey: true });
    for (const name of ['+', '=', '-', '0']) key(name);
    expect(calls).toEqual(['glide -64.0 0.0', 'glide 0.0 64.0', 'step in', 'step in', 'step out', 'all']);
  });

  it('select the row with Enter, toggle it with Ctrl, select all and invert', () => {
    key('ArrowRight');
    calls = [];
    key('Enter');
    key('Enter', { ctrlKey: true });
    key('a', { ctrlKey: true });
    key('i', { metaKey: true });
    expect(calls).toEqual(['select 50', 'toggle 50', 'select all', 'invert']);
  });

  it('let go with Escape of one thing at a time: the row, the selection, the view', () => {
    state.selected = true;
    key('ArrowRight');
    calls = [];
    key('Escape');
    expect([state.hover, state.selected, calls]).toEqual([null, true, []]);
    key('Escape');
    expect([state.selected, calls]).toEqual([false, []]);
    key('Escape');
    expect(calls).toEqual(['all']);
  });

  it('change the size of the brush when there is one', () => {
    expect(key('>').defaultPrevented).toBe(false);
    state.tool = 'brush';
    key('<');
    key('>');
    expect(calls).toEqual(['brush -1', 'brush 1']);
  });

  it('leave everything else, and the browser’s own, alone', () => {
    expect(key('Tab').defaultPrevented).toBe(false);
    expect(key('+', { ctrlKey: true }).defaultPrevented).toBe(false);
    expect(key('a').defaultPrevented).toBe(false);
    expect(key('i', { ctrlKey: true, shiftKey: true }).defaultPrevented).toBe(false);
    expect(key('Enter').defaultPrevented).toBe(false);
    expect(key('ArrowDown').defaultPrevented).toBe(true);
  });

  it('say beside the pointer which of them are held', () => {
    pointer('pointermove', 10, 10, { buttons: 0 });
    key('Shift', { shiftKey: true });
    expect(hint.pointer).toBe('10,10 shift');
    key('Shift', {}, 'keyup');
    expect(hint.pointer).toBe('10,10');
  });
});

describe('in a page that scrolls', () => {
  let left: string[];

  beforeEach(() => {
    stop();
    left = [];
    host.tabIndex = 0;
    const leave = (by: string): void => void left.push(by);
    stop = attachGestures(host, map, shapes, target, { ...hints, leave }, true);
    vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  });

  const wheel = (init: WheelEventInit = {}): boolean => {
    const event = new WheelEvent('wheel', { deltaY: -200, cancelable: true, ...init });
    /* This document's wheel events know no keys of their own. */
    Object.defineProperty(event, 'ctrlKey', { value: init.ctrlKey ?? false });
    host.dispatchEvent(event);
    return event.defaultPrevented;
  };

  it('row 92: the wheel is the page’s until the map has the focus, or Ctrl is held', () => {
    expect([wheel(), calls, left]).toEqual([false, [], ['wheel']]);
    expect(wheel({ ctrlKey: true })).toBe(true);
    expect(calls).toHaveLength(1);
    host.focus();
    expect(wheel()).toBe(true);
    host.blur();
    expect(wheel()).toBe(false);
    expect(calls).toHaveLength(2);
  });

  it('a focus in a window that has none is no focus', () => {
    host.focus();
    vi.spyOn(document, 'hasFocus').mockReturnValue(false);
    expect(wheel()).toBe(false);
    expect(calls).toEqual([]);
  });

  it('a finger moves the page; a tap is a press, and gives the map the focus', () => {
    const touch = { pointerType: 'touch' };
    pointer('pointerdown', 10, 10, touch);
    vi.advanceTimersByTime(1000);
    pointer('pointermove', 10, 60, touch);
    pointer('pointercancel', 10, 60, touch);
    expect([calls, left, hint.charge]).toEqual([[], ['touch'], null]);
    near = 3;
    pointer('pointerdown', 10, 10, touch);
    pointer('pointerup', 10, 10, touch);
    expect(calls).toEqual(['click 3']);
    expect(document.activeElement).toBe(host);
    drag(
      [
        [10, 10],
        [40, 10],
      ],
      touch,
    );
    expect(calls.some((call) => call.startsWith('pan'))).toBe(true);
  });
});
