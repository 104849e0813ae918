// Every message between page and worker, as two discriminated unions. Types and constants only.
//
// Nouns with ids, few verbs. The page gives out the ids, so that a replaced worker can be brought back to
// the same nouns by sending the same messages again:
//   table  rows and typed columns read from one source
//   model  weights and optimiser moments; outlives its jobs
//   map    positions of every row of a table, here those of a model's code
//   job    something that takes time for one of them: reading, preparing, training
//
// A request carries an `id` and gets exactly one `reply` or `error` with that id. Everything else the worker
// says (`ready`, `progress`, `frame`, `snapshot`, `notice`) is an event. Every message is a plain object of
// numbers, strings and buffers; buffers are transferred, never shared.

/** Raised whenever a message changes shape. `ready` carries it; the page refuses another number. */
export const PROTOCOL = 2;

export type Id = number;
export type RowId = number;

/** A set of rows: bit (row & 31) of word (row >> 5), in ceil(rows / 32) words; the bits past the last row are 0. */
export type RowBits = Uint32Array;

// ---------------------------------------------------------------------------------------------- tables

/** What a column takes part in. Exactly one column may be the `id`; any number the others. */
export type Role = 'feature' | 'label' | 'id' | 'ignored';

export type ColumnKind = 'number' | 'category' | 'text' | 'constant' | 'identifier' | 'empty';

export interface ColumnInfo {
  name: string; // unique within the table; text as written, never markup
  kind: ColumnKind;
  role: Role; // guessed by the reader, or as the page has set it
  missing: number; // rows without a value
  distinct: number | null; // different values; null when there are more than 10,000
  integer: boolean; // kind 'number' and every value a whole number
  min: number | null; // kind 'number' only
  max: number | null;
  mean: number | null;
  bad_cells: number; // cells of a number column that are not numbers, read as missing
  categories: string[] | null; // first 10,000 distinct values of a category column, most frequent first
}

/** How the bytes were read: enough to read them again the same way. */
export interface Recipe {
  format: 'csv' | 'tensor' | 'synthetic';
  separator?: string;
  decimal?: '.' | ',';
  header?: boolean;
}

/** A rows × height × width × channels block that the feature columns are the pixels of. */
export interface ImageShape {
  height: number;
  width: number;
  channels: number;
}

export interface TableInfo {
  table: Id;
  name: string;
  rows: number;
  columns: ColumnInfo[];
  recipe: Recipe;
  image: ImageShape | null; // the feature columns, in order, are pixels
  notes: string[]; // what was noticed or done while reading, one sentence each
  fingerprint: string; // hex; equal for equal bytes read by the same recipe
  bytes: number; // of kernel memory
}

export type Scale = 'auto' | 'none' | 'standard' | 'minmax' | '255';

export interface FeatureSpec {
  roles: Role[]; // one for each column of the table
  scale: Scale;
}

export interface FeatureInfo {
  n: number;
  d: number; // width of the matrix; one-hot makes it larger than the number of feature columns
  names: string[]; // (d)
  source: Uint32Array; // (d) column each feature comes from
  scale: Exclude<Scale, 'auto'>; // what `auto` became
  unit_range: boolean; // every feature lies in [0, 1]: a sigmoid output can reproduce it
  image: ImageShape | null;
  notes: string[]; // what was done: "12 missing values in 3 columns filled with the median"
  baseline: number; // mean squared error per feature of predicting each feature's mean, in scaled units
  bytes: number;
}

// ---------------------------------------------------------------------------------------------- models

export type Method = 'ae';
export type Activation = 'relu' | 'leaky_relu' | 'elu' | 'tanh' | 'sigmoid' | 'linear';

/** The shape of an autoencoder; the kernels own defaults and bounds (see `ready.methods`). */
export interface AeParams {
  hidden: number[]; // widths of the encoder's hidden layers; the decoder mirrors them
  latent: number;
  activation: Activation; // of hidden layers; the code is linear
  output: 'linear' | 'sigmoid';
  loss: 'mse' | 'bce'; // bce needs output 'sigmoid' and is computed on logits
  seed: number;
}

