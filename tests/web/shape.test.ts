// The defaults from the shape of the data, on real sets with the real kernels: time, and how far the held-out error
// stays below that of predicting each feature's mean. And the registry's soft ranges against the kernels' limits.
import { existsSync, openAsBlob, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aeBounds } from '../../web/kernels/ae.ts';
import { methods } from '../../web/methods/registry.ts';
import { shapeDefaults } from '../../web/methods/shape.ts';
import { freshKernels } from '../wasm/kernels.ts';
import { host } from '../wasm/session-host.ts';

const root = resolve(import.meta.dirname, '../..');
const mirror = process.env.UNFOLD_DATA_MIRROR ?? resolve(root, '../shared/data');
const digits = resolve(root, 'dist/data/mnist-10k.tensor.gz');

const plain = { unit_range: false, image: null, scale: 'standard' as const };

/** The tensor of the digits as the CSV that people have: a label, then 784 whole numbers. */
function digitsCsv(): Blob {
  const bytes = gunzipSync(readFileSync(digits));
  const start = bytes.indexOf(10) + 1;
  const { rows } = JSON.parse(bytes.subarray(0, start).toString()) as { rows: number };
  const names = Array.from({ length: 784 }, (_, j) => `pixel${j}`);
  const lines = [`label,${names.join(',')}`];
  for (let i = 0; i < rows; i += 1) {
    const pixels = bytes.subarray(start + rows + i * 784, start + rows + (i + 1) * 784);
    lines.push(`${bytes[start + i]},${pixels.join(',')}`);
  }
  return new Blob([lines.join('\n')]);
}

interface RealSet {
  name: string;
  file: string;
  open: () => Promise<Blob> | Blob;
  factor: number; // held-out error ÷ baseline stays below this
}

const SETS: RealSet[] = [
  ['iris', 'iris/iris.csv', 0.15],
  ['winequality-white', 'wine-quality/winequality-white.csv', 0.5],
  ['penguins', 'penguins/penguins.csv', 0.35],
].map(([name, path, factor]) => {
  const file = resolve(mirror, String(path));
  return { name: String(name), file, open: () => openAsBlob(file), factor: Number(factor) };
});
SETS.push({ name: 'digits as a CSV', file: digits, open: digitsCsv, factor: 0.7 });

describe('defaults from the shape', () => {
  for (const { name, file, open, factor } of SETS) {
    it.skipIf(!existsSync(file))(
      `${name}: held-out error below ${factor} of predicting the mean`,
      async () => {
        const hosted = host();
        const table = hosted.nextId();
        const source = { blob: await open(), name };
        const info = await hosted.ask({ type: 'open', table, job: hosted.nextId(), source, hints: {} });
        const spec = { roles: info.columns.map(({ role }) => role), scale: 'auto' as const };
        const features = await hosted.ask({ type: 'prepare', table, job: hosted.nextId(), spec });
        const { hidden, latent, activation, output, loss, ...rest } = shapeDefaults(
          features.n,
          features.d,
          features,
        );
        const params = { hidden, latent, activation, output, loss, seed: 1 };
        const fit = { ...rest, heldout: 0.1, seed: 1 };
        const model = hosted.nextId();
        const estimate = await hosted.ask({ type: 'estimate', table, method: 'ae', params, fit });
        expect(estimate.refused).toBeNull();
        const map = hosted.nextId();
        await hosted.ask({ type: 'create', model, map, table, method: 'ae', params, spec: { axes: [0, 1] } });
        const result = await hosted.ask({ type: 'run', job: hosted.nextId(), model, fit, live: true });
        const ratio = (result.heldout ?? Number.NaN) / features.baseline;
        console.log(
          `${name}: ${features.n} × ${features.d}, held-out ÷ baseline ${ratio.toFixed(3)}, ` +
            `${result.epochs} of ${fit.epochs} epochs in ${result.seconds.toFixed(1)} s, estimated ${estimate.seconds.toFixed(1)} s`,
        );
        expect(loss).toBe('mse'); // else the held-out loss is not comparable with the baseline
        expect(ratio).toBeLessThan(factor);
      },
    );
  }

  it('takes more epochs where rows are few, fewer where there are many, and always at least one', () => {
    const epochs = [100, 1000, 10_000, 100_000, 1_000_000, 5_000_000].map(
      (n) => shapeDefaults(n, 784, plain).epochs,
    );
    expect(epochs).toEqual([...epochs].sort((a, b) => b - a));
    expect(epochs[0]).toBe(300);
    expect(epochs.at(-1)).toBe(1);
  });

  it('gives something the kernels take, for any shape', () => {
    const bounds = aeBounds(freshKernels());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000_000 }), fc.integer({ min: 1, max: 50_000 }), (n, d) => {
        const shape = shapeDefaults(n, d, plain);
        const { lo, hi } = bounds.fit;
        for (const name of [
          'epochs',
          'batch',
          'learning_rate',
          'weight_decay',
          'noise',
          'patience',
        ] as const) {
          expect(shape[name]).toBeGreaterThanOrEqual(Number(lo[name]));
          expect(shape[name]).toBeLessThanOrEqual(Number(hi[name]));
        }
        const widths = [d, ...shape.hidden, shape.latent];
        const parameters = widths
          .slice(1)
          .reduce((sum, width, i) => sum + 2 * width * ((widths[i] ?? 0) + 1), 0);
        expect(parameters).toBeLessThan(30_000_000);
      }),
    );
  });

  it('a sigmoid output exactly where every feature lies between 0 and 1', () => {
    expect(shapeDefaults(1000, 64, { ...plain, unit_range: true }).output).toBe('sigmoid');
    expect(shapeDefaults(1000, 64, plain).output).toBe('linear');
  });
});

describe('registry', () => {
  it('every field exists in the kernels, and its soft range lies within the hard one', () => {
    const bounds = aeBounds(freshKernels());
    for (const { name, of, kind, soft } of methods.ae.fields) {
      const { lo, hi, defaults } = bounds[of];
      expect(Object.keys(defaults), name).toContain(name);
      if (kind === 'choice') continue;
      const first = (values: typeof lo): number => {
        const value = values[name];
        return Array.isArray(value) ? (value[0] ?? Number.NaN) : Number(value);
      };
      expect(soft[0], name).toBeGreaterThanOrEqual(first(lo));
      expect(soft[1], name).toBeLessThanOrEqual(first(hi));
      expect(soft[0], name).toBeLessThan(soft[1]);
    }
  });

  it('has a sentence for everything, and one name for each field', () => {
    for (const { label, help, fields } of Object.values(methods)) {
      expect(new Set(fields.map((field) => field.label)).size).toBe(fields.length);
      for (const text of [help, ...fields.map((field) => field.help)]) {
        expect(text, label).toMatch(/^[A-Z].*\.$/);
      }
    }
  });

  it('offers every activation, output and loss that the kernels have', () => {
    const { hi } = aeBounds(freshKernels()).params;
    const choices = (name: string) => methods.ae.fields.find((field) => field.name === name)?.choices.length;
    expect(choices('activation')).toBe(Number(hi.activation) + 1);
    expect(choices('loss')).toBe(Number(hi.loss) + 1);
  });
});
