/** Items of the legend: each selects its rows, hides them, or shows them alone. */

import type { JSX } from 'preact';
import { useId, useMemo, useRef } from 'preact/hooks';
import { MISSING_INDEX, paletteColour } from '../render/palette.ts';
import { selectedEntries } from '../state/legend-select.ts';
import type { Store } from '../state/store.ts';
import { formatCount } from '../state/summary.ts';
import { DataText, visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import type { MapProps } from './map-toolbar.tsx';
import { type Keys, keysOf, opOfKeys } from './selection-gestures.ts';

interface LegendItemsProps extends MapProps {
  items: readonly { name: string; count: number; colour: number }[];
  /** Rows without a value; an item of their own when there are any. */
  missing: number;
  palette: Uint8Array;
}

export function LegendItems({ store, actions, items, missing, palette }: LegendItemsProps): JSX.Element {
  const selected = useSelectedEntries(store);
  const { entries } = store.hidden.value;
  const changed = useRef(false); // the selection, by the last press
  const all = missing > 0 ? [...items, { name: 'Missing', count: missing, colour: MISSING_INDEX }] : items;
  const shown = all.filter(({ colour }) => !entries.has(colour));

  const choose = (entry: number, keys: Keys, whole: boolean): void => {
    const before = store.selection.peek();
    const op = opOfKeys(keys);
    /* A pressed button is let go by pressing it again. */
    if (whole && op === null && before.count === selected[entry]) actions.clearSelection();
    else void actions.selectEntry(entry, whole && op === 'add' ? 'subtract' : (op ?? undefined));
    changed.current = store.selection.peek().version !== before.version;
  };
  /** A double-click isolates and nothing else: what its first press has selected is taken back. */
  const isolate = async (entry: number): Promise<void> => {
    if (changed.current) await actions.undo();
    changed.current = false;
    actions.isolateEntry(entry);
  };
  return (
    <ul class="legend-items">
      {all.map(({ name, count, colour }) => (
        <LegendItem
          key={colour}
          name={name}
          count={count}
          selected={selected[colour] ?? 0}
          colour={paletteColour(palette, colour)}
          hollow={colour === MISSING_INDEX}
          hidden={entries.has(colour)}
          alone={
            all.length < 2 ? null : entries.size > 0 && shown.length === 1 && shown[0]?.colour === colour
          }
          onChoose={(keys, whole) => choose(colour, keys, whole)}
          onHide={() => actions.toggleEntry(colour)}
          onIsolate={() => actions.isolateEntry(colour)}
          onDouble={() => void isolate(colour)}
        />
      ))}
    </ul>
  );
}

/** Selected rows of each entry; counted again only when a version says that selection or colours have changed. */
function useSelectedEntries(store: Store): Uint32Array {
  const { version } = store.selection.value;
  const colours = store.colours.value;
  return useMemo(() => selectedEntries(store.bulk.colours, store.bulk.selected), [store, version, colours]);
}

interface ItemProps {
  name: string;
  count: number;
  /** Rows of it that are selected. */
  selected: number;
  colour: string;
  hollow: boolean;
  hidden: boolean;
  /** The only one that is shown; null: there are no others. */
  alone: boolean | null;
  onChoose(keys: Keys, whole: boolean): void;
  onHide(): void;
  onIsolate(): void;
  onDouble(): void;
}

function LegendItem(props: ItemProps): JSX.Element {
  const { name, count, selected, colour, hollow, hidden, alone, onChoose } = props;
  const counted = useId();
  const words = name === '' ? '(empty)' : visibleText(name);
  const whole = selected > 0 && selected === count;
  return (
    <li class={hidden ? 'legend-item legend-off' : 'legend-item'} data-pressed={whole || undefined}>
      <button
        type="button"
        class="legend-button"
        aria-describedby={counted}
        aria-pressed={whole ? 'true' : selected > 0 ? 'mixed' : 'false'}
        title="Select these rows; Ctrl adds them, Alt takes them away, a double-click shows them alone"
        onClick={(event) => {
          /* The second press of a double-click. */
          if (event.detail < 2) onChoose(keysOf(event), whole);
        }}
        onDblClick={alone === null ? undefined : props.onDouble}
        onKeyDown={(event) => {
          /* Browsers differ in what Enter does to a button while Ctrl or Alt is held. */
          if (event.key !== 'Enter' || opOfKeys(keysOf(event)) === null) return;
          event.preventDefault();
          onChoose(keysOf(event), whole);
        }}
      >
        <span
          class={hollow ? 'legend-swatch legend-hollow' : 'legend-swatch'}
          style={hollow ? { borderColor: colour } : { backgroundColor: colour }}
        />
        <span class="legend-name">
          <DataText text={name} />
        </span>
      </button>
      {alone === null ? null : (
        <button
          type="button"
          class="legend-only"
          aria-label={`Only ${words}`}
          aria-pressed={alone}
          title={alone ? 'Show all classes again' : 'Show these rows alone'}
          onClick={props.onIsolate}
        >
          <Icon name="only" size={14} />
        </button>
      )}
      <button
        type="button"
        class="legend-eye"
        aria-label={`${hidden ? 'Show' : 'Hide'} ${words}`}
        title={hidden ? 'Show these rows' : 'Hide these rows'}
        onClick={props.onHide}
      >
        <Icon name={hidden ? 'eye-off' : 'eye'} size={14} />
      </button>
      <span class="legend-count" id={counted}>
        {selected > 0 && !whole ? `${formatCount(selected)} of ` : ''}
        {formatCount(count)}
        <span class="visually-hidden">
          {count === 1 ? ' row' : ' rows'}
          {selected > 0 ? ' selected' : ''}
          {hidden ? ', hidden' : ''}
        </span>
      </span>
    </li>
  );
}
