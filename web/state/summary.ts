/**
 * Sentences and numbers that describe what is on the map, for labels, legends and screen readers.
 */

import type { Legend, MapState, TableState } from './store.ts';

const whole = new Intl.NumberFormat('en');

/** A count with thousands separators. */
export function formatCount(n: number): string {
  return whole.format(n);
}

/**
 * A measured number, to four digits or to the unit: 0.0509, 12.3, 2007, 12,346, 1.20e-7. Four digits have no
 * separator: many of them are years, and the table of rows shows them as the file has them.
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'missing' : value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text =
    size >= 1e9 || size < 1e-4
      ? value.toExponential(2)
      : value.toLocaleString(
          'en',
          size >= 999.95
            ? { maximumFractionDigits: 0, useGrouping: Math.round(size) >= 10_000 }
            : { maximumSignificantDigits: 4 },
        );
  return text.replace('-', '−');
}

/** "1 epoch", "2,000 epochs". */
export function counted(n: number, one: string, many: string): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}

/** How people count rows: the first is row 1. */
export function rowName(row: number): string {
  return `Row ${formatCount(row + 1)}`;
}

/** "1 row", "412 rows". */
export function rowsText(rows: number): string {
  return rows === 1 ? '1 row' : `${formatCount(rows)} rows`;
}

/** Classes that are named one by one; more are counted. */
const FEW = 6;

/**
 * What the map shows in one line: "120 rows, coloured by kind: red 40, green 40, blue 40, 12 selected, 3 hidden,
 * epoch 14". More than a few classes are counted.
 *
 * @param more rows that are selected, and rows that can't be seen
 */
export function mapSummary(
  map: MapState | null,
  legend: Legend,
  more: { selected: number; hidden: number } = { selected: 0, hidden: 0 },
): string {
  if (!map) return 'No map yet';
  const parts = [rowsText(map.rows)];
  if (legend.kind === 'classes') {
    const { items, title } = legend;
    const few = items.map(({ name, count }) => `${name} ${formatCount(count)}`).join(', ');
    parts.push(
      items.length <= FEW
        ? `coloured by ${title}: ${few}`
        : `${formatCount(items.length)} classes of ${title}`,
    );
  } else if (legend.kind === 'range') {
    parts.push(`coloured by ${legend.title}`);
  }
  if (more.selected > 0) parts.push(`${formatCount(more.selected)} selected`);
  if (more.hidden > 0) parts.push(`${formatCount(more.hidden)} hidden`);
  parts.push(map.epoch === 0 ? 'not trained yet' : `epoch ${formatCount(map.epoch)}`);
  return parts.join(', ');
}

/** Column that names a row: the first label, else none. */
export function labelColumn(table: TableState | null): number {
  return table ? table.roles.indexOf('label') : -1;
}

/** Characters of one name from the data in a description. */
const NAME_LENGTH = 40;

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
