/** What is loaded: a way to open something else, and what it is. What is used of it and how is in table-panel.tsx. */

import type { JSX } from 'preact';
import { Icon } from './icon.tsx';
import { SavedPanel, TablePanel } from './lazy-panels.tsx';
import { SeeForYourself } from './see-for-yourself.tsx';
import { OPEN_INPUT, type PanelProps } from './top-bar.tsx';

export function DropCard({ inviting }: { inviting: boolean }): JSX.Element {
  return (
    <label class={`drop-card${inviting ? ' inviting' : ''}`} for={OPEN_INPUT}>
      <Icon name="open" size={inviting ? 22 : 18} />
      <span>
        <strong>
          Drop a CSV here, or <u>open one</u>
        </strong>
        <small>It is read on this machine and goes nowhere else.</small>
      </span>
    </label>
  );
}

export function DataPanel({ store, actions }: PanelProps): JSX.Element {
  const table = store.table.value;
  const entry = store.catalog.value.find(({ id }) => id === table?.origin);
  return (
    <section class="panel data-panel" aria-labelledby="data-heading">
      <h2 id="data-heading">Data</h2>
      <div>
        <DropCard inviting={store.firstVisit.value} />
        <SeeForYourself store={store} actions={actions} />
      </div>
      {entry ? <p class="hint">{entry.description}</p> : null}
      {table ? <TablePanel table={table} store={store} actions={actions} /> : null}
      <SavedPanel store={store} actions={actions} />
    </section>
  );
}
