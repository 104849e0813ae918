/** The strip along the bottom: transport, progress, losses and their chart. */

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Store } from '../state/store.ts';
import { formatCount } from '../state/summary.ts';
import {
  aboutText,
  duration,
  type EpochCount,
  epochsOf,
  hasSelection,
  lossNumber,
  lossUnit,
  nextTimeLeft,
  progressSentence,
  type TimeLeft,
  timeLeftText,
  transportOf,
} from '../state/transport.ts';
import { visibleText } from './data-text.tsx';
import { Icon, type IconName } from './icon.tsx';
import { LossPanel, Outcome } from './lazy-panels.tsx';
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
    store.task.value,
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
  const task = taskWords(store);
  const words =
    task?.join(' ') ?? (running && progress ? progressSentence(progress, model) : stateWord(store));
  return (
    <div class="status">
      <div class="status-line">
        <span class="epoch" title={task?.join(' ')}>
          {task ? <TaskName words={task} /> : (epochWords(epochs, running) ?? stateWord(store))}
        </span>
        <span class="state">{task || running || !epochs || epochs.of === 0 ? '' : stateWord(store)}</span>
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

function epochWords(epochs: EpochCount | null, running: boolean): string | null {
  if (!epochs || (epochs.of === 0 && !running)) return null;
  return `epoch ${formatCount(epochs.done)} of ${formatCount(epochs.of)}`;
}

/**
 * What is being done and how far it is, "Retraining on digit 8:" and "epoch 3 of 5": of everything but a plain
 * training, whose epochs say enough.
 */
function taskWords(store: Store): [title: string, state?: string] | null {
  const task = store.task.value;
  if (!task || task.kind === 'train') return null;
  const title = visibleText(task.title);
  const progress = store.progress.value;
  if (task.kind === 'return') {
    const seconds = store.history.value.returning?.seconds ?? 0;
    return seconds < 1 ? [title] : [`${title}:`, aboutText(seconds)];
  }
  if (task.stage === 'measure') return [`${title}:`, 'measuring the errors'];
  return progress && progress.epochs > 0
    ? [`${title}:`, `epoch ${formatCount(progress.epoch)} of ${formatCount(progress.epochs)}`]
    : [title];
}

/** Where there is little room it is the name that gets shorter. */
function TaskName({ words: [title, state] }: { words: [string, string?] }): JSX.Element {
  return (
    <>
      <span class="task-title">{title}</span>
      {state ? <span class="task-state"> {state}</span> : null}
    </>
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

/** Rows a second, and the time left once there is evidence for it; while it rests, what was left when it paused. */
function Rate({ store }: { store: Store }): JSX.Element {
  const phase = store.phase.value;
  const progress = store.progress.value;
  const left = useRef<{ job: number; started: number; left: TimeLeft | null } | null>(null);
  if (phase.kind === 'paused') {
    const known = left.current?.job === phase.job ? left.current.left : null;
    return <span class="rate">{known ? `paused · ${duration(known.seconds)} left` : 'paused'}</span>;
  }
  if (phase.kind !== 'running' || !progress) return <span class="rate" />;
  const now = performance.now();
  if (left.current?.job !== phase.job) left.current = { job: phase.job, started: now, left: null };
  const state = left.current;
  state.left = nextTimeLeft(state.left, progress.seconds_left, now, state.started);
  const rate = progress.rows_per_second;
  const speed = rate === null ? '' : `${formatCount(Math.round(rate))} rows/s`;
  const rest = phase.stopping ? 'stopping' : timeLeftText(state.left);
  return (
    <span class="rate">
      <span class="rate-speed">
        {speed}
        {speed && rest ? ' · ' : ''}
      </span>
      {rest}
    </span>
  );
}

/** Losses of the last epoch; of selection and rest where it was a retrain's. */
function Losses({ store }: { store: Store }): JSX.Element {
  const model = store.model.value;
  const last = model?.losses.at(-1);
  const unit = lossUnit(model);
  const split = hasSelection(last);
  const one = (key: string, words: string, value: number | null | undefined, title?: string): JSX.Element => (
    <div title={title}>
      <dt>
        <span class={`key ${key}`} /> {words}
        {key === 'selection' || key === 'rest' ? (
          <span class="visually-hidden">, a sample of its trained rows</span>
        ) : null}
      </dt>
      <dd>{lossNumber(value)}</dd>
    </div>
  );
  return (
    <div class={split ? 'losses split' : 'losses'} title={`Loss of the last epoch: ${unit}.`}>
      <dl>
        {one('train', 'train', last?.train, split ? `${BATCHES}: ${unit}.` : undefined)}
        {one('heldout', 'held out', last?.heldout)}
        {split ? one('selection', 'selection', last?.selection, `${PART} selected rows: ${unit}.`) : null}
        {split ? one('rest', 'rest', last?.rest, `${PART} other rows: ${unit}.`) : null}
      </dl>
      <p class="unit">{split ? 'selection, rest: samples of trained rows' : unit}</p>
    </div>
  );
}

const BATCHES =
  'Loss over the batches of the last epoch, which hold as much of the selection as the focus says';
const PART = 'Loss at the end of the last epoch, of a fixed sample of at most 1,000 of the trained';
