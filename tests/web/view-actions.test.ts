import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnValues } from '../../web/protocol/messages.ts';
import { numberColours } from '../../web/state/colour-actions.ts';
import type { Store } from '../../web/state/store.ts';
import { createStore } from '../../web/state/store.ts';
import { createUndo, type Undo } from '../../web/state/undo.ts';
import { createViewActions, MOST_DRAWN, type ViewActions } from '../../web/state/view-actions.ts';
import {
  column,
  detailOf,
  FakeEngine,
  modelState,
  putFrame,
  putMap,
  putTable,
  settle,
  tableState,
  trainedStore,
} from './view-fixture.ts';

let ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends) end();
  ends = [];
});

interface Bench {
  store: Store;
  engine: FakeEngine;
  actions: ViewActions;
  undo: Undo;
}

function start(store: Store = trainedStore()): Bench {
  const engine = new FakeEngine();
  const undo = createUndo(store, () => undefined);
  const actions = createViewActions(store, engine, undo);
  ends.push(actions.disposeView);
  return { store, engine, actions, undo };
}

/** The model's code has a dimension more than the map shows. */
function putMapOfThree(store: Store): void {
  store.models.value = new Map([[2, modelState(3)]]);
}

const KINDS: ColumnValues = {
  kind: 'category',
  codes: Uint16Array.of(0, 0, 1, 65535),
  categories: ['b', 'a'],
};

beforeAll(async () => {
  await numberColours.enter();
});

describe('the detail of a row', () => {
  it('is read one at a time, and only the latest wish is read next', async () => {
    const { store, engine, actions } = start();
    actions.setHover(0);
    actions.setHover(1);
    actions.setHover(2);
    actions.setHover(3);
    expect(engine.reads('inspect').map(({ body }) => body)).toEqual([
      { type: 'read', what: 'inspect', model: 2, row: 0 },
    ]);
    await engine.reads('inspect')[0]?.answer(detailOf(0));
    expect(store.detail.value).toBeNull();
    expect(engine.reads('inspect').map(({ body }) => 'row' in body && body.row)).toEqual([0, 3]);
    await engine.reads('inspect')[1]?.answer(detailOf(3));
    expect(store.detail.value?.row).toBe(3);
    expect(engine.reads('inspect')).toHaveLength(2);
  });

  it('drops the answer for a row nobody looks at any more', async () => {
    const { store, engine, actions } = start();
    actions.setHover(1);
    actions.setHover(null);
    await engine.reads('inspect')[0]?.answer(detailOf(1));
    expect(store.detail.value).toBeNull();
  });

  it('drops the answer of a model that has been replaced', async () => {
    const { store, engine, actions } = start();
    actions.pin(1);
    const late = engine.reads('inspect')[0];
    store.models.value = new Map([[7, { ...modelState(), info: { ...modelState().info, model: 7 } }]]);
    await late?.answer(detailOf(1));
    expect(store.detail.value).toBeNull();
    const again = engine.reads('inspect').at(-1);
    expect(again?.body).toMatchObject({ model: 7, row: 1 });
    await again?.answer(detailOf(1, { error: 0.5 }));
    expect(store.detail.value?.error).toBe(0.5);
  });

  it('goes back to the pinned row when the pointer leaves', async () => {
    const { store, engine, actions } = start();
    actions.pin(1);
    await engine.reads('inspect')[0]?.answer(detailOf(1));
    actions.setHover(2);
    await engine.reads('inspect')[1]?.answer(detailOf(2));
    expect(store.detail.value?.row).toBe(2);
    actions.setHover(null);
    await engine.reads('inspect')[2]?.answer(detailOf(1));
    expect(store.detail.value?.row).toBe(1);
    actions.pin(null);
    expect(store.detail.value).toBeNull();
  });

  it('is read again when the model has learned, so that the inspector keeps up', async () => {
    const { store, engine, actions } = start();
    actions.pin(1);
    await engine.reads('inspect')[0]?.answer(detailOf(1));
    putFrame(store);
    putFrame(store);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(engine.reads('inspect')).toHaveLength(2);
  });

  it('reports a failure once, and keeps quiet about a model that is gone', async () => {
    const { store, engine, actions } = start();
    actions.pin(1);
    await engine.reads('inspect')[0]?.fail({ code: 'not_found' });
    expect(store.notices.value).toEqual([]);
    actions.pin(2);
    await engine.reads('inspect')[1]?.fail({ message: 'The file has changed.', hint: 'Open it again.' });
    expect(store.notices.value).toMatchObject([
      { tone: 'error', text: "Can't read row 3. The file has changed.", hint: 'Open it again.' },
    ]);
  });

  it('takes no row that is not there', () => {
    const { store, engine, actions } = start();
    for (const row of [-1, 4, 1.5, Number.NaN]) {
      actions.pin(row);
      actions.setHover(row);
    }
    expect([store.pinned.value, store.hover.value]).toEqual([null, null]);
    expect(engine.reads('inspect')).toEqual([]);
  });

  it('is forgotten with its table', async () => {
    const { store, engine, actions } = start();
    actions.pin(1);
    await engine.reads('inspect')[0]?.answer(detailOf(1));
    store.panes.value = [];
    putTable(store, { ...tableState(4), info: { ...tableState(4).info, table: 9 } });
    expect([store.pinned.value, store.detail.value]).toEqual([null, null]);
  });
});

