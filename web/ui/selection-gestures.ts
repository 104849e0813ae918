/**
 * The shape that a drag draws, from its first corner to the rows in it.
 *
 * A shape is kept in map coordinates, so that it stays where it was drawn while the view or the rows move under
 * it. What is in it is asked of the rows as they lie at that moment: for the live count at most once a frame,
 * and once more, exactly, when it is finished. The corners are used as drawn, neither smoothed nor thinned;
 * they are rounded to 32-bit floats, like the positions, so that a stored shape finds the same rows again.
 */

import type { RowBits } from '../protocol/messages.ts';
import type { Maker, SelectionOp, Tool } from '../state/store.ts';

export type ShapeKind = Exclude<Tool, 'pan'>;

export type Shape =
  | { kind: 'lasso'; points: number[] } // x, y pairs of the corners
  | { kind: 'box'; points: [number, number, number, number] } // two opposite corners
  | { kind: 'brush'; points: number[]; radius: number }; // x, y pairs of the path

/** The keys that say how a new set of rows and the present selection become one. Command counts as Ctrl. */
export interface Keys {
  ctrl: boolean;
  alt: boolean;
  shift: boolean;
}

export const NO_KEYS: Keys = { ctrl: false, alt: false, shift: false };

export function keysOf(event: {
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}): Keys {
  return { ctrl: event.ctrlKey || event.metaKey, alt: event.altKey, shift: event.shiftKey };
}

/** Ctrl adds, Alt subtracts, both intersect; null when neither is held. */
export function opOfKeys({ ctrl, alt }: Keys): SelectionOp | null {
  if (ctrl && alt) return 'intersect';
  if (ctrl) return 'add';
  return alt ? 'subtract' : null;
}

/** Where shapes are drawn: the part of MapController that they need. */
export interface ShapeSurface {
  placeAt(x: number, y: number): [number, number];
  readonly scale: number;
  readonly rows: {
    selectBox(x0: number, y0: number, x1: number, y1: number): RowBits;
    selectPolygon(polygon: ArrayLike<number>): RowBits;
    selectBrush(path: ArrayLike<number>, radius: number): RowBits;
    brushSegment(ax: number, ay: number, bx: number, by: number, radius: number, into: RowBits): void;
  };
  hold(on: boolean): void;
}

export interface ShapeTarget {
  /** How rows are combined while no key says otherwise. */
  op(): SelectionOp;
  /** Radius of the brush in CSS pixels. */
  radius(): number;
  /** What the map shows now; null: there is none. */
  moment(): { step: number; epoch: number; axes: [number, number] } | null;
  preview(bits: RowBits | null, op: SelectionOp): void;
  commit(bits: RowBits, maker: Maker, op: SelectionOp): void;
  /** The shape or the way it is combined has changed. */
  changed(): void;
}

/** Least distance between two corners, in CSS pixels. */
const STEP = 4;

interface Drawn {
  shape: Shape;
  from: Keys; // when the drag began
  now: Keys;
  x: number; // where the pointer is, in CSS pixels
  y: number;
  lastX: number; // where the last corner was set
  lastY: number;
  painted: RowBits | null; // rows under the brush so far, of the present positions
  counted: number; // numbers of `points` that `painted` has taken in
}

/** At most one shape at a time. */
export class ShapeDrawing {
  private readonly surface: ShapeSurface;
  private readonly target: ShapeTarget;
  private drawn: Drawn | null = null;
  private request = 0;

  constructor(surface: ShapeSurface, target: ShapeTarget) {
    this.surface = surface;
    this.target = target;
  }

  /** The shape in map coordinates, its free corner where the pointer is; null: none is being drawn. */
  get shape(): Shape | null {
    const drawn = this.drawn;
    if (drawn?.shape.kind === 'box') this.stretch(drawn, drawn.shape);
    return drawn?.shape ?? null;
  }

  /** How the rows would be combined if the drag ended now. */
  get op(): SelectionOp {
    const { drawn, target } = this;
    /* Letting go of a key a moment before the button is no change of mind. */
    return (drawn && (opOfKeys(drawn.now) ?? opOfKeys(drawn.from))) ?? target.op();
  }

