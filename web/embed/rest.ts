/**
 * Letting go of what a figure far from what is seen can do without, and having it again when it comes near.
 *
 * Its graphics go at once: a picture stays in their place. The worker goes as soon as nothing would be lost with it; it
 * is raised again by the first thing that is asked of it, with the same table, model and weights. A training under way is
 * begun again when the figure is back, from the weights that it began with: the same bits come of it. That costs what
 * has been done so far, so that one which has run for long, or which the reader has paused, keeps its worker and rests.
 */

import { effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import type { Engine } from '../client/engine.ts';
import type { Actions } from '../state/actions.ts';
import type { Phase, Store } from '../state/store.ts';

/** A training that took longer is paused, not begun again, ms. */
export const MOST_AGAIN = 10_000;

export interface Resting {
  /** A training was paused since the figure is far, and goes on when it is near. */
  readonly held: ReadonlySignal<boolean>;
  setNear(near: boolean): void;
}

/** Between two looks at a far figure whose worker was raised by a late question, ms. */
const LOOK = 1000;

/** @param busy something is being done that is not to be cut in two: several trainings, or what the page around asked for */
export function createRest(
  store: Store,
  engine: Pick<Engine, 'sleep'>,
  actions: Pick<Actions, 'pause' | 'resume' | 'retry'>,
  now: () => number,
  busy: ReadonlySignal<boolean>,
): Resting {
  let began: { job: number; at: number } | null = null;
  const held = signal(false);
  let stop: (() => void) | null = null;

  effect(() => {
    const phase = store.phase.value;
    if (!('job' in phase)) began = null;
    else if (began?.job !== phase.job) began = { job: phase.job, at: now() };
  });

  /** What is measured, put back or opened is not cut in two. */
  function settled(phase: Phase): boolean {
    const { kind } = phase;
    return kind === 'ready' || kind === 'finished' || kind === 'empty' || kind === 'failed';
  }

  function plainRun(phase: Phase): boolean {
    const task = store.task.peek();
    return (
      phase.kind === 'running' && !phase.stopping && task?.kind !== 'return' && task?.stage !== 'measure'
    );
  }

  function letGo(phase: Phase): void {
    if (settled(phase)) {
      engine.sleep();
    } else if (plainRun(phase)) {
      if (began && now() - began.at > MOST_AGAIN) {
        held.value = true;
        void actions.pause();
      } else {
        engine.sleep();
      }
    }
  }

  function fallAsleep(): void {
    store.asleep.value = true;
    /* What is read after the last change of the phase, a summary or errors of rows, raises a worker, too. */
    const late = setInterval(() => {
      if (!busy.peek() && settled(store.phase.peek())) engine.sleep(true);
    }, LOOK);
    const following = effect(() => {
      const phase = store.phase.value;
      void store.task.value;
      if (busy.value) return;
      /* Whoever has brought the phase about has more to ask, as a rule: of a worker that is still there. */
      untracked(() => setTimeout(() => stop && store.phase.peek() === phase && letGo(phase)));
    });
    stop = () => {
      clearInterval(late);
      following();
    };
  }

  /** A pause takes until the end of a batch. */
  function goOn(): void {
    let off: (() => void) | null = null;
    let done = false;
    off = effect(() => {
      const { kind } = store.phase.value;
      if (done || kind === 'pausing' || store.asleep.value) return;
      done = true;
      untracked(() => {
        if (kind === 'paused') void actions.resume();
        off?.();
      });
    });
    if (done) off();
  }

  function wakeUp(): void {
    stop?.();
    stop = null;
    store.asleep.value = false;
    const phase = store.phase.peek();
    if (phase.kind === 'failed' && phase.failure.code === 'asleep') void actions.retry();
    else if (held.peek()) goOn();
    held.value = false;
  }

  return {
    held,
    setNear(near) {
      if (near === !store.asleep.peek()) return;
      if (near) wakeUp();
      else fallAsleep();
    },
  };
}
