/** What the actions need of a real browser, for the page and for figures in other pages. */

import { smallDevice } from '../client/device.ts';
import type { Address } from './link-actions.ts';
import type { Ground } from './missing.ts';
import type { Surroundings } from './session-actions.ts';
import type { Theme } from './store.ts';

/** Makes the theme visible on the document; the style sheets do the rest. */
export function applyTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset['theme'];
  else dataset['theme'] = theme;
}

export const browserSurroundings: Surroundings = {
  fetch: (url, init) => fetch(url, init),
  now: () => performance.now(),
  later(run, ms) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  copy: (text) => navigator.clipboard.writeText(text),
  save(file, name) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.click();
    /* The browser may take its time to begin. */
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  },
  version: __VERSION__,
  small: smallDevice,
  agent: navigator.userAgent,
};

/** The page's address; what is behind "#" is written without a step in the browser's history. */
export const pageAddress: Address = {
  page: () => location.origin + location.pathname,
  write: (hash) => history.replaceState(history.state, '', hash),
};

function tabMemory(): Storage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

/** @param entry address of the script that starts the page */
export const pageGround = (entry: string): Ground => ({
  entry,
  async page() {
    const response = await fetch(pageAddress.page(), { cache: 'no-cache' });
    if (!response.ok) throw new Error(`The page's host answered ${response.status}.`);
    return response.text();
  },
  reload: () => location.reload(),
  memory: tabMemory(),
});
