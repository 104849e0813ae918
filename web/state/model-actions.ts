/**
 * The model on screen and its map: making one, forgetting it, and taking in the frames that move its points.
 *
 * Everything late is dropped by its id: frames of a map that is gone, or of another number of rows.
 */

import { batch } from '@preact/signals';
import type { Frame, Id } from '../protocol/messages.ts';
import type { Session } from './session-actions.ts';
import type { FormState, MapArrays, MapState, ModelState } from './store.ts';

export interface Models {
  /** Has the worker make a model by the form. It is not shown yet; `free` takes it back. */
  make(
    table: Id,
    form: Pick<FormState, 'method' | 'params' | 'fit'>,
    axes?: [number, number],
  ): Promise<ModelState>;
  /** Puts a model on screen in place of what was there, which is freed. `axes`: as it was made. */
  show(model: ModelState, axes?: [number, number]): void;
  /** Takes the model off the screen, and frees it. */
  forget(): void;
  free(target: Id): void;
  /** The model and its map are of the rows of another table from now on, one with the same features. */
  moveTo(model: ModelState, table: Id): void;
  setModel(id: Id, change: Partial<ModelState>): void;
  onFrame(frame: Frame, release: () => void): void;
}

export function createModels({ store, engine }: Session): Models {
  const lent = new Map<Id, () => void>(); // gives the buffer on screen back, by map

  function free(target: Id): void {
    engine.request({ type: 'free', target }).catch(() => undefined);
  }

  function setMap(id: Id, change: Partial<MapState>): void {
    const map = store.maps.peek().get(id);
    if (map) store.maps.value = new Map(store.maps.peek()).set(id, { ...map, ...change });
  }

  function setModel(id: Id, change: Partial<ModelState>): void {
    const model = store.models.peek().get(id);
    if (model) store.models.value = new Map(store.models.peek()).set(id, { ...model, ...change });
  }

  function rowsOf(table: Id): number {
    return store.tables.peek().get(table)?.info.rows ?? 0;
  }

  /** Axes that show two dimensions of the code, or its only one. */
  function axesOf(latent: number): [number, number] {
    return [0, latent > 1 ? 1 : 0];
  }

  /** The old map's points, so that they move from where they are when a new model of the same rows takes over. */
  function carriedPositions(table: Id): MapArrays | null {
    const map = store.map.peek();
    const arrays = map && map.table === table ? store.bulk.maps.get(map.map) : undefined;
    return arrays ? { positions: arrays.positions, error: null } : null;
  }

  /** Every model there is, each of which takes its map along. */
  function freeAll(old: readonly Id[]): void {
    lent.clear();
    for (const id of old) free(id);
  }

  return {
    free,
    setModel,
    async make(table, { method, params, fit }, axes = axesOf(params.latent)) {
      const model = engine.nextId();
      const map = engine.nextId();
      const spec = { axes };
      const info = await engine.request({ type: 'create', model, map, table, method, params, spec });
      return { info, method, params, fit, losses: [], result: null };
    },
    show(model, axes = axesOf(model.params.latent)) {
      const old = [...store.models.peek().keys()];
      const { map, table } = model.info;
      const positions = carriedPositions(table);
      batch(() => {
        store.bulk.maps.clear();
        if (positions) store.bulk.maps.set(map, positions);
        store.models.value = new Map([[model.info.model, model]]);
        const state: MapState = {
          map,
          table,
          rows: rowsOf(table),
          version: positions ? 1 : 0,
          step: 0,
          epoch: 0,
          whole: false,
          axes,
        };
        store.maps.value = new Map([[map, state]]);
        store.panes.value = [map];
        store.detail.value = null;
      });
      freeAll(old);
    },
    forget() {
      const old = [...store.models.peek().keys()];
      batch(() => {
        store.panes.value = [];
        store.models.value = new Map();
        store.maps.value = new Map();
        store.bulk.maps.clear();
        store.detail.value = null;
      });
      freeAll(old);
    },
    moveTo(model, table) {
      const { model: id, map } = model.info;
      const rows = rowsOf(table);
      setModel(id, { info: { ...model.info, table } });
      /* Rows that are new have no place yet. */
      const positions = new Float32Array(rows * 2).fill(Number.NaN);
      const before = store.bulk.maps.get(map)?.positions;
      if (before) positions.set(before.subarray(0, positions.length));
      store.bulk.maps.set(map, { positions, error: null });
      lent.delete(map);
      const version = (store.maps.peek().get(map)?.version ?? 0) + 1;
      setMap(map, { table, rows, version, whole: false });
    },
    onFrame(frame, release) {
      const map = store.maps.peek().get(frame.map);
      if (!map || map.rows !== frame.rows) {
        release();
        return;
      }
      const { positions, error } = frame.channels;
      const before = lent.get(frame.map);
      store.bulk.maps.set(frame.map, {
        positions: new Float32Array(frame.buffer, positions.offset, positions.length),
        error: error ? new Float32Array(frame.buffer, error.offset, error.length) : null,
      });
      lent.set(frame.map, release);
      const { step, epoch, whole } = frame;
      setMap(frame.map, { version: map.version + 1, step, epoch, whole });
      /* Only now does nothing look at the frame before. */
      before?.();
    },
  };
}
