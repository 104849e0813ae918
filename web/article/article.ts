/**
 * What makes the article answer: buttons that drive its figures, and numbers that follow what the figures report. All
 * of it is on top: without this script the text, its tables and its printed numbers stand by themselves.
 */

import type { ErrorChange, FigureEvents, Finished } from '../embed/api.ts';
import type { UnfoldMapElement } from '../embed/element.ts';
import { drawPlot } from './plot.ts';
import { changeIn, changeText, errorText } from './words.ts';

/** Focus that the table of trades has, in per cent, by its rows. */
const tradeRows = [...document.querySelectorAll<HTMLTableRowElement>('#trade tbody tr')];
const digitRows = [...document.querySelectorAll<HTMLTableRowElement>('#digits tbody tr')];

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The article has no #${id}.`);
  return element;
}

function figureIn(id: string): UnfoldMapElement {
  const figure = byId(id).querySelector('unfold-map');
  if (!figure) throw new Error(`#${id} has no figure.`);
  return figure;
}

function on<N extends keyof FigureEvents>(
  figure: UnfoldMapElement,
  name: N,
  act: (detail: FigureEvents[N]) => void,
): void {
  figure.addEventListener(name, (event) => act((event as CustomEvent<FigureEvents[N]>).detail));
}

/** A percentage is never torn from its sign. */
function say(element: HTMLElement, text: string): void {
  element.textContent = text.replaceAll(' %', '\u00a0%');
}

const group = (errors: readonly ErrorChange[], of: ErrorChange['of']): ErrorChange | undefined =>
  errors.find((one) => one.of === of);

const wordOf = (change: ErrorChange | undefined): string =>
  change?.change == null ? '–' : changeText(change.change);

/** "Your selection −20 %, the rest +43 %; most forgotten: digit 1, +152 %." */
function story({ errors, focus, rows: count }: Finished, rows: string): string {
  if (!errors) return '';
  const worst = errors
    .filter(({ of, change }) => of === 'class' && (change ?? 0) > 0.01)
    .reduce<ErrorChange | null>((most, one) => ((one.change ?? 0) > (most?.change ?? 0) ? one : most), null);
  const share = focus === null ? '' : ` at focus ${Math.round(focus * 100)} %`;
  const most = worst ? `; most forgotten: digit ${worst.name}, ${wordOf(worst)}` : '';
  const what = rows === '' ? `${count.toLocaleString('en')} rows` : rows;
  return `In your figure: ${what}${share}: ${wordOf(group(errors, 'selection'))}, the rest ${wordOf(group(errors, 'rest'))}${most}.`;
}

/* ---- buttons ---------------------------------------------------------------------------------------------- */

interface Controls {
  /** Shows the buttons as usable or not. */
  enable(usable: boolean): void;
}

/** Buttons of a figure: each does its deed, one at a time; what goes wrong is said below the figure. */
function controls(id: string, now: HTMLElement, deeds: Record<string, () => Promise<unknown>>): Controls {
  const host = byId(id);
  const buttons = [...host.querySelectorAll('button')];
  let ready = false;
  let busy = false;
  const show = (): void => {
    for (const button of buttons) button.setAttribute('aria-disabled', String(!ready || busy));
  };
  for (const button of buttons) {
    button.addEventListener('click', async () => {
      const deed = deeds[button.dataset['do'] ?? ''];
      if (!deed || busy || !ready) return;
      busy = true;
      show();
      try {
        await deed();
      } catch (error) {
        now.textContent = error instanceof Error ? error.message : 'The figure could not do that.';
      }
      busy = false;
      show();
    });
  }
  host.hidden = false;
  show();
  return {
    enable(usable) {
      ready = usable;
      show();
    },
  };
}

/* ---- what is printed, and whether it is so here -------------------------------------------------------------- */

const EIGHTS = 944;
const cell = (row: HTMLTableRowElement, i: number): string => row.cells[i]?.textContent?.trim() ?? '';

