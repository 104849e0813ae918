/**
 * From the history of a model to what a link tells of it: the trainings that lead from the first weights to a state.
 * Pure functions on values of the store.
 */

import type { FitSpec, Id, RowBits } from '../protocol/messages.ts';
import { countBits } from '../protocol/rows.ts';
import {
  criterionOf,
  type FitNumbers,
  firstAxes,
  type Link,
  type LinkFit,
  type LinkSet,
  type LinkTraining,
  writeRoles,
} from '../saved/link.ts';
import { encodeRows, hashBits, hashFloats } from '../saved/rows-code.ts';
import { pathTo } from './history.ts';
import { type LeanLimits, leanMaker } from './lean-maker.ts';
import { bitsOfRows, describeMaker, sameBits } from './selection.ts';
import type {
  Camera,
  Colouring,
  FormState,
  History,
  HistoryNode,
  Maker,
  RetrainForm,
  TableState,
} from './store.ts';
import { formatCount } from './summary.ts';

/** What is on screen, as far as a link tells it. */
export interface Shown {
  kernels: number; // revision
  table: TableState;
  form: FormState;
  retrain: RetrainForm;
  history: History;
  at: number | null; // the state that is shared; null: nothing is trained
  axes: [number, number]; // of the map
  colour: Colouring;
  selection: { bits: RowBits; maker: Maker } | null;
  camera: Camera | null; // null: it follows the data
  side: number; // the map's shorter side in CSS pixels
  positions: Float32Array | null; // (rows, 2) as drawn, of the state; null: not known
}

export type Linked = { link: Link } | { refused: string };

/** Of a part of a maker in a link, whose words alone are wanted. */
const LEAN: LeanLimits = { corners: 0, runs: 64 };

/** The sets of a link, each once. */
class Sets {
  readonly list: LinkSet[] = [];
  readonly #bits: RowBits[] = [];
  readonly #rows: number;

  constructor(rows: number) {
    this.#rows = rows;
  }

