/** The strip along the bottom: transport, progress, losses and their chart. */

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Store } from '../state/store.ts';
import { formatCount } from '../state/summary.ts';
import {
  epochsOf,
  lossNumber,
  lossUnit,
  nextTimeLeft,
  progressSentence,
  type TimeLeft,
  timeLeftText,
  transportOf,
} from '../state/transport.ts';
import { Icon, type IconName } from './icon.tsx';
import { LossPanel } from './loss-chart.tsx';
import type { PanelProps } from './top-bar.tsx';

export function RunPanel({ store, actions }: PanelProps): JSX.Element | null {
  const table = store.table.value;
  if (!table) return null;
  return (
    <footer class="run-panel">
      <Controls store={store} actions={actions} />
      <Status store={store} actions={actions} />
      <Losses store={store} />
      <LossPanel store={store} actions={actions} />
    </footer>
  );
}

interface ControlProps {
  name: string;
  icon: IconName;
  hint: string;
  enabled: boolean;
  primary?: boolean;
  onPress(): void;
}

/** Keeps the keyboard focus while it can't be used, so that Stop does not throw it to the top of the page. */
function Control({ name, icon, hint, enabled, primary, onPress }: ControlProps): JSX.Element {
  return (
    <button
      type="button"
      class={`control${primary ? ' primary' : ''}`}
      aria-label={name}
      aria-disabled={!enabled}
      title={hint}
      onClick={() => {
        if (enabled) onPress();
      }}
    >
      <Icon name={icon} size={primary ? 18 : 16} />
      {primary ? <span>{name}</span> : null}
    </button>
  );
}

function Controls({ store, actions }: PanelProps): JSX.Element {
  const transport = transportOf(
    store.phase.value,
    store.table.value,
    store.model.value,
    store.estimate.value,
  );
  const press = {
    Train: () => void actions.train(),
    Pause: () => void actions.pause(),
    Resume: () => void actions.resume(),
  }[transport.primary];
  return (
    <div class="controls" role="group" aria-label="Training">
      <Control
        name={transport.primary}
        icon={transport.primary === 'Pause' ? 'pause' : 'play'}
        hint={`${transport.primary} (Space)`}
        enabled={transport.canPrimary}
        primary
        onPress={press}
      />
      <Control
        name="Step"
        icon="step"
        hint="Train one epoch, then rest (.)"
        enabled={transport.canStep}
        onPress={() => void actions.step()}
      />
      <Control
        name="Stop"
        icon="stop"
        hint="Stop here and keep what was learned"
        enabled={transport.canStop}
        onPress={() => void actions.stop()}
      />
      {transport.canStartAgain ? (
        <Control
          name="Start again"
          icon="restart"
          hint="Train a new model from the start"
          enabled
          onPress={() => void actions.startAgain()}
        />
      ) : null}
    </div>
  );
}

function Status({ store, actions }: PanelProps): JSX.Element {
  const phase = store.phase.value;
  const model = store.model.value;
  const progress = store.progress.value;
  const epochs = epochsOf(model, progress);
  const running = phase.kind === 'running' || phase.kind === 'pausing' || phase.kind === 'paused';
  const done = phase.kind === 'finished' ? 1 : (epochs?.share ?? 0);
  const percent = model ? Math.round(done * 100) : 0;
  const words = running && progress ? progressSentence(progress, model) : stateWord(store);
  return (
    <div class="status">
      <div class="status-line">
        <span class="epoch">
          {epochs && (epochs.of > 0 || running)
            ? `epoch ${formatCount(epochs.done)} of ${formatCount(epochs.of)}`
            : stateWord(store)}
        </span>
        <span class="state">{running || !epochs || epochs.of === 0 ? '' : stateWord(store)}</span>
        <Rate store={store} />
      </div>
      <div
        class={`progress${phase.kind === 'paused' ? ' paused' : ''}`}
        role="progressbar"
        aria-label="Progress"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={words}
      >
        <div class="progress-bar" style={{ transform: `scaleX(${done})` }} />
      </div>
      <Outcome store={store} actions={actions} />
    </div>
  );
}

function stateWord(store: Store): string {
  const phase = store.phase.value;
  switch (phase.kind) {
    case 'running':
      return phase.stopping ? 'stopping' : store.progress.value ? 'training' : 'starting';
    case 'pausing':
      return 'pausing';
    case 'paused':
      return 'paused';
    case 'finished':
      return store.model.value?.result?.outcome === 'stopped' ? 'stopped' : 'finished';
    case 'failed':
      return 'failed';
    case 'opening':
      return 'opening';
    default:
      return 'ready to train';
  }
}

/** Rows a second, and the time left once there is evidence for it. */
function Rate({ store }: { store: Store }): JSX.Element {
  const phase = store.phase.value;
  const progress = store.progress.value;
  const left = useRef<{ job: number; started: number; left: TimeLeft | null } | null>(null);
  if (phase.kind === 'paused') return <span class="rate">paused</span>;
  if (phase.kind !== 'running' || !progress) return <span class="rate" />;
  const now = performance.now();
  if (left.current?.job !== phase.job) left.current = { job: phase.job, started: now, left: null };
  const state = left.current;
  state.left = nextTimeLeft(state.left, progress.seconds_left, now, state.started);
  const rate = progress.rows_per_second;
  const parts = [
    rate === null ? '' : `${formatCount(Math.round(rate))} rows/s`,
    phase.stopping ? 'stopping' : timeLeftText(state.left),
  ];
  return <span class="rate">{parts.filter(Boolean).join(' · ')}</span>;
}

/** How it ended, in a sentence, with the next step where there is an obvious one. */
function Outcome({ store, actions }: PanelProps): JSX.Element {
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
  return (
    <p class="outcome" title={result.message}>
      <span class={result.reason === 'diverged' ? 'outcome-bad' : ''}>{result.message}</span>
      {result.reason === 'diverged' && rate !== null ? (
        <button type="button" class="button small" onClick={() => void actions.tryLearningRate(rate)}>
          Try learning rate {rate < 1e-3 ? rate.toExponential().replace('e+', 'e') : rate}
        </button>
      ) : null}
    </p>
  );
}

function Losses({ store }: { store: Store }): JSX.Element {
  const model = store.model.value;
  const last = model?.losses.at(-1);
  const unit = lossUnit(model);
  return (
    <div class="losses" title={`Loss of the last epoch: ${unit}.`}>
      <dl>
        <div>
          <dt>
            <span class="key train" /> train
          </dt>
          <dd>{lossNumber(last?.train)}</dd>
        </div>
        <div>
          <dt>
            <span class="key heldout" /> held out
          </dt>
          <dd>{lossNumber(last?.heldout)}</dd>
        </div>
      </dl>
      <p class="unit">{unit}</p>
    </div>
  );
}
