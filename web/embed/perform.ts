/** What a figure does when the page around it asks: each command as calls of the page's own actions. */

import { effect, type ReadonlySignal } from '@preact/signals';
import { methods } from '../methods/registry.ts';
import type { Criterion, OpenHints } from '../protocol/messages.ts';
import type { Actions } from '../state/actions.ts';
import { withField, withRetrainField } from '../state/fields.ts';
import { refusalNow } from '../state/retrain.ts';
import { changes } from '../state/retrain-story.ts';
import { bitsOfRows, describeMaker, rowsOf, runsOf } from '../state/selection.ts';
import type { Colouring, HistoryNode, Phase, Store, TableState } from '../state/store.ts';
import { labelColumn } from '../state/summary.ts';
import type { Choice, Finished, Parameters, SelectionNews, Shape } from './api.ts';
import { TroubleError } from './peer.ts';
import { type Command, tooLarge } from './schema.ts';

export interface Performer {
  perform(command: Command): Promise<unknown>;
  /** Selects rows; throws a `TroubleError` when it can't be done. */
  select(choice: Choice): Promise<SelectionNews>;
  /** Takes values into the form, all of them or none. */
  set(parameters: Parameters): void;
  /** Colours by a column's name, or by error, change, drift, none. */
  colour(name: string): void;
}

export function shapeOf({ info }: TableState): Shape {
  return { name: info.name, rows: info.rows, columns: info.columns.length };
}

export function selectionNews(store: Store): SelectionNews {
  const table = store.table.peek();
  const { count, maker } = store.selection.peek();
  const of = table?.info.rows ?? 0;
  return { count, of, maker: maker.kind === 'none' ? '' : describeMaker(maker, table, of) };
}

export function finishedOf(node: HistoryNode): Finished {
  const { kind, id, parent, epochs, steps, result, focus, rows, before, after } = node;
  const { train, heldout, selection, rest } = result;
  const outcome = result.outcome === 'finished' ? 'finished' : 'stopped';
  const errors = before && after ? changes(before, after) : null;
  const told = { epochs, steps, train, heldout, selection, rest, outcome, focus, rows, errors } as const;
  return { kind, state: id, from: parent, ...told };
}

function noClass(name: string, column: string): TroubleError {
  return trouble('not_found', `There is no class “${name.slice(0, 60)}” in ${column.slice(0, 60)}.`);
}

function trouble(code: string, message: string): TroubleError {
  return new TroubleError(code, message);
}

/** Something runs or is being opened, or will go on by itself. A training that the reader has paused does not run. */
function underWay(phase: Phase, held: boolean): boolean {
  const { kind } = phase;
  if (kind === 'failed') return phase.failure.code === 'asleep';
  return (
    kind === 'running' ||
    kind === 'pausing' ||
    kind === 'opening' ||
    kind === 'starting' ||
    (kind === 'paused' && held)
  );
}

