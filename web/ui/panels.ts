/** The room of the panels: everything on screen that the first frames of the map do without. */

import { addIcons } from './icon.tsx';
import { moreIcons } from './more-icons.ts';

addIcons(moreIcons);

export { ExportMenu } from './export-menu.tsx';
export { FigureBar } from './figure-bar.tsx';
export { HelpSheet } from './help-sheet.tsx';
export { Inspector } from './inspector.tsx';
export { Legend } from './legend.tsx';
export { LossPanel } from './loss-chart.tsx';
export { attachHands } from './map-hands.ts';
export { MapToolbar } from './map-toolbar.tsx';
export { MethodPanel } from './method-panel.tsx';
export { Outcome } from './outcome.tsx';
export { Retrains } from './retrains.tsx';
export { RowTip } from './row-tip.tsx';
export { RowsTable } from './rows-table.tsx';
export { SavedCard, SavedPanel } from './saved-work.tsx';
export { SelectionBar } from './selection-bar.tsx';
export { ShapeLayer } from './shape-overlay.tsx';
export { ShareMenu } from './share-menu.tsx';
export { TablePanel } from './table-panel.tsx';
