/**
 * Snapshots of the model's states, by the node of the history that each belongs to, within a budget of memory.
 *
 * Over the budget, the one that was least recently used goes first. Never dropped: that of node 0, which everything
 * can be made again from; that of the state the model is at; and those of states that can't be made again. These alone
 * may exceed the budget.
 */

import type { Before } from './store.ts';

/** Bytes. */
export const SNAPSHOT_BUDGET = 256e6;
/** The same on a small device. */
export const SNAPSHOT_BUDGET_SMALL = 64e6;

export interface Snapshot {
  buffer: ArrayBuffer; // the worker's; never transferred
  before: Before | null; // the map before the retrain that came here
}

interface Kept extends Snapshot {
  bytes: number;
  pinned: boolean; // can't be made again
}

function bytesOf({ buffer, before }: Snapshot): number {
  const arrays = before ? before.positions.byteLength + (before.error?.byteLength ?? 0) : 0;
  return buffer.byteLength + arrays;
}

export class Snapshots {
  readonly #budget: number;
  readonly #kept = new Map<number, Kept>(); // least recently used first
  #bytes = 0;
  #present: number | null = null;

  constructor(budget = SNAPSHOT_BUDGET) {
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(node: number): boolean {
    return this.#kept.has(node);
  }

  /** Takes the place of the node's earlier one. `pinned`: the state can't be made again. */
  put(node: number, snapshot: Snapshot, pinned: boolean): void {
    this.#drop(node);
    const bytes = bytesOf(snapshot);
    this.#kept.set(node, { ...snapshot, bytes, pinned });
    this.#bytes += bytes;
    this.#trim();
  }

  /** A look is a use. */
  get(node: number): Snapshot | null {
    const found = this.#kept.get(node);
    if (!found) return null;
    this.#kept.delete(node);
    this.#kept.set(node, found);
    return found;
  }

  /** The snapshot, as seen from outside: this look is none. */
  peek(node: number): Snapshot | null {
    const found = this.#kept.get(node);
    return found ? { buffer: found.buffer, before: found.before } : null;
  }

  /** The state that the model is at, or comes from. */
  setPresent(node: number | null): void {
    this.#present = node;
    this.#trim();
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
    this.#present = null;
  }

  #drop(node: number): void {
    this.#bytes -= this.#kept.get(node)?.bytes ?? 0;
    this.#kept.delete(node);
  }

  #trim(): void {
    for (const [node, { pinned }] of [...this.#kept]) {
      if (this.#bytes <= this.#budget) return;
      if (node !== 0 && node !== this.#present && !pinned) this.#drop(node);
    }
  }
}
