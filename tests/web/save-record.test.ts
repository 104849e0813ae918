// Saved work as bytes: what is written is read back equal, and nothing that was damaged, edited or made up comes through.
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checksum, crc32 } from '../../web/storage/checksum.ts';
import { isQuota, StorageError, storageError, transact } from '../../web/storage/db.ts';
import { checkedRecord, Memory, pack, RecordError, unpack } from '../../web/storage/record.ts';
import { readSession, writeSession } from '../../web/storage/session-file.ts';
import { surplus } from '../../web/storage/shelf.ts';
import { byChannel } from '../../web/storage/slots.ts';
import { OTHER_TABLE, THIS_TABLE, type Work } from '../../web/storage/work.ts';
import { historyNode } from './history-fixture.ts';
import { runResult } from './session-fixture.ts';

const ROWS = 70;
const DATA = 'a,b\n1,2\n3,4\n';

const FIT = {
  epochs: 5,
  batch: 16,
  learning_rate: 1e-3,
  weight_decay: 0,
  noise: 0,
  heldout: 0.1,
  patience: 0,
  seed: 1,
};
const PARAMS = {
  hidden: [8],
  latent: 2,
  activation: 'tanh',
  output: 'linear',
  loss: 'mse',
  seed: 1,
} as const;

function bits(...rows: number[]): Uint32Array {
  const out = new Uint32Array(Math.ceil(ROWS / 32));
  for (const row of rows) out[row >> 5] = (out[row >> 5] ?? 0) | (1 << (row & 31));
  return out;
}

/** A work with one of everything. */
function work(): Work {
  const selection = bits(1, 69);
  const losses = [
    { epoch: 1, train: 0.5, heldout: 0.75 },
    { epoch: 2, train: 0.25, heldout: null },
  ];
  const more = [...losses, { epoch: 3, train: 0.125, heldout: 1 / 3, selection: 0.1, rest: 0.2 }];
  const measured = {
    step: 20,
    selection: { n: 2, error: 0.1, distance_correlation: null },
    rest: { n: 68, error: 0.3, distance_correlation: 0.9 },
    classes: [
      { name: 'x', n: 60, error: 0.2 },
      { name: '', n: 10, error: null, missing: true as const },
    ],
    axes: [0, 1] as [number, number],
  };
  const result = { ...runResult(), align: null, axes: [0, 1] as [number, number] };
  const maker = { kind: 'class', column: 1, classes: ['x'] } as const;
  return {
    app: '0.2.0',
    kernels: 3,
    saved: 1_790_000_000_000,
    data: {
      origin: 'file',
      name: 'wine “A” <b>.csv',
      rows: ROWS,
      columns: 2,
      fingerprint: '0123456789abcdef',
      size: DATA.length,
      hints: { separator: ',', header: true },
      file: new Blob([DATA]),
    },
    roles: ['feature', 'label'],
    scale: 'auto',
    form: {
      method: 'ae',
      params: { ...PARAMS, hidden: [8] },
      fit: FIT,
      touched: ['epochs'],
    },
    model: {
      method: 'ae',
      params: { ...PARAMS, hidden: [8] },
      axes: [1, 0],
      at: 1,
      nodes: [
        historyNode({
          losses,
          result,
          kept: false,
          fits: [{ ...FIT, steps: 10, table: OTHER_TABLE, rows: Uint32Array.of(5, 4_000_000) }],
        }),
        historyNode({
          id: 1,
          parent: 0,
          kind: 'retrain',
          maker: { kind: 'not', of: { ...maker, classes: ['x'] } },
          focus: 1,
          steps: 20,
          losses: more,
          result,
          align: [1, 0, 0, 1, 0.5, -0.25],
          before: measured,
          after: measured,
          label: 'kind',
          kept: false,
          fits: [{ ...FIT, steps: 10, table: THIS_TABLE, selection, focus: 1 }],
        }),
      ],
      snapshots: new Map([
        [0, { buffer: Uint8Array.of(1, 2, 3).buffer, before: null }],
        [
          1,
          {
            buffer: Uint8Array.of(4, 5, 6, 7, 8).buffer,
            before: {
              positions: Float32Array.from({ length: 2 * ROWS }, (_, i) => i / 7),
              error: new Float32Array(ROWS).fill(Number.NaN),
              axes: [0, 1],
            },
          },
        ],
      ]),
    },
    retrain: { focus: 0.5, epochs: 5, learning_rate: 1e-3 },
    selection: { bits: selection, maker: { ...maker, classes: ['x'] } },
    named: [{ name: 'mine', count: 2, maker: { ...maker, classes: ['x'] }, bits: selection }],
    hidden: { entries: [3], only: bits(0, 1, 2) },
    colour: { kind: 'column', column: 1 },
    pointSize: 6.5,
    camera: { cx: 1, cy: -2, scale: 30 },
    underWay: { kind: 'train', epoch: 3, epochs: 20 },
  };
}

