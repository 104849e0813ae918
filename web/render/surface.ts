/** The canvas behind a renderer: how many pixels it gets. */

/** Size of a drawing surface. */
export interface SurfaceSize {
  /** CSS pixels; zero when there is nothing to draw on. */
  readonly width: number;
  readonly height: number;
  /** Device pixels per CSS pixel after any limit. */
  readonly dpr: number;
  /** Device pixels, at least one. */
  readonly pixelWidth: number;
  readonly pixelHeight: number;
}

/**
 * The backing store for a canvas of that size: `dpr` (0.25 to 8) pixels per CSS pixel, fewer when a side would
 * pass `maxSide`. Sizes that are not positive numbers count as zero.
 */
export function backingSize(cssWidth: number, cssHeight: number, dpr: number, maxSide: number): SurfaceSize {
  const width = cssWidth > 0 && Number.isFinite(cssWidth) ? cssWidth : 0;
  const height = cssHeight > 0 && Number.isFinite(cssHeight) ? cssHeight : 0;
  const wanted = dpr > 0 && Number.isFinite(dpr) ? Math.min(8, Math.max(0.25, dpr)) : 1;
  const ratio = Math.min(wanted, maxSide / Math.max(1, width, height));
  return {
    width,
    height,
    dpr: ratio,
    pixelWidth: Math.min(maxSide, Math.max(1, Math.round(width * ratio))),
    pixelHeight: Math.min(maxSide, Math.max(1, Math.round(height * ratio))),
  };
}
