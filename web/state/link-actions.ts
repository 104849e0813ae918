/**
 * Links that reproduce: making one of what is on screen, and opening one: its data are fetched, or waited for, and
 * its trainings are done again before the person's eyes, with all that was measured of them. Same kernels, same bits.
 */

import { failure } from '../protocol/failure.ts';
import type { ErrorCode, FeatureInfo, FitSpec, Id, RowBits } from '../protocol/messages.ts';
import { fitSpecOf, type Link, type LinkFit, type LinkTraining, readRoles } from '../saved/link.ts';
import { outside } from '../saved/link-bounds.ts';
import { decodeLink, linkText } from '../saved/link-code.ts';
import { mismatch, setsOf } from '../saved/link-sets.ts';
import { hashFloats } from '../saved/rows-code.ts';
import { type Deed, plain } from './deeds.ts';
import { failureOf } from './engine-port.ts';
import { formFor } from './form.ts';
import type { Recorder } from './history-actions.ts';
import { fullMaker } from './lean-maker.ts';
import type { Opener } from './open-actions.ts';
import type { Retrains } from './retrain-actions.ts';
import type { Runner } from './run-actions.ts';
import type { SelectionActions } from './selection-actions.ts';
import type { Session } from './session-actions.ts';
import { createSharing, type Sharing } from './share-actions.ts';
import type { CatalogEntry, FormState, MapPart, Notice, RunKind } from './store.ts';
import { counted } from './summary.ts';
import type { ViewActions } from './view-actions.ts';

/** Where the page is, and what stands behind "#" there. */
export interface Address {
  /** The page's own address, without "#" and what follows it. */
  page(): string;
  /** Puts this behind "#" without going anywhere. */
  write(hash: string): void;
}

export interface LinkNeeds {
  session: Session;
  opener: Opener;
  runner: Runner;
  recorder: Recorder;
  retrains: Retrains;
  view: Pick<ViewActions, 'setAxes' | 'setColour'>;
  selection: Pick<SelectionActions, 'selectBits'>;
  address: Address;
}

export interface Links extends Sharing {
  /**
   * Opens what an address leads to, the whole of it or what is behind "#". True when it is on screen, whether all its
   * trainings could be done again or not, or waits for its file; false when it is none, which has been told.
   *
   * @param ask first, where there is work on the page
   */
  openLink(address: string, ask?: boolean): Promise<boolean>;
  /** Takes a file that a link waits for; false when none does. */
  take(file: File): Promise<boolean>;
}

/** Failures that are the link's: it asks for what is not there, or can't be done here. */
const IN_THE_LINK: ReadonlySet<ErrorCode> = new Set(['bad_param', 'too_large']);

/** How a training ended, as the worker tells it of one that was stopped or had learnt enough. */
function retold(training: LinkTraining, fit: LinkFit, epochs: number): NonNullable<Deed['retell']> {
  const last = training.fits.at(-1) === fit;
  return (result) => {
    if (!last || training.ended === undefined || result.outcome !== 'finished') return result;
    const { epochs: done } = result;
    const count = done > 0 ? counted(done, 'epoch', 'epochs') : counted(fit.steps, 'step', 'steps');
    const [all = ''] = /, [\d,]+ in all/.exec(result.message) ?? [];
    if (training.ended === 'plateau') {
      const message = `Ended after ${done} of ${epochs} epochs: the held-out loss no longer got better.`;
      return { ...result, reason: 'plateau', message };
    }
    const message =
      training.ended === 'user'
        ? `Stopped after ${count}${all}.`
        : `The loss ran away after ${count}. The model is at its last finite state.`;
    return { ...result, outcome: 'stopped', reason: training.ended, message };
  };
}

/** The form that goes on as it would where the link was made. */
function formOf(link: Link, suggested: FormState): FormState {
  const form: FormState = {
    method: link.method,
    params: link.params,
    fit: { ...link.fit },
    errors: {},
    touched: new Set(),
  };
  const touched = new Set<string>();
  for (const part of ['params', 'fit'] as const) {
    const mine = form[part] as unknown as Record<string, unknown>;
    const theirs = suggested[part] as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(mine)) {
      if (String(value) !== String(theirs[name])) touched.add(name);
    }
  }
  return { ...form, touched };
}

