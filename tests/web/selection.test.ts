import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowBits } from '../../web/protocol/messages.ts';
import {
  allBits,
  bitsOfRows,
  bitsOfRuns,
  combine,
  combineMakers,
  countBits,
  countCombined,
  countRuns,
  countSentence,
  DEEPEST,
  describeMaker,
  emptyBits,
  hasRow,
  inverseMaker,
  invert,
  naturalShare,
  rowsOf,
  runsOf,
  sameBits,
  trainedCounts,
} from '../../web/state/selection.ts';
import type { Maker, SelectionOp } from '../../web/state/store.ts';
import { column, tableState } from './view-fixture.ts';

const OPS: SelectionOp[] = ['replace', 'add', 'subtract', 'intersect'];

/** A table's number of rows and two sets of them, as the slow obvious thing. */
const twoSets = fc.integer({ min: 1, max: 140 }).chain((rows) => {
  const ids = fc.uniqueArray(fc.integer({ min: 0, max: rows - 1 }), { maxLength: rows });
  return fc.record({ rows: fc.constant(rows), a: ids, b: ids });
});

function ascending(rows: Iterable<number>): number[] {
  return [...rows].sort((x, y) => x - y);
}

function expected(a: number[], b: number[], op: SelectionOp): number[] {
  if (op === 'replace') return ascending(b);
  if (op === 'add') return ascending(new Set([...a, ...b]));
  return ascending(a.filter((row) => b.includes(row) === (op === 'intersect')));
}

/** Rows read bit by bit, straight from what the protocol says about the layout. */
function readBits(bits: RowBits, rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => row).filter(
    (row) => ((bits[row >> 5] ?? 0) & (1 << (row & 31))) !== 0,
  );
}

describe('sets of rows', () => {
  it('combine as sets do', () => {
    fc.assert(
      fc.property(twoSets, fc.constantFrom(...OPS), ({ rows, a, b }, op) => {
        const [left, right] = [bitsOfRows(a, rows), bitsOfRows(b, rows)];
        const copy = left.slice();
        const result = combine(left, right, op);
        expect(readBits(result, rows)).toEqual(expected(a, b, op));
        expect([...rowsOf(result)]).toEqual(expected(a, b, op));
        expect(countBits(result)).toBe(expected(a, b, op).length);
        expect(countCombined(left, right, op)).toBe(expected(a, b, op).length);
        expect(readBits(combine(null, right, op), rows)).toEqual(expected([], b, op));
        expect(left).toEqual(copy);
      }),
    );
  });

  it('invert to every other row and none past the last', () => {
    fc.assert(
      fc.property(twoSets, ({ rows, a }) => {
        const other = invert(bitsOfRows(a, rows), rows);
        const rest = Array.from({ length: rows }, (_, row) => row).filter((row) => !a.includes(row));
        expect([...rowsOf(other)]).toEqual(rest);
        expect(other).toHaveLength(Math.ceil(rows / 32));
        expect(sameBits(invert(other, rows), bitsOfRows(a, rows))).toBe(true);
      }),
    );
    for (const rows of [0, 1, 31, 32, 33, 64]) expect(countBits(allBits(rows))).toBe(rows);
  });

  it('survive being told as runs, which are as few as they can be', () => {
    fc.assert(
      fc.property(twoSets, ({ rows, a }) => {
        const bits = bitsOfRows(a, rows);
        const runs = runsOf(bits);
        expect(bitsOfRuns(runs, rows)).toEqual(bits);
        const starts = a.filter((row) => !a.includes(row - 1)).length;
        expect(runs).toHaveLength(2 * starts);
        expect(countRuns(bits)).toBe(starts);
      }),
    );
    expect(runsOf(bitsOfRows([3, 4, 9], 10))).toEqual([3, 2, 9, 1]);
    for (const rows of [31, 32, 64, 65]) expect(runsOf(allBits(rows))).toEqual([0, rows]);
    expect([runsOf(null), countRuns(null)]).toEqual([[], 0]);
  });

  it('take only rows that are there', () => {
    expect([...rowsOf(bitsOfRows([-1, 0, 1.5, 9, 10, Number.NaN], 10))]).toEqual([0, 9]);
    expect([...rowsOf(bitsOfRuns([-2, 3, 8, 99], 10))]).toEqual([0, 8, 9]);
    expect(hasRow(null, 3)).toBe(false);
    expect(hasRow(bitsOfRows([31, 32], 40), 31)).toBe(true);
    expect(hasRow(bitsOfRows([31, 32], 40), 99)).toBe(false);
  });

  it('are the same by their rows alone', () => {
    expect(sameBits(null, emptyBits(40))).toBe(true);
    expect(sameBits(bitsOfRows([39], 40), null)).toBe(false);
    expect(sameBits(bitsOfRows([1], 40), bitsOfRows([1], 10))).toBe(true);
  });

  it('know the share of the loss that is theirs by nature: of the rows that are trained on', () => {
    const [selected, heldout] = [bitsOfRows([0, 1, 2, 3], 20), bitsOfRows([3, 4, 5, 6, 7], 20)];
    expect(trainedCounts(selected, heldout, 20)).toEqual({ selected: 3, rest: 12 });
    expect(naturalShare(selected, heldout, 20)).toBe(0.2);
    expect(naturalShare(selected, null, 20)).toBe(0.2);
    expect(naturalShare(null, heldout, 20)).toBe(0);
    expect(naturalShare(bitsOfRows([0], 1), bitsOfRows([0], 1), 1)).toBe(0);
  });
});

