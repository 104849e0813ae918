// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bitsOfRuns, rowsOf } from '../../web/state/selection.ts';
import type { Store } from '../../web/state/store.ts';
import { RowsTable } from '../../web/ui/rows-table.tsx';
import { MOST_PIXELS, scrollFor, visibleRows } from '../../web/ui/virtual-list.ts';
import { mapActions, type TestActions } from './map-fixture.ts';
import { FakeEngine, putTable, settle, tableState, trainedStore } from './view-fixture.ts';

let actions: TestActions | null = null;

afterEach(() => {
  cleanup();
  actions?.dispose();
});

async function show(store: Store): Promise<{ engine: FakeEngine; grid: HTMLElement }> {
  const engine = new FakeEngine();
  actions = mapActions(store, engine);
  render(<RowsTable store={store} actions={actions} />);
  const region = screen.getByRole('region', { name: 'Rows' });
  expect(within(region).queryByRole('grid')).toBeNull();
  fireEvent.click(within(region).getByRole('button', { name: 'Rows' }));
  await settle();
  return { engine, grid: within(region).getByRole('grid') };
}

const bodyRows = (grid: HTMLElement): HTMLElement[] => [...grid.querySelectorAll<HTMLElement>('tbody tr')];
const heads = (grid: HTMLElement): (string | null)[] =>
  [...grid.querySelectorAll('thead th')].map((h) => h.textContent);

describe('the table of rows', () => {
  it('tells how many rows there are and which ones these are, and draws only those in sight', async () => {
    const { grid } = await show(trainedStore(100_000));
    expect(grid.getAttribute('aria-rowcount')).toBe('100001');
    const rows = bodyRows(grid);
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.length).toBeLessThan(60);
    expect(rows.map((row) => row.getAttribute('aria-rowindex')).slice(0, 3)).toEqual(['2', '3', '4']);
    expect(grid.querySelector('thead tr')?.getAttribute('aria-rowindex')).toBe('1');
  });

  it('shows number, label, place, error and cells of a row', async () => {
    const { engine, grid } = await show(trainedStore(4));
    expect(heads(grid)).toEqual(['Row', 'kind', 'z1', 'z2', 'Error', 'width', 'height', 'depth']);
    expect(grid.getAttribute('aria-colcount')).toBe('8');
    const asked = engine.reads('cells')[0];
    expect(asked?.body).toMatchObject({ rows: Uint32Array.of(0, 1, 2, 3) });
    await asked?.answer(
      [0, 1, 2, 3].map((row) => [`w${row}`, `h${row}`, `d${row}`, row === 1 ? '<b>x</b>' : 'a']),
    );
    await settle();
    const cells = [...(bodyRows(grid)[1]?.querySelectorAll('th, td') ?? [])].map((cell) => cell.textContent);
    expect(cells).toEqual(['2', '<b>x</b>', '1', '−3', '0.25', 'w1', 'h1', 'd1']);
    expect(grid.querySelector('b')).toBeNull();
  });

  it('shows the table alone before there is a map', async () => {
    const store = trainedStore(4);
    store.panes.value = [];
    const { grid } = await show(store);
    expect(heads(grid)).toEqual(['Row', 'kind', 'width', 'height', 'depth']);
  });

  it('leaves pixels out', async () => {
    const store = trainedStore(4);
    const table = tableState(4);
    putTable(store, { ...table, info: { ...table.info, image: { height: 1, width: 3, channels: 1 } } });
    const { grid } = await show(store);
    expect(heads(grid)).toEqual(['Row', 'kind', 'z1', 'z2', 'Error']);
  });

  const selected = (store: Store): number[] => [...rowsOf(store.bulk.selected)];
  const marked = (grid: HTMLElement): number[] =>
    bodyRows(grid).flatMap((row, i) => (row.getAttribute('aria-selected') === 'true' ? [i] : []));
  const click = async (grid: HTMLElement, row: number, keys: object = {}): Promise<void> => {
    const line = bodyRows(grid)[row];
    if (!line) throw new Error(`Row ${row} is not drawn.`);
    fireEvent.click(line, keys);
    await settle();
  };

  it('selects and pins the row that is clicked', async () => {
    const store = trainedStore(4);
    const { grid } = await show(store);
    await click(grid, 2);
    expect(store.pinned.value).toBe(2);
    expect(selected(store)).toEqual([2]);
    expect(marked(grid)).toEqual([2]);
    expect(bodyRows(grid).map((row) => row.getAttribute('aria-current'))).toEqual([null, null, 'true', null]);
  });

  it('shows what is selected elsewhere; Ctrl and a click adds a row or takes it away, Shift all up to it', async () => {
    const store = trainedStore(10);
    const { grid } = await show(store);
    actions?.selectBits(bitsOfRuns([1, 2], 10), { kind: 'all' }, 'replace');
    await settle();
    expect(marked(grid)).toEqual([1, 2]);
    await click(grid, 2, { ctrlKey: true });
    await click(grid, 7, { metaKey: true });
    expect(marked(grid)).toEqual([1, 7]);
    expect(store.pinned.value).toBeNull();
    await click(grid, 4, { shiftKey: true });
    expect(selected(store)).toEqual([1, 4, 5, 6, 7]);
    await actions?.undo();
    expect(selected(store)).toEqual([1, 7]);
  });

  it('can show the selected rows alone, and keeps them when one of them is pinned', async () => {
    const store = trainedStore(100);
    const { engine, grid } = await show(store);
    const region = screen.getByRole('region', { name: 'Rows' });
    await engine.reads('cells')[0]?.answer([]);
    fireEvent.click(within(region).getByRole('checkbox', { name: /^Selected only/ }));
    await settle();
    expect(region.textContent).toContain('No row is selected.');
    actions?.selectBits(bitsOfRuns([40, 2, 90, 1], 100), { kind: 'all' }, 'replace');
    await settle();
    const only = within(region).getByRole('grid');
    expect(only).not.toBe(grid);
    expect(only.getAttribute('aria-rowcount')).toBe('4');
    expect(bodyRows(only).map((row) => row.querySelector('th')?.textContent)).toEqual(['41', '42', '91']);
    await vi.waitFor(() => {
      expect(engine.reads('cells').at(-1)?.body).toMatchObject({ rows: Uint32Array.of(40, 41, 90) });
    });
    await click(only, 2);
    expect(store.pinned.value).toBe(90);
    expect(selected(store)).toEqual([40, 41, 90]);
    await click(only, 0, { ctrlKey: true });
    expect(bodyRows(only).map((row) => row.querySelector('th')?.textContent)).toEqual(['42', '91']);
  });

  it('is walked through with the keyboard, and the map follows', async () => {
    const store = trainedStore(1000);
    const { grid } = await show(store);
    const press = async (key: string): Promise<void> => {
      fireEvent.keyDown(grid, { key });
      await settle();
    };
    await press('ArrowDown');
    await press('ArrowDown');
    expect(store.hover.value).toBe(2);
    const active = grid.getAttribute('aria-activedescendant');
    expect(document.getElementById(active ?? '')?.getAttribute('aria-rowindex')).toBe('4');
    await press('ArrowUp');
    await press('Enter');
    expect(store.pinned.value).toBe(1);
    expect(selected(store)).toEqual([1]);
    await press('ArrowDown');
    await press(' ');
    expect(selected(store)).toEqual([1, 2]);
    expect(store.pinned.value).toBe(1);
    await press(' ');
    expect(selected(store)).toEqual([1]);
    await press('End');
    expect(store.hover.value).toBe(999);
    await press('ArrowDown');
    expect(store.hover.value).toBe(999);
    await press('Home');
    expect(store.hover.value).toBe(0);
    await press('Escape');
    expect([store.hover.value, store.pinned.value]).toEqual([null, null]);
  });

  it('reads cells one reading at a time', async () => {
    const { engine } = await show(trainedStore(1000));
    expect(engine.reads('cells')).toHaveLength(1);
    await engine.reads('cells')[0]?.fail({});
    await settle();
    expect(engine.reads('cells')).toHaveLength(1);
  });
});

