/**
 * What a link holds: everything that leads from the data to the state of a model that is shared, and how it is looked
 * at. Checked field by field when it comes back (link-code.ts): it may be old, cut off, edited or hostile.
 *
 * A link never holds data. It names a set of the catalogue, or a file of which it knows name and fingerprint.
 */

import * as v from 'valibot';
import type { Criterion, FitSpec, Role, RowBits } from '../protocol/messages.ts';
import type { Maker } from '../state/store.ts';
import {
  aeParams,
  axes,
  colouring,
  count,
  criterion,
  finite,
  fitNumbers,
  hints,
  maker,
  runKind,
  scale,
  view,
} from './schema.ts';

const LETTERS: Record<Role, string> = { feature: 'f', label: 'l', id: 'i', ignored: 'x' };
const ROLES = new Map(Object.entries(LETTERS).map(([role, letter]) => [letter, role as Role]));

/** Columns that a table may have, as the reader limits them. */
const MOST_COLUMNS = 50_000;

/** Roles of the columns in order as letters and how often each: "f784l1". */
export function writeRoles(roles: readonly Role[]): string {
  const runs: { letter: string; times: number }[] = [];
  for (const role of roles) {
    const letter = LETTERS[role];
    const last = runs.at(-1);
    if (last?.letter === letter) last.times += 1;
    else runs.push({ letter, times: 1 });
  }
  return runs.map(({ letter, times }) => `${letter}${times}`).join('');
}

/** The roles; null when the text tells none, or too many. */
export function readRoles(written: string): Role[] | null {
  if (!/^(?:[flix][1-9]\d{0,5})+$/.test(written)) return null;
  const roles: Role[] = [];
  for (const [, letter = '', times] of written.matchAll(/([flix])(\d+)/g)) {
    const role = ROLES.get(letter);
    if (!role || roles.length + Number(times) > MOST_COLUMNS) return null;
    for (let i = 0; i < Number(times); i += 1) roles.push(role);
  }
  return roles;
}

const roles = v.pipe(
  v.string(),
  v.check((written) => readRoles(written) !== null, 'no roles'),
);
const hash = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
const index = v.pipe(count, v.maxValue(100_000));
const six = v.tuple([finite, finite, finite, finite, finite, finite]);

/** A set of rows: what finds them, or the rows themselves (rows-code.ts); with how many there are, and their hash. */
const set = v.variant('is', [
  v.strictObject({ is: v.literal('by'), n: count, hash, by: criterion }),
  v.strictObject({ is: v.literal('rows'), n: count, hash, rows: v.pipe(v.string(), v.maxLength(32_768)) }),
]);

/** One fit: where it differs from the link's own, and the batches it came to. `rows`: only these are visited. */
const numbers = fitNumbers.entries;
const fit = v.strictObject({
  epochs: v.exactOptional(numbers.epochs),
  batch: v.exactOptional(numbers.batch),
  learning_rate: v.exactOptional(numbers.learning_rate),
  weight_decay: v.exactOptional(numbers.weight_decay),
  noise: v.exactOptional(numbers.noise),
  heldout: v.exactOptional(numbers.heldout),
  patience: v.exactOptional(numbers.patience),
  seed: v.exactOptional(numbers.seed),
  focus: numbers.focus,
  fresh: numbers.fresh,
  rates: numbers.rates,
  steps: v.pipe(count, v.minValue(1)),
  rows: v.exactOptional(index),
});

/** One state on the way: a node of the history. `set`: of the rows selected for it. */
const training = v.strictObject({
  kind: runKind,
  maker: v.exactOptional(maker),
  set: v.exactOptional(index),
  axes: v.exactOptional(axes), // that the map is turned to before it; absent: it stays as it is, at first on the first two
  ended: v.exactOptional(v.picklist(['user', 'plateau', 'diverged'])), // absent: it ran to its end
  fits: v.pipe(v.array(fit), v.minLength(1), v.maxLength(64)),
});

export const link = v.strictObject({
  kernels: count, // revision
  id: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(200))), // of the catalogue
  file: v.exactOptional(v.pipe(v.string(), v.maxLength(500))), // name of a local file
  print: v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/)), // fingerprint of the data
  count, // rows of the table
  hints: v.exactOptional(hints),
  roles,
  scale,
  method: v.literal('ae'),
  params: aeParams,
  fit: fitNumbers, // of the form
  retrain: v.exactOptional(
    v.strictObject({
      focus: v.pipe(finite, v.minValue(0), v.maxValue(1)),
      epochs: count,
      learning_rate: finite,
    }),
  ),
  align: v.exactOptional(v.strictObject({ axes, by: six })), // how the map is drawn on these axes when the first training begins
  sets: v.exactOptional(v.pipe(v.array(set), v.maxLength(1000))),
  path: v.pipe(v.array(training), v.maxLength(1000)), // from the first weights; empty: nothing is trained
  selection: v.exactOptional(v.strictObject({ maker, set: index })),
  colour: colouring,
  axes: v.exactOptional(axes), // that the map is turned to at last; absent: it stays as it is
  view: v.exactOptional(view), // absent: all of the map
  places: v.exactOptional(hash), // of the positions as drawn
});

