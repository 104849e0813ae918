/**
 * The page's actions over a real worker's session with the real kernels, keeping their work on a shelf of the test's own;
 * a second page over the same shelf is the next visit.
 */

import { expect } from 'vitest';
import { createEngine, type Engine } from '../../web/client/engine.ts';
import { type Actions, createActions } from '../../web/state/actions.ts';
import { createActs } from '../../web/state/acts.ts';
import { createSaves, type SaveParts, type Saves } from '../../web/state/save-actions.ts';
import { createStore, type Store } from '../../web/state/store.ts';
import { textOf, unpack } from '../../web/storage/record.ts';
import { type Listed, MOST_LEFT, type Shelf } from '../../web/storage/shelf.ts';
import type { Slots } from '../../web/storage/slots.ts';
import type { Brief } from '../../web/storage/work.ts';
import { Station } from './engine-fixture.ts';

/** Nothing is told by how long it takes: this machine may be busy. */
export const WAIT = { timeout: 20_000 };

interface Slot {
  brief: Brief;
  record: string;
  parts: Map<string, ArrayBuffer>;
  file: Blob | null;
}

/** A shelf in memory: what is put there is copied, as the browser's database does. */
export class TestShelf implements Shelf {
  readonly slots = new Map<string, Slot>();
  /** What writing throws, in turn; null: it succeeds. */
  failures: (unknown | null)[] = [];
  /** What listing throws. */
  refuses: unknown = null;
  writes = 0;
  copied = 0; // parts that were new

  list() {
    if (this.refuses) return Promise.reject(this.refuses);
    const works: Listed[] = [...this.slots].map(([slot, { brief }]) => ({ slot, brief }));
    return Promise.resolve({ works: works.sort((a, b) => b.brief.saved - a.brief.saved), unreadable: [] });
  }

  async write(
    slot: string,
    { record, parts }: Parameters<Shelf['write']>[1],
    file: Blob | null,
    brief: Brief,
    held: ReadonlySet<string>,
  ): Promise<void> {
    const failure = this.failures.shift() ?? null;
    if (failure) throw failure;
    this.writes += 1;
    const before = this.slots.get(slot)?.parts;
    const next = new Map<string, ArrayBuffer>();
    for (const { entry, bytes } of parts) {
      const old = before?.get(entry.id);
      if (!old) this.copied += 1;
      next.set(entry.id, old ?? bytes.slice().buffer);
    }
    this.slots.set(slot, { brief, record: textOf(record), parts: next, file });
    const left = [...this.slots].filter(([id]) => id !== slot && !held.has(id));
    left.sort(([, a], [, b]) => b.brief.saved - a.brief.saved);
    for (const [id] of left.slice(MOST_LEFT)) this.slots.delete(id);
  }

  async read(slot: string, memory: Parameters<Shelf['read']>[1]) {
    const found = this.slots.get(slot);
    const record = JSON.parse(found?.record ?? 'null') as unknown;
    return unpack(
      record,
      ({ id }) => Promise.resolve(found?.parts.get(id)?.slice(0) ?? null),
      found?.file ?? null,
      memory,
    );
  }

  forget(slots: readonly string[]): Promise<void> {
    for (const slot of slots) this.slots.delete(slot);
    return Promise.resolve();
  }

  get only(): Slot {
    const [slot, ...others] = this.slots.values();
    if (!slot || others.length > 0) throw new Error(`There are ${this.slots.size} slots.`);
    return slot;
  }
}

/** Slots of all pages of a test: those of a page that is gone are free. */
export class TestSlots {
  readonly held = new Map<string, object>();

  of(page: object): Slots {
    return {
      take: (slot) => {
        const holder = this.held.get(slot);
        if (holder && holder !== page) return Promise.resolve(false);
        this.held.set(slot, page);
        return Promise.resolve(true);
      },
      release: async (slot) => void this.held.delete(slot),
      held: () => Promise.resolve(new Set(this.held.keys())),
    };
  }

