/**
 * The loss of each epoch, train and held-out: a chart, the switch of its scale, and the same numbers as a table.
 * The chart library is fetched when the first loss is there.
 */

import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import type { EpochLoss } from '../protocol/messages.ts';
import { formatCount } from '../state/summary.ts';
import { lossNumber, lossUnit } from '../state/transport.ts';
import { Icon } from './icon.tsx';
import type { PanelProps } from './top-bar.tsx';

/** Epochs listed in the table: the last ones; the chart has all. */
const MOST_LISTED = 200;

export function LossPanel({ store, actions }: PanelProps): JSX.Element {
  const model = store.model.value;
  const losses = model?.losses ?? [];
  const log = store.logLoss.value;
  const listed = losses.slice(-MOST_LISTED).reverse();
  return (
    <section class="loss-panel" aria-label="Loss">
      <LossChart losses={losses} log={log} theme={store.theme.value} />
      <p class="visually-hidden">{chartSentence(losses, lossUnit(model))}</p>
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
            </tr>
          </thead>
          <tbody>
            {listed.map(({ epoch, train, heldout }) => (
              <tr key={epoch}>
                <th scope="row">{formatCount(epoch)}</th>
                <td>{lossNumber(train)}</td>
                <td>{lossNumber(heldout)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function chartSentence(losses: readonly EpochLoss[], unit: string): string {
  const first = losses[0];
  const last = losses.at(-1);
  if (!first || !last) return 'No epoch is finished yet.';
  const held = last.heldout === null ? '' : `, held out ${lossNumber(last.heldout)}`;
  return `Loss, ${unit}: ${lossNumber(first.train)} after epoch ${first.epoch}, ${lossNumber(last.train)} after epoch ${last.epoch}${held}.`;
}

interface ChartProps {
  losses: readonly EpochLoss[];
  log: boolean;
  theme: string; // colours are read anew when it changes
}

function columnsOf(losses: readonly EpochLoss[]): uPlot.AlignedData {
  return [
    losses.map(({ epoch }) => epoch),
    losses.map(({ train }) => train),
    losses.map(({ heldout }) => heldout),
  ];
}

function LossChart({ losses, log, theme }: ChartProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(losses);
  latest.current = losses;
  const some = losses.length > 0;

  useEffect(() => {
    const element = host.current;
    if (!element || !some) return;
    let gone = false;
    const abort = new AbortController();
    let observer: ResizeObserver | null = null;
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    void import('./loss-plot.ts').then(({ createPlot }) => {
      if (gone) return;
      const make = (): void => {
        chart.current?.destroy();
        chart.current = createPlot(element, columnsOf(latest.current), log);
      };
      make();
      dark.addEventListener('change', make, { signal: abort.signal });
      observer = new ResizeObserver(() => {
        const { clientWidth: width, clientHeight: height } = element;
        if (width > 0 && height > 0) chart.current?.setSize({ width, height });
      });
      observer.observe(element);
    });
    return () => {
      gone = true;
      abort.abort();
      observer?.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [some, log, theme]);

  useEffect(() => {
    chart.current?.setData(columnsOf(losses));
  }, [losses]);

  return <div class="loss-chart" ref={host} aria-hidden="true" />;
}
