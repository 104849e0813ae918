/**
 * What of the points lives on the GPU: the programs, and one buffer or texture for each array.
 *
 * Positions have three buffers that swap roles. A picture blends `from` to `to`. When new positions arrive in
 * mid-blend, the GPU itself writes where each point is seen into `spare` (transform feedback), which becomes the
 * new `from`: nothing jumps, and the page's thread does one upload and no loop over the rows.
 */

import commonSource from './common.vert.glsl?raw';
import { captureInto, createPaletteTexture, GrowBuffer, linkProgram, uniformLocations } from './gl.ts';
import fragmentSource from './points.frag.glsl?raw';
import pointsSource from './points.vert.glsl?raw';

/** Where the camera looks, as the vertex shaders want it. */
export interface GpuView {
  readonly blend: number;
  readonly centre: readonly [number, number];
  readonly centreRest: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly pixel: readonly [number, number];
}

/** The uniforms that tell it. */
export const VIEW_UNIFORMS = ['u_blend', 'u_centre', 'u_centre_rest', 'u_scale', 'u_pixel'] as const;

/** Tells the current program where the camera looks. */
export function setView(
  gl: WebGL2RenderingContext,
  at: Record<(typeof VIEW_UNIFORMS)[number], WebGLUniformLocation | null>,
  view: GpuView,
): void {
  gl.uniform1f(at.u_blend, view.blend);
  gl.uniform2f(at.u_centre, ...view.centre);
  gl.uniform2f(at.u_centre_rest, ...view.centreRest);
  gl.uniform2f(at.u_scale, ...view.scale);
  gl.uniform2f(at.u_pixel, ...view.pixel);
}

const UNIFORMS = [
  ...VIEW_UNIFORMS,
  'u_sprite',
  'u_pass',
  'u_radius',
  'u_rim',
  'u_edge',
  'u_hollow_rim',
  'u_alpha',
  'u_dim_alpha',
  'u_halo',
  'u_background',
  'u_ring',
  'u_palette',
  'u_rim_strength',
  'u_hollow_fill',
  'u_outline',
  'u_ring_width',
  'u_ring_colour',
] as const;

const vertexSource = commonSource + pointsSource;

export type PointUniforms = Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;

/** Attribute locations, as the vertex shader fixes them. */
const FROM = 0;
const TO = 1;
const COLOUR = 2;
const FLAGS = 3;

/** Which of the arrays count. Without colours or flags every row has zero. */
export interface RowArrays {
  /** `from` differs from `to`. */
  readonly moving: boolean;
  readonly colours: boolean;
  readonly flags: boolean;
}

/** A buffer of positions: `size` floats (1 or 2) are read from each `stride` bytes. */
interface PositionBuffer {
  readonly buffer: GrowBuffer;
  size: number;
  stride: number;
}

/** Everything here dies with the context; a new one is made from the arrays when that comes back. */
export class PointsGpu {
  readonly program: WebGLProgram;
  readonly uniforms: PointUniforms;
  /** Rows in the position buffers. */
  rows = 0;

  private readonly gl: WebGL2RenderingContext;
  private readonly seenProgram: WebGLProgram;
  private readonly seenBlend: WebGLUniformLocation | null;
  private readonly feedback: WebGLTransformFeedback | null;
  private readonly palette: WebGLTexture;
  private readonly colours: GrowBuffer;
  private readonly flags: GrowBuffer;
  private from: PositionBuffer;
  private to: PositionBuffer;
  private spare: PositionBuffer;

  /** Throws WebglUnavailable when the driver refuses. */
  constructor(gl: WebGL2RenderingContext) {
    this.gl = gl;
    this.program = linkProgram(gl, vertexSource, fragmentSource);
    this.uniforms = uniformLocations(gl, this.program, UNIFORMS);
    this.seenProgram = linkProgram(gl, vertexSource, fragmentSource, ['v_seen']);
    this.seenBlend = gl.getUniformLocation(this.seenProgram, 'u_blend');
    this.feedback = gl.createTransformFeedback();
    this.palette = createPaletteTexture(gl);
    this.colours = new GrowBuffer(gl);
    this.flags = new GrowBuffer(gl);
    const positions = (): PositionBuffer => ({ buffer: new GrowBuffer(gl), size: 2, stride: 8 });
    this.from = positions();
    this.to = positions();
    this.spare = positions();
  }

