/**
 * The step loop of the worker: one foreground job, cut into slices of about 16 ms, and between two slices
 * whatever else is to be said or answered. It knows nothing of methods: it steps a `Task`, keeps a `View` of
 * it fresh, and tells a `Listener`.
 *
 *   slice     the task is stepped until 16 ms have passed; the units of one step adapt by at most 2x, so that
 *             a step stays below half a slice
 *   turn      after each slice everything that arrived is handled: a cancel acts after one slice at most
 *   quiet     who reads the task's object waits until it is settled (nothing half-way); the loop then rests
 *   view      kept fresh with at most a quarter of the time, see `Allowance`; whole at pause, stop and end
 *
 * Clock and turn are given, so that tests need neither time nor luck.
 */
import { Allowance } from './allowance.ts';

/** Something that is stepped until it is done. */
export interface Task {
  /** Called once before the first step, when who was reading before is through; not after a cancel. */
  begin?(): void;
  /** At most `units` units; each is far less than a slice. May return early at the end of an epoch. */
  step(units: number): void;
  readonly done: boolean;
  /** Nothing is half-way: others may read what the task works on. */
  readonly settled: boolean;
  /** False: an epoch's last batch is done, but not what is found out at its end. Absent: it never is. */
  readonly epochClosed?: boolean;
  /** Finished epochs, or whatever the task counts in: `resume(epochs)` counts these. */
  readonly epoch: number;
  /** How much of the current epoch is done, in [0, 1]. */
  readonly epochShare: number;
  /** Gives up what is half-way where it can; `settled` afterwards says whether it could. */
  abandon(): void;
  /** For a cancel that can't wait: settled at once, at the price of going back to an earlier state. */
  rewind(): void;
}

/** What is shown of a task while it runs, made piece by piece. */
export interface View {
  /** Brings some more rows up to date, for about `milliseconds`; true when a sweep over all rows is complete. */
  advance(milliseconds: number): boolean;
  /** Starts a new sweep at the first row: all its rows will be of one state. */
  restart(detail: boolean): void;
  /** Sends what there is. `always`: also when it was sent just now or nobody has lent a buffer. */
  send(always: boolean): void;
  /** Every row has been sent at least once. */
  readonly drawn: boolean;
  /** A sweep with and one without detail, in milliseconds, as far as known; 0 before the first. */
  readonly cost: { plain: number; detailed: number };
}

export type RunnerState = 'running' | 'paused';

export interface Listener {
  /** At most 20 times a second, at each change of state, and at the end. */
  progress(state: RunnerState): void;
  /** After each epoch; must be quick. */
  epoch?(): void;
  /** The task is settled and the view, if any, whole: at each pause and at the end, and now and then between. */
  rest?(why: 'between' | 'paused' | 'end'): void;
}

export type RunnerEnd = 'done' | 'stopped' | 'cancelled';

export interface Timing {
  now(): number; // milliseconds
  turn(): Promise<void>; // lets everything that has arrived be handled
}

/** Milliseconds. */
const SLICE = 16;
const STEP = 6;
const PROGRESS_EVERY = 50;
const REST_EVERY = 5000;
const CANCEL_PATIENCE = 60;
const MOST_UNITS = 4096;

type Wanted = 'run' | 'pause' | 'stop' | 'cancel';

export class Runner {
  readonly #timing: Timing;
  readonly #task: Task;
  readonly #view: View | null;
  readonly #listener: Listener;
  readonly #allowance = new Allowance();

  #wanted: Wanted = 'run';
  #state: RunnerState = 'running';
  #pauseAfter: number | null = null; // epochs of the task
  #units = 1;
  #lastProgress = Number.NEGATIVE_INFINITY;
  #lastRest: number;
  #restCost = 0;
  #stepSeconds = 0;
  #readers = 0; // that rest the loop now
  #waiting: (() => void)[] = []; // readers that wait for a settled task
  #pausers: (() => void)[] = []; // answered once it rests
  #wake: (() => void) | null = null; // of the paused loop

  constructor(timing: Timing, task: Task, listener: Listener, view: View | null = null) {
    this.#timing = timing;
    this.#task = task;
    this.#listener = listener;
    this.#view = view;
    this.#lastRest = timing.now();
  }

  get state(): RunnerState {
    return this.#state;
  }

  /** Time spent in the task's steps. */
  get stepSeconds(): number {
    return this.#stepSeconds;
  }

