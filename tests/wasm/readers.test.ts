// Who reads a model sees one state of it, whatever is asked for meanwhile: with the real kernels, against a session in
// which nothing else was asked. And the alignment of a map belongs to its axes, however often others are chosen.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Align } from '../../web/protocol/messages.ts';
import {
  bitsOf,
  drawn,
  everyStepLong,
  fit,
  type Made,
  made,
  positionsOf,
  range,
  returning,
  run,
  weights,
} from './retrain-support.ts';
import { host, synthetic } from './session-host.ts';

const MANY = 3000;

/** A trained model that nobody has looked at yet, in a worker that takes many turns for every answer. */
async function trained(): Promise<Made> {
  const at = await made(host({ now: everyStepLong() }), {}, MANY);
  await run(at, { epochs: 1 });
  return at;
}

/** Everything that is read of a model, asked for at once: a digest of each answer. */
async function readings({ hosted, model }: Made): Promise<Record<string, string>> {
  const selection = bitsOf(range(0, 700), MANY);
  const codes = new Float32Array(2 * MANY).fill(0.5);
  const asked: Record<string, Promise<string | ArrayBuffer | Float32Array>> = {
    error: hosted.ask({ type: 'read', what: 'error', model }),
    latent: hosted.ask({ type: 'read', what: 'latent', model }),
    measure: hosted.ask({ type: 'measure', model, selection, column: 8 }).then((one) => JSON.stringify(one)),
    decode: hosted.ask({ type: 'decode', model, codes }),
    snapshot: hosted.ask({ type: 'snapshot', model }),
    export: hosted
      .ask({ type: 'export', model, selection, only: false, protect: true, labels: [8] })
      .then((blob) => blob.text()),
  };
  const digests = Object.entries(asked).map(async ([name, answer]) => {
    const value = await answer;
    const bytes = typeof value === 'string' || value instanceof Float32Array ? value : new Uint8Array(value);
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(digests));
}

/** A copy, since what is sent may be transferred. */
async function copyOf(at: Made): Promise<ArrayBuffer> {
  return new Uint8Array(await weights(at)).buffer;
}

describe('a training from scratch', () => {
  it('begins when who reads the former model is through, watched or not', async () => {
    const expected = await readings(await trained());
    const alone = await trained();
    await run(alone, { fresh: true, steps: 5 });
    for (const live of [true, false]) {
      const at = await trained();
      const reading = readings(at);
      const running = run(at, { fresh: true, steps: 5 }, live);
      expect(await reading).toEqual(expected);
      expect((await running).steps).toBe(5);
      expect((await weights(at)).equals(await weights(alone))).toBe(true);
    }
  });

  it('that is cancelled before that leaves the former model', async () => {
    const at = await trained();
    const before = await weights(at);
    const expected = await readings(await trained());
    const reading = readings(at);
    const job = at.hosted.nextId();
    const running = at.hosted.ask({
      type: 'run',
      job,
      model: at.model,
      fit: { ...fit, fresh: true },
      live: true,
    });
    await at.hosted.ask({ type: 'cancel', job });
    expect(await running).toMatchObject({ outcome: 'cancelled', epochs: 0, align: null, axes: [0, 1] });
    expect(await reading).toEqual(expected);
    expect((await weights(at)).equals(before)).toBe(true);
  });

  it('that waits is trained at the rate that was set meanwhile', async () => {
    const ends = await Promise.all(
      [false, true].map(async (waits) => {
        const at = await trained();
        const job = at.hosted.nextId();
        const reading = waits ? readings(at) : null;
        const spec = { ...fit, fresh: true, steps: 5 };
        const running = at.hosted.ask({ type: 'run', job, model: at.model, fit: spec, live: false });
        await at.hosted.ask({ type: 'set', target: job, params: { learning_rate: 1e-4 } });
        await Promise.all([reading, running]);
        return weights(at);
      }),
    );
    const unset = await trained();
    await run(unset, { fresh: true, steps: 5 });
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[0]).not.toEqual(await weights(unset));
  });

  it('on the table that the model stands on is one on the model’s table', async () => {
    const [plain, named] = [await made(returning()), await made(returning())];
    for (const at of [plain, named]) await run(at, { seed: 5 }, true);
    const [a, b] = [
      await run(plain, { fresh: true }, true),
      await run(named, { fresh: true, table: named.table }, true),
    ];
    expect(a.align).not.toBeNull();
    expect(b.align).toEqual(a.align);
    expect(await drawn(named)).toEqual(await drawn(plain));
  });
});

