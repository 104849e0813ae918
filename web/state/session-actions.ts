/**
 * What the session's actions share: the store, the engine, and the ways of telling the person something.
 */

import type { Failure, Id } from '../protocol/messages.ts';
import { failureOf, type ViewEngine } from './engine-port.ts';
import { roomMissing } from './room.ts';
import type { Matter, Notice, Store } from './store.ts';

/** The part of client/engine.ts that the session's actions use, so that tests can stand in for it. */
export interface SessionEngine extends ViewEngine {
  nextId(): Id;
  /** Starts a worker again after the engine went down. */
  restart(): void;
}

/** What the actions need of the browser. Tests give their own. */
export interface Surroundings {
  fetch(url: string, init: { signal: AbortSignal }): Promise<Response>;
  now(): number; // ms
  later(run: () => void, ms: number): () => void; // returns what cancels it
  copy(text: string): Promise<void>;
  /** Has the browser save a file. */
  save(file: Blob, name: string): void;
  version: string;
  /** A phone, or a machine with little memory. */
  small?: boolean;
  /** About the browser, for "Copy details". */
  agent: string;
}

export interface Session {
  readonly store: Store;
  readonly engine: SessionEngine;
  readonly surroundings: Surroundings;
  notify(notice: Omit<Notice, 'id'>): number;
  dismiss(id: number): void;
  /** Takes back what was said about these matters: they have been settled. */
  settle(...about: Matter[]): void;
  /** Takes back what was said about any matter: it was of a table that is gone. */
  settleAll(): void;
  /**
   * Tells a failure; a cancellation is none, and that the worker was lost is told by `tell`, once for all that
   * went down with it. `doing` comes before it, `after` behind.
   */
  report(error: unknown, doing?: string, after?: string, about?: Matter): void;
  tell(failure: Failure, doing?: string, after?: string, about?: Matter): void;
  /** What the live region says next. `progress` is said at most once in 5 s. */
  announce(text: string, kind?: 'progress'): void;
  /** What can be told about a failure to those who fix it: versions, code, sizes, no data. */
  details(failure: Failure): string;
}

/** No failures, or told elsewhere. */
const QUIET: ReadonlySet<Failure['code']> = new Set(['cancelled', 'worker_lost', 'asleep']);

/** Least time between two announcements of progress. */
export const ANNOUNCE_INTERVAL = 5000;

export function createSession(store: Store, engine: SessionEngine, surroundings: Surroundings): Session {
  let announced = Number.NEGATIVE_INFINITY;

  function notify(notice: Omit<Notice, 'id'>): number {
    const notices = store.notices.peek();
    const id = notices.reduce((most, { id: other }) => Math.max(most, other), 0) + 1;
    const same = (other: Notice) =>
      (other.text === notice.text && other.tone === notice.tone) ||
      (notice.about !== undefined && other.about === notice.about);
    store.notices.value = [...notices.filter((other) => !same(other)), { id, ...notice }];
    return id;
  }

  function keep(wanted: (notice: Notice) => boolean): void {
    const notices = store.notices.peek();
    const kept = notices.filter(wanted);
    if (kept.length < notices.length) store.notices.value = kept;
  }

  function details(failure: Failure): string {
    const ready = store.ready.peek();
    const table = store.table.peek();
    const model = store.model.peek();
    const lines = [
      `Unfold ${surroundings.version}`,
      `kernels ${ready?.kernels ?? 'not started'}, protocol ${ready?.protocol ?? 'none'}, threads ${ready?.threads ?? 0}`,
      `code ${failure.code}`,
      `state ${store.phase.peek().kind}`,
    ];
    if (table) {
      const { info, features } = table;
      lines.push(
        `table ${info.rows} × ${info.columns.length}, ${info.recipe.format}, ${info.bytes} bytes`,
        `features ${features ? `${features.d}, scaled ${features.scale}` : 'none'}`,
      );
    }
    if (model) {
      const { hidden, latent, activation, output, loss, seed } = model.params;
      lines.push(
        `model ${model.method}, hidden ${hidden.join(' ') || 'none'}, latent ${latent}, ${activation}, ${output}, ${loss}, seed ${seed}`,
        `parameters ${model.info.parameters}, ${model.info.bytes} bytes, epochs ${model.losses.length}`,
      );
    }
    lines.push(surroundings.agent);
    return lines.join('\n');
  }

  function tell(failure: Failure, doing = '', after = '', about?: Matter): void {
    console.error(`${failure.code}: ${failure.message}`);
    if (failure.code === 'part_missing') {
      roomMissing.value++;
      return;
    }
    notify({
      tone: 'error',
      text: [doing, failure.message, after].filter(Boolean).join(' '),
      code: failure.code,
      details: details(failure),
      ...(failure.hint ? { hint: failure.hint } : {}),
      ...(failure.where ? { where: failure.where } : {}),
      ...(about ? { about } : {}),
    });
  }

  return {
    store,
    engine,
    surroundings,
    notify,
    details,
    dismiss: (id) => keep((notice) => notice.id !== id),
    settle: (...matters) => keep(({ about }) => about === undefined || !matters.includes(about)),
    settleAll: () => keep(({ about }) => about === undefined || about === 'link'),
    tell,
    report(error, doing, after, about) {
      const failure = failureOf(error);
      if (!QUIET.has(failure.code)) tell(failure, doing, after, about);
    },
    announce(text, kind) {
      const now = surroundings.now();
      if (kind === 'progress' && now - announced < ANNOUNCE_INTERVAL) return;
      announced = now;
      store.announcement.value = text;
    },
  };
}
