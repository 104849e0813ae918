/** The plot beside figure 3: what the selection gains against what the rest pays, a curve as printed and rings of the reader. */

export interface Trade {
  label: string; // "50 %"
  selection: number; // change of error in per cent; below 0: better
  rest: number;
}

export interface Plot {
  /** Puts a ring where the reader's retrain has come to, in place of an earlier one with the same label. */
  ring(trade: Trade): void;
}

const [WIDTH, HEIGHT] = [360, 260];
const [LEFT, RIGHT, TOP, BOTTOM] = [50, 344, 14, 214];
/** Ends of the axes, in per cent. What lies beyond is drawn at the edge. */
const REST: [number, number] = [-15, 55];
const SELECTION: [number, number] = [5, -25]; // better is further down

const within = (value: number, [a, b]: [number, number]): number =>
  Math.min(Math.max(a, b), Math.max(Math.min(a, b), value));
const x = (rest: number): number =>
  LEFT + ((within(rest, REST) - REST[0]) / (REST[1] - REST[0])) * (RIGHT - LEFT);
const y = (selection: number): number =>
  TOP + ((within(selection, SELECTION) - SELECTION[0]) / (SELECTION[1] - SELECTION[0])) * (BOTTOM - TOP);

function add(parent: Element, name: string, attributes: Record<string, string | number>, text = ''): Element {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  parent.append(element);
  return element;
}

const signed = (percent: number): string =>
  percent === 0 ? '0' : `${percent < 0 ? '−' : '+'}${Math.abs(percent)}`;

function axes(svg: Element): void {
  const grid = add(svg, 'g', { class: 'grid' });
  const words = add(svg, 'g', { class: 'words' });
  for (const rest of [-10, 0, 10, 20, 30, 40, 50]) {
    const zero = rest === 0 ? { class: 'zero' } : {};
    add(grid, 'path', { d: `M${x(rest)} ${TOP} V${BOTTOM}`, ...zero });
    add(words, 'text', { x: x(rest), y: BOTTOM + 16, class: 'middle' }, signed(rest));
  }
  for (const selection of [0, -5, -10, -15, -20, -25]) {
    const zero = selection === 0 ? { class: 'zero' } : {};
    add(grid, 'path', { d: `M${LEFT} ${y(selection)} H${RIGHT}`, ...zero });
    add(words, 'text', { x: LEFT - 8, y: y(selection) + 4, class: 'end' }, signed(selection));
  }
  add(words, 'text', { x: (LEFT + RIGHT) / 2, y: HEIGHT - 8, class: 'middle' }, 'error of the rest, %');
  const side = { x: -(TOP + BOTTOM) / 2, y: 11, class: 'middle', transform: 'rotate(-90)' };
  add(words, 'text', side, 'error of the selection, %');
}

/** Draws into an empty element. What it shows is in the table beside it: it is hidden from readers of the text. */
export function drawPlot(host: HTMLElement, printed: readonly Trade[]): Plot {
  const svg = add(host, 'svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true' });
  axes(svg);
  const line = printed.map(({ selection, rest }) => `${x(rest)} ${y(selection)}`).join(' L');
  add(svg, 'path', { d: `M${line}`, class: 'curve' });
  const dots = add(svg, 'g', { class: 'printed' });
  for (const { label, selection, rest } of printed) {
    add(dots, 'circle', { cx: x(rest), cy: y(selection), r: 3.5 });
    add(dots, 'text', { x: x(rest) + 7, y: y(selection) - 6 }, label);
  }
  const rings = add(svg, 'g', { class: 'rings' });
  const drawn = new Map<string, Element>();
  return {
    ring({ label, selection, rest }) {
      drawn.get(label)?.remove();
      drawn.set(label, add(rings, 'circle', { cx: x(rest), cy: y(selection), r: 7 }));
    },
  };
}
