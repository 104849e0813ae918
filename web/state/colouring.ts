/**
 * From the values of a column, or the error of each row, to what the map draws and the legend says.
 *
 * Pure functions on typed arrays. Palette bytes have the layout of render/palette.ts: 0 to 253 classes or a
 * scale, 254 "other", 255 "missing".
 */

import type { ColumnInfo, ColumnValues } from '../protocol/messages.ts';
import {
  assignClasses,
  categoricalPalette,
  classIndices,
  continuousPalette,
  MISSING_INDEX,
  numberIndices,
  OTHER_INDEX,
  scaleDomain,
} from '../render/palette.ts';
import { FLAG_DIMMED, FLAG_HOLLOW, FLAG_SELECTED } from '../render/props.ts';
import type { Colouring, Legend, TableState } from './store.ts';

/** Codes of a category column that stand for no class of its list. */
const MISSING_CODE = 65535;
const BEYOND_CODE = 65534;

/** A whole-number column with at most so many different values is shown as classes. */
export const MOST_NUMBER_CLASSES = 10;

/** Colours of every row, the palette they point into, and what they mean. */
export interface Coloured {
  index: Uint8Array | null; // (rows); null: all rows have entry 0
  palette: Uint8Array; // (256, 4)
  legend: Legend;
}

/** One class before it gets a colour. */
interface ClassCount {
  name: string;
  count: number;
}

/** Whether the page can colour by this column: classes or numbers, or whatever the person calls a label. */
export function canColour(table: TableState, column: number): boolean {
  const info = table.info.columns[column];
  if (!info || info.kind === 'empty') return false;
  return info.kind === 'number' || info.kind === 'category' || table.roles[column] === 'label';
}

/** What to colour by when nobody has chosen: the first label column, else nothing. */
export function defaultColouring(table: TableState): Colouring {
  const column = table.roles.findIndex((role, i) => role === 'label' && canColour(table, i));
  return column < 0 ? { kind: 'none' } : { kind: 'column', column };
}

/** All rows in one colour. */
export function colourNone(): Coloured {
  return { index: null, palette: categoricalPalette(1), legend: { kind: 'none' } };
}

/** Rows by the values of one column: classes for categories and few whole numbers, else a scale. */
export function colourColumn(info: ColumnInfo, values: ColumnValues): Coloured {
  if (values.kind === 'category') {
    return byClass(info.name, values.categories, values.codes);
  }
  const few = info.integer ? fewNumbers(values.values) : null;
  if (!few) return byNumber(info.name, values.values);
  const codeOf = new Map(few.map((value, code) => [value, code]));
  const codes = Uint16Array.from(values.values, (value) => codeOf.get(value) ?? MISSING_CODE);
  return byClass(info.name, few.map(String), codes);
}

/** Rows by their reconstruction error, pale where the model does worst. */
export function colourError(error: Float32Array): Coloured {
  return byNumber('Reconstruction error', error);
}

/**
 * Flags of every row for the renderer: hollow without a value or held out; drawn on top when its class is
 * highlighted, dimmed when another is. Null when no row has any.
 *
 * @param index (rows) palette index of each row, or null
 * @param heldout (rows) 1 = held out of training; null: not known
 * @param highlight palette index of the class that stands out, or null
 */
export function rowFlags(
  index: Uint8Array | null,
  heldout: Uint8Array | null,
  highlight: number | null,
): Uint8Array | null {
  const n = index?.length ?? heldout?.length ?? 0;
  const flags = new Uint8Array(n);
  let any = 0;
  for (let row = 0; row < n; row++) {
    const entry = index ? index[row] : 0;
    let flag = 0;
    if (entry === MISSING_INDEX || heldout?.[row] === 1) flag |= FLAG_HOLLOW;
    if (highlight !== null) flag |= entry === highlight ? FLAG_SELECTED : FLAG_DIMMED;
    flags[row] = flag;
    any |= flag;
  }
  return any === 0 ? null : flags;
}

/** Different values in ascending order, or null when there are more than can be told apart as classes. */
function fewNumbers(values: Float32Array): number[] | null {
  const seen = new Set<number>();
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    seen.add(value);
    if (seen.size > MOST_NUMBER_CLASSES) return null;
  }
  return seen.size > 0 ? [...seen].sort((a, b) => a - b) : null;
}

function byNumber(title: string, values: Float32Array): Coloured {
  const domain = scaleDomain(values);
  let missing = 0;
  for (const value of values) if (Number.isNaN(value)) missing++;
  return {
    index: numberIndices(values, domain),
    palette: continuousPalette(),
    legend: { kind: 'range', title, lo: domain.lo, hi: domain.hi, missing },
  };
}

function byClass(title: string, names: readonly string[], codes: Uint16Array): Coloured {
  const counts = new Uint32Array(names.length);
  let missing = 0;
  let beyond = 0;
  for (const code of codes) {
    if (code < names.length) counts[code] = (counts[code] ?? 0) + 1;
    else if (code === BEYOND_CODE) beyond++;
    else missing++;
  }
  const classes = names.map((name, code): ClassCount => ({ name, count: counts[code] ?? 0 }));
  const entries = classEntries(classes);
  const index = classIndices(codes, entries);
  if (beyond > 0) {
    for (let row = 0; row < index.length; row++) {
      if (codes[row] === BEYOND_CODE) index[row] = OTHER_INDEX;
    }
  }
  return {
    index,
    palette: categoricalPalette(names.length),
    legend: { kind: 'classes', title, items: legendItems(classes, entries, beyond), missing },
  };
}

/**
 * Palette entry of each class. Up to ten classes are coloured in the order of their names (2 before 10), so
 * that the same class has the same colour in every sample; of more, the nine largest, largest first.
 */
function classEntries(classes: readonly ClassCount[]): Uint8Array {
  const bySize = assignClasses(classes.map((c) => c.count));
  if (bySize.includes(OTHER_INDEX)) return bySize;
  const order = classes.map((c, code) => ({ name: c.name, code })).sort((a, b) => natural(a.name, b.name));
  const entries = new Uint8Array(classes.length);
  for (const [entry, { code }] of order.entries()) entries[code] = entry;
  return entries;
}

const collator = new Intl.Collator('en', { numeric: true });

function natural(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) || difference === 0 ? collator.compare(a, b) : difference;
}

function legendItems(
  classes: readonly ClassCount[],
  entries: Uint8Array,
  beyond: number,
): { name: string; count: number; colour: number }[] {
  const items: { name: string; count: number; colour: number }[] = [];
  let others = 0;
  let otherRows = beyond;
  for (const [code, { name, count }] of classes.entries()) {
    const colour = entries[code] ?? OTHER_INDEX;
    if (colour === OTHER_INDEX) {
      others++;
      otherRows += count;
    } else {
      items.push({ name, count, colour });
    }
  }
  items.sort((a, b) => a.colour - b.colour);
  if (otherRows > 0) {
    const name = beyond > 0 ? 'All other classes' : `${others.toLocaleString('en')} other classes`;
    items.push({ name, count: otherRows, colour: OTHER_INDEX });
  }
  return items;
}
