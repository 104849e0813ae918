/** What the browser says about the machine it runs on. */

import { type Device, isSmall } from '../protocol/limits.ts';

/** `matches` answers media queries. */
export function deviceOf(navigator: { deviceMemory?: number }, matches: (query: string) => boolean): Device {
  return {
    memory: navigator.deviceMemory,
    touchOnly: matches('(any-pointer: coarse)') && !matches('(any-pointer: fine)'),
  };
}

/** What runs this has a browser's names; tests in Node have not. */
const here = globalThis as { navigator?: { deviceMemory?: number }; matchMedia?: typeof matchMedia };

export const smallDevice: boolean = isSmall(
  deviceOf(here.navigator ?? {}, (query) => here.matchMedia?.(query).matches ?? false),
);
