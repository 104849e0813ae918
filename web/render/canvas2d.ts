/**
 * The point renderer without WebGL2: the same surface and the same look as `ScatterRenderer`, drawn by the
 * processor into a 2-D canvas. It draws every row it is given; above 200,000 a frame takes long enough to see.
 */

import type { Camera } from './camera.ts';
import {
  FOCUS_RING,
  HOVER_RING,
  type Marks,
  marksFor,
  RING_GAP,
  RING_HALO,
  SELECTION_CROWD,
  selectedMarks,
  spreadArea,
} from './marks.ts';
import {
  countHidden,
  countSelected,
  defaultProps,
  mergeProps,
  type PointRenderer,
  type Rgba,
  rowCount,
  type ScatterProps,
} from './props.ts';
import { clearRaster, type Raster, type RasterPoints, rasterPass, rasterRow } from './raster.ts';
import { backingSize, captureTiles, type TileView } from './surface.ts';

/** The longest gap between two draws that still counts as one motion, in ms. */
const MOTION_GAP = 250;
/** Canvases of more pixels than this along a side are drawn coarser. */
const MAX_SIDE = 8192;

export class Canvas2dRenderer implements PointRenderer {
  readonly kind = 'canvas2d';
  readonly software = true;
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly props = defaultProps();
  private image: ImageData | null = null;
  private disposed = false;

  private width = 0;
  private height = 0;
  private dpr = 1;

  private stalePositions = true;
  private staleFlags = true;
  private from = new Float32Array(0);
  private to = new Float32Array(0);
  private seen = new Float32Array(0);
  private blend = { start: 0, duration: 0, t: 1, drawn: Number.NEGATIVE_INFINITY };
  private area: number | null = null;
  private hidden: number | null = null;
  private selected = 0;

