import { describe, expect, it } from 'vitest';
import { fitsOf, lengthened, NO_HISTORY, pathTo, stepsOf } from '../../web/state/history.ts';
import type { History, HistoryNode } from '../../web/state/store.ts';
import { historyNode } from './history-fixture.ts';

/** 0 ─ 1 ─ 2 ─ 4, and 3 beside 2 on 1; each took two seconds and ten steps. */
function tree(change: Partial<Record<number, Partial<HistoryNode>>> = {}): History {
  const parents = [null, 0, 1, 1, 2];
  const depth = [1, 2, 3, 3, 4];
  const nodes = parents.map((parent, id) =>
    historyNode({
      id,
      parent,
      kind: id === 0 ? 'train' : 'retrain',
      steps: 10 * (depth[id] ?? 0),
      kept: id === 0,
      ...change[id],
    }),
  );
  return { nodes, at: 4, returning: null };
}

describe('the way back', () => {
  it('to a state that is kept is its snapshot', () => {
    const history = tree({ 3: { kept: true } });
    expect(pathTo(history, 3)).toEqual({ from: 3, through: [], seconds: 0, steps: 0 });
    expect(pathTo(history, 0)).toEqual({ from: 0, through: [], seconds: 0, steps: 0 });
  });

  it('else begins at the nearest snapshot above it, and tells time and steps', () => {
    expect(pathTo(tree(), 4)).toEqual({ from: 0, through: [1, 2, 4], seconds: 6, steps: 30 });
    expect(pathTo(tree({ 2: { kept: true } }), 4)).toEqual({ from: 2, through: [4], seconds: 2, steps: 10 });
    // What is kept on another branch is of no use.
    expect(pathTo(tree({ 2: { kept: true } }), 3)).toEqual({
      from: 0,
      through: [1, 3],
      seconds: 4,
      steps: 20,
    });
  });

  it('begins at the model’s first weights where nothing is kept, and at a new start wherever that lies', () => {
    const none = tree({ 0: { kept: false } });
    expect(pathTo(none, 1)).toEqual({ from: null, through: [0, 1], seconds: 4, steps: 20 });
    const fresh = historyNode().fits.map((fit) => ({ ...fit, fresh: true }));
    const start = tree({ 2: { kind: 'scratch', fits: fresh, steps: 10 }, 4: { steps: 20 } });
    expect(pathTo(start, 4)).toEqual({ from: null, through: [2, 4], seconds: 4, steps: 20 });
    expect(
      fitsOf(start, { from: null, through: [2, 4], seconds: 4, steps: 20 }).map(({ after }) => after),
    ).toEqual([10, 20]);
  });

  it('to a new start passes the state before it, which it is compared with, where that can be', () => {
    const fresh = historyNode().fits.map((fit) => ({ ...fit, fresh: true }));
    const start = { kind: 'scratch', fits: fresh, steps: 10 } as const;
    const history = tree({ 2: start, 4: { steps: 20 } });
    expect(pathTo(history, 2)).toEqual({ from: 0, through: [1, 2], seconds: 4, steps: 20 });
    expect(fitsOf(history, { from: 0, through: [1, 2], seconds: 4, steps: 20 })).toMatchObject([
      { after: 20 },
      { fit: { fresh: true }, after: 10 },
    ]);
    expect(pathTo(tree({ 2: start, 1: { kept: true } }), 2)).toMatchObject({ from: 1, through: [2] });
    // What comes after the new start is compared with that.
    expect(pathTo(history, 4)).toMatchObject({ from: null, through: [2, 4] });
    const gone = tree({ 2: start, 1: { rated: true } });
    expect(pathTo(gone, 2)).toEqual({ from: null, through: [2], seconds: 2, steps: 10 });
  });

  it('is none through what can’t be done again', () => {
    expect(pathTo(tree({ 1: { rated: true } }), 4)).toBeNull();
    expect(pathTo(tree({ 1: { rated: true, kept: true } }), 4)).not.toBeNull();
    const fits = historyNode().fits.map((fit) => ({ ...fit, table: 7 }));
    expect(pathTo(tree({ 1: { fits } }), 3, (table) => table === 7)).not.toBeNull();
    expect(pathTo(tree({ 1: { fits } }), 3, (table) => table === 8)).toBeNull();
    expect(pathTo(NO_HISTORY, 0)).toBeNull();
  });

  it('does every fit again, each to the step it came to; only the first one may begin anew', () => {
    const [fit] = historyNode().fits;
    if (!fit) throw new Error('There is no fit.');
    const history = tree({
      0: {
        kept: false,
        fits: [
          { ...fit, steps: 4 },
          { ...fit, epochs: 2, steps: 6 },
        ],
      },
    });
    const path = pathTo(history, 1);
    if (!path) throw new Error('There is no way.');
    expect(fitsOf(history, path)).toEqual([
      { fit: { ...fit, steps: 4, fresh: true }, after: 4 },
      { fit: { ...fit, epochs: 2, steps: 6 }, after: 10 },
      { fit, after: 20 },
    ]);
    expect(stepsOf(history.nodes[0] as HistoryNode)).toBe(10);
  });
});

describe('what goes on by itself', () => {
  it('lengthens a training that nothing came after, and nothing else', () => {
    const history = tree();
    const alone = { ...history, nodes: history.nodes.slice(0, 1) };
    expect(lengthened(alone, 0)).toBe(alone.nodes[0]);
    expect(lengthened(history, 0)).toBeNull(); // 1 came after it
    expect(lengthened(history, 4)).toBeNull(); // a retrain
    expect(lengthened(NO_HISTORY, null)).toBeNull();
  });
});
