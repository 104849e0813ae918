/** Numbers about groups of rows: how well a model does on a selection, and what the selection is made of. */
import { DistanceCorrelation, Moments, sampleRows } from '../kernels/measure.ts';
import { failure } from '../protocol/failure.ts';
import type { GroupMeasure, Measurement, RowBits, RowsSummary } from '../protocol/messages.ts';
import { hasRow, invertBits } from '../protocol/rows.ts';
import { type Classes, classesOf, NO_CLASS, NO_VALUE } from './classes.ts';
import { availableBytes, canClaim } from './estimate.ts';
import { checkBits } from './groups.ts';
import type { Models } from './models.ts';
import type { ModelEntry, TableEntry } from './nouns.ts';
import type { Of, Shared } from './shared.ts';

/** Rows of a group whose distances are correlated, at most: time grows with their square. */
const SAMPLE = 1000;

/** Fewer rows have no distances to correlate. */
const LEAST_SAMPLE = 3;

/** Units of a kernel object's work between two looks at the clock. */
const UNITS = 1;

/** The mean of some rows' errors, added up in row order. */
class Mean {
  n = 0;
  #sum = 0;

  add(value: number): void {
    this.n += 1;
    this.#sum += value;
  }

  get value(): number | null {
    return this.n === 0 ? null : this.#sum / this.n;
  }
}

/** Positions (n, 2) of codes of one number, without what is drawn beside them by chance. */
function withoutChance(positions: Float32Array): Float32Array {
  return positions.map((value, i) => (i % 2 === 0 ? value : 0));
}

/** Errors of both groups and of each class, over all rows. */
function errorsOf(
  errors: Float32Array,
  selection: RowBits,
  classes: Classes | null,
): { selection: Mean; rest: Mean; classes: Measurement['classes'] } {
  const groups = { selection: new Mean(), rest: new Mean() };
  const means = classes?.names.map(() => new Mean()) ?? [];
  const without = new Mean();
  errors.forEach((error, row) => {
    groups[hasRow(selection, row) ? 'selection' : 'rest'].add(error);
    const place = classes?.of[row];
    (place === NO_VALUE ? without : means[place ?? NO_CLASS])?.add(error);
  });
  const named: Measurement['classes'] = (classes?.names ?? []).map((name, i) => ({
    name,
    n: means[i]?.n ?? 0,
    error: means[i]?.value ?? null,
  }));
  if (without.n > 0) {
    const { n, value: error } = without;
    named.push({ name: missingName(classes?.names ?? []), n, error, missing: true });
  }
  return { ...groups, classes: named };
}

/** What rows without a label are called: never as a class is. */
function missingName(names: readonly string[]): string {
  const name = 'Missing';
  return names.includes(name) ? `${name} (no value)` : name;
}

export class Measurements {
  readonly #shared: Shared;
  readonly #models: Models;
  readonly #asked = new WeakMap<TableEntry, number>(); // summaries of a table

  constructor(shared: Shared, models: Models) {
    this.#shared = shared;
    this.#models = models;
  }

  /**
   * Errors are exact, over all rows; distances are those of the input and of the positions as drawn (of a code of
   * one number that number alone: what is drawn beside it is chance).
   */
  async measure({ model: id, selection, column }: Of<'measure'>): Promise<Measurement> {
    const model = this.#shared.nouns.model(id);
    const { n } = model.entry.info;
    checkBits(selection, n, 'selection');
    const classes = column === null ? null : classesOf(model.table, column);
    const { entry } = model;
    const state = await this.#models.quiet(model, () =>
      this.#models.sweep(model, true, (live) => ({
        step: model.ae.steps,
        errors: live.errors() ?? new Float32Array(0),
        positions: model.ae.latent === 1 ? withoutChance(live.positions()) : live.positions(),
      })),
    );
    const errors = errorsOf(state.errors, selection, classes);
    const group = async (mean: Mean, bits: RowBits): Promise<GroupMeasure> => {
      this.#shared.nouns.stillShows(model, entry);
      const distance_correlation = await this.#correlation(model, state.positions, bits);
      return { n: mean.n, error: mean.value, distance_correlation };
    };
    return {
      step: state.step,
      selection: await group(errors.selection, selection),
      rest: await group(errors.rest, invertBits(selection, n)),
      classes: errors.classes,
    };
  }

  async #correlation(model: ModelEntry, positions: Float32Array, bits: RowBits): Promise<number | null> {
    const { kernels, breath, nouns, machine } = this.#shared;
    const { entry, params } = model;
    const rows = sampleRows(kernels, bits, entry.info.n, SAMPLE, params.seed);
    if (rows.length < LEAST_SAMPLE) {
      return null;
    }
    // Memory never shrinks again: a number that can be missed is not worth the last of it.
    const bytes = DistanceCorrelation.bytes(kernels, entry.info.d, rows.length);
    if (bytes > availableBytes(kernels, machine) || !canClaim(kernels, bytes)) {
      return null;
    }
    const work = DistanceCorrelation.create(kernels, entry.features.matrixPtr, positions, rows);
    try {
      const step = (): boolean => {
        work.step(UNITS);
        return work.done;
      };
      await breath.until(step, () => nouns.stillShows(model, entry));
      return work.value;
    } finally {
      work.free();
    }
  }

  /**
   * What some rows of a table are made of, beside the others; by the features that it is prepared as now. One that
   * another is asked for meanwhile is given up: who changes a selection wants that of the last one.
   */
  async summary({ table: id, rows, column }: Extract<Of<'read'>, { what: 'summary' }>): Promise<RowsSummary> {
    const { nouns, kernels, breath } = this.#shared;
    const table = nouns.table(id);
    const entry = nouns.features(table);
    const { features, info } = entry;
    checkBits(rows, info.n, 'rows');
    const classes = column === null ? null : classesOf(table, column);
    const mine = (this.#asked.get(table) ?? 0) + 1;
    this.#asked.set(table, mine);
    const wanted = (): void => {
      nouns.stillPrepared(table, entry);
      if (this.#asked.get(table) !== mine) {
        throw failure('cancelled', 'Another summary was asked for meanwhile.');
      }
    };
    const work = Moments.create(kernels, features.matrixPtr, rows);
    try {
      const step = (): boolean => {
        work.step(UNITS);
        return work.done;
      };
      await breath.until(step, wanted);
      const { n, mean, restMean, effect } = work.result();
      // Scaling is a shift and a factor for each feature: the mean of raw values is the raw value of the mean.
      return {
        n,
        mean: features.toRaw(mean),
        rest_mean: features.toRaw(restMean),
        effect,
        ...labelsOf(rows, classes),
      };
    } finally {
      work.free();
    }
  }
}

/** Rows of each class, in the selection and in the table, and how many selected ones have none. */
function labelsOf(rows: RowBits, classes: Classes | null): Pick<RowsSummary, 'labels' | 'missing'> {
  const labels = (classes?.names ?? []).map((name) => ({ name, n: 0, of: 0 }));
  let without = 0;
  classes?.of.forEach((place, row) => {
    const selected = hasRow(rows, row) ? 1 : 0;
    without += place === NO_VALUE ? selected : 0;
    const label = labels[place];
    if (label !== undefined) {
      label.n += selected;
      label.of += 1;
    }
  });
  return { labels, missing: without };
}
