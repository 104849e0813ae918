/**
 * Colours of numbers: palettes that run through a scale, and the bytes that point into them; laid out as in palette.ts.
 *
 * Numbers use cividis (Nunez, Anderton and Renslow, 2018), whose lightness rises evenly and which looks nearly the same
 * with and without a colour-vision deficiency. Numbers with a sign use a diverging scale as K. Moreland makes them
 * ("Diverging Color Maps for Scientific Visualization", 2009): two hues of equal lightness and chroma meet in a grey; here
 * along straight lines in OKLab, so that steps look even.
 */

import { type Lab, labToRgb, rgbToLab } from './oklab.ts';
import { fillPalette, hexToRgb, MISSING_INDEX, SCALE_SIZE } from './palette.ts';

/** Stops of a scale: position from 0 to 1, ascending, and colour. */
type Stops = readonly (readonly [number, string])[];

/** Ninths of the published table, and the places between them where its slope breaks. */
const CIVIDIS: Stops = [
  [0, '#00224e'],
  [10 / 255, '#002a5f'],
  [19 / 255, '#00306f'],
  [22 / 255, '#003171'],
  [1 / 9, '#123570'],
  [2 / 9, '#3b496c'],
  [3 / 9, '#575d6d'],
  [4 / 9, '#707173'],
  [5 / 9, '#8a8678'],
  [6 / 9, '#a59c74'],
  [7 / 9, '#c3b369'],
  [8 / 9, '#e1cc55'],
  [251 / 255, '#fde334'],
  [1, '#fee838'],
];

/**
 * The diverging scale in OKLab: lightness of its grey, lightness and chroma of both ends. What is far from zero
 * stands out from the ground, so on a dark one the ends are the lighter. The grey is seen on either.
 */
const DIVERGING = {
  light: { middle: 0.8, end: 0.57, chroma: 0.147 },
  dark: { middle: 0.48, end: 0.8, chroma: 0.1 },
} as const;
/** Hues below and above zero, in degrees: blue and orange, the pair that every deficiency keeps apart. */
const BELOW = 255;
const ABOVE = 50;
/** Entries of each side of the diverging scale; the innermost of both are its grey. */
const SIDE = SCALE_SIZE / 2;

export type ScaleName = 'cividis' | 'diverging';

/** A palette (256 * 4 bytes) whose entries 0 to 253 run through a scale; residuals with a sign want `diverging`. */
export function continuousPalette(name: ScaleName = 'cividis'): Uint8Array {
  if (name === 'diverging') return divergingPalette();
  const stops = CIVIDIS.map(([t, hex]): readonly [number, Lab] => [t, rgbToLab(hexToRgb(hex))]);
  return fillPalette((i) => labToRgb(interpolate(stops, i / (SCALE_SIZE - 1))));
}

/**
 * A palette (256 * 4 bytes) for numbers with a sign: entry 0 is the bluest, 126 and 127 are grey, 253 is the most
 * orange; entries i and 253 - i are equally light and equally far from grey. Made for a light ground and readable
 * on a dark one; `dark` turns its lightness around, so that the largest numbers stand out most there too.
 */
export function divergingPalette(dark = false): Uint8Array {
  const { middle, end, chroma } = DIVERGING[dark ? 'dark' : 'light'];
  return fillPalette((i) => {
    const above = i >= SIDE;
    const t = (above ? i - SIDE : SIDE - 1 - i) / (SIDE - 1);
    const hue = ((above ? ABOVE : BELOW) * Math.PI) / 180;
    const c = chroma * t;
    return labToRgb([middle + (end - middle) * t, c * Math.cos(hue), c * Math.sin(hue)]);
  });
}

/** The numbers that the ends of a scale stand for, lo <= hi; what lies outside gets the end's colour. */
export interface ScaleDomain {
  readonly lo: number;
  readonly hi: number;
}

/**
 * The domain of `values`. `robust` runs from the 1 % to the 99 % quantile, so that a few large values do not
 * take all the colours; `min-max` over everything finite; `symmetric` is robust and centred on zero, for the
 * diverging scale. Without a finite value it is 0 to 1. Quantiles look at no more than 20,000 values.
 */
