/**
 * A link as the text behind an address: "v1." and base64url of the deflated JSON (RFC 1951). Read with suspicion: at
 * most 16 kB of text, at most 256 kB unpacked, every field checked, and nothing is given back unless all of it is right.
 */

import * as v from 'valibot';
import { inconsistency, type Link, link as schema } from './link.ts';
import { fromBase64Url, toBase64Url } from './rows-code.ts';

const VERSION = 'v1.';

/** Characters that a link may have, "#" and version included. */
export const MOST_TEXT = 16_384;
/** Addresses longer than this are cut by some programs that pass them on. */
export const LONG_TEXT = 2000;
/** Bytes that a link may unpack to. */
const MOST_BYTES = 262_144;
/** Bytes unpacked at a time: deflate makes at most 1,032 of one. */
const PIECE = 256;

export type Decoded = { link: Link } | { problem: string };

async function collected(stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array | null> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel().catch(() => undefined);
      return null;
    }
    pieces.push(value);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function piecesOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<BufferSource> {
  let at = 0;
  return new ReadableStream<BufferSource>({
    pull(controller) {
      if (at >= bytes.length) {
        controller.close();
        return;
      }
      controller.enqueue(bytes.slice(at, at + PIECE));
      at += PIECE;
    },
  });
}

async function deflated(text: string): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const packed = await collected(
    piecesOf(bytes).pipeThrough(new CompressionStream('deflate-raw')),
    Number.POSITIVE_INFINITY,
  );
  return packed ?? new Uint8Array(0);
}

/** Null when it is more than a link may unpack to; throws where it is no such stream. */
async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const plain = await collected(
    piecesOf(bytes).pipeThrough(new DecompressionStream('deflate-raw')),
    MOST_BYTES,
  );
  return plain && new TextDecoder('utf-8', { fatal: true }).decode(plain);
}

/** Text that follows "#" in an address. It may be longer than `MOST_TEXT`: whoever shows it has to say so. */
export async function encodeLink(link: Link): Promise<string> {
  return VERSION + toBase64Url(await deflated(JSON.stringify(link)));
}

/** What follows "#" in an address or stands alone; '' where there is nothing. */
export function linkText(address: string): string {
  const hash = address.indexOf('#');
  return (hash < 0 ? address : address.slice(hash + 1)).trim();
}

/** Names that mean something to every object: no link has them. */
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function parsed(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) => {
    if (FORBIDDEN.has(key)) throw new SyntaxError('A name that may not be.');
    return value;
  });
}

/** A sentence for each way in which text is no link. */
const SAYS = {
  foreign: 'What follows # in the address is not a view of this page.',
  version: 'The link was made by another version of Unfold, which this one can’t read.',
  long: 'The link is longer than a link may be.',
  broken: 'The link is damaged or was cut off.',
  wrong: 'The link holds something that can’t be.',
};

/** Reads what `encodeLink` wrote. Never throws. */
export async function decodeLink(text: string): Promise<Decoded> {
  if (text.length > MOST_TEXT) return { problem: SAYS.long };
  if (!text.startsWith(VERSION)) {
    return { problem: /^v\d+\./.test(text) ? SAYS.version : SAYS.foreign };
  }
  const bytes = fromBase64Url(text.slice(VERSION.length));
  if (!bytes) return { problem: SAYS.broken };
  let found: unknown;
  try {
    const json = await inflated(bytes);
    if (json === null) return { problem: SAYS.long };
    found = parsed(json);
  } catch {
    return { problem: SAYS.broken };
  }
  const checked = v.safeParse(schema, found);
  if (!checked.success) return { problem: SAYS.wrong };
  const inside = inconsistency(checked.output);
  return inside === null ? { link: checked.output } : { problem: `${SAYS.wrong} ${inside}` };
}
