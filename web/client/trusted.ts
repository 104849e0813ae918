/**
 * The page's one Trusted Types policy, `app`: script addresses of this site, and of blobs made by it. The page's
 * Content-Security-Policy allows no other policy, so whoever starts a worker takes its address from here.
 */

interface Policy {
  createScriptURL(url: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

let policy: Policy | null = null;

/** Throws for an address elsewhere. */
export function ownScript(url: string, origin: string): string {
  const { origin: from } = new URL(url);
  /* Without an origin of its own (a sandboxed frame) a page has but its blobs. */
  const own = origin === 'null' ? url.startsWith('blob:null/') : from === origin;
  if (!own) {
    throw new TypeError(`A script from ${from} was refused.`);
  }
  return url;
}

/** The address in the form that `new Worker` takes under the page's policy. */
export function scriptUrl(url: string): string {
  const { trustedTypes, origin } = globalThis as unknown as {
    trustedTypes?: TrustedTypes;
    origin: string;
  };
  const check = (given: string): string => ownScript(given, origin);
  if (trustedTypes === undefined) {
    return check(url);
  }
  policy ??= trustedTypes.createPolicy('app', { createScriptURL: check });
  return policy.createScriptURL(url) as string;
}
