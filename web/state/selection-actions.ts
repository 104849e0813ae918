/**
 * Selecting rows, hiding them, and taking either back.
 *
 * The rows selected belong to the table by their ids: they stay through colours, methods, models and retrains,
 * until the person selects others or another table comes. Every change is one step of the undo list; what changes
 * nothing is none. Selecting all, inverting and criteria mean the whole table, whatever is hidden.
 */

import type { Criterion, RowBits, RowId } from '../protocol/messages.ts';
import type { Maker, SelectionOp, Tool } from './store.ts';

/** Characters of a saved selection's name. */
export const NAME_LENGTH = 60;

export interface SelectionActions {
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
   * selected. A notice says what is wrong with it; where no row is found, the selection stays.
   */
  selectBy(by: Criterion, op?: SelectionOp): Promise<void>;
  /** The rows of a legend item, by its palette entry: a class, "other classes" or missing. Nothing for a scale. */
  selectEntry(entry: number, op?: SelectionOp): Promise<void>;
  selectAll(): void;
  invertSelection(): void;
  clearSelection(): void;
  /** Shows the selected rows alone. */
  keepOnly(): void;
  /** Shows every row: takes back `keepOnly` and opens every eye. */
  showAllRows(): void;
  /** Opens or shuts the eye of a legend item. */
  toggleEntry(entry: number): void;
  /** Shows one legend item alone; the same again shows all of them. */
  isolateEntry(entry: number): void;
  /**
   * Keeps the selected rows under a name, trimmed to `NAME_LENGTH` characters; rows kept under it before give way.
   * False when there is no name or nothing is selected.
   */
  saveSelection(name: string): boolean;
  useSelection(name: string, op?: SelectionOp): void;
  forgetSelection(name: string): void;
  setTool(tool: Tool): void;
  setSelectionOp(op: SelectionOp): void;
  /** Radius of the brush in CSS pixels, 4 to 200. */
  setBrushRadius(px: number): void;
  undo(): Promise<void>;
  redo(): Promise<void>;
}
