/** Selecting rows by what they are, by keyboard alone: a class, a range of a column, a text. */

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useMemo, useState } from 'preact/hooks';
import type { Criterion } from '../protocol/messages.ts';
import { type ColumnClasses, columnClasses, hasClasses } from '../state/classes.ts';
import { typedRange } from '../state/legend-select.ts';
import type { SelectionOp, TableState } from '../state/store.ts';
import { formatCount, formatNumber, labelColumn } from '../state/summary.ts';
import { visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import { Popover } from './popover.tsx';
import type { PanelProps } from './top-bar.tsx';

const ways = [
  ['class', 'Class'],
  ['range', 'Range'],
  ['search', 'Search'],
] as const;
type Way = (typeof ways)[number][0];

const ops: [SelectionOp, string][] = [
  ['replace', 'Replace the selection'],
  ['add', 'Add to the selection'],
  ['subtract', 'Subtract from it'],
  ['intersect', 'Keep what is in both'],
];

interface SelectByProps extends PanelProps {
  table: TableState;
}

/** `search`: raised to open the panel at the search. */
export function SelectBy({ store, actions, table, search }: SelectByProps & { search: number }): JSX.Element {
  return (
    <Popover
      name="Select by…"
      wish={search}
      title="Select the rows of a class, in a range of a column, or with a text in them (/)"
      face={
        <>
          <Icon name="find" size={14} />
          Select by…
        </>
      }
    >
      {(_, wished) => (
        <SelectByForm
          key={wished}
          store={store}
          actions={actions}
          table={table}
          first={wished === 0 ? null : 'search'}
        />
      )}
    </Popover>
  );
}

function SelectByForm({ store, actions, table, first }: SelectByProps & { first: Way | null }): JSX.Element {
  const id = useId();
  const classed = columnsWith(table, (column) => hasClasses(table.info.columns[column] ?? EMPTY));
  const numbers = columnsWith(table, (column) => table.info.columns[column]?.kind === 'number');
  const possible = ways.filter(([way]) =>
    way === 'class' ? classed.length > 0 : way === 'range' ? numbers.length > 0 : true,
  );
  const [way, setWay] = useState<Way>(first ?? possible[0]?.[0] ?? 'search');
  const choose = (by: Criterion): void => void actions.selectBy(by, store.selectionOp.peek());
  const combine = (
    <div class="field">
      <label for={`${id}-op`}>Combine</label>
      <select
        id={`${id}-op`}
        value={store.selectionOp.value}
        onChange={(event) => actions.setSelectionOp(event.currentTarget.value as SelectionOp)}
      >
        {ops.map(([op, label]) => (
          <option key={op} value={op}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
  const told = store.notices.value.find(({ about }) => about === 'selection');
  return (
    <div class="popover-form select-by">
      <div class="choice" role="radiogroup" aria-label="Select rows by">
        {possible.map(([name, label]) => (
          <label key={name}>
            <input type="radio" name={`${id}-way`} checked={way === name} onChange={() => setWay(name)} />
            <span>{label}</span>
          </label>
        ))}
      </div>
      {way === 'class' ? (
        <ByClass actions={actions} table={table} columns={classed} combine={combine} onChoose={choose} />
      ) : way === 'range' ? (
        <ByRange table={table} columns={numbers} combine={combine} onChoose={choose} />
      ) : (
        <BySearch table={table} combine={combine} onChoose={choose} />
      )}
      {told ? <p class="field-error">{told.text}</p> : null}
      <p class="hint select-by-count" role="status">
        {formatCount(store.selection.value.count)} of {formatCount(table.info.rows)} selected
      </p>
    </div>
  );
}

const EMPTY = { kind: 'empty', integer: false, distinct: null } as TableState['info']['columns'][number];

/** Columns that pass, labels first. */
function columnsWith(table: TableState, passes: (column: number) => boolean): number[] {
  const columns = table.info.columns.map((_, column) => column).filter(passes);
  const label = (column: number): number => (table.roles[column] === 'label' ? 0 : 1);
  return columns.sort((a, b) => label(a) - label(b) || a - b);
}

interface ColumnChoiceProps {
  table: TableState;
  columns: readonly number[];
  value: number | null;
  /** What stands for no one column. */
  any?: string;
  onChange(column: number | null): void;
}

function ColumnChoice({ table, columns, value, any, onChange }: ColumnChoiceProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>Column</label>
      <select
        id={id}
        value={value === null ? '' : String(value)}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          onChange(chosen === '' ? null : Number(chosen));
        }}
      >
        {any ? <option value="">{any}</option> : null}
        {columns.map((column) => (
          <option key={column} value={String(column)}>
            {visibleText(table.info.columns[column]?.name ?? '')}
          </option>
        ))}
      </select>
    </div>
  );
}

interface WayProps {
  table: TableState;
  /** The choice of how these rows and the selection become one. */
  combine: JSX.Element;
  onChoose(by: Criterion): void;
}

/* ---- a class --------------------------------------------------------------------------------------------- */

/** As the legend has them: 2 before 10. */
const natural = new Intl.Collator('en', { numeric: true });

/** Values of the list that stand for no class; class i has the value "i". */
const MISSING = 'missing';

function ByClass({
  actions,
  table,
  columns,
  combine,
  onChoose,
}: WayProps & Pick<PanelProps, 'actions'> & { columns: readonly number[] }): JSX.Element {
  const id = useId();
  const [column, setColumn] = useState(
    columns.includes(labelColumn(table)) ? labelColumn(table) : (columns[0] ?? 0),
  );
  const [read, setRead] = useState<{ column: number; classes: ColumnClasses | null } | null>(null);
  const [value, setValue] = useState('');
  useEffect(() => {
    let wanted = true;
    actions.readColumn(column).then(
      (values) => wanted && setRead({ column, classes: columnClasses(values) }),
      () => wanted && setRead({ column, classes: null }),
    );
    return () => {
      wanted = false;
    };
  }, [actions, column]);
  const classes = read?.column === column ? read.classes : null;
  const listed = useMemo(
    () =>
      (classes?.classes ?? [])
        .map(({ name, count }, i) => ({ name, count, i }))
        .sort((a, b) => natural.compare(a.name, b.name)),
    [classes],
  );
  const chosen = value !== '' || !classes ? value : String(listed[0]?.i ?? MISSING);
  const submit = (): void => {
    if (chosen === MISSING) onChoose({ kind: 'class', column, classes: [], missing: true });
    const name = classes?.classes[Number(chosen)]?.name;
    if (name !== undefined) onChoose({ kind: 'class', column, classes: [name] });
  };
  return (
    <WayForm onSubmit={submit} ready={classes !== null} combine={combine}>
      <ColumnChoice
        table={table}
        columns={columns}
        value={column}
        onChange={(next) => {
          setColumn(next ?? 0);
          setValue('');
        }}
      />
      <div class="field">
        <label for={id}>Class</label>
        <select id={id} value={chosen} onChange={(event) => setValue(event.currentTarget.value)}>
          {listed.map(({ name, count, i }) => (
            <option key={name} value={String(i)}>
              {name === '' ? '(empty)' : visibleText(name)} ({formatCount(count)})
            </option>
          ))}
          {classes && classes.missing > 0 ? (
            <option value={MISSING}>Missing ({formatCount(classes.missing)})</option>
          ) : null}
        </select>
      </div>
      {read?.column === column && read.classes === null ? (
        <p class="field-error">The column can’t be read now.</p>
      ) : null}
      {classes && classes.beyond > 0 ? (
        <p class="hint">
          The classes of {formatCount(classes.beyond)} more rows are too many to list: search for them.
        </p>
      ) : null}
    </WayForm>
  );
}

function WayForm({
  onSubmit,
  ready,
  combine,
  children,
}: {
  onSubmit(): void;
  ready: boolean;
  combine: JSX.Element;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <form
      class="way-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onSubmit();
      }}
    >
      {children}
      {combine}
      <button type="submit" class="button primary small" aria-disabled={!ready}>
        Select
      </button>
    </form>
  );
}

