// The session with the real kernels in this process: what the page relies on, message by message.
import { describe, expect, it } from 'vitest';
import type { AeParams, FitSpec, Frame, Id, TableInfo } from '../../web/protocol/messages.ts';
import { freshKernels } from '../wasm/kernels.ts';
import { type Hosted, host, synthetic } from '../wasm/session-host.ts';

const params: AeParams = {
  hidden: [24, 12],
  latent: 2,
  activation: 'tanh',
  output: 'linear',
  loss: 'mse',
  seed: 1,
};

const fit: FitSpec = {
  epochs: 8,
  batch: 32,
  learning_rate: 3e-3,
  weight_decay: 0,
  noise: 0,
  heldout: 0.1,
  patience: 0,
  seed: 1,
};

async function model(hosted: Hosted, table: Id, given: Partial<AeParams> = {}, rows = 600) {
  const ids = { model: hosted.nextId(), map: hosted.nextId() };
  const info = await hosted.ask({
    type: 'create',
    ...ids,
    table,
    method: 'ae',
    params: { ...params, ...given },
    spec: { axes: [0, 1] },
  });
  for (let i = 0; i < 2; i += 1) {
    await hosted.session.handle({ type: 'frame-return', map: ids.map, buffer: new ArrayBuffer(rows * 12) });
  }
  return { ...ids, info };
}

function positions(frame: Frame | undefined): Float32Array {
  if (frame === undefined) throw new Error('There is no frame.');
  return new Float32Array(frame.buffer, frame.channels.positions.offset, frame.channels.positions.length);
}

/** Gives each frame's buffer back, as a page does. */
function returning(): Hosted {
  const hosted: Hosted = host({
    onEvent(event) {
      if (event.type === 'frame') {
        const buffer = new ArrayBuffer(event.buffer.byteLength);
        void hosted.session.handle({ type: 'frame-return', map: event.map, buffer });
      }
    },
  });
  return hosted;
}

