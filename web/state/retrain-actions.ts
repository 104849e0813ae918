/** Retraining on a selection, training without one or on nothing else, and taking rows along as a file. */

import { batch } from '@preact/signals';
import type { FitSpec, Id, RowBits } from '../protocol/messages.ts';
import { countBits } from '../protocol/rows.ts';
import type { Deed } from './deeds.ts';
import { failureOf } from './engine-port.ts';
import { withRetrainField } from './fields.ts';
import { safeFileName, withoutExtension } from './file-name.ts';
import type { Recorder } from './history-actions.ts';
import { planNow, type RetrainKind, type RetrainPlan, refusalNow } from './retrain.ts';
import { storyNow, taskTitle } from './retrain-story.ts';
import type { Ran, Runner } from './run-actions.ts';
import type { Session } from './session-actions.ts';
import type { Maker } from './store.ts';

export interface ExportOptions {
  /** The selected rows only. */
  only: boolean;
  /** Text that a spreadsheet would run as a formula gets an apostrophe. */
  protect: boolean;
}

export interface RetrainActions {
  /** Share of the loss that the next retrain gives the selection; below its natural share, as 0, it is that. */
  setFocus(focus: number): void;
  /**
   * Takes what was typed; false, with a sentence in `store.retrain.errors`, when it can't be used. A retrain under way
   * goes on with another learning rate.
   */
  setRetrainField(name: 'epochs' | 'learning_rate', text: string): boolean;
  /** Trains on from the present weights with the selection in focus; where `refusalNow` says why not, that is said. */
  retrain(): Promise<void>;
  /** Trains on without the selected rows. */
  exclude(): Promise<void>;
  /** Trains a new model on the selected rows only; the map is turned and scaled to lie on the one before. */
  trainFromScratch(): Promise<void>;
  setTrails(on: boolean): void;
  /** Saves rows, positions and errors as a CSV file. */
  exportRows(options: ExportOptions): Promise<void>;
}

/** A training on a selection, told in full. */
export interface Order {
  kind: RetrainKind;
  maker: Maker;
  selected: RowBits;
  /** Asked when all is measured: a learning rate typed meanwhile counts. */
  fit(): FitSpec;
  /** What is said of it when it begins, behind its title. */
  sentence: string;
  /** What trying again does after a failure. */
  retry(): Promise<void>;
  /** How the worker's account of it is told, where it is another than it seems. */
  retell?: Deed['retell'];
}

export interface Retrains extends RetrainActions {
  /** Measures, trains, measures again; null when it failed, which has been told, or something else took over. */
  carryOut(order: Order): Promise<Ran | null>;
}

/** What a retrain is told, beside its form's: the last word has its own fit. */
function fitFor(kind: RetrainKind, plan: RetrainPlan, fit: FitSpec, rate: number, heldout: number): FitSpec {
  return {
    ...fit,
    epochs: plan.epochs,
    learning_rate: kind === 'scratch' ? fit.learning_rate : rate,
    /* What was announced is done; and the held-out rows are not those of the selection. */
    patience: 0,
    /* Other held-out rows would be ones that the model has been trained on. */
    heldout,
    focus: plan.focus,
    ...(kind === 'scratch' ? { fresh: true } : {}),
  };
}

