import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangeBetween, rowsInRange, selectedEntries, typedRange } from '../../web/state/legend-select.ts';
import { bitsOfRows, rowsOf } from '../../web/state/selection.ts';

const entries = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 200 });

describe('selected rows of each entry', () => {
  it('are counted as one by one', () => {
    fc.assert(
      fc.property(entries, fc.array(fc.nat(199)), (index, chosen) => {
        const rows = chosen.filter((row) => row < index.length);
        const counts = selectedEntries(Uint8Array.from(index), bitsOfRows(rows, index.length));
        for (let entry = 0; entry < 256; entry++) {
          expect(counts[entry]).toBe([...new Set(rows)].filter((row) => index[row] === entry).length);
        }
      }),
    );
  });

  it('are none without colours or a selection', () => {
    expect(selectedEntries(null, Uint32Array.of(7)).every((count) => count === 0)).toBe(true);
    expect(selectedEntries(Uint8Array.of(1, 2), null).every((count) => count === 0)).toBe(true);
  });
});

describe('rows in a range', () => {
  it('include both ends, leave open what has none, and never a missing value', () => {
    const values = Float32Array.of(1, 2, Number.NaN, 3, Number.POSITIVE_INFINITY, -5);
    const rows = (lo: number | null, hi: number | null): number[] => [
      ...rowsOf(rowsInRange(values, { lo, hi })),
    ];
    expect(rows(2, 3)).toEqual([1, 3]);
    expect(rows(null, 1)).toEqual([0, 5]);
    expect(rows(3, null)).toEqual([3, 4]);
    expect(rows(null, null)).toEqual([0, 1, 3, 4, 5]);
  });
});

describe('a typed range', () => {
  it('takes numbers and empty ends, in order', () => {
    expect(typedRange(' 0.5', '1e2')).toEqual({ ok: true, lo: 0.5, hi: 100 });
    expect(typedRange('', '−3')).toEqual({ ok: true, lo: null, hi: -3 });
    expect(typedRange('2', '2')).toMatchObject({ ok: true });
    expect(typedRange('2', '1')).toMatchObject({ ok: false, error: expect.stringContaining('ends before') });
    expect(typedRange('two', '')).toMatchObject({ ok: false });
    expect(typedRange('', '1,000')).toMatchObject({ ok: false });
  });
});

describe('a part of a scale', () => {
  it('is given in round numbers, either way round, and is open at the ends of the scale', () => {
    const scale = { lo: 0, hi: 10 };
    expect(rangeBetween(0.25, 0.5049, scale)).toEqual({ lo: 2.5, hi: 5.05 });
    expect(rangeBetween(0.5, 0.25, scale)).toEqual({ lo: 2.5, hi: 5 });
    expect(rangeBetween(0, 1, scale)).toEqual({ lo: null, hi: null });
    expect(rangeBetween(0.3, 1, { lo: -2e-7, hi: 2e-7 })).toEqual({ lo: -8e-8, hi: null });
  });

  it('is never further from where it was dragged than can be seen', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (t, lo, span) => {
          const { lo: at } = rangeBetween(t, 1, { lo, hi: lo + span });
          expect(Math.abs((at ?? Number.NaN) - (lo + t * span))).toBeLessThanOrEqual(span / 390);
        },
      ),
    );
  });

  it('is the whole of a scale without extent', () => {
    expect(rangeBetween(0, 1, { lo: 3, hi: 3 })).toEqual({ lo: null, hi: null });
  });
});