describe('session', () => {
  it('opens, prepares, trains, and says everything that the page needs', async () => {
    const hosted = returning();
    const table = await synthetic(hosted);
    const { model: id, map, info } = await model(hosted, table);
    expect(info).toMatchObject({ model: id, map, table, method: 'ae', steps: 0 });
    expect(info.parameters).toBe(
      8 * 24 + 24 + 24 * 12 + 12 + 12 * 2 + 2 + 2 * 12 + 12 + 12 * 24 + 24 + 24 * 8 + 8,
    );
    const job = hosted.nextId();
    const result = await hosted.ask({ type: 'run', job, model: id, fit, live: true });
    expect(result).toMatchObject({ outcome: 'finished', reason: 'epochs', epochs: 8, rows_trained: 8 * 540 });
    expect(result.steps).toBe(8 * Math.ceil(540 / 32));
    const series = hosted.of('progress').flatMap((progress) => progress.series);
    expect(series.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(series.at(-1)?.train).toBe(result.train);
    expect(series.at(-1)?.heldout).toBe(result.heldout);
    expect(series.at(-1)?.train ?? 9).toBeLessThan(series[0]?.train ?? 0);
    const last = hosted.of('frame').at(-1);
    expect(last).toMatchObject({
      map,
      rows: 600,
      whole: true,
      fresh: [0, 600],
      step: result.steps,
      epoch: 8,
    });
    expect(hosted.of('snapshot').at(-1)).toMatchObject({ model: id, step: result.steps });
    // Frame, latent codes and errors are those of the finished model, each read in another way.
    const codes = await hosted.ask({ type: 'read', what: 'latent', model: id });
    expect([...codes]).toEqual([...positions(last)]);
    const errors = await hosted.ask({ type: 'read', what: 'error', model: id });
    const detail = await hosted.ask({ type: 'read', what: 'inspect', model: id, row: 17 });
    expect(detail.error).toBe(errors[17]);
    expect([...detail.latent]).toEqual([codes[34], codes[35]]);
    const square = detail.residual.reduce((sum, r) => sum + r * r, 0) / detail.residual.length;
    expect(detail.error).toBeCloseTo(square, 5);
    expect(detail.cells.length).toBe(9);
    const decoded = await hosted.ask({ type: 'decode', model: id, codes: codes.slice(34, 36) });
    expect([...decoded]).toEqual([...detail.reconstruction_raw]);
  });

  it('frees everything: kernel memory is back where it was', async () => {
    const hosted = host();
    for (let round = 0; round < 3; round += 1) {
      const table = await synthetic(hosted, 300);
      const { model: id, map } = await model(hosted, table);
      await hosted.ask({ type: 'run', job: hosted.nextId(), model: id, fit, live: true });
      await hosted.ask({ type: 'free', target: map });
      await expect(hosted.ask({ type: 'refresh', map })).rejects.toMatchObject({ code: 'not_found' });
      await model(hosted, table);
      await hosted.ask({ type: 'free', target: table });
      expect(hosted.session.bytesInUse).toBe(0);
    }
  });

  it('row 65: the same seed gives the same bits, however it is sliced, watched and paused', async () => {
    const codes: Float32Array[] = [];
    for (const disturbed of [false, true]) {
      const hosted = disturbed ? returning() : host();
      const table = await synthetic(hosted);
      const { model: id } = await model(hosted, table);
      const job = hosted.nextId();
      const running = hosted.ask({ type: 'run', job, model: id, fit, live: disturbed });
      if (disturbed) {
        await hosted.ask({ type: 'pause', job });
        await hosted.ask({ type: 'read', what: 'inspect', model: id, row: 3 });
        await hosted.ask({ type: 'resume', job });
      }
      await running;
      codes.push(await hosted.ask({ type: 'read', what: 'latent', model: id }));
    }
    expect([...(codes[1] ?? [])]).toEqual([...(codes[0] ?? [])]);
    const other = host();
    const table = await synthetic(other);
    const { model: id } = await model(other, table, { seed: 2 });
    await other.ask({ type: 'run', job: other.nextId(), model: id, fit, live: false });
    expect([...(await other.ask({ type: 'read', what: 'latent', model: id }))]).not.toEqual([
      ...(codes[0] ?? []),
    ]);
  });

  it('restores a snapshot into another session and goes on to the same bits', async () => {
    const first = host();
    const { model: a } = await model(first, await synthetic(first));
    await first.ask({ type: 'run', job: first.nextId(), model: a, fit, live: false });
    const buffer = await first.ask({ type: 'snapshot', model: a });
    await first.ask({ type: 'run', job: first.nextId(), model: a, fit, live: false });
    const expected = await first.ask({ type: 'read', what: 'latent', model: a });
    const second = host();
    const { model: b } = await model(second, await synthetic(second));
    const info = await second.ask({ type: 'restore', model: b, buffer: buffer.slice(0) });
    expect(info.steps).toBe(8 * 17);
    await second.ask({ type: 'run', job: second.nextId(), model: b, fit, live: false });
    expect([...(await second.ask({ type: 'read', what: 'latent', model: b }))]).toEqual([...expected]);
    new Uint8Array(buffer)[1000] = (new Uint8Array(buffer)[1000] ?? 0) ^ 1;
    await expect(second.ask({ type: 'restore', model: b, buffer })).rejects.toMatchObject({
      code: 'bad_file',
    });
    expect([...(await second.ask({ type: 'read', what: 'latent', model: b }))]).toEqual([...expected]);
  });

  it('row 54: a rate that runs away stops at once, keeps finite weights and map, and proposes a lower one', async () => {
    const hosted = returning();
    const { model: id } = await model(hosted, await synthetic(hosted));
    const before = await hosted.ask({ type: 'run', job: hosted.nextId(), model: id, fit, live: true });
    const bad = { ...fit, learning_rate: 1e6, epochs: 500 };
    const result = await hosted.ask({ type: 'run', job: hosted.nextId(), model: id, fit: bad, live: true });
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'diverged', suggested_learning_rate: 1e-3 });
    expect(result.epochs).toBeLessThan(500);
    expect(result.message).toContain('0.001');
    const frame = hosted.of('frame').at(-1);
    expect(frame?.whole).toBe(true);
    expect(positions(frame).every(Number.isFinite)).toBe(true);
    const errors = await hosted.ask({ type: 'read', what: 'error', model: id });
    const mean = errors.reduce((sum, e) => sum + e, 0) / errors.length;
    expect(mean).toBeLessThan((before.train ?? 0) * 2);
    // Usable afterwards, with the proposed rate.
    const again = { ...fit, learning_rate: result.suggested_learning_rate ?? 0 };
    const after = await hosted.ask({ type: 'run', job: hosted.nextId(), model: id, fit: again, live: true });
    expect(after.reason).toBe('epochs');
  });

  it('row 55: parameters out of bounds are refused with the field and its limits, before anything is made', async () => {
    const hosted = host();
    const table = await synthetic(hosted);
    const bytes = hosted.session.bytesInUse;
    const wrong: [Partial<AeParams>, string][] = [
      [{ latent: 0 }, 'latent'],
      [{ latent: 65 }, 'latent'],
      [{ latent: -1 }, 'latent'],
      [{ latent: 1.5 }, 'latent'],
      [{ hidden: [0] }, 'hidden'],
      [{ hidden: [32, 4097] }, 'hidden'],
      [{ hidden: [1, 1, 1, 1, 1, 1, 1, 1, 1] }, 'hidden'],
      [{ loss: 'bce', output: 'linear' }, 'loss'],
      [{ activation: 'swish' as 'relu' }, 'activation'],
      [{ seed: 2 ** 32 }, 'seed'],
    ];
    for (const [given, where] of wrong) {
      await expect(model(hosted, table, given), JSON.stringify(given)).rejects.toMatchObject({
        code: 'bad_param',
        where,
      });
      const request = {
        type: 'estimate',
        table,
        method: 'ae',
        params: { ...params, ...given },
        fit,
      } as const;
      await expect(hosted.ask(request)).rejects.toMatchObject({ code: 'bad_param', where });
    }
    expect(hosted.session.bytesInUse).toBe(bytes);
    // More latent dimensions than inputs is odd, not wrong.
    for (const given of [{ latent: 1 }, { latent: 64 }, { hidden: [] }, { hidden: [4096] }]) {
      const made = await model(hosted, table, given);
      await hosted.ask({
        type: 'run',
        job: hosted.nextId(),
        model: made.model,
        fit: { ...fit, epochs: 1 },
        live: true,
      });
      await hosted.ask({ type: 'free', target: made.model });
    }
    expect(hosted.session.bytesInUse).toBe(bytes);
  });

  it('row 56: a fit that makes no sense is refused with its field', async () => {
    const hosted = host();
    const { model: id } = await model(hosted, await synthetic(hosted));
    const wrong: [Partial<FitSpec>, string][] = [
      [{ epochs: 0 }, 'epochs'],
      [{ batch: 0 }, 'batch'],
      [{ batch: 4097 }, 'batch'],
      [{ learning_rate: Number.NaN }, 'learning_rate'],
      [{ learning_rate: -1 }, 'learning_rate'],
      [{ heldout: 0.6 }, 'heldout'],
      [{ weight_decay: 2 }, 'weight_decay'],
      [{ rows: new Uint32Array(0) }, 'rows'],
    ];
    for (const [given, where] of wrong) {
      const run = hosted.ask({
        type: 'run',
        job: hosted.nextId(),
        model: id,
        fit: { ...fit, ...given },
        live: false,
      });
      await expect(run, JSON.stringify(given)).rejects.toMatchObject({ code: 'bad_param', where });
    }
    const after = await hosted.ask({ type: 'run', job: hosted.nextId(), model: id, fit, live: false });
    expect(after.outcome).toBe('finished');
  });

  it('refuses more than 30 million parameters with memory and time of a step', async () => {
    const hosted = host();
    const table = await synthetic(hosted);
    const large = { ...params, hidden: [4096, 3600] };
    const estimate = await hosted.ask({ type: 'estimate', table, method: 'ae', params: large, fit });
    expect(estimate.parameters).toBeGreaterThan(29_500_000);
    const larger = { ...params, hidden: [4096, 3700] };
    const refused = await hosted.ask({ type: 'estimate', table, method: 'ae', params: larger, fit });
    expect(refused.refused).toMatch(/30 million.*(MB|GB).* m?s for a step of 32 rows/);
    await expect(model(hosted, table, { hidden: [4096, 3700] })).rejects.toMatchObject({ code: 'too_large' });
    expect(estimate.refused).toBeNull();
    expect(estimate.bytes).toBeGreaterThan(29_500_000 * 12);
  });

  it('refuses to prepare more values than the device takes, and says how many those are', async () => {
    const hosted = host({ values: 1199 });
    expect(hosted.session.ready().values).toBe(1199);
    const table = hosted.nextId();
    const source = { synthetic: 'swiss_roll', n: 400, seed: 1, name: 'roll' } as const;
    const info = await hosted.ask({ type: 'open', table, job: hosted.nextId(), source, hints: {} });
    const prepare = (most: number) =>
      hosted.ask({
        type: 'prepare',
        table,
        job: hosted.nextId(),
        spec: {
          roles: info.columns.map(({ kind }, i) => (kind === 'number' && i < most ? 'feature' : 'ignored')),
          scale: 'auto',
        },
      });
    await expect(prepare(3)).rejects.toMatchObject({ code: 'too_large' });
    await expect(prepare(2)).resolves.toMatchObject({ n: 400, d: 2 });
  });

  it('row 60: too little memory is said in the estimate and in the run, and the session stays usable', async () => {
    const hosted = host({ memory: 40e6 });
    const table = await synthetic(hosted);
    const large = { ...params, hidden: [2000, 500] };
    const estimate = await hosted.ask({ type: 'estimate', table, method: 'ae', params: large, fit });
    expect(estimate.refused).toMatch(/needs more memory than the \d+ MB there are/);
    const { model: id } = await model(hosted, table, { hidden: [2000, 500] });
    const run = hosted.ask({ type: 'run', job: hosted.nextId(), model: id, fit, live: false });
    await expect(run).rejects.toMatchObject({ code: 'no_memory' });
    await hosted.ask({ type: 'free', target: id });
    const small = await model(hosted, table);
    const result = await hosted.ask({
      type: 'run',
      job: hosted.nextId(),
      model: small.model,
      fit,
      live: false,
    });
    expect(result.outcome).toBe('finished');
  });

  it('row 57: cancels at every phase, fifty times, with flat memory', async () => {
    const hosted = host();
    const table = await synthetic(hosted, 3000);
    const long = { ...fit, epochs: 100_000 };
    const { model: id } = await model(hosted, table, {}, 3000);
    const bytes = hosted.session.bytesInUse;
    for (let i = 0; i < 50; i += 1) {
      const job = hosted.nextId();
      const running = hosted.ask({ type: 'run', job, model: id, fit: long, live: i % 2 === 0 });
      if (i % 5 === 1) await hosted.ask({ type: 'pause', job });
      for (let turns = 0; turns < i % 7; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      await hosted.ask({ type: 'cancel', job });
      expect((await running).outcome).toBe('cancelled');
      expect(hosted.session.bytesInUse).toBe(bytes);
    }
    const opening = hosted.nextId();
    const source = { synthetic: 'rings' as const, n: 500_000, seed: 1, name: 'rings' };
    const open = hosted.ask({ type: 'open', table: hosted.nextId(), job: opening, source, hints: {} });
    await hosted.ask({ type: 'cancel', job: opening });
    await expect(open).rejects.toMatchObject({ code: 'cancelled' });
    expect(hosted.session.bytesInUse).toBe(bytes);
    const job = hosted.nextId();
    const roles = Array.from(
      { length: 9 },
      (_, i) => (i < 5 ? 'feature' : 'ignored') as 'feature' | 'ignored',
    );
    const prepare = hosted.ask({ type: 'prepare', table, job, spec: { roles, scale: 'minmax' } });
    await hosted.ask({ type: 'cancel', job });
    await prepare.catch((failure: unknown) => expect(failure).toMatchObject({ code: 'cancelled' }));
    const result = await hosted.ask({ type: 'run', job: hosted.nextId(), model: id, fit, live: false });
    expect(result.outcome).toBe('finished');
  });

  it('pauses at rest with a whole map, resumes for one epoch, changes the rate, and stops', async () => {
    const hosted = returning();
    const { model: id } = await model(hosted, await synthetic(hosted, 2000), {}, 2000);
    const job = hosted.nextId();
    const running = hosted.ask({ type: 'run', job, model: id, fit: { ...fit, epochs: 100_000 }, live: true });
    await hosted.ask({ type: 'pause', job });
    const frame = hosted.of('frame').at(-1);
    expect(frame?.whole).toBe(true);
    expect(hosted.of('progress').at(-1)).toMatchObject({ job, state: 'paused' });
    expect(hosted.of('snapshot').at(-1)?.step).toBe(frame?.step);
    const epoch = hosted.of('progress').at(-1)?.epoch ?? 0;
    await hosted.ask({ type: 'set', target: job, params: { learning_rate: 1e-4 } });
    await expect(
      hosted.ask({ type: 'set', target: job, params: { learning_rate: 0 } }),
    ).rejects.toMatchObject({
      where: 'learning_rate',
    });
    await hosted.ask({ type: 'resume', job, epochs: 1 });
    await expect.poll(() => hosted.of('progress').at(-1)?.state, { timeout: 20_000 }).toBe('paused');
    expect(hosted.of('progress').at(-1)?.epoch).toBe(epoch + 1);
    await hosted.ask({ type: 'resume', job });
    await hosted.ask({ type: 'stop', job });
    const result = await running;
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'user' });
    expect(hosted.of('frame').at(-1)).toMatchObject({ whole: true, step: result.steps });
    // Too late is no error.
    for (const type of ['pause', 'stop', 'cancel', 'resume'] as const) {
      expect(await hosted.ask({ type, job })).toBeNull();
    }
  });

  it('wherever it is stopped, sentence, losses and map agree on the epochs, and the next run goes on behind', async () => {
    const hosted = returning();
    const shape = { hidden: [256, 128] };
    const { model: id } = await model(hosted, await synthetic(hosted, 2000), shape, 2000);
    const told = (job: Id) =>
      hosted.of('progress').flatMap((progress) => (progress.job === job ? progress.series : []));
    const endless = { ...fit, epochs: 100_000, heldout: 0.5 };
    let epochs = 0;
    for (let i = 0; i < 16; i += 1) {
      const job = hosted.nextId();
      const running = hosted.ask({ type: 'run', job, model: id, fit: endless, live: true });
      await expect.poll(() => told(job).length, { interval: 1, timeout: 20_000 }).toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, i));
      await hosted.ask({ type: 'stop', job });
      const { epochs: done, message } = await running;
      const first = epochs + 1;
      epochs += done;
      expect(told(job).map(({ epoch }) => epoch)).toEqual(Array.from({ length: done }, (_, k) => first + k));
      expect(hosted.of('frame').at(-1)?.epoch).toBe(epochs);
      const all = first > 1 ? `, ${epochs} in all` : '';
      expect(message).toBe(`Stopped after ${done} epoch${done === 1 ? '' : 's'}${all}.`);
    }
  });

  it('one training at a time; reading and answers go on beside it', async () => {
    const hosted = host();
    const table = await synthetic(hosted);
    const a = await model(hosted, table);
    const b = await model(hosted, table);
    const job = hosted.nextId();
    const running = hosted.ask({
      type: 'run',
      job,
      model: a.model,
      fit: { ...fit, epochs: 100_000 },
      live: true,
    });
    const second = hosted.ask({ type: 'run', job: hosted.nextId(), model: b.model, fit, live: true });
    await expect(second).rejects.toMatchObject({ code: 'busy' });
    await expect(
      hosted.ask({ type: 'restore', model: a.model, buffer: new ArrayBuffer(8) }),
    ).rejects.toMatchObject({ code: 'busy' });
    await synthetic(hosted, 200, 'rings');
    const detail = await hosted.ask({ type: 'read', what: 'inspect', model: a.model, row: 0 });
    expect(detail.reconstruction.length).toBe(8);
    const errors = await hosted.ask({ type: 'read', what: 'error', model: a.model });
    expect(errors.length).toBe(600);
    // Freeing a table ends what runs on it.
    await hosted.ask({ type: 'free', target: table });
    expect((await running).outcome).toBe('cancelled');
    const free = await hosted
      .ask({ type: 'run', job: hosted.nextId(), model: b.model, fit, live: true })
      .catch((e) => e);
    expect(free).toMatchObject({ code: 'not_found' });
  });

  it('stops on a held-out plateau and says so', async () => {
    const hosted = host();
    const { model: id } = await model(hosted, await synthetic(hosted));
    const patient = { ...fit, epochs: 2000, patience: 5 };
    const result = await hosted.ask({
      type: 'run',
      job: hosted.nextId(),
      model: id,
      fit: patient,
      live: false,
    });
    expect(result).toMatchObject({ outcome: 'finished', reason: 'plateau' });
    expect(result.epochs).toBeLessThan(2000);
    expect(result.message).toContain('held-out');
  });

  it('shows other axes at once, and spreads the rows of a code with one number', async () => {
    const hosted = returning();
    const table = await synthetic(hosted);
    const { model: id, map } = await model(hosted, table, { latent: 3 });
    await hosted.ask({ type: 'refresh', map });
    const codes = await hosted.ask({ type: 'read', what: 'latent', model: id });
    await hosted.ask({ type: 'set', target: map, params: { axes: [2, 0] } });
    const shown = positions(hosted.of('frame').at(-1));
    expect([shown[10], shown[11]]).toEqual([codes[17], codes[15]]);
    await expect(hosted.ask({ type: 'set', target: map, params: { axes: [0, 3] } })).rejects.toMatchObject({
      where: 'axes',
    });
    const line = await model(hosted, table, { latent: 1 });
    await hosted.ask({ type: 'refresh', map: line.map });
    const frame = hosted.of('frame').at(-1);
    const y = Array.from({ length: 600 }, (_, i) => positions(frame)[2 * i + 1] ?? 0);
    expect(new Set(y).size).toBeGreaterThan(500);
    await hosted.ask({ type: 'refresh', map: line.map });
    expect([...positions(hosted.of('frame').at(-1))]).toEqual([...positions(frame)]);
  });

  it('trains on the rows of another table, and shows those from then on', async () => {
    const hosted = returning();
    const small = await synthetic(hosted, 200);
    const large = await synthetic(hosted, 900);
    const { model: id } = await model(hosted, small, {}, 900);
    await hosted.ask({
      type: 'run',
      job: hosted.nextId(),
      model: id,
      fit: { ...fit, epochs: 1 },
      live: true,
    });
    expect(hosted.of('frame').at(-1)?.rows).toBe(200);
    const moved = { ...fit, table: large };
    await hosted.ask({ type: 'run', job: hosted.nextId(), model: id, fit: moved, live: true });
    expect(hosted.of('frame').at(-1)).toMatchObject({ rows: 900, whole: true });
    await hosted.ask({ type: 'free', target: small });
    expect((await hosted.ask({ type: 'read', what: 'latent', model: id })).length).toBe(1800);
    const other = await synthetic(hosted, 100, 'rings');
    const wrong = hosted.ask({
      type: 'run',
      job: hosted.nextId(),
      model: id,
      fit: { ...fit, table: other },
      live: true,
    });
    await expect(wrong).rejects.toMatchObject({ code: 'bad_param', where: 'table' });
  });

  it('trains on given rows with given weights only', async () => {
    const hosted = host();
    const { model: id } = await model(hosted, await synthetic(hosted));
    const rows = Uint32Array.from({ length: 100 }, (_, i) => i * 3);
    const chosen = { ...fit, rows, weights: new Float32Array(600).fill(2), heldout: 0 };
    const result = await hosted.ask({
      type: 'run',
      job: hosted.nextId(),
      model: id,
      fit: chosen,
      live: false,
    });
    expect(result.rows_trained).toBe(800);
    const beyond = { ...fit, rows: new Uint32Array([600]) };
    const wrong = hosted.ask({ type: 'run', job: hosted.nextId(), model: id, fit: beyond, live: false });
    await expect(wrong).rejects.toMatchObject({ code: 'bad_param' });
  });

  it('prepares the same features once, and other features beside a model that uses the first', async () => {
    const hosted = host();
    const table = hosted.nextId();
    const source = { synthetic: 'blobs' as const, n: 5000, seed: 1, name: 'blobs' };
    const info: TableInfo = await hosted.ask({
      type: 'open',
      table,
      job: hosted.nextId(),
      source,
      hints: {},
    });
    const roles = info.columns.map(({ role }) => role);
    const prepare = (scale: 'auto' | 'none') =>
      hosted.ask({ type: 'prepare', table, job: hosted.nextId(), spec: { roles, scale } });
    const first = await prepare('auto');
    const bytes = hosted.session.bytesInUse;
    expect(await prepare('auto')).toEqual(first);
    expect(hosted.session.bytesInUse).toBe(bytes);
    const { model: id } = await model(hosted, table, {}, 5000);
    const withModel = hosted.session.bytesInUse;
    expect((await prepare('none')).scale).toBe('none');
    expect(hosted.session.bytesInUse).toBeGreaterThan(withModel);
    await prepare('auto');
    expect(hosted.session.bytesInUse).toBe(withModel);
    await hosted.ask({ type: 'free', target: id });
    expect(hosted.session.bytesInUse).toBe(bytes);
  });

  it('row 59: after a trap it says so once and never calls the kernels again', async () => {
    const kernels = freshKernels();
    // A module that does nothing but trap: a real RuntimeError from real WebAssembly.
    const trapping = new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0,
      11,
    ]);
    const { t } = new WebAssembly.Instance(new WebAssembly.Module(trapping)).exports;
    let calls = 0;
    let trapped = false;
    const watched = new Proxy(kernels.exports, {
      get(target, name, receiver) {
        calls += trapped ? 1 : 0;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    const faulty = host({
      kernels: { ...kernels, exports: watched },
      probe(where) {
        if (where === 'epoch') {
          trapped = true;
          (t as () => void)();
        }
      },
    });
    const ids = await model(faulty, await synthetic(faulty));
    let settled = false;
    void faulty
      .ask({ type: 'run', job: faulty.nextId(), model: ids.model, fit, live: true })
      .finally(() => (settled = true));
    await expect.poll(() => faulty.of('fatal').length, { timeout: 20_000 }).toBe(1);
    calls = 0;
    void faulty.ask({ type: 'read', what: 'latent', model: ids.model });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls).toBe(0);
    expect(settled).toBe(false);
    expect(faulty.of('fatal')).toHaveLength(1);
  });

  it('unknown ids and requests are errors with a code, not silence', async () => {
    const hosted = host();
    const missing = { code: 'not_found' };
    await expect(hosted.ask({ type: 'free', target: 5 })).rejects.toMatchObject(missing);
    await expect(hosted.ask({ type: 'pause', job: 5 })).rejects.toMatchObject(missing);
    await expect(hosted.ask({ type: 'read', what: 'column', table: 5, column: 0 })).rejects.toMatchObject(
      missing,
    );
    await expect(hosted.ask({ type: 'dance' } as never)).rejects.toMatchObject({ code: 'bad_param' });
    const mind = hosted.ask({ type: 'read', what: 'mind', model: 5 } as never);
    await expect(mind).rejects.toMatchObject({ code: 'bad_param', where: 'what' });
    const table = await synthetic(hosted);
    await expect(hosted.ask({ type: 'read', what: 'column', table, column: 99 })).rejects.toMatchObject(
      missing,
    );
    const source = { synthetic: 'blobs' as const, n: 10, seed: 1, name: 'x' };
    const again = hosted.ask({ type: 'open', table, job: hosted.nextId(), source, hints: {} });
    await expect(again).rejects.toMatchObject({ code: 'bad_param' });
  });

  it('frames: none without a lent buffer while running, the last one always', async () => {
    const hosted = host();
    const table = await synthetic(hosted);
    const ids = { model: hosted.nextId(), map: hosted.nextId() };
    await hosted.ask({ type: 'create', ...ids, table, method: 'ae', params, spec: { axes: [0, 1] } });
    await hosted.ask({
      type: 'run',
      job: hosted.nextId(),
      model: ids.model,
      fit: { ...fit, epochs: 300 },
      live: true,
    });
    expect(hosted.of('frame')).toHaveLength(1);
    expect(hosted.of('frame')[0]?.whole).toBe(true);
    expect(hosted.of('frame')[0]?.channels.error?.length).toBe(600);
  });
});
