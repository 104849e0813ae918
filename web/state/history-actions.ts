/**
 * Keeps the history of the model on screen: writes a node when a training ends, has its snapshot taken and measured
 * what it did, and puts earlier states back into the model.
 *
 * `base` is the node that the weights come from. While a training runs, and after one that went down with the worker
 * half-way, the model is at no node: `history.at` is null. A state that was reached from such a half-way one can't be
 * made again, so that its snapshot is never dropped.
 */

import { batch } from '@preact/signals';
import { failure } from '../protocol/failure.ts';
import type { Failure, FitSpec, Id, ModelInfo, RowBits, RunResult } from '../protocol/messages.ts';
import { axesNow, type Comparing, createComparing, modelNow } from './compare-actions.ts';
import type { Ended } from './deeds.ts';
import { failureOf } from './engine-port.ts';
import { lengthened, NO_HISTORY, type Path, pathTo } from './history.ts';
import type { Models } from './model-actions.ts';
import { sameBits } from './row-sets.ts';
import type { Session } from './session-actions.ts';
import type { Snapshot, Snapshots } from './snapshots.ts';
import type { Before, History, HistoryNode, Measured, ModelState, RunKind } from './store.ts';
import type { Undo } from './undo.ts';

/** Changes of the learning rate that a fit can be given beforehand: AE_FIT_RATES of core/models/ae.h. */
const MOST_RATES = 1024;

export interface Recorder extends Pick<Comparing, 'compareWith' | 'look' | 'measure'> {
  /** There is another model, or none. */
  reset(): void;
  /** What was done with the rows of one table is told as done with those of another: the same rows have the same ids there. */
  retable(from: Id, to: Id): void;
  /** Puts right what is uncertain; whatever looks at the weights to compare them waits for it. */
  settle(): Promise<void>;
  /** A training begins. */
  begin(): Promise<void>;
  /** A training has ended: its node, or null when it left the model as it was, or the model is gone. */
  record(ended: Ended): Promise<HistoryNode | null>;
  /**
   * A training was cut off. `moved`: it may have changed the model. A plain one goes on from where the worker was
   * last heard of; any other is taken back.
   */
  cutOff(kind: RunKind, moved: boolean): Promise<void>;
  /** The weights are somewhere between two states: put right before anything else is done with them. */
  doubt(): void;
  /** What `look` gives at a node whose weights the model has, drawn as it was. */
  lookAt(node: number): Promise<Before | null>;
  pathTo(node: number): Path | null;
  /** The node that the weights come from, also while a training goes on from it. */
  base(): number | null;
  /** Puts the snapshot of a node into the model. */
  load(node: number): Promise<ModelInfo>;
  /** Keeps the model's present weights as those of a node, with what its map is compared with. */
  keep(node: number, before: Before | null): Promise<void>;
  /** The snapshot of a node, where it is kept. */
  snapshotOf(node: number): Snapshot | null;
  /** Another history takes the place of this one; the model on screen has the weights of its node `at`. */
  adopt(nodes: readonly HistoryNode[], at: number, kept: ReadonlyMap<number, Snapshot>): void;
  /** A way back to the present state. */
  wayBack(): Promise<() => Promise<void>>;
  /** Draws the map anew; the model is at this node from now on. */
  arrive(node: number): Promise<void>;
}

/** Asks again when the worker was lost: another one has the state that the training ended with. */
async function twice<T>(ask: () => Promise<T>): Promise<{ value: T } | { why: Failure }> {
  const tried = (): Promise<{ value: T } | { why: Failure }> =>
    ask().then(
      (value) => ({ value }),
      (error: unknown) => ({ why: failureOf(error) }),
    );
  const first = await tried();
  return 'why' in first && first.why.code === 'worker_lost' ? tried() : first;
}

