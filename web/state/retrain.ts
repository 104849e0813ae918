/**
 * What a retrain will do and what it has done, in numbers and in words. Pure functions.
 *
 * A retrain goes on from the model's weights on a selection of s rows that carries the share `focus` of the loss of
 * every batch (core/models/ae.h, `ae_fit_new`, whose arithmetic `planOf` repeats): k = round(focus · B) of a batch's
 * B rows are selected ones, and an epoch is ceil(s / (focus · B)) batches, one pass over the selection. To exclude
 * rows is focus 0, an epoch then a pass over the rest. From scratch is focus 1 on a model at its first weights.
 */

import { shapeDefaults } from '../methods/shape.ts';
import type { FitSpec, GroupMeasure, Measurement, RowBits } from '../protocol/messages.ts';
import { pathTo, stepsOf } from './history.ts';
import { countBits, describeMaker, naturalShare, trainedCounts } from './selection.ts';
import type {
  FormState,
  History,
  HistoryNode,
  Maker,
  RetrainForm,
  RunKind,
  Store,
  TableState,
} from './store.ts';
import { formatCount } from './summary.ts';
import { duration } from './transport.ts';

export type RetrainKind = Exclude<RunKind, 'train'>;

export interface RetrainPlan {
  kind: RetrainKind;
  selected: number; // rows
  trained: number; // selected rows that training may visit
  rest: number; // other rows that it may visit
  natural: number; // share of the selection among the rows that may be visited: the left end of focus
  focus: number; // what the kernels are told: the form's, but never below `natural`; exclude 0, scratch 1
  epochs: number;
  perEpoch: number; // batches
  steps: number; // batches in all
  batch: number; // rows of a batch
  inBatch: [number, number]; // of them from the selection, from the rest
  seconds: number | null; // about; null: not known yet
  sentence: string;
}

export interface PlanOptions {
  kind?: RetrainKind;
  /** Seconds that one batch takes on this machine, when known. */
  stepSeconds?: number | null;
  /** Epochs of a training from scratch. */
  epochs?: number;
}

/** Batches of an epoch, as `ae_fit_batches` counts them. */
function batchesOf(focus: number, batch: number, selected: number, rest: number): number {
  const share = rest === 0 ? 1 : focus;
  const exact = share > 0 ? selected / (share * batch) : rest / batch;
  return Math.max(1, Math.ceil(exact * (1 - 1.2e-7)));
}

/** Rows of a batch, and how many of them are selected ones, as the kernels share them out. */
function shareOut(focus: number, wanted: number, selected: number, rest: number): [number, number] {
  const both = focus > 0 && focus < 1;
  let batch = Math.min(both ? Math.max(2, wanted) : wanted, selected + rest);
  if (focus >= 1) batch = Math.min(batch, selected);
  else if (focus <= 0) batch = Math.min(batch, rest);
  let k = Math.floor(focus * batch + 0.5);
  if (k === 0 && focus > 0) k = 1;
  else if (k === batch && focus < 1) k = batch - 1;
  return [batch, k];
}

/** Rows whose losses are looked at when an epoch of so many rows ends, as the kernels choose them. */
function evaluatedRows(heldout: number, epochRows: number, kinds: readonly number[]): number {
  const most = Math.min(1000, Math.max(256, Math.floor(epochRows / 4)));
  return kinds.reduce((sum, rows) => sum + Math.min(rows, most), Math.min(2000, heldout));
}

/** What looking at rows costs, in batches trained: a third of training on them. */
function inBatches(rows: number, batch: number): number {
  return rows / batch / 3;
}

/**
 * What a retrain would do; null when it can't be done (`refusal` says why).
 *
 * @param selected the selection's rows
 * @param heldout rows that training keeps out
 * @param fit batch size, of the form
 */
