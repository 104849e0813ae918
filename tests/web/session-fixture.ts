/**
 * A stand-in for the engine in tests of the session: every request is kept until the test answers it, or is
 * answered by what `answers` says for its type.
 */

import type {
  ColumnInfo,
  Estimate,
  Failure,
  FeatureInfo,
  Frame,
  Id,
  Progress,
  Ready,
  RowsSummary,
  RunResult,
  TableInfo,
} from '../../web/protocol/messages.ts';
import { countBits } from '../../web/protocol/rows.ts';
import { type Actions, createActions } from '../../web/state/actions.ts';
import { createActs } from '../../web/state/acts.ts';
import type { RequestBody } from '../../web/state/engine-port.ts';
import type { PreferenceStorage } from '../../web/state/preferences.ts';
import type { SessionEngine } from '../../web/state/session-actions.ts';
import {
  type CatalogEntry,
  createStore,
  type Measured,
  type Store,
  type Theme,
} from '../../web/state/store.ts';

type Body<T extends RequestBody['type']> = Extract<RequestBody, { type: T }>;

export interface Pending {
  body: RequestBody;
  answer(value: unknown): Promise<void>;
  refuse(failure: unknown): Promise<void>;
}

/** Lets everything that waits for promises run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 40; i++) await Promise.resolve();
}

export class FakeEngine implements SessionEngine {
  readonly sent: RequestBody[] = [];
  readonly pending: Pending[] = [];
  /** What is answered at once, by type. */
  answers: { [T in RequestBody['type']]?: (body: Body<T>) => unknown } = {};
  restarts = 0;
  private id = 0;

  nextId(): Id {
    this.id++;
    return this.id;
  }

  restart(): void {
    this.restarts++;
  }

  request<B extends RequestBody>(body: B, options?: { signal?: AbortSignal }): Promise<never> {
    this.sent.push(body);
    const answer = this.answers[body.type] as ((body: RequestBody) => unknown) | undefined;
    if (answer) {
      return new Promise((resolve) => {
        resolve(answer(body) as never);
      });
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const at = this.pending.indexOf(entry);
        if (at >= 0) this.pending.splice(at, 1);
      };
      const entry: Pending = {
        body,
        answer(value) {
          leave();
          resolve(value as never);
          return settle();
        },
        refuse(failure) {
          leave();
          reject(failure);
          return settle();
        },
      };
      this.pending.push(entry);
      options?.signal?.addEventListener('abort', () => {
        leave();
        reject({ code: 'cancelled', message: 'Cancelled.', hint: '' });
      });
    });
  }

  /** The latest request of a type that waits for an answer. */
  waiting<T extends RequestBody['type']>(type: T): Pending & { body: Body<T> } {
    const found = this.pending.findLast(({ body }) => body.type === type);
    if (!found) throw new Error(`No ${type} is waiting; sent: ${this.types().join(', ')}`);
    return found as Pending & { body: Body<T> };
  }

  /** The types of what was asked, but for the map's own readings. */
  types(): string[] {
    return this.sent.map(({ type }) => type).filter((type) => type !== 'read');
  }

  count(type: RequestBody['type']): number {
    return this.sent.filter((body) => body.type === type).length;
  }

  freed(): Id[] {
    return this.sent.flatMap((body) => (body.type === 'free' ? [body.target] : []));
  }
}

export const READY: Ready = {
  type: 'ready',
  values: 250e6,
  protocol: 1,
  kernels: 1,
  threads: 1,
  methods: {
    ae: {
      params: {
        defaults: { n_hidden: 2, hidden: [128, 32], latent: 2, seed: 1 },
        lo: { n_hidden: 0, hidden: [1, 1, 1, 1, 1, 1, 1, 1], latent: 1, seed: 0 },
        hi: { n_hidden: 8, hidden: Array(8).fill(4096), latent: 64, seed: 4294967295 },
      },
      fit: {
        defaults: {},
        lo: {
          epochs: 1,
          batch: 1,
          learning_rate: 1e-8,
          weight_decay: 0,
          noise: 0,
          heldout: 0,
          patience: 0,
          seed: 0,
        },
        hi: {
          epochs: 100_000,
          batch: 4096,
          learning_rate: 1e9,
          weight_decay: 1,
          noise: 10,
          heldout: 0.5,
          patience: 4294967295,
          seed: 4294967295,
        },
      },
    },
  },
};

export function columnInfo(name: string, change: Partial<ColumnInfo> = {}): ColumnInfo {
  return {
    name,
    kind: 'number',
    role: 'feature',
    missing: 0,
    distinct: 100,
    integer: false,
    min: 0,
    max: 1,
    mean: 0.5,
    bad_cells: 0,
    categories: null,
    ...change,
  };
}

