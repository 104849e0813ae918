/** The loss chart itself, on uPlot; a module of its own so that it is fetched when it is needed. */

import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';
import { lossTicks, ticksThatFit } from '../state/loss-lines.ts';
import { formatNumber } from '../state/summary.ts';

/** A colour token as the canvas takes it: the browser resolves what depends on the scheme. */
function token(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/**
 * Draws into an element, filling it; null where the browser draws on no canvas: the table has the numbers.
 *
 * @param data epochs, train, held out, selection, rest
 * @param look asked for whenever it is drawn: epochs after which something else was begun, and the first epoch
 *   shown (null: all)
 */
export function createPlot(
  element: HTMLElement,
  data: uPlot.AlignedData,
  log: boolean,
  look: () => { ends: readonly number[]; from: number | null },
): uPlot | null {
  if (!document.createElement('canvas').getContext('2d')) return null;
  const muted = token(element, '--muted');
  const line = token(element, '--line');
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const axis: uPlot.Axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const strong = token(element, '--line-strong');
  const series = (label: string, stroke: string): uPlot.Series => ({
    label,
    stroke,
    width: 1.5,
    spanGaps: true,
    points: { show: (_: uPlot, __: number, first: number, last: number) => last - first < 2, size: 4 },
  });
  /* Of other rows from one retrain to the next: no line across, and a single epoch is a dot. */
  const part = (label: string, stroke: string): uPlot.Series => ({
    ...series(label, stroke),
    width: 2,
    spanGaps: false,
    points: {
      show: (_: uPlot, __: number, first: number, last: number) => last - first < 60,
      size: 4,
      fill: stroke,
    },
  });
  return new uPlot(
    {
      width: Math.max(80, element.clientWidth),
      height: Math.max(40, element.clientHeight),
      padding: [6, 14, 0, 0], // room for half of the last label
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_, min, max) => [look().from ?? min, max] },
        y: { distr: log ? 3 : 1 },
      },
      axes: [
        {
          ...axis,
          size: 16,
          gap: 2,
          space: 60,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000],
        },
        {
          ...axis,
          size: 46,
          gap: 4,
          space: 16,
          ...(log ? {} : { splits: linearTicks }),
          values: (_, splits) => splits.map((value) => (value === null ? '' : formatNumber(value))),
        },
      ],
      series: [
        {},
        series('train', token(element, '--train')),
        { ...series('held out', token(element, '--heldout')), dash: [4, 3] },
        part('selection', token(element, '--selection')),
        { ...part('rest', token(element, '--rest')), dash: [1, 3] },
      ],
      hooks: { drawAxes: [(plot) => drawEnds(plot, look().ends, strong)] },
    },
    data,
    element,
  );
}

/** As many lines as there is room for: the chart of a figure is low. */
function linearTicks(plot: uPlot, _: number, lo: number, hi: number): number[] {
  return lossTicks(lo, hi, ticksThatFit(plot.bbox.height / devicePixelRatio));
}

/** A hairline where one state of the model ends and the next begins. */
function drawEnds(plot: uPlot, ends: readonly number[], stroke: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (const epoch of ends) {
    const x = Math.round(plot.valToPos(epoch + 0.5, 'x', true)) + 0.5;
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}
