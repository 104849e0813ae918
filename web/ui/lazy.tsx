/**
 * Panels that come after the first frames. The page's first picture has their places, empty and as large as they
 * will be; the panels themselves are fetched once the first points move, so that they never keep those waiting, and
 * at once when the person does anything.
 */

import { effect } from '@preact/signals';
import { type FunctionComponent, h, type JSX } from 'preact';
import type { Room } from '../state/room.ts';
import type { Store } from '../state/store.ts';

/**
 * A component out of a room.
 *
 * @param hold what stands in its place until then: what is as large, and has the same names; default nothing
 */
export function part<M, P extends object>(
  room: Room<M>,
  pick: (content: M) => FunctionComponent<P>,
  hold: (props: P) => JSX.Element | null = () => null,
): FunctionComponent<P> {
  return (props) => {
    const content = room.content.value;
    return content ? h(pick(content), props) : hold(props);
  };
}

/** Frames of the first map after which its points have moved. */
const MOVED = 2;
/** Whatever else the browser has to do, the panels come so soon after the first frames, in ms. */
const LATEST = 300;
const HANDS = ['pointerdown', 'keydown', 'wheel', 'dragenter'] as const;

/** Enters rooms once the first points move, or nothing is on its way there; before that, when the person acts. */
export function enterSoon(store: Store, rooms: readonly Room<unknown>[]): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  const enter = (): void => {
    abort.abort();
    /* What is missing is told by `roomMissing`. */
    for (const room of rooms) room.enter().catch(() => undefined);
  };
  for (const type of HANDS) window.addEventListener(type, enter, { signal, passive: true, capture: true });
  let off: (() => void) | null = null;
  const stop = effect(() => {
    if (signal.aborted || !calm(store)) return;
    off?.();
    off = whenIdle(enter);
  });
  return () => {
    stop();
    off?.();
    abort.abort();
  };
}

/** Nothing is about to be seen for the first time, or it is seen. */
function calm(store: Store): boolean {
  const { kind } = store.phase.value;
  if ((store.map.value?.version ?? 0) >= MOVED || kind === 'empty' || kind === 'failed') return true;
  return !store.firstVisit.value && kind !== 'starting' && kind !== 'opening' && kind !== 'running';
}

/** Calls once the browser has nothing better to do, LATEST ms from now at the latest. Returns what calls it off. */
function whenIdle(run: () => void): () => void {
  /* Safari has no requestIdleCallback. */
  if (typeof requestIdleCallback !== 'function') {
    const timer = setTimeout(run, LATEST / 2);
    return () => clearTimeout(timer);
  }
  const request = requestIdleCallback(run, { timeout: LATEST });
  return () => cancelIdleCallback(request);
}