describe('a restore', () => {
  it('waits for who reads, and who comes after it for the restore', async () => {
    const untrained = await made(host({ now: everyStepLong() }), {}, MANY);
    const start = await copyOf(untrained);
    const former = await readings(await trained());
    const later = await readings(untrained);
    const at = await trained();
    const { hosted, model } = at;
    const before = readings(at);
    const restoring = hosted.ask({ type: 'restore', model, buffer: start.slice(0) });
    const after = readings(at);
    expect(await before).toEqual(former);
    expect((await restoring).steps).toBe(0);
    expect(await after).toEqual(later);
  });

  it('that waits comes before the training that was asked for after it', async () => {
    const untrained = await made(host(), {}, MANY);
    const start = await copyOf(untrained);
    await run(untrained, { steps: 7, seed: 3 });
    for (const live of [true, false]) {
      const at = await trained();
      const reading = readings(at);
      const restoring = at.hosted.ask({ type: 'restore', model: at.model, buffer: start.slice(0) });
      const running = run(at, { steps: 7, seed: 3 }, live);
      await Promise.all([reading, restoring]);
      expect((await running).steps).toBe(7);
      expect((await weights(at)).equals(await weights(untrained))).toBe(true);
    }
  });

  it('of a model that is freed meanwhile is refused, and takes nothing along', async () => {
    const at = await trained();
    const { hosted, model } = at;
    const buffer = await copyOf(at);
    const reading = hosted.ask({ type: 'read', what: 'error', model });
    const restoring = hosted.ask({ type: 'restore', model, buffer });
    const refused = [reading, restoring].map((asked) =>
      expect(asked).rejects.toMatchObject({ code: 'not_found' }),
    );
    await hosted.ask({ type: 'free', target: model });
    await Promise.all(refused);
    await hosted.ask({ type: 'free', target: at.table });
    expect(hosted.session.bytesInUse).toBe(0);
  });
});

describe('an alignment', () => {
  const choose = (at: Made, axes: [number, number]) =>
    at.hosted.ask({ type: 'set', target: at.map, params: { axes } });
  const last = ({ hosted }: Made) => positionsOf(hosted.of('frame').at(-1)).slice();

  /** Where codes (n, 3) are on two axes, through a similarity. */
  function placed(codes: Float32Array, [x, y]: [number, number], align: Align | null): Float32Array {
    const [a, b, c, d, tx, ty] = align ?? [1, 0, 0, 1, 0, 0];
    return Float32Array.from({ length: (codes.length / 3) * 2 }, (_, i) => {
      const [u = 0, v = 0] = [codes[3 * (i >> 1) + x], codes[3 * (i >> 1) + y]];
      return i % 2 === 0 ? a * u + b * v + tx : c * u + d * v + ty;
    });
  }

  async function aligned(): Promise<{ at: Made; codes: Float32Array; align: Align }> {
    const at = await made(returning(), { latent: 3 });
    await run(at, { seed: 5 }, true);
    const { align, axes } = await run(at, { fresh: true }, true);
    if (align === null) throw new Error('There is no alignment.');
    expect(axes).toEqual([0, 1]);
    const codes = await at.hosted.ask({ type: 'read', what: 'latent', model: at.model });
    return { at, codes, align };
  }

  it('is there again when its axes are', async () => {
    const { at, codes, align } = await aligned();
    expect(await drawn(at)).toEqual(placed(codes, [0, 1], align));
    await choose(at, [1, 2]);
    expect(last(at)).toEqual(placed(codes, [1, 2], null));
    await choose(at, [0, 1]);
    expect(last(at)).toEqual(placed(codes, [0, 1], align));
    // A plain training keeps it, on whatever axes it is seen.
    await choose(at, [1, 2]);
    expect(await run(at, { epochs: 1 }, true)).toMatchObject({ align, axes: [0, 1] });
    const after = await at.hosted.ask({ type: 'read', what: 'latent', model: at.model });
    expect(last(at)).toEqual(placed(after, [1, 2], null));
    await choose(at, [0, 1]);
    expect(last(at)).toEqual(placed(after, [0, 1], align));
  });

  it('is found for the axes that a training from scratch began on, though others are chosen meanwhile', async () => {
    const { align } = await aligned();
    const at = await made(returning(), { latent: 3 });
    await run(at, { seed: 5 }, true);
    const job = at.hosted.nextId();
    const spec = { ...fit, fresh: true };
    const running = at.hosted.ask({ type: 'run', job, model: at.model, fit: spec, live: true });
    await at.hosted.ask({ type: 'pause', job });
    await choose(at, [2, 1]);
    await at.hosted.ask({ type: 'resume', job });
    expect(await running).toMatchObject({ align, axes: [0, 1] });
    const codes = await at.hosted.ask({ type: 'read', what: 'latent', model: at.model });
    expect(last(at)).toEqual(placed(codes, [2, 1], null));
    await choose(at, [0, 1]);
    expect(last(at)).toEqual(placed(codes, [0, 1], align));
  });

  it('is restored for its axes while others are shown', async () => {
    const { at, codes, align } = await aligned();
    const buffer = await copyOf(at);
    const other = await made(returning(), { latent: 3 });
    await choose(other, [2, 0]);
    await other.hosted.ask({ type: 'restore', model: other.model, buffer, align, axes: [0, 1] });
    expect(await drawn(other)).toEqual(placed(codes, [2, 0], null));
    await choose(other, [0, 1]);
    expect(last(other)).toEqual(placed(codes, [0, 1], align));
  });

  it('goes along to the rows of another table, and so do the axes that are shown', async () => {
    const { at, align } = await aligned();
    await choose(at, [1, 2]);
    const table = await synthetic(at.hosted, 200);
    const result = await run(at, { table, epochs: 1 }, true);
    expect(result).toMatchObject({ align, axes: [0, 1] });
    const codes = await at.hosted.ask({ type: 'read', what: 'latent', model: at.model });
    expect(last(at)).toEqual(placed(codes, [1, 2], null));
    await choose(at, [0, 1]);
    expect(last(at)).toEqual(placed(codes, [0, 1], align));
  });
});
