/** What is done when a file of the page is not on its host any more (RELIABILITY 80). */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Ground, watchMissing } from '../../web/state/missing.ts';
import { createRoom, roomMissing } from '../../web/state/room.ts';
import { createStore, type Notice, type Store } from '../../web/state/store.ts';
import { MemoryStorage, settle } from './session-fixture.ts';

let store: Store;
let told: Omit<Notice, 'id'>[];
let ground: Ground & { reload: ReturnType<typeof vi.fn<() => void>> };
let stop: () => void;

const gone = createRoom(() => Promise.reject(new Error('404')));

beforeEach(() => {
  roomMissing.value = 0;
  store = createStore();
  told = [];
  ground = {
    entry: 'https://host/a/assets/index-one.js',
    page: () => Promise.resolve('<script src="./assets/index-two.js">'),
    reload: vi.fn(),
    memory: new MemoryStorage(),
  };
  stop = watchMissing(store, (notice) => told.push(notice), ground);
});

afterEach(() => stop());

/** A room is entered in vain. */
async function miss(): Promise<void> {
  await gone.enter().catch(() => undefined);
  await settle();
}

it('row 80: loads the page anew where the host has another build, once for each build, then tells', async () => {
  await miss();
  expect(ground.reload).toHaveBeenCalledTimes(1);
  expect(told).toEqual([]);
  await miss();
  expect(ground.reload).toHaveBeenCalledTimes(1);
  expect(told).toMatchObject([{ action: { label: 'Reload' } }]);
});

it('leaves it to the person where they have selected something', async () => {
  store.selection.value = { count: 3, maker: { kind: 'all' }, version: 1 };
  await miss();
  expect(ground.reload).not.toHaveBeenCalled();
  expect(told[0]?.text).toMatch(/newer version/);
  told[0]?.action?.run();
  expect(ground.reload).toHaveBeenCalledTimes(1);
});

it('does not load anew what would be the same, or nothing at all', async () => {
  ground.page = () => Promise.resolve('<script src="./assets/index-one.js">');
  await miss();
  ground.page = () => Promise.reject(new Error('offline'));
  await miss();
  expect(ground.reload).not.toHaveBeenCalled();
  expect(told.map(({ text }) => text)).toEqual([
    'A part of this page could not be fetched: it is not on the host.',
    'A part of this page could not be fetched: the host did not answer.',
  ]);
});

it.each<[string, Ground['memory']]>([
  ['none', null],
  ['one that keeps nothing', { getItem: () => null, setItem: () => undefined }],
])('tells where the tab has no memory, since it could turn in a circle: %s', async (_, memory) => {
  ground.memory = memory;
  await miss();
  expect(ground.reload).not.toHaveBeenCalled();
  expect(told).toHaveLength(1);
});
