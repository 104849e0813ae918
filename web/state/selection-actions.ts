/**
 * Selecting rows, hiding them, and taking either back.
 *
 * The rows selected belong to the table by their ids: they stay through colours, methods, models and retrains,
 * until the person selects others or another table comes. Every change is one step of the undo list; what changes
 * nothing is none. Selecting all, inverting and criteria mean the whole table, whatever is hidden.
 */

import { batch, effect, untracked } from '@preact/signals';
import type { Criterion, Failure, Id, RowBits, RowId } from '../protocol/messages.ts';
import { addRow } from '../protocol/rows.ts';
import { MISSING_INDEX, OTHER_INDEX } from '../render/palette.ts';
import { failureOf, type ViewEngine } from './engine-port.ts';
import { createHideActions, type HideActions } from './hide-actions.ts';
import { createNamed } from './named-actions.ts';
import {
  allBits,
  bitsOfRows,
  combine,
  combineMakers,
  countBits,
  countCombined,
  countSentence,
  describeMaker,
  emptyBits,
  hasRow,
  inverseMaker,
  invert,
  runsOf,
  sameBits,
} from './selection.ts';
import { followRows } from './selection-readings.ts';
import type { Legend, Maker, Matter, Notice, SelectionOp, Store, Tool } from './store.ts';
import { rowsText } from './summary.ts';
import type { Undo } from './undo.ts';

/** What came of a wish for rows: none is like that, something else was selected meanwhile, or what went wrong. */
export type Picked = 'selected' | 'none' | 'overtaken' | Failure;

export interface SelectionActions extends HideActions {
  /** Selects rows: one step. `op`: how they and the present selection become one; default as the toolbar says. */
  selectBits(bits: RowBits, maker: Maker, op?: SelectionOp): void;
  /** Says in `store.drawing` how many rows `selectBits` would leave selected; null: nothing is being drawn. */
  previewBits(bits: RowBits | null, op?: SelectionOp): void;
  /** One row; pins nothing. Rows that aren't there are ignored. */
  selectRow(row: RowId, op?: SelectionOp): void;
  /** Adds the row, or takes it away where it is selected. */
  toggleRow(row: RowId): void;
  /**
   * Rows by what they are, found by the worker. The last wish counts: an answer is dropped once something else was
   * selected. A notice says what is wrong with it; where no row is found, the selection stays. A wish that was under
   * way when the worker went away is asked again of the next one, and answered then.
   */
  selectBy(by: Criterion, op?: SelectionOp): Promise<Picked>;
  /** The rows of a legend item, by its palette entry: a class, "other classes" or missing. Nothing for a scale. */
  selectEntry(entry: number, op?: SelectionOp): Promise<void>;
  selectAll(): void;
  invertSelection(): void;
  clearSelection(): void;
  /**
   * Keeps the selected rows under a name, cut to 60 characters; rows kept under it before give way.
   * False when there is no name or nothing is selected.
   */
  saveSelection(name: string): boolean;
  /** Selects the rows saved under a name, which is what they are called from then on. */
  useSelection(name: string, op?: SelectionOp): void;
  forgetSelection(name: string): void;
  setTool(tool: Tool): void;
  setSelectionOp(op: SelectionOp): void;
  /** Radius of the brush in CSS pixels, 4 to 200. */
  setBrushRadius(px: number): void;
  undo(): Promise<void>;
  redo(): Promise<void>;
}

export interface SelectionControl extends SelectionActions {
  /** Ends what follows the store. */
  disposeSelection(): void;
}

/** What the selection's actions need of the rest of the page. */
export interface SelectionNeeds {
  undo: Undo;
  announce(text: string): void;
  notify(notice: Omit<Notice, 'id'>): void;
  /** Takes back what was said about a matter. */
  settle(about: Matter): void;
  /** Tells a failure; `doing` comes before it, `after` behind. */
  report(error: unknown, doing: string, after?: string, about?: Matter): void;
  /** Has the flags of the rows made again. */
  refreshFlags(): void;
}

/** The rows that are selected, with what made them. */
interface Selected {
  bits: RowBits | null;
  maker: Maker;
}

