/**
 * The map's camera, its animation frames and its picking: everything between the signals and the renderer that
 * is not markup. No signals here; scatter-view.tsx tells it what has changed.
 *
 * Frames are asked for only when something has changed or still moves: an idle page draws nothing.
 */

import {
  approachCamera,
  type Camera,
  cameraDistance,
  fitCamera,
  panBy,
  screenToWorld,
  type Viewport,
  worldToScreen,
  zoomAt,
  zoomLimits,
} from '../render/camera.ts';
import { dataBounds } from '../render/fit.ts';
import { loadMore } from '../render/more.ts';
import type { PickIndex } from '../render/pick.ts';
import { DARK_THEME, FLAG_HIDDEN, LIGHT_THEME, type Rgba, type ScatterProps } from '../render/props.ts';
import { createRenderer, type MountedRenderer } from '../render/renderer.ts';
import { createRoom } from '../state/room.ts';
import type { MapPart } from '../state/store.ts';

/** What the first pictures of the map do without. */
export const drawing = createRoom(loadMore);

export interface MapControllerOptions {
  /** The renderer went over to a slower way of drawing. */
  onFallback(reason: string): void;
  /** Something was drawn: whatever is laid over the map may have to move along. */
  onDrawn(): void;
  /** Motion is unwelcome: points and camera jump. */
  reducedMotion(): boolean;
}

/** Longest blend between two frames, in ms. */
const MOST_BLEND = 250;
/** While following, a new fit that looks this different from the present target moves the view. */
const FIT_STEP = 0.04;
/** Half lives of the camera's way to its target, in ms: after a press, and while following the data. */
const QUICK = 45;
const SOFT = 160;
const PADDING = 36;

/** Milliseconds between two pictures of moving points where the processor draws them. */
const SOFTWARE_STEP = 80;

/** Rims of selected rows among others in full colours: magenta is in neither of the scales. As in legend.css. */
const BRIGHT_ON_LIGHT: Rgba = [214, 0, 147, 255];
const BRIGHT_ON_DARK: Rgba = [255, 70, 190, 255];
const NO_RIM: Rgba = [0, 0, 0, 0];

export class MapController {
  private readonly options: MapControllerOptions;
  private readonly renderer: MountedRenderer;
  private pick: PickIndex | null = null; // until there are hands, nothing is looked for
  private view: Viewport = { width: 0, height: 0 };
  private positions: Float32Array = new Float32Array(0);
  private flags: Uint8Array | null = null;
  private key: unknown = null;
  private camera: Camera = { cx: 0, cy: 0, scale: 100 };
  private target: Camera | null = null; // null: the camera rests
  private halfLife = QUICK;
  private fitted: Camera | null = null; // null: to be worked out when asked for
  private follows = true;
  private part: MapPart | null = null; // kept to in any size, until something else is to be seen
  private held = false;
  private frameAt = Number.NEGATIVE_INFINITY;
  private tickAt = 0;
  private request = 0;
  private later = 0; // a timer

  constructor(host: HTMLElement, options: MapControllerOptions) {
    this.options = options;
    this.renderer = createRenderer(host, {
      onNeedsFrame: () => this.wake(),
      onFallback: options.onFallback,
      more: drawing.enter,
    });
  }

  /** True until the person moves the view, and again after a fit: the view goes along with the data. */
  get following(): boolean {
    return this.follows;
  }

  /** What was chosen to be seen, or is on its way there; null while the view follows. */
  get chosen(): Camera | null {
    return this.follows ? null : (this.target ?? this.camera);
  }

  /** Shows this part of the map at once, and stays. */
  look(camera: Camera): void {
    this.leave();
    this.jump(camera);
  }

  /** Shows this part as soon as there is a size, and keeps to it as that changes: the same part at each. */
  aim(part: MapPart): void {
    this.part = part;
    this.keepTo(part);
  }

  private keepTo({ cx, cy, span }: MapPart): void {
    const side = Math.min(this.view.width, this.view.height);
    if (side === 0) return;
    this.follows = false;
    this.jump({ cx, cy, scale: side / span });
  }

  /** The view is moved by hand: it goes along with nothing any more. */
  private leave(): void {
    this.follows = false;
    this.part = null;
  }

  /** A copy of the picture as it is now, for when the renderer is let go of. Null where there is none. */
  still(): HTMLCanvasElement | null {
    const { canvas } = this.renderer;
    const copy = document.createElement('canvas');
    copy.width = canvas.width;
    copy.height = canvas.height;
    const context = this.view.width > 0 && this.view.height > 0 ? copy.getContext('2d') : null;
    if (!context) return null;
    /* A picture of the graphics card can be read in the turn that it was drawn in. */
    this.renderer.draw(performance.now());
    context.drawImage(canvas, 0, 0);
    return copy;
  }

