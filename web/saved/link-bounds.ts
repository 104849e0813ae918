/** Whether the numbers of a link are ones that the kernels take: asked before anything on the page gives way. */

import type { Bounds } from '../protocol/messages.ts';
import type { FitNumbers, Link } from './link.ts';

function beyond(name: string, value: number, lo: unknown, hi: unknown): string | null {
  const first = (bound: unknown): number => Number(Array.isArray(bound) ? bound[0] : bound);
  const [least, most] = [first(lo), first(hi)];
  return value < least || value > most
    ? `${name} is ${value}, between ${least} and ${most} it may be.`
    : null;
}

function of(values: object, { lo, hi }: Bounds): string | null {
  for (const [name, value] of Object.entries(values) as [string, unknown][]) {
    if (!Object.hasOwn(lo, name) || !Object.hasOwn(hi, name)) continue;
    for (const item of Array.isArray(value) ? value : [value]) {
      const why = typeof item === 'number' ? beyond(name, item, lo[name], hi[name]) : null;
      if (why !== null) return why;
    }
  }
  return null;
}

type Rated = Pick<FitNumbers, 'rates'>;

/** A rate that was set on the way is one of a fit's. */
function withRates({ rates = [], ...numbers }: Rated): object[] {
  return [numbers, ...rates.map(({ rate }) => ({ learning_rate: rate }))];
}

/** The first number that is out of bounds, in a sentence; null when there is none. */
export function outside(
  { params, fit, retrain, path }: Link,
  bounds: { params: Bounds; fit: Bounds },
): string | null {
  const layers = of({ n_hidden: params.hidden.length }, bounds.params);
  if (params.loss === 'bce' && params.output !== 'sigmoid') return 'the loss bce needs the output sigmoid.';
  const trainings: Rated[] = path.flatMap((training) => training.fits);
  const fits = [...[fit, ...trainings].flatMap(withRates), retrain ?? {}];
  return (
    layers ??
    of(params, bounds.params) ??
    fits.map((one) => of(one, bounds.fit)).find((why) => why !== null) ??
    null
  );
}
