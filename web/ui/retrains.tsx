/**
 * What the present state of the model has changed, and everything that was done to it, in the order it was done, with
 * a way back to each state.
 */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { costOf } from '../state/history.ts';
import { changes, nodeDetail, nodeTitle, percentText, storyNow } from '../state/retrain-story.ts';
import type { Colouring, History, HistoryNode, Store, TableState } from '../state/store.ts';
import { aboutText } from '../state/transport.ts';
import { ActionButton } from './action-button.tsx';
import { BeforeAfter } from './before-after.tsx';
import { visibleText } from './data-text.tsx';
import { SideTitle } from './fold.tsx';
import { Icon } from './icon.tsx';
import type { PanelProps } from './top-bar.tsx';

/** Branches are indented so many times at most: the column is narrow. */
const DEEPEST = 4;

export function Retrains({ store, actions }: PanelProps): JSX.Element | null {
  const [open, setOpen] = useState(true);
  const history = store.history.value;
  const table = store.table.value;
  if (!table || history.nodes.length === 0) return null;
  return (
    <section class={open ? 'retrains' : 'retrains folded'} aria-label="Retrains">
      <SideTitle
        title="Retrains"
        open={open}
        onToggle={() => setOpen(!open)}
        aside={
          history.nodes.length > 1 ? (
            <label class="check" title="Lines from where the rows were before the last retrain">
              <input
                type="checkbox"
                checked={store.trails.value}
                onChange={(event) => actions.setTrails(event.currentTarget.checked)}
              />
              Trails
            </label>
          ) : null
        }
      />
      {open ? <Content store={store} actions={actions} table={table} /> : null}
    </section>
  );
}

function Content({ store, actions, table }: PanelProps & { table: TableState }): JSX.Element {
  const history = store.history.value;
  const present = history.at === null ? null : (history.nodes[history.at] ?? null);
  const runs = history.at === null && history.returning === null && 'job' in store.phase.value;
  const list = useRef<HTMLOListElement>(null);
  /* A long list scrolls by itself: what the model is at stays in sight. */
  useEffect(() => {
    const here = list.current?.querySelector('[aria-current="step"]');
    if (history.at !== null && list.current && here) bringInto(list.current, here);
  }, [history.at]);
  return (
    <>
      {present?.after ? <Present node={present} store={store} actions={actions} /> : null}
      {present?.after ? <Compared node={present} /> : null}
      <ol ref={list} class="retrain-list" aria-label="What was done">
        {lanes(history.nodes).map(({ node, lane, from }) => (
          <Node
            key={node.id}
            node={node}
            lane={lane}
            from={from}
            history={history}
            table={table}
            store={store}
            actions={actions}
          />
        ))}
      </ol>
      {runs ? (
        <p class="hint">A training is under way. It is written down here when it ends.</p>
      ) : history.nodes.length === 1 ? (
        <p class="hint">Retrain on a selection, and both states stay here to go back to.</p>
      ) : null}
    </>
  );
}

/** Scrolls the box as far as it takes to see what is in it, and nothing but the box: the page stays where it is. */
function bringInto(box: Element, item: Element): void {
  const outer = box.getBoundingClientRect();
  const inner = item.getBoundingClientRect();
  if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top;
  else if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom;
}

/* ---- the present state ----------------------------------------------------------------------------------- */

function Present({ node, store, actions }: PanelProps & { node: HistoryNode }): JSX.Element {
  const colour = store.colour.value.kind;
  const phase = store.phase.value;
  void store.colours.value; // raised when what the map is compared with has changed
  const moved = store.bulk.before !== null;
  const why = moved ? null : 'Only after a retrain: there is nothing to compare with now.';
  const by = (kind: 'change' | 'drift', words: string, hint: string): JSX.Element => (
    <button
      type="button"
      class="button small"
      aria-pressed={colour === kind}
      aria-disabled={why !== null}
      title={why ?? hint}
      onClick={() => {
        if (why === null) actions.setColour({ kind } satisfies Colouring);
      }}
    >
      {words}
    </button>
  );
  return (
    <div class="present" aria-busy={'job' in phase}>
      <p class="story">{visibleText(storyNow(store, node))}</p>
      <div class="present-buttons">
        {by('change', 'Colour by change of error', 'Where the error rose, and where it fell')}
        {by('drift', 'Colour by drift', 'How far each row has moved on the map')}
      </div>
    </div>
  );
}

