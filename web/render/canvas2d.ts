/**
 * The point renderer without WebGL2: the same surface and the same look as `ScatterRenderer`, drawn by the
 * processor into a 2-D canvas. It draws every row it is given; above 200,000 a frame takes long enough to see.
 */

import { BaseRenderer, type Picture } from './base.ts';
import {
  FOCUS_RING,
  HOVER_RING,
  type Marks,
  marksFor,
  RING_GAP,
  RING_HALO,
  SELECTION_CROWD,
  selectedMarks,
  trailInk,
  trailMarks,
} from './marks.ts';
import { countSelected, type Rgba, rowCount, trailsOf } from './props.ts';
import {
  clearRaster,
  type Raster,
  type RasterPoints,
  rasterPass,
  rasterRow,
  rasterTrails,
} from './raster.ts';

/** Canvases of more pixels than this along a side are drawn coarser. */
const MAX_SIDE = 8192;

export class Canvas2dRenderer extends BaseRenderer {
  readonly kind = 'canvas2d';
  readonly software = true;
  private readonly context: CanvasRenderingContext2D;
  private image: ImageData | null = null;

  private from = new Float32Array(0);
  private to = new Float32Array(0);
  private seen = new Float32Array(0);
  /** Where rows were, pairs; null without trails. */
  private old: Float32Array | null = null;

  /** Throws Error when the canvas gives no 2-D context. */
  constructor(canvas: HTMLCanvasElement, onNeedsFrame?: () => void) {
    super(canvas, onNeedsFrame);
    const context = canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('This browser offers no canvas to draw the map on.');
    this.context = context;
  }

  draw(now: number): boolean {
    if (this.disposed || this.width === 0 || this.height === 0) return false;
    this.takeOver(now);
    this.advance(now);
    this.blendSeen();
    this.paint(this.wholeView());
    return this.blend.t < 1;
  }

  override dispose(): void {
    super.dispose();
    this.image = this.old = null;
    this.from = this.to = this.seen = new Float32Array(0);
  }

  protected get maxSide(): number {
    return MAX_SIDE;
  }

  protected prepareCapture(): void {
    if (this.disposed) throw new Error('The map cannot be drawn right now.');
    this.takeOver(this.blend.drawn);
    this.blendSeen();
  }

  /** Takes new positions as the target; a motion under way goes on from where points are seen. */
  private takeOver(now: number): void {
    const { props, stale } = this;
    const n = rowCount(props);
    if (stale.flags || stale.positions) {
      this.selected = props.flags?.length === n ? countSelected(props.flags) : 0;
    }
    if (stale.trails || stale.positions) {
      const from = trailsOf(props);
      this.old = from && pairs(from, props.dims, new Float32Array(2 * n));
    }
    if (stale.positions) {
      const moves = 2 * n === this.to.length && n > 0 && props.blendMs > 0;
      if (2 * n !== this.to.length) {
        this.from = new Float32Array(2 * n);
        this.to = new Float32Array(2 * n);
        this.seen = new Float32Array(2 * n);
      }
      if (moves) this.from.set(this.seen);
      this.startMotion(moves, now);
      pairs(props.positions, props.dims, this.to);
    }
    stale.positions = stale.flags = stale.trails = false;
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

  protected paint({ camera, width, dpr, highlights, allTrails }: Picture): void {
    const { props, canvas, selected, area } = this;
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
    const look = (rows: number): Marks => marksFor(rows, area, camera.scale, props.pointSize, dpr);
    if (this.old) {
      const ink = trailInk(this.old, this.to, 2, area, camera.scale);
      rasterTrails(raster, points, this.old, camera, ratio, trailMarks(dpr, allTrails, ink));
    }
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

/** The first two of each row's coordinates; a single one lies along the x axis. */
function pairs(rows: Float32Array, dims: number, into: Float32Array): Float32Array {
  for (let row = 0; 2 * row < into.length; row++) {
    into[2 * row] = rows[row * dims] ?? Number.NaN;
    into[2 * row + 1] = dims > 1 ? (rows[row * dims + 1] ?? Number.NaN) : 0;
  }
  return into;
}
