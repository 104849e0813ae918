/** Parts that can be folded: what is in them is drawn only while they are open. */

import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

export function Fold({ summary, children }: { summary: string; children: ComponentChildren }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <details class="fold" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open ? children : null}
    </details>
  );
}

export interface SidePartProps {
  title: string;
  open: boolean;
  onToggle(): void;
  /** Beside the title, at the end of its line. */
  aside?: ComponentChildren;
}

/** The title of a part of the column at the right; pressing it folds the part to this line. */
export function SideTitle({ title, open, onToggle, aside }: SidePartProps): JSX.Element {
  return (
    <div class="side-head">
      <h2 class="side-title">
        <button type="button" class="side-fold" aria-expanded={open} onClick={onToggle}>
          <Icon name={open ? 'collapse' : 'expand'} size={14} />
          {title}
        </button>
      </h2>
      {aside}
    </div>
  );
}
