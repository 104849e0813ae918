/**
 * `<unfold-map>`: a figure in any page, as a custom element around a frame of embed.html. It becomes embed.js, a file of
 * its own that imports nothing, since pages elsewhere name it; what it is told is in api.ts.
 *
 * The element makes the frame, hands attributes and theme on, tells the figure when it is far from what is seen, and
 * turns its messages into events and promises. It trusts the frame no further than that: of what comes back only
 * messages of its own frame, from the origin of embed.html, count, and nothing of them becomes markup or an address
 * elsewhere. All it puts on the page is in its shadow root, so that styles of the page and its own do not meet.
 */

import type {
  Choice,
  CommandName,
  Commands,
  FigureEvents,
  Finished,
  FromFigure,
  LoadOptions,
  Parameters,
  RetrainOptions,
  SelectionNews,
  Setting,
  Shape,
  Trouble,
} from './api.ts';

/* Values can't be imported: another file would come with them. A test holds them to api.ts. */
export const MESSAGES_VERSION = 1;
export const OBSERVED: readonly Setting[] = [
  'data',
  'link',
  'method',
  'seed',
  'layers',
  'latent',
  'epochs',
  'learning_rate',
  'focus',
  'colour',
  'label',
  'select',
  'hide',
  'start',
];
const EVENTS: readonly (keyof FigureEvents)[] = [
  'unfold-ready',
  'unfold-selection',
  'unfold-finished',
  'unfold-error',
];
export const MOST = 512 * 1024 * 1024;
const HEIGHT = { least: 160, most: 4000, otherwise: 480 };

/** Farther than this from what is seen, in heights of the window, a figure rests. */
const NEAR = '200% 0px';
/** A frame that has loaded and says nothing for so long is not one of ours, ms. */
const PATIENCE = 15_000;

const STYLE = `
:host { display: block !important; position: relative !important; min-width: 0 !important; margin: 0; contain: layout; }
:host([hidden]) { display: none !important; }
.box { all: initial; display: flex; flex-direction: column; position: relative; box-sizing: border-box; width: 100%; overflow: hidden;
  border: 1px solid #8886; border-radius: 6px; font: 12px/1.4 system-ui, sans-serif; }
iframe { display: block; flex: 1; width: 100%; min-height: 0; margin: 0; border: 0; }
p { all: initial; display: block; padding: 8px 12px; font: 14px/1.45 system-ui, sans-serif; color: inherit; overflow-wrap: anywhere; }
.words { position: absolute; inset: 0; background: #fff; color: #222; overflow: auto; }
.words:empty { display: none; }
.dark .words { background: #16181d; color: #e6e6e6; }
a { all: initial; align-self: flex-end; padding: 4px 10px; font: 12px/16px system-ui, sans-serif; color: #174ea6; text-decoration: underline; cursor: pointer; }
.dark a { color: #9cc3ff; }
.dark { background: #16181d; }
.light { background: #fff; }
a:focus-visible { outline: 2px solid currentColor; outline-offset: -2px; }
a:not([href]) { color: #5c6370; text-decoration: none; cursor: default; }
.dark a:not([href]) { color: #9aa1ad; }
a[hidden] { display: none; }
`;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: FigureError): void;
}

/** What a command is rejected with. */
export class FigureError extends Error {
  readonly code: string;

  constructor({ code, message }: Trouble) {
    super(message);
    this.name = 'FigureError';
    this.code = code;
  }
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** A rejection that nobody waits for is no error of the page. */
function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** Light or dark, as the page around an element is; null: it can't be told. */
function schemeOf(element: Element): 'light' | 'dark' {
  const schemes = getComputedStyle(element).colorScheme;
  const dark = /\bdark\b/.test(schemes);
  const light = /\blight\b/.test(schemes);
  if (dark && light) return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  /* A page that says nothing is light. */
  return dark ? 'dark' : 'light';
}

let address: URL; // of embed.html

/** Makes the element known to the page, for figures whose embed.html is beside a script. Twice does no harm. */
export function defineFigure(script: string): void {
  if (customElements.get('unfold-map')) return;
  address = new URL('embed.html', script);
  customElements.define('unfold-map', UnfoldMapElement);
}

export class UnfoldMapElement extends HTMLElement {
  static readonly observedAttributes: readonly string[] = [...OBSERVED, 'height', 'theme'];

