// Every signal the app has, made by one createStore(): the app makes one, each test its own.
//
// Bulk arrays (positions, errors, colour indices) are never in a signal: they live in `Bulk`, and a version
// number in a signal says that they changed. Components read signals and call actions; only actions.ts assigns.

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type {
  AeParams,
  EpochLoss,
  Estimate,
  Failure,
  FeatureInfo,
  FitSpec,
  Id,
  Method,
  ModelInfo,
  Progress,
  Ready,
  Role,
  RowDetail,
  RowId,
  RunResult,
  Scale,
  TableInfo,
} from '../protocol/messages.ts';

/** A set that the page offers, as listed in data/catalog.json. */
export interface CatalogEntry {
  id: string;
  title: string;
  description: string;
  rows: number;
  columns: number;
  kind: 'table' | 'images' | 'synthetic';
  file?: string; // below data/
  head?: string; // id of the entry with this one's first rows
  synthetic?: 'swiss_roll' | 'blobs' | 'rings' | 'trefoil';
  n?: number;
  seed?: number;
  label?: string;
  licence?: string;
  source?: string;
}

/** What the person has chosen about a table; `info.columns[i].role` is only the reader's guess. */
export interface TableState {
  info: TableInfo;
  origin: string; // catalogue id, or 'file'
  roles: Role[];
  scale: Scale;
  features: FeatureInfo | null; // null while being prepared
}

export interface ModelState {
  info: ModelInfo;
  method: Method;
  params: AeParams;
  fit: FitSpec; // of the last or current run
  losses: EpochLoss[];
  result: RunResult | null;
}

export interface MapState {
  map: Id;
  table: Id;
  rows: number;
  version: number; // raised with every frame; arrays are in Bulk.maps
  step: number;
  epoch: number;
  whole: boolean;
  axes: [number, number];
}

/** What is on screen, as a union: a combination that can't be does not type-check. */
export type Phase =
  | { kind: 'starting' }
  | { kind: 'empty' }
  | {
      kind: 'opening';
      name: string;
      stage: 'stop' | 'fetch' | 'read' | 'features';
      done: number; // of `total` bytes or rows; total 0: not known
      total: number;
      seconds_left: number | null;
      replaces: boolean; // what is on screen stays until it is read
    }
  | { kind: 'ready' } // a table is there, nothing trained yet
  | { kind: 'running'; job: Id; stopping: boolean }
  | { kind: 'pausing'; job: Id }
  | { kind: 'paused'; job: Id }
  | { kind: 'finished' }
  | { kind: 'failed'; failure: Failure; retry: boolean }; // the work stays; `retry`: a button offers it

export interface Notice {
  id: number;
  tone: 'info' | 'warning' | 'error';
  text: string;
  hint?: string;
  where?: string;
  code?: string;
  action?: { label: string; run: () => void };
  other?: { label: string; run: () => void }; // a second way out: the notice asks something
  details?: string; // what "Copy details" copies
  about?: 'opening'; // of several about one matter only the last is shown; gone when the matter is settled
}

export type Colouring = { kind: 'none' } | { kind: 'column'; column: number } | { kind: 'error' };

/** What the legend shows; made with the colour indices. */
export type Legend =
  | { kind: 'none' }
  | {
      kind: 'classes';
      title: string;
      items: { name: string; count: number; colour: number }[];
      missing: number;
    }
  | { kind: 'range'; title: string; lo: number; hi: number; missing: number };

/** Parameters as typed in the form, checked against the kernels' bounds. */
export interface FormState {
  method: Method;
  params: AeParams;
  fit: FitSpec;
  errors: Record<string, string>; // field name → sentence
  touched: ReadonlySet<string>; // fields the person changed; they stay when the same table is prepared again
}

/** Range of each latent dimension over all rows, which the inspector's cells are coloured by. */
export interface LatentRange {
  lo: number[]; // (latent) 1 % quantile
  hi: number[]; // (latent) 99 % quantile
}

