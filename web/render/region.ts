/**
 * The rows within a box, a polygon, or a radius of a line, exactly, over the cells of a grid. Each adds to the set
 * it is given. A cell that lies wholly inside is taken as it is; rows are looked at one by one only in the cells
 * that the outline passes, and there they are compared with the few edges that pass the same line of cells.
 * So the cost is about that of writing down the rows found, whatever the number of corners.
 */

import { addRow, type RowBits } from './bits.ts';
import type { Grid } from './grid.ts';

/** Adds the rows of a run of slots. */
function addRun(grid: Grid, from: number, end: number, into: RowBits): void {
  const { rows } = grid;
  for (let slot = from; slot < end; slot++) addRow(into, rows[slot] ?? 0);
}

/** Adds the rows within the box with these opposite corners, borders included. Not a number anywhere: none. */
export function addBox(grid: Grid, x0: number, y0: number, x1: number, y1: number, into: RowBits): void {
  if ([x0, y0, x1, y1].some(Number.isNaN)) return;
  const { rows, xy } = grid;
  const [minX, maxX] = x0 < x1 ? [x0, x1] : [x1, x0];
  const [minY, maxY] = y0 < y1 ? [y0, y1] : [y1, y0];
  const test = (from: number, end: number): void => {
    for (let slot = from; slot < end; slot++) {
      const x = xy[2 * slot] ?? 0;
      const y = xy[2 * slot + 1] ?? 0;
      if (x >= minX && x <= maxX && y >= minY && y <= maxY) addRow(into, rows[slot] ?? 0);
    }
  };
  const col0 = grid.column(minX);
  const col1 = grid.column(maxX);
  const line0 = grid.line(minY);
  const line1 = grid.line(maxY);
  for (let line = line0; line <= line1; line++) {
    const from = grid.slot(line, col0);
    const end = grid.slot(line, col1 + 1);
    /* Cells strictly between those of the corners hold only rows strictly between the corners. */
    if (line > line0 && line < line1 && col1 > col0) {
      const inner = grid.slot(line, col0 + 1);
      const outer = grid.slot(line, col1);
      test(from, inner);
      addRun(grid, inner, outer, into);
      test(outer, end);
    } else {
      test(from, end);
    }
  }
}

/* ---- a radius around a line ------------------------------------------------------------------------------ */

/** Adds the rows within `radius` of the line from (ax, ay) to (bx, by), its ends included. */
export function addSegment(
  grid: Grid,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  radius: number,
  into: RowBits,
): void {
  if (!(radius >= 0) || ![ax, ay, bx, by, radius].every(Number.isFinite)) return;
  const { cells, rows, xy } = grid;
  const dx = bx - ax;
  const dy = by - ay;
  const length2 = dx * dx + dy * dy;
  const radius2 = radius * radius;
  const line0 = Math.max(0, grid.line(Math.min(ay, by) - radius) - 1);
  const line1 = Math.min(cells - 1, grid.line(Math.max(ay, by) + radius) + 1);
  const span: Span = { lo: 0, hi: 0 };
  for (let line = line0; line <= line1; line++) {
    clipToLine(grid, line, ax, ay, bx, by, radius, span);
    const col0 = Math.max(0, grid.column(span.lo - radius) - 1);
    const col1 = Math.min(cells - 1, grid.column(span.hi + radius) + 1);
    const end = grid.slot(line, col1 + 1);
    for (let slot = grid.slot(line, col0); slot < end; slot++) {
      const px = (xy[2 * slot] ?? 0) - ax;
      const py = (xy[2 * slot + 1] ?? 0) - ay;
      const t = length2 > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
      const ex = px - t * dx;
      const ey = py - t * dy;
      if (ex * ex + ey * ey <= radius2) addRow(into, rows[slot] ?? 0);
    }
  }
}

/** A range along x. */
interface Span {
  lo: number;
  hi: number;
}

/**
 * Range along x of the part of an edge that lies in a line of cells, a cell's height to spare on both sides so
 * that rounding cannot cut any of it off, and `reach` more. Border lines reach out to infinity, as their rows do.
 */
