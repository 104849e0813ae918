/** `unfold open LINK`: the trainings that a link tells of, done again as the page does them, to the same bits. */
import { failure } from '../protocol/failure.ts';
import type { FeatureInfo, Frame, Id, OpenHints, RowBits, Source, TableInfo } from '../protocol/messages.ts';
import { firstAxes, fitSpecOf, type Link, type LinkTraining, readRoles } from '../saved/link.ts';
import { decodeLink, linkText } from '../saved/link-code.ts';
import { mismatch, setsOf } from '../saved/link-sets.ts';
import { hashFloats } from '../saved/rows-code.ts';
import { type OpenOptions, UsageError } from './args.ts';
import type { Bar } from './bar.ts';
import { createHost, type Host } from './host.ts';
import { npyOf } from './output.ts';
import { type MeasureReport, side } from './retrain.ts';
import { findFile, findSet } from './source.ts';
import { checkOutputs, loadKernels, type Stage, Stages, type Surroundings, write } from './work.ts';

export interface TrainingReport {
  kind: LinkTraining['kind'];
  rows: number; // selected; of a plain training: all
  epochs: number;
  steps: number; // batches
  seconds: number; // spent training
  before?: MeasureReport; // of a retrain
  after?: MeasureReport;
}

export interface OpenReport {
  rows: number;
  columns: number;
  seed: number;
  kernels: number;
  made_with: number; // revision of the kernels that the link was made with
  same: boolean | null; // every row is where it was; null: the link does not tell
  stages: Stage[];
  trainings: TrainingReport[];
}

/** A link's table, its model and the model's map. */
interface Opened {
  link: Link;
  table: Id;
  model: Id;
  map: Id;
  info: TableInfo;
  features: FeatureInfo;
  label: number | null; // column that errors are told by class of
  sets: RowBits[];
}

async function sourceOf(
  link: Link,
  { data }: OpenOptions,
  around: Surroundings,
): Promise<{ source: Source; hints: OpenHints }> {
  if (data !== null) {
    return { source: await findFile(data), hints: link.hints ?? {} };
  }
  if (link.id === undefined) {
    throw new UsageError(`The link is to the local file ${link.file}: name it with --data.`);
  }
  return findSet(link.id, around.data);
}

/** The data, read and prepared as they were, with the rows of every selection. */
async function openData(
  host: Host,
  link: Link,
  options: OpenOptions,
  around: Surroundings,
  stages: Stages,
): Promise<Opened> {
  const [table, model, map] = [host.nextId(), host.nextId(), host.nextId()];
  const { source, hints } = await sourceOf(link, options, around);
  const open = {
    type: 'open' as const,
    table,
    job: host.nextId(),
    source,
    hints: { ...hints, ...link.hints },
  };
  const info = await stages.timed('read', () => host.ask(open));
  const roles = readRoles(link.roles) ?? [];
  const other = mismatch(link, info, roles.length);
  if (other !== null) {
    throw failure('file_changed', `${options.data ?? link.id} is not the data of the link. ${other}`);
  }
  const spec = { roles, scale: link.scale };
  const features = await stages.timed('features', () =>
    host.ask({ type: 'prepare', table, job: host.nextId(), spec }),
  );
  const sets = await setsOf(link, info.rows, (by) => host.ask({ type: 'select', table, by }));
  const labelled = roles.indexOf('label');
  return { link, table, model, map, info, features, label: labelled < 0 ? null : labelled, sets };
}

async function createModel(host: Host, { link, table, model, map }: Opened): Promise<void> {
  const { method, params, fit, align } = link;
  const { refused } = await host.ask({ type: 'estimate', table, method, params, fit });
  if (refused !== null) {
    throw failure('too_large', refused);
  }
  const spec = align ? { axes: align.axes, align: align.by } : { axes: firstAxes(params.latent) };
  await host.ask({ type: 'create', model, map, table, method, params, spec });
}

