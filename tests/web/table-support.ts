/** Opening bytes and files as the worker does, for the tests of the readers. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Kernels } from '../../web/kernels/module.ts';
import { FailureError } from '../../web/protocol/failure.ts';
import type { Failure, OpenHints } from '../../web/protocol/messages.ts';
import { type Opened, openTable } from '../../web/worker/readers/open.ts';

const mirrors = [process.env.UNFOLD_DATA_MIRROR, resolve(import.meta.dirname, '../../../shared/data')];

/** A file of the data mirror, or null: tests on it then skip. */
export function mirrorFile(path: string): string | null {
  for (const folder of mirrors) {
    const file = folder === undefined || folder === '' ? null : resolve(folder, path);
    if (file !== null && existsSync(file)) {
      return file;
    }
  }
  return null;
}

/** A blob that hands out its bytes in pieces of the given sizes, over and over. */
export class PiecesBlob extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #sizes: readonly number[];

  constructor(bytes: Uint8Array<ArrayBuffer>, sizes: readonly number[]) {
    super([bytes]);
    this.#bytes = bytes;
    this.#sizes = sizes;
  }

  override stream(): ReturnType<Blob['stream']> {
    const bytes = this.#bytes;
    const sizes = this.#sizes;
    let at = 0;
    let turn = 0;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (at >= bytes.length) {
          controller.close();
          return;
        }
        const size = sizes[turn % sizes.length] ?? bytes.length;
        turn += 1;
        controller.enqueue(bytes.slice(at, at + size));
        at += size;
      },
    }) as ReturnType<Blob['stream']>;
  }
}

export function blobOf(content: string | Uint8Array<ArrayBuffer>): Blob {
  return new Blob([content]);
}

export function openBlob(k: Kernels, blob: Blob, hints: OpenHints = {}): Promise<Opened> {
  const on = { progress: () => {}, signal: new AbortController().signal };
  return openTable(k, { blob, name: 'test' }, hints, on);
}

export function openText(k: Kernels, text: string, hints: OpenHints = {}): Promise<Opened> {
  return openBlob(k, blobOf(text), hints);
}

export function openPath(k: Kernels, path: string, hints: OpenHints = {}): Promise<Opened> {
  return openBlob(k, blobOf(new Uint8Array(readFileSync(path))), hints);
}

/** The failure that this ends in. */
export async function failureOf(opening: Promise<unknown>): Promise<Failure> {
  try {
    await opening;
  } catch (error) {
    if (error instanceof FailureError) {
      return error.failure;
    }
    throw error;
  }
  throw new Error('It should have failed.');
}

/** Every cell as text. */
export function cellsOf({ table }: Opened): string[][] {
  return Array.from({ length: table.rows }, (_, row) =>
    table.columns.map((_column, column) => table.cell(row, column)),
  );
}
