/**
 * The browser's database as promises. Each piece of work opens it, does one transaction, and closes it: no tab ever
 * stands in the way of another one's newer version for longer than that, and a connection that the browser has dropped
 * is no matter.
 *
 * Whatever goes wrong is a `StorageError` that says what it means for the person. Nothing else is thrown.
 */

/**
 * denied: there is no storage for this page (a private window, blocked by the person or by the page around it);
 * full: the browser gives no more room; blocked: another tab keeps an older version open; newer: a later version of the
 * page has written it, and it is left alone; failed: anything else.
 */
export type StorageProblem = 'denied' | 'full' | 'blocked' | 'newer' | 'failed';

export class StorageError extends Error {
  readonly problem: StorageProblem;

  constructor(problem: StorageProblem, cause?: unknown) {
    super(problem, { cause });
    this.problem = problem;
  }
}

export interface DatabaseShape {
  name: string;
  version: number;
  /** Brings a database of an older version, 0 for none, to this one. */
  upgrade(db: IDBDatabase, from: number): void;
}

/** How long another tab may take to let go of an older version, and opening at all, in ms. */
const PATIENCE = 3000;
const SILENCE = 20_000;
/** How long one transaction may take, in ms: 64 MB of data on a slow disk are through by then. */
const TRANSACTION = 60_000;

interface Named {
  name?: unknown;
  code?: unknown;
  inner?: unknown;
}

/** Browsers say in several ways that the disk, or this page's share of it, is full. */
export function isQuota(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code, inner } = error as Named;
  const full = name === 'QuotaExceededError' || name === 'NS_ERROR_DOM_QUOTA_REACHED';
  return full || code === 22 || code === 1014 || isQuota(inner);
}

export function storageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if (isQuota(error)) return new StorageError('full', error);
  const { name } = (error ?? {}) as Named;
  if (name === 'VersionError') return new StorageError('newer', error);
  if (name === 'SecurityError' || name === 'InvalidStateError') return new StorageError('denied', error);
  return new StorageError('failed', error);
}

/** The browser's databases, where even looking for them may be refused. */
export function databases(): IDBFactory | null {
  try {
    return globalThis.indexedDB ?? null;
  } catch {
    return null;
  }
}

function open(factory: IDBFactory, shape: DatabaseShape): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(shape.name, shape.version);
    let late = false;
    const giveUp = (problem: StorageProblem, ms: number) =>
      setTimeout(() => {
        late = true;
        reject(new StorageError(problem));
      }, ms);
    let timer = giveUp('failed', SILENCE);
    request.onupgradeneeded = ({ oldVersion }) => shape.upgrade(request.result, oldVersion);
    request.onblocked = () => {
      clearTimeout(timer);
      timer = giveUp('blocked', PATIENCE);
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error);
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      const db = request.result;
      if (late) db.close();
      else resolve(db);
    };
  });
}

/** The answer to one request of a transaction. */
export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function through(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new StorageError('failed'));
  });
}

/** Fails when a transaction never comes to an end: everything that is written later would wait for it. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new StorageError('failed')), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Does work in one transaction: all of it is written, or nothing. `work` may wait for answers of the transaction alone.
 * Without a factory storage is denied.
 */
export async function transact<T>(
  factory: IDBFactory | null,
  shape: DatabaseShape,
  mode: 'readonly' | 'readwrite',
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  if (!factory) throw new StorageError('denied');
  let db: IDBDatabase | null = null;
  try {
    db = await open(factory, shape);
    const transaction = db.transaction([...db.objectStoreNames], mode);
    const ended = through(transaction);
    ended.catch(() => undefined);
    try {
      const done = work(transaction).then(async (value) => {
        await ended;
        return value;
      });
      return await within(TRANSACTION, done);
    } catch (error) {
      /* What went wrong comes first; that nothing is written then is seen to here. */
      try {
        transaction.abort();
      } catch {
        /* It has ended already, and says below why. */
      }
      await within(PATIENCE, ended).catch(() => undefined);
      throw transaction.error && isQuota(transaction.error) ? transaction.error : error;
    }
  } catch (error) {
    throw storageError(error);
  } finally {
    db?.close();
  }
}
