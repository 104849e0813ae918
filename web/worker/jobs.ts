/**
 * Jobs by id: what takes time, can be cancelled and says how far it is. Reading and preparing may go on beside
 * a training; there is one training at a time.
 */
import type { Features } from '../kernels/table.ts';
import { failure } from '../protocol/failure.ts';
import type { EpochLoss, FromWorker, Id, RateChange } from '../protocol/messages.ts';
import { isFatal } from './failure-of.ts';
import { Pace } from './pace.ts';
import { Runner, type RunnerEnd, type RunnerState, type Task, type Timing } from './runner.ts';

export interface ReadHooks {
  progress(done: number, total: number): void;
  signal: AbortSignal;
}

/** What can be set of a training while it runs. */
export interface Trained {
  setLearningRate(rate: number): RateChange; // from the batch after the next one on
}

interface Job {
  of: Id | null; // the noun that it works for
  cancel(): void;
  ended: Promise<unknown>;
  runner: Runner | null;
  training: Trained | null;
}

/** What the progress of a training says beyond done and total. */
export interface TrainingProgress {
  epoch: number;
  epochs: number;
  rows: number; // trained so far
  series: EpochLoss[];
}

const PROGRESS_EVERY = 50;

/** Features are made in one go of units; there is nothing half-way that others could see. */
function featureTask(features: Features): Task {
  return {
    step: (units) => features.step(units),
    get done() {
      return features.done;
    },
    settled: true,
    epoch: 0,
    epochShare: 0,
    abandon() {},
    rewind() {},
  };
}

/** Reports of one job: their rate, the time left, and the message itself. */
export class Reporter {
  readonly #pace = new Pace();
  readonly #now: () => number;
  readonly #post: (message: FromWorker) => void;
  readonly #job: Id;
  readonly #stage: string;
  #last = Number.NEGATIVE_INFINITY;
  #state: RunnerState = 'running';

  constructor(job: Id, stage: string, now: () => number, post: (message: FromWorker) => void) {
    this.#job = job;
    this.#stage = stage;
    this.#now = now;
    this.#post = post;
  }

  /** For what has no runner that holds its reports apart: at most 20 times a second, and the last one. */
  throttled(done: number, total: number): void {
    const now = this.#now();
    if (now - this.#last >= PROGRESS_EVERY || (total > 0 && done >= total)) {
      this.#last = now;
      this.say(done, total, 'running', null);
    }
  }

  say(done: number, total: number, state: RunnerState, training: TrainingProgress | null): void {
    if (state !== this.#state) {
      this.#state = state;
      this.#pace.restart();
    }
    if (state === 'running') {
      this.#pace.sample(this.#now(), done, training?.rows ?? 0);
    }
    this.#post({
      type: 'progress',
      job: this.#job,
      stage: this.#stage,
      done,
      total,
      epoch: training?.epoch ?? 0,
      epochs: training?.epochs ?? 0,
      rows_per_second: training === null ? null : this.#pace.rate(),
      seconds_left: this.#pace.secondsLeft(total),
      state,
      series: training?.series ?? [],
    });
  }
}

export class Jobs {
  readonly #timing: Timing;
  readonly #post: (message: FromWorker) => void;
  readonly #jobs = new Map<Id, Job>();
  readonly #over = new Set<Id>(); // a stop or cancel that comes too late is no error

  constructor(timing: Timing, post: (message: FromWorker) => void) {
    this.#timing = timing;
    this.#post = post;
  }

  /** Something is under way. */
  get busy(): boolean {
    return this.#jobs.size > 0;
  }

  /** A model is being trained, or rests half-way. */
  get training(): boolean {
    return [...this.#jobs.values()].some(({ training }) => training !== null);
  }

  turn(): Promise<void> {
    return this.#timing.turn();
  }

  reporter(job: Id, stage: string): Reporter {
    return new Reporter(job, stage, () => this.#timing.now(), this.#post);
  }

  /** Work that yields by itself: reading. */
  read<T>(id: Id, stage: string, work: (on: ReadHooks) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const reporter = this.reporter(id, stage);
    const ended = work({
      signal: controller.signal,
      progress: (done, total) => reporter.throttled(done, total),
    });
    return this.#follow(
      id,
      { of: null, cancel: () => controller.abort(), ended, runner: null, training: null },
      ended,
    );
  }

  /** Features of the table `of`, in slices; `conclude` runs before the job counts as ended, also after a failure. */
  step<T>(id: Id, features: Features, of: Id, conclude: (end: RunnerEnd | null) => T): Promise<T> {
    const reporter = this.reporter(id, 'features');
    const runner = new Runner(this.#timing, featureTask(features), {
      progress: (state) => {
        const { done, total } = features.progress();
        reporter.say(done, total, state, null);
      },
    });
    return this.run(id, of, runner, null, conclude);
  }

  /** A runner for the noun `of`, until it ends. After a trap nothing is concluded: the kernels must rest. */
  run<T>(
    id: Id,
    of: Id,
    runner: Runner,
    training: Trained | null,
    conclude: (end: RunnerEnd | null) => T,
  ): Promise<T> {
    const ended = runner.run().then(conclude, (error: unknown) => {
      try {
        if (!isFatal(error)) {
          conclude(null);
        }
      } catch {
        // What the step threw is what went wrong; a conclusion of nothing adds nothing to it.
      }
      throw error;
    });
    return this.#follow(id, { of, cancel: () => runner.cancel(), ended, runner, training }, ended);
  }

  /** Throws when the id was given out before. */
  mustBeNew(id: Id): void {
    if (this.#jobs.has(id) || this.#over.has(id)) {
      throw failure('bad_param', `The id ${id} is taken.`, '', 'job');
    }
  }

  async #follow<T>(id: Id, job: Job, ended: Promise<T>): Promise<T> {
    try {
      this.mustBeNew(id);
    } catch (error) {
      job.cancel();
      await job.ended.catch(() => undefined);
      throw error;
    }
    this.#jobs.set(id, job);
    try {
      return await ended;
    } finally {
      this.#jobs.delete(id);
      this.#over.add(id);
    }
  }

  /** Pause, resume: for jobs with a runner. One that has ended needs neither. */
  async control(id: Id, act: (runner: Runner) => void | Promise<void>): Promise<void> {
    const job = this.#find(id);
    if (job?.runner) {
      await act(job.runner);
    }
  }

  async stop(id: Id): Promise<void> {
    const job = this.#find(id);
    if (job !== null) {
      job.runner?.stop();
      await job.ended.catch(() => undefined);
    }
  }

  async cancel(id: Id): Promise<void> {
    const job = this.#find(id);
    if (job !== null) {
      job.cancel();
      await job.ended.catch(() => undefined);
    }
  }

  /** Ends everything that works for a noun. */
  async cancelOf(noun: Id): Promise<void> {
    const ids = [...this.#jobs].filter(([, job]) => job.of === noun).map(([id]) => id);
    await Promise.all(ids.map((id) => this.cancel(id)));
  }

  /** Null when the job has ended, or trains nothing. */
  setLearningRate(id: Id, rate: number): RateChange | null {
    return this.#find(id)?.training?.setLearningRate(rate) ?? null;
  }

  #find(id: Id): Job | null {
    const job = this.#jobs.get(id);
    if (job === undefined && !this.#over.has(id)) {
      throw failure('not_found', `There is no job ${id}.`);
    }
    return job ?? null;
  }
}
