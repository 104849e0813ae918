/**
 * What a figure in another page is told and tells: its attributes, the commands it takes, what it reports, and the
 * messages between the two windows that carry them.
 *
 *     <script type="module" src="https://example.org/unfold/embed.js"></script>
 *     <unfold-map data="iris" seed="1" hide="top,data,method" height="480"></unfold-map>
 *
 *     const figure = document.querySelector('unfold-map');
 *     figure.addEventListener('unfold-finished', ({ detail }) => console.log(detail.train));
 *     await figure.ready;
 *     await figure.select({ class: 'setosa' });
 *     await figure.retrain({ focus: 0.8, epochs: 5 });
 *
 * The element (`element.ts`, which becomes embed.js) and the figure (`embed.html`) live in different windows, as a rule
 * of different origins. Each hears the other one only: the figure its parent window, and of that the origin that spoke
 * first; the element its own frame, from the origin that embed.js came from. Whatever the figure is sent is checked field
 * by field (`schema.ts`); what is not understood changes nothing.
 *
 * A page that would rather write its own `<iframe src="…/embed.html#data=iris&seed=1">` may send the same messages.
 *
 * Nothing of ours is imported here but types: embed.js is a single file of a few kB.
 */

/** Of the messages. Another number is another language: a figure does not answer it. */
export const VERSION = 1;

/** Attributes of the element that the figure is given, and fields of the hash of embed.html, by the same names. */
export const SETTINGS = [
  'data', // id of a set of the catalogue: 'iris', 'mnist-10k' …
  'link', // '#v1.…', as "Copy link" of the page gives it: data, model, retrains and view in one; the others give way
  'method', // 'ae'
  'seed', // 0 to 4294967295; default 1
  'layers', // widths of the hidden layers: '128, 32'; not by the form's name, hidden, which every HTML element has
  'latent', // numbers that each row is pressed into
  'epochs',
  'learning_rate',
  'focus', // of a retrain: share of the loss that the selection carries, 0 to 1
  'colour', // name of a column, or error, change, drift, none
  'label', // name of the column with the classes, where the file has another
  'select', // name of a class, or random=100
  'hide', // parts that are left out, see PARTS; default: HIDDEN
  'theme', // auto (default: as the page around it), light, dark
  'start', // visible (default): when scrolled into view; load: at once; click: when its button is pressed
] as const;
export type Setting = (typeof SETTINGS)[number];

/** Attributes that the element itself reads: its height in CSS pixels, 160 to 4,000; default 480. */
export const OWN_ATTRIBUTES = ['height'] as const;

/** As text, since that is what attributes are. */
export type Settings = Partial<Record<Setting, string>>;

/** How a table is read; what is absent is worked out from it. */
export interface LoadOptions {
  name?: string; // shown; with its ending, as 'cells.csv'. Default 'data.csv'
  separator?: string;
  decimal?: '.' | ',';
  header?: boolean;
  label?: string; // name of the column with the classes
  train?: boolean; // default true
}

/** Values of the form, by the names of its fields: hidden, latent, activation, epochs, batch, learning_rate, seed … */
export type Parameters = Record<string, number | string | readonly number[]>;

/** Rows by what they are. `column` by its name. `rows` are counted from 0. */
export type Choice =
  | { class: string | readonly string[]; column?: string } // column: default that of the labels
  | { random: number; seed?: number }
  | { range: string; from?: number | null; to?: number | null } // the column; both ends included
  | { search: string; column?: string }
  | { rows: readonly number[] | Uint32Array }
  | 'all'
  | 'none';

export interface RetrainOptions {
  focus?: number; // 0 to 1: share of the loss that the selection carries
  epochs?: number;
  learning_rate?: number;
  kind?: 'retrain' | 'exclude' | 'scratch'; // on the selection (default), without it, a new model on it alone
}

