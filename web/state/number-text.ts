/**
 * Numbers as people type them into fields: what is taken, what is refused and in which words.
 *
 * A number is digits with an optional point and an optional exponent: 128, 0.1, .5, 1e-3. Nothing else is
 * guessed at: a comma could mean a decimal or a thousands separator, so it is refused by name.
 */

import { formatNumber } from './summary.ts';

export interface Range {
  lo: number;
  hi: number;
  integer: boolean;
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; error: string };

const GRAMMAR = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function refused(error: string): { ok: false; error: string } {
  return { ok: false, error };
}

/** A typed text inside a sentence, short enough to stay readable. */
function quoted(text: string): string {
  return `“${text.length > 24 ? `${text.slice(0, 23)}…` : text}”`;
}

/** A limit, exactly and as it may be typed: 4,294,967,295 in digits, a bare power of ten as 1e9 or 1e-8. */
function plain(value: number): string {
  const size = Math.abs(value);
  const power = value.toExponential().replace('e+', 'e');
  if (size !== 0 && (size >= 1e7 || size < 1e-3) && /^-?\de/.test(power)) return power;
  return Number.isSafeInteger(value) ? value.toLocaleString('en').replace('-', '−') : formatNumber(value);
}

/** "1 to 4,096" or "1e-8 to 1e9", for hints and messages. */
export function rangeText({ lo, hi }: Pick<Range, 'lo' | 'hi'>): string {
  return `${plain(lo)} to ${plain(hi)}`;
}

export function parseNumber(text: string, range: Range): Parsed<number> {
  const written = text.trim().replace('−', '-');
  if (written === '') {
    return refused(`Write a number from ${rangeText(range)}.`);
  }
  if (/^[+-]?\d[\d.]*,[\d.,]*(?:e[+-]?\d+)?$/i.test(written)) {
    return refused(`Write ${quoted(written)} without a comma: a decimal takes a point, thousands nothing.`);
  }
  if (!GRAMMAR.test(written)) {
    return refused(`${quoted(written)} is not a number.`);
  }
  const value = Number(written);
  if (!(value >= range.lo && value <= range.hi)) {
    return refused(`${quoted(written)} is outside ${rangeText(range)}.`);
  }
  if (range.integer && !Number.isInteger(value)) {
    return refused(`Write a whole number from ${rangeText(range)}.`);
  }
  return { ok: true, value };
}

/** A list of whole numbers between commas or spaces; "none" or nothing is the empty list. */
export function parseWidths(text: string, range: Omit<Range, 'integer'>, most: number): Parsed<number[]> {
  const written = text.trim();
  if (written === '' || /^none$/i.test(written)) {
    return { ok: true, value: [] };
  }
  const parts = written.split(/\s*[,;]\s*|\s+/);
  if (parts.length > most) {
    return refused(`At most ${most} hidden layers are possible, not ${parts.length}.`);
  }
  const widths: number[] = [];
  for (const part of parts) {
    if (part === '') {
      return refused('A width is missing between two commas.');
    }
    const width = parseNumber(part, { ...range, integer: true });
    if (!width.ok) {
      return refused(`Layer ${widths.length + 1}: ${width.error}`);
    }
    widths.push(width.value);
  }
  return { ok: true, value: widths };
}

/** How a number is written into a field: read back by `parseNumber` to the same value. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && size < 1e-3) {
    return value.toExponential().replace('e+', 'e');
  }
  return String(value);
}

export function widthsText(widths: readonly number[]): string {
  return widths.length === 0 ? 'none' : widths.join(', ');
}
