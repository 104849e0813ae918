// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/preact';
import { afterEach, describe, expect, it } from 'vitest';
import type { Actions } from '../../web/state/actions.ts';
import { planNow } from '../../web/state/retrain.ts';
import type { Store } from '../../web/state/store.ts';
import { SelectionBar } from '../../web/ui/selection-bar.tsx';
import { openPanel, redraw, rowsFrom, trainedBench, type } from './panels-fixture.ts';
import { type Bench, createBench, settle } from './session-fixture.ts';

let bench: Bench | null = null;

afterEach(() => {
  cleanup();
  bench?.actions.disposeView();
});

async function show(): Promise<{ bench: Bench; store: Store; actions: Actions; bar: HTMLElement }> {
  bench = await trainedBench();
  const { store, actions } = bench;
  render(<SelectionBar store={store} actions={actions} />);
  await redraw();
  return { bench, store, actions, bar: screen.getByRole('region', { name: 'Selection' }) };
}

const button = (name: string): HTMLElement => screen.getByRole('button', { name });
const off = (name: string): string | null =>
  button(name).getAttribute('aria-disabled') === 'true' ? button(name).title : null;

async function press(name: string): Promise<void> {
  fireEvent.click(button(name));
  await redraw();
}

/** Selects rows 490 to 489 + count, none of them held out. */
async function select(actions: Actions, count: number): Promise<void> {
  actions.selectBits(rowsFrom(490, count), { kind: 'class', column: 3, classes: ['6'] }, 'replace');
  await redraw();
}

describe('the selection bar', () => {
  it('is not there before there is a map', () => {
    const { store, actions } = createBench();
    render(<SelectionBar store={store} actions={actions} />);
    expect(screen.queryByRole('region')).toBeNull();
  });

  it('says how many rows of how many, and what made them', async () => {
    const { store, actions, bar } = await show();
    expect(bar.textContent).toContain('0 of 4,898 selected');
    await select(actions, 412);
    expect(bar.textContent).toContain('412 of 4,898 selected');
    expect(bar.textContent).toContain('quality 6');
    store.drawing.value = 1234;
    await redraw();
    expect(bar.textContent).toContain('1,234 of 4,898 selected');
    store.drawing.value = null;
    store.hidden.value = { ...store.hidden.value, rows: 100, selected: 30 };
    await redraw();
    expect(bar.textContent).toContain('412 of 4,898 selected, 30 hidden');
  });

  it('says of every button that can’t act why, and does nothing when it is pressed', async () => {
    const { bench } = await show();
    const names = [
      'Retrain on selection',
      'Exclude',
      'Train from scratch on selection',
      'Keep only',
      'Clear',
    ];
    const sent = bench.engine.sent.length;
    for (const name of names) {
      expect(off(name), name).toMatch(/^Select .*\.$/);
      fireEvent.click(button(name));
    }
    await redraw();
    expect(bench.engine.sent).toHaveLength(sent);
    expect(off('Random')).toBeNull();
    expect(off('Invert')).toBeNull();
  });

  it('waits with retrains while the model trains, but not with selections', async () => {
    const { actions } = await show();
    await select(actions, 40);
    expect(off('Retrain on selection')).toBeNull();
    void actions.train();
    await redraw();
    expect(off('Retrain on selection')).toMatch(/Stop the training first/);
    expect(off('Exclude')).toMatch(/Stop the training first/);
    expect(off('Keep only')).toBeNull();
    expect(off('Clear')).toBeNull();
  });

  it('inverts, keeps only, shows all again, and clears', async () => {
    const { store, actions } = await show();
    await select(actions, 100);
    expect(screen.queryByRole('button', { name: 'Show all rows' })).toBeNull();
    await press('Keep only');
    expect(store.hidden.value.only).toBe(true);
    await press('Show all rows');
    expect(store.hidden.value.rows).toBe(0);
    await press('Invert');
    expect(store.selection.value.count).toBe(4798);
    await press('Clear');
    expect(store.selection.value.count).toBe(0);
  });
});

