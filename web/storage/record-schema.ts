/**
 * The shape of saved work as it is written: one record of plain values, which refers to arrays by their place in its
 * list `arrays`; their bytes lie beside it. The same in the browser's database and in a session file.
 */

import * as v from 'valibot';
import {
  aeParams,
  axes,
  camera,
  colouring,
  count,
  finite,
  fitNumbers,
  hints,
  maker,
  roles,
  runKind,
  scale,
  text,
} from '../saved/schema.ts';

/** Raised whenever the shape changes; a step in `record.ts` then brings the one before to the new one. */
export const FORMAT = 1;

const MOST_NODES = 20_000;
const MOST_FITS = 10_000;
const MOST_NAMED = 10_000;
const MOST_CLASSES = 10_002;
const MOST_ARRAYS = 200_000;
/** Losses of all states together: a state has those of the ones before it, too. */
export const MOST_LOSSES = 20_000_000;
/** Rows that a table may have, as the kernels count them. */
const MOST_ROWS = 2 ** 31;
/** Bytes of one array. */
const MOST_BYTES = 2 ** 31;

const array = v.pipe(count, v.maxValue(MOST_ARRAYS - 1)); // place in `arrays`
const rows = v.pipe(count, v.maxValue(MOST_ROWS));
const loss = v.nullable(v.number());
const align = v.nullable(v.tuple([finite, finite, finite, finite, finite, finite]));

const fit = v.strictObject({
  ...fitNumbers.entries,
  table: v.exactOptional(v.picklist(['this', 'other'])),
  rows: v.exactOptional(array),
  weights: v.exactOptional(array),
  selection: v.exactOptional(array),
});

const group = v.strictObject({ n: rows, error: loss, distance_correlation: loss });
const measured = v.strictObject({
  step: count,
  selection: group,
  rest: group,
  classes: v.pipe(
    v.array(v.strictObject({ name: text, n: rows, error: loss, missing: v.exactOptional(v.literal(true)) })),
    v.maxLength(MOST_CLASSES),
  ),
  axes,
});

const result = v.strictObject({
  outcome: v.picklist(['finished', 'stopped', 'cancelled']),
  reason: v.picklist(['epochs', 'plateau', 'user', 'diverged']),
  message: text,
  epochs: count,
  steps: count,
  rows_trained: count,
  seconds: finite,
  train: loss,
  heldout: loss,
  selection: loss,
  rest: loss,
  align,
  axes,
  suggested_learning_rate: loss,
});

const node = v.strictObject({
  id: count,
  parent: v.nullable(count),
  kind: runKind,
  maker: v.nullable(maker),
  rows,
  focus: v.nullable(finite),
  epochs: count,
  fits: v.pipe(v.array(fit), v.minLength(1), v.maxLength(MOST_FITS)),
  rated: v.boolean(),
  steps: count,
  seconds: finite,
  losses: v.strictObject({ shared: count, array }), // the first ones are those of the parent
  result,
  align,
  axes,
  before: v.nullable(measured),
  after: v.nullable(measured),
  label: v.nullable(text),
});

const snapshot = v.strictObject({
  node: count,
  buffer: array,
  before: v.nullable(v.strictObject({ positions: array, error: v.nullable(array), axes })),
});

const named = v.strictObject({ name: v.pipe(text, v.minLength(1)), bits: array, maker });

export const recordSchema = v.strictObject({
  format: v.literal(FORMAT),
  app: text,
  kernels: count,
  saved: count,
  data: v.strictObject({
    origin: text,
    name: text,
    rows: v.pipe(rows, v.minValue(1)),
    columns: count,
    fingerprint: v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/)),
    size: v.nullable(count),
    hints,
    kept: v.boolean(),
  }),
  roles,
  scale,
  form: v.nullable(
    v.strictObject({
      method: v.literal('ae'),
      params: aeParams,
      fit: fitNumbers,
      touched: v.pipe(v.array(text), v.maxLength(100)),
    }),
  ),
  model: v.nullable(
    v.strictObject({
      method: v.literal('ae'),
      params: aeParams,
      axes,
      at: count,
      nodes: v.pipe(v.array(node), v.minLength(1), v.maxLength(MOST_NODES)),
      snapshots: v.pipe(v.array(snapshot), v.maxLength(MOST_NODES)),
    }),
  ),
  retrain: v.strictObject({
    focus: v.pipe(finite, v.minValue(0), v.maxValue(1)),
    epochs: v.pipe(count, v.minValue(1)),
    learning_rate: finite,
  }),
  selection: v.strictObject({ bits: v.nullable(array), maker }),
  named: v.pipe(v.array(named), v.maxLength(MOST_NAMED)),
  hidden: v.strictObject({
    entries: v.pipe(v.array(v.pipe(count, v.maxValue(255))), v.maxLength(256)),
    only: v.nullable(array),
  }),
  colour: colouring,
  pointSize: finite,
  camera: v.nullable(camera),
  underWay: v.nullable(
    v.strictObject({ kind: v.union([runKind, v.literal('return')]), epoch: count, epochs: count }),
  ),
  arrays: v.pipe(
    v.array(
      v.strictObject({
        id: v.pipe(v.string(), v.regex(/^[0-9a-z]{1,40}$/)),
        kind: v.picklist(['bytes', 'u32', 'f32', 'f64']),
        bytes: v.pipe(count, v.maxValue(MOST_BYTES)),
        crc: v.pipe(count, v.maxValue(0xffff_ffff)),
      }),
    ),
    v.maxLength(MOST_ARRAYS),
  ),
});

export type WorkRecord = v.InferOutput<typeof recordSchema>;
export type ArrayKind = WorkRecord['arrays'][number]['kind'];

/** What the list of saved work shows of each, checked too: anything that shares the origin can have written it. */
export const briefSchema = v.strictObject({
  name: text,
  rows,
  states: count,
  retrains: count,
  saved: count,
  bytes: count,
  whole: v.boolean(),
});