function clipToLine(
  grid: Grid,
  line: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  reach: number,
  span: Span,
): void {
  let t0 = 0;
  let t1 = 1;
  if (ay !== by) {
    const low = line > 0 ? grid.minY + (line - 1) / grid.perY - reach : Number.NEGATIVE_INFINITY;
    const high =
      line < grid.cells - 1 ? grid.minY + (line + 2) / grid.perY + reach : Number.POSITIVE_INFINITY;
    const u = (low - ay) / (by - ay);
    const v = (high - ay) / (by - ay);
    t0 = Math.min(1, Math.max(0, Math.min(u, v)));
    t1 = Math.min(1, Math.max(0, Math.max(u, v)));
  }
  const x0 = ax + (bx - ax) * t0;
  const x1 = ax + (bx - ax) * t1;
  span.lo = Math.min(x0, x1);
  span.hi = Math.max(x0, x1);
}

/* ---- polygons -------------------------------------------------------------------------------------------- */

/**
 * Adds the rows within a polygon by the non-zero winding rule. `polygon` is x, y pairs of its corners, which is
 * closed of itself; fewer than three corners, or one that is not finite, hold nothing.
 */
export function addPolygon(grid: Grid, polygon: ArrayLike<number>, into: RowBits): void {
  if (polygon.length < 6 || grid.rows.length === 0) return;
  const sweep = EdgeSweep.over(grid, polygon);
  if (!sweep) return;
  const { firstLine, lastLine, firstColumn, lastColumn, passed } = sweep;
  for (let line = firstLine; line <= lastLine; line++) {
    sweep.enter(line);
    for (let column = firstColumn; column <= lastColumn; ) {
      /* The longest run of cells that edges pass, or that none does. */
      const edges = passed[column] ?? 0;
      let after = column + 1;
      while (after <= lastColumn && passed[after] === edges) after++;
      const from = grid.slot(line, column);
      const end = grid.slot(line, after);
      if (edges !== 0) sweep.addInside(from, end, into);
      else if (from < end && sweep.winds(from)) addRun(grid, from, end, into);
      column = after;
    }
  }
}

/** Goes through the lines of cells from below, and keeps the edges that reach into the present one. */
class EdgeSweep {
  readonly firstLine: number;
  readonly lastLine: number;
  readonly firstColumn: number;
  readonly lastColumn: number;
  /**
   * One byte a column of the present line: 1 where an edge may pass, with a cell to spare on each side. Between
   * such cells the winding number is constant. Cells at the border reach out to infinity, as their rows may.
   */
  readonly passed: Uint8Array;

  private readonly grid: Grid;
  private readonly polygon: ArrayLike<number>;
  private readonly corners: number;
  /** Edges by the line they begin in: the last of each, and the one before each; -1 ends. */
  private readonly begins: Int32Array;
  private readonly before: Int32Array;
  /** Last line of each edge. */
  private readonly ends: Int32Array;
  /** Edges of the present line. */
  private readonly active: Int32Array;
  private actives = 0;
  /** Those that are not level, packed: ax, ay, bx, by. */
  private readonly near: Float64Array;
  private nears = 0;
  private readonly span: Span = { lo: 0, hi: 0 };

  /** Null for a polygon with a corner that is not finite. */
  static over(grid: Grid, polygon: ArrayLike<number>): EdgeSweep | null {
    for (let i = 0; i < polygon.length; i++) if (!Number.isFinite(polygon[i])) return null;
    return new EdgeSweep(grid, polygon);
  }

  private constructor(grid: Grid, polygon: ArrayLike<number>) {
    const corners = Math.floor(polygon.length / 2);
    this.grid = grid;
    this.polygon = polygon;
    this.corners = corners;
    this.passed = new Uint8Array(grid.cells);
    this.begins = new Int32Array(grid.cells).fill(-1);
    this.before = new Int32Array(corners);
    this.ends = new Int32Array(corners);
    this.active = new Int32Array(corners);
    this.near = new Float64Array(4 * corners);
    let [firstLine, lastLine, firstColumn, lastColumn] = [grid.cells, -1, grid.cells, -1];
    for (let edge = 0; edge < corners; edge++) {
      const a = grid.line(this.at(2 * edge + 1));
      const b = grid.line(this.at(2 * edge + 3));
      const column = grid.column(this.at(2 * edge));
      const line = Math.min(a, b);
      this.ends[edge] = Math.max(a, b);
      this.before[edge] = this.begins[line] ?? -1;
      this.begins[line] = edge;
      firstLine = Math.min(firstLine, line);
      lastLine = Math.max(lastLine, a, b);
      firstColumn = Math.min(firstColumn, column);
      lastColumn = Math.max(lastColumn, column);
    }
    this.firstLine = firstLine;
    this.lastLine = lastLine;
    this.firstColumn = firstColumn;
    this.lastColumn = lastColumn;
  }

