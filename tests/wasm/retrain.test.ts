// Retrains through the session with the real kernels: what a selection changes of a training, and the way back.
import { describe, expect, it } from 'vitest';
import type { Align } from '../../web/protocol/messages.ts';
import {
  bitsOf,
  drawn,
  fit,
  made,
  modelOf,
  params,
  positionsOf,
  ROWS,
  range,
  returning,
  rowsOf,
  run,
  weights,
} from './retrain-support.ts';
import { type Hosted, host } from './session-host.ts';

const selection = bitsOf(range(0, 200));

/** A table from the text of a file, its columns used as they are. */
async function opened(hosted: Hosted, text: string, name = 'rows.csv') {
  const table = hosted.nextId();
  const source = { blob: new Blob([text]), name };
  const info = await hosted.ask({ type: 'open', table, job: hosted.nextId(), source, hints: {} });
  const spec = { roles: info.columns.map(() => 'feature' as const), scale: 'none' as const };
  await hosted.ask({ type: 'prepare', table, job: hosted.nextId(), spec });
  return table;
}

describe('a retrain', () => {
  it('reports the losses of selection and rest, each epoch and at the end', async () => {
    const at = await made(host());
    await run(at);
    const plain = at.hosted.of('progress').flatMap(({ series }) => series);
    expect(plain.every((loss) => loss.selection == null && loss.rest == null)).toBe(true);
    const before = at.hosted.events.length;
    const result = await run(at, { selection, focus: 1, epochs: 30 });
    const series = at.hosted.events
      .slice(before)
      .flatMap((event) => (event.type === 'progress' ? event.series : []));
    expect(series.map(({ epoch }) => epoch)).toEqual(range(7, 37));
    const [first, last] = [series[0], series.at(-1)];
    expect(last?.selection).toBe(result.selection);
    expect(last?.rest).toBe(result.rest);
    expect(last?.heldout).toBe(result.heldout);
    expect(last?.selection ?? 9).toBeLessThan(first?.selection ?? 0);
    // Fewer than 1,000 selected rows are trained on, so the sample is all of them: their exact error.
    const errors = await at.hosted.ask({ type: 'read', what: 'error', model: at.model });
    const out = await at.hosted.ask({ type: 'read', what: 'heldout', model: at.model, heldout: fit.heldout });
    const held = new Set(rowsOf(out));
    const trained = range(0, 200).filter((row) => !held.has(row));
    const mean = trained.reduce((sum, row) => sum + (errors[row] ?? 0), 0) / trained.length;
    expect(result.selection).toBeCloseTo(mean, 5);
    expect(result.message).toBe(`Retrained 30 epochs on ${trained.length} rows.`);
  });

  it('takes as many steps as its focus says, and visits so many rows', async () => {
    const cases: [focus: number, perEpoch: number][] = [
      [1, Math.ceil(200 / 32)],
      [0.5, Math.ceil(200 / 16)],
      [0, Math.ceil(400 / 32)],
    ];
    for (const [focus, perEpoch] of cases) {
      const at = await made(host());
      const result = await run(at, { selection, focus, epochs: 5, heldout: 0 });
      expect(result.steps).toBe(5 * perEpoch);
      expect(at.hosted.of('progress').at(-1)).toMatchObject({ done: 5 * perEpoch, total: 5 * perEpoch });
      expect(result.rows_trained).toBe(5 * perEpoch * 32);
    }
  });

  it('with every row selected is a plain training of all of them', async () => {
    const at = await made(host());
    const result = await run(at, { selection: bitsOf(range(0, ROWS)), focus: 0.6, heldout: 0 });
    expect(result.steps).toBe(6 * Math.ceil(ROWS / 32));
    expect(result.rest).toBeNull();
    expect(result.selection).not.toBeNull();
  });

  it('leaves a selection out with focus 0: its rows change nothing', async () => {
    const line = (row: number, wild: boolean) =>
      [0.1, 0.7, 1.3].map((f) => (wild ? 9 : Math.round(1000 * Math.sin(f * row)) / 1000)).join(',');
    const bits: Buffer[] = [];
    for (const wild of [false, true]) {
      const hosted = host();
      const rows = range(0, 200).map((row) => line(row, wild && row < 50));
      const table = await opened(hosted, `a,b,c\n${rows.join('\n')}\n`);
      const at = await modelOf(hosted, table, {}, 200);
      const result = await run(at, { selection: bitsOf(range(0, 50), 200), focus: 0, heldout: 0 });
      expect(result.message).toBe('Trained 6 epochs without 50 rows.');
      bits.push(await weights(at));
    }
    expect(bits[1]?.equals(bits[0] as Buffer)).toBe(true);
  });

  it('never trains on held-out rows, though they are selected', async () => {
    const line = (row: number, wild: boolean) =>
      [0.1, 0.7, 1.3].map((f) => (wild ? 9 : Math.round(1000 * Math.sin(f * row)) / 1000)).join(',');
    const bits: Buffer[] = [];
    let out = new Set<number>();
    for (const wild of [false, true]) {
      const hosted = host();
      const rows = range(0, 200).map((row) => line(row, wild && out.has(row)));
      const at = await modelOf(hosted, await opened(hosted, `a,b,c\n${rows.join('\n')}\n`), {}, 200);
      const held = await hosted.ask({ type: 'read', what: 'heldout', model: at.model, heldout: 0.2 });
      out = new Set(rowsOf(held, 200));
      expect(out.size).toBe(40);
      const all = [...out, ...range(0, 30)];
      await run(at, { selection: bitsOf(all, 200), focus: 0.5, heldout: 0.2 });
      await run(at, { selection: bitsOf(all, 200), focus: 1, heldout: 0.2 });
      bits.push(await weights(at));
    }
    expect(bits[1]?.equals(bits[0] as Buffer)).toBe(true);
  });

  it('refuses what it can not train on, names the field, and leaves the model as it was', async () => {
    const at = await made(host());
    await run(at);
    const bits = await weights(at);
    const bytes = at.hosted.session.bytesInUse;
    const held = await at.hosted.ask({ type: 'read', what: 'heldout', model: at.model, heldout: 0.1 });
    const beyond = selection.slice();
    beyond[18] = 1 << 30;
    const wrong: [Parameters<typeof run>[1], string, RegExp][] = [
      [{ selection: new Uint32Array(18) }, 'selection', /19 words/],
      [{ selection: beyond }, 'selection', /past the last/],
      [{ selection: bitsOf([]) }, 'selection', /No row is selected/],
      [{ selection: held }, 'selection', /held out/],
      [{ selection: bitsOf(range(0, ROWS)), focus: 0 }, 'selection', /nothing is left/],
      [{ selection, focus: 1.1 }, 'focus', /between 0 and 1/],
      [{ selection, focus: Number.NaN }, 'focus', /between 0 and 1/],
      [{ selection, rows: Uint32Array.from(range(300, 400)) }, 'selection', /./],
    ];
    for (const fresh of [false, true]) {
      for (const [spec, where, message] of wrong) {
        await expect(run(at, { ...spec, fresh })).rejects.toMatchObject({
          code: 'bad_param',
          where,
          message: expect.stringMatching(message),
        });
      }
    }
    expect(at.hosted.session.bytesInUse).toBe(bytes);
    expect((await weights(at)).equals(bits)).toBe(true);
  });

  it('row 65: is the same bits however it is sliced, watched, read and paused', async () => {
    const bits: Buffer[] = [];
    for (const disturbed of [false, true]) {
      const at = await made(disturbed ? returning() : host());
      await run(at, {}, disturbed);
      const job = at.hosted.nextId();
      const spec = { ...fit, epochs: 20, selection, focus: 0.7 };
      const running = at.hosted.ask({ type: 'run', job, model: at.model, fit: spec, live: disturbed });
      if (disturbed) {
        await at.hosted.ask({ type: 'pause', job });
        const measured = at.hosted.ask({ type: 'measure', model: at.model, selection, column: 8 });
        await at.hosted.ask({ type: 'resume', job, epochs: 1 });
        await measured;
        await at.hosted.ask({ type: 'read', what: 'error', model: at.model });
        await at.hosted.ask({ type: 'resume', job });
      }
      expect((await running).outcome).toBe('finished');
      bits.push(await weights(at));
    }
    expect(bits[1]?.equals(bits[0] as Buffer)).toBe(true);
  });

  it('is undone by the snapshot from before: weights and positions bit for bit', async () => {
    const at = await made(returning());
    await run(at, {}, true);
    const before = await weights(at);
    const positions = await drawn(at);
    const first = await run(at, { selection, focus: 1 }, true);
    const retrained = await weights(at);
    expect(await drawn(at)).not.toEqual(positions);
    const buffer = new Uint8Array(before).buffer;
    const info = await at.hosted.ask({ type: 'restore', model: at.model, buffer: buffer.slice(0) });
    expect(info.steps).toBe(6 * 17);
    expect(await drawn(at)).toEqual(positions);
    // The same once more is the same retrain.
    const second = await run(at, { selection, focus: 1 }, true);
    expect((await weights(at)).equals(retrained)).toBe(true);
    expect({ ...second, seconds: 0 }).toEqual({ ...first, seconds: 0 });
  });

  it('that was stopped is replayed by its number of steps, in another session', async () => {
    const first = await made(returning());
    await run(first, {}, true);
    const job = first.hosted.nextId();
    const endless = { ...fit, epochs: 100_000, selection, focus: 0.8 };
    const running = first.hosted.ask({ type: 'run', job, model: first.model, fit: endless, live: true });
    const mine = () => first.hosted.of('progress').filter((progress) => progress.job === job);
    await expect.poll(() => mine().at(-1)?.epoch ?? 0, { timeout: 60_000 }).toBeGreaterThan(3);
    await first.hosted.ask({ type: 'stop', job });
    const stopped = await running;
    expect(stopped.message).toMatch(/^Stopped after [\d,]+ epochs?\.$/);
    const steps = stopped.steps - 6 * 17;
    const second = await made(host());
    await run(second);
    const replayed = await run(second, { ...endless, steps });
    expect(replayed).toMatchObject({ outcome: 'finished', reason: 'epochs', steps: stopped.steps });
    expect((await weights(second)).equals(await weights(first))).toBe(true);
    // And both go on in the same way.
    await run(first, { epochs: 2 });
    await run(second, { epochs: 2 });
    expect((await weights(second)).equals(await weights(first))).toBe(true);
  });

  it('row 57: is cancelled at every phase, fifty times, with level memory and whole weights', async () => {
    const at = await made(host(), {}, 3000);
    const chosen = bitsOf(range(0, 700), 3000);
    await run(at, { epochs: 1 });
    const bytes = at.hosted.session.bytesInUse;
    for (let i = 0; i < 50; i += 1) {
      const job = at.hosted.nextId();
      const spec = { ...fit, epochs: 100_000, selection: chosen, focus: (i % 5) / 4, fresh: i % 3 === 0 };
      const running = at.hosted.ask({ type: 'run', job, model: at.model, fit: spec, live: i % 2 === 0 });
      if (i % 5 === 1) await at.hosted.ask({ type: 'pause', job });
      for (let turns = 0; turns < i % 7; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      await at.hosted.ask({ type: 'cancel', job });
      expect((await running).outcome).toBe('cancelled');
      expect(at.hosted.session.bytesInUse).toBe(bytes);
    }
    const errors = await at.hosted.ask({ type: 'read', what: 'error', model: at.model });
    expect(errors.every(Number.isFinite)).toBe(true);
  });

  it('fifty retrains with measuring take no more memory than one', async () => {
    const at = await made(returning());
    await run(at, {}, true);
    const bytes = at.hosted.session.bytesInUse;
    for (let i = 0; i < 50; i += 1) {
      const some = await at.hosted.ask({
        type: 'select',
        table: at.table,
        by: { kind: 'random', n: 100, seed: i },
      });
      await run(at, { selection: some, focus: 0.5, epochs: 1 }, true);
      await at.hosted.ask({ type: 'measure', model: at.model, selection: some, column: 8 });
      expect(at.hosted.session.bytesInUse).toBe(bytes);
    }
  });

  it('is estimated by its own steps, not by those of all rows', async () => {
    const at = await made(host());
    const request = { type: 'estimate', table: at.table, method: 'ae', params } as const;
    const all = await at.hosted.ask({ ...request, fit: { ...fit, heldout: 0 } });
    const few = await at.hosted.ask({
      ...request,
      fit: { ...fit, heldout: 0, selection: bitsOf(range(0, 64)), focus: 1 },
    });
    const stepsOf = (estimate: typeof all) => estimate.seconds / estimate.step_seconds;
    expect(stepsOf(all) / (6 * Math.ceil(ROWS / 32))).toBeCloseTo(4 / 3, 5);
    expect(stepsOf(few)).toBeLessThan(stepsOf(all) * 0.9);
    const limited = await at.hosted.ask({ ...request, fit: { ...fit, heldout: 0, steps: 19 } });
    expect(stepsOf(limited)).toBeCloseTo(stepsOf(all) / 6, 5);
    expect(few.refused).toBeNull();
    await expect(
      at.hosted.ask({ ...request, fit: { ...fit, selection: new Uint32Array(3) } }),
    ).rejects.toMatchObject({ code: 'bad_param', where: 'selection' });
  });
});

describe('training from scratch', () => {
  it('gives the bits of a new model', async () => {
    const at = await made(returning());
    await run(at, { seed: 5 }, true);
    const spec = { selection, focus: 1, epochs: 7 };
    const result = await run(at, { ...spec, fresh: true }, true);
    expect(result.steps).toBe(7 * Math.ceil(rowsTrained(result.message) / 32));
    const other = await made(host());
    await run(other, spec);
    expect((await weights(at)).equals(await weights(other))).toBe(true);
    const [mine, theirs] = await Promise.all(
      [at, other].map(({ hosted, model }) => hosted.ask({ type: 'read', what: 'error', model })),
    );
    expect(mine).toEqual(theirs);
  });

  it('lays the map onto the one before, watched or not, and says how', async () => {
    const aligns: (Align | null)[] = [];
    const maps: Float32Array[] = [];
    for (const live of [true, false]) {
      const at = await made(returning());
      await run(at, { seed: 5 }, true);
      const before = await drawn(at);
      const own = await made(host());
      await run(own, { selection, focus: 1 });
      const codes = await own.hosted.ask({ type: 'read', what: 'latent', model: own.model });
      const result = await run(at, { selection, focus: 1, fresh: true }, live);
      const { align } = result;
      aligns.push(align);
      const shown = await drawn(at);
      maps.push(shown);
      if (align === null) throw new Error('There is no alignment.');
      const [a, b, c, d, tx, ty] = align;
      // Drawn through the similarity, in double precision, stored as floats.
      for (let i = 0; i < ROWS; i += 1) {
        const [x = 0, y = 0] = codes.subarray(2 * i, 2 * i + 2);
        expect(shown[2 * i]).toBe(Math.fround(a * x + b * y + tx));
        expect(shown[2 * i + 1]).toBe(Math.fround(c * x + d * y + ty));
      }
      const far = (map: Float32Array) => map.reduce((sum, v, i) => sum + (v - (before[i] ?? 0)) ** 2, 0);
      expect(far(shown)).toBeLessThan(far(codes));
      if (live) {
        expect(at.hosted.of('snapshot').at(-1)?.align).toEqual(align);
        // Another page with the same weights and alignment draws the same map.
        const buffer = new Uint8Array(await weights(at)).buffer;
        const other = await made(returning());
        await other.hosted.ask({ type: 'restore', model: other.model, buffer, align });
        expect(await drawn(other)).toEqual(shown);
        // Without one the codes are drawn as they are.
        const again = new Uint8Array(await weights(at)).buffer;
        await other.hosted.ask({ type: 'restore', model: other.model, buffer: again });
        expect(await drawn(other)).toEqual(codes);
      }
    }
    expect(aligns[1]).toEqual(aligns[0]);
    expect(maps[1]).toEqual(maps[0]);
  });

  it('shows nothing of the new model before it is laid onto the map, and only aligned frames then', async () => {
    const at = await made(returning());
    await run(at, { seed: 5, epochs: 40 }, true);
    const before = await drawn(at);
    const sent = at.hosted.events.length;
    await run(at, { fresh: true, epochs: 200 }, true);
    const frames = at.hosted.events.slice(sent).flatMap((event) => (event.type === 'frame' ? [event] : []));
    expect(frames[0]).toMatchObject({ whole: true, step: 0 });
    const centre = (map: Float32Array) => {
      const sum = [0, 0];
      map.forEach((value, i) => {
        sum[i % 2] = (sum[i % 2] ?? 0) + value / ROWS;
      });
      return sum;
    };
    const [x = 0, y = 0] = centre(before);
    for (const frame of frames.filter(({ whole }) => whole)) {
      // A least-squares similarity keeps the centre.
      const [cx = 9, cy = 9] = centre(positionsOf(frame));
      expect(cx).toBeCloseTo(x, 3);
      expect(cy).toBeCloseTo(y, 3);
    }
  });

  it('aligns a code of one number by its sign, scale and shift', async () => {
    const at = await made(returning(), { latent: 1 });
    await run(at, { seed: 5 }, true);
    await drawn(at);
    const { align } = await run(at, { fresh: true, seed: 9 }, true);
    const codes = await at.hosted.ask({ type: 'read', what: 'latent', model: at.model });
    const shown = await drawn(at);
    const [a = 0, b, c, d, tx = 0, ty] = align ?? [];
    expect([b, c, d, ty]).toEqual([0, 0, 1, 0]);
    for (let i = 0; i < ROWS; i += 1) expect(shown[2 * i]).toBe(Math.fround(a * (codes[i] ?? 0) + tx));
  });

  it('stands alone when nothing was drawn before', async () => {
    const at = await made(host());
    const result = await run(at, { fresh: true });
    expect(result.align).toBeNull();
    expect(result.message).toBe('Trained from scratch for 6 epochs.');
  });

  it('an alignment goes with other axes, stays with the same, and is set by hand', async () => {
    const at = await made(returning(), { latent: 3 });
    const { hosted, map } = at;
    await run(at, {}, true);
    const plain = await drawn(at);
    const align: Align = [0, 2, 1, 0, 5, -1];
    const last = () => positionsOf(hosted.of('frame').at(-1));
    await hosted.ask({ type: 'set', target: map, params: { axes: [0, 1], align } });
    expect(last()[2]).toBe(Math.fround(2 * (plain[3] ?? 0) + 5));
    expect(last()[3]).toBe(Math.fround((plain[2] ?? 0) - 1));
    await hosted.ask({ type: 'set', target: map, params: { axes: [0, 1] } });
    expect(last()[2]).toBe(Math.fround(2 * (plain[3] ?? 0) + 5));
    await hosted.ask({ type: 'set', target: map, params: { axes: [1, 0] } });
    expect([last()[2], last()[3]]).toEqual([plain[3], plain[2]]);
    await hosted.ask({ type: 'set', target: map, params: { axes: [0, 1], align: null } });
    expect(last()).toEqual(plain);
    const wrong = [1, 0, 0, Number.NaN, 0, 0] as unknown as Align;
    for (const bad of [wrong, [1, 0] as unknown as Align]) {
      const params = { axes: [0, 1] as [number, number], align: bad };
      await expect(hosted.ask({ type: 'set', target: map, params })).rejects.toMatchObject({
        code: 'bad_param',
        where: 'align',
      });
    }
  });

  it('that is cancelled at any moment is undone by the snapshot and the alignment from before', async () => {
    const at = await made(returning());
    await run(at, { seed: 5 }, true);
    const { align } = await run(at, { fresh: true, selection, focus: 1 }, true);
    expect(align).not.toBeNull();
    const before = await weights(at);
    const positions = await drawn(at);
    for (let turns = 0; turns < 6; turns += 1) {
      const job = at.hosted.nextId();
      const spec = { ...fit, fresh: true, epochs: 100_000 };
      const running = at.hosted.ask({ type: 'run', job, model: at.model, fit: spec, live: true });
      for (let i = 0; i < turns; i += 1) await new Promise((resolve) => setImmediate(resolve));
      await at.hosted.ask({ type: 'cancel', job });
      const { outcome, steps } = await running;
      expect(outcome).toBe('cancelled');
      // Whole weights of the new model, not of the one before.
      const errors = await at.hosted.ask({ type: 'read', what: 'error', model: at.model });
      expect(errors.every(Number.isFinite)).toBe(true);
      expect(steps).toBe(
        (await at.hosted.ask({ type: 'measure', model: at.model, selection, column: null })).step,
      );
      const buffer = new Uint8Array(before).buffer;
      await at.hosted.ask({ type: 'restore', model: at.model, buffer, align });
      expect(await drawn(at)).toEqual(positions);
    }
  });

  it('that runs away leaves the new model at a finite state, drawn and aligned', async () => {
    const at = await made(returning());
    await run(at, {}, true);
    const result = await run(at, { fresh: true, learning_rate: 1e6, epochs: 500 }, true);
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'diverged' });
    expect(result.align?.every(Number.isFinite)).toBe(true);
    expect((await drawn(at)).every(Number.isFinite)).toBe(true);
    const after = await run(at, { epochs: 1 });
    expect(after.reason).toBe('epochs');
  });
});

