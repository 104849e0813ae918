// Use without a network: the list of files, what the service worker answers and how, and what the page says of it.
// The worker itself is tested in a browser (e2e/offline.spec.ts).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isolationHeaders } from '../../build/headers.mjs';
import { sha256 } from '../../build/lib.mjs';
import { siteFiles } from '../../build/offline.mjs';
import { takeLaunches } from '../../web/client/launch.ts';
import type { Container } from '../../web/client/offline.ts';
import { unsavedWork } from '../../web/offline.ts';
import type { OfflineReport } from '../../web/protocol/offline.ts';
import type { Actions } from '../../web/state/actions.ts';
import { somethingAtStake } from '../../web/state/at-stake.ts';
import { createOffline } from '../../web/state/offline-actions.ts';
import { askedFor, type Noted } from '../../web/state/requests.ts';
import { createStore, type Notice, type OfflineState } from '../../web/state/store.ts';
import { offlineText } from '../../web/ui/offline-line.tsx';
import { temporaryFolder } from '../e2e/harness/files.ts';

const POLICY = "default-src 'none'; connect-src 'self'";

describe('the list of files', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  const put = (path: string, bytes: string | Uint8Array): void => {
    mkdirSync(join(folder.path, path, '..'), { recursive: true });
    writeFileSync(join(folder.path, path), bytes);
  };

  it('has every file but the worker and the copies for servers, with a hash that fetch understands', () => {
    const html = `<meta\n  http-equiv="Content-Security-Policy"\n  content="${POLICY}"\n/>`;
    put('index.html', html);
    put('assets/a.js', 'export {};');
    put('assets/a.js.gz', gzipSync('export {};'));
    put('assets/a.js.br', 'x');
    put('sw.js', 'x');
    put('data/t.csv.gz', gzipSync('a\n1\n'));
    put('data/catalog.json', JSON.stringify([{ id: 't', file: 't.csv.gz', sha256: sha256('a\n1\n') }]));
    const { files, policies } = siteFiles(folder.path);
    expect(Object.keys(files).sort()).toEqual([
      'assets/a.js',
      'data/catalog.json',
      'data/t.csv.gz',
      'index.html',
    ]);
    const base64 = (bytes: string | Uint8Array): string =>
      Buffer.from(sha256(bytes), 'hex').toString('base64');
    expect(files['assets/a.js']).toEqual([`sha256-${base64('export {};')}`, 10]);
    // As it lies there, and as it arrives where the host has it unpacked on the way.
    const [packed] = files['data/t.csv.gz'] ?? [''];
    expect(packed.split(' ')).toEqual([
      `sha256-${base64(readFileSync(join(folder.path, 'data/t.csv.gz')))}`,
      `sha256-${base64('a\n1\n')}`,
    ]);
    expect(policies).toEqual({ 'index.html': POLICY });
  });
});

