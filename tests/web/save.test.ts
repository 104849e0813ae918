// Work that is kept from visit to visit, with real workers and the real kernels: what comes back is what was there, bit
// for bit, and what can't come back leaves everything as it is.
import { afterEach, describe, expect, it } from 'vitest';
import { bitsOfRows } from '../../web/state/selection.ts';
import type { Maker } from '../../web/state/store.ts';
import { StorageError } from '../../web/storage/db.ts';
import {
  endVisits,
  kept,
  rested,
  TestPreferences,
  TestShelf,
  TestSlots,
  type Visit,
  visit,
  WAIT,
} from './save-fixture.ts';

const ROWS = 200;

afterEach(endVisits);

function file(rows = ROWS, name = 'kinds.csv'): File {
  const lines = ['a,b,c,d,kind'];
  for (let i = 0; i < rows; i += 1) {
    const odd = i % 2;
    const [u, v] = [((i * 37) % 101) / 101, ((i * 53) % 89) / 89];
    const [a, b] = odd ? [u, v] : [v * v - 2, u * u + 2];
    lines.push(`${a},${b},${odd ? a * b : a - b},${odd ? a - b : a * b},${odd ? 'odd' : 'even'}`);
  }
  return new File([lines.join('\n')], name);
}

async function opened(page: Visit, data: File, epochs = '4'): Promise<void> {
  const { actions, store } = page;
  void actions.open(data);
  await expect.poll(() => ['running', 'finished'].includes(store.phase.value.kind), WAIT).toBe(true);
  await actions.stop();
  await rested(page);
  for (const [name, text] of Object.entries({ epochs, heldout: '0.1', latent: '3' })) {
    expect(actions.setField(name, text)).toBe(true);
  }
  await actions.startAgain();
  await rested(page);
}

const ODD: Maker = { kind: 'class', column: 4, classes: ['odd'] };

function selectOdd({ actions }: Visit, rows = ROWS): void {
  const ids = Array.from({ length: rows / 2 }, (_, i) => 2 * i + 1);
  actions.selectBits(bitsOfRows(ids, rows), ODD, 'replace');
}

/** Everything that a person sees of the work, and every weight behind it. */
async function seen({ store, engine }: Visit) {
  const map = store.map.peek();
  const model = store.model.peek();
  if (!map || !model) throw new Error('There is no map.');
  const id = model.info.model;
  const { nodes, at } = store.history.peek();
  const { form } = { form: store.form.peek() };
  return {
    positions: [...(store.bulk.maps.get(map.map)?.positions ?? [])],
    errors: [...(await engine.request({ type: 'read', what: 'error', model: id }))],
    weights: [...new Uint8Array(await engine.request({ type: 'snapshot', model: id }))],
    axes: map.axes,
    at,
    nodes: nodes.map(({ fits, kept: _kept, ...node }) => ({
      ...node,
      fits: fits.map(({ table: _table, ...fit }) => ({ ...fit, selection: [...(fit.selection ?? [])] })),
    })),
    before: [...(store.bulk.before?.positions ?? [])],
    selected: [...(store.bulk.selected ?? [])],
    selection: { ...store.selection.peek(), version: 0 },
    named: store.named.peek().map(({ bits, ...named }) => ({ ...named, bits: [...bits] })),
    hidden: { ...store.hidden.peek(), entries: [...store.hidden.peek().entries] },
    only: [...(store.bulk.only ?? [])],
    colour: store.colour.peek(),
    pointSize: store.pointSize.peek(),
    form: form && { ...form, touched: [...form.touched] },
    retrain: store.retrain.peek(),
    roles: store.table.peek()?.roles,
    scale: store.table.peek()?.scale,
    losses: model.losses,
    result: model.result,
    phase: store.phase.peek(),
  };
}

