/**
 * A blob as a stream of bytes: progress by bytes of the blob, gzip by its magic, text in other encodings to
 * UTF-8, a look at the first bytes, and turns given back so that messages are seen while reading.
 */
import { FailureError, failure } from '../../protocol/failure.ts';

export interface ReadControl {
  progress(done: number, total: number): void;
  signal: AbortSignal;
}

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** Bytes between two turns given back: a few milliseconds of reading. */
const TURN_BYTES = 1 << 20;
/** Enough to decide what a file is and how it is written. */
export const SAMPLE_BYTES = 65_536;
/** A compressed file may unpack to this many times its size, once it is past RATIO_FROM bytes. */
const MOST_RATIO = 200;
const RATIO_FROM = 10 * (1 << 20);
export const MOST_BYTES = 2 * 1024 ** 3;

export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** Lets waiting messages be handled. */
export async function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await new Promise<void>((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(null);
  });
  port1.close();
  port2.close();
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw failure('cancelled', 'Reading was cancelled.');
  }
}

/** What a failed read means. A stream's own error says it in many ways. */
export function readFailure(error: unknown, compressed: boolean): unknown {
  if (error instanceof FailureError) {
    return error;
  }
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotReadableError' || name === 'NotFoundError') {
    return failure('file_changed', 'The file has changed or is no longer there.', 'Drop the file again.');
  }
  const code = (error as { code?: unknown } | null)?.code;
  if (compressed && (name === 'TypeError' || (typeof code === 'string' && code.startsWith('Z_')))) {
    return failure(
      'bad_file',
      'The compressed file is damaged or cut short.',
      'Fetch or copy the file again.',
    );
  }
  return error;
}

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

function counting(
  total: number,
  on: ReadControl,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let done = 0;
  return new TransformStream({
    transform(chunk, controller) {
      done += chunk.length;
      on.progress(done, total);
      controller.enqueue(chunk);
    },
  });
}

function limited(blob: Blob): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let unpacked = 0;
  return new TransformStream({
    transform(chunk, controller) {
      unpacked += chunk.length;
      if (unpacked > MOST_BYTES || (unpacked > RATIO_FROM && unpacked > MOST_RATIO * blob.size)) {
        controller.error(
          failure(
            'too_large',
            'The compressed file unpacks to far more than its size; reading it was stopped.',
            'Unpack the file yourself and open what you need of it.',
          ),
        );
        return;
      }
      controller.enqueue(chunk);
    },
  });
}

function utf8From(encoding: Encoding): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(encoder.encode(decoder.decode(chunk, { stream: true })));
    },
    flush(controller) {
      controller.enqueue(encoder.encode(decoder.decode()));
    },
  });
}

/** The blob's bytes, unpacked and as UTF-8. Throws FailureErrors. Leaving the loop closes the stream. */
export async function* readBytes(
  blob: Blob,
  compressed: boolean,
  encoding: Encoding,
  on: ReadControl,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let stream = (blob.stream() as Bytes).pipeThrough(counting(blob.size, on));
  if (compressed) {
    const gunzip = new DecompressionStream('gzip') as unknown as TransformStream<
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>
    >;
    stream = stream.pipeThrough(gunzip).pipeThrough(limited(blob));
  }
  if (encoding !== 'utf-8') {
    stream = stream.pipeThrough(utf8From(encoding));
  }
  const reader = stream.getReader();
  let sinceTurn = 0;
  try {
    for (;;) {
      throwIfAborted(on.signal);
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      // Some streams give pieces of many megabytes: hand them on in small ones.
      for (let at = 0; at < value.length; at += TURN_BYTES) {
        const piece = value.subarray(at, at + TURN_BYTES);
        sinceTurn += piece.length;
        yield piece;
        if (sinceTurn >= TURN_BYTES) {
          sinceTurn = 0;
          await turn();
          throwIfAborted(on.signal);
        }
      }
    }
  } catch (error) {
    throw readFailure(error, compressed);
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The first `limit` bytes; `whole` when there are no more. */
export async function readHead(
  blob: Blob,
  compressed: boolean,
  encoding: Encoding,
  limit: number,
  signal: AbortSignal,
): Promise<{ head: Uint8Array<ArrayBuffer>; whole: boolean }> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const piece of readBytes(blob, compressed, encoding, { progress: () => {}, signal })) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > limit) {
      break;
    }
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return { head: all.subarray(0, limit), whole: bytes <= limit };
}
