/**
 * What lies over the map while rows are being selected: the shape, the disc of the brush, the live count and how
 * rows are combined beside the pointer, and the ring that closes while a finger rests.
 *
 * The markup never changes; a `ShapeOverlay` writes its attributes, as often as the map is drawn, without a
 * render. All of it is decoration: the count is said by the live region when the shape is finished.
 */

import type { JSX, Ref } from 'preact';
import { useId } from 'preact/hooks';
import type { SelectionOp } from '../state/store.ts';
import { formatCount } from '../state/summary.ts';
import type { Place } from './map-gestures.ts';
import type { Shape } from './selection-gestures.ts';

/** Radius of the ring under a resting finger, in CSS pixels: wide enough to be seen around it. */
const RING = 34;
/** Space between the pointer and what is said beside it. */
const GAP = 16;

export function ShapeLayer({ layer }: { layer: Ref<HTMLDivElement> }): JSX.Element {
  const mask = useId();
  return (
    <div ref={layer} class="map-shape" aria-hidden="true">
      <svg aria-hidden="true">
        {/* The rim of what the brush has covered: its path made wider, less the path. */}
        <mask id={mask} maskUnits="userSpaceOnUse" x="0" y="0" width="100%" height="100%">
          <path class="shape-outer" data-part="outer" />
          <path class="shape-inner" data-part="inner" />
        </mask>
        <path class="shape-band" data-part="band" />
        <path class="shape-rim" data-part="rim" mask={`url(#${mask})`} />
        <path class="shape-area" data-part="area" />
        <path class="shape-halo" data-part="halo" />
        <path class="shape-edge" data-part="edge" />
        <path class="shape-closing" data-part="closing" />
        <circle class="shape-halo" data-part="disc-halo" />
        <circle class="shape-edge" data-part="disc" />
        <g data-part="ring">
          <circle class="ring-track" r={RING} />
          <circle class="ring-way" r={RING} pathLength={1} transform="rotate(-90)" />
        </g>
      </svg>
      <p data-part="label">
        <span class="shape-op" data-part="op" />
        <span class="shape-count" data-part="count" />
      </p>
    </div>
  );
}

export interface OverlayState {
  /** In CSS pixels, as `screenAt` has made them; null: no shape. */
  shape: Shape | null;
  screenAt(x: number, y: number): [number, number];
  /** CSS pixels for each unit of the map. */
  scale: number;
  /** The mouse or pen; null: elsewhere. */
  pointer: Place | null;
  /** Radius of the brush in CSS pixels; null: no brush in hand. */
  brush: number | null;
  /** How rows would be combined, where it is worth saying. */
  op: Exclude<SelectionOp, 'replace'> | null;
  /** Rows that would be selected, of so many; null: nothing is being drawn. */
  count: number | null;
  rows: number;
  /** Where a finger rests. */
  ring: Place | null;
}

const SIGNS = { add: '+', subtract: '−', intersect: '∩' } as const;

export class ShapeOverlay {
  private readonly layer: HTMLElement;
  private readonly parts = new Map<string, Element>();
  private empty = false;

  constructor(layer: HTMLElement) {
    this.layer = layer;
    for (const part of layer.querySelectorAll('[data-part]')) {
      this.parts.set(part.getAttribute('data-part') ?? '', part);
    }
    this.hide();
  }

  paint(state: OverlayState): void {
    const { shape, pointer, ring } = state;
    if (!shape && !ring && !(pointer && (state.brush !== null || state.op))) {
      this.hide();
      return;
    }
    this.empty = false;
    this.layer.hidden = false;
    this.outline(state);
    const disc = shape?.kind === 'brush' ? shape.radius * state.scale : shape ? null : state.brush;
    this.disc(pointer, disc);
    this.show('ring', ring !== null);
    if (ring) this.set('ring', { transform: `translate(${ring.x} ${ring.y})` });
    this.label(state, disc);
  }

  /** Once is enough: most pictures of the map are drawn without a shape over them. */
  private hide(): void {
    if (this.empty) return;
    this.empty = true;
    this.layer.hidden = true;
    this.show('ring', false);
  }

