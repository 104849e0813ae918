import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnValues, Criterion, Ready, RowsSummary } from '../../web/protocol/messages.ts';
import { MISSING_INDEX, OTHER_INDEX } from '../../web/render/palette.ts';
import { FLAG_DIMMED, FLAG_HIDDEN, FLAG_HOLLOW, FLAG_SELECTED } from '../../web/render/props.ts';
import { numberColours } from '../../web/state/colour-actions.ts';
import { bitsOfRows, describeMaker, rowsOf } from '../../web/state/selection.ts';
import { createSelectionActions, type SelectionControl } from '../../web/state/selection-actions.ts';
import type { Maker, Store } from '../../web/state/store.ts';
import { createUndo } from '../../web/state/undo.ts';
import { createViewActions, type ViewActions } from '../../web/state/view-actions.ts';
import {
  FakeEngine,
  modelState,
  putFrame,
  putTable,
  settle,
  tableState,
  trainedStore,
} from './view-fixture.ts';

const ROWS = 10;

interface Bench {
  store: Store;
  engine: FakeEngine;
  actions: SelectionControl & ViewActions;
  said: string[];
}

let ends: (() => void)[] = [];

beforeAll(() => numberColours.enter());

afterEach(() => {
  for (const end of ends) end();
  ends = [];
});

function start(): Bench {
  const store = trainedStore(ROWS);
  const engine = new FakeEngine();
  const said: string[] = [];
  const undo = createUndo(store, (text) => said.push(text));
  const view = createViewActions(store, engine, undo);
  const selection = createSelectionActions(store, engine, {
    undo,
    announce: (text) => said.push(text),
    settle: (about) => {
      store.notices.value = store.notices.value.filter((notice) => notice.about !== about);
    },
    notify: (notice) => {
      store.notices.value = [...store.notices.value, { id: 1, ...notice }];
    },
    report: (error, doing) => {
      const { message, where } = error as { message: string; where?: string };
      store.notices.value = [
        { id: 1, tone: 'error', text: `${doing} ${message}`, ...(where ? { where } : {}) },
      ];
    },
    refreshFlags: view.refreshFlags,
  });
  ends.push(view.disposeView, selection.disposeSelection);
  return { store, engine, actions: { ...view, ...selection }, said };
}

/** Classes a, b and c of 4, 3 and 2 rows; the last row has none. */
const KINDS: ColumnValues = {
  kind: 'category',
  codes: Uint16Array.of(0, 0, 0, 0, 1, 1, 1, 2, 2, 65535),
  categories: ['a', 'b', 'c'],
};

async function coloured(): Promise<Bench> {
  const bench = start();
  await bench.engine.reads('column')[0]?.answer(KINDS);
  return bench;
}

const READY: Ready = {
  type: 'ready',
  values: 250e6,
  protocol: 2,
  kernels: 1,
  threads: 1,
  methods: { ae: { params: { defaults: {}, lo: {}, hi: {} }, fit: { defaults: {}, lo: {}, hi: {} } } },
};

function selected(store: Store): number[] {
  return [...rowsOf(store.bulk.selected)];
}

function rowsWith(store: Store, flag: number): number[] {
  return [...(store.bulk.flags ?? [])].flatMap((flags, row) => (flags & flag ? [row] : []));
}

const bits = (...rows: number[]) => bitsOfRows(rows, ROWS);
const box = (...points: number[]): Maker => ({ kind: 'box', points, step: 5, epoch: 1, axes: [0, 1] });

