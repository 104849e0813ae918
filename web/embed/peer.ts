/**
 * The figure's side of the talk with the page around it. Heard is the parent window alone, and of it the origin that
 * sent the first `connect`; everything else is passed over without a word, before it is looked at. Of what is heard, so
 * many messages a second are read; those above are dropped, and told of once.
 */

import * as v from 'valibot';
import type { FigureEvents, FromFigure, Trouble } from './api.ts';
import { VERSION } from './api.ts';
import { type Command, type Message, messageSchema } from './schema.ts';

/** What a figure does about what it hears. */
export interface Hearing {
  connect(told: Extract<Message, { type: 'connect' }>): void;
  near(near: boolean): void;
  theme(theme: 'light' | 'dark' | null): void;
  /** Resolves to the answer; rejects with a `TroubleError`, or whatever went wrong. */
  command(command: Command): Promise<unknown>;
}

/** What the peer needs of its window. */
export interface Surrounds {
  parent: Pick<Window, 'postMessage'>;
  listen(hear: (event: MessageEvent) => void): void;
  now(): number; // ms
}

export interface Peer {
  event<N extends keyof FigureEvents>(name: N, detail: FigureEvents[N]): void;
  say(message: FromFigure): void;
}

/** Messages that are read at once, and how many more in a second. */
export const BURST = 100;
export const PER_SECOND = 50;
const TOO_MANY: Trouble = { code: 'too_many', message: 'Messages come faster than they are read.' };
/** Events that are kept for a page that has not connected yet. */
const MOST_WAITING = 50;

/** A sentence for the page around the figure. */
export class TroubleError extends Error {
  readonly trouble: Trouble;

  constructor(code: Trouble['code'], message: string) {
    super(message);
    this.trouble = { code, message };
  }
}

function isTagged(data: unknown): data is { unfold: unknown; type?: unknown; id?: unknown } {
  return typeof data === 'object' && data !== null && 'unfold' in data;
}

/** Moves the arrays of an answer instead of copying them. */
function transferOf(value: unknown): Transferable[] {
  return ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
}

export function createPeer(around: Surrounds, hearing: Hearing): Peer {
  let origin: string | null = null; // of the page around, once it has spoken
  let allowed = BURST;
  let countedAt = around.now();
  let told = false; // that messages are dropped
  let waiting: FromFigure[] = [];

  function post(message: FromFigure, transfer: Transferable[] = []): void {
    if (origin === null) {
      if (waiting.length < MOST_WAITING) waiting.push(message);
      return;
    }
    /* A page without an origin (a file, a sandbox) can't be addressed by it; the window is the right one all the same. */
    around.parent.postMessage(message, origin === 'null' ? '*' : origin, transfer);
  }

  function answer(id: number, result: { value: unknown } | { error: Trouble }): void {
    if ('value' in result) {
      post({ unfold: VERSION, type: 'answer', id, value: result.value }, transferOf(result.value));
    } else post({ unfold: VERSION, type: 'answer', id, error: result.error });
  }

  function take(): boolean {
    const now = around.now();
    allowed = Math.min(BURST, allowed + ((now - countedAt) / 1000) * PER_SECOND);
    countedAt = now;
    if (allowed >= 1) {
      allowed -= 1;
      if (allowed > BURST / 2) told = false;
      return true;
    }
    if (!told) event('unfold-error', TOO_MANY);
    told = true;
    return false;
  }

  function event<N extends keyof FigureEvents>(name: N, detail: FigureEvents[N]): void {
    post({ unfold: VERSION, type: 'event', name, detail });
  }

  function refuse(data: { id?: unknown }): void {
    const error: Trouble = { code: 'bad_command', message: 'That message is not one that a figure takes.' };
    if (typeof data.id === 'number') answer(data.id, { error });
    else event('unfold-error', error);
  }

  async function perform(command: Command): Promise<void> {
    try {
      answer(command.id, { value: await hearing.command(command) });
    } catch (error) {
      answer(command.id, { error: troubleOf(error) });
    }
  }

  function hear({ source, origin: from, data }: MessageEvent): void {
    if (source !== around.parent || !isTagged(data) || data.unfold !== VERSION) return;
    if (origin === null ? data.type !== 'connect' : from !== origin) return;
    if (!take()) {
      /* Nobody should wait for an answer that never comes. */
      if (data.type === 'command' && typeof data.id === 'number') answer(data.id, { error: TOO_MANY });
      return;
    }
    const parsed = v.safeParse(messageSchema, data);
    if (!parsed.success) {
      if (origin !== null) refuse(data);
      return;
    }
    const message = parsed.output;
    switch (message.type) {
      case 'connect':
        if (origin === null) {
          origin = from;
          const kept = waiting;
          waiting = [];
          for (const one of kept) post(one);
        }
        hearing.connect(message);
        break;
      case 'near':
        hearing.near(message.near);
        break;
      case 'theme':
        hearing.theme(message.theme);
        break;
      default:
        void perform(message);
    }
  }

  around.listen(hear);
  /* To anyone, since nobody is known yet; it says only that the figure is there. */
  around.parent.postMessage({ unfold: VERSION, type: 'hello' } satisfies FromFigure, '*');
  return { event, say: post };
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof TroubleError) return error.trouble;
  const failure = (error as { failure?: { code?: unknown; message?: unknown; hint?: unknown } } | null)
    ?.failure;
  if (typeof failure?.code === 'string' && typeof failure.message === 'string') {
    const hint = typeof failure.hint === 'string' && failure.hint !== '' ? ` ${failure.hint}` : '';
    return { code: failure.code, message: failure.message + hint };
  }
  return { code: 'internal', message: error instanceof Error ? error.message : 'Something went wrong.' };
}