describe('rows at random', () => {
  it('are asked for by number and seed', async () => {
    const { bench } = await show();
    await type(screen.getByLabelText('Random rows'), '1000');
    await type(screen.getByLabelText('Random seed'), '7');
    await press('Random');
    const asked = bench.engine.waiting('select');
    expect(asked.body.by).toEqual({ kind: 'random', n: 1000, seed: 7 });
    await asked.answer(rowsFrom(0, 1000));
    await redraw();
    expect(screen.getByText('1,000 of 4,898 selected')).toBeTruthy();
    expect(screen.getByText('1,000 at random, seed 7')).toBeTruthy();
  });

  it('are no more than there are: what is wrong is said, and none are drawn by another number', async () => {
    const { bench } = await show();
    await type(screen.getByLabelText('Random rows'), '5000');
    expect(screen.getByRole('alert').textContent).toContain('outside 1 to 4,898');
    expect(screen.getByLabelText('Random rows').getAttribute('aria-invalid')).toBe('true');
    await press('Random');
    expect(bench.engine.count('select')).toBe(0);
    expect(off('Random')).toContain('outside 1 to 4,898');
    expect(document.activeElement).toBe(screen.getByLabelText('Random rows'));
    /* The words go with the letter that puts it right, not when the field is left. */
    fireEvent.input(screen.getByLabelText('Random rows'), { target: { value: '5' } });
    await waitFor(() => expect(screen.getByLabelText('Random rows').getAttribute('aria-invalid')).toBeNull());
    await type(screen.getByLabelText('Random rows'), '500');
    await press('Random');
    expect(bench.engine.waiting('select').body.by).toMatchObject({ n: 500 });
  });

  it('are added with Ctrl or ⌘ and taken away with Alt, whatever the toolbar says', async () => {
    const { bench, store } = await show();
    const draw = async (keys: object, rows: [number, number]): Promise<number> => {
      fireEvent.click(button('Random'), keys);
      await redraw();
      await bench.engine.waiting('select').answer(rowsFrom(...rows));
      await redraw();
      return store.selection.value.count;
    };
    expect(await draw({}, [0, 100])).toBe(100);
    expect(await draw({ ctrlKey: true }, [50, 100])).toBe(150);
    expect(await draw({ altKey: true }, [0, 40])).toBe(110);
    expect(await draw({}, [0, 10])).toBe(10);
  });
});

describe('what a retrain would do', () => {
  it('is said before it is started, and is what is then done', async () => {
    const { bench, actions, bar } = await show();
    await select(actions, 400);
    const words = bar.querySelector('.retrain-plan')?.textContent ?? '';
    expect(words).toMatch(/^5 epochs, \d+ steps of \d+ rows from the selection/);
    const steps = Number(/(\d+) steps/.exec(words)?.[1]);
    const batch = Number(/steps of (\d+)/.exec(words)?.[1]);
    expect(steps).toBe(5 * Math.ceil(400 / batch));
    await press('Retrain on selection');
    await settle();
    const run = bench.engine.waiting('run');
    expect(run.body.fit).toMatchObject({ epochs: 5, focus: 1, batch });
    expect(run.body.fit.selection).toEqual(rowsFrom(490, 400));
  });

  it('follows the focus, from the share in the data to all of the loss', async () => {
    const { store, actions, bar } = await show();
    await select(actions, 882); // a fifth of the 4,408 rows that are trained on, and a little
    const slider = within(bar).getByRole<HTMLInputElement>('slider', { name: 'Focus' });
    expect(slider.getAttribute('aria-valuetext')).toBe('100 % of the loss');
    fireEvent.input(slider, { target: { value: '80' } });
    await redraw();
    expect(store.retrain.value.focus).toBe(0.8);
    expect(slider.getAttribute('aria-valuetext')).toBe('80 % of the loss');
    expect(bar.querySelector('.retrain-plan')?.textContent).toMatch(/from the selection, \d+ from the rest/);
    fireEvent.input(slider, { target: { value: slider.min } });
    await redraw();
    expect(slider.getAttribute('aria-valuetext')).toBe('20 % of the loss');
    expect(planNow(store)?.focus).toBeCloseTo(882 / 4408, 6);
    // As in the data is said of whatever is selected next, too.
    await select(actions, 100);
    expect(planNow(store)?.focus).toBeCloseTo(100 / 4408, 6);
  });

  it('takes epochs and learning rate, and is not begun with a wrong one', async () => {
    const { store, actions } = await show();
    await select(actions, 100);
    const panel = await openPanel(/^Retrain settings/);
    await type(within(panel).getByLabelText('Retrain epochs'), '12');
    await type(within(panel).getByLabelText('Retrain learning rate'), '5e-4');
    expect(store.retrain.value).toMatchObject({ epochs: 12, learning_rate: 5e-4 });
    await type(within(panel).getByLabelText('Retrain epochs'), 'many');
    expect(panel.textContent).toContain('“many” is not a number');
    expect(off('Retrain on selection')).toMatch(/setting/);
    expect(store.retrain.value.epochs).toBe(12);
  });
});