describe('what the service worker answers', () => {
  type Answer = typeof import('../../web/sw/answer.ts');
  let answer: Answer;
  const at = 'http://host.test/some/folder/';

  beforeAll(async () => {
    vi.stubGlobal('location', { href: `${at}sw.js` });
    const files = {
      'index.html': ['sha256-a', 1],
      'docs/index.html': ['sha256-b', 1],
      'assets/a.js': ['c', 1],
    };
    const policies = { 'index.html': POLICY, 'docs/index.html': "default-src 'self'" };
    vi.stubGlobal('__SITE__', { version: 'v', files, policies, headers: isolationHeaders });
    answer = await import('../../web/sw/answer.ts');
  });
  afterAll(() => vi.unstubAllGlobals());

  const request = (path: string, init: RequestInit = {}): Request => new Request(new URL(path, at), init);

  it('is for the files of this folder alone, asked for with GET and whole', () => {
    const { wanted } = answer;
    expect(wanted(request('.'))).toBe('index.html');
    expect(wanted(request('index.html?x=1#v1.abc'))).toBe('index.html');
    expect(wanted(request('docs/'))).toBe('docs/index.html');
    expect(wanted(request('assets/of-another-version.js'))).toBe('assets/of-another-version.js');
    expect(wanted(request('assets/a.js', { method: 'POST', body: 'rows' }))).toBeNull();
    expect(wanted(request('assets/a.js', { headers: { range: 'bytes=0-9' } }))).toBeNull();
    for (const path of [
      'elsewhere.html',
      'sw.js',
      '../index.html',
      '/index.html',
      'http://other.test/index.html',
    ]) {
      expect(wanted(request(path)), path).toBeNull();
    }
    const cached = {
      method: 'GET',
      headers: new Headers(),
      cache: 'only-if-cached',
      mode: 'no-cors',
      url: at,
    };
    expect(wanted(cached as unknown as Request)).toBeNull();
  });

  it('has isolation, and the policy of its document; scripts have that of the page', () => {
    const { dressed } = answer;
    const script = dressed(
      new Response('x', { headers: { 'Content-Type': 'text/javascript' } }),
      'assets/a.js',
    );
    for (const [name, value] of Object.entries(isolationHeaders))
      expect(script.headers.get(name)).toBe(value);
    expect(script.headers.get('content-type')).toBe('text/javascript');
    expect(script.headers.get('content-security-policy')).toBe(POLICY);
    const own = new Response('x', { headers: { 'Content-Security-Policy': "img-src 'none'" } });
    // The host's own policy is not weakened: both hold.
    expect(dressed(own, 'docs/index.html').headers.get('content-security-policy')).toBe(
      "img-src 'none', default-src 'self'",
    );
  });

  it.each([101, 204, 205, 304])('is passed on as it is where it can have no body: %i', (status) => {
    const bodiless = { status, type: 'basic', body: null, headers: new Headers() } as unknown as Response;
    expect(answer.dressed(bodiless, 'index.html')).toBe(bodiless);
  });

  it('is passed on as it is where it is a redirect that nobody may look into', () => {
    const redirect = { status: 0, type: 'opaqueredirect', body: null } as unknown as Response;
    expect(answer.dressed(redirect, 'index.html')).toBe(redirect);
  });
});

/** The browser's caches, as far as the worker uses them; `full`: there is no room for anything more. */
class Caches {
  readonly all = new Map<string, Map<string, Response>>();
  full = false;
  async open(name: string) {
    const found = this.all.get(name) ?? new Map<string, Response>();
    this.all.set(name, found);
    return {
      keys: async () => [...found.keys()].map((url) => ({ url })),
      put: async (url: string, response: Response) => {
        if (this.full) throw new DOMException('full', 'QuotaExceededError');
        found.set(url, response);
      },
    };
  }
  async match(url: string, { cacheName }: { cacheName: string }) {
    return this.all.get(cacheName)?.get(url)?.clone();
  }
  keys = async () => [...this.all.keys()];
  delete = async (name: string) => this.all.delete(name);
}

describe('what the service worker keeps', () => {
  const folder = 'http://host.test/some/folder/';
  const version = { version: 'v', policies: {}, headers: {} };
  const paths = ['index.html', 'assets/a.js', 'data/t.csv'];
  let caches: Caches;

  /** A worker of this version that was just started, with these versions whole. */
  async function started(...whole: string[]) {
    vi.resetModules();
    caches = new Caches();
    vi.stubGlobal('location', { href: `${folder}sw.js` });
    vi.stubGlobal('caches', caches);
    vi.stubGlobal('__SITE__', {
      ...version,
      files: Object.fromEntries(paths.map((path) => [path, ['', 1]])),
    });
    const locks = { request: (_: string, change: () => unknown) => change() };
    const storage = { estimate: async () => ({ quota: 1e9, usage: 0 }) };
    vi.stubGlobal('self', { navigator: { locks, storage }, clients: { matchAll: async () => [] } });
    vi.stubGlobal('fetch', async () => new Response('x'));
    for (const name of whole) {
      const cache = await caches.open(`unfold /some/folder/ ${name}`);
      for (const path of paths) await cache.put(folder + path, new Response(name));
    }
    const state = await caches.open('unfold /some/folder/ state');
    await state.put(`${folder}.kept/versions`, new Response(whole.join(' ')));
    return {
      keep: await import('../../web/sw/keep.ts'),
      answer: await import('../../web/sw/answer.ts'),
    };
  }
  const kept = (): Record<string, number> =>
    Object.fromEntries([...caches.all].map(([name, files]) => [name.split(' ').at(-1), files.size]));
  afterAll(() => vi.unstubAllGlobals());

  it('is a whole version, or nothing of it', async () => {
    const { keep } = await started('u');
    await keep.install();
    expect(kept()).toEqual({ u: 3, v: 3, state: 1 });
    const other = await started('u');
    caches.full = true;
    await expect(other.keep.install()).rejects.toThrow(/full/);
    expect(kept()).toEqual({ u: 3, state: 1 });
  });

  it('is told, and mended, where the browser has dropped some of it', async () => {
    const { keep } = await started('v');
    caches.all.get('unfold /some/folder/ v')?.delete(`${folder}assets/a.js`);
    expect((await keep.report()).missing).toEqual([{ file: 'assets/a.js', bytes: 1 }]);
    await keep.complete();
    expect((await keep.report()).missing).toEqual([]);
    expect(kept()).toEqual({ v: 3, state: 1 });
  });

  it('stays when the same version is installed once more, and that fails (row 79)', async () => {
    const { keep } = await started('v', 'w');
    caches.full = true;
    await expect(keep.install()).rejects.toThrow(/full/);
    expect(kept()).toEqual({ v: 3, w: 3, state: 1 });
    // The browser has dropped a file of it, and it can't be had again: the rest still answers.
    const part = await started('v', 'w');
    caches.all.get('unfold /some/folder/ v')?.delete(`${folder}assets/a.js`);
    vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
    await expect(part.keep.install()).rejects.toThrow(/missing/);
    expect(kept()).toEqual({ v: 2, w: 3, state: 1 });
    vi.stubGlobal('fetch', async () => new Response('x'));
    await part.keep.install();
    expect(kept()).toEqual({ v: 3, w: 3, state: 1 });
  });

  it('answers with a mark, and what the host was asked for without one', async () => {
    const { answer } = await started('v');
    const asked = async (path: string): Promise<string | null> => {
      const event = { request: { mode: 'cors' }, clientId: 'c', waitUntil: () => undefined };
      return (await answer.answer(event as unknown as Parameters<typeof answer.answer>[0], path)).headers.get(
        'Server-Timing',
      );
    };
    expect(await asked('assets/a.js')).toBe('unfold-kept');
    expect(await asked('assets/elsewhere.js')).toBeNull();
  });
});