  /**
   * Makes `positions` (n, dims) the new target. `seen` is how far the motion under way had got when it was last
   * drawn, 1 at rest; null when nothing is to move, as with another number of rows. One upload.
   * Throws Error with a plain sentence when the memory does not suffice.
   */
  uploadPositions(positions: Float32Array, dims: number, n: number, seen: number | null): void {
    const { gl } = this;
    if (seen !== null && seen < 1) {
      this.writeSeen(n, seen);
      [this.from, this.to, this.spare] = [this.spare, this.from, this.to];
    } else if (seen !== null) {
      [this.from, this.to] = [this.to, this.from];
    }
    this.rows = n;
    const allocated = this.to.buffer.upload(positions);
    this.to.size = Math.min(2, dims);
    this.to.stride = 4 * dims;
    /* Asked only after an allocation, because the question waits for the GPU. */
    if (allocated && gl.getError() === gl.OUT_OF_MEMORY) {
      throw new Error(`The graphics memory does not hold ${n.toLocaleString('en')} points.`);
    }
  }

  uploadColours(index: Uint8Array): void {
    this.colours.upload(index);
  }

  uploadFlags(flags: Uint8Array): void {
    this.flags.upload(flags);
  }

  uploadPalette(palette: Uint8Array): void {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, palette);
  }

  /** Makes the drawing program current, with the palette it looks colours up in. */
  use(): void {
    this.gl.useProgram(this.program);
    this.usePalette(this.uniforms.u_palette);
  }

  /** Has the current program look colours up in the palette. */
  usePalette(location: WebGLUniformLocation | null): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.uniform1i(location, 0);
  }

  /** Draws `count` rows from `first` on: as sprites of one vertex, or as instances of a square. */
  draw(first: number, count: number, sprites: boolean, arrays: RowArrays): void {
    const { gl } = this;
    this.bind(first, sprites ? 0 : 1, arrays);
    if (sprites) gl.drawArrays(gl.POINTS, 0, count);
    else gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
  }

  /** Points the attributes that all vertex shaders share at the rows from `first` on. */
  bind(first: number, divisor: 0 | 1, { moving, colours, flags }: RowArrays): void {
    this.bindFloats(FROM, moving ? this.from : this.to, first, divisor);
    this.bindFloats(TO, this.to, first, divisor);
    this.bindBytes(COLOUR, colours ? this.colours : null, first, divisor);
    this.bindBytes(FLAGS, flags ? this.flags : null, first, divisor);
  }

  dispose(): void {
    const { gl } = this;
    for (const buffer of [this.from.buffer, this.to.buffer, this.spare.buffer, this.colours, this.flags]) {
      buffer.dispose();
    }
    gl.deleteTexture(this.palette);
    gl.deleteTransformFeedback(this.feedback);
    gl.deleteProgram(this.program);
    gl.deleteProgram(this.seenProgram);
  }

  /** Has the GPU write where each of `n` points is seen into `spare`, as pairs of floats. */
  private writeSeen(n: number, t: number): void {
    const { gl, spare } = this;
    spare.buffer.reserve(n * 8);
    spare.size = 2;
    spare.stride = 8;
    gl.useProgram(this.seenProgram);
    gl.uniform1f(this.seenBlend, t);
    this.bindFloats(FROM, this.from, 0, 0);
    this.bindFloats(TO, this.to, 0, 0);
    this.bindBytes(COLOUR, null, 0, 0);
    this.bindBytes(FLAGS, null, 0, 0);
    captureInto(gl, this.feedback, spare.buffer, () => gl.drawArrays(gl.POINTS, 0, n));
  }

  /** Points an attribute at positions from `row` on; divisor 1 steps once an instance, 0 once a vertex. */
  private bindFloats(location: number, source: PositionBuffer, row: number, divisor: number): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, source.buffer.handle);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, source.size, gl.FLOAT, false, source.stride, row * source.stride);
    gl.vertexAttribDivisor(location, divisor);
  }

  /** Points an integer attribute at one byte a row, or makes it zero for every row. */
  private bindBytes(location: number, source: GrowBuffer | null, row: number, divisor: number): void {
    const { gl } = this;
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
}
