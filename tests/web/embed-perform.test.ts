// What a figure answers when it is asked for rows and trainings: what has come of it, and only then.
import { signal } from '@preact/signals';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { TroubleError } from '../../web/embed/peer.ts';
import { createPerformer, type Performer } from '../../web/embed/perform.ts';
import { createRest, MOST_AGAIN } from '../../web/embed/rest.ts';
import { commandSchema } from '../../web/embed/schema.ts';
import { bitsOfRows } from '../../web/state/selection.ts';
import { type Bench, runResult, settle, trainingBench } from './session-fixture.ts';

const soon = (): Promise<void> => new Promise((done) => setTimeout(done, 5));
const asleep = { failure: { code: 'asleep', message: 'The computing rests.', hint: '' } };

interface Figure extends Bench {
  performer: Performer;
  clock: { now: number };
  setNear(near: boolean): void;
}

/** A figure whose first training is under way, or has ended. */
async function figure(ended = true): Promise<Figure> {
  const bench = await trainingBench();
  const clock = { now: 0 };
  const sleep = (): boolean => {
    const run = bench.engine.pending.find(({ body }) => body.type === 'run');
    void run?.refuse(asleep);
    return true;
  };
  const { held, setNear } = createRest(bench.store, { sleep }, bench.actions, () => clock.now, signal(false));
  const performer = createPerformer(bench.store, bench.actions, async () => null, held);
  if (ended) await bench.engine.waiting('run').answer(runResult());
  await soon();
  return { ...bench, performer, clock, setNear };
}

/** What a promise has come to so far. */
function watch(work: Promise<unknown>): { now: unknown } {
  const seen: { now: unknown } = { now: 'waits' };
  work.then(
    (value) => {
      seen.now = value;
    },
    (error: TroubleError) => {
      seen.now = error.trouble;
    },
  );
  return seen;
}

const command = (fields: object) => v.parse(commandSchema, { unfold: 1, type: 'command', id: 1, ...fields });
const bits = (...rows: number[]) => bitsOfRows(rows, 4898);

describe('rows that are asked for', () => {
  it('that are none leave the selection, and are not answered with it', async () => {
    const { performer, actions, store, engine } = await figure();
    actions.selectRow(7);
    const asked = watch(performer.select({ search: 'nowhere' }));
    await settle();
    await engine.waiting('select').answer(bits());
    expect(asked.now).toMatchObject({ code: 'not_found' });
    expect(store.selection.value.count).toBe(1);
  });

  it('that can’t be found are an error', async () => {
    const { performer, actions, engine } = await figure();
    actions.selectRow(7);
    const asked = watch(performer.select({ search: 'x' }));
    await settle();
    await engine.waiting('select').refuse({ code: 'bad_param', message: 'No.', hint: '' });
    expect(asked.now).toEqual({ code: 'bad_param', message: 'No.' });
  });

  it('do not answer for those that were asked for later', async () => {
    const { performer, engine } = await figure();
    const first = watch(performer.select({ random: 3 }));
    await settle();
    const early = engine.waiting('select');
    const second = watch(performer.select({ random: 2 }));
    await settle();
    await engine.waiting('select').answer(bits(1, 2));
    await early.answer(bits(7, 8, 9));
    expect(first.now).toMatchObject({ code: 'refused' });
    expect(second.now).toMatchObject({ count: 2 });
  });

  it('may be those that it gave', async () => {
    const { performer } = await figure();
    await performer.select({ rows: [3, 5] });
    const rows = await performer.perform(command({ command: 'selection' }));
    expect(await performer.perform(command({ command: 'select', rows: { rows } }))).toMatchObject({
      count: 2,
    });
  });
});

describe('a training that is asked for', () => {
  it('row 91: is answered when it has ended, not when the figure is left', async () => {
    const { performer, actions, engine, store, setNear } = await figure();
    actions.selectRow(7);
    const asked = watch(performer.perform(command({ command: 'retrain', focus: 1, epochs: 2 })));
    await soon();
    expect(engine.waiting('run').body).toMatchObject({ fit: { epochs: 2 } });
    setNear(false);
    await soon();
    expect(store.phase.value).toMatchObject({ kind: 'failed', failure: { code: 'asleep' } });
    expect(asked.now).toBe('waits');
    setNear(true);
    await soon();
    expect(asked.now).toBe('waits');
    await engine.waiting('run').answer(runResult({ epochs: 2, steps: 1100 }));
    await soon();
    expect(asked.now).toMatchObject({ kind: 'retrain', epochs: 2 });
  });

  it('row 91: also where it was paused, since it had run for long', async () => {
    const { performer, engine, store, clock, setNear } = await figure(false);
    const asked = watch(performer.perform(command({ command: 'retrain', epochs: 2 })));
    clock.now = MOST_AGAIN + 1;
    setNear(false);
    await soon();
    expect(store.phase.value.kind).toBe('paused');
    await soon();
    expect(asked.now).toBe('waits');
    setNear(true);
    await engine.waiting('run').answer(runResult());
    await soon();
    /* Only now it is its turn: there is no selection. */
    expect(asked.now).toMatchObject({ code: 'refused' });
  });

  it('that the reader pauses is answered: nothing has come of it yet', async () => {
    const { performer, actions, store } = await figure();
    const asked = watch(performer.perform(command({ command: 'run' })));
    await soon();
    await actions.pause();
    await soon();
    expect(store.phase.value.kind).toBe('paused');
    expect(asked.now).toBe('waits');
  });

  it('takes all of its settings, or none', async () => {
    const { performer, actions, store } = await figure();
    actions.selectRow(7);
    const before = store.retrain.value;
    const bad = watch(performer.perform(command({ command: 'retrain', epochs: 9, learning_rate: -1 })));
    await soon();
    expect(bad.now).toMatchObject({ code: 'bad_command' });
    expect(store.retrain.value).toEqual(before);
  });
});
