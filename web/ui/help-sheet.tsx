/** Keys, terms, and where the data goes: a sheet that `?` opens. */

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';
import type { PanelProps } from './top-bar.tsx';

const keys: [string, string][] = [
  ['Space', 'train, pause, resume'],
  ['.', 'train one epoch, then rest'],
  ['?', 'this sheet'],
  ['+ −', 'zoom the map'],
  ['0', 'fit the map to its rows'],
  ['← → ↑ ↓', 'on the map: go to the next row in that direction'],
  ['Shift ← → ↑ ↓', 'on the map: move the map'],
  ['Enter', 'on the map: keep the row in the inspector'],
  ['Esc', 'let go of the row, then leave the map'],
];

const terms: [string, string][] = [
  [
    'Autoencoder',
    'A network that squeezes each row through a few numbers and learns to rebuild the row from them.',
  ],
  ['Map', 'Each row at the place that those few numbers give it. Rows that are rebuilt alike lie together.'],
  ['Epoch', 'One pass over all rows that are trained on.'],
  ['Loss', 'How far the rebuilt rows are from the rows, averaged over rows and features. Lower is better.'],
  [
    'Held out',
    'Rows that are kept out of training. Their loss tells whether what was learned holds for new rows.',
  ],
  ['Scaled units', 'The numbers after scaling: for standardised columns, 1 is one standard deviation.'],
];

interface HelpProps extends PanelProps {
  open: boolean;
  onClose(): void;
}

export function HelpSheet({ store, actions, open, onClose }: HelpProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  const ready = store.ready.value;
  return (
    <dialog
      ref={dialog}
      class="help-sheet"
      aria-labelledby="help-heading"
      onClose={onClose}
      onClick={(event) => {
        /* The backdrop is the dialog itself; what is in it is not. */
        if (event.target === event.currentTarget) onClose();
      }}
      onKeyDown={(event) => {
        if (event.key === '?') onClose();
      }}
    >
      <div class="help-body">
        <header>
          <h2 id="help-heading">Help</h2>
          <button type="button" class="button quiet square" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {open ? (
          <>
            <p>
              Unfold trains a model in this page and draws what it has learned, row by row. Drop a file with
              rows and columns anywhere. Everything is computed on this machine, and nothing is sent anywhere.
            </p>
            <h3>Keys</h3>
            <dl class="keys">
              {keys.map(([key, meaning]) => (
                <div key={key}>
                  <dt>
                    {key.split(' ').map((part) => (
                      <kbd key={part}>{part}</kbd>
                    ))}
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
            <label class="check">
              <input
                type="checkbox"
                checked={store.shortcuts.value}
                onChange={(event) => actions.setShortcuts(event.currentTarget.checked)}
              />
              Keys without Ctrl or Alt work anywhere on the page
            </label>
            <h3>Words</h3>
            <dl class="terms">
              {terms.map(([term, meaning]) => (
                <div key={term}>
                  <dt>{term}</dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
            <p class="hint">
              Unfold {__VERSION__}
              {ready
                ? `, kernels ${ready.kernels}, ${ready.threads} ${ready.threads === 1 ? 'thread' : 'threads'}`
                : ''}
              . The same data, parameters and seed give the same map on every machine.
            </p>
          </>
        ) : null}
      </div>
    </dialog>
  );
}
