/** What is read when a person looks closer: one row, codes turned back into rows, and all of it as a file. */
import type { Id, RowDetail } from '../protocol/messages.ts';
import { checkColumn } from './classes.ts';
import { exportCsv } from './export-csv.ts';
import { checkBits } from './groups.ts';
import type { Models } from './models.ts';
import { bad, type ModelEntry } from './nouns.ts';
import type { Of, Shared } from './shared.ts';

/** Rows that a decode turns at a time. */
const DECODE_ROWS = 64;

export class CloserReadings {
  readonly #shared: Shared;
  readonly #models: Models;

  constructor(shared: Shared, models: Models) {
    this.#shared = shared;
    this.#models = models;
  }

  inspect(id: Id, row: number): Promise<RowDetail> {
    return this.#models.quiet(this.#shared.nouns.model(id), (model) => detailOf(model, row));
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

function detailOf(model: ModelEntry, row: number): RowDetail {
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
