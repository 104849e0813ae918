// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ColumnValues } from '../../web/protocol/messages.ts';
import { rowsOf } from '../../web/state/selection.ts';
import type { Store } from '../../web/state/store.ts';
import { Legend } from '../../web/ui/legend.tsx';
import { MapToolbar } from '../../web/ui/map-toolbar.tsx';
import { mapActions, type TestActions } from './map-fixture.ts';
import { FakeEngine, putMap, settle, trainedStore } from './view-fixture.ts';

const HOSTILE = '<img src=x onerror="globalThis.hacked=1">';

let actions: TestActions | null = null;
let engine: FakeEngine;

afterEach(() => {
  cleanup();
  actions?.dispose();
});

async function show(store: Store, values: ColumnValues): Promise<TestActions> {
  engine = new FakeEngine();
  actions = mapActions(store, engine);
  render(
    <>
      <MapToolbar store={store} actions={actions} />
      <Legend store={store} actions={actions} />
    </>,
  );
  await engine.reads('column')[0]?.answer(values);
  return actions;
}

const region = (): HTMLElement => screen.getByRole('region', { name: 'Legend' });
const button = (name: string): HTMLElement => within(region()).getByRole('button', { name });
const press = (name: string, keys: MouseEventInit = {}): void => void fireEvent.click(button(name), keys);
const selected = (store: Store): number[] => [...rowsOf(store.bulk.selected)];

/** Names of the items, from top to bottom. */
function names(): string[] {
  return [...region().querySelectorAll('.legend-button')].map((item) => item.textContent);
}

/** What is said of an item beside its name. */
function countOf(name: string): string {
  return document.getElementById(button(name).getAttribute('aria-describedby') ?? '')?.textContent ?? '';
}

const CLASSES: ColumnValues = {
  kind: 'category',
  codes: Uint16Array.of(0, 0, 1, 1),
  categories: ['a', 'b'],
};

