// The story of a retrain on 10,000 digits, asked of the session as the page asks: what tests of it share.
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { FitSpec, Id, Measurement, RowBits, RunResult } from '../../web/protocol/messages.ts';
import { formFor } from '../../web/state/form.ts';
import { type Hosted, host } from './session-host.ts';

const file = new URL('../../dist/data/mnist-10k.tensor.gz', import.meta.url);

/** What the article states, by the names of its facts. */
export function articleFacts(): [name: string, text: string][] {
  const article = readFileSync(new URL('../../web/article/index.html', import.meta.url), 'utf8');
  const stated = article.matchAll(/<(\w+)[^>]*\bdata-fact="([^"]+)"[^>]*>([^<]*)<\/\1>/g);
  return [...stated].map(([, , name = '', text = '']) => [name, text]);
}

export interface Shown {
  positions: Float32Array;
  error: Float32Array;
}

export interface Story {
  hosted: Hosted;
  model: Id;
  map: Id;
  fit: FitSpec; // of the training
  heldout: RowBits;
  eights: RowBits;
  digit: number; // column
  trained: RunResult;
  start: ArrayBuffer; // the model after the training
  baseline: number; // error of predicting each feature's mean
  before: Measurement;
  drawn: Shown;
}

/** Where every row is drawn, and with which error, as the page gets it. */
export async function shown({ hosted, map }: Pick<Story, 'hosted' | 'map'>): Promise<Shown> {
  await hosted.ask({ type: 'refresh', map });
  const { buffer, rows, channels } = hosted.of('frame').at(-1) ?? { buffer: new ArrayBuffer(0), rows: 0 };
  expect(channels?.error).toBeTruthy();
  return {
    positions: new Float32Array(buffer, channels?.positions.offset, rows * 2).slice(),
    error: new Float32Array(buffer, channels?.error?.offset, rows).slice(),
  };
}

export const bytesOf = (array: Float32Array | ArrayBuffer): Buffer =>
  array instanceof ArrayBuffer
    ? Buffer.from(array)
    : Buffer.from(array.buffer, array.byteOffset, array.byteLength);

export function measured({ hosted, model, eights, digit }: Story): Promise<Measurement> {
  return hosted.ask({ type: 'measure', model, selection: eights, column: digit });
}

/** The page's training on the digits, and what is known after it. `given`: numbers that were set by hand. */
export async function tell(given: Partial<FitSpec> = {}): Promise<Story> {
  if (!existsSync(file)) {
    throw new Error('mnist-10k was not prepared');
  }
  const hosted = host();
  const [table, model, map] = [hosted.nextId(), hosted.nextId(), hosted.nextId()];
  const source = { blob: new Blob([readFileSync(file)]), name: 'mnist-10k.tensor.gz' };
  const hints = { label: 'digit' };
  const info = await hosted.ask({ type: 'open', table, job: hosted.nextId(), source, hints });
  const spec = { roles: info.columns.map(({ role }) => role), scale: 'auto' as const };
  const features = await hosted.ask({ type: 'prepare', table, job: hosted.nextId(), spec });
  const form = formFor(features, null);
  const { params } = form;
  const fit = { ...form.fit, ...given };
  await hosted.ask({ type: 'create', model, map, table, method: 'ae', params, spec: { axes: [0, 1] } });
  const trained = await hosted.ask({ type: 'run', job: hosted.nextId(), model, fit, live: false });
  const digit = info.columns.findIndex(({ name }) => name === 'digit');
  const by = { kind: 'class' as const, column: digit, classes: ['8'] };
  const eights = await hosted.ask({ type: 'select', table, by });
  const start = await hosted.ask({ type: 'snapshot', model });
  const drawn = await shown({ hosted, map });
  const heldout = await hosted.ask({ type: 'read', what: 'heldout', model, heldout: fit.heldout });
  const { baseline } = features;
  const before = await hosted.ask({ type: 'measure', model, selection: eights, column: digit });
  return { hosted, model, map, fit, heldout, eights, digit, trained, start, baseline, before, drawn };
}

/** What "Return to 0" does. */
export async function back({ hosted, model, start }: Story): Promise<void> {
  await hosted.ask({ type: 'restore', model, buffer: start.slice(0), align: null });
}

/** Five epochs on the eights, from the training's end. */
export async function retrain(
  story: Story,
  focus: number,
  live = false,
): Promise<{ result: RunResult; after: Measurement }> {
  await back(story);
  const { hosted, model, eights } = story;
  const fit = { ...story.fit, epochs: 5, patience: 0, selection: eights, focus };
  const result = await hosted.ask({ type: 'run', job: hosted.nextId(), model, fit, live });
  return { result, after: await measured(story) };
}

export interface Changes {
  selection: number; // relative: -0.3 is 30 % less
  rest: number;
  others: [digit: string, change: number][];
}

export function changes(before: Measurement, after: Measurement): Changes {
  const change = (a: number | null, b: number | null): number => (b ?? Number.NaN) / (a ?? Number.NaN) - 1;
  const classes = before.classes.map(({ name, error }, i): [string, number] => [
    name,
    change(error, after.classes[i]?.error ?? null),
  ]);
  return {
    selection: change(before.selection.error, after.selection.error),
    rest: change(before.rest.error, after.rest.error),
    others: classes.filter(([name]) => name !== '8'),
  };
}

/** Steps of a retrain of five epochs on the eights, as the page states them before it starts. */
export function stepsOf({ fit, eights, heldout }: Story, focus: number): number {
  const ones = (bits: RowBits): number =>
    bits.reduce((sum, word) => sum + word.toString(2).replaceAll('0', '').length, 0);
  const trained = ones(eights.map((word, i) => word & ~(heldout[i] ?? 0)));
  return 5 * Math.ceil(trained / (focus * fit.batch));
}
