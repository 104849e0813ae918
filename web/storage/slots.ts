/**
 * Which slot belongs to which tab. A tab holds its slot by a lock of the browser, which goes with the tab, however that
 * ends; what nobody holds was left by a tab that is gone. Where there are no locks (a page that came without encryption),
 * open tabs answer for their slots over a channel.
 */

export interface Slots {
  /** Takes a slot for this tab; false when another one has it. Taken until `release` or the end of the page. */
  take(slot: string): Promise<boolean>;
  /** Resolves once others can take it. */
  release(slot: string): Promise<void>;
  /** Slots that open tabs hold, this one's too. */
  held(): Promise<ReadonlySet<string>>;
}

const PREFIX = 'unfold-slot-';
const CHANNEL = 'unfold-slots';
/** How long open tabs have to answer, in ms. */
const ANSWERS = 300;

export function newSlot(): string {
  return Array.from({ length: 3 }, () => Math.random().toString(36).slice(2, 8)).join('');
}

function byLocks(locks: LockManager): Slots {
  const mine = new Map<string, () => void>();
  const through = new Map<string, Promise<unknown>>(); // until the browser has let go
  return {
    take(slot) {
      if (mine.has(slot)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const held = locks
          .request(PREFIX + slot, { ifAvailable: true }, (lock) => {
            resolve(lock !== null);
            if (!lock) return undefined;
            return new Promise<void>((release) => mine.set(slot, release));
          })
          .catch(() => resolve(true));
        through.set(slot, held);
      });
    },
    async release(slot) {
      mine.get(slot)?.();
      mine.delete(slot);
      await through.get(slot);
      through.delete(slot);
    },
    async held() {
      const { held = [] } = await locks.query().catch(() => ({ held: [] as LockInfo[] }));
      const names = held.flatMap(({ name = '' }) =>
        name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [],
      );
      return new Set([...names, ...mine.keys()]);
    },
  };
}

/** For pages without locks; closed by whoever closes the page. */
export function byChannel(): Slots {
  const mine = new Set<string>();
  let heard = new Set<string>();
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(CHANNEL);
  channel?.addEventListener('message', ({ data }) => {
    if (data === 'who') for (const slot of mine) channel.postMessage({ slot });
    else if (typeof data?.slot === 'string') heard.add(data.slot);
  });
  async function held(): Promise<ReadonlySet<string>> {
    heard = new Set();
    channel?.postMessage('who');
    if (channel) await new Promise((resolve) => setTimeout(resolve, ANSWERS));
    return new Set([...heard, ...mine]);
  }
  return {
    async take(slot) {
      if (mine.has(slot)) return true;
      if ((await held()).has(slot)) return false;
      mine.add(slot);
      return true;
    },
    async release(slot) {
      mine.delete(slot);
    },
    held,
  };
}

export function createSlots(): Slots {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  return locks ? byLocks(locks) : byChannel();
}
