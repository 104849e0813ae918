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

/** How often a file of the page or of its worker could not be fetched; missing.ts answers. */
export const roomMissing = signal(0);

/** @param there what is in it, where that was not left out of the start */
export function createRoom<M>(load: () => Promise<M>, there: M | null = null): Room<M> {
  const content = signal(there);
  let coming: Promise<M> | null = null;

  async function fetchOnce(): Promise<M> {
    if (there !== null) return there;
    try {
      const found = await load();
      content.value = found;
      return found;
    } catch (error) {
      coming = null;
      roomMissing.value++;
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

/** Uses what is in a room: at once when it is there, else, in the order of the calls, when it has come. */
export function within<M, R>(room: Room<M>, use: (content: M) => R): R | Promise<R> {
  const content = room.content.peek();
  return content === null ? room.enter().then(use) : use(content);
}

type Act = (...args: never[]) => unknown;

/** The acts of an object in a room, to be called from the start on. */
export function ahead<M, K extends string, T extends Record<K, Act>>(
  room: Room<M>,
  pick: (content: M) => T,
  names: readonly K[],
): Pick<T, K> {
  const acts = names.map((name) => {
    /* That the host has lost the room is told by `roomMissing`. */
    const act = (...args: never[]): unknown => {
      const content = room.content.peek();
      if (content !== null) return pick(content)[name](...args);
      return room.enter().then(
        (come) => pick(come)[name](...args),
        () => undefined,
      );
    };
    return [name, act];
  });
  return Object.fromEntries(acts) as Pick<T, K>;
}
