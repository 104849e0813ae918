/**
 * The map on the page: signals in, renderer calls out, pointer events back.
 *
 * The wrapper carries the role, the label and the keys; the canvas inside is hidden from assistive technology,
 * whose other way in is the table `Rows`.
 */

import { effect } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Id } from '../protocol/messages.ts';
import type { Camera } from '../render/camera.ts';
import type { Rgba } from '../render/props.ts';
import { comparison } from '../state/colouring.ts';
import type { Store } from '../state/store.ts';
import { formatCount, mapSummary } from '../state/summary.ts';
import { visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import { panels, RowTip, ShapeLayer } from './lazy-panels.tsx';
import './map.css';
import { MapController } from './map-controller.ts';
import type { MapHands } from './map-hands.ts';
import type { MapActions } from './map-target.ts';

export interface ScatterViewProps {
  store: Store;
  actions: MapActions;
  /** In a page that scrolls: wheel and fingers are left to it until the map has the focus. */
  shy?: boolean;
  /** What lies over the map while it is empty, loading or failed. */
  children?: ComponentChildren;
}

const NO_POSITIONS = new Float32Array(0);
const ZOOM = 1.6;

export function ScatterView({ store, actions, shy = false, children }: ScatterViewProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const controller = useRef<MapController | null>(null);
  const hands = useRef<MapHands | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const [hidden, setHidden] = useState(0);
  const keys = useId();
  const map = store.map.value;
  const asleep = store.asleep.value;
  const rest = useRef<Rest | null>(null);

  useLayoutEffect(() => {
    const element = host.current;
    if (!element || asleep) return;
    const stillness = matchMedia('(prefers-reduced-motion: reduce)');
    let view: MapController;
    try {
      view = new MapController(element, {
        onFallback: actions.mapFellBack,
        onDrawn() {
          placeTip(view, store, tip.current);
          hands.current?.paint();
        },
        reducedMotion: () => stillness.matches,
      });
    } catch {
      setRefused(
        'This browser gives the page no canvas to draw a map on. The table of rows has the same numbers.',
      );
      return;
    }
    controller.current = view;
    store.bulk.lens = {
      camera: () => view.chosen,
      look: (camera) => view.look(camera),
      aim: (part) => view.aim(part),
      side: () => Math.min(view.viewport.width, view.viewport.height),
    };
    const stops = [
      followSize(element, view),
      followTheme(element, view, store),
      ...followStore(view, store, setHidden),
    ];
    wake(view, store, rest);
    if (store.bulk.aim) view.aim(store.bulk.aim);
    store.bulk.aim = null;
    return () => {
      if (store.asleep.peek()) rest.current = layDown(view, store, element);
      for (const stop of stops) stop();
      view.dispose();
      controller.current = null;
      store.bulk.lens = null;
    };
  }, [store, actions, asleep]);

  /* What pointer and keys do comes a moment after the picture. */
  const room = panels.content.value;
  useLayoutEffect(() => {
    const view = controller.current;
    if (!room || !view || !host.current || !layer.current) return;
    const attached = room.attachHands(host.current, layer.current, view, store, actions, shy);
    hands.current = attached;
    return () => {
      hands.current = null;
      attached.stop();
    };
  }, [room, store, actions, shy, asleep]);

  /* The tip is drawn by a render and placed by the map: once more when what it says has changed its size. */
  useLayoutEffect(() => {
    if (controller.current) placeTip(controller.current, store, tip.current);
  });

  return (
    <section class="map" aria-label="Map">
      <div
        ref={host}
        class={shy ? 'map-host shy' : 'map-host'}
        role="application"
        aria-roledescription="map"
        aria-label={visibleText(
          mapSummary(map, store.legend.value, {
            selected: store.selection.value.count,
            hidden: store.hidden.value.rows,
          }),
        )}
        aria-describedby={keys}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys, and says which ones
        tabIndex={0}
      />
      <p id={keys} class="visually-hidden">
        Arrow keys go to the nearest row in that direction, with Shift they move the map. Plus and minus zoom,
        0 fits the view. Enter selects the row and keeps it in the inspector, Control and Enter add it to the
        selection or take it away. Control and A select all rows, Control and I select the others instead. G
        pans, L draws a lasso, B a box, K takes a brush, which less than and greater than make smaller and
        larger. Escape lets go of the row, then of the selection, then fits the view. The table of rows lists
        the same rows, and what can be selected by a shape can be selected by a class, a range or a search,
        too.
      </p>
      <ShapeLayer layer={layer} />
      <RowTip store={store} tip={tip} />
      {map && !refused ? (
        <div class="map-zoom" role="group" aria-label="View">
          <button
            type="button"
            aria-label="Zoom in"
            title="Zoom in (+)"
            onClick={() => controller.current?.zoomStep(ZOOM)}
          >
            <Icon name="plus" />
          </button>
          <button
            type="button"
            aria-label="Zoom out"
            title="Zoom out (−)"
            onClick={() => controller.current?.zoomStep(1 / ZOOM)}
          >
            <Icon name="minus" />
          </button>
          <button
            type="button"
            aria-label="Fit"
            title="Show all rows (0)"
            onClick={() => controller.current?.showAll()}
          >
            <Icon name="fit" />
          </button>
        </div>
      ) : null}
      {hidden > 0 && map ? (
        <p class="map-note">
          {hidden === 1 ? '1 row has' : `${formatCount(hidden)} rows have`} no finite position and{' '}
          {hidden === 1 ? 'is' : 'are'} not drawn.
        </p>
      ) : null}
      {refused ? <p class="map-refused">{refused}</p> : null}
      {children}
    </section>
  );
}

/** What a map leaves behind that is far from what is seen. */
interface Rest {
  map: Id | null;
  camera: Camera | null; // null: the view follows
  still: HTMLCanvasElement | null; // in its place
}

/** Puts a picture of the map where it is, before the map is let go of. */
function layDown(view: MapController, store: Store, host: HTMLElement): Rest {
  const still = view.still();
  if (still) {
    still.className = 'map-still';
    still.setAttribute('aria-hidden', 'true');
    host.append(still);
  }
  return { map: store.map.peek()?.map ?? null, camera: view.chosen, still };
}

/** The view as it was, unless it was of another map. */
function wake(view: MapController, store: Store, rest: { current: Rest | null }): void {
  const was = rest.current;
  rest.current = null;
  was?.still?.remove();
  if (was?.camera && was.map === store.map.peek()?.map) view.look(was.camera);
}

/** Brings what the store says about the map to the controller, one effect for each kind of change. */
function followStore(view: MapController, store: Store, setHidden: (rows: number) => void): (() => void)[] {
  const { bulk } = store;
  return [
    effect(() => {
      const map = store.map.value;
      const positions = (map && bulk.maps.get(map.map)?.positions) ?? NO_POSITIONS;
      view.frame(positions, map ? `${map.map}:${map.axes.join()}` : null);
      if (!map) setHidden(0);
      else if (map.whole) setHidden(view.hiddenCount);
    }),
    effect(() => {
      if (store.colours.value < 0) return;
      view.set({
        colours: bulk.colours ? { index: bulk.colours } : null,
        flags: bulk.flags,
        ...(bulk.palette ? { palette: bulk.palette } : {}),
      });
    }),
    effect(() => {
      /* The state before the last retrain comes and goes with the history, which raises the version of the colours. */
      const { positions } = comparison(bulk.before, store.map.value);
      const shown = store.trails.value && store.colours.value >= 0;
      view.set({ trails: shown && positions ? { from: positions } : null });
    }),
    effect(() => {
      view.set({
        pointSize: store.pointSize.value,
        hoverRow: store.hover.value,
        focusRow: store.pinned.value,
      });
    }),
  ];
}

function followSize(element: HTMLElement, view: MapController): () => void {
  const read = (): void => {
    const { width, height } = element.getBoundingClientRect();
    view.resize(width, height, devicePixelRatio || 1);
  };
  const observer = new ResizeObserver(read);
  observer.observe(element);
  /* Zooming the page and moving the window to another screen change the ratio without a change of size. */
  let ratio: MediaQueryList | null = null;
  const watch = (): void => {
    ratio?.removeEventListener('change', onRatio);
    ratio = matchMedia(`(resolution: ${devicePixelRatio || 1}dppx)`);
    ratio.addEventListener('change', onRatio);
  };
  const onRatio = (): void => {
    read();
    watch();
  };
  watch();
  read();
  return () => {
    observer.disconnect();
    ratio?.removeEventListener('change', onRatio);
  };
}

/** The map's ground is whatever the style sheet says it is, in either theme. */
function followTheme(element: HTMLElement, view: MapController, store: Store): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let request = 0;
  const read = (): void => {
    const colour = parseColour(getComputedStyle(element).backgroundColor);
    const { kind } = store.colour.peek();
    if (colour) view.background(colour, kind === 'change' || kind === 'drift');
  };
  /* The theme's attribute is set by another listener of the same signal: a frame later both have run. */
  const soon = (): void => {
    cancelAnimationFrame(request);
    request = requestAnimationFrame(read);
  };
  read();
  dark.addEventListener('change', soon);
  const stop = effect(() => {
    void store.colour.value;
    if (store.theme.value) soon();
  });
  return () => {
    stop();
    cancelAnimationFrame(request);
    dark.removeEventListener('change', soon);
  };
}

