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
import { beforeAll, describe, expect, it } from 'vitest';
import { percentText } from '../../web/state/retrain-story.ts';
import {
  articleFacts,
  back,
  bytesOf,
  type Changes,
  changes,
  measured,
  retrain,
  type Story,
  shown,
  stepsOf,
  tell,
} from './digits-support.ts';

const percent = (change: number): string => `${(change * 100).toFixed(1)} %`;

function say(focus: number, { selection, rest, others }: Changes): void {
  const digits = others.map(([name, change]) => `${name} ${percent(change)}`).join(', ');
  console.log(`focus ${focus}: eights ${percent(selection)}, rest ${percent(rest)}; ${digits}`);
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
    /* To the digit, where the article says so. */
    const stated = articleFacts().filter(([name]) => name.startsWith('by itself: '));
    expect(stated).toEqual([
      ['by itself: selection', percentText(hard.selection)],
      ['by itself: rest', percentText(hard.rest)],
    ]);
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
