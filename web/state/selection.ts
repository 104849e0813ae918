/**
 * Selections as values: sets of rows as bitmasks, and what made them.
 *
 * A set is a Uint32Array of ceil(rows / 32) words: bit (row & 31) of word (row >> 5), rows counted from 0, the
 * bits past the last row 0. Sets are never changed in place: every function returns a new one, so that the undo
 * list may keep the old. Two sets that meet are of the same table; words that one of them lacks count as 0.
 *
 * A maker is told to the person ("digit 8 without 3 clicked rows") and kept with what was done to the model; the
 * rows themselves are the bitmask. Text from the data is cut here but not made safe to show: whoever shows a
 * description passes it through `visibleText`.
 */

import type { Criterion, RowBits } from '../protocol/messages.ts';
import { addRow, bitsIn, countBits, emptyBits, hasRow, invertBits as invert } from '../protocol/rows.ts';
import type { Maker, SelectionOp, TableState } from './store.ts';
import { formatCount, formatNumber, rowName, rowsText } from './summary.ts';

/** Makers nested deeper are told as rows. */
export const DEEPEST = 6;
/** Characters of one name from the data in a description. */
const NAME_LENGTH = 40;
/** Classes that are named; of more, the rest are counted. */
const MOST_NAMED = 3;

type Classes = Extract<Criterion, { kind: 'class' }>;
type Rows = Extract<Maker, { kind: 'rows' }>;

/* ---- sets of rows ---------------------------------------------------------------------------------------- */

export { countBits, emptyBits, hasRow, invert };

/** Every row of `rows`. */
export function allBits(rows: number): RowBits {
  return invert(null, rows);
}

/** One word of two sets by an operation. */
function combineWord(a: number, b: number, op: SelectionOp): number {
  if (op === 'add') return a | b;
  if (op === 'subtract') return a & ~b;
  return op === 'intersect' ? a & b : b;
}

/** What is selected after `b` came to `a`; null is the empty set. */
export function combine(a: RowBits | null, b: RowBits, op: SelectionOp): RowBits {
  const out = new Uint32Array(b.length);
  for (let word = 0; word < out.length; word++) out[word] = combineWord(a?.[word] ?? 0, b[word] ?? 0, op);
  return out;
}

/** Number of rows that `combine` would give. */
export function countCombined(a: RowBits | null, b: RowBits, op: SelectionOp): number {
  return countBits(combine(a, b, op));
}

/** The rows of the set, ascending. */
export function rowsOf(bits: RowBits | null): Uint32Array {
  const rows = new Uint32Array(countBits(bits));
  let at = 0;
  for (let word = 0; bits && word < bits.length; word++) {
    for (let left = bits[word] ?? 0; left !== 0; left &= left - 1) {
      rows[at] = 32 * word + 31 - Math.clz32(left & -left);
      at++;
    }
  }
  return rows;
}

/** The set of the given rows; those that are not among `rows` are passed over. */
export function bitsOfRows(ids: ArrayLike<number>, rows: number): RowBits {
  const bits = emptyBits(rows);
  for (let i = 0; i < ids.length; i++) {
    const row = ids[i] ?? -1;
    if (Number.isInteger(row) && row >= 0 && row < rows) addRow(bits, row);
  }
  return bits;
}

export function sameBits(a: RowBits | null, b: RowBits | null): boolean {
  const [long, short] = (a?.length ?? 0) >= (b?.length ?? 0) ? [a, b] : [b, a];
  return !long || long.every((word, i) => word === (short?.[i] ?? 0));
}

/** How many runs of neighbours the set has; microseconds for a million rows. */
export function countRuns(bits: RowBits | null): number {
  let runs = 0;
  let carry = 0; // whether the last row of the word before is in the set
  for (let word = 0; bits && word < bits.length; word++) {
    const v = bits[word] ?? 0;
    runs += bitsIn(v & ~((v << 1) | carry));
    carry = v >>> 31;
  }
  return runs;
}

/** The set as first row and count of each run of neighbours, ascending: [3, 2, 9, 1] is rows 3, 4 and 9. */
export function runsOf(bits: RowBits | null): number[] {
  const runs = new Array<number>(2 * countRuns(bits));
  let at = 0;
  let first = -1; // of the run that has begun
  for (let word = 0; bits && word < bits.length; word++) {
    const v = bits[word] ?? 0;
    const carry = first >= 0 ? 1 : 0;
    /* Where a row differs from the one before it, a run begins or ends. */
    for (let left = v ^ ((v << 1) | carry); left !== 0; left &= left - 1) {
      const row = 32 * word + 31 - Math.clz32(left & -left);
      if (first < 0) {
        first = row;
      } else {
        runs[at++] = first;
        runs[at++] = row - first;
        first = -1;
      }
    }
  }
  if (first >= 0 && bits) {
    runs[at++] = first;
    runs[at] = 32 * bits.length - first;
  }
  return runs;
}