describe('the legend', () => {
  it('lists classes as buttons named by their class, with counts, and missing values', async () => {
    const codes = Uint16Array.of(0, 0, 1, 65535);
    await show(trainedStore(), { kind: 'category', codes, categories: ['b', 'a'] });
    expect(names()).toEqual(['a', 'b', 'Missing']);
    expect(['a', 'b', 'Missing'].map(countOf)).toEqual(['1 row', '2 rows', '1 row']);
    expect(region().querySelector('h2')?.textContent).toBe('kind');
  });

  it('selects the rows of the pressed class, and lets go when it is pressed again', async () => {
    const store = trainedStore();
    await show(store, CLASSES);
    press('b');
    expect(selected(store)).toEqual([2, 3]);
    await settle();
    expect(button('b').getAttribute('aria-pressed')).toBe('true');
    expect(button('a').getAttribute('aria-pressed')).toBe('false');
    press('a');
    expect(selected(store)).toEqual([0, 1]);
    await settle();
    press('a');
    expect(selected(store)).toEqual([]);
    expect(store.announcement.value).toBe('0 of 4 selected');
  });

  it('adds with Ctrl, takes away with Alt, and does as the toolbar says without keys', async () => {
    const store = trainedStore();
    const view = await show(store, CLASSES);
    press('a');
    await settle();
    press('b', { ctrlKey: true });
    expect(selected(store)).toEqual([0, 1, 2, 3]);
    await settle();
    press('a', { altKey: true });
    expect(selected(store)).toEqual([2, 3]);
    await settle();
    view.setSelectionOp('add');
    press('a');
    expect(selected(store)).toEqual([0, 1, 2, 3]);
  });

  it('does the same from the keyboard', async () => {
    const store = trainedStore();
    await show(store, CLASSES);
    press('a');
    fireEvent.keyDown(button('b'), { key: 'Enter', ctrlKey: true });
    expect(selected(store)).toEqual([0, 1, 2, 3]);
    await settle();
    fireEvent.keyDown(button('b'), { key: 'Enter', ctrlKey: true });
    expect(selected(store)).toEqual([0, 1]);
  });

  it('says how much of each class is selected', async () => {
    const store = trainedStore();
    const view = await show(store, CLASSES);
    view.selectRow(0);
    await settle();
    expect(button('a').getAttribute('aria-pressed')).toBe('mixed');
    expect(countOf('a')).toBe('1 of 2 rows selected');
    expect(countOf('b')).toBe('2 rows');
    view.selectRow(1, 'add');
    await settle();
    expect(countOf('a')).toBe('2 rows selected');
  });

  it('hides and shows a class by its eye', async () => {
    const store = trainedStore();
    await show(store, CLASSES);
    fireEvent.click(button('Hide a'));
    await settle();
    expect([store.hidden.value.rows, countOf('a')]).toEqual([2, '2 rows, hidden']);
    expect(region().textContent).toContain('2 rows hidden');
    fireEvent.click(button('Show a'));
    await settle();
    expect(store.hidden.value.rows).toBe(0);
    fireEvent.click(button('Hide b'));
    await settle();
    fireEvent.click(button('Show all'));
    await settle();
    expect(store.hidden.value.rows).toBe(0);
    expect(screen.queryByRole('button', { name: 'Show all' })).toBeNull();
  });

  it('shows a class alone by a double-click, which leaves the selection as it was, and by a button', async () => {
    const store = trainedStore();
    const view = await show(store, CLASSES);
    view.selectRow(0);
    await settle();
    fireEvent.click(button('b'), { detail: 1 });
    fireEvent.click(button('b'), { detail: 2 });
    fireEvent.dblClick(button('b'));
    await settle();
    await settle();
    expect(selected(store)).toEqual([0]);
    expect([...store.hidden.value.entries]).toEqual([0]);
    expect(button('Only b').getAttribute('aria-pressed')).toBe('true');
    fireEvent.click(button('Only b'));
    await settle();
    expect(store.hidden.value.entries.size).toBe(0);
    expect(button('Only b').getAttribute('aria-pressed')).toBe('false');
  });

  it('shows hostile class names as text', async () => {
    const categories = [HOSTILE, '__proto__', 'a\u202Eb', ''];
    await show(trainedStore(), { kind: 'category', codes: Uint16Array.of(0, 1, 2, 3), categories });
    expect(region().querySelector('img')).toBeNull();
    expect(new Set(names())).toEqual(new Set([HOSTILE, '__proto__', 'a‹U+202E›b', '(empty)']));
  });
});

