/**
 * Colours of classes, as palettes of 256 entries, and the bytes that point into them.
 *
 * Every palette has the same layout: 0 to 253 carry classes or a scale, 254 is "other", 255 is "missing".
 *
 * Classes use the sequences of M. Petroff, "Accessible Color Sequences for Data Visualization" (arXiv
 * 2107.02270), of 6, 8 or 10 colours, the shortest that suffices; they stay apart for readers with any of the
 * common colour-vision deficiencies. Numbers have scales.ts.
 */

import type { Rgb } from './oklab.ts';

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

/** A palette whose entries 0 to 253 are as `colourAt` says; the last two are as everywhere. */
export function fillPalette(colourAt: (entry: number) => Rgb): Uint8Array {
  const palette = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) {
    const rgb = i === MISSING_INDEX ? hexToRgb(MISSING) : i === OTHER_INDEX ? hexToRgb(OTHER) : colourAt(i);
    palette.set([...rgb, 255], 4 * i);
  }
  return palette;
}

/** Colour of `#rrggbb`. Throws RangeError for any other text. */
export function hexToRgb(hex: string): Rgb {
  if (!/^#[0-9a-f]{6}$/i.test(hex)) throw new RangeError(`${hex} is not a colour of the form #rrggbb.`);
  const v = Number.parseInt(hex.slice(1), 16);
  return [v >> 16, (v >> 8) & 255, v & 255];
}
