/** What the map is coloured by, how large its points are, and which dimensions of the code it shows. */

import type { JSX } from 'preact';
import { canColour } from '../state/colouring.ts';
import type { Colouring, ModelState, Store, TableState } from '../state/store.ts';
import type { ViewActions } from '../state/view-actions.ts';
import { visibleText } from './data-text.tsx';

export interface ViewProps {
  store: Store;
  actions: ViewActions;
}

export function MapToolbar({ store, actions }: ViewProps): JSX.Element | null {
  const table = store.table.value;
  const map = store.map.value;
  const model = store.model.value;
  if (!table || !map) return null;
  return (
    <div class="map-toolbar">
      <ColourMenu
        table={table}
        colour={store.colour.value}
        trained={model !== null}
        onChoose={actions.setColour}
      />
      <label class="map-field map-size">
        <span>Point size</span>
        <input
          type="range"
          min="1"
          max="16"
          step="0.5"
          value={store.pointSize.value}
          aria-valuetext={`${store.pointSize.value} pixels`}
          onInput={(event) => actions.setPointSize(event.currentTarget.valueAsNumber)}
        />
        <output>{store.pointSize.value}</output>
      </label>
      {model && model.params.latent > 2 ? (
        <Axes latent={model.params.latent} axes={map.axes} onChoose={actions.setAxes} />
      ) : null}
      <LatentNote model={model} />
    </div>
  );
}

interface ColourMenuProps {
  table: TableState;
  colour: Colouring;
  trained: boolean;
  onChoose(colouring: Colouring): void;
}

function ColourMenu({ table, colour, trained, onChoose }: ColourMenuProps): JSX.Element {
  const columns = table.info.columns.map((info, column) => ({ info, column, role: table.roles[column] }));
  const usable = columns.filter(({ column }) => canColour(table, column));
  const labels = usable.filter(({ role }) => role === 'label');
  const others = usable.filter(({ role }) => role !== 'label');
  const option = ({ column, info }: (typeof usable)[number]): JSX.Element => (
    <option key={column} value={String(column)}>
      {visibleText(info.name)}
    </option>
  );
  return (
    <label class="map-field">
      <span>Colour by</span>
      <select
        value={colour.kind === 'column' ? String(colour.column) : colour.kind}
        onChange={(event) => onChoose(colouringOf(event.currentTarget.value))}
      >
        {labels.map(option)}
        <option value="none">Nothing</option>
        {trained ? <option value="error">Reconstruction error</option> : null}
        {others.length > 0 ? (
          <optgroup label={table.info.image ? 'Pixels and other columns' : 'Columns'}>
            {others.map(option)}
          </optgroup>
        ) : null}
      </select>
    </label>
  );
}

function colouringOf(value: string): Colouring {
  if (value === 'none' || value === 'error') return { kind: value };
  return { kind: 'column', column: Number(value) };
}

interface AxesProps {
  latent: number;
  axes: readonly [number, number];
  onChoose(axes: [number, number]): void;
}

function Axes({ latent, axes: [across, up], onChoose }: AxesProps): JSX.Element {
  const options = Array.from({ length: latent }, (_, z) => (
    <option key={z} value={String(z)}>{`z${z + 1}`}</option>
  ));
  /* Choosing what the other axis shows exchanges the two: a map of one dimension twice says nothing. */
  const choose = (
    value: string,
    other: number,
    own: number,
    build: (z: number, w: number) => [number, number],
  ): void => {
    const z = Number(value);
    onChoose(z === other ? build(z, own) : build(z, other));
  };
  return (
    <div class="map-axes">
      <label class="map-field">
        <span class="visually-hidden">Horizontal axis</span>
        <span aria-hidden="true">→</span>
        <select
          value={String(across)}
          title="Horizontal axis"
          onChange={(event) => choose(event.currentTarget.value, up, across, (z, w) => [z, w])}
        >
          {options}
        </select>
      </label>
      <label class="map-field">
        <span class="visually-hidden">Vertical axis</span>
        <span aria-hidden="true">↑</span>
        <select
          value={String(up)}
          title="Vertical axis"
          onChange={(event) => choose(event.currentTarget.value, across, up, (z, w) => [w, z])}
        >
          {options}
        </select>
      </label>
    </div>
  );
}

function LatentNote({ model }: { model: ModelState | null }): JSX.Element | null {
  if (model?.params.latent !== 1) return null;
  return (
    <p class="map-field-note">
      The one dimension of the code runs across; up and down, rows are spread at random so that they can be
      told apart.
    </p>
  );
}
