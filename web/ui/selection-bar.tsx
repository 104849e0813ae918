/**
 * The selection, between map and run: how many rows and what made it, ways to make one without a pointer, and
 * what can be done with it. It has the same height with and without a selection, so that the map never jumps.
 */

import type { JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { parseNumber } from '../state/number-text.ts';
import { describeMaker } from '../state/selection.ts';
import type { Store, TableState } from '../state/store.ts';
import { formatCount } from '../state/summary.ts';
import { ActionButton } from './action-button.tsx';
import { visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import { NamedSelections } from './named-selections.tsx';
import { RetrainBar } from './retrain-bar.tsx';
import { SelectBy } from './select-by.tsx';
import './select.css';
import { keysOf, opOfKeys } from './selection-gestures.ts';
import type { PanelProps } from './top-bar.tsx';
import { TypedInput } from './typed-input.tsx';

const NOTHING = 'Select rows first.';

export interface SelectionBarProps extends PanelProps {
  /** Raised to open "Select by…" at the search. */
  search?: number;
}

export function SelectionBar({ store, actions, search = 0 }: SelectionBarProps): JSX.Element | null {
  const table = store.table.value;
  if (!table || !store.map.value) return null;
  const { count } = store.selection.value;
  const hidden = store.hidden.value;
  const none = count === 0 ? NOTHING : null;
  return (
    <section class="selection-bar" aria-label="Selection">
      <div class="selection-row">
        <Count store={store} table={table} />
        <div class="selection-group" role="group" aria-label="Choose rows">
          <Random key={table.info.table} store={store} actions={actions} rows={table.info.rows} />
          <SelectBy store={store} actions={actions} table={table} search={search} />
          <NamedSelections store={store} actions={actions} table={table} />
        </div>
        <div class="selection-group" role="group" aria-label="Change the selection">
          <ActionButton
            why={none}
            hint="Hide all other rows; the selection stays"
            onPress={() => actions.keepOnly()}
          >
            Keep only
          </ActionButton>
          {hidden.rows > 0 ? (
            <ActionButton
              why={null}
              hint={`${formatCount(hidden.rows)} ${hidden.rows === 1 ? 'row is' : 'rows are'} hidden`}
              onPress={() => actions.showAllRows()}
            >
              Show all rows
            </ActionButton>
          ) : null}
          <ActionButton
            why={null}
            hint="Select the rows that are not selected, and only those (Ctrl+I on the map)"
            onPress={() => actions.invertSelection()}
          >
            Invert
          </ActionButton>
          <ActionButton
            why={none}
            hint="Select no row (Esc on the map)"
            onPress={() => actions.clearSelection()}
          >
            Clear
          </ActionButton>
        </div>
      </div>
      <RetrainBar store={store} actions={actions} />
    </section>
  );
}

/** "412 of 10,000 selected": of what is being drawn while it is, and what made it. */
function Count({ store, table }: { store: Store; table: TableState }): JSX.Element {
  const drawing = store.drawing.value;
  const { maker } = store.selection.value;
  const words = maker.kind === 'none' ? '' : describeMaker(maker, table, table.info.rows);
  const made = drawing === null ? visibleText(words) : 'drawing';
  return (
    <div class="selection-count" data-drawing={drawing !== null || undefined}>
      <p class="selection-number">{countText(store, table.info.rows)}</p>
      <p class="selection-maker" title={made}>
        {made}
      </p>
    </div>
  );
}

/** Of what is being drawn while it is; else with how many of the selected rows can't be seen. */
function countText(store: Store, rows: number): string {
  const drawing = store.drawing.value;
  const unseen = drawing === null ? store.hidden.value.selected : 0;
  const count = `${formatCount(drawing ?? store.selection.value.count)} of ${formatCount(rows)} selected`;
  return unseen > 0 ? `${count}, ${formatCount(unseen)} hidden` : count;
}

/** So many different rows, drawn by a seed that is there to be seen and set. */
function Random({ store, actions, rows }: PanelProps & { rows: number }): JSX.Element {
  const [n, setN] = useState(Math.min(1000, Math.max(1, Math.round(rows / 10))));
  const [seed, setSeed] = useState(1);
  const [wrong, setWrong] = useState<{ rows?: string; seed?: string }>({});
  const id = useId();
  const take = (
    field: 'rows' | 'seed',
    text: string,
    lo: number,
    hi: number,
    set: (value: number) => void,
  ): boolean => {
    const read = parseNumber(text, { lo, hi, integer: true });
    setWrong((now) => ({ ...now, [field]: read.ok ? undefined : read.error }));
    if (read.ok) set(read.value);
    return read.ok;
  };
  const error = wrong.rows ?? wrong.seed;
  const box = useRef<HTMLDivElement>(null);
  /* What is written counts: with a number that can't be, none of the ones before takes its place. */
  const draw = (event: MouseEvent | KeyboardEvent): void => {
    if (error) box.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
    else
      void actions.selectBy({ kind: 'random', n, seed }, opOfKeys(keysOf(event)) ?? store.selectionOp.peek());
  };
  return (
    <div ref={box} class="selection-random">
      <button
        type="button"
        class="button small"
        aria-disabled={error !== undefined}
        title={
          error ??
          `${formatCount(n)} different rows of all, by seed ${seed}: the same seed gives the same rows. Ctrl adds them, Alt takes them away`
        }
        onClick={draw}
        onKeyDown={(event) => {
          /* Browsers differ in what Enter does to a button while Ctrl or Alt is held. */
          if (event.key !== 'Enter' || opOfKeys(keysOf(event)) === null) return;
          event.preventDefault();
          draw(event);
        }}
      >
        <Icon name="dice" size={14} />
        Random
      </button>
      <span class="selection-small">
        <TypedInput
          id={`${id}-rows`}
          name="Random rows"
          text={String(n)}
          inputMode="numeric"
          title={`Random rows: how many to select, 1 to ${formatCount(rows)}`}
          invalid={wrong.rows !== undefined}
          eager
          describedBy={error ? `${id}-error` : undefined}
          onTake={(text) => take('rows', text, 1, rows, setN)}
        />
        <span aria-hidden="true">rows</span>
      </span>
      <span class="selection-small">
        <span aria-hidden="true">seed</span>
        <TypedInput
          id={`${id}-seed`}
          name="Random seed"
          text={String(seed)}
          inputMode="numeric"
          title="Seed: the same seed gives the same rows"
          invalid={wrong.seed !== undefined}
          eager
          describedBy={error ? `${id}-error` : undefined}
          onTake={(text) => take('seed', text, 0, 4_294_967_295, setSeed)}
        />
      </span>
      {error ? (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      ) : null}
    </div>
  );
}