function Compared({ node }: { node: HistoryNode }): JSX.Element {
  const [open, setOpen] = useState(true);
  return (
    <details class="fold" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Before and after</summary>
      {open ? <BeforeAfter node={node} /> : null}
    </details>
  );
}

/* ---- the list -------------------------------------------------------------------------------------------- */

interface Listed {
  node: HistoryNode;
  /** How often it branches off on the way to this state: how far it is indented. */
  lane: number;
  /** The state it goes on from, where that is not the one listed before it. */
  from: number | null;
}

/** In the order it was done. A state that goes on from its parent stays in its lane; further ones branch off. */
export function lanes(nodes: readonly HistoryNode[]): Listed[] {
  const lane = new Map<number, number>();
  const continued = new Set<number>();
  return nodes.map((node, i) => {
    const { parent } = node;
    const above = parent === null ? 0 : (lane.get(parent) ?? 0);
    const branches = parent !== null && continued.has(parent);
    if (parent !== null) continued.add(parent);
    const mine = branches ? above + 1 : above;
    lane.set(node.id, mine);
    const before = nodes[i - 1]?.id ?? null;
    return { node, lane: mine, from: parent !== null && parent !== before ? parent : null };
  });
}

interface NodeProps extends PanelProps {
  node: HistoryNode;
  lane: number;
  from: number | null;
  history: History;
  table: TableState;
}

function Node({ node, lane, from, history, table, store, actions }: NodeProps): JSX.Element {
  const here = history.at === node.id;
  const returning = history.returning?.to === node.id;
  const detail = [nodeDetail(node), outcomeOf(node), from === null ? '' : `from ${from}`].filter(Boolean);
  return (
    <li
      class={`retrain-node${here ? ' here' : ''}`}
      style={{ '--lane': Math.min(DEEPEST, lane) }}
      aria-current={here ? 'step' : undefined}
    >
      <span class="retrain-number" aria-hidden="true">
        {node.id}
      </span>
      <span class="retrain-title">
        <span class="visually-hidden">{node.id}. </span>
        {visibleText(nodeTitle(node, table))}
        {here ? <span class="retrain-now">now</span> : null}
      </span>
      <ActionButton
        name={`Return to ${node.id}`}
        look="retrain-return"
        current={here}
        why={whyNot(node, here, history, store)}
        hint={returnHint(node, history)}
        onPress={() => void actions.returnTo(node.id)}
      >
        <Icon name="undo" size={14} />
        Return
      </ActionButton>
      <span class="retrain-detail">
        {unbroken(detail.join(' · '))}
        {returning ? (
          <span role="status"> · doing it again: {aboutText(history.returning?.seconds ?? 0)}</span>
        ) : null}
      </span>
    </li>
  );
}

/** A line never ends between a number and its sign. */
function unbroken(text: string): string {
  return text.replaceAll(' %', '\u00a0%');
}

/** "selection −31 %, rest +12 %"; nothing of a plain training. */
function outcomeOf({ before, after }: HistoryNode): string {
  if (!before || !after) return '';
  return changes(before, after)
    .filter(({ of, change }) => of !== 'class' && change !== null)
    .map(({ of, change }) => `${of} ${percentText(change)}`)
    .join(', ');
}

function whyNot(node: HistoryNode, here: boolean, history: History, store: Store): string | null {
  if (here) return 'The model is here.';
  if (history.returning) return 'Wait until the model is back.';
  if ('job' in store.phase.value) return 'Stop the training first.';
  if (costOf(history, node.id) === null) return 'This state can’t be made again.';
  return null;
}

function returnHint(node: HistoryNode, history: History): string {
  const seconds = costOf(history, node.id);
  return node.kept || seconds === null
    ? 'The model as it was then, bit for bit'
    : `The model as it was then, bit for bit. It is trained again: ${aboutText(seconds)}`;
}
