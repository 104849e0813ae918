/**
 * Writes what the map is coloured by: the colour bytes, the palette, the flags and the legend.
 *
 * Column values come from the worker once for each choice. Errors and positions come with the frames; rows are
 * coloured by them anew at most four times a second, and only while they are what the map shows. Change and drift
 * need the map from before a retrain: without it, the default colours take their place.
 */

import { batch, effect, untracked } from '@preact/signals';
import type { ColumnValues, Id } from '../protocol/messages.ts';
import {
  type Coloured,
  colourClasses,
  colouringName,
  colourNone,
  comparison,
  defaultColouring,
  rowFlags,
  sameColouring,
} from './colouring.ts';
import { failureOf, type ViewEngine } from './engine-port.ts';
import { createRoom } from './room.ts';
import type { Colouring, Store } from './store.ts';
import type { Undo } from './undo.ts';

export interface ColourActions {
  /** Colours the map by a column, by error, by what a retrain changed, or not at all: one step. */
  setColour(colouring: Colouring): void;
  /** Takes note that `bulk.before` has changed. */
  refreshColours(): void;
  /** Takes note that sets of rows in `bulk` (held out, selected, only) or the hidden entries have changed. */
  refreshFlags(): void;
}

export interface ColourControl extends ColourActions {
  dispose(): void;
}

/** Colours by numbers. */
export const numberColours = createRoom(() => import('./number-colouring.ts'));

/** Least time between two colourings by what the frames bring, in ms. */
const LIVE_INTERVAL = 250;
const NONE: ReadonlySet<number> = new Set();

type ByNumber = typeof import('./number-colouring.ts');
type Live = Extract<Colouring, { kind: 'error' | 'change' | 'drift' }>;

function isLive(colouring: Colouring): colouring is Live {
  return colouring.kind !== 'none' && colouring.kind !== 'column';
}

