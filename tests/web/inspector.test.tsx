// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createStore, type Store } from '../../web/state/store.ts';
import { createViewActions, type ViewActions } from '../../web/state/view-actions.ts';
import { DataText, visibleText } from '../../web/ui/data-text.tsx';
import { Inspector } from '../../web/ui/inspector.tsx';
import { paintPixels } from '../../web/ui/row-image.tsx';
import {
  column,
  detailOf,
  FakeEngine,
  putMap,
  putTable,
  settle,
  tableState,
  trainedStore,
} from './view-fixture.ts';

const HOSTILE = '<img src=x onerror="globalThis.hacked=1">';
const REVERSED = 'total \u202Egnp.exe';

let actions: ViewActions | null = null;

afterEach(() => {
  cleanup();
  actions?.disposeView();
});

function show(store: Store): { engine: FakeEngine; region: HTMLElement } {
  const engine = new FakeEngine();
  actions = createViewActions(store, engine);
  render(<Inspector store={store} actions={actions} />);
  return { engine, region: screen.getByRole('region', { name: 'Inspector' }) };
}

describe('the inspector', () => {
  it('says what to do before there is a row', () => {
    const { region } = show(trainedStore());
    expect(region.textContent).toContain('Point at a row on the map');
  });

  it('shows value, reconstruction and residual of each feature, the code and the error', async () => {
    const store = trainedStore();
    const { engine, region } = show(store);
    actions?.pin(2);
    await engine.reads('inspect')[0]?.answer(detailOf(2));
    const rows = within(region).getByRole('region', { name: 'Values' }).querySelectorAll('tbody tr');
    const text = [...rows].map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent));
    expect(text).toEqual([
      ['width', '1', '1', '0'],
      ['height', '2', '2.5', '0.2'],
      ['depth', '3', '−4', '−1'],
    ]);
    const code = within(region).getByRole('list', { name: 'Code' });
    expect([...code.children].map((cell) => cell.textContent)).toEqual(['z10.5', 'z2−1.5']);
    expect(region.textContent).toContain('0.3467');
    expect((within(region).getByLabelText(/^Row/) as HTMLInputElement).value).toBe('3');
  });

  it('marks a value that stands in for an empty cell', async () => {
    const store = trainedStore();
    const { engine, region } = show(store);
    actions?.pin(2);
    await engine.reads('inspect')[0]?.answer(detailOf(2, { cells: ['0.1', '', '0.3', 'a'] }));
    const values = within(region).getByRole('region', { name: 'Values' });
    const filled = [...values.querySelectorAll('tbody tr')].map(
      (row) => row.querySelector('td.filled')?.textContent ?? null,
    );
    expect(filled).toEqual([null, '2 (filled)', null]);
  });

  it('colours a cell of the code by all rows, not by the row itself', async () => {
    const store = trainedStore();
    const { engine, region } = show(store);
    actions?.pin(0);
    await engine.reads('inspect')[0]?.answer(detailOf(0, { latent: Float32Array.of(1, 1) }));
    store.latentRange.value = { lo: [1, -3], hi: [5, 1] };
    await settle();
    const [low, high] = within(region).getAllByTitle(/most rows lie between/);
    expect(low?.style.backgroundColor).not.toBe(high?.style.backgroundColor);
  });

  it('puts the largest residual first when asked', async () => {
    const store = trainedStore();
    putTable(
      store,
      tableState(
        4,
        ['a', 'b', 'c', 'd'].map((name) => column(name)),
      ),
    );
    const { engine, region } = show(store);
    actions?.pin(0);
    const residual = Float32Array.of(0.1, -0.9, 0.5, 0);
    const four = {
      input: residual,
      input_raw: residual,
      reconstruction: residual,
      reconstruction_raw: residual,
    };
    await engine.reads('inspect')[0]?.answer(detailOf(0, { ...four, residual }));
    fireEvent.click(within(region).getByLabelText('Largest residual first'));
    await settle();
    const values = within(region).getByRole('region', { name: 'Values' });
    expect([...values.querySelectorAll('tbody th')].map((cell) => cell.textContent)).toEqual([
      'b',
      'c',
      'a',
      'd',
    ]);
  });

  it('goes to the row that is typed, and to the next and the one before', async () => {
    const store = trainedStore(10);
    const { region } = show(store);
    const field = within(region).getByLabelText(/^Row/) as HTMLInputElement;
    const type = (text: string): void => {
      field.value = text;
      fireEvent.change(field);
    };
    type('4');
    expect(store.pinned.value).toBe(3);
    fireEvent.click(within(region).getByRole('button', { name: 'Next row' }));
    expect(store.pinned.value).toBe(4);
    fireEvent.click(within(region).getByRole('button', { name: 'Previous row' }));
    expect(store.pinned.value).toBe(3);
    type('999');
    expect(store.pinned.value).toBe(9);
    type('0');
    expect(store.pinned.value).toBe(0);
    await settle();
    fireEvent.click(within(region).getByRole('button', { name: 'Let go of the row' }));
    expect(store.pinned.value).toBeNull();
  });

  it('shows a row of pixels as pictures, with names', async () => {
    const pixels = ['p0', 'p1', 'p2', 'p3'].map((name) => column(name, { max: 255 }));
    const table = tableState(4, pixels);
    const image = { height: 2, width: 2, channels: 1 };
    const store = createStore();
    putTable(store, {
      ...table,
      info: { ...table.info, image },
      features: table.features && { ...table.features, image },
    });
    putMap(store, 4);
    const { engine, region } = show(store);
    actions?.pin(1);
    const four = Float32Array.of(0, 255, 0, 128);
    const detail = {
      input: four,
      input_raw: four,
      reconstruction: four,
      reconstruction_raw: four,
      residual: four,
    };
    await engine.reads('inspect')[0]?.answer(detailOf(1, { ...detail, cells: ['0', '255', '0', '128'] }));
    const names = within(region)
      .getAllByRole('img')
      .map((picture) => picture.getAttribute('aria-label'));
    expect(names).toEqual([
      'Row 2 as it is',
      'Row 2 as the model reconstructs it',
      'Reconstruction minus row, pixel by pixel',
    ]);
  });

  it('shows the cells of a row before anything is trained', async () => {
    const store = createStore();
    putTable(store, tableState(4));
    const { engine, region } = show(store);
    actions?.pin(1);
    await vi.waitFor(() => expect(engine.reads('cells')).toHaveLength(1));
    await engine.reads('cells')[0]?.answer([['1.0', '2', '', 'a']]);
    const cells = await within(region).findByRole('region', { name: 'Cells' });
    expect([...cells.querySelectorAll('td')].map((cell) => cell.textContent)).toEqual([
      '1.0',
      '2',
      '(empty)',
      'a',
    ]);
  });

  it('shows hostile names and values as text', async () => {
    const columns = [
      column(HOSTILE),
      column('__proto__'),
      column(REVERSED),
      column('label', { kind: 'category', role: 'label' }),
    ];
    const store = trainedStore();
    putTable(store, tableState(4, columns));
    const { engine, region } = show(store);
    actions?.pin(0);
    await engine.reads('inspect')[0]?.answer(detailOf(0, { cells: ['1', '2', '3', HOSTILE] }));
    expect(region.querySelector('img[src]')).toBeNull();
    expect(region.textContent).toContain(HOSTILE);
    expect(region.textContent).toContain('__proto__');
    expect(region.textContent).toContain('total ‹U+202E›gnp.exe');
    expect(region.textContent).not.toContain('\u202E');
  });
});

