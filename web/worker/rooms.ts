/**
 * Parts of the worker that the first training does without, each a file of its own on the host (in the command line
 * they are all in one). A part is fetched when it is first asked for.
 */
import { failure } from '../protocol/failure.ts';

export interface Room<M> {
  /** What is in it, once it is there. */
  here: M | null;
  /** Fetches it once; after a failure it is tried again. */
  enter(): Promise<M>;
}

function room<M>(load: () => Promise<M>): Room<M> {
  let coming: Promise<M> | null = null;
  const made: Room<M> = {
    here: null,
    enter() {
      coming ??= load().then(
        (found) => {
          made.here = found;
          return found;
        },
        () => {
          coming = null;
          throw failure(
            'part_missing',
            'A part of the program could not be fetched.',
            'Reload the page: the host may have a newer version by now.',
          );
        },
      );
      return coming;
    },
  };
  return made;
}

/** Reading text. */
export const textRoom = room(() => import('./readers/text.ts'));

/** Answers about groups of rows, and rows as a file. */
export const askingRoom = room(() => import('./asking.ts'));

export type Asking = typeof import('./asking.ts');

/** Has the asking room do something: at once when it is there. */
export type InRoom = <R>(use: (room: Asking) => R) => R | Promise<Awaited<R>>;