/** One visit of given rows; another fit continues from the model's weights and moments. */
export interface FitSpec {
  table?: Id; // rows to visit come from here, and the map shows them from now on; default: the model's table
  rows?: Uint32Array | null; // row ids; null or absent: all
  weights?: Float32Array | null; // loss weight of each row of the table
  epochs: number;
  batch: number;
  learning_rate: number;
  weight_decay: number;
  noise: number; // standard deviation of Gaussian noise on the inputs, in scaled units
  heldout: number; // fraction of rows kept out of training, in [0, 0.5]
  patience: number; // epochs without a better held-out loss before it stops; 0 = never
  seed: number;
  selection?: RowBits | null; // rows of the table that carry `focus` of the loss; both groups' losses are reported
  focus?: number; // with a selection: its share of the loss in each batch, in [0, 1]; 1: the rest is not visited, 0: it is not
  fresh?: boolean; // begins again at the model's initial weights; the map is aligned to the one before
  steps?: number; // ends after so many batches; absent or 0: after its epochs
  rates?: RateChange[]; // another learning rate later on, `after` ascending from 1; at most 1,024
}

/** A learning rate that a fit has from the batch on that comes after so many of its own. */
export interface RateChange {
  after: number;
  rate: number;
}

/**
 * A similarity of the plane, [a, b, c, d, tx, ty]: a code (x, y) is drawn at (a x + b y + tx, c x + d y + ty).
 * A code of one number is drawn at a x + tx; its random second coordinate stays. Null: codes are drawn as they are.
 */
export type Align = [number, number, number, number, number, number];

/** What a map shows of its model's code: two of its dimensions. */
export interface MapSpec {
  axes: [number, number]; // other axes undo the alignment
  align?: Align | null; // absent: as it is
}

export interface ModelInfo {
  model: Id;
  table: Id;
  map: Id;
  method: Method;
  parameters: number;
  bytes: number;
  steps: number; // batches trained so far
}

export interface Estimate {
  parameters: number;
  bytes: number; // of model and fit together
  available: number; // bytes there are
  step_seconds: number; // one batch
  seconds: number; // the whole fit
  refused: string | null; // why it can't be run, with the memory and time it would take; null when it can
}

/** Loss of one finished epoch, mean per row and feature in the model's own loss. */
export interface EpochLoss {
  epoch: number; // of the model, counted from 1
  train: number;
  heldout: number | null;
  selection?: number | null; // of a fixed sample of at most 1,000 of its trained rows; absent or null: no selection
  rest?: number | null; // likewise of the rows trained on or passed over beside it
}

export type Outcome = 'finished' | 'stopped' | 'cancelled';

export interface RunResult {
  outcome: Outcome;
  reason: 'epochs' | 'plateau' | 'user' | 'diverged';
  message: string; // one sentence for the person
  epochs: number; // finished in this run
  steps: number; // of the model
  rows_trained: number;
  seconds: number; // spent training
  train: number | null;
  heldout: number | null;
  selection: number | null; // of the last epoch, as in EpochLoss
  rest: number | null;
  align: Align | null; // how the map is drawn on `axes`
  axes: [number, number]; // what `align` was found for: the map's, unless others were chosen since it was found
  suggested_learning_rate: number | null; // with reason 'diverged'
}

// ---------------------------------------------------------------------------------------------- selections

/** Rows found by what they are; rows found by where they lie on a map are the page's matter. */
export type Criterion =
  | { kind: 'random'; n: number; seed: number } // n different rows of the table, or all of them
  | { kind: 'class'; column: number; classes: string[]; except?: boolean; missing?: boolean } // cells as text; except: every other class; missing: also rows without a value
  | { kind: 'range'; column: number; lo: number | null; hi: number | null } // both included; null: no end
  | { kind: 'search'; text: string; column: number | null }; // cells that contain the text, upper case or lower; null: any column

/** One side of a selection: means over all of its rows, held out or not. Null: there are no rows to speak of. */
export interface GroupMeasure {
  n: number;
  error: number | null; // mean over rows and features of the squared residual, in scaled units
  distance_correlation: number | null; // of input and map (Szekely et al. 2007), over a seeded sample of at most 1,000 rows; null also when there is no memory for a copy of them
}

/** How a model does on a selection, on the rest, and on each class, by its present weights. */
export interface Measurement {
  step: number; // of the model
  selection: GroupMeasure;
  rest: GroupMeasure;
  classes: { name: string; n: number; error: number | null; missing?: true }[]; // of the label column, in the order of its categories; last, the rows without a label, if there are any
}

/** What a selection is made of, beside the rest. Arrays of length d are in the order of FeatureInfo.names. */
export interface RowsSummary {
  n: number;
  mean: Float32Array; // (d) in the units of the file; for images the mean image
  rest_mean: Float32Array; // (d)
  effect: Float32Array; // (d) Cohen's d: difference of means over the pooled standard deviation; NaN where there is none
  labels: { name: string; n: number; of: number }[]; // of the label column: rows in the selection, and in the table
  missing: number; // rows of the selection without a label
}

