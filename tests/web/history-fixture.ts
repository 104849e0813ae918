/** A node of the history as a test needs it. */

import type { HistoryNode } from '../../web/state/store.ts';
import { runResult } from './session-fixture.ts';

export function historyNode(change: Partial<HistoryNode> = {}): HistoryNode {
  return {
    id: 0,
    parent: null,
    kind: 'train',
    maker: null,
    rows: 100,
    focus: null,
    epochs: 5,
    fits: [
      {
        epochs: 5,
        batch: 16,
        learning_rate: 1e-3,
        weight_decay: 0,
        noise: 0,
        heldout: 0.1,
        patience: 0,
        seed: 1,
        steps: 10,
      },
    ],
    rated: false,
    steps: 10,
    seconds: 2,
    losses: [],
    result: runResult(),
    align: null,
    axes: [0, 1],
    before: null,
    after: null,
    label: null,
    kept: true,
    ...change,
  };
}
