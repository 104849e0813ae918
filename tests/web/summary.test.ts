import { describe, expect, it } from 'vitest';
import { latentRange } from '../../web/state/number-colouring.ts';
import { pixelDomain } from '../../web/state/panel-text.ts';
import { createStore } from '../../web/state/store.ts';
import { formatNumber, mapSummary, rowName } from '../../web/state/summary.ts';
import { column, putMap, putTable, tableState } from './view-fixture.ts';

describe('numbers for people', () => {
  it('have four digits, or end at the unit', () => {
    const written = new Map([
      [0, '0'],
      [0.050912, '0.05091'],
      [-1.5, '−1.5'],
      [999.94, '999.9'],
      [999.96, '1000'],
      [2007, '2007'],
      [-9999.4, '−9999'],
      [9999.6, '10,000'],
      [12345.6, '12,346'],
      [123456789, '123,456,789'],
      [1.2e-7, '1.20e−7'],
      [-4.2e12, '−4.20e+12'],
      [Number.NaN, 'missing'],
      [Number.NEGATIVE_INFINITY, '−∞'],
    ]);
    expect(new Map([...written.keys()].map((value) => [value, formatNumber(value)]))).toEqual(written);
  });

  it('count rows from one', () => {
    expect(rowName(0)).toBe('Row 1');
    expect(rowName(9_999)).toBe('Row 10,000');
  });
});

describe('the summary of a map', () => {
  it('says rows, classes and epoch', () => {
    const store = createStore();
    expect(mapSummary(store.map.value, { kind: 'none' })).toBe('No map yet');
    putTable(store, tableState(10_000));
    putMap(store, 10_000);
    const items = Array.from({ length: 10 }, (_, i) => ({ name: String(i), count: 1000, colour: i }));
    expect(mapSummary(store.map.value, { kind: 'classes', title: 'digit', items, missing: 0 })).toBe(
      '10,000 rows, 10 classes of digit, epoch 1',
    );
    expect(mapSummary(store.map.value, { kind: 'range', title: 'alcohol', lo: 0, hi: 1, missing: 0 })).toBe(
      '10,000 rows, coloured by alcohol, epoch 1',
    );
  });

  it('names few classes with their rows, and counts what is selected and what is hidden (row 71)', () => {
    const store = createStore();
    putTable(store, tableState(120));
    putMap(store, 120);
    const items = ['red', 'green'].map((name, colour) => ({ name, count: 60, colour }));
    const legend = { kind: 'classes', title: 'kind', items, missing: 0 } as const;
    expect(mapSummary(store.map.value, legend, { selected: 12, hidden: 1234 })).toBe(
      '120 rows, coloured by kind: red 60, green 60, 12 selected, 1,234 hidden, epoch 1',
    );
  });
});

describe('ranges', () => {
  it('of a code leave the outermost hundredth out, dimension by dimension', () => {
    const codes = new Float32Array(2 * 1000);
    for (let row = 0; row < 1000; row++) codes.set([row, -row], 2 * row);
    codes[0] = -1e9;
    const { lo, hi } = latentRange(codes, 2);
    expect(lo[0]).toBeGreaterThanOrEqual(0);
    expect(hi[0]).toBeLessThanOrEqual(999);
    expect(hi[0]).toBeGreaterThan(980);
    expect(lo[1]).toBeLessThan(-980);
  });

  it('of pixels are those of all feature columns', () => {
    const columns = [
      column('a', { min: 3, max: 200 }),
      column('b', { min: 0, max: 90 }),
      column('label', { role: 'label', min: -5, max: 999 }),
    ];
    expect(pixelDomain(tableState(4, columns))).toEqual({ lo: 0, hi: 200 });
    expect(pixelDomain(tableState(4, [column('a', { min: 7, max: 7 })]))).toEqual({ lo: 0, hi: 1 });
  });
});
