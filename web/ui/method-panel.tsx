/** The method and its parameters: a radio group, five main fields, the rest under "More". */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Actions } from '../state/actions.ts';
import { type FieldView, fieldViews, methodViews } from '../state/fields.ts';
import { advice, trainHint } from '../state/panel-text.ts';
import { Icon } from './icon.tsx';
import type { PanelProps } from './top-bar.tsx';
import { TypedInput } from './typed-input.tsx';

export function MethodPanel({ store, actions }: PanelProps): JSX.Element | null {
  const ready = store.ready.value;
  const form = store.form.value;
  const estimate = store.estimate.value;
  const table = store.table.value;
  if (!ready || !form) return null;
  const fields = fieldViews(form, ready);
  const hint = trainHint(form, store.model.value);
  /* While it trains the foot of the page has the time left: another number beside it would only confuse. */
  const busy = 'job' in store.phase.value;
  return (
    <section class="panel method-panel" aria-labelledby="method-heading">
      <h2 id="method-heading">Method</h2>
      <div class="methods" role="radiogroup" aria-label="Method">
        {methodViews().map((method) => (
          <label key={method.method} class="method" title={method.help}>
            <input type="radio" name="method" value={method.method} checked={method.method === form.method} />
            <span>{method.label}</span>
          </label>
        ))}
      </div>
      <p class="advice">{advice(table, busy ? null : estimate)}</p>
      {estimate?.refused ? (
        <p class="refusal" role="alert">
          <Icon name="warning" size={14} />
          <span>{estimate.refused}</span>
        </p>
      ) : null}
      <fieldset class="parameters" aria-label="Parameters">
        {fields
          .filter(({ main }) => main)
          .map((field) => (
            <Field key={field.name} field={field} actions={actions} />
          ))}
        <details>
          <summary>More</summary>
          {fields
            .filter(({ main }) => !main)
            .map((field) => (
              <Field key={field.name} field={field} actions={actions} />
            ))}
        </details>
      </fieldset>
      {hint === '' ? null : <p class="hint">{hint}</p>}
      {form.touched.size > 0 ? (
        <button type="button" class="button link" onClick={() => actions.resetFields()}>
          <Icon name="restart" size={14} />
          Back to what the data’s shape suggests
        </button>
      ) : null}
    </section>
  );
}

interface FieldProps {
  field: FieldView;
  actions: Actions;
}

function Field({ field, actions }: FieldProps): JSX.Element {
  const id = `field-${field.name}`;
  const describedBy = [field.error ? `${id}-error` : '', `${id}-help`].filter(Boolean).join(' ');
  return (
    <div class={`field${field.touched ? ' touched' : ''}`}>
      <label for={id} title={`${field.help} ${field.cost}`}>
        {field.label}
      </label>
      {field.choices ? (
        <select
          id={id}
          value={field.text}
          aria-describedby={describedBy}
          onChange={(event) => actions.setField(field.name, event.currentTarget.value)}
        >
          {field.choices.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      ) : (
        <FieldText id={id} field={field} actions={actions} describedBy={describedBy} />
      )}
      <span class="visually-hidden" id={`${id}-help`}>
        {field.help} {field.hint} {field.cost}
      </span>
      {field.error ? (
        <p class="field-error" id={`${id}-error`}>
          {field.error}
        </p>
      ) : null}
    </div>
  );
}

/** The field itself, with its bounds and its cost beside it while it has the focus. */
function FieldText({
  id,
  field,
  actions,
  describedBy,
}: FieldProps & { id: string; describedBy: string }): JSX.Element {
  const [focused, setFocused] = useState(false);
  return (
    <>
      <TypedInput
        id={id}
        text={field.text}
        inputMode={field.inputMode}
        title={`${field.help} ${field.hint} ${field.cost}`}
        invalid={Boolean(field.error)}
        describedBy={describedBy}
        onTake={(text) => actions.setField(field.name, text)}
        onFocusChange={setFocused}
      />
      {focused ? (
        <span class="field-hint">
          {field.hint} {field.cost}
        </span>
      ) : null}
    </>
  );
}
