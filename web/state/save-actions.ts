/**
 * Keeps the person's work from visit to visit, in the browser's database: written shortly after each change while
 * nothing runs, every few seconds of a training, and when the page is about to go. What earlier visits left is listed, and
 * brought back at a press. Each tab writes to a slot of its own, and another table begins another slot.
 *
 * The demonstration is no work (`isWork`). Trouble with the storage is told once for each kind, and costs nothing else.
 */

import { computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import type { Id, SnapshotEvent } from '../protocol/messages.ts';
import { databases, type StorageProblem, storageError } from '../storage/db.ts';
import { Memory, type Packed, pack, RecordError } from '../storage/record.ts';
import { readSession, writeSession } from '../storage/session-file.ts';
import { isSessionName } from '../storage/session-name.ts';
import { createShelf, type Listed, MOST_LEFT, type Shelf } from '../storage/shelf.ts';
import { createSlots, newSlot, type Slots } from '../storage/slots.ts';
import { briefOf, type Work } from '../storage/work.ts';
import type { Desk } from './actions.ts';
import { underWay } from './at-stake.ts';
import { safeFileName, withoutExtension } from './file-name.ts';
import { PREFERENCES_KEY } from './preferences.ts';
import { type Amount, EVERYTHING, gather, isWork, type LastSnapshot, LESS, USUAL } from './save-gather.ts';
import { putBack } from './save-return.ts';

export type { Listed };

export interface SavesState {
  /** Left by earlier visits, the latest first. */
  left: readonly Listed[];
  /** The person has not yet said what is to become of it. */
  asks: boolean;
  /** Name of the file that has to be given again before its work comes back. */
  waiting: string | null;
  busy: boolean; // something is being brought back
  /** When the present work was last written, ms since 1970, and what it takes in bytes; null: not yet. */
  kept: { at: number; bytes: number } | null;
  keeps: boolean; // as the person wants it
  problem: StorageProblem | null; // why nothing can be written now
  guarded: boolean | null; // the browser does not clear it by itself; null: it does not say
}

export interface Saves {
  readonly state: ReadonlySignal<SavesState>;
  /** There is something that would be lost if the page went now. */
  unsaved(): boolean;
  bringBack(slot: string): Promise<void>;
  forget(slot: string): Promise<void>;
  /** Asks, then forgets all that was ever saved here, and keeps nothing more. */
  forgetAll(): void;
  /** Stops asking; what was left stays in the list. */
  later(): void;
  /** Gives up waiting for a file. */
  giveUp(): void;
  setKeeps(on: boolean): Promise<void>;
  /** Asks the browser not to clear it by itself. */
  guard(): Promise<void>;
  /** Everything as one file. */
  download(): Promise<void>;
  /** True when this is a session file, or the file that is waited for: it is brought back. */
  takes(file: File): boolean;
  onSnapshot(event: SnapshotEvent): void;
  /** Writes what has changed, now. */
  flush(): Promise<void>;
  dispose(): void;
}

/** What tests stand in for. */
export interface SaveParts {
  shelf: Shelf;
  slots: Slots;
  storage: Pick<StorageManager, 'persist' | 'persisted'> | null;
  /** Calls whenever another tab may have chosen whether work is kept; returns what ends that. */
  others(heard: () => void): () => void;
  /** ms after a change while nothing runs, and between two writings of a training. */
  rest: number;
  pace: number;
}

const REST = 700;
const PACE = 10_000;

/** Preferences are changed in one tab; `null`: all of them were deleted. */
function followOthers(heard: () => void): () => void {
  if (typeof window === 'undefined') return () => undefined;
  const listen = ({ key }: StorageEvent): void => {
    if (key === PREFERENCES_KEY || key === null) heard();
  };
  window.addEventListener('storage', listen);
  return () => window.removeEventListener('storage', listen);
}

function browserParts(): SaveParts {
  return {
    shelf: createShelf(databases()),
    slots: createSlots(),
    storage: typeof navigator === 'undefined' ? null : (navigator.storage ?? null),
    others: followOthers,
    rest: REST,
    pace: PACE,
  };
}

const TROUBLE: Record<StorageProblem, { tone: 'info' | 'warning'; text: string; hint: string }> = {
  denied: {
    tone: 'info',
    text: 'This browser keeps nothing for this page: the work is gone when the tab is closed.',
    hint: 'A private window or a setting for site data may be why. Everything else works.',
  },
  full: {
    tone: 'warning',
    text: 'There is no room left on this device to keep the work.',
    hint: 'What was saved before is still there. Save it as a file to be sure.',
  },
  blocked: {
    tone: 'warning',
    text: 'Another tab with an older version of Unfold keeps the saved work busy.',
    hint: 'Close it, and saving goes on.',
  },
  newer: {
    tone: 'info',
    text: 'A newer version of Unfold has saved work on this device. It is left as it is, and this version keeps nothing.',
    hint: 'Reload the page to get the newer version.',
  },
  failed: {
    tone: 'warning',
    text: 'The work can’t be kept on this device.',
    hint: 'It stays until the tab is closed. Save it as a file to be sure.',
  },
};

/** Work that is on its way back. */
interface Found {
  work: Work;
  slot: string | null; // null: from a session file
  memory: Memory;
}

export function createSaves(desk: Desk, parts: SaveParts = browserParts()): Saves {
  return new Keeper(desk, parts);
}

class Keeper implements Saves {
  readonly #desk: Desk;
  readonly #parts: SaveParts;
  readonly #state;
  readonly #stops: (() => void)[] = [];
  #slot: string | null = null;
  #memory = new Memory(newSlot());
  #written = ''; // the record as it lies in the slot, without its time
  #amount = 0; // how much less than usual has to do: place in AMOUNTS
  #changes = 0;
  #saved = 0; // changes that are written, or need not be
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Number.POSITIVE_INFINITY;
  #ran = 0; // when a training was last written
  #saving: Promise<void> | null = null;
  #last: LastSnapshot | null = null;
  #base: number | null = null;
  #table: Id | null = null;
  #adopting: Found | null = null;
  #arriving = false; // its table is on screen, and not yet all that goes with it: nothing is written
  #again = false; // more was asked for while something is being written
  #waits: Found | null = null;
  #offered = false;
  #told = new Set<StorageProblem>();
  #notice: number | null = null;

  constructor(desk: Desk, parts: SaveParts) {
    this.#desk = desk;
    this.#parts = parts;
    this.#state = signal<SavesState>({
      left: [],
      asks: true,
      waiting: null,
      busy: false,
      kept: null,
      keeps: desk.keeps(),
      problem: null,
      guarded: null,
    });
    this.#follow();
    this.#stops.push(parts.others(() => void this.#obey()));
    void this.#look();
    void parts.storage?.persisted().then(
      (guarded) => this.#set({ guarded }),
      () => undefined,
    );
  }

  get state(): ReadonlySignal<SavesState> {
    return this.#state;
  }

  #set(change: Partial<SavesState>): void {
    this.#state.value = { ...this.#state.peek(), ...change };
  }

  /* ---- when ----------------------------------------------------------------------------------------------- */

  #follow(): void {
    const { store } = this.#desk.session;
    const axes = computed(() => store.map.value?.axes.join() ?? '');
    const table = computed(() => store.table.value?.info.table ?? null);
    const features = computed(() => store.table.value?.features ?? null);
    const kind = computed(() => store.phase.value.kind);
    this.#stops.push(
      effect(() => {
        const id = table.value;
        untracked(() => this.#onTable(id));
      }),
      effect(() => {
        const { at, nodes } = store.history.value;
        if (nodes.length === 0) this.#base = null;
        else if (at !== null) this.#base = at;
      }),
      effect(() => {
        void [
          axes.value,
          features.value,
          kind.value,
          store.history.value,
          store.form.value,
          store.retrain.value,
        ];
        void [store.selection.value, store.named.value, store.hidden.value, store.colour.value];
        void [store.pointSize.value, store.firstVisit.value, store.undoable.value];
        untracked(() => this.#onChange(kind.peek() === 'opening'));
      }),
    );
    if (typeof document === 'undefined') return;
    const leave = (): void => {
      /* The view has no signal of its own. */
      this.#changes += 1;
      void this.flush();
    };
    const hidden = (): void => {
      if (document.visibilityState === 'hidden') leave();
    };
    document.addEventListener('visibilitychange', hidden);
    window.addEventListener('pagehide', leave);
    this.#stops.push(() => {
      document.removeEventListener('visibilitychange', hidden);
      window.removeEventListener('pagehide', leave);
    });
  }

  #onTable(id: Id | null): void {
    if (id === this.#table) return;
    this.#table = id;
    this.#last = null;
    const adopted = this.#adopting;
    this.#adopting = null;
    this.#arriving = adopted !== null;
    if (id !== null && adopted === null && !this.#desk.session.store.firstVisit.peek()) this.giveUp();
    const before = this.#slot;
    this.#slot = adopted?.slot ?? null;
    this.#memory = adopted?.memory ?? new Memory(newSlot());
    this.#written = '';
    this.#amount = 0;
    this.#set({ kept: null });
    if (before === null || before === this.#slot) return;
    void this.#parts.slots.release(before).then(() => this.#look());
  }

  #onChange(leaving: boolean): void {
    const wasClean = this.#saved === this.#changes;
    this.#changes += 1;
    const { store } = this.#desk.session;
    if (this.#state.peek().asks && isWork(store)) this.#set({ asks: false });
    if (leaving) {
      /* What is on screen is about to be replaced. */
      if (!wasClean) void this.flush();
      return;
    }
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#state.peek().keeps || !isWork(this.#desk.session.store)) return;
    const { rest, pace } = this.#parts;
    const runs = 'job' in this.#desk.session.store.phase.peek();
    const wait = runs ? Math.max(rest, this.#ran + pace - Date.now()) : rest;
    const due = Date.now() + wait;
    /* A training's own writing waits for nothing shorter; a change at rest comes after the last one. */
    if (runs && this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => void this.flush(), wait);
  }

  onSnapshot(event: SnapshotEvent): void {
    const model = this.#desk.session.store.models.peek().get(event.model);
    if (!model) return;
    this.#last = { event, model: { ...model, losses: model.losses.slice() } };
    this.#changes += 1;
    this.#schedule();
  }

  unsaved(): boolean {
    return this.#dirty() || underWay(this.#desk.session.store);
  }

  /** Something has changed since it was last written. */
  #dirty(): boolean {
    return this.#saved !== this.#changes && isWork(this.#desk.session.store);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
    /* Who asks now may be gone when what came later would be written. */
    this.#again = this.#saving !== null;
    this.#saving ??= this.#saveAll().finally(() => {
      this.#saving = null;
    });
    return this.#saving;
  }

  /* ---- writing -------------------------------------------------------------------------------------------- */

  async #saveAll(): Promise<void> {
    const { store } = this.#desk.session;
    while (!this.#arriving && this.#dirty() && this.#state.peek().keeps && store.table.peek()) {
      const now = this.#changes;
      try {
        await this.#save();
        this.#saved = now;
        this.#recovered();
      } catch (error) {
        this.#trouble(storageError(error).problem);
        return;
      }
      /* What has changed meanwhile waits its time, too. */
      if (this.#saved !== this.#changes && !this.#again) {
        this.#schedule();
        return;
      }
      this.#again = false;
    }
  }

  #gather(amount: Amount): Work | null {
    const { session, opener, recorder } = this.#desk;
    const { store, surroundings } = session;
    return gather({ store, opener, recorder, version: surroundings.version }, this.#last, this.#base, amount);
  }

  async #save(): Promise<void> {
    const amounts = [USUAL, ...LESS];
    if ('job' in this.#desk.session.store.phase.peek()) this.#ran = Date.now();
    for (;;) {
      const work = this.#gather(amounts[this.#amount] ?? USUAL);
      if (!work) return;
      try {
        await this.#write(work);
        return;
      } catch (error) {
        const { problem } = storageError(error);
        /* A file that has changed can't be written either. */
        const less = problem === 'full' || problem === 'failed';
        if (!less || this.#amount >= amounts.length - 1) {
          /* Less did not help: all of it is tried the next time. */
          this.#amount = 0;
          throw error;
        }
        this.#amount += 1;
      }
    }
  }

  async #write(work: Work): Promise<void> {
    const { shelf, slots } = this.#parts;
    const memory = this.#memory;
    const packed = await pack(work, memory);
    const { saved: _saved, ...lasting } = packed.record;
    const text = JSON.stringify(lasting);
    if (memory !== this.#memory || text === this.#written) return;
    const slot = this.#slot ?? newSlot();
    if (this.#slot === null) await slots.take(slot);
    if (memory !== this.#memory) {
      await slots.release(slot);
      return;
    }
    this.#slot = slot;
    const brief = briefOf(work, bytesOf(packed));
    await shelf.write(slot, packed, work.data.file, brief, await slots.held());
    if (slot !== this.#slot || memory !== this.#memory) return;
    this.#written = text;
    this.#set({ kept: { at: work.saved, bytes: brief.bytes } });
  }

  #trouble(problem: StorageProblem): void {
    this.#set({ problem });
    if (this.#told.has(problem)) return;
    this.#told.add(problem);
    const { session } = this.#desk;
    const { tone, text, hint } = TROUBLE[problem];
    if (this.#notice !== null) session.dismiss(this.#notice);
    const action = { label: 'Save as a file', run: () => void this.download() };
    this.#notice = session.notify({ tone, text, hint, ...(this.#table === null ? {} : { action }) });
    session.announce(text);
  }

  #recovered(): void {
    if (this.#state.peek().problem === null) return;
    this.#set({ problem: null });
    this.#told.clear();
    if (this.#notice !== null) this.#desk.session.dismiss(this.#notice);
    this.#notice = null;
  }

  async download(): Promise<void> {
    const { session } = this.#desk;
    const work = this.#gather(EVERYTHING);
    if (!work) return;
    try {
      const file = writeSession(await pack(work, this.#memory), work.data.file);
      const name = safeFileName(withoutExtension(work.data.name), 'unfold');
      session.surroundings.save(file, name);
      session.announce(`Saved as ${name}.`);
    } catch (error) {
      session.report(error, 'The work can’t be saved as a file.', '', 'export');
    }
  }

  /* ---- what was left ---------------------------------------------------------------------------------------- */

  async #look(): Promise<void> {
    try {
      const [{ works }, held] = await Promise.all([this.#parts.shelf.list(), this.#parts.slots.held()]);
      const left = works.filter(({ slot }) => slot !== this.#slot && !held.has(slot)).slice(0, MOST_LEFT);
      this.#set({ left });
      const [latest] = left;
      const { asks } = this.#state.peek();
      if (latest && asks && !this.#offered) {
        this.#offered = true;
        this.#desk.session.announce(
          `Your work on ${latest.brief.name} is still here and can be brought back.`,
        );
      }
    } catch (error) {
      const { problem } = storageError(error);
      this.#set({ problem });
      /* That nothing can be kept is told when there is something to lose. */
      if (problem === 'newer' || problem === 'blocked') this.#trouble(problem);
    }
  }

  async bringBack(slot: string): Promise<void> {
    const { left, busy } = this.#state.peek();
    if (busy) return;
    const brief = left.find((one) => one.slot === slot)?.brief;
    const name = brief?.name ?? 'The work';
    /* One whose file is still to come replaces nothing yet. */
    if (brief?.whole === false) await this.#bringBack(slot, name);
    else await this.#unlessItCosts(name, () => this.#bringBack(slot, name));
  }

  /** Does what replaces all that is on screen; asks first where a training, or states that are not kept, would go. */
  async #unlessItCosts(name: string, go: () => Promise<unknown>): Promise<void> {
    const { session, questions } = this.#desk;
    const { store } = session;
    questions.forget();
    if ('job' in store.phase.peek() && !store.firstVisit.peek()) {
      questions.ask(name, () => void go());
      return;
    }
    const retrained = store.history.peek().nodes.some(({ kind }) => kind !== 'train');
    if (retrained && this.#dirty()) await this.flush();
    if (!retrained || !this.#dirty()) {
      await go();
      return;
    }
    const text = `The states of the model that is here are not kept. Open ${name} and lose them?`;
    const ask = session.notify({
      tone: 'warning',
      text,
      about: 'opening',
      action: {
        label: 'Open',
        run: () => {
          session.dismiss(ask);
          void go();
        },
      },
      other: { label: 'Keep what is here', run: () => session.dismiss(ask) },
    });
    session.announce(text);
  }

  async #bringBack(slot: string, name: string): Promise<void> {
    if (this.#state.peek().busy) return;
    const { session } = this.#desk;
    this.#set({ busy: true });
    const { shelf, slots } = this.#parts;
    let done = false;
    try {
      if (!(await slots.take(slot))) {
        session.notify({ tone: 'info', text: `${name} is open in another tab.`, about: 'opening' });
        await this.#look();
        return;
      }
      const memory = new Memory(newSlot());
      done = await this.#return({ work: await shelf.read(slot, memory), slot, memory });
    } catch (error) {
      this.#refused(name, error);
    } finally {
      if (!done) await slots.release(slot);
      this.#set({ busy: false });
    }
  }

  /** Tells why work can't come back; it is left where it is. */
  #refused(name: string, error: unknown): void {
    const { session } = this.#desk;
    if (error instanceof RecordError) {
      const text = `${name} can’t be brought back. ${error.message}`;
      session.notify({
        tone: 'error',
        text,
        about: 'opening',
        code: error.why === 'newer' ? 'newer' : 'bad_file',
      });
      return;
    }
    const { problem } = storageError(error);
    session.notify({
      tone: 'error',
      text: `${name} can’t be brought back: it can’t be read.`,
      about: 'opening',
      code: problem,
    });
  }

  /** True when the work is on screen, or waits for its file. */
  async #return(found: Found): Promise<boolean> {
    const { session } = this.#desk;
    const { data } = found.work;
    if (data.origin === 'file' && !data.file) {
      this.giveUp();
      this.#waits = found;
      this.#set({ waiting: data.name, asks: false });
      session.announce(`${data.name} was too large to be kept. Drop it here again, and the work comes back.`);
      return true;
    }
    const entry = session.store.catalog.peek().find(({ id }) => id === data.origin);
    const source = data.file ? new File([data.file], data.name) : entry;
    if (!source) {
      session.notify({
        tone: 'error',
        text: `${data.name} is not among the data sets any more.`,
        about: 'opening',
      });
      return false;
    }
    return this.#put(found, source);
  }

  async #put(found: Found, source: NonNullable<Parameters<typeof putBack>[2]>): Promise<boolean> {
    const { work, slot, memory } = found;
    this.#adopting = found;
    let done = false;
    try {
      done = await putBack(this.#desk, work, source);
    } finally {
      if (this.#adopting === found) this.#adopting = null;
      if (memory === this.#memory) this.#arriving = false;
    }
    if (!done) return slot !== null && slot === this.#slot;
    if (this.#waits !== found) this.giveUp();
    this.#waits = null;
    const { left } = this.#state.peek();
    this.#set({ waiting: null, asks: false, left: left.filter((one) => one.slot !== slot) });
    if (slot === null) {
      this.#changes += 1;
      this.#schedule();
      return true;
    }
    /* It lies there as it is on screen. */
    this.#saved = this.#changes;
    const brief = left.find((one) => one.slot === slot)?.brief;
    if (brief) this.#set({ kept: { at: brief.saved, bytes: brief.bytes } });
    return true;
  }

  takes(file: File): boolean {
    if (isSessionName(file.name)) {
      void this.#unlessItCosts(file.name, () => this.#openSession(file));
      return true;
    }
    const waits = this.#waits;
    if (waits?.work.data.name !== file.name) return false;
    void this.#unlessItCosts(file.name, async () => {
      const done = await this.#put(waits, file);
      if (!done && this.#waits === waits) this.#offerPlainly(file);
    });
    return true;
  }

  /** The file was not the one that is waited for, which has been told: it can be opened as what it is. */
  #offerPlainly(file: File): void {
    const { session, opener } = this.#desk;
    const ask = session.notify({
      tone: 'info',
      text: `Open this ${file.name} as other data instead?`,
      action: {
        label: 'Open it',
        run: () => {
          session.dismiss(ask);
          this.giveUp();
          void opener.open(file);
        },
      },
      other: { label: 'Keep waiting', run: () => session.dismiss(ask) },
    });
  }

  async #openSession(file: File): Promise<void> {
    this.#set({ busy: true });
    try {
      const memory = new Memory(newSlot());
      await this.#return({ work: await readSession(file, memory), slot: null, memory });
    } catch (error) {
      this.#refused(file.name, error);
    } finally {
      this.#set({ busy: false });
    }
  }

  giveUp(): void {
    const waits = this.#waits;
    if (!waits) return;
    this.#waits = null;
    this.#set({ waiting: null });
    const freed = waits.slot !== null ? this.#parts.slots.release(waits.slot) : Promise.resolve();
    void freed.then(() => this.#look());
  }

  later(): void {
    this.#set({ asks: false });
  }

  async forget(slot: string): Promise<void> {
    const { session } = this.#desk;
    const found = this.#state.peek().left.find((one) => one.slot === slot);
    try {
      await this.#parts.shelf.forget([slot]);
      session.announce(`${found?.brief.name ?? 'The work'} was forgotten.`);
    } catch (error) {
      this.#trouble(storageError(error).problem);
    }
    await this.#look();
  }

  forgetAll(): void {
    const { session } = this.#desk;
    const text = 'Forget everything that was saved on this device?';
    const ask = session.notify({
      tone: 'warning',
      text,
      hint: 'What is on screen stays until the tab is closed, and nothing more is kept until you say so.',
      action: {
        label: 'Forget everything',
        run: () => {
          session.dismiss(ask);
          void this.#forgetAll();
        },
      },
      other: { label: 'Keep', run: () => session.dismiss(ask) },
    });
    session.announce(text);
  }

  async #forgetAll(): Promise<void> {
    const { session } = this.#desk;
    try {
      await this.setKeeps(false);
      const { works, unreadable } = await this.#parts.shelf.list();
      await this.#parts.shelf.forget([...works.map(({ slot }) => slot), ...unreadable]);
      this.#set({ left: [] });
      session.announce('Everything that was saved on this device was forgotten.');
    } catch (error) {
      this.#trouble(storageError(error).problem);
    }
  }

  async setKeeps(on: boolean): Promise<void> {
    this.#desk.setKeeps(on);
    this.#set({ keeps: on });
    await this.#saving;
    if (on) {
      this.#changes += 1;
      await this.guard();
      await this.flush();
      return;
    }
    await this.#forgetPresent();
  }

  /** Another tab has chosen: what is kept is so for all of them. */
  async #obey(): Promise<void> {
    const keeps = this.#desk.keeps();
    if (keeps === this.#state.peek().keeps) return;
    this.#set({ keeps });
    if (keeps) {
      this.#schedule();
      return;
    }
    await this.#saving;
    const { session } = this.#desk;
    if (isWork(session.store)) {
      const text =
        'In another tab it was chosen that no work is kept. What is here stays until this tab is closed.';
      session.notify({ tone: 'info', text });
      session.announce(text);
    }
    await this.#forgetPresent();
    await this.#look();
  }

  /** What is on screen is kept no more. */
  async #forgetPresent(): Promise<void> {
    const slot = this.#slot;
    this.#slot = null;
    this.#written = '';
    this.#memory = new Memory(newSlot());
    this.#changes += 1;
    this.#set({ kept: null });
    if (slot === null) return;
    await this.#parts.slots.release(slot);
    await this.#parts.shelf.forget([slot]).catch(() => undefined);
  }

  async guard(): Promise<void> {
    const guarded = await this.#parts.storage?.persist().catch(() => false);
    if (guarded !== undefined) this.#set({ guarded });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const stop of this.#stops) stop();
    if (this.#slot !== null) void this.#parts.slots.release(this.#slot);
  }
}

function bytesOf({ parts, record }: Packed): number {
  const arrays = parts.reduce((sum, { entry }) => sum + entry.bytes, 0);
  return arrays + JSON.stringify(record).length;
}
