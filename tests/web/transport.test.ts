import { describe, expect, it } from 'vitest';
import { fetchBlob, fetchCatalog, offered } from '../../web/state/catalog.ts';
import {
  commonRole,
  groupColumns,
  rangeOf,
  valuesDetail,
  valuesText,
} from '../../web/state/column-groups.ts';
import { advice } from '../../web/state/panel-text.ts';
import type { ModelState, Phase, TableState, Task } from '../../web/state/store.ts';
import {
  byteText,
  duration,
  epochsOf,
  nextTimeLeft,
  progressSentence,
  type TimeLeft,
  timeLeftText,
  transportOf,
} from '../../web/state/transport.ts';
import { CATALOG, columnInfo, ESTIMATE, featureInfo, progressOf, tableInfo } from './session-fixture.ts';

const table: TableState = {
  info: tableInfo(1),
  origin: 'file',
  roles: ['feature', 'feature', 'feature', 'label'],
  scale: 'auto',
  features: featureInfo(),
};

function model(epochs: number): ModelState {
  return {
    info: { model: 2, table: 1, map: 3, method: 'ae', parameters: 10, bytes: 10, steps: 0 },
    method: 'ae',
    params: { hidden: [8], latent: 2, activation: 'relu', output: 'linear', loss: 'mse', seed: 1 },
    fit: {
      epochs: 20,
      batch: 32,
      learning_rate: 1e-3,
      weight_decay: 0,
      noise: 0,
      heldout: 0.1,
      patience: 5,
      seed: 1,
    },
    losses: Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1, train: 1 / (i + 1), heldout: null })),
    result: null,
  };
}

describe('the transport', () => {
  it.each<[Phase, string, boolean, boolean, boolean]>([
    [{ kind: 'starting' }, 'Train', false, false, false],
    [{ kind: 'empty' }, 'Train', false, false, false],
    [{ kind: 'ready' }, 'Train', true, true, false],
    [{ kind: 'running', job: 1, stopping: false }, 'Pause', true, false, true],
    [{ kind: 'running', job: 1, stopping: true }, 'Pause', false, false, false],
    [{ kind: 'pausing', job: 1 }, 'Pause', false, false, true],
    [{ kind: 'paused', job: 1 }, 'Resume', true, true, true],
    [{ kind: 'finished' }, 'Train', true, true, false],
    [
      { kind: 'failed', failure: { code: 'internal', message: '', hint: '' }, retry: true },
      'Train',
      true,
      true,
      false,
    ],
  ])('in %j offers %s', (phase, primary, canPrimary, canStep, canStop) => {
    expect(transportOf(phase, table, null, ESTIMATE)).toEqual({
      primary,
      canPrimary,
      canStep,
      canStop,
      canStartAgain: false,
    });
  });

  it('offers to stop what is measured before a retrain, not to pause it', () => {
    const phase: Phase = { kind: 'running', job: 1, stopping: false };
    const task: Task = { kind: 'retrain', title: 'Retraining on digit 8', stage: 'measure' };
    const now = transportOf(phase, table, model(5), ESTIMATE, task);
    expect([now.primary, now.canPrimary, now.canStep, now.canStop]).toEqual(['Pause', false, false, true]);
    expect(transportOf(phase, table, model(5), ESTIMATE, { ...task, stage: 'run' }).canPrimary).toBe(true);
  });

  it('offers no training that is refused, nor of numbers that are not there', () => {
    const refused = { ...ESTIMATE, refused: 'Too large.' };
    expect(transportOf({ kind: 'ready' }, table, null, refused).canPrimary).toBe(false);
    expect(transportOf({ kind: 'ready' }, { ...table, features: null }, null, null).canPrimary).toBe(false);
    expect(transportOf({ kind: 'finished' }, table, model(1), ESTIMATE).canStartAgain).toBe(true);
  });
});