  /** Runs to the end. What a step throws ends it; the task is not touched again then. */
  async run(): Promise<RunnerEnd> {
    const task = this.#task;
    try {
      await this.#letRead(); // who was reading before there was a runner
      if (this.#wanted !== 'cancel') {
        task.begin?.();
      }
      if (this.#view !== null && !this.#view.drawn) {
        // Where every row starts from, so that there is something to see at once.
        await this.#sweep(false);
      }
      for (;;) {
        await this.#timing.turn();
        await this.#serve();
        if (this.#wanted === 'cancel') {
          this.#settleNow();
          return 'cancelled';
        }
        if (task.done || this.#wanted === 'stop') {
          if (!(await this.#settle(true)) || !(await this.#whole())) {
            continue;
          }
          this.#listener.rest?.('end');
          this.#report(true);
          return task.done ? 'done' : 'stopped';
        }
        if (this.#wanted === 'pause') {
          await this.#pause();
          continue;
        }
        this.#slice();
        await this.#refresh();
        this.#report();
      }
    } finally {
      this.#release();
    }
  }

  /** Resolves once the task is settled, the view whole, and nothing moves until `resume`. */
  pause(): Promise<void> {
    if (this.#state === 'paused') {
      return Promise.resolve();
    }
    if (this.#wanted === 'run') {
      this.#wanted = 'pause';
    }
    return new Promise((resolve) => this.#pausers.push(resolve));
  }

  /** Goes on: to the end, or for so many epochs from here, and then pauses. */
  resume(epochs?: number): void {
    if (this.#wanted !== 'run' && this.#wanted !== 'pause') {
      return;
    }
    this.#pauseAfter = epochs === undefined ? null : this.#task.epoch + epochs;
    this.#wanted = 'run';
    this.#answerPausers();
    this.#wakeUp();
  }

  /** Ends as soon as the task is settled and the view whole. */
  stop(): void {
    if (this.#wanted !== 'cancel') {
      this.#wanted = 'stop';
      this.#wakeUp();
    }
  }

  /** Ends after the slice that runs now; wakes a paused task. */
  cancel(): void {
    this.#wanted = 'cancel';
    this.#wakeUp();
  }

  /**
   * Runs `read` while the task is settled and does not move, even across the turns that `read` takes. A cancel
   * does not wait for it.
   */
  async quiet<T>(read: () => T | Promise<T>): Promise<T> {
    if (!this.#task.settled) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#readers += 1;
    try {
      return await read();
    } finally {
      this.#readers -= 1;
    }
  }

  /** One slice of work: at least one step, and steps until the slice's time has passed. */
  #slice(): void {
    const task = this.#task;
    const start = this.#timing.now();
    let before = start;
    do {
      const ended = this.#step(this.#units);
      const after = this.#timing.now();
      const took = after - before;
      before = after;
      this.#allowance.earn(took);
      if (took > STEP * 2 && this.#units > 1) {
        this.#units = Math.ceil(this.#units / 2);
      } else if (took < STEP / 2 && !ended && this.#units < MOST_UNITS) {
        this.#units *= 2;
      }
      if (ended) {
        if (this.#wanted === 'pause') {
          break;
        }
        if (this.#view !== null && this.#allowance.epochEnds(this.#view.cost, before)) {
          break;
        }
      }
    } while (!task.done && before - start < SLICE - STEP / 2);
    this.#stepSeconds += (before - start) / 1000;
  }

  /** One step of the task; true at the end of an epoch. */
  #step(units: number): boolean {
    const task = this.#task;
    const epoch = task.epoch;
    task.step(units);
    if (task.epoch === epoch) {
      return false;
    }
    this.#listener.epoch?.();
    if (this.#pauseAfter !== null && task.epoch >= this.#pauseAfter) {
      this.#pauseAfter = null;
      if (this.#wanted === 'run') {
        this.#wanted = 'pause';
      }
    }
    return true;
  }

  /** Spends the view's share of the time: a whole sweep when an epoch has just ended, else some rows. */
  async #refresh(): Promise<void> {
    const view = this.#view;
    if (view === null || !this.#task.settled || this.#task.done || this.#wanted !== 'run') {
      return;
    }
    const allowance = this.#allowance;
    if (allowance.takeWhole()) {
      await this.#sweep(allowance.detail);
      return;
    }
    const start = this.#timing.now();
    const milliseconds = allowance.forRows(view.cost, this.#task.epochShare, start);
    if (milliseconds > 0) {
      const complete = view.advance(Math.min(milliseconds, SLICE / 2));
      if (complete) {
        allowance.swept(start);
        view.restart(allowance.canDetail(view.cost));
      }
      allowance.spend(this.#timing.now() - start);
      view.send(false);
    }
  }

  /** All rows, in slices, while the task rests. False when a cancel came in between. */
  async #sweep(detail: boolean): Promise<boolean> {
    const view = this.#view;
    if (view === null) {
      return true;
    }
    view.restart(detail);
    for (;;) {
      const start = this.#timing.now();
      const complete = view.advance(SLICE);
      this.#allowance.spend(this.#timing.now() - start);
      if (complete) {
        break;
      }
      this.#report();
      await this.#timing.turn();
      await this.#serve();
      if (this.#wanted === 'cancel') {
        return false;
      }
    }
    view.send(false);
    return true;
  }

  /** A whole sweep with detail, sent whatever else; false when a cancel came in between. */
  async #whole(): Promise<boolean> {
    if (this.#view === null) {
      return true;
    }
    if (this.#wanted === 'cancel' || !(await this.#sweep(true))) {
      return false;
    }
    this.#view.send(true);
    return true;
  }

