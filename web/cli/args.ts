/** The command line, read strictly: every option is known, every number is one, or it is a `UsageError`. */
import { methods } from '../methods/registry.ts';
import type { Activation, Method, Scale } from '../protocol/messages.ts';

/** Exit status 2: the command was not written as it should be. */
export class UsageError extends Error {}

/** Rows as `--rows` names them. */
export type RowsOption =
  | { kind: 'file'; path: string }
  | { kind: 'class'; name: string } // of the label column
  | { kind: 'random'; n: number };

/** What `--then retrain` does after the training. */
export interface RetrainOptions {
  kind: 'retrain' | 'exclude' | 'scratch';
  rows: RowsOption;
  focus: number; // share of the loss that the rows carry: excluded 0, from scratch 1
  /** Left out: 5, from scratch those of the training. */
  epochs: number | null;
  /** Left out: the training's. */
  batch: number | null;
  learning_rate: number | null;
  seed: number | null;
}

export interface Options {
  method: Method;
  file: string; // path, or id of a set of the catalogue
  out: string | null; // null: the report alone
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
  retrain: RetrainOptions | null; // after the training
}

/** What `open` does with a link. */
export interface OpenOptions {
  link: string; // an address, or what stands behind "#" in it
  data: string | null; // file to use for the data; left out: the link's set of the catalogue
  out: string | null; // null: the report alone
  report: string | null;
}

export type Command =
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'run'; options: Options }
  | { kind: 'open'; options: OpenOptions };

