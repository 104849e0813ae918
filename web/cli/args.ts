/** The command line, read strictly: every option is known, every number is one, or it is a `UsageError`. */
import { methods } from '../methods/registry.ts';
import type { Activation, Method, Scale } from '../protocol/messages.ts';

/** Exit status 2: the command was not written as it should be. */
export class UsageError extends Error {}

export interface Options {
  method: Method;
  file: string; // path, or id of a set of the catalogue
  out: string;
  report: string | null;
  label: string | null;
  scale: Scale;
  seed: number;
  threads: number;
  /** Left out: the value of the shape table. */
  hidden: number[] | null;
  latent: number | null;
  activation: Activation | null;
  output: 'linear' | 'sigmoid' | null;
  loss: 'mse' | 'bce' | null;
  epochs: number | null;
  batch: number | null;
  learning_rate: number | null;
  weight_decay: number | null;
  noise: number | null;
  heldout: number;
}

export type Command = { kind: 'help' } | { kind: 'version' } | { kind: 'run'; options: Options };

export const HELP = `unfold: maps of a table's rows, computed on this machine

  unfold ae FILE --out z.csv|z.npy [options]

FILE is a CSV or .tensor file (gzip is fine), or the id of a data set in the catalogue.
The output has one row for each row of FILE, in its order. In a .csv, text that a
spreadsheet would take for a formula (it starts with = + - @) gets an apostrophe in front.

  --out FILE            where the codes go: .csv (header z1,z2,...) or .npy (float32)
  --report FILE         what was done, as JSON: stages with seconds, losses, rows a second
  --label COLUMN        never a feature; a column of the CSV output
  --scale SCALE         auto, none, standard, minmax or 255 (auto)
  --seed N              same data, options and seed: same bits (1)
  --threads N           threads to use, as far as this build has them (1)

Autoencoder (ae). What is left out follows from the number of rows and columns.
  --hidden A,B,...      widths of the encoder's hidden layers, or none
  --latent N            numbers in a code
  --activation NAME     relu, leaky_relu, elu, tanh, sigmoid or linear
  --output NAME         auto, linear or sigmoid (auto: sigmoid when scaled to 0..1)
  --loss NAME           mse or bce
  --epochs N            visits of every row
  --batch N             rows a step
  --lr RATE             learning rate
  --weight-decay RATE
  --noise SD            noise on the inputs, in scaled units
  --heldout FRACTION    of the rows kept out of training, 0 to 0.5 (0); with some, training
                        ends when their loss no longer gets better

  --help, --version
`;

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

export function parseNumber(text: string, option: string): number {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) {
    throw new UsageError(`${option} needs a number, not "${text}".`);
  }
  return value;
}

export function parseWhole(text: string, option: string): number {
  const value = parseNumber(text, option);
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new UsageError(`${option} needs a whole number from 0 to 4294967295, not "${text}".`);
  }
  return value;
}

function oneOf<T extends string>(text: string, option: string, names: readonly T[]): T {
  const found = names.find((name) => name === text);
  if (found === undefined) {
    throw new UsageError(`${option} is one of ${names.join(', ')}, not "${text}".`);
  }
  return found;
}

function widths(text: string, option: string): number[] {
  return text === 'none' ? [] : text.split(',').map((part) => parseWhole(part, option));
}

const SCALES = ['auto', 'none', 'standard', 'minmax', '255'] as const;
const ACTIVATIONS = ['relu', 'leaky_relu', 'elu', 'tanh', 'sigmoid', 'linear'] as const;

type Reader = (text: string, option: string) => Partial<Options>;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['--out', (out) => ({ out })],
  ['--report', (report) => ({ report })],
  ['--label', (label) => ({ label })],
  ['--scale', (text, option) => ({ scale: oneOf(text, option, SCALES) })],
  ['--seed', (text, option) => ({ seed: parseWhole(text, option) })],
  ['--threads', (text, option) => ({ threads: parseWhole(text, option) })],
  ['--hidden', (text, option) => ({ hidden: widths(text, option) })],
  ['--latent', (text, option) => ({ latent: parseWhole(text, option) })],
  ['--activation', (text, option) => ({ activation: oneOf(text, option, ACTIVATIONS) })],
  [
    '--output',
    (text, option) => {
      const output = oneOf(text, option, ['auto', 'linear', 'sigmoid'] as const);
      return { output: output === 'auto' ? null : output };
    },
  ],
  ['--loss', (text, option) => ({ loss: oneOf(text, option, ['mse', 'bce'] as const) })],
  ['--epochs', (text, option) => ({ epochs: parseWhole(text, option) })],
  ['--batch', (text, option) => ({ batch: parseWhole(text, option) })],
  ['--lr', (text, option) => ({ learning_rate: parseNumber(text, option) })],
  ['--weight-decay', (text, option) => ({ weight_decay: parseNumber(text, option) })],
  ['--noise', (text, option) => ({ noise: parseNumber(text, option) })],
  ['--heldout', (text, option) => ({ heldout: parseNumber(text, option) })],
]);

/** The option that a wrong field came from, as it is written on the command line. */
export function optionOf(field: string): string {
  return field === 'learning_rate' ? '--lr' : `--${field.replaceAll('_', '-')}`;
}

function defaults(method: Method): Options {
  return {
    method,
    file: '',
    out: '',
    report: null,
    label: null,
    scale: 'auto',
    seed: 1,
    threads: 1,
    hidden: null,
    latent: null,
    activation: null,
    output: null,
    loss: null,
    epochs: null,
    batch: null,
    learning_rate: null,
    weight_decay: null,
    noise: null,
    heldout: 0,
  };
}

export function parseArgs(args: readonly string[]): Command {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    return { kind: 'help' };
  }
  if (args.includes('--version')) {
    return { kind: 'version' };
  }
  const method = oneOf(args[0] ?? '', 'The method', Object.keys(methods) as Method[]);
  const options = defaults(method);
  const given = new Set<string>();
  const files: string[] = [];
  for (let i = 1; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (!arg.startsWith('--')) {
      files.push(arg);
      continue;
    }
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const read = READERS.get(name);
    if (read === undefined) {
      throw new UsageError(`There is no option ${name}.`);
    }
    if (given.has(name)) {
      throw new UsageError(`${name} is given twice.`);
    }
    given.add(name);
    let value: string | undefined = arg.slice(equals + 1);
    if (equals < 0) {
      i += 1;
      value = args[i];
    }
    if (value === undefined || value === '') {
      throw new UsageError(`${name} needs a value.`);
    }
    Object.assign(options, read(value, name));
  }
  if (files.length !== 1) {
    throw new UsageError(
      files.length === 0 ? 'A file is missing.' : `One file is read at a time, not ${files.length}.`,
    );
  }
  options.file = files[0] ?? '';
  if (!/\.(csv|npy)$/i.test(options.out)) {
    throw new UsageError(options.out === '' ? '--out is missing.' : '--out must end in .csv or .npy.');
  }
  return { kind: 'run', options };
}
