/** What `unfold` does: reads, prepares, trains, encodes, writes, and says so. */
import { openAsBlob } from 'node:fs';
import { readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { compileFailure } from '../kernels/module.ts';
import { shapeDefaults } from '../methods/shape.ts';
import { FailureError, failure } from '../protocol/failure.ts';
import type {
  AeParams,
  FeatureInfo,
  FitSpec,
  Id,
  OpenHints,
  Role,
  RunResult,
  Source,
  TableInfo,
} from '../protocol/messages.ts';
import { HELP, type Options, optionOf, parseArgs, UsageError } from './args.ts';
import { createBar } from './bar.ts';
import { createHost, type Host } from './host.ts';
import { csvOf, type LabelColumn, npyOf } from './output.ts';

export interface Surroundings {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  version: string;
  kernels: readonly URL[]; // where kernels.wasm may lie
  data: readonly URL[]; // folders where catalog.json may lie
}

interface CatalogEntry {
  id: string;
  title: string;
  file?: string;
  label?: string;
  synthetic?: Extract<Source, { synthetic: string }>['synthetic'];
  n?: number;
  rows: number;
  seed?: number;
}

export interface Report {
  method: string;
  rows: number;
  columns: number;
  seed: number;
  threads: number;
  kernels: number;
  stages: { name: string; seconds: number }[];
  loss: { train: number | null; heldout: number | null };
  rows_per_second: number;
}

/** The exit status: 0, 1 after an error, 2 after wrong usage. */
export async function main(args: readonly string[], around: Surroundings): Promise<number> {
  const bar = createBar(around.stderr);
  try {
    const command = parseArgs(args);
    if (command.kind === 'run') {
      await run(command.options, around, bar);
    } else {
      around.stdout.write(command.kind === 'help' ? HELP : `unfold ${around.version}\n`);
    }
    return 0;
  } catch (error) {
    bar.clear();
    if (error instanceof UsageError) {
      around.stderr.write(`${error.message} See unfold --help.\n`);
      return 2;
    }
    const told = error instanceof FailureError ? error.failure : null;
    if (told?.code === 'bad_param' && told.where !== undefined) {
      around.stderr.write(`${optionOf(told.where)}: ${told.message}\n`);
      return 2;
    }
    const message = told?.message ?? (error instanceof Error ? error.message : String(error));
    around.stderr.write(`${[message, told?.hint].filter(Boolean).join(' ')}\n`);
    return 1;
  }
}

async function firstReadable(urls: readonly URL[]): Promise<Buffer | null> {
  for (const url of urls) {
    try {
      return await readFile(url);
    } catch {
      // The next place may have it.
    }
  }
  return null;
}

async function loadKernels(around: Surroundings): Promise<WebAssembly.Module> {
  const bytes = await firstReadable(around.kernels);
  if (bytes === null) {
    throw failure('worker_start', 'kernels.wasm is missing beside the program.', 'Run npm run build.');
  }
  try {
    return await WebAssembly.compile(new Uint8Array(bytes));
  } catch (error) {
    throw compileFailure(error);
  }
}

async function fromFile(path: string): Promise<Source | null> {
  try {
    if ((await stat(path)).isDirectory()) {
      throw failure('bad_file', `${path} is a folder.`, 'Name a file.');
    }
    return { blob: await openAsBlob(path), name: basename(path) };
  } catch (error) {
    if (error instanceof FailureError) {
      throw error;
    }
    const { code } = error as { code?: string };
    if (code === 'ENOENT') {
      return null;
    }
    throw failure('bad_file', `${path} can't be read (${code ?? 'unknown reason'}).`);
  }
}

async function fromCatalog(
  id: string,
  folders: readonly URL[],
): Promise<{ source: Source; hints: OpenHints } | null> {
  for (const folder of folders) {
    const text = await firstReadable([new URL('catalog.json', folder)]);
    const list = text === null ? [] : (JSON.parse(text.toString('utf8')) as CatalogEntry[]);
    const entry = list.find((candidate) => candidate.id === id);
    if (entry === undefined) {
      continue;
    }
    const hints: OpenHints = entry.label === undefined ? {} : { label: entry.label };
    if (entry.synthetic !== undefined) {
      const { synthetic, n = entry.rows, seed = 1, title } = entry;
      return { source: { synthetic, n, seed, name: title }, hints };
    }
    const bytes = await firstReadable([new URL(entry.file ?? '', folder)]);
    if (bytes !== null) {
      return { source: { blob: new Blob([new Uint8Array(bytes)]), name: entry.file ?? id }, hints };
    }
  }
  return null;
}

async function find(options: Options, around: Surroundings): Promise<{ source: Source; hints: OpenHints }> {
  const source = await fromFile(options.file);
  const found = source === null ? await fromCatalog(options.file, around.data) : { source, hints: {} };
  if (found === null) {
    throw failure(
      'not_found',
      `There is no file ${options.file}, and no data set of that name in the catalogue.`,
    );
  }
  const hints: OpenHints = options.label === null ? found.hints : { ...found.hints, label: options.label };
  return { source: found.source, hints };
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

/** Refuses to write over what is read, or one output over the other, however the paths are spelled. */
async function checkOutputs({ file, out, report }: Options): Promise<void> {
  const real = async (path: string): Promise<string> => {
    try {
      return await realpath(path);
    } catch {
      return resolve(path); // not there yet
    }
  };
  const input = await real(file);
  const outputs = [['--out', out], ...(report === null ? [] : [['--report', report]])] as [string, string][];
  const places = await Promise.all(outputs.map(([, path]) => real(path)));
  outputs.forEach(([name], i) => {
    if (places[i] === input) {
      throw new UsageError(`${name} is the file that is read: it would be overwritten.`);
    }
  });
  if (places.length === 2 && places[0] === places[1]) {
    throw new UsageError('--out and --report are the same file.');
  }
}

async function run(options: Options, around: Surroundings, bar: ReturnType<typeof createBar>): Promise<void> {
  const stages: Report['stages'] = [];
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    stages.push({ name, seconds: (performance.now() - start) / 1000 });
    return result;
  };
  await checkOutputs(options);
  const host = createHost(await loadKernels(around), (progress) => bar.show(progress));
  if (options.threads > host.threads) {
    around.stderr.write(`This build has ${host.threads} thread; ${options.threads} were asked for.\n`);
  }
  const table = host.nextId();
  const model = host.nextId();
  const { source, hints } = await find(options, around);
  const info = await timed('read', () =>
    host.ask({ type: 'open', table, job: host.nextId(), source, hints }),
  );
  const label = options.label === null ? null : columnNamed(info, options.label);
  const roles = rolesOf(info, label);
  const features = await timed('features', () =>
    host.ask({ type: 'prepare', table, job: host.nextId(), spec: { roles, scale: options.scale } }),
  );
  const fit = await create(host, options, table, model, features);
  const result = await timed('train', () => train(host, model, fit));
  const codes = await timed('encode', () => host.ask({ type: 'read', what: 'latent', model }));
  bar.clear();
  await timed('write', async () => {
    const dims = codes.length / info.rows;
    const beside = label === null ? null : await labelColumn(host, table, info, label);
    await write(options.out, /\.npy$/i.test(options.out) ? npyOf(codes, dims) : csvOf(codes, dims, beside));
  });
  if (options.report !== null) {
    const seconds = stages.find(({ name }) => name === 'train')?.seconds ?? 0;
    const report: Report = {
      method: options.method,
      rows: info.rows,
      columns: info.columns.length,
      seed: options.seed,
      threads: host.threads,
      kernels: host.kernels,
      stages,
      loss: { train: result.train, heldout: result.heldout },
      rows_per_second: result.rows_trained / seconds,
    };
    await write(options.report, `${JSON.stringify(report, null, 2)}\n`);
  }
}

/** Makes the model, unless it would be too large; gives what it is to be trained with. */
async function create(
  host: Host,
  options: Options,
  table: Id,
  model: Id,
  features: FeatureInfo,
): Promise<FitSpec> {
  const { method } = options;
  const { params, fit } = settings(options, features);
  const { refused } = await host.ask({ type: 'estimate', table, method, params, fit });
  if (refused !== null) {
    throw failure('too_large', refused);
  }
  const axes: [number, number] = [0, params.latent > 1 ? 1 : 0];
  await host.ask({ type: 'create', model, map: host.nextId(), table, method, params, spec: { axes } });
  return fit;
}

async function train(host: Host, model: Id, fit: FitSpec): Promise<RunResult> {
  const result = await host.ask({ type: 'run', job: host.nextId(), model, fit, live: false });
  if (result.reason === 'diverged') {
    throw failure('not_finite', result.message);
  }
  return result;
}

async function labelColumn(host: Host, table: Id, info: TableInfo, column: number): Promise<LabelColumn> {
  const { name, kind } = info.columns[column] ?? { name: '', kind: 'text' };
  const cells: string[] = [];
  const CHUNK = 50_000;
  const values = await host.ask({ type: 'read', what: 'column', table, column });
  if (values.kind === 'category' && !values.codes.includes(65534)) {
    for (const code of values.codes) cells.push(values.categories[code] ?? '');
  } else {
    for (let first = 0; first < info.rows; first += CHUNK) {
      const rows = Uint32Array.from({ length: Math.min(CHUNK, info.rows - first) }, (_, i) => first + i);
      for (const row of await host.ask({ type: 'read', what: 'cells', table, rows })) {
        cells.push(row[column] ?? '');
      }
    }
  }
  return { name, cells, text: kind !== 'number' };
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(path, content);
  } catch (error) {
    const { code } = error as { code?: string };
    throw failure('internal', `${path} can't be written (${code ?? 'unknown reason'}).`);
  }
}
