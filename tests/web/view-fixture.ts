/** A store with a small table, a model and a map in it, and an engine whose answers the test gives. */

import type { ColumnInfo, Failure, FeatureInfo, RowDetail, TableInfo } from '../../web/protocol/messages.ts';
import type { RequestBody, ViewEngine } from '../../web/state/engine-port.ts';
import { createStore, type ModelState, type Store, type TableState } from '../../web/state/store.ts';

export function column(name: string, change: Partial<ColumnInfo> = {}): ColumnInfo {
  return {
    name,
    kind: 'number',
    role: 'feature',
    missing: 0,
    distinct: null,
    integer: false,
    min: 0,
    max: 1,
    mean: 0.5,
    bad_cells: 0,
    categories: null,
    ...change,
  };
}

/** Three features and a label. */
export const COLUMNS: ColumnInfo[] = [
  column('width'),
  column('height'),
  column('depth'),
  column('kind', {
    kind: 'category',
    role: 'label',
    min: null,
    max: null,
    mean: null,
    categories: ['b', 'a'],
  }),
];

export function tableState(rows: number, columns = COLUMNS, change: Partial<TableState> = {}): TableState {
  const source = columns.map((_, i) => i).filter((i) => columns[i]?.role === 'feature');
  const info: TableInfo = {
    table: 1,
    name: 'test',
    rows,
    columns,
    recipe: { format: 'csv' },
    image: null,
    notes: [],
    fingerprint: '00',
    bytes: 0,
  };
  const features: FeatureInfo = {
    n: rows,
    d: source.length,
    names: source.map((i) => columns[i]?.name ?? ''),
    source: Uint32Array.from(source),
    scale: 'standard',
    unit_range: false,
    image: null,
    notes: [],
    baseline: 1,
    bytes: 0,
  };
  return { info, origin: 'file', roles: columns.map((c) => c.role), scale: 'auto', features, ...change };
}

export function modelState(latent = 2): ModelState {
  return {
    info: { model: 2, table: 1, map: 3, method: 'ae', parameters: 10, bytes: 40, steps: 5 },
    method: 'ae',
    params: { hidden: [], latent, activation: 'relu', output: 'linear', loss: 'mse', seed: 1 },
    fit: {
      epochs: 1,
      batch: 8,
      learning_rate: 0.1,
      weight_decay: 0,
      noise: 0,
      heldout: 0,
      patience: 0,
      seed: 1,
    },
    losses: [],
    result: null,
  };
}

export function detailOf(row: number, change: Partial<RowDetail> = {}): RowDetail {
  return {
    row,
    cells: ['0.1', '0.2', '0.3', 'a'],
    input: Float32Array.of(0.1, 0.2, 0.3),
    input_raw: Float32Array.of(1, 2, 3),
    reconstruction: Float32Array.of(0.1, 0.4, -0.7),
    reconstruction_raw: Float32Array.of(1, 2.5, -4),
    residual: Float32Array.of(0, 0.2, -1),
    latent: Float32Array.of(0.5, -1.5),
    error: 0.3467,
    ...change,
  };
}

export interface Asked {
  body: RequestBody;
  answer(value: unknown): Promise<void>;
  fail(failure: Partial<Failure>): Promise<void>;
}

/** Remembers what it was asked, in order; nothing is answered until the test does. */
export class FakeEngine implements ViewEngine {
  readonly asked: Asked[] = [];

  request: ViewEngine['request'] = (body) =>
    new Promise((resolve, reject) => {
      this.asked.push({
        body,
        answer: async (value) => {
          resolve(value as never);
          await settle();
        },
        fail: async (failure) => {
          reject({ code: 'internal', message: 'It failed.', hint: '', ...failure });
          await settle();
        },
      });
    });

  /** What was asked for with this `what`, in order. */
  reads(what: string): Asked[] {
    return this.asked.filter(({ body }) => body.type === 'read' && body.what === what);
  }
}

/** Lets everything that only waits for promises run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

export function putTable(store: Store, table: TableState): void {
  store.tables.value = new Map([[table.info.table, table]]);
}

/** A map of `rows` rows in a line, made by a model. */
export function putMap(store: Store, rows: number, latent = 2): void {
  const positions = Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 0 ? i / 2 : -i));
  store.bulk.maps.set(3, { positions, error: Float32Array.from({ length: rows }, (_, i) => i / rows) });
  store.models.value = new Map([[2, modelState(latent)]]);
  store.maps.value = new Map([
    [3, { map: 3, table: 1, rows, version: 1, step: 5, epoch: 1, whole: true, axes: [0, 1] }],
  ]);
  store.panes.value = [3];
}

/** The next frame of the map, with other errors if given. */
export function putFrame(store: Store, error?: Float32Array): void {
  const map = store.maps.peek().get(3);
  const arrays = store.bulk.maps.get(3);
  if (!map || !arrays) throw new Error('There is no map yet.');
  store.bulk.maps.set(3, { positions: arrays.positions, error: error ?? arrays.error });
  store.maps.value = new Map([[3, { ...map, version: map.version + 1 }]]);
}

export function trainedStore(rows = 4): Store {
  const store = createStore();
  putTable(store, tableState(rows));
  putMap(store, rows);
  return store;
}