/** A story with two retrains, of which the second is left behind, and everything else that can be chosen. */
async function story(page: Visit): Promise<void> {
  const { actions, store } = page;
  await opened(page, file());
  selectOdd(page);
  expect(actions.saveSelection('the odd ones')).toBe(true);
  await actions.retrain();
  await rested(page);
  await actions.retrain();
  await rested(page);
  await actions.returnTo(1);
  await rested(page);
  actions.setAxes([2, 0]);
  await page.engine.request({ type: 'refresh', map: store.map.peek()?.map ?? -1 });
  actions.setColour({ kind: 'column', column: 4 });
  await expect.poll(() => store.legend.value.kind, WAIT).toBe('classes');
  actions.toggleEntry(0);
  actions.invertSelection();
  actions.keepOnly();
  actions.setPointSize(7);
  actions.setFocus(0.25);
  expect(actions.setRetrainField('epochs', '3')).toBe(true);
  expect(actions.setField('noise', '0.5')).toBe(true);
}

describe('work that is kept', () => {
  it('comes back at the next visit as it was, bit for bit, with every state of its history', async () => {
    const shelf = new TestShelf();
    const slots = new TestSlots();
    const first = await visit({ shelf, slots });
    await story(first);
    await kept(first);
    const was = await seen(first);
    expect(first.saves.unsaved()).toBe(false);
    first.crash();

    const next = await visit({ shelf, slots });
    await expect.poll(() => next.saves.state.value.left.length, WAIT).toBe(1);
    const [left] = next.saves.state.value.left;
    expect(left?.brief).toMatchObject({ name: 'kinds.csv', rows: ROWS, states: 3, retrains: 2, whole: true });
    expect(next.saves.state.value.asks).toBe(true);
    await next.saves.bringBack(left?.slot ?? '');
    expect(next.store.notices.value).toEqual([]);
    expect(next.store.announcement.value).toBe('kinds.csv is back, at retrain 1.');
    const { station } = next;
    expect(await seen(next)).toEqual(was);
    /* Nothing was trained for it, and there is nothing to be undone. */
    const asked = station.workers.flatMap(({ heard }) => heard.map(({ type }) => type));
    expect(asked).not.toContain('run');
    expect(next.store.undoable.value).toEqual({ undo: null, redo: null });

    /* Returns go on from there, also to states whose snapshots were not kept. */
    await next.actions.returnTo(0);
    await rested(next);
    await next.actions.returnTo(1);
    await rested(next);
    expect((await seen(next)).weights).toEqual(was.weights);
    /* The slot is this visit's now: it is written on, and nothing is left besides. */
    await kept(next);
    expect(shelf.slots.size).toBe(1);
    expect(next.saves.state.value.left).toEqual([]);
  });

  it('has states made again whose snapshots had no room', async () => {
    const shelf = new TestShelf();
    const slots = new TestSlots();
    const first = await visit({ shelf, slots, snapshotBudget: 0 });
    await opened(first, file());
    selectOdd(first);
    await first.actions.retrain();
    await rested(first);
    const middle = (await seen(first)).weights;
    await first.actions.retrain();
    await rested(first);
    await kept(first);
    first.crash();
    const next = await visit({ shelf, slots });
    await expect.poll(() => next.saves.state.value.left.length, WAIT).toBe(1);
    await next.saves.bringBack(next.saves.state.value.left[0]?.slot ?? '');
    expect(next.store.history.value.nodes.map((node) => node.kept)).toEqual([true, false, true]);
    await next.actions.returnTo(1);
    await rested(next);
    expect((await seen(next)).weights).toEqual(middle);
  });

  it('is written once for each change, and only what is new', async () => {
    const shelf = new TestShelf();
    const page = await visit({ shelf, slots: new TestSlots() });
    await opened(page, file());
    await kept(page);
    const { writes, copied } = shelf;
    page.actions.setHover(3);
    page.actions.announce('Nothing has changed.');
    await kept(page);
    expect(shelf.writes).toBe(writes);
    selectOdd(page);
    await kept(page);
    expect(shelf.writes).toBe(writes + 1);
    expect(shelf.copied).toBe(copied + 1);
  });

  it('is no demonstration, nor a set that was looked at for a moment', async () => {
    const shelf = new TestShelf();
    const page = await visit({ shelf, slots: new TestSlots() });
    const entry = {
      id: 'blobs',
      title: 'Blobs',
      description: '',
      rows: 90,
      columns: 3,
      kind: 'synthetic',
    } as const;
    page.store.catalog.value = [{ ...entry, synthetic: 'blobs', n: 90, seed: 1 }];
    await page.actions.open('blobs');
    await rested(page);
    await page.saves.flush();
    expect([shelf.writes, page.saves.unsaved()]).toEqual([0, false]);
    const { history } = page.store;
    const put = (seconds: number): void => {
      history.value = { ...history.value, nodes: history.value.nodes.map((node) => ({ ...node, seconds })) };
    };
    put(60);
    expect(page.saves.unsaved()).toBe(true);
    put(1);
    page.actions.selectAll();
    expect(page.saves.unsaved()).toBe(true);
    await kept(page);
    expect(shelf.only.brief).toMatchObject({ name: 'Blobs', whole: true });
    expect(shelf.only.file).toBeNull();
    page.crash();
  });

  it('of another table gets a slot of its own, and the last three that were left are listed', async () => {
    const shelf = new TestShelf();
    const slots = new TestSlots();
    const page = await visit({ shelf, slots });
    for (const name of ['a.csv', 'b.csv', 'c.csv', 'd.csv', 'e.csv']) {
      await opened(page, file(40, name), '1');
      await kept(page);
    }
    await expect
      .poll(() => page.saves.state.value.left.map(({ brief }) => brief.name), WAIT)
      .toEqual(['d.csv', 'c.csv', 'b.csv']);
    /* What another tab has open is nobody else's. */
    const other = await visit({ shelf, slots });
    await expect.poll(() => other.saves.state.value.left.length, WAIT).toBe(3);
    const [first] = other.saves.state.value.left;
    await page.saves.bringBack(first?.slot ?? '');
    expect(page.store.table.value?.info.name).toBe('d.csv');
    await other.saves.bringBack(first?.slot ?? '');
    expect(other.store.table.value).toBeNull();
    expect(other.store.notices.value.map(({ text }) => text)).toEqual(['d.csv is open in another tab.']);
    /* The one that was on screen is listed in its place. */
    expect(other.saves.state.value.left.map(({ brief }) => brief.name)).toEqual(['e.csv', 'c.csv', 'b.csv']);
  });

  it('comes back from the middle of a training as of its last snapshot, and says what is lost', async () => {
    const shelf = new TestShelf();
    const slots = new TestSlots();
    const first = await visit({ shelf, slots });
    await opened(first, file());
    /* It ends by nothing but the pause. */
    expect(first.actions.setField('epochs', '100000')).toBe(true);
    expect(first.actions.setField('patience', '0')).toBe(true);
    void first.actions.train();
    await expect.poll(() => (first.store.model.value?.losses.length ?? 0) > 8, WAIT).toBe(true);
    await first.actions.pause();
    await expect.poll(() => first.store.phase.value.kind, WAIT).toBe('paused');
    const rest = await first.engine.request({
      type: 'snapshot',
      model: first.store.model.peek()?.info.model ?? -1,
    });
    await kept(first);
    first.crash();
    const next = await visit({ shelf, slots });
    await expect.poll(() => next.saves.state.value.left.length, WAIT).toBe(1);
    await next.saves.bringBack(next.saves.state.value.left[0]?.slot ?? '');
    expect((await seen(next)).weights).toEqual([...new Uint8Array(rest)]);
    expect(next.store.history.value).toMatchObject({
      at: 1,
      nodes: [{ kept: true }, { kept: true, rated: true }],
    });
    expect(next.store.notices.value.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^A training was under way: it is back as of epoch \d+ of 100,000, and what came after is lost\.$/,
      ),
    ]);
    await next.actions.returnTo(0);
    await rested(next);
    await next.actions.returnTo(1);
    await rested(next);
    expect((await seen(next)).weights).toEqual([...new Uint8Array(rest)]);
  });
});

