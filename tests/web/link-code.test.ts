// Links: sets of rows and whole links survive the way through an address; anything else is refused whole (row 76).
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyBits } from '../../web/protocol/rows.ts';
import { inconsistency, type Link, readRoles, writeRoles } from '../../web/saved/link.ts';
import { decodeLink, encodeLink, linkText, MOST_TEXT } from '../../web/saved/link-code.ts';
import {
  decodeRows,
  encodeRows,
  fromBase64Url,
  hashBits,
  hashFloats,
  toBase64Url,
} from '../../web/saved/rows-code.ts';
import { bitsOfRows, countBits, rowsOf } from '../../web/state/selection.ts';
import { aLink } from './link-fixture.ts';

const packed = (value: unknown): string =>
  `v1.${deflateRawSync(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')}`;

async function problem(text: string): Promise<string> {
  const found = await decodeLink(text);
  return 'problem' in found ? found.problem : 'no problem';
}

describe('a set of rows', () => {
  const sets = fc
    .record({
      rows: fc.integer({ min: 0, max: 3000 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.nat(),
    })
    .map(({ rows, share, seed }) => {
      let state = seed;
      const next = (): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
      };
      const ids = Array.from({ length: rows }, (_, row) => row).filter(() => next() < share);
      return { rows, bits: bitsOfRows(ids, rows) };
    });
  const runs = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }).map((lengths) => {
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    const ids: number[] = [];
    let at = 0;
    for (const [i, length] of lengths.entries()) {
      if (i % 2) for (let row = at; row < at + length; row++) ids.push(row);
      at += length;
    }
    return { rows, bits: bitsOfRows(ids, rows) };
  });

  it('comes back as it was, however full and however scattered it is', () => {
    fc.assert(
      fc.property(fc.oneof(sets, runs), ({ rows, bits }) => {
        const text = encodeRows(bits, rows);
        expect(text).toMatch(/^[\w-]+$/);
        expect([...(decodeRows(text, rows, countBits(bits)) ?? ['null'])]).toEqual([...bits]);
      }),
    );
  });

  it('is near the least that rows at random can be told in, and short where neighbours go together', () => {
    const rows = 10_000;
    const ids = Array.from({ length: rows }, (_, row) => row);
    for (const share of [0.5, 0.1, 0.01, 0.9]) {
      const bits = bitsOfRows(
        ids.filter((row) => ((Math.imul(row + 1, 0x9e3779b1) >>> 8) % 1000) / 1000 < share),
        rows,
      );
      const p = countBits(bits) / rows;
      const least = (-rows * (p * Math.log2(p) + (1 - p) * Math.log2(1 - p))) / 8;
      const bytes = fromBase64Url(encodeRows(bits, rows))?.length ?? 0;
      expect(bytes).toBeLessThan(1.15 * least + 8);
    }
    const block = bitsOfRows(ids.slice(2000, 5000), rows);
    expect(encodeRows(block, rows).length).toBeLessThan(16);
  });

  it('is none of another size, of another count, or with anything behind it', () => {
    const bits = bitsOfRows([1, 5, 6, 30, 99], 100);
    const text = encodeRows(bits, 100);
    expect(decodeRows(text, 100, 4)).toBeNull();
    expect(decodeRows(text, 100, 6)).toBeNull();
    expect(decodeRows(text, 90, 5)).toBeNull();
    expect(decodeRows(text, 3, 5)).toBeNull();
    expect(decodeRows(`${text}AAAA`, 100, 5)).toBeNull();
  });

  it('of any text at all is rows of the table, or nothing', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 0, max: 500 }),
        (bytes, rows, count) => {
          const bits = decodeRows(toBase64Url(bytes), rows, count);
          if (bits === null) return;
          expect(bits).toHaveLength(emptyBits(rows).length);
          expect(rowsOf(bits)).toHaveLength(count);
          expect(rowsOf(bits).every((row) => row < rows)).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
    expect(decodeRows('not base64!', 10, 1)).toBeNull();
    expect(decodeRows('', 10, 0)).toBeNull();
  });

  it('has a hash that tells it from the set with one row more or less, and positions likewise', () => {
    const bits = bitsOfRows([1, 2, 3], 64);
    const seen = new Set([hashBits(bits)]);
    for (let row = 4; row < 64; row++) seen.add(hashBits(bitsOfRows([1, 2, 3, row], 64)));
    expect(seen.size).toBe(61);
    const positions = Float32Array.of(1, 2, 3, 4);
    const next = Float32Array.of(1, 2, 3, 4 + 2 ** -21);
    expect(hashFloats(positions)).toBe(hashFloats(positions.slice()));
    expect(hashFloats(positions)).not.toBe(hashFloats(next));
    // Numbers that are none have no bits of their own.
    const other = new Float32Array(Uint32Array.of(0x7fc00001).buffer);
    expect(hashFloats(other)).toBe(hashFloats(Float32Array.of(Number.NaN)));
  });
});