  /** Goes on to the next line; the first call names `firstLine`. */
  enter(line: number): void {
    const { active, ends, before, passed } = this;
    let kept = 0;
    for (let i = 0; i < this.actives; i++) {
      const edge = active[i] ?? 0;
      if ((ends[edge] ?? 0) >= line) active[kept++] = edge;
    }
    for (let edge = this.begins[line] ?? -1; edge >= 0; edge = before[edge] ?? -1) active[kept++] = edge;
    this.actives = kept;
    this.nears = 0;
    passed.fill(0);
    for (let i = 0; i < kept; i++) this.take(line, active[i] ?? 0);
  }

  /** Adds the rows of a run of slots of the present line that are inside. */
  addInside(from: number, end: number, into: RowBits): void {
    const { rows } = this.grid;
    for (let slot = from; slot < end; slot++) if (this.winds(slot)) addRow(into, rows[slot] ?? 0);
  }

  /** Whether the polygon winds around the row in a slot: `windingNumber` over the edges that can matter. */
  winds(slot: number): boolean {
    const { near, nears } = this;
    const { xy } = this.grid;
    const x = xy[2 * slot] ?? 0;
    const y = xy[2 * slot + 1] ?? 0;
    let winding = 0;
    for (let i = 0; i < nears; i += 4) {
      winding += crossing(near[i] ?? 0, near[i + 1] ?? 0, near[i + 2] ?? 0, near[i + 3] ?? 0, x, y);
    }
    return winding !== 0;
  }

  /** One of the coordinates, counted on past the end. */
  private at(i: number): number {
    return this.polygon[i < 2 * this.corners ? i : i - 2 * this.corners] ?? 0;
  }

  private take(line: number, edge: number): void {
    const { grid, near, span } = this;
    const ax = this.at(2 * edge);
    const ay = this.at(2 * edge + 1);
    const bx = this.at(2 * edge + 2);
    const by = this.at(2 * edge + 3);
    if (ay !== by) {
      near[this.nears++] = ax;
      near[this.nears++] = ay;
      near[this.nears++] = bx;
      near[this.nears++] = by;
    }
    clipToLine(grid, line, ax, ay, bx, by, 0, span);
    this.passed.fill(1, Math.max(0, grid.column(span.lo) - 1), grid.column(span.hi) + 2);
  }
}

/**
 * What the edge from a to b adds to the winding number around (x, y): 1 where it rises past y on the right of the
 * point, -1 where it falls, else 0.
 */
function crossing(ax: number, ay: number, bx: number, by: number, x: number, y: number): number {
  const rises = ay <= y;
  if (rises === by <= y) return 0;
  const side = (bx - ax) * (y - ay) - (x - ax) * (by - ay);
  return rises ? (side > 0 ? 1 : 0) : side < 0 ? -1 : 0;
}

/**
 * How often a closed polygon (x, y pairs) winds around (x, y), counter-clockwise positive. A point on an edge
 * belongs to the side on its right, or above it where it is level: the left and the lower border of a box are
 * inside, the right and the upper outside. So of two polygons that share an edge exactly one holds it.
 */
export function windingNumber(polygon: ArrayLike<number>, x: number, y: number): number {
  const corners = Math.floor(polygon.length / 2);
  let winding = 0;
  let ax = polygon[2 * corners - 2] ?? 0;
  let ay = polygon[2 * corners - 1] ?? 0;
  for (let i = 0; i < corners; i++) {
    const bx = polygon[2 * i] ?? 0;
    const by = polygon[2 * i + 1] ?? 0;
    winding += crossing(ax, ay, bx, by, x, y);
    ax = bx;
    ay = by;
  }
  return winding;
}