describe('selecting rows', () => {
  it('marks them, dims the rest, counts them and says so', () => {
    const { store, actions, said } = start();
    actions.selectBits(bits(1, 2), box(0, 0, 1, 1));
    expect(store.selection.value).toMatchObject({ count: 2, maker: box(0, 0, 1, 1) });
    expect(selected(store)).toEqual([1, 2]);
    expect(rowsWith(store, FLAG_SELECTED)).toEqual([1, 2]);
    expect(rowsWith(store, FLAG_DIMMED)).toEqual([0, 3, 4, 5, 6, 7, 8, 9]);
    expect(said).toEqual(['2 of 10 selected']);
  });

  it('leaves the rest its full colours where they tell what a retrain did to it', () => {
    const { store, actions } = start();
    const { positions, error } = store.bulk.maps.get(3) ?? {};
    store.bulk.before = {
      positions: positions?.slice() ?? new Float32Array(),
      error: error ?? null,
      axes: [0, 1],
    };
    actions.refreshColours();
    actions.selectRow(1);
    for (const kind of ['change', 'drift'] as const) {
      actions.setColour({ kind });
      expect([rowsWith(store, FLAG_SELECTED), rowsWith(store, FLAG_DIMMED)]).toEqual([[1], []]);
    }
    actions.setColour({ kind: 'error' });
    expect(rowsWith(store, FLAG_DIMMED)).toHaveLength(9);
  });

  it('combines as the toolbar says, unless told otherwise', () => {
    const { store, actions } = start();
    actions.selectBits(bits(1, 2), box(0, 0, 1, 1));
    actions.setSelectionOp('add');
    actions.selectBits(bits(2, 3), box(0, 0, 2, 2));
    expect(selected(store)).toEqual([1, 2, 3]);
    actions.selectBits(bits(1), box(0, 0, 3, 3), 'subtract');
    expect(selected(store)).toEqual([2, 3]);
    actions.selectBits(bits(3, 4), box(0, 0, 4, 4), 'intersect');
    expect(selected(store)).toEqual([3]);
    actions.selectBits(bits(9), box(0, 0, 5, 5), 'replace');
    expect(selected(store)).toEqual([9]);
  });

  it('says the rows a shape would leave selected while it is drawn, and nothing after', () => {
    const { store, actions, said } = start();
    actions.selectBits(bits(1, 2), box(0, 0, 1, 1));
    const flags = store.bulk.flags;
    actions.previewBits(bits(2, 3, 4), 'add');
    expect(store.drawing.value).toBe(4);
    actions.previewBits(bits(2, 3, 4), 'subtract');
    expect(store.drawing.value).toBe(1);
    actions.previewBits(bits(2, 3, 4));
    expect(store.drawing.value).toBe(3);
    expect([store.bulk.flags, store.selection.value.count, said.length]).toEqual([flags, 2, 1]);
    actions.previewBits(null);
    expect(store.drawing.value).toBeNull();
    actions.previewBits(bits(2));
    actions.selectBits(bits(2), box(0, 0, 2, 2));
    expect(store.drawing.value).toBeNull();
  });

  it('keeps coordinates as positions have them', () => {
    const { store, actions } = start();
    actions.selectBits(bits(1), box(0.1, 1 / 3));
    expect(store.selection.value.maker).toMatchObject({ points: [Math.fround(0.1), Math.fround(1 / 3)] });
  });

  it('toggles single rows without pinning them', () => {
    const { store, actions } = start();
    actions.selectRow(3);
    actions.toggleRow(5);
    actions.toggleRow(3);
    expect(selected(store)).toEqual([5]);
    expect(store.selection.value.maker).toEqual({ kind: 'rows', rows: [5, 1], clicked: true });
    expect(store.pinned.value).toBeNull();
    for (const row of [-1, 10, 1.5, Number.NaN]) actions.toggleRow(row);
    expect(selected(store)).toEqual([5]);
  });

  it('takes all, the others and none', () => {
    const { store, actions, said } = start();
    actions.invertSelection();
    expect(store.selection.value).toMatchObject({ count: 10, maker: { kind: 'all' } });
    actions.clearSelection();
    expect([store.bulk.selected, store.bulk.flags]).toEqual([null, null]);
    actions.selectAll();
    actions.selectBits(bits(0, 1), box(0, 0, 1, 1), 'subtract');
    actions.invertSelection();
    expect(selected(store)).toEqual([0, 1]);
    expect(store.selection.value.maker).toEqual(box(0, 0, 1, 1));
    expect(said.at(-1)).toBe('2 of 10 selected');
  });

  it('ignores sets made for another table', () => {
    const { store, actions } = start();
    actions.selectBits(bitsOfRows([1, 40], 41), { kind: 'all' });
    actions.previewBits(bitsOfRows([1, 40], 41));
    expect([store.bulk.selected, store.drawing.value]).toEqual([null, null]);
  });

  it('stays through colours, frames, models and roles', async () => {
    const { store, engine, actions } = await coloured();
    actions.selectBits(bits(1, 9), box(0, 0, 1, 1));
    actions.setColour({ kind: 'error' });
    putFrame(store);
    store.models.value = new Map([[7, { ...modelState(), info: { ...modelState().info, model: 7 } }]]);
    putTable(store, tableState(ROWS, undefined, { roles: ['label', 'feature', 'feature', 'ignored'] }));
    store.ready.value = READY;
    await settle();
    expect(selected(store)).toEqual([1, 9]);
    expect(rowsWith(store, FLAG_SELECTED)).toEqual([1, 9]);
    expect(engine.asked.length).toBeGreaterThan(0);
  });

  it('ends with its table, with all that is known by row ids', () => {
    const { store, actions } = start();
    actions.selectBits(bits(1, 9), box(0, 0, 1, 1));
    actions.saveSelection('mine');
    actions.keepOnly();
    actions.previewBits(bits(1));
    putTable(store, { ...tableState(12), info: { ...tableState(12).info, table: 9 } });
    store.panes.value = [];
    expect(store.selection.value).toMatchObject({ count: 0, maker: { kind: 'none' } });
    expect([store.bulk.selected, store.bulk.only, store.bulk.flags]).toEqual([null, null, null]);
    expect(store.named.value).toEqual([]);
    expect(store.hidden.value).toMatchObject({ only: false, rows: 0 });
    expect(store.drawing.value).toBeNull();
    expect(store.undoable.value).toEqual({ undo: null, redo: null });
  });
});

