/**
 * What the page and its service worker say to each other. Either side may be of an older version than the other:
 * whoever receives looks at each field, and passes over what it does not know.
 */

/** Metric of `Server-Timing` in answers that come from the copy; without it the host was asked. */
export const KEPT_MARK = 'unfold-kept';

/** What the page asks of the worker. */
export type OfflineRequest =
  | { type: 'version' } // tell this client which version this is, and do nothing else: also asked of one that waits
  | { type: 'report' } // tell this client how much is kept
  | { type: 'complete' } // fetch what is too large to be part of the installation, one file after another
  | { type: 'activate' } // take over from the version that is running: the person said so
  | { type: 'uninstall' }; // delete every copy and end

/** A file of the site that is not kept (yet). */
export interface MissingFile {
  file: string; // path below the site's folder
  bytes: number;
}

/** Only a worker that keeps versions of the site says this: one that ends the site's worker, or is of others, does not. */
export interface OfflineVersion {
  type: 'offline-version';
  version: string; // 16 hexadecimal digits
}

/** How much of the site is kept for use without a network. */
export interface OfflineReport {
  type: 'offline';
  version: string; // 16 hexadecimal digits
  bytes: number; // kept
  missing: MissingFile[]; // in the order in which they are fetched
  full: boolean; // the browser gives no more room for those
}

/** A version that could not be kept. The one before it, if there is one, stays whole. */
export interface OfflineFailure {
  type: 'offline-failed';
  version: string;
  file: string; // at which the installation ended; '' when it was none
  reason: 'missing' | 'damaged' | 'full'; // damaged: it did not arrive, or is not what was built
}
