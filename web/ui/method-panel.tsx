/** The method and its parameters: a radio group, five main fields, the rest under "More". */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Actions } from '../state/actions.ts';
import { type FieldView, fieldViews, methodViews } from '../state/form.ts';
import { advice, trainHint } from '../state/transport.ts';
import { Icon } from './icon.tsx';
import type { PanelProps } from './top-bar.tsx';

export function MethodPanel({ store, actions }: PanelProps): JSX.Element | null {
  const ready = store.ready.value;
  const form = store.form.value;
  const estimate = store.estimate.value;
  const table = store.table.value;
  if (!ready || !form) return null;
  const fields = fieldViews(form, ready);
  const hint = trainHint(form, store.model.value);
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
      <p class="advice">{advice(table, estimate)}</p>
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

/** A text field that is taken when it is left or with Enter, and put back with Escape. */
function FieldText({
  id,
  field,
  actions,
  describedBy,
}: FieldProps & { id: string; describedBy: string }): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  const [focused, setFocused] = useState(false);
  const take = (text: string): void => {
    if (actions.setField(field.name, text)) setDraft(null);
  };
  return (
    <>
      <input
        id={id}
        type="text"
        inputMode={field.inputMode}
        autocomplete="off"
        spellcheck={false}
        value={draft ?? field.text}
        aria-invalid={field.error ? true : undefined}
        aria-describedby={describedBy}
        title={`${field.help} ${field.hint} ${field.cost}`}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onChange={(event) => take(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take(event.currentTarget.value);
          if (event.key === 'Escape' && draft !== null) {
            event.stopPropagation();
            setDraft(null);
            actions.setField(field.name, field.text);
          }
        }}
      />
      {focused ? (
        <span class="field-hint">
          {field.hint} {field.cost}
        </span>
      ) : null}
    </>
  );
}
