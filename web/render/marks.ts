/**
 * How a point looks, given how crowded the map is: one set of rules for both renderers.
 *
 * A hundred rows want large opaque discs with a rim; a hundred thousand would become one blot. The measure is
 * the coverage: the area of all discs over the area the map takes on the screen. Below 1 nothing changes;
 * above it points turn translucent and lose their rims, slowly, so that zooming in brings both back.
 */

import { dataBounds } from './fit.ts';
import type { Rgba } from './props.ts';

/** Look of one kind of point. Lengths are in device pixels. */
export interface Marks {
  /** Radius of the disc. */
  readonly radius: number;
  /** Opacity of the disc, 0 to 1. */
  readonly alpha: number;
  /** Width of the rim, within the radius. */
  readonly rim: number;
  /** How much of the outline colour's alpha is used, 0 to 1. */
  readonly rimStrength: number;
}

/** Opacity of points where nothing is crowded. */
const FULL_ALPHA = 0.94;
/** Opacity of dimmed points, relative to the others: they recede, they do not vanish. */
export const DIM = 0.3;
/** Least opacity of a dimmed point. */
export const DIM_LEAST = 0.08;
/** Opacity of the inside of a hollow point, relative to its ring. */
export const HOLLOW_FILL = 0.08;
/** How much more crowded selected rows are than their number says, since they tend to lie together. */
export const SELECTION_CROWD = 4;
/** Space between a highlighted point and its ring, and the width of that ring, in CSS pixels. */
export const RING_GAP = 1.5;
export const HOVER_RING = 1.75;
export const FOCUS_RING = 2.75;
/** How far the background shows outside that ring, so that it is seen on points of its own colour too. */
export const RING_HALO = 1;

/** Width of a trail in CSS pixels, and opacity of its old end as a share of that of its new end. */
export const TRAIL_WIDTH = 1.25;
export const TRAIL_TAIL = 0.2;
/** Opacity of the new end of a trail where nothing is crowded. */
const TRAIL = { plain: 0.45, dimmed: 0.22, selected: 0.75 } as const;

/** Share of the map that trails may cover before they get fainter. */
const TRAIL_COVER = 0.5;
/** Opacity below which bytes of colour show nothing, however many trails lie over one another. */
const TRAIL_LEAST = 0.02;

/** A diameter in CSS pixels that suits `n` rows: 9 for a hundred, 5 for ten thousand, 3 for a hundred thousand. */
export function suggestedPointSize(n: number): number {
  const size = 13 - 2 * Math.log10(Math.max(1, n));
  return Math.round(Math.min(9, Math.max(2, size)) * 2) / 2;
}

/** Area of the map in world units squared, from at most 1,024 rows. */
export function spreadArea(positions: Float32Array, dims: number): number {
  const b = dataBounds(positions, { dims, sample: 1024 });
  return (b.maxX - b.minX) * (b.maxY - b.minY);
}

/**
 * The look of `n` points of `pointSize` CSS pixels spread over `area` world units squared, at `scale` CSS
 * pixels per world unit and `dpr` device pixels per CSS pixel.
 */
export function marksFor(n: number, area: number, scale: number, pointSize: number, dpr: number): Marks {
  const size = Math.min(64, Math.max(1, pointSize));
  const covered = (n * Math.PI * size * size) / 4 / Math.max(1, area * scale * scale);
  const crowd = Number.isFinite(covered) ? Math.max(1, covered) : 1;
  const radius = (size / 2) * dpr;
  return {
    radius,
    alpha: Math.max(0.28, FULL_ALPHA * crowd ** -0.35),
    rim: Math.min(radius, Math.max(0.75 * dpr, Math.min(1.25 * dpr, 0.22 * radius))),
    /* On the smallest points a full rim would leave nothing of their colour. */
    rimStrength: crowd ** -0.6 * Math.min(1, Math.max(0.4, (size - 1) / 5)),
  };
}

/** The look of selected points, given that of as many ordinary ones: half a pixel larger, rims that stay. */
export function selectedMarks(marks: Marks, dpr: number): Marks {
  return {
    radius: marks.radius + 0.5 * dpr,
    alpha: Math.max(marks.alpha, 0.6),
    rim: Math.max(0.75 * dpr, Math.min(1.25 * dpr, 0.35 * marks.radius)),
    rimStrength: Math.max(0.3, marks.rimStrength),
  };
}

/** Look of the trails: opacity of the new end by the row's flags, and half the width in device pixels. */
export interface TrailMarks {
  readonly plain: number;
  readonly dimmed: number;
  readonly selected: number;
  readonly half: number;
}

/**
 * How often the trails of all rows would cover the map: their mean length, of at most 1,024 rows, times their
 * width and number, over the map's area. Both arrays are (n, dims); `area` in world units squared, `scale` in CSS
 * pixels per world unit.
 */
export function trailInk(
  from: Float32Array,
  to: Float32Array,
  dims: number,
  area: number,
  scale: number,
): number {
  const n = Math.floor(to.length / dims);
  const stride = Math.max(1, Math.floor(n / 1024));
  let sum = 0;
  let seen = 0;
  for (let row = 0; row < n; row += stride) {
    const i = row * dims;
    const dx = (to[i] ?? 0) - (from[i] ?? 0);
    const dy = dims > 1 ? (to[i + 1] ?? 0) - (from[i + 1] ?? 0) : 0;
    const length = Math.hypot(dx, dy);
    if (!Number.isFinite(length)) continue;
    sum += length;
    seen++;
  }
  /* Length times scale, times width, over area times scale squared. */
  const covered = (((n * sum) / seen) * TRAIL_WIDTH) / (area * scale);
  return Number.isFinite(covered) ? covered : 0;
}

/**
 * The look of trails: of selected rows alone, or of all. Where all together have so much ink that they would hide
 * the rows, they are fainter, the selected ones less so.
 */
export function trailMarks(dpr: number, all: boolean, ink: number): TrailMarks {
  const crowd = Math.min(1, (TRAIL_COVER / Math.max(ink, 1e-9)) ** 0.7);
  return {
    plain: all ? Math.max(TRAIL_LEAST, TRAIL.plain * crowd) : 0,
    dimmed: all ? Math.max(TRAIL_LEAST, TRAIL.dimmed * crowd) : 0,
    selected: TRAIL.selected * crowd ** 0.5,
    half: (TRAIL_WIDTH * dpr) / 2,
  };
}

/** Opacity of a dimmed point where the others have `alpha`. */
export function dimAlpha(alpha: number): number {
  return Math.max(DIM_LEAST, alpha * DIM);
}

/** Width of the ring that a hollow point is drawn as, in device pixels. */
export function hollowRim(radius: number, dpr: number): number {
  return Math.min(radius, Math.max(dpr, 0.35 * radius));
}

/**
 * Colour of a point's rim, as both renderers mix it and as a legend shows it: the point's own colour with
 * `outline` laid over it at `strength` times outline's alpha.
 */
export function rimColour(fill: Rgba, outline: Rgba, strength: number): Rgba {
  const k = (outline[3] / 255) * strength;
  const mix = (a: number, b: number): number => a + (b - a) * k;
  return [mix(fill[0], outline[0]), mix(fill[1], outline[1]), mix(fill[2], outline[2]), fill[3]];
}
