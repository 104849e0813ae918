/**
 * Everything the map, the legend, the inspector and the rows table change: what is hovered and pinned, the
 * detail of that row, the colouring, the axes and the point size.
 *
 * The detail of a row is read from the worker, at most one read at a time: while one is under way only the
 * latest wish is remembered, so that a pointer swept over the map costs one read per answer, and an answer is
 * shown only if its row is still the one looked at.
 */

import { batch, effect, signal, untracked } from '@preact/signals';
import type { ColumnValues, Id, RowId } from '../protocol/messages.ts';
import { suggestedPointSize } from '../render/marks.ts';
import { type ColourActions, createColourActions, numberColours } from './colour-actions.ts';
import { failureOf, type ViewEngine } from './engine-port.ts';
import type { ModelState, Notice, Store } from './store.ts';
import { formatCount } from './summary.ts';
import type { Undo } from './undo.ts';

export interface ViewActions extends ColourActions {
  /** Diameter of a point in CSS pixels, 1 to 24. */
  setPointSize(px: number): void;
  /** The row under the pointer or the keyboard's cursor; null: none. Its detail follows. */
  setHover(row: RowId | null): void;
  /** Keeps a row in the inspector until another is pinned; null lets go. Rows that aren't there are ignored. */
  pin(row: RowId | null): void;
  /** Dimensions of the code that the map shows across and up, counted from 0. */
  setAxes(axes: [number, number]): void;
  /** Reads a row's detail again, such as after the model has changed. */
  requestDetail(row: RowId): void;
  /** Cells of some rows as text, one list for each, in the order asked for. Rejects with the engine's failure. */
  readCells(rows: ArrayLike<number>): Promise<string[][]>;
  /** The values of a column of the table on screen. Rejects with the engine's failure. */
  readColumn(column: number): Promise<ColumnValues>;
  /** Tells that the map is drawn in a slower way, and why. */
  mapFellBack(reason: string): void;
  /** Has the screen reader say something about the map. */
  announceMap(text: string): void;
  /** Ends the effects that follow the store; for tests and for taking the app down. */
  disposeView(): void;
}

/** Rows that the processor draws fast enough to work with. */
export const MOST_DRAWN = 200_000;

/** Least time between two readings of the row in the inspector because the model has changed, in ms. */
const REFRESH_INTERVAL = 300;
/** The same for the range of the code's dimensions, which takes every row. */
const RANGE_INTERVAL = 4000;