export function planOf(
  table: TableState | null,
  selected: RowBits | null,
  heldout: RowBits | null,
  form: Pick<RetrainForm, 'focus' | 'epochs'>,
  fit: Pick<FitSpec, 'batch'>,
  options: PlanOptions = {},
): RetrainPlan | null {
  const rows = table?.info.rows ?? 0;
  const kind = options.kind ?? 'retrain';
  const { selected: trained, rest } = trainedCounts(selected, heldout, rows);
  if (kind === 'exclude' ? rest === 0 || countBits(selected) === 0 : trained === 0) return null;
  const natural = naturalShare(selected, heldout, rows);
  const asked = kind === 'exclude' ? 0 : kind === 'scratch' ? 1 : Math.min(1, Math.max(natural, form.focus));
  const focus = rest === 0 ? 1 : Math.fround(asked);
  const epochs = kind === 'scratch' ? (options.epochs ?? form.epochs) : form.epochs;
  const [batch, k] = shareOut(focus, fit.batch, trained, rest);
  const perEpoch = batchesOf(focus, batch, trained, rest);
  const steps = perEpoch * epochs;
  const { stepSeconds = null } = options;
  const evaluated = evaluatedRows(countBits(heldout), perEpoch * batch, [trained, rest]);
  const seconds =
    stepSeconds === null ? null : stepSeconds * (steps + epochs * inBatches(evaluated, fit.batch));
  const plan = {
    kind,
    selected: countBits(selected),
    trained,
    rest,
    natural,
    focus,
    epochs,
    perEpoch,
    steps,
    batch,
    inBatch: [k, batch - k] as [number, number],
    seconds,
  };
  return { ...plan, sentence: sentenceOf(plan) };
}

function counted(n: number, one: string, many: string): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}

/** "5 epochs, 40 steps of 128 rows: 102 from the selection, 26 from the rest; about 1 s". */
function sentenceOf(plan: Omit<RetrainPlan, 'sentence'>): string {
  const [inside, outside] = plan.inBatch;
  const epochs = counted(plan.epochs, 'epoch', 'epochs');
  const steps = counted(plan.steps, 'step', 'steps');
  const rows = counted(plan.batch, 'row', 'rows');
  const from =
    outside === 0
      ? ' from the selection'
      : inside === 0
        ? ' from the rest'
        : `: ${formatCount(inside)} from the selection, ${formatCount(outside)} from the rest`;
  const time =
    plan.seconds === null
      ? ''
      : `; ${plan.seconds < 1 ? 'less than 1 s' : `about ${duration(plan.seconds)}`}`;
  return `${epochs}, ${steps} of ${rows}${from}${time}`;
}

/** Why such a retrain can't be done on these rows, in a sentence; null when it can. */
export function refusal(
  kind: RetrainKind,
  table: TableState | null,
  selected: RowBits | null,
  heldout: RowBits | null,
): string | null {
  const count = countBits(selected);
  if (!table || count === 0) return 'Select some rows first.';
  const { selected: trained, rest } = trainedCounts(selected, heldout, table.info.rows);
  if (kind === 'exclude') return rest === 0 ? 'No other row is left to train on.' : null;
  if (trained > 0) return null;
  return count === 1
    ? 'The selected row is held out of training.'
    : `All ${formatCount(count)} selected rows are held out of training.`;
}

/** Epochs of a training from scratch on some rows: the form's where a person has set them, else as the rows suggest. */
export function scratchEpochs(table: TableState | null, form: FormState, trained: number): number {
  const features = table?.features;
  if (!features || form.touched.has('epochs')) return form.fit.epochs;
  return shapeDefaults(Math.max(1, trained), features.d, features).epochs;
}

/* ---- what it has done ------------------------------------------------------------------------------------ */

export interface Change {
  of: 'selection' | 'rest' | 'class';
  name: string;
  n: number; // rows
  before: number | null; // error
  after: number | null;
  change: number | null; // relative: 0.12 is 12 % more; null where there is nothing to compare
}

