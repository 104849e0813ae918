/**
 * Which rows of a very long list to draw: rows of one height in a box that scrolls.
 *
 * Written out instead of taken from a library because browsers end a box at some 17 million pixels (Firefox),
 * which is 600,000 rows: beyond `MOST_PIXELS` the scroll bar is a scale on the rows rather than their height.
 * What is drawn sticks to the top of the box and moves by the part of a row that is scrolled past.
 */

import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Lists of more rows than this scroll in a box of their own. */
export const SHORT_LIST = 40;
/** Height given to the content of a list, at most. */
export const MOST_PIXELS = 12_000_000;

export interface VisibleRows {
  first: number; // first row to draw
  end: number; // one past the last
  shift: number; // pixels the drawn rows are moved up
  height: number; // pixels of the whole content
}

/** Rows seen in a box `view` pixels high, scrolled by `top` pixels. */
export function visibleRows(count: number, rowHeight: number, view: number, top: number): VisibleRows {
  const full = count * rowHeight;
  const height = Math.min(full, MOST_PIXELS);
  /* The ends of the bar are the ends of the list, whatever the scale between them. */
  const travel = Math.max(0, height - view);
  const offset = travel > 0 ? (Math.min(travel, Math.max(0, top)) / travel) * Math.max(0, full - view) : 0;
  const first = Math.min(Math.max(0, count - 1), Math.floor(offset / rowHeight));
  const end = Math.min(count, first + Math.ceil(view / rowHeight) + 1);
  return { first, end, shift: offset - first * rowHeight, height };
}

/** Where to scroll so that `row` is seen whole; `top` itself when it is already. */
export function scrollFor(row: number, count: number, rowHeight: number, view: number, top: number): number {
  const full = count * rowHeight;
  const height = Math.min(full, MOST_PIXELS);
  const travel = Math.max(0, height - view);
  const range = Math.max(0, full - view);
  if (travel === 0 || range === 0) return 0;
  const offset = (Math.min(travel, Math.max(0, top)) / travel) * range;
  const wish = Math.min(row * rowHeight, Math.max(offset, (row + 1) * rowHeight - view));
  return wish === offset ? top : (Math.min(range, Math.max(0, wish)) / range) * travel;
}

/** Height of a box without its header; 400 pixels where nothing is laid out. */
function viewOf(element: HTMLElement, header: number): number {
  return Math.max(0, (element.clientHeight || 400 + header) - header);
}

export interface VirtualList<E extends HTMLElement> extends VisibleRows {
  box: RefObject<E | null>;
  view: number; // pixels
  /** Brings a row into sight: just so, or to the middle unless it is in sight already. */
  scrollTo(row: number, where?: 'edge' | 'middle'): void;
}

/**
 * The rows to draw in the box that `box` is put on. `header` pixels at its top are taken by a header that
 * sticks. Where nothing is laid out (a test), the box counts as 400 pixels high.
 */
export function useVirtualList<E extends HTMLElement = HTMLDivElement>(
  count: number,
  rowHeight: number,
  header = 0,
): VirtualList<E> {
  const box = useRef<E>(null);
  const [scroll, setScroll] = useState({ top: 0, view: 400 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const read = (): void => {
      const view = viewOf(element, header);
      const top = element.scrollTop;
      setScroll((before) => (before.top === top && before.view === view ? before : { top, view }));
    };
    read();
    element.addEventListener('scroll', read, { passive: true });
    const observer = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(read);
    observer?.observe(element);
    return () => {
      element.removeEventListener('scroll', read);
      observer?.disconnect();
    };
  }, [header]);
  const scrollTo = (row: number, where: 'edge' | 'middle' = 'edge'): void => {
    const element = box.current;
    if (!element) return;
    const view = viewOf(element, header);
    const place = scrollFor(row, count, rowHeight, view, element.scrollTop);
    if (place === element.scrollTop) return;
    /* A row half a box further on is at the edge when this one is in the middle. */
    const beyond = Math.floor(view / rowHeight / 2) * (place > element.scrollTop ? 1 : -1);
    const target = where === 'edge' ? row : Math.min(count - 1, Math.max(0, row + beyond));
    element.scrollTop = scrollFor(target, count, rowHeight, view, element.scrollTop);
    const top = element.scrollTop;
    setScroll((before) => (before.top === top ? before : { ...before, top }));
  };
  return { ...visibleRows(count, rowHeight, scroll.view, scroll.top), box, view: scroll.view, scrollTo };
}
