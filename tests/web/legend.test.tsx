// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import { afterEach, describe, expect, it } from 'vitest';
import type { ColumnValues } from '../../web/protocol/messages.ts';
import { FLAG_DIMMED } from '../../web/render/props.ts';
import type { Store } from '../../web/state/store.ts';
import { createViewActions, type ViewActions } from '../../web/state/view-actions.ts';
import { Legend } from '../../web/ui/legend.tsx';
import { MapToolbar } from '../../web/ui/map-toolbar.tsx';
import { FakeEngine, putMap, settle, trainedStore } from './view-fixture.ts';

const HOSTILE = '<img src=x onerror="globalThis.hacked=1">';

let actions: ViewActions | null = null;

afterEach(() => {
  cleanup();
  actions?.disposeView();
});

async function show(store: Store, values: ColumnValues): Promise<ViewActions> {
  const engine = new FakeEngine();
  actions = createViewActions(store, engine);
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

describe('the legend', () => {
  it('lists classes as buttons named by their class, with counts, and missing values', async () => {
    const codes = Uint16Array.of(0, 0, 1, 65535);
    await show(trainedStore(), { kind: 'category', codes, categories: ['b', 'a'] });
    const buttons = within(region()).getAllByRole('button');
    expect(buttons.map((item) => item.textContent)).toEqual(['a', 'b', 'Missing']);
    const counts = buttons.map((item) =>
      document.getElementById(item.getAttribute('aria-describedby') ?? ''),
    );
    expect(counts.map((item) => item?.textContent)).toEqual(['1 rows', '2 rows', '1 rows']);
    expect(region().querySelector('h2')?.textContent).toBe('kind');
  });

  it('makes the pressed class stand out, and lets go when it is pressed again', async () => {
    const store = trainedStore();
    await show(store, { kind: 'category', codes: Uint16Array.of(0, 0, 1, 1), categories: ['a', 'b'] });
    fireEvent.click(button('b'));
    await settle();
    expect(button('b').getAttribute('aria-pressed')).toBe('true');
    expect(button('a').getAttribute('aria-pressed')).toBe('false');
    expect([...(store.bulk.flags ?? [])].map((flag) => (flag & FLAG_DIMMED) !== 0)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    fireEvent.click(button('b'));
    await settle();
    expect(button('b').getAttribute('aria-pressed')).toBe('false');
    expect(store.bulk.flags).toBeNull();
  });

  it('shows both ends of a scale', async () => {
    const view = await show(trainedStore(), { kind: 'number', values: Float32Array.of(0, 0.25, 0.5, 12.5) });
    expect(region().textContent).toContain('12.5');
    view.setColour({ kind: 'none' });
    await settle();
    expect(screen.queryByRole('region', { name: 'Legend' })).toBeNull();
  });

  it('shows hostile class names as text', async () => {
    const categories = [HOSTILE, '__proto__', 'a\u202Eb', ''];
    await show(trainedStore(), { kind: 'category', codes: Uint16Array.of(0, 1, 2, 3), categories });
    expect(region().querySelector('img')).toBeNull();
    const names = within(region())
      .getAllByRole('button')
      .map((item) => item.textContent);
    expect(new Set(names)).toEqual(new Set([HOSTILE, '__proto__', 'a‹U+202E›b', '(empty)']));
  });
});

describe('the toolbar of the map', () => {
  const values: ColumnValues = {
    kind: 'category',
    codes: Uint16Array.of(0, 0, 1, 1),
    categories: ['a', 'b'],
  };

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
