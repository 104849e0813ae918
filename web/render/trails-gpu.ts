/**
 * Trails on the GPU: a thin quad for each row, from where it was to where it is seen. Nothing that grows with the
 * rows is done on the page's thread, but the upload of where they were.
 *
 * Drawn as instances; on software graphics, where each instance costs as much as a draw call, the GPU first writes
 * the corners of some thousands of quads into a buffer (transform feedback) and then draws those as plain triangles.
 */

import commonSource from './common.vert.glsl?raw';
import { captureInto, GrowBuffer, linkProgram, uniformLocations } from './gl.ts';
import { TRAIL_TAIL, type TrailMarks } from './marks.ts';
import { type GpuView, type PointsGpu, type RowArrays, setView, VIEW_UNIFORMS } from './points-gpu.ts';
import fragmentSource from './trails.frag.glsl?raw';
import trailsSource from './trails.vert.glsl?raw';
import writtenSource from './trails-written.vert.glsl?raw';

const OLD = 4;
const CORNER = 0;
/** Rows whose quads are written at a time, and bytes of the six corners of one. */
const CHUNK = 16_384;
const QUAD_BYTES = 6 * 16;

const UNIFORMS = [...VIEW_UNIFORMS, 'u_palette', 'u_reach', 'u_strength', 'u_tail'] as const;
type TrailUniforms = Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>;

interface TrailProgram {
  readonly program: WebGLProgram;
  readonly at: TrailUniforms;
}

/** What the way without instances needs besides: the program that writes corners, and where to. */
interface Writing {
  readonly program: TrailProgram;
  readonly corners: GrowBuffer;
  readonly feedback: WebGLTransformFeedback | null;
}

/** Everything here dies with the context. */
export class TrailsGpu {
  private readonly gl: WebGL2RenderingContext;
  private readonly old: GrowBuffer;
  private dims = 2;
  /** Draws whole quads, or corners that were written. */
  private readonly drawing: TrailProgram;
  private readonly writing: Writing | null;

  /** Throws WebglUnavailable when the driver refuses. */
  constructor(gl: WebGL2RenderingContext, instances: boolean) {
    this.gl = gl;
    this.old = new GrowBuffer(gl);
    const source = commonSource + trailsSource;
    this.drawing = link(gl, instances ? source : writtenSource);
    this.writing = instances
      ? null
      : {
          program: link(gl, source, ['v_a', 'v_b', 'v_c', 'v_d', 'v_e', 'v_f']),
          corners: new GrowBuffer(gl),
          feedback: gl.createTransformFeedback(),
        };
  }

  /** Takes where rows were (n, dims): one upload. */
  upload(from: Float32Array, dims: number): void {
    this.dims = dims;
    this.old.upload(from);
  }

  /** Draws the trails of all rows of `points`, blended over what is there. */
  draw(points: PointsGpu, view: GpuView, arrays: RowArrays, marks: TrailMarks): void {
    const { gl, writing } = this;
    if (writing) {
      this.drawWritten(writing, points, view, arrays, marks);
    } else {
      this.use(this.drawing, points, view, marks);
      points.bind(0, 1, arrays);
      this.bindOld(0, 1);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, points.rows);
    }
    gl.disableVertexAttribArray(OLD);
  }

  dispose(): void {
    const { gl, writing } = this;
    this.old.dispose();
    gl.deleteProgram(this.drawing.program);
    writing?.corners.dispose();
    gl.deleteTransformFeedback(writing?.feedback ?? null);
    gl.deleteProgram(writing?.program.program ?? null);
  }

  private drawWritten(
    { program, corners, feedback }: Writing,
    points: PointsGpu,
    view: GpuView,
    arrays: RowArrays,
    marks: TrailMarks,
  ): void {
    const { gl } = this;
    corners.reserve(Math.min(CHUNK, points.rows) * QUAD_BYTES);
    for (let first = 0; first < points.rows; first += CHUNK) {
      const count = Math.min(CHUNK, points.rows - first);
      this.use(program, points, view, marks);
      points.bind(first, 0, arrays);
      this.bindOld(first, 0);
      captureInto(gl, feedback, corners, () => gl.drawArrays(gl.POINTS, 0, count));
      this.use(this.drawing, points, view, marks);
      for (const location of [1, 2, 3, OLD]) gl.disableVertexAttribArray(location);
      gl.bindBuffer(gl.ARRAY_BUFFER, corners.handle);
      gl.enableVertexAttribArray(CORNER);
      gl.vertexAttribPointer(CORNER, 4, gl.FLOAT, false, 16, 0);
      gl.vertexAttribDivisor(CORNER, 0);
      gl.drawArrays(gl.TRIANGLES, 0, 6 * count);
    }
  }

  private use({ program, at }: TrailProgram, points: PointsGpu, view: GpuView, marks: TrailMarks): void {
    const { gl } = this;
    gl.useProgram(program);
    points.usePalette(at.u_palette);
    setView(gl, at, view);
    gl.uniform1f(at.u_reach, marks.half + 0.5);
    gl.uniform3f(at.u_strength, marks.plain, marks.dimmed, marks.selected);
    gl.uniform1f(at.u_tail, TRAIL_TAIL);
  }

  private bindOld(first: number, divisor: 0 | 1): void {
    const { gl, dims } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.old.handle);
    gl.enableVertexAttribArray(OLD);
    gl.vertexAttribPointer(OLD, Math.min(2, dims), gl.FLOAT, false, 4 * dims, 4 * dims * first);
    gl.vertexAttribDivisor(OLD, divisor);
  }
}

function link(gl: WebGL2RenderingContext, vertex: string, feedback: readonly string[] = []): TrailProgram {
  const program = linkProgram(gl, vertex, fragmentSource, feedback);
  return { program, at: uniformLocations(gl, program, UNIFORMS) };
}