describe('a file too large to be kept', () => {
  it('is asked for, told from another one, and then everything is back', async () => {
    const shelf = new TestShelf();
    const slots = new TestSlots();
    const first = await visit({ shelf, slots });
    shelf.failures = [new StorageError('full'), new StorageError('full')];
    await opened(first, file());
    await kept(first);
    expect(shelf.only.file).toBeNull();
    expect(shelf.only.brief.whole).toBe(false);
    const was = await seen(first);
    first.crash();
    const next = await visit({ shelf, slots });
    await expect.poll(() => next.saves.state.value.left.length, WAIT).toBe(1);
    await next.saves.bringBack(next.saves.state.value.left[0]?.slot ?? '');
    expect(next.saves.state.value.waiting).toBe('kinds.csv');
    await next.actions.open(file(ROWS - 1));
    await expect
      .poll(() => next.store.notices.value.map(({ text }) => text), WAIT)
      .toEqual([
        expect.stringContaining('It is not the kinds.csv that was saved'),
        'Open this kinds.csv as other data instead?',
      ]);
    expect([next.store.table.value, next.saves.state.value.waiting]).toEqual([null, 'kinds.csv']);
    await next.actions.open(file());
    await expect.poll(() => next.saves.state.value.waiting, WAIT).toBeNull();
    expect(await seen(next)).toEqual(was);
  });
});

