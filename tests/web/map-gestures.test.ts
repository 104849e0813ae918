// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attachGestures, type MapTarget, type Steerable } from '../../web/ui/map-gestures.ts';

let host: HTMLDivElement;
let stop: () => void;
let calls: string[];
let near: number | null;
let state: { hover: number | null; pin: number | null };
let reaches: number[];

const n = (value: number): string => value.toFixed(1).replace('-0.0', '0.0');

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 16));
  vi.stubGlobal('cancelAnimationFrame', (id: number) => clearTimeout(id));
  host = document.createElement('div');
  document.body.append(host);
  calls = [];
  near = null;
  reaches = [];
  state = { hover: null, pin: null };
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
  const target: MapTarget = {
    hovered: () => state.hover,
    pinned: () => state.pin,
    hover: (row) => {
      state.hover = row;
    },
    pin: (row) => {
      state.pin = row;
    },
    cursor: (row) => {
      state.hover = row;
    },
  };
  stop = attachGestures(host, map, target);
});

afterEach(() => {
  stop();
  host.remove();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function pointer(type: string, x: number, y: number, pointerId = 1, pointerType = 'mouse', button = 0): void {
  host.dispatchEvent(
    new PointerEvent(type, { clientX: x, clientY: y, pointerId, pointerType, button, bubbles: true }),
  );
}

function key(name: string, options: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true, ...options });
  host.dispatchEvent(event);
  return event;
}

describe('a pointer over the map', () => {
  it('hovers the nearest row, searching once for each frame drawn', () => {
    near = 7;
    for (let i = 0; i < 20; i++) pointer('pointermove', i, i);
    expect(reaches).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(reaches).toEqual([10]);
    expect(state.hover).toBe(7);
    pointer('pointerleave', 0, 0);
    expect(state.hover).toBeNull();
  });

  it('pins the nearest row when pressed, and lets go where there is none', () => {
    near = 3;
    pointer('pointerdown', 10, 10);
    pointer('pointermove', 12, 11);
    pointer('pointerup', 12, 11);
    expect(state.pin).toBe(3);
    expect(calls).toEqual([]);
    near = null;
    pointer('pointerdown', 50, 50);
    pointer('pointerup', 50, 50);
    expect(state.pin).toBeNull();
  });

  it('pans when it drags, and then neither hovers nor pins', () => {
    near = 3;
    state.hover = 3;
    pointer('pointerdown', 10, 10);
    pointer('pointermove', 20, 10);
    expect(state.hover).toBeNull();
    pointer('pointermove', 25, 30);
    vi.advanceTimersByTime(100);
    pointer('pointerup', 25, 30);
    expect(calls).toEqual(['pan 10.0 0.0', 'pan 5.0 20.0']);
    expect([state.hover, state.pin, reaches]).toEqual([null, null, []]);
  });

  it('leaves the other buttons to the browser', () => {
    near = 3;
    pointer('pointerdown', 10, 10, 1, 'mouse', 2);
    pointer('pointermove', 60, 60);
    pointer('pointerup', 60, 60, 1, 'mouse', 2);
    expect(calls).toEqual([]);
    expect(state.pin).toBeNull();
  });

  it('zooms at the wheel by exp(-y/200), and fits on a double press', () => {
    /* This document's wheel events know no place of their own. */
    const wheel = new WheelEvent('wheel', { deltaY: -200, cancelable: true });
    host.dispatchEvent(Object.assign(wheel, { clientX: 30, clientY: 40 }));
    expect(wheel.defaultPrevented).toBe(true);
    near = 12;
    vi.advanceTimersByTime(20);
    expect(state.hover).toBe(12);
    host.dispatchEvent(new MouseEvent('dblclick'));
    expect(calls).toEqual([`zoom 30.0 40.0 ${Math.E.toFixed(3)}`, 'all']);
  });
});

describe('touch', () => {
  it('pins within a wider reach', () => {
    near = 4;
    pointer('pointerdown', 10, 10, 1, 'touch');
    pointer('pointerup', 10, 10, 1, 'touch');
    expect(reaches).toEqual([24]);
    expect(state.pin).toBe(4);
  });

  it('zooms and pans with two fingers', () => {
    pointer('pointerdown', 100, 100, 1, 'touch');
    pointer('pointerdown', 200, 100, 2, 'touch');
    pointer('pointermove', 300, 100, 2, 'touch');
    pointer('pointerup', 300, 100, 2, 'touch');
    pointer('pointerup', 100, 100, 1, 'touch');
    expect(calls).toEqual(['pan 50.0 0.0', 'zoom 200.0 100.0 2.000']);
    expect(state.pin).toBeNull();
  });

  it('hovers when a finger rests for half a second, and goes on hovering as it moves', () => {
    near = 5;
    pointer('pointerdown', 10, 10, 1, 'touch');
    vi.advanceTimersByTime(550);
    expect(state.hover).toBe(5);
    near = 6;
    pointer('pointermove', 40, 40, 1, 'touch');
    vi.advanceTimersByTime(20);
    expect(state.hover).toBe(6);
    expect(calls).toEqual([]);
    pointer('pointerup', 40, 40, 1, 'touch');
    expect([state.hover, state.pin]).toEqual([null, 6]);
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

  it('pin with Enter; Escape lets go first, then shows all', () => {
    key('ArrowRight');
    key('Enter');
    expect(state.pin).toBe(50);
    key('Escape');
    expect([state.hover, state.pin]).toEqual([null, null]);
    key('Escape');
    expect(calls.at(-1)).toBe('all');
  });

  it('leave everything else, and the browser’s own, alone', () => {
    expect(key('Tab').defaultPrevented).toBe(false);
    expect(key('+', { ctrlKey: true }).defaultPrevented).toBe(false);
    expect(key('Enter').defaultPrevented).toBe(false);
    expect(key('ArrowDown').defaultPrevented).toBe(true);
  });
});
