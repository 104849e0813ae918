/**
 * Work to a record with its arrays, and back.
 *
 *     const { record, parts } = await pack(work, memory);    // parts: the bytes of record.arrays, in their order
 *     const work = await unpack(json, bytesOf, file);        // throws a RecordError: nothing of it is used then
 *
 * `Memory` knows which array was written under which id, so that what has not changed is neither checked nor written
 * again: arrays of the page are never changed in place. What is read is checked in full before any of it is used: its
 * shape field by field, every array by length and checksum, every set of rows against the table, the tree of states. What
 * the kernels alone can judge (snapshots, parameters, the data's fingerprint) they refuse when they are given it.
 */

import * as v from 'valibot';
import type { EpochLoss, FitSpec, RowBits } from '../protocol/messages.ts';
import { countBits, emptyBits, wordMask } from '../protocol/rows.ts';
import { MOST_COORDINATES } from '../saved/schema.ts';
import { fullMaker, leanMaker } from '../state/lean-maker.ts';
import type { Snapshot } from '../state/snapshots.ts';
import type { HistoryNode, Maker } from '../state/store.ts';
import { checksum } from './checksum.ts';
import { type ArrayKind, FORMAT, MOST_LOSSES, recordSchema, type WorkRecord } from './record-schema.ts';
import { OTHER_TABLE, THIS_TABLE, type Work, type WorkModel } from './work.ts';

type Entry = WorkRecord['arrays'][number];
type NodeRecord = NonNullable<WorkRecord['model']>['nodes'][number];
type FitRecord = NodeRecord['fits'][number];

/** Why saved work can't be brought back: `newer`, by a later version of the page; else it is damaged. */
export class RecordError extends Error {
  readonly why: 'newer' | 'damaged';

  constructor(why: 'newer' | 'damaged', detail: string) {
    super(
      why === 'newer'
        ? 'It was saved by a newer version of Unfold, which this one can’t read. It was left as it is.'
        : `It is damaged: ${detail}.`,
    );
    this.why = why;
  }
}

export function damaged(detail: string): RecordError {
  return new RecordError('damaged', detail);
}

/** Bytes of an array, as they are written. */
export interface Part {
  entry: Entry;
  bytes: Uint8Array;
}

export interface Packed {
  record: WorkRecord;
  parts: Part[]; // in the order of record.arrays
}

/** Numbers of one epoch in an array of losses. */
const LOSS = 5;

/* ---- writing --------------------------------------------------------------------------------------------- */

interface Told {
  entry: Entry;
  bytes: Uint8Array;
}

/** What has been written under which id. */
export class Memory {
  readonly #known = new WeakMap<object, Map<number, Told>>(); // by where what is written begins
  readonly #prefix: string;
  #last = 0;

  /** @param prefix of the ids: unlike that of whoever wrote to the same place before */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** An array that lies there under this id already. */
  know(array: object, entry: Entry, bytes: Uint8Array): void {
    this.#set(array, 0, { entry, bytes });
  }

  #set(array: object, from: number, told: Told): void {
    const known = this.#known.get(array) ?? new Map<number, Told>();
    this.#known.set(array, known.set(from, told));
  }

  /** @param from where in the array what is written begins */
  async tell(array: object, kind: ArrayKind, make: () => Uint8Array, from = 0): Promise<Told> {
    const known = this.#known.get(array)?.get(from);
    if (known) return known;
    const bytes = make();
    this.#last += 1;
    const id = `${this.#prefix}${this.#last.toString(36)}`;
    const told: Told = { entry: { id, kind, bytes: bytes.byteLength, crc: await checksum(bytes) }, bytes };
    this.#set(array, from, told);
    return told;
  }
}

type Typed = Uint32Array | Float32Array;

function view({ buffer, byteOffset, byteLength }: Typed): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Losses as numbers; an absent one is NaN. */
function lossBytes(losses: readonly EpochLoss[]): Uint8Array {
  const out = new Float64Array(LOSS * losses.length);
  for (const [i, { epoch, train, heldout, selection, rest }] of losses.entries()) {
    out.set([epoch, train, heldout ?? Number.NaN, selection ?? Number.NaN, rest ?? Number.NaN], LOSS * i);
  }
  return new Uint8Array(out.buffer);
}

/** How many losses a state has in common with the one it comes from: they are the same objects. */
function sharedLosses(node: HistoryNode, parent: HistoryNode | undefined): number {
  if (!parent) return 0;
  const most = Math.min(node.losses.length, parent.losses.length);
  let shared = 0;
  while (shared < most && node.losses[shared] === parent.losses[shared]) shared += 1;
  return shared;
}

