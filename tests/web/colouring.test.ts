import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MISSING_INDEX, OTHER_INDEX, paletteColour, SCALE_SIZE } from '../../web/render/palette.ts';
import { FLAG_DIMMED, FLAG_HIDDEN, FLAG_HOLLOW, FLAG_SELECTED } from '../../web/render/props.ts';
import {
  canColour,
  colouringName,
  comparison,
  defaultColouring,
  type FlagSources,
  type RowFlags,
  rowFlags,
} from '../../web/state/colouring.ts';
import { colourChange, colourColumn, colourDrift, colourError } from '../../web/state/number-colouring.ts';
import { bitsOfRows, hasRow } from '../../web/state/selection.ts';
import type { Legend, MapState } from '../../web/state/store.ts';
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

describe('colours of what a retrain changed', () => {
  it('run from what fell to what rose, with zero in the middle, and one runaway row does not wash them out', () => {
    const before = new Float32Array(1000).fill(1);
    const now = before.map((error, row) => error + (row - 500) / 1000);
    now[3] = 1e9;
    const { index, legend } = colourChange(before, now);
    if (legend.kind !== 'range' || !index) throw new Error('Not a scale.');
    expect(legend).toMatchObject({ title: 'Change of error', diverging: true, missing: 0 });
    expect(legend.lo).toBe(-legend.hi);
    expect(legend.hi).toBeGreaterThan(0.4);
    expect(legend.hi).toBeLessThan(0.6);
    const middle = (SCALE_SIZE - 1) / 2;
    expect(Math.abs((index[500] ?? 0) - middle)).toBeLessThanOrEqual(0.5);
    expect(index[200]).toBeLessThan(middle - 50);
    expect(index[800]).toBeGreaterThan(middle + 50);
    expect(index[3]).toBe(SCALE_SIZE - 1);
  });

  it('mark rows that cannot be compared as missing', () => {
    const { index, legend } = colourChange(Float32Array.of(1, Number.NaN), Float32Array.of(2, 2));
    expect(index?.[1]).toBe(MISSING_INDEX);
    expect(legend).toMatchObject({ missing: 1 });
  });

  it('run from rows that stayed to the one that moved furthest', () => {
    const { index, legend } = colourDrift(
      Float32Array.of(0, 0, 1, 1, 0, 0),
      Float32Array.of(0, 0, 4, 5, 0, 2.5),
    );
    expect(legend).toMatchObject({ kind: 'range', title: 'Drift', lo: 0, hi: 5 });
    expect([...(index ?? [])]).toEqual([0, SCALE_SIZE - 1, 127]);
  });

  it('compare only what is of the same rows, and places only of the same dimensions', () => {
    const map: MapState = {
      map: 3,
      table: 1,
      rows: 2,
      version: 1,
      step: 0,
      epoch: 0,
      whole: true,
      axes: [0, 2],
    };
    const before = {
      positions: new Float32Array(4),
      error: new Float32Array(2),
      axes: [0, 2] as [number, number],
    };
    expect(comparison(before, map)).toEqual({ error: before.error, positions: before.positions });
    expect(comparison({ ...before, axes: [0, 1] }, map)).toEqual({ error: before.error, positions: null });
    expect(comparison({ ...before, error: null }, map)).toEqual({ error: null, positions: before.positions });
    expect(comparison(before, { ...map, rows: 3 })).toEqual({ error: null, positions: null });
    expect(comparison(null, map)).toEqual({ error: null, positions: null });
    expect(comparison(before, null)).toEqual({ error: null, positions: null });
  });

  it('have names, for what can be undone', () => {
    const table = tableState(3);
    expect(colouringName({ kind: 'column', column: 3 }, table)).toBe('colour by kind');
    expect(colouringName({ kind: 'change' }, table)).toBe('colour by change of error');
    expect(colouringName({ kind: 'none' }, table)).toBe('one colour');
  });
});

function flagsOf(rows: number, given: Partial<FlagSources>): RowFlags {
  return rowFlags({
    rows,
    index: null,
    heldout: null,
    selected: null,
    dims: true,
    entries: new Set(),
    only: null,
    ...given,
  });
}

