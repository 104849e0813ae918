/** The fields of a method as the panel shows them, and what typing into one does. Labels and help come from the registry, limits from the kernels. */

import { type MethodField, methods } from '../methods/registry.ts';
import type { Bounds, Method, Ready } from '../protocol/messages.ts';
import { heldValue, home, withValue } from './form.ts';
import { numberText, parseNumber, parseWidths, rangeText, widthsText } from './number-text.ts';
import type { FormState, RetrainForm } from './store.ts';

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
  const next = withValue({ ...form, errors }, name, parsed.value);
  return {
    form: { ...next, touched: new Set([...form.touched, name]) },
    error: null,
    live: field.cost === 'live',
  };
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
