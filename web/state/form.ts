/**
 * The form of a method: which values its fields hold, how they are written, and what typing into one does.
 * Labels and help come from the registry of methods, limits from the kernels, first values from the data's shape.
 */

import { type MethodField, methods } from '../methods/registry.ts';
import { shapeDefaults } from '../methods/shape.ts';
import type { AeParams, Bounds, FeatureInfo, Method, Ready } from '../protocol/messages.ts';
import { numberText, parseNumber, parseWidths, rangeText, widthsText } from './number-text.ts';
import type { FormState, RetrainForm } from './store.ts';

/** Rows that the page keeps out of training, unless told otherwise: without them nothing tells when to end. */
export const HELDOUT = 0.1;

/** The seed of a table that nobody has chosen another for. */
const SEED = 1;

export interface MethodView {
  method: Method;
  label: string;
  help: string;
}

/** One field as the panel shows it. */
export interface FieldView {
  name: string;
  label: string;
  help: string; // one sentence
  cost: string; // what a change costs
  hint: string; // range
  text: string;
  choices: { value: string; label: string }[] | null; // null: a text field
  inputMode: 'numeric' | 'decimal' | 'text';
  main: boolean;
  touched: boolean;
  error: string | null;
}

export interface FormChange {
  form: FormState;
  error: string | null;
  /** The change reaches a training that is under way. */
  live: boolean;
}

export function methodViews(): MethodView[] {
  return (Object.keys(methods) as Method[]).map((method) => {
    const { label, help, source } = methods[method];
    return { method, label, help: `${help} ${source}.` };
  });
}

/** Same shape, same seed: training can go on from the model's weights. */
export function sameParams(a: AeParams, b: AeParams): boolean {
  return (
    a.latent === b.latent &&
    a.activation === b.activation &&
    a.output === b.output &&
    a.loss === b.loss &&
    a.seed === b.seed &&
    a.hidden.length === b.hidden.length &&
    a.hidden.every((width, i) => width === b.hidden[i])
  );
}

type Values = Record<string, unknown>;

/** Whether a field is of the model's shape or of its training; `seed` is of both. */
function home(form: FormState, name: string): 'params' | 'fit' {
  return name in form.params ? 'params' : 'fit';
}

function heldValue(form: FormState, name: string): unknown {
  return (form[home(form, name)] as unknown as Values)[name];
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return widthsText(value);
  return typeof value === 'number' ? numberText(value) : String(value);
}

function one(value: number | number[] | undefined, otherwise: number): number {
  return (Array.isArray(value) ? value[0] : value) ?? otherwise;
}

/** Hard limits of a field, from the kernels. */
function limits(ready: Ready, form: FormState, name: string): { lo: number; hi: number } {
  const bounds: Bounds = ready.methods[form.method][home(form, name)];
  return { lo: one(bounds.lo[name], 0), hi: one(bounds.hi[name], Number.MAX_VALUE) };
}

function layersAllowed(ready: Ready, method: Method): number {
  return one(ready.methods[method].params.hi['n_hidden'], 8);
}

function put(form: FormState, name: string, value: unknown): FormState {
  const next: FormState = { ...form, params: { ...form.params }, fit: { ...form.fit } };
  for (const part of [next.params, next.fit] as unknown as Values[]) {
    if (name in part) part[name] = value;
  }
  return next;
}

/**
 * The form of newly prepared features. Every field takes what the shape of the data suggests, except for what the
 * person has typed into `before`, the form of the same table's earlier features: that stays where it can be used.
 */
export function formFor(ready: Ready, features: FeatureInfo, before: FormState | null): FormState {
  const method: Method = before?.method ?? 'ae';
  const { hidden, latent, activation, output, loss, ...fit } = shapeDefaults(
    features.n,
    features.d,
    features,
  );
  const fresh: FormState = {
    method,
    params: { hidden, latent, activation, output, loss, seed: SEED },
    fit: { ...fit, heldout: HELDOUT, seed: SEED },
    errors: {},
    touched: new Set(),
  };
  if (!before) return fresh;
  let form: FormState = { ...fresh, touched: before.touched };
  for (const name of before.touched) {
    form = withField(form, ready, name, textOf(heldValue(before, name))).form;
  }
  return { ...settled(form), errors: {} };
}

