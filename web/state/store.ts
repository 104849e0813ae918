// Every signal the app has, made by one createStore(): the app makes one, each test its own.
//
// Bulk arrays (positions, errors, colour indices) are never in a signal: they live in `Bulk`, and a version
// number in a signal says that they changed. Components read signals and call actions; only actions.ts assigns.

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type {
  AeParams,
  Align,
  Criterion,
  EpochLoss,
  Estimate,
  Failure,
  FeatureInfo,
  FitSpec,
  Id,
  Measurement,
  Method,
  ModelInfo,
  Progress,
  Ready,
  Role,
  RowBits,
  RowDetail,
  RowId,
  RowsSummary,
  RunResult,
  Scale,
  TableInfo,
} from '../protocol/messages.ts';
import type { MissingFile, OfflineFailure } from '../protocol/offline.ts';

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
  losses: EpochLoss[]; // grows in place while a training runs: its length tells
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

/** What a notice is about: what is said of it is withdrawn when something of the kind succeeds, and with the table. */
export type Matter =
  | 'opening'
  | 'selection'
  | 'undo'
  | 'training'
  | 'return'
  | 'export'
  | 'details'
  | 'view'
  | 'link' // an address that leads somewhere, or nowhere: of no table yet
  | 'linked';

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
  about?: Matter; // of several about one matter only the last is shown; gone when the matter is settled
}

/** `change` and `drift` compare with the state before the last retrain (`Bulk.before`). */
export type Colouring =
  | { kind: 'none' }
  | { kind: 'column'; column: number }
  | { kind: 'error' }
  | { kind: 'change' } // error now - error before
  | { kind: 'drift' }; // how far the row has moved on the map

/** How a new set of rows and the present selection become one. */
export type SelectionOp = 'replace' | 'add' | 'subtract' | 'intersect';

export type Tool = 'pan' | 'lasso' | 'box' | 'brush';

/** What the map's scales show of each row beside its columns. */
export type RowValue = 'error' | 'change' | 'drift';

/** What made a selection: enough to say it in words, and to make it again. */
export type Maker = Making & {
  name?: string; // under which the selection was saved, and used again
};

type Making =
  | { kind: 'none' }
  | { kind: 'all' }
  | Criterion
  | { kind: 'polygon' | 'box'; points: number[]; step: number; epoch: number; axes: [number, number] } // x, y pairs on the map
  | { kind: 'brush'; points: number[]; radius: number; step: number; epoch: number; axes: [number, number] } // the path, map units
  | { kind: 'values'; of: RowValue; lo: number | null; hi: number | null; step: number; epoch: number } // both included; null: no end
  | { kind: 'rows'; rows: number[]; clicked?: true } // first, count pairs, ascending; not clicked: what has grown too long to tell
  | { kind: 'not'; of: Maker }
  | { kind: 'both'; op: Exclude<SelectionOp, 'replace'>; first: Maker; second: Maker };

/** The rows themselves are `Bulk.selected`. */
export interface Selection {
  count: number;
  maker: Maker;
  version: number; // raised whenever the rows change
}

export interface NamedSelection {
  name: string;
  count: number;
  maker: Maker;
  bits: RowBits;
}

/** Rows that are not drawn, nor found by pointer or gesture. The rows kept by "Keep only" are `Bulk.only`. */
export interface Hidden {
  entries: ReadonlySet<number>; // palette entries whose eye is shut; they belong to the present colouring
  only: boolean; // only the rows of Bulk.only are shown
  rows: number; // hidden by either
  selected: number; // of those, selected
}

/** What the next retrain will do. */
export interface RetrainForm {
  focus: number; // in [0, 1], what the person chose, kept as the selection changes; below its natural share: as in the data
  epochs: number;
  learning_rate: number;
  errors: Record<string, string>; // field name → sentence
}

export type RunKind = 'train' | 'retrain' | 'exclude' | 'scratch';

/** A measurement, with the axes of the map that its distance correlations are of. */
export interface Measured extends Measurement {
  axes: [number, number];
}