export function createRetrains(session: Session, runner: Runner, recorder: Recorder): Retrains {
  const { store, engine, surroundings } = session;

  /* ---- retraining --------------------------------------------------------------------------------------- */

  async function begin(kind: RetrainKind, rows: RowBits | null, maker: Maker): Promise<void> {
    const why = refusalNow(store, kind, rows);
    const plan = planNow(store, kind, rows);
    const [form, model, selected] = [store.form.peek(), store.model.peek(), rows?.slice()];
    if (why !== null || !plan || !form || !model || !selected) {
      if (why !== null) session.announce(why);
      return;
    }
    const { heldout } = model.fit;
    const fit = (): FitSpec => fitFor(kind, plan, form.fit, store.retrain.peek().learning_rate, heldout);
    const retry = (): Promise<void> => begin(kind, selected, maker);
    await carryOut({ kind, maker, selected, fit, sentence: plan.sentence, retry });
  }

  async function carryOut(order: Order): Promise<Ran | null> {
    const { kind, maker, selected, retry } = order;
    const [model, table] = [store.model.peek(), store.table.peek()];
    if (!model || !table) return null;
    const title = taskTitle(kind, maker, table);
    const job = engine.nextId();
    const taken = runner.watch();
    batch(() => {
      store.progress.value = null;
      store.phase.value = { kind: 'running', job, stopping: false };
      store.task.value = { kind, title, stage: 'measure' };
    });
    session.announce(`${title}: ${order.sentence}.`);
    const earlier = store.bulk.before;
    let deed: Deed;
    let fit: FitSpec;
    try {
      await recorder.settle();
      const before = await recorder.measure(selected);
      const look = await recorder.look();
      if (taken()) {
        settle(job);
        return null;
      }
      fit = order.fit();
      const { focus = 1 } = fit;
      const common = { kind, title, maker, selected, rows: countBits(selected), focus, before, retry };
      deed = { ...common, lengthens: false, ...(order.retell ? { retell: order.retell } : {}) };
      recorder.compareWith(look);
    } catch (error) {
      fail(job, error, retry);
      return null;
    }
    const ran = await runner.run(model, { ...fit, selection: selected }, deed, job);
    if (!ran?.node && store.model.peek()?.info.model === model.info.model) recorder.compareWith(earlier);
    if (ran && ran.result.outcome !== 'cancelled') {
      session.announce(ran.node ? storyNow(store, ran.node) : ran.result.message);
    }
    return ran;
  }

  /** What this began is over, unless something else is on screen. */
  function settle(job: Id): void {
    const phase = store.phase.peek();
    batch(() => {
      store.task.value = null;
      if ('job' in phase && phase.job === job) store.phase.value = runner.restingPhase();
    });
  }

  function fail(job: Id, error: unknown, retry: () => Promise<void>): void {
    const why = failureOf(error);
    const phase = store.phase.peek();
    if (why.code === 'worker_lost' && 'job' in phase && phase.job === job) {
      runner.tryNext(retry);
      store.task.value = null;
      store.phase.value = { kind: 'failed', failure: why, retry: true };
      return;
    }
    settle(job);
    if (store.model.peek()) session.report(error, 'The errors can’t be measured.', '', 'training');
  }

  /* ---- rows as a file ----------------------------------------------------------------------------------- */

  async function exportRows({ only, protect }: ExportOptions): Promise<void> {
    const table = store.table.peek();
    const model = store.model.peek();
    const { selected } = store.bulk;
    if (!table || !model || (only && store.selection.peek().count === 0)) return;
    const labels = table.roles.flatMap((role, column) => (role === 'label' ? [column] : []));
    try {
      const file = await engine.request({
        type: 'export',
        model: model.info.model,
        selection: selected,
        only,
        protect,
        labels,
      });
      const source = table.origin === 'file' ? withoutExtension(table.info.name) : table.info.name;
      const name = safeFileName(`${source} ${only ? 'selected rows' : 'rows'}`, 'csv');
      surroundings.save(file, name);
      session.settle('export');
      session.announce(`Saved as ${name}.`);
    } catch (error) {
      session.report(error, 'The rows can’t be exported.', '', 'export');
    }
  }

  return {
    setFocus(focus) {
      if (!(focus >= 0 && focus <= 1)) return;
      store.retrain.value = { ...store.retrain.peek(), focus };
    },
    setRetrainField(name, text) {
      const ready = store.ready.peek();
      if (!ready) return false;
      const before = store.retrain.peek();
      const { form, error } = withRetrainField(before, ready, name, text);
      store.retrain.value = form;
      if (form.learning_rate !== before.learning_rate) runner.takeRate('retrain', form.learning_rate);
      return error === null;
    },
    retrain: () => begin('retrain', store.bulk.selected, store.selection.peek().maker),
    exclude: () => begin('exclude', store.bulk.selected, store.selection.peek().maker),
    trainFromScratch: () => begin('scratch', store.bulk.selected, store.selection.peek().maker),
    setTrails(on) {
      store.trails.value = on;
    },
    exportRows,
    carryOut,
  };
}
