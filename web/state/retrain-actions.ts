/**
 * Retraining on a selection, training without one or on nothing else, going back to an earlier state of the model,
 * and taking rows along as a file.
 */

export interface ExportOptions {
  /** The selected rows only. */
  only: boolean;
  /** Text that a spreadsheet would run as a formula gets an apostrophe. */
  protect: boolean;
}

export interface RetrainActions {
  /** Share of the loss that the next retrain gives the selection; below its natural share it is that. */
  setFocus(focus: number): void;
  /** Takes what was typed; false, with a sentence in `store.retrain.errors`, when it can't be used. */
  setRetrainField(name: 'epochs' | 'learning_rate', text: string): boolean;
  /** Trains on from the present weights with the selection in focus. Nothing happens where `refusalNow` says why. */
  retrain(): Promise<void>;
  /** Trains on without the selected rows. */
  exclude(): Promise<void>;
  /** Trains a new model on the selected rows only; the map stays turned as it was as far as it can. */
  trainFromScratch(): Promise<void>;
  /** Brings the model back to a node of the history, bit for bit. */
  returnTo(node: number): Promise<void>;
  setTrails(on: boolean): void;
  /** Saves rows, positions and errors as a CSV file. */
  exportRows(options: ExportOptions): Promise<void>;
}