describe('the rows in sight', () => {
  const counts = fc.integer({ min: 0, max: 5_000_000 });
  const views = fc.integer({ min: 1, max: 2000 });

  it('fill the box, whatever is scrolled', () => {
    fc.assert(
      fc.property(counts, views, fc.double({ min: -100, max: 2e8, noNaN: true }), (count, view, top) => {
        const { first, end, shift, height } = visibleRows(count, 26, view, top);
        expect(height).toBeLessThanOrEqual(MOST_PIXELS);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(count);
        expect(shift).toBeGreaterThanOrEqual(0);
        expect((end - first) * 26 - shift).toBeGreaterThanOrEqual(Math.min(view, count * 26) - 1e-6);
        expect(end - first).toBeLessThanOrEqual(Math.ceil(view / 26) + 1);
      }),
    );
  });

  it('begin with the first row at the top and end with the last at the bottom', () => {
    for (const count of [3, 1000, 3_000_000]) {
      const top = visibleRows(count, 26, 400, 0);
      expect([top.first, top.shift]).toEqual([0, 0]);
      expect(visibleRows(count, 26, 400, 1e9).end).toBe(count);
    }
  });

  it('hold a row that was scrolled to', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000_000 }),
        fc.integer({ min: 60, max: 2000 }),
        fc.nat(),
        (count, view, pick) => {
          const row = pick % count;
          const top = scrollFor(row, count, 26, view, 0);
          const { first, shift } = visibleRows(count, 26, view, top);
          const y = (row - first) * 26 - shift;
          expect(y).toBeGreaterThanOrEqual(-0.1);
          expect(y + 26).toBeLessThanOrEqual(view + 0.1);
        },
      ),
    );
  });
});