describe('work on its way back', () => {
  /** Two works, of which the first one's file was too large to be kept. */
  async function two() {
    const shelf = new TestShelf();
    const slots = new TestSlots();
    const first = await visit({ shelf, slots });
    shelf.failures = [new StorageError('full'), new StorageError('full')];
    await opened(first, file());
    await kept(first);
    first.crash();
    const second = await visit({ shelf, slots });
    await opened(second, file(60, 'small.csv'), '1');
    await kept(second);
    second.crash();
    const page = await visit({ shelf, slots });
    await expect.poll(() => page.saves.state.value.left.length, WAIT).toBe(2);
    const slot = (name: string) =>
      page.saves.state.value.left.find(({ brief }) => brief.name === name)?.slot ?? '';
    return { page, slots, large: slot('kinds.csv'), small: slot('small.csv') };
  }

  it('is not written before all of it is there', async () => {
    const shelf = new TestShelf();
    const slots = new TestSlots();
    const first = await visit({ shelf, slots });
    await opened(first, file());
    selectOdd(first);
    expect(first.actions.saveSelection('the odd ones')).toBe(true);
    await kept(first);
    const { record } = shelf.only;
    first.crash();
    const { writes } = shelf;
    const next = await visit({ shelf, slots });
    await expect.poll(() => next.saves.state.value.left.length, WAIT).toBe(1);
    /* As when the page is left at that moment. */
    const meanwhile: Promise<void>[] = [];
    const stop = next.store.task.subscribe((task) => {
      if (task?.kind === 'return') queueMicrotask(() => meanwhile.push(next.saves.flush()));
    });
    await next.saves.bringBack(next.saves.state.value.left[0]?.slot ?? '');
    stop();
    expect(meanwhile.length).toBeGreaterThan(0);
    await Promise.all(meanwhile);
    expect([shelf.writes, shelf.only.record]).toEqual([writes, record]);
    /* It lies there as it is on screen. */
    expect(next.saves.unsaved()).toBe(false);
    expect(next.saves.state.value.kept?.bytes).toBe(shelf.only.brief.bytes);
    next.actions.clearSelection();
    await kept(next);
    expect(shelf.writes).toBe(writes + 1);
  });

  it('no longer waits for its file when other work has come back', async () => {
    const { page, slots, large, small } = await two();
    await page.saves.bringBack(large);
    expect(page.saves.state.value.waiting).toBe('kinds.csv');
    await page.saves.bringBack(small);
    expect(page.store.table.value?.info.name).toBe('small.csv');
    expect([page.saves.state.value.waiting, [...slots.held.keys()]]).toEqual([null, [small]]);
    await expect.poll(() => page.saves.state.value.left.map(({ slot }) => slot), WAIT).toEqual([large]);
    /* Its file is data like any other then. */
    expect(page.saves.takes(file())).toBe(false);
  });

  it('no longer waits for its file when something else was opened, of whatever size', async () => {
    const { page, slots, large } = await two();
    await page.saves.bringBack(large);
    await page.actions.open(new File([file()], 'renamed.csv'));
    await rested(page);
    expect(page.store.table.value?.info.name).toBe('renamed.csv');
    expect(page.saves.state.value.waiting).toBeNull();
    expect(slots.held.has(large)).toBe(false);
  });
});

