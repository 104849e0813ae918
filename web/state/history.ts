/**
 * What was done to a model, as a tree: each node is a state that can be returned to, and knows what it takes to make
 * it again from its parent. Pure functions on values; the arrays they are given are never changed.
 *
 * Every training that has moved the model makes a node; only what goes on by itself, as the demonstration does when all
 * its rows are there, lengthens the one before. The same fits in the same order give the same bits, so that a state
 * whose snapshot was dropped is made again from the nearest one that is kept.
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

/** The node that a training which goes on by itself makes longer; null where it makes a new one. */
export function lengthened({ nodes }: History, base: number | null): HistoryNode | null {
  const node = base === null ? undefined : nodes[base];
  return node?.kind === 'train' && !nodes.some(({ parent }) => parent === node.id) ? node : null;
}

/** Batches of one of a node's fits, or of all of them. */
export function stepsOf(node: Pick<HistoryNode, 'fits'>): number {
  return node.fits.reduce((sum, { steps = 0 }) => sum + steps, 0);
}

/**
 * The shortest way back to a state: from its own snapshot, else from the nearest one above it. What a new start is
 * compared with, the state before it, is made again with it where that can be. Null when something on the way can't be
 * done again.
 *
 * @param known whether the rows of a table are still there; default: they all are
 */
export function pathTo(
  history: History,
  to: number,
  known: (table: Id) => boolean = () => true,
): Path | null {
  let found: Path | null = null; // without what the state is compared with
  const through: HistoryNode[] = []; // from the state upwards
  const path = (from: number | null): Path =>
    through.reduce<Path>(
      (sum, node) => ({
        from,
        through: [node.id, ...sum.through],
        seconds: sum.seconds + node.seconds,
        steps: sum.steps + stepsOf(node),
      }),
      { from, through: [], seconds: 0, steps: 0 },
    );
  for (let node = history.nodes[to]; node; node = history.nodes[node.parent ?? -1]) {
    if (node.kept) return path(node.id);
    if (node.rated || !node.fits.every(({ table }) => table === undefined || known(table))) return found;
    through.push(node);
    /* A new start does not depend on what was before it. */
    const fresh = node.parent === null || node.fits[0]?.fresh === true;
    if (fresh && (node.parent === null || node.id !== to)) return path(null);
    if (fresh) found = path(null);
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

/** Seconds it takes to return: 0 when the snapshot is kept, null when the state can't be made again. */
export function costOf(history: History, to: number): number | null {
  return pathTo(history, to)?.seconds ?? null;
}