export function wineColumns(): ColumnInfo[] {
  const names = ['fixed acidity', 'volatile acidity', 'alcohol'];
  return [
    ...names.map((name) => columnInfo(name, { min: 3.8, max: 14.2, mean: 6.85 })),
    columnInfo('quality', { role: 'label', integer: true, distinct: 7, min: 3, max: 9 }),
  ];
}

export function tableInfo(table: Id, change: Partial<TableInfo> = {}): TableInfo {
  return {
    table,
    name: 'wine.csv',
    rows: 4898,
    columns: wineColumns(),
    recipe: { format: 'csv', separator: ';', header: true },
    image: null,
    notes: ['The separator is a semicolon.'],
    fingerprint: '00',
    bytes: 1000,
    ...change,
  };
}

export function featureInfo(change: Partial<FeatureInfo> = {}): FeatureInfo {
  return {
    n: 4898,
    d: 3,
    names: ['fixed acidity', 'volatile acidity', 'alcohol'],
    source: Uint32Array.of(0, 1, 2),
    scale: 'standard',
    unit_range: false,
    image: null,
    notes: ['12 missing values in 1 column filled with the median.'],
    baseline: 1,
    bytes: 1000,
    ...change,
  };
}

export const ESTIMATE: Estimate = {
  parameters: 1000,
  bytes: 100_000,
  available: 1e9,
  step_seconds: 0.001,
  seconds: 6,
  refused: null,
};

export function runResult(change: Partial<RunResult> = {}): RunResult {
  return {
    outcome: 'finished',
    reason: 'epochs',
    message: 'Trained 20 epochs.',
    epochs: 20,
    steps: 1000,
    rows_trained: 90_000,
    seconds: 6,
    train: 0.1,
    heldout: 0.12,
    selection: null,
    rest: null,
    align: null,
    axes: [0, 1],
    suggested_learning_rate: null,
    ...change,
  };
}

/** Errors of a selection of 49 rows, the rest, and two classes, on the first two axes. */
export function measurement(selection: number, rest: number, classes: [string, number][] = []): Measured {
  return {
    axes: [0, 1],
    step: 1000,
    selection: { n: 49, error: selection, distance_correlation: 0.8 },
    rest: { n: 4849, error: rest, distance_correlation: 0.7 },
    classes: classes.map(([name, error]) => ({ name, n: 100, error })),
  };
}

export function progressOf(job: Id, change: Partial<Progress> = {}): Progress {
  return {
    type: 'progress',
    job,
    stage: 'train',
    done: 10,
    total: 100,
    epoch: 0,
    epochs: 20,
    rows_per_second: 5000,
    seconds_left: 5,
    state: 'running',
    series: [],
    ...change,
  };
}

export function frameOf(map: Id, rows: number, change: Partial<Frame> = {}): Frame {
  const buffer = new ArrayBuffer(rows * 12);
  return {
    type: 'frame',
    map,
    rows,
    step: 10,
    epoch: 1,
    dims: 2,
    buffer,
    channels: { positions: { offset: 0, length: rows * 2 }, error: { offset: rows * 8, length: rows } },
    fresh: [0, rows],
    whole: true,
    ...change,
  };
}

/** So many rows that are like the rest, by the three features of `featureInfo`. */
function rowsSummary(n: number): RowsSummary {
  const none = (): Float32Array => new Float32Array(3);
  return { n, mean: none(), rest_mean: none(), effect: none(), labels: [], missing: 0 };
}

/** Answers everything but `open` and `run` the way a worker with plenty of memory would. */
export function obligingAnswers(engine: FakeEngine): void {
  engine.answers = {
    prepare: () => featureInfo(),
    estimate: () => ESTIMATE,
    create: ({ model, map, table, method }) => ({
      model,
      map,
      table,
      method,
      parameters: 1000,
      bytes: 20_000,
      steps: 0,
    }),
    pause: () => null,
    resume: () => null,
    stop: () => null,
    cancel: () => null,
    set: () => null,
    free: () => null,
    snapshot: () => new ArrayBuffer(8),
    refresh: () => null,
    measure: () => measurement(0.2, 0.1),
    export: () => new Blob(['id']),
    read: (body) => {
      if (body.what === 'column') return { kind: 'number', values: new Float32Array(4898) };
      return body.what === 'summary' ? rowsSummary(countBits(body.rows)) : new Float32Array(0);
    },
  };
}

