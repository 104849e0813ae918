import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formFor } from '../../web/state/form.ts';
import { planNow, planOf, type RetrainKind, refusal, scratchEpochs } from '../../web/state/retrain.ts';
import { bitsOfRows } from '../../web/state/selection.ts';
import { createStore, type TableState } from '../../web/state/store.ts';
import { freshKernels } from '../wasm/kernels.ts';
import { historyNode } from './history-fixture.ts';
import { featureInfo } from './session-fixture.ts';
import { tableState } from './view-fixture.ts';

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
    store.form.value = formFor(featureInfo({ n: 1000 }), null);
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
    const form = formFor(featureInfo({ n: 20_000, d: 784 }), null);
    const few = scratchEpochs(table, form, 400);
    expect(few).toBeGreaterThan(form.fit.epochs);
    expect(few).toBe(formFor(featureInfo({ n: 400, d: 784 }), null).fit.epochs);
    const typed = { ...form, fit: { ...form.fit, epochs: 7 }, touched: new Set(['epochs']) };
    expect(scratchEpochs(table, typed, 400)).toBe(7);
  });
});
