/**
 * Everything about one row: the hovered one, else the pinned one. Its picture or its values beside what the model
 * makes of them, the error, the code, and the cells as the file has them. With neither, what the selected rows have
 * in common, when there are several.
 */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FeatureInfo, RowDetail, RowId } from '../protocol/messages.ts';
import { pixelDomain } from '../state/panel-text.ts';
import type { Store, TableState } from '../state/store.ts';
import { formatCount, formatNumber, labelColumn, rowName } from '../state/summary.ts';
import type { ViewActions } from '../state/view-actions.ts';
import { CellList } from './cell-list.tsx';
import { DataText } from './data-text.tsx';
import { FeatureValues } from './feature-values.tsx';
import { Fold, SideTitle } from './fold.tsx';
import { Icon } from './icon.tsx';
import './inspect.css';
import { LatentCells } from './latent-cells.tsx';
import type { ViewProps } from './map-toolbar.tsx';
import { RowImage } from './row-image.tsx';
import { SeveralRows } from './several-rows.tsx';
import { NARROW } from './slot.tsx';

export function Inspector({ store, actions }: ViewProps): JSX.Element {
  const table = store.table.value;
  const pinned = store.pinned.value;
  const row = store.hover.value ?? pinned;
  const [open, toggle] = useFold(store);
  return (
    <section class={open ? 'inspector' : 'inspector folded'} aria-label="Inspector">
      <SideTitle
        title="Inspect"
        open={open}
        onToggle={toggle}
        aside={pinned === null ? null : <Unpin row={pinned} onPress={() => actions.pin(null)} />}
      />
      {open ? (
        <>
          {table && store.map.value ? <RowPicker actions={actions} row={row} table={table} /> : null}
          {pinned !== null && store.selection.value.count >= 2 ? (
            <button type="button" class="button link" onClick={() => actions.pin(null)}>
              Back to the {formatCount(store.selection.value.count)} selected rows
            </button>
          ) : null}
          <InspectorBody store={store} actions={actions} row={row} table={table} />
        </>
      ) : null}
    </section>
  );
}

/**
 * Whether the inspector is open. Beside the map it makes room once, for what the first retrain of a history has
 * changed, unless a row is pinned; pressing a row opens it again. From then on, and once the person has folded or
 * opened it themselves, it stays as it is: parts that come and go by themselves move what is being read.
 */
function useFold(store: Store): [boolean, () => void] {
  const [open, setOpen] = useState(true);
  const settled = useRef<'no' | 'yielded' | 'by hand'>('no');
  const pinned = store.pinned.value;
  const { nodes, at } = store.history.value;
  const changed = at !== null && Boolean(nodes[at]?.after);
  const begun = nodes.length > 0;
  useEffect(() => {
    if (!changed || settled.current !== 'no') return;
    settled.current = 'yielded';
    if (!matchMedia(NARROW).matches && store.pinned.peek() === null) setOpen(false);
  }, [store, changed]);
  useEffect(() => {
    if (settled.current === 'yielded' && pinned !== null) setOpen(true);
  }, [pinned]);
  /* Another history begins as this one did. */
  useEffect(() => {
    if (begun || settled.current !== 'yielded') return;
    settled.current = 'no';
    setOpen(true);
  }, [begun]);
  const toggle = (): void => {
    settled.current = 'by hand';
    setOpen(!open);
  };
  return [open, toggle];
}

interface BodyProps {
  store: Store;
  actions: ViewActions;
  row: RowId | null;
  table: TableState | null;
}

function InspectorBody({ store, actions, row, table }: BodyProps): JSX.Element {
  const detail = store.detail.value;
  const { count } = store.selection.value;
  if (table && row === null && count >= 2 && store.map.value)
    return <SeveralRows store={store} table={table} />;
  if (!table || row === null) {
    return (
      <p class="inspector-empty">
        {store.map.value
          ? 'Point at a row on the map to see it here; press it to keep it.'
          : 'A row of your data is shown here once there is a map.'}
      </p>
    );
  }
  const features = table.features;
  /* Until the answer for another row is there the last one stays, and looks it: nothing flickers. */
  if (!detail || !features || detail.input.length !== features.d) {
    return store.model.value ? (
      <p class="inspector-empty">Reading {rowName(row).toLowerCase()}.</p>
    ) : (
      <CellsOnly actions={actions} row={row} table={table} />
    );
  }
  return (
    <div class="inspector-body" aria-busy={detail.row !== row}>
      <RowHead detail={detail} table={table} />
      {features.image ? (
        <Pictures detail={detail} table={table} features={features} />
      ) : (
        <ErrorLine detail={detail} features={features} />
      )}
      <h3 class="side-subtitle">Code</h3>
      <LatentCells values={detail.latent} range={store.latentRange.value} />
      {features.image ? (
        <Fold summary={`Values of ${formatCount(features.d)} pixels`}>
          <FeatureValues detail={detail} names={features.names} source={features.source} />
        </Fold>
      ) : (
        <>
          <h3 class="side-subtitle">Values</h3>
          <FeatureValues detail={detail} names={features.names} source={features.source} />
        </>
      )}
      <Fold summary={`All ${formatCount(detail.cells.length)} cells of the row`}>
        <CellList columns={table.info.columns} cells={detail.cells} />
      </Fold>
    </div>
  );
}