export type Theme = 'system' | 'light' | 'dark';

export interface MapArrays {
  positions: Float32Array; // (rows, 2)
  error: Float32Array | null; // (rows)
}

export interface Bulk {
  maps: Map<Id, MapArrays>;
  colours: Uint8Array | null; // (rows) palette index
  palette: Uint8Array | null; // (256, 4) RGBA
  flags: Uint8Array | null; // (rows) on top, dimmed, hollow: as render/props.ts names them; null when none is
  heldout: Uint8Array | null; // (rows) 1 = held out
}

export interface Store {
  ready: Signal<Ready | null>;
  catalog: Signal<CatalogEntry[]>;
  phase: Signal<Phase>;
  tables: Signal<ReadonlyMap<Id, TableState>>;
  models: Signal<ReadonlyMap<Id, ModelState>>;
  maps: Signal<ReadonlyMap<Id, MapState>>;
  panes: Signal<readonly Id[]>; // maps on screen; one for now
  progress: Signal<Progress | null>;
  estimate: Signal<Estimate | null>;
  form: Signal<FormState | null>;
  hover: Signal<RowId | null>;
  pinned: Signal<RowId | null>; // the row that was clicked
  detail: Signal<RowDetail | null>; // of hover, else of pinned
  colour: Signal<Colouring>;
  colours: Signal<number>; // version of Bulk.colours, palette and flags
  legend: Signal<Legend>;
  highlight: Signal<number | null>; // palette index of the class that stands out; the rest is dimmed
  latentRange: Signal<LatentRange | null>; // of the model on screen
  pointSize: Signal<number>; // CSS pixels
  logLoss: Signal<boolean>;
  theme: Signal<Theme>;
  shortcuts: Signal<boolean>; // single keys work: Space, `.`, `?` …
  notices: Signal<Notice[]>;
  announcement: Signal<string>; // what the live region says
  firstVisit: Signal<boolean>; // the demonstration runs by itself
  bulk: Bulk;
  /** The table, model and map that the first pane shows. */
  table: ReadonlySignal<TableState | null>;
  model: ReadonlySignal<ModelState | null>;
  map: ReadonlySignal<MapState | null>;
}

function last<T>(values: Iterable<T>): T | null {
  let found: T | null = null;
  for (const value of values) {
    found = value;
  }
  return found;
}

export function createStore(): Store {
  const tables = signal<ReadonlyMap<Id, TableState>>(new Map());
  const models = signal<ReadonlyMap<Id, ModelState>>(new Map());
  const maps = signal<ReadonlyMap<Id, MapState>>(new Map());
  const panes = signal<readonly Id[]>([]);
  const map = computed(() => maps.value.get(panes.value[0] ?? -1) ?? null);
  const model = computed(() => {
    const id = map.value?.map;
    for (const state of models.value.values()) {
      if (state.info.map === id) {
        return state;
      }
    }
    return null;
  });
  const table = computed(() => {
    const shown = map.value;
    return shown ? (tables.value.get(shown.table) ?? null) : last(tables.value.values());
  });
  return {
    ready: signal(null),
    catalog: signal([]),
    phase: signal<Phase>({ kind: 'starting' }),
    tables,
    models,
    maps,
    panes,
    progress: signal(null),
    estimate: signal(null),
    form: signal(null),
    hover: signal(null),
    pinned: signal(null),
    detail: signal(null),
    colour: signal<Colouring>({ kind: 'none' }),
    colours: signal(0),
    legend: signal<Legend>({ kind: 'none' }),
    highlight: signal(null),
    latentRange: signal(null),
    pointSize: signal(5),
    logLoss: signal(false),
    theme: signal<Theme>('system'),
    shortcuts: signal(true),
    notices: signal([]),
    announcement: signal(''),
    firstVisit: signal(false),
    bulk: { maps: new Map(), colours: null, palette: null, flags: null, heldout: null },
    table,
    model,
    map,
  };
}
