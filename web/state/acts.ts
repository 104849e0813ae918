/**
 * The room of acts: what a person does with rows and with a trained model, and what has been done. Nothing in it is
 * needed before the first points move.
 */

import { type ChoiceActions, createChoices } from './choice-actions.ts';
import type { ViewEngine } from './engine-port.ts';
import { createFields, type FieldActions } from './field-actions.ts';
import { createRecorder, type Recorder } from './history-actions.ts';
import type { Models } from './model-actions.ts';
import type { Opener, Questions } from './open-actions.ts';
import { createRetrains, type Retrains } from './retrain-actions.ts';
import { createReturns, type Returns } from './return-actions.ts';
import type { Runner } from './run-actions.ts';
import { createSelectionActions, type SelectionActions } from './selection-actions.ts';
import type { Session } from './session-actions.ts';
import { SNAPSHOT_BUDGET, SNAPSHOT_BUDGET_SMALL, Snapshots } from './snapshots.ts';
import { createUndo, type Undo } from './undo.ts';
import type { ViewActions } from './view-actions.ts';

export interface Acts {
  choices: ChoiceActions & Questions;
  fields: FieldActions;
  undo: Undo;
  recorder: Recorder;
  selection: SelectionActions;
  retrains: Retrains;
  returns: Returns;
}

export interface ActsNeeds {
  session: Session;
  engine: ViewEngine;
  runner: Runner;
  opener: Opener;
  models: Models;
  view: Pick<ViewActions, 'refreshColours' | 'refreshFlags'>;
  /** Bytes of earlier states that are kept; null: as is usual on such a device. */
  snapshotBudget: number | null;
}

function undoOf(session: Session): Undo {
  const announce = (text: string): void => session.announce(text);
  return createUndo(
    session.store,
    announce,
    (text) => {
      announce(text);
      session.notify({ tone: 'info', text, about: 'undo' });
    },
    () => session.settle('undo', 'return'),
  );
}

export function createActs({
  session,
  engine,
  runner,
  opener,
  models,
  view,
  snapshotBudget,
}: ActsNeeds): Acts {
  const undo = undoOf(session);
  const usual = session.surroundings.small ? SNAPSHOT_BUDGET_SMALL : SNAPSHOT_BUDGET;
  const snapshots = new Snapshots(snapshotBudget ?? usual);
  const recorder = createRecorder(session, models, undo, view.refreshColours, snapshots);
  const selection = createSelectionActions(session.store, engine, {
    undo,
    announce: (text) => session.announce(text),
    notify: session.notify,
    settle: session.settle,
    report: session.report,
    refreshFlags: view.refreshFlags,
  });
  return {
    choices: createChoices(session, runner, opener),
    fields: createFields(session, runner),
    undo,
    recorder,
    selection,
    retrains: createRetrains(session, runner, recorder),
    returns: createReturns(session, runner, recorder, undo),
  };
}
