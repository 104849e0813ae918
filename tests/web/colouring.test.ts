import { describe, expect, it } from 'vitest';
import { MISSING_INDEX, OTHER_INDEX, paletteColour, SCALE_SIZE } from '../../web/render/palette.ts';
import { FLAG_DIMMED, FLAG_HOLLOW, FLAG_SELECTED } from '../../web/render/props.ts';
import {
  canColour,
  colourColumn,
  colourError,
  colourNone,
  defaultColouring,
  rowFlags,
} from '../../web/state/colouring.ts';
import type { Legend } from '../../web/state/store.ts';
import { column, tableState } from './view-fixture.ts';

function classes(legend: Legend): Extract<Legend, { kind: 'classes' }> {
  if (legend.kind !== 'classes') throw new Error(`The legend shows ${legend.kind}.`);
  return legend;
}

describe('colours of categories', () => {
  const info = column('digit', { kind: 'category' });

  it('gives up to ten classes one colour each, in the order of their names, with their counts', () => {
    const categories = ['10', '2', 'b', 'a'];
    const codes = Uint16Array.of(0, 0, 0, 1, 1, 2, 3, 65535);
    const { index, legend } = colourColumn(info, { kind: 'category', codes, categories });
    const { items, missing, title } = classes(legend);
    expect(title).toBe('digit');
    expect(items).toEqual([
      { name: '2', count: 2, colour: 0 },
      { name: '10', count: 3, colour: 1 },
      { name: 'a', count: 1, colour: 2 },
      { name: 'b', count: 1, colour: 3 },
    ]);
    expect(missing).toBe(1);
    expect([...(index ?? [])]).toEqual([1, 1, 1, 0, 0, 3, 2, MISSING_INDEX]);
  });

  it('uses different colours for different classes', () => {
    const categories = Array.from({ length: 10 }, (_, i) => String(i));
    const codes = Uint16Array.from({ length: 10 }, (_, i) => i);
    const { palette, index } = colourColumn(info, { kind: 'category', codes, categories });
    const shown = new Set([...(index ?? [])].map((entry) => paletteColour(palette, entry)));
    expect(shown.size).toBe(10);
  });

  it('shows the nine largest of more than ten classes and counts the rest as others', () => {
    const categories = Array.from({ length: 12 }, (_, i) => `class ${i}`);
    const counts = categories.map((_, i) => 20 - i);
    const codes = Uint16Array.from(counts.flatMap((count, code) => new Array<number>(count).fill(code)));
    const { index, legend } = colourColumn(info, { kind: 'category', codes, categories });
    const { items } = classes(legend);
    expect(items).toHaveLength(10);
    expect(items.slice(0, 9).map(({ name }) => name)).toEqual(categories.slice(0, 9));
    expect(items[9]).toEqual({ name: '3 other classes', count: 11 + 10 + 9, colour: OTHER_INDEX });
    expect(items.reduce((sum, { count }) => sum + count, 0)).toBe(codes.length);
    expect(index?.filter((entry) => entry === OTHER_INDEX)).toHaveLength(30);
  });

  it('counts values beyond the list of categories as others, not as missing', () => {
    const codes = Uint16Array.of(0, 65534, 65534, 65535);
    const { index, legend } = colourColumn(info, { kind: 'category', codes, categories: ['x'] });
    const { items, missing } = classes(legend);
    expect(items).toEqual([
      { name: 'x', count: 1, colour: 0 },
      { name: 'All other classes', count: 2, colour: OTHER_INDEX },
    ]);
    expect(missing).toBe(1);
    expect([...(index ?? [])]).toEqual([0, OTHER_INDEX, OTHER_INDEX, MISSING_INDEX]);
  });

  it('takes names of the language for ordinary names', () => {
    const categories = ['__proto__', 'constructor', 'toString'];
    const { legend } = colourColumn(info, {
      kind: 'category',
      codes: Uint16Array.of(0, 1, 1, 2),
      categories,
    });
    expect(new Map(classes(legend).items.map(({ name, count }) => [name, count]))).toEqual(
      new Map([
        ['__proto__', 1],
        ['constructor', 2],
        ['toString', 1],
      ]),
    );
  });
});

