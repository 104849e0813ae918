/** What `unfold` does: reads, prepares, trains, trains on, encodes, writes, and says so. */
import { shapeDefaults } from '../methods/shape.ts';
import { FailureError, failure } from '../protocol/failure.ts';
import type { AeParams, FeatureInfo, FitSpec, Id, Role, RunResult, TableInfo } from '../protocol/messages.ts';
import { BEYOND_CODE } from '../protocol/rows.ts';
import type { CsvColumn } from '../worker/export-csv.ts';
import { HELP, type Options, optionOf, parseArgs, UsageError } from './args.ts';
import { type Bar, createBar } from './bar.ts';
import { createHost, type Host } from './host.ts';
import { openLink } from './open.ts';
import { csvOf, npyOf } from './output.ts';
import {
  measure,
  planRetrain,
  type RetrainPlan,
  type RetrainReport,
  retrainReport,
  type Trained,
} from './retrain.ts';
import { find } from './source.ts';
import { checkOutputs, loadKernels, Stages, type Surroundings, write } from './work.ts';

export interface Report {
  method: string;
  rows: number;
  columns: number;
  seed: number;
  threads: number;
  kernels: number;
  stages: { name: string; seconds: number }[]; // 'measure' is done before the retrain and after it
  loss: { train: number | null; heldout: number | null }; // of the training
  rows_per_second: number;
  retrain?: RetrainReport;
}

/** A message on one line: names from a file must not move the cursor or turn the text around. */
function line(message: string): string {
  return `${message.replace(/[\p{Cc}\p{Bidi_Control}]+/gu, ' ').trim()}\n`;
}

/** What is told of an error, and the exit status: 2 after wrong usage, else 1. */
function ending(error: unknown): { status: number; text: string } {
  if (error instanceof UsageError) {
    return { status: 2, text: `${error.message} See unfold --help.` };
  }
  const told = error instanceof FailureError ? error.failure : null;
  if (told?.code === 'bad_param' && told.where !== undefined) {
    return { status: 2, text: `${optionOf(told.where)}: ${told.message}` };
  }
  const message = told?.message ?? (error instanceof Error ? error.message : String(error));
  return { status: 1, text: [message, told?.hint].filter(Boolean).join(' ') };
}

/** The exit status: 0, 1 after an error, 2 after wrong usage. */
export async function main(args: readonly string[], around: Surroundings): Promise<number> {
  const bar = createBar(around.stderr);
  try {
    const command = parseArgs(args);
    if (command.kind === 'run') {
      await run(command.options, around, bar);
    } else if (command.kind === 'open') {
      await openLink(command.options, around, bar);
    } else {
      around.stdout.write(command.kind === 'help' ? HELP : `unfold ${around.version}\n`);
    }
    return 0;
  } catch (error) {
    bar.clear();
    const { status, text } = ending(error);
    around.stderr.write(line(text));
    return status;
  }
}

function columnNamed(info: TableInfo, name: string): number {
  const index = info.columns.findIndex((column) => column.name === name);
  if (index < 0) {
    const names = info.columns.slice(0, 8).map((column) => column.name);
    const more = info.columns.length > 8 ? ` and ${info.columns.length - 8} more` : '';
    throw new UsageError(`--label: There is no column ${name}; there are ${names.join(', ')}${more}.`);
  }
  return index;
}

/** Roles as the reader guesses them, and as the page shows them first; a named label is never a feature. */
function rolesOf(info: TableInfo, label: number | null): Role[] {
  return info.columns.map(({ role }, i) => (i === label ? 'label' : role));
}

/** Shape, fit and their defaults: the page's own. */
export function settings(options: Options, features: FeatureInfo): { params: AeParams; fit: FitSpec } {
  const shape = shapeDefaults(features.n, features.d, features);
  const { seed, heldout } = options;
  return {
    params: {
      hidden: options.hidden ?? shape.hidden,
      latent: options.latent ?? shape.latent,
      activation: options.activation ?? shape.activation,
      output: options.output ?? shape.output,
      loss: options.loss ?? shape.loss,
      seed,
    },
    fit: {
      epochs: options.epochs ?? shape.epochs,
      batch: options.batch ?? shape.batch,
      learning_rate: options.learning_rate ?? shape.learning_rate,
      weight_decay: options.weight_decay ?? shape.weight_decay,
      noise: options.noise ?? shape.noise,
      heldout,
      patience: heldout > 0 ? shape.patience : 0,
      seed,
    },
  };
}

