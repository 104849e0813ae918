/**
 * Of a figure in another page: tools, and a way back, where the parts of the page that have them are left out. A line
 * above the map, which hides no row; where the map's own tools are shown, the end of theirs.
 */

import type { ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import { IconRadios, TOOLS } from './map-toolbar.tsx';
import type { Part } from './parts.ts';
import { type PanelProps, UndoRedo } from './top-bar.tsx';

export interface FigureBarProps extends PanelProps {
  hide: ReadonlySet<Part>;
  elsewhere: ReadonlySignal<string | null> | undefined;
}

export function FigureBar({ store, actions, hide, elsewhere }: FigureBarProps): JSX.Element | null {
  const address = elsewhere?.value;
  if (!store.map.value) return <div class="figure-bar" aria-busy="true" />;
  return (
    <div class="figure-bar">
      {hide.has('top') ? <h1 class="visually-hidden">A figure made with Unfold</h1> : null}
      {hide.has('tools') ? (
        <IconRadios label="Tool" choices={TOOLS} value={store.tool.value} onChoose={actions.setTool} />
      ) : null}
      {hide.has('top') ? <UndoRedo store={store} actions={actions} /> : null}
      {address ? (
        <a class="button small" href={address} target="_blank" rel="noopener">
          Open in Unfold
        </a>
      ) : null}
    </div>
  );
}
