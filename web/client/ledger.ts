/**
 * What the page keeps so that a lost worker can be replaced: sources (blobs stay the page's), how they were read,
 * what was prepared and created under which ids, and each model's last snapshot. Written as replies arrive.
 */
import { FailureError, failure } from '../protocol/failure.ts';
import type {
  Align,
  FeatureSpec,
  Id,
  MapSpec,
  ModelInfo,
  OpenHints,
  Recipe,
  ReplyOf,
  Request,
  RunResult,
  SnapshotEvent,
  Source,
  TableInfo,
} from '../protocol/messages.ts';

type WithoutId<R> = R extends Request ? Omit<R, 'id'> : never;

/** A request as callers write it; the engine gives it an id. */
export type RequestBody = WithoutId<Request>;

type Create = Extract<RequestBody, { type: 'create' }>;

interface TableRecord {
  source: Source;
  hints: OpenHints;
  info: TableInfo;
  spec: FeatureSpec | null;
}

interface ModelRecord {
  create: Create;
  table: Id; // whose rows are shown
  snapshot: { step: number; buffer: ArrayBuffer } | null;
  align: Align | null; // how the map is drawn, as last heard of
}

/** Asks the worker directly, past whatever waits for it. */
export type Ask = <B extends RequestBody>(body: B) => Promise<ReplyOf<Extract<B & { id: Id }, Request>>>;

export interface Restored {
  models: { model: Id; steps: number }[];
  missing: FailureError[]; // tables that could not be read as before
}

/** The same reading again: what was guessed the first time is told the second time. */
function hintsOf(recipe: Recipe, first: OpenHints): OpenHints {
  const hints: OpenHints = { ...first };
  if (recipe.separator !== undefined) hints.separator = recipe.separator;
  if (recipe.decimal !== undefined) hints.decimal = recipe.decimal;
  if (recipe.header !== undefined) hints.header = recipe.header;
  return hints;
}

export class Ledger {
  readonly #tables = new Map<Id, TableRecord>();
  readonly #models = new Map<Id, ModelRecord>();

  /** A request was answered. */
  note(body: RequestBody, value: unknown): void {
    switch (body.type) {
      case 'open':
        this.#tables.set(body.table, {
          source: body.source,
          hints: body.hints,
          info: value as TableInfo,
          spec: null,
        });
        break;
      case 'prepare': {
        const table = this.#tables.get(body.table);
        if (table !== undefined) table.spec = body.spec;
        break;
      }
      case 'create':
        this.#models.set(body.model, {
          create: body,
          table: body.table,
          snapshot: null,
          align: body.spec.align ?? null,
        });
        break;
      case 'set': {
        const { params } = body;
        const model = this.#byMap(body.target);
        if (model !== undefined && 'axes' in params) this.#draw(model, params);
        break;
      }
      case 'run': {
        const model = this.#models.get(body.model);
        if (model !== undefined) model.align = (value as RunResult).align;
        break;
      }
      case 'free':
        this.#forget(body.target);
        break;
    }
  }

  /** Weights that the page itself has put into a model, and how it had the map drawn. */
  restored(model: Id, buffer: ArrayBuffer, align: Align | null, { steps }: ModelInfo): void {
    const record = this.#models.get(model);
    if (record === undefined) return;
    record.snapshot = { step: steps, buffer };
    record.align = align;
  }

  /** False for a model that is gone. */
  snapshot({ model, step, buffer, align }: SnapshotEvent): boolean {
    const record = this.#models.get(model);
    if (record === undefined) return false;
    record.snapshot = { step, buffer };
    record.align = align;
    return true;
  }

  /** Other axes undo the alignment; the same ones keep it, unless another is given. */
  #draw(record: ModelRecord, spec: MapSpec): void {
    const { axes } = record.create.spec;
    const same = axes[0] === spec.axes[0] && axes[1] === spec.axes[1];
    record.align = spec.align === undefined ? (same ? record.align : null) : spec.align;
    record.create = { ...record.create, spec: { axes: spec.axes } };
  }

  /** A training on another table's rows: the map shows those from now on. */
  moved(model: Id, table: Id): void {
    const record = this.#models.get(model);
    if (record !== undefined) record.table = table;
  }

  /** Rows of the table that a map shows; null for a map that is gone. */
  rowsOf(map: Id): number | null {
    const model = this.#byMap(map);
    return model === undefined ? null : (this.#tables.get(model.table)?.info.rows ?? null);
  }

  mapOf(model: Id): Id | null {
    return this.#models.get(model)?.create.map ?? null;
  }

  get maps(): Id[] {
    return [...this.#models.values()].map(({ create }) => create.map);
  }

  /** Brings a new worker to where the lost one was. Tables that have changed are dropped, with their models. */
  async replay(ask: Ask, nextId: () => Id): Promise<Restored> {
    const restored: Restored = { models: [], missing: [] };
    for (const [id, record] of [...this.#tables]) {
      try {
        await this.#reopen(id, record, ask, nextId);
      } catch (error) {
        if (!(error instanceof FailureError) || error.failure.code === 'worker_lost') throw error;
        restored.missing.push(error);
        this.#forget(id);
      }
    }
    for (const [id, { create, table, snapshot, align }] of this.#models) {
      await ask({ ...create, table, spec: { ...create.spec, align } });
      if (snapshot !== null) {
        await ask({ type: 'restore', model: id, buffer: snapshot.buffer, align });
      }
      restored.models.push({ model: id, steps: snapshot?.step ?? 0 });
    }
    return restored;
  }

  async #reopen(id: Id, record: TableRecord, ask: Ask, nextId: () => Id): Promise<void> {
    const { source, hints, info, spec } = record;
    const changed = failure(
      'file_changed',
      `${info.name} has changed or gone since it was read; the map stays as it was.`,
      'Open the file again.',
    );
    let now: TableInfo;
    try {
      const again = {
        type: 'open',
        table: id,
        job: nextId(),
        source,
        hints: hintsOf(info.recipe, hints),
      } as const;
      now = await ask(again);
    } catch (error) {
      const code = error instanceof FailureError ? error.failure.code : 'internal';
      throw code === 'worker_lost' || code === 'no_memory' ? error : changed;
    }
    if (now.rows !== info.rows || now.fingerprint !== info.fingerprint) {
      await ask({ type: 'free', target: id });
      throw changed;
    }
    if (spec !== null) {
      await ask({ type: 'prepare', table: id, job: nextId(), spec });
    }
  }

  #byMap(map: Id): ModelRecord | undefined {
    return [...this.#models.values()].find(({ create }) => create.map === map);
  }

  /** What stands on a table goes with it, and a model goes with its map. */
  #forget(id: Id): void {
    this.#tables.delete(id);
    for (const [model, { create, table }] of [...this.#models]) {
      if (model === id || create.map === id || table === id) {
        this.#models.delete(model);
      }
    }
  }
}