  /** Rows without a finite position. O(n) once for each frame, so ask only for frames that stay. */
  get hiddenCount(): number {
    return this.renderer.hiddenCount;
  }

  /**
   * Takes the positions (n, 2) of a new frame. With another `key` (another map, or other axes of it) the view
   * starts over; `jump` shows them at once.
   */
  frame(positions: Float32Array, key: unknown, jump = false): void {
    const now = performance.now();
    const fresh = key !== this.key || positions.length !== this.positions.length;
    const since = now - this.frameAt;
    this.frameAt = now;
    this.key = key;
    this.positions = positions;
    this.fitted = null;
    this.pick?.set(positions, 2, this.flags);
    const blendMs = fresh || jump || this.options.reducedMotion() ? 0 : Math.min(MOST_BLEND, since);
    if (this.renderer.set({ positions, dims: 2, blendMs })) this.wake();
    if (fresh) {
      this.follows = true;
      this.part = null;
    }
    if (!this.follows || this.view.width === 0) return;
    if (fresh) this.jump(this.fit());
    else this.follow();
  }

  /**
   * Keeps the view where it is while something is drawn on it, though rows move on: following goes on, from
   * where the data are then, when `on` is false.
   */
  hold(on: boolean): void {
    this.held = on;
    if (!on && this.follows && this.view.width > 0 && this.positions.length > 0) this.follow();
  }

  /** Takes anything else the renderer knows: colours, flags, sizes, highlighted rows, trails. */
  set(partial: Partial<ScatterProps>): void {
    if (partial.flags !== undefined) this.setFlags(partial.flags);
    if (this.renderer.set(partial)) this.wake();
  }

  /** Rows that are hidden can't be found. A selection changes the flags too, but not what can be found. */
  private setFlags(flags: Uint8Array | null): void {
    const same = sameHidden(this.flags, flags);
    this.flags = flags;
    if (same) return;
    this.pick?.set(this.positions, 2, flags);
    this.fitted = null;
  }

  /**
   * Takes the colour behind the map, and rims and rings to go with it.
   *
   * @param bright the rest is not dimmed: selected rows have a rim of a colour that no scale has, the others none
   */
  background(colour: Rgba, bright = false): void {
    const [r, g, b] = colour;
    const dark = 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
    const theme = dark ? DARK_THEME : LIGHT_THEME;
    const rims = bright ? { outline: NO_RIM, selectedOutline: dark ? BRIGHT_ON_DARK : BRIGHT_ON_LIGHT } : {};
    this.set({ ...theme, ...rims, background: colour });
  }

  /** Takes the size of the host in CSS pixels. */
  resize(width: number, height: number, dpr: number): void {
    const before = this.view;
    this.view = { width, height };
    const changed = this.renderer.resize(width, height, dpr);
    this.fitted = null;
    if (width === 0 || height === 0) return;
    if (this.part) this.keepTo(this.part);
    else if (this.follows || before.width === 0) this.jump(this.fit());
    if (changed && before.width > 0) this.drawNow();
    else if (changed) this.wake();
  }

  /** A canvas of another size is empty, and would be seen so until the next frame: black, at each step of a drag. */
  private drawNow(): void {
    cancelAnimationFrame(this.request);
    this.tick(performance.now());
  }

  /** Takes what finds rows by their places. */
  findWith(pick: PickIndex): void {
    this.pick = pick;
    pick.set(this.positions, 2, this.flags);
  }

  /** The row nearest to a place on the host within `radius` CSS pixels, or null. */
  nearest(x: number, y: number, radius: number): number | null {
    const [wx, wy] = screenToWorld(this.camera, this.view, x, y);
    const row = this.pick?.nearest(wx, wy, radius / this.camera.scale) ?? -1;
    return row < 0 ? null : row;
  }

  /** The row to go to from `row` with an arrow key (right: 1, 0; up: 0, 1), or null. */
  neighbour(row: number, dx: number, dy: number): number | null {
    const next = this.pick?.nearestInDirection(row, dx, dy) ?? -1;
    return next < 0 ? null : next;
  }

  /** The row nearest to the middle of what is seen, or null when there is none at all. */
  central(): number | null {
    const row = this.pick?.nearest(this.camera.cx, this.camera.cy, Number.MAX_VALUE) ?? -1;
    return row < 0 ? null : row;
  }

  /** Where a row is on the host, in CSS pixels; null when it has no place. */
  screenOf(row: number): [number, number] | null {
    const x = this.positions[2 * row];
    const y = this.positions[2 * row + 1];
    if (x === undefined || y === undefined || !Number.isFinite(x) || !Number.isFinite(y)) return null;
    return worldToScreen(this.camera, this.view, x, y);
  }

  /** Coordinates on the map of a place on the host. */
  placeAt(x: number, y: number): [number, number] {
    return screenToWorld(this.camera, this.view, x, y);
  }

