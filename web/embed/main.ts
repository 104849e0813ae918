/**
 * The entry of embed.html, a figure in another page. Small: what draws and trains is fetched when the figure is to
 * start, which is when it is seen, unless it is told otherwise.
 */

import './start.css';
import type { Trouble } from './api.ts';
import { VERSION } from './api.ts';
import type { Live } from './figure.tsx';
import { createPeer, type Peer, TroubleError } from './peer.ts';
import { readSettings, settingsOf } from './schema.ts';

type Shown = 'light' | 'dark' | null;

const read = readSettings(settingsOf(location.hash));
const { figure, wrong } = read;
const host = document.getElementById('app') as HTMLElement;
let live: Promise<Live> | null = null;
let theme: Shown = figure.theme === 'auto' ? null : figure.theme;
let near = true;
let linked = false; // the page around has a link to Unfold of its own

function begin(): Promise<Live> {
  live ??= import('./figure.tsx').then(
    ({ startFigure }) => {
      host.replaceChildren();
      const started = startFigure(host, read, peer, theme ?? 'system');
      started.setNear(near);
      if (linked) started.hideLink();
      return started;
    },
    () => {
      live = null;
      const message = 'This figure could not be loaded completely. Reload the page to try again.';
      say([message]);
      peer.event('unfold-error', { code: 'blocked', message });
      throw new TroubleError('blocked', message);
    },
  );
  return live;
}

function setTheme(next: Shown): void {
  if (figure.theme !== 'auto') return;
  theme = next;
  if (next === null) delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = next;
  void live?.then((started) => started.setTheme(next ?? 'system'));
}

const peer: Peer = createPeer(
  {
    parent: window.parent,
    listen: (hear) => window.addEventListener('message', hear),
    now: () => performance.now(),
  },
  {
    connect(told) {
      if (told.link) {
        linked = true;
        void live?.then((started) => started.hideLink());
      }
      setTheme(told.theme);
      setNear(told.near);
    },
    near: setNear,
    theme: setTheme,
    /* Whoever asks for something wants the figure to be there. */
    command: async (command) => (await begin()).perform(command),
  },
);

function setNear(now: boolean): void {
  near = now;
  void live?.then((started) => started.setNear(now));
}

/** Sentences in place of the figure. */
function say(sentences: string[]): void {
  const words = document.createElement('div');
  words.className = 'embed-words';
  words.setAttribute('role', 'status');
  for (const sentence of sentences) {
    const line = document.createElement('p');
    line.textContent = sentence;
    words.append(line);
  }
  host.append(words);
}

function offer(): void {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'embed-start';
  button.textContent = 'Start';
  button.addEventListener('click', () => {
    button.disabled = true;
    begin().catch(() => undefined);
  });
  host.append(button);
}

/** A frame that nobody tells how far it is finds out by itself: out of sight for so long is far, ms. */
const OUT_OF_SIGHT = 5000;

function watchSight(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const sight = new IntersectionObserver((entries) => {
    clearTimeout(timer);
    if (linked) return sight.disconnect();
    if (entries.at(-1)?.isIntersecting) setNear(true);
    else timer = setTimeout(() => linked || setNear(false), OUT_OF_SIGHT);
  });
  sight.observe(document.documentElement);
}

/** Starts when any of it is seen, also within a frame that is scrolled into view. */
function whenSeen(): void {
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    seen.disconnect();
    begin().catch(() => undefined);
  });
  seen.observe(document.documentElement);
}

if (theme !== null) document.documentElement.dataset['theme'] = theme;
for (const message of wrong) peer.event('unfold-error', { code: 'bad_setting', message } satisfies Trouble);
if (wrong.length > 0) say(wrong);
peer.say({ unfold: VERSION, type: 'state', waits: figure.start === 'load' ? null : figure.start });
watchSight();
if (figure.start === 'load') begin().catch(() => undefined);
else if (figure.start === 'click') offer();
else whenSeen();