describe('undoing selections', () => {
  it('goes back and forth, one step for each change', async () => {
    const { store, actions, said } = start();
    actions.selectBits(bits(1, 2), box(0, 0, 1, 1));
    actions.selectBits(bits(3), box(0, 0, 2, 2), 'add');
    actions.clearSelection();
    expect(store.undoable.value.undo).toBe('clearing the selection');
    await actions.undo();
    expect(selected(store)).toEqual([1, 2, 3]);
    expect(said.at(-1)).toBe('Undone: clearing the selection. 3 of 10 selected');
    expect(store.undoable.value).toEqual({ undo: 'selection of 3 rows', redo: 'clearing the selection' });
    await actions.undo();
    expect(store.selection.value).toMatchObject({ count: 2, maker: box(0, 0, 1, 1) });
    await actions.undo();
    expect(store.bulk.selected).toBeNull();
    for (let i = 0; i < 3; i++) await actions.redo();
    expect(store.selection.value.count).toBe(0);
    expect(store.undoable.value.redo).toBeNull();
  });

  it('has no step for what changes nothing', () => {
    const { store, actions } = start();
    actions.clearSelection();
    actions.selectBits(bits(), box(0, 0, 1, 1));
    expect(store.undoable.value.undo).toBeNull();
    actions.selectRow(4);
    const { version } = store.selection.value;
    actions.selectRow(4);
    actions.selectBits(bits(4), box(0, 0, 1, 1), 'add');
    expect(store.undoable.value.undo).toBe('selection of 1 row');
    expect(store.selection.value.version).toBe(version);
  });
});

