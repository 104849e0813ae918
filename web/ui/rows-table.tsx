/**
 * The map's twin as a table: every row, with its label, its place on the map, its error and its first cells.
 * Folded until it is wanted.
 *
 * Only the rows in sight exist as markup. Cells are read from the file as they come into sight, one reading at
 * a time; the keyboard moves a cursor that the map and the inspector follow.
 */

import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Id } from '../protocol/messages.ts';
import type { Store, TableState } from '../state/store.ts';
import { formatCount, formatNumber, labelColumn } from '../state/summary.ts';
import type { ViewActions } from '../state/view-actions.ts';
import { DataText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import type { ViewProps } from './map-toolbar.tsx';
import { useThrottled } from './use-throttled.ts';
import { useVirtualList } from './virtual-list.ts';

const ROW = 26;
const HEAD = 28;
/** Columns of the file shown beside the label; the inspector has all of them. */
const MOST_COLUMNS = 8;
/** Rows whose cells are kept once read. */
const KEPT = 2000;

export function RowsTable({ store, actions }: ViewProps): JSX.Element | null {
  const [open, setOpen] = useState(false);
  const content = useId();
  const table = store.table.value;
  if (!table) return null;
  return (
    <section class={open ? 'rows rows-open' : 'rows'} aria-label="Rows">
      <button
        type="button"
        class="rows-toggle"
        aria-expanded={open}
        aria-controls={open ? content : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? 'collapse' : 'expand'} size={14} />
        Rows
        <span class="rows-count" aria-hidden="true">
          {formatCount(table.info.rows)}
        </span>
      </button>
      {open ? (
        <div id={content} class="rows-content">
          <Grid key={table.info.table} store={store} actions={actions} table={table} />
        </div>
      ) : null}
    </section>
  );
}

function Grid({ store, actions, table }: ViewProps & { table: TableState }): JSX.Element {
  const { rows } = table.info;
  const map = useThrottled(store.map, 250);
  const pinned = store.pinned.value;
  const [cursor, setCursor] = useState(pinned ?? 0);
  const grid = useRef<HTMLTableElement>(null);
  const list = useVirtualList<HTMLDivElement>(rows, ROW, HEAD);
  const cells = useCells(table.info.table, actions, list.first, list.end);
  const prefix = useId();

  const label = labelColumn(table);
  const columns = shownColumns(table, label);
  const arrays = map ? store.bulk.maps.get(map.map) : undefined;
  const axes = map ? mapAxes(store, map.axes) : [];

  /* A row pinned elsewhere comes into sight and takes the cursor. */
  useEffect(() => {
    if (pinned === null) return;
    setCursor(pinned);
    list.scrollTo(pinned, 'middle');
  }, [pinned]);

  const go = (row: number): void => {
    const next = Math.min(rows - 1, Math.max(0, row));
    setCursor(next);
    list.scrollTo(next);
    actions.setHover(next);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(list.view / ROW) - 1);
    const steps: Record<string, number> = {
      ArrowDown: cursor + 1,
      ArrowUp: cursor - 1,
      PageDown: cursor + page,
      PageUp: cursor - page,
      Home: 0,
      End: rows - 1,
    };
    const to = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (to !== undefined) go(to);
    else if (event.key === 'Enter' || event.key === ' ') actions.pin(cursor);
    else if (event.key === 'Escape' && (pinned !== null || store.hover.peek() !== null)) {
      actions.setHover(null);
      actions.pin(null);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const shown = Array.from({ length: list.end - list.first }, (_, i) => list.first + i);
  const active = cursor >= list.first && cursor < list.end;
  return (
    <div ref={list.box} class="rows-box">
      <div class="virtual-size" style={{ height: `${list.height + HEAD}px` }}>
        <table
          ref={grid}
          class="rows-table virtual-stick"
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows a cursor goes through
          role="grid"
          aria-label={`${formatCount(rows)} rows`}
          aria-rowcount={rows + 1}
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
            {shown.map((row) => (
              <tr
                key={row}
                id={`${prefix}-${row}`}
                aria-rowindex={row + 2}
                aria-selected={row === pinned}
                class={row === cursor ? 'rows-cursor' : undefined}
                onPointerEnter={(event) => event.pointerType !== 'touch' && actions.setHover(row)}
                onClick={() => {
                  setCursor(row);
                  actions.pin(row);
                }}
              >
                <th scope="row" class="number">
                  {formatCount(row + 1)}
                </th>
                {label >= 0 ? <Cell text={cells(row)?.[label]} /> : null}
                {axes.map(({ name, at }) => (
                  <td key={name} class="number">
                    {placeText(arrays?.positions[2 * row + at])}
                  </td>
                ))}
                {arrays?.error ? (
                  <td class="number">{formatNumber(arrays.error[row] ?? Number.NaN)}</td>
                ) : null}
                {columns.map((column) => (
                  <Cell key={column} text={cells(row)?.[column]} />
                ))}
              </tr>
            ))}
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

/** The cells of rows first to end - 1 as they arrive: a function from row to its cells, if they are there. */
function useCells(
  table: Id,
  actions: ViewActions,
  first: number,
  end: number,
): (row: number) => string[] | undefined {
  const kept = useRef(new Map<number, string[]>());
  const busy = useRef(false);
  const wish = useRef({ first, end });
  const [, setArrived] = useState(0);
  const mounted = useRef(true);
  wish.current = { first, end };

  const read = async (): Promise<void> => {
    if (busy.current) return;
    const rows: number[] = [];
    for (let row = wish.current.first; row < wish.current.end; row++)
      if (!kept.current.has(row)) rows.push(row);
    if (rows.length === 0) return;
    busy.current = true;
    let worked = true;
    try {
      const lists = await actions.readCells(rows);
      for (const [i, row] of rows.entries()) kept.current.set(row, lists[i] ?? []);
      for (const row of kept.current.keys()) {
        if (kept.current.size <= KEPT) break;
        if (row < wish.current.first || row >= wish.current.end) kept.current.delete(row);
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
  }, [table, first, end]);
  useEffect(
    () => () => {
      mounted.current = false;
    },
    [],
  );
  return (row) => kept.current.get(row);
}