/** One state of the model that can be returned to: what was done to get there from its parent. */
export interface HistoryNode {
  id: number; // 0: the first training
  parent: number | null;
  kind: RunKind;
  maker: Maker | null; // of the selection, when there was one
  rows: number; // selected; of a plain training: all
  focus: number | null;
  epochs: number; // done by this node
  fits: FitSpec[]; // what it takes to do it again, each with the `steps` it came to; several of what goes on by itself
  rated: boolean; // what happened on the way is not known to the batch: it can't be done again, and its snapshot is never dropped
  steps: number; // of the model
  seconds: number; // spent training
  losses: EpochLoss[]; // of the model, from its first epoch to here
  result: RunResult;
  align: Align | null; // how the map was drawn, on these axes of the code
  axes: [number, number];
  before: Measured | null; // by the selection of this node
  after: Measured | null;
  label: string | null; // name of the column that the measured classes are of
  kept: boolean; // its snapshot is at hand; else it is made again from the nearest one that is
}

export interface History {
  nodes: readonly HistoryNode[]; // by id
  at: number | null; // the node that the model is at; null: none yet, or training beyond it
  returning: { to: number; seconds: number } | null; // on the way; seconds it takes to do again what was dropped
}

/**
 * What is on screen came by a link, and is no work of this person while it stays as the link left it: it can be had again
 * from the same address.
 */
export interface Guest {
  table: Id;
  nodes: number; // states that the link makes
  touched: ReadonlySet<string>; // fields of its form
  selection: number | null; // version of the selection that it ended with; null: it is still being followed
}

/** What the model is busy with, beside the phase: words for the run panel. */
export interface Task {
  kind: RunKind | 'return';
  title: string; // "Retraining on digit 8", "Returning to retrain 2"; may hold text from the data
  stage: 'measure' | 'run'; // measure: errors before or after; what the phase names has not begun, or has ended
}

/** What Undo and Redo would do, in words; null: nothing. */
export interface UndoState {
  undo: string | null;
  redo: string | null;
}

/** What the legend shows; made with the colour indices. */
export type Legend =
  | { kind: 'none' }
  | {
      kind: 'classes';
      title: string;
      items: { name: string; count: number; colour: number }[];
      missing: number;
      column?: number; // the classes are those of this column
    }
  | {
      kind: 'range';
      title: string;
      lo: number;
      hi: number;
      missing: number;
      column?: number; // the numbers are those of this column
      diverging?: true; // lo = -hi, and zero is in the middle
    };

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

/** Whether the site is kept for use without a network: not, as far as it costs nobody, or the large data too. */
export type OfflineWish = 'off' | 'auto' | 'all';

/** How far that is. */
export type OfflineState =
  | { kind: 'unknown' } // not begun
  | { kind: 'off' } // the person wants none
  | { kind: 'refused' } // by the browser, or where the page is
  | { kind: 'installing' }
  | { kind: 'failed'; reason: OfflineFailure['reason'] } // tried again at the next visit
  | {
      kind: 'ready';
      bytes: number; // kept
      missing: readonly MissingFile[]; // large data that is not kept
      fetching: boolean; // it is being fetched
      full: boolean; // the browser has no room for it
    };

export interface MapArrays {
  positions: Float32Array; // (rows, 2)
  error: Float32Array | null; // (rows)
}

/** The map before the last retrain. Positions compare with the present ones only while `axes` are the map's. */
export interface Before {
  positions: Float32Array; // (rows, 2)
  error: Float32Array | null; // (rows)
  axes: [number, number];
}

/** What part of the map is seen: its middle in map units, CSS pixels for each of them. */
export interface Camera {
  readonly cx: number;
  readonly cy: number;
  readonly scale: number;
}

/** The view of the map that is on screen, for those who keep it or bring it back. */
/** A part of a map of any size: its middle, and the map units along the shorter side. */
export interface MapPart {
  cx: number;
  cy: number;
  span: number; // above 0
}