describe('rows by what they are', () => {
  const RANGE: Criterion = { kind: 'range', column: 0, lo: 0.5, hi: null };

  it('are found by the worker', async () => {
    const { store, engine, actions } = start();
    void actions.selectBy(RANGE, 'add');
    const asked = engine.asked.at(-1);
    expect(asked?.body).toEqual({ type: 'select', table: 1, by: RANGE });
    await asked?.answer(bits(4, 5));
    expect(selected(store)).toEqual([4, 5]);
    expect(store.selection.value.maker).toEqual(RANGE);
  });

  it('are dropped when they come after something else was selected', async () => {
    const { store, engine, actions } = start();
    void actions.selectBy({ kind: 'random', n: 3, seed: 1 });
    const first = engine.asked.at(-1);
    void actions.selectBy({ kind: 'random', n: 2, seed: 1 });
    const second = engine.asked.at(-1);
    await second?.answer(bits(1, 2));
    await first?.answer(bits(7, 8, 9));
    expect(selected(store)).toEqual([1, 2]);
    void actions.selectBy(RANGE);
    const third = engine.asked.at(-1);
    actions.selectRow(6);
    await third?.answer(bits(0));
    expect(selected(store)).toEqual([6]);
  });

  it('leave the selection as it was when there are none', async () => {
    const { store, engine, actions, said } = start();
    actions.selectRow(6);
    void actions.selectBy({ kind: 'search', text: 'xyz', column: null });
    await engine.asked.at(-1)?.answer(bits());
    expect(selected(store)).toEqual([6]);
    expect(store.notices.value).toMatchObject([{ tone: 'info', text: 'No row found: “xyz” in any column.' }]);
    expect(said.at(-1)).toBe('No row found: “xyz” in any column.');
    actions.selectRow(7);
    expect(store.notices.value).toEqual([]);
  });

  it('tell what is wrong with the wish, and where', async () => {
    const { store, engine, actions } = start();
    void actions.selectBy(RANGE);
    await engine.asked
      .at(-1)
      ?.fail({ code: 'bad_param', message: 'There is no such column.', where: 'column 9' });
    expect(store.notices.value).toMatchObject([
      { text: 'These rows can’t be selected. There is no such column.', where: 'column 9' },
    ]);
  });

  it('are asked for again by the next worker when the first was lost', async () => {
    const { store, engine, actions } = start();
    void actions.selectBy(RANGE);
    await engine.asked.at(-1)?.fail({ code: 'worker_lost' });
    expect(store.notices.value).toEqual([]);
    store.ready.value = READY;
    const again = engine.asked.filter(({ body }) => body.type === 'select').at(-1);
    await again?.answer(bits(4));
    expect(selected(store)).toEqual([4]);
  });

  it('come from the legend as classes, with the names they have there', async () => {
    const { store, actions } = await coloured();
    await actions.selectEntry(1);
    expect(selected(store)).toEqual([4, 5, 6]);
    expect(store.selection.value.maker).toEqual({ kind: 'class', column: 3, classes: ['b'] });
    await actions.selectEntry(0, 'add');
    expect(store.selection.value).toMatchObject({ count: 7, maker: { classes: ['b', 'a'] } });
    await actions.selectEntry(MISSING_INDEX);
    expect(selected(store)).toEqual([9]);
    expect(store.selection.value.maker).toMatchObject({ kind: 'class', classes: [], missing: true });
    await actions.selectEntry(77);
    expect(selected(store)).toEqual([9]);
  });

  it('are every class without a colour of its own for "other classes", and none for a part of a scale', async () => {
    const { store, engine, actions } = start();
    const categories = Array.from({ length: 12 }, (_, i) => `k${i}`);
    const codes = Uint16Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 11);
    await engine.reads('column')[0]?.answer({ kind: 'category', codes, categories });
    await actions.selectEntry(OTHER_INDEX);
    expect(selected(store)).toEqual([9]);
    expect(store.selection.value.maker).toEqual({
      kind: 'class',
      column: 3,
      classes: categories.slice(0, 9),
      except: true,
    });
    actions.setColour({ kind: 'error' });
    await actions.selectEntry(0);
    expect(selected(store)).toEqual([9]);
  });
});