  /** Throws Error when the canvas gives no 2-D context. */
  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('This browser offers no canvas to draw the map on.');
    this.canvas = canvas;
    this.context = context;
  }

  get hiddenCount(): number {
    this.hidden ??= countHidden(this.props.positions, this.props.dims);
    return this.hidden;
  }

  set(partial: Partial<ScatterProps>): boolean {
    const changes = mergeProps(this.props, partial);
    if (changes.positions) {
      this.area = null;
      this.hidden = null;
    }
    this.stalePositions ||= changes.positions;
    this.staleFlags ||= changes.flags || changes.positions;
    return changes.any;
  }

  resize(cssWidth: number, cssHeight: number, dpr: number): boolean {
    const size = backingSize(cssWidth, cssHeight, dpr, MAX_SIDE);
    const same = size.pixelWidth === this.canvas.width && size.pixelHeight === this.canvas.height;
    const changed = !same || this.width !== size.width || this.height !== size.height;
    this.width = size.width;
    this.height = size.height;
    this.dpr = size.dpr;
    if (!same) {
      this.canvas.width = size.pixelWidth;
      this.canvas.height = size.pixelHeight;
    }
    return changed;
  }

  draw(now: number): boolean {
    if (this.disposed || this.width === 0 || this.height === 0) return false;
    this.takePositions(now);
    const { blend } = this;
    blend.t = blend.duration > 0 ? Math.min(1, Math.max(0, (now - blend.start) / blend.duration)) : 1;
    blend.drawn = now;
    this.blendSeen();
    this.paint(this.props.camera, this.width, this.dpr, true);
    return blend.t < 1;
  }

  async capture(scale: number): Promise<Blob> {
    if (this.disposed) throw new Error('The map cannot be drawn right now.');
    this.takePositions(this.blend.drawn);
    this.blendSeen();
    const { canvas, width, height } = this;
    const { width: pixelWidth, height: pixelHeight } = canvas;
    const paintTile = (tile: TileView): HTMLCanvasElement => {
      canvas.width = tile.pixelWidth;
      canvas.height = tile.pixelHeight;
      this.paint(tile.camera, tile.pixelWidth / scale, scale, false);
      return canvas;
    };
    return captureTiles(width, height, scale, this.props.camera, paintTile, () => {
      canvas.width = pixelWidth;
      canvas.height = pixelHeight;
      this.paint(this.props.camera, width, this.dpr, true);
    });
  }

  dispose(): void {
    this.disposed = true;
    this.image = null;
    this.from = this.to = this.seen = new Float32Array(0);
  }

  /** Takes new positions as the target; a motion under way goes on from where points are seen. */
  private takePositions(now: number): void {
    const { props, blend } = this;
    const n = rowCount(props);
    if (this.staleFlags) {
      this.selected = props.flags?.length === n ? countSelected(props.flags) : 0;
      this.staleFlags = false;
    }
    if (!this.stalePositions) return;
    this.stalePositions = false;
    if (2 * n !== this.to.length) {
      this.from = new Float32Array(2 * n);
      this.to = new Float32Array(2 * n);
      this.seen = new Float32Array(2 * n);
      this.blend = { ...blend, duration: 0, t: 1 };
    } else if (props.blendMs > 0 && n > 0) {
      this.from.set(this.seen);
      const goesOn = blend.t < 1 && now - blend.drawn < MOTION_GAP;
      this.blend = { ...blend, start: goesOn ? blend.drawn : now, duration: props.blendMs, t: 0 };
    } else {
      this.blend = { ...blend, duration: 0, t: 1 };
    }
    const { positions, dims } = props;
    for (let row = 0; row < n; row++) {
      this.to[2 * row] = positions[row * dims] ?? Number.NaN;
      this.to[2 * row + 1] = dims > 1 ? (positions[row * dims + 1] ?? Number.NaN) : 0;
    }
  }

  private blendSeen(): void {
    const { from, to, seen, blend } = this;
    if (blend.t >= 1) {
      seen.set(to);
      return;
    }
    for (let i = 0; i < seen.length; i += 2) {
      const x = (to[i] ?? 0) * blend.t + (from[i] ?? 0) * (1 - blend.t);
      const y = (to[i + 1] ?? 0) * blend.t + (from[i + 1] ?? 0) * (1 - blend.t);
      /* A row that was nowhere has no way to come from: it is shown at its place. */
      const ok = Number.isFinite(x) && Number.isFinite(y);
      seen[i] = ok ? x : (to[i] ?? Number.NaN);
      seen[i + 1] = ok ? y : (to[i + 1] ?? Number.NaN);
    }
  }

  private paint(camera: Camera, width: number, dpr: number, highlights: boolean): void {
    const { props, canvas, selected } = this;
    if (this.image?.width !== canvas.width || this.image.height !== canvas.height) {
      this.image = this.context.createImageData(canvas.width, canvas.height);
    }
    const { image } = this;
    const raster: Raster = image;
    clearRaster(raster, props.background);
    const n = this.to.length / 2;
    const points: RasterPoints = {
      seen: this.seen,
      colours: props.colours?.index.length === n ? props.colours.index : null,
      flags: props.flags?.length === n ? props.flags : null,
      palette: props.palette,
    };
    /* The backing store is a whole number of pixels, so its true ratio differs a little from dpr. */
    const ratio = canvas.width / width;
    this.area ??= spreadArea(props.positions, props.dims);
    const { area } = this;
    const look = (rows: number): Marks => marksFor(rows, area, camera.scale, props.pointSize, dpr);
    if (selected < n) rasterPass(raster, points, camera, ratio, 0, look(n), props.outline);
    if (selected > 0) {
      const marks = selectedMarks(look(SELECTION_CROWD * selected), dpr);
      rasterPass(raster, points, camera, ratio, 1, marks, props.selectedOutline);
    }
    if (highlights) {
      const top = { ...selectedMarks(look(1), dpr), alpha: 1 };
      const ring = (row: number | null, colour: Rgba, ringWidth: number): void => {
        if (row === null || !(row >= 0 && row < n) || !Number.isInteger(row)) return;
        const radius = top.radius + (RING_GAP + ringWidth) * dpr;
        rasterRow(raster, points, row, camera, ratio, top, props.selectedOutline, points.flags?.[row] ?? 0, {
          radius,
          width: ringWidth * dpr,
          colour,
          halo: radius + RING_HALO * dpr,
          background: props.background,
        });
      };
      ring(props.focusRow, props.focusRing, FOCUS_RING);
      ring(props.hoverRow, props.hoverRing, HOVER_RING);
    }
    this.context.putImageData(image, 0, 0);
  }
}
