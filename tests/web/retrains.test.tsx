// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import { afterEach, describe, expect, it } from 'vitest';
import type { Actions } from '../../web/state/actions.ts';
import type { HistoryNode, Store } from '../../web/state/store.ts';
import { lanes, Retrains } from '../../web/ui/retrains.tsx';
import { historyNode } from './history-fixture.ts';
import { AFTER, BEFORE, redraw } from './panels-fixture.ts';
import { trainedStore } from './view-fixture.ts';

afterEach(cleanup);

const HOSTILE = '<img src=x onerror="globalThis.hacked=1">';

const retrained = (change: Partial<HistoryNode> = {}): HistoryNode =>
  historyNode({
    id: 1,
    parent: 0,
    kind: 'retrain',
    maker: { kind: 'class', column: 3, classes: ['5'] },
    focus: 0.8,
    before: BEFORE,
    after: AFTER,
    label: 'kind',
    ...change,
  });

type Call = [name: string, ...args: unknown[]];

/** The panel over a store, with actions that only remember that they were called. */
function show(nodes: HistoryNode[], at: number | null, set: (store: Store) => void = () => undefined) {
  const store = trainedStore(100);
  store.phase.value = { kind: 'finished' };
  store.history.value = { nodes, at, returning: null };
  const positions = new Float32Array(200);
  store.bulk.before = { positions, error: null, axes: [0, 1] };
  set(store);
  const calls: Call[] = [];
  const actions = new Proxy({} as Actions, {
    get:
      (_, name) =>
      (...args: unknown[]) => {
        calls.push([String(name), ...args]);
      },
  });
  render(<Retrains store={store} actions={actions} />);
  return { store, calls, region: screen.getByRole('region', { name: 'Retrains' }) };
}

const goBack = (to: number): HTMLElement => screen.getByRole('button', { name: `Return to ${to}` });
const whyNot = (to: number): string | null =>
  goBack(to).getAttribute('aria-disabled') === 'true' ? goBack(to).title : null;

describe('the list of what was done', () => {
  it('is not there before anything was', () => {
    const store = trainedStore(100);
    render(<Retrains store={store} actions={{} as Actions} />);
    expect(screen.queryByRole('region')).toBeNull();
  });

  it('says of each state what it is, and marks the one the model is at', () => {
    const { region } = show([historyNode(), retrained()], 1);
    const items = within(region).getAllByRole('listitem');
    const words = items.map((item) => item.textContent?.replaceAll('\u00a0', ' '));
    expect(words[0]).toContain('Trained');
    expect(words[0]).toContain('5 epochs');
    expect(words[1]).toContain('Retrained on kind 5');
    expect(words[1]).toContain('focus 80 %, 5 epochs · selection −50 %, rest +50 %');
    expect(items.map((item) => item.getAttribute('aria-current'))).toEqual([null, 'step']);
  });

  it('goes back to any of them but the present one', () => {
    const { calls } = show([historyNode(), retrained()], 1);
    fireEvent.click(goBack(1));
    expect(calls).toEqual([]);
    expect(whyNot(1)).toBe('The model is here.');
    fireEvent.click(goBack(0));
    expect(calls).toEqual([['returnTo', 0]]);
  });

  it('says what it takes where the state has to be made again, and where it can’t be', () => {
    const again = retrained({ kept: false, seconds: 75 });
    const last = retrained({ id: 2, parent: 1, kept: true });
    const { store } = show([historyNode(), again, last], 2);
    expect(goBack(0).title).not.toMatch(/trained again/);
    expect(goBack(1).title).toMatch(/trained again: about 1 min 15 s/);
    cleanup();
    show([historyNode(), retrained({ kept: false, rated: true }), last], 2);
    expect(whyNot(1)).toMatch(/can’t be made again/);
    expect(store.history.value.nodes).toHaveLength(3);
  });

  it('waits while the model trains or is on its way back', async () => {
    const { store } = show([historyNode(), retrained()], 1);
    store.phase.value = { kind: 'running', job: 9, stopping: false };
    await redraw();
    expect(whyNot(0)).toMatch(/Stop the training/);
    store.phase.value = { kind: 'finished' };
    store.history.value = { ...store.history.value, returning: { to: 0, seconds: 12 } };
    await redraw();
    expect(whyNot(0)).toMatch(/Wait/);
    expect(screen.getByText(/doing it again: about 12 s/)).toBeTruthy();
  });

  it('shows text from the data as text', () => {
    const maker = { kind: 'class', column: 3, classes: [HOSTILE] } as const;
    const { region } = show(
      [historyNode(), retrained({ maker: { ...maker, classes: [...maker.classes] }, label: HOSTILE })],
      1,
    );
    expect(region.querySelector('img')).toBeNull();
    expect(region.textContent).toContain('<img src=x');
  });

  it('can be folded to its title', () => {
    const { region } = show([historyNode(), retrained()], 1);
    fireEvent.click(within(region).getByRole('button', { name: 'Retrains' }));
    expect(within(region).queryByRole('list')).toBeNull();
  });
});

describe('branches', () => {
  const listed = (...parents: (number | null)[]) =>
    lanes(parents.map((parent, id) => historyNode({ id, parent }))).map(({ lane, from }) => [lane, from]);

  it('are indented, and say where they come from; what goes on stays in its lane', () => {
    expect(listed(null, 0, 1)).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ]);
    /* 0 ─ 1 ─ 2, and from 0 also 3 ─ 4, and from 1 also 5. */
    expect(listed(null, 0, 1, 0, 3, 1)).toEqual([
      [0, null],
      [0, null],
      [0, null],
      [1, 0],
      [1, null],
      [1, 1],
    ]);
  });
});

