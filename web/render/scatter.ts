/**
 * The point renderer on WebGL2: instanced squares, one draw call for all points, a second for the selected ones
 * on top, one each for a hovered and a focused row. It knows typed arrays and numbers; it schedules nothing.
 *
 * Positions live in three buffers on the GPU that swap roles. A frame blends `from` to `to`. When the next one
 * arrives in mid-blend, the GPU itself writes where each point is seen into the `spare` buffer (transform
 * feedback), which becomes the new `from`: nothing jumps, and the page's thread does one upload and no loop
 * over the rows. Uploads happen in `draw`, so frames that are never drawn are never uploaded.
 */

import type { Camera } from './camera.ts';
import {
  createPaletteTexture,
  GrowBuffer,
  isSoftware,
  linkProgram,
  openContext,
  uniformLocations,
} from './gl.ts';
import {
  dimAlpha,
  FOCUS_RING,
  HOLLOW_FILL,
  HOVER_RING,
  hollowRim,
  type Marks,
  marksFor,
  RING_GAP,
  SELECTION_CROWD,
  selectedMarks,
  spreadArea,
} from './marks.ts';
import fragmentSource from './points.frag.glsl?raw';
import vertexSource from './points.vert.glsl?raw';
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

const UNIFORMS = [
  'u_blend',
  'u_centre',
  'u_centre_rest',
  'u_scale',
  'u_pixel',
  'u_sprite',
  'u_pass',
  'u_radius',
  'u_rim',
  'u_hollow_rim',
  'u_alpha',
  'u_dim_alpha',
  'u_ring',
  'u_palette',
  'u_rim_strength',
  'u_hollow_fill',
  'u_outline',
  'u_ring_width',
  'u_ring_colour',
] as const;

/** Values of `u_pass`. */
const PASS_REST = 0;
const PASS_SELECTED = 1;
const PASS_HIGHLIGHT = 2;

/** Everything that dies with the context. */
interface GpuState {
  readonly program: WebGLProgram;
  readonly uniforms: Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;
  readonly seenProgram: WebGLProgram;
  readonly seenBlend: WebGLUniformLocation | null;
  readonly feedback: WebGLTransformFeedback | null;
  readonly palette: WebGLTexture;
  readonly colours: GrowBuffer;
  readonly flags: GrowBuffer;
  from: PositionBuffer;
  to: PositionBuffer;
  spare: PositionBuffer;
}

/** A buffer of positions: `size` floats (1 or 2) are read from each `stride` bytes. */
interface PositionBuffer {
  readonly buffer: GrowBuffer;
  size: number;
  stride: number;
}

/** What the passes of one picture have in common. */
interface DrawContext {
  readonly gpu: GpuState;
  readonly dpr: number;
  readonly sprites: boolean;
}

/** The longest gap between two draws that still counts as one motion, in ms. */
const MOTION_GAP = 250;

export class ScatterRenderer implements PointRenderer {
  readonly kind = 'webgl2';
  private readonly canvas: HTMLCanvasElement;
  private readonly options: ScatterOptions;
  private readonly gl: WebGL2RenderingContext;
  private readonly props = defaultProps();
  private gpu: GpuState | null = null;
  private lost = false;
  private disposed = false;
  private goneTimer: ReturnType<typeof setTimeout> | undefined;
  private settlers: (() => void)[] = [];

  private width = 0;
  private height = 0;
  private dpr = 1;

  /** Whether sprites are wanted, and the largest that the device makes, in device pixels. */
  private readonly wantSprites: boolean;
  private readonly maxSprite: number;

