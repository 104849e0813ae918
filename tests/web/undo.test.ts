import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStore, type Phase, type Store } from '../../web/state/store.ts';
import { createUndo, UNDO_DEPTH, type Undo } from '../../web/state/undo.ts';
import { settle } from './view-fixture.ts';

interface Bench {
  store: Store;
  undo: Undo;
  said: string[];
  refused: string[];
  /** What the entries have made of it. */
  value: { now: number };
  /** Does something: `now` becomes `next`. */
  act(next: number, model?: boolean): void;
}

function bench(): Bench {
  const store = createStore();
  const said: string[] = [];
  const refused: string[] = [];
  const undo = createUndo(
    store,
    (text) => said.push(text),
    (text) => refused.push(text),
  );
  const value = { now: 0 };
  const set = (to: number) => () => {
    value.now = to;
  };
  const act = (next: number, model = false): void => {
    const before = value.now;
    value.now = next;
    undo.push({ label: `step to ${next}`, undo: set(before), redo: set(next), model });
  };
  return { store, undo, said, refused, value, act };
}

describe('undoing and redoing', () => {
  it('is the walk along a list whose end a change cuts off, for any sequence', async () => {
    const move = fc.oneof(
      { weight: 3, arbitrary: fc.constant('do' as const) },
      { weight: 3, arbitrary: fc.constant('undo' as const) },
      { weight: 2, arbitrary: fc.constant('redo' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 300 }), async (moves) => {
        const { undo, value, act, store } = bench();
        let states = [0];
        let at = 0;
        let next = 1;
        for (const what of moves) {
          if (what === 'do') {
            states = [...states.slice(0, at + 1), next].slice(-UNDO_DEPTH - 1);
            at = states.length - 1;
            act(next++);
          } else if (what === 'undo') {
            at = Math.max(0, at - 1);
            await undo.undo();
          } else {
            at = Math.min(states.length - 1, at + 1);
            await undo.redo();
          }
          expect(value.now).toBe(states[at]);
          expect(store.undoable.value).toEqual({
            undo: at > 0 ? `step to ${states[at]}` : null,
            redo: at < states.length - 1 ? `step to ${states[at + 1]}` : null,
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('past the start and past the end does nothing and says nothing (row 72)', async () => {
    const { undo, value, act, said, refused } = bench();
    await undo.undo();
    await undo.redo();
    act(1);
    await undo.redo();
    expect(value.now).toBe(1);
    await undo.undo();
    await undo.undo();
    expect(value.now).toBe(0);
    expect([said, refused]).toEqual([['Undone: step to 1.'], []]);
  });

  it('is not possible with what was undone before a change (row 72)', async () => {
    const { undo, value, act, store } = bench();
    act(1);
    await undo.undo();
    act(2);
    expect(store.undoable.value).toEqual({ undo: 'step to 2', redo: null });
    await undo.redo();
    expect(value.now).toBe(2);
  });

  it('goes a hundred steps back', async () => {
    const { undo, value, act } = bench();
    for (let i = 1; i <= UNDO_DEPTH + 30; i++) act(i);
    for (let i = 0; i < UNDO_DEPTH + 30; i++) await undo.undo();
    expect(UNDO_DEPTH).toBe(100);
    expect(value.now).toBe(30);
  });

  it('ends with its table', async () => {
    const { undo, value, act, store } = bench();
    act(1);
    act(2);
    await undo.undo();
    undo.clear();
    expect(store.undoable.value).toEqual({ undo: null, redo: null });
    await undo.undo();
    await undo.redo();
    expect(value.now).toBe(1);
  });
});

describe('steps that change the model', () => {
  const RUNNING: Phase = { kind: 'running', job: 1, stopping: false };

  it.each<[string, Phase]>([
    ['runs', RUNNING],
    ['is being paused', { kind: 'pausing', job: 1 }],
    ['is paused', { kind: 'paused', job: 1 }],
  ])('stay as they are while a training %s, and the page says why (row 72)', async (_, phase) => {
    const { undo, value, act, store, refused, said } = bench();
    act(1, true);
    act(2, true);
    await undo.undo();
    said.length = 0;
    store.phase.value = phase;
    await undo.undo();
    await undo.redo();
    expect(value.now).toBe(1);
    expect(store.undoable.value).toEqual({ undo: 'step to 1', redo: 'step to 2' });
    expect(store.undoesModel.value).toEqual({ undo: true, redo: true });
    expect(refused).toEqual(new Array(2).fill('Stop the training first: this step changes the model.'));
    expect(said).toEqual([]);
    expect(store.phase.value).toBe(phase);
    store.phase.value = { kind: 'finished' };
    await undo.undo();
    expect(value.now).toBe(0);
  });

  it('leave selections free to be undone meanwhile', async () => {
    const { undo, value, act, store, refused } = bench();
    act(1);
    store.phase.value = RUNNING;
    await undo.undo();
    expect(value.now).toBe(0);
    expect(refused).toEqual([]);
  });

  it('wait for a model that is on its way back', async () => {
    const { undo, value, act, store, refused } = bench();
    act(1, true);
    store.history.value = { ...store.history.value, returning: { to: 0, seconds: 3 } };
    await undo.undo();
    expect(value.now).toBe(1);
    expect(refused).toHaveLength(1);
  });

  it('are forgotten with their model, selections are not', async () => {
    const { undo, value, act, store } = bench();
    act(1);
    act(2, true);
    act(3);
    await undo.undo();
    undo.forgetModel();
    expect(store.undoable.value).toEqual({ undo: 'step to 1', redo: 'step to 3' });
    await undo.undo();
    expect(value.now).toBe(0);
  });

  it('can’t be redone once the model has gone on in another way; what was done can be undone', async () => {
    const { undo, act, store } = bench();
    act(1, true);
    act(2);
    act(3, true);
    for (let i = 0; i < 2; i++) await undo.undo();
    undo.forgetRedo();
    expect(store.undoable.value).toEqual({ undo: 'step to 1', redo: 'step to 2' });
    await undo.redo();
    expect(store.undoable.value).toEqual({ undo: 'step to 2', redo: null });
  });
});

/** An entry whose undo and redo end when the test says so. */
function slow(undo: Undo, label: string) {
  const calls: { way: string; end: () => void; fail: (error: Error) => void }[] = [];
  const begin = (way: string) => () =>
    new Promise<void>((end, fail) => {
      calls.push({ way, end, fail });
    });
  undo.push({ label, undo: begin('undo'), redo: begin('redo'), model: true });
  return calls;
}

describe('a step that takes its time', () => {
  it('is taken alone: others wait until it is through, and are taken in order (row 72)', async () => {
    const { undo, act, value, refused, said, store } = bench();
    act(1);
    act(2);
    const calls = slow(undo, 'retrain 1');
    const presses = [undo.undo(), undo.undo(), undo.undo(), undo.redo()];
    await settle();
    expect([value.now, calls.length]).toEqual([2, 1]);
    calls[0]?.end();
    await Promise.all(presses);
    expect(value.now).toBe(1);
    expect(refused).toEqual([]);
    expect(said).toEqual([
      'Undone: retrain 1.',
      'Undone: step to 2.',
      'Undone: step to 1.',
      'Redone: step to 1.',
    ]);
    expect(store.undoable.value).toEqual({ undo: 'step to 1', redo: 'step to 2' });
  });

  it('ends with fifty fast presses where fifty slow ones end', async () => {
    const ends = await Promise.all(
      [true, false].map(async (fast) => {
        const { undo, store, refused } = bench();
        let state = 0;
        for (let i = 1; i <= 60; i++) {
          const go = (to: number) => async () => {
            store.phase.value = { kind: 'running', job: i, stopping: true };
            await settle();
            state = to;
            store.phase.value = { kind: 'finished' };
          };
          undo.push({ label: `retrain ${i}`, undo: go(i - 1), redo: go(i), model: true });
        }
        const presses: Promise<void>[] = [];
        for (let i = 0; i < 50; i++) {
          const press = undo.undo();
          if (!fast) await press;
          presses.push(press);
        }
        await Promise.all(presses);
        return { state, refused, undoable: store.undoable.value };
      }),
    );
    expect(ends[0]).toEqual({
      state: 10,
      refused: [],
      undoable: { undo: 'retrain 10', redo: 'retrain 11' },
    });
    expect(ends[0]).toEqual(ends[1]);
  });

  it('drops what waits when it fails, and when something else is done meanwhile', async () => {
    const { undo, act, value } = bench();
    act(1);
    const calls = slow(undo, 'retrain 1');
    const failing = [undo.undo(), undo.undo()];
    calls[0]?.fail(new Error('Stopped on the way.'));
    await Promise.all(failing);
    expect(value.now).toBe(1);
    const meanwhile = [undo.undo(), undo.undo()];
    act(2);
    calls[1]?.end();
    await Promise.all(meanwhile);
    expect(value.now).toBe(2);
  });

  it('takes its turn behind a return, whose own step is then the last', async () => {
    const { undo, act, value, said } = bench();
    act(1);
    let end = (): void => undefined;
    const returning = undo.during(async () => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      value.now = 7;
      const set = (to: number) => () => {
        value.now = to;
      };
      return { label: 'return to training 0', undo: set(1), redo: set(7), model: true };
    });
    const presses = [undo.undo(), undo.undo()];
    await settle();
    expect(value.now).toBe(1);
    end();
    await Promise.all([returning, ...presses]);
    expect(value.now).toBe(0);
    expect(said).toEqual(['Undone: return to training 0.', 'Undone: step to 1.']);
    await expect(undo.during(() => Promise.reject(new Error('Lost.')))).rejects.toThrow('Lost.');
    await undo.redo();
    expect(value.now).toBe(1);
  });

  it('counts as before what is done meanwhile', async () => {
    const { undo, act, value, store } = bench();
    act(1);
    const calls = slow(undo, 'retrain 1');
    const back = undo.undo();
    act(2);
    calls[0]?.end();
    await back;
    /* The selection made meanwhile is the last change: it is undone next, and the retrain can't be redone. */
    expect(store.undoable.value).toEqual({ undo: 'step to 2', redo: null });
    await undo.undo();
    expect(value.now).toBe(1);
    await undo.redo();
    expect(value.now).toBe(2);
  });

  it('comes back into its place when it is redone while something else happens', async () => {
    const { undo, act, store } = bench();
    const calls = slow(undo, 'retrain 1');
    const back = undo.undo();
    calls[0]?.end();
    await back;
    const again = undo.redo();
    act(2);
    calls[1]?.end();
    await again;
    expect(store.undoable.value).toEqual({ undo: 'step to 2', redo: null });
    await undo.undo();
    expect(store.undoable.value).toEqual({ undo: 'retrain 1', redo: 'step to 2' });
  });

  it('stays where it was when it fails, and the page says so', async () => {
    const { undo, refused, said, store } = bench();
    const calls = slow(undo, 'retrain 1');
    const back = undo.undo();
    calls[0]?.fail(new Error('The worker was lost.'));
    await back;
    expect(store.undoable.value).toEqual({ undo: 'retrain 1', redo: null });
    expect(refused).toEqual(['Undoing retrain 1 failed: The worker was lost.']);
    expect(said).toEqual([]);
    void undo.undo();
    expect(calls).toHaveLength(2);
  });

  it('is dropped when another table, or another model, comes meanwhile', async () => {
    for (const forget of ['clear', 'forgetModel'] as const) {
      const { undo, act, said, store } = bench();
      const calls = slow(undo, 'retrain 1');
      const back = undo.undo();
      undo[forget]();
      calls[0]?.end();
      await back;
      await settle();
      expect(store.undoable.value).toEqual({ undo: null, redo: null });
      expect(said).toEqual([]);
      act(1);
      await undo.undo();
      expect(said).toEqual(['Undone: step to 1.']);
    }
  });
});