describe('flags of rows', () => {
  it('draw what is selected on top and dim every other', () => {
    const { flags } = flagsOf(3, { selected: bitsOfRows([1], 3) });
    expect([...(flags ?? [])]).toEqual([FLAG_DIMMED, FLAG_SELECTED, FLAG_DIMMED]);
    const plain = flagsOf(3, { selected: bitsOfRows([1], 3), dims: false });
    expect([...(plain.flags ?? [])]).toEqual([0, FLAG_SELECTED, 0]);
  });

  it('make held-out rows and rows without a value hollow', () => {
    const index = Uint8Array.of(0, MISSING_INDEX, 0);
    const { flags } = flagsOf(3, { index, heldout: bitsOfRows([2], 3) });
    expect([...(flags ?? [])]).toEqual([0, FLAG_HOLLOW, FLAG_HOLLOW]);
  });

  it('hide entries and what is beside the rows that are kept, and count them', () => {
    const { flags, hidden, selected } = flagsOf(4, {
      index: Uint8Array.of(0, 1, 1, 2),
      entries: new Set([1]),
      only: bitsOfRows([0, 1], 4),
      selected: bitsOfRows([0, 1, 3], 4),
    });
    expect([...(flags ?? [])]).toEqual([
      FLAG_SELECTED,
      FLAG_SELECTED | FLAG_HIDDEN,
      FLAG_DIMMED | FLAG_HIDDEN,
      FLAG_SELECTED | FLAG_HIDDEN,
    ]);
    expect([hidden, selected]).toEqual([3, 2]);
  });

  it('are none when no row has any, or what is given is of other rows', () => {
    expect(flagsOf(2, { index: Uint8Array.of(0, 1), heldout: bitsOfRows([], 2) }).flags).toBeNull();
    expect(flagsOf(2, { index: Uint8Array.of(MISSING_INDEX), entries: new Set([0]) }).flags).toBeNull();
    expect(flagsOf(2, { selected: bitsOfRows([0, 40], 41) }).flags).toBeNull();
    expect(flagsOf(0, {}).flags).toBeNull();
  });

  it('are what each row says of itself, for any rows', () => {
    const some = (rows: number) => fc.uniqueArray(fc.nat(rows - 1), { maxLength: rows });
    const given = fc.integer({ min: 1, max: 100 }).chain((rows) =>
      fc.record({
        rows: fc.constant(rows),
        index: fc.uint8Array({ minLength: rows, maxLength: rows }),
        heldout: fc.option(some(rows)),
        selected: fc.option(some(rows)),
        only: fc.option(some(rows)),
        entries: fc.array(fc.nat(255)),
      }),
    );
    fc.assert(
      fc.property(given, ({ rows, index, entries, ...sets }) => {
        const bits = (ids: number[] | null) => ids && bitsOfRows(ids, rows);
        const [heldout, selected, only] = [bits(sets.heldout), bits(sets.selected), bits(sets.only)];
        const shut = new Set(entries);
        const made = rowFlags({ rows, index, heldout, selected, dims: true, only, entries: shut });
        let hiddenRows = 0;
        let hiddenSelected = 0;
        for (let row = 0; row < rows; row++) {
          const entry = index[row] ?? 0;
          const hidden = shut.has(entry) || (only !== null && !hasRow(only, row));
          const hollow = entry === MISSING_INDEX || hasRow(heldout, row);
          if (hidden) hiddenRows++;
          if (hidden && hasRow(selected, row)) hiddenSelected++;
          expect(made.flags?.[row] ?? 0).toBe(
            (hasRow(selected, row) ? FLAG_SELECTED : selected ? FLAG_DIMMED : 0) +
              (hidden ? FLAG_HIDDEN : 0) +
              (hollow ? FLAG_HOLLOW : 0),
          );
        }
        expect([made.hidden, made.selected]).toEqual([hiddenRows, hiddenSelected]);
      }),
    );
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