describe('text from data', () => {
  it('writes out what cannot be seen or turns the line around', () => {
    expect(visibleText('a\tb\u0000c\u007F')).toBe('a␉b␀c␡');
    expect(visibleText('\u200Fx\u2066y\uFEFF\u0085')).toBe('‹U+200F›x‹U+2066›y‹U+FEFF›‹U+0085›');
    expect(visibleText('lone \uD800!')).toBe('lone ‹U+D800›!');
  });

  it('leaves writing alone', () => {
    for (const text of ['naïve', '数字', 'שלום', '👩‍🔬', 'می‌خواهم']) expect(visibleText(text)).toBe(text);
  });

  it('is cut after 200 characters, never within one', () => {
    expect(visibleText('x'.repeat(200))).toBe('x'.repeat(200));
    expect(visibleText('x'.repeat(201))).toBe(`${'x'.repeat(200)}…`);
    expect(visibleText('😀'.repeat(300))).toBe(`${'😀'.repeat(200)}…`);
  });

  it('keeps its own direction', () => {
    const { container } = render(<DataText text="שלום" />);
    expect(container.querySelector('bdi')?.textContent).toBe('שלום');
  });
});

describe('pixels', () => {
  const shape = { height: 1, width: 3, channels: 1 };

  it('are grey between black and white, and clipped beyond', () => {
    const out = new Uint8ClampedArray(12);
    paintPixels(out, Float32Array.of(-5, 100, 300), shape, 0, 200, 'plain');
    expect([...out]).toEqual([0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255]);
  });

  it('have three colours when there are three channels', () => {
    const out = new Uint8ClampedArray(4);
    paintPixels(out, Float32Array.of(0, 1, 0.5), { height: 1, width: 1, channels: 3 }, 0, 1, 'plain');
    expect([...out]).toEqual([0, 255, 128, 255]);
  });

  it('are blue below zero and orange above when they are residuals', () => {
    const out = new Uint8ClampedArray(12);
    paintPixels(out, Float32Array.of(-1, 0, 1), shape, -1, 1, 'diverging');
    expect(out[2]).toBeGreaterThan(out[0] ?? 0);
    expect(out[8]).toBeLessThan((out[10] ?? 0) ? 255 : 256);
    expect(out[8]).toBeGreaterThan(out[10] ?? 0);
    expect(Math.abs((out[4] ?? 0) - (out[6] ?? 0))).toBeLessThan(12);
  });
});