describe('what replaces the page', () => {
  const asked = ({ store }: Visit) => store.notices.value.map(({ text }) => text);

  it('waits for an answer while a retrain runs: a session file, and what was left', async () => {
    const shelf = new TestShelf();
    const slots = new TestSlots();
    const first = await visit({ shelf, slots });
    await opened(first, file(60, 'left.csv'), '1');
    await first.saves.download();
    const session = new File([first.downloads[0]?.file ?? ''], 'left.unfold');
    await kept(first);
    first.crash();
    const page = await visit({ shelf, slots });
    await opened(page, file());
    selectOdd(page);
    expect(page.actions.setRetrainField('epochs', '100000')).toBe(true);
    void page.actions.retrain();
    await expect.poll(() => page.store.phase.value.kind, WAIT).toBe('running');
    await page.actions.open(session);
    await expect.poll(() => asked(page), WAIT).toEqual(['Training is under way. Open left.unfold instead?']);
    await page.saves.bringBack(page.saves.state.value.left[0]?.slot ?? '');
    expect(asked(page)).toEqual(['Training is under way. Open left.csv instead?']);
    expect(page.store.table.value?.info.name).toBe('kinds.csv');
    page.store.notices.value[0]?.action?.run();
    await expect.poll(() => page.store.announcement.value, WAIT).toMatch(/^left\.csv is back/);
    expect(page.store.history.value.nodes).toHaveLength(1);
  });

  it('waits for an answer where retrained states are kept nowhere', async () => {
    const page = await visit({ shelf: new TestShelf(), slots: new TestSlots() });
    await page.saves.setKeeps(false);
    await opened(page, file(60));
    selectOdd(page, 60);
    await page.saves.download();
    const session = new File([page.downloads[0]?.file ?? ''], 'early.unfold');
    await page.actions.retrain();
    await rested(page);
    await page.actions.open(session);
    await expect
      .poll(() => asked(page), WAIT)
      .toEqual(['The states of the model that is here are not kept. Open early.unfold and lose them?']);
    expect(page.store.history.value.nodes).toHaveLength(2);
    page.store.notices.value[0]?.action?.run();
    await expect.poll(() => page.store.history.value.nodes.length, WAIT).toBe(1);
  });
});

describe('two tabs', () => {
  it('agree on what is kept: what one forgets the other does not write again', async () => {
    const shelf = new TestShelf();
    const slots = new TestSlots();
    const preferences = new TestPreferences();
    const one = await visit({ shelf, slots, preferences });
    void one.actions.start();
    await opened(one, file());
    await kept(one);
    const other = await visit({ shelf, slots, preferences });
    other.saves.forgetAll();
    other.store.notices.value.at(-1)?.action?.run();
    await expect.poll(() => one.saves.state.value.keeps, WAIT).toBe(false);
    await expect.poll(() => shelf.slots.size, WAIT).toBe(0);
    await expect.poll(() => one.saves.state.value.kept, WAIT).toBeNull();
    expect(one.saves.unsaved()).toBe(true);
    /* What is chosen there about something else takes nothing back. */
    one.actions.setLogLoss(true);
    selectOdd(one);
    await one.saves.flush();
    expect(shelf.slots.size).toBe(0);
    expect(other.saves.state.value.keeps).toBe(false);
    /* And on again, for both. */
    await other.saves.setKeeps(true);
    await kept(one);
    expect(shelf.only.brief.name).toBe('kinds.csv');
  });
});

describe('what a page would lose', () => {
  it('is what runs, also when all the rest is kept (row 78)', async () => {
    const page = await visit({ shelf: new TestShelf(), slots: new TestSlots() });
    await opened(page, file());
    selectOdd(page);
    await kept(page);
    expect(page.saves.unsaved()).toBe(false);
    expect(page.actions.setRetrainField('epochs', '100000')).toBe(true);
    void page.actions.retrain();
    await expect.poll(() => page.store.phase.value.kind, WAIT).toBe('running');
    await page.saves.flush();
    expect(page.saves.unsaved()).toBe(true);
    await page.actions.stop();
    await rested(page);
    await kept(page);
    expect(page.saves.unsaved()).toBe(false);
  });

  it('is nothing that changed while something else was being written, when it is left then', async () => {
    const shelf = new TestShelf();
    const page = await visit({ shelf, slots: new TestSlots(), parts: { rest: 1e8, pace: 1e8 } });
    await opened(page, file());
    const writing = page.saves.flush();
    selectOdd(page);
    await Promise.all([writing, page.saves.flush()]);
    expect(page.saves.unsaved()).toBe(false);
    expect(JSON.parse(shelf.only.record)).toMatchObject({ selection: { maker: ODD } });
  });
});

