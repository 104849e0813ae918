/** The cells of one row as the file has them, column by column. */

import type { JSX } from 'preact';
import type { ColumnInfo } from '../protocol/messages.ts';
import { DataText, visibleText } from './data-text.tsx';
import { SHORT_LIST, useVirtualList } from './virtual-list.ts';

const ROW = 24;

export function CellList({
  columns,
  cells,
}: {
  columns: readonly ColumnInfo[];
  cells: readonly string[];
}): JSX.Element {
  const list = useVirtualList<HTMLElement>(cells.length, ROW);
  return (
    <section
      ref={list.box}
      class={cells.length > SHORT_LIST ? 'cell-list cell-list-long' : 'cell-list'}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls takes the keys that scroll it
      tabIndex={0}
      aria-label="Cells"
    >
      <div class="virtual-size" style={{ height: `${list.height}px` }}>
        <table class="cell-table virtual-stick" aria-rowcount={cells.length}>
          <tbody style={{ transform: `translateY(${-list.shift}px)` }}>
            {cells.slice(list.first, list.end).map((cell, i) => (
              <tr key={list.first + i} aria-rowindex={list.first + i + 1}>
                <th scope="row" title={visibleText(columns[list.first + i]?.name ?? '')}>
                  <DataText text={columns[list.first + i]?.name ?? ''} />
                </th>
                <td>
                  <DataText text={cell} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