/** Relative change of an error; null where either is not known, or it rose from nothing. */
export function relativeChange(before: number | null, after: number | null): number | null {
  if (before === null || after === null) return null;
  if (before === after) return 0;
  return before > 0 ? (after - before) / before : null;
}

/** "−31 %", "+0.4 %", "unchanged", and "–" for null. */
export function percentText(change: number | null): string {
  if (change === null) return '–';
  const percent = Math.abs(change) * 100;
  if (percent < 0.05) return 'unchanged';
  const digits = percent >= 0.95 ? Math.round(percent).toLocaleString('en') : percent.toFixed(1);
  return `${change < 0 ? '−' : '+'}${digits} %`;
}

/** Selection, rest and each class of the label column, before and after. Classes keep their order. */
export function changes(before: Measurement, after: Measurement): Change[] {
  const group = (of: 'selection' | 'rest', a: GroupMeasure, b: GroupMeasure): Change => ({
    of,
    name: of === 'selection' ? 'Selection' : 'Rest',
    n: b.n,
    before: a.error,
    after: b.error,
    change: relativeChange(a.error, b.error),
  });
  const earlier = new Map(before.classes.map(({ name, error }) => [name, error]));
  return [
    group('selection', before.selection, after.selection),
    group('rest', before.rest, after.rest),
    ...after.classes.map(({ name, n, error }): Change => {
      const was = earlier.get(name) ?? null;
      return { of: 'class', name, n, before: was, after: error, change: relativeChange(was, error) };
    }),
  ];
}

/** What the worker calls the rows that have no label. */
const MISSING_CLASS = 'Missing';

/** Least relative rise of a class's error that is called forgetting. */
const FORGOTTEN = 0.01;

/** The class whose error rose most, beside those that were trained on; null when none rose by more than 1 %. */
export function mostForgotten(node: HistoryNode): Change | null {
  const { before, after } = node;
  if (!before || !after) return null;
  const inside = new Set(node.kind === 'exclude' ? [] : classesOf(node.maker));
  let most: Change | null = null;
  for (const entry of changes(before, after)) {
    if (entry.of !== 'class' || entry.change === null || inside.has(entry.name)) continue;
    if (entry.change > Math.max(FORGOTTEN, most?.change ?? 0)) most = entry;
  }
  return most;
}

/** Classes that a selection was made of, where that is what made it. */
function classesOf(maker: Maker | null): string[] {
  if (maker?.kind !== 'class' || maker.except) return [];
  return maker.missing ? [...maker.classes, MISSING_CLASS] : maker.classes;
}

/** Longest words for a selection that begin the story. */
const SHORT = 24;

/** "Digit 8", else "Selection": of shapes and clicked rows, and where a number would stand beside the percentage. */
function subjectOf({ maker }: HistoryNode, table: TableState | null): string {
  const tells = maker?.name !== undefined || maker?.kind === 'class' || maker?.kind === 'search';
  const words = maker && table && tells ? describeMaker(maker, table, table.info.rows) : '';
  if (words === '' || Array.from(words).length > SHORT) return 'Selection';
  /* "pH" stays as it is. */
  return /^\p{Ll}(?!\p{Lu})/u.test(words) ? `${words.charAt(0).toUpperCase()}${words.slice(1)}` : words;
}

/** "; most forgotten: digit 1"; a new start has nothing to forget: "; worst: digit 1; before: 3 Trained". */
function behindStory(node: HistoryNode, table: TableState | null, nodes: readonly HistoryNode[]): string {
  const worst = mostForgotten(node);
  const fresh = node.kind === 'scratch';
  const before = fresh ? nodes[node.parent ?? -1] : undefined;
  const name = worst && worst.name === MISSING_CLASS ? 'missing' : worst?.name;
  const parts = [
    worst && `${fresh ? 'worst' : 'most forgotten'}: ${node.label ? `${node.label} ${name}` : name}`,
    before && `before: ${before.id} ${nodeTitle(before, table)}`,
  ];
  return parts.map((part) => (part ? `; ${part}` : '')).join('');
}

