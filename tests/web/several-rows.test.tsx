// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/preact';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RowsSummary } from '../../web/protocol/messages.ts';
import type { Store } from '../../web/state/store.ts';
import type { ViewActions } from '../../web/state/view-actions.ts';
import { Inspector } from '../../web/ui/inspector.tsx';
import { historyNode } from './history-fixture.ts';
import { AFTER, BEFORE, redraw } from './panels-fixture.ts';
import { column, detailOf, putTable, tableState, trainedStore } from './view-fixture.ts';

afterEach(cleanup);

const HOSTILE = '<b>x</b>';

const summary = (change: Partial<RowsSummary> = {}): RowsSummary => ({
  n: 40,
  mean: Float32Array.of(1, 20, 3),
  rest_mean: Float32Array.of(1.5, 20, 1),
  effect: Float32Array.of(-0.4, Number.NaN, 1.25),
  labels: [
    { name: 'a', n: 10, of: 50 },
    { name: HOSTILE, n: 30, of: 30 },
    { name: 'c', n: 0, of: 20 },
  ],
  missing: 0,
  ...change,
});

function show(store: Store): HTMLElement {
  const actions = {
    pin: (row: number | null) => {
      store.pinned.value = row;
    },
    readCells: () => Promise.resolve([]),
  } as unknown as ViewActions;
  render(<Inspector store={store} actions={actions} />);
  return screen.getByRole('region', { name: 'Inspector' });
}

function selectedStore(change: Partial<RowsSummary> = {}): Store {
  const store = trainedStore(100);
  store.selection.value = { count: 40, maker: { kind: 'class', column: 3, classes: ['a'] }, version: 1 };
  store.summary.value = summary(change);
  return store;
}

const cells = (table: Element | null): (string | null)[][] =>
  [...(table?.querySelectorAll('tbody tr') ?? [])].map((row) =>
    [...row.querySelectorAll('th, td')].map((cell) => cell.textContent),
  );

describe('the inspector for several rows', () => {
  it('says how many there are and what made them', () => {
    const region = show(selectedStore());
    expect(region.querySelector('.row-label')?.textContent).toBe('40 rowskind a');
  });

  it('mixes labels, the most frequent first, as counts and as shares of the class', () => {
    const region = show(selectedStore({ missing: 2 }));
    expect(cells(region.querySelector('.label-mix'))).toEqual([
      [HOSTILE, '30', '100 %'],
      ['a', '10', '20 %'],
      ['missing', '2', '–'],
    ]);
    expect(region.querySelector('b')).toBeNull();
    const bars = [...region.querySelectorAll<HTMLElement>('.mix-bar')].map((bar) => bar.style.width);
    expect(bars.map(Number.parseFloat)).toEqual([75, 25, 5]);
  });

  it('puts the columns that differ most first, with both means and the effect', () => {
    const region = show(selectedStore());
    const table = within(region).getByRole('region', { name: 'Most different columns' });
    expect(cells(table)).toEqual([
      ['depth', '3.00', '1.00', '1.3'],
      ['width', '1.00', '1.50', '−0.40'],
      ['height', '20.0', '20.0', '–'],
    ]);
    const heads = [...table.querySelectorAll('thead th')].map((head) => (head as HTMLElement).title);
    expect(heads.at(-1)).toMatch(/Cohen/);
  });

  it('has the digits that it takes to see how the means differ', () => {
    const region = show(
      selectedStore({
        mean: Float32Array.of(2008.0292, 0.99453, 190.1),
        rest_mean: Float32Array.of(2007.9184, 0.99512, 217.2),
        effect: Float32Array.of(0.14, -0.15, -2.1),
      }),
    );
    const table = within(region).getByRole('region', { name: 'Most different columns' });
    const means = cells(table).map(([, of, rest]) => [of, rest]);
    expect(means).toEqual([
      ['190', '217'],
      ['0.99453', '0.99512'],
      ['2008.03', '2007.92'],
    ]);
  });

  it('where each group has one value the effect is infinite; the other bars are by the largest finite one', () => {
    const region = show(
      selectedStore({ effect: Float32Array.of(Number.POSITIVE_INFINITY, -0.5, Number.NEGATIVE_INFINITY) }),
    );
    const table = within(region).getByRole('region', { name: 'Most different columns' });
    expect(cells(table).map((row) => row.at(-1))).toEqual(['∞', '−∞', '−0.50']);
    const bars = [...table.querySelectorAll<HTMLElement>('.residual-bar')].map((bar) => bar.style.width);
    expect(bars.map(Number.parseFloat)).toEqual([50, 50, 50]);
  });

  it('shows the first eight columns, and all of them on demand', async () => {
    const store = selectedStore();
    const names = Array.from({ length: 12 }, (_, i) => `c${i}`);
    putTable(
      store,
      tableState(100, [...names.map((name) => column(name)), column('kind', { role: 'label' })]),
    );
    const values = Float32Array.from(names, (_, i) => i / 10);
    store.summary.value = summary({ mean: values, rest_mean: values, effect: values });
    const region = show(store);
    const first = within(region).getByRole('region', { name: 'Most different columns' });
    expect(cells(first).map(([name]) => name)).toEqual(['c11', 'c10', 'c9', 'c8', 'c7', 'c6', 'c5', 'c4']);
    const fold = region.querySelector('details.fold');
    if (!(fold instanceof HTMLDetailsElement)) throw new Error('There is no fold.');
    fold.open = true;
    fireEvent(fold, new Event('toggle'));
    await redraw();
    expect(within(region).getByRole('region', { name: 'All columns' })).toBeTruthy();
  });

  it('shows the mean images and their difference instead of a list of pixels', () => {
    const store = selectedStore();
    const table = tableState(100);
    const image = { height: 1, width: 3, channels: 1 };
    if (table.features) table.features = { ...table.features, image };
    putTable(store, { ...table, info: { ...table.info, image } });
    const region = show(store);
    const pictures = within(region).getAllByRole('img');
    expect(pictures.map((picture) => picture.getAttribute('aria-label'))).toEqual([
      'Mean of the 40 selected rows',
      'Mean of the other 60 rows',
      'How selection and rest differ, pixel by pixel',
    ]);
    expect(within(region).queryByRole('region', { name: 'Most different columns' })).toBeNull();
  });

  it('has nothing to compare with when every row is selected', () => {
    const store = selectedStore({ n: 100 });
    store.selection.value = { count: 100, maker: { kind: 'all' }, version: 2 };
    const region = show(store);
    expect(region.textContent).toContain('no rest to compare with');
  });

  it('says so while it is read, and looks it while it is of the rows before', async () => {
    const store = selectedStore();
    store.summary.value = null;
    const region = show(store);
    expect(region.textContent).toContain('Reading the selected rows');
    store.summary.value = summary({ n: 39 });
    await redraw();
    expect(region.querySelector('.several')?.getAttribute('aria-busy')).toBe('true');
  });

  it('gives way to the row that is pointed at or pinned, with a way back', async () => {
    const store = selectedStore();
    const region = show(store);
    store.hover.value = 3;
    store.detail.value = detailOf(3);
    await redraw();
    expect(region.querySelector('.several')).toBeNull();
    store.hover.value = null;
    store.pinned.value = 3;
    await redraw();
    fireEvent.click(within(region).getByRole('button', { name: 'Back to the 40 selected rows' }));
    await redraw();
    expect(store.pinned.value).toBeNull();
    expect(region.querySelector('.several')).toBeTruthy();
  });

  it('one selected row is none', () => {
    const store = trainedStore(100);
    store.selection.value = { count: 1, maker: { kind: 'rows', rows: [3, 1] }, version: 1 };
    expect(show(store).textContent).toContain('Point at a row');
  });
});