/* ---- the page's side ---------------------------------------------------------------------------------------- */

const ADDRESS = 'http://host.test/sw.js';

/** Where workers say things: the page that was made last. */
let pages: EventTarget | null = null;

class Worker_ extends EventTarget {
  readonly scriptURL: string;
  state: ServiceWorkerState;
  readonly asked: string[] = [];
  readonly ours: boolean; // others answer nothing
  constructor(state: ServiceWorkerState, scriptURL = ADDRESS, ours = true) {
    super();
    this.state = state;
    this.scriptURL = scriptURL;
    this.ours = ours;
  }
  postMessage({ type }: { type: string }): void {
    this.asked.push(type);
    if (type !== 'version' || !this.ours) return;
    const data = { type: 'offline-version', version: 'v' };
    queueMicrotask(() => pages?.dispatchEvent(new MessageEvent('message', { data })));
  }
  become(state: ServiceWorkerState): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

class Registration extends EventTarget {
  installing: Worker_ | null = null;
  waiting: Worker_ | null = null;
  active: Worker_ | null = null;
  unregistered = false;
  readonly scope = 'http://host.test/';
  unregister(): Promise<boolean> {
    this.unregistered = true;
    return Promise.resolve(true);
  }
}

interface Page {
  store: ReturnType<typeof createStore>;
  container: EventTarget & { controller: Worker_ | null };
  registration: Registration;
  notices: Notice[];
  press(label: string): Promise<void>;
  tell(report: unknown): void;
  reloads: number;
}

const later = (): Promise<void> => new Promise((done) => setTimeout(done));

/** A page whose browser is played by the test. */
async function page(
  { unsaved = false, sparing = false, refuse = false } = {},
  prepare: (registration: Registration) => void = () => undefined,
): Promise<Page> {
  vi.stubGlobal('origin', 'http://host.test');
  vi.stubGlobal('document', new EventTarget());
  const registration = new Registration();
  prepare(registration);
  const store = createStore();
  store.phase.value = { kind: 'empty' };
  const container = Object.assign(new EventTarget(), {
    controller: registration.active,
    getRegistration: () => Promise.resolve(registration.unregistered ? undefined : registration),
    register: () => (refuse ? Promise.reject(new Error('no')) : Promise.resolve(registration)),
  });
  pages = container;
  const made: Page = {
    store,
    container,
    registration,
    notices: [],
    reloads: 0,
    tell: (data) => container.dispatchEvent(new MessageEvent('message', { data })),
    async press(label) {
      const [notice] = made.notices;
      const button = [notice?.action, notice?.other].find((candidate) => candidate?.label === label);
      if (!button) throw new Error(`no ${label} in “${notice?.text}”`);
      button.run();
      await later();
    },
  };
  let id = 0;
  const actions = {
    notify(notice: Omit<Notice, 'id'>) {
      made.notices.push({ id: ++id, ...notice });
      return id;
    },
    dismiss(number: number) {
      made.notices = made.notices.filter((notice) => notice.id !== number);
    },
    announce: () => undefined,
  } as unknown as Actions;
  createOffline(store, actions, {
    container: container as unknown as Container,
    address: ADDRESS,
    sparing: () => sparing,
    unsaved: () => Promise.resolve(unsaved),
    reload: () => {
      made.reloads++;
    },
  });
  await later();
  return made;
}

const report = (more: Partial<OfflineReport> = {}): OfflineReport => ({
  type: 'offline',
  version: 'v',
  bytes: 100,
  missing: [],
  full: false,
  ...more,
});
const withActive = (registration: Registration): void => {
  registration.active = new Worker_('activated');
};
const withWaiting = (registration: Registration): void => {
  withActive(registration);
  registration.waiting = new Worker_('installed');
};

describe('the page', () => {
  afterAll(() => vi.unstubAllGlobals());

  it('begins when what is first seen is there, and not before', async () => {
    const { store, registration } = await page();
    expect(store.offline.value).toEqual({ kind: 'unknown' });
    registration.installing = new Worker_('installing');
    registration.dispatchEvent(new Event('updatefound'));
    expect(store.offline.value).toEqual({ kind: 'installing' });
    const early = createStore();
    const register = vi.fn();
    createOffline(early, {} as Actions, {
      container: { register } as unknown as Container,
      address: ADDRESS,
      sparing: () => false,
      unsaved: () => Promise.resolve(false),
      reload: () => undefined,
    });
    await later();
    expect(register).not.toHaveBeenCalled();
  });

  it('says quietly that nothing can be kept', async () => {
    const { store, notices } = await page({ refuse: true });
    expect(store.offline.value).toEqual({ kind: 'refused' });
    expect(notices).toEqual([]);
  });

  it('has large files fetched, unless that costs; then when it is asked to', async () => {
    const missing = [{ file: 'data/large.gz', bytes: 7 }];
    const free = await page({}, withActive);
    free.tell(report({ missing }));
    expect(free.registration.active?.asked).toEqual(['report', 'complete']);
    expect(free.store.offline.value).toMatchObject({ kind: 'ready', fetching: true });
    free.tell(report({ missing, full: true }));
    expect(free.store.offline.value).toMatchObject({ fetching: false, full: true });

    const costly = await page({ sparing: true }, withActive);
    costly.tell(report({ missing }));
    expect(costly.registration.active?.asked).toEqual(['report']);
    expect(costly.store.offline.value).toMatchObject({ fetching: false });
    costly.store.keepOffline.value = 'all';
    await later();
    expect(costly.registration.active?.asked).toEqual(['report', 'complete']);
  });

  it('passes over messages that it does not understand', async () => {
    const { store, tell } = await page({}, withActive);
    for (const data of [null, 7, { type: 'offline' }, { type: 'other' }, { ...report(), missing: 'all' }])
      tell(data);
    expect(store.offline.value).toEqual({ kind: 'unknown' });
  });

  it('tells what went wrong the first time, and nothing when there is a version that is whole', async () => {
    const failure = { type: 'offline-failed', version: 'w', file: 'assets/a.js', reason: 'damaged' };
    const first = await page();
    first.tell(failure);
    expect(first.store.offline.value).toEqual({ kind: 'failed', reason: 'damaged' });
    const second = await page({}, withActive);
    second.tell(report());
    second.tell(failure);
    expect(second.store.offline.value.kind).toBe('ready');
  });

  it('puts a new version to work when it is told to, and is loaded again then', async () => {
    const made = await page({}, withWaiting);
    const { waiting } = made.registration;
    expect(made.notices.map(({ text }) => text)).toEqual(['A new version is ready.']);
    expect(waiting?.asked).toEqual(['version']);
    await made.press('Update');
    expect(waiting?.asked).toEqual(['version', 'activate']);
    expect(made.reloads).toBe(0);
    waiting?.become('activated');
    expect(made.reloads).toBe(1);
  });

  it('asks first when work would be lost, and lets be', async () => {
    const made = await page({ unsaved: true }, withWaiting);
    await made.press('Update');
    expect(made.registration.waiting?.asked).toEqual(['version']);
    expect(made.notices).toHaveLength(1);
    await made.press('Later');
    expect(made.notices).toEqual([]);
    expect(made.registration.waiting?.asked).toEqual(['version']);
  });

  it('is told when another tab has updated, and not when the first version takes it', async () => {
    const first = await page();
    first.container.controller = new Worker_('activated');
    first.container.dispatchEvent(new Event('controllerchange'));
    expect(first.notices).toEqual([]);
    first.container.dispatchEvent(new Event('controllerchange'));
    await later();
    expect(first.notices.map(({ text }) => text)).toEqual(['Unfold was updated in another tab.']);
    expect(first.reloads).toBe(0);
    await first.press('Reload');
    expect(first.reloads).toBe(1);
  });

  it('says nothing of versions when the host takes the site back, nor that anything is kept (row 81)', async () => {
    for (const keepsRegistration of [false, true]) {
      const made = await page({}, withActive);
      made.tell(report());
      expect(made.store.offline.value.kind).toBe('ready');
      const off = new Worker_('installing', ADDRESS, false);
      made.registration.installing = off;
      made.registration.dispatchEvent(new Event('updatefound'));
      made.registration.waiting = off;
      off.become('installed');
      await later();
      expect(made.notices).toEqual([]);
      made.registration.unregistered = !keepsRegistration;
      made.registration.waiting = null;
      made.container.controller = off;
      made.container.dispatchEvent(new Event('controllerchange'));
      off.become('activated');
      await later();
      expect(made.notices).toEqual([]);
      expect(made.store.offline.value).toEqual({ kind: 'off' });
    }
  });

  it('loads again for what there is when the version that was accepted is no more', async () => {
    const gone = await page({}, withWaiting);
    gone.registration.waiting = null;
    await gone.press('Update');
    expect(gone.reloads).toBe(1);
    // Another one has taken its place while it was being taken on.
    const replaced = await page({}, withWaiting);
    const { waiting } = replaced.registration;
    await replaced.press('Update');
    const newer = new Worker_('installed');
    replaced.registration.waiting = newer;
    waiting?.become('redundant');
    expect([newer.asked, replaced.reloads]).toEqual([['activate'], 0]);
  });

  it('keeps nothing when the person wants nothing kept', async () => {
    const made = await page({}, withActive);
    made.tell(report());
    made.store.keepOffline.value = 'off';
    await later();
    expect(made.registration.active?.asked).toContain('uninstall');
    expect(made.registration.unregistered).toBe(true);
    expect(made.store.offline.value).toEqual({ kind: 'off' });
    made.tell(report());
    expect(made.store.offline.value).toEqual({ kind: 'off' });
  });
});

describe('words', () => {
  const ready = (more: object = {}): OfflineState => ({
    kind: 'ready',
    bytes: 46_300_000,
    missing: [],
    fetching: false,
    full: false,
    ...more,
  });
  it('say what is kept, and what is not', () => {
    const missing = [
      { file: 'data/a.gz', bytes: 11_000_000 },
      { file: 'data/b.gz', bytes: 31_000_000 },
    ];
    const catalog = [{ file: 'a.gz', title: 'Digits' }] as never;
    expect(offlineText(ready(), [])).toBe('Ready offline, with all data (46.3 MB).');
    expect(offlineText(ready({ missing }), catalog)).toBe(
      'Ready offline, but for Digits and data/b.gz (42.0 MB).',
    );
    expect(offlineText(ready({ missing, full: true }), [])).toMatch(/: the browser has no room for it\.$/);
    expect(offlineText(ready({ missing, fetching: true }), [])).toMatch(/: still being fetched\.$/);
    expect(offlineText({ kind: 'failed', reason: 'full' }, [])).toMatch(/no room.*next visit/);
  });
});

describe('what the page has asked for', () => {
  const note = (name: string, more: Partial<Noted> = {}): Noted => ({
    name,
    startTime: 5,
    decodedBodySize: 9,
    transferSize: 12,
    workerStart: 0,
    ...more,
  });
  it('is files of its folder by their path; anything else is marked', () => {
    const base = 'http://host.test/some/folder/index.html#v1.secret';
    const list = askedFor(
      [
        note('http://host.test/some/folder/'),
        note('http://host.test/some/folder/assets/a.js', {
          workerStart: 3,
          serverTiming: [{ name: 'unfold-kept' }],
        }),
        // By way of the worker, which had to ask the host: the notes of both look alike but for the mark.
        note('http://host.test/some/folder/assets/b.js', { workerStart: 3, transferSize: 0 }),
        note('http://host.test/some/folder/data/x.gz', { transferSize: 0 }),
        note('blob:http://host.test/1234'),
        note('http://host.test/some/folder/assets/a.js?rows=1,2'),
        note('http://other.test/a.js'),
      ],
      base,
    );
    expect(list.map(({ file, own, by }) => [file, own, by])).toEqual([
      ['index.html', true, 'network'],
      ['assets/a.js', true, 'offline copy'],
      ['assets/b.js', true, 'network'],
      ['data/x.gz', true, 'browser’s cache'],
      ['assets/a.js?rows=1,2', false, 'network'],
      ['http://other.test/a.js', false, 'network'],
    ]);
  });
});

describe('opened by the system', () => {
  const launch = (files?: { getFile(): Promise<File> }[]): Promise<string[]> => {
    const said: string[] = [];
    let consumer: (params: object) => void = () => undefined;
    const queue = { setConsumer: (taken: typeof consumer) => (consumer = taken) };
    takeLaunches(
      { launchQueue: queue },
      {
        open: async (file) => void said.push(`open ${file.name}`),
        refuse: (sentence) => void said.push(sentence),
      },
    );
    consumer({ files });
    return later().then(() => said);
  };
  const file = (name: string) => ({ getFile: () => Promise.resolve(new File(['a\n1\n'], name)) });

  it('opens the one file, and says why it can’t', async () => {
    expect(await launch([file('mine.csv')])).toEqual(['open mine.csv']);
    expect(await launch([file('a.csv'), file('b.csv')])).toEqual([
      'Those are 2 files. Open one at a time: each replaces what is loaded.',
    ]);
    expect(await launch([{ getFile: () => Promise.reject(new Error('gone')) }])).toEqual([
      'The file can’t be read: it may have been moved or deleted.',
    ]);
    expect(await launch([])).toEqual([]);
    expect(await launch()).toEqual([]);
    expect(() => takeLaunches({}, { open: async () => undefined, refuse: () => undefined })).not.toThrow();
  });
});

describe('what a reload would cost', () => {
  it('is nothing while the demonstration runs, and something with a file of the person’s', () => {
    const store = createStore();
    store.phase.value = { kind: 'running', job: 1, stopping: false };
    store.firstVisit.value = true;
    expect(somethingAtStake(store)).toBe(false);
    store.firstVisit.value = false;
    expect(somethingAtStake(store)).toBe(true);
    store.phase.value = { kind: 'ready' };
    expect(somethingAtStake(store)).toBe(false);
    store.tables.value = new Map([[1, { origin: 'file' } as never]]);
    expect(somethingAtStake(store)).toBe(true);
  });

  const saves = (change: Partial<{ flush(): Promise<void>; unsaved(): boolean }> = {}) => ({
    flush: () => Promise.resolve(),
    unsaved: () => false,
    ...change,
  });

  it('is asked about while a training runs, though all there was before it is saved (row 78)', async () => {
    const store = createStore();
    store.phase.value = { kind: 'running', job: 1, stopping: false };
    store.firstVisit.value = true;
    expect(await unsavedWork(store, saves())).toBe(false); // the demonstration
    store.firstVisit.value = false;
    expect(await unsavedWork(store, saves())).toBe(true);
    store.phase.value = { kind: 'finished', outcome: 'finished' } as never;
    expect(await unsavedWork(store, saves())).toBe(false);
    expect(await unsavedWork(store, saves({ unsaved: () => true }))).toBe(true);
    store.task.value = { kind: 'return', title: '', stage: 'run' };
    expect(await unsavedWork(store, saves())).toBe(true);
  });

  it('is asked about when saving fails or does not end', async () => {
    const store = createStore();
    store.firstVisit.value = false;
    store.phase.value = { kind: 'ready' };
    const endless = saves({ flush: () => new Promise(() => undefined) });
    expect(await unsavedWork(store, endless, 1)).toBe(false); // there is nothing to lose
    store.tables.value = new Map([[1, { origin: 'file' } as never]]);
    expect(await unsavedWork(store, endless, 1)).toBe(true);
    const failing = saves({ flush: () => Promise.reject(new Error('no')), unsaved: () => true });
    expect(await unsavedWork(store, failing)).toBe(true);
  });
});