describe('what is known of a model', () => {
  it('is not taken for current after a restore to as many steps', async () => {
    const at = await made(host());
    const start = new Uint8Array(await weights(at)).buffer;
    await run(at, { seed: 1 });
    const first = await at.hosted.ask({ type: 'read', what: 'error', model: at.model });
    await at.hosted.ask({ type: 'restore', model: at.model, buffer: start });
    await run(at, { seed: 2 });
    const second = new Uint8Array(await weights(at)).buffer;
    const other = await at.hosted.ask({ type: 'read', what: 'error', model: at.model });
    expect(other).not.toEqual(first);
    await run(at, { seed: 1, fresh: true });
    expect(await at.hosted.ask({ type: 'read', what: 'error', model: at.model })).toEqual(first);
    await at.hosted.ask({ type: 'restore', model: at.model, buffer: second });
    expect(await at.hosted.ask({ type: 'read', what: 'error', model: at.model })).toEqual(other);
  });

  it('is read whole, by whoever asks at once, also while a training begins', async () => {
    const at = await made(returning(), {}, 20_000);
    const { hosted, model } = at;
    const read = (what: 'error' | 'latent') => hosted.ask({ type: 'read', what, model });
    const reading = [read('error'), read('latent'), read('error')];
    const running = run(at, { epochs: 2, fresh: true }, true);
    const [error, latent, again] = await Promise.all(reading);
    expect([error?.length, latent?.length]).toEqual([20_000, 40_000]);
    expect(again).toEqual(error);
    expect((await running).outcome).toBe('finished');
  });

  it('says two counts of epochs as what they are', async () => {
    const at = await made(host());
    expect((await run(at)).message).toBe('Trained 6 epochs.');
    expect((await run(at, { epochs: 1 })).message).toBe('Trained 1 epoch, 7 in all.');
    const result = await run(at, { selection, focus: 1, fresh: true, epochs: 3, heldout: 0 });
    expect(result.message).toBe('Trained from scratch for 3 epochs on 200 rows.');
  });
});

/** The number of rows in "… on 181 rows." */
function rowsTrained(message: string): number {
  return Number(/on (\d+) rows/.exec(message)?.[1]);
}
