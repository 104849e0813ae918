/**
 * The session's nouns by the ids that the page gave them, and what each holds of the kernels:
 *
 *     table ──► features (by roles and scale) ──► model ──► map
 *
 * A stage is kept as long as something needs it: models keep the features they were made on.
 */
import type { Ae } from '../kernels/ae.ts';
import type { Features, Table } from '../kernels/table.ts';
import { failure } from '../protocol/failure.ts';
import type { AeParams, FeatureInfo, Id, ModelInfo, TableInfo } from '../protocol/messages.ts';
import type { LiveMap } from './live-map.ts';
import type { Runner } from './runner.ts';

export interface FeatureEntry {
  key: string;
  features: Features;
  info: FeatureInfo;
}

export interface TableEntry {
  id: Id;
  table: Table;
  info: TableInfo;
  entries: FeatureEntry[]; // the last prepared one, and those that models still use
  current: FeatureEntry | null;
}

export interface ModelEntry {
  id: Id;
  table: TableEntry; // whose rows the map shows
  entry: FeatureEntry;
  params: AeParams;
  ae: Ae;
  live: LiveMap;
  runner: Runner | null; // while it is being trained
  reading: Set<Promise<unknown>>; // who reads or changes it: a training that begins waits for them
  changing: Promise<unknown> | null; // the last change from outside that is waiting for readers
}

export function bad(message: string, where: string, hint = ''): Error {
  return failure('bad_param', message, hint, where);
}

export function missing(what: string, id: Id): Error {
  return failure('not_found', `There is no ${what} ${id}.`);
}

export class Nouns {
  readonly tables = new Map<Id, TableEntry>();
  readonly models = new Map<Id, ModelEntry>();
  readonly maps = new Map<Id, ModelEntry>();

  table(id: Id): TableEntry {
    const entry = this.tables.get(id);
    if (entry === undefined) {
      throw missing('table', id);
    }
    return entry;
  }

  model(id: Id): ModelEntry {
    const entry = this.models.get(id);
    if (entry === undefined) {
      throw missing('model', id);
    }
    return entry;
  }

  map(id: Id): ModelEntry {
    const entry = this.maps.get(id);
    if (entry === undefined) {
      throw missing('map', id);
    }
    return entry;
  }

  /** Throws unless the id is free. */
  mustBeFree(id: Id): void {
    if (this.tables.has(id) || this.models.has(id) || this.maps.has(id)) {
      throw bad(`The id ${id} is taken.`, 'id');
    }
  }

  /** The features that the table's columns are prepared as now. */
  features(table: TableEntry): FeatureEntry {
    if (table.current === null) {
      throw failure('not_found', `The columns of ${table.info.name} have not been prepared yet.`);
    }
    return table.current;
  }

  /** For work that lets others in between: throws once the table is gone. */
  stillThere(table: TableEntry): void {
    if (this.tables.get(table.id) !== table) {
      throw missing('table', table.id);
    }
  }

  /** Likewise once the table is prepared in another way. */
  stillPrepared(table: TableEntry, entry: FeatureEntry): void {
    this.stillThere(table);
    if (!table.entries.includes(entry)) {
      throw failure('cancelled', `The columns of ${table.info.name} are used in another way now.`);
    }
  }

  /** Likewise for a model, whose map must still show the same rows, too. */
  stillShows(model: ModelEntry, entry: FeatureEntry): void {
    if (this.models.get(model.id) !== model) {
      throw missing('model', model.id);
    }
    if (model.entry !== entry) {
      throw failure('cancelled', 'The map shows the rows of another table now.');
    }
  }

  /** Frees features that are neither the table's present ones nor any model's. */
  dropUnused(table: TableEntry): void {
    const used = new Set([...this.models.values()].map(({ entry }) => entry));
    table.entries = table.entries.filter((entry) => {
      const keep = entry === table.current || used.has(entry);
      if (!keep) {
        entry.features.free();
      }
      return keep;
    });
  }
}

export function modelInfo({ id, ae, live, table }: ModelEntry): ModelInfo {
  return {
    model: id,
    table: table.id,
    map: live.id,
    method: 'ae',
    parameters: ae.parameters,
    bytes: ae.bytes,
    steps: ae.steps,
  };
}