/** @param held a training was paused because the figure is far from what is seen: it goes on when that is over */
export function createPerformer(
  store: Store,
  actions: Actions,
  linkOf: () => Promise<string | null>,
  held: ReadonlySignal<boolean>,
): Performer {
  /** Resolves when nothing is under way. */
  function rested(): Promise<Phase> {
    return new Promise((resolve) => {
      const stop = effect(() => {
        if (underWay(store.phase.value, held.value)) return;
        /* What is begun again is at rest for a moment before: looked at once more when all have done their part. */
        queueMicrotask(() => {
          const phase = store.phase.peek();
          if (underWay(phase, held.peek())) return;
          stop();
          resolve(phase);
        });
      });
    });
  }

  function table(): TableState {
    const shown = store.table.peek();
    if (!shown) throw trouble('not_ready', 'There is no data yet.');
    return shown;
  }

  function columnNamed(name: string): number {
    const column = table().info.columns.findIndex((one) => one.name === name);
    if (column < 0) throw trouble('not_found', `There is no column ${name.slice(0, 60)}.`);
    return column;
  }

  function lastNode(): HistoryNode | null {
    const { nodes, at } = store.history.peek();
    return at === null ? null : (nodes[at] ?? null);
  }

  /** What a training has led to, also one that rests on the way; null when it led nowhere new. A failure is thrown. */
  async function outcome(work: Promise<unknown>): Promise<Finished | null> {
    const before = store.history.peek().nodes;
    await work;
    const phase = await rested();
    if (phase.kind === 'failed') throw trouble(phase.failure.code, phase.failure.message);
    const node = lastNode();
    return node && !before.includes(node) ? finishedOf(node) : null;
  }

  function criterion(choice: Exclude<Choice, string | { rows: unknown }>): Criterion {
    if ('random' in choice) return { kind: 'random', n: choice.random, seed: choice.seed ?? 1 };
    if ('range' in choice) {
      const { range, from = null, to = null } = choice;
      return { kind: 'range', column: columnNamed(range), lo: from, hi: to };
    }
    if ('search' in choice) {
      const column = choice.column === undefined ? null : columnNamed(choice.column);
      return { kind: 'search', text: choice.search, column };
    }
    const classes = typeof choice.class === 'string' ? [choice.class] : [...choice.class];
    const column = choice.column === undefined ? labelColumn(table()) : columnNamed(choice.column);
    if (column < 0) throw trouble('not_found', 'No column has classes: name one.');
    const { categories: known, name = '' } = table().info.columns[column] ?? {};
    const strange = known ? classes.find((one) => !known.includes(one)) : undefined;
    if (strange !== undefined) throw noClass(strange, name);
    return { kind: 'class', column, classes };
  }

  async function select(choice: Choice): Promise<SelectionNews> {
    const { rows } = table().info;
    if (choice === 'all') actions.selectAll();
    else if (choice === 'none') actions.clearSelection();
    else if ('rows' in choice) {
      const beyond = choice.rows.find((row) => row >= rows);
      if (beyond !== undefined) throw trouble('not_found', `There is no row ${beyond}.`);
      const bits = bitsOfRows(choice.rows, rows);
      actions.selectBits(bits, { kind: 'rows', rows: runsOf(bits) }, 'replace');
    } else {
      const by = criterion(choice);
      const picked = await actions.selectBy(by, 'replace');
      if (picked === 'none' && by.kind === 'class' && by.classes.length === 1)
        throw noClass(by.classes[0] ?? '', table().info.columns[by.column]?.name ?? '');
      if (picked === 'none')
        throw trouble('not_found', 'No row is like that: the selection stays as it was.');
      if (picked === 'overtaken') throw trouble('refused', 'Something else was selected meanwhile.');
      if (picked !== 'selected') throw trouble(picked.code, picked.message);
    }
    return selectionNews(store);
  }

  function set(parameters: Parameters): void {
    const ready = store.ready.peek();
    let form = store.form.peek();
    if (!ready || !form) throw trouble('not_ready', 'There is no data yet.');
    const texts = Object.entries(parameters).map(([name, value]) => {
      return [name, typeof value === 'object' ? value.join(', ') : String(value)] as const;
    });
    for (const [name, text] of texts) {
      const label = methods[form.method].fields.find((field) => field.name === name)?.label;
      const change = withField(form, ready, name, text);
      const of = label === undefined ? '' : `${label.slice(0, 40)}: `;
      if (change.error !== null) throw trouble('bad_command', of + change.error);
      form = change.form;
    }
    for (const [name, text] of texts) {
      if (actions.setField(name, text) === false) throw trouble('not_ready', 'The form is not there yet.');
    }
  }

  function colour(name: string): void {
    const kinds: Colouring['kind'][] = ['none', 'error', 'change', 'drift'];
    const kind = kinds.find((one) => one === name);
    const own = table().info.columns.some((column) => column.name === name);
    if (kind && !own) actions.setColour({ kind } as Colouring);
    else actions.setColour({ kind: 'column', column: columnNamed(name) });
  }

  async function load(command: Extract<Command, { command: 'load' }>): Promise<Shape> {
    const { buffer, name = 'data.csv', train = true, separator, decimal, header, label } = command;
    if (tooLarge(buffer)) throw trouble('too_large', 'A figure takes 512 MB at most.');
    const hints: OpenHints = {
      ...(separator === undefined ? {} : { separator }),
      ...(decimal === undefined ? {} : { decimal }),
      ...(header === undefined ? {} : { header }),
      ...(label === undefined ? {} : { label }),
    };
    if (!(await actions.openAs(new File([buffer], name), { hints }))) {
      const told = store.notices.peek().findLast(({ about }) => about === 'opening');
      throw trouble(told?.code ?? 'refused', told?.text ?? 'Something else was opened.');
    }
    const shape = shapeOf(table());
    if (train) void actions.train();
    return shape;
  }

  async function run(): Promise<Finished | null> {
    const { kind } = store.phase.peek();
    table();
    if (kind === 'paused') return outcome(actions.resume());
    if (kind === 'failed') return outcome(actions.retry());
    return outcome(actions.train());
  }

  async function retrain(command: Extract<Command, { command: 'retrain' }>): Promise<Finished | null> {
    const { kind = 'retrain', focus, epochs, learning_rate } = command;
    await rested();
    const fields = Object.entries({ epochs, learning_rate }) as ['epochs' | 'learning_rate', number?][];
    const given = fields.flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as const],
    );
    const ready = store.ready.peek();
    for (const [name, text] of given) {
      const { error } = ready
        ? withRetrainField(store.retrain.peek(), ready, name, text)
        : { error: 'There is no data yet.' };
      if (error !== null) throw trouble('bad_command', `${name}: ${error}`);
    }
    for (const [name, text] of given) actions.setRetrainField(name, text);
    if (focus !== undefined) actions.setFocus(focus);
    const why = refusalNow(store, kind);
    if (why !== null) throw trouble('refused', why);
    const begin = {
      retrain: actions.retrain,
      exclude: actions.exclude,
      scratch: actions.trainFromScratch,
    }[kind];
    return outcome(begin());
  }

  async function back(state: number): Promise<null> {
    if (state >= store.history.peek().nodes.length) throw trouble('not_found', `There is no state ${state}.`);
    await actions.returnTo(state);
    await rested();
    if (store.history.peek().at !== state) {
      throw trouble('refused', 'Going back did not come to its end: something trains, or it was stopped.');
    }
    return null;
  }

  async function perform(command: Command): Promise<unknown> {
    switch (command.command) {
      case 'load':
        return load(command);
      case 'set':
        set(command.parameters);
        return null;
      case 'run':
        return run();
      case 'retrain':
        return retrain(command);
      case 'select':
        return select(command.rows);
      case 'selection':
        return rowsOf(store.bulk.selected);
      case 'link':
        return linkOf();
      case 'back':
        return back(command.state);
      case 'pause':
      case 'undo':
      case 'redo':
        await actions[command.command]();
        return null;
    }
  }

  return { perform, select, set, colour };
}
