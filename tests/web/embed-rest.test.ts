// Letting go of worker and graphics, and having them again.
import { signal } from '@preact/signals';
import { describe, expect, it, vi } from 'vitest';
import { createRest, MOST_AGAIN } from '../../web/embed/rest.ts';
import { createStore, type Phase, type Store } from '../../web/state/store.ts';

const soon = (): Promise<void> => new Promise((done) => setTimeout(done, 5));
const running: Phase = { kind: 'running', job: 1, stopping: false };

function open(phase: Phase): {
  store: Store;
  calls: string[];
  clock: { now: number };
  busy: { value: boolean };
  setNear(near: boolean): void;
} {
  const store = createStore();
  store.phase.value = phase;
  const calls: string[] = [];
  const clock = { now: 0 };
  const busy = signal(false);
  const act = (name: string) => async (): Promise<void> => void calls.push(name);
  const { setNear } = createRest(
    store,
    { sleep: (idle) => calls.push(idle ? 'sleep if idle' : 'sleep') > 0 },
    { pause: act('pause'), resume: act('resume'), retry: act('retry') },
    () => clock.now,
    busy,
  );
  return { store, calls, clock, busy, setNear };
}

describe('a figure far from what is seen', () => {
  it('row 91: lets go of its worker at rest, and asks for nothing when it is back', async () => {
    const { store, calls, setNear } = open({ kind: 'finished' });
    setNear(false);
    expect(store.asleep.value).toBe(true);
    await soon();
    expect(calls).toEqual(['sleep']);
    setNear(true);
    expect(store.asleep.value).toBe(false);
    expect(calls).toEqual(['sleep']);
  });

  it('row 91: lets go again of a worker that something late has raised, unless it is busy', () => {
    vi.useFakeTimers();
    try {
      const { calls, busy, setNear } = open({ kind: 'finished' });
      setNear(false);
      vi.advanceTimersByTime(2500);
      expect(calls).toEqual(['sleep', 'sleep if idle', 'sleep if idle']);
      busy.value = true;
      vi.advanceTimersByTime(2500);
      expect(calls).toHaveLength(3);
      busy.value = false;
      setNear(true);
      vi.advanceTimersByTime(2500);
      expect(calls.slice(3)).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('begins a short training again, and pauses a long one', async () => {
    const short = open(running);
    short.setNear(false);
    await soon();
    expect(short.calls).toEqual(['sleep']);
    const failure = { code: 'asleep', message: '', hint: '' } as const;
    short.store.phase.value = { kind: 'failed', failure, retry: true };
    short.setNear(true);
    expect(short.calls.at(-1)).toBe('retry');

    const long = open(running);
    long.clock.now = MOST_AGAIN + 1;
    long.setNear(false);
    await soon();
    expect(long.calls).toEqual(['pause']);
    long.store.phase.value = { kind: 'pausing', job: 1 };
    long.setNear(true);
    expect(long.calls).toEqual(['pause']);
    long.store.phase.value = { kind: 'paused', job: 1 };
    expect(long.calls).toEqual(['pause', 'resume']);
  });

  it('waits for what is opened, measured, put back or paused by the reader', async () => {
    const opening = {
      kind: 'opening',
      name: '',
      stage: 'read',
      done: 0,
      total: 0,
      seconds_left: null,
    } as const;
    for (const phase of [{ ...opening, replaces: false }, { kind: 'paused', job: 1 } as const]) {
      const { calls, setNear } = open(phase);
      setNear(false);
      await soon();
      expect(calls).toEqual([]);
      setNear(true);
      expect(calls).toEqual([]);
    }
    const measuring = open(running);
    measuring.store.task.value = { kind: 'retrain', title: '', stage: 'measure' };
    measuring.setNear(false);
    await soon();
    expect(measuring.calls).toEqual([]);
    measuring.store.task.value = { kind: 'retrain', title: '', stage: 'run' };
    await soon();
    expect(measuring.calls).toEqual(['sleep']);
  });

  it('does not cut in two what a link leads through', async () => {
    const { calls, busy, setNear } = open(running);
    busy.value = true;
    setNear(false);
    await soon();
    expect(calls).toEqual([]);
    busy.value = false;
    await vi.waitFor(() => expect(calls).toEqual(['sleep']));
  });
});