  #box: HTMLElement | null = null;
  #words: HTMLElement | null = null;
  #open: HTMLAnchorElement | null = null;
  #frame: HTMLIFrameElement | null = null;
  #connected = false; // the figure has said that it is there
  #near = true;
  #asked = 0;
  #waiting = new Map<number, Waiting>();
  #queue: { message: object; transfer: Transferable[] }[] = [];
  #leave: AbortController | null = null; // ends everything that listens
  #rebuild = 0;
  #view: string | null = null; // the hash that opens what the figure shows
  #handed = false; // what it shows was put into it: nothing brings that back
  #failed: FigureError | null = null; // why there is no figure in the frame
  #to = ''; // the origin that the frame is spoken to by; '*': it has none
  #ready = deferred<Shape>();
  #unready = false; // `ready` was rejected; data that come later make it another

  /** Resolves when data is on screen; rejects when what the figure was made for can't be opened, or it is removed before. */
  get ready(): Promise<Shape> {
    return this.#ready.promise;
  }

  /** Opens a table in place of what there is. The buffer is moved to the figure: it is empty here afterwards. */
  load(buffer: ArrayBuffer, options: LoadOptions = {}): Promise<Shape> {
    if (!(buffer instanceof ArrayBuffer)) return Promise.reject(new TypeError('load takes an ArrayBuffer.'));
    if (buffer.byteLength > MOST) {
      return Promise.reject(
        new FigureError({ code: 'too_large', message: 'A figure takes 512 MB at most.' }),
      );
    }
    return this.#ask('load', { buffer, ...options }, [buffer]);
  }

  /** Sets fields of the form; they count from the next training. */
  async set(parameters: Parameters): Promise<void> {
    await this.#ask('set', { parameters });
  }

  /** Trains, or goes on; resolves when that has ended or rests. */
  run(): Promise<Finished | null> {
    return this.#ask('run', {});
  }

  async pause(): Promise<void> {
    await this.#ask('pause', {});
  }

  retrain(options: RetrainOptions = {}): Promise<Finished | null> {
    return this.#ask('retrain', { ...options });
  }

  select(rows: Choice): Promise<SelectionNews> {
    return this.#ask('select', { rows });
  }

  /** Ids of the selected rows, counted from 0. */
  selection(): Promise<Uint32Array> {
    return this.#ask('selection', {});
  }

  async undo(): Promise<void> {
    await this.#ask('undo', {});
  }

  async redo(): Promise<void> {
    await this.#ask('redo', {});
  }

  /** Returns to a state of the model, bit for bit: 0 after the first training, 1 after the next. */
  async back(state: number): Promise<void> {
    await this.#ask('back', { state });
  }

  /** The hash that opens what is shown in Unfold; null when there is none. */
  link(): Promise<string | null> {
    return this.#ask('link', {});
  }

  connectedCallback(): void {
    this.#leave?.abort();
    const leave = new AbortController();
    this.#leave = leave;
    const { signal } = leave;
    this.#build();
    window.addEventListener('message', (event) => this.#hear(event), { signal });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#tellTheme(), {
      signal,
    });
    document.addEventListener('securitypolicyviolation', (event) => this.#refused(event), { signal });
    const nearness = new IntersectionObserver((entries) => this.#setNear(entries.at(-1)), {
      rootMargin: NEAR,
    });
    nearness.observe(this);
    /* Pages switch themes by an attribute of the document or of its body. */
    const themes = new MutationObserver(() => this.#tellTheme());
    const attributes = {
      attributes: true,
      attributeFilter: ['class', 'style', 'data-theme', 'data-color-scheme'],
    };
    for (const element of [document.documentElement, document.body]) themes.observe(element, attributes);
    signal.addEventListener('abort', () => {
      nearness.disconnect();
      themes.disconnect();
    });
    this.#makeFrame();
    if (!this.#handed) return;
    this.#handed = false;
    const message =
      'The figure was moved, and the data that was handed over did not move with it: hand it over again.';
    this.#tell('unfold-error', { code: 'lost', message });
  }

  disconnectedCallback(): void {
    this.#leave?.abort();
    this.#leave = null;
    clearTimeout(this.#rebuild);
    this.#frame?.remove();
    this.#frame = null;
    this.#forget('gone', 'The figure was removed from its page.');
  }

  /** Moved without being taken out (`moveBefore`): the frame lives on. */
  connectedMoveCallback(): void {}

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now || !this.isConnected || !this.#box) return;
    if (name === 'height') this.#setHeight();
    else if (name === 'theme') this.#tellTheme();
    else this.#remakeSoon();
  }

  /* ---- the frame --------------------------------------------------------------------------------------- */

  #build(): void {
    if (this.#box) return;
    const root = this.attachShadow({ mode: 'open' });
    /* Adopted, where a page's policy may forbid a style element. */
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const box = document.createElement('div');
    const words = document.createElement('div');
    const open = document.createElement('a');
    box.className = 'box';
    words.className = 'words';
    words.setAttribute('role', 'status');
    open.textContent = 'Open in Unfold';
    open.target = '_blank';
    open.rel = 'noopener';
    open.hidden = true;
    box.append(words, open);
    root.append(box);
    this.#box = box;
    this.#words = words;
    this.#open = open;
  }

  #setHeight(): void {
    const given = this.getAttribute('height');
    const height = given === null ? HEIGHT.otherwise : Number(given.replace(/px$/, ''));
    const good = Number.isFinite(height) && height >= HEIGHT.least && height <= HEIGHT.most;
    if (this.#box) this.#box.style.height = `${good ? height : HEIGHT.otherwise}px`;
    if (good) return;
    const message = `height is “${String(given).slice(0, 40)}”; it must be a number of pixels, ${HEIGHT.least} to ${HEIGHT.most}.`;
    this.#tell('unfold-error', { code: 'bad_setting', message });
  }

  /** Attributes that change together make one new frame. */
  #remakeSoon(): void {
    clearTimeout(this.#rebuild);
    this.#rebuild = window.setTimeout(() => {
      if (!this.isConnected) return;
      this.#view = null;
      this.#handed = false;
      this.#forget('gone', 'The figure was made anew, with other attributes.');
      this.#makeFrame();
    });
  }

