/** Models and their maps: made, trained, brought back to earlier weights, shown. */
import { Ae, checkAe, checkFit } from '../kernels/ae.ts';
import { failure } from '../protocol/failure.ts';
import type { Estimate, FitSpec, Id, ModelInfo, RateChange, RunResult } from '../protocol/messages.ts';
import { type Aligner, alignerOf, checkedAlign } from './align.ts';
import { availableBytes, fitCost } from './estimate.ts';
import { checkGroups } from './groups.ts';
import { type Drawing, LiveMap } from './live-map.ts';
import { bad, type FeatureEntry, type ModelEntry, missing, modelInfo, type TableEntry } from './nouns.ts';
import type { Timing } from './runner.ts';
import type { Of, Shared } from './shared.ts';
import { train } from './training.ts';

/** The rows a training is about. */
interface Target {
  table: TableEntry;
  entry: FeatureEntry;
}

function checkedAxes(axes: [number, number], latent: number): [number, number] {
  const fits = axes.length === 2 && axes.every((axis) => Number.isInteger(axis) && axis >= 0);
  if (!fits || (latent > 1 && axes.some((axis) => axis >= latent))) {
    throw bad(`The axes must be two of the ${latent} dimensions of the code, counted from 0.`, 'axes');
  }
  return [axes[0], axes[1]];
}

export class Models {
  readonly #shared: Shared;
  readonly #timing: Timing;
  readonly #aligner: Aligner;

  constructor(shared: Shared, timing: Timing) {
    this.#shared = shared;
    this.#timing = timing;
    this.#aligner = alignerOf(shared.kernels);
  }

  estimate({ table: id, params, fit }: Of<'estimate'>): Estimate {
    const { nouns, jobs, estimator } = this.#shared;
    const { features, info } = nouns.features(nouns.table(id));
    const asked = { params, fit, matrixPtr: features.matrixPtr, n: info.n, d: info.d };
    return estimator.estimate(asked, !jobs.busy);
  }

  create({ model: id, map, table: tableId, params, spec }: Of<'create'>): ModelInfo {
    const { nouns, kernels, probe } = this.#shared;
    nouns.mustBeFree(id);
    nouns.mustBeFree(map);
    const table = nouns.table(tableId);
    const entry = nouns.features(table);
    checkAe(kernels, params, entry.info.d);
    probe?.('create', 0);
    const ae = Ae.create(kernels, params, entry.info.d);
    try {
      const drawing = {
        axes: checkedAxes(spec.axes, params.latent),
        align: checkedAlign(spec.align ?? null),
      };
      const live = this.#show(map, ae, entry, drawing);
      const idle = { runner: null, reading: new Set<Promise<unknown>>(), changing: null };
      const model: ModelEntry = { id, table, entry, ae, live, params, ...idle };
      nouns.models.set(id, model);
      nouns.maps.set(map, model);
      return modelInfo(model);
    } catch (error) {
      ae.free();
      throw error;
    }
  }

