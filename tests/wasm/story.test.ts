// The story of the product on real digits, as the page tells it to the session: train on 10,000 digits, retrain on
// the eights, see what was forgotten, roll back.
//
// Errors are means over all rows, held out or not, of the squared residual per feature. Measured with the seeds 1 to 5
// (the test runs seed 1, whose bits are the same everywhere):
//
//   focus   steps        error of the eights             of the rest              of each other digit
//   1       70           -17 -21 -18 -12 -17 %           +36 +34 +36 +24 +37 %    +9 % (2, seed 4) to +140 % (1, seed 3)
//   0.5     135          -12 -16 -13 -9 -13 %            +2 +5 +3 +1 +3 %         -4 % to +10 %
//
// The bounds stay clear of the weakest of these.
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FitSpec, Id, Measurement, RowBits, RunResult } from '../../web/protocol/messages.ts';
import { formFor } from '../../web/state/form.ts';
import { type Hosted, host } from './session-host.ts';

const file = new URL('../../dist/data/mnist-10k.tensor.gz', import.meta.url);

interface Shown {
  positions: Float32Array;
  error: Float32Array;
}

interface Story {
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
async function shown({ hosted, map }: Pick<Story, 'hosted' | 'map'>): Promise<Shown> {
  await hosted.ask({ type: 'refresh', map });
  const { buffer, rows, channels } = hosted.of('frame').at(-1) ?? { buffer: new ArrayBuffer(0), rows: 0 };
  expect(channels?.error).toBeTruthy();
  return {
    positions: new Float32Array(buffer, channels?.positions.offset, rows * 2).slice(),
    error: new Float32Array(buffer, channels?.error?.offset, rows).slice(),
  };
}

const bytesOf = (array: Float32Array | ArrayBuffer): Buffer =>
  array instanceof ArrayBuffer
    ? Buffer.from(array)
    : Buffer.from(array.buffer, array.byteOffset, array.byteLength);

function measured({ hosted, model, eights, digit }: Story): Promise<Measurement> {
  return hosted.ask({ type: 'measure', model, selection: eights, column: digit });
}

async function tell(): Promise<Story> {
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
  const form = formFor(hosted.session.ready(), features, null);
  const { params, fit } = form;
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
async function back({ hosted, model, start }: Story): Promise<void> {
  await hosted.ask({ type: 'restore', model, buffer: start.slice(0), align: null });
}

/** Five epochs on the eights, from the training's end. */
async function retrain(
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

interface Changes {
  selection: number; // relative: -0.3 is 30 % less
  rest: number;
  others: [digit: string, change: number][];
}

function changes(before: Measurement, after: Measurement): Changes {
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

const percent = (change: number): string => `${(change * 100).toFixed(1)} %`;

function say(focus: number, { selection, rest, others }: Changes): void {
  const digits = others.map(([name, change]) => `${name} ${percent(change)}`).join(', ');
  console.log(`focus ${focus}: eights ${percent(selection)}, rest ${percent(rest)}; ${digits}`);
}

/** Steps of a retrain of five epochs on the eights, as the page states them before it starts. */
function stepsOf({ fit, eights, heldout }: Story, focus: number): number {
  const ones = (bits: RowBits): number =>
    bits.reduce((sum, word) => sum + word.toString(2).replaceAll('0', '').length, 0);
  const trained = ones(eights.map((word, i) => word & ~(heldout[i] ?? 0)));
  return 5 * Math.ceil(trained / (focus * fit.batch));
}

describe('train on 10,000 digits, retrain on the eights', () => {
  let story: Story;
  let hard: Changes; // what focus 1 does
  beforeAll(async () => {
    story = await tell();
  });

  it('there is something to forget: the training leaves the baseline well behind', () => {
    const { before, baseline } = story;
    expect(before.selection).toMatchObject({ n: 944 });
    expect(before.rest).toMatchObject({ n: 9056 });
    expect(before.classes.map(({ name }) => name).sort()).toEqual([...'0123456789']);
    expect(before.classes.reduce((sum, { n }) => sum + n, 0)).toBe(10_000);
    for (const { error } of [before.selection, before.rest]) expect(error).toBeLessThan(0.8 * baseline);
  });

  it('at focus 1 the error of the eights falls by 10 % or more, that of the rest rises by 20 % or more', async () => {
    const { result, after } = await retrain(story, 1);
    hard = changes(story.before, after);
    say(1, hard);
    expect(result.steps - story.trained.steps).toBe(stepsOf(story, 1));
    expect(hard.selection).toBeLessThan(-0.1);
    expect(hard.rest).toBeGreaterThan(0.2);
    expect(hard.others).toHaveLength(9);
    for (const [digit, change] of hard.others) expect(change, digit).toBeGreaterThan(0.05);
  });

  it('at focus 0.5 the eights still gain 6 % or more, and the rest is hurt a third as much or less', async () => {
    const { result, after } = await retrain(story, 0.5);
    const soft = changes(story.before, after);
    say(0.5, soft);
    expect(result.steps - story.trained.steps).toBe(stepsOf(story, 0.5));
    expect(soft.selection).toBeLessThan(-0.06);
    expect(soft.rest).toBeLessThan(hard.rest / 3);
  });

  it('Return to 0 gives every position and error equal bit for bit, and what is measured with them', async () => {
    await retrain(story, 1);
    const moved = await shown(story);
    expect(bytesOf(moved.positions).equals(bytesOf(story.drawn.positions))).toBe(false);
    await back(story);
    const again = await shown(story);
    expect(bytesOf(again.positions).equals(bytesOf(story.drawn.positions))).toBe(true);
    expect(bytesOf(again.error).equals(bytesOf(story.drawn.error))).toBe(true);
    expect(await measured(story)).toEqual(story.before);
  });

  it('row 65: a second identical retrain gives equal bits, watched or not', async () => {
    const { hosted, model } = story;
    const once = async (live: boolean): Promise<Buffer[]> => {
      await retrain(story, 0.8, live);
      const { positions, error } = await shown(story);
      const snapshot = await hosted.ask({ type: 'snapshot', model });
      return [bytesOf(snapshot), bytesOf(positions), bytesOf(error)];
    };
    const first = await once(false);
    const second = await once(true);
    expect(first.map((bytes, i) => bytes.equals(second[i] ?? Buffer.of()))).toEqual([true, true, true]);
  });
});
