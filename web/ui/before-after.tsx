/**
 * What a retrain has done, in numbers: the error of selection, rest and each class before and after it, and how
 * well the map keeps the distances of the rows.
 */

import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { sameAxes } from '../state/colouring.ts';
import { type Change, changes, mostForgotten, percentText } from '../state/retrain-story.ts';
import type { HistoryNode, Measured } from '../state/store.ts';
import { formatCount, formatNumber } from '../state/summary.ts';
import { DataText } from './data-text.tsx';

export const ERROR =
  'Error: the mean over rows and features of the squared difference between row and reconstruction, in scaled units, held-out rows included.';
export const DISTANCE_CORRELATION =
  'Distance correlation of the rows and their places on the map: 0 when they are independent, 1 when the map is a scaled copy. Of at most 1,000 rows of each group (Székely, Rizzo and Bakirov 2007). Few rows give values above 0 by chance: compare before with after, not selection with rest.';

/** As the legend has them: 2 before 10. */
const order = new Intl.Collator('en', { numeric: true });

/** More classes than this are shown on demand: under them is the way back to the other states. */
const MANY = 12;
const FIRST = 10;

/** Those whose error changed most, in the order they have. */
function mostChanged(classes: readonly Change[]): Change[] {
  const size = ({ change }: Change): number => Math.abs(change ?? 0);
  const first = new Set([...classes].sort((a, b) => size(b) - size(a)).slice(0, FIRST));
  return classes.filter((one) => first.has(one));
}

export function BeforeAfter({ node }: { node: HistoryNode }): JSX.Element | null {
  const [all, setAll] = useState(false);
  const { before, after } = node;
  const listed = useMemo(() => (before && after ? changes(before, after) : []), [before, after]);
  if (!before || !after) return null;
  const groups = listed.filter(({ of }) => of !== 'class');
  const classes = listed
    .filter(({ of, n }) => of === 'class' && n > 0)
    .sort((a, b) => order.compare(a.name, b.name));
  const shown = all || classes.length <= MANY ? classes : mostChanged(classes);
  const most = listed.reduce((size, { change }) => Math.max(size, Math.abs(change ?? 0)), 0);
  const worst = mostForgotten(node);
  /* Of too few rows there is none. */
  const correlated = (['selection', 'rest'] as const).filter(
    (of) => before[of].distance_correlation !== null || after[of].distance_correlation !== null,
  );
  const line = (change: Change): JSX.Element => (
    <ChangeRow
      key={`${change.of} ${change.name}`}
      change={change}
      most={most}
      mark={change.of === 'class' && change.name === worst?.name ? markOf(node) : null}
    />
  );
  return (
    <table class="before-after" aria-label="Error before and after">
      <colgroup>
        <col class="col-name" />
        <col class="col-number" />
        <col class="col-number" />
        <col class="col-bar" />
        <col />
      </colgroup>
      <thead>
        <tr>
          <th scope="col" title={ERROR}>
            Error
          </th>
          <th scope="col" class="number">
            Before
          </th>
          <th scope="col" class="number">
            After
          </th>
          <th scope="col" class="number" colSpan={2}>
            Change
          </th>
        </tr>
      </thead>
      <tbody>{groups.map(line)}</tbody>
      {classes.length > 0 ? (
        <tbody>
          {node.label ? (
            <tr>
              <th scope="rowgroup" colSpan={5} class="before-after-label">
                <DataText text={node.label} />
              </th>
            </tr>
          ) : null}
          {shown.map(line)}
          {classes.length > MANY ? (
            <tr>
              <td colSpan={5}>
                <button type="button" class="button link" aria-expanded={all} onClick={() => setAll(!all)}>
                  {all ? 'Those that changed most' : `All ${formatCount(classes.length)} classes`}
                </button>
              </td>
            </tr>
          ) : null}
        </tbody>
      ) : null}
      {correlated.length > 0 ? (
        <tbody>
          <tr>
            <th scope="rowgroup" colSpan={5} class="before-after-label" title={DISTANCE_CORRELATION}>
              Distance correlation
            </th>
          </tr>
          {correlated.map((of) => (
            <CorrelationRow key={of} of={of} before={before} after={after} />
          ))}
        </tbody>
      ) : null}
    </table>
  );
}

interface ChangeRowProps {
  change: Change;
  /** Relative change of a full bar. */
  most: number;
  /** What the class is called whose error rose most. */
  mark: string | null;
}

/** A new start has nothing to forget. */
function markOf({ kind }: HistoryNode): string {
  return kind === 'scratch' ? 'worst' : 'most forgotten';
}

function ChangeRow({ change, most, mark }: ChangeRowProps): JSX.Element | null {
  const { of, name, n, before, after } = change;
  if (n === 0) return null;
  return (
    <tr class={mark ? 'forgotten' : undefined}>
      <th scope="row" title={`${formatCount(n)} ${n === 1 ? 'row' : 'rows'}`}>
        {of === 'class' ? <DataText text={name} /> : name}
        {mark ? <span class="forgotten-mark">{mark}</span> : null}
      </th>
      <td class="number">{digits(before)}</td>
      <td class="number">{digits(after)}</td>
      <td>
        <ChangeBar value={change.change} most={most} />
      </td>
      <td class="number">{percentText(change.change)}</td>
    </tr>
  );
}

/** To the left where the error fell, to the right where it rose. */
function ChangeBar({ value, most }: { value: number | null; most: number }): JSX.Element {
  const share = value === null || most === 0 ? 0 : (50 * Math.abs(value)) / most;
  const fell = (value ?? 0) < 0;
  return (
    <span class="residual" aria-hidden="true">
      <span
        class={fell ? 'residual-bar under' : 'residual-bar over'}
        style={{ ...(fell ? { right: '50%' } : { left: '50%' }), width: `${share}%` }}
      />
    </span>
  );
}

interface CorrelationRowProps {
  of: 'selection' | 'rest';
  before: Measured;
  after: Measured;
}

/** Maps of other dimensions of the code are not compared. */
function CorrelationRow({ of, before, after }: CorrelationRowProps): JSX.Element {
  const [was, is] = [before[of].distance_correlation, after[of].distance_correlation];
  const alike = sameAxes(before.axes, after.axes);
  /* Of the numbers as they are shown: 0.551 and 0.571 are 0.020 apart, whatever their further digits say. */
  const change = was === null || is === null ? null : Number(is.toFixed(3)) - Number(was.toFixed(3));
  const words =
    change === null ? '–' : !alike ? 'other axes' : Math.abs(change) < 5e-4 ? 'unchanged' : signed(change);
  return (
    <tr>
      <th scope="row">{of === 'selection' ? 'Selection' : 'Rest'}</th>
      <td class="number">{was?.toFixed(3) ?? '–'}</td>
      <td class="number">{is?.toFixed(3) ?? '–'}</td>
      <td class="number" colSpan={2}>
        {words}
      </td>
    </tr>
  );
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

/** To three digits, two where there are many zeros before them: the column is narrow. */
function digits(error: number | null): string {
  if (error === null) return '–';
  if (error > 0 && error < 1e-3) return error.toExponential(1).replace('-', '−');
  return error < 1e3 ? error.toPrecision(3) : formatNumber(error);
}