/** One state of the path, with what it changed. */
async function repeat(
  host: Host,
  on: Opened,
  training: LinkTraining,
  before: number,
  measured: boolean,
): Promise<{ steps: number; report: TrainingReport }> {
  const { link, model, map, sets, info, label } = on;
  const { kind, set } = training;
  const selection = set === undefined ? null : (sets[set] ?? null);
  const measure = async (): Promise<MeasureReport | null> =>
    selection && measured ? side(await host.ask({ type: 'measure', model, selection, column: label })) : null;
  const first = await measure();
  const total = { epochs: 0, seconds: 0, steps: 0 };
  let steps = before;
  for (const part of training.fits) {
    const fit = fitSpecOf(link, training, part, sets);
    /* What a new start is laid onto is the map as it is. */
    if (fit.fresh) await host.ask({ type: 'refresh', map });
    const result = await host.ask({ type: 'run', job: host.nextId(), model, fit, live: false });
    steps = (fit.fresh ? 0 : steps) + part.steps;
    if (result.outcome !== 'finished' || result.steps !== steps) {
      throw failure('internal', `A training came to step ${result.steps}, not ${steps} as in the link.`);
    }
    total.epochs += result.epochs;
    total.seconds += result.seconds;
    total.steps += part.steps;
  }
  const last = await measure();
  const rows = selection === null ? info.rows : (link.sets?.[set ?? 0]?.n ?? 0);
  const compared = first && last ? { before: first, after: last } : {};
  return { steps, report: { kind, rows, ...total, ...compared } };
}

/** The model at the link's state, its map drawn as it was. */
async function train(
  host: Host,
  on: Opened,
  options: OpenOptions,
  stages: Stages,
): Promise<TrainingReport[]> {
  const { link, map } = on;
  const reports: TrainingReport[] = [];
  let steps = 0;
  const turn = async (axes: [number, number] | undefined): Promise<void> => {
    if (axes) await host.ask({ type: 'set', target: map, params: { axes } });
  };
  for (const training of link.path) {
    await turn(training.axes);
    const done = await stages.timed('train', () =>
      repeat(host, on, training, steps, options.report !== null),
    );
    steps = done.steps;
    reports.push(done.report);
  }
  await turn(link.axes);
  await stages.timed('encode', () => host.ask({ type: 'refresh', map }));
  return reports;
}

async function writeOut(out: string, host: Host, on: Opened, positions: Float32Array): Promise<void> {
  if (/\.npy$/i.test(out)) {
    await write(out, npyOf(positions, 2));
    return;
  }
  const { link, model, sets, info } = on;
  const roles = readRoles(link.roles) ?? [];
  const labels = info.columns.flatMap((_, column) => (roles[column] === 'label' ? [column] : []));
  const selection = link.selection ? (sets[link.selection.set] ?? null) : null;
  const file = await host.ask({ type: 'export', model, selection, only: false, protect: true, labels });
  await write(out, new Uint8Array(await file.arrayBuffer()));
}

export async function openLink(options: OpenOptions, around: Surroundings, bar: Bar): Promise<void> {
  const decoded = await decodeLink(linkText(options.link));
  if ('problem' in decoded) {
    throw new UsageError(decoded.problem);
  }
  const { link } = decoded;
  if (link.path.length === 0) {
    throw new UsageError('Nothing is trained in the link: it has no map.');
  }
  await checkOutputs(options, options.data === null ? [] : [options.data]);
  const stages = new Stages();
  let frame: Frame | null = null;
  const host = createHost(
    await loadKernels(around),
    (progress) => bar.show(progress),
    (next) => {
      frame = next;
    },
  );
  const on = await openData(host, link, options, around, stages);
  await createModel(host, on);
  const trainings = await train(host, on, options, stages);
  const positions = positionsOf(frame);
  const same = link.places === undefined ? null : hashFloats(positions) === link.places;
  const { out } = options;
  if (out !== null) {
    await stages.timed('write', () => writeOut(out, host, on, positions));
  }
  bar.clear();
  if (options.report !== null) {
    const report: OpenReport = {
      rows: on.info.rows,
      columns: on.info.columns.length,
      seed: link.params.seed,
      kernels: host.kernels,
      made_with: link.kernels,
      same,
      stages: stages.list(),
      trainings,
    };
    await write(options.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  tell(link, host.kernels, same, around);
}

function positionsOf(frame: Frame | null): Float32Array {
  if (frame === null) {
    throw failure('internal', 'The map was not drawn.');
  }
  const { offset } = frame.channels.positions;
  return new Float32Array(frame.buffer, offset, 2 * frame.rows);
}

/** Other kernels are told; rows elsewhere by the same kernels are an error, after all is written. */
function tell(link: Link, kernels: number, same: boolean | null, around: Surroundings): void {
  if (link.kernels !== kernels) {
    const what = same === true ? 'every row is where it was all the same' : 'the map may differ';
    around.stderr.write(`Made with other kernels (revision ${link.kernels}, here ${kernels}): ${what}.\n`);
  } else if (same === false) {
    throw failure('internal', 'The rows are not where they were when the link was made.', 'All was written.');
  }
}