export function createColourActions(
  store: Store,
  engine: ViewEngine,
  report: (error: unknown, doing: string) => void,
  undo: Pick<Undo, 'push'>,
): ColourControl {
  let request = 0; // raised with every choice: an answer to an earlier one is dropped
  let chosen = false; // the person chose; a label column found later doesn't change that
  let shownTable: Id | null | undefined; // undefined: nothing shown yet
  let lost = false; // the worker went away under a request: asked again when the next one is ready
  let liveTimer: ReturnType<typeof setTimeout> | undefined;
  let liveShown = Number.NEGATIVE_INFINITY;
  let cache: { table: Id; column: number; values: ColumnValues } | null = null;

  function show({ index, palette, legend }: Coloured): void {
    const { bulk } = store;
    batch(() => {
      bulk.colours = index;
      bulk.palette = palette;
      store.legend.value = legend;
      refreshFlags();
    });
  }

  function refreshFlags(): void {
    const { bulk } = store;
    const shown = store.hidden.peek();
    const { kind } = store.colour.peek();
    const { flags, hidden, selected } = rowFlags({
      rows: store.map.peek()?.rows ?? store.table.peek()?.info.rows ?? 0,
      index: bulk.colours,
      heldout: bulk.heldout,
      selected: bulk.selected,
      /* What a retrain did to the rest is what these colours are for. */
      dims: kind !== 'change' && kind !== 'drift',
      entries: shown.entries,
      only: bulk.only,
    });
    batch(() => {
      bulk.flags = flags;
      if (hidden !== shown.rows || selected !== shown.selected) {
        store.hidden.value = { ...shown, rows: hidden, selected };
      }
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
      const { values } = cache;
      const coloured =
        colourClasses(info, values) ?? (await numberColours.enter()).colourColumn(info, values);
      if (mine !== request) return;
      const { legend } = coloured;
      show({ ...coloured, legend: legend.kind === 'none' ? legend : { ...legend, column } });
    } catch (error) {
      if (mine !== request) return;
      if (failureOf(error).code === 'worker_lost') {
        lost = true;
        return;
      }
      batch(() => {
        store.colour.value = { kind: 'none' };
        setEntries(NONE);
        show(colourNone());
      });
      report(error, `Can't colour by ${info.name}.`);
    }
  }

  /* ---- what the frames bring ---------------------------------------------------------------------------- */

  /** Whether there is what these colours compare with. */
  function available(colouring: Colouring): boolean {
    if (colouring.kind !== 'change' && colouring.kind !== 'drift') return true;
    const before = comparison(store.bulk.before, store.map.peek());
    return (colouring.kind === 'change' ? before.error : before.positions) !== null;
  }

  /** Colours by an error of each row and the map; null when what these colours compare with is gone. */
  function colourLive(by: ByNumber, kind: Live['kind'], error: Float32Array | null): Coloured | null {
    const map = store.map.peek();
    const before = comparison(store.bulk.before, map);
    if (kind === 'drift') {
      const now = map ? store.bulk.maps.get(map.map)?.positions : null;
      return before.positions && now ? by.colourDrift(before.positions, now) : null;
    }
    if (!error) return null;
    if (kind === 'error') return by.colourError(error);
    return before.error ? by.colourChange(before.error, error) : null;
  }

  /** The errors that the last frame brought, if it did. */
  function errorOfFrame(): Float32Array | null {
    const map = store.map.peek();
    const error = map ? store.bulk.maps.get(map.map)?.error : null;
    return error && error.length > 0 ? error : null;
  }

  function showLive(): void {
    clearTimeout(liveTimer);
    liveTimer = undefined;
    const colouring = store.colour.peek();
    if (!isLive(colouring)) return;
    if (!available(colouring)) {
      apply(colouring);
      return;
    }
    const by = numberColours.content.peek();
    if (!by) {
      /* That the host has lost it is told by `roomMissing`. */
      numberColours.enter().then(showLive, () => undefined);
      return;
    }
    const coloured = colourLive(by, colouring.kind, errorOfFrame());
    if (!coloured) return;
    liveShown = performance.now();
    show(coloured);
  }

  /** Errors that no frame has brought: asks for them once. */
  async function readError(kind: Live['kind']): Promise<void> {
    const model = store.model.peek();
    if (!model) return show(colourNone());
    const mine = request;
    try {
      const error = await engine.request({ type: 'read', what: 'error', model: model.info.model });
      if (mine !== request) return;
      show(colourLive(await numberColours.enter(), kind, error) ?? colourNone());
    } catch (error) {
      if (mine !== request) return;
      if (failureOf(error).code === 'worker_lost') lost = true;
      else report(error, "Can't colour by reconstruction error.");
    }
  }

  /* ---- choosing ----------------------------------------------------------------------------------------- */

  /** `entries`: those hidden with these colours; what was hidden with other colours is shown again. */
  function apply(wanted: Colouring, entries = NONE): void {
    const table = store.table.peek();
    const offered = available(wanted);
    const colouring = offered ? wanted : table ? defaultColouring(table) : { kind: 'none' as const };
    if (!offered) chosen = false;
    request++;
    clearTimeout(liveTimer);
    liveTimer = undefined;
    batch(() => {
      store.colour.value = colouring;
      setEntries(offered ? entries : NONE);
      if (colouring.kind === 'none') show(colourNone());
      else if (colouring.kind === 'column') void showColumn(colouring.column);
      else if (colouring.kind === 'drift' || errorOfFrame()) showLive();
      else void readError(colouring.kind);
    });
  }

  function setEntries(entries: ReadonlySet<number>): void {
    const shown = store.hidden.peek();
    if (entries.size === 0 && shown.entries.size === 0) return;
    store.hidden.value = { ...shown, entries };
    /* Entries that are hidden again wait for their colours. */
    if (entries.size === 0) refreshFlags();
  }

  function setColour(colouring: Colouring): void {
    const before = { colouring: store.colour.peek(), chosen, entries: store.hidden.peek().entries };
    chosen = true;
    if (sameColouring(before.colouring, colouring)) return;
    apply(colouring);
    if (before.entries.size > 0) store.announcement.value = 'All classes are shown again, in other colours.';
    undo.push({
      label: colouringName(colouring, store.table.peek()),
      undo() {
        chosen = before.chosen;
        apply(before.colouring, before.entries);
      },
      redo() {
        chosen = true;
        apply(colouring);
      },
    });
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
      if (fresh || !sameColouring(store.colour.peek(), next)) apply(next);
    });
  });

  const stopFrames = effect(() => {
    const version = store.map.value?.version;
    if (version === undefined || !isLive(store.colour.value)) return;
    if (liveTimer !== undefined) return;
    const wait = liveShown + LIVE_INTERVAL - performance.now();
    if (wait <= 0) untracked(showLive);
    else liveTimer = setTimeout(showLive, wait);
  });

  const stopReady = effect(() => {
    if (!store.ready.value || !lost) return;
    lost = false;
    untracked(() => apply(store.colour.peek(), store.hidden.peek().entries));
  });

  return {
    setColour,
    refreshFlags,
    refreshColours() {
      const colouring = store.colour.peek();
      if (isLive(colouring)) apply(colouring, store.hidden.peek().entries);
      else store.colours.value++;
    },
    dispose() {
      request++;
      clearTimeout(liveTimer);
      stopTable();
      stopReady();
      stopFrames();
    },
  };
}
