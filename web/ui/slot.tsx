/**
 * Where the panels go: beside the map, or, in a narrow window, one at a time in a sheet under it.
 *
 * The panels themselves stay where they are in the page, so that what was unfolded or typed in them survives a
 * change of the window; narrow.css shows the one that is open. What a sheet needs beyond that, its head and the
 * bar of tabs, is fetched by narrow windows only.
 */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { createRoom } from '../state/room.ts';
import type { Part } from './parts.ts';

/** As narrow.css has it: 899 px, and as much more as a person has made letters larger. */
export const NARROW = '(max-width: 56.1875em)';

type Kit = typeof import('./sheets.tsx');

const room = createRoom<Kit>(() => import('./sheets.tsx'));

export interface Sheets {
  kit: Kit;
  /** The panel in the sheet; null: there is none. */
  open: Part | null;
  show(part: Part | null): void;
}

/** Null where they are not wanted, the panels are beside the map, and until the parts of a sheet are there. */
export function useSheets(wanted = true): Sheets | null {
  const [narrow, setNarrow] = useState(false);
  const [open, show] = useState<Part | null>(null);
  useEffect(() => {
    if (!wanted) return;
    const query = matchMedia(NARROW);
    const read = (): void => {
      setNarrow(query.matches);
      if (!query.matches) show(null);
      /* What is missing is told by `roomMissing`. */ else room.enter().catch(() => undefined);
    };
    read();
    query.addEventListener('change', read);
    return () => query.removeEventListener('change', read);
  }, [wanted]);
  const kit = room.content.value;
  return narrow && kit ? { kit, open, show } : null;
}

interface SlotProps {
  sheets: Sheets | null;
  /** The panels in it; one of them is shown when the sheet is open. */
  of: readonly Part[];
  children: ComponentChildren;
}

export function Slot({ sheets, of, children }: SlotProps): JSX.Element {
  const part = sheets?.open ?? null;
  const open = sheets && part !== null && of.includes(part);
  return (
    <div
      class={`slot slot-${of[0]}${open ? ' open' : ''}`}
      {...(open ? { role: 'dialog', 'aria-label': sheets.kit.TITLES[part], tabIndex: -1 } : {})}
    >
      {open ? <sheets.kit.SheetHead key={part} part={part} onClose={() => sheets.show(null)} /> : null}
      {children}
    </div>
  );
}