describe('epochs', () => {
  it('count those of earlier runs too', () => {
    expect(epochsOf(null, null)).toBeNull();
    expect(epochsOf(model(5), null)).toEqual({ done: 5, of: 5, share: 0 });
    const second = progressOf(1, { epoch: 2, epochs: 20, done: 25, total: 100 });
    expect(epochsOf(model(7), second)).toEqual({ done: 7, of: 25, share: 0.25 });
    expect(progressSentence(second, model(7))).toBe('epoch 7 of 25, loss 0.1429, about 5 s left');
  });

  it('of a retrain are its own; a way back is told in steps', () => {
    const now = progressOf(1, { epoch: 2, epochs: 5, done: 25, total: 100 });
    const task: Task = { kind: 'retrain', title: 'Retraining on digit 8', stage: 'run' };
    expect(epochsOf(model(7), now, task)).toEqual({ done: 2, of: 5, share: 0.25 });
    expect(progressSentence(now, model(7), task)).toBe(
      'Retraining on digit 8: epoch 2 of 5, loss 0.1429, about 5 s left',
    );
    const back: Task = { kind: 'return', title: 'Returning to retrain 2', stage: 'run' };
    expect(progressSentence(now, model(7), back)).toBe(
      'Returning to retrain 2: step 25 of 100, about 5 s left',
    );
  });
});

describe('the time left', () => {
  it('is not said before there is evidence for it', () => {
    expect(nextTimeLeft(null, 10, 2999, 0)).toBeNull();
    expect(nextTimeLeft(null, null, 9000, 0)).toBeNull();
    expect(nextTimeLeft(null, 10, 3000, 0)).toEqual({ seconds: 10, at: 3000, longer: false });
  });

  it('falls with the clock, follows a shorter estimate, and does not jitter upwards', () => {
    const before: TimeLeft = { seconds: 10, at: 3000, longer: false };
    expect(nextTimeLeft(before, 7, 4000, 0)?.seconds).toBe(7);
    expect(nextTimeLeft(before, 9.8, 4000, 0)?.seconds).toBe(9);
    expect(nextTimeLeft(before, 10, 4000, 0)?.longer).toBe(false);
  });

  it('never rises without saying so', () => {
    let left: TimeLeft | null = null;
    let shown = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 400; i++) {
      const now = 3000 + i * 100;
      const estimate = 20 + 15 * Math.sin(i / 7) - i / 40;
      left = nextTimeLeft(left, estimate, now, 0);
      if (!left) throw new Error('There is an estimate.');
      if (left.seconds > shown + 1e-9) {
        expect(left.longer).toBe(true);
        expect(timeLeftText(left)).toMatch(/^takes longer: /);
      }
      shown = left.seconds;
    }
  });
});

describe('words for numbers', () => {
  it.each([
    [0, 'less than 1 s'],
    [1.4, '1 s'],
    [59.4, '59 s'],
    [60, '1 min'],
    [80, '1 min 20 s'],
    [3600, '1 h'],
    [7500, '2 h 5 min'],
  ])('%d seconds is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [1_570_179, '1.6 MB'],
    [999_999, '1.0 MB'],
    [3.5e9, '3.5 GB'],
    [123e6, '123 MB'],
  ])('%d bytes is %s', (bytes, text) => {
    expect(byteText(bytes)).toBe(text);
  });

  it('advises with numbers', () => {
    expect(advice(table, ESTIMATE)).toBe('4,898 rows, 3 numbers: about 6 s to train');
    expect(advice(table, { ...ESTIMATE, seconds: 0.2 })).toContain('less than 1 s');
    expect(advice(table, { ...ESTIMATE, refused: 'Too large.' })).toBe('4,898 rows, 3 numbers');
    expect(advice(null, null)).toBe('');
  });
});