async function session(of: Work = work()): Promise<Uint8Array> {
  const file = writeSession(await pack(of, new Memory('t')), of.data.file);
  return new Uint8Array(await file.arrayBuffer());
}

const read = (bytes: Uint8Array): Promise<Work> => readSession(new Blob([bytes.slice()]));

/** Arrays of bytes of the data can't be compared as blobs. */
async function plainly({ data, ...rest }: Work) {
  return { ...rest, data: { ...data, file: data.file && (await data.file.text()) } };
}

/** What reading came to: equal work, or a sentence. */
async function outcome(reading: Promise<Work>): Promise<Work | RecordError> {
  return reading.catch((error: unknown) => {
    expect(error).toBeInstanceOf(RecordError);
    return error as RecordError;
  });
}

describe('a session file', () => {
  it('is read back as it was written', async () => {
    expect(await plainly(await read(await session()))).toEqual(await plainly(work()));
  });

  it('holds an array once, however many refer to it, and of losses what the state before has not', async () => {
    const { record, parts } = await pack(work(), new Memory('t'));
    expect(record.selection.bits).toBe(record.named[0]?.bits);
    expect(record.model?.nodes[1]?.losses.shared).toBe(2);
    const losses = parts[record.model?.nodes[1]?.losses.array ?? -1];
    expect(losses?.bytes.byteLength).toBe(5 * 8);
  });

  it('that is cut off anywhere is refused', async () => {
    const whole = await session();
    for (let length = 0; length < whole.length; length += length < 64 ? 1 : 37) {
      const found = await outcome(read(whole.subarray(0, length)));
      expect(found, `${length} bytes`).toBeInstanceOf(RecordError);
    }
    const longer = new Uint8Array(whole.length + 1);
    longer.set(whole);
    expect(await outcome(read(longer))).toMatchObject({ why: 'damaged' });
  });

  it('with one bit changed is refused, unless nothing depends on it', async () => {
    const whole = await session();
    const expected = await plainly(work());
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
        const changed = whole.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        const found = await outcome(read(changed));
        if (found instanceof RecordError) return;
        /* The data have their own fingerprint, which the kernels compare; padding is nothing. */
        const { data, ...rest } = await plainly(found);
        expect({ ...rest, data: { ...data, file: null } }).toEqual({
          ...expected,
          data: { ...expected.data, file: null },
        });
      }),
      { numRuns: 400 },
    );
  });

  it('of 100 MB of something else is refused without being read', async () => {
    const noise = new Blob(Array.from({ length: 100 }, () => new Uint8Array(1e6).fill(7)));
    expect(await outcome(readSession(noise))).toMatchObject({ why: 'damaged' });
    const head = (await session()).slice(0, 16);
    new DataView(head.buffer).setUint32(8, 0xffff_ffff, true);
    expect(await outcome(readSession(new Blob([head, noise])))).toMatchObject({ why: 'damaged' });
  });

  it('of a later version says so', async () => {
    const later = await session();
    later[7] = 2;
    expect(await outcome(read(later))).toMatchObject({ why: 'newer' });
  });
});

/** The same file with its record edited, and its checksums right again: someone meant it. */
async function edited(change: (record: Record<string, unknown>) => void): Promise<Work | RecordError> {
  const of = work();
  const packed = await pack(of, new Memory('t'));
  const record = JSON.parse(JSON.stringify(packed.record)) as Record<string, unknown>;
  change(record);
  const text = JSON.stringify(record);
  const { parts } = packed;
  return outcome(readSession(writeSession({ record: record as never, parts }, of.data.file, text)));
}

type Tree = Record<string, unknown>;