describe('hiding rows', () => {
  it('by the eye of a class, which keeps them selected and says so', async () => {
    const { store, actions, said } = await coloured();
    await actions.selectEntry(1);
    actions.toggleEntry(1);
    expect(rowsWith(store, FLAG_HIDDEN)).toEqual([4, 5, 6]);
    expect(store.hidden.value).toMatchObject({ rows: 3, selected: 3, only: false });
    expect(said.at(-1)).toBe('7 of 10 rows shown');
    actions.selectRow(0, 'add');
    expect(said.at(-1)).toBe('4 of 10 selected, 3 hidden');
    actions.toggleEntry(1);
    expect(store.hidden.value).toMatchObject({ rows: 0, selected: 0 });
    actions.toggleEntry(200);
    expect(store.hidden.value.entries.size).toBe(0);
  });

  it('all but one class, and all of them again', async () => {
    const { store, actions } = await coloured();
    actions.isolateEntry(2);
    expect(rowsWith(store, FLAG_HIDDEN)).toEqual([0, 1, 2, 3, 4, 5, 6, 9]);
    actions.isolateEntry(1);
    expect(store.hidden.value.rows).toBe(7);
    actions.isolateEntry(1);
    expect(store.hidden.value.rows).toBe(0);
  });

  it('all but the selected, also when the selection moves on', async () => {
    const { store, actions } = await coloured();
    actions.keepOnly();
    expect(store.hidden.value.only).toBe(false);
    actions.selectBits(bits(0, 1, 9), box(0, 0, 1, 1));
    actions.keepOnly();
    expect(store.hidden.value).toMatchObject({ only: true, rows: 7, selected: 0 });
    actions.selectRow(5);
    expect(store.hidden.value).toMatchObject({ only: true, rows: 7, selected: 1 });
    actions.setColour({ kind: 'error' });
    expect(store.hidden.value.rows).toBe(7);
    actions.showAllRows();
    expect(store.hidden.value).toMatchObject({ only: false, rows: 0 });
    expect(store.bulk.only).toBeNull();
  });

  it('is a step each time, also when a class and the others are hidden', async () => {
    const { store, actions } = await coloured();
    actions.selectBits(bits(0, 4), box(0, 0, 1, 1));
    actions.keepOnly();
    actions.toggleEntry(0);
    expect(store.undoable.value.undo).toBe('hiding a');
    expect(rowsWith(store, FLAG_HIDDEN)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
    actions.showAllRows();
    actions.showAllRows();
    await actions.undo();
    expect(store.hidden.value.rows).toBe(9);
    await actions.undo();
    expect(store.hidden.value).toMatchObject({ only: true, rows: 8 });
    await actions.undo();
    expect(store.hidden.value).toMatchObject({ only: false, rows: 0 });
    await actions.redo();
    expect(rowsWith(store, FLAG_HIDDEN)).toEqual([1, 2, 3, 5, 6, 7, 8, 9]);
  });
});

describe('selections under names', () => {
  it('are kept, used as the toolbar or the keys say, and forgotten', async () => {
    const { store, actions } = start();
    expect(actions.saveSelection('nothing yet')).toBe(false);
    actions.selectBits(bits(1, 2), box(0, 0, 1, 1));
    expect(actions.saveSelection('   ')).toBe(false);
    expect(actions.saveSelection('  odd ones ')).toBe(true);
    expect(store.named.value).toMatchObject([{ name: 'odd ones', count: 2 }]);
    actions.selectRow(9);
    actions.useSelection('odd ones', 'add');
    expect(selected(store)).toEqual([1, 2, 9]);
    actions.useSelection('not there');
    actions.useSelection('odd ones');
    expect(store.selection.value.maker).toEqual({ ...box(0, 0, 1, 1), name: 'odd ones' });
    actions.forgetSelection('odd ones');
    expect(store.named.value).toEqual([]);
    await actions.undo();
    expect(store.named.value).toMatchObject([{ name: 'odd ones' }]);
  });

  it('are called by their names once they are used, also where the rows are selected already', () => {
    const { store, actions } = start();
    actions.selectBits(bits(1, 2), box(0, 0, 1, 1));
    actions.saveSelection('odd ones');
    actions.useSelection('odd ones');
    const words = () => describeMaker(store.selection.value.maker, store.table.value, 100);
    expect(words()).toBe('odd ones');
    expect(store.undoable.value.undo).toBe('saved selection odd ones');
    actions.toggleRow(2);
    expect(words()).toBe('odd ones without row 3');
    actions.clearSelection();
    actions.useSelection('odd ones');
    actions.invertSelection();
    expect(words()).toBe('all but odd ones');
  });

  it('have one name each: rows saved under it again take its place, and can be had back', async () => {
    const { store, actions, said } = start();
    actions.selectRow(1);
    actions.saveSelection('a');
    actions.saveSelection('b');
    actions.selectBits(bits(1, 2), box(0, 0, 1, 1));
    expect(actions.saveSelection('a')).toBe(true);
    expect(store.named.value).toMatchObject([
      { name: 'a', count: 2 },
      { name: 'b', count: 1 },
    ]);
    expect(said.at(-1)).toBe('“a” is now 2 rows; it was 1 row.');
    await actions.undo();
    expect(store.named.value[0]).toMatchObject({ name: 'a', count: 1 });
  });

  it('have names of sixty characters, never half of one', () => {
    const { store, actions } = start();
    actions.selectRow(1);
    expect(actions.saveSelection('🦜'.repeat(80))).toBe(true);
    expect(store.named.value[0]?.name).toBe('🦜'.repeat(60));
  });
});

describe('tools', () => {
  it('remember the last one that selects, for a drag with Shift', () => {
    const { store, actions, said } = start();
    actions.setTool('box');
    actions.setTool('pan');
    expect([store.tool.value, store.shiftTool.value]).toEqual(['pan', 'box']);
    expect(said).toEqual(['Box.', 'Pan.']);
  });

  it('have a brush of a size that can be used', () => {
    const { store, actions } = start();
    for (const [px, radius] of [
      [30, 30],
      [1, 4],
      [1e9, 200],
      [Number.NaN, 200],
    ] as const) {
      actions.setBrushRadius(px);
      expect(store.brushRadius.value).toBe(radius);
    }
  });
});

const SUMMARY: RowsSummary = {
  n: 2,
  mean: new Float32Array(3),
  rest_mean: new Float32Array(3),
  effect: new Float32Array(3),
  labels: [],
  missing: 0,
};

const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 220));

