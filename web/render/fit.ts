/**
 * The box of a map that a view should show.
 *
 * One runaway row must not shrink the picture to a dot, and every ordinary row must be in it. So the box comes
 * from quantiles: along each axis the middle 96 % of the rows, widened by half of its span on both sides, and
 * never wider than the data. A bell-shaped cloud is shown whole; a row a hundred spans away is not.
 *
 * Cost: a strided sample of at most `sample` rows is sorted, whatever the number of rows, so a new frame of a
 * million rows costs about what one of ten thousand does.
 */

import type { Bounds } from './camera.ts';
import { FLAG_HIDDEN } from './props.ts';

export interface BoundsOptions {
  /** Floats per row of `positions`; the first two are used, a single one lies along the x axis. Default 2. */
  readonly dims?: number;
  /** One byte a row; hidden rows do not count. Ignored unless it has one byte for each row. */
  readonly flags?: Uint8Array | null;
  /** Most rows looked at, spread evenly over all. Default 10,000. */
  readonly sample?: number;
}

/** Share of the rows cut from each end of an axis before the span is widened again. */
const TRIM = 0.02;
/** Share of the trimmed span that is added again at each end. */
const WIDEN = 0.5;

/**
 * The box to show for `positions` (n, dims), row-major. Rows that are hidden or not finite do not count.
 * Always finite, with a positive width and height: no rows give the square from -1 to 1, rows all at one place
 * a box around that place.
 */
export function dataBounds(positions: Float32Array, options: BoundsOptions = {}): Bounds {
  const dims = Math.max(1, Math.floor(options.dims ?? 2));
  const n = Math.floor(positions.length / dims);
  const flags = options.flags?.length === n ? options.flags : null;
  const limit = Math.max(1, Math.floor(options.sample ?? 10_000));
  const stride = Math.max(1, Math.ceil(n / limit));
  const xs = new Float32Array(Math.ceil(n / stride));
  const ys = new Float32Array(xs.length);
  let m = 0;
  for (let row = 0; row < n; row += stride) {
    const x = positions[row * dims] ?? Number.NaN;
    const y = dims > 1 ? (positions[row * dims + 1] ?? Number.NaN) : 0;
    if (!Number.isFinite(x) || !Number.isFinite(y) || ((flags?.[row] ?? 0) & FLAG_HIDDEN) !== 0) continue;
    xs[m] = x;
    ys[m] = y;
    m++;
  }
  /* A sample that met only hidden rows says nothing about the rest: look at every row, which is rare. */
  if (m === 0 && stride > 1) return dataBounds(positions, { ...options, sample: n });
  if (m === 0) return { minX: -1, minY: -1, maxX: 1, maxY: 1 };

  const [x0, x1] = axisRange(xs.subarray(0, m).sort());
  const [y0, y1] = axisRange(ys.subarray(0, m).sort());
  /* An axis without extent gets that of the other, and if both have none, a unit box that float32 resolves. */
  const span = Math.max(x1 - x0, y1 - y0);
  const least = 1e-6 * Math.max(Math.abs(x0), Math.abs(x1), Math.abs(y0), Math.abs(y1));
  const half = span > 0 ? Math.max(span / 2, least) : Math.max(1, least);
  const minHalf = half * 1e-3;
  const [minX, maxX] = widen(x0, x1, x1 > x0 ? minHalf : half);
  const [minY, maxY] = widen(y0, y1, y1 > y0 ? minHalf : half);
  return { minX, minY, maxX, maxY };
}

/** Range of one axis from its sorted values (at least one): see the head of this file. */
function axisRange(sorted: Float32Array): [number, number] {
  const m = sorted.length;
  const first = sorted[0] ?? 0;
  const last = sorted[m - 1] ?? 0;
  /* Below 50 rows this cuts none: each row of a small table is shown. */
  const cut = Math.floor(m * TRIM);
  const lo = sorted[cut] ?? first;
  const hi = sorted[m - 1 - cut] ?? last;
  const span = hi - lo;
  /* When nearly all rows share one value, quantiles say nothing about scale: show everything. */
  if (!(span > 0)) return [first, last];
  return [Math.max(first, lo - WIDEN * span), Math.min(last, hi + WIDEN * span)];
}

/** [lo, hi] made at least `2 * half` wide about its middle. */
function widen(lo: number, hi: number, half: number): [number, number] {
  const mid = lo / 2 + hi / 2;
  return (hi - lo) / 2 >= half ? [lo, hi] : [mid - half, mid + half];
}