  #show(map: Id, ae: Ae, { features, info }: FeatureEntry, drawing: Drawing): LiveMap {
    const shown = { matrixPtr: features.matrixPtr, n: info.n };
    return new LiveMap(map, ae, shown, drawing, {
      now: this.#timing.now,
      frame: (frame) => this.#shared.post(frame, [frame.buffer]),
      aligner: this.#aligner,
    });
  }

  // ---------------------------------------------------------------------------------------------- training

  async run({ job, model: id, fit, live }: Of<'run'>): Promise<RunResult> {
    const { nouns, jobs, kernels, machine } = this.#shared;
    const model = nouns.model(id);
    if (jobs.training) {
      throw failure('busy', 'Another model is being trained.', 'Stop it first.');
    }
    checkFit(kernels, fit);
    const target = this.#target(model, fit);
    const { n, d } = target.entry.info;
    const groups = checkGroups(fit, n, () => model.ae.heldout(fit.heldout, n));
    const needed = fitCost(kernels, model.params, fit, n, d).bytes - model.ae.bytes;
    if (needed > availableBytes(kernels, machine)) {
      throw failure(
        'no_memory',
        'There is not enough memory to train this model.',
        'Use fewer rows or a smaller model.',
      );
    }
    this.#moveTo(model, target);
    const result = await train(this.#shared, { job, model, spec: fit, groups, live, timing: this.#timing });
    return model.live.follows ? this.#aligned(model, result) : result;
  }

  /** A fresh training that nobody watched: its map is laid onto the one before all the same. */
  async #aligned(model: ModelEntry, result: RunResult): Promise<RunResult> {
    if (result.outcome !== 'cancelled') {
      await this.quiet(model, () => this.sweep(model, false, () => undefined));
    }
    model.live.unfollow();
    const { align, axes } = model.live.drawing;
    return { ...result, align, axes };
  }

  #target(model: ModelEntry, fit: FitSpec): Target {
    const { nouns } = this.#shared;
    if (fit.table === undefined || fit.table === model.table.id) {
      return model;
    }
    const table = nouns.table(fit.table);
    const entry = nouns.features(table);
    if (entry.info.d !== model.ae.d) {
      throw bad(`${table.info.name} has ${entry.info.d} features, the model takes ${model.ae.d}.`, 'table');
    }
    return { table, entry };
  }

  /** Training on the rows of another table shows that table's rows from now on. */
  #moveTo(model: ModelEntry, { table, entry }: Target): void {
    if (table === model.table) {
      return;
    }
    const before = model.table;
    const { axes, drawing } = model.live;
    model.live = this.#show(model.live.id, model.ae, entry, drawing);
    model.live.choose(axes);
    this.#shared.nouns.maps.set(model.live.id, model);
    model.table = table;
    model.entry = entry;
    this.#shared.nouns.dropUnused(before);
  }

  /** Other weights, once whoever reads the present ones is through; the map stays on its axes. */
  restore({ model: id, buffer, align = null, axes }: Of<'restore'>): Promise<ModelInfo> {
    const model = this.#shared.nouns.model(id);
    if (model.runner !== null) {
      throw failure('busy', 'The model is being trained.', 'Stop it first.');
    }
    const of = axes === undefined ? model.live.axes : checkedAxes(axes, model.ae.latent);
    const drawing: Drawing = { axes: of, align: checkedAlign(align) };
    return this.#alone(model, () => {
      const { ae, live } = model;
      const shown = live.axes;
      ae.restore(buffer);
      live.invalidate();
      live.draw(drawing);
      live.choose(shown);
      return modelInfo(model);
    });
  }

  /** Waits for a change that was asked for before; how that ended is for whoever asked. Throws once the model is gone. */
  async #changed(model: ModelEntry): Promise<void> {
    await model.changing?.catch(() => undefined);
    this.#mustStay(model);
  }

  #mustStay(model: ModelEntry): void {
    if (this.#shared.nouns.models.get(model.id) !== model) {
      throw missing('model', model.id);
    }
  }

  /** Changes a model from outside. Who reads it now ends first; who wants to read, train or change it then waits. */
  async #alone<T>(model: ModelEntry, change: () => T): Promise<T> {
    const before = [...model.reading];
    const changing = (async () => {
      if (before.length > 0) {
        await Promise.allSettled(before);
      }
      this.#mustStay(model);
      return change();
    })();
    model.reading.add(changing);
    model.changing = changing;
    try {
      return await changing;
    } finally {
      model.reading.delete(changing);
      if (model.changing === changing) {
        model.changing = null;
      }
    }
  }

  // ---------------------------------------------------------------------------------------------- showing

  async set({ target, params }: Of<'set'>): Promise<RateChange | null> {
    if ('axes' in params) {
      const model = this.#shared.nouns.map(target);
      const axes = checkedAxes(params.axes, model.ae.latent);
      const align = params.align === undefined ? undefined : checkedAlign(params.align);
      await this.#changed(model);
      if (align === undefined) {
        model.live.choose(axes);
      } else {
        model.live.draw({ axes, align });
      }
      if (model.live.drawn) {
        model.live.send(true);
      } else {
        await this.refresh(model);
      }
      return null;
    }
    const rate = params.learning_rate;
    return rate === undefined ? null : this.#shared.jobs.setLearningRate(target, rate);
  }

  refresh(model: ModelEntry): Promise<void> {
    return this.quiet(model, () => this.sweep(model, true, (live) => live.send(true)));
  }

  /** Uses a model while no batch is half-way, and lets it rest until `use` is through. */
  async quiet<T>(model: ModelEntry, use: (model: ModelEntry) => T | Promise<T>): Promise<T> {
    const { runner } = model;
    const read = async (): Promise<T> => {
      if (model.changing !== null) {
        await this.#changed(model);
      }
      return use(model);
    };
    const reading = runner === null ? read() : runner.quiet(read);
    model.reading.add(reading);
    try {
      return await reading;
    } finally {
      model.reading.delete(reading);
    }
  }

  /**
   * Brings codes, and errors if asked for, of every row up to the model's present state, in slices; then `take`
   * copies what is wanted, before anything else can happen to the model.
   */
  async sweep<T>(model: ModelEntry, detail: boolean, take: (live: LiveMap) => T): Promise<T> {
    const { breath, nouns } = this.#shared;
    const { live, entry } = model;
    const taken: T[] = [];
    const step = (): boolean => {
      if (!live.isCurrent(detail)) {
        live.aim(detail);
        live.advance(8);
      }
      if (live.isCurrent(detail)) {
        taken.push(take(live));
      }
      return taken.length > 0;
    };
    await breath.until(step, () => nouns.stillShows(model, entry));
    return taken[0] as T;
  }

  // ---------------------------------------------------------------------------------------------- freeing

  /** A model and its map go together. */
  async free(model: ModelEntry): Promise<void> {
    const { nouns, jobs } = this.#shared;
    nouns.models.delete(model.id);
    nouns.maps.delete(model.live.id);
    if (model.runner !== null) {
      await jobs.cancelOf(model.id);
    }
    model.ae.free();
    nouns.dropUnused(model.table);
  }
}
