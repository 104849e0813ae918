/** The fields of the model and of its training, and what they would cost on the table on screen. */

import { batch } from '@preact/signals';
import type { Id } from '../protocol/messages.ts';
import { formFor } from './form.ts';
import type { Jobs } from './job-actions.ts';
import type { Session } from './session-actions.ts';
import type { FormState } from './store.ts';

export interface FormActions {
  /** Takes back what the person typed: every field as the shape of the table suggests. */
  resetFields(): void;
}

export interface Forms extends FormActions {
  /** The table on screen has new features: fields and estimate follow. `rows`: as if it had so many. */
  adoptTable(rows?: number): void;
  /** Takes a whole form, as that of a state that was made elsewhere. */
  adoptForm(form: FormState): void;
  /** The table on screen. */
  tableId(): Id | null;
  /** Resolves once the answer on the table on screen is there, or none can be had. */
  estimated(): Promise<void>;
}

const ESTIMATE_DELAY = 120;

export function createForms(
  { store, engine, surroundings }: Session,
  jobs: Pick<Jobs, 'ratesItself'>,
): Forms {
  let formOf: Id | null = null; // the table that the form's values are for
  let cancelEstimate: (() => void) | null = null;
  let estimateRequest = 0;
  let estimated: Promise<void> = Promise.resolve();

  function tableId(): Id | null {
    const shown = store.table.peek();
    for (const [id, state] of store.tables.peek()) {
      if (state === shown) return id;
    }
    return null;
  }

  async function estimate(): Promise<void> {
    const mine = ++estimateRequest;
    const form = store.form.peek();
    const table = tableId();
    if (!form || table === null || !store.table.peek()?.features) return;
    const { method, params, fit } = form;
    try {
      const answer = await engine.request({ type: 'estimate', table, method, params, fit });
      if (mine === estimateRequest) store.estimate.value = answer;
    } catch {
      /* Asked again at the next change; training itself tells what is wrong. */
      if (mine === estimateRequest) store.estimate.value = null;
    }
  }

  function change(next: FormState): void {
    const before = store.form.peek()?.fit.learning_rate;
    const retrain = store.retrain.peek();
    batch(() => {
      /* A retrain learns as a training does, until told otherwise. */
      if (retrain.learning_rate === before && !jobs.ratesItself()) {
        store.retrain.value = { ...retrain, learning_rate: next.fit.learning_rate };
      }
      store.form.value = next;
    });
    cancelEstimate?.();
    cancelEstimate = surroundings.later(() => {
      cancelEstimate = null;
      void estimate();
    }, ESTIMATE_DELAY);
  }

  return {
    tableId,
    estimated: () => estimated,
    adoptTable(rows) {
      const table = store.table.peek();
      const ready = store.ready.peek();
      if (!table?.features || !ready) return;
      const features = rows === undefined ? table.features : { ...table.features, n: rows };
      /* Other columns of the same table, or more of its rows: what was typed stays. Another table has its own. */
      const { table: id } = table.info;
      const same = id === formOf;
      const form = formFor(features, same ? store.form.peek() : null);
      const { learning_rate } = form.fit;
      const retrain = store.retrain.peek();
      batch(() => {
        if (!same) store.retrain.value = { focus: 1, epochs: 5, learning_rate, errors: {} };
        else if (retrain.learning_rate === store.form.peek()?.fit.learning_rate) {
          store.retrain.value = { ...retrain, learning_rate };
        }
        store.form.value = form;
      });
      formOf = id;
      estimated = estimate();
    },
    adoptForm: change,
    resetFields() {
      const table = store.table.peek();
      const ready = store.ready.peek();
      if (table?.features && ready) change(formFor(table.features, null));
    },
  };
}
