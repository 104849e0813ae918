/**
 * What panels in a narrow window need: a bar of tabs at the bottom, and a head for the sheet that is open.
 *
 * A sheet is not modal: the map stays in sight above it and can be used. It takes the focus when it opens and gives it
 * back to its tab; Escape and a phone's way back close it, and so does dragging it down. Its height is dragged, or
 * changed by a press on the handle (WCAG 2.5.7).
 */

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';
import type { Part } from './parts.ts';
import './sheets.css';

export const TITLES: Record<Part, string> = {
  top: 'Top',
  data: 'Data',
  method: 'Method',
  tools: 'Tools',
  table: 'Rows',
  inspector: 'Inspect',
  retrains: 'Retrains',
  legend: 'Legend',
  selection: 'Select',
  run: 'Loss',
};

const ICONS: Partial<Record<Part, IconName>> = {
  data: 'open',
  method: 'settings',
  selection: 'lasso',
  inspector: 'zoom-in',
  table: 'table',
  retrains: 'restart',
  legend: 'category',
  run: 'log',
};

const tabId = (part: Part): string => `tab-${part}`;

interface TabsProps {
  /** In order. */
  parts: readonly Part[];
  open: Part | null;
  onShow(part: Part | null): void;
}

export function SheetTabs({ parts, open, onShow }: TabsProps): JSX.Element {
  return (
    <nav class="sheet-tabs" aria-label="Panels">
      {parts.map((part) => (
        <button
          key={part}
          type="button"
          id={tabId(part)}
          class="sheet-tab"
          aria-label={TITLES[part]}
          aria-expanded={part === open}
          onClick={() => onShow(part === open ? null : part)}
        >
          <Icon name={ICONS[part] ?? 'info'} size={18} />
          <span aria-hidden="true">{TITLES[part]}</span>
        </button>
      ))}
    </nav>
  );
}

/** A sheet that is let go below this many CSS pixels is closed. */
const LEAST = 96;
/** What is left of the map, with the bars above and below it, at the greatest height. */
const BESIDE = 300;
/** A finger that has moved less has pressed. */
const SLOP = 6;

/** As high as narrow.css has it until it is dragged: a share of the window. */
const USUAL = 0.4;

const greatest = (): number => Math.max(2 * LEAST, window.innerHeight - BESIDE);
const isLarge = (height: number): boolean => height > (USUAL * window.innerHeight + greatest()) / 2;

export function SheetHead({ part, onClose }: { part: Part; onClose(): void }): JSX.Element {
  const head = useRef<HTMLDivElement>(null);
  const [large, setLarge] = useState(false);
  const dragged = useRef(false);
  useEffect(() => {
    setLarge(isLarge(heightOf(head.current)));
  }, []);
  useFocus(head, part);
  useWayBack(onClose);

  const resize = (height: number | null): void => {
    const app = head.current?.closest<HTMLElement>('.app');
    if (height === null) app?.style.removeProperty('--sheet');
    else app?.style.setProperty('--sheet', `${Math.round(height)}px`);
  };
  const onDown = (event: PointerEvent): void => {
    const handle = event.currentTarget as HTMLElement;
    const from = { y: event.clientY, height: heightOf(head.current) };
    const abort = new AbortController();
    dragged.current = false;
    handle.setPointerCapture(event.pointerId);
    const wanted = (to: PointerEvent): number =>
      Math.min(greatest(), Math.max(LEAST / 2, from.height + from.y - to.clientY));
    const end = (at: PointerEvent): void => {
      abort.abort();
      if (!dragged.current) return;
      const height = wanted(at);
      setLarge(isLarge(height));
      if (height >= LEAST) return;
      resize(null);
      onClose();
    };
    const on = (type: 'pointermove' | 'pointerup' | 'pointercancel', run: (e: PointerEvent) => void): void =>
      handle.addEventListener(type, run, { signal: abort.signal });
    on('pointermove', (to) => {
      if (Math.abs(to.clientY - from.y) > SLOP) dragged.current = true;
      if (dragged.current) resize(wanted(to));
    });
    on('pointerup', end);
    on('pointercancel', end);
  };
  const onPress = (): void => {
    /* The browser sends a click after a drag, too. */
    if (dragged.current) {
      dragged.current = false;
      return;
    }
    resize(large ? null : greatest());
    setLarge(!large);
  };
  return (
    <div ref={head} class="sheet-head">
      <button
        type="button"
        class="sheet-handle"
        aria-label={large ? 'Make the panel smaller' : 'Make the panel larger'}
        onPointerDown={onDown}
        onClick={onPress}
      />
      <button
        type="button"
        class="button quiet square sheet-close"
        aria-label={`Close ${TITLES[part]}`}
        onClick={onClose}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

function heightOf(head: HTMLElement | null): number {
  return head?.parentElement?.getBoundingClientRect().height ?? 0;
}

/** The sheet takes the focus as it opens; as it closes its tab has it again, unless it is elsewhere by then. */
function useFocus(head: { current: HTMLElement | null }, part: Part): void {
  useLayoutEffect(() => {
    const sheet = head.current?.parentElement;
    sheet?.focus({ preventScroll: true });
    return () => {
      const { activeElement } = document;
      if (activeElement === document.body || sheet?.contains(activeElement)) {
        document.getElementById(tabId(part))?.focus({ preventScroll: true });
      }
    };
  }, [head, part]);
}

/** What browsers that have it call when the person asks to close something, by Escape or the system's way back. */
interface Watcher extends EventTarget {
  destroy(): void;
}

function useWayBack(onClose: () => void): void {
  const close = useRef(onClose);
  close.current = onClose;
  useLayoutEffect(() => {
    const { CloseWatcher } = globalThis as { CloseWatcher?: new () => Watcher };
    if (CloseWatcher) {
      const watcher = new CloseWatcher();
      watcher.addEventListener('close', () => close.current());
      return () => watcher.destroy();
    }
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      if (document.querySelector(':popover-open, dialog[open]') === null) close.current();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
