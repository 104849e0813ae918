/**
 * What the colours on the map mean, and a way to choose rows by them: pressing a class selects its rows, its eye
 * hides them, and a part of a scale can be selected.
 */

import type { JSX } from 'preact';
import { useId, useMemo } from 'preact/hooks';
import { MISSING_INDEX, paletteColour } from '../render/palette.ts';
import { selectedEntries } from '../state/legend-select.ts';
import type { Legend as LegendState, Store } from '../state/store.ts';
import { formatCount, rowsText } from '../state/summary.ts';
import { DataText, visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import './legend.css';
import { RangeLegend } from './legend-range.tsx';
import type { MapProps } from './map-toolbar.tsx';
import { type Keys, keysOf, opOfKeys } from './selection-gestures.ts';

export function Legend({ store, actions }: MapProps): JSX.Element | null {
  const legend = store.legend.value;
  const version = store.colours.value;
  const hidden = store.hidden.value;
  const palette = store.bulk.palette;
  if (!store.map.value || !palette || version === 0) return null;
  if (legend.kind === 'none' && hidden.rows === 0) return null;
  return (
    <section class="legend" aria-label="Legend">
      <h2 class="side-title">{legend.kind === 'none' ? 'Rows' : <DataText text={legend.title} />}</h2>
      {legend.kind === 'classes' ? (
        <ClassLegend store={store} actions={actions} legend={legend} palette={palette} />
      ) : legend.kind === 'range' ? (
        <RangeLegend
          key={`${legend.title}:${legend.column ?? ''}`}
          store={store}
          actions={actions}
          legend={legend}
          palette={palette}
        />
      ) : null}
      {hidden.rows > 0 || hidden.entries.size > 0 ? (
        <p class="legend-hidden">
          <span>{rowsText(hidden.rows)} hidden</span>
          <button
            type="button"
            class="button small"
            title="Show every row again"
            onClick={() => actions.showAllRows()}
          >
            Show all
          </button>
        </p>
      ) : null}
    </section>
  );
}

interface ClassLegendProps extends MapProps {
  legend: LegendState & { kind: 'classes' };
  palette: Uint8Array;
}

function ClassLegend({ store, actions, legend, palette }: ClassLegendProps): JSX.Element {
  const selected = useSelectedEntries(store);
  const { entries } = store.hidden.value;
  const items = legend.items.map((item) => ({ ...item, hollow: false }));
  if (legend.missing > 0) {
    items.push({ name: 'Missing', count: legend.missing, colour: MISSING_INDEX, hollow: true });
  }
  const shown = items.filter(({ colour }) => !entries.has(colour));
  const choose = (entry: number, keys: Keys, all: boolean): void => {
    const { count } = store.selection.peek();
    const op = opOfKeys(keys);
    /* A pressed button is let go by pressing it again. */
    if (all && op === null && count === selected[entry]) actions.clearSelection();
    else void actions.selectEntry(entry, all && op === 'add' ? 'subtract' : (op ?? undefined));
  };
  return (
    <ul class="legend-items">
      {items.map(({ name, count, colour, hollow }) => (
        <LegendItem
          key={colour}
          name={name}
          count={count}
          selected={selected[colour] ?? 0}
          colour={paletteColour(palette, colour)}
          hollow={hollow}
          hidden={entries.has(colour)}
          alone={entries.size > 0 && shown.length === 1 && shown[0]?.colour === colour}
          onChoose={(keys, all) => choose(colour, keys, all)}
          onHide={() => actions.toggleEntry(colour)}
          onIsolate={() => actions.isolateEntry(colour)}
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
  /** The only one that is shown. */
  alone: boolean;
  onChoose(keys: Keys, all: boolean): void;
  onHide(): void;
  onIsolate(): void;
}

function LegendItem(props: ItemProps): JSX.Element {
  const { name, count, selected, colour, hollow, hidden, alone, onChoose } = props;
  const counted = useId();
  const words = name === '' ? '(empty)' : visibleText(name);
  const all = selected > 0 && selected === count;
  return (
    <li class={hidden ? 'legend-item legend-off' : 'legend-item'} data-pressed={all || undefined}>
      <button
        type="button"
        class="legend-button"
        aria-describedby={counted}
        aria-pressed={all ? 'true' : selected > 0 ? 'mixed' : 'false'}
        title="Select these rows; Ctrl adds them, Alt takes them away, a double-click shows them alone"
        onClick={(event) => {
          /* The second press of a double-click. */
          if (event.detail < 2) onChoose(keysOf(event), all);
        }}
        onDblClick={props.onIsolate}
        onKeyDown={(event) => {
          /* Browsers differ in what Enter does to a button while Ctrl or Alt is held. */
          if (event.key !== 'Enter' || opOfKeys(keysOf(event)) === null) return;
          event.preventDefault();
          onChoose(keysOf(event), all);
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
      <span class="legend-count" id={counted}>
        {selected > 0 && !all ? `${formatCount(selected)} of ` : ''}
        {formatCount(count)}
        <span class="visually-hidden">
          {count === 1 ? ' row' : ' rows'}
          {selected > 0 ? ' selected' : ''}
          {hidden ? ', hidden' : ''}
        </span>
      </span>
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
      <button
        type="button"
        class="legend-eye"
        aria-label={`${hidden ? 'Show' : 'Hide'} ${words}`}
        title={hidden ? 'Show these rows' : 'Hide these rows'}
        onClick={props.onHide}
      >
        <Icon name={hidden ? 'eye-off' : 'eye'} size={14} />
      </button>
    </li>
  );
}
