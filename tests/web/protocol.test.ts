// The contract itself: every request is answered once, with plain data that leaves the session's own state alone.
import { describe, expect, it } from 'vitest';
import type { FromWorker, Request } from '../../web/protocol/messages.ts';
import { PROTOCOL } from '../../web/protocol/messages.ts';
import { Session } from '../../web/worker/session.ts';
import { createTurn } from '../../web/worker/turn.ts';
import { freshKernels } from '../wasm/kernels.ts';

/** Everything that crosses the port in between is a copy: nothing but plain data gets through. */
async function channel() {
  const { port1, port2 } = new MessageChannel();
  const session = new Session({
    kernels: freshKernels(),
    now: () => performance.now(),
    turn: createTurn(),
    threads: 1,
    memory: null,
    post: (message, transfer) => port2.postMessage(message, transfer),
  });
  const heard: FromWorker[] = [];
  port1.onmessage = (event) => void heard.push(event.data as FromWorker);
  port2.onmessage = (event) => void session.handle(event.data as Request);
  port2.postMessage(session.ready());
  const answers = (id: number) =>
    heard.filter((message) => (message.type === 'reply' || message.type === 'error') && message.id === id);
  const ask = async (message: Request): Promise<FromWorker> => {
    port1.postMessage(message);
    await expect.poll(() => answers(message.id).length, { timeout: 20_000 }).toBe(1);
    return answers(message.id)[0] as FromWorker;
  };
  return { ask, heard, answers, close: () => port1.close() };
}

const roles = [...new Array(8).fill('feature'), 'label'] as ('feature' | 'label')[];
const params = {
  hidden: [8],
  latent: 2,
  activation: 'relu',
  output: 'linear',
  loss: 'mse',
  seed: 1,
} as const;
const fit = {
  epochs: 2,
  batch: 32,
  learning_rate: 1e-3,
  weight_decay: 0,
  noise: 0,
  heldout: 0.2,
  patience: 0,
  seed: 1,
  focus: 1,
  steps: 0,
};

/** Rows 0 to 31 of 120. */
const selection = new Uint32Array([0xffffffff, 0, 0, 0]);

describe('protocol', () => {
  it('begins with `ready`: its number, and the limits of every parameter of every method', async () => {
    const { heard, close } = await channel();
    await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(1);
    const ready = heard[0];
    if (ready?.type !== 'ready') throw new Error('The first message is not ready.');
    expect(ready.protocol).toBe(PROTOCOL);
    for (const { defaults, lo, hi } of [ready.methods.ae.params, ready.methods.ae.fit]) {
      expect(Object.keys(lo)).toEqual(Object.keys(defaults));
      expect(Object.keys(hi)).toEqual(Object.keys(defaults));
    }
    expect(Object.keys(ready.methods.ae.fit.defaults).sort()).toEqual(Object.keys(fit).sort());
    close();
  });

  it('answers every kind of request exactly once, with plain data, the same when asked again', async () => {
    const { ask, answers, heard, close } = await channel();
    const source = { synthetic: 'blobs', n: 120, seed: 1, name: 'blobs' } as const;
    const messages: Request[] = [
      { type: 'open', id: 1, table: 10, job: 11, source, hints: {} },
      { type: 'prepare', id: 2, table: 10, job: 12, spec: { roles, scale: 'auto' } },
      { type: 'prepare', id: 3, table: 10, job: 13, spec: { roles, scale: 'auto' } },
      { type: 'estimate', id: 4, table: 10, method: 'ae', params: { ...params, hidden: [8] }, fit },
      {
        type: 'create',
        id: 5,
        model: 20,
        map: 21,
        table: 10,
        method: 'ae',
        params: { ...params, hidden: [8] },
        spec: { axes: [0, 1] },
      },
      { type: 'run', id: 6, job: 14, model: 20, fit, live: true },
      { type: 'pause', id: 7, job: 14 },
      { type: 'resume', id: 8, job: 14 },
      { type: 'stop', id: 9, job: 14 },
      { type: 'cancel', id: 30, job: 14 },
      { type: 'set', id: 31, target: 21, params: { axes: [1, 0] } },
      { type: 'refresh', id: 32, map: 21 },
      { type: 'snapshot', id: 33, model: 20 },
      { type: 'read', id: 34, what: 'inspect', model: 20, row: 5 },
      { type: 'read', id: 35, what: 'cells', table: 10, rows: new Uint32Array([0, 119]) },
      { type: 'read', id: 36, what: 'column', table: 10, column: 0 },
      { type: 'read', id: 37, what: 'error', model: 20 },
      { type: 'read', id: 38, what: 'latent', model: 20 },
      { type: 'read', id: 43, what: 'heldout', model: 20, heldout: 0.2 },
      { type: 'read', id: 44, what: 'summary', table: 10, rows: selection, column: 8 },
      { type: 'select', id: 45, table: 10, by: { kind: 'class', column: 8, classes: ['blob 1'] } },
      { type: 'select', id: 46, table: 10, by: { kind: 'random', n: 7, seed: 1 } },
      { type: 'measure', id: 47, model: 20, selection, column: 8 },
      { type: 'decode', id: 39, model: 20, codes: new Float32Array([0, 0, 1, 1]) },
    ];
    for (const message of messages) {
      const answer = await ask(message);
      expect(answer, message.type).toMatchObject({ type: 'reply', id: message.id });
    }
    // What was transferred did not belong to the session: the same question has the same answer.
    const asking = ['read', 'select', 'measure', 'decode', 'prepare'];
    for (const message of messages.filter(({ type }) => asking.includes(type))) {
      const again = {
        ...message,
        id: message.id + 100,
        ...('job' in message ? { job: message.job + 100 } : {}),
      };
      const first = answers(message.id)[0];
      const second = await ask(again as Request);
      expect(second).toEqual({ ...first, id: message.id + 100 });
    }
    const snapshot = answers(33)[0];
    if (snapshot?.type !== 'reply' || !(snapshot.value instanceof ArrayBuffer))
      throw new Error('No snapshot.');
    expect(await ask({ type: 'restore', id: 40, model: 20, buffer: snapshot.value })).toMatchObject({
      type: 'reply',
    });
    const exporting = { type: 'export', id: 48, model: 20, only: true, protect: true, labels: [8] } as const;
    const file = await ask({ ...exporting, selection, labels: [8] });
    if (file.type !== 'reply' || !(file.value instanceof Blob)) throw new Error('No file.');
    expect(file.value.type).toContain('text/csv');
    expect((await file.value.text()).trimEnd().split('\n')).toHaveLength(33);
    const retrain = { ...fit, selection, focus: 0.5, heldout: 0 };
    const result = await ask({ type: 'run', id: 49, job: 15, model: 20, fit: retrain, live: true });
    expect(result).toMatchObject({ type: 'reply', value: { outcome: 'finished', align: null } });
    for (const [id, target] of [
      [41, 20],
      [42, 10],
    ] as const) {
      expect(await ask({ type: 'free', id, target })).toMatchObject({ value: null });
    }
    for (const { id } of messages) expect(answers(id)).toHaveLength(1);
    expect(heard.filter(({ type }) => type === 'fatal')).toEqual([]);
    close();
  });
});
