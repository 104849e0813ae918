/** The sentence at the foot of the page that says how a training ended. */

import type { JSX } from 'preact';
import { storyNow } from '../state/retrain-story.ts';
import type { Store } from '../state/store.ts';
import { formatNumber } from '../state/summary.ts';
import { visibleText } from './data-text.tsx';
import type { PanelProps } from './top-bar.tsx';

/** How it ended, in a sentence, with the next step where there is an obvious one. */
export function Outcome({ store, actions }: PanelProps): JSX.Element {
  const phase = store.phase.value;
  const result = store.model.value?.result;
  if (phase.kind === 'failed') {
    return (
      <p class="outcome">
        <span class="outcome-bad">{phase.failure.message}</span>
        {phase.retry ? (
          <button type="button" class="button small" onClick={() => void actions.retry()}>
            Try again
          </button>
        ) : null}
      </p>
    );
  }
  if (phase.kind !== 'finished' || !result) {
    const refused = store.estimate.value?.refused;
    return <p class="outcome">{phase.kind === 'ready' && refused ? refused : ''}</p>;
  }
  const rate = result.suggested_learning_rate;
  const diverged = result.reason === 'diverged';
  const words = diverged ? result.message : outcomeWords(store, result.message);
  return (
    <p class="outcome" title={words}>
      <span class={diverged ? 'outcome-bad' : ''}>{words}</span>
      {diverged && rate !== null ? (
        <button type="button" class="button small" onClick={() => void actions.tryLearningRate(rate)}>
          Try learning rate {rate < 1e-3 ? rate.toExponential().replace('e+', 'e') : rate}
        </button>
      ) : null}
    </p>
  );
}

/** What a retrain has done to the errors, else how the training ended and whether it is of any use. */
function outcomeWords(store: Store, message: string): string {
  const { nodes, at } = store.history.value;
  const node = at === null ? null : nodes[at];
  if (node && node.kind !== 'train' && node.after) return visibleText(storyNow(store, node));
  const useless = worseThanMean(store);
  return useless ? `${message} ${useless}` : message;
}

/** Said where a model ends no better than predicting every feature's mean, with one thing to try. */
function worseThanMean(store: Store): string | null {
  const model = store.model.value;
  const baseline = store.table.value?.features?.baseline ?? 0;
  const last = model?.losses.at(-1)?.train;
  const first = model?.losses[0]?.train;
  if (model?.params.loss !== 'mse' || last === undefined || first === undefined || !(last > baseline))
    return null;
  const advice = last < first ? 'train on' : 'start again with a smaller learning rate';
  return `Its error is above ${formatNumber(baseline)}, that of predicting the mean: ${advice}.`;
}
