/**
 * The point renderer on WebGL2: instanced squares, one draw call for all points, a second for the selected ones
 * on top, one each for a hovered and a focused row. It knows typed arrays and numbers; it schedules nothing.
 *
 * `set` only takes notes; uploads happen in `draw`, so frames that are never drawn are never uploaded. What the
 * page's thread does for a new frame does not grow with the rows, but for one upload (see `points-gpu.ts`).
 */

import type { Camera } from './camera.ts';
import { isSoftware, openContext } from './gl.ts';
import {
  dimAlpha,
  FOCUS_RING,
  HOLLOW_FILL,
  HOVER_RING,
  hollowRim,
  type Marks,
  marksFor,
  RING_GAP,
  RING_HALO,
  SELECTION_CROWD,
  selectedMarks,
  spreadArea,
} from './marks.ts';
import { PointsGpu } from './points-gpu.ts';
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
import { backingSize, captureTiles, type TileView } from './surface.ts';

export interface ScatterOptions {
  /** Asked to draw again for a reason of the renderer's own: its context is back. */
  readonly onNeedsFrame?: () => void;
  /** The context was lost and did not come back within `restoreMs`: another renderer must take over. */
  readonly onGone?: (reason: string) => void;
  /** How long to wait for a lost context, in ms, counted while the page is visible. Default 3,000. */
  readonly restoreMs?: number;
  /**
   * Draw point sprites instead of instanced squares. Default: only on software graphics, where each instance
   * costs as much as a draw call. Ignored where sprites cannot be large enough.
   */
  readonly sprites?: boolean;
}

/** Values of `u_pass`. */
const PASS_REST = 0;
const PASS_SELECTED = 1;
const PASS_HIGHLIGHT = 2;

/** What the passes of one picture have in common. */
interface DrawContext {
  readonly gpu: PointsGpu;
  readonly dpr: number;
  readonly sprites: boolean;
}

/** The longest gap between two draws that still counts as one motion, in ms. */
const MOTION_GAP = 250;

export class ScatterRenderer implements PointRenderer {
  readonly kind = 'webgl2';
  readonly software: boolean;
  private readonly canvas: HTMLCanvasElement;
  private readonly options: ScatterOptions;
  private readonly gl: WebGL2RenderingContext;
  private readonly props = defaultProps();
  private gpu: PointsGpu | null = null;
  private lost = false;
  private disposed = false;
  private goneTimer: ReturnType<typeof setTimeout> | undefined;
  private settlers: (() => void)[] = [];

  private width = 0;
  private height = 0;
  private dpr = 1;

  private readonly limits: DeviceLimits;
  private readonly wantSprites: boolean;

  /** What has changed since the last upload. */
  private readonly stale = { positions: true, colours: true, palette: true, flags: true };
  private blend = { start: 0, duration: 0, t: 1, drawn: Number.NEGATIVE_INFINITY };
  /** Derived from the arrays when first needed; each forgotten when its array changes. */
  private area: number | null = null;
  private hidden: number | null = null;
  private selected = 0;

  /** Throws WebglUnavailable when the canvas gives no WebGL2 context or the driver refuses the shaders. */
  constructor(canvas: HTMLCanvasElement, options: ScatterOptions = {}) {
    this.canvas = canvas;
    this.options = options;
    this.gl = openContext(canvas);
    this.gpu = new PointsGpu(this.gl);
    this.limits = deviceLimits(this.gl);
    this.software = isSoftware(this.gl);
    this.wantSprites = options.sprites ?? this.software;
    canvas.addEventListener('webglcontextlost', this.onLost);
    canvas.addEventListener('webglcontextrestored', this.onRestored);
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
    this.stale.positions ||= changes.positions;
    this.stale.colours ||= changes.colours;
    this.stale.palette ||= changes.palette;
    this.stale.flags ||= changes.flags;
    return changes.any;
  }

  resize(cssWidth: number, cssHeight: number, dpr: number): boolean {
    const size = backingSize(cssWidth, cssHeight, dpr, this.limits.side);
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
    const { gpu } = this;
    if (!gpu || this.lost || this.disposed) return false;
    if (this.width === 0 || this.height === 0) return false;
    try {
      this.upload(gpu, now);
    } catch (error) {
      this.giveUp(error instanceof Error ? error.message : String(error));
      return false;
    }
    const { blend } = this;
    blend.t = blend.duration > 0 ? Math.min(1, Math.max(0, (now - blend.start) / blend.duration)) : 1;
    blend.drawn = now;
    this.paint(gpu, this.props.camera, this.width, this.height, this.dpr, true);
    return blend.t < 1;
  }