describe('colours of numbers', () => {
  it('shows few whole numbers as classes in ascending order', () => {
    const values = Float32Array.of(3, 1, 1, 10, Number.NaN);
    const { index, legend } = colourColumn(column('quality', { integer: true }), { kind: 'number', values });
    expect(classes(legend).items).toEqual([
      { name: '1', count: 2, colour: 0 },
      { name: '3', count: 1, colour: 1 },
      { name: '10', count: 1, colour: 2 },
    ]);
    expect([...(index ?? [])]).toEqual([1, 0, 0, 2, MISSING_INDEX]);
  });

  it('shows more than ten whole numbers, and any fractions, as a scale', () => {
    const many = Float32Array.from({ length: 11 }, (_, i) => i);
    expect(colourColumn(column('n', { integer: true }), { kind: 'number', values: many }).legend.kind).toBe(
      'range',
    );
    const halves = Float32Array.of(0.5, 1);
    expect(colourColumn(column('n'), { kind: 'number', values: halves }).legend.kind).toBe('range');
  });

  it('keeps one runaway value from taking all the colours', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => i);
    values[999] = 1e9;
    const { index, legend } = colourColumn(column('x'), { kind: 'number', values });
    if (legend.kind !== 'range') throw new Error('Not a scale.');
    expect(legend.hi).toBeLessThanOrEqual(999);
    expect(index?.[999]).toBe(SCALE_SIZE - 1);
    expect(index?.[500]).toBeGreaterThan(100);
    expect(index?.[500]).toBeLessThan(150);
  });

  it('counts and marks missing values', () => {
    const values = Float32Array.of(0, 1, Number.NaN, Number.NaN);
    const { index, legend } = colourColumn(column('x'), { kind: 'number', values });
    expect(legend).toMatchObject({ kind: 'range', title: 'x', missing: 2 });
    expect([index?.[2], index?.[3]]).toEqual([MISSING_INDEX, MISSING_INDEX]);
  });

  it('gives a column without any value only missing rows', () => {
    const { index } = colourColumn(column('x', { integer: true }), {
      kind: 'number',
      values: new Float32Array(3).fill(Number.NaN),
    });
    expect([...(index ?? [])]).toEqual([MISSING_INDEX, MISSING_INDEX, MISSING_INDEX]);
  });

  it('runs the error from low to high', () => {
    const { index, legend } = colourError(Float32Array.of(0, 1, 2));
    expect(legend).toMatchObject({ kind: 'range', title: 'Reconstruction error' });
    expect([...(index ?? [])]).toEqual([0, 127, SCALE_SIZE - 1]);
  });
});

describe('flags of rows', () => {
  it('draws the highlighted class on top and dims every other', () => {
    const flags = rowFlags(Uint8Array.of(0, 1, 2), null, 1);
    expect([...(flags ?? [])]).toEqual([FLAG_DIMMED, FLAG_SELECTED, FLAG_DIMMED]);
  });

  it('makes held-out rows and rows without a value hollow', () => {
    const flags = rowFlags(Uint8Array.of(0, MISSING_INDEX, 0), Uint8Array.of(0, 0, 1), null);
    expect([...(flags ?? [])]).toEqual([0, FLAG_HOLLOW, FLAG_HOLLOW]);
    expect([...(rowFlags(null, Uint8Array.of(1, 0), null) ?? [])]).toEqual([FLAG_HOLLOW, 0]);
  });

  it('is nothing when no row has a flag', () => {
    expect(rowFlags(Uint8Array.of(0, 1), Uint8Array.of(0, 0), null)).toBeNull();
    expect(rowFlags(colourNone().index, null, null)).toBeNull();
  });
});

describe('what can be coloured by', () => {
  it('is classes, numbers and whatever is the label', () => {
    const columns = [
      column('number'),
      column('category', { kind: 'category' }),
      column('text', { kind: 'text' }),
      column('note', { kind: 'text', role: 'label' }),
      column('nothing', { kind: 'empty' }),
    ];
    const table = tableState(3, columns);
    expect(columns.map((_, i) => canColour(table, i))).toEqual([true, true, false, true, false]);
    expect(canColour(table, 9)).toBe(false);
  });

  it('is the label by default, as the person has set it', () => {
    expect(defaultColouring(tableState(3))).toEqual({ kind: 'column', column: 3 });
    expect(
      defaultColouring(tableState(3, undefined, { roles: ['feature', 'label', 'feature', 'ignored'] })),
    ).toEqual({
      kind: 'column',
      column: 1,
    });
    expect(defaultColouring(tableState(3, [column('x')]))).toEqual({ kind: 'none' });
  });
});
