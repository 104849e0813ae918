/** How far the site is kept for use without a network, in words, and what can be done about it. */

import type { JSX } from 'preact';
import type { CatalogEntry, OfflineState } from '../state/store.ts';
import { byteText } from '../state/transport.ts';
import { visibleText } from './data-text.tsx';
import type { PanelProps } from './top-bar.tsx';

type Ready = Extract<OfflineState, { kind: 'ready' }>;

const failed: Record<Extract<OfflineState, { kind: 'failed' }>['reason'], string> = {
  missing: 'a file is missing on the host',
  damaged: 'a file did not arrive whole',
  full: 'the browser has no room for it',
};

/** "Fashion-MNIST and Handwritten digits, 70,000 (42 MB)". */
function missingText({ missing }: Ready, catalog: readonly CatalogEntry[]): string {
  const titles = missing.map(({ file }) => {
    const entry = catalog.find((candidate) => `data/${candidate.file}` === file);
    return visibleText(entry?.title ?? file);
  });
  const last = titles.pop() ?? '';
  const list = titles.length > 0 ? `${titles.join('; ')} and ${last}` : last;
  return `${list} (${byteText(missing.reduce((sum, { bytes }) => sum + bytes, 0))})`;
}

export function offlineText(state: OfflineState, catalog: readonly CatalogEntry[]): string {
  switch (state.kind) {
    case 'unknown':
    case 'off':
      return 'Nothing is kept for use without a network.';
    case 'refused':
      return 'Nothing is kept for use without a network: the browser does not allow it here.';
    case 'installing':
      return 'Unfold is being kept for use without a network.';
    case 'failed':
      return `Not ready offline: ${failed[state.reason]}. It is tried again at the next visit.`;
    case 'ready': {
      if (state.missing.length === 0) return `Ready offline, with all data (${byteText(state.bytes)}).`;
      const names = missingText(state, catalog);
      if (state.fetching) return `Ready offline, but for ${names}: still being fetched.`;
      if (state.full) return `Ready offline, but for ${names}: the browser has no room for it.`;
      return `Ready offline, but for ${names}.`;
    }
    default:
      return state satisfies never;
  }
}

/** Nothing where the page never begins to be kept: in another page, and while it is developed. */
export function OfflinePart({ store, actions }: PanelProps): JSX.Element | null {
  const state = store.offline.value;
  if (state.kind === 'unknown') return null;
  const wish = store.keepOffline.value;
  const left = state.kind === 'ready' && state.missing.length > 0 && !state.fetching && !state.full;
  return (
    <>
      <h3>Without a network</h3>
      <p class="offline-state" role="status" aria-label="Offline">
        {offlineText(state, store.catalog.value)}
      </p>
      {left ? (
        <p>
          <button type="button" class="button small" onClick={() => actions.setOffline('all')}>
            Fetch the large data sets, too
          </button>
        </p>
      ) : null}
      <label class="check">
        <input
          type="checkbox"
          checked={wish !== 'off'}
          onChange={(event) => actions.setOffline(event.currentTarget.checked ? 'auto' : 'off')}
        />
        Keep Unfold on this device for use without a network
      </label>
    </>
  );
}
