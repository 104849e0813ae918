// The engine with real workers (engine-fixture.ts): what is answered, what is dropped, and what comes back after a loss.
import { describe, expect, it, vi } from 'vitest';
import { createEngine, type Engine, type LostInfo } from '../../web/client/engine.ts';
import type {
  AeParams,
  Align,
  Failure,
  FitSpec,
  Frame,
  Progress,
  Ready,
  Source,
  ToWorker,
} from '../../web/protocol/messages.ts';
import { type Behaviour, ChannelWorker, Station, settle } from './engine-fixture.ts';

/** A new worker takes its time where the machine is busy; deadlines are the test's own clock. */
const WAIT = { timeout: 20_000 };

interface Told {
  ready: Ready[];
  progress: Progress[];
  frames: Frame[];
  lost: { failure: Failure; rebuilt: boolean; info: LostInfo }[];
}

function setUp(behaviours: Behaviour[] = []): { station: Station; engine: Engine; told: Told } {
  const station = new Station();
  station.behaviours = behaviours;
  const told: Told = { ready: [], progress: [], frames: [], lost: [] };
  const engine = createEngine({
    makeWorker: station.makeWorker,
    clock: station.clock,
    onReady: (ready) => void told.ready.push(ready),
    onProgress: (progress) => void told.progress.push(progress),
    onFrame(frame, release) {
      told.frames.push({ ...frame, buffer: frame.buffer.slice(0) });
      release();
    },
    onLost: (failure, rebuilt, info) => void told.lost.push({ failure, rebuilt, info }),
  });
  return { station, engine, told };
}

const params: AeParams = {
  hidden: [16],
  latent: 2,
  activation: 'tanh',
  output: 'linear',
  loss: 'mse',
  seed: 1,
};

const fit: FitSpec = {
  epochs: 6,
  batch: 32,
  learning_rate: 3e-3,
  weight_decay: 0,
  noise: 0,
  heldout: 0,
  patience: 0,
  seed: 1,
};

const endless: FitSpec = { ...fit, epochs: 100_000 };

function csv(rows: number, shift = 0): Source {
  const lines = ['a,b,c,kind'];
  for (let i = 0; i < rows; i += 1) {
    lines.push(`${(i * 37) % 101},${(i * 53) % 89},${(i % 7) + shift},${i % 2 ? 'odd' : 'even'}`);
  }
  return { blob: new Blob([lines.join('\n')]), name: 'numbers.csv' };
}

async function ready(engine: Engine, source: Source = csv(400), latent = 2) {
  const table = engine.nextId();
  const model = engine.nextId();
  const map = engine.nextId();
  const info = await engine.request({ type: 'open', table, job: engine.nextId(), source, hints: {} });
  const roles = info.columns.map(({ role }) => role);
  await engine.request({ type: 'prepare', table, job: engine.nextId(), spec: { roles, scale: 'auto' } });
  await engine.request({
    type: 'create',
    model,
    map,
    table,
    method: 'ae',
    params: { ...params, latent },
    spec: { axes: [0, 1] },
  });
  return { table, model, map, info };
}

