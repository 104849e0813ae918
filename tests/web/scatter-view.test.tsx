// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultProps, mergeProps, type ScatterProps } from '../../web/render/props.ts';
import type { Store } from '../../web/state/store.ts';
import { createViewActions, type ViewActions } from '../../web/state/view-actions.ts';
import { parseColour, ScatterView } from '../../web/ui/scatter-view.tsx';
import {
  detailOf,
  FakeEngine,
  putFrame,
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

let actions: ViewActions | null = null;

beforeEach(() => {
  told = defaultProps();
  canvas = true;
  disposed = 0;
});

afterEach(() => {
  cleanup();
  actions?.disposeView();
});

function show(store: Store): { engine: FakeEngine; map: HTMLElement } {
  const engine = new FakeEngine();
  actions = createViewActions(store, engine);
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
    expect(surface.getAttribute('aria-label')).toBe('4 rows, 2 classes of kind, epoch 1');
    expect(surface.tabIndex).toBe(0);
    const keys = document.getElementById(surface.getAttribute('aria-describedby') ?? '');
    expect(keys?.textContent).toMatch(/Arrow keys.*Plus and minus.*Enter.*Escape/s);
    expect(map.textContent).toContain('something over the map');
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
    actions?.toggleHighlight(1);
    expect(told.flags).toBe(store.bulk.flags);
    const next = Float32Array.of(9, 9, 8, 8, 7, 7, 6, 6);
    store.bulk.maps.set(3, { positions: next, error: null });
    putFrame(store);
    expect(told.positions).toBe(next);
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

describe('a computed colour', () => {
  it('is read in both of its spellings', () => {
    expect(parseColour('rgb(17, 20, 24)')).toEqual([17, 20, 24, 255]);
    expect(parseColour('color(srgb 1 0.5 0)')).toEqual([255, 127.5, 0, 255]);
    expect(parseColour('canvas')).toBeNull();
  });
});
