/** What the next retrain will do and cost, said before it is started, and the buttons that start one. */

import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { numberText } from '../state/number-text.ts';
import { planNow, type RetrainPlan, refusalNow } from '../state/retrain.ts';
import { shareText } from '../state/retrain-story.ts';
import { formatCount } from '../state/summary.ts';
import { ActionButton } from './action-button.tsx';
import { Icon } from './icon.tsx';
import { Popover } from './popover.tsx';
import type { PanelProps } from './top-bar.tsx';
import { TypedInput } from './typed-input.tsx';

export function RetrainBar({ store, actions }: PanelProps): JSX.Element {
  const plan = planNow(store);
  const why = refusalNow(store);
  return (
    <div class="selection-row retrain-row">
      <ActionButton
        look="primary"
        why={why}
        hint={`${plan?.sentence} (R)`}
        onPress={() => void actions.retrain()}
      >
        Retrain on selection
      </ActionButton>
      <FocusSlider store={store} actions={actions} plan={plan} />
      <RetrainSettings store={store} actions={actions} />
      <p class="retrain-plan">{store.selection.value.count === 0 ? invitation() : (why ?? plan?.sentence)}</p>
      <div class="selection-group">
        <ActionButton
          why={refusalNow(store, 'exclude')}
          hint={`Train on without the selected rows: ${planNow(store, 'exclude')?.sentence}`}
          onPress={() => void actions.exclude()}
        >
          Exclude
        </ActionButton>
        <ActionButton
          why={refusalNow(store, 'scratch')}
          hint={`A new model that learns from these rows only, all rows shown under it: ${planNow(store, 'scratch')?.sentence}`}
          onPress={() => void actions.trainFromScratch()}
        >
          Train from scratch on selection
        </ActionButton>
      </div>
    </div>
  );
}

/** Fingers have no Shift. */
function invitation(): string {
  const gesture = matchMedia('(pointer: coarse)').matches
    ? 'press long on the map and draw around them'
    : 'Shift and drag on the map';
  return `Select rows to retrain on them: ${gesture}, press a class of the legend, or choose them here.`;
}

const FOCUS =
  'Focus: the share of the loss that the selection carries in every batch. At the left its share of the rows, at the right all of it: the rest is not visited.';

/** In whole percent; its left end is the selection's share of the rows, exactly. */
function FocusSlider({ store, actions, plan }: PanelProps & { plan: RetrainPlan | null }): JSX.Element {
  const natural = plan?.natural ?? 0;
  const focus = Math.max(natural, plan?.focus ?? store.retrain.value.focus);
  const least = Math.floor(100 * natural);
  return (
    <label class="focus" title={FOCUS}>
      <span class="focus-name">Focus</span>
      <span class="focus-track">
        <input
          type="range"
          aria-label="Focus"
          aria-description={FOCUS}
          min={least}
          max={100}
          step={1}
          value={focus <= natural ? least : Math.round(100 * focus)}
          disabled={plan === null || natural >= 1}
          aria-valuetext={`${shareText(focus)} of the loss`}
          onInput={(event) => {
            const value = event.currentTarget.valueAsNumber;
            actions.setFocus(value <= least ? 0 : value / 100);
          }}
        />
        <span class="focus-ends" aria-hidden="true">
          <span>as in the data</span>
          <span>only these</span>
        </span>
      </span>
      <output class="focus-value">{shareText(focus)} of the loss</output>
    </label>
  );
}

function RetrainSettings({ store, actions }: PanelProps): JSX.Element {
  const form = store.retrain.value;
  const face = `${formatCount(form.epochs)} ${form.epochs === 1 ? 'epoch' : 'epochs'}, rate ${numberText(form.learning_rate)}`;
  return (
    <Popover
      name={`Retrain settings: ${face}`}
      title="Epochs and learning rate of the next retrain"
      look="button small quiet"
      face={
        <>
          <Icon name="settings" size={14} />
          {face}
        </>
      }
    >
      {() => (
        <div class="popover-form">
          <Setting
            label="Retrain epochs"
            field="epochs"
            inputMode="numeric"
            help="How many times every selected row is visited."
            store={store}
            actions={actions}
          />
          <Setting
            label="Retrain learning rate"
            field="learning_rate"
            inputMode="decimal"
            help="How far each batch moves the weights."
            store={store}
            actions={actions}
          />
          <p class="hint">Taken with Enter or on leaving the field; Esc puts back what was there.</p>
        </div>
      )}
    </Popover>
  );
}

interface SettingProps extends PanelProps {
  label: string;
  field: 'epochs' | 'learning_rate';
  inputMode: 'numeric' | 'decimal';
  help: string;
}

function Setting({ store, actions, label, field, inputMode, help }: SettingProps): JSX.Element {
  const id = useId();
  const form = store.retrain.value;
  const error = form.errors[field];
  return (
    <div class="field">
      <label for={id} title={help}>
        {label}
      </label>
      <TypedInput
        id={id}
        text={numberText(form[field])}
        inputMode={inputMode}
        title={help}
        invalid={Boolean(error)}
        describedBy={error ? `${id}-error` : undefined}
        onTake={(text) => actions.setRetrainField(field, text)}
      />
      {error ? (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      ) : null}
    </div>
  );
}
