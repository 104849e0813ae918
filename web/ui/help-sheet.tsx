/** Keys, terms, and where the data goes: a sheet that `?` opens. */

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';
import { OfflinePart } from './offline-line.tsx';
import { SeeForYourself } from './see-for-yourself.tsx';
import type { PanelProps } from './top-bar.tsx';
import './help.css';

const keys: [string, string][] = [
  ['Space', 'train, pause, resume'],
  ['.', 'train one epoch, then rest'],
  ['R', 'retrain on the selection'],
  ['Ctrl Z', 'undo: selections, colours, what is hidden, retrains'],
  ['Ctrl Shift Z', 'redo; Ctrl Y does it, too'],
  ['G', 'pan: drag moves the map'],
  ['L', 'lasso: drag draws round rows'],
  ['B', 'box'],
  ['K', 'brush: drag paints over rows'],
  ['/', 'select rows with a text in them'],
  ['?', 'this sheet'],
];

const mapKeys: [string, string][] = [
  ['← → ↑ ↓', 'go to the next row in that direction'],
  ['Shift ← → ↑ ↓', 'move the map'],
  ['Enter', 'select the row and keep it in the inspector'],
  ['Ctrl Enter', 'add the row to the selection, or take it away'],
  ['Ctrl A', 'select all rows'],
  ['Ctrl I', 'invert the selection'],
  ['< >', 'make the brush smaller or larger'],
  ['+ −', 'zoom'],
  ['0', 'fit the map to its rows'],
  ['Esc', 'let go, one thing at a time: what is being drawn, the row, the selection, the view'],
];

const gestures: [string, string][] = [
  ['Drag', 'moves the map, or draws with the tool that is on'],
  ['Shift and drag', 'draws with the last selection tool'],
  ['Ctrl or ⌘', 'held while drawing: adds to the selection'],
  ['Alt', 'held while drawing: takes away'],
  ['Ctrl and Alt', 'held while drawing: keeps what both have'],
  ['Click', 'selects a row and keeps it in the inspector; beside all rows, clears the selection'],
  ['Ctrl or Shift click', 'adds a row, or takes it away'],
  ['Wheel', 'zooms at the pointer; the middle button or Space and drag move the map'],
  ['Double-click', 'fits the map; with a selection tool on, clears the selection'],
  [
    'Table of rows',
    'a click or Enter selects a row, Ctrl and click or Space adds it, Shift and click adds all up to there',
  ],
  [
    'Legend',
    'click selects a class, Ctrl and click adds it, the eye hides it, a double click shows it alone',
  ],
];

const touches: [string, string][] = [
  ['One finger', 'moves the map, or draws with the tool that is on'],
  ['Two fingers', 'zoom and move the map, always'],
  ['Long press', 'begins a lasso'],
  ['Tap', 'selects a row and keeps it in the inspector'],
  ['Pen', 'draws at once when a selection tool is on'],
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
  [
    'Selection',
    'Rows that are looked at together, or trained on. They stay selected whatever the map shows.',
  ],
  [
    'Retrain',
    'Training that goes on from what was learned, with a selection in focus. Every state stays in the list of retrains.',
  ],
  [
    'Focus',
    'The share of the loss that the selection carries in each batch: from its share of the rows to all of it.',
  ],
  ['Drift', 'How far a row has moved on the map since before the last retrain.'],
  [
    'Distance correlation',
    'How well distances on the map go with distances of the rows, 0 to 1 (Székely, Rizzo and Bakirov 2007). Compare before with after, not selection with rest: few rows give values above 0 by chance.',
  ],
  ['Scaled units', 'The numbers after scaling: for standardised columns, 1 is one standard deviation.'],
];

export interface HelpProps extends PanelProps {
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
              rows and columns anywhere. Everything is computed on this machine, and nothing is sent anywhere.{' '}
              <SeeForYourself store={store} actions={actions} />
            </p>
            {actions.saves ? (
              <p>
                What you do is kept in this browser, so that it comes back after a crash or a reload. “Saved
                work” in the data panel says what is there, saves it as a file, and forgets it.
              </p>
            ) : null}
            <Reading />
            <h3>Keys</h3>
            <Keys list={keys} />
            <label class="check">
              <input
                type="checkbox"
                checked={store.shortcuts.value}
                onChange={(event) => actions.setShortcuts(event.currentTarget.checked)}
              />
              Keys without Ctrl or Alt work anywhere on the page
            </label>
            <h3>Keys on the map</h3>
            <Keys list={mapKeys} />
            <h3>Mouse</h3>
            <Meanings list={gestures} />
            <h3>Touch and pen</h3>
            <Meanings list={touches} />
            <h3>Words</h3>
            <Meanings list={terms} />
            <OfflinePart store={store} actions={actions} />
            <p class="hint">
              Unfold {__VERSION__}
              {ready
                ? `, kernels ${ready.kernels}, ${ready.threads} ${ready.threads === 1 ? 'thread' : 'threads'}`
                : ''}
              .
              {ready
                ? ` This device takes up to ${ready.values / 1e6} million values, rows times features.`
                : ''}{' '}
              The same data, parameters and seed give the same map on every machine.
            </p>
          </>
        ) : null}
      </div>
    </dialog>
  );
}

/** In a tab of their own: what is on this page goes on. */
const READING: [string, string][] = [
  ['./article/', 'What a map forgets: an article with live figures'],
  ['./docs/embed.html', 'Put a map into a page'],
  ['./docs/links.html', 'What a link holds'],
  ['./docs/privacy.html', 'Privacy'],
  ['./docs/', 'All pages'],
];

function Reading(): JSX.Element {
  return (
    <ul class="help-reading" aria-label="To read">
      {READING.map(([to, title]) => (
        <li key={to}>
          <a href={to} target="_blank" rel="noopener">
            {title}
          </a>
        </li>
      ))}
    </ul>
  );
}

type List = readonly (readonly [string, string])[];

function Keys({ list }: { list: List }): JSX.Element {
  return (
    <dl class="keys">
      {list.map(([key, meaning]) => (
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
  );
}

function Meanings({ list }: { list: List }): JSX.Element {
  return (
    <dl class="terms">
      {list.map(([term, meaning]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
