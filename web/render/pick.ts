/**
 * Which rows are where: hover, box, lasso and arrow keys over a uniform grid of the current positions.
 *
 * Works on the processor, so that it is exact, the same on every machine, and sees each row, also those hidden
 * under others. The grid is built when it is first asked after a change: O(n), by counting sort. Its cells cover
 * the robust bounds of the data; rows outside belong to the nearest border cell, which keeps every query right
 * (a range of coordinates is always within the range of its cells) and one runaway row from spoiling the grid.
 *
 * Rows that are hidden or not finite are never found. All coordinates are world coordinates (y up).
 */

import { dataBounds } from './fit.ts';
import { FLAG_HIDDEN } from './props.ts';

/** Rows per cell aimed at, and most cells along a side. */
const PER_CELL = 2;
const MAX_CELLS = 1024;

export class PickIndex {
  private positions: Float32Array = new Float32Array(0);
  private dims = 2;
  private flags: Uint8Array | null = null;
  private stale = true;

  private cells = 1;
  private minX = 0;
  private minY = 0;
  private perX = 0;
  private perY = 0;
  /** First slot of each cell, and one past the last (cells * cells + 1). */
  private start = new Uint32Array(2);
  /** Rows by cell, ascending within each. */
  private rows = new Uint32Array(0);

  /**
   * Takes new positions (n, dims) and flags (n). Costs nothing until the next question. Arrays are kept by
   * reference; call again after changing one in place.
   */
  set(positions: Float32Array, dims = 2, flags: Uint8Array | null = null): void {
    this.positions = positions;
    this.dims = dims;
    this.flags = flags?.length === Math.floor(positions.length / dims) ? flags : null;
    this.stale = true;
  }

  /**
   * The row nearest to (x, y) within `radius`, or -1. Of several at the same distance the highest, which is
   * drawn on top. Rows for which `skip` says true are passed over.
   */
  nearest(x: number, y: number, radius: number, skip?: (row: number) => boolean): number {
    this.build();
    let best = -1;
    let bestD = radius * radius;
    if (!(bestD >= 0)) return -1;
    this.visit(x - radius, y - radius, x + radius, y + radius, (row) => {
      const dx = this.x(row) - x;
      const dy = this.y(row) - y;
      const d = dx * dx + dy * dy;
      if (d < bestD || (d === bestD && row > best)) {
        if (skip?.(row)) return;
        best = row;
        bestD = d;
      }
    });
    return best;
  }

  /** Rows within the box with these opposite corners, borders included, ascending. */
  inBox(x0: number, y0: number, x1: number, y1: number): Uint32Array {
    this.build();
    const minX = Math.min(x0, x1);
    const maxX = Math.max(x0, x1);
    const minY = Math.min(y0, y1);
    const maxY = Math.max(y0, y1);
    const found = new RowList(this.rows.length);
    this.visit(minX, minY, maxX, maxY, (row) => {
      const x = this.x(row);
      const y = this.y(row);
      if (x >= minX && x <= maxX && y >= minY && y <= maxY) found.push(row);
    });
    return found.sorted();
  }

