/**
 * Writes what the map is coloured by: the colour bytes, the palette, the flags and the legend.
 *
 * Column values come from the worker once for each choice. The error of each row comes with the frames; it is
 * coloured anew at most four times a second, and only while it is what the map shows.
 */

import { batch, effect, untracked } from '@preact/signals';
import type { ColumnValues, Id } from '../protocol/messages.ts';
import {
  type Coloured,
  colourColumn,
  colourError,
  colourNone,
  defaultColouring,
  rowFlags,
} from './colouring.ts';
import { failureOf, type ViewEngine } from './engine-port.ts';
import type { Colouring, Store } from './store.ts';

export interface ColourActions {
  /** Colours the map by a column, by reconstruction error, or not at all. */
  setColour(colouring: Colouring): void;
  /** Makes the rows with this palette index stand out and dims the others; the same again undoes it. */
  toggleHighlight(entry: number): void;
  /** Takes note that `bulk.heldout` has changed. */
  refreshFlags(): void;
}

export interface ColourControl extends ColourActions {
  dispose(): void;
}

/** Least time between two colourings by error, in ms. */
const ERROR_INTERVAL = 250;

export function createColourActions(
  store: Store,
  engine: ViewEngine,
  report: (error: unknown, doing: string) => void,
): ColourControl {
  let request = 0; // raised with every choice: an answer to an earlier one is dropped
  let chosen = false; // the person chose; a label column found later doesn't change that
  let shownTable: Id | null | undefined; // undefined: nothing shown yet
  let lost = false; // the worker went away under a request: asked again when the next one is ready
  let errorTimer: ReturnType<typeof setTimeout> | undefined;
  let errorShown = Number.NEGATIVE_INFINITY;
  let cache: { table: Id; column: number; values: ColumnValues } | null = null;

  function show({ index, palette, legend }: Coloured): void {
    const { bulk } = store;
    batch(() => {
      const shown = store.legend.peek();
      if (legend.kind !== 'classes' || shown.kind !== 'classes' || legend.title !== shown.title) {
        store.highlight.value = null;
      }
      bulk.colours = index;
      bulk.palette = palette;
      bulk.flags = rowFlags(index, bulk.heldout, store.highlight.peek());
      store.legend.value = legend;
      store.colours.value++;
    });
  }

  async function showColumn(column: number): Promise<void> {
    const table = store.table.peek();
    const info = table?.info.columns[column];
    if (!table || !info) return show(colourNone());
    const mine = request;
    const id = table.info.table;
    try {
      if (cache?.table !== id || cache.column !== column) {
        const values = await engine.request({ type: 'read', what: 'column', table: id, column });
        if (mine !== request) return;
        cache = { table: id, column, values };
      }
      show(colourColumn(info, cache.values));
    } catch (error) {
      if (mine !== request) return;
      if (failureOf(error).code === 'worker_lost') {
        lost = true;
        return;
      }
      batch(() => {
        store.colour.value = { kind: 'none' };
        show(colourNone());
      });
      report(error, `Can't colour by ${info.name}.`);
    }
  }

  function showErrorNow(): void {
    clearTimeout(errorTimer);
    errorTimer = undefined;
    const map = store.map.peek();
    const error = map ? store.bulk.maps.get(map.map)?.error : null;
    if (error && error.length > 0) {
      errorShown = performance.now();
      show(colourError(error));
    }
  }

  /** Errors that no frame has brought: asks for them once. */
  async function readError(): Promise<void> {
    const model = store.model.peek();
    if (!model) return show(colourNone());
    const mine = request;
    try {
      const error = await engine.request({ type: 'read', what: 'error', model: model.info.model });
      if (mine === request) show(colourError(error));
    } catch (error) {
      if (mine !== request) return;
      if (failureOf(error).code === 'worker_lost') lost = true;
      else report(error, "Can't colour by reconstruction error.");
    }
  }

  function apply(colouring: Colouring): void {
    request++;
    clearTimeout(errorTimer);
    errorTimer = undefined;
    store.colour.value = colouring;
    if (colouring.kind === 'none') {
      show(colourNone());
    } else if (colouring.kind === 'column') {
      void showColumn(colouring.column);
    } else {
      const map = store.map.peek();
      const known = map ? store.bulk.maps.get(map.map)?.error : null;
      if (known && known.length > 0) showErrorNow();
      else void readError();
    }
  }

  /* Another table, or another label column while nobody has chosen: back to what suits it. */
  const stopTable = effect(() => {
    const table = store.table.value;
    const id = table?.info.table ?? null;
    untracked(() => {
      const fresh = id !== shownTable;
      if (fresh) {
        shownTable = id;
        chosen = false;
        cache = null;
      }
      if (chosen) return;
      const next: Colouring = table ? defaultColouring(table) : { kind: 'none' };
      const now = store.colour.peek();
      const same =
        now.kind === next.kind &&
        (now.kind !== 'column' || next.kind !== 'column' || now.column === next.column);
      if (fresh || !same) apply(next);
    });
  });

  const stopFrames = effect(() => {
    const version = store.map.value?.version;
    if (version === undefined || store.colour.value.kind !== 'error') return;
    if (errorTimer !== undefined) return;
    const wait = errorShown + ERROR_INTERVAL - performance.now();
    if (wait <= 0) untracked(showErrorNow);
    else errorTimer = setTimeout(showErrorNow, wait);
  });

  const stopReady = effect(() => {
    if (!store.ready.value || !lost) return;
    lost = false;
    untracked(() => apply(store.colour.peek()));
  });

  function refreshFlags(): void {
    store.bulk.flags = rowFlags(store.bulk.colours, store.bulk.heldout, store.highlight.peek());
    store.colours.value++;
  }

  return {
    setColour(colouring) {
      chosen = true;
      apply(colouring);
    },
    toggleHighlight(entry) {
      batch(() => {
        store.highlight.value = store.highlight.peek() === entry ? null : entry;
        refreshFlags();
      });
    },
    refreshFlags,
    dispose() {
      request++;
      clearTimeout(errorTimer);
      stopTable();
      stopReady();
      stopFrames();
    },
  };
}