  #makeFrame(): void {
    this.#setHeight();
    this.#frame?.remove();
    this.#words?.replaceChildren();
    this.#connected = false;
    this.#failed = null;
    this.#offer(null);
    const frame = document.createElement('iframe');
    frame.title = this.getAttribute('aria-label') ?? this.title ?? '';
    if (frame.title === '') frame.title = 'Interactive map of data, made with Unfold';
    /* The latter for copying a link, which the reader asks for by a button. */
    frame.allow = 'cross-origin-isolated; clipboard-write';
    frame.referrerPolicy = 'no-referrer';
    if (this.getAttribute('start') !== 'load') frame.loading = 'lazy';
    /* On our own origin a sandbox could undo itself, and only look like one. */
    if (address.origin !== location.origin) {
      frame.sandbox.add('allow-scripts', 'allow-same-origin', 'allow-downloads');
    }
    const settings = new URLSearchParams();
    for (const name of OBSERVED) {
      const value = this.getAttribute(name);
      if (value !== null) settings.set(name, value);
    }
    if (this.#view !== null) settings.set('link', this.#view);
    const source = new URL(address);
    source.hash = settings.toString();
    frame.addEventListener('load', () => this.#expect(frame));
    frame.src = source.href;
    this.#frame = frame;
    this.#paint();
    this.#box?.prepend(frame);
  }

  /** A frame that loads and stays silent was refused, or its scripts were: said in its place. */
  #expect(frame: HTMLIFrameElement): void {
    const timer = setTimeout(() => {
      if (frame !== this.#frame || this.#connected || this.#failed) return;
      this.#fail(silence(address));
    }, PATIENCE);
    this.#leave?.signal.addEventListener('abort', () => clearTimeout(timer));
  }

  /** The page's own policy keeps the frame out: no need to wait for it. */
  #refused({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void {
    const frames = effectiveDirective === 'frame-src' || effectiveDirective === 'child-src';
    if (!frames || !blockedURI.startsWith(address.origin) || this.#connected || this.#failed) return;
    this.#fail(silence(address));
  }

  #fail(message: string): void {
    const line = document.createElement('p');
    line.textContent = message;
    this.#words?.replaceChildren(line);
    this.#failed = this.#drop('blocked', message);
    this.#tell('unfold-error', { code: 'blocked', message });
  }