const NOTHING: Selected = { bits: null, maker: { kind: 'none' } };

export function createSelectionActions(
  store: Store,
  engine: ViewEngine,
  needs: SelectionNeeds,
): SelectionControl {
  const { undo, announce } = needs;
  const hide = createHideActions(store, undo, announce, needs.refreshFlags);
  const named = createNamed(store, undo, announce);
  let wishes = 0; // raised by whatever makes an answer of the worker come too late
  /* Asked when the worker went away. */
  let lost: { by: Criterion; op: SelectionOp; answer(picked: Picked): void } | null = null;

  /** Whatever was wished for before comes too late. */
  function overtake(): number {
    lost?.answer('overtaken');
    lost = null;
    return ++wishes;
  }

  function rowCount(): number {
    return store.table.peek()?.info.rows ?? 0;
  }

  /** A set made for the table on screen. */
  function fits(bits: RowBits): boolean {
    return bits.length === emptyBits(rowCount()).length;
  }

  function present(): Selected {
    return { bits: store.bulk.selected, maker: store.selection.peek().maker };
  }

  function put({ bits, maker }: Selected): void {
    const { version } = store.selection.peek();
    batch(() => {
      store.bulk.selected = bits;
      store.selection.value = { count: countBits(bits), maker, version: version + 1 };
      needs.refreshFlags();
    });
  }

  /** Takes another selection: a step unless the rows are the same. */
  function change(bits: RowBits, maker: Maker): void {
    overtake();
    needs.settle('selection');
    const before = present();
    const count = countBits(bits);
    const next = count > 0 ? { bits, maker: rounded(maker) } : NOTHING;
    batch(() => {
      store.drawing.value = null;
      if (sameBits(before.bits, next.bits)) {
        /* The same rows by their name are no step. */
        if (next.maker.name !== undefined && next.maker.name !== before.maker.name) put(next);
        return;
      }
      put(next);
      const label = count > 0 ? `selection of ${rowsText(count)}` : 'clearing the selection';
      undo.push({ label, undo: () => put(before), redo: () => put(next), says });
    });
    announce(says());
  }

  function says(): string {
    return countSentence(store.selection.peek().count, rowCount(), store.hidden.peek().selected);
  }

  function selectBits(bits: RowBits, maker: Maker, op: SelectionOp = store.selectionOp.peek()): void {
    if (!fits(bits)) return;
    const before = present();
    const after = combine(before.bits, bits, op);
    change(after, combineMakers(before.maker, maker, op, after));
  }

  function selectRow(row: RowId, op?: SelectionOp): void {
    const rows = rowCount();
    if (!Number.isInteger(row) || row < 0 || row >= rows) return;
    selectBits(bitsOfRows([row], rows), { kind: 'rows', rows: [row, 1], clicked: true }, op);
  }

  async function selectBy(by: Criterion, op: SelectionOp = store.selectionOp.peek()): Promise<Picked> {
    const table = store.table.peek();
    if (!table) return 'overtaken';
    const mine = overtake();
    try {
      const bits = await engine.request({ type: 'select', table: table.info.table, by });
      if (mine !== wishes) return 'overtaken';
      if (countBits(bits) > 0) {
        selectBits(bits, by, op);
        return 'selected';
      }
      const words = describeMaker(by, table, table.info.rows);
      needs.notify({ tone: 'info', text: `No row found: ${words}.`, about: 'selection' });
      announce(`No row found: ${words}.`);
      return 'none';
    } catch (error) {
      if (mine !== wishes) return 'overtaken';
      const failure = failureOf(error);
      if (failure.code === 'worker_lost') {
        return new Promise((answer) => {
          lost = { by, op, answer };
        });
      }
      needs.report(error, 'These rows can’t be selected.', '', 'selection');
      return failure;
    }
  }

  async function selectEntry(entry: number, op?: SelectionOp): Promise<void> {
    const item = legendItem(store.legend.peek(), entry);
    const index = store.bulk.colours;
    const rows = rowCount();
    if (!item || index?.length !== rows) return;
    /* The colours on screen tell which rows they are: no need to ask the worker. */
    const bits = emptyBits(rows);
    for (let row = 0; row < rows; row++) if (index[row] === entry) addRow(bits, row);
    selectBits(bits, item.by ?? { kind: 'rows', rows: runsOf(bits) }, op);
  }

  function reset(): void {
    overtake();
    batch(() => {
      store.bulk.only = null;
      store.bulk.before = null;
      store.hidden.value = { entries: new Set(), only: false, rows: 0, selected: 0 };
      store.named.value = [];
      store.drawing.value = null;
      undo.clear();
      put(NOTHING);
    });
  }

  /* Row ids belong to a table: another one, also one with more rows of the same data, begins with nothing. */
  let shownTable: Id | null = null;
  const stopTable = effect(() => {
    const id = store.table.value?.info.table ?? null;
    if (id === shownTable) return;
    shownTable = id;
    untracked(reset);
  });

  const stopReady = effect(() => {
    if (!store.ready.value || !lost) return;
    const { by, op, answer } = lost;
    lost = null;
    untracked(() => void selectBy(by, op).then(answer));
  });

  const stopFollowing = followRows(store, engine, needs.refreshFlags, (error, doing) =>
    needs.report(error, doing, '', 'selection'),
  );

  return {
    ...hide,
    selectBits,
    previewBits(bits, op = store.selectionOp.peek()) {
      store.drawing.value = bits && fits(bits) ? countCombined(store.bulk.selected, bits, op) : null;
    },
    selectRow,
    toggleRow(row) {
      selectRow(row, hasRow(store.bulk.selected, row) ? 'subtract' : 'add');
    },
    selectBy,
    selectEntry,
    selectAll() {
      if (store.table.peek()) change(allBits(rowCount()), { kind: 'all' });
    },
    invertSelection() {
      const { bits, maker } = present();
      if (store.table.peek()) change(invert(bits, rowCount()), inverseMaker(maker));
    },
    clearSelection() {
      if (store.bulk.selected) change(emptyBits(rowCount()), { kind: 'none' });
    },
    saveSelection: named.save,
    forgetSelection: named.forget,
    useSelection(name, op) {
      const found = named.find(name);
      if (found) selectBits(found.bits, { ...found.maker, name: found.name }, op);
    },
    setTool(tool) {
      store.tool.value = tool;
      if (tool !== 'pan') store.shiftTool.value = tool;
      announce(`${TOOL_NAMES[tool]}.`);
    },
    setSelectionOp(op) {
      store.selectionOp.value = op;
    },
    setBrushRadius(px) {
      if (Number.isFinite(px)) store.brushRadius.value = Math.min(200, Math.max(4, px));
    },
    undo: undo.undo,
    redo: undo.redo,
    disposeSelection() {
      overtake();
      stopTable();
      stopReady();
      stopFollowing();
    },
  };
}

const TOOL_NAMES: Record<Tool, string> = { pan: 'Pan', lasso: 'Lasso', box: 'Box', brush: 'Brush' };

/** A maker whose shape has coordinates that float32 holds, as positions on the map are. */
function rounded(maker: Maker): Maker {
  return 'points' in maker ? { ...maker, points: maker.points.map(Math.fround) } : maker;
}

/** A legend item: what its rows have in common, null when it is nothing of a column. Null: there is no such item. */
function legendItem(legend: Legend, entry: number): { by: Criterion | null } | null {
  if (legend.kind === 'none') return null;
  const { column } = legend;
  const by = (classes: string[], more: { except?: true; missing?: true } = {}): { by: Criterion | null } => ({
    by: column === undefined ? null : { kind: 'class', column, classes, ...more },
  });
  if (entry === MISSING_INDEX) return legend.missing > 0 ? by([], { missing: true }) : null;
  const items = legend.kind === 'classes' ? legend.items : [];
  const item = items.find(({ colour }) => colour === entry);
  if (!item) return null;
  const named = items.filter(({ colour }) => colour !== OTHER_INDEX).map(({ name }) => name);
  return entry === OTHER_INDEX ? by(named, { except: true }) : by([item.name]);
}