describe('a map without the graphics card (row 66)', () => {
  it.each([
    [MOST_DRAWN - 1, 1],
    [MOST_DRAWN, 1],
    [MOST_DRAWN + 1, 2],
  ])('of %s rows: %s notices', (rows, notices) => {
    const store = createStore();
    putTable(store, tableState(rows));
    const { actions } = start(store);
    expect(store.notices.value).toEqual([]);
    actions.mapFellBack('There is no WebGL2.');
    expect(store.notices.value).toHaveLength(notices);
    /* Once for each table. */
    putTable(store, tableState(rows));
    expect(store.notices.value).toHaveLength(notices);
    if (notices === 2)
      expect(store.notices.value[1]?.hint).toMatch(/graphics acceleration.*at most 200,000 rows/);
  });
});

describe('colouring', () => {
  it('starts with the label, and says what the colours mean', async () => {
    const { store, engine } = start();
    expect(store.colour.value).toEqual({ kind: 'column', column: 3 });
    const before = store.colours.value;
    await engine.reads('column')[0]?.answer(KINDS);
    expect(store.colours.value).toBeGreaterThan(before);
    expect([...(store.bulk.colours ?? [])]).toEqual([1, 1, 0, 255]);
    expect(store.legend.value).toMatchObject({ kind: 'classes', title: 'kind', missing: 1 });
  });

  it('shows the last choice when answers come late', async () => {
    const { store, engine, actions } = start();
    actions.setColour({ kind: 'column', column: 0 });
    actions.setColour({ kind: 'column', column: 1 });
    const [label, first, second] = engine.reads('column');
    await second?.answer({ kind: 'number', values: Float32Array.of(0.5, 1, 2, 3) });
    await first?.answer({ kind: 'number', values: Float32Array.of(9, 9, 9, 9) });
    await label?.answer(KINDS);
    expect(store.legend.value).toMatchObject({ kind: 'range', title: 'height' });
  });

  it('follows the label role until the person has chosen', async () => {
    const { store, actions } = start();
    putTable(store, tableState(4, undefined, { roles: ['label', 'feature', 'feature', 'feature'] }));
    expect(store.colour.value).toEqual({ kind: 'column', column: 0 });
    actions.setColour({ kind: 'none' });
    putTable(store, tableState(4));
    expect(store.colour.value).toEqual({ kind: 'none' });
    expect(store.legend.value).toEqual({ kind: 'none' });
  });

  it('by error follows the frames, at most four times a second', async () => {
    const { store, actions } = start();
    actions.setColour({ kind: 'error' });
    const first = store.colours.value;
    expect(store.legend.value).toMatchObject({ kind: 'range', title: 'Reconstruction error' });
    for (let i = 0; i < 20; i++) putFrame(store, new Float32Array(4).fill(i));
    expect(store.colours.value - first).toBeLessThanOrEqual(1);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(store.legend.value).toMatchObject({ lo: 19, hi: 19 });
    expect(store.colours.value - first).toBeLessThanOrEqual(3);
  });

  it('by error costs nothing while something else is shown', async () => {
    const { store, engine } = start();
    await engine.reads('column')[0]?.answer(KINDS);
    const before = store.colours.value;
    for (let i = 0; i < 5; i++) putFrame(store);
    await settle();
    expect(store.colours.value).toBe(before);
  });

  it('by error asks the worker when no frame has brought any', async () => {
    const { store, engine, actions } = start();
    const arrays = store.bulk.maps.get(3);
    if (arrays) store.bulk.maps.set(3, { ...arrays, error: null });
    actions.setColour({ kind: 'error' });
    await engine.reads('error')[0]?.answer(Float32Array.of(0, 1, 2, 3));
    expect([...(store.bulk.colours ?? [])]).toEqual([0, 84, 169, 253]);
  });

  it('goes back to none and says why when the column cannot be read', async () => {
    const { store, engine } = start();
    await engine.reads('column')[0]?.fail({ message: 'The file has changed.' });
    expect(store.colour.value).toEqual({ kind: 'none' });
    expect(store.notices.value).toMatchObject([{ text: "Can't colour by kind. The file has changed." }]);
  });

  it('is asked for again by the next worker when the first was lost', async () => {
    const { store, engine } = start();
    await engine.reads('column')[0]?.fail({ code: 'worker_lost' });
    expect(store.notices.value).toEqual([]);
    store.ready.value = {
      type: 'ready',
      values: 250e6,
      protocol: 1,
      kernels: 1,
      threads: 1,
      methods: { ae: { params: { defaults: {}, lo: {}, hi: {} }, fit: { defaults: {}, lo: {}, hi: {} } } },
    };
    await engine.reads('column')[1]?.answer(KINDS);
    expect(store.legend.value).toMatchObject({ kind: 'classes', title: 'kind' });
  });

  it('is a step that can be taken back, with what was hidden in those colours', async () => {
    const { store, engine, actions, undo } = start();
    await engine.reads('column')[0]?.answer(KINDS);
    store.hidden.value = { ...store.hidden.value, entries: new Set([1]) };
    actions.refreshFlags();
    expect(store.hidden.value.rows).toBe(2);
    actions.setColour({ kind: 'error' });
    expect(store.hidden.value).toMatchObject({ entries: new Set(), rows: 0 });
    expect(store.announcement.value).toBe('All classes are shown again, in other colours.');
    expect(store.undoable.value.undo).toBe('colour by error');
    await undo.undo();
    await settle();
    expect(store.colour.value).toEqual({ kind: 'column', column: 3 });
    expect(store.legend.value).toMatchObject({ kind: 'classes', title: 'kind', column: 3 });
    expect(store.hidden.value).toMatchObject({ entries: new Set([1]), rows: 2 });
    await undo.redo();
    expect(store.colour.value).toEqual({ kind: 'error' });
    expect(store.hidden.value.rows).toBe(0);
  });

  it('chosen again is no step, and neither is what the page chooses', async () => {
    const { store, actions } = start();
    actions.setColour({ kind: 'column', column: 3 });
    putTable(store, tableState(4, undefined, { roles: ['label', 'feature', 'feature', 'feature'] }));
    expect(store.undoable.value.undo).toBeNull();
  });

  it('taken back to what nobody chose follows the label again', async () => {
    const { store, actions, undo } = start();
    actions.setColour({ kind: 'none' });
    await undo.undo();
    putTable(store, tableState(4, undefined, { roles: ['label', 'feature', 'feature', 'feature'] }));
    expect(store.colour.value).toEqual({ kind: 'column', column: 0 });
  });
});

