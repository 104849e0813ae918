/**
 * Parts of the worker that the first training does without, each a file of its own on the host (in the command line
 * they are all in one). A part is fetched when it is first asked for.
 */
import { failure } from '../protocol/failure.ts';

/** What is fetched once; after a failure it is tried again. */
function room<M>(load: () => Promise<M>): () => Promise<M> {
  let coming: Promise<M> | null = null;
  return () => {
    coming ??= load().catch(() => {
      coming = null;
      throw failure(
        'part_missing',
        'A part of the program could not be fetched.',
        'Reload the page: the host may have a newer version by now.',
      );
    });
    return coming;
  };
}

/** Reading text. */
export const textRoom = room(() => import('./readers/text.ts'));

/** Answers about groups of rows, and rows as a file. */
export const askingRoom = room(() => import('./asking.ts'));
