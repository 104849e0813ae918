/**
 * The panels that come after the first frames, under the names they have in their own files, and what stands in
 * their places until then: as large, so that nothing moves, and with the same accessible names.
 */

import { createRoom } from '../state/room.ts';
import { part } from './lazy.tsx';

export const panels = createRoom(() => import('./panels.ts'));

export const ExportMenu = part(panels, (room) => room.ExportMenu);
export const FigureBar = part(
  panels,
  (room) => room.FigureBar,
  () => <div class="figure-bar" aria-busy="true" />,
);
export const HelpSheet = part(panels, (room) => room.HelpSheet);
export const Inspector = part(
  panels,
  (room) => room.Inspector,
  () => <section class="inspector" aria-label="Inspector" aria-busy="true" />,
);
export const Legend = part(panels, (room) => room.Legend);
export const LossPanel = part(
  panels,
  (room) => room.LossPanel,
  () => <section class="loss-panel" aria-label="Loss" aria-busy="true" />,
);
export const MapToolbar = part(
  panels,
  (room) => room.MapToolbar,
  ({ store }) => (store.map.value ? <div class="map-toolbar" aria-busy="true" /> : null),
);
export const MethodPanel = part(
  panels,
  (room) => room.MethodPanel,
  () => (
    <section class="panel method-panel" aria-labelledby="method-heading" aria-busy="true">
      <h2 id="method-heading">Method</h2>
    </section>
  ),
);
export const Outcome = part(
  panels,
  (room) => room.Outcome,
  () => <p class="outcome" />,
);
export const Retrains = part(panels, (room) => room.Retrains);
export const RowTip = part(panels, (room) => room.RowTip);
export const RowsTable = part(
  panels,
  (room) => room.RowsTable,
  () => (
    <section class="rows" aria-label="Rows" aria-busy="true">
      <div class="rows-head" />
    </section>
  ),
);
export const SavedCard = part(panels, (room) => room.SavedCard);
export const SavedPanel = part(panels, (room) => room.SavedPanel);
export const SelectionBar = part(
  panels,
  (room) => room.SelectionBar,
  ({ store }) =>
    store.map.value ? <section class="selection-bar" aria-label="Selection" aria-busy="true" /> : null,
);
export const ShapeLayer = part(panels, (room) => room.ShapeLayer);
export const ShareMenu = part(panels, (room) => room.ShareMenu);
export const TablePanel = part(panels, (room) => room.TablePanel);
