// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultProps, mergeProps, type ScatterProps } from '../../web/render/props.ts';
import { rowsOf } from '../../web/state/selection.ts';
import type { Store } from '../../web/state/store.ts';
import { panels } from '../../web/ui/lazy-panels.tsx';
import { parseColour, ScatterView } from '../../web/ui/scatter-view.tsx';
import { mapActions, type TestActions } from './map-fixture.ts';
import {
  detailOf,
  FakeEngine,
  putFrame,
  putMap,
  putTable,
  settle,
  tableState,
  trainedStore,
} from './view-fixture.ts';

/** What the renderer has been told so far, and whether the browser gives any canvas. */
let told: ScatterProps;
let canvas: boolean;
let disposed: number;
let fallBack: (reason: string) => void;

vi.mock('../../web/render/renderer.ts', () => ({
  createRenderer(_host: HTMLElement, options: { onFallback(reason: string): void }) {
    if (!canvas) throw new Error('no canvas');
    fallBack = options.onFallback;
    return {
      kind: 'webgl2',
      software: false,
      get hiddenCount() {
        return told.positions.filter((value, i) => i % 2 === 0 && Number.isNaN(value)).length;
      },
      set: (partial: Partial<ScatterProps>) => mergeProps(told, partial).any,
      resize: () => true,
      draw: () => false,
      dispose: () => {
        disposed++;
      },
    };
  },
}));

let actions: TestActions | null = null;

beforeAll(() => panels.enter());

beforeEach(() => {
  told = defaultProps();
  canvas = true;
  disposed = 0;
});

afterEach(() => {
  cleanup();
  actions?.dispose();
});

function show(store: Store): { engine: FakeEngine; map: HTMLElement } {
  const engine = new FakeEngine();
  actions = mapActions(store, engine);
  render(
    <ScatterView store={store} actions={actions}>
      <p>something over the map</p>
    </ScatterView>,
  );
  return { engine, map: screen.getByRole('region', { name: 'Map' }) };
}