export type Link = v.InferOutput<typeof link>;
export type LinkSet = v.InferOutput<typeof set>;
export type LinkTraining = v.InferOutput<typeof training>;
export type LinkFit = v.InferOutput<typeof fit>;

/** Numbers of a fit without its rows. */
export type FitNumbers = v.InferOutput<typeof fitNumbers>;

/** Columns that a maker finds its rows by. */
function columnsOf(made: Maker): number[] {
  switch (made.kind) {
    case 'class':
    case 'range':
      return [made.column];
    case 'search':
      return made.column === null ? [] : [made.column];
    case 'not':
      return columnsOf(made.of);
    case 'both':
      return [...columnsOf(made.first), ...columnsOf(made.second)];
    default:
      return [];
  }
}

/** Every column that is spoken of is one of the table's. */
function columnsThere({ roles: written, colour, sets = [], path, selection }: Link): boolean {
  const columns = readRoles(written)?.length ?? 0;
  const makers = [
    ...sets.flatMap((each): Maker[] => (each.is === 'by' ? [each.by] : [])),
    ...path.flatMap(({ maker: made }) => made ?? []),
    ...(selection ? [selection.maker] : []),
  ];
  const named = makers.flatMap(columnsOf);
  if (colour.kind === 'column') named.push(colour.column);
  return named.every((column) => column < columns);
}

/**
 * What the schema can't say: every set and column that is meant is there, a name or an id, a selection for each
 * retrain. The sentence says what is wrong; null: nothing.
 */
export function inconsistency(found: Link): string | null {
  const sets = found.sets?.length ?? 0;
  const there = (at: number | undefined): boolean => at === undefined || at < sets;
  if ((found.id === undefined) === (found.file === undefined)) return 'It names no data.';
  if (!columnsThere(found)) return 'It speaks of a column that the data don’t have.';
  const { latent } = found.params;
  const drawn = (shown: [number, number] | undefined): boolean =>
    shown === undefined || (shown[0] !== shown[1] && shown.every((axis) => axis < latent));
  if (
    !drawn(found.axes) ||
    !drawn(found.align?.axes) ||
    !found.path.every((training) => drawn(training.axes))
  ) {
    return 'It shows dimensions that the code does not have.';
  }
  for (const { kind, maker: made, set: at, fits } of found.path) {
    if (!there(at) || fits.some(({ rows }) => !there(rows))) return 'Rows that it speaks of are not in it.';
    if ((kind === 'train') !== (at === undefined) || (kind === 'train') !== (made === undefined)) {
      return 'One of its trainings is without rows.';
    }
    if (at !== undefined && found.sets?.[at]?.n === 0) return 'One of its trainings is without rows.';
    if (kind !== 'train' && fits.length > 1) return 'One of its retrains is more than one.';
  }
  return there(found.selection?.set) ? null : 'Rows that it speaks of are not in it.';
}

/** The axes that a map of so many dimensions shows first. */
export function firstAxes(latent: number): [number, number] {
  return [0, latent > 1 ? 1 : 0];
}

/** A fit as the worker takes it. `sets`: the rows of the link's sets. */
export function fitSpecOf(
  of: Link,
  training: LinkTraining,
  { rows, ...change }: LinkFit,
  sets: readonly RowBits[],
): FitSpec {
  const selection = training.set === undefined ? undefined : sets[training.set];
  return {
    ...of.fit,
    ...change,
    ...(rows === undefined ? {} : { rows: rowsOfSet(sets[rows]) }),
    ...(selection ? { selection } : {}),
  };
}

function rowsOfSet(bits: RowBits | undefined): Uint32Array {
  const rows: number[] = [];
  bits?.forEach((word, at) => {
    for (let bit = 0; bit < 32; bit += 1) if ((word >>> bit) & 1) rows.push(32 * at + bit);
  });
  return Uint32Array.from(rows);
}

/** The maker is one that the worker can find the rows by. */
export function criterionOf(made: Maker): Criterion | null {
  switch (made.kind) {
    case 'random':
    case 'class':
    case 'range':
    case 'search': {
      const { name, ...by } = made;
      return by;
    }
    default:
      return null;
  }
}
