/**
 * Similarities of the plane between a model's codes and where they are drawn (`Align` in the protocol): how one
 * is found, checked and applied. Applied in double precision and stored as float: the same bits everywhere.
 */

import type { Kernels } from '../kernels/module.ts';
import { procrustes, procrustesLine } from '../kernels/procrustes.ts';
import { failure } from '../protocol/failure.ts';
import type { Align } from '../protocol/messages.ts';

/** Finds the similarity that lays some codes onto places of the same rows. */
export interface Aligner {
  /** Codes (n, 2) onto places (n, 2). */
  plane(from: Float32Array, to: Float32Array): Align;
  /** Codes (n) of one number onto the first coordinates of places (n, 2). */
  line(from: Float32Array, to: Float32Array): Align;
}

export function alignerOf(k: Kernels): Aligner {
  return {
    plane: (from, to) => procrustes(k, from, to),
    line: (from, to) =>
      procrustesLine(
        k,
        from,
        Float32Array.from(from, (_, row) => to[2 * row] ?? 0),
      ),
  };
}

/** As it came in a message; a failure unless it is six finite numbers, or null. */
export function checkedAlign(align: Align | null): Align | null {
  if (align === null || (align.length === 6 && align.every(Number.isFinite))) {
    return align;
  }
  throw failure('bad_param', 'An alignment is six finite numbers.', '', 'align');
}

/** Moves places (n, 2), in place. */
export function alignPlane(places: Float32Array, [a, b, c, d, tx, ty]: Align): void {
  for (let i = 0; i + 1 < places.length; i += 2) {
    const x = places[i] ?? 0;
    const y = places[i + 1] ?? 0;
    places[i] = a * x + b * y + tx;
    places[i + 1] = c * x + d * y + ty;
  }
}

/** Moves the first coordinates of places (n, 2), in place. */
export function alignLine(places: Float32Array, align: Align): void {
  const [a, , , , tx] = align;
  for (let i = 0; i + 1 < places.length; i += 2) {
    places[i] = a * (places[i] ?? 0) + tx;
  }
}