describe('the summary of the selection', () => {
  it('is asked for once the selection rests, of two rows or more', async () => {
    const { store, engine, actions } = start();
    actions.selectRow(1);
    await quiet();
    expect(engine.reads('summary')).toEqual([]);
    actions.selectRow(2, 'add');
    actions.selectRow(3, 'add');
    expect(engine.reads('summary')).toEqual([]);
    await quiet();
    expect(engine.reads('summary').map(({ body }) => body)).toEqual([
      { type: 'read', what: 'summary', table: 1, rows: bits(1, 2, 3), column: 3 },
    ]);
    await engine.reads('summary')[0]?.answer(SUMMARY);
    expect(store.summary.value).toBe(SUMMARY);
    actions.selectRow(1);
    expect(store.summary.value).toBeNull();
  });

  it('is dropped when it comes late, and asked for again by the next worker', async () => {
    const { store, engine, actions } = start();
    actions.selectBits(bits(1, 2), box(0, 0, 1, 1));
    await quiet();
    actions.selectBits(bits(3, 4), box(0, 0, 1, 1));
    await engine.reads('summary')[0]?.answer(SUMMARY);
    expect(store.summary.value).toBeNull();
    await quiet();
    await engine.reads('summary')[1]?.fail({ code: 'worker_lost' });
    expect(store.notices.value).toEqual([]);
    store.ready.value = READY;
    await settle();
    await settle();
    await engine.reads('summary')[2]?.answer(SUMMARY);
    expect(store.summary.value).toBe(SUMMARY);
  });

  it('is that of the features and the label as they are now', async () => {
    const { store, engine, actions } = start();
    actions.selectBits(bits(1, 2), box(0, 0, 1, 1));
    await quiet();
    putTable(store, tableState(ROWS, undefined, { roles: ['feature', 'feature', 'feature', 'ignored'] }));
    await engine.reads('summary')[0]?.answer(SUMMARY);
    expect(store.summary.value).toBeNull();
    await quiet();
    expect(engine.reads('summary')[1]?.body).toMatchObject({ column: null });
  });
});

describe('held-out rows', () => {
  /** A model whose fits keep out a fifth. */
  function holdOut(store: Store, heldout = 0.2, model = 2): void {
    const state = modelState();
    const info = { ...state.info, model };
    store.models.value = new Map([[model, { ...state, info, fit: { ...state.fit, heldout } }]]);
  }

  it('are drawn hollow as soon as the worker has told them', async () => {
    const { store, engine } = start();
    await settle();
    expect(engine.reads('heldout')).toEqual([]);
    holdOut(store);
    await settle();
    expect(engine.reads('heldout')[0]?.body).toEqual({
      type: 'read',
      what: 'heldout',
      model: 2,
      heldout: 0.2,
    });
    await engine.reads('heldout')[0]?.answer(bits(3, 8));
    expect([...rowsOf(store.bulk.heldout)]).toEqual([3, 8]);
    expect(rowsWith(store, FLAG_HOLLOW)).toEqual([3, 8]);
    holdOut(store, 0);
    expect(store.bulk.heldout).toBeNull();
    expect(store.bulk.flags).toBeNull();
  });

  it('are asked for once, until model, share or rows are others', async () => {
    const { store, engine } = start();
    holdOut(store);
    await settle();
    holdOut(store);
    await settle();
    expect(engine.reads('heldout')).toHaveLength(1);
    holdOut(store, 0.3);
    await settle();
    holdOut(store, 0.3, 7);
    await settle();
    expect(engine.reads('heldout').map(({ body }) => 'model' in body && body.model)).toEqual([2, 2, 7]);
    await engine.reads('heldout')[0]?.answer(bits(1));
    expect(store.bulk.heldout).toBeNull();
    await engine.reads('heldout')[2]?.answer(bits(2));
    expect([...rowsOf(store.bulk.heldout)]).toEqual([2]);
  });

  it('of another number of rows are not taken', async () => {
    const { store, engine } = start();
    holdOut(store);
    await settle();
    await engine.reads('heldout')[0]?.answer(bitsOfRows([1, 40], 41));
    expect(store.bulk.heldout).toBeNull();
  });
});