/**
 * "Selection −31 %, rest +12 %; most forgotten: digit 8.", of errors; with a table the selection by its words, where
 * they are short: "Digit 8 −11 %, …". Of a plain training what the worker said. `nodes`: of the history.
 */
export function storyOf(
  node: HistoryNode,
  table: TableState | null = null,
  nodes: readonly HistoryNode[] = [],
): string {
  const { before, after } = node;
  if (!before || !after) return node.result.message;
  const [selection, rest] = changes(before, after);
  const parts: string[] = [];
  if (selection && selection.change !== null) {
    parts.push(`${subjectOf(node, table)} ${percentText(selection.change)}`);
  }
  if (rest && rest.change !== null) {
    parts.push(`${parts.length === 0 ? 'Rest' : 'rest'} ${percentText(rest.change)}`);
  }
  if (parts.length === 0) return node.result.message;
  return `${parts.join(', ')}${behindStory(node, table, nodes)}.`;
}

const DOING: Record<RetrainKind, string> = {
  retrain: 'Retraining on',
  exclude: 'Training without',
  scratch: 'Training from scratch on',
};

/** "Retraining on digit 8". Holds text from the data. */
export function taskTitle(kind: RetrainKind, maker: Maker, table: TableState | null): string {
  return `${DOING[kind]} ${describeMaker(maker, table, table?.info.rows ?? 0)}`;
}

const VERBS: Record<RunKind, string> = {
  train: 'Trained',
  retrain: 'Retrained on',
  exclude: 'Trained without',
  scratch: 'Trained from scratch on',
};

/** "Trained", "Retrained on digit 8", "Trained without 12 clicked rows". Holds text from the data. */
export function nodeTitle(node: Pick<HistoryNode, 'kind' | 'maker'>, table: TableState | null): string {
  const { kind, maker } = node;
  if (kind === 'train' || !maker) return VERBS[kind === 'train' ? kind : 'train'];
  return `${VERBS[kind]} ${describeMaker(maker, table, table?.info.rows ?? 0)}`;
}

/** "20 epochs", "focus 80 %, 5 epochs", "stopped after 2 of 5 epochs": what goes behind the title. */
export function nodeDetail(node: HistoryNode): string {
  const done =
    node.epochs > 0 ? counted(node.epochs, 'epoch', 'epochs') : counted(stepsOf(node), 'step', 'steps');
  const asked = node.fits.reduce((sum, { epochs }) => sum + epochs, 0);
  const stopped = node.result.reason === 'user' && node.result.outcome === 'stopped';
  const of = `${formatCount(node.epochs)} of ${counted(asked, 'epoch', 'epochs')}`;
  const length = stopped ? `stopped after ${node.epochs > 0 && node.epochs < asked ? of : done}` : done;
  return node.kind === 'retrain' && node.focus !== null
    ? `focus ${shareText(node.focus)}, ${length}`
    : length;
}

/** "80 %", "0.4 %", "100 %". */
export function shareText(share: number): string {
  const percent = share * 100;
  const whole = percent >= 9.95 || percent === 0;
  /* Nothing but all is 100 %. */
  return `${share < 1 && percent >= 99.5 ? '99.9' : percent.toFixed(whole ? 0 : 1)} %`;
}

const NOUNS: Record<RunKind, string> = {
  train: 'training',
  retrain: 'retrain',
  exclude: 'exclusion',
  scratch: 'new start',
};

/** "retrain 3": how undo and announcements name it. */
export function nodeName(node: Pick<HistoryNode, 'id' | 'kind'>): string {
  return `${NOUNS[node.kind]} ${node.id}`;
}

/** Seconds it takes to return: 0 when the snapshot is kept, null when the state can't be made again. */
export function costOf(history: History, to: number): number | null {
  return pathTo(history, to)?.seconds ?? null;
}

