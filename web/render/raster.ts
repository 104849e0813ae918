/**
 * Discs and lines drawn into an array of pixels, without a GPU: the twin of the shaders in `*.glsl`, used where
 * WebGL2 is missing. Pure, so that pictures can be checked anywhere.
 *
 * Cost: about (2 radius + 2)^2 pixels a point; 100,000 points of three pixels take tens of milliseconds.
 */

import type { Camera } from './camera.ts';
import { dimAlpha, HOLLOW_FILL, hollowRim, type Marks, TRAIL_TAIL, type TrailMarks } from './marks.ts';
import { FLAG_DIMMED, FLAG_HIDDEN, FLAG_HOLLOW, FLAG_SELECTED, type Rgba } from './props.ts';

/** Pixels to draw on: four bytes each, red, green, blue, alpha; rows from the top. */
export interface Raster {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** What is drawn: current positions, pairs of floats, and one byte of colour and flags a row. */
export interface RasterPoints {
  /** (n, 2), row-major. Rows that are not finite are left out. */
  readonly seen: Float32Array;
  readonly colours: Uint8Array | null;
  readonly flags: Uint8Array | null;
  readonly palette: Uint8Array;
}

/** A ring around a point, on a disc of background colour; radii are outer ones, in device pixels. */
export interface RasterRing {
  readonly radius: number;
  readonly width: number;
  readonly colour: Rgba;
  readonly halo: number;
  readonly background: Rgba;
}

/** Fills the raster with one opaque colour. */
export function clearRaster(raster: Raster, [r, g, b]: Rgba): void {
  new Uint32Array(raster.data.buffer, raster.data.byteOffset, raster.width * raster.height).fill(
    new Uint32Array(new Uint8Array([r, g, b, 255]).buffer)[0] ?? 0,
  );
}

/**
 * Draws the rows of one pass, in order. `wanted` is 0 for all but the selected rows, 1 for the selected.
 * `dpr` is device pixels per CSS pixel; the camera looks at the middle of the raster.
 */
export function rasterPass(
  raster: Raster,
  points: RasterPoints,
  camera: Camera,
  dpr: number,
  wanted: 0 | 1,
  marks: Marks,
  outline: Rgba,
): void {
  const { seen, flags } = points;
  const n = seen.length / 2;
  for (let row = 0; row < n; row++) {
    const flag = flags?.[row] ?? 0;
    if ((flag & FLAG_SELECTED) === wanted) rasterRow(raster, points, row, camera, dpr, marks, outline, flag);
  }
}

/** Draws one row whatever its selection, with a ring if one is given; hidden rows are left out. */
export function rasterRow(
  raster: Raster,
  points: RasterPoints,
  row: number,
  camera: Camera,
  dpr: number,
  marks: Marks,
  outline: Rgba,
  flag: number,
  ring: RasterRing | null = null,
): void {
  if ((flag & FLAG_HIDDEN) !== 0) return;
  const { seen, colours, palette } = points;
  const px = raster.width / 2 + ((seen[2 * row] ?? Number.NaN) - camera.cx) * camera.scale * dpr;
  const py = raster.height / 2 - ((seen[2 * row + 1] ?? Number.NaN) - camera.cy) * camera.scale * dpr;
  const reach = Math.max(marks.radius, ring?.halo ?? 0) + 0.5;
  const x0 = Math.max(0, Math.floor(px - reach));
  const x1 = Math.min(raster.width - 1, Math.ceil(px + reach));
  const y0 = Math.max(0, Math.floor(py - reach));
  const y1 = Math.min(raster.height - 1, Math.ceil(py + reach));
  /* False for NaN too. */
  if (!(x0 <= x1 && y0 <= y1)) return;

  const entry = 4 * (colours?.[row] ?? 0);
  const fr = palette[entry] ?? 0;
  const fg = palette[entry + 1] ?? 0;
  const fb = palette[entry + 2] ?? 0;
  const dimmed = (flag & FLAG_DIMMED) !== 0 && (flag & FLAG_SELECTED) === 0 && ring === null;
  const opacity = ((palette[entry + 3] ?? 0) / 255) * (dimmed ? dimAlpha(marks.alpha) : marks.alpha);
  const hollow = (flag & FLAG_HOLLOW) !== 0;
  const { radius } = marks;
  const rimWidth = hollow ? hollowRim(radius, dpr) : marks.rim;
  /* A held-out row is a ring of its own colour; a selected one has the outline of the others around it. */
  const edged = hollow && (flag & FLAG_SELECTED) !== 0 && ring === null;
  const rimMix = hollow && !edged ? 0 : marks.rimStrength * (outline[3] / 255);
  const { data } = raster;

  for (let y = y0; y <= y1; y++) {
    const dy = y + 0.5 - py;
    for (let x = x0; x <= x1; x++) {
      const dx = x + 0.5 - px;
      const d = Math.sqrt(dx * dx + dy * dy);
      const at = 4 * (y * raster.width + x);
      if (ring) {
        const [r, g, b] = ring.background;
        over(data, at, r, g, b, clamp01(ring.halo + 0.5 - d));
      }
      const cover = clamp01(radius + 0.5 - d);
      if (cover > 0) {
        const rim = clamp01(d - (radius - rimWidth) + 0.5);
        const alpha = opacity * cover * (hollow ? HOLLOW_FILL + (1 - HOLLOW_FILL) * rim : 1);
        const mix = (edged ? clamp01(d - (radius - marks.rim) + 0.5) : rim) * rimMix;
        over(
          data,
          at,
          fr + (outline[0] - fr) * mix,
          fg + (outline[1] - fg) * mix,
          fb + (outline[2] - fb) * mix,
          alpha,
        );
      }
      if (ring) {
        const half = ring.width / 2;
        const alpha = clamp01(half + 0.5 - Math.abs(d - (ring.radius - half))) * (ring.colour[3] / 255);
        if (alpha > 0) over(data, at, ring.colour[0], ring.colour[1], ring.colour[2], alpha);
      }
    }
  }
}

/** Draws the trail of each row from where it was (`old`, pairs) to where it is seen. */
export function rasterTrails(
  raster: Raster,
  points: RasterPoints,
  old: Float32Array,
  camera: Camera,
  dpr: number,
  marks: TrailMarks,
): void {
  const { seen, colours, flags, palette } = points;
  const scale = camera.scale * dpr;
  const left = raster.width / 2 - camera.cx * scale;
  const top = raster.height / 2 + camera.cy * scale;
  for (let row = 0; 2 * row < seen.length; row++) {
    const flag = flags?.[row] ?? 0;
    if ((flag & FLAG_HIDDEN) !== 0) continue;
    const strength =
      (flag & FLAG_SELECTED) !== 0 ? marks.selected : (flag & FLAG_DIMMED) !== 0 ? marks.dimmed : marks.plain;
    if (strength === 0) continue;
    const entry = 4 * (colours?.[row] ?? 0);
    rasterTrail(
      raster,
      left + (old[2 * row] ?? Number.NaN) * scale,
      top - (old[2 * row + 1] ?? Number.NaN) * scale,
      left + (seen[2 * row] ?? Number.NaN) * scale,
      top - (seen[2 * row + 1] ?? Number.NaN) * scale,
      palette.subarray(entry, entry + 4),
      strength,
      marks.half,
    );
  }
}

/**
 * One trail, in pixels, fading towards (ax, ay). Goes along the axis in which it is longer, pixel by pixel, and at
 * each across the line: about four pixels a step.
 */
function rasterTrail(
  raster: Raster,
  ax: number,
  ay: number,
  bx: number,
  by: number,
  colour: Uint8Array,
  strength: number,
  half: number,
): void {
  const dx = bx - ax;
  const dy = by - ay;
  const length = Math.sqrt(dx * dx + dy * dy);
  /* False for NaN; a line longer than that is no use to anyone. */
  if (!(length >= 1 && length < 1e9)) return;
  const { data, width, height } = raster;
  const steep = Math.abs(dy) > Math.abs(dx);
  const [along, across, side] = steep ? [ay, dy, height] : [ax, dx, width];
  const [middle, slope, limit] = steep ? [ax, dx / dy, width] : [ay, dy / dx, height];
  const reach = half + 0.5;
  /* How far the line's half width reaches across the axis, and beyond its ends along it. */
  const wide = (reach * length) / Math.abs(across);
  const first = Math.max(0, Math.floor(Math.min(along, along + across) - reach));
  const last = Math.min(side - 1, Math.ceil(Math.max(along, along + across) + reach));
  const [r = 0, g = 0, b = 0, a = 0] = colour;
  const full = (strength * a) / 255;
  for (let i = first; i <= last; i++) {
    const at = middle + (i + 0.5 - along) * slope;
    const end = Math.min(limit - 1, Math.ceil(at + wide));
    for (let j = Math.max(0, Math.floor(at - wide)); j <= end; j++) {
      const [x, y] = steep ? [j, i] : [i, j];
      const px = x + 0.5 - ax;
      const py = y + 0.5 - ay;
      const t = (px * dx + py * dy) / (length * length);
      if (t < 0 || t > 1) continue;
      const cover = clamp01(reach - Math.abs(px * dy - py * dx) / length);
      if (cover > 0)
        over(data, 4 * (y * width + x), r, g, b, full * cover * (TRAIL_TAIL + (1 - TRAIL_TAIL) * t));
    }
  }
}

function clamp01(v: number): number {
  return Math.min(1, Math.max(0, v));
}

function over(data: Uint8ClampedArray, at: number, r: number, g: number, b: number, alpha: number): void {
  const r0 = data[at] ?? 0;
  const g0 = data[at + 1] ?? 0;
  const b0 = data[at + 2] ?? 0;
  data[at] = r0 + (r - r0) * alpha;
  data[at + 1] = g0 + (g - g0) * alpha;
  data[at + 2] = b0 + (b - b0) * alpha;
}
