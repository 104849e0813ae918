/** What the colours on the map mean. Pressing a class makes its rows stand out; pressing it again undoes that. */

import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { MISSING_INDEX, paletteColour, SCALE_SIZE } from '../render/palette.ts';
import type { Legend as LegendState } from '../state/store.ts';
import { formatCount, formatNumber } from '../state/summary.ts';
import { DataText } from './data-text.tsx';
import './legend.css';
import type { ViewProps } from './map-toolbar.tsx';

export function Legend({ store, actions }: ViewProps): JSX.Element | null {
  const legend = store.legend.value;
  const version = store.colours.value;
  const palette = store.bulk.palette;
  if (!store.map.value || legend.kind === 'none' || !palette || version === 0) return null;
  return (
    <section class="legend" aria-label="Legend">
      <h2 class="side-title">
        <DataText text={legend.title} />
      </h2>
      {legend.kind === 'classes' ? (
        <ul class="legend-items">
          {legend.items.map(({ name, count, colour }) => (
            <LegendItem
              key={colour}
              name={name}
              count={count}
              colour={paletteColour(palette, colour)}
              pressed={store.highlight.value === colour}
              quiet={store.highlight.value !== null}
              onPress={() => actions.toggleHighlight(colour)}
            />
          ))}
          {legend.missing > 0 ? (
            <LegendItem
              name="Missing"
              count={legend.missing}
              colour={paletteColour(palette, MISSING_INDEX)}
              hollow
              pressed={store.highlight.value === MISSING_INDEX}
              quiet={store.highlight.value !== null}
              onPress={() => actions.toggleHighlight(MISSING_INDEX)}
            />
          ) : null}
        </ul>
      ) : (
        <RangeLegend legend={legend} palette={palette} />
      )}
    </section>
  );
}

interface ItemProps {
  name: string;
  count: number;
  colour: string;
  pressed: boolean;
  quiet: boolean;
  hollow?: boolean;
  onPress(): void;
}

function LegendItem({ name, count, colour, pressed, quiet, hollow, onPress }: ItemProps): JSX.Element {
  const counted = useId();
  return (
    <li
      class={quiet && !pressed ? 'legend-item legend-quiet' : 'legend-item'}
      data-pressed={pressed || undefined}
    >
      <button
        type="button"
        class="legend-button"
        aria-describedby={counted}
        aria-pressed={pressed}
        title={pressed ? 'Show all rows alike' : 'Make these rows stand out'}
        onClick={onPress}
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
        {formatCount(count)}
        <span class="visually-hidden"> rows</span>
      </span>
    </li>
  );
}

/** Stops of the gradient that stands for a scale. */
const STOPS = 12;

function RangeLegend({
  legend,
  palette,
}: {
  legend: LegendState & { kind: 'range' };
  palette: Uint8Array;
}): JSX.Element {
  const stops = Array.from({ length: STOPS }, (_, i) =>
    paletteColour(palette, Math.round((i * (SCALE_SIZE - 1)) / (STOPS - 1))),
  );
  return (
    <div class="legend-range">
      <div
        class="legend-gradient"
        style={{ backgroundImage: `linear-gradient(to right, ${stops.join(', ')})` }}
      />
      <div
        class="legend-ends"
        title="The colours run from the 1 % to the 99 % quantile; what lies outside has the colour of the end."
      >
        <span>{formatNumber(legend.lo)}</span>
        <span>{formatNumber(legend.hi)}</span>
      </div>
      {legend.missing > 0 ? (
        <p class="legend-missing">
          <span
            class="legend-swatch legend-hollow"
            style={{ borderColor: paletteColour(palette, MISSING_INDEX) }}
          />
          {formatCount(legend.missing)} missing
        </p>
      ) : null}
    </div>
  );
}