/** A maker as it is written; `beside`: its rows are. */
function lean(maker: Maker, beside: boolean): Maker {
  return leanMaker(maker, { corners: MOST_COORDINATES, runs: MOST_COORDINATES }, beside);
}

class Packer {
  readonly arrays: Entry[] = [];
  readonly parts: Part[] = [];
  readonly #memory: Memory;
  readonly #places = new Map<string, number>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  async #add(array: object, kind: ArrayKind, make: () => Uint8Array, from = 0): Promise<number> {
    const told = await this.#memory.tell(array, kind, make, from);
    const known = this.#places.get(told.entry.id);
    if (known !== undefined) return known;
    const place = this.arrays.push(told.entry) - 1;
    this.parts.push(told);
    this.#places.set(told.entry.id, place);
    return place;
  }

  typed(array: Typed): Promise<number> {
    return this.#add(array, array instanceof Uint32Array ? 'u32' : 'f32', () => view(array));
  }

  async typedOrNull(array: Typed | null): Promise<number | null> {
    return array ? this.typed(array) : null;
  }

  buffer(buffer: ArrayBuffer): Promise<number> {
    return this.#add(buffer, 'bytes', () => new Uint8Array(buffer));
  }

  async fit(fit: FitSpec): Promise<FitRecord> {
    const { table, rows, weights, selection, ...numbers } = fit;
    return {
      ...numbers,
      ...(table === undefined
        ? {}
        : { table: table === THIS_TABLE ? ('this' as const) : ('other' as const) }),
      ...(rows ? { rows: await this.typed(rows) } : {}),
      ...(weights ? { weights: await this.typed(weights) } : {}),
      ...(selection ? { selection: await this.typed(selection) } : {}),
    };
  }

  async node(node: HistoryNode, parent: HistoryNode | undefined): Promise<NodeRecord> {
    const { losses, fits, kept: _kept, maker, ...rest } = node;
    const shared = sharedLosses(node, parent);
    /* A state may have the very array of the one it comes from: it ended before an epoch was through. */
    const array = await this.#add(losses, 'f64', () => lossBytes(losses.slice(shared)), shared);
    const written: FitRecord[] = [];
    for (const fit of fits) written.push(await this.fit(fit));
    const beside = written[0]?.selection !== undefined && written[0].table !== 'other';
    return { ...rest, maker: maker && lean(maker, beside), fits: written, losses: { shared, array } };
  }

  async model({ nodes, snapshots, ...rest }: WorkModel): Promise<WorkRecord['model']> {
    const written: NodeRecord[] = [];
    for (const node of nodes) written.push(await this.node(node, nodes[node.parent ?? -1]));
    const kept = [];
    for (const [node, { buffer, before }] of snapshots) {
      const look = before && {
        positions: await this.typed(before.positions),
        error: await this.typedOrNull(before.error),
        axes: before.axes,
      };
      kept.push({ node, buffer: await this.buffer(buffer), before: look });
    }
    return { ...rest, nodes: written, snapshots: kept };
  }
}

export async function pack(work: Work, memory: Memory): Promise<Packed> {
  const packer = new Packer(memory);
  const { data, model, selection, named, hidden, form, ...rest } = work;
  const { file, ...about } = data;
  const kept: WorkRecord['named'] = [];
  for (const { name, bits, maker } of named)
    kept.push({ name, bits: await packer.typed(bits), maker: lean(maker, true) });
  const { rows: _rows, weights: _weights, selection: _selection, table: _table, ...fit } = form?.fit ?? {};
  const record = {
    format: FORMAT,
    ...rest,
    data: { ...about, kept: file !== null },
    form: form && { ...form, fit },
    model: model && (await packer.model(model)),
    selection: {
      bits: await packer.typedOrNull(selection.bits),
      maker: lean(selection.maker, selection.bits !== null),
    },
    named: kept,
    hidden: { entries: hidden.entries, only: await packer.typedOrNull(hidden.only) },
    arrays: packer.arrays,
  };
  return { record: record as WorkRecord, parts: packer.parts };
}

/* ---- reading --------------------------------------------------------------------------------------------- */

/** Steps from each earlier format to the one after it. */
const STEPS: Record<number, (record: Record<string, unknown>) => Record<string, unknown>> = {};

/** A record as text that can be read again: what can't takes nobody's place. Throws a RecordError. */
export function textOf(record: WorkRecord): string {
  const text = JSON.stringify(record);
  checkedRecord(JSON.parse(text));
  return text;
}

