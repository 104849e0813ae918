/** What a person chooses about the columns, and the questions that come before what would cost a training or states of a model. */

import { effect, untracked } from '@preact/signals';
import type { FeatureInfo, Id, Role, Scale } from '../protocol/messages.ts';
import type { Opener, Questions } from './open-actions.ts';
import type { Runner } from './run-actions.ts';
import type { Session } from './session-actions.ts';
import type { CatalogEntry, Phase, TableState } from './store.ts';

export interface ChoiceActions {
  /**
   * Uses columns for something else. Prepares the numbers again; a trained model starts again. Asks first when states of
   * a model that was retrained would be lost.
   */
  setRole(columns: number | readonly number[], role: Role): Promise<void>;
  setScale(scale: Scale): Promise<void>;
}

type Chosen = Pick<TableState, 'roles' | 'scale'>;

/** What is chosen about the columns, beside what has been chosen before. */
type Choice = (table: Chosen) => Chosen;

export function createChoices(session: Session, run: Runner, opener: Opener): ChoiceActions & Questions {
  const { store, engine } = session;
  let forget: (() => void) | null = null; // takes back the question whether to open something else
  let unsettle: (() => void) | null = null; // takes back the question whether to make a new model

  /**
   * Asks whether to open something while a model trains. The question follows the training: once that has ended
   * there is nothing left to ask, and what was wanted opens; that it is being stopped is waited for.
   */
  function ask(source: File | CatalogEntry | string, go?: () => void): void {
    const title = source instanceof Blob ? source.name || 'the pasted data' : null;
    const name = typeof source === 'string' ? source : (title ?? (source as CatalogEntry).title);
    forget?.();
    let shown: number | null = null;
    let said = '';
    let stop: (() => void) | null = null;
    const close = (): void => {
      stop?.();
      if (forget === close) forget = null;
      if (shown !== null) session.dismiss(shown);
      shown = null;
    };
    const openIt = (): void => {
      close();
      if (go) go();
      else if (typeof source !== 'string') void opener.openNow(source);
    };
    const say = (phase: Phase & { job: Id }): void => {
      const stopping = phase.kind === 'running' && phase.stopping;
      const text = stopping
        ? `Training is stopping. ${name} opens then.`
        : `${phase.kind === 'paused' ? 'Training is paused' : 'Training is under way'}. Open ${name} instead?`;
      if (text === said) return;
      said = text;
      if (shown !== null) session.dismiss(shown);
      shown = session.notify({
        tone: 'info',
        text,
        ...(stopping ? {} : { action: { label: 'Open', run: openIt } }),
        other: { label: stopping ? 'Don’t open' : 'Keep training', run: close },
      });
      session.announce(text);
    };
    const follow = (phase: Phase): void => {
      if (forget !== close) return;
      if ('job' in phase) {
        say(phase);
      } else if (phase.kind === 'ready' || phase.kind === 'finished') {
        /* Whatever ends the training is through with it by then. */
        queueMicrotask(() => {
          if (forget === close && store.phase.peek() === phase) openIt();
        });
      } else {
        close(); // something else is being opened, or went wrong and asks for its own answer
      }
    };
    forget = close;
    stop = effect(() => {
      const phase = store.phase.value;
      untracked(() => follow(phase));
    });
  }

  /** How many states of the model a new one would cost; 0 when there are but trainings to lose, which can be had again. */
  function statesLost(): number {
    const { nodes } = store.history.peek();
    const retrained = store.task.peek() !== null || nodes.some((node) => node.kind !== 'train');
    return retrained ? nodes.length : 0;
  }

  /**
   * Asks whether to make a choice about the columns that costs states of the model. The question follows their number,
   * and goes when there is none to lose any more, or another table.
   */
  function askFirst(choice: Choice): void {
    let shown: number | null = null;
    let said = '';
    let stop: (() => void) | null = null;
    const close = (): void => {
      stop?.();
      if (unsettle === close) unsettle = null;
      if (shown !== null) session.dismiss(shown);
      shown = null;
    };
    const say = (states: number): void => {
      const lost = states === 1 ? '1 state of this one is' : `${states} states of this one are`;
      const text = `This starts a new model; ${lost} lost.`;
      if (text === said) return;
      said = text;
      if (shown !== null) session.dismiss(shown);
      const goOn = (): void => {
        close();
        void prepareAgain(choice);
      };
      shown = session.notify({
        tone: 'info',
        text,
        action: { label: 'Go on', run: goOn },
        other: { label: 'Keep', run: close },
      });
      session.announce(text);
    };
    unsettle?.();
    unsettle = close;
    stop = effect(() => {
      void store.history.value;
      void store.task.value;
      untracked(() => {
        if (unsettle !== close) return;
        const states = statesLost();
        if (states > 0) say(states);
        else close();
      });
    });
  }

  /** A choice about the columns; asks first when it costs more than a training. */
  async function choose(choice: Choice): Promise<void> {
    const table = store.table.peek();
    if (!table) return;
    if (sameFeatures(table, choice(table)) || statesLost() === 0) {
      await prepareAgain(choice);
      return;
    }
    /* Nothing is changed yet, and the menus say so. */
    put(table.info.table, { ...table });
    askFirst(choice);
  }

  /** The columns' numbers again, after a choice. Taken back when it can't be done. */
  async function prepareAgain(choice: Choice): Promise<void> {
    const before = store.table.peek();
    if (!before) return;
    const change = choice(before);
    const id = before.info.table;
    put(id, { ...before, ...change });
    if (sameFeatures(before, change)) {
      session.settle('opening');
      return;
    }
    const trained = store.model.peek() !== null;
    const name = before.info.name;
    const spec = { roles: change.roles, scale: change.scale };
    const done = await opener.replace<FeatureInfo>({
      name,
      failed: 'That choice was taken back.',
      begin: (signal, show) => {
        const job = engine.nextId();
        run.follow(job);
        show('features');
        return engine.request({ type: 'prepare', table: id, job, spec }, { signal });
      },
      drop: () => undefined,
      commit: (features) => {
        store.phase.value = { kind: 'ready' };
        put(id, { ...before, ...change, features });
        run.adoptTable();
      },
    });
    if (done && trained) await run.trainIfQuick();
    const now = store.tables.peek().get(id);
    if (!done && now && !opener.busy()) put(id, before);
  }

  function put(id: Id, state: TableState): void {
    store.tables.value = new Map(store.tables.peek()).set(id, state);
  }

  return {
    ask,
    forget: () => forget?.(),
    async setRole(columns, role) {
      const chosen = new Set(typeof columns === 'number' ? [columns] : columns);
      await choose(({ roles, scale }) => ({
        scale,
        roles: roles.map((old, i) => {
          if (chosen.has(i)) return role;
          /* At most one column names the rows. */
          return role === 'id' && old === 'id' ? 'ignored' : old;
        }),
      }));
    },
    setScale: (scale) => choose(({ roles }) => ({ roles, scale })),
  };
}

/** Other features, or another scale, make the model one of something else. */
function sameFeatures(table: Chosen, change: Chosen): boolean {
  return change.scale === table.scale && featureColumns(change.roles) === featureColumns(table.roles);
}

/** Which columns are features, as something that can be compared. */
function featureColumns(roles: readonly Role[]): string {
  return roles.map((role) => (role === 'feature' ? '1' : '0')).join('');
}
