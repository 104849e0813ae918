/**
 * Where saved work lies: a slot for each, in the browser's database.
 *
 * Store `works` has one small entry for each slot: what it is, and its record as JSON; `parts` the arrays and the data
 * under [slot, id]. A slot is written in one transaction, the entry last, with only the parts that are new; whatever goes
 * wrong leaves what was there before. What was written is looked for again before it counts as saved.
 */

import * as v from 'valibot';
import { answer, type DatabaseShape, StorageError, transact } from './db.ts';
import { damaged, type Memory, type Packed, textOf, unpack } from './record.ts';
import { briefSchema, FORMAT } from './record-schema.ts';
import type { Brief, Work } from './work.ts';

export const SHAPE: DatabaseShape = {
  name: 'unfold',
  version: 1,
  upgrade(db) {
    db.createObjectStore('works', { keyPath: 'slot' });
    db.createObjectStore('parts');
  },
};

/** Slots of earlier visits that are kept; the oldest go first. */
export const MOST_LEFT = 3;

/** Id of the part that is the data. */
const DATA = 'data';

interface Entry {
  slot: string;
  stamp: string; // unlike that of what was written before
  brief: unknown;
  record: string;
}

export interface Listed {
  slot: string;
  brief: Brief;
}

export interface Shelf {
  /** What is there, the latest first; `unreadable`: slots whose entry is not what it has to be. */
  list(): Promise<{ works: Listed[]; unreadable: string[] }>;
  /**
   * Writes a slot, and forgets the oldest of the others beyond MOST_LEFT, except those in `held`. Resolves once
   * it has been found there again.
   */
  write(
    slot: string,
    packed: Packed,
    file: Blob | null,
    brief: Brief,
    held: ReadonlySet<string>,
  ): Promise<void>;
  /** Throws a RecordError when it can't be brought back, a StorageError when it can't be read. */
  read(slot: string, memory: Memory | null): Promise<Work>;
  forget(slots: readonly string[]): Promise<void>;
}

function partsOf(slot: string): IDBKeyRange {
  /* Arrays come after all strings. */
  return IDBKeyRange.bound([slot], [slot, []]);
}

function slotOf(value: unknown): string | null {
  const slot = (value as { slot?: unknown } | null)?.slot;
  return typeof slot === 'string' ? slot : null;
}

function briefIn(value: unknown): Brief | null {
  const parsed = v.safeParse(briefSchema, (value as { brief?: unknown } | null)?.brief);
  return parsed.success ? parsed.output : null;
}

/** Puts one thing after another: each is copied on the page's thread, and there is room for others between them. */
async function putParts(parts: IDBObjectStore, slot: string, { parts: all }: Packed, file: Blob | null) {
  const there = new Set(
    (await answer(parts.getAllKeys(partsOf(slot)))).map((key) => String((key as string[])[1])),
  );
  const wanted = new Set(all.map(({ entry }) => entry.id));
  if (file) wanted.add(DATA);
  for (const id of there) if (!wanted.has(id)) parts.delete([slot, id]);
  for (const { entry, bytes } of all) {
    if (there.has(entry.id)) continue;
    const { buffer, byteLength } = bytes;
    const whole = buffer.byteLength === byteLength ? buffer : bytes.slice().buffer;
    await answer(parts.put(whole, [slot, entry.id]));
  }
  if (file && !there.has(DATA)) await answer(parts.put(file, [slot, DATA]));
  return wanted;
}

/** Whether a record is of a later version: its format comes first in it. */
function isNewer(value: unknown): boolean {
  const { record } = value as { record?: unknown };
  const [, format] = /^\{"format":(\d+)/.exec(typeof record === 'string' ? record : '') ?? [];
  return Number(format ?? 0) > FORMAT;
}

/**
 * Slots beyond MOST_LEFT of entries as they lie there, the oldest. What this version can't read may be of a later one,
 * and goes when the person says so.
 */
export function surplus(entries: readonly unknown[], held: ReadonlySet<string>): string[] {
  const left = entries.flatMap((value) => {
    const [slot, brief] = [slotOf(value), briefIn(value)];
    return slot === null || brief === null || held.has(slot) || isNewer(value) ? [] : { slot, brief };
  });
  return left
    .sort((a, b) => b.brief.saved - a.brief.saved)
    .slice(MOST_LEFT)
    .map(({ slot }) => slot);
}

async function prune(works: IDBObjectStore, parts: IDBObjectStore, held: ReadonlySet<string>): Promise<void> {
  for (const slot of surplus(await answer<unknown[]>(works.getAll()), held)) {
    works.delete(slot);
    parts.delete(partsOf(slot));
  }
}

export function createShelf(factory: IDBFactory | null): Shelf {
  return {
    async list() {
      const values = await transact(factory, SHAPE, 'readonly', (transaction) =>
        answer<unknown[]>(transaction.objectStore('works').getAll()),
      );
      const works: Listed[] = [];
      const unreadable: string[] = [];
      for (const value of values) {
        const slot = slotOf(value);
        const brief = briefIn(value);
        if (slot !== null && brief) works.push({ slot, brief });
        else if (slot !== null) unreadable.push(slot);
      }
      return { works: works.sort((a, b) => b.brief.saved - a.brief.saved), unreadable };
    },
    async write(slot, packed, file, brief, held) {
      const stamp = `${brief.saved} ${Math.random()}`;
      const entry: Entry = { slot, stamp, brief, record: textOf(packed.record) };
      const wanted = await transact(factory, SHAPE, 'readwrite', async (transaction) => {
        const works = transaction.objectStore('works');
        const parts = transaction.objectStore('parts');
        const ids = await putParts(parts, slot, packed, file);
        await answer(works.put(entry));
        await prune(works, parts, new Set([...held, slot]));
        return ids;
      });
      const [back, keys] = await transact(factory, SHAPE, 'readonly', (transaction) =>
        Promise.all([
          answer<Entry | undefined>(transaction.objectStore('works').get(slot)),
          answer(transaction.objectStore('parts').getAllKeys(partsOf(slot))),
        ]),
      );
      if (back?.stamp !== stamp || keys.length !== wanted.size) throw new StorageError('failed');
    },
    async read(slot, memory) {
      const { entry, values } = await transact(factory, SHAPE, 'readonly', async (transaction) => {
        const parts = transaction.objectStore('parts');
        const entry = await answer<Partial<Entry> | undefined>(transaction.objectStore('works').get(slot));
        const keys = await answer(parts.getAllKeys(partsOf(slot)));
        const all = await answer<unknown[]>(parts.getAll(partsOf(slot)));
        return { entry, values: new Map(keys.map((key, i) => [String((key as string[])[1]), all[i]])) };
      });
      let record: unknown;
      try {
        record = JSON.parse(entry?.record ?? '');
      } catch {
        throw damaged('its record can’t be read');
      }
      const file = values.get(DATA);
      const bytes = (id: string): ArrayBuffer | null => {
        const value = values.get(id);
        return value instanceof ArrayBuffer ? value : null;
      };
      return unpack(
        record,
        ({ id }) => Promise.resolve(bytes(id)),
        file instanceof Blob ? file : null,
        memory,
      );
    },
    async forget(slots) {
      await transact(factory, SHAPE, 'readwrite', async (transaction) => {
        for (const slot of slots) {
          transaction.objectStore('works').delete(slot);
          await answer(transaction.objectStore('parts').delete(partsOf(slot)));
        }
      });
    },
  };
}