export const HELP = `unfold: maps of a table's rows, computed on this machine

  unfold ae FILE --out z.csv|z.npy [options] [--then retrain --rows ROWS [options]]
  unfold open LINK --out z.csv|z.npy [--data FILE] [--report FILE]

FILE is a CSV or .tensor file (gzip is fine), or the id of a data set in the catalogue.
The output has one row for each row of FILE, in its order. In a .csv, text that a
spreadsheet would take for a formula (it starts with = + - @) gets an apostrophe in front.

  --out FILE            where the codes go: .csv (header z1,z2,...) or .npy (float32);
                        with --report it may be left out
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

--then retrain goes on training on some rows; the codes are those after it. The report gets
the errors of these rows, of the rest and of each class of the label column before and after
it. Options after --then belong to the retrain; --out, --report and --label may stand
anywhere. What is left out is as in the training.
  --rows FILE           ids of rows counted from 0, one a line, or a CSV whose first column is
                        id; where its last column is selected, rows with 0 there are left out
  --rows class=NAME     rows of a class of the label column
  --rows random=N       N rows drawn by the seed
  --focus SHARE         of the loss that these rows carry in every batch (1: the rest is not
                        visited); at least their share of the rows
  --epochs N            visits of these rows (5; from scratch as in a training of so many)
  --batch N, --lr RATE, --seed N
  --exclude             trains on without these rows instead; an epoch visits the rest
  --from-scratch        trains a new model on these rows alone instead

open does again what a link of the page tells, and writes the places on the map as the page
shows them, bit for bit: .npy the two coordinates of every row (float32), .csv what the page
exports of all rows. Put the link in quotes.
  --data FILE           the file that a link to local data was made of; the link has its name
                        and fingerprint only

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

/** Options that belong to the whole command: they may stand before `--then` or after it. */
const EVERYWHERE: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['--out', (out) => ({ out })],
  ['--report', (report) => ({ report })],
  ['--label', (label) => ({ label })],
]);

const TRAINING: ReadonlyMap<string, Reader> = new Map<string, Reader>([
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

/** What is read after `--then`, before it is known to go together. */
interface Given {
  rows?: RowsOption;
  focus?: number;
  epochs?: number;
  batch?: number;
  learning_rate?: number;
  seed?: number;
  exclude?: true;
  scratch?: true;
}

const RETRAIN: ReadonlyMap<string, (text: string, option: string) => Given> = new Map<
  string,
  (text: string, option: string) => Given
>([
  ['--rows', (text, option) => ({ rows: rowsOption(text, option) })],
  ['--focus', (text, option) => ({ focus: share(text, option) })],
  ['--epochs', (text, option) => ({ epochs: parseWhole(text, option) })],
  ['--batch', (text, option) => ({ batch: parseWhole(text, option) })],
  ['--lr', (text, option) => ({ learning_rate: parseNumber(text, option) })],
  ['--seed', (text, option) => ({ seed: parseWhole(text, option) })],
]);

/** Options of the retrain that take no value. */
const FLAGS: ReadonlyMap<string, Given> = new Map([
  ['--exclude', { exclude: true }],
  ['--from-scratch', { scratch: true }],
]);

function share(text: string, option: string): number {
  const value = parseNumber(text, option);
  if (!(value >= 0 && value <= 1)) {
    throw new UsageError(`${option} is a share of the loss from 0 to 1, not "${text}".`);
  }
  return value;
}

/** Everything after the first equals sign is the name of the class, whatever is in it. */
function rowsOption(text: string, option: string): RowsOption {
  const [, word = '', value = ''] = /^(class|random)=(.*)$/s.exec(text) ?? [];
  if (word === 'class' && value === '') {
    throw new UsageError(`${option} class= needs the name of a class.`);
  }
  if (word === 'random') {
    const n = parseWhole(value, `${option} random=`);
    if (n === 0) {
      throw new UsageError(`${option} random= needs at least one row.`);
    }
    return { kind: 'random', n };
  }
  return word === 'class' ? { kind: 'class', name: value } : { kind: 'file', path: text };
}

/** The option that a wrong field came from, as it is written on the command line. */
export function optionOf(field: string): string {
  return field === 'learning_rate' ? '--lr' : `--${field.replaceAll('_', '-')}`;
}

function defaults(method: Method): Options {
  return {
    method,
    file: '',
    out: null,
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
    retrain: null,
  };
}

/** One word after another; options with their values. */
class Words {
  readonly #args: readonly string[];
  #at = 1; // after the method

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  /** The next option with what is written after its equals sign, or the next word that is none; null at the end. */
  next(): { name: string; text: string | null } | null {
    const arg = this.#args[this.#at];
    if (arg === undefined) {
      return null;
    }
    this.#at += 1;
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
    return equals < 0
      ? { name: arg, text: null }
      : { name: arg.slice(0, equals), text: arg.slice(equals + 1) };
  }

  /** What an option is given, after its equals sign or as the next word. */
  value(name: string, text: string | null): string {
    const value = text ?? this.#args[this.#at];
    if (text === null) {
      this.#at += 1;
    }
    if (value === undefined || value === '') {
      throw new UsageError(`${name} needs a value.`);
    }
    return value;
  }
}

/** Throws what is to be said of an option that has no meaning where it stands. */
function unknown(name: string, after: boolean): never {
  if (!after && (RETRAIN.has(name) || FLAGS.has(name))) {
    throw new UsageError(`${name} belongs to the retrain: write it after --then retrain.`);
  }
  if (after && TRAINING.has(name)) {
    throw new UsageError(`${name} belongs to the training: write it before --then.`);
  }
  throw new UsageError(`There is no option ${name}.`);
}

/** What the options of a retrain come to, taken together. */
function retrainOf(given: Given): RetrainOptions {
  const { rows, exclude, scratch, focus, epochs, batch, learning_rate, seed } = given;
  if (rows === undefined) {
    throw new UsageError('--rows is missing after --then retrain.');
  }
  if (exclude && scratch) {
    throw new UsageError('--exclude and --from-scratch are two different things: choose one.');
  }
  if (focus !== undefined && (exclude || scratch)) {
    const flag = exclude ? '--exclude, which is focus 0.' : '--from-scratch, which is focus 1.';
    throw new UsageError(`--focus does not go with ${flag}`);
  }
  return {
    kind: exclude ? 'exclude' : scratch ? 'scratch' : 'retrain',
    rows,
    focus: exclude ? 0 : (focus ?? 1),
    epochs: epochs ?? null,
    batch: batch ?? null,
    learning_rate: learning_rate ?? null,
    seed: seed ?? null,
  };
}

/** An option of the retrain, with its value unless it is a flag. */
function afterThen(name: string, text: string | null, words: Words): Given {
  const flag = FLAGS.get(name);
  if (flag === undefined) {
    return (RETRAIN.get(name) ?? unknown(name, true))(words.value(name, text), name);
  }
  if (text !== null) {
    throw new UsageError(`${name} takes no value.`);
  }
  return flag;
}

function parseRun(args: readonly string[]): Options {
  const options = defaults(oneOf(args[0] ?? '', 'The method', Object.keys(methods) as Method[]));
  let after: Given | null = null;
  const given = new Set<string>();
  const files: string[] = [];
  const words = new Words(args);
  for (let word = words.next(); word !== null; word = words.next()) {
    const { name, text } = word;
    if (!name.startsWith('--')) {
      if (after !== null) {
        throw new UsageError(`"${name}" is not an option; the file to read comes before --then.`);
      }
      files.push(name);
      continue;
    }
    const everywhere = EVERYWHERE.get(name);
    const own = after !== null && everywhere === undefined && name !== '--then';
    const key = own ? `--then ${name}` : name;
    if (given.has(key)) {
      throw new UsageError(`${name} is given twice.`);
    }
    given.add(key);
    if (name === '--then') {
      oneOf(words.value(name, text), name, ['retrain']);
      after = {};
    } else if (everywhere !== undefined) {
      Object.assign(options, everywhere(words.value(name, text), name));
    } else if (after === null) {
      Object.assign(options, (TRAINING.get(name) ?? unknown(name, false))(words.value(name, text), name));
    } else {
      Object.assign(after, afterThen(name, text, words));
    }
  }
  if (files.length !== 1) {
    throw new UsageError(
      files.length === 0 ? 'A file is missing.' : `One file is read at a time, not ${files.length}.`,
    );
  }
  checkOut(options.out, options.report);
  return { ...options, file: files[0] ?? '', retrain: after === null ? null : retrainOf(after) };
}

function parseOpen(args: readonly string[]): OpenOptions {
  const given = new Map<string, string>();
  const links: string[] = [];
  const words = new Words(args);
  for (let word = words.next(); word !== null; word = words.next()) {
    const { name, text } = word;
    if (!name.startsWith('--')) {
      links.push(name);
      continue;
    }
    if (!['--out', '--report', '--data'].includes(name)) {
      throw new UsageError(`open has no option ${name}: the link says the rest.`);
    }
    if (given.has(name)) {
      throw new UsageError(`${name} is given twice.`);
    }
    given.set(name, words.value(name, text));
  }
  if (links.length !== 1) {
    throw new UsageError(
      links.length === 0 ? 'A link is missing.' : `One link is opened at a time, not ${links.length}.`,
    );
  }
  const [out, report] = [given.get('--out') ?? null, given.get('--report') ?? null];
  checkOut(out, report);
  return { link: links[0] ?? '', data: given.get('--data') ?? null, out, report };
}

/** Something is written, and of a kind that there is. */
function checkOut(out: string | null, report: string | null): void {
  if (out === null && report === null) {
    throw new UsageError('--out is missing.');
  }
  if (out !== null && !/\.(csv|npy)$/i.test(out)) {
    throw new UsageError('--out must end in .csv or .npy.');
  }
}

export function parseArgs(args: readonly string[]): Command {
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    return { kind: 'help' };
  }
  if (args.includes('--version')) {
    return { kind: 'version' };
  }
  return args[0] === 'open'
    ? { kind: 'open', options: parseOpen(args) }
    : { kind: 'run', options: parseRun(args) };
}