describe('engine', () => {
  it('asks and is answered; frames come in lent buffers that go back', async () => {
    const { engine, told, station } = setUp();
    const { model, map, info } = await ready(engine);
    expect(told.ready).toHaveLength(1);
    expect(info.rows).toBe(400);
    const run = {
      type: 'run',
      job: engine.nextId(),
      model,
      fit: { ...fit, epochs: 3000 },
      live: true,
    } as const;
    const result = await engine.request(run);
    expect(result.reason).toBe('epochs');
    expect(told.frames.length).toBeGreaterThan(2);
    expect(told.frames.at(-1)).toMatchObject({ map, rows: 400, whole: true, step: result.steps });
    const returned = station.workers[0]?.heard.filter(({ type }) => type === 'frame-return') ?? [];
    expect(returned.length).toBeGreaterThanOrEqual(told.frames.length);
    const series = told.progress.flatMap((progress) => progress.series);
    expect(series.length).toBe(3000);
    await expect(engine.request({ type: 'free', target: 999 })).rejects.toMatchObject({
      failure: { code: 'not_found' },
    });
    expect(station.watching).toBe(false); // an idle page has no timer
    engine.close();
  });

  it('an aborted signal cancels the job of its request, or gives a request without a job up at once', async () => {
    const { engine, station } = setUp();
    const { model } = await ready(engine);
    const controller = new AbortController();
    const job = engine.nextId();
    const running = engine.request(
      { type: 'run', job, model, fit: endless, live: true },
      { signal: controller.signal },
    );
    await settle();
    controller.abort();
    expect((await running).outcome).toBe('cancelled');
    const early = engine.request({ type: 'refresh', map: 0 }, { signal: AbortSignal.abort() });
    await expect(early).rejects.toMatchObject({ failure: { code: 'cancelled' } });
    const read = new AbortController();
    const reading = engine.request({ type: 'read', what: 'latent', model }, { signal: read.signal });
    read.abort();
    await expect(reading).rejects.toMatchObject({ failure: { code: 'cancelled' } });
    await settle();
    expect(station.workers).toHaveLength(1);
    engine.close();
  });

  it('row 58: late progress of an ended job and frames of a freed map are dropped', async () => {
    const { engine, told, station } = setUp();
    const { model, map } = await ready(engine);
    const job = engine.nextId();
    await engine.request({ type: 'run', job, model, fit, live: true });
    await engine.request({ type: 'free', target: model });
    const { progress, frames } = { progress: told.progress.length, frames: told.frames.length };
    const worker = station.workers[0];
    const late = told.progress[0];
    const frame = told.frames[0];
    if (late && frame) {
      worker?.say({ ...late, job });
      worker?.say({ ...frame, map, buffer: new ArrayBuffer(4800) });
    }
    await settle();
    expect(told.progress.length).toBe(progress);
    expect(told.frames.length).toBe(frames);
    engine.close();
  });

  it('row 59: a trap: one message, another worker with everything back, and training goes on from the snapshot', async () => {
    const { engine, told, station } = setUp([{ trapAtEpoch: 4 }]);
    const { table, model, map } = await ready(engine);
    await engine.request({
      type: 'run',
      job: engine.nextId(),
      model,
      fit: { ...fit, epochs: 3 },
      live: true,
    });
    const before = await engine.request({ type: 'read', what: 'latent', model });
    const run = { type: 'run', job: engine.nextId(), model, fit: endless, live: true } as const;
    const lost = engine.request(run);
    const waiting = lost.catch(() => engine.request({ type: 'read', what: 'latent', model }));
    await expect(lost).rejects.toMatchObject({ failure: { code: 'worker_lost' } });
    // Asked while the new worker comes up: it waits, and sees the model's last snapshot.
    const codes = await waiting;
    expect(codes).toEqual(before);
    expect(station.workers).toHaveLength(2);
    expect(station.workers[0]?.terminated).toBe(true);
    expect(told.lost).toHaveLength(1);
    expect(told.lost[0]).toMatchObject({ rebuilt: true, failure: { code: 'worker_lost' } });
    expect(told.lost[0]?.info).toMatchObject({ retry: true, losses: 1 });
    expect(told.lost[0]?.info.restored[0]?.model).toBe(model);
    told.frames.length = 0;
    const again = await engine.request({ type: 'run', job: engine.nextId(), model, fit, live: true });
    expect(again.reason).toBe('epochs');
    expect(told.frames.at(-1)).toMatchObject({ map, whole: true });
    await engine.request({ type: 'free', target: table });
    engine.close();
  });

  it('row 59: after three losses in a row it stays down, until it is asked to restart', async () => {
    const trap = { trapAtEpoch: 1 };
    const { engine, told, station } = setUp([trap, trap, trap]);
    const { model } = await ready(engine);
    for (let i = 0; i < 3; i += 1) {
      const run = engine.request({ type: 'run', job: engine.nextId(), model, fit: endless, live: true });
      await expect(run).rejects.toMatchObject({ failure: { code: 'worker_lost' } });
      await expect.poll(() => told.lost.length, WAIT).toBe(i + 1);
    }
    expect(told.lost.map(({ rebuilt }) => rebuilt)).toEqual([true, true, false]);
    expect(told.lost[2]?.info.retry).toBe(false);
    expect(station.workers).toHaveLength(3);
    const refused = engine.request({ type: 'read', what: 'latent', model });
    await expect(refused).rejects.toMatchObject({ failure: { code: 'worker_lost' } });
    engine.restart();
    const result = await engine.request({ type: 'run', job: engine.nextId(), model, fit, live: true });
    expect(result.outcome).toBe('finished');
    engine.close();
  });

  it('row 60: out of memory: the request says so, the worker is replaced without another word', async () => {
    const { engine, told, station } = setUp([{ failAllocation: true }]);
    const table = engine.nextId();
    const info = await engine.request({
      type: 'open',
      table,
      job: engine.nextId(),
      source: csv(300),
      hints: {},
    });
    const roles = info.columns.map(({ role }) => role);
    await engine.request({ type: 'prepare', table, job: engine.nextId(), spec: { roles, scale: 'auto' } });
    const create = () => {
      const ids = { model: engine.nextId(), map: engine.nextId() };
      return engine.request({ type: 'create', ...ids, table, method: 'ae', params, spec: { axes: [0, 1] } });
    };
    await expect(create()).rejects.toMatchObject({ failure: { code: 'no_memory' } });
    expect((await create()).parameters).toBeGreaterThan(0);
    expect(station.workers).toHaveLength(2);
    expect(told.lost).toEqual([]);
    engine.close();
  });

  it('row 61: silence for ten waking seconds while a job runs is a loss', async () => {
    const { engine, told, station } = setUp();
    const { model } = await ready(engine);
    const running = engine.request({ type: 'run', job: engine.nextId(), model, fit: endless, live: true });
    const outcome = running.catch((error: unknown) => error);
    await settle();
    const worker = station.workers[0];
    if (worker) worker.behaviour = { mute: true, deaf: true };
    await settle();
    await station.pass(9000);
    expect(station.workers).toHaveLength(1);
    await station.pass(2000);
    expect(await outcome).toMatchObject({ failure: { code: 'worker_lost' } });
    await expect.poll(() => told.lost.length, WAIT).toBe(1);
    expect(told.lost[0]?.failure.message).toContain('10 seconds');
    worker?.terminate();
    engine.close();
  });

  it('row 61: a laptop that slept and a throttled tab are no silence', async () => {
    const { engine, station, told } = setUp();
    const { model } = await ready(engine);
    void engine
      .request({ type: 'run', job: engine.nextId(), model, fit: endless, live: true })
      .catch(() => undefined);
    await settle();
    const worker = station.workers[0];
    if (worker) worker.behaviour = { ...worker.behaviour, mute: true };
    await station.sleep(3_600_000);
    for (let i = 0; i < 10; i += 1) await station.sleep(60_000); // a tick a minute
    expect(station.workers).toHaveLength(1);
    expect(told.lost).toEqual([]);
    engine.close();
  });

  it('row 61: a paused job may be silent for hours', async () => {
    const { engine, station, told } = setUp();
    const { model } = await ready(engine);
    const job = engine.nextId();
    const running = engine.request({ type: 'run', job, model, fit: endless, live: true });
    await settle();
    await engine.request({ type: 'pause', job });
    expect(station.watching).toBe(false);
    await station.pass(60_000);
    expect(told.lost).toEqual([]);
    await engine.request({ type: 'stop', job });
    expect((await running).outcome).toBe('stopped');
    engine.close();
  });

  it('row 57: a cancel that is not answered within two seconds replaces the worker', async () => {
    const { engine, told, station } = setUp();
    const { model } = await ready(engine);
    const controller = new AbortController();
    const job = engine.nextId();
    const running = engine.request(
      { type: 'run', job, model, fit: endless, live: true },
      { signal: controller.signal },
    );
    const outcome = running.catch((error: unknown) => error);
    await settle();
    const worker = station.workers[0];
    if (worker) worker.behaviour = { deaf: true, mute: true };
    controller.abort();
    await station.pass(3000);
    expect(await outcome).toMatchObject({ failure: { code: 'worker_lost' } });
    await expect.poll(() => told.lost.at(-1)?.rebuilt, WAIT).toBe(true);
    expect(worker?.terminated).toBe(true);
    engine.close();
  });

  it('row 62: a script that is missing, is HTML, or never speaks fails the start in words, and can be tried again', async () => {
    for (const start of ['error', 'html', 'never', 'failed', 'old'] as const) {
      const { engine, told, station } = setUp([{ start }]);
      const asked = engine.request({ type: 'open', table: 1, job: 2, source: csv(10), hints: {} });
      const outcome = asked.catch((error: unknown) => error);
      await settle();
      if (start === 'never') {
        await station.sleep(100_000); // asleep is not too late
        expect(told.lost).toEqual([]);
        await station.pass(21_000);
      }
      expect(await outcome).toMatchObject({ failure: { code: 'worker_start' } });
      expect(told.lost).toHaveLength(1);
      expect(told.lost[0]).toMatchObject({ rebuilt: false, info: { retry: true } });
      expect(told.lost[0]?.failure.message).toMatch(start === 'failed' ? /SIMD/ : /compute module/);
      expect(station.workers[0]?.terminated).toBe(true);
      engine.restart();
      expect((await ready(engine)).info.rows).toBe(400);
      expect(told.lost).toHaveLength(1);
      engine.close();
    }
  });

  it('row 62: what the worker reports as unhandled replaces it', async () => {
    const { engine, told, station } = setUp();
    await ready(engine);
    const failure: Failure = { code: 'internal', message: 'Something went wrong: nobody looked.', hint: '' };
    station.workers[0]?.say({ type: 'fatal', failure });
    await expect.poll(() => told.lost.length, WAIT).toBe(1);
    expect(told.lost[0]).toMatchObject({ rebuilt: true });
    expect(told.lost[0]?.failure.message).toContain('nobody looked');
    engine.close();
  });

  it('a file that has changed meanwhile is named, and the rest comes back', async () => {
    const { engine, told, station } = setUp();
    const changing = { blob: new Blob(['a,b\n1,2\n3,5\n4,4']), name: 'changing.csv' };
    const first = await ready(engine, changing);
    const kept = await ready(engine, csv(200));
    changing.blob = new Blob(['a,b\n1,2\n3,5\n4,9']);
    station.workers[0]?.breakDown('RuntimeError: unreachable');
    await expect.poll(() => told.lost.length, WAIT).toBe(1);
    expect(told.lost[0]).toMatchObject({ rebuilt: false, failure: { code: 'file_changed' } });
    expect(told.lost[0]?.failure.message).toContain('changing.csv');
    const codes = await engine.request({ type: 'read', what: 'latent', model: kept.model });
    expect(codes.length).toBe(400);
    const gone = engine.request({ type: 'read', what: 'latent', model: first.model });
    await expect(gone).rejects.toMatchObject({ failure: { code: 'not_found' } });
    engine.close();
  });

  it('a lost worker comes back with the weights that the page had put into a model', async () => {
    const { engine, told, station } = setUp();
    const { model } = await ready(engine);
    await engine.request({ type: 'run', job: engine.nextId(), model, fit, live: false });
    const buffer = await engine.request({ type: 'snapshot', model });
    const second = await ready(engine);
    await engine.request({ type: 'restore', model: second.model, buffer });
    const expected = await engine.request({ type: 'read', what: 'latent', model: second.model });
    station.workers[0]?.breakDown('gone');
    await expect.poll(() => told.lost.length, WAIT).toBe(1);
    const codes = await engine.request({ type: 'read', what: 'latent', model: second.model });
    expect([...codes]).toEqual([...expected]);
    engine.close();
  });

  it('a lost worker draws the map as it was drawn: the alignment comes back with the weights', async () => {
    const { engine, told, station } = setUp();
    const { model, map } = await ready(engine);
    const align: Align = [0, -2, 2, 0, 1, -3];
    const drawn = async (): Promise<number[]> => {
      await engine.request({ type: 'refresh', map });
      const { buffer, channels } = told.frames.at(-1) as Frame;
      return [...new Float32Array(buffer, channels.positions.offset, channels.positions.length)];
    };
    const lose = async (times: number): Promise<void> => {
      station.workers.at(-1)?.breakDown('gone');
      await expect.poll(() => told.lost.length, WAIT).toBe(times);
    };
    await engine.request({ type: 'run', job: engine.nextId(), model, fit, live: true });
    const plain = await drawn();
    const buffer = await engine.request({ type: 'snapshot', model });
    await engine.request({ type: 'restore', model, buffer, align });
    const turned = await drawn();
    expect(turned.slice(0, 2)).toEqual([
      Math.fround(-2 * (plain[1] ?? 0) + 1),
      Math.fround(2 * (plain[0] ?? 0) - 3),
    ]);
    await lose(1);
    expect(await drawn()).toEqual(turned);
    // Snapshots of a training carry it along, and a new map setting takes it away.
    await engine.request({ type: 'run', job: engine.nextId(), model, fit, live: true });
    const trained = await drawn();
    await lose(2);
    expect(await drawn()).toEqual(trained);
    await engine.request({ type: 'set', target: map, params: { axes: [0, 1], align: null } });
    const unturned = await drawn();
    expect(unturned).not.toEqual(trained);
    await engine.request({
      type: 'run',
      job: engine.nextId(),
      model,
      fit: { ...fit, epochs: 1 },
      live: true,
    });
    const after = await drawn();
    await lose(3);
    expect(await drawn()).toEqual(after);
    engine.close();
  });

  /** Three dimensions, trained twice from scratch: its map is laid onto the first one's. */
  async function aligned(live: boolean) {
    const set = setUp();
    const { engine, told, station } = set;
    const made = await ready(engine, csv(400), 3);
    const { model, map } = made;
    const train = (change: Partial<FitSpec>, seen: boolean) =>
      engine.request({ type: 'run', job: engine.nextId(), model, fit: { ...fit, ...change }, live: seen });
    await train({ seed: 7 }, true);
    const { align, axes } = await train({ fresh: true }, live);
    expect(align).not.toBeNull();
    expect(axes).toEqual([0, 1]);
    const places = async (shown?: [number, number]): Promise<number[]> => {
      if (shown) await engine.request({ type: 'set', target: map, params: { axes: shown } });
      await engine.request({ type: 'refresh', map });
      const { buffer, channels } = told.frames.at(-1) as Frame;
      return [...new Float32Array(buffer, channels.positions.offset, channels.positions.length)];
    };
    const lose = async (): Promise<void> => {
      const times = told.lost.length + 1;
      station.workers.at(-1)?.breakDown('gone');
      await expect.poll(() => told.lost.length, WAIT).toBe(times);
    };
    return { ...set, ...made, places, lose };
  }

  it('a lost worker draws what was trained from scratch where it was, on the axes that were shown', async () => {
    const { engine, places, lose } = await aligned(true);
    const laid = await places();
    await lose();
    expect(await places()).toEqual(laid);
    const others = await places([2, 1]);
    await lose();
    expect(await places()).toEqual(others);
    expect(await places([0, 1])).toEqual(laid);
    engine.close();
  });

  it('weights that were asked for are those that a lost worker comes back with, drawn as they were', async () => {
    const { engine, places, lose, model, station, told } = await aligned(false);
    const buffer = await engine.request({ type: 'snapshot', model });
    const laid = await places();
    const posted = vi.spyOn(ChannelWorker.prototype, 'postMessage');
    await lose();
    expect(await places()).toEqual(laid);
    expect(told.lost[0]?.info.restored).toEqual([{ model, steps: 6 * 13 }]);
    // The page's own buffer, not a copy of it: what the history keeps is not held twice.
    const sent = posted.mock.calls.map(([message]) => message as ToWorker);
    const restores = sent.flatMap((one) => (one.type === 'restore' ? [one.buffer] : []));
    posted.mockRestore();
    expect(restores).toHaveLength(1);
    expect(restores[0]).toBe(buffer);
    // Nor is one copied that the page puts back.
    const again = buffer.slice(0);
    await engine.request({ type: 'restore', model, buffer: again });
    expect(again.byteLength).toBe(buffer.byteLength);
    const plain = await places();
    expect(plain).not.toEqual(laid);
    await lose();
    expect(await places()).toEqual(plain);
    expect(station.workers).toHaveLength(3);
    engine.close();
  });

  it('a snapshot from the middle of a training is not taken for the state before it', async () => {
    const { engine, told, station } = setUp();
    const { model } = await ready(engine);
    const codes = async () => [...(await engine.request({ type: 'read', what: 'latent', model }))];
    const untrained = await codes();
    const job = engine.nextId();
    const running = engine.request({ type: 'run', job, model, fit: endless, live: false });
    running.catch(() => undefined);
    await expect.poll(() => told.progress.some(({ epoch }) => epoch > 0), WAIT).toBe(true);
    await engine.request({ type: 'pause', job });
    await engine.request({ type: 'snapshot', model });
    station.workers[0]?.breakDown('gone');
    await expect.poll(() => told.lost.length, WAIT).toBe(1);
    expect(told.lost[0]?.info.restored).toEqual([{ model, steps: 0 }]);
    expect(await codes()).toEqual(untrained);
    engine.close();
  });

  it('weights outlive a second loss while the first is being made good', async () => {
    const { engine, told, station } = setUp();
    const { model } = await ready(engine);
    await engine.request({ type: 'run', job: engine.nextId(), model, fit, live: true });
    const expected = [...(await engine.request({ type: 'read', what: 'latent', model }))];
    const post = ChannelWorker.prototype.postMessage;
    const spy = vi.spyOn(ChannelWorker.prototype, 'postMessage');
    spy.mockImplementation(function (this: ChannelWorker, message, transfer) {
      const restores = (message as ToWorker).type === 'restore' && this === station.workers[1];
      if (restores) queueMicrotask(() => this.breakDown('gone again'));
      else post.call(this, message, transfer);
    });
    station.workers[0]?.breakDown('gone');
    await expect.poll(() => told.lost.length, WAIT).toBe(1);
    spy.mockRestore();
    expect(station.workers).toHaveLength(3);
    expect(told.lost[0]?.info.restored).toEqual([{ model, steps: 6 * 13 }]);
    expect([...(await engine.request({ type: 'read', what: 'latent', model }))]).toEqual(expected);
    engine.close();
  });

  it('buffers for frames are lent again for the rows of another table, not for the same', async () => {
    const { engine, station } = setUp();
    const { model, table } = await ready(engine);
    /** Answers come after whatever was sent before them: what was lent has been heard by then. */
    const lent = async () => {
      await engine.request({ type: 'read', what: 'cells', table, rows: new Uint32Array([0]) });
      return station.workers[0]?.heard.filter(({ type }) => type === 'frame-return').length ?? 0;
    };
    expect(await lent()).toBe(2);
    const run = (of: number) =>
      engine.request({
        type: 'run',
        job: engine.nextId(),
        model,
        fit: { ...fit, table: of },
        live: false,
      });
    await run(table);
    expect(await lent()).toBe(2);
    const other = await ready(engine, csv(300));
    expect(await lent()).toBe(4);
    await run(other.table);
    expect(await lent()).toBe(6);
    engine.close();
  });

  it('row 91: asleep, it has no worker until something is asked; a training cut off by it comes to the same bits again', async () => {
    const straight = setUp();
    const one = await ready(straight.engine);
    const first = { ...fit, epochs: 2 };
    const long = { ...fit, epochs: 400 };
    for (const spec of [first, long]) {
      const job = straight.engine.nextId();
      await straight.engine.request({ type: 'run', job, model: one.model, fit: spec, live: true });
    }
    const expected = [...(await straight.engine.request({ type: 'read', what: 'latent', model: one.model }))];
    straight.engine.close();

    const { engine, told, station } = setUp();
    const { model } = await ready(engine);
    await engine.request({ type: 'run', job: engine.nextId(), model, fit: first, live: true });
    await engine.request({ type: 'snapshot', model });
    const again = { type: 'run', model, fit: long, live: true } as const;
    const cut = engine.request({ ...again, job: engine.nextId() });
    cut.catch(() => undefined);
    await expect.poll(() => told.progress.some(({ epoch }) => epoch > 3), WAIT).toBe(true);
    expect(engine.sleep(true), 'something is awaited').toBe(false);
    expect(engine.sleep()).toBe(true);
    await expect(cut).rejects.toMatchObject({ failure: { code: 'asleep' } });
    expect(station.workers.map(({ terminated }) => terminated)).toEqual([true]);
    expect(station.watching).toBe(false);
    expect(engine.sleep()).toBe(true);

    const result = await engine.request({ ...again, job: engine.nextId() });
    expect(result.steps).toBe(402 * 13);
    expect([...(await engine.request({ type: 'read', what: 'latent', model }))]).toEqual(expected);
    expect(station.workers).toHaveLength(2);
    expect(told.lost).toEqual([]);
    engine.close();
  });
});
