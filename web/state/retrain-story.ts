/**
 * What a training has done, in numbers and in words: the errors before and after, the sentence that tells of them, and
 * what a state of the model is called. Pure functions. Text from the data is cut, not made safe to show.
 */

import type { GroupMeasure, Measurement } from '../protocol/messages.ts';
import { stepsOf } from './history.ts';
import type { RetrainKind } from './retrain.ts';
import { describeMaker } from './selection.ts';
import type { HistoryNode, Maker, RunKind, Store, TableState } from './store.ts';
import { counted, formatCount } from './summary.ts';

export interface Change {
  of: 'selection' | 'rest' | 'class';
  name: string;
  n: number; // rows
  before: number | null; // error
  after: number | null;
  change: number | null; // relative: 0.12 is 12 % more; null where there is nothing to compare
  missing?: true; // the rows without a label
}

/**
 * An error below this, in scaled units squared, is the rounding of single floats: residuals of a millionth. How it
 * changes says nothing.
 */
const ROUNDING = 1e-12;

/** Relative change of an error; null where either is not known, or it rose from nothing. */
export function relativeChange(before: number | null, after: number | null): number | null {
  if (before === null || after === null) return null;
  if (before === after || Math.max(before, after) < ROUNDING) return 0;
  return before > 0 ? (after - before) / before : null;
}

/** "−31 %", "+0.4 %", "unchanged", and "–" for null. */
export function percentText(change: number | null): string {
  if (change === null) return '–';
  const percent = Math.abs(change) * 100;
  if (percent < 0.05) return 'unchanged';
  const digits = percent >= 0.95 ? Math.round(percent).toLocaleString('en') : percent.toFixed(1);
  return `${change < 0 ? '−' : '+'}${digits} %`;
}

/** Selection, rest and each class of the label column, before and after. Classes keep their order. */
export function changes(before: Measurement, after: Measurement): Change[] {
  const group = (of: 'selection' | 'rest', a: GroupMeasure, b: GroupMeasure): Change => ({
    of,
    name: of === 'selection' ? 'Selection' : 'Rest',
    n: b.n,
    before: a.error,
    after: b.error,
    change: relativeChange(a.error, b.error),
  });
  const earlier = new Map(before.classes.map(({ name, error }) => [name, error]));
  return [
    group('selection', before.selection, after.selection),
    group('rest', before.rest, after.rest),
    ...after.classes.map(({ name, n, error, missing }): Change => {
      const was = earlier.get(name) ?? null;
      const change = relativeChange(was, error);
      return { of: 'class', name, n, before: was, after: error, change, ...(missing ? { missing } : {}) };
    }),
  ];
}

/** Least relative rise of a class's error that is called forgetting. */
const FORGOTTEN = 0.01;

/** The class whose error rose most, beside those that were trained on; null when none rose by more than 1 %. */
export function mostForgotten(node: HistoryNode): Change | null {
  const { before, after } = node;
  if (!before || !after) return null;
  const on = node.kind === 'exclude' ? null : node.maker;
  const inside = new Set(classesOf(on));
  const trainedOn = ({ name, missing }: Change): boolean =>
    missing ? on?.kind === 'class' && on.missing === true : inside.has(name);
  let most: Change | null = null;
  for (const entry of changes(before, after)) {
    if (entry.of !== 'class' || entry.change === null || trainedOn(entry)) continue;
    if (entry.change > Math.max(FORGOTTEN, most?.change ?? 0)) most = entry;
  }
  return most;
}

/** Classes that a selection was made of, where that is what made it. */
function classesOf(maker: Maker | null): string[] {
  return maker?.kind === 'class' && !maker.except ? maker.classes : [];
}

/** Longest words for a selection that begin the story. */
const SHORT = 24;

/** "Digit 8", else "Selection": of shapes and clicked rows, and where a number would stand beside the percentage. */
function subjectOf({ maker }: HistoryNode, table: TableState | null): string {
  const tells = maker?.name !== undefined || maker?.kind === 'class' || maker?.kind === 'search';
  const words = maker && table && tells ? describeMaker(maker, table, table.info.rows) : '';
  if (words === '' || Array.from(words).length > SHORT) return 'Selection';
  /* "pH" stays as it is. */
  return /^\p{Ll}(?!\p{Lu})/u.test(words) ? `${words.charAt(0).toUpperCase()}${words.slice(1)}` : words;
}