describe('the legend of a scale', () => {
  const NUMBERS: ColumnValues = { kind: 'number', values: Float32Array.of(0, 0.25, 0.5, 12.5) };
  const limit = (name: string): HTMLInputElement => screen.getByRole('textbox', { name });
  const type = (name: string, text: string): void =>
    void fireEvent.input(limit(name), { target: { value: text } });
  const asked = (): unknown[] =>
    engine.asked.flatMap(({ body }) => (body.type === 'select' ? [body.by] : []));

  it('shows both ends, and is gone with the colours', async () => {
    const view = await show(trainedStore(), NUMBERS);
    expect(region().textContent).toContain('12.5');
    view.setColour({ kind: 'none' });
    await settle();
    expect(screen.queryByRole('region', { name: 'Legend' })).toBeNull();
  });

  it('selects a typed range of the column; an empty end is open', async () => {
    await show(trainedStore(), NUMBERS);
    type('Select from', '0.25');
    await settle();
    press('Select');
    type('Select to', '1e1');
    await settle();
    press('Select');
    expect(asked()).toEqual([
      { kind: 'range', column: 3, lo: 0.25, hi: null },
      { kind: 'range', column: 3, lo: 0.25, hi: 10 },
    ]);
  });

  it('says what is wrong with a range, and selects nothing', async () => {
    await show(trainedStore(), NUMBERS);
    type('Select from', '2');
    type('Select to', '1');
    await settle();
    press('Select');
    await settle();
    expect(screen.getByRole('alert').textContent).toContain('ends before it begins');
    expect(limit('Select from').getAttribute('aria-invalid')).toBe('true');
    type('Select to', '1,5');
    await settle();
    press('Select');
    await settle();
    expect(screen.getByRole('alert').textContent).toContain('without a comma');
    expect(asked()).toEqual([]);
  });

  it('selects the part of the colours that is dragged over, counting on the way', async () => {
    const box = { left: 100, width: 200 } as DOMRect;
    const layout = vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(box);
    const store = trainedStore();
    const view = await show(store, NUMBERS);
    store.bulk.maps.get(3)?.error?.set([0, 1, 2, 3]);
    view.setColour({ kind: 'error' });
    await settle();
    const bar = region().querySelector('.legend-gradient') as HTMLElement;
    const drag = (type: string, clientX: number, keys: PointerEventInit = {}): void =>
      void bar.dispatchEvent(
        new PointerEvent(type, { bubbles: true, clientX, pointerId: 1, button: 0, ...keys }),
      );
    /* From a quarter of the way to the end: what lies beyond it, too. */
    drag('pointerdown', 150);
    drag('pointermove', 290);
    expect(store.drawing.value).toBe(2);
    drag('pointermove', 320);
    expect(store.drawing.value).toBe(3);
    drag('pointerup', 320);
    expect([selected(store), store.drawing.value]).toEqual([[1, 2, 3], null]);
    expect(store.selection.value.maker).toMatchObject({ kind: 'values', of: 'error', lo: 0.75, hi: null });
    await settle();
    expect([limit('Select from').value, limit('Select to').value]).toEqual(['0.75', '']);
    drag('pointerdown', 290);
    drag('pointermove', 310, { altKey: true });
    drag('pointerup', 310, { altKey: true });
    expect(selected(store)).toEqual([1, 2]);
    drag('pointerdown', 100);
    drag('pointermove', 200);
    drag('pointercancel', 200);
    drag('pointerup', 200);
    expect([selected(store), store.drawing.value]).toEqual([[1, 2], null]);
    layout.mockRestore();
  });

  it('says which end fell and which rose where the colours diverge', async () => {
    const store = trainedStore();
    const view = await show(store, NUMBERS);
    const map = store.bulk.maps.get(3);
    const positions = Float32Array.from(map?.positions ?? []);
    store.bulk.before = { positions, error: Float32Array.of(1, 1, 1, 1), axes: [0, 1] };
    map?.error?.set([0.5, 1, 1.25, 1]);
    view.setColour({ kind: 'change' });
    await settle();
    const ends = region().querySelector('.legend-ends')?.textContent ?? '';
    expect(ends).toMatch(/^−[\d.]+ fell0rose \+[\d.]+$/);
    type('Select to', '-0.1');
    await settle();
    press('Select');
    expect(selected(store)).toEqual([0]);
    type('Select to', '-7');
    await settle();
    press('Select');
    await settle();
    expect(selected(store)).toEqual([0]);
    expect(screen.getByRole('alert').textContent).toBe('No row lies in this range.');
  });

  it('selects and hides rows without a value', async () => {
    const store = trainedStore();
    await show(store, { kind: 'number', values: Float32Array.of(0, Number.NaN, 0.5, 12.5) });
    press('Missing');
    expect(selected(store)).toEqual([1]);
    fireEvent.click(button('Hide Missing'));
    await settle();
    expect(store.hidden.value.rows).toBe(1);
    expect(screen.queryByRole('button', { name: 'Only Missing' })).toBeNull();
  });
});

