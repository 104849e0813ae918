import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formFor } from '../../web/state/form.ts';
import {
  changes,
  costOf,
  mostForgotten,
  nodeDetail,
  nodeName,
  nodeTitle,
  percentText,
  planNow,
  planOf,
  type RetrainKind,
  refusal,
  relativeChange,
  scratchEpochs,
  shareText,
  storyOf,
  taskTitle,
} from '../../web/state/retrain.ts';
import { bitsOfRows } from '../../web/state/selection.ts';
import { createStore, type Maker, type Measured, type TableState } from '../../web/state/store.ts';
import { freshKernels } from '../wasm/kernels.ts';
import { historyNode } from './history-fixture.ts';
import { featureInfo, measurement, READY, runResult } from './session-fixture.ts';
import { COLUMNS, tableState } from './view-fixture.ts';

function rows(first: number, end: number, of: number): Uint32Array {
  return bitsOfRows(
    Array.from({ length: end - first }, (_, i) => first + i),
    of,
  );
}

function plan(of: number, selected: number, focus: number, batch: number, more: Partial<Parts> = {}) {
  const { epochs = 5, heldout = null, kind = 'retrain', stepSeconds = null } = more;
  const table = tableState(of);
  return planOf(table, rows(0, selected, of), heldout, { focus, epochs }, { batch }, { kind, stepSeconds });
}

interface Parts {
  epochs: number;
  heldout: Uint32Array | null;
  kind: RetrainKind;
  stepSeconds: number | null;
}

describe('the plan of a retrain', () => {
  it('is five epochs’ worth of steps at the size of the selection plus its share of rest', () => {
    // steps = 5 ⌈s / (f · batch)⌉
    expect(plan(10_000, 1000, 0.8, 128)).toMatchObject({
      perEpoch: 10,
      steps: 50,
      batch: 128,
      inBatch: [102, 26],
    });
    expect(plan(10_000, 1000, 1, 128)).toMatchObject({ perEpoch: 8, steps: 40, inBatch: [128, 0] });
    expect(plan(10_000, 1000, 0.5, 64, { epochs: 2 })).toMatchObject({
      perEpoch: 32,
      steps: 64,
      inBatch: [32, 32],
    });
  });

  it('never gives the selection less than its natural share', () => {
    const low = plan(1000, 250, 0.1, 64);
    expect(low).toMatchObject({ natural: 0.25, focus: 0.25, perEpoch: 16, inBatch: [16, 48] });
    expect(plan(1000, 250, 0.6, 64)?.focus).toBe(Math.fround(0.6));
  });

  it('counts rows that training may visit, not those held out', () => {
    const heldout = rows(0, 50, 1000);
    expect(plan(1000, 250, 1, 50, { heldout })).toMatchObject({
      selected: 250,
      trained: 200,
      rest: 750,
      natural: 200 / 950,
      perEpoch: 4,
    });
  });

  it('of all rows is a plain training, of few rows takes small batches', () => {
    expect(plan(1000, 1000, 0.3, 100)).toMatchObject({ rest: 0, natural: 1, focus: 1, perEpoch: 10 });
    expect(plan(1000, 3, 1, 64)).toMatchObject({ batch: 3, inBatch: [3, 0], perEpoch: 1 });
    expect(plan(1000, 3, 0.5, 64)).toMatchObject({ batch: 64, inBatch: [32, 32], perEpoch: 1 });
    expect(plan(1000, 1, 0.001, 64)).toMatchObject({ batch: 64, inBatch: [1, 63] });
  });

  it('to exclude rows is a pass over the others, from scratch one over them alone', () => {
    expect(plan(1000, 200, 0.9, 100, { kind: 'exclude' })).toMatchObject({
      focus: 0,
      perEpoch: 8,
      inBatch: [0, 100],
    });
    expect(plan(1000, 200, 0.3, 100, { kind: 'scratch' })).toMatchObject({ focus: 1, perEpoch: 2 });
  });

  it('says what it will do', () => {
    expect(plan(10_000, 1000, 0.8, 128, { stepSeconds: 0.05 })?.sentence).toBe(
      '5 epochs, 50 steps of 128 rows: 102 from the selection, 26 from the rest; about 3 s',
    );
    expect(plan(10_000, 10, 1, 128, { epochs: 1, stepSeconds: 0.001 })?.sentence).toBe(
      '1 epoch, 1 step of 10 rows from the selection; less than 1 s',
    );
    expect(plan(100, 10, 1, 64, { kind: 'exclude' })?.sentence).toBe(
      '5 epochs, 10 steps of 64 rows from the rest',
    );
  });

  it('takes the time of its steps, and of the rows looked at when its epochs end', () => {
    // An epoch of one step of 16 rows: 2,000 rows held out and 256 of the rest are looked at after each, and the 16.
    const heldout = rows(5000, 9000, 10_000);
    const made = plan(10_000, 16, 1, 16, { epochs: 100, heldout, stepSeconds: 0.003 });
    expect(made).toMatchObject({ steps: 100, perEpoch: 1 });
    const looked = (100 * (2000 + 16 + 256)) / 16; // batches, a third of a trained one's time each
    expect(made?.seconds).toBeCloseTo(0.003 * (100 + looked / 3), 6);
    // Long epochs: a thousand of either kind, which is little beside the steps.
    const long = plan(100_000, 50_000, 0.5, 128, { epochs: 2, stepSeconds: 0.003 });
    expect(long?.seconds).toBeCloseTo(0.003 * ((long?.steps ?? 0) + (2 * 2000) / 128 / 3), 6);
  });

  it('takes what the last training took, so that the same again is estimated right', () => {
    const store = createStore();
    const table = tableState(1000);
    store.tables.value = new Map([[table.info.table, table]]);
    store.bulk.heldout = rows(900, 1000, 1000);
    store.bulk.selected = rows(0, 16, 1000);
    store.form.value = formFor(READY, featureInfo({ n: 1000 }), null);
    store.form.value = { ...store.form.value, fit: { ...store.form.value.fit, batch: 16 } };
    const [fit] = historyNode().fits;
    if (!fit) throw new Error('There is no fit.');
    const again = { ...fit, selection: store.bulk.selected, focus: 1, steps: 5 };
    const node = historyNode({ id: 0, kind: 'retrain', fits: [again], seconds: 3 });
    store.history.value = { nodes: [node], at: 0, returning: null };
    expect(planNow(store)?.seconds).toBeCloseTo(3, 6);
  });

  it('has the batches that the kernels make of it', () => {
    const { exports } = freshKernels();
    const share = fc.float({ min: 0, max: 1, noNaN: true });
    const common = fc.constantFrom(0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1);
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4000 }),
        fc.nat(3999),
        fc.oneof(share, common),
        fc.integer({ min: 1, max: 600 }),
        (of, some, focus, wanted) => {
          const selected = 1 + (some % of);
          const made = plan(of, selected, focus, wanted);
          if (!made) throw new Error('There is no plan.');
          const { batch, rest, trained, inBatch, natural, perEpoch } = made;
          expect(perEpoch).toBe(exports.ae_fit_batches(made.focus, batch, trained, rest) >>> 0);
          const [k, others] = inBatch;
          expect(k + others).toBe(batch);
          expect(made.focus).toBeGreaterThanOrEqual(Math.fround(Math.min(natural, focus)));
          // The nearest number of rows to the share, but one of each kind that has any.
          expect(Math.abs(k - made.focus * batch)).toBeLessThanOrEqual(k === 1 || others === 1 ? 1 : 0.5);
          if (made.focus < 1) expect(Math.min(k, others)).toBeGreaterThanOrEqual(1);
          // A pass over the selection, and no more than a batch beyond it.
          expect(perEpoch * made.focus * batch).toBeGreaterThanOrEqual(trained * (1 - 1e-6));
        },
      ),
    );
  });
});

