/** What can be read of tables and models. One row, decoded codes and files are in closer-readings.ts, a room of its own. */
import type { RowBits } from '../protocol/messages.ts';
import type { CloserReadings } from './closer-readings.ts';
import type { Measurements } from './measurements.ts';
import type { Models } from './models.ts';
import { bad, type ModelEntry } from './nouns.ts';
import type { InRoom } from './rooms.ts';
import type { Of, Shared } from './shared.ts';

/** Rows that a table can have. */
const MOST_ROWS = 5_000_000;

export class Readings {
  readonly #shared: Shared;
  readonly #models: Models;
  readonly #asking: InRoom;
  #measurements: Measurements | null = null;

  constructor(shared: Shared, models: Models, asking: InRoom) {
    this.#shared = shared;
    this.#models = models;
    this.#asking = asking;
  }

  read(request: Of<'read'>): unknown {
    const { nouns } = this.#shared;
    switch (request.what) {
      case 'inspect':
        return this.#closer((room) => room.inspect(request.model, request.row));
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
        return this.#measuring((measurements) => measurements.summary(request));
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

  decode(request: Of<'decode'>): unknown {
    return this.#closer((room) => room.decode(request));
  }

  export(request: Of<'export'>): unknown {
    return this.#closer((room) => room.export(request));
  }

  measure(request: Of<'measure'>): unknown {
    return this.#measuring((measurements) => measurements.measure(request));
  }

  #measuring(use: (measurements: Measurements) => unknown): unknown {
    return this.#asking(({ Measurements }) => {
      this.#measurements ??= new Measurements(this.#shared, this.#models);
      return use(this.#measurements);
    });
  }

  #closer(use: (closer: CloserReadings) => unknown): unknown {
    return this.#asking(({ CloserReadings }) => use(new CloserReadings(this.#shared, this.#models)));
  }
}
