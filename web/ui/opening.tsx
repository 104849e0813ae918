/** What is being opened, how far it is, and a way out; over the map that it will replace. */

import type { JSX } from 'preact';
import type { Phase } from '../state/store.ts';
import { formatCount } from '../state/summary.ts';
import { byteText, duration } from '../state/transport.ts';
import { DataText } from './data-text.tsx';
import type { PanelProps } from './top-bar.tsx';

type OpeningPhase = Extract<Phase, { kind: 'opening' }>;

const stageWord: Record<OpeningPhase['stage'], string> = {
  stop: 'Stopping what runs',
  fetch: 'Fetching',
  read: 'Reading',
  features: 'Preparing the numbers',
};

function amount({ stage, done, total }: OpeningPhase): string {
  if (total <= 0) return '';
  const word = stage === 'features' ? formatCount : byteText;
  return `${word(Math.round(done))} of ${word(Math.round(total))}${stage === 'features' ? ' steps' : ''}`;
}

export function Opening({ store, actions }: PanelProps): JSX.Element | null {
  const phase = store.phase.value;
  if (phase.kind === 'starting') {
    return (
      <div class="opening" role="status">
        <p>Starting.</p>
        <div class="progress unknown" />
      </div>
    );
  }
  if (phase.kind !== 'opening') return null;
  const share = phase.total > 0 ? Math.min(1, phase.done / phase.total) : null;
  const words = [amount(phase), phase.seconds_left === null ? '' : `${duration(phase.seconds_left)} left`]
    .filter(Boolean)
    .join(', ');
  return (
    <div class={`opening${phase.replaces ? ' over' : ''}`}>
      <p>
        {stageWord[phase.stage]}: <DataText text={phase.name} />
      </p>
      <div
        class={`progress${share === null ? ' unknown' : ''}`}
        role="progressbar"
        aria-label="Opening"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.round(share * 100)}
        aria-valuetext={`${stageWord[phase.stage]}${words ? `, ${words}` : ''}`}
      >
        <div class="progress-bar" style={{ transform: `scaleX(${share ?? 0.3})` }} />
      </div>
      <div class="opening-foot">
        <span>{words}</span>
        <button type="button" class="button small" onClick={() => actions.cancel()}>
          Cancel
        </button>
      </div>
    </div>
  );
}
