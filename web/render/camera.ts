/**
 * The camera of a flat map: pure functions on an immutable value.
 *
 * World coordinates are the map's own (unitless, y up). Screen coordinates are CSS pixels from the top left
 * corner of the canvas (y down). Nothing here touches the DOM or the GPU, and nothing returns a camera that is
 * not finite: coordinates of 1e30, a canvas of size zero and a wheel event without a number are ordinary input.
 */

/**
 * A camera that looks straight at the plane of the map.
 *
 * A camera that orbits a three-dimensional map will be a second member of the union `Camera`, told apart by
 * `kind`; everything that only pans and zooms keeps taking a `PlaneCamera`.
 */
export interface PlaneCamera {
  readonly kind?: 'plane';
  /** World coordinates at the middle of the canvas. */
  readonly cx: number;
  readonly cy: number;
  /** CSS pixels per world unit; positive and finite, the same along both axes. */
  readonly scale: number;
}

export type Camera = PlaneCamera;

/** Size of the canvas in CSS pixels. Zero is allowed (a hidden tab). */
export interface Viewport {
  readonly width: number;
  readonly height: number;
}

/** A box in world coordinates, `min <= max` along both axes. */
export interface Bounds {
  readonly minX: number;
  readonly minY: number;
  readonly maxX: number;
  readonly maxY: number;
}

/** Least and largest scale that zooming may reach. */
export interface ZoomLimits {
  readonly min: number;
  readonly max: number;
}

/** Scales outside this range would leave the normal range of the 32-bit floats that the GPU computes with. */
export const SCALE_RANGE: ZoomLimits = { min: 1e-36, max: 1e36 };

const clamp = (v: number, lo: number, hi: number): number => Math.min(hi, Math.max(lo, v));

/** World point to screen pixels. */
export function worldToScreen(camera: Camera, viewport: Viewport, x: number, y: number): [number, number] {
  return [
    viewport.width / 2 + (x - camera.cx) * camera.scale,
    viewport.height / 2 - (y - camera.cy) * camera.scale,
  ];
}

/** Screen pixels to world point; the inverse of `worldToScreen`. */
export function screenToWorld(camera: Camera, viewport: Viewport, sx: number, sy: number): [number, number] {
  return [
    camera.cx + (sx - viewport.width / 2) / camera.scale,
    camera.cy - (sy - viewport.height / 2) / camera.scale,
  ];
}

/** The box of the world that the canvas shows. */
export function visibleBounds(camera: Camera, viewport: Viewport): Bounds {
  const halfW = viewport.width / 2 / camera.scale;
  const halfH = viewport.height / 2 / camera.scale;
  return {
    minX: camera.cx - halfW,
    minY: camera.cy - halfH,
    maxX: camera.cx + halfW,
    maxY: camera.cy + halfH,
  };
}

/** Moves the picture by (dx, dy) pixels, as a drag by that much does. Numbers that are not finite move nothing. */
export function panBy(camera: Camera, dx: number, dy: number): Camera {
  if (!Number.isFinite(dx) || !Number.isFinite(dy) || (dx === 0 && dy === 0)) return camera;
  return finiteOr(
    { cx: camera.cx - dx / camera.scale, cy: camera.cy + dy / camera.scale, scale: camera.scale },
    camera,
  );
}

/**
 * Zooms by `factor` (above 1 comes closer) so that the world point under (sx, sy) stays where it is.
 * The scale is held within `limits`; a factor that is not a positive number changes nothing.
 */
export function zoomAt(
  camera: Camera,
  viewport: Viewport,
  sx: number,
  sy: number,
  factor: number,
  limits: ZoomLimits = SCALE_RANGE,
): Camera {
  if (!(factor > 0) || !Number.isFinite(sx) || !Number.isFinite(sy)) return camera;
  const lo = Math.max(limits.min, SCALE_RANGE.min);
  const hi = Math.min(limits.max, SCALE_RANGE.max);
  const scale = clamp(camera.scale * factor, lo, Math.max(lo, hi));
  if (scale === camera.scale) return camera;
  const ox = sx - viewport.width / 2;
  const oy = sy - viewport.height / 2;
  return finiteOr(
    {
      cx: camera.cx + ox / camera.scale - ox / scale,
      cy: camera.cy - oy / camera.scale + oy / scale,
      scale,
    },
    camera,
  );
}

