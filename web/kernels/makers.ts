/**
 * What makes tables other than of text: blocks of pixels, seeded sets. Thin classes over core/table; whoever holds one
 * calls `free()`, also after `take()`.
 */
import { make, withBytes } from './calls.ts';
import { check, type Kernels } from './module.ts';
import { RawTable } from './table.ts';

/** Labels (a byte each, when there are classes), then pixels, to a table. */
export class PixelsReader {
  readonly #k: Kernels;
  #ptr: number;

  constructor(k: Kernels, rows: number, pixels: number, label: string, classes: readonly string[]) {
    this.#k = k;
    const name = new TextEncoder().encode(label);
    const list = new TextEncoder().encode(
      classes.map((entry) => `${entry.replaceAll('\n', ' ')}\n`).join(''),
    );
    this.#ptr = withBytes(k, name, (namePtr) =>
      withBytes(k, list, (listPtr) =>
        make(k, 'images', (out) =>
          k.exports.table_pixels_new(
            out,
            rows,
            pixels,
            namePtr,
            name.length,
            listPtr,
            list.length,
            classes.length,
          ),
        ),
      ),
    );
  }

  feed(bytes: Uint8Array): void {
    withBytes(this.#k, bytes, (ptr) =>
      check(this.#k.exports.table_pixels_feed(this.#ptr, ptr, bytes.length)),
    );
  }

  end(): void {
    check(this.#k.exports.table_pixels_end(this.#ptr));
  }

  take(): RawTable {
    const raw = new RawTable(this.#k, this.#ptr);
    this.#ptr = 0;
    return raw;
  }

  free(): void {
    this.#k.exports.table_free(this.#ptr);
    this.#ptr = 0;
  }
}

const SETS = ['swiss_roll', 'blobs', 'rings', 'trefoil'] as const;
export type SyntheticSet = (typeof SETS)[number];

export class SyntheticMaker {
  readonly #k: Kernels;
  #ptr: number;

  constructor(k: Kernels, set: SyntheticSet, rows: number, seed: number) {
    this.#k = k;
    this.#ptr = make(k, 'rows', (out) => k.exports.synthetic_new(out, SETS.indexOf(set), rows, seed));
  }

  step(rows: number): void {
    check(this.#k.exports.synthetic_step(this.#ptr, rows));
  }

  get rowsDone(): number {
    return this.#k.exports.synthetic_rows_done(this.#ptr) >>> 0;
  }

  get done(): boolean {
    return this.#k.exports.synthetic_done(this.#ptr) !== 0;
  }

  take(): RawTable {
    return new RawTable(this.#k, this.#k.exports.synthetic_take(this.#ptr) >>> 0);
  }

  free(): void {
    this.#k.exports.synthetic_free(this.#ptr);
    this.#ptr = 0;
  }
}
