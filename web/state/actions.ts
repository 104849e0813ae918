/**
 * Everything the page can do, in one object: the only code that assigns to the store's signals, with
 * view-actions.ts. The session's part is made of opening, training and the demonstration, each in its own file;
 * this one joins them, and keeps what concerns the page as a whole.
 */

import { batch, effect, untracked } from '@preact/signals';
import type { Failure, Id, Ready, SnapshotEvent } from '../protocol/messages.ts';
import { isSessionName } from '../storage/session-name.ts';
import type { Acts, ActsNeeds } from './acts.ts';
import { fetchCatalog } from './catalog.ts';
import type { ChoiceActions } from './choice-actions.ts';
import { scribeAhead } from './deeds.ts';
import { createDemonstration, type Demonstration } from './demonstration-actions.ts';
import type { FieldActions } from './field-actions.ts';
import type { Recorder } from './history-actions.ts';
import type { Address, Links } from './link-actions.ts';
import { createModels, type Models } from './model-actions.ts';
import { createOpener, type OpenActions, type Opener, type Questions } from './open-actions.ts';
import {
  DEFAULT_PREFERENCES,
  type PreferenceStorage,
  type Preferences,
  storedPreferences,
  writePreferences,
} from './preferences.ts';
import type { RetrainActions } from './retrain-actions.ts';
import type { ReturnActions } from './return-actions.ts';
import { ahead, createRoom, type Room, within } from './room.ts';
import { createRunner, type RunActions, type Runner } from './run-actions.ts';
import type { Saves } from './save-actions.ts';
import type { SelectionActions } from './selection-actions.ts';
import { createSession, type Session, type SessionEngine, type Surroundings } from './session-actions.ts';
import type { Notice, OfflineWish, Store, Theme } from './store.ts';
import type { Undo } from './undo.ts';
import { createViewActions, type ViewActions } from './view-actions.ts';

export interface SessionActions extends OpenActions, RunActions {
  /** Reads preferences and catalogue, and starts the demonstration once the kernels are ready. */
  start(): Promise<void>;
  /** What is done with rows and with a trained model: fetched after the first frames, or when it is first done. */
  readonly acts: Room<Acts>;
  /** What is kept from visit to visit; null where nothing is. */
  readonly saves: Room<Saves> | null;
  /** Gives up what is being opened. What was loaded stays. */
  cancel(): void;
  /** Trains, pauses or resumes, whichever makes sense now. */
  toggle(): void;
  /** Shows a message that waits until it is dismissed; returns its number. */
  notify(notice: Omit<Notice, 'id'>): number;
  dismiss(notice: number): void;
  announce(text: string): void;
  setTheme(theme: Theme): void;
  setLogLoss(log: boolean): void;
  setShortcuts(on: boolean): void;
  setOffline(wish: OfflineWish): void;
  copyDetails(details: string): Promise<void>;
  onReady(ready: Ready): void;
  onSnapshot(snapshot: SnapshotEvent): void;
  /** The worker can't start, or was lost; `rebuilt`: another has everything again; `retry`: trying makes sense. */
  onLost(failure: Failure, rebuilt: boolean, retry: boolean): void;
}

/** What those need who put a whole work on screen and take it down. */
export interface Desk {
  session: Session;
  opener: Opener;
  runner: Runner;
  models: Models;
  recorder: Recorder;
  undo: Undo;
  view: ViewActions;
  selection: SelectionActions;
  questions: Questions;
  /** Whether work is kept on this device, as was chosen last in any tab. */
  keeps(): boolean;
  setKeeps(on: boolean): void;
}

export type Actions = SessionActions &
  ChoiceActions &
  FieldActions &
  ViewActions &
  SelectionActions &
  RetrainActions &
  ReturnActions &
  Pick<Opener, 'openAs'> &
  Pick<Links, 'openLink' | 'shareLink' | 'copyLink'>;

export interface ActionOptions {
  surroundings: Surroundings;
  storage: PreferenceStorage | null;
  /** Makes the theme visible on the document. */
  applyTheme(theme: Theme): void;
  /** Where the page is; default: nowhere, and a link is what follows "#" alone. */
  address?: Address;
  /** Bytes of earlier states that are kept; default as snapshots.ts says. */
  snapshotBudget?: number;
  /**
   * Opens what the page was called for, a link or a figure's data, once the kernels are ready and the catalogue is
   * there. False: nothing was asked for, and the demonstration runs.
   */
  arrive?(): Promise<boolean>;
  /** The acts, where they are there from the start; default: they are fetched. */
  acts?(needs: ActsNeeds): Acts;
  /** Keeps work from visit to visit; absent: nothing is kept. */
  saves?(desk: Desk): Promise<Saves>;
}

/** Takes back what was said of a table that is gone, and why a step could not be undone then. For the page's life. */
function withdrawNotices(store: Store, session: Session): void {
  let shown: Id | null = null;
  effect(() => {
    const table = store.table.value?.info.table ?? null;
    untracked(() => {
      if (shown !== null && table !== shown) session.settleAll();
      shown = table;
    });
  });
  effect(() => {
    const rests = !('job' in store.phase.value);
    untracked(() => {
      if (rests) session.settle('undo');
    });
  });
}

