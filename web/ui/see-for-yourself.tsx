/** The way to privacy.tsx, from wherever something is said of where data goes. What it opens is fetched then. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { createRoom } from '../state/room.ts';
import type { PanelProps } from './top-bar.tsx';

const room = createRoom(() => import('./privacy.tsx'));

export function SeeForYourself({ store, actions }: PanelProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const Dialog = room.content.value?.PrivacyDialog;
  return (
    <>
      <button
        type="button"
        class="button link small"
        aria-haspopup="dialog"
        onClick={() => {
          setOpen(true);
          /* That it is missing is told by `roomMissing`. */
          room.enter().catch(() => setOpen(false));
        }}
      >
        See for yourself
      </button>
      {open && Dialog ? <Dialog store={store} actions={actions} onClose={() => setOpen(false)} /> : null}
    </>
  );
}
