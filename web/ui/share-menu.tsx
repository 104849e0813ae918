/** The link to what is on screen: its address, what is in it, and a button that copies it. */

import type { JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import type { Share } from '../state/share-actions.ts';
import { visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import { Popover } from './popover.tsx';
import './share-menu.css';
import type { PanelProps } from './top-bar.tsx';

export function ShareMenu({ store, actions }: PanelProps): JSX.Element | null {
  if (!store.table.value) return null;
  return (
    <Popover
      name="Share"
      title="A link that leads to what is on the page"
      look="button quiet"
      face={
        <>
          <Icon name="link" />
          <span class="wide-only">Share</span>
        </>
      }
    >
      {() => <SharePanel store={store} actions={actions} />}
    </Popover>
  );
}

/** The link to what is on screen now: made again whenever that has changed. */
function useShare({ store, actions }: PanelProps): Share | null {
  const [share, setShare] = useState<Share | null>(null);
  const { at } = store.history.value;
  const { version } = store.selection.value;
  const parts = [
    at,
    version,
    store.table.value,
    store.form.value,
    store.retrain.value,
    store.colour.value,
    store.map.value?.axes,
    store.hidden.value,
    'job' in store.phase.value,
  ];
  useEffect(() => {
    let over = false;
    actions.shareLink().then(
      (made) => {
        if (!over) setShare(made);
      },
      () => undefined, // that the host has lost it is told by `roomMissing`
    );
    return () => {
      over = true;
    };
  }, parts);
  return share;
}

function SharePanel({ store, actions }: PanelProps): JSX.Element {
  const id = useId();
  const share = useShare({ store, actions });
  const [copied, setCopied] = useState<{ address: string | null; done: boolean } | null>(null);
  const address = share?.address ?? null;
  const said = copied !== null && copied.address === address ? copied : null;
  const copy = async (): Promise<void> => {
    if (share) setCopied({ address, done: await actions.copyLink(share) });
  };
  return (
    <div class="popover-form share">
      <div class="share-line">
        <input
          type="text"
          class="share-address"
          aria-label="Address of this view"
          readOnly
          value={address ?? ''}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button
          type="button"
          class="button small primary"
          data-focus
          aria-disabled={address === null}
          title={
            share === null ? 'The link is being made' : address === null ? 'There is no link' : undefined
          }
          onClick={() => {
            if (address !== null) void copy();
          }}
        >
          <Icon name={said?.done ? 'check' : 'copy'} size={14} />
          Copy link
        </button>
      </div>
      {said ? (
        <p class={said.done ? 'hint' : 'share-refused'}>
          {said.done
            ? 'Copied, and put into the address bar.'
            : 'The browser does not let the page copy: select the address and copy it.'}
        </p>
      ) : null}
      {share?.refused ? <p class="share-refused">{visibleText(share.refused)}</p> : null}
      {share?.notes.map((note) => (
        <p key={note} class="share-note">
          {visibleText(note)}
        </p>
      ))}
      {share?.training ? (
        <button type="button" class="button" onClick={() => void actions.stop()}>
          <Icon name="stop" size={14} />
          Stop the training
        </button>
      ) : null}
      {share && address !== null ? (
        <>
          <p class="hint" id={id}>
            Whoever opens it sees the same trainings done again, to the same bits. {sizeOf(address)}, with
          </p>
          <ul class="hint share-contents" aria-labelledby={id}>
            {share.contents.map((part) => (
              <li key={part}>{part}</li>
            ))}
          </ul>
          <p class="hint">
            The data are not in it: of a selection it has the rows’ numbers, or the class, range or words that
            they were chosen by. Nothing is sent anywhere.
          </p>
        </>
      ) : null}
    </div>
  );
}

function sizeOf(address: string): string {
  return address.length < 1000 ? `${address.length} characters` : `${(address.length / 1000).toFixed(1)} kB`;
}