  async #pause(): Promise<void> {
    if (!(await this.#settle(true)) || !(await this.#whole()) || this.#wanted !== 'pause') {
      return;
    }
    this.#state = 'paused';
    this.#rest('paused');
    this.#report(true);
    this.#answerPausers();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#report(true);
  }

  /**
   * Steps until nothing is half-way, in slices; `closed`: nor an epoch, so that what is told of a model that rests
   * agrees. False when a cancel came in between.
   */
  async #settle(closed = false): Promise<boolean> {
    const task = this.#task;
    const rests = (): boolean => task.done || (task.settled && !(closed && task.epochClosed === false));
    while (!rests()) {
      const start = this.#timing.now();
      while (!rests() && this.#timing.now() - start < SLICE) {
        this.#step(1);
      }
      this.#stepSeconds += (this.#timing.now() - start) / 1000;
      if (!rests()) {
        await this.#timing.turn();
        if (this.#wanted === 'cancel') {
          return false;
        }
      }
    }
    return true;
  }

  /** For a cancel: settled now. A step or two at most end what is half-way, else the task goes back. */
  #settleNow(): void {
    const task = this.#task;
    task.abandon();
    const start = this.#timing.now();
    while (!task.settled && this.#timing.now() - start < CANCEL_PATIENCE) {
      task.step(1);
    }
    if (!task.settled) {
      task.rewind();
    }
  }

  /** Lets waiting readers in once the task is settled, and waits until the last one is through, or for a cancel. */
  async #letRead(): Promise<void> {
    if (this.#waiting.length > 0 && (await this.#settle())) {
      for (const resolve of this.#waiting.splice(0)) {
        resolve();
      }
      await this.#timing.turn();
    }
    while (this.#readers > 0 && this.#wanted !== 'cancel') {
      await this.#timing.turn();
    }
  }

  async #serve(): Promise<void> {
    await this.#letRead();
    if (this.#wanted === 'run' && this.#task.settled && this.#task.epochClosed !== false) {
      const now = this.#timing.now();
      // A rest that is dear (a snapshot of a large model) comes less often: 2 % of the time at most.
      if (now - this.#lastRest >= Math.max(REST_EVERY, this.#restCost * 50)) {
        this.#rest('between');
      }
    }
  }

  #rest(why: 'between' | 'paused'): void {
    const start = this.#timing.now();
    this.#listener.rest?.(why);
    this.#lastRest = this.#timing.now();
    this.#restCost = this.#lastRest - start;
  }

  #report(always = false): void {
    const now = this.#timing.now();
    if (always || now - this.#lastProgress >= PROGRESS_EVERY) {
      this.#lastProgress = now;
      this.#listener.progress(this.#state);
    }
  }

  #answerPausers(): void {
    for (const resolve of this.#pausers.splice(0)) {
      resolve();
    }
  }

  #wakeUp(): void {
    this.#state = 'running';
    this.#wake?.();
    this.#wake = null;
  }

  /** Nobody waits for a loop that has ended. */
  #release(): void {
    this.#state = 'running';
    this.#answerPausers();
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }
}
