/**
 * A source to a table: what it is by its first bytes, then streamed through the kernels, never whole in
 * memory. README.md beside this file states the rules.
 */

import { PixelsReader, SyntheticMaker } from '../../kernels/makers.ts';
import { KernelError, type Kernels } from '../../kernels/module.ts';
import type { RawTable } from '../../kernels/table.ts';
import { failure } from '../../protocol/failure.ts';
import type { OpenHints, Source } from '../../protocol/messages.ts';
import { textRoom } from '../rooms.ts';
import {
  isGzip,
  MOST_BYTES,
  type ReadControl,
  readBytes,
  readHead,
  SAMPLE_BYTES,
  throwIfAborted,
  turn,
} from './bytes.ts';
import { labelled, type Opened, settle } from './settle.ts';
import { type TensorHeader, tensorHeader } from './tensor.ts';

export type { Opened };

/** Rows of a made set between two turns. */
const ROWS_A_TURN = 20_000;

/**
 * Reads a source. `on.progress` counts bytes of the blob (rows of a made set), from 0 again when a second pass
 * is needed; `on.signal` ends the reading with a FailureError `cancelled`. Every failure is a FailureError, and
 * leaves nothing in the kernels' memory.
 */
export async function openTable(
  kernels: Kernels,
  source: Source,
  hints: OpenHints,
  on: ReadControl,
): Promise<Opened> {
  try {
    throwIfAborted(on.signal);
    if ('synthetic' in source) {
      return await openSynthetic(kernels, source, hints, on);
    }
    return await openBlob(kernels, source.blob, hints, on);
  } catch (error) {
    throw explained(error);
  }
}

/** Kernel errors that no reader has said more about. */
function explained(error: unknown): unknown {
  if (!(error instanceof KernelError)) {
    return error;
  }
  const hint = error.code === 'no_memory' ? 'Close other tabs, or open a part of the file.' : '';
  return failure(error.code, error.message, hint, error.where);
}

async function openBlob(k: Kernels, blob: Blob, hints: OpenHints, on: ReadControl): Promise<Opened> {
  if (blob.size === 0) {
    throw failure('empty_file', 'The file is empty.', 'Open a file with a header and rows.');
  }
  if (blob.size > MOST_BYTES) {
    const size = (blob.size / 1024 ** 3).toFixed(1);
    throw failure('too_large', `The file has ${size} GB; at most 2 GB can be read.`, 'Open a part of it.');
  }
  const packed = await readHead(blob, false, 'utf-8', SAMPLE_BYTES, on.signal);
  const compressed = isGzip(packed.head);
  const first = compressed ? await readHead(blob, true, 'utf-8', SAMPLE_BYTES, on.signal) : packed;
  if (first.head.length === 0) {
    throw failure('empty_file', 'The file is empty.', 'Open a file with a header and rows.');
  }
  const header = tensorHeader(first.head);
  if (header !== null) {
    return await openTensor(k, blob, compressed, header, on);
  }
  const { openText } = await textRoom.enter();
  return await openText(k, blob, compressed, first, hints, on);
}

// ------------------------------------------------------------------------------------------------- others

async function openTensor(
  k: Kernels,
  blob: Blob,
  compressed: boolean,
  header: TensorHeader,
  on: ReadControl,
): Promise<Opened> {
  const { height, width, channels } = header.image;
  const reader = new PixelsReader(k, header.rows, height * width * channels, header.label, header.classes);
  let raw: RawTable;
  try {
    let skip = header.bytes;
    for await (const piece of readBytes(blob, compressed, 'utf-8', on)) {
      const skipped = Math.min(skip, piece.length);
      skip -= skipped;
      reader.feed(piece.subarray(skipped));
    }
    reader.end();
    raw = reader.take();
  } catch (error) {
    if (error instanceof KernelError && error.code === 'bad_file') {
      throw failure(
        'bad_file',
        'The image file does not have the rows that its header states.',
        'Prepare or copy the file again.',
      );
    }
    throw error;
  } finally {
    reader.free();
  }
  try {
    const table = await settle(raw, { notes: [], image: header.image }, on);
    return { table, recipe: { format: 'tensor' } };
  } catch (error) {
    raw.free();
    throw error;
  }
}

async function openSynthetic(
  k: Kernels,
  source: Extract<Source, { synthetic: unknown }>,
  hints: OpenHints,
  on: ReadControl,
): Promise<Opened> {
  const { synthetic, n, seed } = source;
  if (!Number.isInteger(n) || n < 1 || n > 5_000_000) {
    throw failure('bad_param', 'A made set has from 1 to 5 million rows.', '', 'n');
  }
  const maker = new SyntheticMaker(k, synthetic, n, seed >>> 0);
  let raw: RawTable;
  try {
    while (!maker.done) {
      maker.step(ROWS_A_TURN);
      on.progress(maker.rowsDone, n);
      await turn();
      throwIfAborted(on.signal);
    }
    raw = maker.take();
  } finally {
    maker.free();
  }
  try {
    return { table: await settle(raw, labelled({ notes: [] }, hints), on), recipe: { format: 'synthetic' } };
  } catch (error) {
    raw.free();
    throw error;
  }
}