/** Every place in a record, as paths. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

describe('a record that was edited (row 75)', () => {
  it('comes through only where what it says is possible; anything else is a sentence', async () => {
    const { record } = await pack(work(), new Memory('t'));
    const all = places(JSON.parse(JSON.stringify(record))).filter(({ length }) => length > 0);
    const hostile = [
      null,
      -1,
      1e308,
      1.5,
      '',
      'x'.repeat(20_000),
      [],
      {},
      true,
      4_294_967_296,
      [[[]]],
      { __proto__: 1 },
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all), fc.constantFrom(...hostile), async (path, value) => {
        const found = await edited((root) => {
          let at = root as Tree;
          for (const key of path.slice(0, -1)) at = at[key] as Tree;
          at[path.at(-1) ?? ''] = value;
        });
        if (found instanceof RecordError) {
          expect(found.message).toMatch(/^It (is damaged|was saved by a newer version)/);
          return;
        }
        /* What came through can be put on screen: sets of these rows, a tree, a state to begin with. */
        expect(found.selection.bits?.length ?? 3).toBe(3);
        expect(found.roles).toHaveLength(found.data.columns);
        const { model } = found;
        if (model) expect(model.snapshots.has(model.at) && model.nodes[model.at]?.id === model.at).toBe(true);
      }),
      { numRuns: 600 },
    );
  });

  it.each<[string, (record: Tree) => void]>([
    [
      'a state that comes from a later one',
      ({ model }) => void Object.assign(nodes(model)[0] ?? {}, { parent: 1 }),
    ],
    ['a state by another number', ({ model }) => void Object.assign(nodes(model)[1] ?? {}, { id: 7 })],
    ['no snapshot of where it was left', ({ model }) => void Object.assign(model as Tree, { snapshots: [] })],
    ['sets of other rows', ({ data }) => void Object.assign(data as Tree, { rows: 40 })],
    [
      'an array of another kind',
      ({ selection, model }) => void Object.assign(selection as Tree, { bits: lossesOf(model) }),
    ],
    ['fields that nobody knows', (record) => void Object.assign(record, { more: 1 })],
  ])('%s is refused', async (_what, change) => {
    expect(await edited(change)).toMatchObject({ why: 'damaged' });
  });

  it('of an older format is brought to the present one, step by step; of a newer one it is left alone', async () => {
    const { record } = await pack(work(), new Memory('t'));
    const { pointSize: _gone, ...older } = record;
    const steps = { 1: (before: Tree) => ({ ...before, pointSize: 5, format: 2 }) };
    expect(checkedRecord(older, steps, 2).pointSize).toBe(5);
    expect(() => checkedRecord({ ...older, format: 3 }, steps, 2)).toThrow(/newer version/);
    expect(() => checkedRecord({ ...older, format: 0 }, steps, 2)).toThrow(/damaged/);
    expect(() => checkedRecord({ ...record, format: 2 })).toThrow(/newer version/);
  });
});

/** A state of the same losses, in the same array, as the one before it: it ended inside its first epoch. */
function withoutEpoch(): Work {
  const made = work();
  const [first, second] = made.model?.nodes ?? [];
  if (!made.model || !first || !second) throw new Error('There are no states.');
  const third = { ...second, id: 2, parent: 1, steps: 25 };
  made.model.nodes = [first, second, third, { ...third, id: 3, parent: 2, steps: 30 }];
  return made;
}