export function createLinks(needs: LinkNeeds): Links {
  const { session, opener, runner, recorder, retrains, view, selection } = needs;
  const { store, engine } = session;
  let waiting: { link: Link; text: string; notice: number } | null = null; // for its file
  let ended = false; // the person has given up the link that is followed

  /** Of an address, or of what is on screen because of one. */
  function tell(notice: Omit<Notice, 'id' | 'about'>, about: 'link' | 'linked' = 'link'): number {
    session.announce(notice.text);
    session.settle('link', 'linked');
    return session.notify({ ...notice, about });
  }

  function refuse(text: string, hint = 'Nothing of it was used.'): false {
    tell({ tone: 'warning', text, hint });
    return false;
  }

  /* ---- opening ------------------------------------------------------------------------------------------ */

  async function openLink(address: string, ask = false): Promise<boolean> {
    const text = linkText(address);
    const decoded = await decodeLink(text);
    if ('problem' in decoded) return refuse(decoded.problem);
    const { link } = decoded;
    const ready = store.ready.peek();
    const wrong = ready && outside(link, ready.methods[link.method]);
    if (wrong) return refuse(`The link holds something that can’t be: ${wrong}`);
    const entry = store.catalog.peek().find(({ id }) => id === link.id);
    if (link.id !== undefined && !entry) {
      return refuse(`The link is to the data set “${link.id}”, which is not offered here.`);
    }
    const go = (): Promise<boolean> => (entry ? open(link, text, entry) : wait(link, text));
    if (ask && needsAsking()) {
      question(
        'The address has a link in it. Open it? What is on the page now gives way.',
        'Open the link',
        go,
      );
      return false;
    }
    return go();
  }

  function needsAsking(): boolean {
    if (store.firstVisit.peek()) return false;
    const { kind } = store.phase.peek();
    return kind !== 'starting' && kind !== 'empty' && store.table.peek() !== null;
  }

  /** `kept`: done when what is on the page stays. */
  function question(text: string, label: string, go: () => Promise<boolean>, kept?: () => void): void {
    const answer = (then: (() => unknown) | undefined) => (): void => {
      session.settle('link', 'linked');
      then?.();
    };
    tell({
      tone: 'info',
      text,
      action: { label, run: answer(go) },
      other: { label: 'Keep what is here', run: answer(kept) },
    });
  }

  async function open(link: Link, text: string, source: CatalogEntry | File): Promise<boolean> {
    const roles = readRoles(link.roles) ?? [];
    let other: string | null = null; // why the data are not the link's
    let wrong: string | null = null; // why there is no way to its state, though the data are
    let sets: RowBits[] = [];
    const shown = await opener.openAs(source, {
      roles,
      scale: link.scale,
      ...(link.hints ? { hints: link.hints } : {}),
      unreadable() {
        if (!(source instanceof Blob)) return false;
        other = 'It can’t be read as that file was.';
        return true;
      },
      check(info) {
        other = mismatch(link, info, roles.length);
        if (other !== null) throw failure('cancelled', other);
      },
      async also({ table, state }) {
        try {
          sets = await wayOf(link, table, state.info.rows);
        } catch (error) {
          const { code, message } = failureOf(error);
          if (!IN_THE_LINK.has(code)) throw error;
          wrong = message;
          throw failure('cancelled', message);
        }
        return { show: () => undefined, drop: () => undefined };
      },
    });
    if (shown) {
      forgetWaiting();
      await follow(link, text, sets);
      return true;
    }
    if (wrong !== null) {
      forgetWaiting();
      return refuse(`The link can’t be followed. ${wrong}`);
    }
    if (other === null) return false;
    if (source instanceof Blob) return another(source, other);
    return refuse(`${source.title} is not the data set that the link was made of. ${other}`);
  }

  /** The rows of its sets, once it is known that its model can be made; throws when not. Nothing gave way yet. */
  async function wayOf(link: Link, table: Id, rows: number): Promise<RowBits[]> {
    const { path, params, method, fit } = link;
    const sets = await setsOf(link, rows, (by) => engine.request({ type: 'select', table, by }));
    if (path.length > 0) {
      const { refused } = await engine.request({ type: 'estimate', table, method, params, fit });
      if (refused !== null) throw failure('too_large', refused);
    }
    return sets;
  }

  /* ---- a local file ------------------------------------------------------------------------------------- */

  function forgetWaiting(): void {
    waiting = null;
    session.settle('link', 'linked');
  }

  function wait(link: Link, text: string): Promise<boolean> {
    const name = link.file === undefined || link.file === '' ? 'a file' : `“${link.file}”`;
    const notice = tell({
      tone: 'info',
      text: `A saved view of ${name} is waiting. Drop that file on the page, or open it: the link does not hold the data.`,
      other: { label: 'Give up', run: forgetWaiting },
    });
    waiting = { link, text, notice };
    return Promise.resolve(true);
  }

  /** The file is not the one that is waited for. */
  function another(file: File, why: string): false {
    const held = waiting;
    tell({
      tone: 'warning',
      text: `“${file.name}” is not the file of the saved view. ${why}`,
      action: {
        label: 'Open it plainly',
        run() {
          forgetWaiting();
          void opener.open(file);
        },
      },
      other: {
        label: 'Keep waiting',
        run() {
          session.settle('link', 'linked');
          if (held) void wait(held.link, held.text);
        },
      },
    });
    return false;
  }

  async function take(file: File): Promise<boolean> {
    if (!waiting) return false;
    const { link, text } = waiting;
    const go = (): Promise<boolean> => open(link, text, file);
    if ('job' in store.phase.peek() && !store.firstVisit.peek()) {
      const asked = 'Training is under way. Open the saved view instead?';
      question(asked, 'Open the saved view', go, () => void wait(link, text));
    } else {
      await go();
    }
    return true;
  }

  /* ---- the way to its state ----------------------------------------------------------------------------- */

  /** From data that are on screen to the state of the link. Tells what comes of it. */
  async function follow(link: Link, text: string, sets: readonly RowBits[]): Promise<void> {
    const table = store.table.peek();
    if (!table?.features) return;
    const here = (): boolean => store.table.peek()?.info.table === table.info.table;
    ended = false;
    try {
      settings(link, table.features);
      store.guest.value = {
        table: table.info.table,
        nodes: link.path.length,
        touched: store.form.peek()?.touched ?? new Set(),
        selection: null,
      };
      const arrived = link.path.length === 0 || (await train(link, text, table.info.table, sets));
      if (!arrived || !here()) return;
      await look(link, sets);
      compare(link);
    } catch (error) {
      if (!here()) return;
      session.settle('link', 'linked');
      session.report(error, 'The link can’t be followed to its end.', 'Its data are here.', 'linked');
    } finally {
      const guest = store.guest.peek();
      if (guest?.table === table.info.table) {
        store.guest.value = { ...guest, selection: store.selection.peek().version };
      }
    }
  }

  function settings(link: Link, features: FeatureInfo): void {
    runner.adoptForm(formOf(link, formFor(features, null)));
    if (link.retrain) store.retrain.value = { ...link.retrain, errors: {} };
    if (link.colour.kind === 'column') view.setColour(link.colour);
  }

  /** Does the trainings again. False when that has ended on the way, which has been told. */
  async function train(link: Link, text: string, table: Id, sets: readonly RowBits[]): Promise<boolean> {
    const model = await runner.create(table);
    if (!model) return false;
    const id = model.info.model;
    const there = (): boolean => store.models.peek().has(id);
    const { align } = link;
    if (align) {
      const drawn = { axes: align.axes, align: align.by };
      await engine.request({ type: 'set', target: model.info.map, params: drawn });
      view.setAxes(align.axes);
    }
    let after = 0;
    for (const [i, training] of link.path.entries()) {
      if (link.path.length > 1) progress(i, link.path.length);
      turn(training.axes);
      for (const [j, part] of training.fits.entries()) {
        const spec = fitSpecOf(link, training, part, sets);
        after = (spec.fresh ? 0 : after) + part.steps;
        const steps = await once(training, part, spec, { lengthens: j > 0, sets, text });
        if (!there()) {
          session.settle('link', 'linked');
          return false;
        }
        if (steps !== after || ended) {
          stopped(text);
          return false;
        }
      }
    }
    session.settle('link', 'linked');
    return true;
  }

  function progress(at: number, of: number): void {
    session.notify({
      tone: 'info',
      text: `The link’s trainings are done again: ${at + 1} of ${of}.`,
      other: {
        label: 'Stop following',
        run() {
          /* Between two of them there is nothing that could be stopped. */
          ended = true;
          void runner.stop();
        },
      },
      about: 'linked',
    });
  }

  /** One fit; the steps that the model has then, or null when it went wrong. */
  async function once(
    training: LinkTraining,
    part: LinkFit,
    spec: FitSpec,
    { lengthens, sets, text }: { lengthens: boolean; sets: readonly RowBits[]; text: string },
  ): Promise<number | null> {
    const { kind, maker, set } = training;
    const model = store.model.peek();
    const rows = store.table.peek()?.info.rows ?? 0;
    if (!model) return null;
    const retell = retold(training, part, spec.epochs);
    const retry = async (): Promise<void> => {
      await openLink(text);
    };
    const selected = set === undefined ? undefined : sets[set];
    if (kind === 'train' || !maker || !selected) {
      const ran = await runner.run(model, spec, { ...plain(rows, lengthens), retell, retry });
      return ran?.node ? ran.result.steps : null;
    }
    const ran = await retrains.carryOut({
      kind: kind satisfies Exclude<RunKind, 'train'>,
      maker: fullMaker(maker, selected),
      selected,
      fit: () => spec,
      sentence: 'as in the link',
      retell,
      retry,
    });
    return ran?.node ? ran.result.steps : null;
  }

  function stopped(text: string): void {
    const phase = store.phase.peek();
    /* What went wrong has been told, with a way on. */
    if (phase.kind === 'failed') {
      session.settle('link', 'linked');
      return;
    }
    tell(
      {
        tone: 'warning',
        text: 'The trainings were stopped on the way: this is not the state that the link leads to.',
        action: { label: 'Open the link again', run: () => void openLink(text) },
      },
      'linked',
    );
  }

  /** Brings the map to these axes; whatever the worker is asked next finds it there. */
  function turn(axes: [number, number] | undefined): void {
    if (axes) view.setAxes(axes);
  }

  /* ---- how it is looked at ------------------------------------------------------------------------------ */

  async function look(link: Link, sets: readonly RowBits[]): Promise<void> {
    const map = store.map.peek();
    if (map) {
      turn(link.axes);
      /* The frame comes before the answer. */
      await engine.request({ type: 'refresh', map: map.map });
    }
    view.setColour(link.colour);
    if (link.selection) {
      const bits = sets[link.selection.set];
      if (bits) selection.selectBits(bits, fullMaker(link.selection.maker, bits), 'replace');
    }
    if (link.view) aim(link.view);
  }

  /** Points the map at a part of it: where none is drawn yet, as in a figure that is far away, the next one. */
  function aim(part: MapPart): void {
    const { lens } = store.bulk;
    if (lens) lens.aim(part);
    else store.bulk.aim = part;
  }

  /** Whether every row is where it was when the link was made; tells when it isn't, or may not be. */
  function compare(link: Link): void {
    const kernels = store.ready.peek()?.kernels ?? 0;
    const map = store.map.peek();
    const positions = map ? store.bulk.maps.get(map.map)?.positions : undefined;
    const same =
      link.places !== undefined && positions !== undefined && hashFloats(positions) === link.places;
    const known = link.places !== undefined && positions !== undefined;
    if (link.kernels !== kernels && link.path.length > 0) {
      tell(
        {
          tone: same ? 'info' : 'warning',
          text: `Made with other kernels (revision ${link.kernels}, here ${kernels}): ${
            same ? 'every row is where it was all the same.' : 'the picture may differ.'
          }`,
        },
        'linked',
      );
    } else if (known && !same) {
      tell(
        {
          tone: 'warning',
          text: 'The rows are not where they were when the link was made.',
          hint: 'A setting was changed on the way, or this browser computes otherwise.',
        },
        'linked',
      );
    } else {
      session.announce(known ? 'The link is open: every row is where it was.' : 'The link is open.');
    }
  }

  return { openLink, take, ...createSharing(session, recorder, needs.address) };
}