/** Losses of all states together, as the page has them: each state with those of the ones before it. */
function lossesOf({ model, arrays }: WorkRecord): number {
  const own = (place: number): number => (arrays[place]?.bytes ?? 0) / (8 * LOSS);
  return (model?.nodes ?? []).reduce((sum, { losses }) => sum + losses.shared + own(losses.array), 0);
}

/** A record of any format so far in the present one, its shape checked. Throws a RecordError. */
export function checkedRecord(value: unknown, steps = STEPS, present = FORMAT): WorkRecord {
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1)
    throw damaged('it does not say what it is');
  if (format > present) throw new RecordError('newer', '');
  let record = value as Record<string, unknown>;
  for (let at = format; at < present; at += 1) {
    const step = steps[at];
    if (!step) throw damaged(`format ${at} was never in use`);
    record = step(record);
  }
  const parsed = v.safeParse(recordSchema, { ...record, format: FORMAT });
  if (parsed.success) {
    if (lossesOf(parsed.output) > MOST_LOSSES) throw damaged('it has more epochs than there can be');
    return parsed.output;
  }
  const [issue] = parsed.issues;
  throw damaged(`${v.getDotPath(issue) ?? 'it'} is not what it has to be`);
}

/** The bytes of an array; null: they are not there. */
export type ReadBytes = (entry: Entry, place: number) => Promise<ArrayBuffer | null>;

/**
 * How many losses at the beginning are there already: earlier pages wrote all that they had of a state that had ended
 * before an epoch was through.
 */
function repeated(numbers: Float64Array, before: readonly EpochLoss[]): number {
  const first = before.findIndex(({ epoch }) => epoch === numbers[0]);
  const again = first < 0 ? [] : before.slice(first);
  return again.every(({ epoch }, i) => epoch === numbers[LOSS * i]) ? again.length : 0;
}

class Unpacker {
  readonly #record: WorkRecord;
  readonly #read: ReadBytes;
  readonly #memory: Memory | null;
  readonly #arrays = new Map<number, Typed | Float64Array | ArrayBuffer>();
  readonly #rows: number;

  constructor(record: WorkRecord, read: ReadBytes, memory: Memory | null) {
    this.#record = record;
    this.#read = read;
    this.#memory = memory;
    this.#rows = record.data.rows;
  }