  /** What has changed since the last upload. */
  private readonly stale = { positions: true, colours: true, palette: true, flags: true };
  /** Rows in the position buffers. */
  private uploaded = 0;
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
    this.gpu = this.build();
    this.wantSprites = options.sprites ?? isSoftware(this.gl);
    const range = this.gl.getParameter(this.gl.ALIASED_POINT_SIZE_RANGE) as Float32Array | null;
    this.maxSprite = range?.[1] ?? 1;
    canvas.addEventListener('webglcontextlost', this.onLost);
    canvas.addEventListener('webglcontextrestored', this.onRestored);
  }

  get hiddenCount(): number {
    this.hidden ??= countHidden(this.props.positions, this.props.dims);
    return this.hidden;
  }

  /** Number of draw calls made by the last `draw`. */
  drawCalls = 0;

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
    const size = backingSize(cssWidth, cssHeight, dpr, this.maxSide());
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
    if (this.gpu) release(this.gl, this.gpu);
    this.gpu = null;
    /* Gives the context back at once; a page may hold only sixteen. */
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  private maxSide(): number {
    if (this.lost) return 4096;
    const dims = this.gl.getParameter(this.gl.MAX_VIEWPORT_DIMS) as Int32Array | null;
    const texture = this.gl.getParameter(this.gl.MAX_TEXTURE_SIZE) as number | null;
    return Math.min(dims?.[0] ?? 4096, dims?.[1] ?? 4096, texture ?? 4096);
  }

  private build(): GpuState {
    const { gl } = this;
    const program = linkProgram(gl, vertexSource, fragmentSource);
    const seenProgram = linkProgram(gl, vertexSource, fragmentSource, ['v_seen']);
    return {
      program,
      uniforms: uniformLocations(gl, program, UNIFORMS),
      seenProgram,
      seenBlend: gl.getUniformLocation(seenProgram, 'u_blend'),
      feedback: gl.createTransformFeedback(),
      palette: createPaletteTexture(gl),
      colours: new GrowBuffer(gl),
      flags: new GrowBuffer(gl),
      from: { buffer: new GrowBuffer(gl), size: 2, stride: 8 },
      to: { buffer: new GrowBuffer(gl), size: 2, stride: 8 },
      spare: { buffer: new GrowBuffer(gl), size: 2, stride: 8 },
    };
  }

  /* ---- uploads ------------------------------------------------------------------------------------------ */

  private upload(gpu: GpuState, now: number): void {
    const { gl, props, stale } = this;
    const n = rowCount(props);
    if (stale.positions && this.uploadPositions(gpu, now, n)) {
      /* With another number of rows, arrays that fitted may not any more, and the reverse. */
      stale.colours = stale.flags = true;
    }
    if (stale.colours && props.colours?.index.length === n) gpu.colours.upload(props.colours.index);
    if (stale.flags) {
      const flags = props.flags?.length === n ? props.flags : null;
      if (flags) gpu.flags.upload(flags);
      this.selected = flags ? countSelected(flags) : 0;
    }
    if (stale.palette) {
      gl.bindTexture(gl.TEXTURE_2D, gpu.palette);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, props.palette);
    }
    stale.positions = stale.colours = stale.flags = stale.palette = false;
  }

  /** Brings the positions to the GPU as the new target. True if the number of rows changed. */
  private uploadPositions(gpu: GpuState, now: number, n: number): boolean {
    const { gl, props, blend } = this;
    const sameRows = n === this.uploaded;
    this.uploaded = n;
    if (sameRows && n > 0 && props.blendMs > 0) {
      if (blend.t < 1) {
        this.writeSeen(gpu, n);
        [gpu.from, gpu.to, gpu.spare] = [gpu.spare, gpu.from, gpu.to];
      } else {
        [gpu.from, gpu.to] = [gpu.to, gpu.from];
      }
      /* A motion goes on from the moment it was last drawn, else each new frame would hold it for one. */
      const goesOn = blend.t < 1 && now - blend.drawn < MOTION_GAP;
      this.blend = { ...blend, start: goesOn ? blend.drawn : now, duration: props.blendMs, t: 0 };
    } else {
      this.blend = { ...blend, duration: 0, t: 1 };
    }
    const allocated = gpu.to.buffer.upload(props.positions);
    gpu.to.size = Math.min(2, props.dims);
    gpu.to.stride = 4 * props.dims;
    /* Asked only after an allocation, because the question waits for the GPU. */
    if (allocated && gl.getError() === gl.OUT_OF_MEMORY) {
      throw new Error(`The graphics memory does not hold ${n.toLocaleString('en')} points.`);
    }
    return !sameRows;
  }

  /** Has the GPU write where each point is seen into `spare`, as pairs of floats. */
  private writeSeen(gpu: GpuState, n: number): void {
    const { gl } = this;
    gpu.spare.buffer.reserve(n * 8);
    gpu.spare.size = 2;
    gpu.spare.stride = 8;
    gl.useProgram(gpu.seenProgram);
    gl.uniform1f(gpu.seenBlend, this.blend.t);
    bindFloats(gl, 0, gpu.from, 0, 0);
    bindFloats(gl, 1, gpu.to, 0, 0);
    bindBytes(gl, 2, null, 0, 0);
    bindBytes(gl, 3, null, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, null);
    gl.bindTransformFeedback(gl.TRANSFORM_FEEDBACK, gpu.feedback);
    gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, gpu.spare.buffer.handle);
    gl.enable(gl.RASTERIZER_DISCARD);
    gl.beginTransformFeedback(gl.POINTS);
    gl.drawArrays(gl.POINTS, 0, n);
    gl.endTransformFeedback();
    gl.disable(gl.RASTERIZER_DISCARD);
    gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, null);
    gl.bindTransformFeedback(gl.TRANSFORM_FEEDBACK, null);
  }

  /* ---- drawing ------------------------------------------------------------------------------------------ */

  /** Draws what was uploaded, over the whole canvas, as `camera` sees it; highlights only where wanted. */
  private paint(
    gpu: GpuState,
    camera: Camera,
    width: number,
    height: number,
    dpr: number,
    highlights: boolean,
  ): void {
    const { gl, props, canvas } = this;
    const { uniforms: u } = gpu;
    const n = this.uploaded;
    this.drawCalls = 0;
    gl.clearColor(props.background[0] / 255, props.background[1] / 255, props.background[2] / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (n === 0) return;

    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(gpu.program);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, gpu.palette);
    gl.uniform1i(u.u_palette, 0);
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
    const reach = Math.ceil(top.radius + (RING_GAP + FOCUS_RING) * dpr + 1);
    const sprites = this.wantSprites && 2 * reach <= this.maxSprite;
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
    gl.uniform1f(u.u_ring, 0);

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
    const divisor = sprites ? 0 : 1;
    /* At rest both ends are the same, and `from` need not have contents yet. */
    bindFloats(gl, 0, this.blend.t < 1 ? gpu.from : gpu.to, first, divisor);
    bindFloats(gl, 1, gpu.to, first, divisor);
    const n = this.uploaded;
    bindBytes(gl, 2, props.colours?.index.length === n ? gpu.colours : null, first, divisor);
    bindBytes(gl, 3, props.flags?.length === n ? gpu.flags : null, first, divisor);
    if (sprites) gl.drawArrays(gl.POINTS, 0, count);
    else gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
    this.drawCalls++;
  }

  private drawRing(
    draw: DrawContext,
    marks: Marks,
    row: number | null,
    colour: Rgba,
    ringWidth: number,
  ): void {
    if (row === null || !(row >= 0 && row < this.uploaded) || !Number.isInteger(row)) return;
    const { gl } = this;
    const { uniforms: u } = draw.gpu;
    gl.uniform1f(u.u_ring, marks.radius + (RING_GAP + ringWidth) * draw.dpr);
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
      this.gpu = this.build();
    } catch (error) {
      this.giveUp(error instanceof Error ? error.message : String(error));
      return;
    }
    const { stale } = this;
    stale.positions = stale.colours = stale.palette = stale.flags = true;
    this.uploaded = 0;
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

