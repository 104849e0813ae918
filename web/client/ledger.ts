/**
 * What the page keeps so that a lost worker can be replaced: sources (blobs stay the page's), how they were read,
 * what was prepared and created under which ids, and each model's last weights, with how they were drawn. Written as
 * replies arrive. Buffers of weights are kept as they came or were given, not copied: whoever else keeps one (the
 * history does) shares it, and nobody may transfer or change it.
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

/** How a map is drawn: an alignment, if there is one, and the axes that it is for. */
interface Drawing {
  axes: [number, number];
  align: Align | null;
}

/** Weights, and how they are drawn: an alignment means nothing for others. */
interface Weights extends Drawing {
  step: number;
  buffer: ArrayBuffer | null; // null: as created
}

interface ModelRecord {
  create: Create;
  table: Id; // whose rows are shown
  axes: [number, number]; // that the map shows
  now: Drawing & { step: number }; // of the worker's model, as last heard of
  weights: Weights; // that another worker is given
  before: Pick<ModelRecord, 'now' | 'weights'> | null; // while it is trained: as it was when that began
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

/** Other axes keep the alignment for those that it is for, unless another one is given. */
function draw(record: ModelRecord, { axes, align }: MapSpec): void {
  record.axes = axes;
  if (align !== undefined) {
    record.now = { ...record.now, axes, align };
    record.weights = { ...record.weights, axes, align };
  }
}

export class Ledger {
  readonly #tables = new Map<Id, TableRecord>();
  readonly #models = new Map<Id, ModelRecord>();

  /** A request was answered. Of snapshots those of a model at rest: others are of a step that is not known. */
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
        this.#create(body);
        break;
      case 'set': {
        const { params } = body;
        const model = this.#byMap(body.target);
        if (model !== undefined && 'axes' in params) draw(model, params);
        break;
      }
      case 'run': {
        const model = this.#models.get(body.model);
        const { steps, align, axes } = value as RunResult;
        if (model !== undefined) {
          model.now = { step: steps, align, axes };
          model.before = null;
        }
        break;
      }
      case 'restore': {
        const model = this.#models.get(body.model);
        if (model !== undefined) {
          const drawing = { axes: body.axes ?? model.axes, align: body.align ?? null };
          model.now = { step: (value as ModelInfo).steps, ...drawing };
          model.weights = { ...model.now, buffer: body.buffer };
        }
        break;
      }
      case 'snapshot': {
        const model = this.#models.get(body.model);
        if (model !== undefined) model.weights = { ...model.now, buffer: value as ArrayBuffer };
        break;
      }
      case 'free':
        this.#forget(body.target);
        break;
    }
  }

  #create(body: Create): void {
    const { axes, align = null } = body.spec;
    const now = { step: 0, axes, align };
    const weights = { ...now, buffer: null };
    this.#models.set(body.model, { create: body, table: body.table, axes, now, weights, before: null });
  }

  /** False for a model that is gone. */
  snapshot({ model, step, buffer, align, axes }: SnapshotEvent): boolean {
    const record = this.#models.get(model);
    if (record === undefined) return false;
    record.now = { step, align, axes };
    record.weights = { ...record.now, buffer };
    return true;
  }

  /** A training of this model begins. */
  began(model: Id): void {
    const record = this.#models.get(model);
    if (record !== undefined) record.before = { now: record.now, weights: record.weights };
  }

  /** Trainings under way have not been: each model is as it was before. */
  takeBack(): void {
    for (const record of this.#models.values()) {
      if (record.before !== null) Object.assign(record, record.before, { before: null });
    }
  }

  /** A training on these rows: the map shows those from now on. False if it does already. */
  moved(model: Id, table: Id): boolean {
    const record = this.#models.get(model);
    if (record === undefined || record.table === table) return false;
    record.table = table;
    return true;
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
    for (const [id, record] of this.#models) {
      await this.#remake(id, record, ask);
      restored.models.push({ model: id, steps: record.weights.step });
    }
    return restored;
  }

  async #remake(model: Id, record: ModelRecord, ask: Ask): Promise<void> {
    record.before = null;
    const { create, table, axes: shown, weights } = record;
    const { buffer, align } = weights;
    const axes = align === null ? shown : weights.axes;
    record.now = { step: weights.step, axes, align };
    await ask({ ...create, table, spec: { axes, align } });
    if (buffer !== null) {
      await ask({ type: 'restore', model, buffer, align });
    }
    if (axes[0] !== shown[0] || axes[1] !== shown[1]) {
      await ask({ type: 'set', target: create.map, params: { axes: shown } });
    }
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
