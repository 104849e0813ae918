import { expect, it } from 'vitest';
import { deviceOf } from '../../web/client/device.ts';
import { isSmall, MOST_VALUES, MOST_VALUES_SMALL, mostValues } from '../../web/protocol/limits.ts';
import { SNAPSHOT_BUDGET, SNAPSHOT_BUDGET_SMALL } from '../../web/state/snapshots.ts';

const device = (memory: number | undefined, pointers: string[]): boolean =>
  isSmall(
    deviceOf(memory === undefined ? {} : { deviceMemory: memory }, (query) =>
      pointers.some((pointer) => query === `(any-pointer: ${pointer})`),
    ),
  );

it.each([
  ['a desktop that does not say', undefined, ['fine'], false],
  ['a desktop', 8, ['fine'], false],
  ['a laptop with a touch screen', 8, ['fine', 'coarse'], false],
  ['a machine with just enough memory to be small', 4, ['fine'], true],
  ['a small one', 2, ['fine'], true],
  ['a phone', 8, ['coarse'], true],
  ['a phone that does not say', undefined, ['coarse'], true],
  ['no pointer at all, as a screen reader or a robot has', undefined, [], false],
] as const)('%s', (_, memory, pointers, small) => {
  expect(device(memory, [...pointers])).toBe(small);
});

it('a small device takes 40 million values and keeps a quarter of the states, another 250 million', () => {
  expect([mostValues(false), mostValues(true)]).toEqual([250_000_000, 40_000_000]);
  expect([MOST_VALUES, MOST_VALUES_SMALL]).toEqual([250e6, 40e6]);
  expect(SNAPSHOT_BUDGET / SNAPSHOT_BUDGET_SMALL).toBe(4);
});
