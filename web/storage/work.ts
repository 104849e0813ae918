/**
 * What a person has done, as something that can be kept and brought back: the data or how to come to it, every choice,
 * the history of the model with the snapshots of its states, and what was selected, hidden and coloured.
 */

import type { AeParams, FitSpec, Method, OpenHints, Role, RowBits, Scale } from '../protocol/messages.ts';
import type { Snapshot } from '../state/snapshots.ts';
import type {
  Camera,
  Colouring,
  HistoryNode,
  Maker,
  NamedSelection,
  RetrainForm,
  RunKind,
} from '../state/store.ts';

/** The table of a fit: the one that was saved, or another one that is gone. */
export const THIS_TABLE = 0;
export const OTHER_TABLE = -1;

/** The data themselves, or how to come to them. */
export interface WorkData {
  origin: string; // catalogue id, or 'file'
  name: string;
  rows: number;
  columns: number;
  fingerprint: string;
  size: number | null; // bytes of the file; null: a set of the catalogue
  hints: OpenHints; // how it was read
  file: Blob | null; // null: of the catalogue, or too large to be kept, so that it has to be given again
}

export interface WorkModel {
  method: Method;
  params: AeParams;
  axes: [number, number]; // that the map shows
  at: number; // node whose weights the model has; its snapshot is there
  nodes: HistoryNode[]; // by id; tables of their fits are THIS_TABLE, OTHER_TABLE or absent
  snapshots: Map<number, Snapshot>; // by node; not of all of them
}

/** A training that was under way. */
export interface UnderWay {
  kind: RunKind | 'return';
  epoch: number; // of this training, that came back with the last snapshot; 0: none of it
  epochs: number; // that it was to take
}

export interface Work {
  app: string; // version of the page
  kernels: number; // revision
  saved: number; // ms since 1970
  data: WorkData;
  roles: Role[];
  scale: Scale;
  form: { method: Method; params: AeParams; fit: FitSpec; touched: string[] } | null;
  model: WorkModel | null;
  retrain: Omit<RetrainForm, 'errors'>;
  selection: { bits: RowBits | null; maker: Maker };
  named: NamedSelection[];
  hidden: { entries: number[]; only: RowBits | null }; // entries of the palette
  colour: Colouring;
  pointSize: number; // CSS pixels
  camera: Camera | null; // null: the view goes along with the data
  underWay: UnderWay | null;
}

/** What can be said of a saved work without reading it. */
export interface Brief {
  name: string;
  rows: number;
  states: number; // of the model; 0: it was never trained
  retrains: number;
  saved: number; // ms since 1970
  bytes: number; // of all that is kept
  whole: boolean; // data and all; else the file has to be given again
}

export function briefOf(work: Work, bytes: number): Brief {
  const { name, rows, origin, file } = work.data;
  const nodes = work.model?.nodes ?? [];
  return {
    name,
    rows,
    states: nodes.length,
    retrains: nodes.filter(({ kind }) => kind !== 'train').length,
    saved: work.saved,
    bytes: bytes + (file?.size ?? 0),
    whole: origin !== 'file' || file !== null,
  };
}