  /**
   * Rows within a polygon by the non-zero winding rule, ascending. `polygon` is x, y pairs of its corners, which
   * is closed of itself; fewer than three corners hold nothing. It is used as drawn, neither smoothed nor
   * thinned. Cells that no edge touches are decided as a whole, so the cost is about that of the outline.
   */
  inPolygon(polygon: ArrayLike<number>): Uint32Array {
    this.build();
    const found = new RowList(this.rows.length);
    const corners = Math.floor(polygon.length / 2);
    if (corners < 3 || this.rows.length === 0) return found.sorted();
    let minX = Number.POSITIVE_INFINITY;
    let minY = Number.POSITIVE_INFINITY;
    let maxX = Number.NEGATIVE_INFINITY;
    let maxY = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < corners; i++) {
      minX = Math.min(minX, polygon[2 * i] ?? 0);
      maxX = Math.max(maxX, polygon[2 * i] ?? 0);
      minY = Math.min(minY, polygon[2 * i + 1] ?? 0);
      maxY = Math.max(maxY, polygon[2 * i + 1] ?? 0);
    }
    if (![minX, minY, maxX, maxY].every(Number.isFinite)) return found.sorted();
    const touched = this.touchedCells(polygon, corners);
    const { cells, start, rows } = this;
    const col0 = this.column(minX);
    const col1 = this.column(maxX);
    for (let line = this.line(minY); line <= this.line(maxY); line++) {
      /* Winding is constant along a run of cells that no edge touches. */
      let known = false;
      let inside = false;
      for (let col = col0; col <= col1; col++) {
        const cell = line * cells + col;
        const a = start[cell] ?? 0;
        const b = start[cell + 1] ?? 0;
        if (touched[cell] !== 0) {
          known = false;
          for (let slot = a; slot < b; slot++) {
            const row = rows[slot] ?? 0;
            if (windingNumber(polygon, this.x(row), this.y(row)) !== 0) found.push(row);
          }
          continue;
        }
        if (a === b) continue;
        if (!known) {
          const row = rows[a] ?? 0;
          inside = windingNumber(polygon, this.x(row), this.y(row)) !== 0;
          known = true;
        }
        if (inside) for (let slot = a; slot < b; slot++) found.push(rows[slot] ?? 0);
      }
    }
    return found.sorted();
  }

  /**
   * The row to go to from `row` in direction (dx, dy): the nearest one within 45 degrees of it, or -1. Rows at
   * the very same place are stepped through first, upwards for right and down, downwards for left and up, so
   * that arrow keys reach them too.
   */
  nearestInDirection(row: number, dx: number, dy: number): number {
    this.build();
    const length = Math.sqrt(dx * dx + dy * dy);
    const px = this.x(row);
    const py = this.y(row);
    if (!(length > 0) || !Number.isFinite(px) || !Number.isFinite(py)) return -1;
    const ux = dx / length;
    const uy = dy / length;
    const forward = dx > 0 || (dx === 0 && dy < 0);
    const twin = this.twin(row, px, py, forward);
    if (twin >= 0) return twin;

    let best = -1;
    let bestD = Number.POSITIVE_INFINITY;
    const consider = (other: number): void => {
      const ox = this.x(other) - px;
      const oy = this.y(other) - py;
      const along = ox * ux + oy * uy;
      const across = Math.abs(ox * uy - oy * ux);
      if (!(along > 0) || across > along) return;
      const d = ox * ox + oy * oy;
      const wins = forward ? other < best : other > best;
      if (d < bestD || (d === bestD && wins)) {
        best = other;
        bestD = d;
      }
    };
    /* Wider and wider boxes: a hit within the half side of one is nearer than anything outside it. */
    const { cells, minX, minY, perX, perY } = this;
    let reach = 2 * Math.max(perX > 0 ? 1 / perX : 0, perY > 0 ? 1 / perY : 0);
    for (;;) {
      const whole =
        !(reach > 0) ||
        (px - reach <= minX &&
          py - reach <= minY &&
          px + reach >= minX + cells / perX &&
          py + reach >= minY + cells / perY);
      if (whole) reach = Number.POSITIVE_INFINITY;
      this.visit(px - reach, py - reach, px + reach, py + reach, consider);
      if (whole || (best >= 0 && bestD <= reach * reach)) return best;
      reach *= 2;
    }
  }

  /** The next row at exactly (px, py) above or below `row`, or -1. */
  private twin(row: number, px: number, py: number, upwards: boolean): number {
    let best = -1;
    this.visit(px, py, px, py, (other) => {
      if (this.x(other) !== px || this.y(other) !== py) return;
      if (upwards ? other <= row : other >= row) return;
      if (best < 0 || (upwards ? other < best : other > best)) best = other;
    });
    return best;
  }

  /* ---- the grid ----------------------------------------------------------------------------------------- */

  private x(row: number): number {
    return this.positions[row * this.dims] ?? Number.NaN;
  }

  private y(row: number): number {
    return this.dims > 1 ? (this.positions[row * this.dims + 1] ?? Number.NaN) : 0;
  }

  private column(x: number): number {
    const c = Math.floor((x - this.minX) * this.perX);
    return c > 0 ? Math.min(c, this.cells - 1) : 0;
  }

  private line(y: number): number {
    const l = Math.floor((y - this.minY) * this.perY);
    return l > 0 ? Math.min(l, this.cells - 1) : 0;
  }

  private build(): void {
    if (!this.stale) return;
    this.stale = false;
    const { positions, dims, flags } = this;
    const n = Math.floor(positions.length / dims);
    const bounds = dataBounds(positions, { dims, flags });
    this.cells = Math.min(MAX_CELLS, Math.max(1, Math.ceil(Math.sqrt(n / PER_CELL))));
    this.minX = bounds.minX;
    this.minY = bounds.minY;
    this.perX = this.cells / (bounds.maxX - bounds.minX);
    this.perY = this.cells / (bounds.maxY - bounds.minY);

    const count = this.cells * this.cells;
    const start = new Uint32Array(count + 1);
    const cellOf = new Uint32Array(n);
    for (let row = 0; row < n; row++) {
      const x = this.x(row);
      const y = this.y(row);
      if (!Number.isFinite(x) || !Number.isFinite(y) || ((flags?.[row] ?? 0) & FLAG_HIDDEN) !== 0) {
        cellOf[row] = count;
        continue;
      }
      const cell = this.line(y) * this.cells + this.column(x);
      cellOf[row] = cell;
      start[cell + 1] = (start[cell + 1] ?? 0) + 1;
    }
    for (let cell = 0; cell < count; cell++) start[cell + 1] = (start[cell + 1] ?? 0) + (start[cell] ?? 0);
    const next = start.slice(0, count);
    const rows = new Uint32Array(start[count] ?? 0);
    for (let row = 0; row < n; row++) {
      const cell = cellOf[row] ?? count;
      if (cell === count) continue;
      const slot = next[cell] ?? 0;
      rows[slot] = row;
      next[cell] = slot + 1;
    }
    this.start = start;
    this.rows = rows;
  }

  /** Calls `see` with each row in the cells that this range of coordinates falls into. */
  private visit(minX: number, minY: number, maxX: number, maxY: number, see: (row: number) => void): void {
    const col0 = this.column(minX);
    const col1 = this.column(maxX);
    const line1 = this.line(maxY);
    const { cells, start, rows } = this;
    for (let line = this.line(minY); line <= line1; line++) {
      const b = start[line * cells + col1 + 1] ?? 0;
      for (let slot = start[line * cells + col0] ?? 0; slot < b; slot++) see(rows[slot] ?? 0);
    }
  }

  /**
   * One byte a cell: 1 where an edge may pass, with one cell to spare on every side, so that rounding cannot
   * miss one. Border cells always are: they also hold the rows outside the grid.
   */
  private touchedCells(polygon: ArrayLike<number>, corners: number): Uint8Array {
    const { cells } = this;
    const touched = new Uint8Array(cells * cells);
    for (let i = 0; i < cells; i++) {
      touched[i] = touched[(cells - 1) * cells + i] = touched[i * cells] = touched[i * cells + cells - 1] = 1;
    }
    for (let i = 0; i < corners; i++) {
      const j = (i + 1) % corners;
      const up = (polygon[2 * i + 1] ?? 0) <= (polygon[2 * j + 1] ?? 0);
      const [a, b] = up ? [i, j] : [j, i];
      const ax = polygon[2 * a] ?? 0;
      const ay = polygon[2 * a + 1] ?? 0;
      const bx = polygon[2 * b] ?? 0;
      const by = polygon[2 * b + 1] ?? 0;
      const first = Math.max(0, this.line(ay) - 1);
      const last = Math.min(cells - 1, this.line(by) + 1);
      for (let line = first; line <= last; line++) {
        /* The part of the edge that lies in this line of cells and its neighbours. */
        const low = this.minY + (line - 1) / this.perY;
        const high = this.minY + (line + 2) / this.perY;
        const t0 = by > ay ? Math.min(1, Math.max(0, (low - ay) / (by - ay))) : 0;
        const t1 = by > ay ? Math.min(1, Math.max(0, (high - ay) / (by - ay))) : 1;
        const x0 = ax + (bx - ax) * t0;
        const x1 = ax + (bx - ax) * t1;
        const col0 = Math.max(0, this.column(Math.min(x0, x1)) - 1);
        const col1 = Math.min(cells - 1, this.column(Math.max(x0, x1)) + 1);
        touched.fill(1, line * cells + col0, line * cells + col1 + 1);
      }
    }
    return touched;
  }
}

