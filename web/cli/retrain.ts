/**
 * `--then retrain`: training goes on, on the rows that `--rows` names, from the weights and moments the training left;
 * what it did to them, to the rest and to each class is measured before and after. Done as the page does it.
 */
import { shapeDefaults } from '../methods/shape.ts';
import { FailureError } from '../protocol/failure.ts';
import type {
  AeParams,
  FeatureInfo,
  FitSpec,
  Id,
  Measurement,
  RowBits,
  RunResult,
  TableInfo,
} from '../protocol/messages.ts';
import { checkGroups } from '../worker/groups.ts';
import { type Options, optionOf, type RetrainOptions, UsageError } from './args.ts';
import type { Host } from './host.ts';
import { rowsOf } from './rows.ts';

/** Errors are means over all rows of a group of the squared residual per feature, in scaled units; null: no rows. */
export interface MeasureReport {
  selection: number | null;
  rest: number | null;
  classes: Record<string, number | null>; // of the label column
  distance_correlation: { selection: number | null; rest: number | null }; // of input and map
}

export interface RetrainReport {
  kind: RetrainOptions['kind'];
  rows: number; // selected
  focus: number;
  epochs: number; // done
  steps: number; // batches
  learning_rate: number;
  seconds: number; // spent training
  before: MeasureReport;
  after: MeasureReport;
}

/** Everything that the retrain needs to know once the training is done. */
export interface RetrainPlan {
  kind: RetrainOptions['kind'];
  selection: RowBits;
  label: number | null; // column of the classes
  fit: FitSpec;
}

/** Epochs of a retrain, unless something else is said. */
const EPOCHS = 5;

/** What is to be retrained, of which model. */
export interface Trained {
  table: Id;
  model: Id;
  info: TableInfo;
  features: FeatureInfo;
  params: AeParams;
  fit: FitSpec; // of the training
  label: number | null; // column that --label names
}

/** A wrong value as wrong usage, with the option it came from; anything else as it is. */
function asUsage(error: unknown): unknown {
  if (!(error instanceof FailureError) || error.failure.code !== 'bad_param') {
    return error;
  }
  const { where = '', message } = error.failure;
  const option = where === 'selection' || where === 'column' ? '--rows' : optionOf(where);
  return new UsageError(`${option} after --then: ${message}`);
}

/** A share rounded up to four digits, so that it may be typed as it is told. */
function shareText(share: number): string {
  return String(Math.ceil(share * 1e4) / 1e4);
}

async function plan(
  host: Host,
  options: Options,
  retrain: RetrainOptions,
  on: Trained,
): Promise<RetrainPlan> {
  const { table, model, info, features } = on;
  const { kind, rows, focus } = retrain;
  const labelled = info.columns.findIndex(({ role }) => role === 'label');
  const label = on.label ?? (labelled < 0 ? null : labelled);
  const seed = retrain.seed ?? on.fit.seed;
  const selection = await rowsOf(host, table, info, rows, { label, seed });
  const fit: FitSpec = {
    ...on.fit,
    epochs: retrain.epochs ?? EPOCHS,
    batch: retrain.batch ?? on.fit.batch,
    learning_rate: retrain.learning_rate ?? on.fit.learning_rate,
    patience: 0, // so many steps, whatever the held-out loss does
    seed,
    selection,
    focus,
  };
  const heldout = await host.ask({ type: 'read', what: 'heldout', model, heldout: fit.heldout });
  const groups = checkGroups(fit, info.rows, () => heldout);
  const trained = groups?.trained ?? 0;
  const natural = trained / (trained + (groups?.rest ?? 0));
  if (kind === 'retrain' && Math.fround(focus) < Math.fround(natural)) {
    throw new UsageError(
      `--focus ${focus} is below the share of the loss that these rows have anyway, ${shareText(natural)}: they ` +
        'would count for less than in the training. To train on without them use --exclude.',
    );
  }
  if (kind === 'scratch') {
    fit.fresh = true;
    fit.epochs = retrain.epochs ?? options.epochs ?? shapeDefaults(trained, features.d, features).epochs;
  }
  await host.ask({ type: 'estimate', table, method: options.method, params: on.params, fit }); // checks the values
  return { kind, selection, label, fit };
}

/** Finds the rows and checks all values, so that what is wrong is told before the training. */
export async function planRetrain(
  host: Host,
  options: Options,
  retrain: RetrainOptions,
  on: Trained,
): Promise<RetrainPlan> {
  try {
    return await plan(host, options, retrain, on);
  } catch (error) {
    throw asUsage(error);
  }
}

export async function measure(
  host: Host,
  model: Id,
  { selection, label }: RetrainPlan,
): Promise<Measurement> {
  return host.ask({ type: 'measure', model, selection, column: label });
}

export function side({ selection, rest, classes }: Measurement): MeasureReport {
  return {
    selection: selection.error,
    rest: rest.error,
    classes: Object.fromEntries(classes.map(({ name, error }) => [name, error])),
    distance_correlation: { selection: selection.distance_correlation, rest: rest.distance_correlation },
  };
}

export function retrainReport(
  { kind, fit }: RetrainPlan,
  before: Measurement,
  after: Measurement,
  result: RunResult,
): RetrainReport {
  return {
    kind,
    rows: after.selection.n,
    focus: fit.focus ?? 1,
    epochs: result.epochs,
    steps: result.steps - (kind === 'scratch' ? 0 : before.step),
    learning_rate: fit.learning_rate,
    seconds: result.seconds,
    before: side(before),
    after: side(after),
  };
}
