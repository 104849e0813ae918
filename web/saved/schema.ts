/**
 * Schemas of what the page keeps and passes on: the pieces that links, saved work and embeds have in common.
 *
 * Whatever comes back, from an address, a database or another page, may be old, cut off, edited or hostile: it is
 * checked here field by field before anything is done with it, and every list has a most. The types are those of
 * protocol/messages.ts and state/store.ts; a test holds the two together.
 */

import * as v from 'valibot';
import type { Criterion, OpenHints, Role, Scale } from '../protocol/messages.ts';
import type { Colouring, Maker, RunKind } from '../state/store.ts';

/** Columns that a table may have, as the reader limits them. */
const MOST_COLUMNS = 50_000;
/** Characters of a name, a class or a search text. */
const TEXT = 10_000;
/** Corners of a shape, as pairs of coordinates; firsts and counts of runs of rows. */
export const MOST_COORDINATES = 20_000;
/** Makers within makers. */
const DEEPEST = 12;

export const finite = v.pipe(v.number(), v.finite());
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const seed = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
export const text = v.pipe(v.string(), v.maxLength(TEXT));
const end = v.nullable(finite);
const column = v.pipe(count, v.maxValue(MOST_COLUMNS));
export const axes = v.tuple([column, column]);

export const role = v.picklist(['feature', 'label', 'id', 'ignored']) satisfies v.GenericSchema<Role>;
export const roles = v.pipe(v.array(role), v.maxLength(MOST_COLUMNS));
export const scale = v.picklist([
  'auto',
  'none',
  'standard',
  'minmax',
  '255',
]) satisfies v.GenericSchema<Scale>;
export const runKind = v.picklist([
  'train',
  'retrain',
  'exclude',
  'scratch',
]) satisfies v.GenericSchema<RunKind>;

export const hints = v.strictObject({
  separator: v.exactOptional(v.pipe(v.string(), v.maxLength(8))),
  decimal: v.exactOptional(v.picklist(['.', ','])),
  header: v.exactOptional(v.boolean()),
  label: v.exactOptional(text),
}) satisfies v.GenericSchema<OpenHints>;

const criteria = [
  v.strictObject({ kind: v.literal('random'), n: count, seed }),
  v.strictObject({
    kind: v.literal('class'),
    column,
    classes: v.pipe(v.array(text), v.maxLength(10_000)),
    except: v.exactOptional(v.boolean()),
    missing: v.exactOptional(v.boolean()),
  }),
  v.strictObject({ kind: v.literal('range'), column, lo: end, hi: end }),
  v.strictObject({ kind: v.literal('search'), text, column: v.nullable(column) }),
] as const;

export const criterion = v.variant('kind', [...criteria]) satisfies v.GenericSchema<Criterion>;

const points = v.pipe(v.array(finite), v.maxLength(MOST_COORDINATES));
const when = { step: count, epoch: count };

/** Makers so deep inside another; none below the deepest. */
function makerAt(depth: number): v.GenericSchema<Maker> {
  const name = v.exactOptional(text);
  const simple = [
    v.strictObject({ kind: v.literal('none'), name }),
    v.strictObject({ kind: v.literal('all'), name }),
    ...criteria.map((schema) => v.strictObject({ ...schema.entries, name })),
    v.strictObject({ kind: v.picklist(['polygon', 'box']), points, axes, ...when, name }),
    v.strictObject({ kind: v.literal('brush'), points, radius: finite, axes, ...when, name }),
    v.strictObject({
      kind: v.literal('values'),
      of: v.picklist(['error', 'change', 'drift']),
      lo: end,
      hi: end,
      ...when,
      name,
    }),
    v.strictObject({
      kind: v.literal('rows'),
      rows: v.pipe(v.array(count), v.maxLength(MOST_COORDINATES)),
      clicked: v.exactOptional(v.literal(true)),
      name,
    }),
  ];
  if (depth >= DEEPEST) return v.union(simple) as unknown as v.GenericSchema<Maker>;
  const inner = v.lazy(() => makerAt(depth + 1));
  return v.union([
    ...simple,
    v.strictObject({ kind: v.literal('not'), of: inner, name }),
    v.strictObject({
      kind: v.literal('both'),
      op: v.picklist(['add', 'subtract', 'intersect']),
      first: inner,
      second: inner,
      name,
    }),
  ]) as unknown as v.GenericSchema<Maker>;
}

export const maker: v.GenericSchema<Maker> = makerAt(0);

export const colouring = v.variant('kind', [
  v.strictObject({ kind: v.literal('none') }),
  v.strictObject({ kind: v.literal('column'), column }),
  v.strictObject({ kind: v.literal('error') }),
  v.strictObject({ kind: v.literal('change') }),
  v.strictObject({ kind: v.literal('drift') }),
]) satisfies v.GenericSchema<Colouring>;

/** What part of the map is seen: its middle in map units, CSS pixels per map unit. */
export const camera = v.strictObject({
  cx: finite,
  cy: finite,
  scale: v.pipe(finite, v.minValue(1e-36), v.maxValue(1e36)),
});

/** The same on a map of any size: its middle, and the map units along the shorter side. */
export const view = v.strictObject({
  cx: finite,
  cy: finite,
  span: v.pipe(finite, v.minValue(1e-36), v.maxValue(1e36)),
});

/** The shape of an autoencoder. The kernels have the last word on every bound. */
export const aeParams = v.strictObject({
  hidden: v.pipe(v.array(v.pipe(count, v.minValue(1), v.maxValue(65_536))), v.maxLength(16)),
  latent: v.pipe(count, v.minValue(1), v.maxValue(4096)),
  activation: v.picklist(['relu', 'leaky_relu', 'elu', 'tanh', 'sigmoid', 'linear']),
  output: v.picklist(['linear', 'sigmoid']),
  loss: v.picklist(['mse', 'bce']),
  seed,
});

/** The numbers of a fit; its sets of rows are carried beside it, in a form of their own. */
export const fitNumbers = v.strictObject({
  epochs: count,
  batch: v.pipe(count, v.minValue(1)),
  learning_rate: finite,
  weight_decay: finite,
  noise: finite,
  heldout: v.pipe(finite, v.minValue(0), v.maxValue(0.5)),
  patience: count,
  seed,
  focus: v.exactOptional(v.pipe(finite, v.minValue(0), v.maxValue(1))),
  fresh: v.exactOptional(v.boolean()),
  steps: v.exactOptional(count),
  rates: v.exactOptional(v.pipe(v.array(v.strictObject({ after: count, rate: finite })), v.maxLength(1024))),
});
