/**
 * The form of a method: which values its fields hold. First values come from the data's shape. How fields are shown and
 * typed into is in fields.ts, which comes with the panels.
 */

import { shapeDefaults } from '../methods/shape.ts';
import type { AeParams, FeatureInfo, Method } from '../protocol/messages.ts';
import type { FormState } from './store.ts';

/** Rows that the page keeps out of training, unless told otherwise: without them nothing tells when to end. */
export const HELDOUT = 0.1;

/** The seed of a table that nobody has chosen another for. */
const SEED = 1;

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
export function home(form: FormState, name: string): 'params' | 'fit' {
  return name in form.params ? 'params' : 'fit';
}

export function heldValue(form: FormState, name: string): unknown {
  return (form[home(form, name)] as unknown as Values)[name];
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
export function formFor(features: FeatureInfo, before: FormState | null): FormState {
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
    form = withValue(form, name, heldValue(before, name));
  }
  return form;
}

/** Takes a value that the field can have, and what follows from it. */
export function withValue(form: FormState, name: string, value: unknown): FormState {
  const next = put(form, name, value);
  const free = name === 'output' && next.params.loss === 'bce' && value !== 'sigmoid';
  return settled(free ? put(next, 'loss', 'mse') : next);
}

/** Output and loss go together: cross-entropy needs outputs between 0 and 1. */
function settled(form: FormState): FormState {
  return form.params.loss === 'bce' && form.params.output !== 'sigmoid'
    ? put(form, 'output', 'sigmoid')
    : form;
}
