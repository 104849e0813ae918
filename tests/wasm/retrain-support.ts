/** What tests of retrains share: a small trained model in a session with the real kernels. */
import type { AeParams, FitSpec, Frame, Id, RowBits, RunResult } from '../../web/protocol/messages.ts';
import { type Hosted, host, synthetic } from './session-host.ts';

export const ROWS = 600;

export const params: AeParams = {
  hidden: [24, 12],
  latent: 2,
  activation: 'tanh',
  output: 'linear',
  loss: 'mse',
  seed: 1,
};

export const fit: FitSpec = {
  epochs: 6,
  batch: 32,
  learning_rate: 3e-3,
  weight_decay: 0,
  noise: 0,
  heldout: 0.1,
  patience: 0,
  seed: 1,
};

/** A clock by which every piece of work is as long as a slice. */
export function everyStepLong(): () => number {
  let time = 0;
  return () => {
    time += 20;
    return time;
  };
}

export interface Made {
  hosted: Hosted;
  table: Id;
  model: Id;
  map: Id;
}

/** A session that gives each frame's buffer back, as a page does. */
export function returning(): Hosted {
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

/** A model of made-up blobs (eight numbers, the blob as label in column 8), untrained. */
export async function made(hosted: Hosted, given: Partial<AeParams> = {}, rows = ROWS): Promise<Made> {
  return modelOf(hosted, await synthetic(hosted, rows), given, rows);
}

export async function modelOf(
  hosted: Hosted,
  table: Id,
  given: Partial<AeParams> = {},
  rows = ROWS,
): Promise<Made> {
  const [model, map] = [hosted.nextId(), hosted.nextId()];
  await hosted.ask({
    type: 'create',
    model,
    map,
    table,
    method: 'ae',
    params: { ...params, ...given },
    spec: { axes: [0, 1] },
  });
  for (let i = 0; i < 2; i += 1) {
    await hosted.session.handle({ type: 'frame-return', map, buffer: new ArrayBuffer(rows * 12) });
  }
  return { hosted, table, model, map };
}

export function run(at: Made, spec: Partial<FitSpec> = {}, live = false): Promise<RunResult> {
  const job = at.hosted.nextId();
  return at.hosted.ask({ type: 'run', job, model: at.model, fit: { ...fit, ...spec }, live });
}

export function bitsOf(rows: Iterable<number>, of = ROWS): RowBits {
  const bits = new Uint32Array(Math.ceil(of / 32));
  for (const row of rows) bits[row >> 5] = (bits[row >> 5] ?? 0) | (1 << (row & 31));
  return bits;
}

export function rowsOf(bits: RowBits, of = ROWS): number[] {
  return Array.from({ length: of }, (_, row) => row).filter(
    (row) => (((bits[row >> 5] ?? 0) >> (row & 31)) & 1) === 1,
  );
}

/** Rows first .. last - 1. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first }, (_, i) => first + i);
}

/** A copy of the buffer's numbers as bytes: to be compared bit by bit. */
export async function weights(at: Made): Promise<Buffer> {
  return Buffer.from(await at.hosted.ask({ type: 'snapshot', model: at.model }));
}

export function positionsOf(frame: Frame | undefined): Float32Array {
  if (frame === undefined) throw new Error('There is no frame.');
  return new Float32Array(frame.buffer, frame.channels.positions.offset, frame.channels.positions.length);
}

/** Where the map draws every row by the model's present weights. */
export async function drawn(at: Made): Promise<Float32Array> {
  await at.hosted.ask({ type: 'refresh', map: at.map });
  return positionsOf(at.hosted.of('frame').at(-1)).slice();
}