describe('a state that ended inside its first epoch', () => {
  it('has the losses of the one before it', async () => {
    const back = await read(await session(withoutEpoch()));
    expect(back.model?.nodes.map(({ losses }) => losses.length)).toEqual([2, 3, 3, 3]);
  });

  it('comes back, too, where all its losses were written once more', async () => {
    const { record, parts } = await pack(withoutEpoch(), new Memory('t'));
    for (const [i, node] of record.model?.nodes.entries() ?? []) {
      if (i > 1) node.losses.array = record.model?.nodes[1]?.losses.array ?? -1;
    }
    const { file } = work().data;
    const bytes = (place: number) => parts[place]?.bytes.slice().buffer ?? null;
    const back = await unpack(record, (_entry, place) => Promise.resolve(bytes(place)), file);
    expect(back.model?.nodes.map(({ losses }) => losses.map(({ epoch }) => epoch))).toEqual([
      [1, 2],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });
});

describe('what a selection was made of', () => {
  it('is read back also where it is longer to tell than a record may be', async () => {
    const many = 60_000;
    const rows = new Uint32Array(Math.ceil(many / 32)).fill(0x5555_5555);
    const runs = Array.from({ length: many }, (_, i) => (i % 2 ? 1 : i));
    const made = work();
    const maker = { kind: 'rows', rows: runs } as const;
    const told = { ...maker, rows: [...runs] };
    made.data.rows = many;
    made.model = null;
    made.hidden.only = null;
    made.selection = { bits: rows, maker: told };
    made.named = [{ name: 'all of them', count: many / 2, maker: told, bits: rows }];
    const back = await read(await session(made));
    expect(back.selection.maker).toEqual(maker);
    expect(back.named[0]?.maker).toEqual(maker);
  });

  it('that can’t be read again is not written', async () => {
    const made = work();
    made.colour = { kind: 'column', column: -1 };
    await expect(session(made)).rejects.toBeInstanceOf(RecordError);
  });
});

describe('losses that states have in common', () => {
  it('are refused before they take the memory', async () => {
    const { record } = await pack(work(), new Memory('t'));
    const model = record.model;
    const [first] = model?.nodes ?? [];
    if (!model || !first) throw new Error('There are no states.');
    model.nodes = Array.from({ length: 20_000 }, (_, id) => ({
      ...first,
      id,
      parent: id === 0 ? null : id - 1,
      losses: { ...first.losses, shared: id === 0 ? 0 : 100_000 },
    }));
    expect(() => checkedRecord(record)).toThrow(/more epochs than there can be/);
  });
});

describe('what is forgotten for the sake of what is newer (row 74)', () => {
  const brief = { name: 'a', rows: 3, states: 1, retrains: 0, bytes: 9, whole: true };
  const entry = (slot: string, saved: number, more: object = {}, format = 1) => ({
    slot,
    brief: { ...brief, saved, ...more },
    record: JSON.stringify({ format }),
  });

  it('is the oldest beyond three, and nothing that a later version has written', () => {
    const entries = [
      entry('newer', 1, {}, 2),
      entry('told otherwise', 2, { more: true }),
      ...['a', 'b', 'c', 'd', 'e', 'held'].map((slot, i) => entry(slot, 10 - i)),
    ];
    expect(surplus(entries, new Set(['held']))).toEqual(['d', 'e']);
  });
});

function nodes(model: unknown): Tree[] {
  return (model as { nodes: Tree[] }).nodes;
}

function lossesOf(model: unknown): number {
  const [first = {}] = nodes(model);
  return (first['losses'] as { array: number }).array;
}

describe('slots without locks (row 73)', () => {
  it('are known to other tabs while their tab is there', async () => {
    const [one, other] = [byChannel(), byChannel()];
    expect(await one.take('a')).toBe(true);
    expect([...(await other.held())]).toEqual(['a']);
    expect(await other.take('a')).toBe(false);
    await one.release('a');
    expect(await other.take('a')).toBe(true);
  });
});

describe('checksums', () => {
  it('are those of the standard, in slices as in one', async () => {
    const text = (words: string) => new TextEncoder().encode(words);
    expect(crc32(text('123456789'))).toBe(0xcbf43926);
    const long = Uint8Array.from({ length: (1 << 20) + 77 }, (_, i) => (i * 31) >> 3);
    expect(await checksum(long)).toBe(crc32(long));
  });
});

describe('trouble with the storage (row 74)', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is told apart, a full disk in every spelling', () => {
    const quota: object[] = [
      { name: 'QuotaExceededError' },
      { name: 'NS_ERROR_DOM_QUOTA_REACHED' },
      { code: 22 },
      { code: 1014 },
      { name: 'AbortError', inner: { name: 'QuotaExceededError' } },
    ];
    for (const error of quota) expect(isQuota(error)).toBe(true);
    for (const error of [null, 'full', {}, { name: 'AbortError', code: 20 }])
      expect(isQuota(error)).toBe(false);
    const problems = ['VersionError', 'SecurityError', 'InvalidStateError', 'DataError'].map(
      (name) => storageError({ name }).problem,
    );
    expect(problems).toEqual(['newer', 'denied', 'denied', 'failed']);
  });

  const shape = { name: 'x', version: 1, upgrade: () => undefined };
  const nothing = (): Promise<void> => Promise.resolve();

  it('without a database is denied, also where asking for it throws', async () => {
    await expect(transact(null, shape, 'readonly', nothing)).rejects.toMatchObject({ problem: 'denied' });
    const refusing = {
      open() {
        throw new DOMException('No.', 'SecurityError');
      },
    } as unknown as IDBFactory;
    await expect(transact(refusing, shape, 'readonly', nothing)).rejects.toBeInstanceOf(StorageError);
  });

  it('that never answers is given up, and what it might still write with it', async () => {
    vi.useFakeTimers();
    let aborted = 0;
    let closed = 0;
    const transaction = { abort: () => (aborted += 1), error: null };
    const db = { transaction: () => transaction, objectStoreNames: [], close: () => (closed += 1) };
    const request = { result: db } as unknown as IDBOpenDBRequest;
    const factory = { open: () => request } as unknown as IDBFactory;
    const told = expect(transact(factory, shape, 'readwrite', nothing)).rejects.toMatchObject({
      problem: 'failed',
    });
    request.onsuccess?.({} as Event);
    await vi.advanceTimersByTimeAsync(70_000);
    await told;
    expect([aborted, closed]).toEqual([1, 1]);
  });

  it('that another tab causes is waited for, told, and what opens too late is closed', async () => {
    vi.useFakeTimers();
    let closed = 0;
    const request = { result: { close: () => (closed += 1) } } as unknown as IDBOpenDBRequest;
    const factory = { open: () => request } as unknown as IDBFactory;
    const answer = transact(factory, shape, 'readonly', nothing);
    const told = expect(answer).rejects.toMatchObject({ problem: 'blocked' });
    request.onblocked?.({} as IDBVersionChangeEvent);
    await vi.advanceTimersByTimeAsync(3000);
    await told;
    request.onsuccess?.({} as Event);
    expect(closed).toBe(1);
  });
});
