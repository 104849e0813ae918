/**
 * The loss of each epoch, train and held-out, and of selection and rest where there was a selection: a chart, the
 * switch of its scale, and the same numbers as a table. The chart library is fetched when the first loss is there.
 */

import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { EpochLoss } from '../protocol/messages.ts';
import { chartSentence, chartStart, hasSelection, lossColumns, nodeEnds } from '../state/loss-lines.ts';
import { LossThinner, placeOf } from '../state/loss-thin.ts';
import { createRoom } from '../state/room.ts';
import { formatCount } from '../state/summary.ts';
import { lossNumber, lossUnit } from '../state/transport.ts';
import { Icon } from './icon.tsx';
import type { PanelProps } from './top-bar.tsx';
import './loss-table.css';

/** That the host has lost it is told by `roomMissing`; the numbers are in the table. */
const NOTHING = (): void => undefined;
const plot = createRoom(() => import('./loss-plot.ts'));

/** Epochs listed in the table: the last ones; the chart has all, thinned where they are very many. */
const MOST_LISTED = 200;

export function LossPanel({ store, actions }: PanelProps): JSX.Element {
  const model = store.model.value;
  const losses = model?.losses ?? [];
  const log = store.logLoss.value;
  const history = store.history.value;
  /* They grow in place: their number tells. */
  const ends = useMemo(() => nodeEnds(history, losses), [history, losses, losses.length]);
  const listed = losses.slice(-MOST_LISTED).reverse();
  const split = listed.some(hasSelection);
  const [whole, setWhole] = useState(false);
  const start = useMemo(() => chartStart(losses, ends), [losses, losses.length, ends]);
  const from = whole ? null : start;
  const thinner = useRef(new LossThinner());
  const points = useMemo(
    () => thinner.current.points(losses, from === null ? 0 : placeOf(losses, from - 1)),
    [losses, losses.length, from],
  );
  return (
    <section class="loss-panel" aria-label="Loss">
      <LossChart losses={points} ends={ends} from={from} log={log} theme={store.theme.value} />
      <p class="visually-hidden">{chartSentence(losses, ends, lossUnit(model))}</p>
      {losses.length > 0 ? (
        <div class="loss-buttons">
          <button
            type="button"
            class="button quiet tiny"
            aria-pressed={log}
            title="Logarithmic loss axis"
            onClick={() => actions.setLogLoss(!log)}
          >
            Log
          </button>
          {start !== null ? (
            <button
              type="button"
              class="button quiet tiny"
              aria-pressed={whole}
              title="Every epoch, not the last retrain alone"
              onClick={() => setWhole(!whole)}
            >
              All
            </button>
          ) : null}
          <button
            type="button"
            class="button quiet tiny"
            popovertarget="loss-table"
            aria-label="Losses as a table"
            title="Losses as a table"
          >
            <Icon name="table" size={14} />
          </button>
        </div>
      ) : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard. */}
      <div id="loss-table" class="loss-table" popover="auto" tabIndex={0} role="group" aria-label="Losses">
        <table>
          <caption>
            Loss of each epoch: {lossUnit(model)}.
            {losses.length > MOST_LISTED ? ` The last ${MOST_LISTED} of ${formatCount(losses.length)}.` : ''}
          </caption>
          <thead>
            <tr>
              <th scope="col">Epoch</th>
              <th scope="col">Train</th>
              <th scope="col">Held out</th>
              {split ? <th scope="col">Selection</th> : null}
              {split ? <th scope="col">Rest</th> : null}
            </tr>
          </thead>
          <tbody>
            {listed.map(({ epoch, train, heldout, selection, rest }) => (
              <tr key={epoch} class={ends.includes(epoch) ? 'node-end' : undefined}>
                <th scope="row">{formatCount(epoch)}</th>
                <td>{lossNumber(train)}</td>
                <td>{lossNumber(heldout)}</td>
                {split ? <td>{lossNumber(selection)}</td> : null}
                {split ? <td>{lossNumber(rest)}</td> : null}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface ChartProps {
  /** Of all epochs shown, or of as many as make the same picture. */
  losses: readonly EpochLoss[];
  /** Epochs after which something else was begun: a line stands there. */
  ends: readonly number[];
  /** First epoch shown; null: all. */
  from: number | null;
  log: boolean;
  theme: string; // colours are read anew when it changes
}

function LossChart({ losses, ends, from, log, theme }: ChartProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef({ losses, ends, from });
  latest.current = { losses, ends, from };
  const some = losses.length > 0;

  useEffect(() => {
    const element = host.current;
    if (!element || !some) return;
    let gone = false;
    const abort = new AbortController();
    let observer: ResizeObserver | null = null;
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    void plot.enter().then(({ createPlot }) => {
      if (gone) return;
      const make = (): void => {
        chart.current?.destroy();
        const shown = latest.current;
        const columns = lossColumns(shown.losses, shown.ends);
        chart.current = createPlot(element, columns, log, () => latest.current);
      };
      make();
      dark.addEventListener('change', make, { signal: abort.signal });
      observer = new ResizeObserver(() => {
        const { clientWidth: width, clientHeight: height } = element;
        if (width > 0 && height > 0) chart.current?.setSize({ width, height });
      });
      observer.observe(element);
    }, NOTHING);
    return () => {
      gone = true;
      abort.abort();
      observer?.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [some, log, theme]);

  useEffect(() => {
    chart.current?.setData(lossColumns(losses, ends));
  }, [losses, ends, from]);

  return <div class="loss-chart" ref={host} aria-hidden="true" />;
}
