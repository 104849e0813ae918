/**
 * A scale of colours, and the rows of a part of it: dragged over the colours, or typed as two numbers.
 */

import type { JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { paletteColour, SCALE_SIZE } from '../render/palette.ts';
import {
  rangeBetween,
  rowsInRange,
  scaleValues,
  typedRange,
  type ValueRange,
  valuesMaker,
} from '../state/legend-select.ts';
import { countBits } from '../state/selection.ts';
import type { Legend as LegendState, SelectionOp } from '../state/store.ts';
import { formatNumber } from '../state/summary.ts';
import { LegendItems } from './legend-items.tsx';
import type { MapProps } from './map-toolbar.tsx';
import { keysOf, opOfKeys } from './selection-gestures.ts';

type Scale = LegendState & { kind: 'range' };

/** Stops of the gradient that stands for a scale. */
const STOPS = 24;
/** Drags shorter than this, in CSS pixels, are presses, which select nothing. */
const SLOP = 3;

interface RangeLegendProps extends MapProps {
  legend: Scale;
  palette: Uint8Array;
}

export function RangeLegend({ store, actions, legend, palette }: RangeLegendProps): JSX.Element {
  const id = useId();
  const [typed, setTyped] = useState({ from: '', to: '' });
  const [error, setError] = useState('');
  const [values, setValues] = useState<Float32Array | null>(null); // of a column, read when it is dragged over

  const select = (range: ValueRange, op?: SelectionOp): void => {
    if (legend.column !== undefined) {
      void actions.selectBy({ kind: 'range', column: legend.column, ...range }, op);
      return;
    }
    const shown = scaleValues(store);
    if (!shown) return;
    const bits = rowsInRange(shown, range);
    if (countBits(bits) === 0) {
      setError('No row lies in this range.');
      return;
    }
    actions.selectBits(bits, valuesMaker(store, range), op);
  };
  const submit = (op?: SelectionOp): void => {
    const range = typedRange(typed.from, typed.to);
    setError(range.ok ? '' : range.error);
    if (range.ok) select({ lo: range.lo, hi: range.hi }, op);
  };
  const write = ({ lo, hi }: ValueRange): void => {
    setTyped({ from: lo === null ? '' : String(lo), to: hi === null ? '' : String(hi) });
    setError('');
  };
  const preview = (range: ValueRange | null, op?: SelectionOp): void => {
    const known = legend.column === undefined ? scaleValues(store) : values;
    actions.previewBits(range && known ? rowsInRange(known, range) : null, op);
  };
  const read = (): void => {
    const { column } = legend;
    if (column === undefined || values) return;
    /* Without them there is no live count; what is selected in the end is found by the worker. */
    actions.readColumn(column).then(
      (read) => read.kind === 'number' && setValues(read.values),
      () => {},
    );
  };

  return (
    <div class="legend-range">
      <Gradient
        legend={legend}
        palette={palette}
        typed={typedRange(typed.from, typed.to)}
        onBegin={read}
        onDrag={(range, op) => {
          preview(range, op);
          if (range) write(range);
        }}
        onSelect={select}
      />
      <Ends legend={legend} />
      <form
        class="legend-limits"
        aria-label="Range to select"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {(['from', 'to'] as const).map((end) => (
          <label key={end}>
            <span>{end === 'from' ? 'From' : 'to'}</span>
            <input
              type="text"
              inputMode="decimal"
              autocomplete="off"
              spellcheck={false}
              aria-label={end === 'from' ? 'Select from' : 'Select to'}
              aria-invalid={error !== '' || undefined}
              aria-describedby={error ? id : undefined}
              title="Included; without a number the range is open at this end"
              value={typed[end]}
              onInput={(event) => setTyped({ ...typed, [end]: event.currentTarget.value })}
            />
          </label>
        ))}
        <button
          type="submit"
          class="button small"
          title="Select the rows in this range; Ctrl adds them, Alt takes them away"
          onClick={(event) => {
            const op = opOfKeys(keysOf(event));
            if (op === null) return;
            event.preventDefault();
            submit(op);
          }}
        >
          Select
        </button>
      </form>
      {error ? (
        <p class="field-error" id={id} role="alert">
          {error}
        </p>
      ) : null}
      {legend.missing > 0 ? (
        <LegendItems store={store} actions={actions} items={[]} missing={legend.missing} palette={palette} />
      ) : null}
    </div>
  );
}

function Ends({ legend }: { legend: Scale }): JSX.Element {
  const { lo, hi, diverging } = legend;
  return (
    <div
      class="legend-ends"
      title={
        diverging
          ? 'The colours run to the 98 % quantile of the change, either way; what lies beyond has the colour of the end.'
          : 'The colours run from the 1 % to the 99 % quantile; what lies outside has the colour of the end.'
      }
    >
      <span>
        {formatNumber(lo)}
        {diverging ? <small> fell</small> : null}
      </span>
      {diverging ? <span>0</span> : null}
      <span>
        {diverging ? <small>rose </small> : null}
        {diverging && hi > 0 ? '+' : ''}
        {formatNumber(hi)}
      </span>
    </div>
  );
}

interface GradientProps {
  legend: Scale;
  palette: Uint8Array;
  typed: ReturnType<typeof typedRange>;
  onBegin(): void;
  /** Null: the drag was given up. */
  onDrag(range: ValueRange | null, op?: SelectionOp): void;
  onSelect(range: ValueRange, op?: SelectionOp): void;
}

/** The colours. What is done here with a pointer, the two fields beside it do with the keyboard. */
function Gradient({ legend, palette, typed, onBegin, onDrag, onSelect }: GradientProps): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const drag = useRef<{ id: number; from: number; x: number; moved: boolean } | null>(null);
  const [dragging, setDragging] = useState(false);
  const stops = Array.from({ length: STOPS }, (_, i) =>
    paletteColour(palette, Math.round((i * (SCALE_SIZE - 1)) / (STOPS - 1))),
  );
  const share = (event: PointerEvent): number => {
    const box = bar.current?.getBoundingClientRect();
    return box && box.width > 0 ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) : 0;
  };
  const rangeTo = (event: PointerEvent): ValueRange =>
    rangeBetween(drag.current?.from ?? 0, share(event), legend);
  const opOf = (event: PointerEvent): SelectionOp | undefined => opOfKeys(keysOf(event)) ?? undefined;
  const end = (): void => {
    drag.current = null;
    setDragging(false);
    onDrag(null);
  };
  return (
    <div
      ref={bar}
      class="legend-gradient"
      data-dragging={dragging || undefined}
      title="Drag over a part of the colours to select its rows"
      style={{ backgroundImage: `linear-gradient(to right, ${stops.join(', ')})` }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture?.(event.pointerId);
        drag.current = { id: event.pointerId, from: share(event), x: event.clientX, moved: false };
        onBegin();
      }}
      onPointerMove={(event) => {
        const now = drag.current;
        if (now?.id !== event.pointerId) return;
        if (!now.moved && Math.abs(event.clientX - now.x) < SLOP) return;
        now.moved = true;
        setDragging(true);
        onDrag(rangeTo(event), opOf(event));
      }}
      onPointerUp={(event) => {
        const now = drag.current;
        if (now?.id !== event.pointerId) return;
        const range = now.moved ? rangeTo(event) : null;
        end();
        if (range) onSelect(range, opOf(event));
      }}
      onPointerCancel={end}
      onLostPointerCapture={() => drag.current && end()}
    >
      <Marks legend={legend} typed={typed} />
    </div>
  );
}

/** The part of the scale that is typed or dragged over. */
function Marks({ legend, typed }: Pick<GradientProps, 'legend' | 'typed'>): JSX.Element | null {
  const span = legend.hi - legend.lo;
  if (!typed.ok || (typed.lo === null && typed.hi === null) || !(span > 0)) return null;
  const at = (value: number | null, open: number): number =>
    value === null ? open : Math.min(100, Math.max(0, ((value - legend.lo) / span) * 100));
  const [left, right] = [at(typed.lo, 0), at(typed.hi, 100)];
  return <span class="legend-part" style={{ left: `${left}%`, right: `${100 - right}%` }} />;
}
