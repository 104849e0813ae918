/**
 * Memory of the kernels: owned blocks, short-lived views, and errors from status codes.
 *
 * A view (`Float32Array` and so on) of the memory is made when needed and never stored: the memory grows, and
 * then every older view is detached. What leaves the worker is a copy.
 */
import type { ErrorCode } from '../protocol/messages.ts';
import type { KernelExports } from './exports.ts';

/** Values of `status` in core/base/status.h. */
export const STATUS = {
  OK: 0,
  NO_MEMORY: 1,
  BAD_PARAM: 2,
  BAD_SHAPE: 3,
  NOT_FINITE: 4,
  TOO_LARGE: 5,
  BAD_DATA: 6,
} as const;

/** Code and sentence of each status, by number; the sentences equal those of status_message(). */
const STATUSES: readonly { code: ErrorCode; message: string }[] = [
  { code: 'internal', message: 'Done.' },
  { code: 'no_memory', message: 'There is not enough memory for this.' },
  { code: 'bad_param', message: 'A parameter is outside its limits.' },
  { code: 'bad_param', message: 'The sizes do not fit each other.' },
  { code: 'not_finite', message: 'The numbers ran away: the loss is no longer finite.' },
  { code: 'too_large', message: 'This is larger than the stated limit.' },
  { code: 'bad_file', message: 'The bytes are not what they should be.' },
];

/** A status of the kernels that is not OK. `where` says what it is about: a field, a column, a file. */
export class KernelError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly where: string | undefined;

  constructor(status: number, where?: string, message?: string) {
    const known = STATUSES[status];
    super(message ?? known?.message ?? 'Unknown status.');
    this.name = 'KernelError';
    this.status = status;
    this.code = known?.code ?? 'internal';
    this.where = where;
  }
}

/** Throws a `KernelError` unless the status is OK. */
export function check(status: number, where?: string): void {
  if (status !== STATUS.OK) {
    throw new KernelError(status, where);
  }
}

/** Some bytes of the kernels' memory, 64-byte aligned and zeroed at the start. Owned: call `free()`, once or more. */
export class Block {
  readonly ptr: number;
  readonly bytes: number;
  readonly #heap: Heap;
  #freed = false;

  constructor(heap: Heap, ptr: number, bytes: number) {
    this.#heap = heap;
    this.ptr = ptr;
    this.bytes = bytes;
  }

  u8(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer(), this.ptr, this.bytes);
  }

  u16(): Uint16Array<ArrayBuffer> {
    return new Uint16Array(this.#buffer(), this.ptr, this.bytes >>> 1);
  }

  u32(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#buffer(), this.ptr, this.bytes >>> 2);
  }

  f32(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#buffer(), this.ptr, this.bytes >>> 2);
  }

  f64(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#buffer(), this.ptr, this.bytes >>> 3);
  }

  free(): void {
    if (!this.#freed) {
      this.#freed = true;
      this.#heap.release(this);
    }
  }

  #buffer(): ArrayBuffer {
    if (this.#freed) {
      throw new Error('A block of kernel memory was used after it was freed.');
    }
    return this.#heap.buffer();
  }
}

export class Heap {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: KernelExports;
  #blocks = 0;

  constructor(memory: WebAssembly.Memory, exports: KernelExports) {
    this.#memory = memory;
    this.#exports = exports;
  }

  /** `bytes` zeroed bytes, or a `KernelError` no_memory. `where` names what they are for. */
  alloc(bytes: number, where?: string): Block {
    if (!Number.isInteger(bytes) || bytes < 0 || bytes > 0xffffffff) {
      throw new KernelError(STATUS.NO_MEMORY, where);
    }
    const ptr = this.#exports.mem_alloc(bytes) >>> 0;
    if (ptr === 0) {
      throw new KernelError(STATUS.NO_MEMORY, where);
    }
    this.#blocks += 1;
    return new Block(this, ptr, bytes);
  }

  /** Runs `use` with a block that is freed afterwards, whatever happens. */
  with<T>(bytes: number, use: (block: Block) => T): T {
    const block = this.alloc(bytes);
    try {
      return use(block);
    } finally {
      block.free();
    }
  }

  /** The memory as it is now; detached by the next growth. */
  buffer(): ArrayBuffer {
    return this.#memory.buffer as ArrayBuffer;
  }

  /** Bytes that all kernel objects and blocks together hold: back at its baseline after everything is freed. */
  inUse(): number {
    return this.#exports.mem_in_use() >>> 0;
  }

  /** Blocks given out here and not freed yet. */
  get blocks(): number {
    return this.#blocks;
  }

  /** Text of the kernels that ends in a zero byte. */
  text(ptr: number): string {
    const bytes = new Uint8Array(this.buffer());
    const first = ptr >>> 0;
    return new TextDecoder().decode(bytes.slice(first, bytes.indexOf(0, first)));
  }

  /** For `Block.free`. */
  release(block: Block): void {
    this.#blocks -= 1;
    this.#exports.mem_free(block.ptr);
  }
}
