// Retrains and returns with real workers and the real kernels: what the page shows is what was there, bit for bit.
import { effect } from '@preact/signals';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../web/client/engine.ts';
import { type Actions, createActions } from '../../web/state/actions.ts';
import { createActs } from '../../web/state/acts.ts';
import { bitsOfRows } from '../../web/state/selection.ts';
import { createStore, type Maker, type Store } from '../../web/state/store.ts';
import { type Behaviour, Station } from './engine-fixture.ts';

const ROWS = 300;

/** Nothing is told by how long it takes: this machine may be busy. */
const WAIT = { timeout: 20_000 };

/** Two kinds of rows that lie apart, so that a model of one forgets the other. */
function file(): File {
  const lines = ['a,b,c,d,kind'];
  for (let i = 0; i < ROWS; i += 1) {
    const odd = i % 2;
    const [u, v] = [((i * 37) % 101) / 101, ((i * 53) % 89) / 89];
    const [a, b] = odd ? [u, v] : [v * v - 2, u * u + 2];
    lines.push(`${a},${b},${odd ? a * b : a - b},${odd ? a - b : a * b},${odd ? 'odd' : 'even'}`);
  }
  return new File([lines.join('\n')], 'kinds.csv');
}

interface Bench {
  store: Store;
  actions: Actions;
  engine: Engine;
  station: Station;
}

let benches: Bench[] = [];

afterEach(() => {
  for (const { engine, actions } of benches) {
    actions.disposeView();
    engine.close();
  }
  benches = [];
});

/** A table is open and a model of it was trained for five epochs. */
async function trained(
  options: { snapshotBudget?: number; behaviours?: Behaviour[]; latent?: number } = {},
): Promise<Bench> {
  const station = new Station();
  station.behaviours = options.behaviours ?? [];
  const store = createStore();
  let actions: Actions | null = null;
  const engine = createEngine({
    makeWorker: station.makeWorker,
    clock: station.clock,
    onReady: (ready) => actions?.onReady(ready),
    onProgress: (progress) => actions?.onProgress(progress),
    onFrame: (frame, release) => (actions ? actions.onFrame(frame, release) : release()),
    onLost: (failure, rebuilt, { retry }) => actions?.onLost(failure, rebuilt, retry),
  });
  actions = createActions(store, engine, {
    acts: createActs,
    storage: null,
    applyTheme: () => undefined,
    ...(options.snapshotBudget === undefined ? {} : { snapshotBudget: options.snapshotBudget }),
    surroundings: {
      fetch: () => Promise.reject(new Error('There is no network.')),
      now: () => performance.now(),
      later: () => () => undefined,
      copy: () => Promise.resolve(),
      save: () => undefined,
      version: '0.0.0',
      agent: 'a test',
    },
  });
  const bench = { store, actions, engine, station };
  benches.push(bench);
  await expect.poll(() => store.ready.value, WAIT).not.toBeNull();
  void actions.open(file());
  await expect.poll(() => ['running', 'finished'].includes(store.phase.value.kind), WAIT).toBe(true);
  await actions.stop();
  await rested(bench);
  for (const [name, text] of Object.entries({
    epochs: '5',
    heldout: '0.1',
    latent: `${options.latent ?? 2}`,
  })) {
    expect(actions.setField(name, text)).toBe(true);
  }
  await actions.startAgain();
  await rested(bench);
  expect(store.history.value).toMatchObject({ at: 0, nodes: [{ kind: 'train', epochs: 5, kept: true }] });
  return bench;
}

async function rested({ store }: Bench): Promise<void> {
  await expect.poll(() => store.phase.value.kind, WAIT).toBe('finished');
}

/** Every place on the map, and every error, as they are shown. */
async function shown({ store, engine }: Bench): Promise<{ places: number[]; errors: number[] }> {
  const map = store.map.peek();
  const model = store.model.peek();
  if (!map || !model) throw new Error('There is no map.');
  const places = [...(store.bulk.maps.get(map.map)?.positions ?? [])];
  const errors = [...(await engine.request({ type: 'read', what: 'error', model: model.info.model }))];
  expect(places).toHaveLength(2 * ROWS);
  return { places, errors };
}

