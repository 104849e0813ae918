// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RowBits } from '../../web/protocol/messages.ts';
import { PickIndex } from '../../web/render/pick.ts';
import { rowsOf } from '../../web/state/selection.ts';
import type { Maker, SelectionOp } from '../../web/state/store.ts';
import {
  type Keys,
  keysOf,
  NO_KEYS,
  opOfKeys,
  ShapeDrawing,
  type ShapeSurface,
} from '../../web/ui/selection-gestures.ts';

const CTRL: Keys = { ctrl: true, alt: false, shift: false };
const ALT: Keys = { ctrl: false, alt: true, shift: false };

/** Rows in a grid, row 10 y + x at (x, y), seen with 10 pixels for each unit and y downwards from (0, 0). */
let pick: PickIndex;
let shapes: ShapeDrawing;
let origin: [number, number];
let scale: number;
let toolbar: SelectionOp;
let held: boolean;
let previews: [number | null, SelectionOp][];
let commits: { rows: number[]; maker: Maker; op: SelectionOp }[];
let moment: { step: number; epoch: number; axes: [number, number] } | null;

function place(dx = 0, flags: Uint8Array | null = null): void {
  const positions = Float32Array.from({ length: 200 }, (_, i) => {
    const row = i >> 1;
    return i % 2 === 0 ? (row % 10) + dx : Math.floor(row / 10);
  });
  pick.set(positions, 2, flags);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 16));
  vi.stubGlobal('cancelAnimationFrame', (id: number) => clearTimeout(id));
  pick = new PickIndex();
  place();
  origin = [0, 0];
  scale = 10;
  toolbar = 'replace';
  held = false;
  previews = [];
  commits = [];
  moment = { step: 70, epoch: 7, axes: [0, 1] };
  const surface: ShapeSurface = {
    placeAt: (x, y) => [origin[0] + x / scale, origin[1] + y / scale],
    get scale() {
      return scale;
    },
    rows: pick,
    hold(on) {
      held = on;
    },
  };
  shapes = new ShapeDrawing(surface, {
    op: () => toolbar,
    radius: () => 12,
    moment: () => moment,
    preview: (bits, op) => previews.push([bits && count(bits), op]),
    commit: (bits, maker, op) => commits.push({ rows: [...rowsOf(bits)], maker, op }),
    changed() {},
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function count(bits: RowBits): number {
  return rowsOf(bits).length;
}

/** Draws through places in pixels, a frame apart. */
function draw(kind: 'lasso' | 'box' | 'brush', path: [number, number][], keys = NO_KEYS): void {
  const [[x, y] = [0, 0], ...rest] = path;
  shapes.begin(kind, x, y, keys);
  for (const [px, py] of rest) {
    shapes.move(px, py);
    vi.advanceTimersByTime(20);
  }
}

/** Corners around rows 11, 12, 21 and 22. */
const AROUND: [number, number][] = [
  [5, 5],
  [25, 5],
  [25, 25],
  [5, 25],
];

describe('a lasso', () => {
  it('takes the rows it goes round, in map units, and says when it was drawn', () => {
    draw('lasso', AROUND);
    expect(shapes.end()).toBe(true);
    expect(commits).toEqual([
      {
        rows: [11, 12, 21, 22],
        op: 'replace',
        maker: {
          kind: 'polygon',
          points: [0.5, 0.5, 2.5, 0.5, 2.5, 2.5, 0.5, 2.5],
          step: 70,
          epoch: 7,
          axes: [0, 1],
        },
      },
    ]);
  });

  it('sets no corner nearer than four pixels to the last', () => {
    shapes.begin('lasso', 0, 0, NO_KEYS);
    for (let x = 0; x <= 100; x++) shapes.move(x, 0);
    expect(shapes.shape?.points.length).toBe(2 * 26);
  });

  it('is a press when it has fewer than three corners', () => {
    draw('lasso', [
      [5, 5],
      [25, 5],
    ]);
    expect(shapes.end()).toBe(false);
    expect(commits).toEqual([]);
    expect(previews.at(-1)).toEqual([null, 'replace']);
  });

  it('stays on the map while the view moves and zooms under it', () => {
    draw('lasso', AROUND.slice(0, 2));
    origin = [-40, 13];
    scale = 25;
    /* The same two places of the map, in the pixels of another view. */
    for (const [x, y] of AROUND.slice(2)) {
      shapes.move((x / 10 - origin[0]) * scale, (y / 10 - origin[1]) * scale);
    }
    shapes.end();
    expect(commits[0]?.rows).toEqual([11, 12, 21, 22]);
  });

  it('takes the rows that lie in it when it is let go, not when it was drawn', () => {
    draw('lasso', AROUND);
    place(1);
    shapes.end();
    expect(commits[0]?.rows).toEqual([10, 11, 20, 21]);
  });

  it('never takes hidden rows', () => {
    place(
      0,
      Uint8Array.from({ length: 100 }, (_, row) => (row === 12 ? 4 : 0)),
    );
    draw('lasso', AROUND);
    shapes.end();
    expect(commits[0]?.rows).toEqual([11, 21, 22]);
  });

  it('takes what it goes round twice', () => {
    /* Round one row, and once more: the even-odd rule would leave it out. */
    draw('lasso', [...AROUND, ...AROUND.map(([x, y]): [number, number] => [x + 1, y + 1])]);
    shapes.end();
    expect(commits[0]?.rows).toEqual([11, 12, 21, 22]);
  });
});

describe('a box', () => {
  it('reaches from where it began to the pointer, also when the view has moved since', () => {
    draw('box', [
      [25, 25],
      [10, 10],
    ]);
    origin = [-1, 0];
    shapes.end();
    expect(commits[0]?.rows).toEqual([10, 11, 12, 20, 21, 22]);
    expect(commits[0]?.maker).toMatchObject({ kind: 'box', points: [2.5, 2.5, 0, 1] });
  });
});

describe('a brush', () => {
  it('takes the rows within its radius of the path, to the very end of it', () => {
    draw('brush', [
      [0, 0],
      [30, 0],
      [32, 0],
    ]);
    shapes.end();
    /* Radius 1.2: from (0, 0) to (3.2, 0), and the rows below as far as (3.2, 0) reaches them. */
    expect(commits[0]?.rows).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13]);
    expect(commits[0]?.maker).toMatchObject({ kind: 'brush', radius: Math.fround(1.2) });
  });

  it('keeps the radius it began with when the view is zoomed', () => {
    draw('brush', [[0, 0]]);
    scale = 1000;
    shapes.move(0, 0);
    shapes.end();
    expect(commits[0]?.rows).toEqual([0, 1, 10]);
  });

  it('counts along its path what it takes in the end, also when the rows move', () => {
    draw('brush', [
      [0, 0],
      [10, 0],
      [20, 10],
    ]);
    place(3);
    shapes.refresh();
    vi.advanceTimersByTime(20);
    shapes.move(40, 40);
    vi.advanceTimersByTime(20);
    const last = previews.at(-1)?.[0];
    shapes.end();
    expect(last).toBe(commits[0]?.rows.length);
    expect(commits[0]?.rows).toContain(41);
  });
});

