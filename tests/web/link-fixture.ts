/** A link as a test needs it: iris, trained, retrained on a lasso. */

import type { Link } from '../../web/saved/link.ts';
import { encodeRows, hashBits } from '../../web/saved/rows-code.ts';
import { bitsOfRows } from '../../web/state/selection.ts';

export const ROWS = 150;
export const LASSO = bitsOfRows([3, 4, 5, 40, 77, 149], ROWS);

export function aLink(change: Partial<Link> = {}): Link {
  return {
    kernels: 3,
    id: 'iris',
    print: '0123abcd',
    count: ROWS,
    roles: 'f4l1',
    scale: 'auto',
    method: 'ae',
    params: { hidden: [16, 8], latent: 2, activation: 'elu', output: 'linear', loss: 'mse', seed: 1 },
    fit: {
      epochs: 40,
      batch: 16,
      learning_rate: 0.003,
      weight_decay: 0,
      noise: 0,
      heldout: 0.1,
      patience: 10,
      seed: 1,
    },
    retrain: { focus: 0.8, epochs: 5, learning_rate: 0.003 },
    sets: [{ is: 'rows', n: 6, hash: hashBits(LASSO), rows: encodeRows(LASSO, ROWS) }],
    path: [
      { kind: 'train', fits: [{ steps: 340 }] },
      {
        kind: 'retrain',
        maker: { kind: 'polygon', points: [], step: 340, epoch: 40, axes: [0, 1] },
        set: 0,
        fits: [{ steps: 5, epochs: 5, patience: 0, focus: 0.8 }],
      },
    ],
    selection: { maker: { kind: 'polygon', points: [], step: 340, epoch: 40, axes: [0, 1] }, set: 0 },
    colour: { kind: 'column', column: 4 },
    view: { cx: 0.5, cy: -0.25, span: 3 },
    places: 123,
    ...change,
  };
}
