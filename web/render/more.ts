/**
 * What the first pictures do without: drawing by the processor, trails, pictures as files. It is a file of its own,
 * fetched once, when the first of these is wanted or before that, with `loadMore`.
 */

export type More = typeof import('./late.ts');

export type LoadMore = () => Promise<More>;

let there: More | null = null;

/** What is there without waiting, if it has come. */
export function moreNow(): More | null {
  return there;
}

/** Fetches it. Rejects when it can't be had; asking again tries again. */
export async function loadMore(): Promise<More> {
  there ??= await import('./late.ts');
  return there;
}