describe('what stands in the way of a retrain', () => {
  const table = tableState(100);
  const all = rows(0, 100, 100);

  it.each<[string, RetrainKind, Uint32Array | null, Uint32Array | null, string | null]>([
    ['nothing selected', 'retrain', null, null, 'Select some rows first.'],
    ['an empty selection', 'exclude', rows(0, 0, 100), null, 'Select some rows first.'],
    [
      'one row, held out',
      'retrain',
      rows(3, 4, 100),
      rows(0, 10, 100),
      'The selected row is held out of training.',
    ],
    [
      'all held out',
      'scratch',
      rows(3, 9, 100),
      rows(0, 10, 100),
      'All 6 selected rows are held out of training.',
    ],
    ['everything excluded', 'exclude', all, null, 'No other row is left to train on.'],
    ['everything selected', 'retrain', all, null, null],
    ['held-out rows excluded', 'exclude', rows(3, 9, 100), rows(0, 10, 100), null],
  ])('%s', (_, kind, selected, heldout, why) => {
    expect(refusal(kind, table, selected, heldout)).toBe(why);
    const made = planOf(table, selected, heldout, { focus: 1, epochs: 5 }, { batch: 10 }, { kind });
    expect(made === null).toBe(why !== null);
  });
});

describe('the epochs of a new start', () => {
  it('are as many as the selected rows suggest, or those typed', () => {
    const table: TableState = { ...tableState(20_000), features: featureInfo({ n: 20_000, d: 784 }) };
    const form = formFor(READY, featureInfo({ n: 20_000, d: 784 }), null);
    const few = scratchEpochs(table, form, 400);
    expect(few).toBeGreaterThan(form.fit.epochs);
    expect(few).toBe(formFor(READY, featureInfo({ n: 400, d: 784 }), null).fit.epochs);
    const typed = { ...form, fit: { ...form.fit, epochs: 7 }, touched: new Set(['epochs']) };
    expect(scratchEpochs(table, typed, 400)).toBe(7);
  });
});

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
    const side = (error: number): Measured => measurement(error, error, [['Missing', error]]);
    const lost = { ...node, before: side(0.1), after: side(0.2) };
    expect(storyOf(lost)).toBe('Selection +100 %, rest +100 %; most forgotten: kind missing.');
    const missing: Maker = { kind: 'class', column: 3, classes: [], missing: true };
    expect(mostForgotten({ ...lost, maker: missing })).toBeNull();
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
