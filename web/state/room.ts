/**
 * Rooms: parts of the program that the first picture and the first training do without, each a file of its own on
 * the host. A room is entered when what is in it is wanted, or a little before; entering it again costs nothing.
 */

import { type ReadonlySignal, signal } from '@preact/signals';

export interface Room<M> {
  /** What is in it, once it is there. */
  readonly content: ReadonlySignal<M | null>;
  /** Fetches what is in it, unless it is there or on its way. Rejects when the host does not have it any more. */
  enter(): Promise<M>;
}

/** A room that was to be entered is not on the host: most likely it serves another build by now. */
export const roomMissing = signal(false);

export function createRoom<M>(load: () => Promise<M>): Room<M> {
  const content = signal<M | null>(null);
  let coming: Promise<M> | null = null;

  async function fetchOnce(): Promise<M> {
    try {
      const found = await load();
      content.value = found;
      return found;
    } catch (error) {
      coming = null;
      roomMissing.value = true;
      throw error;
    }
  }

  return {
    content,
    enter() {
      coming ??= fetchOnce();
      return coming;
    },
  };
}
