/** What the legend adds to a selection: how much of each class is selected, and rows by a range of what is shown. */

import type { RowBits } from '../protocol/messages.ts';
import { addRow, emptyBits } from '../protocol/rows.ts';
import { comparison } from './colouring.ts';
import { driftOf, errorChange } from './number-colouring.ts';
import { parseNumber } from './number-text.ts';
import { rowsOf } from './selection.ts';
import type { Maker, Store } from './store.ts';

/** Entries of a palette. */
const ENTRIES = 256;

/**
 * Selected rows of each palette entry (256). Costs as many steps as rows are selected.
 *
 * @param index (rows) palette entry of each row
 */
export function selectedEntries(index: Uint8Array | null, selected: RowBits | null): Uint32Array {
  const counts = new Uint32Array(ENTRIES);
  if (!index || !selected) return counts;
  for (const row of rowsOf(selected)) {
    const entry = index[row];
    if (entry !== undefined) counts[entry] = (counts[entry] ?? 0) + 1;
  }
  return counts;
}

/** Both ends included; null: no end. */
export interface ValueRange {
  lo: number | null;
  hi: number | null;
}

/** Rows whose value lies in the range; a missing one (NaN) never does. */
export function rowsInRange(values: Float32Array, { lo, hi }: ValueRange): RowBits {
  const bits = emptyBits(values.length);
  const least = lo ?? Number.NEGATIVE_INFINITY;
  const most = hi ?? Number.POSITIVE_INFINITY;
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? Number.NaN;
    if (value >= least && value <= most) addRow(bits, row);
  }
  return bits;
}

/** What a scale that stands for no column shows of each row (rows); null: it can't be told now. */
export function scaleValues(store: Store): Float32Array | null {
  const map = store.map.peek();
  const arrays = map ? store.bulk.maps.get(map.map) : null;
  const { kind } = store.colour.peek();
  const before = comparison(store.bulk.before, map);
  if (kind === 'error') return arrays?.error ?? null;
  if (kind === 'change')
    return arrays?.error && before.error ? errorChange(before.error, arrays.error) : null;
  return kind === 'drift' && arrays && before.positions ? driftOf(before.positions, arrays.positions) : null;
}

/** What makes a selection of a part of the scale that `scaleValues` tells of. */
export function valuesMaker(store: Store, { lo, hi }: ValueRange): Maker {
  const map = store.map.peek();
  const { kind } = store.colour.peek();
  if (!map || kind === 'none' || kind === 'column') return { kind: 'none' };
  return { kind: 'values', of: kind, lo, hi, step: map.step, epoch: map.epoch };
}

export type TypedRange = ({ ok: true } & ValueRange) | { ok: false; error: string };

/** Two limits as typed: nothing is no limit. */
export function typedRange(from: string, to: string): TypedRange {
  const lo = typedLimit(from);
  const hi = typedLimit(to);
  if (!lo.ok) return lo;
  if (!hi.ok) return hi;
  return lo.value !== null && hi.value !== null && lo.value > hi.value
    ? { ok: false, error: 'The range ends before it begins.' }
    : { ok: true, lo: lo.value, hi: hi.value };
}

function typedLimit(text: string): { ok: true; value: number | null } | { ok: false; error: string } {
  return text.trim() === ''
    ? { ok: true, value: null }
    : parseNumber(text, { lo: -Number.MAX_VALUE, hi: Number.MAX_VALUE, integer: false });
}

/**
 * The part of a scale between two places on it, 0 at `lo` and 1 at `hi`, in numbers that are as round as the
 * scale's length allows. An end of the scale is no limit: what lies beyond has the colour of the end.
 */
export function rangeBetween(a: number, b: number, scale: { lo: number; hi: number }): ValueRange {
  const span = scale.hi - scale.lo;
  const step = span > 0 ? 10 ** Math.floor(Math.log10(span / 200)) : 1;
  const at = (t: number): number => {
    const value = Math.round((scale.lo + t * span) / step) * step;
    return Number(value.toPrecision(14));
  };
  const [first, last] = a <= b ? [a, b] : [b, a];
  return { lo: first <= 0 ? null : at(first), hi: last >= 1 ? null : at(last) };
}
