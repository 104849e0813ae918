/**
 * What the columns of a table are probably for. A guess, shown and changeable; `web/worker/readers/README.md`
 * states the rules for people.
 */
import type { ColumnKind, ImageShape, Role } from '../protocol/messages.ts';

/** What the guess looks at. */
export interface GuessColumn {
  name: string;
  kind: ColumnKind;
  numeric: boolean; // holds numbers, whatever its kind
  bytes: boolean; // … all of them whole and within 0 … 255
  missing: number;
  distinct: number | null;
  max: number; // of numbers; NaN without
}

/** Names that mean a label, the likelier first; compared in lower case, `_` and `-` as spaces. */
const LABEL_NAMES = [
  'label',
  'labels',
  'class',
  'classes',
  'class label',
  'target',
  'species',
  'variety',
  'category',
  'digit',
  'garment',
  'quality',
  'diagnosis',
  'outcome',
  'cluster',
  'blob',
  'ring',
  'position',
  'y',
];

const MOST_CLASSES = 50; // of a column that is a label without being called one
const MOST_NUMBERED = 20; // … and whose classes are numbers
const ROWS_A_CLASS = 5; // at least, of such classes
const MOST_ONE_HOT = 64; // FEATURES_MAX_ONE_HOT: with more, a category column starts as ignored
const SMALLEST_SIDE = 8;
const LARGEST_SIDE = 512;
const PIXEL_NAME = /^(pixel|pix|px|p|x)?[ _.-]*\d+([ _.x,-]\d+)?$|^\d+x\d+$/;

const plain = (name: string): string => name.trim().toLowerCase().replace(/[_-]/g, ' ');

const usableAsLabel = (column: GuessColumn): boolean =>
  column.kind === 'number' || column.kind === 'category' || column.kind === 'text';

function namedLabel(columns: readonly GuessColumn[], wanted: string | undefined): number {
  if (wanted !== undefined) {
    const exact = columns.findIndex((column) => column.name === wanted);
    return exact >= 0 ? exact : columns.findIndex((column) => plain(column.name) === plain(wanted));
  }
  const hasX = columns.some((column) => /^[xz]$/.test(plain(column.name)));
  for (const name of LABEL_NAMES) {
    if (name === 'y' && hasX) {
      continue; // a coordinate
    }
    const found = columns.findIndex((column) => plain(column.name) === name && usableAsLabel(column));
    if (found >= 0) {
      return found;
    }
  }
  return -1;
}

function lastClasses(columns: readonly GuessColumn[]): number {
  return columns.findLastIndex(
    ({ kind, distinct }) =>
      kind === 'category' && distinct !== null && distinct >= 2 && distinct <= MOST_CLASSES,
  );
}

/**
 * Measurements with the class as a number behind them, as many data sets have it: the last column, when it holds
 * 2 to 20 different whole numbers in 0 … 255 and every other column of numbers more than 20 different ones.
 */
function numberBesideMeasurements(columns: readonly GuessColumn[], rows: number): number {
  const last = columns.at(-1);
  const others = columns.slice(0, -1).filter(({ kind }) => kind === 'number');
  const { distinct } = last ?? { distinct: null };
  if (last?.kind !== 'number' || !last.bytes || last.missing > 0 || distinct === null) {
    return -1;
  }
  const classes = distinct >= 2 && distinct <= MOST_NUMBERED && distinct * ROWS_A_CLASS <= rows;
  const measured = others.every((column) => column.distinct === null || column.distinct > MOST_NUMBERED);
  return classes && measured && others.length >= 2 && others.some(({ bytes }) => !bytes)
    ? columns.length - 1
    : -1;
}

/**
 * Tables of bytes without names: one column more than a square, the label at an end. The end with 2 to 50
 * different values; when both have, the first (where MNIST files keep it).
 */
function labelBesidePixels(columns: readonly GuessColumn[]): number {
  const side = Math.round(Math.sqrt(columns.length - 1));
  if (
    side < SMALLEST_SIDE ||
    side * side !== columns.length - 1 ||
    !columns.every((column) => column.bytes)
  ) {
    return -1;
  }
  const classes = (column: GuessColumn | undefined): boolean =>
    column?.distinct != null && column.distinct >= 2 && column.distinct <= MOST_CLASSES;
  if (classes(columns[0])) {
    return 0;
  }
  return classes(columns.at(-1)) ? columns.length - 1 : -1;
}

/**
 * The image that these columns are, in order: a square number of them, 8 × 8 or more, whole numbers in
 * 0 … 255 without missing values, and either the largest exceeds 127, or all are named as pixels are, or they
 * are 64 with at most 16 (the optical digits).
 */
export function guessImage(columns: readonly GuessColumn[]): ImageShape | null {
  const side = Math.round(Math.sqrt(columns.length));
  if (side < SMALLEST_SIDE || side > LARGEST_SIDE || side * side !== columns.length) {
    return null;
  }
  if (!columns.every((column) => column.bytes && column.missing === 0)) {
    return null;
  }
  let largest = 0;
  for (const { max } of columns) {
    largest = Math.max(largest, max);
  }
  const named = columns.every((column) => PIXEL_NAME.test(column.name.toLowerCase()));
  const optical = columns.length === 64 && largest > 1 && largest <= 16;
  return largest > 127 || named || optical ? { height: side, width: side, channels: 1 } : null;
}

export interface Guess {
  roles: Role[];
  image: ImageShape | null;
}

/** Roles for all columns, and the image that the features are, if they are one. */
export function guessRoles(columns: readonly GuessColumn[], rows: number, label?: string): Guess {
  let at = namedLabel(columns, label);
  if (at < 0) {
    at = labelBesidePixels(columns);
  }
  if (at < 0) {
    at = lastClasses(columns);
  }
  if (at < 0) {
    at = numberBesideMeasurements(columns, rows);
  }
  const others = columns.filter((_, j) => j !== at);
  if (others.length > 0 && others.every((column) => column.bytes)) {
    const image = guessImage(others);
    if (image !== null) {
      return { roles: columns.map((_, j) => (j === at ? 'label' : 'feature')), image };
    }
  }
  let idTaken = false;
  const roles = columns.map((column, j): Role => {
    if (j === at) {
      return 'label';
    }
    switch (column.kind) {
      case 'number':
        return 'feature';
      case 'category': {
        const few = column.distinct !== null && column.distinct <= MOST_ONE_HOT;
        return few && column.missing * 2 <= rows ? 'feature' : 'ignored';
      }
      case 'identifier': {
        const role = idTaken ? 'ignored' : 'id';
        idTaken = true;
        return role;
      }
      default:
        return 'ignored';
    }
  });
  if (!roles.includes('feature')) {
    // Nothing left to look at: numbers that only looked like row numbers, then a label nobody asked for.
    columns.forEach((column, j) => {
      if (column.kind === 'identifier' && column.numeric && j !== at) {
        roles[j] = 'feature';
      }
    });
    const guessed = columns[at];
    if (!roles.includes('feature') && label === undefined && guessed?.kind === 'number') {
      roles[at] = 'feature';
    }
  }
  return { roles, image: null };
}