/**
 * How often a closed polygon (x, y pairs) winds around (x, y), counter-clockwise positive. Points on an edge
 * belong to one side of it, the same for both polygons that share it.
 */
export function windingNumber(polygon: ArrayLike<number>, x: number, y: number): number {
  const corners = Math.floor(polygon.length / 2);
  let winding = 0;
  let ax = polygon[2 * corners - 2] ?? 0;
  let ay = polygon[2 * corners - 1] ?? 0;
  for (let i = 0; i < corners; i++) {
    const bx = polygon[2 * i] ?? 0;
    const by = polygon[2 * i + 1] ?? 0;
    if (ay <= y !== by <= y) {
      const side = (bx - ax) * (y - ay) - (x - ax) * (by - ay);
      if (by > ay ? side > 0 : side < 0) winding += by > ay ? 1 : -1;
    }
    ax = bx;
    ay = by;
  }
  return winding;
}

/** Rows found so far, in one array made once. */
class RowList {
  private readonly rows: Uint32Array;
  private count = 0;

  constructor(capacity: number) {
    this.rows = new Uint32Array(capacity);
  }

  push(row: number): void {
    this.rows[this.count] = row;
    this.count++;
  }

  /** The rows, ascending, in an array of their own. */
  sorted(): Uint32Array {
    return this.rows.slice(0, this.count).sort();
  }
}