describe('selecting by what rows are', () => {
  async function choose(way: string): Promise<{ bench: Bench; store: Store; panel: HTMLElement }> {
    const shown = await show();
    const values = Float32Array.from({ length: 4898 }, (_, i) => (i === 0 ? Number.NaN : 5 + (i % 3)));
    shown.bench.engine.answers.read = (body) =>
      body.what === 'column' ? { kind: 'number', values } : new Float32Array(0);
    const panel = await openPanel('Select by…');
    fireEvent.click(within(panel).getByRole('radio', { name: way }));
    await redraw();
    return { ...shown, panel };
  }

  const submit = async (panel: HTMLElement): Promise<void> => {
    fireEvent.submit(within(panel).getByRole('button', { name: 'Select' }).closest('form') as HTMLElement);
    await redraw();
  };

  it('a class, with how many rows each has', async () => {
    const { bench, panel } = await choose('Class');
    const list = within(panel).getByRole<HTMLSelectElement>('combobox', { name: 'Class' });
    expect([...list.options].map((option) => option.textContent)).toEqual([
      '5 (1,632)',
      '6 (1,633)',
      '7 (1,632)',
      'Missing (1)',
    ]);
    fireEvent.change(list, { target: { value: '1' } });
    await submit(panel);
    expect(bench.engine.waiting('select').body.by).toEqual({ kind: 'class', column: 3, classes: ['6'] });
    fireEvent.change(list, { target: { value: 'missing' } });
    await submit(panel);
    expect(bench.engine.waiting('select').body.by).toEqual({
      kind: 'class',
      column: 3,
      classes: [],
      missing: true,
    });
  });

  it('in the order of the legend, whatever the order of the file', async () => {
    const { bench, panel } = await choose('Range');
    const codes = Uint16Array.from({ length: 4898 }, (_, i) => i % 3);
    bench.engine.answers.read = (body) =>
      body.what === 'column'
        ? { kind: 'category', codes, categories: ['10', '2', '1'] }
        : new Float32Array(0);
    fireEvent.click(within(panel).getByRole('radio', { name: 'Class' }));
    await redraw();
    const list = within(panel).getByRole<HTMLSelectElement>('combobox', { name: 'Class' });
    expect([...list.options].map((option) => option.textContent?.split(' ')[0])).toEqual(['1', '2', '10']);
    await submit(panel);
    expect(bench.engine.waiting('select').body.by).toMatchObject({ classes: ['1'] });
  });

  it('says beside the form when no row fits', async () => {
    const { bench, store, panel } = await choose('Search');
    fireEvent.input(within(panel).getByLabelText('Text'), { target: { value: 'nowhere' } });
    await submit(panel);
    await bench.engine.waiting('select').answer(rowsFrom(0, 0));
    await redraw();
    expect(panel.textContent).toContain('No row found');
    expect(store.selection.value.count).toBe(0);
  });

  it('a range of a column, open where nothing is written', async () => {
    const { bench, panel } = await choose('Range');
    const column = within(panel).getByRole<HTMLSelectElement>('combobox', { name: 'Column' });
    fireEvent.change(column, { target: { value: '2' } });
    await type(within(panel).getByLabelText('From'), '9.5');
    await submit(panel);
    expect(bench.engine.waiting('select').body.by).toEqual({ kind: 'range', column: 2, lo: 9.5, hi: null });
    await type(within(panel).getByLabelText('To'), '9');
    const asked = bench.engine.count('select');
    await submit(panel);
    expect(within(panel).getByRole('alert').textContent).toBe('The range ends before it begins.');
    await type(within(panel).getByLabelText('To'), '9,9');
    await submit(panel);
    expect(within(panel).getByRole('alert').textContent).toContain('without a comma');
    expect(bench.engine.count('select')).toBe(asked);
  });

  it('a text in any column or one, added to what is selected', async () => {
    const { bench, store, panel } = await choose('Search');
    bench.actions.selectBits(rowsFrom(0, 10), { kind: 'all' }, 'replace');
    await submit(panel);
    expect(bench.engine.count('select')).toBe(0);
    fireEvent.input(within(panel).getByLabelText('Text'), { target: { value: 'Red' } });
    fireEvent.change(within(panel).getByRole('combobox', { name: 'Combine' }), { target: { value: 'add' } });
    await redraw();
    await submit(panel);
    const asked = bench.engine.waiting('select');
    expect(asked.body.by).toEqual({ kind: 'search', text: 'Red', column: null });
    await asked.answer(rowsFrom(100, 5));
    await redraw();
    expect(store.selection.value.count).toBe(15);
  });
});

describe('saved selections', () => {
  it('are made, used, added and forgotten by name', async () => {
    const { store, actions } = await show();
    const panel = await openPanel(/^Saved selections/);
    expect(within(panel).queryByRole('textbox')).toBeNull();
    await select(actions, 50);
    const name = within(panel).getByLabelText('Save 50 rows as');
    fireEvent.input(name, { target: { value: '<b>odd</b> ones' } });
    fireEvent.submit(name.closest('form') as HTMLElement);
    await redraw();
    expect(store.named.value.map((one) => [one.name, one.count])).toEqual([['<b>odd</b> ones', 50]]);
    expect(panel.querySelector('b')).toBeNull();
    actions.selectBits(rowsFrom(0, 7), { kind: 'all' }, 'replace');
    await redraw();
    await press('Add <b>odd</b> ones');
    expect(store.selection.value.count).toBe(57);
    fireEvent.click(within(panel).getByText('<b>odd</b> ones'));
    await redraw();
    expect(store.selection.value.count).toBe(50);
    await press('Forget <b>odd</b> ones');
    expect(store.named.value).toEqual([]);
  });

  it('take what made them as their name when none is written', async () => {
    const { store, actions } = await show();
    const panel = await openPanel(/^Saved selections/);
    await select(actions, 50);
    fireEvent.submit(within(panel).getByLabelText('Save 50 rows as').closest('form') as HTMLElement);
    await redraw();
    expect(store.named.value.map((one) => one.name)).toEqual(['quality 6']);
  });
});