describe('the map', () => {
  it('says what it shows and which keys it takes', async () => {
    const store = trainedStore(4);
    const { engine, map } = show(store);
    await engine.reads('column')[0]?.answer({
      kind: 'category',
      codes: Uint16Array.of(0, 0, 1, 1),
      categories: ['a', 'b'],
    });
    const surface = within(map).getByRole('application');
    expect(surface.getAttribute('aria-label')).toBe('4 rows, coloured by kind: a 2, b 2, epoch 1');
    expect(surface.tabIndex).toBe(0);
    const keys = document.getElementById(surface.getAttribute('aria-describedby') ?? '');
    expect(keys?.textContent).toMatch(/Arrow keys.*Plus and minus.*Enter.*lasso.*Escape/s);
    expect(map.textContent).toContain('something over the map');
  });

  it('is pointed at what it was to be pointed at when there was no map yet, and later at once', () => {
    const store = trainedStore(4);
    store.bulk.aim = { cx: 5, cy: 6, span: 2 };
    const size = vi.spyOn(Element.prototype, 'getBoundingClientRect');
    size.mockReturnValue(new DOMRect(0, 0, 800, 600));
    show(store);
    expect([told.camera, store.bulk.aim]).toEqual([{ cx: 5, cy: 6, scale: 300 }, null]);
    store.bulk.lens?.aim({ cx: 7, cy: 8, span: 4 });
    expect(store.bulk.lens?.camera()).toEqual({ cx: 7, cy: 8, scale: 150 });
    size.mockRestore();
  });

  it('tells the renderer positions, colours, size and rows as they change', async () => {
    const store = trainedStore(4);
    const { engine } = show(store);
    expect(told.positions).toBe(store.bulk.maps.get(3)?.positions);
    await engine.reads('column')[0]?.answer({
      kind: 'category',
      codes: Uint16Array.of(0, 0, 1, 65535),
      categories: ['a', 'b'],
    });
    expect([...(told.colours?.index ?? [])]).toEqual([0, 0, 1, 255]);
    actions?.setPointSize(9);
    actions?.setHover(1);
    actions?.pin(2);
    expect([told.pointSize, told.hoverRow, told.focusRow]).toEqual([9, 1, 2]);
    actions?.selectRow(1);
    expect(told.flags).toBe(store.bulk.flags);
    const next = Float32Array.of(9, 9, 8, 8, 7, 7, 6, 6);
    store.bulk.maps.set(3, { positions: next, error: null });
    putFrame(store);
    expect(told.positions).toBe(next);
  });

  it('draws trails from where rows were before the last retrain, of the dimensions shown now', () => {
    const store = trainedStore(4);
    show(store);
    expect(told.trails).toBeNull();
    const positions = Float32Array.from(store.bulk.maps.get(3)?.positions ?? []);
    store.bulk.before = { positions, error: null, axes: [0, 1] };
    store.colours.value++;
    expect(told.trails?.from).toBe(positions);
    store.trails.value = false;
    expect(told.trails).toBeNull();
    store.trails.value = true;
    expect(told.trails?.from).toBe(positions);
    store.maps.value = new Map(
      [...store.maps.value].map(([id, state]) => [id, { ...state, axes: [1, 0] as [number, number] }]),
    );
    expect(told.trails).toBeNull();
  });

  it('shows the hovered row beside its point, as text', async () => {
    const store = trainedStore(4);
    const { engine, map } = show(store);
    actions?.setHover(2);
    await engine.reads('inspect')[0]?.answer(detailOf(2, { cells: ['1', '2', '3', '<i>x</i>'] }));
    const tip = map.querySelector('.row-tip');
    expect(tip?.textContent).toBe('<i>x</i>Row 3error 0.3467');
    expect(tip?.querySelector('i')).toBeNull();
  });

  it('says the row that the arrow keys go to', async () => {
    const store = trainedStore(4);
    const { engine, map } = show(store);
    fireEvent.keyDown(within(map).getByRole('application'), { key: 'ArrowRight' });
    const row = store.hover.value;
    expect(row).not.toBeNull();
    await engine.reads('inspect')[0]?.answer(detailOf(row ?? 0));
    expect(store.announcement.value).toBe(`Row ${(row ?? 0) + 1}, a, error 0.3467`);
  });

  it('does not cut off what was said while the row’s detail was on its way', async () => {
    const store = trainedStore(4);
    const { engine, map } = show(store);
    fireEvent.keyDown(within(map).getByRole('application'), { key: 'ArrowRight' });
    const row = store.hover.value ?? 0;
    actions?.announceMap('2 of 4 selected');
    await engine.reads('inspect')[0]?.answer(detailOf(row));
    expect(store.announcement.value).toBe(`2 of 4 selected. Row ${row + 1}, a, error 0.3467`);
  });

  it('has buttons for what the wheel and the keys do', async () => {
    const box = { x: 0, y: 0, left: 0, top: 0, width: 800, height: 600 } as DOMRect;
    const layout = vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(box);
    const { map } = show(trainedStore(4));
    const press = (name: string): void => {
      fireEvent.click(within(map).getByRole('button', { name }));
    };
    const fitted = told.camera.scale;
    press('Zoom in');
    await vi.waitFor(() => expect(told.camera.scale).toBeGreaterThan(1.3 * fitted));
    press('Fit');
    await vi.waitFor(() => expect(told.camera.scale).toBeCloseTo(fitted, 6));
    press('Zoom out');
    await vi.waitFor(() => expect(told.camera.scale).toBeLessThan(fitted / 1.3));
    layout.mockRestore();
  });

  it('counts rows without a place', async () => {
    const store = trainedStore(4);
    const positions = store.bulk.maps.get(3)?.positions;
    positions?.fill(Number.NaN, 0, 4);
    const { map } = show(store);
    await settle();
    expect(map.textContent).toContain('2 rows have no finite position and are not drawn.');
  });

  it('tells when drawing has become slower, and why', () => {
    const store = trainedStore(4);
    show(store);
    fallBack('WebGL2 is missing.');
    expect(store.notices.value).toMatchObject([{ tone: 'info', text: 'WebGL2 is missing.' }]);
  });

  it('leaves the rest of the page alone where there is no canvas at all', async () => {
    canvas = false;
    const { map } = show(trainedStore(4));
    await settle();
    expect(map.textContent).toContain('no canvas to draw a map on');
    expect(within(map).queryByRole('button')).toBeNull();
  });

  it('has neither map nor buttons before anything is trained, and lets go of the canvas at the end', () => {
    const store = trainedStore(4);
    store.panes.value = [];
    putTable(store, tableState(4));
    const { map } = show(store);
    expect(within(map).getByRole('application').getAttribute('aria-label')).toBe('No map yet');
    expect(within(map).queryByRole('button')).toBeNull();
    cleanup();
    expect(disposed).toBe(1);
  });
});

