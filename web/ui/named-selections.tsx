/** Selections that were given a name: use one, add one to the present selection, forget one. */

import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { describeMaker } from '../state/selection.ts';
import type { NamedSelection, TableState } from '../state/store.ts';
import { formatCount } from '../state/summary.ts';
import { DataText, visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import { Popover } from './popover.tsx';
import type { PanelProps } from './top-bar.tsx';

/** Longest name, in characters. */
const MOST = 60;

interface NamedProps extends PanelProps {
  table: TableState;
}

export function NamedSelections({ store, actions, table }: NamedProps): JSX.Element {
  const named = store.named.value;
  return (
    <Popover
      name="Saved selections"
      title={`Give the selection a name, or go back to one that has one (${named.length} saved)`}
      face={
        <>
          <Icon name="bookmark" size={14} />
          Saved
        </>
      }
    >
      {() => (
        <div class="popover-form">
          <SaveForm store={store} actions={actions} table={table} />
          {named.length === 0 ? (
            <p class="hint">Nothing saved yet. Saved selections stay until another table is opened.</p>
          ) : (
            <ul class="named-list" aria-label="Saved selections">
              {named.map((one) => (
                <Named key={one.name} named={one} actions={actions} table={table} />
              ))}
            </ul>
          )}
        </div>
      )}
    </Popover>
  );
}

function SaveForm({ store, actions, table }: NamedProps): JSX.Element {
  const id = useId();
  const [name, setName] = useState('');
  const [refused, setRefused] = useState('');
  const { count, maker } = store.selection.value;
  if (count === 0) return <p class="hint">Select rows to save them under a name.</p>;
  const suggested = describeMaker(maker, table, table.info.rows).slice(0, MOST);
  return (
    <form
      class="save-form"
      onSubmit={(event) => {
        event.preventDefault();
        const wish = (name.trim() === '' ? suggested : name).trim();
        if (actions.saveSelection(wish)) {
          setName('');
          setRefused('');
        } else {
          setRefused(
            store.named.peek().some((one) => one.name === wish)
              ? 'There is a selection of this name.'
              : 'Write a name.',
          );
        }
      }}
    >
      <label for={id}>
        Save {formatCount(count)} {count === 1 ? 'row' : 'rows'} as
      </label>
      <div class="save-line">
        <input
          id={id}
          type="text"
          maxLength={MOST}
          autocomplete="off"
          spellcheck={false}
          placeholder={visibleText(suggested)}
          value={name}
          aria-invalid={refused ? true : undefined}
          aria-describedby={refused ? `${id}-error` : undefined}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" class="button primary small">
          Save
        </button>
      </div>
      {refused ? (
        <p class="field-error" id={`${id}-error`} role="alert">
          {refused}
        </p>
      ) : null}
    </form>
  );
}

function Named({
  named,
  actions,
  table,
}: {
  named: NamedSelection;
  table: TableState;
} & Pick<PanelProps, 'actions'>): JSX.Element {
  const shown = visibleText(named.name);
  const made = visibleText(describeMaker(named.maker, table, table.info.rows));
  return (
    <li>
      <button
        type="button"
        class="button link"
        title={`Select these rows: ${made}`}
        onClick={() => actions.useSelection(named.name, 'replace')}
      >
        <DataText text={named.name} />
      </button>
      <span class="named-count">{formatCount(named.count)}</span>
      <button
        type="button"
        class="button small"
        aria-label={`Add ${shown}`}
        title="Add these rows to the selection"
        onClick={() => actions.useSelection(named.name, 'add')}
      >
        Add
      </button>
      <button
        type="button"
        class="button small quiet square"
        aria-label={`Forget ${shown}`}
        title="Forget this name"
        onClick={() => actions.forgetSelection(named.name)}
      >
        <Icon name="forget" size={14} />
      </button>
    </li>
  );
}
