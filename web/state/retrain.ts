/**
 * What a retrain will do, in numbers and in a sentence, or why it can't be done. Pure functions.
 *
 * A retrain goes on from the model's weights on a selection of s rows that carries the share `focus` of the loss of
 * every batch (core/models/ae.h, `ae_fit_new`, whose arithmetic `planOf` repeats): k = round(focus · B) of a batch's
 * B rows are selected ones, and an epoch is ceil(s / (focus · B)) batches, one pass over the selection. To exclude
 * rows is focus 0, an epoch then a pass over the rest. From scratch is focus 1 on a model at its first weights.
 */

import { shapeDefaults } from '../methods/shape.ts';
import type { FitSpec, RowBits } from '../protocol/messages.ts';
import { countBits, naturalShare, trainedCounts } from './selection.ts';
import type { FormState, HistoryNode, RetrainForm, RunKind, Store, TableState } from './store.ts';
import { counted, formatCount } from './summary.ts';
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
