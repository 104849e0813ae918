/**
 * Draws the icons that systems want as pixels, from the mark in web/public/favicon.svg: `icons/` of the built site.
 * Every shape of the mark has a simple distance function, so that edges are smooth without drawing them larger first.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';
import { writePng } from './png.mjs';

/** Name, side in pixels, and how much of the side the mark's square takes: more than 1 cuts its corners off. */
const ICONS = [
  { name: '192', side: 192, ground: 'rounded', scale: 1 },
  { name: '512', side: 512, ground: 'rounded', scale: 1 },
  // Systems cut it to a shape of theirs, and promise the middle four fifths only.
  { name: 'maskable-512', side: 512, ground: 'whole', scale: 0.75 },
  { name: 'apple-touch-180', side: 180, ground: 'whole', scale: 0.9 },
];

/** Straight pieces that a curve is drawn with. */
const PIECES = 48;

const numbers = (text) => (text.match(/-?\d*\.?\d+/g) ?? []).map(Number);
const attribute = (tag, name) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
const rgb = (hex) =>
  [0, 2, 4].map((i) => Number.parseInt(hex.replace(/^(.)(.)(.)$/, '$1$1$2$2$3$3').slice(i, i + 2), 16));

const cubic = (a, b, c, d, t) =>
  a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t * t * (1 - t) + d * t ** 3;

/** Corners of the line that a path of one M, one C and one s draws. */
function flatten(path) {
  const [, m, c, s] = /^M([^C]+)C([^s]+)s(.+)$/.exec(path) ?? [];
  if (s === undefined) throw new Error(`The mark's path is of another kind: ${path}`);
  const [x0, y0] = numbers(m);
  const [x1, y1, x2, y2, x3, y3] = numbers(c);
  const [dx2, dy2, dx3, dy3] = numbers(s);
  const curves = [
    [x0, y0, x1, y1, x2, y2, x3, y3],
    // A smooth curve goes on where the handle before it points.
    [x3, y3, 2 * x3 - x2, 2 * y3 - y2, x3 + dx2, y3 + dy2, x3 + dx3, y3 + dy3],
  ];
  return curves.flatMap(([ax, ay, bx, by, cx, cy, ex, ey]) =>
    Array.from({ length: PIECES + 1 }, (_, i) => [
      cubic(ax, bx, cx, ex, i / PIECES),
      cubic(ay, by, cy, ey, i / PIECES),
    ]),
  );
}

/** The mark: its square, line and dots, in the units of its view box. */
export function readMark(svg) {
  const tag = (name) => [...svg.matchAll(new RegExp(`<${name}\\b[^>]*>`, 'g'))].map(([text]) => text);
  const [rect = ''] = tag('rect');
  const [path = ''] = tag('path');
  const number = (text, name) => Number(attribute(text, name));
  return {
    side: number(rect, 'width'),
    radius: number(rect, 'rx'),
    ground: rgb(attribute(rect, 'fill').slice(1)),
    ink: rgb(attribute(path, 'stroke').slice(1)),
    half: number(path, 'stroke-width') / 2,
    line: flatten(attribute(path, 'd')),
    dots: tag('circle').map((dot) => [number(dot, 'cx'), number(dot, 'cy'), number(dot, 'r')]),
  };
}

/** Distance from a point to the mark's line and dots, negative inside. */
function inkAt({ line, half, dots }, x, y) {
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < line.length; i += 1) {
    const [ax, ay] = line[i - 1];
    const [dx, dy] = [line[i][0] - ax, line[i][1] - ay];
    const length = dx * dx + dy * dy;
    const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
    nearest = Math.min(nearest, Math.hypot(x - ax - t * dx, y - ay - t * dy) - half);
  }
  for (const [cx, cy, r] of dots) nearest = Math.min(nearest, Math.hypot(x - cx, y - cy) - r);
  return nearest;
}

/** Distance from a point to a square with round corners around the middle, negative inside. */
function squareAt(side, radius, x, y) {
  const qx = Math.abs(x - side / 2) - side / 2 + radius;
  const qy = Math.abs(y - side / 2) - side / 2 + radius;
  return Math.hypot(Math.max(qx, 0), Math.max(qy, 0)) + Math.min(Math.max(qx, qy), 0) - radius;
}

/** The mark as RGBA, one byte each, `size` pixels wide and high. */
export function drawIcon(mark, { side: size, ground, scale }) {
  const unit = mark.side / (size * scale); // of the view box, a pixel
  const offset = (mark.side - unit * size) / 2;
  const rgba = new Uint8Array(size * size * 4);
  const cover = (distance) => Math.min(1, Math.max(0, 0.5 - distance / unit));
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const [x, y] = [offset + (column + 0.5) * unit, offset + (row + 0.5) * unit];
      const ink = cover(inkAt(mark, x, y));
      const at = (row * size + column) * 4;
      for (let c = 0; c < 3; c += 1) {
        rgba[at + c] = Math.round(mark.ground[c] + (mark.ink[c] - mark.ground[c]) * ink);
      }
      const opaque = ground === 'whole' ? 1 : cover(squareAt(mark.side, mark.radius, x, y));
      rgba[at + 3] = Math.round(255 * opaque);
    }
  }
  return rgba;
}

/** Writes every icon below a site's folder. */
export function placeIcons(site) {
  const mark = readMark(readFileSync(join(root, 'web/public/favicon.svg'), 'utf8'));
  mkdirSync(join(site, 'icons'), { recursive: true });
  for (const icon of ICONS) {
    const png = writePng(icon.side, icon.side, drawIcon(mark, icon));
    writeFileSync(join(site, 'icons', `${icon.name}.png`), png);
  }
}