describe('columns as listed', () => {
  it('groups more than 40 alike neighbours, constant ones among them', () => {
    const pixels = Array.from({ length: 784 }, (_, i) =>
      columnInfo(`pixel ${i + 1}`, { kind: i < 3 ? 'constant' : 'number', min: i === 9 ? 5 : 0, max: 255 }),
    );
    const items = groupColumns([columnInfo('digit', { kind: 'category' }), ...pixels, columnInfo('id')]);
    expect(items.map((item) => (item.kind === 'one' ? item.column : item.columns.length))).toEqual([
      0, 784, 785,
    ]);
    expect(rangeOf(pixels)).toBe('0 to 255');
  });

  it('leaves 40 alone, and different names', () => {
    const forty = Array.from({ length: 40 }, (_, i) => columnInfo(`x${i}`));
    expect(groupColumns(forty)).toHaveLength(40);
    expect(groupColumns([...forty, columnInfo('x40')])).toHaveLength(1);
    expect(groupColumns([...forty.slice(0, 30), columnInfo('y'), ...forty.slice(30)])).toHaveLength(41);
  });

  it('knows a role that all share', () => {
    expect(commonRole(['feature', 'feature', 'label'], [0, 1])).toBe('feature');
    expect(commonRole(['feature', 'feature', 'label'], [1, 2])).toBeNull();
    expect(commonRole([], [])).toBeNull();
  });

  it('shows ranges and examples', () => {
    expect(valuesText(columnInfo('x', { min: -1.23456, max: 4000 }))).toBe('−1.23 to 4000');
    expect(valuesText(columnInfo('year', { min: 2007, max: 2009 }))).toBe('2007 to 2009');
    expect(valuesText(columnInfo('pay', { min: 20221, max: 20985 }))).toBe('20,221 to 20,985');
    expect(valuesText(columnInfo('ph', { min: 7.0012, max: 7.0034 }))).toBe('7.001 to 7.003');
    const classes = columnInfo('c', { kind: 'category', distinct: 12, categories: ['a', 'b', 'c', 'd'] });
    expect(valuesText(classes)).toBe('12 classes');
    expect(valuesDetail(classes)).toBe('a, b, c, d');
    expect(valuesText(columnInfo('s', { kind: 'category', distinct: 2, categories: ['f', 'm'] }))).toBe(
      'f, m',
    );
    expect(valuesText(columnInfo('e', { kind: 'empty' }))).toBe('no values');
    expect(valuesText(columnInfo('t', { kind: 'text', distinct: null, categories: null }))).toBe(
      'over 10,000 values',
    );
  });
});

describe('the catalogue', () => {
  const fetchJson = (value: unknown) => () => Promise.resolve(Response.json(value));

  it('leaves out what it does not understand, and files outside its folder', async () => {
    const [first] = CATALOG;
    const list = [
      first,
      { id: 'x' },
      null,
      { ...first, id: 'up', file: '../../secret' },
      { ...first, rows: -1 },
    ];
    expect((await fetchCatalog(fetchJson(list), 'catalog.json')).map(({ id }) => id)).toEqual(['mnist-10k']);
  });

  it('says what is wrong with the list', async () => {
    await expect(fetchCatalog(fetchJson({}), 'c')).rejects.toThrow('it is not a list');
    const page = () => Promise.resolve(new Response('<!doctype html>'));
    await expect(fetchCatalog(page, 'c')).rejects.toThrow('it is not JSON');
    const gone = () => Promise.resolve(new Response('', { status: 404 }));
    await expect(fetchCatalog(gone, 'c')).rejects.toThrow('the server answered 404');
    const silent = () => Promise.reject(new TypeError('failed'));
    await expect(fetchCatalog(silent, 'c')).rejects.toThrow('there was no answer');
  });

  it('offers no set twice: the first rows of another are not one', () => {
    expect(offered(CATALOG).map(({ id }) => id)).toEqual(['mnist-10k', 'iris', 'rings']);
  });

  it('fetches a file piece by piece', async () => {
    const bytes = new Uint8Array(1000).map((_, i) => i);
    const seen: number[] = [];
    const answer = () => Promise.resolve(new Response(bytes, { headers: { 'content-length': '1000' } }));
    const blob = await fetchBlob(answer, 'f', 'The file', new AbortController().signal, ({ done, total }) => {
      expect(total).toBe(1000);
      seen.push(done);
    });
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytes);
    expect(seen.at(-1)).toBe(1000);
  });

  it('says when the connection breaks', async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(10));
      },
      pull(controller) {
        controller.error(new TypeError('broken'));
      },
    });
    const answer = () => Promise.resolve(new Response(body));
    await expect(
      fetchBlob(answer, 'f', 'The file', new AbortController().signal, () => undefined),
    ).rejects.toThrow(/^The file could not be fetched: the connection broke after \d+ bytes\.$/);
  });
});
