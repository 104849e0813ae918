/** The small card beside the hovered row: its number, its label, its picture. */

import type { JSX, Ref } from 'preact';
import { pixelDomain } from '../state/panel-text.ts';
import type { Store } from '../state/store.ts';
import { formatNumber, labelColumn, rowName } from '../state/summary.ts';
import { DataText } from './data-text.tsx';
import { RowImage } from './row-image.tsx';

export function RowTip({ store, tip }: { store: Store; tip: Ref<HTMLDivElement> }): JSX.Element | null {
  const row = store.hover.value;
  const table = store.table.value;
  const latest = store.detail.value;
  if (row === null || !table) return null;
  const detail = latest?.row === row ? latest : null;
  const label = detail?.cells[labelColumn(table)];
  const shape = table.features?.image ?? null;
  return (
    <div ref={tip} class="row-tip" aria-hidden="true" hidden>
      {detail && shape ? (
        <RowImage values={detail.input_raw} shape={shape} size={56} {...pixelDomain(table)} label="" />
      ) : null}
      <div>
        {label !== undefined ? (
          <strong>
            <DataText text={label} />
          </strong>
        ) : null}
        <span class="row-tip-row">{rowName(row)}</span>
        {detail ? <span class="row-tip-error">error {formatNumber(detail.error)}</span> : null}
      </div>
    </div>
  );
}