/** Everything that a figure can be asked to do, and what comes back. */
export interface Commands {
  /** Opens a table in place of what there is, and trains on it. The buffer is moved, not copied: 512 MB at most. */
  load: { take: { buffer: ArrayBuffer } & LoadOptions; give: Shape };
  /** Sets fields of the form; takes none of them when one can't be used. */
  set: { take: { parameters: Parameters }; give: null };
  /** Trains, on from the present weights where that makes sense; ends a pause. Answered when the training has ended, or the reader has paused it. */
  run: { take: object; give: Finished | null };
  pause: { take: object; give: null };
  /**
   * Answered when it has ended; one that rests while the figure is far from what is seen has not. null: there is no new
   * state, since it was stopped before its first batch, or something else took over. What fails is an error.
   */
  retrain: { take: RetrainOptions; give: Finished | null };
  select: { take: { rows: Choice }; give: SelectionNews };
  /** Ids of the selected rows, ascending, counted from 0. */
  selection: { take: object; give: Uint32Array };
  undo: { take: object; give: null };
  redo: { take: object; give: null };
  /** Returns to a state of the model, bit for bit: 0 after the first training, 1 after the next. Refused while something trains. */
  back: { take: { state: number }; give: null };
  /** The hash that opens what is shown, as '#v1.…'; null where there is none: the data was handed over, or the state can't be made again. */
  link: { take: object; give: string | null };
}
export type CommandName = keyof Commands;

export interface Shape {
  name: string;
  rows: number;
  columns: number;
}

export interface SelectionNews {
  count: number;
  of: number;
  maker: string; // in words: what made it
}

export interface Finished {
  kind: 'train' | 'retrain' | 'exclude' | 'scratch';
  state: number; // that it has led to, as `back` counts them
  from: number | null; // state that it began from; null: of a first training
  epochs: number; // of this training
  steps: number; // batches of the model, in all
  train: number | null; // loss of the last epoch
  heldout: number | null;
  selection: number | null; // of a retrain
  rest: number | null;
  outcome: 'finished' | 'stopped';
  focus: number | null; // of a retrain
  rows: number; // that were selected for it; of a training all
  errors: ErrorChange[] | null; // of a retrain: of the selection, the rest, and each class of the label column
}

/** Mean error of some rows, held out or not, before and after. */
export interface ErrorChange {
  of: 'selection' | 'rest' | 'class';
  name: string; // of the class
  n: number; // rows
  before: number | null;
  after: number | null;
  change: number | null; // relative: -0.2 is 20 % less; null where there is nothing to compare
}

export interface Trouble {
  code: ErrorWord;
  message: string; // a sentence
}

/** What went wrong. Those of the computing itself (`no_memory`, `not_finite` …) come under their own names. */
export type ErrorWord =
  | 'bad_setting' // an attribute that can't be used: the figure says which, and goes on without it where it can
  | 'bad_command'
  | 'too_large' // more than 512 MB
  | 'too_many' // messages came faster than they are read; those were dropped
  | 'not_found'
  | 'not_ready' // there is nothing yet to do that with
  | 'refused' // the figure can't do that now: the message says why
  | 'blocked' // the browser, or the page around the figure, does not let it in
  | 'gone' // the figure was removed from its page
  | 'lost' // data that was handed over is gone, since the figure was moved: hand it over again
  | (string & {});

/** Events of the element: `event.detail`. They bubble. */
export interface FigureEvents {
  'unfold-ready': Shape;
  'unfold-selection': SelectionNews;
  'unfold-finished': Finished;
  'unfold-error': Trouble;
}

/* ---- messages ---------------------------------------------------------------------------------------------- */

/** Every message has this, so that others on the same window are told apart. */
interface Tagged {
  unfold: typeof VERSION;
}

/** To the figure. The first one of its parent window settles whom it talks with. */
export type ToFigure = Tagged &
  (
    | { type: 'connect'; theme: 'light' | 'dark' | null; near: boolean; link: boolean } // link: the element has its own to Unfold
    | { type: 'near'; near: boolean } // false: far from what is seen, it lets go of what it can do without
    | { type: 'theme'; theme: 'light' | 'dark' | null } // null: as the system
    | ({ type: 'command'; id: number; command: CommandName } & Record<string, unknown>)
  );

/** From the figure. `hello` is the only one that goes to any origin, and says nothing. */
export type FromFigure = Tagged &
  (
    | { type: 'hello' }
    | { type: 'broken'; message: string } // its scripts did not come
    | { type: 'state'; waits: 'click' | 'visible' | null }
    | { type: 'event'; name: keyof FigureEvents; detail: FigureEvents[keyof FigureEvents] }
    | { type: 'unable'; error: Trouble } // what it was made for can't be opened: `ready` is rejected; told as an event, too
    | { type: 'link'; hash: string | null; handed: boolean } // null: there is none now; handed: nor can the data be had again
    | { type: 'answer'; id: number; value: unknown }
    | { type: 'answer'; id: number; error: Trouble }
  );

/** Bytes of a table that a figure takes. */
export const MOST_BYTES = 512 * 1024 * 1024;
