/**
 * What the selected rows have in common, beside the rest: mean images, the mix of labels, and the columns in
 * which they differ most, with the size of the difference.
 */

import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { FeatureInfo, RowsSummary } from '../protocol/messages.ts';
import { meanTexts, pixelDomain } from '../state/panel-text.ts';
import { describeMaker } from '../state/selection.ts';
import type { Store, TableState } from '../state/store.ts';
import { formatCount, formatNumber, labelColumn } from '../state/summary.ts';
import { DataText, visibleText } from './data-text.tsx';
import { FeatureName, linesOf } from './feature-name.tsx';
import { Fold } from './fold.tsx';
import { RowImage } from './row-image.tsx';
import { SHORT_LIST, useVirtualList } from './virtual-list.ts';

/** Columns shown before "all". */
const FIRST = 8;
/** Labels shown before "all". */
const FIRST_LABELS = 10;
/** Cohen's d at which a picture of effects has its full colour: large by his convention is 0.8. */
const FULL_EFFECT = 2;
const HEAD = 26;

export const EFFECT =
  'Cohen’s d: the difference of the two means, over the standard deviation within the two groups. 0.2 is small, 0.5 medium, 0.8 large (Cohen 1988).';

export function SeveralRows({ store, table }: { store: Store; table: TableState }): JSX.Element {
  const { count, maker } = store.selection.value;
  const summary = store.summary.value;
  const features = table.features;
  const made = visibleText(describeMaker(maker, table, table.info.rows));
  const usable = summary && features && summary.mean.length === features.d ? summary : null;
  return (
    <div class="inspector-body several" aria-busy={usable !== null && usable.n !== count}>
      <p class="row-label">
        <strong>{formatCount(count)} rows</strong>
        <span class="row-label-name" title={made}>
          {made}
        </span>
      </p>
      {usable && features ? (
        <Summary summary={usable} features={features} table={table} />
      ) : (
        <p class="inspector-empty">Reading the selected rows.</p>
      )}
    </div>
  );
}

interface SummaryProps {
  summary: RowsSummary;
  features: FeatureInfo;
  table: TableState;
}

function Summary({ summary, features, table }: SummaryProps): JSX.Element {
  const rest = features.n - summary.n;
  return (
    <>
      {features.image ? <MeanImages summary={summary} features={features} table={table} /> : null}
      {summary.labels.length > 0 || summary.missing > 0 ? <Labels summary={summary} table={table} /> : null}
      {features.image ? null : (
        <>
          <h3 class="side-subtitle" title={EFFECT}>
            Most different columns
          </h3>
          {rest > 0 ? (
            <Differences summary={summary} names={features.names} />
          ) : (
            <p class="hint">Every row is selected: there is no rest to compare with.</p>
          )}
        </>
      )}
    </>
  );
}

/* ---- images ---------------------------------------------------------------------------------------------- */

function MeanImages({ summary, features, table }: SummaryProps): JSX.Element | null {
  const shape = features.image;
  const domain = pixelDomain(table);
  /* NaN where a pixel has the same value in every row: there is no effect to show. Infinite where it has one in each group. */
  const effect = useMemo(
    () =>
      summary.effect.map((value) =>
        Number.isNaN(value) ? 0 : Math.max(-FULL_EFFECT, Math.min(FULL_EFFECT, value)),
      ),
    [summary.effect],
  );
  if (!shape) return null;
  const rest = features.n - summary.n;
  return (
    <div class="pictures">
      <figure>
        <RowImage
          values={summary.mean}
          shape={shape}
          {...domain}
          label={`Mean of the ${formatCount(summary.n)} selected rows`}
        />
        <figcaption>Mean</figcaption>
      </figure>
      {rest > 0 ? (
        <>
          <figure>
            <RowImage
              values={summary.rest_mean}
              shape={shape}
              {...domain}
              label={`Mean of the other ${formatCount(rest)} rows`}
            />
            <figcaption>Mean of the rest</figcaption>
          </figure>
          <figure>
            <RowImage
              values={effect}
              shape={shape}
              lo={-FULL_EFFECT}
              hi={FULL_EFFECT}
              colours="diverging"
              label="How selection and rest differ, pixel by pixel"
            />
            <figcaption title={EFFECT}>Difference</figcaption>
          </figure>
          <div class="pictures-note">
            <p title={`${EFFECT} The colours run from −${FULL_EFFECT} to ${FULL_EFFECT}.`}>
              <span class="residual-under">darker than the rest</span>
              <span class="residual-over">brighter than the rest</span>
            </p>
          </div>
        </>
      ) : null}
    </div>
  );
}

/* ---- labels ---------------------------------------------------------------------------------------------- */

function Labels({ summary, table }: { summary: RowsSummary; table: TableState }): JSX.Element {
  const name = table.info.columns[labelColumn(table)]?.name ?? '';
  /* The largest first: what the selection mostly is. Classes it has none of say nothing here. */
  const labels = useMemo(
    () => summary.labels.filter(({ n }) => n > 0).sort((a, b) => b.n - a.n),
    [summary.labels],
  );
  const [all, setAll] = useState(false);
  const shown = all ? labels : labels.slice(0, FIRST_LABELS);
  return (
    <>
      <h3 class="side-subtitle">
        <DataText text={name} />
      </h3>
      <table class="label-mix">
        <thead>
          <tr>
            <th scope="col">Class</th>
            <th scope="col" title="Rows of the selection, and their share of it">
              Selected
            </th>
            <th scope="col" class="number" title="Share of the class’s rows that are selected">
              Of class
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ name: label, n, of }) => (
            <LabelRow key={label} n={n} of={of} total={summary.n}>
              <DataText text={label} />
            </LabelRow>
          ))}
          {summary.missing > 0 ? (
            <LabelRow n={summary.missing} of={null} total={summary.n}>
              <span class="data-empty">missing</span>
            </LabelRow>
          ) : null}
        </tbody>
      </table>
      {labels.length > FIRST_LABELS ? (
        <button type="button" class="button link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `All ${formatCount(labels.length)} classes`}
        </button>
      ) : null}
    </>
  );
}

