/** Where the data goes, as a fact that can be checked: what this page has asked for, and how to see for oneself. */

import './help.css';
import './privacy.css';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Asked, askedFor, type Noted } from '../state/requests.ts';
import { formatCount } from '../state/summary.ts';
import { byteText } from '../state/transport.ts';
import { visibleText } from './data-text.tsx';
import { Icon } from './icon.tsx';
import { OfflinePart } from './offline-line.tsx';
import type { PanelProps } from './top-bar.tsx';

/** Requests that browsers note unless they are told to note more. */
const NOTED = 250;

/** What was asked for so far, and whatever is from now on. */
function useRequests(): readonly Asked[] {
  const [asked, setAsked] = useState<readonly Asked[]>([]);
  useEffect(() => {
    const look = (): void => {
      const notes = [
        ...performance.getEntriesByType('navigation'),
        ...performance.getEntriesByType('resource'),
      ];
      setAsked(askedFor(notes as unknown as Noted[], document.baseURI));
    };
    look();
    const observer = new PerformanceObserver(look);
    observer.observe({ type: 'resource' });
    return () => observer.disconnect();
  }, []);
  return asked;
}

export interface PrivacyProps extends PanelProps {
  onClose(): void;
}

export function PrivacyDialog({ store, actions, onClose }: PrivacyProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="help-sheet privacy"
      aria-labelledby="privacy-heading"
      onClose={onClose}
      onClick={(event) => {
        /* The backdrop is the dialog itself; what is in it is not. */
        if (event.target === event.currentTarget) dialog.current?.close();
      }}
      onKeyDown={(event) => {
        /* One key closes one thing: this may lie over the help. */
        event.stopPropagation();
      }}
    >
      <div class="help-body">
        <header>
          <h2 id="privacy-heading">Your data stays here</h2>
          <button
            type="button"
            class="button quiet square"
            aria-label="Close"
            onClick={() => dialog.current?.close()}
          >
            <Icon name="close" />
          </button>
        </header>
        <p>
          A file that you open is read, trained on and drawn in this page, on this machine. Nothing of it is
          sent anywhere: the page asks its own site for its own files, and the browser forbids it, and the
          workers that compute for it, to ask any other.
        </p>
        <h3>See for yourself</h3>
        <ul class="privacy-ways">
          <li>
            <strong>Watch the network.</strong> Open the browser’s developer tools (F12 in most), choose
            Network, then open a file and train. No request carries anything of it.
          </li>
          <li>
            <strong>Pull the plug.</strong> Once “Ready offline” is said below, switch the network off.
            Everything goes on working, after a reload, too.
          </li>
          <li>
            <strong>Read the list.</strong> It is what the browser has noted of this page, and grows while you
            look.
          </li>
        </ul>
        <Requests />
        <OfflinePart store={store} actions={actions} />
      </div>
    </dialog>
  );
}

function Requests(): JSX.Element {
  const asked = useRequests();
  const others = asked.filter(({ own }) => !own).length;
  const most = asked.length > NOTED ? ' The browser notes no more than these.' : '';
  return (
    <>
      <h3>What this page has asked for</h3>
      <p>
        {formatCount(asked.length)} {asked.length === 1 ? 'request' : 'requests'} since it was opened,{' '}
        {others === 0
          ? `every one for a file of this site (${location.host}).`
          : `${formatCount(others)} of them marked: not for a plain file of this site (${location.host}).`}
        {most}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <div class="privacy-list" tabIndex={0} role="region" aria-label="Requests">
        <table>
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col">After</th>
              <th scope="col">Size</th>
              <th scope="col">Answered by</th>
            </tr>
          </thead>
          <tbody>
            {asked.map((request, i) => (
              <tr key={i} class={request.own ? '' : 'foreign'}>
                <th scope="row">{visibleText(request.file)}</th>
                <td>{(request.at / 1000).toFixed(1)} s</td>
                <td>{byteText(request.bytes)}</td>
                <td>{request.by}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">
        The workers’ own requests, for the program that computes and for the copies that are kept for use
        without a network, are noted apart: the developer tools show them.
      </p>
    </>
  );
}
