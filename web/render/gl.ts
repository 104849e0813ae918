/** Small helpers over raw WebGL2: what is said once here need not be said at each call. */

/** WebGL2 is absent, switched off, or could not do what the renderer needs. The message is a plain sentence. */
export class WebglUnavailable extends Error {
  override readonly name = 'WebglUnavailable';
}

/**
 * The canvas's WebGL2 context: opaque, without depth, stencil or multisampling, which the renderer does not use.
 * Throws WebglUnavailable when the browser gives none.
 */
export function openContext(canvas: HTMLCanvasElement): WebGL2RenderingContext {
  const gl = canvas.getContext('webgl2', {
    alpha: false,
    antialias: false,
    depth: false,
    stencil: false,
    preserveDrawingBuffer: false,
  });
  if (!gl) throw new WebglUnavailable('This browser offers no WebGL2.');
  return gl;
}

/** True when the context draws on the processor, as far as the browser says. */
export function isSoftware(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  return typeof name === 'string' && /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type);
  if (!shader) throw new WebglUnavailable('The graphics driver made no shader.');
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

/**
 * Compiles and links one program. `feedback` names the outputs of the vertex shader that are captured.
 * Throws WebglUnavailable with the driver's log when it refuses; never for a context that is merely lost.
 */
export function linkProgram(
  gl: WebGL2RenderingContext,
  vertex: string,
  fragment: string,
  feedback: readonly string[] = [],
): WebGLProgram {
  const program = gl.createProgram();
  if (!program) throw new WebglUnavailable('The graphics driver made no program.');
  const shaders = [compile(gl, gl.VERTEX_SHADER, vertex), compile(gl, gl.FRAGMENT_SHADER, fragment)];
  for (const shader of shaders) gl.attachShader(program, shader);
  if (feedback.length > 0) gl.transformFeedbackVaryings(program, feedback, gl.INTERLEAVED_ATTRIBS);
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const logs = [...shaders.map((s) => gl.getShaderInfoLog(s)), gl.getProgramInfoLog(program)];
    throw new WebglUnavailable(
      `The graphics driver refused the shaders. ${logs.filter(Boolean).join(' ')}`.trim(),
    );
  }
  for (const shader of shaders) gl.deleteShader(shader);
  return program;
}

/** Locations of `names`; a uniform that the driver optimised away is null, which WebGL ignores. */
export function uniformLocations<Name extends string>(
  gl: WebGL2RenderingContext,
  program: WebGLProgram,
  names: readonly Name[],
): Record<Name, WebGLUniformLocation | null> {
  const found = {} as Record<Name, WebGLUniformLocation | null>;
  for (const name of names) found[name] = gl.getUniformLocation(program, name);
  return found;
}

/** A buffer that remembers its capacity, so that uploads of about the same size reuse the memory. */
export class GrowBuffer {
  readonly handle: WebGLBuffer;
  private capacity = 0;
  private readonly gl: WebGL2RenderingContext;

  constructor(gl: WebGL2RenderingContext) {
    const handle = gl.createBuffer();
    if (!handle) throw new WebglUnavailable('The graphics driver made no buffer.');
    this.gl = gl;
    this.handle = handle;
  }

  /** Room for `bytes`; contents are undefined if memory had to be allocated, which is then the answer. */
  reserve(bytes: number): boolean {
    if (bytes <= this.capacity && bytes * 4 >= this.capacity) return false;
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.handle);
    gl.bufferData(gl.ARRAY_BUFFER, bytes, gl.DYNAMIC_DRAW);
    this.capacity = bytes;
    return true;
  }

  /** Replaces the contents, in one call. True if memory had to be allocated. */
  upload(data: Float32Array | Uint8Array): boolean {
    const allocated = this.reserve(data.byteLength);
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.handle);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, data);
    return allocated;
  }

  dispose(): void {
    this.gl.deleteBuffer(this.handle);
    this.capacity = 0;
  }
}

/** Runs `draw` as points and has the GPU write what its program gives into `buffer`; nothing is drawn. */
export function captureInto(
  gl: WebGL2RenderingContext,
  feedback: WebGLTransformFeedback | null,
  buffer: GrowBuffer,
  draw: () => void,
): void {
  /* A buffer may not be bound for capture and for anything else at once. */
  gl.bindBuffer(gl.ARRAY_BUFFER, null);
  gl.bindTransformFeedback(gl.TRANSFORM_FEEDBACK, feedback);
  gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, buffer.handle);
  gl.enable(gl.RASTERIZER_DISCARD);
  gl.beginTransformFeedback(gl.POINTS);
  draw();
  gl.endTransformFeedback();
  gl.disable(gl.RASTERIZER_DISCARD);
  gl.bindBufferBase(gl.TRANSFORM_FEEDBACK_BUFFER, 0, null);
  gl.bindTransformFeedback(gl.TRANSFORM_FEEDBACK, null);
}

/** A texture of 256 by 1 colours, read by texelFetch. */
export function createPaletteTexture(gl: WebGL2RenderingContext): WebGLTexture {
  const texture = gl.createTexture();
  if (!texture) throw new WebglUnavailable('The graphics driver made no texture.');
  gl.bindTexture(gl.TEXTURE_2D, texture);
  for (const [key, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
    [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
    [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ] as const) {
    gl.texParameteri(gl.TEXTURE_2D, key, value);
  }
  return texture;
}
