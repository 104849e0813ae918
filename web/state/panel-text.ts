/** Words and numbers that only the panels show, which come after the first frames. */

import type { Estimate } from '../protocol/messages.ts';
import { sameParams } from './form.ts';
import type { FormState, ModelState, TableState } from './store.ts';
import { formatCount, formatNumber } from './summary.ts';
import { aboutText, goesOn } from './transport.ts';

/** Digits that a float32 tells apart. */
const FLOAT_DIGITS = 7;

/**
 * Two means beside each other, with as many decimals each: three digits of the larger, and more where it takes
 * them to see two digits of the difference ("2008.1", "2007.9"), but never more than a float32 has.
 */
export function meanTexts(a: number, b: number): [string, string] {
  const size = Math.max(Math.abs(a), Math.abs(b));
  if (!Number.isFinite(a) || !Number.isFinite(b) || size >= 1e7 || (size > 0 && size < 1e-4)) {
    return [formatNumber(a), formatNumber(b)];
  }
  const place = (value: number): number => (value > 0 ? Math.floor(Math.log10(value)) : 0);
  const difference = Math.abs(a - b);
  const wanted = Math.max(2 - place(size), difference > 0 ? 1 - place(difference) : 0);
  const decimals = Math.max(0, Math.min(wanted, FLOAT_DIGITS - 1 - place(size)));
  const text = (value: number): string => {
    const whole = Number(value.toFixed(decimals));
    return whole
      .toLocaleString('en', {
        minimumFractionDigits: decimals,
        maximumFractionDigits: decimals,
        useGrouping: size >= 10_000,
      })
      .replace('-', '−');
  };
  return [text(a), text(b)];
}

/** Least and largest value of the pixel columns, so that every row's image has the same black and white. */
export function pixelDomain(table: TableState): { lo: number; hi: number } {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const [i, column] of table.info.columns.entries()) {
    if (table.roles[i] !== 'feature') continue;
    lo = Math.min(lo, column.min ?? lo);
    hi = Math.max(hi, column.max ?? hi);
  }
  return lo < hi ? { lo, hi } : { lo: 0, hi: 1 };
}

/** What pressing Train will do, when that is not obvious; else nothing. */
export function trainHint(form: FormState | null, model: ModelState | null): string {
  if (!form || !model || model.losses.length === 0) return '';
  return goesOn(form, model)
    ? `Train goes on from epoch ${formatCount(model.losses.at(-1)?.epoch ?? 0)}.`
    : sameParams(form.params, model.params)
      ? 'Train starts again: other rows are held out.'
      : 'Train starts again: the model’s shape or seed has changed.';
}

/** One line under Method: "4,898 rows, 11 numbers: about 6 s to train". */
export function advice(table: TableState | null, estimate: Estimate | null): string {
  if (!table?.features) return '';
  const { n, d } = table.features;
  const shape = `${formatCount(n)} ${n === 1 ? 'row' : 'rows'}, ${formatCount(d)} ${d === 1 ? 'number' : 'numbers'}`;
  if (!estimate || estimate.refused) return shape;
  return `${shape}: ${aboutText(estimate.seconds)} to train`;
}
