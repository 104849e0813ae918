// Sets of rows as bitmasks, against sets of numbers.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  addRow,
  bitsIn,
  countBits,
  emptyBits,
  hasRow,
  invertBits,
  wordMask,
} from '../../web/protocol/rows.ts';

const tables = fc
  .integer({ min: 1, max: 200 })
  .chain((rows) => fc.tuple(fc.constant(rows), fc.uniqueArray(fc.nat(rows - 1))));

it('hold what was added, count it, and invert without a bit past the last row', () => {
  fc.assert(
    fc.property(tables, ([rows, chosen]) => {
      const bits = emptyBits(rows);
      for (const row of chosen) addRow(bits, row);
      const has = (set: Uint32Array) =>
        Array.from({ length: rows + 70 }, (_, row) => row).filter((row) => hasRow(set, row));
      expect(has(bits)).toEqual([...chosen].sort((a, b) => a - b));
      expect(countBits(bits)).toBe(chosen.length);
      const others = invertBits(bits, rows);
      expect(has(others)).toEqual(
        Array.from({ length: rows }, (_, row) => row).filter((row) => !chosen.includes(row)),
      );
      expect(invertBits(others, rows)).toEqual(bits);
    }),
  );
});

it('take null for the empty set', () => {
  expect([hasRow(null, 0), countBits(null), countBits(invertBits(null, 65))]).toEqual([false, 0, 65]);
});

it('count the bits of any word as its binary text has ones', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (word) => {
      expect(bitsIn(word)).toBe(word.toString(2).replaceAll('0', '').length);
    }),
  );
  expect([0, 1, 2].map((word) => wordMask(word, 40))).toEqual([0xffffffff, 0xff, 0]);
});