function selectOdd({ actions }: Bench): void {
  const rows = Array.from({ length: ROWS / 2 }, (_, i) => 2 * i + 1);
  const maker: Maker = { kind: 'class', column: 4, classes: ['odd'] };
  actions.selectBits(bitsOfRows(rows, ROWS), maker, 'replace');
}

function node({ store }: Bench, id: number) {
  const found = store.history.peek().nodes[id];
  if (!found) throw new Error(`There is no node ${id}.`);
  return found;
}

describe('a retrain', () => {
  it('on one kind at focus 1 makes that kind better and the other worse, by as many steps as was said', async () => {
    const bench = await trained();
    const { store, actions } = bench;
    selectOdd(bench);
    const before = await shown(bench);
    await actions.retrain();
    expect(store.phase.value.kind).toBe('finished');
    const done = node(bench, 1);
    expect(done).toMatchObject({ kind: 'retrain', parent: 0, focus: 1, epochs: 5, rows: 150, label: 'kind' });
    const [error, was] = [done.after?.selection.error ?? 0, done.before?.selection.error ?? 0];
    expect(error).toBeLessThan(was);
    expect(done.after?.rest.error ?? 0).toBeGreaterThan(done.before?.rest.error ?? 0);
    // What was compared with is the map as it was before.
    expect([...(store.bulk.before?.positions ?? [])]).toEqual(before.places);
    expect([...(store.bulk.before?.error ?? [])]).toEqual(before.errors);
    expect(done.result.selection).not.toBeNull();
    expect(store.model.value?.losses.at(-1)?.rest).not.toBeNull();
    const trainedRows = 150 - heldoutOdd(bench);
    expect(done.fits[0]?.steps).toBe(5 * Math.ceil(trainedRows / 16));
  });

  it('done again after a return gives the same bits', async () => {
    const bench = await trained();
    const { actions, store } = bench;
    selectOdd(bench);
    const start = await shown(bench);
    await actions.retrain();
    const first = await shown(bench);
    await actions.returnTo(0);
    expect(await shown(bench)).toEqual(start);
    expect(store.history.value.at).toBe(0);
    expect(store.announcement.value).toBe('Back at training 0.');
    await actions.retrain();
    expect(await shown(bench)).toEqual(first);
    expect(node(bench, 2)).toMatchObject({ parent: 0, steps: node(bench, 1).steps });
    expect(node(bench, 2).after).toEqual(node(bench, 1).after);
  });

  it('is undone and done again, with selections between', async () => {
    const bench = await trained();
    const { actions, store } = bench;
    const start = await shown(bench);
    selectOdd(bench);
    await actions.retrain();
    const after = await shown(bench);
    actions.clearSelection();
    await actions.undo();
    expect(store.selection.value.count).toBe(150);
    expect(store.undoable.value.undo).toBe('retrain 1');
    await actions.undo();
    expect(await shown(bench)).toEqual(start);
    expect(store.bulk.before).toBeNull();
    await actions.redo();
    expect(await shown(bench)).toEqual(after);
    expect([...(store.bulk.before?.positions ?? [])]).toEqual(start.places);
    expect(store.history.value.at).toBe(1);
  });

  it('is undone by pressing fast as by pressing slowly, also behind a return from the list', async () => {
    const bench = await trained();
    const { store, actions } = bench;
    const first = await shown(bench);
    selectOdd(bench);
    await actions.retrain();
    await actions.retrain();
    const third = await shown(bench);
    const back = actions.returnTo(1);
    /* The return itself, two retrains and the selection; and one press more than there are steps. */
    await Promise.all([back, ...Array.from({ length: 5 }, () => actions.undo())]);
    expect(store.history.value.at).toBe(0);
    expect(store.selection.value.count).toBe(0);
    expect(await shown(bench)).toEqual(first);
    expect(store.notices.value).toEqual([]);
    await Promise.all(Array.from({ length: 3 }, () => actions.redo()));
    expect(store.history.value.at).toBe(2);
    expect(await shown(bench)).toEqual(third);
  });

  it('and plain trainings are all walked, in their order, and none is redone past another', async () => {
    const bench = await trained({ snapshotBudget: 0 });
    const { actions, store } = bench;
    const states = [await shown(bench)];
    selectOdd(bench);
    for (const act of ['retrain', 'train', 'step'] as const) {
      await actions[act]();
      await rested(bench);
      states.push(await shown(bench));
    }
    const walked: (number | null)[] = [];
    for (const way of ['undo', 'undo', 'undo', 'redo', 'redo', 'redo', 'undo', 'undo'] as const) {
      await actions[way]();
      const { at } = store.history.value;
      walked.push(at);
      expect(await shown(bench)).toEqual(states[at ?? -1]);
    }
    expect(walked).toEqual([2, 1, 0, 1, 2, 3, 2, 1]);
    expect(store.undoable.value).toMatchObject({ undo: 'retrain 1', redo: 'training 2' });
    await actions.train();
    expect(store.history.value.nodes[4]).toMatchObject({ kind: 'train', parent: 1 });
    expect(store.undoable.value).toMatchObject({ undo: 'training 4', redo: null });
  });

  it('is what the map is compared with, in each state as when it was made; a plain training with nothing', async () => {
    for (const snapshotBudget of [0, 1e9]) {
      const bench = await trained({ snapshotBudget });
      const { actions, store } = bench;
      selectOdd(bench);
      const compared = () => {
        const { before } = store.bulk;
        return before && { positions: [...before.positions], error: [...(before.error ?? [])] };
      };
      const seen: ReturnType<typeof compared>[] = [compared()];
      const acts = ['trainFromScratch', 'retrain', 'train', 'exclude', 'trainFromScratch'] as const;
      for (const act of acts) {
        await actions[act]();
        seen.push(compared());
      }
      expect(seen.map((before) => before !== null)).toEqual([false, true, true, false, true, true]);
      for (const id of [2, 1, 5, 3, 4, 0, 5, 2]) {
        await actions.returnTo(id);
        expect(store.history.value.at).toBe(id);
        expect(compared()).toEqual(seen[id]);
      }
    }
  });

  it('that runs away in its first epoch leaves the model as it was, and no state', async () => {
    const bench = await trained();
    const { actions, store } = bench;
    const start = await shown(bench);
    selectOdd(bench);
    actions.setRetrainField('learning_rate', '1e8');
    await actions.retrain();
    expect(store.phase.value.kind).toBe('finished');
    expect(store.model.value?.result).toMatchObject({ reason: 'diverged', outcome: 'stopped' });
    expect(store.announcement.value).toBe(store.model.value?.result?.message);
    expect(store.history.value).toMatchObject({ at: 0, nodes: [{ id: 0 }] });
    expect(store.bulk.before).toBeNull();
    expect(await shown(bench)).toEqual(start);
  });

  it('without the selected rows visits none of them', async () => {
    const bench = await trained();
    selectOdd(bench);
    await bench.actions.exclude();
    const done = node(bench, 1);
    expect(done).toMatchObject({ kind: 'exclude', focus: 0 });
    expect(done.after?.rest.error ?? 0).toBeLessThan(done.before?.rest.error ?? 0);
    expect(done.after?.selection.error ?? 0).toBeGreaterThan(done.before?.selection.error ?? 0);
  });
});

