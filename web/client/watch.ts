/**
 * Deadlines in waking time: a laptop that slept, or a background tab whose timers are throttled, has not waited.
 * Time between two ticks counts for at most one and a half ticks, however long it was.
 */

export interface Clock {
  now(): number; // milliseconds
  every(milliseconds: number, tick: () => void): () => void; // returns what ends it
}

export const TICK = 500;

export const realClock: Clock = {
  now: () => performance.now(),
  every(milliseconds, tick) {
    const timer = setInterval(tick, milliseconds);
    // In Node a timer keeps the program alive; a watch that waits for nothing should not.
    (timer as unknown as { unref?: () => void }).unref?.();
    return () => clearInterval(timer);
  },
};

export class Watch {
  readonly #clock: Clock;
  readonly #onTick: (awake: number) => void;
  #awake = 0; // milliseconds
  #last = 0;
  #end: (() => void) | null = null;

  constructor(clock: Clock, onTick: (awake: number) => void) {
    this.#clock = clock;
    this.#onTick = onTick;
  }

  /** Waking milliseconds up to the last tick. */
  get awake(): number {
    return this.#awake;
  }

  /** Ticks while `on`; an idle page has no timer. */
  set(on: boolean): void {
    if (on && this.#end === null) {
      this.#last = this.#clock.now();
      this.#end = this.#clock.every(TICK, () => this.#tick());
    } else if (!on && this.#end !== null) {
      this.#end();
      this.#end = null;
    }
  }

  #tick(): void {
    const now = this.#clock.now();
    this.#awake += Math.min(Math.max(now - this.#last, 0), TICK * 1.5);
    this.#last = now;
    this.#onTick(this.#awake);
  }
}
