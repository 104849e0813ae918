/** A text field that is taken when it is left or with Enter, and put back with Escape. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

export interface TypedInputProps {
  id: string;
  /** Accessible name, where no label points to the field. */
  name?: string;
  /** What counts now, as text. */
  text: string;
  inputMode: 'numeric' | 'decimal' | 'text';
  title?: string | undefined;
  invalid: boolean;
  /** While it is wrong, each letter is looked at. */
  eager?: boolean;
  describedBy?: string | undefined;
  /** Takes what was typed; false: it is wrong, and stays in the field to be corrected. */
  onTake(text: string): boolean;
  onFocusChange?(focused: boolean): void;
}

export function TypedInput(props: TypedInputProps): JSX.Element {
  const { text, onTake, onFocusChange } = props;
  const [draft, setDraft] = useState<string | null>(null);
  const take = (typed: string): void => {
    if (onTake(typed)) setDraft(null);
  };
  return (
    <input
      id={props.id}
      aria-label={props.name}
      type="text"
      inputMode={props.inputMode}
      autocomplete="off"
      spellcheck={false}
      value={draft ?? text}
      aria-invalid={props.invalid ? true : undefined}
      aria-describedby={props.describedBy}
      title={props.title}
      onFocus={() => onFocusChange?.(true)}
      onBlur={() => onFocusChange?.(false)}
      onInput={(event) => {
        setDraft(event.currentTarget.value);
        /* What was wrong is taken as soon as it is right: the words about it would be wrong from then on. */
        if (props.eager && props.invalid) onTake(event.currentTarget.value);
      }}
      onChange={(event) => take(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take(event.currentTarget.value);
        if (event.key === 'Escape' && draft !== null) {
          /* Nor does it close the panel that the field is in: that is for the next one. */
          event.preventDefault();
          event.stopPropagation();
          setDraft(null);
          onTake(text);
        }
      }}
    />
  );
}
