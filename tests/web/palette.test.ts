import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rimColour } from '../../web/render/marks.ts';
import { contrastRatio, fromLinear, labToRgb, type Rgb, rgbToLab, toLinear } from '../../web/render/oklab.ts';
import {
  assignClasses,
  categoricalColours,
  categoricalPalette,
  classIndices,
  hexToRgb,
  MISSING_INDEX,
  OTHER_INDEX,
  PETROFF_6,
  PETROFF_8,
  PETROFF_10,
  paletteColour,
  TEN,
} from '../../web/render/palette.ts';
import { DARK_THEME, LIGHT_THEME } from '../../web/render/props.ts';
import {
  continuousPalette,
  divergingIndices,
  divergingLimit,
  divergingPalette,
  numberIndices,
  scaleDomain,
} from '../../web/render/scales.ts';

/** Full-strength simulations of Machado, Oliveira and Fernandes (2009), over linear light. */
const DEFICIENCIES: Record<string, readonly number[]> = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function simulate(rgb: Rgb, matrix: readonly number[]): Rgb {
  const linear = rgb.map(toLinear);
  const channel = (i: number): number =>
    fromLinear([0, 1, 2].reduce((sum, j) => sum + (matrix[3 * i + j] ?? 0) * (linear[j] ?? 0), 0));
  return [channel(0), channel(1), channel(2)];
}

/** Least distance in OKLab, times 100, between any two colours. */
function leastDistance(colours: readonly string[], matrix: readonly number[]): number {
  const labs = colours.map((hex) => rgbToLab(simulate(hexToRgb(hex), matrix)));
  let least = Number.POSITIVE_INFINITY;
  for (const [i, a] of labs.entries()) {
    for (const b of labs.slice(i + 1)) {
      least = Math.min(least, 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
    }
  }
  return least;
}

const entry = (palette: Uint8Array, i: number): Rgb => [
  palette[4 * i] ?? -1,
  palette[4 * i + 1] ?? -1,
  palette[4 * i + 2] ?? -1,
];

describe('class colours', () => {
  /* Published separations of the three sequences; a wrong digit in a colour changes them. */
  it.each([
    ['Petroff 6', PETROFF_6, { normal: 16.5, protan: 13.8, deutan: 14.0, tritan: 11.4 }],
    ['Petroff 8', PETROFF_8, { normal: 13.0, protan: 11.0, deutan: 9.2, tritan: 8.7 }],
    ['Petroff 10', PETROFF_10, { normal: 9.0, protan: 6.1, deutan: 8.4, tritan: 7.3 }],
  ] as const)(
    '%s stays as far apart as it should, for every kind of colour vision',
    (_, colours, expected) => {
      for (const [kind, distance] of Object.entries(expected)) {
        expect(leastDistance(colours, DEFICIENCIES[kind] ?? []), kind).toBeCloseTo(distance, 0);
      }
    },
  );

  it('has no two greys among ten classes, nor a grey beside "other", and is no less far apart for it', () => {
    const chroma = (hex: string): number => {
      const [, a, b] = rgbToLab(hexToRgb(hex));
      return Math.hypot(a, b);
    };
    expect(categoricalColours(10).filter((hex) => chroma(hex) < 0.04)).toHaveLength(1);
    expect(categoricalColours(11).filter((hex) => chroma(hex) < 0.04)).toEqual([]);
    for (const matrix of Object.values(DEFICIENCIES)) {
      expect(leastDistance(TEN, matrix)).toBeGreaterThanOrEqual(leastDistance(PETROFF_10, matrix) - 0.001);
    }
  });

  it('uses the shortest sequence that suffices, and nine with "other" beyond ten', () => {
    expect([1, 6, 7, 8, 9, 10, 11, 500].map((k) => categoricalColours(k).length)).toEqual([
      6, 6, 8, 8, 10, 10, 9, 9,
    ]);
    const palette = categoricalPalette(30);
    expect(new Set([...Array(9).keys(), OTHER_INDEX].map((i) => paletteColour(palette, i))).size).toBe(10);
    expect(paletteColour(categoricalPalette(3), 1)).toBe('rgb(248 156 32)');
  });

  it.each([
    ['light', LIGHT_THEME],
    ['dark', DARK_THEME],
  ] as const)('gives every point at least 3:1 against the %s canvas by its rim or itself', (_, theme) => {
    const [r, g, b] = theme.background;
    const greys = [MISSING_INDEX, OTHER_INDEX].map((i) => entry(categoricalPalette(12), i));
    const scales = (['cividis', 'diverging'] as const).flatMap((name) =>
      [...Array(254).keys()].map((i) => entry(continuousPalette(name), i)),
    );
    const classes = [...PETROFF_6, ...PETROFF_8, ...PETROFF_10, ...TEN].map(hexToRgb);
    for (const fill of [...classes, ...greys, ...scales]) {
      const rim = rimColour([...fill, 255], theme.outline, 1);
      const best = Math.max(
        contrastRatio([rim[0], rim[1], rim[2]], [r, g, b]),
        contrastRatio(fill, [r, g, b]),
      );
      expect(best, `rgb ${fill}`).toBeGreaterThanOrEqual(3);
    }
  });

  it('gives the nine classes with most rows a colour of their own', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 }), { minLength: 11, maxLength: 40 }), (counts) => {
        const entries = assignClasses(counts);
        const shown = counts.filter((_, i) => entries[i] !== OTHER_INDEX);
        const others = counts.filter((_, i) => entries[i] === OTHER_INDEX);
        expect([...entries].filter((e) => e !== OTHER_INDEX).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
        expect(Math.min(...shown)).toBeGreaterThanOrEqual(Math.max(...others));
      }),
    );
    expect([...assignClasses([5, 9, 1])]).toEqual([0, 1, 2]);
  });

  it('marks rows without a class as missing', () => {
    const index = classIndices(Int32Array.from([0, 2, -1, 1, 3]), Uint8Array.from([0, 1, OTHER_INDEX]));
    expect([...index]).toEqual([0, OTHER_INDEX, MISSING_INDEX, 1, MISSING_INDEX]);
    expect(classIndices([Number.NaN], Uint8Array.from([0]))[0]).toBe(MISSING_INDEX);
  });
});

