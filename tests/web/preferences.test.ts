import { describe, expect, it } from 'vitest';
import {
  DEFAULT_PREFERENCES,
  PREFERENCES_KEY,
  type Preferences,
  readPreferences,
  writePreferences,
} from '../../web/state/preferences.ts';
import { MemoryStorage } from './session-fixture.ts';

function stored(text: string): MemoryStorage {
  const storage = new MemoryStorage();
  storage.setItem(PREFERENCES_KEY, text);
  return storage;
}

describe('preferences', () => {
  it('come back as they were written', () => {
    const storage = new MemoryStorage();
    const chosen: Preferences = {
      theme: 'dark',
      pointSize: 7.5,
      logLoss: true,
      shortcuts: false,
      shiftTool: 'brush',
      brushRadius: 40,
      trails: false,
      offline: 'off',
      keep: false,
    };
    expect(writePreferences(storage, chosen)).toBe(true);
    expect(readPreferences(storage)).toEqual(chosen);
  });

  it.each([
    ['nothing', new MemoryStorage()],
    ['what is not JSON', stored('{"theme":')],
    ['a list', stored('[1]')],
    ['null', stored('null')],
    ['a number', stored('3')],
  ])('are the defaults after %s', (_, storage) => {
    expect(readPreferences(storage)).toEqual(DEFAULT_PREFERENCES);
  });

  it('keep the good fields beside bad ones', () => {
    const storage = stored(
      '{"theme":"pink","pointSize":1e9,"logLoss":true,"shortcuts":"yes","shiftTool":"pan","brushRadius":0,"__proto__":{"x":1}}',
    );
    expect(readPreferences(storage)).toEqual({ ...DEFAULT_PREFERENCES, logLoss: true });
    expect('x' in {}).toBe(false);
  });

  it('live without storage, and with one that throws (RELIABILITY 73, 74)', () => {
    expect(readPreferences(null)).toEqual(DEFAULT_PREFERENCES);
    expect(writePreferences(null, DEFAULT_PREFERENCES)).toBe(false);
    const denied = {
      getItem(): string | null {
        throw new DOMException('denied', 'SecurityError');
      },
      setItem(): void {
        throw new DOMException('full', 'QuotaExceededError');
      },
    };
    expect(readPreferences(denied)).toEqual(DEFAULT_PREFERENCES);
    expect(writePreferences(denied, DEFAULT_PREFERENCES)).toBe(false);
  });

  it('know when a write did not last', () => {
    expect(writePreferences({ getItem: () => null, setItem: () => undefined }, DEFAULT_PREFERENCES)).toBe(
      false,
    );
  });
});