async function run(options: Options, around: Surroundings, bar: Bar): Promise<void> {
  const ids = options.retrain?.rows.kind === 'file' ? [options.retrain.rows.path] : [];
  await checkOutputs(options, [options.file, ...ids]);
  const stages = new Stages();
  const host = createHost(await loadKernels(around), (progress) => bar.show(progress));
  if (options.threads > host.threads) {
    around.stderr.write(`This build has ${host.threads} thread; ${options.threads} were asked for.\n`);
  }
  const [table, model] = [host.nextId(), host.nextId()];
  const { source, hints } = await find(options, around.data);
  const info = await stages.timed('read', () =>
    host.ask({ type: 'open', table, job: host.nextId(), source, hints }),
  );
  const label = options.label === null ? null : columnNamed(info, options.label);
  const spec = { roles: rolesOf(info, label), scale: options.scale };
  const features = await stages.timed('features', () =>
    host.ask({ type: 'prepare', table, job: host.nextId(), spec }),
  );
  const { params, fit } = await create(host, options, table, model, features);
  const on = { table, model, info, features, params, fit, label };
  const plan = options.retrain === null ? null : await planRetrain(host, options, options.retrain, on);
  const result = await stages.timed('train', () => train(host, model, fit));
  const retrained = plan === null ? null : await retrain(host, model, plan, stages);
  if (options.out !== null) {
    await writeCodes(host, options.out, on, stages);
  }
  bar.clear();
  if (options.report !== null) {
    const report: Report = {
      method: options.method,
      rows: info.rows,
      columns: info.columns.length,
      seed: options.seed,
      threads: host.threads,
      kernels: host.kernels,
      stages: stages.list(),
      loss: { train: result.train, heldout: result.heldout },
      rows_per_second: result.rows_trained / stages.seconds('train'),
      ...(retrained === null ? {} : { retrain: retrained }),
    };
    await write(options.report, `${JSON.stringify(report, null, 2)}\n`);
  }
}

async function retrain(host: Host, model: Id, plan: RetrainPlan, stages: Stages): Promise<RetrainReport> {
  const before = await stages.timed('measure', () => measure(host, model, plan));
  const result = await stages.timed('retrain', () => train(host, model, plan.fit, '--then retrain --lr'));
  const after = await stages.timed('measure', () => measure(host, model, plan));
  return retrainReport(plan, before, after, result);
}

/** Makes the model, unless it would be too large; gives what it is and what it is to be trained with. */
async function create(
  host: Host,
  options: Options,
  table: Id,
  model: Id,
  features: FeatureInfo,
): Promise<{ params: AeParams; fit: FitSpec }> {
  const { method } = options;
  const { params, fit } = settings(options, features);
  const { refused } = await host.ask({ type: 'estimate', table, method, params, fit });
  if (refused !== null) {
    throw failure('too_large', refused);
  }
  const axes: [number, number] = [0, params.latent > 1 ? 1 : 0];
  await host.ask({ type: 'create', model, map: host.nextId(), table, method, params, spec: { axes } });
  return { params, fit };
}

/** `option`: where its learning rate is set. One whose loss ran away leaves nothing behind: half a result looks whole. */
async function train(host: Host, model: Id, fit: FitSpec, option = '--lr'): Promise<RunResult> {
  const result = await host.ask({ type: 'run', job: host.nextId(), model, fit, live: false });
  if (result.reason === 'diverged') {
    const { epochs, suggested_learning_rate: lower } = result;
    throw failure(
      'not_finite',
      `The loss ran away in epoch ${epochs + 1} with ${option} ${fit.learning_rate}; nothing was written.`,
      lower === null ? '' : `Try ${option} ${lower}.`,
    );
  }
  return result;
}

async function writeCodes(host: Host, out: string, on: Trained, stages: Stages): Promise<void> {
  const { table, model, info, params, label } = on;
  const codes = await stages.timed('encode', () => host.ask({ type: 'read', what: 'latent', model }));
  await stages.timed('write', async () => {
    const beside = label === null ? null : await labelColumn(host, table, info, label);
    const npy = /\.npy$/i.test(out);
    await write(out, npy ? npyOf(codes, params.latent) : csvOf(codes, params.latent, beside));
  });
}

async function labelColumn(host: Host, table: Id, info: TableInfo, column: number): Promise<CsvColumn> {
  const name = info.columns[column]?.name ?? '';
  const cells: string[] = [];
  const CHUNK = 50_000;
  const values = await host.ask({ type: 'read', what: 'column', table, column });
  if (values.kind === 'category' && !values.codes.includes(BEYOND_CODE)) {
    for (const code of values.codes) cells.push(values.categories[code] ?? '');
  } else {
    for (let first = 0; first < info.rows; first += CHUNK) {
      const rows = Uint32Array.from({ length: Math.min(CHUNK, info.rows - first) }, (_, i) => first + i);
      for (const row of await host.ask({ type: 'read', what: 'cells', table, rows })) {
        cells.push(row[column] ?? '');
      }
    }
  }
  return { name, text: values.kind !== 'number', cell: (row) => cells[row] ?? '' };
}