/** `undo` takes what the person chooses about colours; without it, such choices can't be taken back. */
export function createViewActions(
  store: Store,
  engine: ViewEngine,
  undo: Pick<Undo, 'push'> = { push: () => undefined },
): ViewActions {
  let inFlight: { model: Id; row: RowId } | null = null;
  let wanted: RowId | null = null;
  let refreshedAt = 0;
  let refreshTimer: ReturnType<typeof setTimeout> | undefined;
  let rangeAt = Number.NEGATIVE_INFINITY;
  let rangeBusy = false;
  let sized = false; // the person set the point size
  let axesRequest = 0;

  function report(error: unknown, doing: string): void {
    const failure = failureOf(error);
    if (failure.code === 'cancelled') return;
    notify({
      tone: 'error',
      text: `${doing} ${failure.message}`,
      code: failure.code,
      about: 'view',
      ...(failure.hint ? { hint: failure.hint } : {}),
      ...(failure.where ? { where: failure.where } : {}),
    });
  }

  function notify(notice: Omit<Notice, 'id'>): void {
    const notices = store.notices.peek();
    const id = notices.reduce((most, { id: other }) => Math.max(most, other), 0) + 1;
    const others = notices.filter(({ about }) => about === undefined || about !== notice.about);
    store.notices.value = [...others, { id, ...notice }];
  }

  const colour = createColourActions(store, engine, report, undo);

  /* ---- the detail of one row ---------------------------------------------------------------------------- */

  function looked(): RowId | null {
    return store.hover.peek() ?? store.pinned.peek();
  }

  function requestDetail(row: RowId): void {
    wanted = row;
    if (!inFlight) void readDetail();
  }

  async function readDetail(): Promise<void> {
    const model = store.model.peek()?.info.model;
    const row = wanted;
    wanted = null;
    if (model === undefined || row === null) return;
    inFlight = { model, row };
    refreshedAt = performance.now();
    try {
      const detail = await engine.request({ type: 'read', what: 'inspect', model, row });
      if (row === looked() && model === store.model.peek()?.info.model) store.detail.value = detail;
    } catch (error) {
      /* A model that was replaced meanwhile, or a worker that was: the next frame asks again. */
      const { code } = failureOf(error);
      const passing = code === 'not_found' || code === 'worker_lost' || code === 'busy';
      if (!passing && row === looked()) report(error, `Can't read row ${row + 1}.`);
    } finally {
      inFlight = null;
    }
    if (wanted !== null) void readDetail();
  }

  function follow(): void {
    const row = looked();
    if (row === null) {
      wanted = null;
      store.detail.value = null;
    } else if (inFlight?.row !== row || inFlight.model !== shownModel || wanted !== null) {
      requestDetail(row);
    }
  }

  function known(row: RowId | null): boolean {
    const rows = store.map.peek()?.rows ?? store.table.peek()?.info.rows ?? 0;
    return row === null || (Number.isInteger(row) && row >= 0 && row < rows);
  }

  let shownModel: Id | null = null;
  const stopFrames = effect(() => {
    const version = store.map.value?.version;
    const model = store.model.value?.info.model ?? null;
    /* What finds the range of codes comes later, perhaps after the last frame. */
    void numberColours.content.value;
    untracked(() => {
      if (model !== shownModel) {
        shownModel = model;
        rangeAt = Number.NEGATIVE_INFINITY;
        batch(() => {
          store.detail.value = null;
          store.latentRange.value = null;
          follow();
        });
      }
      if (version === undefined || model === null) return;
      if (looked() !== null && refreshTimer === undefined) {
        const wait = Math.max(0, refreshedAt + REFRESH_INTERVAL - performance.now());
        refreshTimer = setTimeout(() => {
          refreshTimer = undefined;
          const row = looked();
          if (row !== null) requestDetail(row);
        }, wait);
      }
      void readRange();
    });
  });

  /* ---- the range of each latent dimension --------------------------------------------------------------- */

  /** Whether codes may be drawn elsewhere than where they are, laid onto the map of an earlier model. */
  function aligned(model: ModelState): boolean {
    const { nodes } = store.history.peek();
    return (
      model.fit.fresh === true || Boolean(model.result?.align) || nodes.some(({ align }) => align !== null)
    );
  }

  async function readRange(): Promise<void> {
    const model = store.model.peek();
    const map = store.map.peek();
    const by = numberColours.content.peek();
    if (!model || !map || !by || rangeBusy) return;
    const { latent } = model.params;
    if (latent === 2 && !aligned(model)) {
      /* The map is the code: no need to ask the worker. Only its scale is wanted, so twice a second is plenty. */
      if (performance.now() - rangeAt < 500 && !map.whole) return;
      const arrays = store.bulk.maps.get(map.map);
      if (!arrays || arrays.positions.length === 0) return;
      rangeAt = performance.now();
      const range = by.latentRange(arrays.positions, 2);
      store.latentRange.value =
        map.axes[0] === 0 ? range : { lo: [...range.lo].reverse(), hi: [...range.hi].reverse() };
      return;
    }
    const running = store.phase.peek().kind === 'running';
    if (!map.whole || (running && performance.now() - rangeAt < RANGE_INTERVAL)) return;
    rangeBusy = true;
    rangeAt = performance.now();
    try {
      const codes = await engine.request({ type: 'read', what: 'latent', model: model.info.model });
      if (store.model.peek()?.info.model === model.info.model) {
        store.latentRange.value = by.latentRange(codes, latent);
      }
    } catch (error) {
      const { code } = failureOf(error);
      if (code === 'internal') report(error, "Can't read the codes of the rows.");
    } finally {
      rangeBusy = false;
    }
  }

  /* ---- another table ----------------------------------------------------------------------------------- */

  let shownTable: Id | null = null;
  const stopTable = effect(() => {
    const table = store.table.value;
    const id = table?.info.table ?? null;
    if (id === shownTable) return;
    shownTable = id;
    untracked(() => {
      wanted = null;
      batch(() => {
        store.hover.value = null;
        store.pinned.value = null;
        store.detail.value = null;
        if (table && !sized) store.pointSize.value = suggestedPointSize(table.info.rows);
      });
    });
  });

  const fellBack = signal(false);
  let warned: Id | null = null; // once for each table, whatever becomes of its roles
  const stopCrowd = effect(() => {
    const info = store.table.value?.info;
    if (!fellBack.value || !info || info.rows <= MOST_DRAWN || info.table === warned) return;
    warned = info.table;
    untracked(() =>
      notify({
        tone: 'warning',
        text: `Without the graphics card a picture of ${formatCount(info.rows)} rows takes long: the map follows in jumps.`,
        hint: `Switch on graphics acceleration in the browser's settings, or open at most ${formatCount(MOST_DRAWN)} rows.`,
        about: 'view',
      }),
    );
  });

  return {
    setColour: colour.setColour,
    refreshColours: colour.refreshColours,
    refreshFlags: colour.refreshFlags,
    requestDetail,
    setPointSize(px) {
      if (!Number.isFinite(px)) return;
      sized = true;
      store.pointSize.value = Math.min(24, Math.max(1, px));
    },
    setHover(row) {
      if (row === store.hover.peek() || !known(row)) return;
      batch(() => {
        store.hover.value = row;
        follow();
      });
    },
    pin(row) {
      if (row === store.pinned.peek() || !known(row)) return;
      batch(() => {
        store.pinned.value = row;
        follow();
      });
    },
    setAxes(axes) {
      const map = store.map.peek();
      const model = store.model.peek();
      const latent = model?.params.latent ?? 0;
      const [a, b] = axes;
      if (!map || !model || a === b || !axes.every((z) => Number.isInteger(z) && z >= 0 && z < latent))
        return;
      const before = map.axes;
      const mine = ++axesRequest;
      const write = (value: [number, number]): void => {
        const maps = new Map(store.maps.peek());
        const state = maps.get(map.map);
        if (!state) return;
        maps.set(map.map, { ...state, axes: value });
        store.maps.value = maps;
      };
      write([a, b]);
      engine.request({ type: 'set', target: map.map, params: { axes: [a, b] } }).catch((error: unknown) => {
        if (mine === axesRequest) write(before);
        report(error, "Can't show these dimensions.");
      });
    },
    readCells(rows) {
      const table = store.table.peek()?.info.table;
      if (table === undefined || rows.length === 0) return Promise.resolve([]);
      return engine.request({ type: 'read', what: 'cells', table, rows: Uint32Array.from(rows) });
    },
    readColumn(column) {
      const table = store.table.peek()?.info.table ?? -1;
      return engine.request({ type: 'read', what: 'column', table, column });
    },
    mapFellBack(reason) {
      notify({ tone: 'info', text: reason });
      fellBack.value = true;
    },
    announceMap(text) {
      store.announcement.value = text;
    },
    disposeView() {
      clearTimeout(refreshTimer);
      stopFrames();
      stopTable();
      stopCrowd();
      colour.dispose();
    },
  };
}