describe('storage that fails (rows 73 and 74)', () => {
  it.each(['denied', 'full', 'blocked', 'newer', 'failed'] as const)(
    '%s: is told once, and a file is offered',
    async (problem) => {
      const shelf = new TestShelf();
      const page = await visit({ shelf, slots: new TestSlots() });
      shelf.failures = Array.from({ length: 500 }, () => new StorageError(problem));
      await opened(page, file());
      await page.saves.flush();
      selectOdd(page);
      await page.saves.flush();
      const told = page.store.notices.value.filter(({ action }) => action?.label === 'Save as a file');
      expect(told).toHaveLength(1);
      expect(page.saves.unsaved()).toBe(true);
      expect(page.store.phase.value.kind).toBe('finished');
      told[0]?.action?.run();
      await expect.poll(() => page.downloads.map(({ name }) => name), WAIT).toEqual(['kinds.unfold']);
      /* Once there is room again it is kept, and the notice goes. */
      shelf.failures = [];
      await kept(page);
      expect(page.store.notices.value).toEqual([]);
      expect(shelf.only.brief.name).toBe('kinds.csv');
    },
  );

  it('leaves what was saved before, and keeps less where there is less room', async () => {
    const shelf = new TestShelf();
    const page = await visit({ shelf, slots: new TestSlots() });
    await opened(page, file());
    selectOdd(page);
    await page.actions.retrain();
    await rested(page);
    await kept(page);
    const { record, parts } = shelf.only;
    shelf.failures = Array.from({ length: 100 }, () => new StorageError('full'));
    await page.actions.retrain();
    await rested(page);
    await page.saves.flush();
    await expect.poll(() => page.saves.state.value.problem, WAIT).toBe('full');
    expect(shelf.only.record).toBe(record);
    expect([...shelf.only.parts.keys()]).toEqual([...parts.keys()]);
    /* Some room: only what can't be made again, and by what name it was opened. */
    shelf.failures = [new StorageError('full'), new StorageError('full')];
    page.actions.clearSelection();
    await kept(page);
    const written = JSON.parse(shelf.only.record) as {
      model: { snapshots: unknown[]; nodes: unknown[] };
      data: { kept: boolean };
    };
    expect(written.model.nodes).toHaveLength(3);
    expect(written.model.snapshots).toHaveLength(1);
    expect(written.data.kept).toBe(false);
    expect(page.saves.state.value.problem).toBeNull();
  });
});

describe('a session file', () => {
  it('brings everything back where nothing is kept', async () => {
    const first = await visit({ shelf: new TestShelf(), slots: new TestSlots() });
    await story(first);
    await first.saves.download();
    const was = await seen(first);
    const [download] = first.downloads;
    expect(download?.name).toBe('kinds.unfold');
    const shelf = new TestShelf();
    const next = await visit({ shelf, slots: new TestSlots() });
    await next.actions.open(new File([download?.file ?? ''], 'kinds.unfold'));
    await expect.poll(() => next.store.announcement.value, WAIT).toBe('kinds.csv is back, at retrain 1.');
    expect(await seen(next)).toEqual(was);
    await kept(next);
    expect(shelf.only.brief.states).toBe(3);
  });
});

describe('keeping', () => {
  it('can be switched off, which forgets this work, and on again', async () => {
    const shelf = new TestShelf();
    let asked = 0;
    const storage = {
      persisted: () => Promise.resolve(false),
      persist: () => {
        asked += 1;
        return Promise.resolve(true);
      },
    };
    const page = await visit({ shelf, slots: new TestSlots(), parts: { storage } });
    await opened(page, file());
    await kept(page);
    expect(asked).toBe(0);
    await page.saves.setKeeps(false);
    selectOdd(page);
    await page.saves.flush();
    expect(shelf.slots.size).toBe(0);
    await page.saves.setKeeps(true);
    expect(shelf.slots.size).toBe(1);
    expect([asked, page.saves.state.value.guarded]).toEqual([1, true]);
    page.saves.forgetAll();
    page.store.notices.value.at(-1)?.action?.run();
    await expect.poll(() => shelf.slots.size, WAIT).toBe(0);
    expect(page.saves.state.value.keeps).toBe(false);
  });
});