/* ---- which row ------------------------------------------------------------------------------------------ */

function RowPicker({ actions, row, table }: Omit<BodyProps, 'store'> & { table: TableState }): JSX.Element {
  const { rows } = table.info;
  const step = (by: number): void => {
    const from = row ?? (by > 0 ? -1 : rows);
    actions.pin(Math.min(rows - 1, Math.max(0, from + by)));
  };
  return (
    <div class="row-picker">
      <button
        type="button"
        class="icon-button row-previous"
        aria-label="Previous row"
        title="Previous row"
        disabled={row === 0}
        onClick={() => step(-1)}
      >
        <Icon name="expand" />
      </button>
      <label class="row-number">
        <span>Row</span>
        <input
          type="number"
          min="1"
          max={rows}
          step="1"
          placeholder="–"
          value={row === null ? '' : row + 1}
          onChange={(event) => {
            const wish = event.currentTarget.valueAsNumber;
            if (Number.isFinite(wish)) actions.pin(Math.min(rows, Math.max(1, Math.round(wish))) - 1);
            else event.currentTarget.value = row === null ? '' : String(row + 1);
          }}
        />
        <span class="row-of">of {formatCount(rows)}</span>
      </label>
      <button
        type="button"
        class="icon-button"
        aria-label="Next row"
        title="Next row"
        disabled={row === rows - 1}
        onClick={() => step(1)}
      >
        <Icon name="expand" />
      </button>
    </div>
  );
}

function Unpin({ row, onPress }: { row: RowId; onPress(): void }): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label="Let go of the row"
      title={`${rowName(row)} is kept here. Press to let go.`}
      onClick={onPress}
    >
      <Icon name="unpin" />
    </button>
  );
}

function RowHead({ detail, table }: { detail: RowDetail; table: TableState }): JSX.Element | null {
  const column = labelColumn(table);
  const label = detail.cells[column];
  if (label === undefined) return null;
  return (
    <p class="row-label">
      <span class="row-label-name">
        <DataText text={table.info.columns[column]?.name ?? ''} />
      </span>
      <strong>
        <DataText text={label} />
      </strong>
    </p>
  );
}

/* ---- what the model makes of it ------------------------------------------------------------------------- */

interface PicturesProps {
  detail: RowDetail;
  table: TableState;
  features: FeatureInfo;
}

function Pictures({ detail, table, features }: PicturesProps): JSX.Element | null {
  const shape = features.image;
  if (!shape) return null;
  const { lo, hi } = pixelDomain(table);
  const residual = detail.reconstruction_raw.map((value, i) => value - (detail.input_raw[i] ?? 0));
  const name = rowName(detail.row);
  return (
    <div class="pictures">
      <figure>
        <RowImage values={detail.input_raw} shape={shape} lo={lo} hi={hi} label={`${name} as it is`} />
        <figcaption>Row</figcaption>
      </figure>
      <figure>
        <RowImage
          values={detail.reconstruction_raw}
          shape={shape}
          lo={lo}
          hi={hi}
          label={`${name} as the model reconstructs it`}
        />
        <figcaption>Reconstruction</figcaption>
      </figure>
      <figure>
        <RowImage
          values={residual}
          shape={shape}
          lo={lo - hi}
          hi={hi - lo}
          colours="diverging"
          label={`Reconstruction minus row, pixel by pixel`}
        />
        <figcaption>Residual</figcaption>
      </figure>
      <div class="pictures-note">
        <ErrorLine detail={detail} features={features} />
        <p title={`The colours run from ${formatNumber(lo - hi)} to ${formatNumber(hi - lo)} in every row.`}>
          <span class="residual-under">too dark</span>
          <span class="residual-over">too bright</span>
        </p>
      </div>
    </div>
  );
}

function ErrorLine({ detail, features }: { detail: RowDetail; features: FeatureInfo }): JSX.Element {
  const share = features.baseline > 0 ? detail.error / features.baseline : Number.NaN;
  return (
    <p class="row-error">
      <span class="row-error-name" title="Mean over the features of the squared residual, in scaled units.">
        Error
      </span>
      <strong>{formatNumber(detail.error)}</strong>
      <span class="row-error-unit">
        mean squared, scaled
        {Number.isFinite(share) ? (
          <span title="Compared with predicting the mean of each feature for every row.">
            {' '}
            · {formatNumber(Number(share.toPrecision(2)))} × the error of predicting the mean
          </span>
        ) : null}
      </span>
    </p>
  );
}

/* ---- without a model ------------------------------------------------------------------------------------ */

/** The cells of a row of a table that nothing has been trained on yet. */
function CellsOnly({
  actions,
  row,
  table,
}: {
  actions: ViewActions;
  row: RowId;
  table: TableState;
}): JSX.Element {
  const [read, setRead] = useState<{ row: RowId; cells: string[] } | null>(null);
  useEffect(() => {
    let wanted = true;
    actions.readCells([row]).then(
      ([cells]) => wanted && cells && setRead({ row, cells }),
      () => wanted && setRead(null),
    );
    return () => {
      wanted = false;
    };
  }, [actions, row]);
  return (
    <div class="inspector-body">
      <p class="inspector-empty">Train to see what a model makes of {rowName(row).toLowerCase()}.</p>
      {read?.row === row ? <CellList columns={table.info.columns} cells={read.cells} /> : null}
    </div>
  );
}
