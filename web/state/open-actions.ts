/**
 * Opening data: a file, or a set from the catalogue. What its columns are used for is in choice-actions.ts.
 *
 * What is on screen stays until the new table has been read and prepared; then both change places in one step.
 * Whatever goes wrong before that leaves the old data, model and map as they were.
 */

import { batch } from '@preact/signals';
import { failure } from '../protocol/failure.ts';
import type { Failure, Id, OpenHints, Role, Scale, Source, TableInfo } from '../protocol/messages.ts';
import { type Download, fetchBlob } from './catalog.ts';
import { failureOf } from './engine-port.ts';
import type { Runner } from './run-actions.ts';
import type { Session } from './session-actions.ts';
import type { CatalogEntry, Phase, TableState } from './store.ts';

export interface OpenActions {
  /**
   * Opens a file or a set of the catalogue by its id, and trains on it. While a model is training (the
   * demonstration excepted) it asks first.
   */
  open(source: File | string): Promise<void>;
  /** Tells why a drop can't be opened. */
  refuse(sentence: string): void;
}

/** A table that was read and prepared but is not on screen yet. */
export interface Prepared {
  table: Id;
  state: TableState;
}

export interface Opener extends OpenActions {
  /** Aborts what is being opened; true when something was. */
  cancelOpening(): boolean;
  /** Fetches, reads and prepares; says how far it is. Throws what went wrong; nothing is left behind then. */
  load(source: File | CatalogEntry, on: LoadHooks, as?: ReadAs): Promise<Prepared>;
  /**
   * Puts a file or set on screen as it was read before, in place of all there was, and trains nothing. False when it
   * could not be, which has been told, or something else took over.
   */
  openAs(source: File | CatalogEntry, as: ReadAs): Promise<boolean>;
  /** Where a table on screen comes from; null for one that is gone. */
  originOf(table: Id): Origin | null;
  /** Opens something and trains on it, unasked. */
  openNow(source: File | CatalogEntry): Promise<void>;
  /** Puts the result of some work in place of what is on screen; false when that came to nothing, which has been told. */
  replace<T>(work: Replacement<T>): Promise<boolean>;
  /** Something is being opened or prepared. */
  busy(): boolean;
  /** Frees a table that is not on screen (any more). */
  discard(prepared: Prepared): void;
  /** Puts a table on screen in place of all there was, without a model yet. */
  commit(prepared: Prepared): void;
  /** Puts a table on screen together with what `show` shows of it, in one step. The one before is not freed. */
  exchange(prepared: Prepared, show: () => void): void;
}

/** Failures that are the file's own. */
const UNREADABLE: ReadonlySet<string> = new Set(['bad_file', 'empty_file', 'no_numeric_column']);

/** How a source was read and prepared before; what is absent is worked out from it. */
export interface ReadAs {
  hints?: OpenHints;
  roles?: readonly Role[];
  scale?: Scale;
  /** Looks at what was read before anything is prepared; throws when it is not what was meant. */
  check?(info: TableInfo): void;
  /** Told in place of the person that the file is not a table as it is to be read; true: that was all. */
  unreadable?(why: Failure): boolean;
  /** What goes on screen with the table; throws when there is no way to it, and nothing is opened. */
  also?(prepared: Prepared): Promise<Company>;
}

/** What goes on screen together with a table. */
export interface Company {
  show(): void;
  /** Frees it: something else took over. */
  drop(): void;
}

/** Where a table comes from. */
export interface Origin {
  file: File | null; // null: a set of the catalogue
  hints: OpenHints; // enough to read it as it was read, with what was guessed then
}

export interface LoadHooks {
  signal: AbortSignal;
  /** The job that reads or prepares now, so that its progress can be told apart. */
  onJob?(job: Id, stage: 'read' | 'features'): void;
  onDownload?(download: Download): void;
}

type Stage = Extract<Phase, { kind: 'opening' }>['stage'];

/** What takes the place of what is on screen. */
export interface Replacement<T> {
  name: string;
  failed: string; // said before what went wrong
  begin(
    signal: AbortSignal,
    show: (stage: Stage, done?: number, total?: number, left?: number | null) => void,
  ): Promise<T>;
  /** Frees a result that came too late. */
  drop(result: T): void;
  commit(result: T): void;
}

/** Address of a prepared file, relative to the page: the site works from any folder. */
export function dataUrl(file: string): string {
  return `data/${file}`;
}

