// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Store } from '../../web/state/store.ts';
import { createViewActions, type ViewActions } from '../../web/state/view-actions.ts';
import { RowsTable } from '../../web/ui/rows-table.tsx';
import { MOST_PIXELS, scrollFor, visibleRows } from '../../web/ui/virtual-list.ts';
import { FakeEngine, putTable, settle, tableState, trainedStore } from './view-fixture.ts';

let actions: ViewActions | null = null;

afterEach(() => {
  cleanup();
  actions?.disposeView();
});

async function show(store: Store): Promise<{ engine: FakeEngine; grid: HTMLElement }> {
  const engine = new FakeEngine();
  actions = createViewActions(store, engine);
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

  it('pins the row that is clicked', async () => {
    const store = trainedStore(4);
    const { grid } = await show(store);
    const row = bodyRows(grid)[2];
    if (row) fireEvent.click(row);
    await settle();
    expect(store.pinned.value).toBe(2);
    expect(bodyRows(grid).map((r) => r.getAttribute('aria-selected'))).toEqual([
      'false',
      'false',
      'true',
      'false',
    ]);
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