export function scaleDomain(
  values: ArrayLike<number>,
  rule: 'robust' | 'min-max' | 'symmetric' = 'robust',
): ScaleDomain {
  if (rule === 'min-max') return finiteRange(values);
  /* A sample that met no finite value, or one value only, says nothing about the rest. */
  const sorted = sortedSample(values);
  const m = sorted.length;
  const cut = Math.floor(m * 0.01);
  const lo = sorted[cut] ?? 0;
  const hi = sorted[m - 1 - cut] ?? 0;
  const range = m > 0 && hi > lo ? { lo, hi } : finiteRange(values);
  if (rule === 'robust') return range;
  const most = Math.max(Math.abs(range.lo), Math.abs(range.hi));
  return { lo: -most, hi: most };
}

/**
 * One byte a row: entries 0 to 253 along the domain, MISSING_INDEX where the value is NaN. Infinities count as
 * the ends; a domain without extent gives the middle of the scale.
 */
export function numberIndices(values: ArrayLike<number>, { lo, hi }: ScaleDomain): Uint8Array {
  const index = new Uint8Array(values.length);
  const top = SCALE_SIZE - 1;
  const per = hi > lo ? top / (hi - lo) : 0;
  for (let row = 0; row < index.length; row++) {
    const v = values[row] ?? Number.NaN;
    if (Number.isNaN(v)) {
      index[row] = MISSING_INDEX;
    } else if (per === 0) {
      index[row] = v < lo ? 0 : v > hi ? top : top >> 1;
    } else {
      index[row] = v <= lo ? 0 : v >= hi ? top : Math.round((v - lo) * per);
    }
  }
  return index;
}

/**
 * The size of number that the ends of a diverging scale stand for: the 98 % quantile of the sizes of `values`, so
 * that one outlier does not wash out the rest; the largest size when nearly all are zero, 0 when all are or none
 * is finite. Looks at no more than 20,000 values for the quantile.
 */
export function divergingLimit(values: ArrayLike<number>): number {
  const sorted = sortedSample(values, Math.abs);
  const limit = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.98))] ?? 0;
  if (limit > 0) return limit;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] ?? Number.NaN);
    if (size > largest && Number.isFinite(size)) largest = size;
  }
  return largest;
}

/**
 * One byte a row for `divergingPalette`: zero is grey, -limit and below entry 0, limit and above entry 253, NaN
 * MISSING_INDEX. Of opposite numbers the entries add up to 253. A limit that is not a positive number leaves all grey.
 */
export function divergingIndices(
  values: ArrayLike<number>,
  { limit }: { readonly limit: number },
): Uint8Array {
  const index = new Uint8Array(values.length);
  const top = SIDE - 1;
  const scaled = limit > 0 && Number.isFinite(limit);
  for (let row = 0; row < index.length; row++) {
    const v = values[row] ?? Number.NaN;
    if (Number.isNaN(v)) {
      index[row] = MISSING_INDEX;
      continue;
    }
    const size = scaled ? Math.min(top, Math.round((Math.abs(v) / limit) * top)) : 0;
    index[row] = v < 0 ? top - size : SIDE + size;
  }
  return index;
}

/** At most 20,000 of the finite values, spread evenly over all, each passed through `of`, ascending. */
function sortedSample(values: ArrayLike<number>, of: (value: number) => number = (v) => v): Float64Array {
  const stride = Math.max(1, Math.ceil(values.length / 20_000));
  const sample = new Float64Array(Math.ceil(values.length / stride));
  let m = 0;
  for (let i = 0; i < values.length; i += stride) {
    const v = values[i] ?? Number.NaN;
    if (Number.isFinite(v)) sample[m++] = of(v);
  }
  return sample.subarray(0, m).sort();
}

function finiteRange(values: ArrayLike<number>): ScaleDomain {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] ?? Number.NaN;
    if (!Number.isFinite(v)) continue;
    if (v < lo) lo = v;
    if (v > hi) hi = v;
  }
  return lo <= hi ? { lo, hi } : { lo: 0, hi: 1 };
}

function interpolate(stops: readonly (readonly [number, Lab])[], t: number): Lab {
  let before = stops[0] ?? [0, [0, 0, 0]];
  for (const after of stops) {
    if (t <= after[0]) {
      const u = after[0] > before[0] ? (t - before[0]) / (after[0] - before[0]) : 0;
      const mix = (i: 0 | 1 | 2): number => before[1][i] + (after[1][i] - before[1][i]) * u;
      return [mix(0), mix(1), mix(2)];
    }
    before = after;
  }
  return before[1];
}
