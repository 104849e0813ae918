/**
 * What the page remembers between visits: how it looks, never what was opened.
 *
 * One value under one versioned key. Storage that is missing, denied or full is the same as empty: reading
 * gives the defaults, writing does nothing. What is read back is checked field by field, since anything that
 * shares the origin can have written it.
 */

import { type Check, fieldsOf, isFlag, isNumber, oneOf } from './checks.ts';

/** A change of shape takes a new number; values under older keys are left alone. */
export const PREFERENCES_KEY = 'unfold.preferences.1';

export interface Preferences {
  theme: 'system' | 'light' | 'dark';
  pointSize: number | null;
  logLoss: boolean;
  shortcuts: boolean;
  shiftTool: 'lasso' | 'box' | 'brush';
  brushRadius: number;
  trails: boolean;
  offline: 'off' | 'auto' | 'all';
  keep: boolean;
}

const checks: { [K in keyof Preferences]: Check<NonNullable<Preferences[K]>> } = {
  theme: oneOf('system', 'light', 'dark'),
  pointSize: isNumber(1, 24),
  logLoss: isFlag,
  shortcuts: isFlag,
  shiftTool: oneOf('lasso', 'box', 'brush'),
  brushRadius: isNumber(4, 200),
  trails: isFlag,
  offline: oneOf('off', 'auto', 'all'),
  keep: isFlag,
};

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

/** What is stored; null where nothing is, or nothing that can be read. */
export function storedPreferences(storage: PreferenceStorage | null): Preferences | null {
  try {
    const text = storage?.getItem(PREFERENCES_KEY);
    if (!text) return null;
    const fields = fieldsOf(JSON.parse(text));
    const good = Object.entries(checks).filter(([name, check]) => check(fields[name]));
    return { ...DEFAULT_PREFERENCES, ...Object.fromEntries(good.map(([name]) => [name, fields[name]])) };
  } catch {
    return null;
  }
}

export function readPreferences(storage: PreferenceStorage | null): Preferences {
  return storedPreferences(storage) ?? DEFAULT_PREFERENCES;
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