export function createRecorder(
  session: Session,
  models: Models,
  undo: Undo,
  refreshColours: () => void,
  snapshots: Snapshots,
): Recorder {
  const { store, engine } = session;
  const { compareWith, look, measure, labelName } = createComparing(session, refreshColours);
  let base: number | null = null; // the node that the weights come from
  let steps = 0; // of the model when it was last certain
  let broken = false; // the model has gone on from `base` in a way that can't be repeated
  let doubtful = false;

  function change(part: Partial<History>): void {
    const next = { ...store.history.peek(), ...part };
    const nodes = next.nodes.map((node) => {
      const kept = snapshots.has(node.id);
      return kept === node.kept ? node : { ...node, kept };
    });
    store.history.value = { ...next, nodes };
  }

  function nodeOf(id: number): HistoryNode {
    const node = store.history.peek().nodes[id];
    if (!node) throw failure('not_found', `There is no state ${id}.`);
    return node;
  }

  function settleAt(node: number | null): void {
    base = node;
    broken = false;
    doubtful = false;
    snapshots.setPresent(node);
  }

  function reset(): void {
    settleAt(null);
    steps = 0;
    snapshots.clear();
    undo.forgetModel();
    compareWith(null);
    batch(() => {
      store.history.value = NO_HISTORY;
      store.task.value = null;
    });
  }

  /* ---- writing ------------------------------------------------------------------------------------------ */

  /** Rows selected again share their bits with the node before. */
  function shared(bits: RowBits): RowBits {
    for (const { fits } of store.history.peek().nodes) {
      for (const { selection } of fits) if (selection && sameBits(selection, bits)) return selection;
    }
    return bits;
  }

  function nodeFrom(ended: Ended, model: ModelState, after: Measured | null): HistoryNode {
    const { deed, result, fit } = ended;
    const history = store.history.peek();
    const begun = fit.fresh ? 0 : steps;
    const selection = fit.selection ? { selection: shared(fit.selection) } : {};
    const done = broken ? ended.done : result.steps - begun;
    /* Those that no batch was left for are none. */
    const rates = ended.rates.filter(({ after }) => after < done);
    const { rates: _, ...told } = fit;
    const again: FitSpec = {
      ...told,
      ...selection,
      ...(rates.length > 0 ? { rates } : {}),
      table: model.info.table,
      steps: done,
    };
    const old = deed.lengthens ? lengthened(history, base) : null;
    return {
      id: old?.id ?? history.nodes.length,
      parent: old ? old.parent : base,
      kind: deed.kind,
      maker: deed.maker,
      rows: deed.rows,
      focus: deed.focus,
      epochs: (old?.epochs ?? 0) + result.epochs,
      fits: [...(old?.fits ?? []), again],
      rated: ended.rated || rates.length > MOST_RATES || broken || old?.rated === true,
      steps: result.steps,
      seconds: (old?.seconds ?? 0) + result.seconds,
      losses: model.losses,
      result,
      align: result.align,
      axes: result.axes,
      before: deed.before,
      after,
      label: after ? labelName() : null,
      kept: false,
    };
  }

  async function record(ended: Ended): Promise<HistoryNode | null> {
    const { model: id, result, deed, fit } = ended;
    if (!store.models.peek().has(id)) return null;
    const moved = broken ? result.rows_trained > 0 : result.steps !== (fit.fresh ? 0 : steps);
    if (!moved) {
      await cutOff(deed.kind, fit.fresh === true);
      return null;
    }
    /* A snapshot that can't be had is no loss yet: the state can be made again. */
    const snapshot = await twice(() => engine.request({ type: 'snapshot', model: id }));
    const { selected } = deed;
    const measured = selected ? await twice(() => measure(selected)) : null;
    const model = store.models.peek().get(id);
    if (!model) return null;
    if (measured && 'why' in measured) tellUnmeasured(measured.why);
    const node = nodeFrom(ended, model, measured && 'value' in measured ? measured.value : null);
    const { nodes } = store.history.peek();
    settleAt(node.id);
    steps = node.steps;
    const before = selected ? store.bulk.before : null;
    if ('value' in snapshot) snapshots.put(node.id, { buffer: snapshot.value, before }, node.rated);
    batch(() => {
      change({ nodes: [...nodes.slice(0, node.id), node, ...nodes.slice(node.id + 1)], at: node.id });
      compareWith(before);
    });
    return nodeOf(node.id);
  }

  function tellUnmeasured({ message, hint, code }: Failure): void {
    session.notify({
      tone: 'warning',
      text: `What this training has changed could not be measured. ${message}`,
      code,
      about: 'training',
      ...(hint ? { hint } : {}),
    });
  }

  /* ---- going back --------------------------------------------------------------------------------------- */

  function kept(id: number): Snapshot {
    const found = snapshots.get(id);
    if (!found) throw failure('internal', `State ${id} is not kept.`);
    return found;
  }

  /** The weights, and the alignment that the map was last given for them, with its axes. */
  async function restore(
    buffer: ArrayBuffer,
    drawn: Pick<RunResult, 'align' | 'axes'> | null,
  ): Promise<ModelInfo> {
    const { model } = modelNow(store).info;
    const { align = null, axes = axesNow(store) } = drawn ?? {};
    return engine.request({ type: 'restore', model, buffer, align, axes });
  }

  async function load(id: number): Promise<ModelInfo> {
    const node = nodeOf(id);
    const info = await restore(kept(id).buffer, node);
    if (info.steps !== node.steps) {
      throw failure('internal', `State ${id} has ${info.steps} steps, not ${node.steps}.`);
    }
    return info;
  }

  function snapshot(): Promise<ArrayBuffer> {
    return engine.request({ type: 'snapshot', model: modelNow(store).info.model });
  }

  function refresh(): Promise<null> {
    return engine.request({ type: 'refresh', map: modelNow(store).info.map });
  }

  async function arrive(id: number): Promise<void> {
    await refresh();
    const { info, fit: last } = modelNow(store);
    const node = nodeOf(id);
    settleAt(id);
    steps = node.steps;
    batch(() => {
      const { losses, result, fits } = node;
      const fit = fits.at(-1) ?? last;
      models.setModel(info.model, { info: { ...info, steps }, losses, result, fit });
      change({ at: id });
      compareWith(snapshots.get(id)?.before ?? null);
    });
  }

  /** Back at the node that the weights come from; where there is none, the model goes on as it is. */
  async function recover(): Promise<void> {
    doubtful = false;
    if (base === null || !snapshots.has(base)) {
      broken = true;
      return;
    }
    try {
      await load(base);
      await arrive(base);
    } catch (error) {
      if (store.model.peek()) doubtful = true;
      throw error;
    }
  }

  async function settle(): Promise<void> {
    if (doubtful) await recover();
  }

  async function cutOff(kind: RunKind, moved: boolean): Promise<void> {
    if (!moved) {
      change({ at: broken ? null : base });
    } else if (kind === 'train') {
      broken = true;
      undo.forgetRedo();
      compareWith(null);
    } else {
      /* What can't be put right now is put right before the next training. */
      await recover().catch(() => undefined);
    }
  }

  return {
    reset,
    retable(from, to) {
      const { nodes } = store.history.peek();
      const moved = (fit: FitSpec): FitSpec => (fit.table === from ? { ...fit, table: to } : fit);
      change({ nodes: nodes.map((node) => ({ ...node, fits: node.fits.map(moved) })) });
    },
    settle,
    async begin() {
      await settle();
      change({ at: null });
    },
    record,
    cutOff,
    doubt() {
      doubtful = true;
    },
    measure,
    look,
    compareWith,
    pathTo(to) {
      return pathTo(store.history.peek(), to, (table) => store.tables.peek().has(table));
    },
    base: () => base,
    load,
    async lookAt(id) {
      await restore(await snapshot(), nodeOf(id));
      await refresh();
      return look();
    },
    async keep(id, before) {
      const buffer = await snapshot();
      snapshots.setPresent(id);
      snapshots.put(id, { buffer, before }, nodeOf(id).rated);
      change({});
    },
    snapshotOf: (id) => snapshots.peek(id),
    adopt(nodes, at, kept) {
      reset();
      settleAt(at);
      steps = nodes[at]?.steps ?? 0;
      for (const [id, snapshot] of kept) snapshots.put(id, snapshot, nodes[id]?.rated === true);
      change({ nodes, at });
    },
    async wayBack() {
      await settle();
      const { at } = store.history.peek();
      const { result } = modelNow(store);
      const present = at === null ? null : snapshots.get(at);
      if (at !== null && present) {
        return async () => {
          /* Another one may have taken its place in the budget. */
          snapshots.setPresent(at);
          snapshots.put(at, present, nodeOf(at).rated);
          await load(at);
          await arrive(at);
        };
      }
      const buffer = await snapshot();
      return async () => {
        await restore(buffer, result);
        await refresh();
      };
    },
    arrive,
  };
}
