/** Typing into the fields of the model and of its training. */

import { withField } from './fields.ts';
import { ownRate } from './job-actions.ts';
import { numberText } from './number-text.ts';
import type { Runner } from './run-actions.ts';
import type { Session } from './session-actions.ts';

export interface FieldActions {
  /**
   * Takes what was typed into a field; false, with a sentence under the field, when it can't be used. A plain training
   * under way goes on with another learning rate.
   */
  setField(name: string, text: string): boolean;
  /** Takes another learning rate and trains on with it; a retrain that ran away is begun again. */
  tryLearningRate(rate: number): Promise<void>;
}

export function createFields({ store }: Session, runner: Runner): FieldActions {
  function setField(name: string, text: string): boolean {
    const form = store.form.peek();
    const ready = store.ready.peek();
    if (!form || !ready) return false;
    const { form: next, error, live } = withField(form, ready, name, text);
    runner.adoptForm(next);
    if (error === null && live) runner.takeRate('form', next.fit.learning_rate);
    return error === null;
  }

  return {
    setField,
    async tryLearningRate(rate) {
      const { kind = 'train', retry = null } = runner.deedNow() ?? {};
      if (ownRate(kind)) store.retrain.value = { ...store.retrain.peek(), learning_rate: rate };
      else if (!setField('learning_rate', numberText(rate))) return;
      await (retry ? retry() : runner.train());
    },
  };
}
