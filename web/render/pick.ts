/**
 * Which rows are where: hover, box, lasso, brush and arrow keys over a uniform grid of the current positions.
 *
 * Works on the processor, so that it is exact, the same on every machine, and sees each row, also those covered
 * by others. The grid (`grid.ts`) is built when it is first asked after a change, O(n).
 *
 * Rows that are hidden or not finite are never found. All coordinates are world coordinates (y up).
 */

import { emptyBits, type RowBits } from './bits.ts';
import { Grid } from './grid.ts';
import { addBox, addPolygon, addSegment } from './region.ts';

export class PickIndex {
  private positions: Float32Array = new Float32Array(0);
  private dims = 2;
  private flags: Uint8Array | null = null;
  /** Null until the next question. */
  private built: Grid | null = null;

  /**
   * Takes new positions (n, dims) and flags (n). Costs nothing until the next question. Arrays are kept by
   * reference; call again after changing one in place.
   */
  set(positions: Float32Array, dims = 2, flags: Uint8Array | null = null): void {
    this.positions = positions;
    this.dims = dims;
    this.flags = flags?.length === Math.floor(positions.length / dims) ? flags : null;
    this.built = null;
  }

  /**
   * The row nearest to (x, y) within `radius`, or -1. Of several at the same distance the highest, which is
   * drawn on top. Rows for which `skip` says true are passed over.
   */
  nearest(x: number, y: number, radius: number, skip?: (row: number) => boolean): number {
    let best = -1;
    let bestD = radius * radius;
    if (!(bestD >= 0)) return -1;
    this.grid.visit(x - radius, y - radius, x + radius, y + radius, (row, px, py) => {
      const dx = px - x;
      const dy = py - y;
      const d = dx * dx + dy * dy;
      if (d < bestD || (d === bestD && row > best)) {
        if (skip?.(row)) return;
        best = row;
        bestD = d;
      }
    });
    return best;
  }

  /** Rows within the box with these opposite corners, borders included. */
  selectBox(x0: number, y0: number, x1: number, y1: number): RowBits {
    const bits = this.emptyBits();
    addBox(this.grid, x0, y0, x1, y1, bits);
    return bits;
  }

  /**
   * Rows within a polygon by the non-zero winding rule. `polygon` is x, y pairs of its corners, which is closed of
   * itself; fewer than three corners, or one that is not finite, hold nothing. It is used as drawn, neither
   * smoothed nor thinned. Rows on an edge: see `windingNumber`.
   */
  selectPolygon(polygon: ArrayLike<number>): RowBits {
    const bits = this.emptyBits();
    addPolygon(this.grid, polygon, bits);
    return bits;
  }

  /**
   * Rows within `radius` (world units) of the line through `path`, x, y pairs: what a round brush covers on its
   * way. One pair is a disc, none holds nothing.
   */
  selectBrush(path: ArrayLike<number>, radius: number): RowBits {
    const bits = this.emptyBits();
    const corners = Math.floor(path.length / 2);
    const at = (i: number): number => path[i] ?? 0;
    if (corners === 1) this.brushSegment(at(0), at(1), at(0), at(1), radius, bits);
    for (let i = 2; i < 2 * corners; i += 2) {
      this.brushSegment(at(i - 2), at(i - 1), at(i), at(i + 1), radius, bits);
    }
    return bits;
  }

  /**
   * Adds what a round brush covers from (ax, ay) to (bx, by) to `into`, a set made for these rows: while a path
   * grows only its new part is looked at. Throws RangeError for a set of another number of rows.
   */
  brushSegment(ax: number, ay: number, bx: number, by: number, radius: number, into: RowBits): void {
    const words = (this.count + 31) >>> 5;
    if (into.length !== words) {
      throw new RangeError(`A set of these rows has ${words} words, this one has ${into.length}.`);
    }
    addSegment(this.grid, ax, ay, bx, by, radius, into);
  }

  /**
   * The row to go to from `row` in direction (dx, dy): the nearest one within 45 degrees of it, or -1. Rows at
   * the very same place are stepped through first, upwards for right and down, downwards for left and up, so
   * that arrow keys reach them too.
   */
  nearestInDirection(row: number, dx: number, dy: number): number {
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
    const consider = (other: number, x: number, y: number): void => {
      const ox = x - px;
      const oy = y - py;
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
    const { cells, minX, minY, perX, perY } = this.grid;
    let reach = 2 * Math.max(perX > 0 ? 1 / perX : 0, perY > 0 ? 1 / perY : 0);
    for (;;) {
      const whole =
        !(reach > 0) ||
        (px - reach <= minX &&
          py - reach <= minY &&
          px + reach >= minX + cells / perX &&
          py + reach >= minY + cells / perY);
      if (whole) reach = Number.POSITIVE_INFINITY;
      this.grid.visit(px - reach, py - reach, px + reach, py + reach, consider);
      if (whole || (best >= 0 && bestD <= reach * reach)) return best;
      reach *= 2;
    }
  }

  /** The next row at exactly (px, py) above or below `row`, or -1. */
  private twin(row: number, px: number, py: number, upwards: boolean): number {
    let best = -1;
    this.grid.visit(px, py, px, py, (other, x, y) => {
      if (x !== px || y !== py) return;
      if (upwards ? other <= row : other >= row) return;
      if (best < 0 || (upwards ? other < best : other > best)) best = other;
    });
    return best;
  }

  private get grid(): Grid {
    this.built ??= new Grid(this.positions, this.dims, this.flags);
    return this.built;
  }

  private emptyBits(): RowBits {
    return emptyBits(this.count);
  }

  private get count(): number {
    return Math.floor(this.positions.length / this.dims);
  }

  private x(row: number): number {
    return this.positions[row * this.dims] ?? Number.NaN;
  }

  private y(row: number): number {
    return this.dims > 1 ? (this.positions[row * this.dims + 1] ?? Number.NaN) : 0;
  }
}
