/**
 * The room of acts: what a person does with rows and with a trained model. Nothing in it is needed before the first
 * points move.
 */

import type { ViewEngine } from './engine-port.ts';
import type { Recorder } from './history-actions.ts';
import { createRetrains, type Retrains } from './retrain-actions.ts';
import { createReturns, type Returns } from './return-actions.ts';
import type { Runner } from './run-actions.ts';
import { createSelectionActions, type SelectionActions, type SelectionNeeds } from './selection-actions.ts';
import type { Session } from './session-actions.ts';

export interface Acts {
  selection: SelectionActions;
  retrains: Retrains;
  returns: Returns;
}

export interface ActsNeeds extends Pick<SelectionNeeds, 'undo' | 'refreshFlags'> {
  session: Session;
  engine: ViewEngine;
  runner: Runner;
  recorder: Recorder;
}

export function createActs({ session, engine, runner, recorder, undo, refreshFlags }: ActsNeeds): Acts {
  const selection = createSelectionActions(session.store, engine, {
    undo,
    announce: (text) => session.announce(text),
    notify: session.notify,
    settle: session.settle,
    report: session.report,
    refreshFlags,
  });
  return {
    selection,
    retrains: createRetrains(session, runner, recorder),
    returns: createReturns(session, runner, recorder, undo),
  };
}