describe('selecting on the map', () => {
  let layout: { mockRestore(): void };

  beforeEach(() => {
    const box = { x: 0, y: 0, left: 0, top: 0, width: 800, height: 600 } as DOMRect;
    layout = vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(box);
  });
  afterEach(() => layout.mockRestore());

  const surface = (map: HTMLElement): HTMLElement => within(map).getByRole('application');
  const selected = (store: Store): number[] => [...rowsOf(store.bulk.selected)];

  function pointer(
    map: HTMLElement,
    type: string,
    [x = 0, y = 0]: number[],
    keys: PointerEventInit = {},
  ): void {
    const buttons = type === 'pointerup' ? 0 : 1;
    const init = { clientX: x, clientY: y, pointerId: 1, pointerType: 'mouse', button: 0, buttons };
    surface(map).dispatchEvent(new PointerEvent(type, { ...init, bubbles: true, ...keys }));
  }

  function click(map: HTMLElement, at: number[], keys: PointerEventInit = {}): void {
    pointer(map, 'pointerdown', at, keys);
    pointer(map, 'pointerup', at, keys);
  }

  /** Where the renderer was told to draw a row, in pixels. */
  function screenOf(row: number): number[] {
    const { cx, cy, scale } = told.camera;
    const [x = 0, y = 0] = told.positions.subarray(2 * row, 2 * row + 2);
    return [400 + (x - cx) * scale, 300 - (y - cy) * scale];
  }

  it('a click selects and pins, Ctrl and Shift toggle, Alt takes away, nothing clears', () => {
    const store = trainedStore(4);
    const { map } = show(store);
    click(map, screenOf(1));
    expect([selected(store), store.pinned.value]).toEqual([[1], 1]);
    click(map, screenOf(2), { ctrlKey: true });
    click(map, screenOf(3), { shiftKey: true });
    expect([selected(store), store.pinned.value]).toEqual([[1, 2, 3], 1]);
    click(map, screenOf(2), { ctrlKey: true });
    click(map, screenOf(1), { altKey: true });
    expect(selected(store)).toEqual([3]);
    click(map, [5, 5], { ctrlKey: true });
    expect(selected(store)).toEqual([3]);
    click(map, [5, 5]);
    expect([selected(store), store.pinned.value]).toEqual([[], null]);
  });

  it('a click that nothing holds a key for does as the toolbar says', () => {
    const store = trainedStore(4);
    const { map } = show(store);
    actions?.setSelectionOp('add');
    click(map, screenOf(1));
    click(map, screenOf(2));
    click(map, [5, 5]);
    expect(selected(store)).toEqual([1, 2]);
  });

  it('a double-click fits the view and takes back what its clicks have done', async () => {
    const store = trainedStore(4);
    const { map } = show(store);
    actions?.selectAll();
    click(map, [5, 5]);
    click(map, [5, 5]);
    expect(selected(store)).toEqual([]);
    surface(map).dispatchEvent(new MouseEvent('dblclick'));
    await settle();
    expect(selected(store)).toEqual([0, 1, 2, 3]);
    click(map, screenOf(1));
    click(map, screenOf(1));
    surface(map).dispatchEvent(new MouseEvent('dblclick'));
    await settle();
    expect(selected(store)).toEqual([0, 1, 2, 3]);
  });

  it('a double-click in a mode that draws clears the selection, in one step', async () => {
    const store = trainedStore(4);
    const { map } = show(store);
    actions?.setTool('lasso');
    actions?.selectAll();
    click(map, screenOf(1));
    click(map, screenOf(1));
    surface(map).dispatchEvent(new MouseEvent('dblclick'));
    await settle();
    await settle();
    expect(selected(store)).toEqual([]);
    await actions?.undo();
    expect(selected(store)).toEqual([0, 1, 2, 3]);
  });

  it('a shape counts on the way, shows itself, and selects when it is let go', async () => {
    const store = trainedStore(4);
    const { map } = show(store);
    actions?.setTool('box');
    const [x = 0, y = 0] = screenOf(1);
    const layer = map.querySelector('.map-shape') as HTMLElement;
    expect(layer.hidden).toBe(true);
    pointer(map, 'pointerdown', [x - 20, y - 20]);
    pointer(map, 'pointermove', [x + 20, y + 20]);
    await vi.waitFor(() => expect(store.drawing.value).toBe(1));
    expect(layer.hidden).toBe(false);
    expect(layer.querySelector('p')?.textContent).toBe('1 of 4');
    const corners = layer.querySelector('[data-part=edge]')?.getAttribute('d') ?? '';
    const numbers = corners.match(/-?[\d.]+/g)?.map(Number) ?? [];
    for (const [i, edge] of [x - 20, y - 20, x + 20, y - 20, x + 20, y + 20].entries()) {
      expect(numbers[i]).toBeCloseTo(edge, 0);
    }
    pointer(map, 'pointermove', [x + 20, y + 20], { altKey: true });
    await vi.waitFor(() => expect(layer.querySelector('p')?.textContent).toBe('−0 of 4'));
    pointer(map, 'pointerup', [x + 20, y + 20]);
    expect([selected(store), store.drawing.value]).toEqual([[1], null]);
    expect(store.selection.value.maker).toMatchObject({ kind: 'box', step: 5, epoch: 1, axes: [0, 1] });
    await vi.waitFor(() => expect(layer.hidden).toBe(true));
  });

  it('gives a shape up when another map comes', async () => {
    const store = trainedStore(4);
    const { map } = show(store);
    actions?.setTool('box');
    pointer(map, 'pointerdown', [10, 10]);
    pointer(map, 'pointermove', [700, 500]);
    actions?.setTool('pan');
    putMap(store, 4, 3);
    store.maps.value = new Map(
      [...store.maps.value].map(([id, state]) => [id, { ...state, axes: [1, 2] as [number, number] }]),
    );
    pointer(map, 'pointerup', [700, 500]);
    expect(selected(store)).toEqual([]);
  });

  it('takes keys: Enter, Ctrl+Enter, Ctrl+A, Ctrl+I, and Escape one thing at a time', () => {
    const store = trainedStore(4);
    const { map } = show(store);
    const key = (name: string, keys: KeyboardEventInit = {}): void =>
      void fireEvent.keyDown(surface(map), { key: name, ...keys });
    key('ArrowRight');
    const row = store.hover.value ?? -1;
    key('Enter');
    expect([selected(store), store.pinned.value]).toEqual([[row], row]);
    key('i', { ctrlKey: true });
    expect(selected(store)).toHaveLength(3);
    key('Enter', { ctrlKey: true });
    expect(selected(store)).toHaveLength(4);
    key('Enter', { ctrlKey: true });
    key('a', { ctrlKey: true });
    expect(selected(store)).toEqual([0, 1, 2, 3]);
    key('Escape');
    expect([store.hover.value, store.pinned.value, selected(store).length]).toEqual([null, null, 4]);
    key('Escape');
    expect(selected(store)).toEqual([]);
  });

  it('gives Space back to the training when it did not pan, unless single keys are off', () => {
    const store = trainedStore(4);
    const { map } = show(store);
    const space = (): void => {
      for (const type of ['keydown', 'keyup']) {
        surface(map).dispatchEvent(new KeyboardEvent(type, { key: ' ', bubbles: true }));
      }
    };
    actions?.setTool('lasso');
    pointer(map, 'pointermove', [10, 10], { buttons: 0 });
    space();
    expect(actions?.called).toEqual(['toggle']);
    store.shortcuts.value = false;
    space();
    expect(actions?.called).toEqual(['toggle']);
  });

  it('shows the disc of the brush under the pointer, and how rows would be combined', async () => {
    const store = trainedStore(4);
    const { map } = show(store);
    actions?.setTool('brush');
    pointer(map, 'pointermove', [100, 50], { buttons: 0 });
    const disc = map.querySelector('[data-part=disc]');
    expect(['cx', 'cy', 'r'].map((name) => disc?.getAttribute(name))).toEqual(['100', '50', '24']);
    fireEvent.keyDown(surface(map), { key: '>' });
    expect(disc?.getAttribute('r')).toBe('30');
    pointer(map, 'pointermove', [100, 50], { buttons: 0, ctrlKey: true, altKey: true });
    expect(map.querySelector('.shape-op')?.textContent).toBe('∩');
    pointer(map, 'pointerleave', [0, 0]);
    expect((map.querySelector('.map-shape') as HTMLElement).hidden).toBe(true);
  });

  it('finds no hidden row', () => {
    const store = trainedStore(4);
    const { map } = show(store);
    actions?.selectRow(2);
    actions?.keepOnly();
    const at = screenOf(1);
    click(map, at);
    expect(store.pinned.value).toBeNull();
    actions?.showAllRows();
    click(map, at);
    expect(store.pinned.value).toBe(1);
  });
});

describe('a computed colour', () => {
  it('is read in both of its spellings', () => {
    expect(parseColour('rgb(17, 20, 24)')).toEqual([17, 20, 24, 255]);
    expect(parseColour('color(srgb 1 0.5 0)')).toEqual([255, 127.5, 0, 255]);
    expect(parseColour('canvas')).toBeNull();
  });
});