describe('colours of what a retrain changed', () => {
  /** As the retrain leaves it: every row is a step to the right, and its error is by half higher. */
  function retrained(): ReturnType<typeof start> {
    const bench = start();
    const { store } = bench;
    const { positions, error } = store.bulk.maps.get(3) ?? {};
    if (!positions || !error) throw new Error('There is no map.');
    store.bulk.before = {
      positions: positions.map((at, i) => (i % 2 === 0 ? at - 1 : at)),
      error: error.map((value) => value - 0.5),
      axes: [0, 1],
    };
    bench.actions.refreshColours();
    return bench;
  }

  it('are not to be had before one', () => {
    const { store, actions } = start();
    actions.setColour({ kind: 'change' });
    expect(store.colour.value).toEqual({ kind: 'column', column: 3 });
  });

  it('compare every row with what it was, and follow the frames', async () => {
    const { store, actions } = retrained();
    actions.setColour({ kind: 'change' });
    expect(store.legend.value).toMatchObject({
      title: 'Change of error',
      lo: -0.5,
      hi: 0.5,
      diverging: true,
    });
    expect([...(store.bulk.colours ?? [])]).toEqual([253, 253, 253, 253]);
    putFrame(
      store,
      store.bulk.before?.error?.map((error) => error - 2),
    );
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(store.legend.value).toMatchObject({ lo: -2, hi: 2 });
    expect([...(store.bulk.colours ?? [])]).toEqual([0, 0, 0, 0]);
    actions.setColour({ kind: 'drift' });
    expect(store.legend.value).toMatchObject({ title: 'Drift', lo: 1, hi: 1 });
  });

  it('ask for the errors that no frame has brought', async () => {
    const { store, engine, actions } = retrained();
    const arrays = store.bulk.maps.get(3);
    if (arrays) store.bulk.maps.set(3, { ...arrays, error: null });
    actions.setColour({ kind: 'change' });
    await engine.reads('error')[0]?.answer(Float32Array.of(1, 1, 1, 1));
    expect(store.legend.value).toMatchObject({ title: 'Change of error', hi: 1.5 });
  });

  it('give way to the default when there is nothing to compare with any more', async () => {
    const { store, engine, actions } = retrained();
    await engine.reads('column')[0]?.answer(KINDS);
    actions.setColour({ kind: 'change' });
    store.bulk.before = null;
    actions.refreshColours();
    expect(store.colour.value).toEqual({ kind: 'column', column: 3 });
    expect(store.legend.value).toMatchObject({ kind: 'classes', title: 'kind' });
  });

  it('by drift end with the dimensions they are of', async () => {
    const { store, actions } = retrained();
    putMapOfThree(store);
    actions.setColour({ kind: 'drift' });
    expect(store.colour.value).toEqual({ kind: 'drift' });
    actions.setAxes([0, 2]);
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(store.colour.value).toEqual({ kind: 'column', column: 3 });
  });

  it('are told to whoever draws what was before', () => {
    const { store, actions } = start();
    const version = store.colours.value;
    actions.refreshColours();
    expect(store.colours.value).toBeGreaterThan(version);
  });
});