  /** The place of a set in the list; `maker`: what may find it again. */
  place(bits: RowBits, maker: Maker | null): number {
    const known = this.#bits.findIndex((other) => sameBits(other, bits));
    if (known >= 0) return known;
    const by = maker && criterionOf(maker);
    const common = { n: countBits(bits), hash: hashBits(bits) };
    this.#bits.push(bits);
    this.list.push(
      by ? { is: 'by', ...common, by } : { is: 'rows', ...common, rows: encodeRows(bits, this.#rows) },
    );
    return this.list.length - 1;
  }
}

const NUMBERS = [
  'epochs',
  'batch',
  'learning_rate',
  'weight_decay',
  'noise',
  'heldout',
  'patience',
  'seed',
] as const;

const OPTIONS = ['focus', 'fresh', 'rates'] as const;

/** The numbers that every fit has. */
export function fitNumbersOf(fit: FitSpec): FitNumbers {
  return Object.fromEntries(NUMBERS.map((name) => [name, fit[name]])) as unknown as FitNumbers;
}

/** Where a fit differs from the form's. */
function fitChange(fit: FitSpec, form: FitNumbers, first: boolean): Omit<LinkFit, 'rows'> {
  const change: Record<string, unknown> = { steps: fit.steps ?? 0 };
  for (const name of NUMBERS) if (fit[name] !== form[name]) change[name] = fit[name];
  for (const name of OPTIONS) {
    /* The first training begins at the first weights anyway. */
    if (fit[name] !== undefined && !(first && name === 'fresh')) change[name] = fit[name];
  }
  return change as Omit<LinkFit, 'rows'>;
}

/** Rows that a fit visits, as a set; null when they have another order than the table's, or come twice. */
function visited(rows: Uint32Array, of: number): RowBits | null {
  const ascending = rows.every((row, i) => i === 0 || row > (rows[i - 1] ?? 0));
  const bits = bitsOfRows(rows, of);
  return ascending && countBits(bits) === rows.length ? bits : null;
}

function trainingOf(node: HistoryNode, shown: Shown, sets: Sets, first: boolean): LinkTraining | null {
  const { table, form } = shown;
  const fits: LinkFit[] = [];
  for (const [i, fit] of node.fits.entries()) {
    const change: LinkFit = fitChange(fit, fitNumbersOf(form.fit), first && i === 0);
    if (fit.weights) return null;
    if (fit.rows) {
      const bits = visited(fit.rows, table.info.rows);
      if (!bits) return null;
      change.rows = sets.place(bits, null);
    }
    fits.push(change);
  }
  const bits = node.fits[0]?.selection ?? null;
  const { kind, maker, result } = node;
  const ended = result.reason === 'epochs' ? {} : { ended: result.reason };
  return {
    kind,
    ...(bits && maker ? { maker: leanMaker(maker, LEAN), set: sets.place(bits, maker) } : {}),
    ...ended,
    fits,
  };
}

/** The axes that the map was on meanwhile: what it was laid onto was found, and correlations measured, on them. */
function axesOf({ kind, axes, before, after }: HistoryNode): [number, number] | null {
  if (kind === 'train') return null; // as good as any
  return kind === 'scratch' ? axes : (after?.axes ?? before?.axes ?? axes);
}

/** Axes that are to be turned to where the map is on others; follows what it is on. */
class Turns {
  #now: [number, number];

  constructor(axes: [number, number]) {
    this.#now = axes;
  }

  to(axes: [number, number] | null): { axes?: [number, number] } {
    if (!axes || (axes[0] === this.#now[0] && axes[1] === this.#now[1])) return {};
    this.#now = axes;
    return { axes };
  }
}

/** The trainings that lead to the state shown, in order; a sentence when they can't be done again. */
function pathOf(shown: Shown): { nodes: HistoryNode[] } | { refused: string } {
  const { history, at, table } = shown;
  if (at === null) return { nodes: [] };
  /* Nobody else has the snapshots that are kept here. */
  const bare: History = { ...history, nodes: history.nodes.map((node) => ({ ...node, kept: false })) };
  const known = (id: Id): boolean => id === table.info.table;
  const path = pathTo(bare, at, known);
  if (!path) {
    return {
      refused:
        'This state can’t be made again elsewhere: it is not known to the step what happened on the way, because ' +
        'the worker was lost or a part of the rows is gone. Return to an earlier state, or train again.',
    };
  }
  const nodes = path.through.flatMap((id) => history.nodes[id] ?? []);
  return { nodes };
}

/** What the first training's map was drawn by, where what it was laid onto is left out. */
function alignBefore(nodes: readonly HistoryNode[]): Pick<Link, 'align'> {
  const first = nodes[0];
  return first?.parent !== null && first?.align ? { align: { axes: first.axes, by: first.align } } : {};
}

function viewOf({ camera, side }: Shown): Pick<Link, 'view'> {
  if (!camera || side <= 0) return {};
  const { cx, cy, scale } = camera;
  return { view: { cx, cy, span: side / scale } };
}

function dataOf({ origin, info }: TableState): Pick<Link, 'id' | 'file' | 'hints'> {
  if (origin !== 'file') return { id: origin };
  const { separator, decimal, header } = info.recipe;
  const hints = {
    ...(separator === undefined ? {} : { separator }),
    ...(decimal === undefined ? {} : { decimal }),
    ...(header === undefined ? {} : { header }),
  };
  return { file: info.name.slice(0, 500), ...(Object.keys(hints).length > 0 ? { hints } : {}) };
}

/** The link to what is on screen, or why there can be none. */
export function linkOf(shown: Shown): Linked {
  const { kernels, table, form, retrain, axes, colour, selection, positions } = shown;
  const found = pathOf(shown);
  if ('refused' in found) return found;
  const sets = new Sets(table.info.rows);
  const path: LinkTraining[] = [];
  const turns = new Turns(firstAxes(form.params.latent));
  for (const [i, node] of found.nodes.entries()) {
    const training = trainingOf(node, shown, sets, i === 0);
    if (!training)
      return { refused: 'This state can’t be made again elsewhere: rows were visited by a list.' };
    path.push({ ...training, ...turns.to(axesOf(node)) });
  }
  const { focus, epochs, learning_rate } = retrain;
  const selected = selection && countBits(selection.bits) > 0 ? selection : null;
  const place = selected ? sets.place(selected.bits, selected.maker) : null;
  return {
    link: {
      kernels,
      ...dataOf(table),
      print: table.info.fingerprint,
      count: table.info.rows,
      roles: writeRoles(table.roles),
      scale: table.scale,
      method: form.method,
      params: form.params,
      fit: fitNumbersOf(form.fit),
      retrain: { focus, epochs, learning_rate },
      ...alignBefore(found.nodes),
      ...(sets.list.length > 0 ? { sets: sets.list } : {}),
      path,
      ...(selected && place !== null
        ? { selection: { maker: leanMaker(selected.maker, LEAN), set: place } }
        : {}),
      colour,
      ...turns.to(axes),
      ...viewOf(shown),
      ...(positions && path.length > 0 ? { places: hashFloats(positions) } : {}),
    },
  };
}

/* ---- in words -------------------------------------------------------------------------------------------- */

/** "3 trainings, 2 selections, the present selection": what is in it beside data and settings. */
export function contents(link: Link): string[] {
  const plain = link.path.filter(({ kind }) => kind === 'train').length;
  const retrains = link.path.length - plain;
  const counted = (n: number, one: string, many: string): string[] =>
    n === 0 ? [] : [`${formatCount(n)} ${n === 1 ? one : many}`];
  return [
    'what the columns are used for',
    'the settings and the seed',
    ...counted(plain, 'training', 'trainings'),
    ...counted(retrains, 'retrain with its rows', 'retrains with their rows'),
    ...(link.selection ? ['the selection'] : []),
    'the colours',
    ...(link.view ? ['the part of the map that is seen'] : []),
  ];
}

/** What makes a link large: the longest set in it, by its words; null when there is none. */
export function largest(
  link: Link,
  table: TableState,
): { words: string; rows: number; bytes: number } | null {
  const sizes = (link.sets ?? []).map((set) => (set.is === 'rows' ? set.rows.length : 0));
  const most = Math.max(0, ...sizes);
  if (most === 0) return null;
  const at = sizes.indexOf(most);
  const maker =
    link.selection?.set === at ? link.selection.maker : link.path.find(({ set }) => set === at)?.maker;
  const words = maker ? describeMaker(maker, table, table.info.rows) : 'the rows of the first epoch';
  return { words, rows: link.sets?.[at]?.n ?? 0, bytes: most };
}
