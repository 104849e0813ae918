/** How much data a device takes, told before any work starts. Page and worker ask the same functions. */

/** Values of a matrix, rows × features. The kernels hold the larger one: FEATURES_MAX_VALUES. */
export const MOST_VALUES = 250e6;
/** The same on a small device: 160 MB. */
export const MOST_VALUES_SMALL = 40e6;

/** Memory of a device with little of it, in GiB, as `navigator.deviceMemory` says it. */
const LITTLE = 4;

export interface Device {
  /** GiB, as far as the browser says. */
  memory: number | undefined;
  /** Fingers are all it has: a phone or a tablet, whose browsers end a page that takes too much. */
  touchOnly: boolean;
}

export function isSmall({ memory, touchOnly }: Device): boolean {
  return touchOnly || (memory !== undefined && memory <= LITTLE);
}

export function mostValues(small: boolean): number {
  return small ? MOST_VALUES_SMALL : MOST_VALUES;
}

/** Name of a small device's worker, which can't ask about fingers itself. */
export const SMALL_WORKER = 'unfold-small';