describe('axes, size and cells', () => {
  it('sends new axes to the map and takes them back when refused', async () => {
    const { store, engine, actions } = start();
    putMap(store, 4, 5);
    actions.setAxes([3, 1]);
    expect(store.map.value?.axes).toEqual([3, 1]);
    const sent = engine.asked.at(-1);
    expect(sent?.body).toEqual({ type: 'set', target: 3, params: { axes: [3, 1] } });
    await sent?.fail({ code: 'bad_param' });
    expect(store.map.value?.axes).toEqual([0, 1]);
  });

  it('sends no axes that the code does not have', () => {
    const { engine, actions } = start();
    const before = engine.asked.length;
    for (const axes of [
      [0, 0],
      [0, 2],
      [-1, 0],
      [0.5, 1],
    ] as [number, number][])
      actions.setAxes(axes);
    expect(engine.asked).toHaveLength(before);
  });

  it('suggests smaller points for more rows until the person sets the size', () => {
    const store = createStore();
    const { actions } = start(store);
    putTable(store, tableState(100));
    const few = store.pointSize.value;
    putTable(store, { ...tableState(100_000), info: { ...tableState(100_000).info, table: 5 } });
    expect(store.pointSize.value).toBeLessThan(few);
    actions.setPointSize(99);
    expect(store.pointSize.value).toBe(24);
    putTable(store, { ...tableState(10), info: { ...tableState(10).info, table: 6 } });
    expect(store.pointSize.value).toBe(24);
  });

  it('asks for the cells of the rows it is given', async () => {
    const { engine, actions } = start();
    const cells = actions.readCells([2, 0]);
    expect(engine.asked.at(-1)?.body).toEqual({
      type: 'read',
      what: 'cells',
      table: 1,
      rows: Uint32Array.of(2, 0),
    });
    await engine.asked.at(-1)?.answer([['c'], ['a']]);
    expect(await cells).toEqual([['c'], ['a']]);
    expect(await actions.readCells([])).toEqual([]);
  });

  it('knows the range of each dimension: from the map itself when it shows them all, else from the codes', async () => {
    const two = start();
    expect(two.store.latentRange.value).toEqual({ lo: [0, -7], hi: [3, -1] });

    const store = createStore();
    putTable(store, tableState(4, [column('x')]));
    putMap(store, 4, 3);
    const { engine } = start(store);
    await engine.reads('latent')[0]?.answer(Float32Array.of(0, 10, 5, 1, 20, 5, 2, 30, 5, 3, 40, 5));
    expect(store.latentRange.value).toEqual({ lo: [0, 10, 5], hi: [3, 40, 5] });
  });

  it('knows the range of two dimensions from the codes where they are drawn elsewhere', async () => {
    const store = createStore();
    putTable(store, tableState(4, [column('x')]));
    putMap(store, 4);
    store.models.value = new Map([[2, { ...modelState(), fit: { ...modelState().fit, fresh: true } }]]);
    const { engine } = start(store);
    await engine.reads('latent')[0]?.answer(Float32Array.of(0, 10, 1, 20, 2, 30, 3, 40));
    expect(store.latentRange.value).toEqual({ lo: [0, 10], hi: [3, 40] });
  });
});