/* ---- of the store's present values ----------------------------------------------------------------------- */

/** The rows, which are no signals, and a look at the signals that tell when they change. */
function followed(store: Store): Pick<Store['bulk'], 'selected' | 'heldout'> {
  void store.selection.value;
  void store.colours.value;
  return store.bulk;
}

/** Batches that a node was worth, with the rows looked at when its epochs ended. */
function worthOf(node: HistoryNode, heldout: RowBits | null, rows: number): number {
  const held = countBits(heldout);
  return node.fits.reduce((sum, { steps = 0, batch, selection, focus = 1 }) => {
    const { selected, rest } = trainedCounts(selection ?? null, heldout, rows);
    if (!selection) return sum + steps * (1 + inBatches(evaluatedRows(held, 0, []), Math.max(1, rest)));
    const [size] = shareOut(focus, batch, selected, rest);
    const perEpoch = batchesOf(focus, size, selected, rest);
    const evaluated = evaluatedRows(held, perEpoch * size, [selected, rest]);
    return sum + steps * (1 + inBatches(evaluated, size) / perEpoch);
  }, 0);
}

/** Seconds of a batch: as the last training took them, else as estimated for the form. */
export function stepSeconds(store: Store): number | null {
  const { nodes, at } = store.history.value;
  const node = nodes[at ?? nodes.length - 1];
  const { heldout } = followed(store);
  const worth = node ? worthOf(node, heldout, store.table.value?.info.rows ?? 0) : 0;
  if (node && worth > 0 && node.seconds > 0) return node.seconds / worth;
  return store.estimate.value?.step_seconds ?? null;
}

/** What such a retrain would do now, with these rows or the selected ones; null when it can't be done. Follows the store when called in a component. */
export function planNow(
  store: Store,
  kind: RetrainKind = 'retrain',
  rows?: RowBits | null,
): RetrainPlan | null {
  const table = store.table.value;
  const form = store.form.value;
  const { selected: now, heldout } = followed(store);
  const selected = rows === undefined ? now : rows;
  if (!form) return null;
  const { selected: trained } = trainedCounts(selected, heldout, table?.info.rows ?? 0);
  const epochs = scratchEpochs(table, form, trained);
  return planOf(table, selected, heldout, store.retrain.value, form.fit, {
    kind,
    epochs,
    stepSeconds: stepSeconds(store),
  });
}

/** Why nothing can be begun now; null when the model rests. */
function heldUp(store: Store): string | null {
  const phase = store.phase.value.kind;
  if (store.history.value.returning) return 'Wait until the model is back.';
  if (phase === 'paused') return 'Resume or stop the training first.';
  if (phase === 'running' || phase === 'pausing') return 'Stop the training first, or wait until it ends.';
  return phase === 'finished' || phase === 'ready' || phase === 'failed'
    ? null
    : 'Wait until the data is there.';
}

/** Why such a retrain can't be begun now, in a sentence for the button's title; null when it can. */
export function refusalNow(
  store: Store,
  kind: RetrainKind = 'retrain',
  rows?: RowBits | null,
): string | null {
  const held = heldUp(store);
  const model = store.model.value;
  const trained = store.history.value.nodes.length > 0 || (model?.losses.length ?? 0) > 0;
  if (!model || !trained) return 'Train a model first.';
  if (held !== null) return held;
  const { selected, heldout } = followed(store);
  const why = refusal(kind, store.table.value, rows === undefined ? selected : rows, heldout);
  /* From scratch is told by the model's own form. */
  const wrong = kind !== 'scratch' && Object.values(store.retrain.value.errors).some(Boolean);
  return why ?? (wrong ? 'A setting of the retrain is wrong.' : null);
}

/** The story of a state, with the names that the page has for its rows. Follows the store when called in a component. */
export function storyNow(store: Store, node: HistoryNode): string {
  return storyOf(node, store.table.value, store.history.value.nodes);
}
