/** The table of columns: name, kind, missing values, range, and a menu for the role of each. */

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ColumnInfo, ColumnKind, Role } from '../protocol/messages.ts';
import type { Actions } from '../state/actions.ts';
import {
  commonRole,
  groupColumns,
  rangeOf,
  rolesFor,
  valuesDetail,
  valuesText,
} from '../state/column-groups.ts';
import type { TableState } from '../state/store.ts';
import { formatCount } from '../state/summary.ts';
import { DataText, visibleText } from './data-text.tsx';
import { Icon, type IconName } from './icon.tsx';
import { useVirtualList } from './virtual-list.ts';

const kindIcon: Record<ColumnKind, IconName> = {
  number: 'number',
  category: 'category',
  text: 'text',
  constant: 'minus',
  identifier: 'identifier',
  empty: 'minus',
};

const kindWord: Record<ColumnKind, string> = {
  number: 'number',
  category: 'category',
  text: 'text',
  constant: 'constant',
  identifier: 'identifier',
  empty: 'empty',
};

const roleWord: Record<Role, string> = {
  feature: 'feature',
  label: 'label',
  id: 'row id',
  ignored: 'ignored',
};

interface TableProps {
  table: TableState;
  actions: Actions;
}

export function ColumnsTable({ table, actions }: TableProps): JSX.Element {
  const { columns } = table.info;
  return (
    <table class="columns" aria-label="Columns">
      <thead>
        <tr>
          <th scope="col">Column</th>
          <th scope="col">Values</th>
          <th scope="col">Role</th>
        </tr>
      </thead>
      <tbody>
        {groupColumns(columns).map((item) =>
          item.kind === 'one' ? (
            <ColumnRow key={item.column} table={table} index={item.column} actions={actions} />
          ) : (
            <GroupRows key={`g${item.columns[0]}`} table={table} group={item.columns} actions={actions} />
          ),
        )}
      </tbody>
    </table>
  );
}

function missingText(column: ColumnInfo): string {
  const parts: string[] = [];
  if (column.missing > 0 && column.kind !== 'empty') parts.push(`${formatCount(column.missing)} missing`);
  if (column.bad_cells > 0) parts.push(`${formatCount(column.bad_cells)} not numbers`);
  return parts.join(', ');
}

function ColumnRow({ table, index, actions }: TableProps & { index: number }): JSX.Element | null {
  const column = table.info.columns[index];
  const role = table.roles[index];
  if (!column || role === undefined) return null;
  const missing = missingText(column);
  return (
    <tr class={`role-${role}`}>
      <th scope="row">
        <span class="column-head" title={`${visibleText(column.name)}: ${kindWord[column.kind]}`}>
          <Icon name={kindIcon[column.kind]} size={12} />
          <span class="visually-hidden">{kindWord[column.kind]}</span>
          <span class="column-name">
            <DataText text={column.name} />
          </span>
        </span>
        {missing === '' ? null : <span class="column-missing">{missing}</span>}
      </th>
      <td>
        <span class="column-values" title={visibleText(valuesDetail(column))}>
          <bdi>{visibleText(valuesText(column))}</bdi>
        </span>
      </td>
      <td>
        <RoleSelect
          name={column.name}
          role={role}
          roles={rolesFor(column)}
          onChoose={(next) => void actions.setRole(index, next)}
        />
      </td>
    </tr>
  );
}

interface RoleSelectProps {
  name: string;
  role: Role | null; // null: they differ
  roles: readonly Role[];
  onChoose(role: Role): void;
}

function RoleSelect({ name, role, roles, onChoose }: RoleSelectProps): JSX.Element {
  return (
    <select
      aria-label={`Role of ${visibleText(name)}`}
      value={role ?? ''}
      onChange={(event) => {
        const next = roles.find((one) => one === event.currentTarget.value);
        if (next) onChoose(next);
      }}
    >
      {role === null ? <option value="">mixed</option> : null}
      {roles.map((one) => (
        <option key={one} value={one}>
          {roleWord[one]}
        </option>
      ))}
    </select>
  );
}

function GroupRows({ table, group, actions }: TableProps & { group: readonly number[] }): JSX.Element {
  const [open, setOpen] = useState(false);
  const members = group.flatMap((i) => table.info.columns[i] ?? []);
  const first = members[0]?.name ?? '';
  const last = members[members.length - 1]?.name ?? '';
  const role = commonRole(table.roles, group);
  const constant = members.filter(({ kind }) => kind === 'constant').length;
  return (
    <>
      <tr class={role ? `role-${role}` : ''}>
        <th scope="row">
          <button type="button" class="disclose" aria-expanded={open} onClick={() => setOpen(!open)}>
            <Icon name={open ? 'collapse' : 'expand'} size={12} />
            <span class="column-name">
              <DataText text={first} /> … <DataText text={last} />
            </span>
          </button>
          <span class="column-missing">
            {formatCount(group.length)} columns
            {constant > 0 ? `, ${formatCount(constant)} constant` : ''}
          </span>
        </th>
        <td>
          <span class="column-values">{rangeOf(members)}</span>
        </td>
        <td>
          <RoleSelect
            name={`${first} … ${last}`}
            role={role}
            roles={['feature', 'ignored']}
            onChoose={(next) => void actions.setRole(group, next)}
          />
        </td>
      </tr>
      {open ? (
        <tr>
          <td class="group-cell" colSpan={3}>
            <GroupList table={table} group={group} actions={actions} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

const ROW_HEIGHT = 30;

/** Every column of a group, only those in sight drawn. */
function GroupList({ table, group, actions }: TableProps & { group: readonly number[] }): JSX.Element {
  const { box, first, end, shift, height } = useVirtualList(group.length, ROW_HEIGHT);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reachable by keyboard.
    <div class="group-list" ref={box} tabIndex={0} role="group" aria-label="Columns of the group">
      <div class="virtual-size" style={{ height: `${height}px` }}>
        <ul class="virtual-stick" style={{ transform: `translateY(${-shift}px)` }}>
          {group.slice(first, end).map((index) => {
            const column = table.info.columns[index];
            const role = table.roles[index];
            if (!column || role === undefined) return null;
            return (
              <li key={index}>
                <span class="column-name">
                  <DataText text={column.name} />
                </span>
                <span class="column-values">{visibleText(valuesText(column))}</span>
                <RoleSelect
                  name={column.name}
                  role={role}
                  roles={rolesFor(column)}
                  onChoose={(next) => void actions.setRole(index, next)}
                />
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
