/** One map laid over another (core/measure/procrustes). Thin: marshal, call, check. */
import type { Align } from '../protocol/messages.ts';
import { bytesOf, mustFit, withBytes } from './calls.ts';
import type { Kernels } from './module.ts';

function align(
  k: Kernels,
  from: Float32Array,
  to: Float32Array,
  width: number,
  find: (from: number, to: number, n: number, out: number) => void,
): Align {
  mustFit(from.length === to.length && from.length % width === 0, 'the maps');
  return withBytes(k, bytesOf(from), (fromPtr) =>
    withBytes(k, bytesOf(to), (toPtr) =>
      k.heap.with(6 * 8, (out) => {
        find(fromPtr, toPtr, from.length / width, out.ptr);
        const [a = 1, b = 0, c = 0, d = 1, tx = 0, ty = 0] = out.f64();
        return [a, b, c, d, tx, ty];
      }),
    ),
  );
}

/**
 * The similarity (rotation or reflection, scale, shift) that brings the points `from` (n, 2) closest to `to`
 * (n, 2) by least squares. Pairs with a number that is not finite are left out; what no similarity brings
 * closer is only shifted.
 */
export function procrustes(k: Kernels, from: Float32Array, to: Float32Array): Align {
  return align(k, from, to, 2, k.exports.procrustes);
}

/** The same for codes of one number, `from` (n) onto `to` (n): [a, 0, 0, 1, tx, 0]. */
export function procrustesLine(k: Kernels, from: Float32Array, to: Float32Array): Align {
  return align(k, from, to, 1, k.exports.procrustes_line);
}