/** Points an attribute at positions from `row` on; divisor 1 steps once an instance, 0 once a vertex. */
function bindFloats(
  gl: WebGL2RenderingContext,
  location: number,
  source: PositionBuffer,
  row: number,
  divisor: number,
): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, source.buffer.handle);
  gl.enableVertexAttribArray(location);
  gl.vertexAttribPointer(location, source.size, gl.FLOAT, false, source.stride, row * source.stride);
  gl.vertexAttribDivisor(location, divisor);
}

/** Points an integer attribute at one byte a row, or makes it zero for every row. */
function bindBytes(
  gl: WebGL2RenderingContext,
  location: number,
  source: GrowBuffer | null,
  row: number,
  divisor: number,
): void {
  if (!source) {
    gl.disableVertexAttribArray(location);
    gl.vertexAttribI4ui(location, 0, 0, 0, 0);
    return;
  }
  gl.bindBuffer(gl.ARRAY_BUFFER, source.handle);
  gl.enableVertexAttribArray(location);
  gl.vertexAttribIPointer(location, 1, gl.UNSIGNED_BYTE, 1, row);
  gl.vertexAttribDivisor(location, divisor);
}

function release(gl: WebGL2RenderingContext, gpu: GpuState): void {
  for (const buffer of [gpu.from.buffer, gpu.to.buffer, gpu.spare.buffer, gpu.colours, gpu.flags]) {
    buffer.dispose();
  }
  gl.deleteTexture(gpu.palette);
  gl.deleteTransformFeedback(gpu.feedback);
  gl.deleteProgram(gpu.program);
  gl.deleteProgram(gpu.seenProgram);
}