  /** Begins a shape at a place on the host. One that was being drawn is given up. */
  begin(kind: ShapeKind, x: number, y: number, keys: Keys): void {
    this.cancel();
    const [px, py] = this.place(x, y);
    const shape: Shape =
      kind === 'box'
        ? { kind, points: [px, py, px, py] }
        : kind === 'lasso'
          ? { kind, points: [px, py] }
          : { kind, points: [px, py], radius: Math.fround(this.target.radius() / this.surface.scale) };
    this.drawn = { shape, from: keys, now: keys, x, y, lastX: x, lastY: y, painted: null, counted: 0 };
    this.surface.hold(true);
    this.soon();
  }

  /** The pointer has moved. */
  move(x: number, y: number): void {
    const { drawn } = this;
    if (!drawn) return;
    drawn.x = x;
    drawn.y = y;
    if (drawn.shape.kind !== 'box' && Math.hypot(x - drawn.lastX, y - drawn.lastY) >= STEP)
      this.corner(drawn);
    this.soon();
  }

  /** Takes the keys that are held now. */
  hold(keys: Keys): void {
    if (!this.drawn) return;
    this.drawn.now = keys;
    this.soon();
  }

  /** The rows have moved: what is in the shape has to be counted again. */
  refresh(): void {
    if (!this.drawn) return;
    this.drawn.painted = null;
    this.soon();
  }

  /** Finishes the shape and selects what is in it. False when it is too small to be one: it was a press. */
  end(): boolean {
    const { drawn } = this;
    const moment = this.target.moment();
    const { op } = this;
    if (drawn?.shape.kind === 'brush' && (drawn.x !== drawn.lastX || drawn.y !== drawn.lastY)) {
      this.corner(drawn);
    }
    const shape = this.shape;
    this.leave();
    if (!shape || !moment) return false;
    if (shape.kind === 'lasso' && shape.points.length < 6) return false;
    const { kind, points } = shape;
    const maker: Maker =
      kind === 'brush'
        ? { kind, points, radius: shape.radius, ...moment }
        : { kind: kind === 'lasso' ? 'polygon' : 'box', points, ...moment };
    this.target.commit(this.inside(shape), maker, op);
    return true;
  }

  /** Gives the shape up; the selection stays as it was. */
  cancel(): void {
    if (this.drawn) this.leave();
  }

  private leave(): void {
    cancelAnimationFrame(this.request);
    this.request = 0;
    if (!this.drawn) return;
    this.drawn = null;
    this.surface.hold(false);
    this.target.preview(null, 'replace');
    this.target.changed();
  }

  private place(x: number, y: number): [number, number] {
    const [px, py] = this.surface.placeAt(x, y);
    return [Math.fround(px), Math.fround(py)];
  }

  private corner(drawn: Drawn): void {
    drawn.shape.points.push(...this.place(drawn.x, drawn.y));
    drawn.lastX = drawn.x;
    drawn.lastY = drawn.y;
  }

  /** Brings the free corner of a box to where the pointer is on the map now. */
  private stretch(drawn: Drawn, box: Shape & { kind: 'box' }): void {
    [box.points[2], box.points[3]] = this.place(drawn.x, drawn.y);
  }

  private soon(): void {
    if (this.request !== 0) return;
    this.request = requestAnimationFrame(() => {
      this.request = 0;
      const { drawn, shape } = this;
      if (!drawn || !shape) return;
      this.target.preview(shape.kind === 'brush' ? this.paint(drawn, shape) : this.inside(shape), this.op);
      this.target.changed();
    });
  }

  private inside(shape: Shape): RowBits {
    const { rows } = this.surface;
    if (shape.kind === 'box') return rows.selectBox(...shape.points);
    if (shape.kind === 'lasso') return rows.selectPolygon(shape.points);
    return rows.selectBrush(shape.points, shape.radius);
  }

  /** Rows under the brush so far; only the newest part of its path is searched. */
  private paint(drawn: Drawn, { points, radius }: Shape & { kind: 'brush' }): RowBits {
    const { rows } = this.surface;
    if (!drawn.painted) {
      drawn.painted = rows.selectBrush(points, radius);
    } else {
      for (let i = drawn.counted; i + 1 < points.length; i += 2) {
        const [ax = 0, ay = 0, bx = 0, by = 0] = points.slice(i - 2, i + 2);
        rows.brushSegment(ax, ay, bx, by, radius, drawn.painted);
      }
    }
    drawn.counted = points.length;
    /* The caller may keep what it gets. */
    return drawn.painted.slice();
  }
}
