import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBounds, shortestFloat, wire, withStruct } from '../../web/kernels/params.ts';
import { freshKernels } from '../wasm/kernels.ts';

const struct = wire({ a: 'u32', b: 'f32', c: 'u32[3]', d: 'i32' });

describe('wire structs', () => {
  it('lays 4-byte fields out in order, without padding', () => {
    expect(struct.bytes).toBe(24);
    const { heap } = freshKernels();
    heap.with(struct.bytes, (block) => {
      struct.write(heap, block.ptr, { a: 7, b: 0.5, c: [1, 2], d: -3 });
      expect([...block.u32()]).toEqual([7, 0x3f000000, 1, 2, 0, 0xfffffffd]);
    });
  });

  it('reads back what was written, floats as the shortest decimal', () => {
    const { heap } = freshKernels();
    const value = { a: 0xffffffff, b: 0.001, c: [0, 5, 0xffffffff], d: -0x80000000 };
    withStruct(heap, struct, value, (ptr) => {
      expect(struct.read(heap, ptr)).toEqual(value);
    });
    expect(heap.blocks).toBe(0);
  });

  it('row 56: refuses numbers that a field cannot hold instead of wrapping them', () => {
    const { heap } = freshKernels();
    const ok = { a: 1, b: 1, c: [], d: 1 };
    for (const bad of [
      { a: -1 },
      { a: 1.5 },
      { a: 2 ** 32 },
      { a: Number.NaN },
      { c: [1, 2, 3, 4] },
      { d: 2 ** 31 },
    ]) {
      expect(() => withStruct(heap, struct, { ...ok, ...bad }, () => 0)).toThrow(RangeError);
    }
    expect(heap.blocks).toBe(0);
  });

  it('names the field that a 4-byte index falls into', () => {
    expect([0, 1, 2, 4, 5].map((word) => struct.fieldAt(word))).toEqual(['a', 'b', 'c[0]', 'c[2]', 'd']);
  });

  it('refuses a kind it does not know', () => {
    expect(() => wire({ a: 'f64' as 'f32' })).toThrow('f64');
  });

  it('prints the shortest decimal that is the same float', () => {
    expect(shortestFloat(Math.fround(0.1))).toBe(0.1);
    expect(shortestFloat(Math.fround(1e-3))).toBe(1e-3);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const shown = shortestFloat(value);
        expect(Math.fround(shown)).toBe(value);
        expect(String(shown).length).toBeLessThanOrEqual(String(value).length);
      }),
    );
  });

  it('reads defaults and limits from C', () => {
    const { exports, heap } = freshKernels();
    const fit = wire({
      epochs: 'u32',
      batch: 'u32',
      learning_rate: 'f32',
      weight_decay: 'f32',
      noise: 'f32',
      heldout: 'f32',
      patience: 'u32',
      seed: 'u32',
    });
    const { defaults, lo, hi } = readBounds(
      heap,
      fit,
      exports.ae_fit_params_default,
      exports.ae_fit_params_bounds,
    );
    expect(defaults).toMatchObject({ epochs: 20, batch: 128, learning_rate: 0.001 });
    expect(lo).toMatchObject({ epochs: 1, heldout: 0 });
    expect(hi).toMatchObject({ batch: 4096, heldout: 0.5, seed: 0xffffffff });
    expect(heap.blocks).toBe(0);
  });
});
