/** What can be read of tables and models: rows, columns, errors, codes, decoded codes, and all of it as a file. */
import type { RowBits, RowDetail } from '../protocol/messages.ts';
import { checkColumn } from './classes.ts';
import { checkBits } from './groups.ts';
import type { Measurements } from './measurements.ts';
import type { Models } from './models.ts';
import { bad, type ModelEntry } from './nouns.ts';
import { askingRoom } from './rooms.ts';
import type { Of, Shared } from './shared.ts';

/** Rows that a table can have. */
const MOST_ROWS = 5_000_000;

/** Rows that a decode turns at a time. */
const DECODE_ROWS = 64;

export class Readings {
  readonly #shared: Shared;
  readonly #models: Models;
  readonly #measurements: () => Promise<Measurements>;

  constructor(shared: Shared, models: Models, measurements: () => Promise<Measurements>) {
    this.#shared = shared;
    this.#models = models;
    this.#measurements = measurements;
  }

  read(request: Of<'read'>): unknown {
    const { nouns } = this.#shared;
    switch (request.what) {
      case 'inspect':
        return this.#models.quiet(nouns.model(request.model), (model) => this.#inspect(model, request.row));
      case 'cells': {
        const { table, info } = nouns.table(request.table);
        return Array.from(request.rows, (row) => info.columns.map((_, column) => table.cell(row, column)));
      }
      case 'column':
        return nouns.table(request.table).table.column(request.column);
      case 'error':
      case 'latent':
        return this.#models.quiet(nouns.model(request.model), (model) => {
          const errors = request.what === 'error';
          return this.#models.sweep(model, errors, (live) => (errors ? live.errors() : live.codes()));
        });
      case 'heldout':
        return this.#heldout(nouns.model(request.model), request.heldout, request.of);
      case 'summary':
        return this.#measurements().then((room) => room.summary(request));
      default:
        throw bad(`There is no ${(request as { what: string }).what} to read.`, 'what');
    }
  }

  #heldout({ ae, entry }: ModelEntry, fraction: number, of = entry.info.n): RowBits {
    if (!(fraction >= 0 && fraction <= 0.5)) {
      throw bad('heldout must be between 0 and 0.5.', 'heldout');
    }
    if (!(Number.isInteger(of) && of >= 0 && of <= MOST_ROWS)) {
      throw bad(`of must be a number of rows, at most ${MOST_ROWS}.`, 'of');
    }
    return ae.heldout(fraction, of);
  }

  #inspect(model: ModelEntry, row: number): RowDetail {
    const { features } = model.entry;
    const { d, latent } = model.ae;
    const input = features.row(row);
    const reconstruction = new Float32Array(d);
    const residual = new Float32Array(d);
    const z = new Float32Array(latent);
    const error = new Float32Array(1);
    model.ae.evaluate(features.matrixPtr, row, 1, { z, reconstruction, residual, error });
    return {
      row,
      cells: model.table.info.columns.map((_, column) => model.table.table.cell(row, column)),
      input,
      input_raw: features.toRaw(input),
      reconstruction,
      reconstruction_raw: features.toRaw(reconstruction),
      residual,
      latent: z,
      error: error[0] ?? Number.NaN,
    };
  }

  decode({ model: id, codes }: Of<'decode'>): Promise<Float32Array> {
    const { nouns, breath } = this.#shared;
    return this.#models.quiet(nouns.model(id), async (model) => {
      const { latent, d } = model.ae;
      const { entry } = model;
      const rows = codes.length / latent;
      if (!Number.isInteger(rows) || !codes.every(Number.isFinite)) {
        throw bad(`The codes must be whole rows of ${latent} finite numbers.`, 'codes');
      }
      const out = new Float32Array(rows * d);
      let first = 0;
      const step = (): boolean => {
        const some = codes.subarray(first * latent, (first + DECODE_ROWS) * latent);
        if (some.length > 0) {
          out.set(entry.features.toRaw(model.ae.decode(some)), first * d);
        }
        first += DECODE_ROWS;
        return first >= rows;
      };
      await breath.until(step, () => nouns.stillShows(model, entry));
      return out;
    });
  }

  /** Every row, or the selected ones, with labels, code, position as drawn and error, as CSV. */
  async export({ model: id, selection, only, protect, labels }: Of<'export'>): Promise<Blob> {
    const { nouns, breath } = this.#shared;
    const { exportCsv } = await askingRoom();
    const model = nouns.model(id);
    const { entry, table } = model;
    const { n } = entry.info;
    if (selection !== null) {
      checkBits(selection, n, 'selection');
    } else if (only) {
      throw bad('No row is selected.', 'selection', 'Select some rows first.');
    }
    for (const column of labels) {
      checkColumn(table, column, 'labels');
    }
    const { codes, error, positions } = await this.#models.quiet(model, () =>
      this.#models.sweep(model, true, (live) => ({
        codes: live.codes() ?? new Float32Array(0),
        error: live.errors() ?? new Float32Array(0),
        positions: live.positions(),
      })),
    );
    return exportCsv({
      rows: n,
      latent: model.ae.latent,
      codes,
      positions,
      error,
      selection,
      only,
      protect,
      labels: labels.map((column) => ({
        name: table.info.columns[column]?.name ?? '',
        text: table.table.column(column).kind !== 'number',
        cell: (row: number) => table.table.cell(row, column),
      })),
      rest: async () => {
        await breath.turn();
        nouns.stillThere(table);
      },
    });
  }
}
