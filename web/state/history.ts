/**
 * What was done to a model, as a tree: each node is a state that can be returned to, and knows what it takes to make
 * it again from its parent. Pure functions on values; the arrays they are given are never changed.
 *
 * A plain training that goes on from the last state of a plain training lengthens that node; everything else makes a
 * new one. The same fits in the same order give the same bits, so that a state whose snapshot was dropped is made
 * again from the nearest one that is kept.
 */

import type { FitSpec, Id } from '../protocol/messages.ts';
import type { History, HistoryNode } from './store.ts';

export const NO_HISTORY: History = { nodes: [], at: null, returning: null };

/** How to come to a state. */
export interface Path {
  from: number | null; // whose snapshot to begin with; null: the model's first weights
  through: number[]; // nodes made again, in order; empty: the snapshot is the state
  seconds: number;
  steps: number; // batches
}

/** A training from `base` by `fit` on makes that node longer instead of a new one. */
export function lengthens(history: History, base: number | null, kind: HistoryNode['kind']): boolean {
  const node = base === null ? undefined : history.nodes[base];
  return (
    kind === 'train' && node?.kind === 'train' && !history.nodes.some(({ parent }) => parent === node.id)
  );
}

/** Batches of one of a node's fits, or of all of them. */
export function stepsOf(node: Pick<HistoryNode, 'fits'>): number {
  return node.fits.reduce((sum, { steps = 0 }) => sum + steps, 0);
}

/**
 * The shortest way back to a state: from its own snapshot, else from the nearest one above it. Null when something on
 * the way can't be done again.
 *
 * @param known whether the rows of a table are still there; default: they all are
 */
export function pathTo(
  history: History,
  to: number,
  known: (table: Id) => boolean = () => true,
): Path | null {
  const path: Path = { from: null, through: [], seconds: 0, steps: 0 };
  for (let node = history.nodes[to]; node; node = history.nodes[node.parent ?? -1]) {
    if (node.kept) return { ...path, from: node.id };
    if (node.rated || !node.fits.every(({ table }) => table === undefined || known(table))) return null;
    path.through.unshift(node.id);
    path.seconds += node.seconds;
    path.steps += stepsOf(node);
    /* A new start does not depend on what was before it. */
    if (node.parent === null || node.fits[0]?.fresh) return path;
  }
  return null;
}

/** The fits that make the nodes of a path, each with the steps that the model has after it. */
export function fitsOf(history: History, path: Path): { fit: FitSpec; after: number }[] {
  return path.through.flatMap((id, i) => {
    const node = history.nodes[id];
    if (!node) return [];
    let after = node.steps - stepsOf(node);
    return node.fits.map((fit, j) => {
      after += fit.steps ?? 0;
      const first = path.from === null && i === 0 && j === 0;
      return { fit: first ? { ...fit, fresh: true } : fit, after };
    });
  });
}