  async #array(place: number, kind: ArrayKind): Promise<Typed | Float64Array | ArrayBuffer> {
    const known = this.#arrays.get(place);
    const entry = this.#record.arrays[place];
    if (!entry || entry.kind !== kind) throw damaged('it refers to an array that is not there');
    if (known) return known;
    const buffer = await this.#read(entry, place);
    if (buffer?.byteLength !== entry.bytes) throw damaged('a part of it is missing');
    const bytes = new Uint8Array(buffer);
    if ((await checksum(bytes)) !== entry.crc) throw damaged('a part of it has changed since it was saved');
    if (entry.bytes % (kind === 'f64' ? 8 : kind === 'bytes' ? 1 : 4) !== 0)
      throw damaged('a part of it is cut off');
    const array =
      kind === 'bytes'
        ? buffer
        : kind === 'u32'
          ? new Uint32Array(buffer)
          : kind === 'f32'
            ? new Float32Array(buffer)
            : new Float64Array(buffer);
    this.#arrays.set(place, array);
    if (kind !== 'f64') this.#memory?.know(array, entry, bytes);
    return array;
  }

  async bits(place: number): Promise<RowBits> {
    const bits = (await this.#array(place, 'u32')) as Uint32Array;
    const last = bits.length - 1;
    const fits = bits.length === emptyBits(this.#rows).length;
    if (!fits || ((bits[last] ?? 0) & ~wordMask(last, this.#rows)) !== 0) {
      throw damaged('a set of rows is not of these rows');
    }
    return bits;
  }

  async bitsOrNull(place: number | null): Promise<RowBits | null> {
    return place === null ? null : this.bits(place);
  }

  async floats(place: number, length: number): Promise<Float32Array> {
    const array = (await this.#array(place, 'f32')) as Float32Array;
    if (array.length !== length) throw damaged('an array has another number of rows');
    return array;
  }

  async fit({ table, rows, weights, selection, ...numbers }: FitRecord): Promise<FitSpec> {
    const other = table === 'other';
    const ids = rows === undefined ? null : ((await this.#array(rows, 'u32')) as Uint32Array);
    if (ids && !other && !ids.every((row) => row < this.#rows))
      throw damaged('a training visits rows that are not there');
    return {
      ...numbers,
      ...(table === undefined ? {} : { table: other ? OTHER_TABLE : THIS_TABLE }),
      ...(ids ? { rows: ids } : {}),
      ...(weights === undefined || other ? {} : { weights: await this.floats(weights, this.#rows) }),
      ...(selection === undefined || other ? {} : { selection: await this.bits(selection) }),
    };
  }

  async losses(place: number, before: readonly EpochLoss[]): Promise<EpochLoss[]> {
    const numbers = (await this.#array(place, 'f64')) as Float64Array;
    if (numbers.length % LOSS !== 0) throw damaged('losses are cut off');
    const out = before.slice();
    for (let at = LOSS * repeated(numbers, before); at < numbers.length; at += LOSS) {
      const number = (i: number): number => numbers[at + i] ?? Number.NaN;
      const optional = (i: number): number | null => (Number.isNaN(number(i)) ? null : number(i));
      if (!(number(0) > (out.at(-1)?.epoch ?? 0))) throw damaged('epochs are out of order');
      const [selection, rest] = [optional(3), optional(4)];
      out.push({
        epoch: number(0),
        train: number(1),
        heldout: optional(2),
        ...(selection === null ? {} : { selection }),
        ...(rest === null ? {} : { rest }),
      });
    }
    return out;
  }

  async node(record: NodeRecord, place: number, nodes: readonly HistoryNode[]): Promise<HistoryNode> {
    const { losses, fits, maker, ...rest } = record;
    const parent = rest.parent === null ? undefined : nodes[rest.parent];
    if (
      rest.id !== place ||
      (rest.parent !== null && !parent) ||
      losses.shared > (parent?.losses.length ?? 0)
    ) {
      throw damaged('the list of states does not hang together');
    }
    const series = await this.losses(losses.array, parent?.losses.slice(0, losses.shared) ?? []);
    const again: FitSpec[] = [];
    for (const fit of fits) again.push(await this.fit(fit));
    const rows = again[0]?.selection;
    const made = maker && rows ? fullMaker(maker, rows) : maker;
    return { ...rest, maker: made, fits: again, losses: series, kept: false };
  }

  async snapshot(record: NonNullable<WorkRecord['model']>['snapshots'][number]): Promise<Snapshot> {
    const buffer = (await this.#array(record.buffer, 'bytes')) as ArrayBuffer;
    if (!record.before) return { buffer, before: null };
    const { positions, error, axes } = record.before;
    return {
      buffer,
      before: {
        positions: await this.floats(positions, 2 * this.#rows),
        error: error === null ? null : await this.floats(error, this.#rows),
        axes,
      },
    };
  }

  async model(record: NonNullable<WorkRecord['model']>): Promise<WorkModel> {
    const { nodes, snapshots, ...rest } = record;
    const read: HistoryNode[] = [];
    for (const [i, node] of nodes.entries()) read.push(await this.node(node, i, read));
    const kept = new Map<number, Snapshot>();
    for (const snapshot of snapshots) {
      if (!read[snapshot.node]) throw damaged('a snapshot is of no state');
      kept.set(snapshot.node, await this.snapshot(snapshot));
    }
    if (!kept.has(rest.at)) throw damaged('the state that it was left at is missing');
    return { ...rest, nodes: read, snapshots: kept };
  }
}

/** A record and its arrays as work. `file`: the data themselves, where they were kept. Throws a RecordError. */
export async function unpack(
  value: unknown,
  read: ReadBytes,
  file: Blob | null,
  memory: Memory | null = null,
): Promise<Work> {
  const record = checkedRecord(value);
  const unpacker = new Unpacker(record, read, memory);
  const { format: _format, arrays: _arrays, data, form, model, selection, named, hidden, ...rest } = record;
  const { kept, ...about } = data;
  if (kept && file?.size !== data.size) throw damaged('the data are missing or cut off');
  if (rest.roles.length !== data.columns) throw damaged('the roles are of other columns');
  const bits = await unpacker.bitsOrNull(selection.bits);
  const sets: Work['named'] = [];
  for (const { name, bits: place, maker } of named) {
    const rows = await unpacker.bits(place);
    sets.push({ name, maker: fullMaker(maker, rows), bits: rows, count: countBits(rows) });
  }
  return {
    ...rest,
    data: { ...about, file: kept ? file : null },
    form,
    model: model && (await unpacker.model(model)),
    selection: bits
      ? { bits, maker: fullMaker(selection.maker, bits) }
      : { bits: null, maker: { kind: 'none' } },
    named: sets,
    hidden: { entries: hidden.entries, only: await unpacker.bitsOrNull(hidden.only) },
  };
}
