/** Messages that wait until they are dismissed, and the live regions that speak for the page. */

import type { ComponentChildren, JSX } from 'preact';
import type { Notice, Store } from '../state/store.ts';
import { visibleText } from './data-text.tsx';
import { Icon, type IconName } from './icon.tsx';
import type { PanelProps } from './top-bar.tsx';

const toneIcon: Record<Notice['tone'], IconName> = { info: 'info', warning: 'warning', error: 'alert' };

/** `children` come first. */
export function Notices({
  store,
  actions,
  children,
}: PanelProps & { children?: ComponentChildren }): JSX.Element {
  return (
    <div class="notices">
      {children}
      {store.notices.value.map((notice) => (
        <NoticeBar key={notice.id} notice={notice} actions={actions} />
      ))}
    </div>
  );
}

/** "line 3" as a sentence between two others. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function NoticeBar({ notice, actions }: { notice: Notice } & Pick<PanelProps, 'actions'>): JSX.Element {
  const { action, other, details } = notice;
  return (
    <div class={`notice ${notice.tone}`} role={notice.tone === 'error' ? 'alert' : 'status'}>
      <Icon name={toneIcon[notice.tone]} />
      <p>
        {visibleText(notice.text)}
        {notice.where ? <span class="notice-where"> {sentence(visibleText(notice.where))}</span> : null}
        {notice.hint ? <span class="notice-hint"> {visibleText(notice.hint)}</span> : null}
      </p>
      <span class="notice-buttons">
        {action ? (
          <button type="button" class="button small primary" onClick={action.run}>
            {action.label}
          </button>
        ) : null}
        {other ? (
          <button type="button" class="button small" onClick={other.run}>
            {other.label}
          </button>
        ) : null}
        {details ? (
          <button
            type="button"
            class="button small"
            title="Versions, code and sizes; no data"
            onClick={() => void actions.copyDetails(details)}
          >
            <Icon name="copy" size={14} />
            Copy details
          </button>
        ) : null}
        {other ? null : (
          <button
            type="button"
            class="button quiet square small"
            aria-label="Dismiss"
            onClick={() => actions.dismiss(notice.id)}
          >
            <Icon name="close" size={14} />
          </button>
        )}
      </span>
    </div>
  );
}

/** Progress, politely. Failures are notices, which are said at once. */
export function Messages({ store }: { store: Store }): JSX.Element {
  return (
    <div class="visually-hidden" role="status" aria-live="polite" aria-label="Messages">
      {store.announcement.value}
    </div>
  );
}
