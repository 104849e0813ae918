/**
 * The rows of a map sorted into a grid of square-ish cells, by counting sort: O(n), once for each set of positions.
 *
 * The cells cover the robust bounds of the data; rows outside belong to the nearest border cell. So one runaway
 * row does not spoil the grid, and every query stays right: `column` and `line` never fall as their coordinate
 * rises, hence the rows of a range of coordinates are all within the cells of that range. Rounding cannot break
 * this, because subtraction, multiplication by a positive number and `floor` are monotone in floating point too.
 *
 * Cells of one line are neighbours in memory, so a run of cells is one run of slots.
 */

import { dataBounds } from './fit.ts';
import { FLAG_HIDDEN } from './props.ts';

/** Rows per cell aimed at, and most cells along a side. */
const PER_CELL = 2;
const MAX_CELLS = 1024;

export class Grid {
  /** Cells along a side. */
  readonly cells: number;
  /** Lower left corner of the first cell, and cells per world unit. */
  readonly minX: number;
  readonly minY: number;
  readonly perX: number;
  readonly perY: number;
  /** First slot of each cell, and one past the last (cells * cells + 1). Cell: line * cells + column. */
  readonly start: Uint32Array;
  /** The row in each slot, ascending within a cell; neither hidden rows nor those that are not finite. */
  readonly rows: Uint32Array;
  /** Where it is, pairs: read along a run, where positions by row would jump about. */
  readonly xy: Float32Array;

  /** Of `positions` (n, dims) and flags (n) or none. */
  constructor(positions: Float32Array, dims: number, flags: Uint8Array | null) {
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
    const second = dims > 1 ? 1 : 0;
    for (let row = 0; row < n; row++) {
      const x = positions[row * dims] ?? 0;
      const y = second * (positions[row * dims + second] ?? 0);
      /* False for NaN, and for infinities of either sign. */
      const shown = x - x === 0 && y - y === 0 && ((flags?.[row] ?? 0) & FLAG_HIDDEN) === 0;
      const cell = shown ? this.line(y) * this.cells + this.column(x) : count;
      cellOf[row] = cell;
      if (shown) start[cell + 1] = (start[cell + 1] ?? 0) + 1;
    }
    for (let cell = 0; cell < count; cell++) start[cell + 1] = (start[cell + 1] ?? 0) + (start[cell] ?? 0);
    const next = start.slice(0, count);
    const rows = new Uint32Array(start[count] ?? 0);
    const xy = new Float32Array(2 * rows.length);
    for (let row = 0; row < n; row++) {
      const cell = cellOf[row] ?? count;
      if (cell === count) continue;
      const slot = next[cell] ?? 0;
      next[cell] = slot + 1;
      rows[slot] = row;
      xy[2 * slot] = positions[row * dims] ?? 0;
      xy[2 * slot + 1] = second * (positions[row * dims + second] ?? 0);
    }
    this.start = start;
    this.rows = rows;
    this.xy = xy;
  }

  /** Column of the cell that x falls into, 0 to cells - 1. */
  column(x: number): number {
    const c = Math.floor((x - this.minX) * this.perX);
    return c > 0 ? Math.min(c, this.cells - 1) : 0;
  }

  /** Line of the cell that y falls into, 0 to cells - 1, upwards. */
  line(y: number): number {
    const l = Math.floor((y - this.minY) * this.perY);
    return l > 0 ? Math.min(l, this.cells - 1) : 0;
  }

  /** First slot of a cell, or one past the last of the cell before it. */
  slot(line: number, column: number): number {
    return this.start[line * this.cells + column] ?? 0;
  }

  /** Calls `see` with each row, and where it is, in the cells that this range of coordinates falls into. */
  visit(
    minX: number,
    minY: number,
    maxX: number,
    maxY: number,
    see: (row: number, x: number, y: number) => void,
  ): void {
    const { rows, xy } = this;
    const col0 = this.column(minX);
    const col1 = this.column(maxX);
    const line1 = this.line(maxY);
    for (let line = this.line(minY); line <= line1; line++) {
      const end = this.slot(line, col1 + 1);
      for (let slot = this.slot(line, col0); slot < end; slot++) {
        see(rows[slot] ?? 0, xy[2 * slot] ?? 0, xy[2 * slot + 1] ?? 0);
      }
    }
  }
}
