/**
 * A button and the panel it opens: over everything, beside its button and inside the window. The browser closes
 * it on Escape or a press elsewhere and gives the focus back.
 */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

/** Space between button and panel, and least space between panel and window, in CSS pixels. */
const GAP = 6;
const MARGIN = 8;

export interface PopoverProps {
  /** What the button shows. */
  face: ComponentChildren;
  /** Accessible name of the button, where its face does not say it; and of the panel. */
  name: string;
  title?: string;
  /** Classes of the button. */
  look?: string;
  /** Raised to open the panel without its button. */
  wish?: number;
  /** Drawn while the panel is open; `close` closes it; `wished`: the wish that has opened it, 0: its button has. */
  children(close: () => void, wished: number): ComponentChildren;
}

export function Popover(props: PopoverProps): JSX.Element {
  const { face, name, title, look = 'button small', wish = 0, children } = props;
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [wished, setWished] = useState(0);

  useEffect(() => {
    if (wish === 0) return;
    setWished(wish);
    if (!panel.current?.matches(':popover-open')) panel.current?.showPopover?.();
  }, [wish]);

  useEffect(() => {
    if (!open) return;
    const abort = new AbortController();
    const set = (): void => place(button.current, panel.current);
    set();
    /* Scrolling moves the button on narrow windows; what is typed may change the panel's height. */
    window.addEventListener('scroll', set, { capture: true, passive: true, signal: abort.signal });
    window.addEventListener('resize', set, { signal: abort.signal });
    const observer = new ResizeObserver(set);
    if (panel.current) observer.observe(panel.current);
    return () => {
      abort.abort();
      observer.disconnect();
    };
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const first = panel.current?.querySelector<HTMLElement>('[data-focus]');
    (first ?? panel.current?.querySelector<HTMLElement>('input, select, button'))?.focus();
  }, [open, wished]);

  return (
    <>
      <button
        ref={button}
        type="button"
        class={look}
        aria-label={name}
        aria-haspopup="dialog"
        aria-expanded={open}
        title={title}
        popovertarget={id}
      >
        {face}
      </button>
      <div
        ref={panel}
        id={id}
        class="popover"
        popover="auto"
        role="dialog"
        aria-label={name}
        onToggle={(event) => {
          const opened = (event as unknown as ToggleEvent).newState === 'open';
          setOpen(opened);
          if (!opened) setWished(0);
        }}
      >
        {open ? children(() => panel.current?.hidePopover?.(), wished) : null}
      </div>
    </>
  );
}

/** Puts the panel under its button, or above where there is more room, and never past the window's edges. */
function place(button: HTMLElement | null, panel: HTMLElement | null): void {
  if (!button || !panel) return;
  const at = button.getBoundingClientRect();
  const below = window.innerHeight - at.bottom - GAP - MARGIN;
  const above = at.top - GAP - MARGIN;
  panel.style.maxHeight = `${Math.max(120, Math.max(below, above))}px`;
  const { width, height } = panel.getBoundingClientRect();
  const left = Math.min(at.left, window.innerWidth - width - MARGIN);
  const top = height <= below || below >= above ? at.bottom + GAP : at.top - GAP - height;
  panel.style.left = `${Math.max(MARGIN, left)}px`;
  panel.style.top = `${Math.max(MARGIN, top)}px`;
}
