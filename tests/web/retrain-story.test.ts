import { describe, expect, it } from 'vitest';
import { costOf } from '../../web/state/history.ts';
import {
  changes,
  mostForgotten,
  nodeDetail,
  nodeName,
  nodeTitle,
  percentText,
  relativeChange,
  shareText,
  storyOf,
  taskTitle,
} from '../../web/state/retrain-story.ts';
import type { Maker, Measured } from '../../web/state/store.ts';
import { historyNode } from './history-fixture.ts';
import { measurement, runResult } from './session-fixture.ts';
import { COLUMNS, tableState } from './view-fixture.ts';

describe('what a retrain has done', () => {
  it.each<[number, string]>([
    [-0.314, '−31 %'],
    [0.12, '+12 %'],
    [0.0049, '+0.5 %'],
    [-0.0094, '−0.9 %'],
    [0.0096, '+1 %'],
    [0.0004, 'unchanged'],
    [0.0005, '+0.1 %'],
    [12.5, '+1,250 %'],
  ])('%f is %s', (change, text) => {
    expect(percentText(change)).toBe(text);
    expect(percentText(null)).toBe('–');
  });

  it('is no change where there is nothing to compare', () => {
    expect(relativeChange(0, 0)).toBe(0);
    expect(relativeChange(0, 1)).toBeNull();
    expect(relativeChange(null, 1)).toBeNull();
    expect(relativeChange(2, 1)).toBe(-0.5);
  });

  const before = measurement(0.2, 0.1, [
    ['b', 0.1],
    ['a', 0.2],
    ['c', 0.4],
  ]);
  const after = measurement(0.138, 0.112, [
    ['b', 0.15],
    ['a', 0.26],
    ['c', 0.404],
  ]);
  const maker: Maker = { kind: 'class', column: 3, classes: ['b'] };
  const node = historyNode({ id: 1, kind: 'retrain', maker, before, after, label: 'kind', focus: 0.8 });

  it('is told of selection, rest and each class, in their order', () => {
    const told = changes(before, after);
    expect(told.map(({ of, name, n }) => [of, name, n])).toEqual([
      ['selection', 'Selection', 49],
      ['rest', 'Rest', 4849],
      ['class', 'b', 100],
      ['class', 'a', 100],
      ['class', 'c', 100],
    ]);
    expect(told.map(({ change }) => percentText(change))).toEqual([
      '−31 %',
      '+12 %',
      '+50 %',
      '+30 %',
      '+1 %',
    ]);
  });

  it('makes nothing of errors that are rounding alone', () => {
    expect(relativeChange(3.9e-14, 2.5e-13)).toBe(0);
    expect(relativeChange(0, 5e-13)).toBe(0);
    expect(relativeChange(2e-12, 1e-12)).toBeCloseTo(-0.5, 9);
  });

  it('is one sentence, with the class that was forgotten most beside those trained on', () => {
    expect(storyOf(node)).toBe('Selection −31 %, rest +12 %; most forgotten: kind a.');
    expect(storyOf({ ...node, kind: 'exclude' })).toBe(
      'Selection −31 %, rest +12 %; most forgotten: kind b.',
    );
    expect(storyOf({ ...node, label: null })).toContain('most forgotten: a.');
    const drawn: Maker = { kind: 'box', points: [0, 0, 1, 1], step: 1, epoch: 1, axes: [0, 1] };
    expect(mostForgotten({ ...node, maker: drawn })?.name).toBe('b');
  });

  it('names the selection where its words are short, and the state that a new start is compared with', () => {
    const table = tableState(100, COLUMNS);
    expect(storyOf(node, table)).toBe('Kind b −31 %, rest +12 %; most forgotten: kind a.');
    const made = (change: Maker): string => storyOf({ ...node, maker: change }, table).split(' −')[0] ?? '';
    const box: Maker = { kind: 'box', points: [0, 0, 1, 1], step: 1, epoch: 1, axes: [0, 1] };
    expect(made(box)).toBe('Selection');
    expect(made({ ...box, name: 'odd ones' })).toBe('Odd ones');
    expect(made({ ...box, name: 'pH low' })).toBe('pH low');
    expect(made({ ...box, name: 'x'.repeat(25) })).toBe('Selection');
    expect(made({ kind: 'random', n: 10, seed: 3 })).toBe('Selection');
    const nodes = [historyNode(), historyNode({ id: 1, parent: 0 })];
    const fresh = { ...node, id: 2, parent: 1, kind: 'scratch' as const };
    expect(storyOf(fresh, table, nodes)).toBe('Kind b −31 %, rest +12 %; worst: kind a; before: 1 Trained.');
  });

  it('tells rows without a label as missing, which a retrain on them has not forgotten', () => {
    const side = (error: number): Measured => ({
      ...measurement(error, error),
      classes: [{ name: 'Missing', n: 100, error, missing: true }],
    });
    const lost = { ...node, before: side(0.1), after: side(0.2) };
    expect(storyOf(lost)).toBe('Selection +100 %, rest +100 %; most forgotten: kind missing.');
    const missing: Maker = { kind: 'class', column: 3, classes: [], missing: true };
    expect(mostForgotten({ ...lost, maker: missing })).toBeNull();
    /* A class may be called like that. */
    const called: Maker = { kind: 'class', column: 3, classes: ['Missing'] };
    expect(mostForgotten({ ...lost, maker: called })?.missing).toBe(true);
  });

  it('says where it was stopped', () => {
    const result = runResult({ outcome: 'stopped', reason: 'user' });
    const [fit] = node.fits;
    if (!fit) throw new Error('There is no fit.');
    expect(nodeDetail({ ...node, epochs: 2, result })).toBe('focus 80 %, stopped after 2 of 5 epochs');
    expect(nodeDetail({ ...node, epochs: 0, result })).toBe('focus 80 %, stopped after 10 steps');
    expect(nodeDetail(historyNode({ epochs: 272, fits: [{ ...fit, epochs: 299 }], result }))).toBe(
      'stopped after 272 of 299 epochs',
    );
  });

  it('names no class where none rose by more than 1 %', () => {
    const calm: Measured = { ...after, classes: [{ name: 'c', n: 100, error: 0.4036 }] };
    expect(mostForgotten({ ...node, after: calm })).toBeNull();
    expect(storyOf({ ...node, after: calm })).toBe('Selection −31 %, rest +12 %.');
    expect(mostForgotten(historyNode())).toBeNull();
  });

  it('needs no rest, no selection and no measurement to be told', () => {
    const none = { n: 0, error: null, distance_correlation: null };
    const alone = {
      ...node,
      before: { ...before, rest: none },
      after: { ...after, rest: none, classes: [] },
    };
    expect(storyOf(alone)).toBe('Selection −31 %.');
    const same = { ...node, after: before };
    expect(storyOf(same)).toBe('Selection unchanged, rest unchanged.');
    const result = runResult({ message: 'Trained 5 epochs.' });
    expect(storyOf({ ...node, after: null, result })).toBe('Trained 5 epochs.');
    expect(storyOf({ ...node, before: { ...before, selection: none, rest: none }, result })).toBe(
      'Trained 5 epochs.',
    );
  });

  it('has a name, a title and what belongs behind it', () => {
    const table = tableState(100, COLUMNS);
    expect(nodeName(node)).toBe('retrain 1');
    expect(nodeName(historyNode({ id: 4, kind: 'exclude' }))).toBe('exclusion 4');
    expect(nodeTitle(node, table)).toBe('Retrained on kind b');
    expect(nodeTitle({ kind: 'exclude', maker }, table)).toBe('Trained without kind b');
    expect(nodeTitle({ kind: 'scratch', maker }, table)).toBe('Trained from scratch on kind b');
    expect(nodeTitle(historyNode(), table)).toBe('Trained');
    expect(taskTitle('retrain', maker, table)).toBe('Retraining on kind b');
    expect(nodeDetail(node)).toBe('focus 80 %, 5 epochs');
    expect(nodeDetail(historyNode({ epochs: 1 }))).toBe('1 epoch');
    expect(nodeDetail(historyNode({ epochs: 0 }))).toBe('10 steps');
    expect(['1', '0.999', '0.0123', '0.5'].map((share) => shareText(Number(share)))).toEqual([
      '100 %',
      '99.9 %',
      '1.2 %',
      '50 %',
    ]);
  });

  it('costs nothing to return to where the snapshot is kept, else what it took', () => {
    const history = {
      nodes: [historyNode(), historyNode({ id: 1, parent: 0, kept: false, seconds: 7 })],
      at: 0,
      returning: null,
    };
    expect([costOf(history, 0), costOf(history, 1), costOf(history, 2)]).toEqual([0, 7, null]);
  });
});