/** A computed colour, `rgb(r, g, b)` or `color(srgb r g b)`, as bytes; null when it is another kind. */
export function parseColour(text: string): Rgba | null {
  const numbers = text.match(/-?[\d.]+(?:e-?\d+)?/g)?.map(Number) ?? [];
  const [r, g, b] = numbers;
  if (r === undefined || g === undefined || b === undefined) return null;
  if (text.startsWith('rgb')) return [r, g, b, 255];
  return text.startsWith('color(srgb') ? [255 * r, 255 * g, 255 * b, 255] : null;
}

const GAP = 14;

/** Puts the tip beside the hovered row, on the side where it fits. */
function placeTip(view: MapController, store: Store, tip: HTMLDivElement | null): void {
  const row = store.hover.peek();
  if (!tip || row === null) return;
  const place = view.screenOf(row);
  const { width, height } = view.viewport;
  const seen = place && place[0] >= 0 && place[1] >= 0 && place[0] <= width && place[1] <= height;
  tip.hidden = !seen;
  if (!seen) return;
  const [x, y] = place;
  const w = tip.offsetWidth;
  const h = tip.offsetHeight;
  const left = x + GAP + w <= width ? x + GAP : Math.max(0, x - GAP - w);
  const top = Math.min(Math.max(4, y - h / 2), Math.max(4, height - h - 4));
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}