/** Factor of one wheel event: `exp(-deltaY / 200)`, with lines and pages counted as 16 and 400 pixels. */
export function wheelFactor(deltaY: number, deltaMode = 0): number {
  const pixels = deltaY * (deltaMode === 1 ? 16 : deltaMode === 2 ? 400 : 1);
  return Number.isFinite(pixels) ? Math.exp(-clamp(pixels, -400, 400) / 200) : 1;
}

/** Zoom limits for a map that `fitted` shows whole: a twentieth of that size to a thousand times. */
export function zoomLimits(fitted: Camera): ZoomLimits {
  return { min: fitted.scale / 20, max: fitted.scale * 1000 };
}

/**
 * The camera that shows `bounds` whole, with `padding` CSS pixels free on every side (less on a canvas too
 * small for that). Always finite with a positive scale, whatever the bounds and the viewport.
 */
export function fitCamera(bounds: Bounds, viewport: Viewport, padding = 24): Camera {
  const roomX = Math.max(1, viewport.width - 2 * Math.min(padding, viewport.width / 4));
  const roomY = Math.max(1, viewport.height - 2 * Math.min(padding, viewport.height / 4));
  const spanX = bounds.maxX - bounds.minX;
  const spanY = bounds.maxY - bounds.minY;
  const fit = Math.min(roomX / spanX, roomY / spanY);
  const scale = Number.isFinite(fit) && fit > 0 ? fit : 1;
  const cx = bounds.minX / 2 + bounds.maxX / 2;
  const cy = bounds.minY / 2 + bounds.maxY / 2;
  return {
    cx: Number.isFinite(cx) ? cx : 0,
    cy: Number.isFinite(cy) ? cy : 0,
    scale: clamp(scale, SCALE_RANGE.min, SCALE_RANGE.max),
  };
}

/** Slow at the end: 0 to 0, 1 to 1, clamped outside. */
export function easeOut(t: number): number {
  const u = 1 - clamp(t, 0, 1);
  return 1 - u * u * u;
}

/**
 * The camera a share `t` (0 to 1, clamped) of the way from one to the other. The scale moves by equal ratios
 * and the middle moves with it, so that a zoom about a fixed point stays a zoom about that point.
 */
export function easeCamera(from: Camera, to: Camera, t: number): Camera {
  if (!(t > 0)) return from;
  if (t >= 1) return to;
  const ratio = to.scale / from.scale;
  const part = ratio ** t;
  const scale = clamp(from.scale * part, SCALE_RANGE.min, SCALE_RANGE.max);
  /* Share of the way of 1/scale; as the ratio nears 1 the quotient loses its digits and its limit is t. */
  const share = Math.abs(ratio - 1) < 1e-6 || !Number.isFinite(ratio) ? t : (1 - 1 / part) / (1 - 1 / ratio);
  return finiteOr(
    { cx: from.cx + (to.cx - from.cx) * share, cy: from.cy + (to.cy - from.cy) * share, scale },
    to,
  );
}

/**
 * One step of following a moving target: after `halfLifeMs` half of the way is left, at any display rate.
 * Returns `target` itself once the difference can no longer be seen, which is the sign to stop animating.
 */
export function approachCamera(current: Camera, target: Camera, dtMs: number, halfLifeMs = 90): Camera {
  const t = 1 - 2 ** (-Math.max(0, dtMs) / halfLifeMs);
  const next = easeCamera(current, target, t);
  const shift = Math.max(Math.abs(next.cx - target.cx), Math.abs(next.cy - target.cy)) * target.scale;
  return shift < 0.25 && Math.abs(next.scale / target.scale - 1) < 1e-3 ? target : next;
}

/**
 * How far apart two cameras look, as a share of the canvas: the larger of the shift of the middle and the
 * change of scale. Lets a caller leave the view alone until a new fit differs by, say, 0.08.
 */
export function cameraDistance(a: Camera, b: Camera, viewport: Viewport): number {
  const side = Math.max(1, Math.min(viewport.width, viewport.height));
  const shift = Math.max(Math.abs(a.cx - b.cx), Math.abs(a.cy - b.cy)) * Math.min(a.scale, b.scale);
  return Math.max(shift / side, Math.abs(Math.log(a.scale / b.scale)));
}

/** `camera` when all its numbers are finite, else `fallback`. */
function finiteOr(camera: Camera, fallback: Camera): Camera {
  const ok = Number.isFinite(camera.cx) && Number.isFinite(camera.cy) && Number.isFinite(camera.scale);
  return ok ? camera : fallback;
}
