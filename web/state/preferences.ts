/**
 * What the page remembers between visits: how it looks, never what was opened.
 *
 * One value under one versioned key. Storage that is missing, denied or full is the same as empty: reading
 * gives the defaults, writing does nothing. What is read back is checked field by field, since anything that
 * shares the origin can have written it.
 */

import * as v from 'valibot';

/** A change of shape takes a new number; values under older keys are left alone. */
export const PREFERENCES_KEY = 'unfold.preferences.1';

const schema = v.object({
  theme: v.fallback(v.picklist(['system', 'light', 'dark']), 'system'),
  pointSize: v.fallback(v.nullable(v.pipe(v.number(), v.minValue(1), v.maxValue(24))), null),
  logLoss: v.fallback(v.boolean(), false),
  shortcuts: v.fallback(v.boolean(), true),
  shiftTool: v.fallback(v.picklist(['lasso', 'box', 'brush']), 'lasso'),
  brushRadius: v.fallback(v.pipe(v.number(), v.minValue(4), v.maxValue(200)), 24),
  trails: v.fallback(v.boolean(), true),
  offline: v.fallback(v.picklist(['off', 'auto', 'all']), 'auto'),
  keep: v.fallback(v.boolean(), true),
});

export type Preferences = v.InferOutput<typeof schema>;

export const DEFAULT_PREFERENCES: Preferences = {
  theme: 'system',
  pointSize: null, // follows the number of rows
  logLoss: false,
  shortcuts: true,
  shiftTool: 'lasso',
  brushRadius: 24,
  trails: true,
  offline: 'auto',
  keep: true, // work on this device
};

/** The part of `Storage` that is used. */
export type PreferenceStorage = Pick<Storage, 'getItem' | 'setItem'>;

/** The browser's storage, or null where even looking at it is refused. */
export function localPreferences(): PreferenceStorage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

export function readPreferences(storage: PreferenceStorage | null): Preferences {
  try {
    const text = storage?.getItem(PREFERENCES_KEY);
    const parsed = v.safeParse(schema, text ? JSON.parse(text) : {});
    return parsed.success ? parsed.output : DEFAULT_PREFERENCES;
  } catch {
    return DEFAULT_PREFERENCES;
  }
}

/** True when the value can be read back afterwards. */
export function writePreferences(storage: PreferenceStorage | null, preferences: Preferences): boolean {
  try {
    const text = JSON.stringify(preferences);
    storage?.setItem(PREFERENCES_KEY, text);
    return storage?.getItem(PREFERENCES_KEY) === text;
  } catch {
    return false;
  }
}
