/**
 * What is worth keeping of the page as it is, as a `Work`: read from the store, nothing written.
 *
 * While a plain training runs, the last snapshot that it has told of becomes a state of its own, one that can't be made
 * again, as after the loss of a worker. A retrain that is under way is left out: half of one would say nothing.
 */

import type { FitSpec, RunResult, SnapshotEvent } from '../protocol/messages.ts';
import { OTHER_TABLE, THIS_TABLE, type UnderWay, type Work, type WorkModel } from '../storage/work.ts';
import type { Recorder } from './history-actions.ts';
import type { Opener } from './open-actions.ts';
import type { Snapshot } from './snapshots.ts';
import type { HistoryNode, ModelState, Store } from './store.ts';

/** Largest file that is kept with the work, in bytes; of a larger one its name and fingerprint. */
export const MOST_DATA = 64e6;
/** Snapshots that are kept beside those that can't be done without, in bytes. */
export const SNAPSHOTS = 64e6;

/** How much is kept. */
export interface Amount {
  snapshots: number; // bytes of snapshots beside those that are needed
  data: number; // largest file
}

export const USUAL: Amount = { snapshots: SNAPSHOTS, data: MOST_DATA };
export const EVERYTHING: Amount = { snapshots: Number.POSITIVE_INFINITY, data: Number.POSITIVE_INFINITY };
/** What is tried where there is less room, in turn. */
export const LESS: readonly Amount[] = [
  { snapshots: 0, data: MOST_DATA },
  { snapshots: 0, data: 0 },
];

/** The last snapshot of a training, with the losses of the epochs before it. */
export interface LastSnapshot {
  event: SnapshotEvent;
  model: ModelState; // as it was then; its list of losses grows no more
}

/** Seconds of training that nobody would want to wait for again. */
const LONG = 10;

/** As a link left it, or while one is followed: the address is all that it takes to have it again. */
function isGuest(store: Store): boolean {
  const guest = store.guest.peek();
  if (!guest || store.table.peek()?.info.table !== guest.table) return false;
  if (guest.selection === null) return true;
  const here = store.history.peek().nodes.length <= guest.nodes && !('job' in store.phase.peek());
  return (
    here && store.form.peek()?.touched === guest.touched && store.selection.peek().version === guest.selection
  );
}

/** What a person would miss: not what came by a link, nor a demonstration that was only watched, nor a set that was looked at for a moment. */
export function isWork(store: Store): boolean {
  const table = store.table.peek();
  if (!table) return false;
  if (store.named.peek().length > 0) return true;
  if (store.firstVisit.peek() || isGuest(store)) return false;
  const { nodes } = store.history.peek();
  const typed = (store.form.peek()?.touched.size ?? 0) > 0;
  if (table.origin === 'file' || store.undoable.peek().undo !== null || nodes.length > 1 || typed)
    return true;
  /* The demonstration begins on some of the rows; nobody else does. */
  const [first] = nodes;
  if (first) return first.seconds >= LONG && !first.fits[0]?.rows;
  return 'job' in store.phase.peek() && (store.estimate.peek()?.seconds ?? 0) >= LONG;
}

function fitOf(fit: FitSpec, table: number): FitSpec {
  if (fit.table === undefined) return fit;
  return { ...fit, table: fit.table === table ? THIS_TABLE : OTHER_TABLE };
}

/** The training under way as a state, as its last snapshot tells; null: nothing of it is to be kept. */
function halfWay(store: Store, last: LastSnapshot | null, base: HistoryNode | null): HistoryNode | null {
  const model = store.model.peek();
  const begun = base?.steps ?? 0;
  if (!model || last?.event.model !== model.info.model || last.event.step <= begun) return null;
  const { event, model: then } = last;
  const plain = (store.task.peek()?.kind ?? 'train') === 'train' && !then.fit.selection;
  if (!plain) return null;
  const { losses, fit } = then;
  const epochs = Math.max(0, losses.length - (base?.losses.length ?? 0));
  const loss = losses.at(-1);
  const after = epochs === 1 ? '1 epoch' : `${epochs} epochs`;
  const { align, axes, step } = event;
  const result: RunResult = {
    outcome: 'stopped',
    reason: 'user',
    message: `Left while it was under way, after ${after}.`,
    epochs,
    steps: step,
    rows_trained: 0,
    seconds: 0,
    train: loss?.train ?? null,
    heldout: loss?.heldout ?? null,
    selection: null,
    rest: null,
    align,
    axes,
    suggested_learning_rate: null,
  };
  return {
    id: store.history.peek().nodes.length,
    parent: base?.id ?? null,
    kind: 'train',
    maker: null,
    rows: store.map.peek()?.rows ?? 0,
    focus: null,
    epochs,
    fits: [{ ...fit, steps: step - begun }],
    rated: true,
    steps: step,
    seconds: 0,
    losses,
    result,
    align,
    axes,
    before: null,
    after: null,
    label: null,
    kept: true,
  };
}

