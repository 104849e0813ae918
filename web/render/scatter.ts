/**
 * The point renderer on WebGL2: instanced squares, one draw call for all points, a second for the selected ones
 * on top, one for all trails, one each for a hovered and a focused row. It knows typed arrays and numbers; it schedules nothing.
 *
 * `set` only takes notes; uploads happen in `draw`, so frames that are never drawn are never uploaded. What the
 * page's thread does for a new frame does not grow with the rows, but for one upload (see `points-gpu.ts`).
 */

import { BaseRenderer, type Picture } from './base.ts';
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
  trailInk,
  trailMarks,
} from './marks.ts';
import { type LoadMore, moreNow } from './more.ts';
import { type GpuView, PointsGpu, type RowArrays, setView } from './points-gpu.ts';
import { countSelected, type Rgba, rowCount, trailsOf } from './props.ts';
import type { TrailsGpu } from './trails-gpu.ts';

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
  /** Fetches what the first pictures do without; default as `loadMore`. */
  readonly more?: LoadMore;
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
  readonly arrays: RowArrays;
}

export class ScatterRenderer extends BaseRenderer {
  readonly kind = 'webgl2';
  readonly software: boolean;
  private readonly options: ScatterOptions;
  private readonly gl: WebGL2RenderingContext;
  private gpu: PointsGpu | null = null;
  /** Made when there is a trail to draw. */
  private trails: TrailsGpu | null = null;
  private fetching: Promise<void> | null = null;
  private lost = false;
  private goneTimer: ReturnType<typeof setTimeout> | undefined;
  private settlers: (() => void)[] = [];

  private readonly limits: DeviceLimits;
  private readonly wantSprites: boolean;

  /** Throws WebglUnavailable when the canvas gives no WebGL2 context or the driver refuses the shaders. */
  constructor(canvas: HTMLCanvasElement, options: ScatterOptions = {}) {
    super(canvas, options.onNeedsFrame, options.more);
    this.options = options;
    this.gl = openContext(canvas);
    this.gpu = new PointsGpu(this.gl);
    this.limits = deviceLimits(this.gl);
    this.software = isSoftware(this.gl);
    this.wantSprites = options.sprites ?? this.software;
    canvas.addEventListener('webglcontextlost', this.onLost);
    canvas.addEventListener('webglcontextrestored', this.onRestored);
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
    this.advance(now);
    this.paint(this.wholeView());
    return this.blend.t < 1;
  }

  /** True while the context is lost and may still come back. */
  get waiting(): boolean {
    return this.lost && !this.disposed;
  }

  /** Resolves when a lost context is back or given up; at once when it is not lost. */
  settled(): Promise<void> {
    return this.waiting ? new Promise((resolve) => this.settlers.push(resolve)) : Promise.resolve();
  }