/** The selection's actions, to be called before their room is there. Nothing is saved or undone in it by then. */
function selectionAhead(acts: Room<Acts>): SelectionActions {
  const walk = ahead(acts, ({ undo }) => undo, ['undo', 'redo']);
  return {
    ...ahead(acts, ({ selection }) => selection, [
      'keepOnly',
      'showAllRows',
      'toggleEntry',
      'isolateEntry',
      'selectBits',
      'previewBits',
      'selectRow',
      'toggleRow',
      'selectBy',
      'selectEntry',
      'selectAll',
      'invertSelection',
      'clearSelection',
      'useSelection',
      'forgetSelection',
      'setTool',
      'setSelectionOp',
      'setBrushRadius',
    ]),
    saveSelection: (name) => acts.content.peek()?.selection.saveSelection(name) ?? false,
    undo: async () => walk.undo(),
    redo: async () => walk.redo(),
  };
}

export function createActions(store: Store, engine: SessionEngine, options: ActionOptions): Actions {
  const { storage, surroundings } = options;
  const session = createSession(store, engine, surroundings);
  withdrawNotices(store, session);
  const view = createViewActions(store, engine, {
    push: (entry) => void within(acts, ({ undo }) => undo.push(entry)),
  });
  const models = createModels(session);
  const scribe = scribeAhead(() => acts);
  const runner = createRunner(session, models, scribe, (node) => {
    /* What a model begins with is nothing to be undone. */
    if (node.parent !== null) void within(acts, ({ returns }) => returns.remember(node));
  });
  const opener = createOpener(session, runner, () => demonstration.end(), {
    ask: (source) => void within(acts, ({ choices }) => choices.ask(source)),
    forget: () => acts.content.peek()?.choices.forget(),
  });
  const { snapshotBudget = null } = options;
  const needs: ActsNeeds = { session, engine, runner, opener, models, view, snapshotBudget };
  const acts: Room<Acts> = createRoom(
    async () => (await import('./acts.ts')).createActs(needs),
    options.acts?.(needs) ?? null,
  );
  const selection = selectionAhead(acts);
  const demonstration: Demonstration = createDemonstration(session, opener, runner);
  /* A file of its own: only who shares, or was sent a link, waits for it. */
  const room = createRoom(async () => {
    const [{ createLinks }, { retrains, selection, recorder }] = await Promise.all([
      import('./link-actions.ts'),
      acts.enter(),
    ]);
    const address = options.address ?? { page: () => '', write: () => undefined };
    return createLinks({ session, opener, runner, recorder, retrains, view, selection, address });
  });
  let preferences: Preferences = DEFAULT_PREFERENCES;
  let down = false; // the engine waits for a restart
  let waiting: ((ready: Ready) => void) | null = null;

  /** What was chosen last, in whichever tab. */
  function remembered(): Preferences {
    preferences = storedPreferences(storage) ?? preferences;
    return preferences;
  }

  function remember(change: Partial<Preferences>): void {
    preferences = { ...remembered(), ...change };
    writePreferences(storage, preferences);
  }

  /** An action of the person: what runs by itself gives way. */
  function takingOver<A extends unknown[], R>(action: (...args: A) => R): (...args: A) => R {
    return (...args) => {
      if (store.firstVisit.peek()) demonstration.end();
      return action(...args);
    };
  }

  function whenReady(): Promise<Ready> {
    const ready = store.ready.peek();
    return ready
      ? Promise.resolve(ready)
      : new Promise((resolve) => {
          waiting = resolve;
        });
  }

  const train = takingOver(runner.train);
  const choices = ahead(acts, (room) => room.choices, ['setRole', 'setScale']);
  const trainings = ahead(acts, ({ retrains }) => retrains, ['retrain', 'exclude', 'trainFromScratch']);
  const { saves: makeSaves } = options;
  const desk = ({ recorder, undo, selection, choices: questions }: Acts): Desk => ({
    session,
    opener,
    runner,
    models,
    recorder,
    undo,
    view,
    selection,
    questions,
    keeps: () => remembered().keep,
    setKeeps: (keep) => remember({ keep }),
  });
  const saves = makeSaves ? createRoom(() => acts.enter().then((there) => makeSaves(desk(there)))) : null;

  /** Saved work, and a file that some of it or a link waits for, are brought back; anything else is opened. */
  async function open(source: File | string): Promise<void> {
    if (typeof source === 'string') return opener.open(source);
    const enter = isSessionName(source.name);
    const works = enter ? await saves?.enter().catch(() => null) : saves?.content.peek();
    if (works?.takes(source)) return;
    const links = room.content.peek();
    if (!(links && (await links.take(source)))) await opener.open(source);
  }

  return {
    ...view,
    ...selection,
    ...ahead(acts, ({ retrains }) => retrains, ['setFocus', 'exportRows']),
    setRetrainField: (name, text) => acts.content.peek()?.retrains.setRetrainField(name, text) ?? false,
    open,
    saves,
    acts,
    openLink: (address, ask) =>
      room.enter().then(
        (links) => links.openLink(address, ask),
        () => false, // that the host has lost it is told by `roomMissing`
      ),
    shareLink: async () => (await room.enter()).shareLink(),
    copyLink: async (share) => (await room.enter()).copyLink(share),
    openAs: opener.openAs,
    setRole: takingOver(async (columns, role) => choices.setRole(columns, role)),
    setScale: takingOver(async (scale) => choices.setScale(scale)),
    refuse: opener.refuse,
    train,
    startAgain: takingOver(runner.startAgain),
    step: takingOver(runner.step),
    pause: runner.pause,
    resume: runner.resume,
    stop: takingOver(runner.stop),
    retry: takingOver(async () => {
      if (!down) {
        await runner.retry();
        return;
      }
      down = false;
      store.phase.value = store.tables.peek().size > 0 ? runner.restingPhase() : { kind: 'starting' };
      engine.restart();
      await acts.content.peek()?.recorder.settle().catch(session.report);
    }),
    retrain: takingOver(trainings.retrain),
    exclude: takingOver(trainings.exclude),
    trainFromScratch: takingOver(trainings.trainFromScratch),
    returnTo: takingOver(ahead(acts, ({ returns }) => returns, ['returnTo']).returnTo),
    ...ahead(acts, ({ fields }) => fields, ['tryLearningRate']),
    setField: (name, text) => acts.content.peek()?.fields.setField(name, text) ?? false,
    resetFields: runner.resetFields,
    onProgress: runner.onProgress,
    onFrame: runner.onFrame,
    notify: session.notify,
    dismiss: session.dismiss,
    announce: (text) => session.announce(text),
    cancel() {
      if (!opener.cancelOpening() && store.firstVisit.peek()) {
        demonstration.end();
        store.phase.value = runner.restingPhase();
      }
    },
    toggle() {
      const { kind } = store.phase.peek();
      if (kind === 'running') void runner.pause();
      else if (kind === 'paused') void runner.resume();
      else if (kind === 'ready' || kind === 'finished' || kind === 'failed') void train();
    },
    setPointSize(px) {
      view.setPointSize(px);
      remember({ pointSize: store.pointSize.peek() });
    },
    setTool(tool) {
      void within(acts, (room) => {
        room.selection.setTool(tool);
        remember({ shiftTool: store.shiftTool.peek() });
      });
    },
    setBrushRadius(px) {
      void within(acts, (room) => {
        room.selection.setBrushRadius(px);
        remember({ brushRadius: store.brushRadius.peek() });
      });
    },
    setTrails(on) {
      store.trails.value = on;
      remember({ trails: on });
    },
    setTheme(theme) {
      store.theme.value = theme;
      options.applyTheme(theme);
      remember({ theme });
    },
    setLogLoss(logLoss) {
      store.logLoss.value = logLoss;
      remember({ logLoss });
    },
    setShortcuts(shortcuts) {
      store.shortcuts.value = shortcuts;
      remember({ shortcuts });
    },
    setOffline(offline) {
      store.keepOffline.value = offline;
      remember({ offline });
    },
    async copyDetails(details) {
      try {
        await surroundings.copy(details);
        session.announce('The details were copied.');
        session.notify({ tone: 'info', text: 'The details were copied.', about: 'details' });
      } catch {
        session.notify({
          tone: 'info',
          text: `The browser does not let the page copy. The details are: ${details}`,
          about: 'details',
        });
      }
    },
    async start() {
      remembered();
      batch(() => {
        store.theme.value = preferences.theme;
        store.logLoss.value = preferences.logLoss;
        store.shortcuts.value = preferences.shortcuts;
        store.shiftTool.value = preferences.shiftTool;
        store.brushRadius.value = preferences.brushRadius;
        store.trails.value = preferences.trails;
        store.keepOffline.value = preferences.offline;
        if (preferences.pointSize !== null) view.setPointSize(preferences.pointSize);
      });
      options.applyTheme(preferences.theme);
      const catalog = fetchCatalog(surroundings.fetch, 'data/catalog.json').catch((error: unknown) => {
        session.report(error);
        return [];
      });
      await whenReady();
      store.catalog.value = await catalog;
      /* A file may have been dropped meanwhile. */
      if (store.phase.peek().kind !== 'starting') return;
      if (!(await options.arrive?.())) await demonstration.start();
      /* What it was called for could not be opened, or is still to come. */ else if (
        store.phase.peek().kind === 'starting'
      )
        store.phase.value = { kind: 'empty' };
    },
    onSnapshot: (snapshot) => saves?.content.peek()?.onSnapshot(snapshot),
    onReady(ready) {
      store.ready.value = ready;
      waiting?.(ready);
      waiting = null;
    },
    onLost(failure, rebuilt, retry) {
      down = !rebuilt;
      session.tell(failure, '', rebuilt ? 'The data and the last state of the model are back.' : '');
      /* What ran has told by now that it failed; what was begun since waits for the new worker. */
      if (!rebuilt || store.phase.peek().kind === 'failed')
        store.phase.value = { kind: 'failed', failure, retry };
    },
  };
}