describe('roles', () => {
  it('are letters with how often each', () => {
    const roles = [
      ...Array<'feature'>(784).fill('feature'),
      'label' as const,
      'id' as const,
      'ignored' as const,
    ];
    expect(writeRoles(roles)).toBe('f784l1i1x1');
    expect(readRoles('f784l1i1x1')).toEqual(roles);
  });

  it('are none when there is anything else, or more than a table can have', () => {
    for (const text of ['', 'f', 'f0', '12', 'q3', 'f3 l1', 'f50001', 'f49999x2', 'f9999999']) {
      expect(readRoles(text), text).toBeNull();
    }
  });
});

describe('a link', () => {
  it('comes back as it was', async () => {
    const text = await encodeLink(aLink());
    expect(text).toMatch(/^v1\.[\w-]+$/);
    expect(await decodeLink(text)).toEqual({ link: aLink() });
    expect(inconsistency(aLink())).toBeNull();
  });

  it('of any settings within their ranges comes back as it was, number for number', async () => {
    const real = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x));
    const links = fc.record({
      seed: fc.integer({ min: 0, max: 0xffff_ffff }),
      rate: real,
      hidden: fc.array(fc.integer({ min: 1, max: 512 }), { maxLength: 8 }),
      axes: fc.option(fc.tuple(fc.nat(15), fc.integer({ min: 16, max: 31 }))),
      text: fc.string({ unit: 'grapheme', maxLength: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(links, async ({ seed, rate, hidden, axes, text }) => {
        const base = aLink();
        const link: Link = {
          ...base,
          params: { ...base.params, seed, hidden, latent: 32 },
          fit: { ...base.fit, learning_rate: rate },
          selection: { maker: { kind: 'search', text, column: null }, set: 0 },
          ...(axes ? { axes } : {}),
        };
        expect(await decodeLink(await encodeLink(link))).toEqual({ link });
      }),
      { numRuns: 60 },
    );
  });

  it('is found behind # in an address, or stands alone', () => {
    expect(linkText('https://host.example/lab/?x=1#v1.abc')).toBe('v1.abc');
    expect(linkText('#v1.abc')).toBe('v1.abc');
    expect(linkText(' v1.abc\n')).toBe('v1.abc');
    expect(linkText('https://host.example/')).toBe('https://host.example/');
    expect(linkText('#')).toBe('');
  });
});

describe('what is no link is refused whole, with a sentence (row 76)', () => {
  it('garbage, other versions, cut and too long text', async () => {
    const whole = await encodeLink(aLink());
    expect(await problem('section-2')).toContain('not a view');
    expect(await problem('v2.abc')).toContain('another version');
    expect(await problem('v1.')).toContain('damaged');
    expect(await problem('v1.%%%')).toContain('damaged');
    expect(await problem(whole.slice(0, -9))).toContain('damaged');
    expect(await problem(`v1.${'A'.repeat(1_000_000)}`)).toContain('longer');
    expect(await problem(packed('{"kernels":'))).toContain('damaged');
    expect(await problem(packed('null'))).toContain('can’t be');
    expect(await problem(packed([]))).toContain('can’t be');
  });

  it('a deflate bomb, without unpacking it', async () => {
    const bomb = packed(' '.repeat(11_000_000));
    expect(bomb.length).toBeLessThan(MOST_TEXT);
    const before = process.memoryUsage();
    expect(await problem(bomb)).toContain('longer');
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2_000_000);
  });

  it('names that mean something to every object', async () => {
    const json = JSON.stringify(aLink());
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      expect(await problem(packed(json.replace('{', `{"${name}":{"kernels":9},`))), name).toContain(
        'damaged',
      );
      expect(await problem(packed(json.replace('"params":{', `"params":{"${name}":{},`))), name).toContain(
        'damaged',
      );
    }
    expect(({} as { kernels?: number }).kernels).toBeUndefined();
  });

  it('numbers out of range, wrong types, unknown fields, sets that are not there', async () => {
    const link = aLink();
    const wrong: object[] = [
      { ...link, extra: 1 },
      { ...link, kernels: -1 },
      { ...link, count: 1.5 },
      { ...link, print: '../x' },
      { ...link, id: 'iris', file: 'x.csv' },
      { ...link, method: 'gan' },
      { ...link, roles: 'f99999' },
      { ...link, scale: 'log' },
      { ...link, params: { ...link.params, seed: 2 ** 32 } },
      { ...link, params: { ...link.params, hidden: Array(17).fill(8) } },
      { ...link, params: { ...link.params, latent: 0 } },
      { ...link, fit: { ...link.fit, heldout: 0.9 } },
      { ...link, fit: { ...link.fit, epochs: '5' } },
      { ...link, fit: { ...link.fit, learning_rate: null } },
      { ...link, view: { cx: 0, cy: 0, span: 0 } },
      { ...link, axes: [0, -1] },
      { ...link, axes: [0, 2] },
      { ...link, align: { axes: [1, 1], by: [1, 0, 0, 1, 0, 0] } },
      { ...link, places: 2 ** 32 },
      { ...link, colour: { kind: 'column', column: 'digit' } },
      { ...link, colour: { kind: 'column', column: 5 } },
      { ...link, selection: { maker: { kind: 'class', column: 5, classes: ['x'] }, set: 0 } },
      {
        ...link,
        selection: { maker: { kind: 'not', of: { kind: 'search', text: 'x', column: 5 } }, set: 0 },
      },
      { ...link, sets: [{ is: 'by', n: 3, hash: 1, by: { kind: 'range', column: 5, lo: 0, hi: 1 } }] },
      { ...link, sets: link.sets?.map((set) => ({ ...set, n: 0 })) },
      { ...link, selection: { maker: { kind: 'all' }, set: 9 } },
      { ...link, path: link.path.map((training) => ({ ...training, set: 7 })) },
      { ...link, path: [{ kind: 'retrain', fits: [{ steps: 5 }] }] },
      { ...link, path: [{ kind: 'train', fits: [{ steps: 0 }] }] },
      { ...link, path: [{ kind: 'train', fits: [] }] },
      { ...link, sets: [{ is: 'rows', n: 3, hash: 1, rows: 'x'.repeat(40_000) }] },
    ];
    for (const other of wrong)
      expect(await problem(packed(other)), JSON.stringify(other)).toContain('can’t be');
    expect(await problem(packed(link))).toBe('no problem');
  });

  it('a link with any of its bytes changed is a link or a sentence, never an exception', async () => {
    const whole = await encodeLink(aLink());
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 4),
        fc.constantFrom(...'ABCDEFabcdef0189-_'),
        async (at, letter) => {
          const text = `${whole.slice(0, at + 3)}${letter}${whole.slice(at + 4)}`;
          const found = await decodeLink(text);
          expect('problem' in found ? found.problem : found.link.path).toBeTruthy();
        },
      ),
      { numRuns: 300 },
    );
  });

  it('any text whatever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.uint8Array(), async (text, bytes) => {
        expect(await problem(text)).not.toBe('no problem');
        expect(await problem(`v1.${text}`)).not.toBe('no problem');
        expect(await problem(packed(Buffer.from(bytes).toString('latin1')))).not.toBe('no problem');
      }),
      { numRuns: 200 },
    );
  });
});
