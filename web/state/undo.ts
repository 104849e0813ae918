/**
 * What the person did, to be undone and done again: selections, colours, what is hidden, and what a retrain made
 * of the model.
 *
 * An entry knows how to take itself back and how to do itself again. One is walked at a time: while a model is
 * being brought back, which takes its time, further undoing and redoing waits for its turn, so that pressing fast
 * ends where pressing slowly does. A change that is made meanwhile counts as made after the step under way; what
 * waited was meant for what was there before, and is dropped. So is all that waits when a step fails or is stopped.
 */

import type { Phase, Store } from './store.ts';

export interface UndoEntry {
  /** A noun that goes behind "Undo": "selection of 412 rows", "retrain 3". May hold text from the data. */
  label: string;
  /** Rejects when it could not be done; the entry then stays where it was. */
  undo(): void | Promise<void>;
  redo(): void | Promise<void>;
  /** It changes the model: not while a job runs. */
  model?: boolean;
  /** What is said beside "Undone: …" once either has been done: "412 of 10,000 selected". */
  says?(): string;
}

export interface Undo {
  /** Takes note of what has been done. What was undone before can't be redone any more. */
  push(entry: UndoEntry): void;
  /** Takes the last change back, after what is under way; with nothing to undo, nothing happens. Never rejects. */
  undo(): Promise<void>;
  redo(): Promise<void>;
  /**
   * Does something that takes its time and leads to a step of its own, or to none: undoing and redoing waits for it.
   * Rejects with what went wrong.
   */
  during(work: () => Promise<UndoEntry | null>): Promise<void>;
  /** Forgets everything: another table is there. */
  clear(): void;
  /** Forgets what changes the model: another one is there. The other steps stay. */
  forgetModel(): void;
  /** Forgets what was undone of the model: it has gone on in another way. The other steps stay. */
  forgetRedo(): void;
}

/** Changes that can be taken back; the oldest is forgotten first. */
export const UNDO_DEPTH = 100;

type Way = 'undo' | 'redo';

/**
 * @param announce what the live region says
 * @param refuse tells why a step isn't taken now; the person sees it, too
 * @param taken a step was taken: what was refused before is of no interest any more
 */
export function createUndo(
  store: Store,
  announce: (text: string) => void,
  refuse: (text: string) => void = announce,
  taken: () => void = () => undefined,
): Undo {
  let done: UndoEntry[] = [];
  let undone: UndoEntry[] = [];
  let busy = false; // an entry is being walked, or something else takes its time
  let waiting: { way: Way; through: () => void }[] = []; // for their turn
  let changes = 0; // raised by push and clear
  let life = 0; // raised by clear
  let models = 0; // raised by forgetModel

  function show(): void {
    const next = { undo: done.at(-1)?.label ?? null, redo: undone.at(-1)?.label ?? null };
    const { undo, redo } = store.undoable.peek();
    if (undo !== next.undo || redo !== next.redo) store.undoable.value = next;
    const model = { undo: done.at(-1)?.model === true, redo: undone.at(-1)?.model === true };
    const before = store.undoesModel.peek();
    if (before.undo !== model.undo || before.redo !== model.redo) store.undoesModel.value = model;
  }

  /** Drops what waits. */
  function giveUp(): void {
    const dropped = waiting;
    waiting = [];
    for (const { through } of dropped) through();
  }

  /** The turn of what waits has come. */
  function goOn(): void {
    const next = waiting.shift();
    if (next) void walk(next.way).then(next.through);
  }

  function ask(way: Way): Promise<void> {
    if (!busy) return walk(way);
    /* More than there are steps would find nothing to do. */
    if (waiting.length >= UNDO_DEPTH) return Promise.resolve();
    return new Promise((through) => {
      waiting.push({ way, through });
    });
  }

  async function walk(way: Way): Promise<void> {
    const back = way === 'undo';
    const entry = (back ? done : undone).at(-1);
    const why = entry?.model ? heldUp(store) : null;
    if (why !== null) {
      giveUp();
      refuse(why);
      return;
    }
    if (!entry) {
      goOn();
      return;
    }
    (back ? done : undone).pop();
    const place = done.length; // what is done meanwhile comes behind it
    busy = true;
    const before = changes;
    const mine = life;
    const model = models;
    let failed: unknown = null;
    try {
      const waits = entry[way]();
      if (waits) await waits;
    } catch (error) {
      failed = error ?? new Error('It failed.');
    }
    busy = false;
    if (mine !== life || (entry.model && model !== models)) {
      goOn();
      return;
    }
    const unchanged = before === changes;
    const unmoved = failed !== null;
    if (back !== unmoved) {
      if (unchanged) undone.push(entry);
    } else {
      done.splice(place, 0, entry);
    }
    show();
    if (unmoved) {
      giveUp();
      refuse(`${back ? 'Undoing' : 'Redoing'} ${entry.label} failed: ${sentence(failed)}`);
      return;
    }
    taken();
    const now = entry.says ? ` ${entry.says()}` : '';
    announce(`${back ? 'Undone' : 'Redone'}: ${entry.label}.${now}`);
    goOn();
  }

  function add(entry: UndoEntry): void {
    changes++;
    done.push(entry);
    if (done.length > UNDO_DEPTH) done.shift();
    undone = [];
    show();
  }

  return {
    push(entry) {
      giveUp();
      add(entry);
    },
    undo: () => ask('undo'),
    redo: () => ask('redo'),
    async during(work) {
      busy = true;
      const mine = life;
      const model = models;
      try {
        const entry = await work();
        if (entry && mine === life && model === models) add(entry);
      } catch (error) {
        giveUp();
        throw error;
      } finally {
        busy = false;
      }
      goOn();
    },
    clear() {
      giveUp();
      changes++;
      life++;
      done = [];
      undone = [];
      show();
    },
    forgetModel() {
      models++;
      done = done.filter(({ model }) => !model);
      undone = undone.filter(({ model }) => !model);
      show();
    },
    forgetRedo() {
      undone = undone.filter(({ model }) => !model);
      show();
    },
  };
}

/** Why the model can't be changed now; null when it can. */
function heldUp(store: Store): string | null {
  if (store.history.peek().returning) return 'The model is still on its way back.';
  const kind: Phase['kind'] = store.phase.peek().kind;
  if (kind === 'running' || kind === 'pausing' || kind === 'paused') {
    return 'Stop the training first: this step changes the model.';
  }
  return kind === 'opening' ? 'Data is being opened: this step changes the model.' : null;
}

function sentence(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