describe('the inspector makes room', () => {
  const retrain = historyNode({ id: 1, parent: 0, kind: 'retrain', before: BEFORE, after: AFTER });
  const open = (region: HTMLElement): boolean => region.querySelector('.row-picker') !== null;

  /* A window wide enough for panels beside the map; the stand-in for a browser reads no width in em. */
  beforeEach(() => {
    const wide = { matches: false, addEventListener() {}, removeEventListener() {} };
    vi.spyOn(window, 'matchMedia').mockReturnValue(wide as unknown as MediaQueryList);
  });
  afterEach(() => vi.restoreAllMocks());

  it('once for what a retrain has changed, and comes back when a row is pressed', async () => {
    const store = selectedStore();
    store.history.value = { nodes: [historyNode()], at: 0, returning: null };
    const region = show(store);
    expect(open(region)).toBe(true);
    store.history.value = { nodes: [historyNode(), retrain], at: 1, returning: null };
    await waitFor(() => expect(open(region)).toBe(false));
    /* What comes and goes by itself would move what is being read. */
    store.history.value = { ...store.history.value, at: 0 };
    await redraw();
    store.selection.value = { ...store.selection.value, version: 2 };
    await redraw();
    expect(open(region)).toBe(false);
    store.pinned.value = 4;
    await waitFor(() => expect(open(region)).toBe(true));
    store.pinned.value = null;
    store.history.value = { ...store.history.value, at: 1 };
    await redraw();
    expect(open(region)).toBe(true);
  });

  it('anew with another history', async () => {
    const store = selectedStore();
    store.history.value = { nodes: [historyNode(), retrain], at: 1, returning: null };
    const region = show(store);
    await redraw();
    expect(open(region)).toBe(false);
    store.history.value = { nodes: [], at: null, returning: null };
    await waitFor(() => expect(open(region)).toBe(true));
  });

  it('unless a row is pinned, or the person has said how they want it', async () => {
    const store = selectedStore();
    store.history.value = { nodes: [historyNode()], at: 0, returning: null };
    store.pinned.value = 2;
    const region = show(store);
    store.history.value = { nodes: [historyNode(), retrain], at: 1, returning: null };
    await redraw();
    expect(open(region)).toBe(true);
    const title = within(region).getByRole('button', { name: 'Inspect' });
    fireEvent.click(title);
    await redraw();
    expect(open(region)).toBe(false);
    store.selection.value = { ...store.selection.value, version: 3 };
    await redraw();
    expect(open(region)).toBe(false);
  });
});
