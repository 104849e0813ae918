/** Colours by numbers: those of a column, the error of each row, and what a retrain changed; and the range of codes. Not needed for the first map. */

import type { ColumnInfo, ColumnValues } from '../protocol/messages.ts';
import {
  continuousPalette,
  divergingIndices,
  divergingLimit,
  divergingPalette,
  numberIndices,
  scaleDomain,
} from '../render/scales.ts';
import { type Coloured, colourClasses, colourNone } from './colouring.ts';
import type { LatentRange } from './store.ts';

/** Rows by the values of one column: classes for categories and few whole numbers, else a scale. */
export function colourColumn(info: ColumnInfo, values: ColumnValues): Coloured {
  const classes = colourClasses(info, values);
  if (classes) return classes;
  return values.kind === 'number' ? byNumber(info.name, values.values) : colourNone();
}

/** Rows by their reconstruction error, pale where the model does worst. */
export function colourError(error: Float32Array): Coloured {
  return byNumber('Reconstruction error', error);
}

/** How much the error of each row (rows) has changed: below zero it fell. */
export function errorChange(before: Float32Array, now: Float32Array): Float32Array {
  return now.map((error, row) => error - (before[row] ?? Number.NaN));
}

/** How far each row has moved (rows), from positions (rows, 2) to positions. */
export function driftOf(before: Float32Array, now: Float32Array): Float32Array {
  const way = new Float32Array(now.length >>> 1);
  for (let row = 0; row < way.length; row++) {
    const dx = (now[2 * row] ?? 0) - (before[2 * row] ?? Number.NaN);
    const dy = (now[2 * row + 1] ?? 0) - (before[2 * row + 1] ?? Number.NaN);
    way[row] = Math.hypot(dx, dy);
  }
  return way;
}

/** Rows by how much their error has changed: below zero it fell, above it rose, rows beyond the ends like the ends. */
export function colourChange(before: Float32Array, now: Float32Array): Coloured {
  const change = errorChange(before, now);
  const limit = divergingLimit(change);
  return {
    index: divergingIndices(change, { limit }),
    palette: divergingPalette(),
    legend: {
      kind: 'range',
      title: 'Change of error',
      lo: -limit,
      hi: limit,
      missing: countMissing(change),
      diverging: true,
    },
  };
}

/** Rows by how far they have moved on the map; arguments as of `driftOf`. */
export function colourDrift(before: Float32Array, now: Float32Array): Coloured {
  return byNumber('Drift', driftOf(before, now));
}

function byNumber(title: string, values: Float32Array): Coloured {
  const domain = scaleDomain(values);
  return {
    index: numberIndices(values, domain),
    palette: continuousPalette(),
    legend: { kind: 'range', title, lo: domain.lo, hi: domain.hi, missing: countMissing(values) },
  };
}

function countMissing(values: Float32Array): number {
  let missing = 0;
  for (const value of values) if (Number.isNaN(value)) missing++;
  return missing;
}

/**
 * Range of each latent dimension: between its 1 % and 99 % quantiles over at most 20,000 rows.
 *
 * @param codes (rows, latent) row-major
 */
export function latentRange(codes: Float32Array, latent: number): LatentRange {
  const rows = Math.floor(codes.length / latent);
  const stride = Math.max(1, Math.ceil(rows / 20_000));
  const column = new Float32Array(Math.ceil(rows / stride));
  const range: LatentRange = { lo: [], hi: [] };
  for (let z = 0; z < latent; z++) {
    for (let i = 0; i < column.length; i++) {
      column[i] = codes[i * stride * latent + z] ?? Number.NaN;
    }
    const { lo, hi } = scaleDomain(column);
    range.lo.push(lo);
    range.hi.push(hi);
  }
  return range;
}