  async capture(scale: number): Promise<Blob> {
    const { gpu, canvas, width, height } = this;
    if (!gpu || this.lost || this.disposed) throw new Error('The map cannot be drawn right now.');
    this.upload(gpu, this.blend.drawn);
    const { width: pixelWidth, height: pixelHeight } = canvas;
    const paintTile = (tile: TileView): HTMLCanvasElement => {
      canvas.width = tile.pixelWidth;
      canvas.height = tile.pixelHeight;
      this.paint(gpu, tile.camera, tile.pixelWidth / scale, tile.pixelHeight / scale, scale, false);
      return canvas;
    };
    return captureTiles(width, height, scale, this.props.camera, paintTile, () => {
      canvas.width = pixelWidth;
      canvas.height = pixelHeight;
      this.paint(gpu, this.props.camera, width, height, this.dpr, true);
    });
  }

  /** True while the context is lost and may still come back. */
  get waiting(): boolean {
    return this.lost && !this.disposed;
  }

  /** Resolves when a lost context is back or given up; at once when it is not lost. */
  settled(): Promise<void> {
    return this.waiting ? new Promise((resolve) => this.settlers.push(resolve)) : Promise.resolve();
  }

  dispose(): void {
    if (this.disposed) return;
    this.settle();
    this.disposed = true;
    clearTimeout(this.goneTimer);
    this.canvas.removeEventListener('webglcontextlost', this.onLost);
    this.canvas.removeEventListener('webglcontextrestored', this.onRestored);
    this.gpu?.dispose();
    this.gpu = null;
    /* Gives the context back at once; a page may hold only sixteen. */
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  /* ---- uploads ------------------------------------------------------------------------------------------ */

  private upload(gpu: PointsGpu, now: number): void {
    const { props, stale } = this;
    const n = rowCount(props);
    if (stale.positions) {
      /* With another number of rows, arrays that fitted may not any more, and the reverse. */
      if (n !== gpu.rows) stale.colours = stale.flags = true;
      const { blend } = this;
      const moves = n === gpu.rows && n > 0 && props.blendMs > 0;
      gpu.uploadPositions(props.positions, props.dims, n, moves ? blend.t : null);
      /* A motion goes on from the moment it was last drawn, else each new frame would hold it for one. */
      const goesOn = blend.t < 1 && now - blend.drawn < MOTION_GAP;
      this.blend = moves
        ? { ...blend, start: goesOn ? blend.drawn : now, duration: props.blendMs, t: 0 }
        : { ...blend, duration: 0, t: 1 };
    }
    if (stale.colours && props.colours?.index.length === n) gpu.uploadColours(props.colours.index);
    if (stale.flags) {
      const flags = props.flags?.length === n ? props.flags : null;
      if (flags) gpu.uploadFlags(flags);
      this.selected = flags ? countSelected(flags) : 0;
    }
    if (stale.palette) gpu.uploadPalette(props.palette);
    stale.positions = stale.colours = stale.flags = stale.palette = false;
  }

  /* ---- drawing ------------------------------------------------------------------------------------------ */

  /** Draws what was uploaded, over the whole canvas, as `camera` sees it; highlights only where wanted. */
  private paint(
    gpu: PointsGpu,
    camera: Camera,
    width: number,
    height: number,
    dpr: number,
    highlights: boolean,
  ): void {
    const { gl, props, canvas } = this;
    const { uniforms: u } = gpu;
    const n = gpu.rows;
    gl.clearColor(props.background[0] / 255, props.background[1] / 255, props.background[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (n === 0) return;

    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gpu.use();
    gl.uniform1f(u.u_blend, this.blend.t);
    const cx = Math.fround(camera.cx);
    const cy = Math.fround(camera.cy);
    gl.uniform2f(u.u_centre, cx, cy);
    gl.uniform2f(u.u_centre_rest, camera.cx - cx, camera.cy - cy);
    const { selected } = this;
    this.area ??= spreadArea(props.positions, props.dims);
    const { area } = this;
    const look = (rows: number): Marks => marksFor(rows, area, camera.scale, props.pointSize, dpr);
    const top = { ...selectedMarks(look(1), dpr), alpha: 1 };
    /* A sprite is dropped whole when its middle leaves the viewport, so that is made larger than the canvas. */
    const reach = Math.ceil(top.radius + (RING_GAP + FOCUS_RING + RING_HALO) * dpr + 1);
    const sprites =
      this.wantSprites &&
      2 * reach <= this.limits.sprite &&
      Math.max(canvas.width, canvas.height) + 2 * reach <= this.limits.side;
    const margin = sprites ? reach : 0;
    const viewWidth = canvas.width + 2 * margin;
    const viewHeight = canvas.height + 2 * margin;
    gl.viewport(-margin, -margin, viewWidth, viewHeight);
    gl.uniform1i(u.u_sprite, sprites ? 1 : 0);
    gl.uniform2f(
      u.u_scale,
      (2 * camera.scale * canvas.width) / width / viewWidth,
      (2 * camera.scale * canvas.height) / height / viewHeight,
    );
    gl.uniform2f(u.u_pixel, 2 / viewWidth, 2 / viewHeight);
    gl.uniform1f(u.u_hollow_fill, HOLLOW_FILL);
    gl.uniform1f(u.u_halo, 0);
    const [r, g, b] = props.background;
    gl.uniform3f(u.u_background, r / 255, g / 255, b / 255);

    const draw: DrawContext = { gpu, dpr, sprites };
    if (selected < n) this.drawPass(draw, PASS_REST, look(n), props.outline, 0, n);
    if (selected > 0) {
      const marks = selectedMarks(look(SELECTION_CROWD * selected), dpr);
      this.drawPass(draw, PASS_SELECTED, marks, props.selectedOutline, 0, n);
    }
    if (!highlights) return;
    this.drawRing(draw, top, props.focusRow, props.focusRing, FOCUS_RING);
    this.drawRing(draw, top, props.hoverRow, props.hoverRing, HOVER_RING);
  }

  private drawPass(
    { gpu, dpr, sprites }: DrawContext,
    pass: number,
    marks: Marks,
    outline: Rgba,
    first: number,
    count: number,
  ): void {
    const { gl, props } = this;
    const { uniforms: u } = gpu;
    gl.uniform1i(u.u_pass, pass);
    gl.uniform1f(u.u_radius, marks.radius);
    gl.uniform1f(u.u_rim, marks.rim);
    gl.uniform1f(u.u_hollow_rim, hollowRim(marks.radius, dpr));
    gl.uniform1f(u.u_alpha, marks.alpha);
    gl.uniform1f(u.u_dim_alpha, dimAlpha(marks.alpha));
    gl.uniform1f(u.u_rim_strength, marks.rimStrength);
    uniformColour(gl, u.u_outline, outline);
    const { rows } = gpu;
    const hasColours = props.colours?.index.length === rows;
    gpu.draw(first, count, sprites, this.blend.t < 1, hasColours, props.flags?.length === rows);
  }

  private drawRing(
    draw: DrawContext,
    marks: Marks,
    row: number | null,
    colour: Rgba,
    ringWidth: number,
  ): void {
    if (row === null || !(row >= 0 && row < draw.gpu.rows) || !Number.isInteger(row)) return;
    const { gl } = this;
    const { uniforms: u } = draw.gpu;
    const outer = marks.radius + (RING_GAP + ringWidth) * draw.dpr;
    gl.uniform1f(u.u_ring, outer);
    gl.uniform1f(u.u_halo, outer + RING_HALO * draw.dpr);
    gl.uniform1f(u.u_ring_width, ringWidth * draw.dpr);
    uniformColour(gl, u.u_ring_colour, colour);
    this.drawPass(draw, PASS_HIGHLIGHT, marks, this.props.selectedOutline, row, 1);
  }

  /* ---- loss of the context ------------------------------------------------------------------------------ */

  private readonly onLost = (event: Event): void => {
    /* Without this the browser never offers the context again. */
    event.preventDefault();
    this.lost = true;
    this.gpu = null;
    this.waitForContext();
  };

  private waitForContext(): void {
    clearTimeout(this.goneTimer);
    this.goneTimer = setTimeout(() => {
      if (!this.lost || this.disposed) return;
      if (document.visibilityState === 'hidden') {
        /* Browsers may hold contexts back from hidden pages; the wait starts when someone looks. */
        document.addEventListener('visibilitychange', () => this.waitForContext(), { once: true });
        return;
      }
      this.giveUp('The browser took back the graphics memory of the map and did not return it.');
    }, this.options.restoreMs ?? 3000);
  }

  private readonly onRestored = (): void => {
    clearTimeout(this.goneTimer);
    if (this.disposed) return;
    this.lost = false;
    try {
      this.gpu = new PointsGpu(this.gl);
    } catch (error) {
      this.giveUp(error instanceof Error ? error.message : String(error));
      return;
    }
    const { stale } = this;
    stale.positions = stale.colours = stale.palette = stale.flags = true;
    this.blend = { ...this.blend, duration: 0, t: 1 };
    this.settle();
    this.options.onNeedsFrame?.();
  };

  private giveUp(reason: string): void {
    this.gpu = null;
    this.options.onGone?.(reason);
    this.settle();
  }

  private settle(): void {
    for (const resolve of this.settlers.splice(0)) resolve();
  }
}

function uniformColour(
  gl: WebGL2RenderingContext,
  location: WebGLUniformLocation | null,
  [r, g, b, a]: Rgba,
): void {
  gl.uniform4f(location, r / 255, g / 255, b / 255, a / 255);
}

/** What the device can do, asked once: each question waits for the GPU. */
interface DeviceLimits {
  /** Most pixels along a side of the canvas and of a viewport. */
  readonly side: number;
  /** Largest point sprite, in pixels. */
  readonly sprite: number;
}

function deviceLimits(gl: WebGL2RenderingContext): DeviceLimits {
  const view = gl.getParameter(gl.MAX_VIEWPORT_DIMS) as Int32Array | null;
  const texture = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number | null;
  const sprite = gl.getParameter(gl.ALIASED_POINT_SIZE_RANGE) as Float32Array | null;
  return {
    side: Math.min(view?.[0] ?? 4096, view?.[1] ?? 4096, texture ?? 4096),
    sprite: sprite?.[1] ?? 1,
  };
}