/* ---- a range --------------------------------------------------------------------------------------------- */

function ByRange({
  table,
  columns,
  combine,
  onChoose,
}: WayProps & { columns: readonly number[] }): JSX.Element {
  const [column, setColumn] = useState(columns[0] ?? 0);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [error, setError] = useState('');
  const info = table.info.columns[column];
  const submit = (): void => {
    const range = typedRange(from, to);
    setError(range.ok ? '' : range.error);
    if (range.ok) onChoose({ kind: 'range', column, lo: range.lo, hi: range.hi });
  };
  return (
    <WayForm onSubmit={submit} ready combine={combine}>
      <ColumnChoice
        table={table}
        columns={columns}
        value={column}
        onChange={(next) => setColumn(next ?? 0)}
      />
      <Limit
        label="From"
        value={from}
        placeholder={info?.min ?? null}
        wrong={error !== ''}
        onInput={setFrom}
      />
      <Limit label="To" value={to} placeholder={info?.max ?? null} wrong={error !== ''} onInput={setTo} />
      {error ? (
        <p class="field-error" role="alert">
          {error}
        </p>
      ) : (
        <p class="hint">
          Both ends are included; an empty one is open. Rows without a value are never in it.
        </p>
      )}
    </WayForm>
  );
}

interface LimitProps {
  label: string;
  value: string;
  placeholder: number | null;
  wrong: boolean;
  onInput(text: string): void;
}

function Limit({ label, value, placeholder, wrong, onInput }: LimitProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        spellcheck={false}
        placeholder={placeholder === null ? '' : formatNumber(placeholder)}
        value={value}
        aria-invalid={wrong ? true : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}

/* ---- a text ---------------------------------------------------------------------------------------------- */

function BySearch({ table, combine, onChoose }: WayProps): JSX.Element {
  const id = useId();
  const columns = columnsWith(table, (column) => table.info.columns[column]?.kind !== 'empty');
  const [column, setColumn] = useState<number | null>(null);
  const [text, setText] = useState('');
  return (
    <WayForm
      onSubmit={() => onChoose({ kind: 'search', text, column })}
      ready={text !== ''}
      combine={combine}
    >
      <div class="field">
        <label for={id}>Text</label>
        <input
          id={id}
          type="text"
          data-focus
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </div>
      <ColumnChoice table={table} columns={columns} value={column} any="Any column" onChange={setColumn} />
      <p class="hint">Rows with the text in a cell, in upper or lower case.</p>
    </WayForm>
  );
}
