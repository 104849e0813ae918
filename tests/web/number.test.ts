// The number grammar in the compiled kernels, against JavaScript's own conversion.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freshKernels } from '../wasm/kernels.ts';

const k = freshKernels();
const CLASSES = ['number', 'missing', 'infinite', 'text'] as const;

function parse(text: string, point = '.'): { is: (typeof CLASSES)[number]; value: number } {
  const bytes = new TextEncoder().encode(text);
  return k.heap.with(bytes.length + 8, (block) => {
    block.u8().set(bytes, 8);
    const found = k.exports.number_parse(block.ptr + 8, bytes.length, point.charCodeAt(0), block.ptr);
    return { is: CLASSES[found] ?? 'text', value: block.f64()[0] as number };
  });
}

describe('numbers', () => {
  it('reads every double back from its shortest form', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        // -0 is written as 0
        expect(parse(String(value))).toEqual({ is: 'number', value: value === 0 ? 0 : value });
      }),
      { numRuns: 5000 },
    );
  });

  it('rounds any decimal as JavaScript does', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 40 });
    const decimal = fc
      .tuple(fc.constantFrom('', '-', '+'), digits, digits, fc.integer({ min: -340, max: 330 }))
      .map(([sign, before, after, exponent]) => `${sign}${before}.${after}e${exponent}`);
    fc.assert(
      fc.property(decimal, (text) => {
        const wanted = Number(text);
        const got = parse(text);
        if (Number.isFinite(wanted)) {
          expect(got).toEqual({ is: 'number', value: wanted === 0 ? 0 : wanted });
        } else {
          expect(got.is).toBe('infinite');
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('reads a decimal comma as the same digits with a point', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = String(value);
        expect(parse(text.replace('.', ','), ',')).toEqual(parse(text));
      }),
    );
  });

  it('calls text what JavaScript would take for a number and people would not', () => {
    for (const text of ['0x10', '0b1', '1_000', '1e', '--1', '٣', '１２', '1 000', '12%', '€5', 'true']) {
      expect([text, parse(text).is]).toEqual([text, 'text']);
    }
  });

  it('takes the typographic minus and no-break spaces', () => {
    expect(parse('\u22123.5').value).toBe(-3.5);
    expect(parse('\u00a07\u00a0').value).toBe(7);
  });

  it('knows missing words in any case and keeps infinities apart', () => {
    for (const text of ['', '  ', 'NA', 'n/a', 'Null', 'NONE', 'nan', '-', '?', '#DIV/0!', '#n/a']) {
      expect([text, parse(text)]).toEqual([text, { is: 'missing', value: Number.NaN }]);
    }
    for (const text of ['inf', '-Infinity', '1e999']) {
      expect([text, parse(text).is]).toEqual([text, 'infinite']);
    }
  });
});