function sourceOf(entry: CatalogEntry, blob: Blob | null): Source {
  if (blob) {
    return { blob, name: entry.file ?? entry.id };
  }
  return {
    synthetic: entry.synthetic ?? 'blobs',
    n: entry.n ?? entry.rows,
    seed: entry.seed ?? 1,
    name: entry.title,
  };
}

/** Asking whether to open something while a model trains. */
export interface Questions {
  /** Opens it once the person wants it or nothing trains any more; a name alone: `go` does. */
  ask(source: File | CatalogEntry | string, go?: () => void): void;
  /** Takes back what was asked. */
  forget(): void;
}

/** `takeOver` ends what runs by itself; it is called whenever something else begins to be opened. */
export function createOpener(
  session: Session,
  run: Runner,
  takeOver: () => void,
  questions: Questions,
): Opener {
  const { store, engine, surroundings } = session;
  let current: AbortController | null = null;
  let held: Promise<() => void> | null = null; // lets go of the training that waits for what is being opened
  const origins = new Map<Id, Origin>();
  let unasked: Id | null = null; // a job of the demonstration that goes on: nobody minds that it ends

  async function fetch(
    entry: CatalogEntry,
    signal: AbortSignal,
    onDownload?: (download: Download) => void,
  ): Promise<Blob | null> {
    if (!entry.file) return null;
    return fetchBlob(surroundings.fetch, dataUrl(entry.file), entry.title, signal, (download) =>
      onDownload?.(download),
    );
  }

  async function load(source: File | CatalogEntry, on: LoadHooks, as: ReadAs = {}): Promise<Prepared> {
    const entry = source instanceof Blob ? null : source;
    let from: Source;
    const hints: OpenHints = { ...as.hints };
    if (entry) {
      const blob = await fetch(entry, on.signal, on.onDownload);
      from = sourceOf(entry, blob);
      if (entry.label !== undefined) hints.label ??= entry.label;
    } else {
      const file = source as File;
      from = { blob: file, name: file.name || 'pasted data' };
    }
    on.signal.throwIfAborted();
    const table = engine.nextId();
    const readJob = engine.nextId();
    on.onJob?.(readJob, 'read');
    const info = await engine.request(
      { type: 'open', table, job: readJob, source: from, hints },
      { signal: on.signal },
    );
    try {
      as.check?.(info);
      const roles = [...(as.roles ?? info.columns.map((column) => column.role))];
      const { scale = 'auto' } = as;
      const job = engine.nextId();
      on.onJob?.(job, 'features');
      const features = await engine.request(
        { type: 'prepare', table, job, spec: { roles, scale } },
        { signal: on.signal },
      );
      on.signal.throwIfAborted();
      const named: TableInfo = entry ? { ...info, name: entry.title } : info;
      const { separator, decimal, header } = info.recipe;
      const read: OpenHints = {
        ...hints,
        ...(separator === undefined ? {} : { separator }),
        ...(decimal === undefined ? {} : { decimal }),
        ...(header === undefined ? {} : { header }),
      };
      origins.set(table, { file: source instanceof File ? source : null, hints: read });
      return {
        table,
        state: { info: named, origin: entry?.id ?? 'file', roles, scale, features },
      };
    } catch (error) {
      free(table);
      throw error;
    }
  }

  /** Frees a noun; one that is gone already is fine. */
  function free(target: Id): void {
    origins.delete(target);
    engine.request({ type: 'free', target }).catch(() => undefined);
  }

  function exchange({ table, state }: Prepared, show: () => void): void {
    batch(() => {
      store.tables.value = new Map([[table, state]]);
      show();
    });
  }

  function commit({ table, state }: Prepared): void {
    const old = [...store.models.peek().keys(), ...store.tables.peek().keys()]; // a map goes with its model
    batch(() => {
      store.tables.value = new Map([[table, state]]);
      store.models.value = new Map();
      store.maps.value = new Map();
      store.panes.value = [];
      store.hover.value = null;
      store.pinned.value = null;
      store.detail.value = null;
      store.progress.value = null;
      store.estimate.value = null;
      store.bulk.maps.clear();
      store.bulk.aim = null;
      store.bulk.heldout = null;
      run.resetHistory();
      store.phase.value = { kind: 'ready' };
      run.adoptTable();
    });
    for (const id of old) free(id);
  }

  function cancelOpening(): boolean {
    const was = current !== null;
    current?.abort();
    return was;
  }

  function opening(name: string, stage: Stage): Phase {
    const replaces = store.tables.peek().size > 0;
    return { kind: 'opening', name, stage, done: 0, total: 0, seconds_left: null, replaces };
  }

  /**
   * Does work whose result takes the place of what is on screen. A training is held meanwhile: it ends when the
   * work has succeeded, and goes on when it has failed or was given up. Begun again before it is done, the
   * earlier work is dropped.
   */
  async function replace<T>(work: Replacement<T>): Promise<boolean> {
    const controller = new AbortController();
    const { signal } = controller;
    const mine = (): boolean => current === controller;
    current?.abort();
    current = controller;
    const show = (stage: Stage, done = 0, total = 0, seconds_left: number | null = null): void => {
      if (mine()) store.phase.value = { ...opening(work.name, stage), done, total, seconds_left } as Phase;
    };
    /* Asked before the phase changes: it tells whether the training was resting. */
    held ??= run.hold();
    show('stop');
    try {
      await held;
      signal.throwIfAborted();
      const result = await work.begin(signal, show);
      if (mine()) await run.interrupt();
      if (!mine()) {
        work.drop(result);
        return false;
      }
      current = null;
      held = null;
      session.settle('opening');
      work.commit(result);
      return true;
    } catch (error) {
      if (mine()) {
        current = null;
        const release = await held;
        held = null;
        if (release) release();
        else store.phase.value = run.restingPhase();
        const kept = store.tables.peek().size > 0;
        session.report(error, work.failed, kept ? 'The data that was loaded is still here.' : '', 'opening');
      }
      return false;
    }
  }

  async function openAs(source: File | CatalogEntry, as: ReadAs = {}): Promise<boolean> {
    const shown = store.phase.peek();
    if (store.firstVisit.peek() && 'job' in shown) unasked = shown.job;
    takeOver();
    const name = source instanceof Blob ? source.name || 'pasted data' : source.title;
    const started = surroundings.now();
    return replace<Prepared & { company: Company | null }>({
      name,
      failed: `${name} can’t be opened.`,
      begin: async (signal, show) => {
        show(source instanceof Blob || !source.file ? 'read' : 'fetch');
        const hooks: LoadHooks = {
          signal,
          onJob(job, stage) {
            run.follow(job);
            show(stage);
          },
          onDownload({ done: bytes, total }) {
            const seconds = (surroundings.now() - started) / 1000;
            const left = seconds > 1 && total > 0 ? ((total - bytes) / bytes) * seconds : null;
            show('fetch', bytes, total, left);
          },
        };
        const prepared = await load(source, hooks, as).catch((error: unknown) => {
          const why = failureOf(error);
          if (UNREADABLE.has(why.code) && as.unreadable?.(why)) throw failure('cancelled', why.message);
          throw error;
        });
        try {
          return { ...prepared, company: (await as.also?.(prepared)) ?? null };
        } catch (error) {
          free(prepared.table);
          throw error;
        }
      },
      drop: ({ table, company }) => {
        company?.drop();
        free(table);
      },
      commit: (prepared) => {
        batch(() => {
          commit(prepared);
          prepared.company?.show();
        });
        const { info } = prepared.state;
        session.announce(`${name}: ${info.rows} rows, ${info.columns.length} columns.`);
      },
    });
  }

  async function openNow(source: File | CatalogEntry): Promise<void> {
    if (await openAs(source)) await run.trainIfPossible();
  }

  return {
    load,
    openNow,
    replace,
    busy: () => current !== null,
    openAs,
    originOf: (table) => origins.get(table) ?? null,
    discard: ({ table }) => free(table),
    commit,
    exchange,
    cancelOpening,
    async open(source) {
      const entry =
        typeof source === 'string' ? store.catalog.peek().find(({ id }) => id === source) : source;
      if (!entry) {
        session.notify({ tone: 'error', text: 'That data set is not in the list.', about: 'opening' });
        return;
      }
      questions.forget();
      const phase = store.phase.peek();
      if (!('job' in phase) || phase.job === unasked || store.firstVisit.peek()) {
        await openNow(entry);
      } else {
        questions.ask(entry);
      }
    },
    refuse(sentence) {
      session.notify({ tone: 'warning', text: sentence, about: 'opening' });
    },
  };
}
