/**
 * Checks of values from outside that the start of the page can't do without. A check tells whether a value is of a
 * type; everything that comes later is checked with valibot (web/saved), which weighs more than the start can bear.
 */

export type Check<T> = (value: unknown) => value is T;

export const isText: Check<string> = (value) => typeof value === 'string';
export const isFlag: Check<boolean> = (value) => typeof value === 'boolean';

export const isNumber =
  (lo: number, hi: number): Check<number> =>
  (value): value is number =>
    typeof value === 'number' && value >= lo && value <= hi;

export const isCount: Check<number> = (value): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1;

export const oneOf =
  <T extends string>(...words: readonly T[]): Check<T> =>
  (value): value is T =>
    words.includes(value as T);

/** The own fields of an object, of a value that is none nothing. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