/** The printed numbers beside those of a retrain on the eights, at a focus that is printed; null: no such retrain. */
function compared({
  errors,
  focus,
  rows,
  kind,
  epochs,
  from,
}: Finished): [printed: string, here: string][] | null {
  const percent = Math.round((focus ?? 0) * 100);
  const row = tradeRows.find((one) => one.dataset['focus'] === String(percent));
  /* A retrain of a model that was retrained before, or trained on: nothing is printed of that. */
  if (!errors || !row || kind !== 'retrain' || from !== 0 || rows !== EIGHTS || epochs !== 5) return null;
  const digits = new Map(errors.flatMap((one) => (one.of === 'class' ? [[one.name, one] as const] : [])));
  /* As many rows, but not the eights. */
  const before8 = errorText(digits.get('8')?.before ?? Number.NaN);
  if (errorText(group(errors, 'selection')?.before ?? Number.NaN) !== before8) return null;
  const before = digitRows.map((digit): [string, string] => {
    return [cell(digit, 1), errorText(digits.get(digit.dataset['digit'] ?? '')?.before ?? Number.NaN)];
  });
  const pairs: [string, string][] = [
    ...before,
    [cell(row, 1), wordOf(group(errors, 'selection'))],
    [cell(row, 2), wordOf(group(errors, 'rest'))],
  ];
  if (percent < 100) return pairs;
  const after = digitRows.map((digit): [string, string] => {
    return [cell(digit, 2), wordOf(digits.get(digit.dataset['digit'] ?? ''))];
  });
  return [...pairs, ...after];
}

function sayAgreement(finished: Finished): void {
  const pairs = compared(finished);
  if (!pairs) return;
  const wrong = pairs.filter(([printed, here]) => printed !== here);
  const those = wrong.map(([printed, here]) => `${printed} is ${here} here`).join(', ');
  say(
    byId('agreement'),
    wrong.length === 0
      ? `In your browser they are: all ${pairs.length} numbers that can be compared are equal.`
      : `In your browser ${wrong.length} of ${pairs.length} numbers differ (${those}), which should not be.`,
  );
}

/* ---- the figures ------------------------------------------------------------------------------------------------ */

function firstFigure(): void {
  const figure = figureIn('figure-1');
  const now = byId('now-1');
  let epochs = 0;
  on(figure, 'unfold-finished', (finished) => {
    epochs += finished.epochs;
    if (finished.train === null || finished.heldout === null) return;
    now.textContent = `In your figure, after ${epochs} passes over the digits: error ${errorText(finished.train)} on those it was trained on, ${errorText(finished.heldout)} on a tenth that it never saw.`;
  });
}

function secondFigure(): void {
  const figure = figureIn('figure-2');
  const now = byId('now-2');
  let rows = '';
  const buttons = controls('controls-2', now, {
    select: () => figure.select({ class: '8' }),
    retrain: () => figure.retrain({ focus: 1, epochs: 5 }),
    undo: async () => {
      await figure.back(0);
      for (const row of digitRows) (row.cells[3] as HTMLElement).textContent = '–';
      now.textContent = 'In your figure: back at the map from before, to the last bit.';
    },
  });
  on(figure, 'unfold-selection', ({ maker }) => {
    rows = maker;
  });
  on(figure, 'unfold-finished', (finished) => {
    buttons.enable(true);
    const { errors } = finished;
    if (!errors) return;
    say(now, story(finished, rows));
    for (const row of digitRows) {
      const change = errors.find(({ of, name }) => of === 'class' && name === row.dataset['digit']);
      (row.cells[3] as HTMLElement).textContent = wordOf(change);
    }
    sayAgreement(finished);
  });
}

function thirdFigure(): void {
  const figure = figureIn('figure-3');
  const now = byId('now-3');
  const slider = byId('controls-3').querySelector('input') as HTMLInputElement;
  const output = byId('controls-3').querySelector('output') as HTMLOutputElement;
  const share = (): string => `${slider.value} %`;
  slider.addEventListener('input', () => {
    output.textContent = share();
  });
  const host = byId('plot');
  host.hidden = false;
  const plot = drawPlot(
    host,
    tradeRows.map((row) => ({
      label: cell(row, 0),
      selection: changeIn(cell(row, 1)),
      rest: changeIn(cell(row, 2)),
    })),
  );
  let rows = '';
  const buttons = controls('controls-3', now, {
    retrain: async () => {
      await figure.back(0);
      await figure.retrain({ focus: Number(slider.value) / 100, epochs: 5 });
    },
  });
  on(figure, 'unfold-selection', ({ maker }) => {
    rows = maker;
  });
  on(figure, 'unfold-finished', (finished) => {
    buttons.enable(true);
    const { errors, focus } = finished;
    const [selection, rest] = [group(errors ?? [], 'selection')?.change, group(errors ?? [], 'rest')?.change];
    if (selection == null || rest == null) return;
    const label = `${rows} ${Math.round((focus ?? 0) * 100)} %`;
    /* As printed, and as its dot is: a ring about the same result lies on it. */
    const shown = (change: number): number => changeIn(changeText(change));
    plot.ring({ label, selection: shown(selection), rest: shown(rest) });
    say(now, story(finished, rows));
    sayAgreement(finished);
  });
}

firstFigure();
secondFigure();
thirdFigure();