function heldoutOdd({ store }: Bench): number {
  const bits = store.bulk.heldout;
  expect(bits).not.toBeNull();
  let count = 0;
  for (let row = 1; row < ROWS; row += 2) count += ((bits?.[row >> 5] ?? 0) >> (row & 31)) & 1;
  return count;
}

describe('a return', () => {
  it('to states whose snapshots were dropped makes them again, bit for bit', async () => {
    const bench = await trained({ snapshotBudget: 0 });
    const { actions, store } = bench;
    selectOdd(bench);
    const states = [await shown(bench)];
    for (const rate of ['0.003', '0.01', '0.002']) {
      expect(actions.setRetrainField('learning_rate', rate)).toBe(true);
      await actions.retrain();
      states.push(await shown(bench));
    }
    await actions.train(); // goes on from retrain 3
    states.push(await shown(bench));
    expect(store.history.value.nodes.map(({ kept }) => kept)).toEqual([true, false, false, false, true]);
    for (const id of [2, 4, 1, 3, 0]) {
      await actions.returnTo(id);
      expect(store.history.value).toMatchObject({ at: id, returning: null });
      expect(await shown(bench)).toEqual(states[id]);
      expect(store.model.value?.losses).toEqual(node(bench, id).losses);
    }
    expect(store.task.value).toBeNull();
    expect(store.notices.value).toEqual([]);
  });

  it('to a new start lays the map as it lay, snapshot or not', async () => {
    for (const latent of [1, 2]) {
      const bench = await trained({ snapshotBudget: 0, latent });
      const { actions } = bench;
      const states = [await shown(bench)];
      selectOdd(bench);
      await actions.trainFromScratch();
      states.push(await shown(bench));
      const scratch = node(bench, 1);
      expect(scratch).toMatchObject({ kind: 'scratch', parent: 0, focus: 1 });
      expect(scratch.align).not.toBeNull();
      expect(scratch.losses[0]?.epoch).toBe(1);
      expect(scratch.steps).toBe(scratch.fits[0]?.steps);
      await actions.retrain();
      states.push(await shown(bench));
      for (const id of [1, 2, 0, 2, 1]) {
        await actions.returnTo(id);
        expect(await shown(bench)).toEqual(states[id]);
      }
    }
  });

  it('to a new start lays the map as it lay, whatever axes are chosen while its result is taken down', async () => {
    const bench = await trained({ latent: 3 });
    const { actions, store } = bench;
    selectOdd(bench);
    let ran = false;
    const stop = effect(() => {
      const stage = store.task.value?.stage;
      if (stage === 'run') ran = true;
      else if (ran && stage === 'measure') queueMicrotask(() => actions.setAxes([1, 2]));
    });
    await actions.trainFromScratch();
    stop();
    expect(store.map.value?.axes).toEqual([1, 2]);
    expect(node(bench, 1)).toMatchObject({ axes: [0, 1], after: { axes: [1, 2] } });
    const settled = async (axes: [number, number]): Promise<Awaited<ReturnType<typeof shown>>> => {
      const version = store.map.value?.version ?? 0;
      actions.setAxes(axes);
      await expect.poll(() => store.map.value?.version ?? 0, WAIT).toBeGreaterThan(version);
      return shown(bench);
    };
    const first = await settled([0, 1]);
    const second = await settled([1, 2]);
    for (const axes of [
      [1, 2],
      [0, 1],
    ] as [number, number][]) {
      await settled(axes);
      await actions.returnTo(0);
      await actions.returnTo(1);
      expect(await shown(bench)).toEqual(axes[0] === 0 ? first : second);
      expect(await settled([0, 1])).toEqual(first);
    }
  });

  it('to what was stopped half-way ends at the same batch', async () => {
    const bench = await trained({ snapshotBudget: 0 });
    const { actions, store } = bench;
    selectOdd(bench);
    actions.setRetrainField('epochs', '20000');
    const running = actions.retrain();
    await expect.poll(() => store.progress.value?.done ?? 0, WAIT).toBeGreaterThan(3);
    await actions.pause();
    expect(store.phase.value.kind).toBe('paused');
    void actions.resume();
    await expect.poll(() => store.phase.value.kind, WAIT).toBe('running');
    await actions.stop();
    await running;
    const stopped = node(bench, 1);
    expect(stopped.result.outcome).toBe('stopped');
    const state = await shown(bench);
    await actions.returnTo(0);
    await actions.returnTo(1);
    expect(await shown(bench)).toEqual(state);
    expect(store.model.value?.info.steps).toBe(stopped.steps);
  });

  it('that is stopped on the way leaves the model where it was', async () => {
    const bench = await trained({ snapshotBudget: 0 });
    const { actions, store } = bench;
    selectOdd(bench);
    actions.setRetrainField('epochs', '20000');
    const running = actions.retrain();
    await expect.poll(() => store.progress.value?.done ?? 0, WAIT).toBeGreaterThan(5000);
    await actions.stop();
    await running;
    actions.setRetrainField('epochs', '1');
    await actions.retrain();
    const state = await shown(bench);
    expect(node(bench, 1).kept).toBe(false);
    // As soon as the first batch is asked for.
    const told: (number | undefined)[] = [];
    const dispose = effect(() => {
      const { value: phase } = store.phase;
      if (phase.kind !== 'running' || phase.stopping || told.length > 0) return;
      told.push(store.history.peek().returning?.to);
      queueMicrotask(() => void actions.stop());
    });
    await actions.returnTo(1);
    dispose();
    expect(told).toEqual([1]);
    expect(store.history.value).toMatchObject({ at: 2, returning: null });
    expect(store.announcement.value).toBe('Stopped on the way. The model is where it was.');
    expect(await shown(bench)).toEqual(state);
    expect(store.undoable.value.undo).toBe('retrain 2');
  });

  it('to any state of any tree of states gives what was there', async () => {
    const step = fc.record({
      what: fc.constantFrom('retrain', 'exclude', 'trainFromScratch', 'train', 'return', 'undo', 'redo'),
      pick: fc.nat(99),
      focus: fc.constantFrom(0.1, 0.6, 1),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 12 }), async (steps) => {
        const bench = await trained({ snapshotBudget: 0 });
        const { actions, store } = bench;
        selectOdd(bench);
        actions.setRetrainField('epochs', '2');
        actions.setField('epochs', '2');
        const states = new Map([[0, await shown(bench)]]);
        for (const { what, pick, focus } of steps) {
          const { nodes } = store.history.value;
          actions.setFocus(focus);
          if (what === 'return') await actions.returnTo(pick % nodes.length);
          else await actions[what]();
          const { at } = store.history.value;
          expect(at).not.toBeNull();
          const now = await shown(bench);
          const known = what === 'return' || what === 'undo' || what === 'redo';
          if (known) expect(now).toEqual(states.get(at ?? -1));
          else states.set(at ?? -1, now);
          expect(store.model.value?.losses).toEqual(node(bench, at ?? -1).losses);
          expect(store.notices.value).toEqual([]);
        }
      }),
      { numRuns: 6 },
    );
  });

  it('to what had its learning rate changed on the way makes the same changes again', async () => {
    const bench = await trained({ snapshotBudget: 0 });
    const { actions, store } = bench;
    selectOdd(bench);
    actions.setRetrainField('epochs', '20000');
    const running = actions.retrain();
    const further = async (): Promise<void> => {
      const before = store.progress.value?.done ?? 0;
      await expect.poll(() => store.progress.value?.done ?? 0, WAIT).toBeGreaterThan(before + 50);
    };
    for (const rate of ['0.0001', '0.01']) {
      await further();
      actions.setRetrainField('learning_rate', rate);
    }
    await further();
    await further();
    await actions.stop();
    await running;
    const state = await shown(bench);
    await actions.returnTo(0);
    expect(node(bench, 1)).toMatchObject({ rated: false, kept: false });
    expect(node(bench, 1).fits[0]?.rates).toMatchObject([{ rate: 0.0001 }, { rate: 0.01 }]);
    await actions.returnTo(1);
    expect(await shown(bench)).toEqual(state);
  });
});

