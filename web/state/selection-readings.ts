/**
 * What the page asks the worker about sets of rows without being told to: the summary of the selection, and which
 * rows are held out. Both follow the store; late answers are dropped, and what a lost worker left unanswered is
 * asked again of the next one.
 */

import { effect, untracked } from '@preact/signals';
import type { FitSpec, Id, RowBits } from '../protocol/messages.ts';
import { failureOf, type ViewEngine } from './engine-port.ts';
import { emptyBits, sameBits } from './selection.ts';
import type { Store } from './store.ts';
import { labelColumn } from './summary.ts';

/** Time without a change of the selection after which its summary is asked for, in ms. */
export const SUMMARY_DELAY = 150;

/** A question that is put again and again; only the last answer counts. */
interface Reading {
  /** Asks in `delay` ms, unless asked again or dropped before. */
  ask(delay: number): void;
  /** Drops what is under way. */
  drop(): void;
  dispose(): void;
}

function createReading<T>(
  store: Store,
  request: () => Promise<T> | null,
  take: (answer: T) => void,
  report: (error: unknown) => void,
): Reading {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let mine = 0;
  let lost = false;

  async function read(): Promise<void> {
    const number = ++mine;
    try {
      const answer = await request();
      if (number === mine && answer !== null) take(answer);
    } catch (error) {
      if (number !== mine) return;
      const { code } = failureOf(error);
      if (code === 'worker_lost') lost = true;
      else if (code !== 'not_found' && code !== 'busy' && code !== 'cancelled') report(error);
    }
  }

  function drop(): void {
    mine++;
    lost = false;
    clearTimeout(timer);
  }

  function ask(delay: number): void {
    drop();
    timer = setTimeout(() => void read(), delay);
  }

  const stopReady = effect(() => {
    if (store.ready.value && lost) untracked(() => ask(0));
  });

  return {
    ask,
    drop,
    dispose() {
      drop();
      stopReady();
    },
  };
}

/** Keeps `store.summary` that of the selection. Returns what ends it. */
function followSummary(store: Store, engine: ViewEngine, report: (error: unknown, doing: string) => void) {
  const reading = createReading(
    store,
    () => {
      const table = store.table.peek();
      const rows = store.bulk.selected;
      if (!table || !rows) return null;
      const label = labelColumn(table);
      const column = label < 0 ? null : label;
      return engine.request({ type: 'read', what: 'summary', table: table.info.table, rows, column });
    },
    (summary) => {
      store.summary.value = summary;
    },
    (error) => report(error, 'Can’t compare the selected rows with the rest.'),
  );
  let shown: Id | null = null;
  const stop = effect(() => {
    const { count } = store.selection.value;
    const table = store.table.value;
    untracked(() => {
      const id = table?.info.table ?? null;
      const wanted = count >= 2 && table?.features;
      /* What is shown stays until the next answer: no blank in between while a selection grows. */
      if (!wanted || id !== shown) store.summary.value = null;
      shown = id;
      if (wanted) reading.ask(SUMMARY_DELAY);
      else reading.drop();
    });
  });
  return () => {
    stop();
    reading.dispose();
  };
}

/** Keeps `bulk.heldout` that of the model on screen. Returns what ends it. */
function followHeldout(
  store: Store,
  engine: ViewEngine,
  refreshFlags: () => void,
  report: (error: unknown, doing: string) => void,
) {
  function put(bits: RowBits | null): void {
    if (sameBits(bits, store.bulk.heldout)) return;
    store.bulk.heldout = bits;
    refreshFlags();
  }

  const reading = createReading(
    store,
    () => {
      const model = store.model.peek();
      if (!model) return null;
      const { model: id } = model.info;
      return engine.request({ type: 'read', what: 'heldout', model: id, heldout: model.fit.heldout });
    },
    (bits) => {
      const rows = store.table.peek()?.info.rows ?? 0;
      if (bits.length === emptyBits(rows).length) put(bits);
    },
    (error) => report(error, 'Can’t tell which rows are held out.'),
  );
  let asked: { model: Id; table: Id; fit: FitSpec } | null = null;
  const stop = effect(() => {
    const model = store.model.value;
    untracked(() => {
      const last = asked;
      asked = model && { model: model.info.model, table: model.info.table, fit: model.fit };
      if (last?.table !== asked?.table) put(null);
      if (!asked || asked.fit.heldout === 0) {
        reading.drop();
        put(null);
      } else if (
        last?.model !== asked.model ||
        last.table !== asked.table ||
        last.fit.heldout !== asked.fit.heldout ||
        last.fit.table !== asked.fit.table
      ) {
        /* A fit that moves the model to other rows is sent first. */
        reading.ask(0);
      }
    });
  });
  return () => {
    stop();
    reading.dispose();
  };
}

/** Follows the selection and the model on screen. Returns what ends it. */
export function followRows(
  store: Store,
  engine: ViewEngine,
  refreshFlags: () => void,
  report: (error: unknown, doing: string) => void,
): () => void {
  const stops = [followSummary(store, engine, report), followHeldout(store, engine, refreshFlags, report)];
  return () => {
    for (const stop of stops) stop();
  };
}
