// The runner with a fake task, view and clock: what is asserted is work per slice and the order of things, not time.
import { describe, expect, it } from 'vitest';
import { Runner, type RunnerState, type Task, type View } from '../../web/worker/runner.ts';

/** Time passes only through work. Messages are handled in a turn, as over a port. */
class World {
  time = 0;
  turns = 0;
  log: string[] = [];
  #messages: { at: number; run: () => void }[] = [];

  /** `run` arrives when the clock shows `at`: it is handled in the first turn after that. */
  message(at: number, run: () => void): void {
    this.#messages.push({ at, run });
  }

  timing = {
    now: () => this.time,
    turn: async () => {
      this.turns += 1;
      this.log.push('turn');
      if (this.turns > 100_000) throw new Error('The loop does not end.');
      const due = this.#messages.filter(({ at }) => at <= this.time);
      this.#messages = this.#messages.filter(({ at }) => at > this.time);
      for (const { run } of due) run();
      // Nobody works while the loop rests: then it is time for the next message.
      if (due.length === 0 && this.log.at(-2) === 'turn' && this.#messages.length > 0) {
        this.time = Math.min(...this.#messages.map(({ at }) => at));
      }
      await Promise.resolve();
    },
  };
}

interface FakeOptions {
  unitMs?: number; // of one unit of work
  unitsPerBatch?: number;
  batchesPerEpoch?: number;
  epochs?: number;
}

class FakeTask implements Task {
  units = 0;
  calls: number[] = [];
  rewound = false;
  abandoned = 0;
  readonly #world: World;
  readonly #o: Required<FakeOptions>;

  constructor(world: World, options: FakeOptions = {}) {
    this.#world = world;
    this.#o = { unitMs: 1, unitsPerBatch: 4, batchesPerEpoch: 50, epochs: 4, ...options };
  }

  get #perEpoch(): number {
    return this.#o.unitsPerBatch * this.#o.batchesPerEpoch;
  }

  step(units: number): void {
    this.calls.push(units);
    this.#world.log.push('step');
    const epoch = this.epoch;
    for (let i = 0; i < units && !this.done && this.epoch === epoch; i += 1) {
      this.units += 1;
      this.#world.time += this.#o.unitMs;
    }
  }

  get done(): boolean {
    return this.units >= this.#perEpoch * this.#o.epochs;
  }

  /** Weights move in the last quarter of a batch. */
  get settled(): boolean {
    return this.rewound || this.units % this.#o.unitsPerBatch < Math.max(1, this.#o.unitsPerBatch * 0.75);
  }