/** Output and loss go together: cross-entropy needs outputs between 0 and 1. */
function settled(form: FormState): FormState {
  return form.params.loss === 'bce' && form.params.output !== 'sigmoid'
    ? put(form, 'output', 'sigmoid')
    : form;
}

/** Takes a field's text. What can't be used leaves the value as it was and a sentence in `errors`. */
export function withField(form: FormState, ready: Ready, name: string, text: string): FormChange {
  const field: MethodField | undefined = methods[form.method].fields.find((one) => one.name === name);
  if (!field) return { form, error: `There is no field ${name}.`, live: false };
  const old = heldValue(form, name);
  const parsed = parse(form, ready, field, text);
  const errors = { ...form.errors };
  if (!parsed.ok) {
    errors[name] = `${parsed.error} Still ${textOf(old)}.`;
    return { form: { ...form, errors }, error: parsed.error, live: false };
  }
  delete errors[name];
  if (textOf(parsed.value) === textOf(old)) return { form: { ...form, errors }, error: null, live: false };
  let next = put({ ...form, errors }, name, parsed.value);
  if (name === 'output' && next.params.loss === 'bce' && parsed.value !== 'sigmoid') {
    next = put(next, 'loss', 'mse');
  }
  next = { ...settled(next), touched: new Set([...form.touched, name]) };
  return { form: next, error: null, live: field.cost === 'live' };
}

function parse(form: FormState, ready: Ready, field: MethodField, text: string) {
  if (field.kind === 'choice') {
    const found = field.choices.find(({ value }) => value === text);
    return found
      ? { ok: true as const, value: found.value as unknown }
      : { ok: false as const, error: `“${text.slice(0, 24)}” is not one of the choices.` };
  }
  const range = limits(ready, form, field.name);
  return field.kind === 'widths'
    ? parseWidths(text, range, layersAllowed(ready, form.method))
    : parseNumber(text, { ...range, integer: field.kind === 'integer' });
}

/** A number of the next retrain: within the limits of any training. */
export function withRetrainField(
  form: RetrainForm,
  ready: Ready,
  name: 'epochs' | 'learning_rate',
  text: string,
): { form: RetrainForm; error: string | null } {
  const bounds = ready.methods.ae.fit;
  const range = { lo: one(bounds.lo[name], 0), hi: one(bounds.hi[name], Number.MAX_VALUE) };
  const parsed = parseNumber(text, { ...range, integer: name === 'epochs' });
  const errors = { ...form.errors };
  if (!parsed.ok) {
    errors[name] = `${parsed.error} Still ${numberText(form[name])}.`;
    return { form: { ...form, errors }, error: parsed.error };
  }
  delete errors[name];
  return { form: { ...form, [name]: parsed.value, errors }, error: null };
}

const costWord = {
  live: 'Applies to a training that is under way.',
  continues: 'Applies to the next training, which goes on from the same weights.',
  'starts again': 'The next training starts again.',
} as const;

export function fieldViews(form: FormState, ready: Ready): FieldView[] {
  return methods[form.method].fields.map((field): FieldView => {
    const { name, label, help, main } = field;
    const range = rangeText(limits(ready, form, name));
    const allowed =
      field.kind === 'widths'
        ? `Up to ${layersAllowed(ready, form.method)} widths, each ${range}; or none.`
        : field.kind === 'choice'
          ? ''
          : `${range}.`;
    return {
      name,
      label,
      help,
      cost: costWord[field.cost],
      hint: allowed,
      text: textOf(heldValue(form, name)),
      choices: field.kind === 'choice' ? [...field.choices] : null,
      inputMode: field.kind === 'integer' ? 'numeric' : field.kind === 'number' ? 'decimal' : 'text',
      main,
      touched: form.touched.has(name),
      error: form.errors[name] ?? null,
    };
  });
}