describe('while it is drawn', () => {
  it('is counted at most once a frame', () => {
    shapes.begin('lasso', 0, 0, NO_KEYS);
    for (let i = 0; i < 50; i++) shapes.move(10 * i, i % 2 === 0 ? 0 : 90);
    expect(previews).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(previews).toHaveLength(1);
  });

  it('keeps the view where it is, and lets it go at the end', () => {
    draw('lasso', AROUND);
    expect(held).toBe(true);
    shapes.cancel();
    expect(held).toBe(false);
    expect(commits).toEqual([]);
    expect(shapes.shape).toBeNull();
    expect(previews.at(-1)).toEqual([null, 'replace']);
    vi.advanceTimersByTime(100);
    expect(previews.at(-1)).toEqual([null, 'replace']);
  });

  it('has no end where there is no map', () => {
    draw('lasso', AROUND);
    moment = null;
    expect(shapes.end()).toBe(false);
  });
});

describe('keys', () => {
  it('say how rows are combined', () => {
    const of = (ctrlKey: boolean, metaKey: boolean, altKey: boolean): SelectionOp | null =>
      opOfKeys(keysOf({ ctrlKey, metaKey, altKey, shiftKey: true }));
    expect([
      of(false, false, false),
      of(true, false, false),
      of(false, true, false),
      of(false, false, true),
      of(true, false, true),
    ]).toEqual([null, 'add', 'add', 'subtract', 'intersect']);
  });

  it('count as they are when the shape is finished', () => {
    draw('lasso', AROUND, CTRL);
    shapes.hold(ALT);
    shapes.end();
    expect(commits[0]?.op).toBe('subtract');
  });

  it('count as they were at the start when none is held any more', () => {
    draw('lasso', AROUND, CTRL);
    shapes.hold(NO_KEYS);
    shapes.end();
    expect(commits[0]?.op).toBe('add');
  });

  it('come before the toolbar, which counts when none is held', () => {
    toolbar = 'intersect';
    draw('lasso', AROUND);
    expect(shapes.op).toBe('intersect');
    shapes.hold(CTRL);
    vi.advanceTimersByTime(20);
    expect(previews.at(-1)).toEqual([4, 'add']);
    shapes.end();
    expect(commits[0]?.op).toBe('add');
  });
});