// ---------------------------------------------------------------------------------------------- reading

/** Everything the inspector shows of one row. Arrays of length d are in the order of FeatureInfo.names. */
export interface RowDetail {
  row: RowId;
  cells: string[]; // one for each column of the table, as text
  input: Float32Array; // (d) scaled
  input_raw: Float32Array; // (d) in the units of the file
  reconstruction: Float32Array; // (d) scaled
  reconstruction_raw: Float32Array; // (d) in the units of the file
  residual: Float32Array; // (d) reconstruction - input, scaled
  latent: Float32Array;
  error: number; // mean of residual²
}

export type ColumnValues =
  | { kind: 'number'; values: Float32Array } // (rows) NaN = missing
  | { kind: 'category'; codes: Uint16Array; categories: string[] }; // (rows) 65535 = missing, 65534 = beyond the list

export interface Channel {
  offset: number; // bytes from the start of the buffer
  length: number; // floats
}

// ---------------------------------------------------------------------------------------------- page → worker

export interface OpenHints {
  separator?: string;
  decimal?: '.' | ',';
  header?: boolean;
  label?: string; // name of the column to take as label
}

export type Source =
  | { blob: Blob; name: string }
  | { synthetic: 'swiss_roll' | 'blobs' | 'rings' | 'trefoil'; n: number; seed: number; name: string };

export type Request =
  | { type: 'open'; id: Id; table: Id; job: Id; source: Source; hints: OpenHints } // → TableInfo
  | { type: 'prepare'; id: Id; table: Id; job: Id; spec: FeatureSpec } // → FeatureInfo
  | { type: 'estimate'; id: Id; table: Id; method: Method; params: AeParams; fit: FitSpec } // → Estimate
  | { type: 'create'; id: Id; model: Id; map: Id; table: Id; method: Method; params: AeParams; spec: MapSpec } // → ModelInfo
  | { type: 'run'; id: Id; job: Id; model: Id; fit: FitSpec; live: boolean } // → RunResult, when it ends; live: send frames
  | { type: 'set'; id: Id; target: Id; params: { learning_rate?: number } | MapSpec } // of a job → RateChange, or null when it has ended; of a map → null
  | { type: 'pause'; id: Id; job: Id } // → null once it rests between two batches and the map is whole
  | { type: 'resume'; id: Id; job: Id; epochs?: number } // for so many epochs, then pause again; absent: to the end → null
  | { type: 'stop'; id: Id; job: Id } // ends after the batch, map refreshed → null; the run replies
  | { type: 'cancel'; id: Id; job: Id } // ends at once, no refresh; also reading and preparing → null
  | { type: 'refresh'; id: Id; map: Id } // encodes every row and sends a frame → null
  | { type: 'snapshot'; id: Id; model: Id } // → ArrayBuffer
  | { type: 'restore'; id: Id; model: Id; buffer: ArrayBuffer; align?: Align | null; axes?: [number, number] } // align: as the map was drawn, on these axes or the present ones → ModelInfo
  | { type: 'read'; id: Id; what: 'inspect'; model: Id; row: RowId } // → RowDetail
  | { type: 'read'; id: Id; what: 'cells'; table: Id; rows: Uint32Array } // → string[][]
  | { type: 'read'; id: Id; what: 'column'; table: Id; column: number } // → ColumnValues
  | { type: 'read'; id: Id; what: 'error'; model: Id } // → Float32Array (rows): mean squared residual of each row
  | { type: 'read'; id: Id; what: 'latent'; model: Id } // → Float32Array (rows, latent)
  | { type: 'read'; what: 'heldout'; id: Id; model: Id; heldout: number; of?: number } // of: a table of so many rows; absent: the model's → RowBits: rows that fits of this fraction keep out
  | { type: 'read'; what: 'summary'; id: Id; table: Id; rows: RowBits; column: number | null } // column: of labels; another one of the table meanwhile: cancelled → RowsSummary
  | { type: 'select'; id: Id; table: Id; by: Criterion } // → RowBits
  | { type: 'measure'; id: Id; model: Id; selection: RowBits; column: number | null } // column: of labels → Measurement
  | {
      type: 'export';
      id: Id;
      model: Id;
      selection: RowBits | null;
      only: boolean;
      protect: boolean;
      labels: number[];
    } // only: the selected rows; protect: no cell starts like a formula → Blob (CSV)
  | { type: 'decode'; id: Id; model: Id; codes: Float32Array } // → Float32Array (codes, d) in the units of the file
  | { type: 'free'; id: Id; target: Id }; // → null