/* ---- makers ---------------------------------------------------------------------------------------------- */

const TABLE = tableState(10_000, [
  column('digit', { kind: 'category' }),
  column('height'),
  column('', { kind: 'text' }),
]);

function words(maker: Maker): string {
  return describeMaker(maker, TABLE, 10_000);
}

const EIGHT: Maker = { kind: 'class', column: 0, classes: ['8'] };
const LASSO: Maker = { kind: 'polygon', points: [0, 0, 1, 0, 1, 1], step: 940, epoch: 12, axes: [0, 1] };

function clicked(...rows: number[]): Maker {
  return { kind: 'rows', rows: runsOf(bitsOfRows(rows, 10_000)), clicked: true };
}

describe('what made a selection, in words', () => {
  it.each<[Maker, string]>([
    [{ kind: 'none' }, 'no rows'],
    [{ kind: 'all' }, 'all rows'],
    [EIGHT, 'digit 8'],
    [{ kind: 'class', column: 0, classes: ['8', '9'] }, 'digit 8 or 9'],
    [{ kind: 'class', column: 0, classes: ['1', '2', '3', '4', '5'] }, 'digit 1, 2, 3 or 2 more'],
    [{ kind: 'class', column: 0, classes: ['8'], missing: true }, 'digit 8 or missing'],
    [{ kind: 'class', column: 0, classes: [], missing: true }, 'digit missing'],
    [{ kind: 'class', column: 0, classes: ['8'], except: true }, 'digit other than 8'],
    [{ kind: 'class', column: 0, classes: [], except: true }, 'digit with a value'],
    [{ kind: 'class', column: 0, classes: [''] }, 'digit (empty)'],
    [{ kind: 'random', n: 1000, seed: 3 }, '1,000 at random, seed 3'],
    [{ kind: 'random', n: 10_000, seed: 3 }, 'all rows'],
    [{ kind: 'range', column: 1, lo: 1.2, hi: 3 }, 'height 1.2 to 3'],
    [{ kind: 'range', column: 1, lo: null, hi: -3 }, 'height up to −3'],
    [{ kind: 'range', column: 1, lo: 1.2, hi: null }, 'height from 1.2'],
    [{ kind: 'range', column: 1, lo: null, hi: null }, 'height with a value'],
    [{ kind: 'search', text: 'Abc', column: 2 }, '“Abc” in column 3'],
    [{ kind: 'search', text: 'Abc', column: null }, '“Abc” in any column'],
    [LASSO, 'lasso at epoch 12'],
    [{ ...LASSO, kind: 'box', epoch: 0 }, 'box before training'],
    [{ ...LASSO, kind: 'brush', radius: 0.1 }, 'brush at epoch 12'],
    [
      { kind: 'values', of: 'error', lo: 0.05, hi: null, step: 940, epoch: 12 },
      'error from 0.05 at epoch 12',
    ],
    [
      { kind: 'values', of: 'change', lo: -0.5, hi: 0, step: 940, epoch: 12 },
      'change of error −0.5 to 0 at epoch 12',
    ],
    [clicked(4), 'row 5'],
    [clicked(4, 7, 8), '3 clicked rows'],
    [{ kind: 'rows', rows: [0, 1200] }, '1,200 rows'],
    [{ kind: 'not', of: EIGHT }, 'all but digit 8'],
    [
      { kind: 'both', op: 'subtract', first: EIGHT, second: clicked(1, 2, 3) },
      'digit 8 without 3 clicked rows',
    ],
    [{ kind: 'both', op: 'intersect', first: LASSO, second: EIGHT }, 'lasso at epoch 12 within digit 8'],
    [
      { kind: 'both', op: 'add', first: { kind: 'not', of: EIGHT }, second: LASSO },
      '(all but digit 8) and lasso at epoch 12',
    ],
    [
      { kind: 'not', of: { kind: 'both', op: 'add', first: EIGHT, second: LASSO } },
      'all but (digit 8 and lasso at epoch 12)',
    ],
  ])('%j', (maker, sentence) => {
    expect(words(maker)).toBe(sentence);
  });

  it('are short however long the names in the data are', () => {
    const long = 'x'.repeat(1e6);
    const maker: Maker = { kind: 'class', column: 0, classes: [long, long, long, long] };
    expect(words(maker).length).toBeLessThan(150);
    expect(words({ kind: 'search', text: '🦜'.repeat(500), column: null })).toBe(
      `“${'🦜'.repeat(40)}…” in any column`,
    );
  });

  it('count what is selected, and what of it is hidden', () => {
    expect(countSentence(412, 10_000)).toBe('412 of 10,000 selected');
    expect(countSentence(412, 10_000, 30)).toBe('412 of 10,000 selected, 30 hidden');
  });
});