  /** Everything that waits is told why it waits in vain. */
  #drop(code: string, message: string): FigureError {
    this.#connected = false;
    const error = new FigureError({ code, message });
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#queue = [];
    this.#refuseReady(error);
    return error;
  }

  /** The frame is gone; the next one has a `ready` of its own. */
  #forget(code: string, message: string): void {
    this.#drop(code, message);
    this.#ready = deferred<Shape>();
    this.#unready = false;
  }

  #refuseReady(error: FigureError): void {
    this.#ready.reject(error);
    this.#unready = true;
  }

  /* ---- theme and nearness ------------------------------------------------------------------------------- */

  get #theme(): 'light' | 'dark' {
    const own = this.getAttribute('theme');
    return own === 'light' || own === 'dark' ? own : schemeOf(this);
  }

  #paint(): void {
    if (this.#box) this.#box.className = `box ${this.#theme}`;
  }

  #tellTheme(): void {
    this.#paint();
    if (this.#connected) this.#post({ type: 'theme', theme: this.#theme });
  }

  #setNear(entry: IntersectionObserverEntry | undefined): void {
    const near = entry?.isIntersecting ?? true;
    if (near === this.#near) return;
    this.#near = near;
    if (this.#connected) this.#post({ type: 'near', near });
  }

  /* ---- messages ----------------------------------------------------------------------------------------- */

  #post(message: object, transfer: Transferable[] = []): void {
    this.#frame?.contentWindow?.postMessage({ unfold: MESSAGES_VERSION, ...message }, this.#to, transfer);
  }

  #ask<N extends CommandName>(
    command: N,
    fields: object,
    transfer: Transferable[] = [],
  ): Promise<Commands[N]['give']> {
    if (!this.isConnected) {
      return Promise.reject(new FigureError({ code: 'gone', message: 'The figure is not on a page.' }));
    }
    if (this.#failed) return Promise.reject(this.#failed);
    this.#asked += 1;
    const id = this.#asked;
    const message = { type: 'command', id, command, ...fields };
    /* A frame that waits to be scrolled to is fetched for who asks something of it. */
    if (!this.#connected && this.#frame) this.#frame.loading = 'eager';
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      if (this.#connected) this.#post(message, transfer);
      else this.#queue.push({ message, transfer });
    });
  }

  #hear({ source, origin, data }: MessageEvent): void {
    if (!this.#frame || source !== this.#frame.contentWindow) return;
    /* In a page that a sandbox leaves no origin its frames have none either: the window alone tells which one speaks. */
    if (origin !== address.origin && !(origin === 'null' && self.origin === 'null')) return;
    const message = data as FromFigure | null;
    if (typeof message !== 'object' || message?.unfold !== MESSAGES_VERSION) return;
    switch (message.type) {
      case 'hello':
        this.#connect(origin);
        break;
      case 'broken':
        if (!this.#failed) this.#fail(String(message.message));
        break;
      case 'unable':
        this.#refuseReady(new FigureError(message.error));
        break;
      case 'event':
        if (EVENTS.includes(message.name)) this.#tell(message.name, message.detail);
        break;
      case 'link':
        this.#handed = message.handed === true;
        this.#takeLink(message.hash);
        break;
      case 'answer':
        this.#take(message);
        break;
      default:
    }
  }

  #connect(origin: string): void {
    this.#connected = true;
    this.#to = origin === 'null' ? '*' : origin;
    /* One that was given up, since it took long. */
    this.#failed = null;
    this.#words?.replaceChildren();
    this.#post({ type: 'connect', theme: this.#theme, near: this.#near, link: true });
    const queue = this.#queue;
    this.#queue = [];
    for (const { message, transfer } of queue) this.#post(message, transfer);
  }

  #take(answer: Extract<FromFigure, { type: 'answer' }>): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(new FigureError(answer.error));
    else waiting?.resolve(answer.value);
  }

  /** The address stays ours: only the hash is taken, and only one of the kind that the page reads. */
  #takeLink(hash: unknown): void {
    if (hash === null) {
      this.#view = null;
      this.#offer(null);
    }
    if (typeof hash !== 'string' || !/^#v\d+\.[\w.~%+-]*$/.test(hash)) return;
    this.#view = hash;
    const page = new URL('./', address);
    page.hash = hash;
    this.#offer(page.href);
  }

  /** The way to the whole page. Until there is one its words hold its place; where there will be none there is no line for it. */
  #offer(href: string | null): void {
    if (!this.#open) return;
    if (href === null) this.#open.removeAttribute('href');
    else this.#open.href = href;
    this.#open.hidden = href === null && this.#handed;
  }

  #tell<N extends keyof FigureEvents>(name: N, detail: FigureEvents[N]): void {
    if (name === 'unfold-ready') {
      if (this.#unready) this.#ready = deferred<Shape>();
      this.#unready = false;
      this.#ready.resolve(detail as Shape);
    }
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

/** Why a frame may stay silent, as far as the page around it can tell. */
function silence(address: URL): string {
  const where = address.host || 'its site';
  if (globalThis.crossOriginIsolated) {
    return (
      `The figure from ${where} did not load. This page is cross-origin isolated: the browser shows frames only from ` +
      'sites that send Cross-Origin-Embedder-Policy and Cross-Origin-Resource-Policy: cross-origin.'
    );
  }
  return (
    `The figure from ${where} did not load. The page’s Content-Security-Policy must name the site in frame-src, and ` +
    'the site must be reachable.'
  );
}