interface LabelRowProps {
  n: number;
  of: number | null;
  total: number;
  children: JSX.Element;
}

function LabelRow({ n, of, total, children }: LabelRowProps): JSX.Element {
  const share = total > 0 ? n / total : 0;
  return (
    <tr>
      <th scope="row">{children}</th>
      <td>
        <span class="mix-line">
          <span class="mix-track">
            <span class="mix-bar" style={{ width: `${100 * share}%` }} />
          </span>
          <span class="mix-count" title={`${shareText(share)} of the selection`}>
            {formatCount(n)}
          </span>
        </span>
      </td>
      <td class="number" title={of === null ? undefined : `${formatCount(n)} of ${formatCount(of)} rows`}>
        {of === null || of === 0 ? '–' : shareText(n / of)}
      </td>
    </tr>
  );
}

/** "12 %"; never 0 % of something, nor 100 % of a part. */
function shareText(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %';
  if (share < 1 && share > 0.99) return '> 99 %';
  return `${Math.round(100 * share)} %`;
}

/* ---- columns --------------------------------------------------------------------------------------------- */

function Differences({ summary, names }: { summary: RowsSummary; names: readonly string[] }): JSX.Element {
  const order = useMemo(() => byEffect(summary.effect), [summary.effect]);
  const most = useMemo(() => largestFinite(summary.effect), [summary.effect]);
  const rest = order.length - FIRST;
  return (
    <>
      <DifferenceTable summary={summary} names={names} order={order.slice(0, FIRST)} most={most} />
      {rest > 0 ? (
        <Fold summary={`All ${formatCount(order.length)} columns`}>
          <DifferenceTable summary={summary} names={names} order={order} most={most} />
        </Fold>
      ) : null}
    </>
  );
}

interface DifferenceTableProps {
  summary: RowsSummary;
  names: readonly string[];
  order: readonly number[];
  /** Effect of a full bar. */
  most: number;
}

function DifferenceTable({ summary, names, order, most }: DifferenceTableProps): JSX.Element {
  const lines = useMemo(() => linesOf(names), [names]);
  const list = useVirtualList<HTMLElement>(order.length, lines.height, HEAD);
  return (
    <section
      ref={list.box}
      class={order.length > SHORT_LIST ? 'cell-list cell-list-long' : 'cell-list'}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls takes the keys that scroll it
      tabIndex={0}
      aria-label={order.length > FIRST ? 'All columns' : 'Most different columns'}
    >
      <div class="virtual-size" style={{ height: `${list.height + HEAD}px` }}>
        <table class={lines.look} aria-rowcount={order.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col">Feature</th>
              <th scope="col" class="number" title="Mean of the selection, in the units of the file">
                Mean
              </th>
              <th scope="col" class="number" title="Mean of the rest, in the units of the file">
                Rest
              </th>
              <th
                scope="col"
                title={`${EFFECT} A full bar is ${most > 0 ? formatNumber(most) : 'infinite'}.`}
              >
                Effect
              </th>
            </tr>
          </thead>
          <tbody style={{ transform: `translateY(${-list.shift}px)` }}>
            {order.slice(list.first, list.end).map((feature, i) => (
              <tr key={feature} aria-rowindex={list.first + i + 2}>
                <FeatureName name={names[feature]} />
                <Means of={summary.mean[feature]} rest={summary.rest_mean[feature]} />
                <td>
                  <EffectBar value={summary.effect[feature] ?? Number.NaN} most={most} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Both means, with the digits that it takes to see how they differ. */
function Means({
  of = Number.NaN,
  rest = Number.NaN,
}: Record<'of' | 'rest', number | undefined>): JSX.Element {
  return (
    <>
      {meanTexts(of, rest).map((text, i) => (
        <td key={i === 0 ? 'of' : 'rest'} class="number" title={text}>
          {text}
        </td>
      ))}
    </>
  );
}

/** A line through the middle, a bar to the side of the difference, and its size in numbers: infinite where each group has one value. */
function EffectBar({ value, most }: { value: number; most: number }): JSX.Element {
  const size = Math.abs(value);
  const share = Number.isNaN(size) || size === 0 ? 0 : size >= most ? 50 : (50 * size) / most;
  const words = Number.isNaN(value) ? '–' : effectText(value);
  const side = value < 0 ? { right: '50%' } : { left: '50%' };
  return (
    <span class="effect" title={`Effect ${words}`}>
      <span class="residual">
        <span
          class={value < 0 ? 'residual-bar under' : 'residual-bar over'}
          style={{ ...side, width: `${share}%` }}
        />
      </span>
      <span class="effect-value">{words}</span>
    </span>
  );
}

/** With decimals that stand under each other: 12.4, −0.40, ∞. */
function effectText(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size >= 99.95) return formatNumber(Math.round(value));
  const digits = size.toFixed(size >= 0.995 ? 1 : 2);
  return value < 0 && Number(digits) > 0 ? `−${digits}` : digits;
}

function largestFinite(effect: Float32Array): number {
  let most = 0;
  for (const value of effect) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most;
}

/** Features by the size of their effect, largest first; those without one last. */
function byEffect(effect: Float32Array): number[] {
  const size = (i: number): number => {
    const value = Math.abs(effect[i] ?? Number.NaN);
    return Number.isNaN(value) ? -1 : value;
  };
  return Array.from(effect, (_, i) => i).sort((a, b) => size(b) - size(a) || a - b);
}
