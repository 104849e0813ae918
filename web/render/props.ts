/**
 * What a point renderer is told, and the part of its work that does not depend on how it draws.
 */

import type { Camera } from './camera.ts';

/** Red, green, blue, alpha, each 0 to 255, not premultiplied. */
export type Rgba = readonly [number, number, number, number];

/** Bits of a row's flags byte. */
export const FLAG_SELECTED = 1;
export const FLAG_DIMMED = 2;
export const FLAG_HIDDEN = 4;
/** Held out, or without a value in the coloured column: drawn as a ring. */
export const FLAG_HOLLOW = 8;

/**
 * Everything a renderer can be told. Arrays are kept by reference, so that the picture can be rebuilt after the
 * graphics context was lost: they must stay as they are until they are replaced. The same array given again
 * counts as unchanged; to say that one was changed in place, give a new view of it (`flags.subarray()`).
 */
export interface ScatterProps {
  /** (n, dims) row-major. Rows that are not finite are not drawn. */
  positions: Float32Array;
  /** Floats per row. The first two are drawn; a single one lies along the x axis. */
  dims: number;
  /** How long points take from where they are seen to `positions` given in the same call, in ms; 0 jumps. */
  blendMs: number;
  /** Palette entry of each row (n). Null, or a length other than n, draws all rows with entry 0. */
  colours: { readonly index: Uint8Array } | null;
  /** 256 colours of four bytes: red, green, blue, alpha. */
  palette: Uint8Array;
  /** Bits of each row (n), see `FLAG_*`. Null, or a length other than n, means none set. */
  flags: Uint8Array | null;
  /**
   * Where rows were: a thin line from each place of `from` (n, dims) to where the row is drawn now, in its colour,
   * under all points. Null, or a length other than that of `positions`, draws none.
   */
  trails: { readonly from: Float32Array } | null;
  /** Diameter of a point in CSS pixels, 1 to 64. */
  pointSize: number;
  camera: Camera;
  /** Row under the pointer, drawn on top with a ring. */
  hoverRow: number | null;
  /** Row that the keyboard or the inspector holds, drawn on top with a wider ring. */
  focusRow: number | null;
  /** Canvas colour; drawn opaque. */
  background: Rgba;
  /** Rim of each point, mixed over the point's own colour by its alpha. Should contrast with `background`. */
  outline: Rgba;
  /** Rim of selected points. */
  selectedOutline: Rgba;
  hoverRing: Rgba;
  focusRing: Rgba;
}

/** The theme's part of the properties. */
export type ScatterTheme = Pick<
  ScatterProps,
  'background' | 'outline' | 'selectedOutline' | 'hoverRing' | 'focusRing'
>;

export const LIGHT_THEME: ScatterTheme = {
  background: [255, 255, 255, 255],
  outline: [16, 20, 28, 125],
  selectedOutline: [16, 20, 28, 255],
  hoverRing: [16, 20, 28, 255],
  focusRing: [0, 84, 214, 255],
};

export const DARK_THEME: ScatterTheme = {
  background: [17, 20, 24, 255],
  outline: [255, 255, 255, 110],
  selectedOutline: [255, 255, 255, 255],
  hoverRing: [255, 255, 255, 255],
  focusRing: [110, 168, 255, 255],
};

/** A renderer of points. Both kinds have exactly this surface. */
export interface PointRenderer {
  readonly kind: 'webgl2' | 'canvas2d';
  /** Points are drawn by the processor: every frame takes time from whatever else computes. */
  readonly software: boolean;
  /** Rows whose position is not finite; counted when asked, once for each array. */
  readonly hiddenCount: number;
  /** Takes any of the properties; true when the picture changes, so that a frame should be asked for. */
  set(partial: Partial<ScatterProps>): boolean;
  /** Draws now (`now` in ms, of the clock that animation frames give); true while points still move. */
  draw(now: number): boolean;
  /**
   * Sets the size in CSS pixels and the device pixels per CSS pixel; true when a redraw is needed.
   * Sizes of zero draw nothing; the backing store is made coarser where the device has a limit.
   */
  resize(cssWidth: number, cssHeight: number, dpr: number): boolean;
  /**
   * A PNG of the present view, `scale` pixels per CSS pixel, drawn in tiles where it is larger than one
   * texture. Rejects with a sentence when the browser cannot hold a picture of that size.
   */
  capture(scale: number): Promise<Blob>;
  dispose(): void;
}

