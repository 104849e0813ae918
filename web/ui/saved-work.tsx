/**
 * Work from earlier visits: a card that offers it once, and a part of the data panel that lists it, says what is kept
 * of the present one, and forgets it.
 */

import type { JSX } from 'preact';
import type { Listed, Saves, SavesState } from '../state/save-actions.ts';
import { statesText } from '../state/save-text.ts';
import { formatCount } from '../state/summary.ts';
import { byteText } from '../state/transport.ts';
import { ActionButton } from './action-button.tsx';
import { visibleText } from './data-text.tsx';
import { Fold } from './fold.tsx';
import { Icon } from './icon.tsx';
import { OPEN_INPUT, type PanelProps } from './top-bar.tsx';
import './saved-work.css';

/** "today at 14:02", "yesterday at 9:30", "12 March at 9:30" */
export function whenText(saved: number, now = Date.now()): string {
  const [then, today] = [new Date(saved), new Date(now)];
  const clock = then.toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' });
  const days = Math.round((today.setHours(0, 0, 0, 0) - new Date(saved).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return `today at ${clock}`;
  if (days === 1) return `yesterday at ${clock}`;
  const year = then.getFullYear() === today.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return `${then.toLocaleDateString([], { day: 'numeric', month: 'long', ...year })} at ${clock}`;
}

function aboutText({ brief }: Listed): string {
  const { rows, states, retrains, saved } = brief;
  const all = rows === 1 ? '1 row' : `${formatCount(rows)} rows`;
  return `${all}, ${statesText(states, retrains)}, saved ${whenText(saved)}`;
}

function savesOf({ actions }: Pick<PanelProps, 'actions'>): { saves: Saves; state: SavesState } | null {
  const saves = actions.saves?.content.value;
  return saves ? { saves, state: saves.state.value } : null;
}

/** Offers what was left, until the person has answered or begun something else. */
export function SavedCard({ actions }: Pick<PanelProps, 'actions'>): JSX.Element | null {
  const found = savesOf({ actions });
  if (!found) return null;
  const { saves, state } = found;
  if (state.waiting !== null) return <Waiting name={state.waiting} saves={saves} />;
  if (!state.asks || state.left.length === 0) return null;
  const [latest, ...others] = state.left;
  const more = others.length === 1 ? '1 more' : `${formatCount(others.length)} more`;
  return (
    <section class="notice saved-card" aria-labelledby="saved-heading">
      <Icon name="bookmark" />
      <div class="saved-body">
        <h2 id="saved-heading">Your work is still here</h2>
        <WorkList works={latest ? [latest] : []} saves={saves} state={state} primary />
        {others.length > 0 ? (
          <Fold summary={more}>
            <WorkList works={others} saves={saves} state={state} />
          </Fold>
        ) : null}
      </div>
      <button
        type="button"
        class="button quiet square small"
        aria-label="Not now"
        title="Not now; it stays in the data panel, under “Saved work”"
        onClick={() => saves.later()}
      >
        <Icon name="close" size={14} />
      </button>
    </section>
  );
}

function Waiting({ name, saves }: { name: string; saves: Saves }): JSX.Element {
  return (
    <section class="notice saved-card" aria-label="Saved work">
      <Icon name="open" />
      <p>
        Your work waits for <strong>{visibleText(name)}</strong>, which was not kept with it. Drop the same
        file here: its fingerprint is compared, and everything comes back.
      </p>
      <span class="notice-buttons">
        <label class="button small primary" for={OPEN_INPUT}>
          Open the file
        </label>
        <button type="button" class="button small" onClick={() => saves.giveUp()}>
          Give up
        </button>
      </span>
    </section>
  );
}

function WorkList({
  works,
  saves,
  state,
  primary = false,
}: {
  works: readonly Listed[];
  saves: Saves;
  state: SavesState;
  primary?: boolean;
}): JSX.Element {
  const why = state.busy ? 'Something is being brought back.' : null;
  return (
    <ul class="saved-list">
      {works.map((work) => {
        const name = visibleText(work.brief.name);
        return (
          <li key={work.slot}>
            <p>
              <strong>{name}</strong> <span class="saved-about">{aboutText(work)}</span>
              {work.brief.whole ? null : <span class="saved-about">; the file is needed again</span>}
            </p>
            <span class="notice-buttons">
              <ActionButton
                name={`Bring back ${name}`}
                look={primary ? 'primary' : ''}
                why={why}
                onPress={() => void saves.bringBack(work.slot)}
              >
                Bring back
              </ActionButton>
              <ActionButton
                name={`Forget ${name}`}
                hint="Deletes it from this device"
                why={why}
                onPress={() => void saves.forget(work.slot)}
              >
                Forget
              </ActionButton>
            </span>
          </li>
        );
      })}
    </ul>
  );
}

const PROBLEMS: Record<NonNullable<SavesState['problem']>, string> = {
  denied: 'This browser keeps nothing for this page.',
  full: 'There is no room left to keep this work.',
  blocked: 'Another tab with an older version keeps the saved work busy.',
  newer: 'A newer version of Unfold has saved work here; this one keeps nothing.',
  failed: 'This work can’t be kept here.',
};

function presentText({ keeps, kept, problem }: SavesState): string {
  if (problem) return PROBLEMS[problem];
  if (!keeps) return 'Nothing is kept: work is gone when the tab is closed.';
  return kept
    ? `Saved ${whenText(kept.at)}, ${byteText(kept.bytes)}. After a crash or a reload it is one press away.`
    : 'It is saved as you go. There is nothing to keep yet.';
}

/** The part of the data panel about what is kept. */
export function SavedPanel({ store, actions }: PanelProps): JSX.Element | null {
  const found = savesOf({ actions });
  if (!found) return null;
  const { saves, state } = found;
  const nothing = store.table.value ? null : 'There is nothing to save.';
  return (
    <Fold summary="Saved work">
      <div class="saved-panel">
        <label class="check">
          <input
            type="checkbox"
            checked={state.keeps}
            onChange={(event) => void saves.setKeeps(event.currentTarget.checked)}
          />
          Keep work on this device
        </label>
        <p class="hint">{presentText(state)}</p>
        {state.keeps && state.kept && state.guarded !== null ? (
          <Guard saves={saves} guarded={state.guarded} />
        ) : null}
        {state.left.length > 0 ? <WorkList works={state.left} saves={saves} state={state} /> : null}
        <div class="saved-buttons">
          <ActionButton
            why={nothing}
            hint="Data, model and history as one file, which this page opens again"
            onPress={() => void saves.download()}
          >
            Save as a file
          </ActionButton>
          <button type="button" class="button small" onClick={() => saves.forgetAll()}>
            Forget everything saved here
          </button>
        </div>
      </div>
    </Fold>
  );
}

function Guard({ saves, guarded }: { saves: Saves; guarded: boolean }): JSX.Element {
  if (guarded) return <p class="hint">The browser keeps it until you forget it.</p>;
  return (
    <p class="hint">
      The browser may clear it when space gets short.{' '}
      <button type="button" class="button small" onClick={() => void saves.guard()}>
        Ask it not to
      </button>
    </p>
  );
}