/** The set of `runsOf`; what lies outside of `rows` is passed over. */
export function bitsOfRuns(runs: readonly number[], rows: number): RowBits {
  const bits = emptyBits(rows);
  for (let i = 0; i + 1 < runs.length; i += 2) {
    const first = Math.max(0, runs[i] ?? 0);
    const end = Math.min(rows, (runs[i] ?? 0) + (runs[i + 1] ?? 0));
    for (let row = first; row < end; row++) addRow(bits, row);
  }
  return bits;
}

/** Rows that training visits, of the selection and beside it: those that are not held out. */
export function trainedCounts(
  selected: RowBits | null,
  heldout: RowBits | null,
  rows: number,
): { selected: number; rest: number } {
  const of = selected
    ? countCombined(heldout, selected, 'replace') - countCombined(heldout, selected, 'intersect')
    : 0;
  return { selected: of, rest: rows - countBits(heldout) - of };
}

/** The share of the loss that a selection has when nothing is done about it: s / n of the rows trained on. */
export function naturalShare(selected: RowBits | null, heldout: RowBits | null, rows: number): number {
  const { selected: s, rest } = trainedCounts(selected, heldout, rows);
  return s + rest > 0 ? s / (s + rest) : 0;
}

/* ---- putting two together -------------------------------------------------------------------------------- */

/**
 * The maker of `result`, the rows that `op` made of `a`'s and `b`'s. Classes of one column stay one maker, and so
 * do clicked rows; what is nested deeper than `DEEPEST`, or drawn and longer to tell than its rows, becomes rows.
 */
export function combineMakers(a: Maker, b: Maker, op: SelectionOp, result: RowBits): Maker {
  const count = countBits(result);
  if (count === 0) return { kind: 'none' };
  if (op === 'replace') return b;
  if (b.kind === 'none' || (b.kind === 'all' && op === 'intersect')) return a;
  if (a.kind === 'none' || (b.kind === 'all' && op === 'add')) return b;
  if (a.kind === 'all') return op === 'add' ? a : op === 'intersect' ? b : inverseMaker(b);
  /* What has a name is told by it. */
  const named = a.name !== undefined || b.name !== undefined;
  const merged = named ? null : (mergeClasses(a, b, op) ?? mergeRows(a, b, op, result));
  if (merged) return merged;
  const both: Maker = { kind: 'both', op, first: a, second: b };
  if (depth(both) > DEEPEST) return { kind: 'rows', rows: runsOf(result) };
  const drawn = drawnNumbers(both);
  if (drawn === null) return both;
  return 2 * countRuns(result) < drawn ? { kind: 'rows', rows: runsOf(result) } : both;
}

/** The maker of all other rows. */
export function inverseMaker(maker: Maker): Maker {
  if (maker.kind === 'none') return { kind: 'all' };
  if (maker.kind === 'all') return { kind: 'none' };
  return maker.kind === 'not' ? maker.of : { kind: 'not', of: maker };
}

function mergeClasses(a: Maker, b: Maker, op: SelectionOp): Maker | null {
  if (a.kind !== 'class' || b.kind !== 'class' || a.column !== b.column || a.except || b.except) return null;
  const named = new Set(b.classes);
  const classes =
    op === 'add'
      ? [...new Set([...a.classes, ...b.classes])]
      : a.classes.filter((name) => named.has(name) === (op === 'intersect'));
  const [left = false, right = false] = [a.missing, b.missing];
  const missing = op === 'add' ? left || right : op === 'intersect' ? left && right : left && !right;
  return { kind: 'class', column: a.column, classes, ...(missing ? { missing } : {}) };
}

/** Clicked rows beside clicked rows, also when those were last added to, or taken from, something else. */
function mergeRows(a: Maker, b: Maker, op: SelectionOp, result: RowBits): Maker | null {
  if (b.kind !== 'rows') return null;
  if (a.kind === 'rows') {
    const clicked = a.clicked && b.clicked;
    return { kind: 'rows', rows: runsOf(result), ...(clicked ? { clicked } : {}) };
  }
  if (a.kind !== 'both' || a.op !== op || a.second.kind !== 'rows' || op === 'intersect') return null;
  return { ...a, second: union(a.second, b) };
}

function union(a: Rows, b: Rows): Rows {
  const rows = Math.max(endOf(a.rows), endOf(b.rows));
  const bits = bitsOfRuns(a.rows, rows);
  for (const [word, more] of bitsOfRuns(b.rows, rows).entries()) bits[word] = (bits[word] ?? 0) | more;
  const clicked = a.clicked && b.clicked;
  return { kind: 'rows', rows: runsOf(bits), ...(clicked ? { clicked } : {}) };
}

/** One past the last row of runs. */
function endOf(runs: readonly number[]): number {
  return (runs.at(-2) ?? 0) + (runs.at(-1) ?? 0);
}

function depth(maker: Maker): number {
  if (maker.kind === 'not') return 1 + depth(maker.of);
  return maker.kind === 'both' ? 1 + Math.max(depth(maker.first), depth(maker.second)) : 0;
}

