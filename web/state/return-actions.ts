/**
 * Going back to earlier states of the model: to any of them by the list of what was done, and step by step by undo and
 * redo, which walk every training that has moved the model.
 */

import { batch } from '@preact/signals';
import { failure } from '../protocol/failure.ts';
import type { Failure, FitSpec } from '../protocol/messages.ts';
import { failureOf } from './engine-port.ts';
import { fitsOf, type Path } from './history.ts';
import type { Recorder } from './history-actions.ts';
import { nodeName } from './retrain-story.ts';
import type { Runner } from './run-actions.ts';
import type { Session } from './session-actions.ts';
import type { Before, HistoryNode, ModelState } from './store.ts';
import { duration } from './transport.ts';
import type { Undo } from './undo.ts';

export interface ReturnActions {
  /** Brings the model back to a node of the history, bit for bit. */
  returnTo(node: number): Promise<void>;
}

export interface Returns extends ReturnActions {
  /** A training has led to this node: one step that can be undone. */
  remember(node: HistoryNode): void;
}

type Replayed = { fit: FitSpec; after: number };

export function createReturns(session: Session, runner: Runner, recorder: Recorder, undo: Undo): Returns {
  const { store, engine } = session;

  /** Brings the model to a node; rejects when it could not, and the model is where it was. */
  async function go(to: number): Promise<void> {
    const model = store.model.peek();
    const node = store.history.peek().nodes[to];
    const path = recorder.pathTo(to);
    if (!model || !node) throw failure('not_found', 'That state is gone.');
    if (!path) {
      throw failure('not_found', 'That state was dropped and can’t be made again.');
    }
    const taken = runner.watch();
    begin(node, path);
    let back: (() => Promise<void>) | null = null;
    let lost: Failure | null = null;
    try {
      back = await recorder.wayBack();
      if (path.from !== null) await recorder.load(path.from);
      if (path.through.length > 0) await makeAgain(model, node, path, taken);
      else if (path.from !== to) throw failure('internal', 'There is no way to that state.');
      await recorder.arrive(to);
    } catch (error) {
      if (store.model.peek()?.info.model !== model.info.model) {
        throw failure('cancelled', 'Something else was opened.');
      }
      const why = failureOf(error);
      if (why.code === 'worker_lost') lost = why;
      if (back) await back().catch(() => recorder.doubt());
      throw error;
    } finally {
      end(model, to, lost);
    }
  }

  function begin(node: HistoryNode, { through, seconds }: Path): void {
    const title = `Returning to ${nodeName(node)}`;
    batch(() => {
      store.progress.value = null;
      store.task.value = { kind: 'return', title, stage: 'run' };
      store.phase.value = { kind: 'running', job: engine.nextId(), stopping: true };
      store.history.value = { ...store.history.peek(), returning: { to: node.id, seconds } };
    });
    if (through.length > 0) session.announce(`${title}: about ${duration(seconds)}.`);
  }

  function end(model: ModelState, to: number, lost: Failure | null): void {
    const phase = store.phase.peek();
    batch(() => {
      if (store.model.peek()?.info.model !== model.info.model) return;
      store.progress.value = null;
      store.task.value = null;
      store.history.value = { ...store.history.peek(), returning: null };
      if (lost) runner.tryNext(() => returnTo(to));
      if (!('job' in phase)) return;
      store.phase.value = lost ? { kind: 'failed', failure: lost, retry: true } : runner.restingPhase();
    });
  }

  /** Makes the last state of a path again, and looks at the one before it on the way: they are compared. */
  async function makeAgain(
    model: ModelState,
    { id, parent, kind, fits }: HistoryNode,
    path: Path,
    taken: () => boolean,
  ): Promise<void> {
    const all = fitsOf(store.history.peek(), path);
    const own = all.splice(all.length - fits.length);
    const done = await again(model, all, { done: 0, total: path.steps }, taken);
    const [above] = path.through.slice(-2, -1);
    const passes = parent !== null && (above ?? path.from) === parent;
    const before: Before | null = passes && kind !== 'train' ? await recorder.lookAt(parent) : null;
    await again(model, own, { done, total: path.steps }, taken);
    await recorder.keep(id, before);
    /* Brings the map to how it was drawn, too. */
    await recorder.load(id);
  }

  /** Runs fits once more, each to the step it came to then. Resolves to the batches done so far. */
  async function again(
    model: ModelState,
    fits: readonly Replayed[],
    { done: begun, total }: { done: number; total: number },
    taken: () => boolean,
  ): Promise<number> {
    let done = begun;
    for (const { fit, after } of fits) {
      if (taken()) throw failure('cancelled', 'Stopped on the way.');
      const result = await runner.repeat(model, fit, { done, total });
      if (result.outcome !== 'finished') {
        throw failure('cancelled', 'Stopped on the way.');
      }
      if (result.steps !== after) {
        throw failure('internal', `Doing it again led to step ${result.steps}, not ${after}.`);
      }
      done += fit.steps ?? 0;
    }
    return done;
  }

  async function returnTo(to: number): Promise<void> {
    const { nodes, at, returning } = store.history.peek();
    const node = nodes[to];
    const phase = store.phase.peek().kind;
    if (!node || to === at || returning) return;
    if (phase !== 'finished' && phase !== 'ready' && phase !== 'failed') {
      session.announce('Stop the training first: returning changes the model.');
      return;
    }
    try {
      await undo.during(async () => {
        await go(to);
        session.settle('undo', 'return');
        session.announce(`Back at ${nodeName(node)}.`);
        const label = `return to ${nodeName(node)}`;
        return at === null ? null : { label, undo: () => go(at), redo: () => go(to), model: true };
      });
    } catch (error) {
      const why = failureOf(error);
      if (why.code === 'cancelled') session.announce(`${why.message} The model is where it was.`);
      else
        session.report(error, `Can’t return to ${nodeName(node)}.`, 'The model is where it was.', 'return');
    }
  }

  return {
    returnTo,
    remember(node) {
      const { parent, id } = node;
      if (parent === null) return;
      undo.push({ label: nodeName(node), undo: () => go(parent), redo: () => go(id), model: true });
    },
  };
}
