/** Passing things to and from the kernels, shared by their wrappers. */
import { KernelError, STATUS } from './heap.ts';
import { check, type Kernels } from './module.ts';

/** Calls a constructor that gives its object through a leading out-pointer. */
export function make(k: Kernels, where: string, create: (out: number) => number): number {
  return k.heap.with(4, (block) => {
    check(create(block.ptr), where);
    return (block.u32()[0] ?? 0) >>> 0;
  });
}

export function withBytes<T>(k: Kernels, bytes: Uint8Array, use: (ptr: number) => T): T {
  return k.heap.with(bytes.length, (block) => {
    block.u8().set(bytes);
    return use(block.ptr);
  });
}

export function text(k: Kernels, ptr: number, bytes: number): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    new Uint8Array(k.heap.buffer(), ptr >>> 0, bytes),
  );
}

export function hex(k: Kernels, fill: (out: number) => void): string {
  return k.heap.with(8, (block) => {
    fill(block.ptr);
    const [low = 0, high = 0] = block.u32();
    return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
  });
}

/** "a, b, c and 4 more" */
export function nameList(names: readonly string[]): string {
  const short = names.slice(0, 3).map((name) => (name.length > 60 ? `${name.slice(0, 60)}…` : name));
  return names.length > 3 ? `${short.join(', ')} and ${names.length - 3} more` : short.join(', ');
}

export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

export const bytesOf = (array: Uint32Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** The sizes do not fit each other: an error of the caller, found before memory is read past an end. */
export function mustFit(fits: boolean, what: string): void {
  if (!fits) {
    throw new KernelError(STATUS.BAD_SHAPE, what);
  }
}
