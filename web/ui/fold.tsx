/** A part that is drawn only once it is opened. */

import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';

export function Fold({ summary, children }: { summary: string; children: ComponentChildren }): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <details class="fold" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {open ? children : null}
    </details>
  );
}
