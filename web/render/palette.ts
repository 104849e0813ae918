/**
 * Colours of classes and numbers, as palettes of 256 entries, and the bytes that point into them.
 *
 * Every palette has the same layout: 0 to 253 carry classes or a scale, 254 is "other", 255 is "missing".
 *
 * Classes use the sequences of M. Petroff, "Accessible Color Sequences for Data Visualization" (arXiv
 * 2107.02270), of 6, 8 or 10 colours, the shortest that suffices; they stay apart for readers with any of the
 * common colour-vision deficiencies. Numbers use cividis (Nunez, Anderton and Renslow, 2018), whose lightness
 * rises evenly and which looks nearly the same with and without such a deficiency. Numbers with a sign use a
 * diverging scale as K. Moreland makes them ("Diverging Color Maps for Scientific Visualization", 2009): two hues
 * of equal lightness and chroma meet in a grey; here along straight lines in OKLab, so that steps look even.
 */

import { hexToRgb, type Lab, labToRgb, type Rgb, rgbToLab } from './oklab.ts';

export const MISSING_INDEX = 255;
export const OTHER_INDEX = 254;
/** Entries of a palette that carry a scale: 0 to 253. */
export const SCALE_SIZE = 254;

export const PETROFF_6 = ['#5790fc', '#f89c20', '#e42536', '#964a8b', '#9c9ca1', '#7a21dd'] as const;
export const PETROFF_8 = [
  '#1845fb',
  '#ff5e02',
  '#c91f16',
  '#c849a9',
  '#adad7d',
  '#86c8dd',
  '#578dff',
  '#656364',
] as const;
export const PETROFF_10 = [
  '#3f90da',
  '#ffa90e',
  '#bd1f01',
  '#94a4a2',
  '#832db6',
  '#a96b59',
  '#e76300',
  '#b9ac70',
  '#717581',
  '#92dadd',
] as const;

/**
 * The ten that are used: Petroff's have two greys, which class means which nobody can say at a glance, so the darker one
 * is a teal here. It is farther from all the others than that grey was.
 */
export const TEN: readonly string[] = PETROFF_10.map((hex) => (hex === '#717581' ? '#0a6672' : hex));

/** Most classes with a colour of their own when there are more than ten; the rest are "other". */
export const LARGEST_SHOWN = 9;

/** Grey of "other": the palest grey of the ten-colour sequence, which is then no class's colour. */
const OTHER = '#94a4a2';
/** Grey of rows without a value, which are also drawn hollow. */
const MISSING = '#8a8f98';
const NINE = TEN.filter((hex) => hex !== OTHER);

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

/** Colours of `k` classes in order: 6, 8 or 10 of Petroff's, and nine of them for more than ten classes. */
export function categoricalColours(k: number): readonly string[] {
  if (k > PETROFF_10.length) return NINE;
  if (k > PETROFF_8.length) return TEN;
  return k > PETROFF_6.length ? PETROFF_8 : PETROFF_6;
}

/**
 * A palette (256 * 4 bytes) for `k` classes, class i at entry i; with more than ten, entries 0 to 8 are for the
 * nine largest, in the order that `assignClasses` gives. Entries no class uses show "other".
 */
export function categoricalPalette(k: number): Uint8Array {
  const colours = categoricalColours(k).slice(0, Math.max(0, k));
  return fillPalette((i) => hexToRgb(colours[i] ?? OTHER));
}

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

/** Entry `index` of a palette as CSS text, for a legend. */
export function paletteColour(palette: Uint8Array, index: number): string {
  const at = 4 * index;
  return `rgb(${palette[at] ?? 0} ${palette[at + 1] ?? 0} ${palette[at + 2] ?? 0})`;
}

/**
 * Palette entry of each class, from the number of rows of each: its own number up to ten classes, else 0 to 8
 * for the nine with most rows (the earlier first when equal) and OTHER_INDEX for the rest.
 */
export function assignClasses(counts: ArrayLike<number>): Uint8Array {
  const entries = new Uint8Array(counts.length);
  if (counts.length <= PETROFF_10.length) return entries.map((_, i) => i);
  entries.fill(OTHER_INDEX);
  const order = Array.from(counts, (count, i) => ({ count, i }));
  order.sort((a, b) => b.count - a.count || a.i - b.i);
  for (const [entry, { i }] of order.slice(0, LARGEST_SHOWN).entries()) entries[i] = entry;
  return entries;
}

/**
 * One byte a row from class numbers (n): the entry `assignClasses` gave the class, MISSING_INDEX for numbers
 * outside 0 to entries.length - 1 (such as -1 for a missing value) and for NaN.
 */
export function classIndices(classes: ArrayLike<number>, entries: Uint8Array): Uint8Array {
  const index = new Uint8Array(classes.length);
  for (let row = 0; row < index.length; row++) {
    index[row] = entries[classes[row] ?? Number.NaN] ?? MISSING_INDEX;
  }
  return index;
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

function fillPalette(colourAt: (entry: number) => Rgb): Uint8Array {
  const palette = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    const rgb = i === MISSING_INDEX ? hexToRgb(MISSING) : i === OTHER_INDEX ? hexToRgb(OTHER) : colourAt(i);
    palette.set([...rgb, 255], 4 * i);
  }
  return palette;
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
