import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check, KernelError, STATUS } from '../../web/kernels/heap.ts';
import { freshKernels } from '../wasm/kernels.ts';

const kernelFolder = resolve(import.meta.dirname, '../../web/kernels');

describe('heap', () => {
  it('gives aligned zeroed blocks and is back at its baseline after they are freed', () => {
    const { heap } = freshKernels();
    const baseline = heap.inUse();
    const a = heap.alloc(100);
    const b = heap.alloc(0);
    expect(a.ptr % 64).toBe(0);
    expect([...a.u8()]).toEqual(new Array(100).fill(0));
    expect(heap.inUse()).toBe(baseline + 100);
    expect(heap.blocks).toBe(2);
    a.free();
    a.free();
    b.free();
    expect(heap.inUse()).toBe(baseline);
    expect(heap.blocks).toBe(0);
  });

  it('keeps the contents reachable after the memory has grown', () => {
    const { heap, memory } = freshKernels();
    const small = heap.alloc(16);
    small.f32().set([1, 2, 3, 4]);
    const before = memory.buffer;
    const large = heap.alloc(64 << 20);
    expect(memory.buffer).not.toBe(before);
    expect([...small.f32()]).toEqual([1, 2, 3, 4]);
    expect(large.u8().length).toBe(64 << 20);
  });

  it('row 60: a refused allocation is an error with a code, and smaller ones still work', () => {
    const { heap } = freshKernels();
    for (const bytes of [0xffffffff, 2 ** 40, -1, 1.5, Number.NaN]) {
      expect(() => heap.alloc(bytes, 'the table')).toThrow(
        expect.objectContaining({ code: 'no_memory', where: 'the table' }),
      );
    }
    const block = heap.alloc(8);
    expect(block.f64()[0]).toBe(0);
    block.free();
    expect(heap.blocks).toBe(0);
  });

  it('refuses views of a freed block', () => {
    const { heap } = freshKernels();
    const block = heap.alloc(8);
    block.free();
    expect(() => block.u8()).toThrow('after it was freed');
  });

  it('frees a scoped block when its user throws', () => {
    const { heap } = freshKernels();
    expect(() =>
      heap.with(8, () => {
        throw new Error('from inside');
      }),
    ).toThrow('from inside');
    expect(heap.blocks).toBe(0);
  });

  it('turns every status into a code and the sentence that C gives', () => {
    const { exports, heap } = freshKernels();
    for (const status of Object.values(STATUS)) {
      const sentence = heap.text(exports.kernels_status_message(status));
      expect(new KernelError(status).message).toBe(sentence);
    }
    expect(() => check(STATUS.OK)).not.toThrow();
    expect(() => check(STATUS.TOO_LARGE, 'hidden')).toThrow(
      expect.objectContaining({ code: 'too_large', where: 'hidden', status: 5 }),
    );
    expect(new KernelError(99).code).toBe('internal');
  });

  it('no wrapper stores a view of the memory in a field', () => {
    for (const file of readdirSync(kernelFolder)) {
      const text = readFileSync(resolve(kernelFolder, file), 'utf8');
      expect(text).not.toMatch(/this\.[#\w]+ = .*(?:\.(?:u8|u16|u32|f32|f64)\(\)|\.buffer\b(?!\())/);
    }
  });
});