/** "; most forgotten: digit 1"; a new start has nothing to forget: "; worst: digit 1; before: 3 Trained". */
function behindStory(node: HistoryNode, table: TableState | null, nodes: readonly HistoryNode[]): string {
  const worst = mostForgotten(node);
  const fresh = node.kind === 'scratch';
  const before = fresh ? nodes[node.parent ?? -1] : undefined;
  const name = worst?.missing ? 'missing' : worst?.name;
  const parts = [
    worst && `${fresh ? 'worst' : 'most forgotten'}: ${node.label ? `${node.label} ${name}` : name}`,
    before && `before: ${before.id} ${nodeTitle(before, table)}`,
  ];
  return parts.map((part) => (part ? `; ${part}` : '')).join('');
}

/**
 * "Selection −31 %, rest +12 %; most forgotten: digit 8.", of errors; with a table the selection by its words, where
 * they are short: "Digit 8 −11 %, …". Of a plain training what the worker said. `nodes`: of the history.
 */
export function storyOf(
  node: HistoryNode,
  table: TableState | null = null,
  nodes: readonly HistoryNode[] = [],
): string {
  const { before, after } = node;
  if (!before || !after) return node.result.message;
  const [selection, rest] = changes(before, after);
  const parts: string[] = [];
  if (selection && selection.change !== null) {
    parts.push(`${subjectOf(node, table)} ${percentText(selection.change)}`);
  }
  if (rest && rest.change !== null) {
    parts.push(`${parts.length === 0 ? 'Rest' : 'rest'} ${percentText(rest.change)}`);
  }
  if (parts.length === 0) return node.result.message;
  return `${parts.join(', ')}${behindStory(node, table, nodes)}.`;
}

const DOING: Record<RetrainKind, string> = {
  retrain: 'Retraining on',
  exclude: 'Training without',
  scratch: 'Training from scratch on',
};

/** "Retraining on digit 8". Holds text from the data. */
export function taskTitle(kind: RetrainKind, maker: Maker, table: TableState | null): string {
  return `${DOING[kind]} ${describeMaker(maker, table, table?.info.rows ?? 0)}`;
}

const VERBS: Record<RunKind, string> = {
  train: 'Trained',
  retrain: 'Retrained on',
  exclude: 'Trained without',
  scratch: 'Trained from scratch on',
};

/** "Trained", "Retrained on digit 8", "Trained without 12 clicked rows". Holds text from the data. */
export function nodeTitle(node: Pick<HistoryNode, 'kind' | 'maker'>, table: TableState | null): string {
  const { kind, maker } = node;
  if (kind === 'train' || !maker) return VERBS[kind === 'train' ? kind : 'train'];
  return `${VERBS[kind]} ${describeMaker(maker, table, table?.info.rows ?? 0)}`;
}

/** "20 epochs", "focus 80 %, 5 epochs", "stopped after 2 of 5 epochs": what goes behind the title. */
export function nodeDetail(node: HistoryNode): string {
  const done =
    node.epochs > 0 ? counted(node.epochs, 'epoch', 'epochs') : counted(stepsOf(node), 'step', 'steps');
  const asked = node.fits.reduce((sum, { epochs }) => sum + epochs, 0);
  const stopped = node.result.reason === 'user' && node.result.outcome === 'stopped';
  const of = `${formatCount(node.epochs)} of ${counted(asked, 'epoch', 'epochs')}`;
  const length = stopped ? `stopped after ${node.epochs > 0 && node.epochs < asked ? of : done}` : done;
  return node.kind === 'retrain' && node.focus !== null
    ? `focus ${shareText(node.focus)}, ${length}`
    : length;
}

/** "80 %", "0.4 %", "100 %". */
export function shareText(share: number): string {
  const percent = share * 100;
  const whole = percent >= 9.95 || percent === 0;
  /* Nothing but all is 100 %. */
  return `${share < 1 && percent >= 99.5 ? '99.9' : percent.toFixed(whole ? 0 : 1)} %`;
}

const NOUNS: Record<RunKind, string> = {
  train: 'training',
  retrain: 'retrain',
  exclude: 'exclusion',
  scratch: 'new start',
};

/** "retrain 3": how undo and announcements name it. */
export function nodeName(node: Pick<HistoryNode, 'id' | 'kind'>): string {
  return `${NOUNS[node.kind]} ${node.id}`;
}

/** The story of a state, with the names that the page has for its rows. Follows the store when called in a component. */
export function storyNow(store: Store, node: HistoryNode): string {
  return storyOf(node, store.table.value, store.history.value.nodes);
}
