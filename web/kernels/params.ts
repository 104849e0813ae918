/**
 * Wire structs: C structs of 4-byte fields without padding, as a list of names and kinds in the order of the
 * C declaration. Defaults and limits are not repeated here: they are read back from C through the same list.
 *
 *     export const fooParams = wire({ width: 'u32', rate: 'f32', sizes: 'u32[8]' });
 *     type FooParams = WireValue<typeof fooParams>; // { width: number; rate: number; sizes: number[] }
 */
import type { Bounds } from '../protocol/messages.ts';
import type { Block, Heap } from './heap.ts';

type Scalar = 'f32' | 'u32' | 'i32';
type Kind = Scalar | `${Scalar}[${number}]`;

type FieldValue<K extends Kind> = K extends Scalar ? number : number[];

interface Field {
  name: string;
  kind: Scalar;
  length: number | null; // null: one number; else an array of so many
  word: number; // place of its first 4 bytes
}

export interface Wire<V> {
  readonly fields: readonly Field[];
  readonly bytes: number;
  /** Floats come back as the shortest decimal that reads back to the same float. */
  read(heap: Heap, ptr: number): V;
  /** Missing places of an array are written as 0. A value that its kind can't hold is a RangeError. */
  write(heap: Heap, ptr: number, value: V): void;
  /** Name of the field that X_params_check() reports by its index in 4-byte words: "hidden[1]". */
  fieldAt(word: number): string;
}

export type WireValue<W> = W extends Wire<infer V> ? V : never;

const SCALARS = new Set<string>(['f32', 'u32', 'i32']);

function parseKind(kind: string): { kind: Scalar; length: number | null } {
  const found = /^(f32|u32|i32)\[([1-9]\d*)\]$/.exec(kind);
  if (found) {
    return { kind: found[1] as Scalar, length: Number(found[2]) };
  }
  if (!SCALARS.has(kind)) {
    throw new TypeError(`There is no field kind ${kind}.`);
  }
  return { kind: kind as Scalar, length: null };
}

/** The shortest decimal that is the same float: 0.001, not 0.0010000000474974513. */
export function shortestFloat(value: number): number {
  const float = Math.fround(value);
  if (!Number.isFinite(float) || Number.isInteger(float)) {
    return float;
  }
  for (let digits = 1; digits < 9; digits += 1) {
    const candidate = Number(float.toPrecision(digits));
    if (Math.fround(candidate) === float) {
      return candidate;
    }
  }
  return Number(float.toPrecision(9));
}

function readScalar(view: DataView, kind: Scalar, at: number): number {
  if (kind === 'f32') {
    return shortestFloat(view.getFloat32(at, true));
  }
  return kind === 'u32' ? view.getUint32(at, true) : view.getInt32(at, true);
}

function writeScalar(view: DataView, field: Field, at: number, value: number): void {
  if (field.kind === 'f32') {
    view.setFloat32(at, value, true);
    return;
  }
  const [lo, hi] = field.kind === 'u32' ? [0, 0xffffffff] : [-0x80000000, 0x7fffffff];
  if (!Number.isInteger(value) || value < lo || value > hi) {
    throw new RangeError(`${field.name} must be a whole number between ${lo} and ${hi}, not ${value}.`);
  }
  if (field.kind === 'u32') {
    view.setUint32(at, value, true);
  } else {
    view.setInt32(at, value, true);
  }
}

export function wire<const S extends Record<string, Kind>>(
  declaration: S,
): Wire<{ -readonly [K in keyof S]: FieldValue<S[K]> }> {
  type Value = { -readonly [K in keyof S]: FieldValue<S[K]> };
  const fields: Field[] = [];
  let words = 0;
  for (const [name, text] of Object.entries(declaration)) {
    const { kind, length } = parseKind(text);
    fields.push({ name, kind, length, word: words });
    words += length ?? 1;
  }
  const bytes = words * 4;

  return {
    fields,
    bytes,
    read(heap, ptr) {
      const view = new DataView(heap.buffer(), ptr >>> 0, bytes);
      const value: Record<string, number | number[]> = {};
      for (const { name, kind, length, word } of fields) {
        value[name] =
          length === null
            ? readScalar(view, kind, word * 4)
            : Array.from({ length }, (_, i) => readScalar(view, kind, (word + i) * 4));
      }
      return value as Value;
    },
    write(heap, ptr, value) {
      const view = new DataView(heap.buffer(), ptr >>> 0, bytes);
      for (const field of fields) {
        const given: unknown = value[field.name];
        if (field.length === null) {
          writeScalar(view, field, field.word * 4, Number(given));
          continue;
        }
        const items = given as readonly number[];
        if (items.length > field.length) {
          throw new RangeError(`${field.name} has room for ${field.length} numbers, not ${items.length}.`);
        }
        for (let i = 0; i < field.length; i += 1) {
          writeScalar(view, field, (field.word + i) * 4, items[i] ?? 0);
        }
      }
    },
    fieldAt(word) {
      const field = fields.findLast((candidate) => candidate.word <= word) ?? fields[0];
      if (field === undefined) {
        return '';
      }
      return field.length === null ? field.name : `${field.name}[${word - field.word}]`;
    },
  };
}

/** Writes `value` to a block for the length of a call. */
export function withStruct<V, T>(heap: Heap, struct: Wire<V>, value: V, use: (ptr: number) => T): T {
  return heap.with(struct.bytes, (block: Block) => {
    struct.write(heap, block.ptr, value);
    return use(block.ptr);
  });
}

/** What X_params_default() and X_params_bounds() state. */
export function readBounds<V extends Record<string, number | number[]>>(
  heap: Heap,
  struct: Wire<V>,
  fillDefault: (ptr: number) => void,
  fillBounds: (lo: number, hi: number) => void,
): Bounds {
  return heap.with(struct.bytes * 2, ({ ptr }) => {
    fillDefault(ptr);
    const defaults = struct.read(heap, ptr);
    fillBounds(ptr, ptr + struct.bytes);
    return { defaults, lo: struct.read(heap, ptr), hi: struct.read(heap, ptr + struct.bytes) };
  });
}