  get epoch(): number {
    return Math.floor(this.units / this.#perEpoch);
  }

  get epochShare(): number {
    return (this.units % this.#perEpoch) / this.#perEpoch;
  }

  abandon(): void {
    this.abandoned += 1;
  }

  rewind(): void {
    this.rewound = true;
  }
}

class FakeView implements View {
  cursor = 0;
  sent: { always: boolean; unitsOfTask: number; whole: boolean }[] = [];
  spent = 0;
  wholeSweeps = 0;
  drawn = false;
  readonly #world: World;
  readonly #task: FakeTask;
  readonly #rows: number;
  readonly #rowMs: number;
  #sweepUnits = 0;
  #whole = false;
  #detail = false;

  constructor(world: World, task: FakeTask, rows: number, rowMs: number) {
    this.#world = world;
    this.#task = task;
    this.#rows = rows;
    this.#rowMs = rowMs;
  }

  get cost(): { plain: number; detailed: number } {
    return { plain: this.#rows * this.#rowMs, detailed: this.#rows * this.#rowMs * 2 };
  }

  restart(detail: boolean): void {
    this.cursor = 0;
    this.#detail = detail;
  }

  advance(milliseconds: number): boolean {
    expect(this.#task.settled, 'rows are read only while nothing is half-way').toBe(true);
    if (this.cursor === 0) {
      this.#sweepUnits = this.#task.units;
      this.#whole = true;
    }
    this.#whole &&= this.#sweepUnits === this.#task.units;
    const row = this.#rowMs * (this.#detail ? 2 : 1);
    const rows = Math.max(1, Math.floor(milliseconds / row));
    const done = Math.min(rows, this.#rows - this.cursor);
    this.cursor += done;
    this.#world.time += done * row;
    this.spent += done * row;
    this.#world.log.push('view');
    if (this.cursor < this.#rows) return false;
    this.drawn = true;
    if (this.#whole) this.wholeSweeps += 1;
    return true;
  }

  send(always: boolean): void {
    this.sent.push({
      always,
      unitsOfTask: this.#task.units,
      whole: this.#whole && this.cursor === this.#rows,
    });
  }
}

function setUp(options: FakeOptions = {}, rows = 0, rowMs = 0.01) {
  const world = new World();
  const task = new FakeTask(world, options);
  const view = rows > 0 ? new FakeView(world, task, rows, rowMs) : null;
  const states: { state: RunnerState; time: number }[] = [];
  const rests: string[] = [];
  const epochs: number[] = [];
  const runner = new Runner(
    world.timing,
    task,
    {
      progress: (state) => void states.push({ state, time: world.time }),
      epoch: () => void epochs.push(task.epoch),
      rest(why) {
        expect(task.settled || task.done).toBe(true);
        rests.push(why);
      },
    },
    view,
  );
  return { world, task, view, runner, states, rests, epochs };
}

/** The longest run of work between two turns, in steps and in milliseconds of it. */
function stepsBetweenTurns(log: readonly string[]): number {
  let most = 0;
  let now = 0;
  for (const entry of log) {
    now = entry === 'turn' ? 0 : now + (entry === 'step' ? 1 : 0);
    most = Math.max(most, now);
  }
  return most;
}

describe('runner', () => {
  it('runs a task to its end and says so last', async () => {
    const { runner, task, epochs, rests, states } = setUp();
    expect(await runner.run()).toBe('done');
    expect(task.done).toBe(true);
    expect(epochs).toEqual([1, 2, 3, 4]);
    expect(rests.at(-1)).toBe('end');
    expect(states.length).toBeGreaterThan(1);
  });

  it('works in slices of about 16 ms, with a turn after each, and units that change by 2x at most', async () => {
    const { runner, world, task } = setUp({ unitMs: 0.01, batchesPerEpoch: 20_000, epochs: 2 });
    let sliceStart = 0;
    let longest = 0;
    const { turn } = world.timing;
    world.timing.turn = async () => {
      longest = Math.max(longest, world.time - sliceStart);
      await turn();
      sliceStart = world.time;
    };
    await runner.run();
    expect(longest).toBeLessThanOrEqual(24);
    expect(world.turns).toBeGreaterThanOrEqual((80_000 * 2 * 0.01) / 24);
    for (let i = 1; i < task.calls.length; i += 1) {
      const ratio = (task.calls[i] ?? 0) / (task.calls[i - 1] ?? 1);
      expect(ratio).toBeLessThanOrEqual(2);
      expect(ratio).toBeGreaterThanOrEqual(0.5);
    }
    expect(Math.max(...task.calls)).toBeGreaterThan(64);
  });

  it('takes one unit at a time when a unit is slow', async () => {
    const { runner, task, world } = setUp({ unitMs: 30, batchesPerEpoch: 5, epochs: 1 });
    await runner.run();
    expect(new Set(task.calls)).toEqual(new Set([1]));
    expect(stepsBetweenTurns(world.log)).toBe(1);
  });

  it('reports at most 20 times a second', async () => {
    const { runner, states, world } = setUp({ batchesPerEpoch: 500 });
    await runner.run();
    const seconds = world.time / 1000;
    expect(states.length).toBeLessThanOrEqual(seconds * 20 + 2);
    expect(states.length).toBeGreaterThan(seconds * 10);
  });

  it('row 57: a cancel acts after the slice it arrived in, at any moment', async () => {
    for (let at = 0; at < 800; at += 37) {
      const { runner, world, task } = setUp();
      let logAtCancel = -1;
      world.message(at, () => {
        runner.cancel();
        logAtCancel = world.log.length;
      });
      const end = await runner.run();
      expect(end).toBe('cancelled');
      // After it was heard: no slice any more, at most the few steps that make weights whole.
      const after = world.log.slice(logAtCancel).filter((entry) => entry === 'step');
      expect(after.length).toBeLessThan(4);
      expect(task.settled).toBe(true);
    }
  });

  it('row 57: a cancel does not wait for the rest of a huge batch', async () => {
    const { runner, world, task } = setUp({ unitMs: 10, unitsPerBatch: 4000, batchesPerEpoch: 1, epochs: 1 });
    world.message(32_000, () => runner.cancel());
    const start = 32_000;
    expect(await runner.run()).toBe('cancelled');
    expect(task.rewound).toBe(true);
    expect(world.time - start).toBeLessThanOrEqual(100);
  });

  it('row 57: a cancel wakes a paused task', async () => {
    const { runner, world, rests } = setUp();
    world.message(30, () => void runner.pause().then(() => runner.cancel()));
    expect(await runner.run()).toBe('cancelled');
    expect(rests).toEqual(['paused']);
  });

  it('pauses at rest with the view whole, says so, and goes on', async () => {
    const { runner, world, task, view, states, rests } = setUp({}, 1000);
    let pausedAt = -1;
    world.message(100, () => {
      void runner.pause().then(() => {
        pausedAt = task.units;
        expect(task.settled).toBe(true);
        expect(view?.sent.at(-1)).toEqual({ always: true, unitsOfTask: task.units, whole: true });
        expect(runner.state).toBe('paused');
        runner.resume();
      });
    });
    expect(await runner.run()).toBe('done');
    expect(pausedAt).toBeGreaterThan(0);
    expect(states.map(({ state }) => state)).toContain('paused');
    expect(rests).toContain('paused');
    expect(task.done).toBe(true);
  });

  it('resumes for a number of epochs and rests again right at their end', async () => {
    const { runner, world, task } = setUp({ epochs: 5 });
    const paused: number[] = [];
    world.message(50, () => {
      void (async () => {
        await runner.pause();
        for (const epochs of [1, 2]) {
          runner.resume(epochs);
          while (runner.state !== 'paused') await world.timing.turn();
          paused.push(task.units);
        }
        runner.resume();
      })();
    });
    await runner.run();
    expect(paused[1] ?? 0).toBeGreaterThan(paused[0] ?? 0);
    expect(paused.map((units) => units % 200)).toEqual([0, 0]);
    expect((paused[1] ?? 0) - (paused[0] ?? 0)).toBe(400);
  });

  it('answers a pause that a resume has overtaken, and one that comes too late', async () => {
    const { runner, world } = setUp();
    const answers: string[] = [];
    world.message(40, () => {
      void runner.pause().then(() => answers.push('overtaken'));
      runner.resume();
    });
    world.message(790, () => {
      runner.stop();
      void runner.pause().then(() => answers.push('late'));
    });
    expect(await runner.run()).toBe('stopped');
    await Promise.resolve();
    expect(answers).toEqual(['overtaken', 'late']);
  });

  it('whenever it is stopped or paused, every epoch begun is closed and told', async () => {
    /** What follows the last batch of an epoch takes its last 40 units of 200. */
    class ClosingTask extends FakeTask {
      get epochClosed(): boolean {
        return this.units % 200 < 160;
      }
    }
    for (const ask of ['stop', 'pause'] as const) {
      for (let at = 1; at < 420; at += 1) {
        const world = new World();
        const task = new ClosingTask(world);
        let told = 0;
        const listener = {
          progress: () => undefined,
          epoch() {
            told += 1;
          },
        };
        const runner = new Runner(world.timing, task, listener);
        const rested: { closed: boolean; told: number; epoch: number }[] = [];
        const look = () => rested.push({ closed: task.epochClosed, told, epoch: task.epoch });
        world.message(at, () => {
          if (ask === 'stop') runner.stop();
          else
            void runner
              .pause()
              .then(look)
              .then(() => runner.stop());
        });
        await runner.run();
        look();
        expect(rested.every(({ closed }) => closed)).toBe(true);
        expect(rested.map((when) => when.told)).toEqual(rested.map(({ epoch }) => epoch));
      }
    }
  });

  it('stops with the view whole', async () => {
    const { runner, world, task, view } = setUp({}, 500);
    world.message(60, () => runner.stop());
    expect(await runner.run()).toBe('stopped');
    expect(task.done).toBe(false);
    expect(view?.sent.at(-1)).toMatchObject({ always: true, whole: true, unitsOfTask: task.units });
  });

  it('lets readers in between slices, only while nothing is half-way, and rests for a long one', async () => {
    const { runner, world, task } = setUp({ unitMs: 3 });
    const reads: boolean[] = [];
    for (let at = 5; at < 700; at += 41) {
      world.message(at, () => {
        void runner.quiet(async () => {
          const { units } = task;
          reads.push(task.settled);
          for (let i = 0; i < 5; i += 1) await world.timing.turn();
          expect(task.units).toBe(units);
        });
      });
    }
    await runner.run();
    expect(reads.length).toBe(17);
    expect(reads.every(Boolean)).toBe(true);
  });

  it('begins once whoever was reading before it is through', async () => {
    const { runner, world, task, view } = setUp({}, 100);
    let through = false;
    void runner.quiet(async () => {
      for (let i = 0; i < 5; i += 1) await world.timing.turn();
      expect([task.units, view?.spent]).toEqual([0, 0]);
      through = true;
    });
    expect(await runner.run()).toBe('done');
    expect(through).toBe(true);
  });

  it('a cancel does not wait for a long reader', async () => {
    const { runner, world } = setUp();
    let reading = true;
    world.message(20, () => {
      void runner.quiet(async () => {
        for (let i = 0; i < 1000; i += 1) await world.timing.turn();
        reading = false;
      });
      runner.cancel();
    });
    expect(await runner.run()).toBe('cancelled');
    expect(reading).toBe(true);
  });

  it('spends at most a quarter of the time on the view, whatever it costs', async () => {
    for (const rowMs of [0.0001, 0.01, 0.2]) {
      const { runner, world, task, view } = setUp({ batchesPerEpoch: 200, epochs: 8 }, 2000, rowMs);
      await runner.run();
      const first = 2000 * rowMs; // the drawing before the first slice
      const last = 2000 * rowMs * 2; // the whole one at the end
      const spent = (view?.spent ?? 0) - first - last;
      // 50 ms are given to begin with, and a slice of rows may overdraw.
      expect(spent).toBeLessThanOrEqual((world.time - first - last) / 4 + 60);
      expect(task.done).toBe(true);
      expect(view?.sent.length).toBeGreaterThan(1);
    }
  });

  it('shows a whole state at the end of epochs that pay for it, but not more than 30 a second', async () => {
    const slow = setUp({ batchesPerEpoch: 100, epochs: 6 }, 1000, 0.05); // 400 ms an epoch, 50 ms a sweep
    await slow.runner.run();
    expect(slow.view?.wholeSweeps).toBeGreaterThanOrEqual(6);
    const fast = setUp({ unitMs: 0.05, batchesPerEpoch: 2, epochs: 2000 }, 50, 0.001); // 0.4 ms an epoch
    await fast.runner.run();
    expect(fast.view?.wholeSweeps).toBeLessThanOrEqual(fast.world.time / 30 + 3);
  });

  it('shows rows in turn where no epoch pays for a whole sweep', async () => {
    const { runner, view, task } = setUp({ unitMs: 2, batchesPerEpoch: 2, epochs: 200 }, 10_000, 0.1);
    await runner.run();
    expect(task.done).toBe(true);
    expect(view?.sent.filter(({ whole }) => !whole).length).toBeGreaterThan(10);
  });

  it('what a step throws ends the run, and the task is not touched again', async () => {
    const { runner, task, world } = setUp();
    let touched = 0;
    const step = task.step.bind(task);
    task.step = (units) => {
      if (task.units > 14) {
        Object.defineProperty(task, 'settled', {
          get() {
            touched += 1;
            return true;
          },
        });
        throw new Error('trap');
      }
      step(units);
    };
    let paused = false;
    world.message(10, () => void runner.pause().then(() => (paused = true)));
    await expect(runner.run()).rejects.toThrow('trap');
    await Promise.resolve();
    expect(touched).toBe(0);
    expect(paused).toBe(true);
  });

  it('rests for a snapshot every 5 seconds, and less often when that is dear', async () => {
    const cheap = setUp({ batchesPerEpoch: 2000, epochs: 4 });
    await cheap.runner.run();
    const between = cheap.rests.filter((why) => why === 'between').length;
    expect([5, 6]).toContain(between); // of 32 s
    const world = new World();
    const task = new FakeTask(world, { batchesPerEpoch: 2000, epochs: 4 });
    let rests = 0;
    const dear = new Runner(world.timing, task, {
      progress() {},
      rest(why) {
        rests += why === 'between' ? 1 : 0;
        world.time += 400;
      },
    });
    await dear.run();
    expect(rests).toBeLessThanOrEqual(2);
  });
});