/** Snapshots that the work can't do without, then others as far as they go: the first state, then the latest. */
function snapshotsOf(
  nodes: readonly HistoryNode[],
  at: number,
  of: (node: number) => Snapshot | null,
  budget: number,
): Map<number, Snapshot> {
  const kept = new Map<number, Snapshot>();
  let left = budget;
  const order = [at, ...nodes.filter(({ rated }) => rated).map(({ id }) => id)];
  const needed = new Set(order);
  for (const id of [...order, 0, ...nodes.map((node) => node.id).reverse()]) {
    const snapshot = kept.has(id) ? null : of(id);
    if (!snapshot) continue;
    const { buffer, before } = snapshot;
    const bytes =
      buffer.byteLength + (before ? before.positions.byteLength + (before.error?.byteLength ?? 0) : 0);
    if (!needed.has(id)) {
      if (bytes > left) continue;
      left -= bytes;
    }
    kept.set(id, snapshot);
  }
  return kept;
}

interface Place {
  model: WorkModel | null;
  underWay: UnderWay | null;
}

function modelOf(
  store: Store,
  recorder: Pick<Recorder, 'snapshotOf'>,
  last: LastSnapshot | null,
  base: number | null,
  budget: number,
): Place {
  const model = store.model.peek();
  const table = store.table.peek()?.info.table ?? -1;
  if (!model) return { model: null, underWay: null };
  const { nodes, at } = store.history.peek();
  const from = nodes[at ?? base ?? -1] ?? null;
  const half = at === null ? halfWay(store, last, from) : null;
  const all = half ? [...nodes, half] : nodes;
  const stays = half?.id ?? from?.id ?? null;
  const runs = 'job' in store.phase.peek() && at === null;
  const kind = store.task.peek()?.kind ?? 'train';
  const underWay = runs ? { kind, epoch: half?.epochs ?? 0, epochs: model.fit.epochs } : null;
  if (stays === null) return { model: null, underWay };
  const snapshotOf = (id: number): Snapshot | null =>
    half && last && id === half.id ? { buffer: last.event.buffer, before: null } : recorder.snapshotOf(id);
  const snapshots = snapshotsOf(all, stays, snapshotOf, budget);
  if (!snapshots.has(stays)) return { model: null, underWay };
  return {
    model: {
      method: model.method,
      params: model.params,
      axes: store.map.peek()?.axes ?? [0, 0],
      at: stays,
      nodes: all.map((node) => ({ ...node, fits: node.fits.map((fit) => fitOf(fit, table)) })),
      snapshots,
    },
    underWay,
  };
}

export interface Sources {
  store: Store;
  opener: Pick<Opener, 'originOf'>;
  recorder: Pick<Recorder, 'snapshotOf'>;
  version: string;
}

/**
 * @param base the node that the weights come from while the model is at none
 * @returns null when there is no table
 */
export function gather(
  { store, opener, recorder, version }: Sources,
  last: LastSnapshot | null,
  base: number | null,
  amount: Amount,
): Work | null {
  const table = store.table.peek();
  const form = store.form.peek();
  if (!table) return null;
  const { info, origin, roles, scale } = table;
  const from = opener.originOf(info.table);
  const file = from?.file ?? null;
  const { focus, epochs, learning_rate } = store.retrain.peek();
  const { entries, only } = store.hidden.peek();
  const camera = store.bulk.lens?.camera() ?? null;
  return {
    app: version,
    kernels: store.ready.peek()?.kernels ?? 0,
    saved: Date.now(),
    data: {
      origin,
      name: info.name,
      rows: info.rows,
      columns: info.columns.length,
      fingerprint: info.fingerprint,
      size: file?.size ?? null,
      hints: from?.hints ?? {},
      file: file && file.size <= amount.data ? file : null,
    },
    roles: [...roles],
    scale,
    form: form && {
      method: form.method,
      params: form.params,
      fit: form.fit,
      touched: [...form.touched],
    },
    retrain: { focus, epochs, learning_rate },
    selection: { bits: store.bulk.selected, maker: store.selection.peek().maker },
    named: [...store.named.peek()],
    hidden: { entries: [...entries], only: only ? store.bulk.only : null },
    colour: store.colour.peek(),
    pointSize: store.pointSize.peek(),
    camera: camera && { cx: camera.cx, cy: camera.cy, scale: camera.scale },
    ...modelOf(store, recorder, last, base, amount.snapshots),
  };
}