  /** The page is gone, however that came. */
  drop(page: object): void {
    for (const [slot, holder] of [...this.held]) if (holder === page) this.held.delete(slot);
  }
}

export interface Visit {
  store: Store;
  actions: Actions;
  engine: Engine;
  station: Station;
  saves: Saves;
  downloads: { file: Blob; name: string }[];
  /** The page is gone without a word. */
  crash(): void;
}

const visits = new Set<Visit>();

export function endVisits(): void {
  for (const visit of [...visits]) visit.crash();
}

/** What all tabs of a browser remember; each is told of what another one writes. */
export class TestPreferences {
  #text: string | null = null;
  readonly #tabs = new Map<object, () => void>();

  of(tab: object) {
    return {
      getItem: () => this.#text,
      setItem: (_key: string, text: string) => {
        if (text === this.#text) return;
        this.#text = text;
        for (const [other, heard] of this.#tabs) if (other !== tab) heard();
      },
      others: (heard: () => void) => {
        this.#tabs.set(tab, heard);
        return () => void this.#tabs.delete(tab);
      },
    };
  }
}

export interface VisitOptions {
  preferences?: TestPreferences;
  shelf: Shelf;
  slots: TestSlots;
  snapshotBudget?: number;
  parts?: Partial<SaveParts>;
}

export async function visit({
  shelf,
  slots,
  snapshotBudget,
  preferences,
  parts = {},
}: VisitOptions): Promise<Visit> {
  const station = new Station();
  const store = createStore();
  const page = {};
  const remembered = preferences?.of(page) ?? null;
  const downloads: Visit['downloads'] = [];
  let actions: Actions | null = null;
  const engine = createEngine({
    makeWorker: station.makeWorker,
    clock: station.clock,
    onReady: (ready) => actions?.onReady(ready),
    onProgress: (progress) => actions?.onProgress(progress),
    onFrame: (frame, release) => (actions ? actions.onFrame(frame, release) : release()),
    onSnapshot: (snapshot) => actions?.onSnapshot(snapshot),
    onLost: (failure, rebuilt, { retry }) => actions?.onLost(failure, rebuilt, retry),
  });
  const made = createActions(store, engine, {
    acts: createActs,
    storage: remembered,
    applyTheme: () => undefined,
    ...(snapshotBudget === undefined ? {} : { snapshotBudget }),
    saves: (desk) =>
      Promise.resolve(
        createSaves(desk, {
          shelf,
          slots: slots.of(page),
          storage: null,
          others: remembered?.others ?? (() => () => undefined),
          rest: 5,
          pace: 5,
          ...parts,
        }),
      ),
    surroundings: {
      fetch: () => Promise.reject(new Error('There is no network.')),
      now: () => performance.now(),
      later: () => () => undefined,
      copy: () => Promise.resolve(),
      save: (file, name) => void downloads.push({ file, name }),
      version: '0.0.0',
      agent: 'a test',
    },
  });
  actions = made;
  const saves = await (made.saves?.enter() ?? Promise.reject(new Error('Nothing is kept.')));
  const result: Visit = {
    store,
    actions: made,
    engine,
    station,
    saves,
    downloads,
    crash() {
      if (!visits.delete(result)) return;
      saves.dispose();
      made.disposeView();
      engine.close();
      slots.drop(page);
    },
  };
  visits.add(result);
  await expect.poll(() => store.ready.value, WAIT).not.toBeNull();
  return result;
}

export async function rested({ store }: Visit): Promise<void> {
  await expect.poll(() => store.phase.value.kind, WAIT).toBe('finished');
}

/** Everything that has changed is on the shelf. */
export async function kept({ saves, store }: Visit): Promise<void> {
  await expect
    .poll(async () => {
      await saves.flush();
      /* What runs is never wholly saved. */
      return saves.state.peek().problem === null && ('job' in store.phase.peek() || !saves.unsaved());
    }, WAIT)
    .toBe(true);
}
