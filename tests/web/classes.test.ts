import { describe, expect, it } from 'vitest';
import { columnClasses, hasClasses } from '../../web/state/classes.ts';
import { columnInfo } from './session-fixture.ts';

describe('the classes of a column', () => {
  it('are counted, in the order of the list, with what is missing or beyond it', () => {
    const codes = Uint16Array.of(1, 0, 1, 65535, 65534, 1, 65534);
    expect(columnClasses({ kind: 'category', codes, categories: ['a', 'b', 'none'] })).toEqual({
      classes: [
        { name: 'a', count: 1 },
        { name: 'b', count: 3 },
        { name: 'none', count: 0 },
      ],
      missing: 1,
      beyond: 2,
    });
  });

  it('of numbers are the numbers, ascending, written as the worker writes them', () => {
    const values = Float32Array.of(10, 2, Number.NaN, 2, -1);
    expect(columnClasses({ kind: 'number', values })).toEqual({
      classes: [
        { name: '-1', count: 1 },
        { name: '2', count: 2 },
        { name: '10', count: 1 },
      ],
      missing: 1,
      beyond: 0,
    });
  });

  it('are those of categories, and of whole numbers that are not too many', () => {
    expect(hasClasses(columnInfo('kind', { kind: 'category' }))).toBe(true);
    expect(hasClasses(columnInfo('year', { integer: true, distinct: 40 }))).toBe(true);
    expect(hasClasses(columnInfo('weight', { distinct: 40 }))).toBe(false);
    expect(hasClasses(columnInfo('id', { integer: true, distinct: 5000 }))).toBe(false);
    expect(hasClasses(columnInfo('id', { integer: true, distinct: null }))).toBe(false);
    expect(hasClasses(columnInfo('note', { kind: 'text' }))).toBe(false);
  });
});