  private outline({ shape, screenAt, scale }: OverlayState): void {
    const band = shape?.kind === 'brush';
    for (const part of ['outer', 'inner', 'band', 'rim']) this.show(part, band);
    for (const part of ['area', 'halo', 'edge']) this.show(part, shape !== null && !band);
    this.show('closing', shape?.kind === 'lasso');
    if (!shape) return;
    const corners = cornersOf(shape).map(([x, y]) => screenAt(x, y));
    const path = pathOf(corners);
    if (shape.kind === 'brush') {
      const width = 2 * shape.radius * scale;
      this.set('band', { d: path, 'stroke-width': width });
      this.set('outer', { d: path, 'stroke-width': width + 2 });
      this.set('inner', { d: path, 'stroke-width': Math.max(0, width - 1) });
      this.set('rim', { d: path, 'stroke-width': width + 2 });
      return;
    }
    const closed = `${path}Z`;
    const open = shape.kind === 'lasso';
    this.set('area', { d: closed });
    for (const part of ['halo', 'edge']) this.set(part, { d: open ? path : closed });
    const [first, last] = [corners[0], corners.at(-1)];
    if (open && first && last) this.set('closing', { d: pathOf([last, first]) });
  }

  private disc(pointer: Place | null, radius: number | null): void {
    const shown = pointer !== null && radius !== null;
    for (const part of ['disc', 'disc-halo']) {
      this.show(part, shown);
      if (shown) this.set(part, { cx: pointer.x, cy: pointer.y, r: radius });
    }
  }

  private label(state: OverlayState, disc: number | null): void {
    const { shape, screenAt, pointer, op, count, rows } = state;
    const label = this.parts.get('label') as HTMLElement;
    const drawn = shape ? cornersOf(shape).at(-1) : undefined;
    /* A finger hides what is under it: beside the end of its shape, above. The mouse has it below, out of the disc. */
    const gap = Math.max(GAP, (disc ?? 0) * Math.SQRT1_2 + GAP / 2);
    const [x = 0, y = 0] = pointer
      ? [pointer.x + gap, pointer.y + gap]
      : drawn
        ? screenAt(...drawn).map((v, i) => v + (i === 0 ? GAP : -3 * GAP))
        : [0, 0];
    const says = shape && count !== null;
    label.hidden = !(pointer || drawn) || !(op || says);
    if (label.hidden) return;
    this.write('op', op ? SIGNS[op] : '');
    this.write('count', says ? `${formatCount(count)} of ${formatCount(rows)}` : '');
    const { clientWidth: width, clientHeight: height } = this.layer;
    const left = Math.max(4, Math.min(x, width - label.offsetWidth - 4));
    const top = Math.max(4, Math.min(y, height - label.offsetHeight - 4));
    label.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  private write(part: string, text: string): void {
    const element = this.parts.get(part) as HTMLElement;
    element.hidden = text === '';
    if (element.textContent !== text) element.textContent = text;
  }

  private show(part: string, shown: boolean): void {
    this.parts.get(part)?.classList.toggle('shape-absent', !shown);
  }

  private set(part: string, attributes: Record<string, string | number>): void {
    for (const [name, value] of Object.entries(attributes)) {
      this.parts.get(part)?.setAttribute(name, String(value));
    }
  }
}

function cornersOf(shape: Shape): [number, number][] {
  if (shape.kind === 'box') {
    const [x0, y0, x1, y1] = shape.points;
    return [
      [x0, y0],
      [x1, y0],
      [x1, y1],
      [x0, y1],
    ];
  }
  const corners: [number, number][] = [];
  for (let i = 0; i + 1 < shape.points.length; i += 2) {
    corners.push([shape.points[i] ?? 0, shape.points[i + 1] ?? 0]);
  }
  return corners;
}

/** To a tenth of a pixel. One place alone is drawn as a dot, by a line of no length with round ends. */
function pathOf(corners: readonly (readonly number[])[]): string {
  const places = corners.map(([x = 0, y = 0]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return `M${places.join('L')}${places.length === 1 ? `L${places[0]}` : ''}`;
}
