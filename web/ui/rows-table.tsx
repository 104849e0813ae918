/**
 * The map's twin as a table: every row, or the selected ones, with its label, its place on the map, its error and
 * its first cells. Folded until it is wanted.
 *
 * Only the rows in sight exist as markup. Cells are read from the file as they come into sight, one reading at
 * a time; the keyboard moves a cursor that the map and the inspector follow. Rows are selected as on the map: Enter
 * or a click selects one and pins it, Space or Ctrl and a click adds one or takes it away; Shift and a click adds
 * all up to there.
 */

import type { JSX } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import type { Id } from '../protocol/messages.ts';
import { bitsOfRows, hasRow, rowsOf, runsOf } from '../state/selection.ts';
import type { SelectionActions } from '../state/selection-actions.ts';
import type { Store, TableState } from '../state/store.ts';
import { formatCount, formatNumber, labelColumn } from '../state/summary.ts';
import type { ViewActions } from '../state/view-actions.ts';
import { DataText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import { useThrottled } from './use-throttled.ts';
import { useVirtualList } from './virtual-list.ts';

const ROW = 26;
const HEAD = 28;
/** Columns of the file shown beside the label; the inspector has all of them. */
const MOST_COLUMNS = 8;
/** Rows whose cells are kept once read. */
const KEPT = 2000;

export interface RowsProps {
  store: Store;
  actions: ViewActions & SelectionActions;
}

/** `unfolded`: open, whatever the person has chosen beside the map. */
export function RowsTable({
  store,
  actions,
  unfolded = false,
}: RowsProps & { unfolded?: boolean }): JSX.Element | null {
  const [chosen, setOpen] = useState(false);
  const open = chosen || unfolded;
  const [only, setOnly] = useState(false);
  const content = useId();
  const table = store.table.value;
  if (!table) return null;
  const { count } = store.selection.value;
  const total = (
    <span class="rows-count" aria-hidden="true">
      {formatCount(table.info.rows)}
    </span>
  );
  return (
    <section class={open ? 'rows rows-open' : 'rows'} aria-label="Rows">
      <div class="rows-head">
        {unfolded ? (
          <h2 class="rows-toggle">Rows {total}</h2>
        ) : (
          <button
            type="button"
            class="rows-toggle"
            aria-expanded={open}
            aria-controls={open ? content : undefined}
            onClick={() => setOpen(!open)}
          >
            <Icon name={open ? 'collapse' : 'expand'} size={14} />
            Rows {total}
          </button>
        )}
        {open ? (
          <label class="check rows-only">
            <input
              type="checkbox"
              checked={only}
              onChange={(event) => setOnly(event.currentTarget.checked)}
            />
            Selected only ({formatCount(count)})
          </label>
        ) : null}
      </div>
      {open ? (
        <div id={content} class="rows-content">
          {only && count === 0 ? (
            <p class="rows-none">No row is selected.</p>
          ) : (
            <Grid key={table.info.table} store={store} actions={actions} table={table} only={only} />
          )}
        </div>
      ) : null}
    </section>
  );
}

/** The rows that are listed: of `n`, the one at a place, and the place of one (-1: it is not among them). */
interface Listed {
  n: number;
  rowAt(place: number): number;
  placeOf(row: number): number;
}

function useListed(store: Store, table: TableState, only: boolean): Listed {
  const { version } = store.selection.value;
  return useMemo(() => {
    const { rows } = table.info;
    if (!only) return { n: rows, rowAt: (place) => place, placeOf: (row) => row };
    const selected = rowsOf(store.bulk.selected);
    return {
      n: selected.length,
      rowAt: (place) => selected[place] ?? 0,
      placeOf: (row) => selected.indexOf(row),
    };
  }, [store, table, only, version]);
}

function Grid({
  store,
  actions,
  table,
  only,
}: RowsProps & { table: TableState; only: boolean }): JSX.Element {
  const map = useThrottled(store.map, 250);
  const pinned = store.pinned.value;
  const listed = useListed(store, table, only);
  const [place, setPlace] = useState(Math.max(0, listed.placeOf(pinned ?? 0)));
  const anchor = useRef(place); // where a run of rows begins
  const grid = useRef<HTMLTableElement>(null);
  const list = useVirtualList<HTMLDivElement>(listed.n, ROW, HEAD);
  const cursor = Math.min(place, listed.n - 1);
  const prefix = useId();

  const label = labelColumn(table);
  const columns = shownColumns(table, label);
  const arrays = map ? store.bulk.maps.get(map.map) : undefined;
  const axes = map ? mapAxes(store, map.axes) : [];

  /* A row pinned elsewhere comes into sight and takes the cursor. */
  useEffect(() => {
    const to = pinned === null ? -1 : listed.placeOf(pinned);
    if (to < 0) return;
    setPlace(to);
    list.scrollTo(to, 'middle');
  }, [pinned]);

  const go = (to: number): void => {
    const next = Math.min(listed.n - 1, Math.max(0, to));
    setPlace(next);
    list.scrollTo(next);
    actions.setHover(listed.rowAt(next));
  };
  const press = (to: number, { shiftKey, ctrlKey, metaKey }: MouseEvent): void => {
    const row = listed.rowAt(to);
    setPlace(to);
    if (shiftKey) {
      const [first, last] = to < anchor.current ? [to, anchor.current] : [anchor.current, to];
      const rows = Array.from({ length: last - first + 1 }, (_, i) => listed.rowAt(first + i));
      const bits = bitsOfRows(rows, table.info.rows);
      actions.selectBits(bits, { kind: 'rows', rows: runsOf(bits), clicked: true }, 'add');
      return;
    }
    anchor.current = to;
    if (ctrlKey || metaKey) actions.toggleRow(row);
    else choose(row);
  };
  /* Among the selected rows alone, choosing one would leave only that one in the list. */
  const choose = (row: number): void => {
    if (!only) actions.selectRow(row);
    actions.pin(row);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.metaKey || event.altKey || (event.ctrlKey && event.key !== 'Enter')) return;
    const page = Math.max(1, Math.floor(list.view / ROW) - 1);
    const steps: Record<string, number> = {
      ArrowDown: cursor + 1,
      ArrowUp: cursor - 1,
      PageDown: cursor + page,
      PageUp: cursor - page,
      Home: 0,
      End: listed.n - 1,
    };
    const to = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (to !== undefined) go(to);
    else if (event.key === ' ' || (event.key === 'Enter' && event.ctrlKey)) {
      actions.toggleRow(listed.rowAt(cursor));
    } else if (event.key === 'Enter') choose(listed.rowAt(cursor));
    else if (event.key === 'Escape' && (pinned !== null || store.hover.peek() !== null)) {
      actions.setHover(null);
      actions.pin(null);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const shown = Array.from({ length: list.end - list.first }, (_, i) => list.first + i);
  const cells = useCells(table.info.table, actions, shown.map(listed.rowAt));
  const active = cursor >= list.first && cursor < list.end;
  return (
    <div ref={list.box} class="rows-box">
      <div class="virtual-size" style={{ height: `${list.height + HEAD}px` }}>
        <table
          ref={grid}
          class="rows-table virtual-stick"
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows a cursor goes through
          role="grid"
          aria-label={only ? `${formatCount(listed.n)} selected rows` : `${formatCount(listed.n)} rows`}
          aria-multiselectable
          aria-rowcount={listed.n + 1}
          aria-colcount={1 + (label < 0 ? 0 : 1) + axes.length + (arrays?.error ? 1 : 0) + columns.length}
          aria-activedescendant={active ? `${prefix}-${cursor}` : undefined}
          tabIndex={0}
          onKeyDown={onKey}
          onBlur={() => actions.setHover(null)}
          onPointerLeave={() => actions.setHover(null)}
        >
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col" class="number">
                Row
              </th>
              {label >= 0 ? <ColumnHead name={table.info.columns[label]?.name ?? ''} /> : null}
              {axes.map(({ name, title }) => (
                <th key={name} scope="col" class="number" title={title}>
                  {name}
                </th>
              ))}
              {arrays?.error ? (
                <th scope="col" class="number" title="Mean squared residual, in scaled units">
                  Error
                </th>
              ) : null}
              {columns.map((column) => (
                <ColumnHead key={column} name={table.info.columns[column]?.name ?? ''} />
              ))}
            </tr>
          </thead>
          <tbody style={{ transform: `translateY(${-list.shift}px)` }}>
            {shown.map((at) => {
              const row = listed.rowAt(at);
              return (
                <tr
                  key={row}
                  id={`${prefix}-${at}`}
                  aria-rowindex={at + 2}
                  aria-selected={hasRow(store.bulk.selected, row)}
                  aria-current={row === pinned ? 'true' : undefined}
                  class={at === cursor ? 'rows-cursor' : undefined}
                  onPointerEnter={(event) => event.pointerType !== 'touch' && actions.setHover(row)}
                  onClick={(event) => press(at, event)}
                >
                  <th scope="row" class="number">
                    {formatCount(row + 1)}
                  </th>
                  {label >= 0 ? <Cell text={cells(row)?.[label]} /> : null}
                  {axes.map(({ name, at: axis }) => (
                    <td key={name} class="number">
                      {placeText(arrays?.positions[2 * row + axis])}
                    </td>
                  ))}
                  {arrays?.error ? (
                    <td class="number">{formatNumber(arrays.error[row] ?? Number.NaN)}</td>
                  ) : null}
                  {columns.map((column) => (
                    <Cell key={column} text={cells(row)?.[column]} />
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** A coordinate, or a dash for a row that has no place yet. */
function placeText(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : formatNumber(value);
}

function ColumnHead({ name }: { name: string }): JSX.Element {
  return (
    <th scope="col">
      <DataText text={name} />
    </th>
  );
}

function Cell({ text }: { text: string | undefined }): JSX.Element {
  return <td>{text === undefined ? <span class="cell-wait">·</span> : <DataText text={text} />}</td>;
}

/** The columns of the file that are shown: not the label, and no pixels. */
function shownColumns(table: TableState, label: number): number[] {
  const columns: number[] = [];
  for (let i = 0; i < table.info.columns.length && columns.length < MOST_COLUMNS; i++) {
    if (i !== label && !(table.info.image && table.roles[i] === 'feature')) columns.push(i);
  }
  return columns;
}

/** The coordinates of the map that are dimensions of the code: one when the code has only one. */
function mapAxes(
  store: Store,
  axes: readonly [number, number],
): { name: string; title: string; at: number }[] {
  const latent = store.model.value?.params.latent ?? 2;
  return axes.slice(0, Math.min(2, latent)).map((z, at) => ({
    name: `z${z + 1}`,
    title: `Dimension ${z + 1} of the code, which the map shows ${at === 0 ? 'across' : 'up'}`,
    at,
  }));
}

/** The cells of some rows as they arrive: a function from row to its cells, if they are there. */
function useCells(
  table: Id,
  actions: ViewActions,
  shown: readonly number[],
): (row: number) => string[] | undefined {
  const kept = useRef(new Map<number, string[]>());
  const busy = useRef(false);
  const wish = useRef(shown);
  const [, setArrived] = useState(0);
  const mounted = useRef(true);
  wish.current = shown;

  const read = async (): Promise<void> => {
    if (busy.current) return;
    const rows = wish.current.filter((row) => !kept.current.has(row));
    if (rows.length === 0) return;
    busy.current = true;
    let worked = true;
    try {
      const lists = await actions.readCells(rows);
      for (const [i, row] of rows.entries()) kept.current.set(row, lists[i] ?? []);
      for (const row of kept.current.keys()) {
        if (kept.current.size <= KEPT) break;
        if (!wish.current.includes(row)) kept.current.delete(row);
      }
    } catch {
      worked = false; // the worker is being replaced or the table has gone: asked again when the rows move
    }
    busy.current = false;
    if (!mounted.current) return;
    setArrived((n) => n + 1);
    if (worked) void read();
  };

  useEffect(() => {
    void read();
  }, [table, shown.join()]);
  useEffect(
    () => () => {
      mounted.current = false;
    },
    [],
  );
  return (row) => kept.current.get(row);
}