describe('the worker lost', () => {
  it('in a retrain leaves the model, the selection and the history as they were; trying again does the same retrain', async () => {
    const twin = await trained();
    selectOdd(twin);
    await twin.actions.retrain();
    const bench = await trained();
    const { actions, store, station } = bench;
    selectOdd(bench);
    expect(actions.saveSelection('the odd ones')).toBe(true);
    const start = await shown(bench);
    const worker = station.workers[0];
    if (worker) worker.behaviour = { ...worker.behaviour, trapAtEpoch: 3 };
    await actions.retrain();
    await expect.poll(() => store.phase.value.kind, WAIT).toBe('failed');
    expect(station.workers).toHaveLength(2);
    expect(store.phase.value).toMatchObject({ retry: true });
    expect(store.history.value).toMatchObject({ at: 0, nodes: [{ id: 0 }] });
    expect(store.selection.value.count).toBe(150);
    expect(store.named.value.map(({ name }) => name)).toEqual(['the odd ones']);
    expect(await shown(bench)).toEqual(start);
    await actions.retry();
    expect(store.phase.value.kind).toBe('finished');
    expect(await shown(bench)).toEqual(await shown(twin));
    expect(node(bench, 1).after).toEqual(node(twin, 1).after);
  });

  it('right after a retrain costs neither its snapshot nor what it did', async () => {
    const bench = await trained({ snapshotBudget: 0 });
    const { actions, store, station } = bench;
    selectOdd(bench);
    const worker = station.workers[0];
    if (!worker) throw new Error('There is no worker.');
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message, transfer) => {
      if ((message as { type: string }).type === 'snapshot') worker.breakDown('gone');
      else post(message, transfer);
    };
    await actions.retrain();
    expect(station.workers).toHaveLength(2);
    expect(node(bench, 1)).toMatchObject({ kept: true });
    expect(node(bench, 1).after?.selection.error).toBeLessThan(node(bench, 1).before?.selection.error ?? 0);
    expect(store.history.value.at).toBe(1);
  });

  it('in a plain training goes on from the last snapshot; that state is kept for good', async () => {
    const bench = await trained({ snapshotBudget: 0 });
    const { actions, store, station } = bench;
    const worker = station.workers[0];
    if (worker) worker.behaviour = { ...worker.behaviour, trapAtEpoch: 3 };
    await actions.train();
    await expect.poll(() => store.phase.value.kind, WAIT).toBe('failed');
    expect(store.history.value.at).toBeNull();
    await actions.retry();
    await rested(bench);
    expect(store.history.value).toMatchObject({
      at: 1,
      nodes: [{ rated: false }, { parent: 0, rated: true, kept: true }],
    });
    expect(store.model.value?.losses.at(-1)?.epoch).toBe(10);
    const state = await shown(bench);
    selectOdd(bench);
    await actions.retrain();
    await actions.returnTo(1);
    expect(await shown(bench)).toEqual(state);
  });

  it('on the way back brings the model to where it was', async () => {
    const bench = await trained({ snapshotBudget: 0 });
    const { actions, store, station } = bench;
    selectOdd(bench);
    await actions.retrain();
    const one = await shown(bench);
    await actions.retrain();
    const two = await shown(bench);
    const worker = station.workers[0];
    if (worker) worker.behaviour = { ...worker.behaviour, trapAtEpoch: 2 };
    await actions.returnTo(1);
    await expect.poll(() => station.workers.length, WAIT).toBe(2);
    expect(await shown(bench)).toEqual(two);
    expect(store.history.value).toMatchObject({ at: 2, returning: null });
    expect(store.phase.value).toMatchObject({ kind: 'failed', retry: true });
    await actions.retry();
    expect(store.history.value.at).toBe(1);
    expect(await shown(bench)).toEqual(one);
  });
});
