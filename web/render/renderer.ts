/**
 * The renderer a page uses: it owns its canvas inside a host element, prefers WebGL2, and falls back to a 2-D
 * canvas, at the start or later, without the caller doing anything but drawing again when asked.
 */

import { Canvas2dRenderer } from './canvas2d.ts';
import { WebglUnavailable } from './gl.ts';
import { defaultProps, mergeProps, type PointRenderer, type ScatterProps } from './props.ts';
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
  private inner: PointRenderer;
  /** What was told so far, for the renderer that may have to take over. */
  private readonly props = defaultProps();
  private size: readonly [number, number, number] = [0, 0, 1];
  private disposed = false;

  constructor(host: HTMLElement, options: RendererOptions) {
    this.host = host;
    this.options = options;
    this.canvas = this.addCanvas();
    try {
      this.inner = new ScatterRenderer(this.canvas, {
        onNeedsFrame: () => options.onNeedsFrame?.(),
        onGone: (reason) => this.fallBack(reason),
        ...(options.restoreMs === undefined ? {} : { restoreMs: options.restoreMs }),
        ...(options.sprites === undefined ? {} : { sprites: options.sprites }),
      });
    } catch (error) {
      if (!(error instanceof WebglUnavailable)) throw error;
      this.canvas.remove();
      this.canvas = this.addCanvas();
      this.inner = new Canvas2dRenderer(this.canvas, () => this.options.onNeedsFrame?.());
      options.onFallback?.(`${error.message} The map is drawn without the graphics card, which is slower.`);
    }
  }

  get kind(): PointRenderer['kind'] {
    return this.inner.kind;
  }

  get software(): boolean {
    return this.inner.software;
  }

  get hiddenCount(): number {
    return this.inner.hiddenCount;
  }

  set(partial: Partial<ScatterProps>): boolean {
    mergeProps(this.props, partial);
    return this.inner.set(partial);
  }

  draw(now: number): boolean {
    return this.inner.draw(now);
  }

  resize(cssWidth: number, cssHeight: number, dpr: number): boolean {
    this.size = [cssWidth, cssHeight, dpr];
    return this.inner.resize(cssWidth, cssHeight, dpr);
  }

  /** As `PointRenderer.capture`, but a context that is lost just now is waited for, or its successor. */
  async capture(scale: number): Promise<Blob> {
    const { inner } = this;
    if (inner instanceof ScatterRenderer && inner.waiting) await inner.settled();
    return this.inner.capture(scale);
  }

  dispose(): void {
    this.disposed = true;
    this.inner.dispose();
    this.canvas.remove();
  }

  private addCanvas(): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    canvas.setAttribute('aria-hidden', 'true');
    Object.assign(canvas.style, { display: 'block', width: '100%', height: '100%' });
    this.host.append(canvas);
    return canvas;
  }

  private fallBack(reason: string): void {
    if (this.disposed || this.inner.kind === 'canvas2d') return;
    this.inner.dispose();
    this.canvas.remove();
    this.canvas = this.addCanvas();
    this.inner = new Canvas2dRenderer(this.canvas, () => this.options.onNeedsFrame?.());
    this.inner.resize(...this.size);
    this.inner.set({ ...this.props, blendMs: 0 });
    this.options.onFallback?.(`${reason} The map is now drawn without the graphics card, which is slower.`);
    this.options.onNeedsFrame?.();
  }
}