describe('what a retrain has changed', () => {
  const table = (region: HTMLElement): string[][] =>
    [...region.querySelectorAll('.before-after tbody tr')].map((row) =>
      [...row.querySelectorAll('th, td')].map((cell) => cell.textContent ?? ''),
    );

  it('is told in a sentence, and in numbers for selection, rest and each class', () => {
    const { region } = show([historyNode(), retrained()], 1);
    expect(region.querySelector('.story')?.textContent?.replaceAll('\u00a0', ' ')).toBe(
      'Kind 5 −50 %, rest +50 %; most forgotten: kind 7.',
    );
    expect(table(region)).toEqual([
      ['Selection', '0.200', '0.100', '', '−50 %'],
      ['Rest', '0.100', '0.150', '', '+50 %'],
      ['kind'],
      ['5', '0.200', '0.100', '', '−50 %'],
      ['6', '0.100', '0.120', '', '+20 %'],
      ['7most forgotten', '0.100', '0.300', '', '+200 %'],
      ['Distance correlation'],
      ['Selection', '0.800', '0.800', 'unchanged'],
      ['Rest', '0.700', '0.700', 'unchanged'],
    ]);
  });

  it('has the classes in the order of the legend, and leaves out those without rows', () => {
    const classes = ['10', '9', '2'].map((name, i) => ({ name, n: i, error: 0.1 }));
    const { region } = show(
      [historyNode(), retrained({ before: { ...BEFORE, classes }, after: { ...AFTER, classes } })],
      1,
    );
    const rows = table(region).slice(3, 5);
    expect(rows.map(([name]) => name)).toEqual(['2', '9']);
  });

  it('has a difference of distance correlations that is that of the numbers shown, and none without rows enough', () => {
    const group = (error: number, distance_correlation: number | null) => ({
      n: 40,
      error,
      distance_correlation,
    });
    const before = { ...BEFORE, selection: group(0.2, 0.5514), rest: group(0.1, null) };
    const after = { ...AFTER, selection: group(0.1, 0.5706), rest: group(0.1, null) };
    const { region } = show([historyNode(), retrained({ before, after })], 1);
    expect(table(region).slice(-2)).toEqual([
      ['Distance correlation'],
      ['Selection', '0.551', '0.571', '+0.020'],
    ]);
    cleanup();
    const none = { ...before, selection: group(0.2, null) };
    const two = show([historyNode(), retrained({ before: none, after: none })], 1);
    expect(two.region.textContent).not.toContain('Distance correlation');
  });

  it('of many classes those that changed most, and all on demand', async () => {
    const names = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i));
    const was = names.map((name) => ({ name, n: 5, error: 0.1 }));
    const is = names.map((name, i) => ({ name, n: 5, error: 0.1 + (i % 2) * 0.01 * i }));
    const { region } = show(
      [historyNode(), retrained({ before: { ...BEFORE, classes: was }, after: { ...AFTER, classes: is } })],
      1,
    );
    const listed = (): string =>
      table(region)
        .map(([name]) => name?.[0])
        .filter((name) => /^[a-z]/.test(name ?? '') && name !== 'k')
        .join('');
    expect(listed()).toBe('hjlnprtvxz');
    fireEvent.click(screen.getByRole('button', { name: 'All 26 classes' }));
    await redraw();
    expect(listed()).toBe(names.filter((name) => name !== 'k').join(''));
  });

  it('does not compare the distance correlations of other dimensions of the code', () => {
    const { region } = show([historyNode(), retrained({ after: { ...AFTER, axes: [1, 2] } })], 1);
    expect(table(region).slice(-2)).toEqual([
      ['Selection', '0.800', '0.800', 'other axes'],
      ['Rest', '0.700', '0.700', 'other axes'],
    ]);
  });

  it('says nothing of a rest where every row was selected', () => {
    const none = { n: 0, error: null, distance_correlation: null };
    const { region } = show(
      [historyNode(), retrained({ before: { ...BEFORE, rest: none }, after: { ...AFTER, rest: none } })],
      1,
    );
    expect(table(region).filter(([name]) => name === 'Rest')).toEqual([]);
    expect(region.querySelector('.story')?.textContent?.replaceAll('\u00a0', ' ')).toMatch(
      /^Kind 5 −50 %; most forgotten/,
    );
  });

  it('is not told of a plain training', () => {
    const { region } = show([historyNode(), retrained()], 0);
    expect(region.querySelector('.story, .before-after')).toBeNull();
  });

  it('can be coloured by, and followed by trails', () => {
    const { calls } = show([historyNode(), retrained()], 1);
    fireEvent.click(screen.getByRole('button', { name: 'Colour by change of error' }));
    fireEvent.click(screen.getByRole('button', { name: 'Colour by drift' }));
    fireEvent.click(screen.getByRole('checkbox', { name: 'Trails' }));
    expect(calls).toEqual([
      ['setColour', { kind: 'change' }],
      ['setColour', { kind: 'drift' }],
      ['setTrails', false],
    ]);
  });

  it('can’t be coloured by where there is nothing to compare with', () => {
    const { calls } = show([historyNode(), retrained()], 1, (store) => {
      store.bulk.before = null;
    });
    const button = screen.getByRole('button', { name: 'Colour by drift' });
    expect(button.title).toMatch(/nothing to compare/);
    fireEvent.click(button);
    expect(calls).toEqual([]);
  });
});