describe('two makers becoming one', () => {
  const some = bitsOfRows([1, 5, 9], 10_000);

  it('are the newcomer alone when it replaces, and nothing where no row is left', () => {
    expect(combineMakers(EIGHT, LASSO, 'replace', some)).toEqual(LASSO);
    expect(combineMakers({ kind: 'none' }, LASSO, 'add', some)).toEqual(LASSO);
    expect(combineMakers(EIGHT, LASSO, 'intersect', emptyBits(10_000))).toEqual({ kind: 'none' });
  });

  it('keep the name of a saved selection', () => {
    const named: Maker = { ...EIGHT, name: 'eights' };
    const nine: Maker = { kind: 'class', column: 0, classes: ['9'] };
    expect(combineMakers(nine, named, 'replace', some)).toEqual(named);
    expect(combineMakers(named, nine, 'add', some)).toEqual({
      kind: 'both',
      op: 'add',
      first: named,
      second: nine,
    });
    expect(describeMaker(combineMakers(nine, named, 'subtract', some), null, 10)).toMatch(/ without eights$/);
    const compound: Maker = { kind: 'not', of: LASSO, name: 'x'.repeat(50) };
    const words = describeMaker({ kind: 'not', of: compound }, null, 10);
    expect(words).toBe(`all but ${'x'.repeat(40)}…`);
  });

  it('stay one where all rows or classes of one column meet', () => {
    const all: Maker = { kind: 'all' };
    expect(combineMakers(all, EIGHT, 'subtract', some)).toEqual({ kind: 'not', of: EIGHT });
    expect(combineMakers(all, EIGHT, 'add', some)).toEqual(all);
    expect(combineMakers(all, EIGHT, 'intersect', some)).toEqual(EIGHT);
    expect(combineMakers(EIGHT, all, 'intersect', some)).toEqual(EIGHT);
    const nine: Maker = { kind: 'class', column: 0, classes: ['9'], missing: true };
    const both = combineMakers(EIGHT, nine, 'add', some);
    expect(both).toEqual({ kind: 'class', column: 0, classes: ['8', '9'], missing: true });
    expect(combineMakers(both, nine, 'subtract', some)).toEqual(EIGHT);
    expect(combineMakers(both, EIGHT, 'intersect', some)).toEqual(EIGHT);
  });

  it('gather clicked rows', () => {
    const two = combineMakers(clicked(1), clicked(5), 'add', bitsOfRows([1, 5], 10_000));
    expect(two).toEqual(clicked(1, 5));
    const without = combineMakers(EIGHT, clicked(5), 'subtract', some);
    expect(combineMakers(without, clicked(1), 'subtract', some)).toEqual({
      kind: 'both',
      op: 'subtract',
      first: EIGHT,
      second: clicked(1, 5),
    });
  });

  it('become rows once shapes are longer to tell, but a class stays named', () => {
    const long: Maker = { ...LASSO, points: Array.from({ length: 600 }, (_, i) => i) };
    expect(combineMakers(long, LASSO, 'add', some)).toEqual({ kind: 'rows', rows: [1, 1, 5, 1, 9, 1] });
    expect(combineMakers(EIGHT, long, 'add', some)).toMatchObject({ kind: 'both', first: EIGHT });
  });

  it('make, done again, the rows that were selected, however many have met', () => {
    const rows = 60;
    /* Classes by the tens of the row, so that every maker can be made again here. */
    const part = fc.oneof(
      fc
        .integer({ min: 0, max: 5 })
        .map((ten): Maker => ({ kind: 'class', column: 0, classes: [String(ten)] })),
      fc
        .integer({ min: 0, max: rows - 1 })
        .map((row): Maker => ({ kind: 'rows', rows: [row, 1], clicked: true })),
      fc.constant<Maker>({ kind: 'all' }),
    );
    const step = fc.record({ op: fc.constantFrom(...OPS), maker: part, turned: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        let bits = emptyBits(rows);
        let maker: Maker = { kind: 'none' };
        for (const { op, maker: next, turned } of steps) {
          const result = combine(bits, remake(next, rows), op);
          maker = combineMakers(maker, next, op, result);
          bits = result;
          if (turned) {
            bits = invert(bits, rows);
            maker = inverseMaker(maker);
          }
          expect(readBits(remake(maker, rows), rows)).toEqual(readBits(bits, rows));
          expect(depth(maker)).toBeLessThanOrEqual(DEEPEST + 1);
        }
      }),
    );
  });
});

function depth(maker: Maker): number {
  if (maker.kind === 'not') return 1 + depth(maker.of);
  return maker.kind === 'both' ? 1 + Math.max(depth(maker.first), depth(maker.second)) : 0;
}

function remake(maker: Maker, rows: number): RowBits {
  switch (maker.kind) {
    case 'none':
      return emptyBits(rows);
    case 'all':
      return allBits(rows);
    case 'rows':
      return bitsOfRuns(maker.rows, rows);
    case 'not':
      return invert(remake(maker.of, rows), rows);
    case 'both':
      return combine(remake(maker.first, rows), remake(maker.second, rows), maker.op);
    case 'class': {
      const ids = Array.from({ length: rows }, (_, row) => row);
      return bitsOfRows(
        ids.filter((row) => maker.classes.includes(String(Math.floor(row / 10)))),
        rows,
      );
    }
    default:
      throw new Error(`This test makes no ${maker.kind}.`);
  }
}
