/**
 * What a drag on the map does and how rows are combined, what the map is coloured by, how large its points are, and
 * which dimensions of the code it shows.
 */

import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { canColour, comparison } from '../state/colouring.ts';
import type { SelectionActions } from '../state/selection-actions.ts';
import type { Colouring, ModelState, SelectionOp, Store, TableState, Tool } from '../state/store.ts';
import type { ViewActions } from '../state/view-actions.ts';
import { visibleText } from './data-text.tsx';
import { Icon, type IconName } from './icon.tsx';
import './map-tools.css';

export interface ViewProps {
  store: Store;
  actions: ViewActions;
}

export interface MapProps {
  store: Store;
  actions: ViewActions & SelectionActions;
}

export interface MapToolbarProps extends MapProps {
  /** At the end of the line: what a figure has there. */
  children?: ComponentChildren;
}

export function MapToolbar({ store, actions, children }: MapToolbarProps): JSX.Element | null {
  const table = store.table.value;
  const map = store.map.value;
  const model = store.model.value;
  if (!table || !map) return null;
  /* What the last retrain has changed can be told once there was one: the history knows. */
  const compared = store.history.value.at !== null && comparison(store.bulk.before, map);
  return (
    <div class="map-toolbar">
      <div class="map-tools">
        <IconRadios label="Tool" choices={TOOLS} value={store.tool.value} onChoose={actions.setTool} />
        <IconRadios
          label="Combine"
          choices={OPS}
          value={store.selectionOp.value}
          onChoose={actions.setSelectionOp}
        />
      </div>
      {store.tool.value === 'brush' ? <BrushSize store={store} actions={actions} /> : null}
      <ColourMenu
        table={table}
        colour={store.colour.value}
        trained={model !== null}
        changed={compared !== false && compared.error !== null}
        drifted={compared !== false && compared.positions !== null}
        onChoose={actions.setColour}
      />
      <label class="map-field map-size" title="Point size">
        <span class="visually-hidden">Point size</span>
        <span class="map-dot small" aria-hidden="true" />
        <input
          type="range"
          min="1"
          max="16"
          step="0.5"
          value={store.pointSize.value}
          aria-valuetext={`${store.pointSize.value} pixels`}
          onInput={(event) => actions.setPointSize(event.currentTarget.valueAsNumber)}
        />
        <span class="map-dot" aria-hidden="true" />
        <output>{store.pointSize.value}</output>
      </label>
      {model && model.params.latent > 2 ? (
        <Axes latent={model.params.latent} axes={map.axes} onChoose={actions.setAxes} />
      ) : null}
      <LatentNote model={model} />
      {children}
    </div>
  );
}

interface Choice<T extends string> {
  value: T;
  name: string;
  icon: IconName;
  title: string;
}

export const TOOLS: Choice<Tool>[] = [
  { value: 'pan', name: 'Pan', icon: 'pan', title: 'Pan (G): a drag moves the map, with Shift it selects' },
  { value: 'lasso', name: 'Lasso', icon: 'lasso', title: 'Lasso (L): draw around rows' },
  { value: 'box', name: 'Box', icon: 'box', title: 'Box (B): draw a box around rows' },
  { value: 'brush', name: 'Brush', icon: 'brush', title: 'Brush (K): paint over rows' },
];

const OPS: Choice<SelectionOp>[] = [
  {
    value: 'replace',
    name: 'Replace',
    icon: 'replace',
    title: 'Replace: what you select becomes the selection',
  },
  {
    value: 'add',
    name: 'Add',
    icon: 'add',
    title: 'Add to the selection; for one gesture, hold Ctrl or ⌘',
  },
  {
    value: 'subtract',
    name: 'Subtract',
    icon: 'subtract',
    title: 'Subtract from the selection; for one gesture, hold Alt',
  },
  {
    value: 'intersect',
    name: 'Intersect',
    icon: 'intersect',
    title: 'Intersect: keep what is in both; for one gesture, hold Ctrl and Alt',
  },
];

interface IconRadiosProps<T extends string> {
  label: string;
  choices: Choice<T>[];
  value: T;
  onChoose(value: T): void;
}

/** Radios that look like a row of buttons; arrow keys go from one to the next. */
export function IconRadios<T extends string>({
  label,
  choices,
  value,
  onChoose,
}: IconRadiosProps<T>): JSX.Element {
  const name = useId();
  return (
    <div class="icon-radios" role="radiogroup" aria-label={label}>
      {choices.map((choice) => (
        <label key={choice.value} title={choice.title}>
          <input
            type="radio"
            name={name}
            aria-label={choice.name}
            checked={choice.value === value}
            onChange={() => onChoose(choice.value)}
          />
          <Icon name={choice.icon} />
        </label>
      ))}
    </div>
  );
}

function BrushSize({ store, actions }: MapProps): JSX.Element {
  const radius = store.brushRadius.value;
  return (
    <label class="map-field map-size" title="Brush size; on the map, < and > change it">
      <span class="visually-hidden">Brush size</span>
      <input
        type="range"
        min="4"
        max="200"
        step="1"
        value={radius}
        aria-valuetext={`${2 * radius} pixels across`}
        onInput={(event) => actions.setBrushRadius(event.currentTarget.valueAsNumber)}
      />
      <output>{2 * radius}</output>
    </label>
  );
}

interface ColourMenuProps {
  table: TableState;
  colour: Colouring;
  trained: boolean;
  /** There is an error, or a place, from before the last retrain to compare with. */
  changed: boolean;
  drifted: boolean;
  onChoose(colouring: Colouring): void;
}

function ColourMenu(props: ColourMenuProps): JSX.Element {
  const { table, colour, trained, changed, drifted, onChoose } = props;
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
        {changed ? <option value="change">Change of error</option> : null}
        {drifted ? <option value="drift">Drift</option> : null}
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
  if (value === 'none' || value === 'error' || value === 'change' || value === 'drift')
    return { kind: value };
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
