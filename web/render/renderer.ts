/**
 * The renderer a page uses: it owns its canvas inside a host element, prefers WebGL2, and falls back to a 2-D
 * canvas, at the start or later, without the caller doing anything but drawing again when asked.
 */

import { WebglUnavailable } from './gl.ts';
import { type LoadMore, loadMore, type More, moreNow } from './more.ts';
import { countHidden, defaultProps, mergeProps, type PointRenderer, type ScatterProps } from './props.ts';
import { ScatterRenderer } from './scatter.ts';

export interface RendererOptions {
  /** Called when the picture must be drawn again for a reason of the renderer's own. */
  readonly onNeedsFrame?: () => void;
  /**
   * Called once when drawing goes over to the 2-D canvas, with a plain sentence that says why: during
   * `createRenderer` when WebGL2 is missing, or later when its context is lost for good.
   */
  readonly onFallback?: (reason: string) => void;
  /** How long to wait for a lost context before falling back, in ms. Default 3,000. */
  readonly restoreMs?: number;
  /** As in `ScatterOptions`. */
  readonly sprites?: boolean;
  /** Fetches what the first pictures do without; default as `loadMore`. */
  readonly more?: LoadMore;
}

/** A renderer in its place on the page. */
export interface MountedRenderer extends PointRenderer {
  /** The canvas in use. Falling back replaces it: take pointer events on the host. */
  readonly canvas: HTMLCanvasElement;
}

/**
 * Makes a renderer whose canvas fills `host` (which should be positioned and sized by the page) and is hidden
 * from assistive technology: the host carries the role and the label. Throws only when the browser can draw on
 * no canvas at all.
 */
export function createRenderer(host: HTMLElement, options: RendererOptions = {}): MountedRenderer {
  return new SwitchingRenderer(host, options);
}

class SwitchingRenderer implements MountedRenderer {
  canvas: HTMLCanvasElement;
  private readonly host: HTMLElement;
  private readonly options: RendererOptions;
  /** Null while the drawing by the processor is on its way. */
  private inner: PointRenderer | null = null;
  private readonly more: LoadMore;
  /** What was told so far, for the renderer that may have to take over. */
  private readonly props = defaultProps();
  private size: readonly [number, number, number] = [0, 0, 1];
  private disposed = false;
  private fallen = false;
  /** Its caller has it. */
  private made = false;
  /** Until the processor has taken over, if it has to. */
  private taking: Promise<void> | null = null;

  constructor(host: HTMLElement, options: RendererOptions) {
    this.host = host;
    this.options = options;
    this.more = options.more ?? loadMore;
    this.canvas = this.addCanvas();
    try {
      this.inner = new ScatterRenderer(this.canvas, {
        onNeedsFrame: () => options.onNeedsFrame?.(),
        onGone: (reason) => this.fallBack(reason, 'now drawn'),
        more: this.more,
        ...(options.restoreMs === undefined ? {} : { restoreMs: options.restoreMs }),
        ...(options.sprites === undefined ? {} : { sprites: options.sprites }),
      });
    } catch (error) {
      if (!(error instanceof WebglUnavailable)) throw error;
      this.fallBack(error.message, 'drawn');
    }
    this.made = true;
  }

  get kind(): PointRenderer['kind'] {
    return this.inner?.kind ?? 'canvas2d';
  }

  get software(): boolean {
    return this.inner?.software ?? true;
  }

  get hiddenCount(): number {
    return this.inner?.hiddenCount ?? countHidden(this.props.positions, this.props.dims);
  }

  set(partial: Partial<ScatterProps>): boolean {
    const { any } = mergeProps(this.props, partial);
    return this.inner?.set(partial) ?? any;
  }

  draw(now: number): boolean {
    return this.inner?.draw(now) ?? false;
  }

  resize(cssWidth: number, cssHeight: number, dpr: number): boolean {
    this.size = [cssWidth, cssHeight, dpr];
    return this.inner?.resize(cssWidth, cssHeight, dpr) ?? false;
  }

  /** As `PointRenderer.capture`, but a context that is lost just now is waited for, or its successor. */
  async capture(scale: number): Promise<Blob> {
    const { inner } = this;
    if (inner instanceof ScatterRenderer && inner.waiting) await inner.settled();
    await this.taking;
    if (!this.inner) throw new Error('The map cannot be drawn right now.');
    return this.inner.capture(scale);
  }

  dispose(): void {
    this.disposed = true;
    this.inner?.dispose();
    this.canvas.remove();
  }

  private addCanvas(): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    canvas.setAttribute('aria-hidden', 'true');
    Object.assign(canvas.style, { display: 'block', width: '100%', height: '100%' });
    this.host.append(canvas);
    return canvas;
  }

  /** Throws Error at once when there is no 2-D canvas either. `drawn`: how it is said that it is drawn so. */
  private fallBack(reason: string, drawn: string): void {
    if (this.disposed || this.fallen) return;
    this.fallen = true;
    this.inner?.dispose();
    this.inner = null;
    this.canvas.remove();
    this.canvas = this.addCanvas();
    /* The same as `Canvas2dRenderer` asks for, which is given this one. */
    if (!this.canvas.getContext('2d', { alpha: false }))
      throw new Error('This browser offers no canvas to draw the map on.');
    const more = moreNow();
    if (more) this.takeOver(more);
    else this.taking = this.takeOverSoon();
    this.options.onFallback?.(`${reason} The map is ${drawn} without the graphics card, which is slower.`);
  }

  /** Who fetches what is missing tells of it; the map stays empty then. */
  private async takeOverSoon(): Promise<void> {
    const more = await this.more().catch(() => null);
    if (more && !this.disposed) this.takeOver(more);
  }

  /** Has the processor draw. */
  private takeOver(more: More): void {
    this.inner = new more.Canvas2dRenderer(this.canvas, () => this.options.onNeedsFrame?.());
    if (!this.made) return;
    this.inner.resize(...this.size);
    this.inner.set({ ...this.props, blendMs: 0 });
    this.options.onNeedsFrame?.();
  }
}
