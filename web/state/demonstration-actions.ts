/**
 * What runs by itself on a first look: the digits. Epoch 1 is trained on the first 2,000 rows, a file of its own,
 * so that something moves at once; the later ones on all rows, which they wait for. Which rows an epoch sees never
 * depends on how fast the network is, and none of them is held out later.
 */

import type { FitSpec } from '../protocol/messages.ts';
import { invertBits, rowsOf } from '../protocol/rows.ts';
import { type Download, demonstration } from './catalog.ts';
import { plain } from './deeds.ts';
import { failureOf } from './engine-port.ts';
import type { Opener, Prepared } from './open-actions.ts';

import type { Runner } from './run-actions.ts';
import type { Session } from './session-actions.ts';
import type { CatalogEntry, Phase } from './store.ts';
import { formatCount } from './summary.ts';

/** Epochs of the demonstration, at least. */
const EPOCHS = 20;

type Opening = Extract<Phase, { kind: 'opening' }>;
type Stage = Opening['stage'];

function opening(entry: CatalogEntry, stage: Stage, replaces: boolean): Opening {
  return { kind: 'opening', name: entry.title, stage, done: 0, total: 0, seconds_left: null, replaces };
}

function waiting(entry: CatalogEntry, { done, total }: Download): Opening {
  return { ...opening(entry, 'fetch', true), done, total };
}

/**
 * The rows of one table that are the first rows of another have the same numbers there: scaling does not look at the
 * other rows.
 */
function sameNumbers(first: Prepared, all: Prepared): boolean {
  const [few, many] = [first.state.features, all.state.features];
  return few !== null && few.d === many?.d && few.scale === many.scale && /^(255|none)$/.test(few.scale);
}

export interface Demonstration {
  start(): Promise<void>;
  /** The person has taken over. */
  end(): void;
}

export function createDemonstration(session: Session, opener: Opener, runner: Runner): Demonstration {
  const { store } = session;
  let over: AbortController | null = null;

  function end(): void {
    over?.abort();
    over = null;
    store.firstVisit.value = false;
  }

  async function load(entry: CatalogEntry, signal: AbortSignal): Promise<Prepared> {
    const show = (stage: Stage, done = 0, total = 0): void => {
      if (!signal.aborted) store.phase.value = { ...opening(entry, stage, false), done, total };
    };
    show(entry.file ? 'fetch' : 'read');
    return opener.load(entry, {
      signal,
      onDownload: ({ done, total }) => show('fetch', done, total),
      onJob: (job, stage) => {
        runner.follow(job);
        show(stage);
      },
    });
  }

  /** Long enough to be watched; nobody waits for it. */
  function lengthen(): void {
    const form = store.form.peek();
    if (!form) return;
    const epochs = Math.max(EPOCHS, form.fit.epochs);
    store.form.value = { ...form, fit: { ...form.fit, epochs } };
  }

  /** Epoch 1 on the head, then a model with the same weights on all rows. */
  async function headFirst(head: CatalogEntry, full: CatalogEntry, signal: AbortSignal): Promise<void> {
    const first = await load(head, signal);
    if (signal.aborted) return;
    opener.commit(first);
    runner.adoptTable(full.rows);
    lengthen();
    const model = await runner.create(first.table);
    const fit = store.form.peek()?.fit;
    if (!model || !fit || signal.aborted) return;
    /* Which rows are held out depends on how many there are: those of all rows, from the first epoch on. */
    const heldout = await session.engine.request({
      type: 'read',
      what: 'heldout',
      model: model.info.model,
      heldout: fit.heldout,
      of: full.rows,
    });
    if (signal.aborted) return;
    const rows = rowsOf(invertBits(heldout, full.rows)).filter((row) => row < head.rows);
    const running = runner.run(model, { ...fit, rows, heldout: 0, epochs: 1, patience: 0 });
    /* All rows are fetched and prepared while epoch 1 is trained. */
    let download: Download = { done: 0, total: 0 };
    const prepared = opener
      .load(full, {
        signal,
        onDownload(now) {
          download = now;
          if (store.phase.peek().kind === 'opening') store.phase.value = waiting(full, download);
        },
      })
      .then(
        (all) => ({ all }),
        (error: unknown) => ({ error }),
      );
    const result = (await running)?.result;
    const goesOn = !signal.aborted && result?.outcome === 'finished' && result.reason === 'epochs';
    if (goesOn) store.phase.value = waiting(full, download);
    const answer = await prepared;
    if (!goesOn || signal.aborted) {
      if ('all' in answer) opener.discard(answer.all);
      return;
    }
    const rest: FitSpec = { ...fit, epochs: Math.max(1, fit.epochs - 1) };
    const trained = store.models.peek().get(model.info.model) ?? model;
    if ('error' in answer) {
      session.report(answer.error, '', `Training goes on with the first ${formatCount(head.rows)} rows.`);
      await runner.run(trained, { ...rest, rows, heldout: 0 }, plain(head.rows, true));
      return;
    }
    const { table } = answer.all;
    opener.exchange(answer.all, () => {
      runner.moveTo(trained, table, sameNumbers(first, answer.all));
      runner.adoptTable();
      lengthen();
    });
    const moved = store.models.peek().get(model.info.model) ?? trained;
    await runner.run(moved, { ...rest, table }, plain(full.rows, true));
    opener.discard(first);
  }

  return {
    end,
    async start() {
      const entry = demonstration(store.catalog.peek());
      if (!entry) {
        store.phase.value = { kind: 'empty' };
        return;
      }
      const controller = new AbortController();
      over = controller;
      const { signal } = controller;
      store.firstVisit.value = true;
      const head = store.catalog.peek().find(({ id }) => id === entry.head);
      try {
        if (head) {
          await headFirst(head, entry, signal);
        } else {
          const prepared = await load(entry, signal);
          if (signal.aborted) return;
          opener.commit(prepared);
          lengthen();
          await runner.trainIfPossible();
        }
      } catch (error) {
        if (signal.aborted || failureOf(error).code === 'cancelled') return;
        store.phase.value = runner.restingPhase();
        session.report(error, 'The demonstration can’t be shown.');
      } finally {
        if (over === controller) over = null;
      }
    },
  };
}