  override dispose(): void {
    if (this.disposed) return;
    this.settle();
    super.dispose();
    clearTimeout(this.goneTimer);
    this.canvas.removeEventListener('webglcontextlost', this.onLost);
    this.canvas.removeEventListener('webglcontextrestored', this.onRestored);
    this.gpu?.dispose();
    this.trails?.dispose();
    this.gpu = this.trails = null;
    /* Gives the context back at once; a page may hold only sixteen. */
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  /* ---- uploads ------------------------------------------------------------------------------------------ */

  protected get maxSide(): number {
    return this.limits.side;
  }

  protected prepareCapture(): void {
    const { gpu } = this;
    if (!gpu || this.lost || this.disposed) throw new Error('The map cannot be drawn right now.');
    this.upload(gpu, this.blend.drawn);
  }

  private upload(gpu: PointsGpu, now: number): void {
    const { props, stale } = this;
    const n = rowCount(props);
    if (stale.positions) {
      /* With another number of rows, arrays that fitted may not any more, and the reverse. */
      if (n !== gpu.rows) stale.colours = stale.flags = stale.trails = true;
      const moves = n === gpu.rows && n > 0 && props.blendMs > 0;
      gpu.uploadPositions(props.positions, props.dims, n, moves ? this.blend.t : null);
      this.startMotion(moves, now);
    }
    if (stale.colours && props.colours?.index.length === n) gpu.uploadColours(props.colours.index);
    if (stale.flags) {
      const flags = props.flags?.length === n ? props.flags : null;
      if (flags) gpu.uploadFlags(flags);
      this.selected = flags ? countSelected(flags) : 0;
    }
    if (stale.palette) gpu.uploadPalette(props.palette);
    const from = trailsOf(props);
    stale.positions = stale.colours = stale.flags = stale.palette = false;
    if (stale.trails && from && !this.gl.isContextLost()) {
      const trails = this.trailsGpu();
      if (trails === null) return;
      trails.upload(from, props.dims);
    }
    stale.trails = false;
  }

  /** What draws trails; null while it is on its way, and asks for a frame when it has come. */
  private trailsGpu(): TrailsGpu | null {
    const more = moreNow();
    if (more) this.trails ??= new more.TrailsGpu(this.gl, !this.wantSprites);
    else this.fetchTrails();
    return this.trails;
  }

  private fetchTrails(): void {
    this.fetching ??= this.more().then(
      () => this.onNeedsFrame?.(),
      () => {
        this.fetching = null;
      },
    );
  }

  /* ---- drawing ------------------------------------------------------------------------------------------ */

  protected paint({ camera, width, height, dpr, highlights, allTrails }: Picture): void {
    const { gl, props, canvas, gpu, selected, area } = this;
    gl.clearColor(props.background[0] / 255, props.background[1] / 255, props.background[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const n = gpu?.rows ?? 0;
    if (!gpu || n === 0) return;

    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
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
    const cx = Math.fround(camera.cx);
    const cy = Math.fround(camera.cy);
    const view: GpuView = {
      blend: this.blend.t,
      centre: [cx, cy],
      centreRest: [camera.cx - cx, camera.cy - cy],
      scale: [
        (2 * camera.scale * canvas.width) / width / viewWidth,
        (2 * camera.scale * canvas.height) / height / viewHeight,
      ],
      pixel: [2 / viewWidth, 2 / viewHeight],
    };
    const arrays: RowArrays = {
      moving: this.blend.t < 1,
      colours: props.colours?.index.length === n,
      flags: props.flags?.length === n,
    };
    const from = trailsOf(props);
    if (this.trails && from) {
      const ink = trailInk(from, props.positions, props.dims, area, camera.scale);
      this.trails.draw(gpu, view, arrays, trailMarks(dpr, allTrails, ink));
    }
    this.usePoints(gpu, view, sprites);
    const draw: DrawContext = { gpu, dpr, sprites, arrays };
    if (selected < n) this.drawPass(draw, PASS_REST, look(n), props.outline, 0, n);
    if (selected > 0) {
      const marks = selectedMarks(look(SELECTION_CROWD * selected), dpr);
      this.drawPass(draw, PASS_SELECTED, marks, props.selectedOutline, 0, n);
    }
    if (!highlights) return;
    this.drawRing(draw, top, props.focusRow, props.focusRing, FOCUS_RING);
    this.drawRing(draw, top, props.hoverRow, props.hoverRing, HOVER_RING);
  }

  private usePoints(gpu: PointsGpu, view: GpuView, sprites: boolean): void {
    const { gl, props } = this;
    const { uniforms: u } = gpu;
    gpu.use();
    setView(gl, u, view);
    gl.uniform1i(u.u_sprite, sprites ? 1 : 0);
    gl.uniform1f(u.u_hollow_fill, HOLLOW_FILL);
    gl.uniform1f(u.u_halo, 0);
    const [r, g, b] = props.background;
    gl.uniform3f(u.u_background, r / 255, g / 255, b / 255);
  }

  private drawPass(
    { gpu, dpr, sprites, arrays }: DrawContext,
    pass: number,
    marks: Marks,
    outline: Rgba,
    first: number,
    count: number,
  ): void {
    const { gl } = this;
    const { uniforms: u } = gpu;
    gl.uniform1i(u.u_pass, pass);
    gl.uniform1f(u.u_radius, marks.radius);
    gl.uniform1f(u.u_rim, marks.rim);
    gl.uniform1f(u.u_hollow_rim, hollowRim(marks.radius, dpr));
    /* A held-out row is a ring of its own colour; a selected one has the outline of the others around it. */
    gl.uniform1f(u.u_edge, pass === PASS_SELECTED ? marks.rim : 0);
    gl.uniform1f(u.u_alpha, marks.alpha);
    gl.uniform1f(u.u_dim_alpha, dimAlpha(marks.alpha));
    gl.uniform1f(u.u_rim_strength, marks.rimStrength);
    uniformColour(gl, u.u_outline, outline);
    gpu.draw(first, count, sprites, arrays);
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
    this.gpu = this.trails = null;
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
    stale.positions = stale.colours = stale.palette = stale.flags = stale.trails = true;
    this.blend = { ...this.blend, duration: 0, t: 1 };
    this.settle();
    this.onNeedsFrame?.();
  };

  private giveUp(reason: string): void {
    this.gpu = this.trails = null;
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
