/** A button that says why it can't be used, and keeps the keyboard focus meanwhile. */

import type { ComponentChildren, JSX } from 'preact';

export interface ActionButtonProps {
  /** What it does, where the words on it don't say it all. */
  hint?: string | undefined;
  /** Why it can't be pressed now; null: it can. */
  why: string | null;
  /** Accessible name, where the words on it are not enough. */
  name?: string;
  look?: string;
  current?: boolean;
  onPress(): void;
  children: ComponentChildren;
}

export function ActionButton(props: ActionButtonProps): JSX.Element {
  const { hint, why, name, look = '', current, onPress, children } = props;
  return (
    <button
      type="button"
      class={`button small ${look}`.trimEnd()}
      aria-label={name}
      aria-disabled={why !== null}
      aria-current={current ? 'true' : undefined}
      title={why ?? hint}
      onClick={() => {
        if (why === null) onPress();
      }}
    >
      {children}
    </button>
  );
}