/** Properties of an empty map with the light theme. */
export function defaultProps(): ScatterProps {
  return {
    positions: new Float32Array(0),
    dims: 2,
    blendMs: 0,
    colours: null,
    palette: new Uint8Array(256 * 4).fill(128),
    flags: null,
    trails: null,
    pointSize: 6,
    camera: { cx: 0, cy: 0, scale: 100 },
    hoverRow: null,
    focusRow: null,
    ...LIGHT_THEME,
  };
}

/** Which of the costly properties a `mergeProps` changed. */
export interface PropChanges {
  any: boolean;
  positions: boolean;
  colours: boolean;
  palette: boolean;
  flags: boolean;
  trails: boolean;
}

/**
 * Writes `partial` into `props`, comparing arrays by identity and the rest by value.
 * Throws RangeError for a palette that is not 256 * 4 bytes or dims that is not a positive integer.
 */
export function mergeProps(props: ScatterProps, partial: Partial<ScatterProps>): PropChanges {
  const changes: PropChanges = {
    any: false,
    positions: false,
    colours: false,
    palette: false,
    flags: false,
    trails: false,
  };
  if (partial.palette && partial.palette.length !== 1024) {
    throw new RangeError(`A palette has 1024 bytes, this one has ${partial.palette.length}.`);
  }
  if (partial.dims !== undefined && !(Number.isInteger(partial.dims) && partial.dims >= 1)) {
    throw new RangeError(`A point has a whole number of coordinates, at least one; not ${partial.dims}.`);
  }
  const differs = <K extends keyof ScatterProps>(key: K): boolean => {
    const next = partial[key];
    if (next === undefined || sameValue(props[key], next)) return false;
    props[key] = next as ScatterProps[K];
    changes.any = true;
    return true;
  };
  /* A duration alone moves nothing: it belongs to the positions that come with it. */
  props.blendMs = partial.blendMs ?? (partial.positions ? 0 : props.blendMs);
  changes.positions = [differs('positions'), differs('dims')].includes(true);
  changes.colours = differs('colours');
  changes.palette = differs('palette');
  changes.flags = differs('flags');
  changes.trails = differs('trails');
  for (const key of PLAIN_KEYS) differs(key);
  return changes;
}

const PLAIN_KEYS = [
  'pointSize',
  'camera',
  'hoverRow',
  'focusRow',
  'background',
  'outline',
  'selectedOutline',
  'hoverRing',
  'focusRing',
] as const;

/** Equality of two property values: colours, cameras and holders of an array by content, the rest by identity. */
function sameValue(a: ScatterProps[keyof ScatterProps], b: ScatterProps[keyof ScatterProps]): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) && Array.isArray(b)) return a.every((v, i) => v === b[i]);
  const held = arrayIn(a);
  if (held) return held === arrayIn(b);
  if ('cx' in a && 'cx' in b) return a.cx === b.cx && a.cy === b.cy && a.scale === b.scale;
  return false;
}

/** The array that a holder of colours or trails holds. */
function arrayIn(value: object): unknown {
  if ('index' in value) return value.index;
  return 'from' in value ? value.from : undefined;
}

/** Number of rows of `props`. */
export function rowCount(props: ScatterProps): number {
  return Math.floor(props.positions.length / props.dims);
}

/** Where rows were, if there are trails to be drawn. */
export function trailsOf(props: ScatterProps): Float32Array | null {
  return props.trails?.from.length === props.positions.length ? props.trails.from : null;
}

/** Rows whose first two coordinates are not both finite. O(n). */
export function countHidden(positions: Float32Array, dims: number): number {
  let hidden = 0;
  for (let i = 0; i + dims <= positions.length; i += dims) {
    const x = positions[i] ?? 0;
    const y = dims > 1 ? (positions[i + 1] ?? 0) : 0;
    if (!Number.isFinite(x) || !Number.isFinite(y)) hidden++;
  }
  return hidden;
}

/** Rows with the selected bit. O(n), over bytes. */
export function countSelected(flags: Uint8Array): number {
  let selected = 0;
  for (const f of flags) selected += f & FLAG_SELECTED;
  return selected;
}
