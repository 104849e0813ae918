/**
 * First values of an autoencoder's fields, from the shape of the data: n rows, d features and how they are scaled.
 * The page and the command line use the same table, so that a fit takes about ten seconds at most at the speed of
 * an ordinary laptop (SECONDS below) and leaves the baseline, predicting each feature's mean, well behind. Held-out
 * error over that baseline, as measured (and the most that tests allow): iris 0.05 (0.15), white wine 0.38 (0.5),
 * penguins 0.14 (0.35), 10,000 digits 0.63 (0.7).
 *
 *   features d   hidden      activation      rows n      batch   learning rate
 *   to 8         32, 16      tanh            to 500      16      3e-3
 *   to 32        64, 32      tanh            to 2,000    32      3e-3
 *   to 128       128, 64     relu            to 20,000   64      1e-3; from 129 features on 2e-3
 *   to 20,000    256, 128    relu            more        128     1e-3; from 129 features on 2e-3
 *   more         64          relu
 *
 *   epochs       as many as 7.5 seconds take, from 1 to 300
 *   patience     a tenth of the epochs, at least 5: without a better held-out loss the training ends
 *   output       sigmoid where every feature lies in [0, 1], else linear
 *   loss         mse; latent 2; weight decay and noise 0
 */
import type { Activation, AeParams, FeatureInfo, FitSpec } from '../protocol/messages.ts';

export type Scaled = Pick<FeatureInfo, 'unit_range' | 'image' | 'scale'>;

export type ShapeDefaults = Omit<AeParams, 'seed'> &
  Pick<FitSpec, 'batch' | 'epochs' | 'learning_rate' | 'weight_decay' | 'noise' | 'patience'>;

/** What a training should take at most, without what the live map takes. */
const SECONDS = 7.5;

/** Multiply-adds a second, and seconds of a row and of a batch besides, of a machine that is not fast. */
const RATE = 16e9;
const ROW_SECONDS = 0.5e-6;
const BATCH_SECONDS = 12e-6;

const MOST_EPOCHS = 300;

function network(d: number): { hidden: number[]; activation: Activation } {
  if (d <= 8) {
    return { hidden: [32, 16], activation: 'tanh' };
  }
  if (d <= 32) {
    return { hidden: [64, 32], activation: 'tanh' };
  }
  if (d <= 128) {
    return { hidden: [128, 64], activation: 'relu' };
  }
  return { hidden: d <= 20_000 ? [256, 128] : [64], activation: 'relu' };
}

/** Smaller batches move the weights more often where there are few rows. */
function batchOf(n: number): number {
  if (n <= 500) {
    return 16;
  }
  if (n <= 2000) {
    return 32;
  }
  return n <= 20_000 ? 64 : 128;
}

function rateOf(n: number, d: number): number {
  if (n <= 2000) {
    return 3e-3;
  }
  return d <= 128 ? 1e-3 : 2e-3;
}

/** Weights of d -> hidden -> latent -> hidden -> d, without biases. */
function weights(d: number, hidden: readonly number[], latent: number): number {
  const widths = [d, ...hidden, latent];
  return widths.slice(1).reduce((sum, width, i) => sum + 2 * width * (widths[i] ?? 0), 0);
}

/** A round number not above: 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40 … */
function roundDown(value: number): number {
  const steps = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
  const power = value >= 10 ? 10 ** (String(Math.floor(value)).length - 1) : 1;
  const found = steps.findLast((step) => Number.isInteger(step * power) && step * power <= value);
  return Math.max(1, (found ?? 1) * power);
}

export function shapeDefaults(n: number, d: number, scaled: Scaled): ShapeDefaults {
  const { hidden, activation } = network(d);
  const latent = 2;
  const batch = batchOf(n);
  const row = ROW_SECONDS + (3 * weights(d, hidden, latent)) / RATE + BATCH_SECONDS / batch;
  const epochs = Math.min(roundDown(SECONDS / (row * Math.max(n, 1))), MOST_EPOCHS);
  return {
    hidden,
    latent,
    activation,
    output: scaled.unit_range ? 'sigmoid' : 'linear',
    loss: 'mse',
    batch,
    epochs,
    learning_rate: rateOf(n, d),
    weight_decay: 0,
    noise: 0,
    patience: Math.max(5, Math.round(epochs / 10)),
  };
}