  /** Where a place of the map is on the host, in CSS pixels. */
  screenAt(x: number, y: number): [number, number] {
    return worldToScreen(this.camera, this.view, x, y);
  }

  /** CSS pixels for each unit of the map. */
  get scale(): number {
    return this.camera.scale;
  }

  /** Rows that lie within a shape on the map now; hidden ones never do. */
  get rows(): Pick<PickIndex, 'selectBox' | 'selectPolygon' | 'selectBrush' | 'brushSegment'> {
    if (!this.pick) throw new Error('Rows are looked for before `findWith`.');
    return this.pick;
  }

  /** Size of the host in CSS pixels. */
  get viewport(): Viewport {
    return this.view;
  }

  /** Moves the picture by pixels, as a drag does. */
  pan(dx: number, dy: number): void {
    this.leave();
    this.jump(panBy(this.camera, dx, dy));
  }

  /** Moves the picture by pixels, as a key does: in a short motion. */
  glide(dx: number, dy: number): void {
    this.leave();
    this.go(panBy(this.target ?? this.camera, dx, dy), QUICK);
  }

  /** Zooms about a place on the host; `factor` above 1 comes closer. */
  zoom(x: number, y: number, factor: number): void {
    this.leave();
    this.jump(zoomAt(this.camera, this.view, x, y, factor, zoomLimits(this.fit())));
  }

  /** Zooms about the middle in a short motion. */
  zoomStep(factor: number): void {
    this.leave();
    const { width, height } = this.view;
    const from = this.target ?? this.camera;
    this.go(zoomAt(from, this.view, width / 2, height / 2, factor, zoomLimits(this.fit())), QUICK);
  }

  /** Shows all of the map, and goes along with the data from here on. */
  showAll(): void {
    this.follows = true;
    this.part = null;
    if (this.view.width > 0) this.go(this.fit(), QUICK * 1.5);
  }

  /** Brings a row into sight if it is not; the scale stays. */
  reveal(row: number): void {
    const place = this.screenOf(row);
    if (!place) return;
    const [x, y] = place;
    const { width, height } = this.view;
    const margin = Math.min(PADDING - 4, width / 4, height / 4); // a view that fits shows every row well enough
    const dx = x < margin ? margin - x : x > width - margin ? width - margin - x : 0;
    const dy = y < margin ? margin - y : y > height - margin ? height - margin - y : 0;
    if (dx !== 0 || dy !== 0) this.glide(dx, dy);
  }

  dispose(): void {
    cancelAnimationFrame(this.request);
    clearTimeout(this.later);
    this.request = -1;
    this.renderer.dispose();
  }

  private fit(): Camera {
    this.fitted ??= fitCamera(dataBounds(this.positions, { flags: this.flags }), this.view, PADDING);
    return this.fitted;
  }

  /** Goes where all rows are seen, unless that is about where the view is, or is going. */
  private follow(): void {
    if (this.held) return;
    const fit = this.fit();
    if (cameraDistance(fit, this.target ?? this.camera, this.view) > FIT_STEP) this.go(fit, SOFT);
  }

  private jump(camera: Camera): void {
    this.target = null;
    this.camera = camera;
    if (this.renderer.set({ camera })) this.wake();
  }

  private go(camera: Camera, halfLife: number): void {
    if (this.options.reducedMotion()) {
      this.jump(camera);
      return;
    }
    if (!this.target) this.tickAt = performance.now();
    this.target = camera;
    this.halfLife = halfLife;
    this.wake();
  }

  private wake(): void {
    if (this.request === 0) this.request = requestAnimationFrame(this.tick);
  }

  private readonly tick = (now: number): void => {
    this.request = 0;
    if (this.target) {
      this.camera = approachCamera(this.camera, this.target, now - this.tickAt, this.halfLife);
      this.tickAt = now;
      if (this.camera === this.target) this.target = null;
      this.renderer.set({ camera: this.camera });
    }
    const moving = this.renderer.draw(now);
    this.options.onDrawn();
    if (!moving && !this.target) return;
    if (this.renderer.software) this.wakeLater();
    else this.wake();
  };

  /**
   * Points drawn by the processor take its time from training: they and the view that follows them move in a few
   * steps. What the person drags or turns is drawn at once all the same.
   */
  private wakeLater(): void {
    if (this.later !== 0) return;
    this.later = setTimeout(() => {
      this.later = 0;
      this.wake();
    }, SOFTWARE_STEP) as unknown as number;
  }
}

/** Whether two arrays of flags hide the same rows. Null hides none. */
function sameHidden(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === b) return true;
  const length = Math.max(a?.length ?? 0, b?.length ?? 0);
  if (a && b && a.length !== b.length) return false;
  for (let row = 0; row < length; row++) {
    if ((((a?.[row] ?? 0) ^ (b?.[row] ?? 0)) & FLAG_HIDDEN) !== 0) return false;
  }
  return true;
}
