/** Makers without what their rows tell better, for links and saved work, which have the rows beside them. */

import type { RowBits } from '../protocol/messages.ts';
import { runsOf } from './row-sets.ts';
import type { Maker } from './store.ts';

/** Numbers that one part of a maker may have. */
export interface LeanLimits {
  corners: number; // of a shape; one with more loses them
  runs: number; // of rows within another maker; of more it tells how many they are
}

/**
 * A maker without the rows that `fullMaker` gives back, and without what is longer than it may be. Its words stay the
 * same once it is full again.
 *
 * @param outermost its rows lie beside it; false: nobody else has them
 */
export function leanMaker(maker: Maker, most: LeanLimits, outermost = true): Maker {
  switch (maker.kind) {
    case 'polygon':
    case 'box':
    case 'brush':
      return maker.points.length > most.corners ? { ...maker, points: [] } : maker;
    case 'rows': {
      const { rows } = maker;
      if (outermost) return { ...maker, rows: [] };
      if (rows.length <= most.runs) return maker;
      let count = 0;
      for (let i = 1; i < rows.length; i += 2) count += rows[i] ?? 0;
      return { ...maker, rows: [rows[0] ?? 0, count] };
    }
    case 'not':
      return { ...maker, of: leanMaker(maker.of, most, false) };
    case 'both':
      return {
        ...maker,
        first: leanMaker(maker.first, most, false),
        second: leanMaker(maker.second, most, false),
      };
    default:
      return maker;
  }
}

/** A lean maker with its rows again. */
export function fullMaker(maker: Maker, bits: RowBits): Maker {
  return maker.kind === 'rows' ? { ...maker, rows: runsOf(bits) } : maker;
}
