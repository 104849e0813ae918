/**
 * What the colours on the map mean, and a way to choose rows by them: pressing a class selects its rows, its eye
 * hides them, and a part of a scale can be selected.
 */

import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import type { Colouring } from '../state/store.ts';
import { rowsText } from '../state/summary.ts';
import { DataText } from './data-text.tsx';
import './legend.css';
import { LegendItems } from './legend-items.tsx';
import { RangeLegend } from './legend-range.tsx';
import type { MapProps } from './map-toolbar.tsx';

/** What the numbers of a scale are; those of a column are the file's. */
const UNITS: Partial<Record<Colouring['kind'], string>> = {
  error: 'scaled units',
  change: 'scaled units',
  drift: 'map units',
};

export function Legend({ store, actions }: MapProps): JSX.Element | null {
  /* Whether there is a map, and not each of its frames. */
  const mapped = useComputed(() => store.map.value !== null).value;
  const legend = store.legend.value;
  const version = store.colours.value;
  const hidden = store.hidden.value;
  const palette = store.bulk.palette;
  if (!mapped || !palette || version === 0) return null;
  if (legend.kind === 'none' && hidden.rows === 0) return null;
  const colour = store.colour.value.kind;
  const unit = legend.kind === 'range' ? UNITS[colour] : undefined;
  return (
    <section class="legend" aria-label="Legend">
      <h2 class="side-title">
        {legend.kind === 'none' ? 'Rows' : <DataText text={legend.title} />}
        {unit ? <span class="legend-unit">, {unit}</span> : null}
      </h2>
      {legend.kind === 'classes' ? (
        <LegendItems
          store={store}
          actions={actions}
          items={legend.items}
          missing={legend.missing}
          palette={palette}
        />
      ) : legend.kind === 'range' ? (
        <RangeLegend
          key={`${store.table.value?.info.table}:${legend.column ?? legend.title}`}
          store={store}
          actions={actions}
          legend={legend}
          palette={palette}
        />
      ) : null}
      {(colour === 'change' || colour === 'drift') && store.selection.value.count > 0 ? (
        <p class="legend-rim">
          <span class="legend-swatch" /> Selected rows have a rim
        </p>
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
