/**
 * Selections as values: sets of rows (row-sets.ts), and what made them.
 *
 * A maker is told to the person ("digit 8 without 3 clicked rows") and kept with what was done to the model; the
 * rows themselves are the bitmask. Text from the data is cut here but not made safe to show: whoever shows a
 * description passes it through `visibleText`.
 */

import type { Criterion, RowBits } from '../protocol/messages.ts';
import { bitsOfRuns, countBits, countRuns, runsOf } from './row-sets.ts';
import type { Maker, SelectionOp, TableState } from './store.ts';
import { columnName, cut, formatCount, formatNumber, rowName, rowsText } from './summary.ts';

export * from './row-sets.ts';
export { columnName, cut };

/** Makers nested deeper are told as rows. */
export const DEEPEST = 6;
/** Classes that are named; of more, the rest are counted. */
const MOST_NAMED = 3;

type Classes = Extract<Criterion, { kind: 'class' }>;
type Rows = Extract<Maker, { kind: 'rows' }>;

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
