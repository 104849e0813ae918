import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SNAPSHOT_BUDGET, Snapshots } from '../../web/state/snapshots.ts';

function put(snapshots: Snapshots, node: number, bytes: number, pinned = false): void {
  snapshots.put(node, { buffer: new ArrayBuffer(bytes), before: null }, pinned);
}

function kept(snapshots: Snapshots, nodes: number): number[] {
  return Array.from({ length: nodes }, (_, node) => node).filter((node) => snapshots.has(node));
}

describe('snapshots', () => {
  it('have 256 MB', () => {
    expect(SNAPSHOT_BUDGET).toBe(256_000_000);
  });

  it('fill their budget to the last byte, and not beyond', () => {
    const snapshots = new Snapshots(100);
    for (const [node, bytes] of [40, 30, 30].entries()) put(snapshots, node, bytes);
    expect([kept(snapshots, 3), snapshots.bytes]).toEqual([[0, 1, 2], 100]);
    snapshots.setPresent(3);
    put(snapshots, 3, 1);
    expect([kept(snapshots, 4), snapshots.bytes]).toEqual([[0, 2, 3], 71]);
  });

  it('the one that was least recently used goes first; a look is a use', () => {
    const snapshots = new Snapshots(40);
    for (let node = 0; node < 4; node++) put(snapshots, node, 10);
    expect(snapshots.get(1)?.buffer.byteLength).toBe(10);
    snapshots.has(2); // no look
    put(snapshots, 4, 10);
    expect(kept(snapshots, 5)).toEqual([0, 1, 3, 4]);
    put(snapshots, 5, 10);
    expect(kept(snapshots, 6)).toEqual([0, 1, 4, 5]);
  });

  it('node 0, the present state and what can’t be made again stay, whatever they take', () => {
    const snapshots = new Snapshots(10);
    put(snapshots, 0, 50);
    put(snapshots, 1, 50, true);
    snapshots.setPresent(2);
    put(snapshots, 2, 50);
    expect([kept(snapshots, 3), snapshots.bytes]).toEqual([[0, 1, 2], 150]);
    snapshots.setPresent(0);
    expect([kept(snapshots, 3), snapshots.bytes]).toEqual([[0, 1], 100]);
    put(snapshots, 3, 11); // larger than the budget, and not the present one
    expect(snapshots.has(3)).toBe(false);
  });

  it('one takes the place of the node’s earlier one, and the map it is compared with counts', () => {
    const snapshots = new Snapshots(100);
    put(snapshots, 0, 60);
    put(snapshots, 0, 20);
    expect(snapshots.bytes).toBe(20);
    const before = {
      positions: new Float32Array(4),
      error: new Float32Array(2),
      axes: [0, 1] as [number, number],
    };
    snapshots.put(1, { buffer: new ArrayBuffer(10), before }, false);
    expect(snapshots.bytes).toBe(20 + 10 + 24);
    snapshots.clear();
    expect([snapshots.bytes, snapshots.has(0)]).toEqual([0, false]);
  });

  it('stay within the budget beside what is never dropped', () => {
    const step = fc.record({
      node: fc.nat(12),
      bytes: fc.nat(60),
      pinned: fc.boolean(),
      what: fc.constantFrom('put', 'get', 'present'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const snapshots = new Snapshots(100);
        const sizes = new Map<number, { bytes: number; pinned: boolean }>();
        let present: number | null = null;
        for (const { node, bytes, pinned, what } of steps) {
          if (what === 'put') {
            put(snapshots, node, bytes, pinned);
            sizes.set(node, { bytes, pinned });
          } else if (what === 'get') {
            snapshots.get(node);
          } else {
            present = node;
            snapshots.setPresent(node);
          }
          for (const id of sizes.keys()) if (!snapshots.has(id)) sizes.delete(id);
          const all = [...sizes].reduce((sum, [, size]) => sum + size.bytes, 0);
          const stays = [...sizes].filter(([id, size]) => id === 0 || id === present || size.pinned);
          const fixed = stays.reduce((sum, [, size]) => sum + size.bytes, 0);
          expect(snapshots.bytes).toBe(all);
          expect(all).toBeLessThanOrEqual(Math.max(100, fixed));
        }
      }),
    );
  });
});
