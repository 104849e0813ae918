/** Making the link to what is on screen, telling what is in it, and copying it. */

import { encodeLink, LONG_TEXT, MOST_TEXT } from '../saved/link-code.ts';
import type { Recorder } from './history-actions.ts';
import type { Address } from './link-actions.ts';
import { contents, largest, linkOf, type Shown } from './link-path.ts';
import { nodeTitle } from './retrain-story.ts';
import type { Session } from './session-actions.ts';
import type { Store } from './store.ts';
import { formatCount } from './summary.ts';
import { byteText } from './transport.ts';

/** The link to what is on screen, or why there is none; sentences for the person. */
export interface Share {
  address: string | null; // whole; null: there is none
  hash: string | null; // "#v1.…"
  refused: string | null; // why there is none
  contents: string[]; // what is in it
  notes: string[]; // what to know of it: its length, that data are not in it
  training: boolean; // one is under way: stopping it gives a link to where it is
}

export interface Sharing {
  shareLink(): Promise<Share>;
  /** Copies the address, puts it into the address bar and says so; false when the browser does not let it. */
  copyLink(share: Share): Promise<boolean>;
}

const NONE: Share = { address: null, hash: null, refused: null, contents: [], notes: [], training: false };

/** A state that can be shared, or a sentence why there is none. */
function stateOf(store: Store, recorder: Recorder): { at: number | null } | { refused: string } {
  const { at, nodes } = store.history.peek();
  const training = 'job' in store.phase.peek();
  const base = at ?? recorder.base();
  if (base !== null && (training || at !== null)) return { at: base };
  if (training)
    return { refused: 'Stop the first training, or wait until it has ended: there is no state yet.' };
  if (nodes.length > 0) {
    return {
      refused:
        'This state can’t be made again elsewhere: the worker was lost on the way. Return to an earlier state, or train again.',
    };
  }
  return { at: null };
}

export function createSharing(session: Session, recorder: Recorder, address: Address): Sharing {
  const { store, surroundings } = session;

  function shown(at: number | null): Shown | null {
    const [ready, table, form, model, map] = [
      store.ready.peek(),
      store.table.peek(),
      store.form.peek(),
      store.model.peek(),
      store.map.peek(),
    ];
    if (!ready || !table?.features || !form) return null;
    const { selected, lens, maps } = store.bulk;
    const rests = !('job' in store.phase.peek()) && at === store.history.peek().at;
    const positions = map && rests && map.whole ? (maps.get(map.map)?.positions ?? null) : null;
    const params = model && at !== null ? model.params : form.params;
    return {
      kernels: ready.kernels,
      table,
      form: { ...form, params },
      retrain: store.retrain.peek(),
      history: store.history.peek(),
      at,
      axes: map?.axes ?? [0, params.latent > 1 ? 1 : 0],
      colour: store.colour.peek(),
      selection: selected ? { bits: selected, maker: store.selection.peek().maker } : null,
      camera: lens?.camera() ?? null,
      side: lens?.side() ?? 0,
      positions,
    };
  }

  async function shareLink(): Promise<Share> {
    const training = 'job' in store.phase.peek();
    const state = stateOf(store, recorder);
    if ('refused' in state) return { ...NONE, training, refused: state.refused };
    const all = shown(state.at);
    if (!all) return { ...NONE, training, refused: 'There is nothing to link to until data are there.' };
    const made = linkOf(all);
    if ('refused' in made) return { ...NONE, training, refused: made.refused };
    const { link } = made;
    const hash = `#${await encodeLink(link)}`;
    if (hash.length > MOST_TEXT) {
      const most = largest(link, all.table);
      const why = most
        ? ` Most of it is ${most.words} (${formatCount(most.rows)} rows, ${byteText(most.bytes)}): select by a class, a range or a search instead of drawing, or return to an earlier state.`
        : ' Return to an earlier state.';
      const refused = `The link would have ${byteText(hash.length)}; ${byteText(MOST_TEXT)} is the most.${why}`;
      return { ...NONE, training, refused };
    }
    const node = state.at === null ? undefined : all.history.nodes[state.at];
    const notes = [
      ...(training && node
        ? [
            `A training is under way: the link leads to the state before it, ${node.id} ${nodeTitle(node, all.table)}.`,
          ]
        : []),
      ...(link.file === undefined
        ? []
        : [`Whoever opens it needs the file ${link.file}, and is asked for it.`]),
      ...(store.hidden.peek().rows > 0 || store.named.peek().length > 0
        ? ['What is hidden and saved selections are not in it.']
        : []),
      ...(hash.length > LONG_TEXT
        ? [
            `It is long (${byteText(hash.length)}): some programs cut addresses beyond ${byteText(LONG_TEXT)}.`,
          ]
        : []),
    ];
    return { address: address.page() + hash, hash, refused: null, contents: contents(link), notes, training };
  }

  async function copyLink({ address: whole, hash }: Share): Promise<boolean> {
    if (whole === null || hash === null) return false;
    try {
      await surroundings.copy(whole);
    } catch {
      session.announce('The browser does not let the page copy: select the address and copy it.');
      return false;
    }
    address.write(hash);
    session.announce('The link was copied.');
    return true;
  }

  return { shareLink, copyLink };
}