/** Numbers that it takes to tell shapes and rows; null when words tell a part of it. */
function drawnNumbers(maker: Maker): number | null {
  if (maker.name !== undefined) return null;
  switch (maker.kind) {
    case 'rows':
      return maker.rows.length;
    case 'polygon':
    case 'box':
    case 'brush':
      return maker.points.length;
    case 'not':
      return drawnNumbers(maker.of);
    case 'both': {
      const [first, second] = [drawnNumbers(maker.first), drawnNumbers(maker.second)];
      return first === null || second === null ? null : first + second;
    }
    default:
      return null;
  }
}

/* ---- in words -------------------------------------------------------------------------------------------- */

/** How much is selected: "412 of 10,000 selected, 30 hidden". `hidden`: of the selected rows. */
export function countSentence(selected: number, rows: number, hidden = 0): string {
  const text = `${formatCount(selected)} of ${formatCount(rows)} selected`;
  return hidden > 0 ? `${text}, ${formatCount(hidden)} hidden` : text;
}

/**
 * What made a selection, in a few words that go on in a sentence; of a saved one its name: "digit 8", "1,000 at random, seed 3", "lasso at
 * epoch 12". `rows`: of the table.
 */
export function describeMaker(maker: Maker, table: TableState | null, rows: number): string {
  const inner = (part: Maker): string => {
    const words = describeMaker(part, table, rows);
    const compound = part.kind === 'both' || part.kind === 'not';
    return compound && part.name === undefined ? `(${words})` : words;
  };
  if (maker.name !== undefined) return cut(maker.name);
  switch (maker.kind) {
    case 'none':
      return 'no rows';
    case 'all':
      return 'all rows';
    case 'polygon':
      return `lasso ${epochWords(maker.epoch)}`;
    case 'box':
    case 'brush':
      return `${maker.kind} ${epochWords(maker.epoch)}`;
    case 'rows':
      return rowsWords(maker);
    case 'values': {
      const name = { error: 'error', change: 'change of error', drift: 'drift' }[maker.of];
      return `${rangeWords(name, maker)} ${epochWords(maker.epoch)}`;
    }
    case 'not':
      return `all but ${inner(maker.of)}`;
    case 'both': {
      const words = { add: 'and', subtract: 'without', intersect: 'within' }[maker.op];
      /* "A without B and C" is read from the left, as it is meant. */
      const first =
        maker.first.kind === 'both' ? describeMaker(maker.first, table, rows) : inner(maker.first);
      return `${first} ${words} ${inner(maker.second)}`;
    }
    default:
      return describeCriterion(maker, table, rows);
  }
}

function describeCriterion(by: Criterion, table: TableState | null, rows: number): string {
  if (by.kind === 'random') {
    return by.n >= rows ? 'all rows' : `${formatCount(by.n)} at random, seed ${by.seed}`;
  }
  const name = by.column === null ? 'any column' : columnName(table, by.column);
  if (by.kind === 'class') return classWords(by, name);
  if (by.kind === 'search') return `“${cut(by.text)}” in ${name}`;
  return rangeWords(name, by);
}

function rangeWords(name: string, { lo, hi }: { lo: number | null; hi: number | null }): string {
  if (lo === null) return hi === null ? `${name} with a value` : `${name} up to ${formatNumber(hi)}`;
  return hi === null
    ? `${name} from ${formatNumber(lo)}`
    : `${name} ${formatNumber(lo)} to ${formatNumber(hi)}`;
}

function classWords(by: Classes, column: string): string {
  const named = by.classes.slice(0, MOST_NAMED).map((name) => (name === '' ? '(empty)' : cut(name)));
  const more = by.classes.length - named.length;
  const list = more > 0 ? [...named, `${formatCount(more)} more`] : named;
  const classes = by.except && list.length > 0 ? `other than ${either(list)}` : either(list);
  if (!by.missing) return by.except && list.length === 0 ? `${column} with a value` : `${column} ${classes}`;
  if (by.except && list.length === 0) return 'all rows';
  return list.length === 0 ? `${column} missing` : `${column} ${classes} or missing`;
}

/** "1", "1 or 2", "1, 2 or 3". */
function either(list: readonly string[]): string {
  return list.length < 2 ? (list[0] ?? '') : `${list.slice(0, -1).join(', ')} or ${list.at(-1)}`;
}

function rowsWords({ rows, clicked }: Rows): string {
  let count = 0;
  for (let i = 1; i < rows.length; i += 2) count += rows[i] ?? 0;
  if (count === 1) return rowName(rows[0] ?? 0).toLowerCase();
  return clicked ? `${formatCount(count)} clicked rows` : rowsText(count);
}

function epochWords(epoch: number): string {
  return epoch === 0 ? 'before training' : `at epoch ${formatCount(epoch)}`;
}

/** The name of a column, cut; of one without a name its place. */
export function columnName(table: TableState | null, column: number): string {
  const name = table?.info.columns[column]?.name;
  return name === undefined || name === '' ? `column ${column + 1}` : cut(name);
}

/** A name from the data, not longer than a line can bear. */
export function cut(name: string): string {
  const characters = Array.from(name.slice(0, 2 * NAME_LENGTH + 2));
  return characters.length > NAME_LENGTH ? `${characters.slice(0, NAME_LENGTH).join('')}…` : name;
}
