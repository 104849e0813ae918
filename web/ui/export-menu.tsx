/** The rows with their codes and errors as a file: all of them, or the selected ones. */

import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { formatCount } from '../state/summary.ts';
import { ActionButton } from './action-button.tsx';
import { Icon } from './icon.tsx';
import { Popover } from './popover.tsx';
import type { PanelProps } from './top-bar.tsx';

export function ExportMenu({ store, actions }: PanelProps): JSX.Element | null {
  /* Kept while the menu is shut. */
  const [protect, setProtect] = useState(true);
  if (!store.table.value || !store.model.value) return null;
  return (
    <Popover
      name="Export"
      title="The rows with their places on the map, as a file"
      look="button quiet"
      face={
        <>
          <Icon name="download" />
          <span class="wide-only">Export</span>
        </>
      }
    >
      {(close) => (
        <Choices store={store} actions={actions} protect={protect} onProtect={setProtect} onDone={close} />
      )}
    </Popover>
  );
}

interface ChoicesProps extends PanelProps {
  protect: boolean;
  onProtect(protect: boolean): void;
  onDone(): void;
}

function Choices({ store, actions, protect, onProtect, onDone }: ChoicesProps): JSX.Element {
  const id = useId();
  const { count } = store.selection.value;
  const rows = store.table.value?.info.rows ?? 0;
  const running = store.phase.value.kind === 'running';
  const untrained = (store.model.value?.losses.length ?? 0) === 0 && !running;
  const why = untrained ? 'Train a model first.' : null;
  const save = (only: boolean): void => {
    onDone();
    void actions.exportRows({ only, protect });
  };
  return (
    <div class="popover-form">
      <div class="export-line">
        <ActionButton look="wide" why={why} onPress={() => save(false)}>
          All rows (CSV)
        </ActionButton>
        <span class="export-count">{formatCount(rows)}</span>
        <ActionButton
          look="wide"
          why={why ?? (count === 0 ? 'Select rows first.' : null)}
          onPress={() => save(true)}
        >
          Selected rows (CSV)
        </ActionButton>
        <span class="export-count">{formatCount(count)}</span>
      </div>
      <p class="hint">
        In the order of the file: id, labels, places on the map (x, y), code, error, and whether the row is
        selected. Ids count from 0: row 1 on this page is id 0.
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={protect}
          aria-describedby={`${id}-guard`}
          onChange={(event) => onProtect(event.currentTarget.checked)}
        />
        Guard text that a spreadsheet would run as a formula
      </label>
      <p class="hint" id={`${id}-guard`}>
        Text that begins with = + - or @ gets an apostrophe in front; numbers stay as they are.
      </p>
    </div>
  );
}
