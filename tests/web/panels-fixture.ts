/** A page with a trained model, and panels that open on demand, for tests of what lies around the map. */

import { act, fireEvent, screen } from '@testing-library/preact';
import type { RowBits } from '../../web/protocol/messages.ts';
import { bitsOfRuns } from '../../web/state/selection.ts';
import { type Bench, measurement, progressOf, runResult, settle, trainingBench } from './session-fixture.ts';

/** Lets answers arrive and what they change be drawn. */
export async function redraw(): Promise<void> {
  await settle();
  await act(() => new Promise((resolve) => setTimeout(resolve, 5)));
}

/** A bench whose model has been trained for two epochs; a tenth of its 4,898 rows is held out. */
export async function trainedBench(): Promise<Bench> {
  const bench = await trainingBench();
  const read = bench.engine.answers.read;
  bench.engine.answers.read = (body) => (body.what === 'heldout' ? bitsOfRuns([0, 490], 4898) : read?.(body));
  bench.actions.onProgress(
    progressOf(bench.job, {
      epoch: 2,
      series: [
        { epoch: 1, train: 0.4, heldout: 0.42 },
        { epoch: 2, train: 0.3, heldout: 0.33 },
      ],
    }),
  );
  await bench.engine.waiting('run').answer(runResult({ epochs: 2, steps: 140, train: 0.3, heldout: 0.33 }));
  await redraw();
  return bench;
}

/** Rows first .. first + count - 1 of the bench's table. */
export function rowsFrom(first: number, count: number): RowBits {
  return bitsOfRuns([first, count], 4898);
}

/** Errors before and after: the selection's falls by a half, that of the rest rises. */
export const BEFORE = measurement(0.2, 0.1, [
  ['5', 0.2],
  ['6', 0.1],
  ['7', 0.1],
]);
export const AFTER = measurement(0.1, 0.15, [
  ['5', 0.1],
  ['6', 0.12],
  ['7', 0.3],
]);

/** Opens the panel of a button, as the browser does, and gives it. */
export async function openPanel(name: string | RegExp): Promise<HTMLElement> {
  const id = screen.getByRole('button', { name }).getAttribute('popovertarget') ?? '';
  const panel = document.getElementById(id);
  if (!panel) throw new Error(`${String(name)} opens nothing.`);
  fireEvent(panel, Object.assign(new Event('toggle'), { newState: 'open' }));
  await redraw();
  return panel;
}

/** Types into a field and leaves it. */
export async function type(field: HTMLElement, text: string): Promise<void> {
  fireEvent.input(field, { target: { value: text } });
  fireEvent.change(field, { target: { value: text } });
  await redraw();
}
