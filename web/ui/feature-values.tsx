/**
 * Each feature of one row: its value, what the model reconstructs, and the residual as a bar to either side.
 * Bars are in scaled units, so that features of different units can be compared, and as long as the row's
 * largest residual allows.
 */

import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { RowDetail } from '../protocol/messages.ts';
import { formatNumber } from '../state/summary.ts';
import { FeatureName, linesOf } from './feature-name.tsx';
import { SHORT_LIST, useVirtualList } from './virtual-list.ts';

const HEAD = 26;

export interface FeatureValuesProps {
  detail: RowDetail;
  /** (d) names of the features. */
  names: readonly string[];
  /** (d) column that each comes from. */
  source: ArrayLike<number>;
}

export function FeatureValues({ detail, names, source }: FeatureValuesProps): JSX.Element {
  const [sorted, setSorted] = useState(false);
  const { residual } = detail;
  const order = useMemo(() => (sorted ? byResidual(residual) : null), [sorted, residual]);
  const most = useMemo(() => largest(residual), [residual]);
  const lines = useMemo(() => linesOf(names), [names]);
  const list = useVirtualList<HTMLElement>(names.length, lines.height, HEAD);
  const shown: number[] = [];
  for (let i = list.first; i < list.end; i++) shown.push(order ? (order[i] ?? i) : i);
  return (
    <div class="feature-values">
      {names.length > 3 ? (
        <label class="feature-sort">
          <input
            type="checkbox"
            checked={sorted}
            onChange={(event) => setSorted(event.currentTarget.checked)}
          />
          Largest residual first
        </label>
      ) : null}
      <section
        ref={list.box}
        class={names.length > SHORT_LIST ? 'cell-list cell-list-long' : 'cell-list'}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls takes the keys that scroll it
        tabIndex={0}
        aria-label="Values"
      >
        <div class="virtual-size" style={{ height: `${list.height + HEAD}px` }}>
          <table class={lines.look} aria-rowcount={names.length + 1}>
            <thead>
              <tr aria-rowindex={1}>
                <th scope="col">Feature</th>
                <th scope="col" class="number">
                  Value
                </th>
                <th scope="col" class="number" title="What the model reconstructs, in the units of the file">
                  Model
                </th>
                <th
                  scope="col"
                  title={`Reconstruction minus value in scaled units; a full bar is ${formatNumber(most)}`}
                >
                  Residual
                </th>
              </tr>
            </thead>
            <tbody style={{ transform: `translateY(${-list.shift}px)` }}>
              {shown.map((feature, i) => (
                <tr key={feature} aria-rowindex={list.first + i + 2}>
                  <FeatureName name={names[feature]} />
                  <Value
                    value={detail.input_raw[feature]}
                    filled={detail.cells[source[feature] ?? -1] === ''}
                  />
                  <Value value={detail.reconstruction_raw[feature]} />
                  <td>
                    <ResidualBar value={residual[feature] ?? Number.NaN} most={most} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

/** A number; one that stands in for an empty cell says so: it is no measurement. */
function Value({
  value = Number.NaN,
  filled = false,
}: {
  value: number | undefined;
  filled?: boolean;
}): JSX.Element {
  const text = formatNumber(value);
  return filled ? (
    <td class="number filled" title={`The cell is empty: ${text} stands in for it, as What was done says`}>
      {text}
      <span class="visually-hidden"> (filled)</span>
    </td>
  ) : (
    <td class="number" title={text}>
      {text}
    </td>
  );
}

function ResidualBar({ value, most }: { value: number; most: number }): JSX.Element {
  const share = most > 0 && Number.isFinite(value) ? (50 * Math.abs(value)) / most : 0;
  const side = value < 0 ? { right: '50%' } : { left: '50%' };
  return (
    <span class="residual" title={formatNumber(value)}>
      <span
        class={value < 0 ? 'residual-bar under' : 'residual-bar over'}
        style={{ ...side, width: `${share}%` }}
      />
      <span class="visually-hidden">{formatNumber(value)}</span>
    </span>
  );
}

function largest(residual: Float32Array): number {
  let most = 0;
  for (const value of residual) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}

/** Features in the order of the size of their residual, largest first. */
function byResidual(residual: Float32Array): Uint32Array {
  const size = (i: number): number => Math.abs(residual[i] ?? 0);
  return Uint32Array.from(residual, (_, i) => i).sort((a, b) => size(b) - size(a) || a - b);
}
