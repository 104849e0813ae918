/**
 * What both renderers keep besides their way of drawing: what they were told, how large they are, the motion under
 * way, and what follows from the arrays.
 */

import type { Camera } from './camera.ts';
import { spreadArea } from './marks.ts';
import { type LoadMore, loadMore } from './more.ts';
import {
  countHidden,
  defaultProps,
  mergeProps,
  type PointRenderer,
  rowCount,
  type ScatterProps,
  trailsOf,
} from './props.ts';
import { backingSize } from './surface.ts';

/** The longest gap between two draws that still counts as one motion, in ms. */
const MOTION_GAP = 250;

/** Rows up to which a processor draws every trail in each step of a motion. */
const MOVING_TRAILS = 2_000;
/** How long points and camera must have stood still before it draws them all, in ms: training sends sooner. */
const REST = 300;

/** One picture: what it looks at, in CSS pixels, at how many device pixels each. */
export interface Picture {
  readonly camera: Camera;
  readonly width: number;
  readonly height: number;
  readonly dpr: number;
  /** With the rings of hovered and focused rows. */
  readonly highlights: boolean;
  /** With the trails of rows that are not selected, too. */
  readonly allTrails: boolean;
}

export abstract class BaseRenderer implements PointRenderer {
  abstract readonly kind: PointRenderer['kind'];
  abstract readonly software: boolean;
  protected readonly canvas: HTMLCanvasElement;
  protected readonly props = defaultProps();
  /** Asked to draw again for a reason of the renderer's own. */
  protected readonly onNeedsFrame: (() => void) | undefined;
  protected readonly more: LoadMore;
  protected disposed = false;

  /** CSS pixels. */
  protected width = 0;
  protected height = 0;
  protected dpr = 1;

  /** What has changed since it was last taken over for drawing. */
  protected readonly stale = { positions: true, colours: true, palette: true, flags: true, trails: true };
  /** The motion under way: `t` is the share of it that was drawn last, at `drawn`. */
  protected blend = { start: 0, duration: 0, t: 1, drawn: Number.NEGATIVE_INFINITY };
  /** Selected rows. */
  protected selected = 0;
  /** Derived from the positions when first needed. */
  private spread: number | null = null;
  private hidden: number | null = null;

  /** Whether nothing has moved for a while, or yet; the timer that will say so; and the camera drawn last. */
  private rested = true;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private lastCamera: Camera | null = null;

  protected constructor(canvas: HTMLCanvasElement, onNeedsFrame?: () => void, more = loadMore) {
    this.canvas = canvas;
    this.onNeedsFrame = onNeedsFrame;
    this.more = more;
  }

  abstract draw(now: number): boolean;

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.restTimer);
  }

  /** Most device pixels along a side of the canvas. */
  protected abstract get maxSide(): number;

  /** Draws over the whole canvas what was taken over. */
  protected abstract paint(picture: Picture): void;

  get hiddenCount(): number {
    this.hidden ??= countHidden(this.props.positions, this.props.dims);
    return this.hidden;
  }

  set(partial: Partial<ScatterProps>): boolean {
    const changes = mergeProps(this.props, partial);
    if (changes.positions) this.spread = this.hidden = null;
    for (const key of STALE_KEYS) this.stale[key] ||= changes[key];
    return changes.any;
  }

  resize(cssWidth: number, cssHeight: number, dpr: number): boolean {
    const size = backingSize(cssWidth, cssHeight, dpr, this.maxSide);
    const same = size.pixelWidth === this.canvas.width && size.pixelHeight === this.canvas.height;
    const changed = !same || this.width !== size.width || this.height !== size.height;
    this.width = size.width;
    this.height = size.height;
    this.dpr = size.dpr;
    if (!same) {
      this.canvas.width = size.pixelWidth;
      this.canvas.height = size.pixelHeight;
    }
    return changed;
  }

  async capture(scale: number): Promise<Blob> {
    const { captureTiles } = await this.more();
    this.prepareCapture();
    const { canvas, width, height, props } = this;
    const { width: pixelWidth, height: pixelHeight } = canvas;
    return captureTiles(
      width,
      height,
      scale,
      props.camera,
      (tile) => {
        canvas.width = tile.pixelWidth;
        canvas.height = tile.pixelHeight;
        this.paint({
          camera: tile.camera,
          width: tile.pixelWidth / scale,
          height: tile.pixelHeight / scale,
          dpr: scale,
          highlights: false,
          allTrails: true,
        });
        return canvas;
      },
      () => {
        canvas.width = pixelWidth;
        canvas.height = pixelHeight;
        this.paint(this.wholeView());
      },
    );
  }

  /** Takes everything over as it was last drawn. Throws Error with a sentence when nothing can be drawn. */
  protected abstract prepareCapture(): void;

  /** What the visible canvas shows. */
  protected wholeView(): Picture {
    const { props, width, height, dpr, software } = this;
    const allTrails = !software || this.rested || rowCount(props) <= MOVING_TRAILS;
    return { camera: props.camera, width, height, dpr, highlights: true, allTrails };
  }

  /** Area of the map in world units squared. */
  protected get area(): number {
    this.spread ??= spreadArea(this.props.positions, this.props.dims);
    return this.spread;
  }

  /**
   * New positions are there: points set off for them, or are there at once. A motion goes on from the moment it was
   * last drawn, else each new frame would hold it for one.
   */
  protected startMotion(moves: boolean, now: number): void {
    const { blend } = this;
    const goesOn = blend.t < 1 && now - blend.drawn < MOTION_GAP;
    this.blend = moves
      ? { ...blend, start: goesOn ? blend.drawn : now, duration: this.props.blendMs, t: 0 }
      : { ...blend, duration: 0, t: 1 };
  }

  /** Moves on to `now`. */
  protected advance(now: number): void {
    const { blend } = this;
    blend.t = blend.duration > 0 ? Math.min(1, Math.max(0, (now - blend.start) / blend.duration)) : 1;
    blend.drawn = now;
    const { camera } = this.props;
    this.noteMotion(blend.t < 1 || camera !== (this.lastCamera ?? camera));
    this.lastCamera = camera;
  }

  /** Keeps `rested`; asks for a frame when the trails left out meanwhile are due. */
  private noteMotion(moving: boolean): void {
    if (moving) {
      this.rested = false;
      clearTimeout(this.restTimer);
      this.restTimer = undefined;
    }
    if (this.rested || this.blend.t < 1) return;
    this.restTimer ??= setTimeout(() => {
      this.rested = true;
      this.restTimer = undefined;
      if (this.software && trailsOf(this.props)) this.onNeedsFrame?.();
    }, REST);
  }
}

const STALE_KEYS = ['positions', 'colours', 'palette', 'flags', 'trails'] as const;