describe('scales', () => {
  it('is cividis: agrees with rows of the published table that are no stops of ours', () => {
    const palette = continuousPalette('cividis');
    const published: readonly (readonly [number, Rgb])[] = [
      [0, [0, 34, 78]],
      [48, [50, 67, 109]],
      [127, [124, 123, 120]],
      [255, [254, 232, 56]],
    ];
    for (const [row, rgb] of published) {
      const ours = entry(palette, Math.round((row / 255) * 253));
      for (const i of [0, 1, 2] as const) {
        expect(Math.abs(ours[i] - rgb[i]), `row ${row}: ${ours}`).toBeLessThanOrEqual(3);
      }
    }
  });

  it('rises evenly in lightness, for every kind of colour vision', () => {
    const palette = continuousPalette('cividis');
    for (const matrix of Object.values(DEFICIENCIES)) {
      let before = -1;
      for (let i = 0; i < 254; i += 11) {
        const [lightness] = rgbToLab(simulate(entry(palette, i), matrix));
        expect(lightness).toBeGreaterThan(before);
        before = lightness;
      }
    }
  });

  describe.each([
    ['light', false, LIGHT_THEME],
    ['dark', true, DARK_THEME],
  ] as const)('the diverging scale for a %s ground', (_, dark, theme) => {
    const palette = divergingPalette(dark);
    const lab = (i: number, matrix = DEFICIENCIES['normal'] ?? []): readonly number[] =>
      rgbToLab(simulate(entry(palette, i), matrix));
    const distance = (a: readonly number[], b: readonly number[]): number =>
      100 * Math.hypot(...a.map((v, i) => v - (b[i] ?? 0)));
    const chroma = (i: number): number => Math.hypot(lab(i)[1] ?? 0, lab(i)[2] ?? 0);
    const lightness = (i: number): number => lab(i)[0] ?? 0;

    it('has a grey middle, blue below and orange above, as light and as colourful on both sides', () => {
      for (const i of [126, 127]) expect(chroma(i)).toBeLessThan(0.002);
      for (let i = 0; i < 127; i++) {
        expect(Math.abs(lightness(i) - lightness(253 - i)), `entry ${i}`).toBeLessThan(0.006);
        expect(Math.abs(chroma(i) - chroma(253 - i)), `entry ${i}`).toBeLessThan(0.006);
      }
      const [[r0, , b0], [r1, , b1]] = [entry(palette, 0), entry(palette, 253)];
      expect(b0).toBeGreaterThan(r0 + 80);
      expect(r1).toBeGreaterThan(b1 + 80);
    });

    it('goes one way in lightness on each side, and its ends stand out most from the ground', () => {
      const sign = dark ? 1 : -1;
      for (let i = 127; i + 6 < 254; i += 6) {
        expect(sign * (lightness(i + 6) - lightness(i)), `entry ${i}`).toBeGreaterThan(0);
        expect(sign * (lightness(247 - i) - lightness(253 - i)), `entry ${253 - i}`).toBeGreaterThan(0);
      }
      const [r, g, b] = theme.background;
      const contrast = (i: number): number => contrastRatio(entry(palette, i), [r, g, b]);
      expect(contrast(0)).toBeGreaterThan(contrast(126) + 2);
      expect(contrast(253)).toBeGreaterThan(contrast(126) + 2);
    });

    it('has even steps', () => {
      const steps = Array.from({ length: 12 }, (_, i) => distance(lab(127 + 10 * i), lab(137 + 10 * i)));
      expect(Math.max(...steps)).toBeLessThan(1.25 * Math.min(...steps));
    });

    it('keeps below and above apart, and both from the middle, for every kind of colour vision', () => {
      for (const [kind, matrix] of Object.entries(DEFICIENCIES)) {
        expect(distance(lab(0, matrix), lab(253, matrix)), kind).toBeGreaterThan(15);
        expect(distance(lab(60, matrix), lab(193, matrix)), kind).toBeGreaterThan(7);
        for (const i of [0, 253])
          expect(distance(lab(i, matrix), lab(126, matrix)), kind).toBeGreaterThan(20);
      }
    });

    it('has a middle that is seen on both grounds', () => {
      for (const { background } of [LIGHT_THEME, DARK_THEME]) {
        const [r, g, b] = background;
        expect(contrastRatio(entry(palette, 126), [r, g, b])).toBeGreaterThan(1.7);
      }
    });
  });

  it('puts numbers with a sign on the diverging scale: zero in the middle, opposite numbers opposite', () => {
    expect([...divergingIndices([-9, -2, -1, -0, 0, 1, 2, 9, Number.NaN], { limit: 2 })]).toEqual([
      0,
      0,
      63,
      127,
      127,
      190,
      253,
      253,
      MISSING_INDEX,
    ]);
    const value = fc.double({ noNaN: true });
    const limit = fc.double({ min: 0, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(value, value, limit, (a, b, most) => {
        const [i = -1, j = -1, minus = -1] = divergingIndices([a, b, -a], { limit: most });
        expect(i).toBeLessThanOrEqual(253);
        if (a < b) expect(i).toBeLessThanOrEqual(j);
        if (a !== 0) expect(i + minus).toBe(253);
      }),
    );
    for (const none of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect([...divergingIndices([-5, 0, 5], { limit: none })]).toEqual([126, 127, 127]);
    }
  });

  it('takes the size that all but two in a hundred stay below as the end of the diverging scale', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => (i < 5 ? 1e9 : i % 2 === 0 ? -i : i));
    expect(divergingLimit(values)).toBe(985);
    expect(divergingLimit(new Float32Array(200_000).fill(-3))).toBe(3);
    const one = new Float32Array(1000);
    one[7] = -4;
    expect(divergingLimit(one)).toBe(4);
    expect(divergingLimit([])).toBe(0);
    expect(divergingLimit([0, Number.NaN, Number.NEGATIVE_INFINITY])).toBe(0);
  });

  it('converts colours to OKLab and back without change', () => {
    const channel = fc.nat({ max: 255 });
    fc.assert(
      fc.property(channel, channel, channel, (r, g, b) => {
        expect(labToRgb(rgbToLab([r, g, b]))).toEqual([r, g, b]);
      }),
    );
    /* Reference value of the definition: red in OKLab. */
    expect(rgbToLab([255, 0, 0]).map((v) => Math.round(v * 1e3) / 1e3)).toEqual([0.628, 0.225, 0.126]);
    expect(() => hexToRgb('red')).toThrow(RangeError);
  });

  it('spreads numbers over 0 to 253 in order, with missing ones apart', () => {
    const value = fc.oneof(
      fc.double(),
      fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), fc.boolean(), (values, robust) => {
        const domain = scaleDomain(values, robust ? 'robust' : 'min-max');
        expect(domain.lo <= domain.hi).toBe(true);
        const index = numberIndices(values, domain);
        for (const [i, v] of values.entries()) {
          if (Number.isNaN(v)) expect(index[i]).toBe(MISSING_INDEX);
          else expect(index[i]).toBeLessThanOrEqual(253);
          for (const [j, w] of values.entries())
            if (v < w) expect(index[i] ?? 0).toBeLessThanOrEqual(index[j] ?? 0);
        }
      }),
      { numRuns: 60 },
    );
    expect([...numberIndices([0, 5, 10], { lo: 0, hi: 10 })]).toEqual([0, 127, 253]);
    expect([...numberIndices([3, 3], scaleDomain([3, 3]))]).toEqual([126, 126]);
  });

  it('keeps a few large values from taking all the colours, when asked to be robust', () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => (i < 5 ? 1e9 : i / 1000));
    expect(scaleDomain(values, 'robust').hi).toBeLessThan(2);
    expect(scaleDomain(values, 'min-max').hi).toBe(1e9);
    const symmetric = scaleDomain(Float32Array.from([-3, 1, 2]), 'symmetric');
    expect(symmetric).toEqual({ lo: -3, hi: 3 });
    expect(scaleDomain([Number.NaN])).toEqual({ lo: 0, hi: 1 });
  });

  it('still sees two values when nearly all rows share one', () => {
    const values = new Float32Array(1000);
    values[7] = 4;
    expect(scaleDomain(values, 'robust')).toEqual({ lo: 0, hi: 4 });
  });
});
