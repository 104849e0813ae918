/** What trainings are for, and the writing down of what came of them before the history's room is there. */

import type { FitSpec, Id, RateChange, RowBits, RunResult } from '../protocol/messages.ts';
import type { Recorder } from './history-actions.ts';
import type { Room } from './room.ts';
import type { Maker, Measured, RunKind } from './store.ts';

/** What a training is for, beside its fit. */
export interface Deed {
  kind: RunKind;
  title: string; // "Retraining on digit 8"; of a plain training empty
  maker: Maker | null; // of the selection
  selected: RowBits | null;
  rows: number; // selected; of a plain training: all
  focus: number | null;
  before: Measured | null;
  retry: (() => Promise<void>) | null; // what trying again does after a failure; null: trains on
  lengthens: boolean; // goes on by itself from a plain training: no state of its own
  /** How the worker's account of it is told, where what it does again had ended in another way. */
  retell?: (result: RunResult) => RunResult;
}

/** A plain training. */
export function plain(rows: number, lengthens = false): Deed {
  return {
    kind: 'train',
    title: '',
    maker: null,
    selected: null,
    rows,
    focus: null,
    before: null,
    retry: null,
    lengthens,
  };
}

/** A training that has ended and counts. */
export interface Ended {
  model: Id;
  fit: FitSpec;
  deed: Deed;
  result: RunResult;
  rates: RateChange[]; // the learning rates that it was given on the way
  rated: boolean; // it is not known when it was given one
  done: number; // batches, as last reported
}

/** What of the history a training needs. */
export type Scribe = Pick<Recorder, 'reset' | 'retable' | 'begin' | 'record' | 'cutOff' | 'doubt'>;

/**
 * The history, to be called before its room is there: nothing is in it by then. What a training came to waits for the
 * room; where the host has lost that, which `roomMissing` tells, the model goes on as from a state that can't be made again.
 */
export function scribeAhead(acts: () => Room<{ recorder: Recorder }>): Scribe {
  let missed = false; // a training has moved the model, and nobody could write it down
  const now = (): Recorder | undefined => acts().content.peek()?.recorder;
  async function entered(): Promise<Recorder | null> {
    const recorder =
      now() ??
      (
        await acts()
          .enter()
          .catch(() => null)
      )?.recorder ??
      null;
    missed ||= recorder === null;
    return recorder;
  }
  return {
    reset() {
      missed = false;
      now()?.reset();
    },
    retable: (from, to) => now()?.retable(from, to),
    async begin() {
      const recorder = now();
      if (!recorder) return;
      if (missed) await recorder.cutOff('train', true);
      missed = false;
      await recorder.begin();
    },
    record: async (ended) => (await entered())?.record(ended) ?? null,
    cutOff: async (kind, moved) => (await entered())?.cutOff(kind, moved),
    doubt: () => void entered().then((recorder) => recorder?.doubt()),
  };
}