export const CATALOG: CatalogEntry[] = [
  {
    id: 'mnist-10k',
    title: 'Handwritten digits, 10,000',
    description: 'Digits.',
    kind: 'images',
    rows: 10_000,
    columns: 784,
    label: 'digit',
    file: 'mnist-10k.tensor.gz',
    head: 'mnist-10k-head',
  },
  {
    id: 'mnist-10k-head',
    title: 'Handwritten digits, first 2,000',
    description: 'The first of them.',
    kind: 'images',
    rows: 2000,
    columns: 784,
    label: 'digit',
    file: 'mnist-10k-head.tensor.gz',
  },
  {
    id: 'iris',
    title: 'Iris flowers',
    description: 'Flowers.',
    kind: 'table',
    rows: 150,
    columns: 5,
    label: 'species',
    file: 'iris.csv.gz',
  },
  {
    id: 'rings',
    title: 'Rings',
    description: 'Rings.',
    kind: 'synthetic',
    rows: 3000,
    columns: 3,
    synthetic: 'rings',
    n: 3000,
    seed: 1,
  },
];

export class MemoryStorage implements PreferenceStorage {
  readonly values = new Map<string, string>();
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
}

export interface Bench {
  store: Store;
  engine: FakeEngine;
  actions: Actions;
  storage: MemoryStorage;
  themes: Theme[];
  copied: string[];
  saved: { file: Blob; name: string }[];
  /** Runs what was put off, such as an estimate after typing. */
  runLater(): Promise<void>;
  /** Moves the clock, in ms. */
  wait(ms: number): void;
}

export interface BenchOptions {
  catalog?: CatalogEntry[];
  snapshotBudget?: number;
  /** Answers a fetch of a data file; default: some bytes. */
  fetch?: (url: string, signal: AbortSignal) => Promise<Response>;
}

export function createBench(options: BenchOptions = {}): Bench {
  const store = createStore();
  const engine = new FakeEngine();
  const storage = new MemoryStorage();
  const themes: Theme[] = [];
  const copied: string[] = [];
  const saved: Bench['saved'] = [];
  const later: (() => void)[] = [];
  let clock = 0;
  obligingAnswers(engine);
  const actions = createActions(store, engine, {
    acts: createActs,
    ...(options.snapshotBudget === undefined ? {} : { snapshotBudget: options.snapshotBudget }),
    storage,
    applyTheme: (theme) => themes.push(theme),
    surroundings: {
      fetch(url, { signal }) {
        if (url === 'data/catalog.json') return Promise.resolve(Response.json(options.catalog ?? CATALOG));
        return options.fetch?.(url, signal) ?? Promise.resolve(new Response(new Uint8Array(64)));
      },
      now: () => clock,
      later(run) {
        later.push(run);
        return () => {
          const at = later.indexOf(run);
          if (at >= 0) later.splice(at, 1);
        };
      },
      copy(text) {
        copied.push(text);
        return Promise.resolve();
      },
      save: (file, name) => saved.push({ file, name }),
      version: '0.0.0',
      agent: 'a browser',
    },
  });
  return {
    store,
    engine,
    actions,
    storage,
    themes,
    copied,
    saved,
    runLater() {
      for (const run of later.splice(0)) run();
      return settle();
    },
    wait(ms) {
      clock += ms;
    },
  };
}

export function csvFile(name = 'wine.csv'): File {
  return new File(['a;b\n1;2\n'], name, { type: 'text/csv' });
}

/** A bench where a table is open, and a model of it is being trained. */
export async function trainingBench(
  options: BenchOptions = {},
): Promise<Bench & { table: Id; job: Id; map: Id; model: Id }> {
  const bench = createBench(options);
  bench.actions.onReady(READY);
  void bench.actions.open(csvFile());
  await settle();
  const open = bench.engine.waiting('open');
  await open.answer(tableInfo(open.body.table));
  const run = bench.engine.waiting('run');
  const model = bench.store.model.value;
  if (!model) throw new Error('There is no model.');
  return {
    ...bench,
    table: open.body.table,
    job: run.body.job,
    model: model.info.model,
    map: model.info.map,
  };
}

export const BAD_FILE: Failure = {
  code: 'bad_file',
  message: 'This is a PNG image.',
  hint: 'Save it as CSV.',
};

/** What is on screen. */
export function kind(bench: Bench): string {
  return bench.store.phase.value.kind;
}

/** What the notices say. */
export function texts(bench: Bench): string[] {
  return bench.store.notices.value.map(({ text }) => text);
}

/** Presses the button of a notice. */
export async function press(bench: Bench, label: string): Promise<void> {
  for (const { action, other } of bench.store.notices.value) {
    for (const button of [action, other]) {
      if (button?.label === label) button.run();
    }
  }
  await settle();
}