/** Lends a frame buffer for a map (two at the start, each back after it was drawn). No reply. */
export interface FrameReturn {
  type: 'frame-return';
  map: Id;
  buffer: ArrayBuffer; // at least rows × (2 + 1) × 4 bytes
}

export type ToWorker = Request | FrameReturn;

// ---------------------------------------------------------------------------------------------- worker → page

export type ErrorCode =
  | 'bad_file' // the bytes can't be read as what they claim to be
  | 'empty_file'
  | 'no_numeric_column'
  | 'bad_param'
  | 'too_large'
  | 'no_memory'
  | 'not_finite'
  | 'file_changed'
  | 'cancelled'
  | 'not_found' // an id that is not there (any more)
  | 'busy'
  | 'worker_lost' // made by the page's engine
  | 'asleep' // as well: the worker was let go of, and what ran is to be begun again
  | 'worker_start'
  | 'part_missing' // a file of the program could not be fetched
  | 'internal';

export interface Failure {
  code: ErrorCode;
  message: string; // one sentence: what happened
  where?: string; // line, column, field
  hint: string; // one next step; may be empty
}

/** Hard limits and defaults of a parameter struct, as the kernels state them. */
export interface Bounds {
  defaults: Record<string, number | number[]>;
  lo: Record<string, number | number[]>;
  hi: Record<string, number | number[]>;
}

export interface Ready {
  type: 'ready';
  protocol: number;
  kernels: number; // the kernels' revision: equal revisions give equal bits
  threads: number;
  methods: Record<Method, { params: Bounds; fit: Bounds }>;
  values: number; // rows × features that this device takes, at most
}

export interface Progress {
  type: 'progress';
  job: Id;
  stage: string; // 'read' | 'features' | 'train' …
  done: number; // units of this stage: bytes, rows, batches
  total: number;
  epoch: number; // finished epochs of this run; 0 outside training
  epochs: number;
  rows_per_second: number | null;
  seconds_left: number | null;
  state: 'running' | 'paused';
  series: EpochLoss[]; // epochs finished since the last progress of this job
}

/** Positions (rows × 2) and, when known, the error of each row, in a buffer the page has lent. */
export interface Frame {
  type: 'frame';
  map: Id;
  rows: number;
  step: number; // of the model
  epoch: number;
  dims: 2;
  buffer: ArrayBuffer;
  channels: { positions: Channel; error: Channel | null };
  fresh: [number, number]; // rows first .. last - 1 are of this step; others may be older
  whole: boolean; // every row is of this step
}

export interface SnapshotEvent {
  type: 'snapshot'; // at most every 5 s, and at each pause and end
  model: Id;
  step: number;
  buffer: ArrayBuffer;
  align: Align | null; // as in RunResult
  axes: [number, number];
}

export type FromWorker =
  | Ready
  | { type: 'failed'; failure: Failure } // the worker can't start
  | { type: 'reply'; id: Id; value: unknown }
  | { type: 'error'; id: Id; failure: Failure }
  | Progress
  | Frame
  | SnapshotEvent
  | { type: 'alive' } // something long without progress of its own is still under way
  | { type: 'fatal'; failure: Failure }; // a trap or unhandled rejection: replace this worker

/** The type of `reply.value` for each request. */
export type ReplyOf<R extends { type: Request['type'] }> = R extends { type: 'open' }
  ? TableInfo
  : R extends { type: 'prepare' }
    ? FeatureInfo
    : R extends { type: 'estimate' }
      ? Estimate
      : R extends { type: 'create' | 'restore' }
        ? ModelInfo
        : R extends { type: 'run' }
          ? RunResult
          : R extends { type: 'snapshot' }
            ? ArrayBuffer
            : R extends { type: 'read'; what: 'inspect' }
              ? RowDetail
              : R extends { type: 'read'; what: 'cells' }
                ? string[][]
                : R extends { type: 'read'; what: 'column' }
                  ? ColumnValues
                  : R extends { type: 'read'; what: 'error' | 'latent' } | { type: 'decode' }
                    ? Float32Array
                    : R extends { type: 'read'; what: 'heldout' } | { type: 'select' }
                      ? RowBits
                      : R extends { type: 'read'; what: 'summary' }
                        ? RowsSummary
                        : R extends { type: 'measure' }
                          ? Measurement
                          : R extends { type: 'export' }
                            ? Blob
                            : R extends { type: 'set' }
                              ? RateChange | null
                              : null;
