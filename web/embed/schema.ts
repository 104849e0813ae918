/**
 * What a figure takes from outside: its settings, from the hash of its address, and the messages of its parent window.
 * Whatever is not as api.ts says is refused with a sentence.
 */

import * as v from 'valibot';
import { count, finite, seed, text } from '../saved/schema.ts';
import { PARTS, type Part } from '../ui/parts.ts';
import { type Choice, MOST_BYTES, type Setting, VERSION } from './api.ts';

/* ---- settings ---------------------------------------------------------------------------------------------- */

/** Parts that a figure leaves out unless it is told which. */
export const HIDDEN: readonly Part[] = ['top', 'data', 'method', 'tools', 'table', 'inspector', 'retrains'];

/** What a figure shows and does, checked. Fields of the form are still text: the form has the last word on them. */
export interface Figure {
  data: string | null;
  link: string | null;
  fields: [name: string, value: string][];
  focus: number | null;
  colour: string | null;
  label: string | null;
  select: Choice | null;
  hide: ReadonlySet<Part>;
  theme: 'auto' | 'light' | 'dark';
  start: 'visible' | 'load' | 'click';
}

/** Settings that are fields of the form, with their names there. */
const FIELDS = [
  ['seed', 'seed'],
  ['layers', 'hidden'],
  ['latent', 'latent'],
  ['epochs', 'epochs'],
  ['learning_rate', 'learning_rate'],
] as const;
const SHORT = 200;
const short = v.pipe(v.string(), v.maxLength(SHORT));
const link = v.pipe(v.string(), v.maxLength(16_384), v.regex(/^#?v\d+\./));
const share = v.pipe(
  v.string(),
  v.regex(/^(0|1|0?\.\d+|1\.0*|0\.)$/),
  v.transform(Number),
  v.minValue(0),
  v.maxValue(1),
);

/** One check for each setting; the sentence says what would have done. */
const CHECKS: Record<Setting, { schema: v.GenericSchema<string, unknown>; needs: string }> = {
  data: {
    schema: v.pipe(short, v.regex(/^[\w.-]+$/)),
    needs: 'the id of a data set of the catalogue, as iris',
  },
  link: { schema: link, needs: 'a link that Unfold made, which begins with #v1.' },
  method: { schema: v.literal('ae'), needs: 'ae, an autoencoder' },
  seed: { schema: v.pipe(short, v.regex(/^\d+$/)), needs: 'a whole number, 0 to 4294967295' },
  layers: { schema: v.pipe(short, v.regex(/^[\d\s,]*$/)), needs: 'widths of layers, as 128, 32' },
  latent: { schema: v.pipe(short, v.regex(/^\d+$/)), needs: 'a whole number, 1 or more' },
  epochs: { schema: v.pipe(short, v.regex(/^\d+$/)), needs: 'a whole number, 1 or more' },
  learning_rate: {
    schema: v.pipe(short, v.regex(/^\d*\.?\d+(e[+-]?\d+)?$/i)),
    needs: 'a number above 0, as 0.001',
  },
  focus: { schema: share, needs: 'a number from 0 to 1' },
  colour: { schema: short, needs: 'the name of a column, or error, change, drift or none' },
  label: { schema: short, needs: 'the name of a column' },
  select: { schema: short, needs: 'the name of a class, or random=100' },
  hide: {
    schema: v.pipe(
      v.string(),
      v.maxLength(SHORT),
      v.transform((list) => list.split(',').map((part) => part.trim())),
      v.transform((list) => list.filter((part) => part !== '')),
      v.array(v.picklist(PARTS)),
    ),
    needs: `a list of ${PARTS.join(', ')}`,
  },
  theme: { schema: v.picklist(['auto', 'light', 'dark']), needs: 'auto, light or dark' },
  start: { schema: v.picklist(['visible', 'load', 'click']), needs: 'visible, load or click' },
};

export interface ReadSettings {
  figure: Figure;
  wrong: string[]; // one sentence for each setting that can't be used; the figure is as if it were not there
  missing: string | null; // of these the one for lack of which the figure has nothing to show
}

function rowsOf(select: string): Choice {
  const random = /^random=(\d{1,9})$/.exec(select);
  return random ? { random: Number(random[1]) } : { class: select };
}

/** Checks what a figure was given. Names that are not known are named too: a slip of the pen should not go unseen. */
export function readSettings(given: Readonly<Record<string, string>>): ReadSettings {
  const wrong: string[] = [];
  let missing: string | null = null;
  const good: Partial<Record<Setting, unknown>> = {};
  for (const [name, value] of Object.entries(given)) {
    const check = (CHECKS as Record<string, (typeof CHECKS)[Setting] | undefined>)[name];
    if (!check || !Object.hasOwn(CHECKS, name)) {
      wrong.push(`There is no setting ${name.slice(0, 24)}.`);
      continue;
    }
    const parsed = v.safeParse(check.schema, value);
    if (parsed.success) {
      good[name as Setting] = parsed.output;
      continue;
    }
    const sentence = `${name} is “${value.slice(0, 40)}”; it must be ${check.needs}.`;
    wrong.push(sentence);
    if (name === 'data' || name === 'link') missing ??= sentence;
  }
  const string = (name: Setting): string | null => (good[name] as string | undefined) ?? null;
  const select = string('select');
  const figure: Figure = {
    data: string('data'),
    link: string('link'),
    fields: FIELDS.flatMap(([name, field]): [string, string][] => {
      const value = string(name);
      return value === null ? [] : [[field, value]];
    }),
    focus: (good.focus as number | undefined) ?? null,
    colour: string('colour'),
    label: string('label'),
    select: select === null ? null : rowsOf(select),
    hide: new Set((good.hide as Part[] | undefined) ?? HIDDEN),
    theme: (good.theme as Figure['theme'] | undefined) ?? 'auto',
    start: (good.start as Figure['start'] | undefined) ?? 'visible',
  };
  return { figure, wrong, missing: figure.data === null && figure.link === null ? missing : null };
}

/** The settings in the hash of an address, `#data=iris&seed=1`. */
export function settingsOf(hash: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(hash.replace(/^#/, '')));
}

/* ---- messages ---------------------------------------------------------------------------------------------- */

const tag = { unfold: v.literal(VERSION) };
const theme = v.nullable(v.picklist(['light', 'dark']));
const command = { ...tag, type: v.literal('command'), id: count };
const names = v.pipe(v.array(text), v.maxLength(10_000));

const MOST_ROWS = 1_000_000;

const choice = v.union([
  v.picklist(['all', 'none']),
  v.strictObject({ class: v.union([text, names]), column: v.exactOptional(text) }),
  v.strictObject({ random: v.pipe(count, v.minValue(1)), seed: v.exactOptional(seed) }),
  v.strictObject({
    range: text,
    from: v.exactOptional(v.nullable(finite)),
    to: v.exactOptional(v.nullable(finite)),
  }),
  v.strictObject({ search: text, column: v.exactOptional(text) }),
  v.strictObject({
    rows: v.union([
      v.pipe(v.array(count), v.maxLength(MOST_ROWS)),
      /* As `selection` gives them. */
      v.pipe(
        v.instance(Uint32Array),
        v.check((rows) => rows.length <= MOST_ROWS),
      ),
    ]),
  }),
]);

const parameter = v.union([
  finite,
  v.pipe(v.string(), v.maxLength(SHORT)),
  v.pipe(v.array(finite), v.maxLength(64)),
]);

export const commandSchema = v.variant('command', [
  v.strictObject({
    ...command,
    command: v.literal('load'),
    buffer: v.instance(ArrayBuffer),
    name: v.exactOptional(v.pipe(v.string(), v.maxLength(SHORT))),
    separator: v.exactOptional(v.pipe(v.string(), v.maxLength(8))),
    decimal: v.exactOptional(v.picklist(['.', ','])),
    header: v.exactOptional(v.boolean()),
    label: v.exactOptional(text),
    train: v.exactOptional(v.boolean()),
  }),
  v.strictObject({
    ...command,
    command: v.literal('set'),
    parameters: v.pipe(
      v.record(v.pipe(v.string(), v.maxLength(40)), parameter),
      v.check((record) => Object.keys(record).length <= 40),
    ),
  }),
  v.strictObject({ ...command, command: v.picklist(['run', 'pause', 'selection', 'undo', 'redo', 'link']) }),
  v.strictObject({
    ...command,
    command: v.literal('retrain'),
    focus: v.exactOptional(v.pipe(finite, v.minValue(0), v.maxValue(1))),
    epochs: v.exactOptional(v.pipe(count, v.minValue(1))),
    learning_rate: v.exactOptional(finite),
    kind: v.exactOptional(v.picklist(['retrain', 'exclude', 'scratch'])),
  }),
  v.strictObject({ ...command, command: v.literal('select'), rows: choice }),
  v.strictObject({ ...command, command: v.literal('back'), state: count }),
]);
export type Command = v.InferOutput<typeof commandSchema>;

export const messageSchema = v.variant('type', [
  v.strictObject({ ...tag, type: v.literal('connect'), theme, near: v.boolean(), link: v.boolean() }),
  v.strictObject({ ...tag, type: v.literal('near'), near: v.boolean() }),
  v.strictObject({ ...tag, type: v.literal('theme'), theme }),
  commandSchema,
]);
export type Message = v.InferOutput<typeof messageSchema>;

export function tooLarge({ byteLength }: ArrayBuffer): boolean {
  return byteLength > MOST_BYTES;
}