describe('the toolbar of the map', () => {
  const values = CLASSES;

  it('has radios for what a drag does and for how rows are combined', async () => {
    const store = trainedStore();
    await show(store, values);
    const radios = (group: string): HTMLInputElement[] =>
      within(screen.getByRole('radiogroup', { name: group })).getAllByRole('radio') as HTMLInputElement[];
    const named = (group: string): (string | null)[] =>
      radios(group).map((radio) => radio.getAttribute('aria-label'));
    expect(named('Tool')).toEqual(['Pan', 'Lasso', 'Box', 'Brush']);
    expect(named('Combine')).toEqual(['Replace', 'Add', 'Subtract', 'Intersect']);
    fireEvent.click(screen.getByRole('radio', { name: 'Subtract' }));
    expect(store.selectionOp.value).toBe('subtract');
    expect(screen.queryByRole('slider', { name: 'Brush size' })).toBeNull();
    fireEvent.click(screen.getByRole('radio', { name: 'Brush' }));
    await settle();
    expect([store.tool.value, store.shiftTool.value]).toEqual(['brush', 'brush']);
    expect(radios('Tool').map((radio) => radio.checked)).toEqual([false, false, false, true]);
    const size = screen.getByRole('slider', { name: /Brush size/ });
    fireEvent.input(size, { target: { value: '40' } });
    await settle();
    expect([store.brushRadius.value, size.getAttribute('aria-valuetext')]).toEqual([40, '80 pixels across']);
    fireEvent.click(screen.getByRole('radio', { name: 'Pan' }));
    expect([store.tool.value, store.shiftTool.value]).toEqual(['pan', 'brush']);
  });

  it('offers what a retrain has changed once there was one', async () => {
    const store = trainedStore();
    await show(store, values);
    const positions = Float32Array.from(store.bulk.maps.get(3)?.positions ?? []);
    store.bulk.before = { positions, error: new Float32Array(4), axes: [0, 1] };
    store.history.value = { ...store.history.value, at: 1 };
    await settle();
    const menu = screen.getByRole('combobox', { name: 'Colour by' }) as HTMLSelectElement;
    expect([...menu.options].map((option) => option.text).slice(2, 5)).toEqual([
      'Reconstruction error',
      'Change of error',
      'Drift',
    ]);
    menu.value = 'drift';
    fireEvent.change(menu);
    expect(store.colour.value).toEqual({ kind: 'drift' });
  });

  it('offers the label first, then nothing, the error and the other columns', async () => {
    const store = trainedStore();
    await show(store, values);
    const menu = screen.getByRole('combobox', { name: 'Colour by' }) as HTMLSelectElement;
    expect([...menu.options].map((option) => option.text)).toEqual([
      'kind',
      'Nothing',
      'Reconstruction error',
      'width',
      'height',
      'depth',
    ]);
    expect(menu.value).toBe('3');
    menu.value = 'error';
    fireEvent.change(menu);
    expect(store.colour.value).toEqual({ kind: 'error' });
  });

  it('sets the size of points and shows it', async () => {
    const store = trainedStore();
    await show(store, values);
    const slider = screen.getByRole('slider', { name: /Point size/ }) as HTMLInputElement;
    slider.value = '7.5';
    fireEvent.input(slider);
    await settle();
    expect(store.pointSize.value).toBe(7.5);
    expect(screen.getByRole('status').textContent).toBe('7.5');
  });

  it('has axes only when the code has more dimensions than the map', async () => {
    const store = trainedStore();
    await show(store, values);
    expect(screen.queryByRole('combobox', { name: /Horizontal axis/ })).toBeNull();
    putMap(store, 4, 3);
    await settle();
    const across = screen.getByRole('combobox', { name: /Horizontal axis/ }) as HTMLSelectElement;
    expect([...across.options].map((option) => option.text)).toEqual(['z1', 'z2', 'z3']);
    across.value = '1';
    fireEvent.change(across);
    expect(store.map.value?.axes).toEqual([1, 0]);
  });

  it('says what the height of a point means when the code has one dimension', async () => {
    const store = trainedStore();
    await show(store, values);
    putMap(store, 4, 1);
    await settle();
    expect(document.body.textContent).toContain('spread at random');
  });
});
