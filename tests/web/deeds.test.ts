/** What a training came to, while the room of the history is on its way, or lost. */

import { describe, expect, it } from 'vitest';
import { type Ended, scribeAhead } from '../../web/state/deeds.ts';
import type { Recorder } from '../../web/state/history-actions.ts';
import { createRoom } from '../../web/state/room.ts';
import type { HistoryNode } from '../../web/state/store.ts';

const ENDED = { model: 1 } as Ended;
const NODE = { id: 0 } as HistoryNode;

/** A recorder that writes down what it is asked. */
function noting(): { asked: string[]; recorder: Recorder } {
  const asked: string[] = [];
  const recorder: Partial<Recorder> = {
    reset: () => void asked.push('reset'),
    begin: async () => void asked.push('begin'),
    record: async () => {
      asked.push('record');
      return NODE;
    },
    cutOff: async (kind, moved) => void asked.push(`cut off ${kind} ${moved}`),
    doubt: () => void asked.push('doubt'),
  };
  return { asked, recorder: recorder as Recorder };
}

describe('the history, asked before its room is there', () => {
  it('has a training wait that ends meanwhile, and nothing to forget', async () => {
    const { asked, recorder } = noting();
    let arrive: (() => void) | null = null;
    const room = createRoom(
      () =>
        new Promise<{ recorder: Recorder }>((resolve) => {
          arrive = () => resolve({ recorder });
        }),
    );
    const scribe = scribeAhead(() => room);
    scribe.reset();
    await scribe.begin();
    const recorded = scribe.record(ENDED);
    await Promise.resolve();
    expect(asked).toEqual([]);
    (arrive as (() => void) | null)?.();
    expect(await recorded).toBe(NODE);
    await scribe.begin();
    expect(asked).toEqual(['record', 'begin']);
  });

  it.each([
    ['goes on from a state that can’t be made again', false, ['cut off train true', 'begin']],
    ['has nothing to do with another model', true, ['reset', 'begin']],
  ])('that the host had lost for a while %s', async (_, another, expected) => {
    const { asked, recorder } = noting();
    let lost = true;
    const room = createRoom(async () => {
      if (lost) throw new Error('404');
      return { recorder };
    });
    const scribe = scribeAhead(() => room);
    expect(await scribe.record(ENDED)).toBeNull();
    lost = false;
    await room.enter();
    if (another) scribe.reset();
    await scribe.begin();
    expect(asked).toEqual(expected);
  });
});
