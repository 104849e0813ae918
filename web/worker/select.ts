/** Rows found by what they are. Whatever goes over cells lets others in between. */
import { selectRandom } from '../kernels/measure.ts';
import type { Criterion, RowBits } from '../protocol/messages.ts';
import { addRow, BEYOND_CODE, emptyBits, MISSING_CODE } from '../protocol/rows.ts';
import { checkColumn } from './classes.ts';
import { bad, type TableEntry } from './nouns.ts';
import type { Of, Shared } from './shared.ts';

type By<K extends Criterion['kind']> = Extract<Criterion, { kind: K }>;

/** Rows between two looks at the clock: of plain numbers, and of cells as text. */
const ROWS = 8192;
const CELLS = 256;

/** The largest float, which a column gives for anything beyond it. */
const MOST_FLOAT = 3.4028234663852886e38;

/** Whole numbers below this are looked into once in a search: the pixels of images, counts, classes. */
const REMEMBERED = 65_536;

export function select(shared: Shared, { table: id, by }: Of<'select'>): Promise<RowBits> {
  return new Selecting(shared, shared.nouns.table(id)).select(by);
}

/** An end of a range as the float that a column would give for it. */
function endFloat(end: number): number {
  return Number.isFinite(end) ? Math.max(-MOST_FLOAT, Math.min(Math.fround(end), MOST_FLOAT)) : end;
}

class Selecting {
  readonly #shared: Shared;
  readonly #entry: TableEntry;
  readonly #bits: RowBits;

  constructor(shared: Shared, entry: TableEntry) {
    this.#shared = shared;
    this.#entry = entry;
    this.#bits = emptyBits(entry.table.rows);
  }

  async select(by: Criterion): Promise<RowBits> {
    switch (by.kind) {
      case 'random':
        return this.#random(by);
      case 'class':
        await this.#class(by);
        break;
      case 'range':
        await this.#range(by);
        break;
      case 'search':
        await this.#search(by);
        break;
      default:
        throw bad(`Rows can't be selected by ${(by as Criterion).kind}.`, 'kind');
    }
    return this.#bits;
  }

  #random({ n, seed }: By<'random'>): RowBits {
    const fits = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
    if (!fits(n) || !fits(seed)) {
      throw bad('n and seed are whole numbers from 0 to 4294967295.', fits(n) ? 'seed' : 'n');
    }
    const { rows } = this.#entry.table;
    return selectRandom(this.#shared.kernels, rows, Math.min(n, rows), seed);
  }

  /** Adds the rows that `test` is true of. */
  #add(test: (row: number) => boolean, block: number): Promise<void> {
    const { breath, nouns } = this.#shared;
    const entry = this.#entry;
    const step = (row: number): void => {
      if (test(row)) {
        addRow(this.#bits, row);
      }
    };
    return breath.each(entry.table.rows, block, step, () => nouns.stillThere(entry));
  }

  #class({ column, classes, except = false, missing = false }: By<'class'>): Promise<void> {
    const { table } = this.#entry;
    checkColumn(this.#entry, column, 'column');
    const values = table.column(column);
    const listed = new Set(classes);
    if (values.kind === 'number') {
      // Names of classes are numbers as text, of however many digits: equal as the floats that a column is read as.
      const numbers = new Set(
        classes.flatMap((name) => (name.trim() === '' ? [] : [Math.fround(Number(name))])),
      );
      numbers.delete(Number.NaN);
      return this.#add((row) => {
        const value = values.values[row] ?? Number.NaN;
        return Number.isNaN(value) ? missing : numbers.has(value) !== except;
      }, ROWS);
    }
    const { codes, categories } = values;
    const chosen = categories.map((name) => listed.has(name));
    return this.#add((row) => {
      const code = codes[row] ?? MISSING_CODE;
      if (code === MISSING_CODE) {
        return missing;
      }
      const is = code === BEYOND_CODE ? listed.has(table.cell(row, column)) : chosen[code];
      return is !== except;
    }, ROWS);
  }

  #range({ column, lo, hi }: By<'range'>): Promise<void> {
    const { table } = this.#entry;
    checkColumn(this.#entry, column, 'column');
    if (Number.isNaN(lo) || Number.isNaN(hi)) {
      throw bad('The ends of a range are numbers.', Number.isNaN(lo) ? 'lo' : 'hi');
    }
    const values = table.column(column);
    if (values.kind !== 'number') {
      throw bad(`${this.#entry.info.columns[column]?.name} has no numbers.`, 'column');
    }
    const [least, most] = [lo ?? Number.NEGATIVE_INFINITY, hi ?? Number.POSITIVE_INFINITY];
    const [leastFloat, mostFloat] = [endFloat(least), endFloat(most)];
    return this.#add((row) => {
      const value = values.values[row] ?? Number.NaN;
      if (value > leastFloat && value < mostFloat) {
        return true;
      }
      if (value !== leastFloat && value !== mostFloat) {
        return false;
      }
      // At an end a float can't say on which side the number lies that the table holds.
      const exact = Number(table.cell(row, column));
      return exact >= least && exact <= most;
    }, ROWS);
  }

  async #search({ text, column }: By<'search'>): Promise<void> {
    if (text === '') {
      throw bad('Nothing was searched for.', 'text', 'Type some letters or digits.');
    }
    const { columns } = this.#entry.info;
    if (column !== null) {
      checkColumn(this.#entry, column, 'column');
    }
    const wanted = text.toLowerCase();
    const known = new Uint8Array(REMEMBERED);
    for (const j of column === null ? columns.keys() : [column]) {
      await this.#searchColumn(j, wanted, known);
    }
  }

  /** Each word of a list is looked into once, and each smaller whole number: `known` is 1 of those without, 2 of those with the text. */
  async #searchColumn(column: number, wanted: string, known: Uint8Array): Promise<void> {
    const { table } = this.#entry;
    const contains = (cell: string): boolean => cell.toLowerCase().includes(wanted);
    const inCell = (row: number): boolean => contains(table.cell(row, column));
    const values = table.column(column);
    if (values.kind === 'category') {
      const { codes, categories } = values;
      const chosen = categories.map(contains);
      const test = (row: number): boolean => {
        const code = codes[row] ?? MISSING_CODE;
        return code === BEYOND_CODE ? inCell(row) : chosen[code] === true;
      };
      await this.#add(test, codes.includes(BEYOND_CODE) ? CELLS : ROWS);
      return;
    }
    if (!/^[-+.e\d]+$/.test(wanted)) {
      return; // no number is written with anything else
    }
    const whole = this.#entry.info.columns[column]?.integer === true;
    await this.#add((row) => {
      const value = values.values[row] ?? Number.NaN;
      if (!whole || !(value >= 0 && value < REMEMBERED)) {
        return inCell(row);
      }
      known[value] ||= inCell(row) ? 2 : 1;
      return known[value] === 2;
    }, CELLS);
  }
}