export interface Lens {
  /** Null while the view goes along with the data. */
  camera(): Camera | null;
  /** Shows this part as soon as the map has a size, and keeps to it as that changes, until the person moves the view. */
  aim(part: MapPart): void;
  /** Shows this part at once, of the map whose rows are there by now; it follows no more until the next fit. */
  look(camera: Camera): void;
  /** The map's shorter side in CSS pixels. */
  side(): number;
}

export interface Bulk {
  maps: Map<Id, MapArrays>;
  colours: Uint8Array | null; // (rows) palette index
  palette: Uint8Array | null; // (256, 4) RGBA
  flags: Uint8Array | null; // (rows) on top, dimmed, hidden, hollow: as render/props.ts names them; null when none is
  heldout: RowBits | null; // rows that training keeps out
  selected: RowBits | null; // null: none
  only: RowBits | null; // rows that "Keep only" kept
  before: Before | null;
  lens: Lens | null; // null: no map is drawn
  aim: MapPart | null; // what the next lens is pointed at; null: nothing of the kind
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
  tool: Signal<Tool>;
  shiftTool: Signal<Exclude<Tool, 'pan'>>; // what Shift + drag does: the last selection tool
  selectionOp: Signal<SelectionOp>; // of the toolbar; keys held during a gesture come first
  brushRadius: Signal<number>; // CSS pixels
  selection: Signal<Selection>;
  drawing: Signal<number | null>; // rows inside the shape that is being drawn; null: none is
  named: Signal<readonly NamedSelection[]>;
  summary: Signal<RowsSummary | null>; // of the selection, two rows or more
  hidden: Signal<Hidden>;
  retrain: Signal<RetrainForm>;
  history: Signal<History>;
  task: Signal<Task | null>;
  guest: Signal<Guest | null>;
  trails: Signal<boolean>; // lines from where rows were before the last retrain
  undoable: Signal<UndoState>;
  undoesModel: Signal<{ undo: boolean; redo: boolean }>; // the next step changes the model: not during a training
  latentRange: Signal<LatentRange | null>; // of the model on screen
  pointSize: Signal<number>; // CSS pixels
  logLoss: Signal<boolean>;
  theme: Signal<Theme>;
  shortcuts: Signal<boolean>; // single keys work: Space, `.`, `?` …
  keepOffline: Signal<OfflineWish>;
  offline: Signal<OfflineState>;
  notices: Signal<Notice[]>;
  announcement: Signal<string>; // what the live region says
  firstVisit: Signal<boolean>; // the demonstration runs by itself
  asleep: Signal<boolean>; // a figure far from what is seen: nothing is drawn
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
    latentRange: signal(null),
    pointSize: signal(5),
    logLoss: signal(false),
    theme: signal<Theme>('system'),
    shortcuts: signal(true),
    keepOffline: signal<OfflineWish>('auto'),
    offline: signal<OfflineState>({ kind: 'unknown' }),
    notices: signal([]),
    announcement: signal(''),
    firstVisit: signal(false),
    asleep: signal(false),
    tool: signal<Tool>('pan'),
    shiftTool: signal<Exclude<Tool, 'pan'>>('lasso'),
    selectionOp: signal<SelectionOp>('replace'),
    brushRadius: signal(24),
    selection: signal<Selection>({ count: 0, maker: { kind: 'none' }, version: 0 }),
    drawing: signal(null),
    named: signal<readonly NamedSelection[]>([]),
    summary: signal(null),
    hidden: signal<Hidden>({ entries: new Set(), only: false, rows: 0, selected: 0 }),
    retrain: signal<RetrainForm>({ focus: 1, epochs: 5, learning_rate: 1e-3, errors: {} }),
    history: signal<History>({ nodes: [], at: null, returning: null }),
    task: signal<Task | null>(null),
    guest: signal<Guest | null>(null),
    trails: signal(true),
    undoable: signal<UndoState>({ undo: null, redo: null }),
    undoesModel: signal({ undo: false, redo: false }),
    bulk: {
      maps: new Map(),
      colours: null,
      palette: null,
      flags: null,
      heldout: null,
      selected: null,
      only: null,
      before: null,
      lens: null,
      aim: null,
    },
    table,
    model,
    map,
  };
}
