/** Tables: read from a source, and prepared as features. Asking for the same features again costs nothing. */
import { failure } from '../protocol/failure.ts';
import type { FeatureInfo, TableInfo } from '../protocol/messages.ts';
import type { TableEntry } from './nouns.ts';
import { openTable } from './readers/open.ts';
import type { Of, Shared } from './shared.ts';

function abortError(): Error {
  return failure('cancelled', 'Cancelled.');
}

export class Tables {
  readonly #shared: Shared;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  open({ table: id, job, source, hints }: Of<'open'>): Promise<TableInfo> {
    const { jobs, kernels, nouns } = this.#shared;
    nouns.mustBeFree(id);
    return jobs.read(job, 'read', async (on) => {
      const { table, recipe } = await openTable(kernels, source, hints, on);
      if (on.signal.aborted) {
        table.free();
        throw abortError();
      }
      const { rows, columns, image, notes, fingerprint, bytes } = table;
      const info: TableInfo = {
        table: id,
        name: source.name,
        rows,
        columns,
        recipe,
        image,
        notes,
        fingerprint,
        bytes,
      };
      nouns.tables.set(id, { id, table, info, entries: [], current: null });
      return info;
    });
  }

  async prepare({ table: id, job, spec }: Of<'prepare'>): Promise<FeatureInfo> {
    const { jobs, machine, nouns } = this.#shared;
    const table = nouns.table(id);
    const key = JSON.stringify([spec.roles.map((role) => (role === 'feature' ? 1 : 0)), spec.scale]);
    let entry = table.entries.find((known) => known.key === key);
    if (entry === undefined) {
      const features = table.table.features(spec, machine.values);
      entry = await jobs.step(job, features, id, (end) => {
        if (end === 'done' && nouns.tables.get(id) === table) {
          return { key, features, info: features.info };
        }
        features.free();
        throw abortError();
      });
      table.entries.push(entry);
    }
    table.current = entry;
    nouns.dropUnused(table);
    return { ...entry.info, source: entry.info.source.slice() };
  }

  /** A table that no model stands on any more. */
  async free(table: TableEntry): Promise<void> {
    const { jobs, nouns } = this.#shared;
    nouns.tables.delete(table.id);
    await jobs.cancelOf(table.id);
    for (const { features } of table.entries) {
      features.free();
    }
    table.table.free();
  }
}
