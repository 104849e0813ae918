// Links with real workers and the real kernels: whatever was done to a model, who opens the link has its bits.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { effect } from '@preact/signals';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../web/client/engine.ts';
import type { Link } from '../../web/saved/link.ts';
import { decodeLink, encodeLink, linkText } from '../../web/saved/link-code.ts';
import { type Actions, createActions } from '../../web/state/actions.ts';
import { isWork } from '../../web/state/save-gather.ts';
import { bitsOfRows, rowsOf } from '../../web/state/selection.ts';
import { createStore, type HistoryNode, type Maker, type Store } from '../../web/state/store.ts';
import { commandLine } from './cli-support.ts';
import { Station } from './engine-fixture.ts';

const ROWS = 240;
const WAIT = { timeout: 20_000 };

function csv(): string {
  const lines = ['a,b,c,d,kind'];
  for (let i = 0; i < ROWS; i += 1) {
    const odd = i % 2;
    const [u, v] = [((i * 37) % 101) / 101, ((i * 53) % 89) / 89];
    const [a, b] = odd ? [u, v] : [v * v - 2, u * u + 2];
    lines.push(`${a},${b},${odd ? a * b : a - b},${odd ? a - b : a * b},${odd ? 'odd' : 'even'}`);
  }
  return lines.join('\n');
}

const CATALOG = [
  {
    id: 'kinds',
    title: 'Kinds',
    description: '',
    rows: ROWS,
    columns: 5,
    kind: 'table',
    file: 'kinds.csv',
    label: 'kind',
  },
];

interface Bench {
  store: Store;
  actions: Actions;
  engine: Engine;
  written: string[]; // behind "#" in the address bar
  copied: string[];
}

let benches: Bench[] = [];

afterEach(() => {
  for (const { engine, actions } of benches) {
    actions.disposeView();
    engine.close();
  }
  benches = [];
});

/** A page that was opened at this address, and has done what that says. */
async function page(hash = '', data: string | null = csv()): Promise<Bench> {
  const station = new Station();
  const store = createStore();
  let actions: Actions | null = null;
  const engine = createEngine({
    makeWorker: station.makeWorker,
    clock: station.clock,
    onReady: (ready) => actions?.onReady(ready),
    onProgress: (progress) => actions?.onProgress(progress),
    onFrame: (frame, release) => (actions ? actions.onFrame(frame, release) : release()),
    onLost: (failure, rebuilt, { retry }) => actions?.onLost(failure, rebuilt, retry),
  });
  const written: string[] = [];
  const copied: string[] = [];
  actions = createActions(store, engine, {
    storage: null,
    applyTheme: () => undefined,
    arrive: async () => {
      if (hash !== '') await actions?.openLink(hash);
      return true;
    },
    address: { page: () => 'https://host.example/lab/', write: (text) => written.push(text) },
    surroundings: {
      fetch: (url) =>
        Promise.resolve(
          url.endsWith('catalog.json')
            ? new Response(JSON.stringify(data === null ? [] : CATALOG))
            : new Response(data),
        ),
      now: () => performance.now(),
      later: () => () => undefined,
      copy: (text) => {
        copied.push(text);
        return Promise.resolve();
      },
      save: () => undefined,
      version: '0.0.0',
      agent: 'a test',
    },
  });
  const bench = { store, actions, engine, written, copied };
  benches.push(bench);
  await actions.start();
  return bench;
}

async function rested({ store }: Bench): Promise<void> {
  await expect.poll(() => store.phase.value.kind, WAIT).toBe('finished');
}

/** The set is open, and a small model of it was trained for a few epochs. */
async function trained(latent = 2, source: string | File = 'kinds'): Promise<Bench> {
  const bench = await page();
  const { actions, store } = bench;
  void actions.open(source);
  await expect.poll(() => ['running', 'finished'].includes(store.phase.value.kind), WAIT).toBe(true);
  await actions.stop();
  await rested(bench);
  for (const [name, text] of Object.entries({
    epochs: '4',
    heldout: '0.1',
    latent: `${latent}`,
    hidden: '8',
  })) {
    expect(actions.setField(name, text)).toBe(true);
  }
  await actions.startAgain();
  await rested(bench);
  return bench;
}

function select(
  { actions }: Bench,
  every: number,
  maker: Maker = { kind: 'polygon', points: [0, 0, 1, 0, 1, 1], step: 1, epoch: 1, axes: [0, 1] },
): void {
  const rows = Array.from({ length: ROWS }, (_, row) => row).filter((row) => row % every === 1);
  actions.selectBits(bitsOfRows(rows, ROWS), maker, 'replace');
}

async function hashOf({ actions }: Bench): Promise<string> {
  const { hash, refused } = await actions.shareLink();
  expect(refused).toBeNull();
  return hash ?? '';
}

function positions({ store }: Bench): number[] {
  const map = store.map.peek();
  return [...(map ? (store.bulk.maps.get(map.map)?.positions ?? []) : [])];
}

/** What a person sees of a state, without the time that it took. */
function told({
  id,
  parent,
  kind,
  maker,
  rows,
  focus,
  epochs,
  steps,
  before,
  after,
  label,
  align,
  axes,
  result,
}: HistoryNode) {
  const { seconds, ...rest } = result;
  const plain = maker && 'points' in maker ? { ...maker, points: [] } : maker;
  return {
    id,
    parent,
    kind,
    maker: plain,
    rows,
    focus,
    epochs,
    steps,
    before,
    after,
    label,
    align,
    axes: align ? axes : null, // of nothing, where there is no alignment
    result: { ...rest, axes: null },
  };
}

/** A training has begun that nobody stops yet. */
function goes({ store: { phase } }: Bench): boolean {
  return phase.value.kind === 'running' && !phase.value.stopping;
}

const notices = ({ store }: Bench): string[] => store.notices.peek().map(({ text }) => text);

async function linkIn(hash: string): Promise<Link> {
  const found = await decodeLink(linkText(hash));
  if ('problem' in found) throw new Error(found.problem);
  return found.link;
}

describe('a link', () => {
  it('to a model that was retrained makes the same list, the same measurements and the same bits', async () => {
    const bench = await trained();
    select(bench, 3);
    bench.actions.setFocus(0.7);
    await bench.actions.retrain();
    await bench.actions.selectBy({ kind: 'class', column: 4, classes: ['odd'] }, 'replace');
    await bench.actions.exclude();
    bench.actions.setColour({ kind: 'drift' });
    const hash = await hashOf(bench);
    const opened = await page(hash);
    expect(notices(opened)).toEqual([]);
    expect(opened.store.announcement.value).toBe('The link is open: every row is where it was.');
    expect(positions(opened)).toEqual(positions(bench));
    expect(opened.store.history.value.nodes.map(told)).toEqual(bench.store.history.value.nodes.map(told));
    expect(opened.store.history.value.at).toBe(2);
    expect([...rowsOf(opened.store.bulk.selected)]).toEqual([...rowsOf(bench.store.bulk.selected)]);
    expect(opened.store.selection.value.maker).toEqual({ kind: 'class', column: 4, classes: ['odd'] });
    expect([...(opened.store.bulk.before?.positions ?? [])]).toEqual([
      ...(bench.store.bulk.before?.positions ?? []),
    ]);
    expect(opened.store.colour.value).toEqual({ kind: 'drift' });
    expect(opened.store.retrain.value).toMatchObject({ focus: 0.7 });
    // It can be had again by its address: what this person has saved need not make room for it, until they go on.
    expect([isWork(bench.store), isWork(opened.store)]).toEqual([true, false]);
    // What goes on from it goes on alike.
    for (const one of [bench, opened]) await one.actions.retrain();
    expect(positions(opened)).toEqual(positions(bench));
    expect(isWork(opened.store)).toBe(true);
    // And it is the same link again.
    await opened.actions.returnTo(2);
    opened.actions.setColour({ kind: 'drift' });
    expect(await linkIn(await hashOf(opened))).toEqual(await linkIn(hash));
  });

  it('whatever was done before: any trainings, returns, stops, new starts and axes', async () => {
    const deed = fc.constantFrom('retrain', 'exclude', 'scratch', 'train', 'return', 'axes', 'stop');
    await fc.assert(
      fc.asyncProperty(
        fc.array(deed, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 2, max: 6 }),
        async (deeds, every) => {
          const bench = await trained(3);
          const { actions, store } = bench;
          for (const [i, what] of deeds.entries()) {
            select(bench, every + i);
            if (what === 'retrain') await actions.retrain();
            else if (what === 'exclude') await actions.exclude();
            else if (what === 'scratch') await actions.trainFromScratch();
            else if (what === 'train') await actions.train();
            else if (what === 'return')
              await actions.returnTo(Math.floor(store.history.value.nodes.length / 2));
            else if (what === 'axes') {
              actions.setAxes(i % 2 ? [2, 0] : [1, 2]);
              await bench.engine.request({ type: 'refresh', map: store.map.value?.map ?? 0 });
            } else {
              actions.setField('epochs', '5000');
              const running = actions.train();
              await expect.poll(() => store.progress.value?.done ?? 0, WAIT).toBeGreaterThan(0);
              await actions.stop();
              await running;
              actions.setField('epochs', '4');
            }
            await rested(bench);
          }
          const hash = await hashOf(bench);
          const opened = await page(hash);
          expect(notices(opened)).toEqual([]);
          expect(positions(opened)).toEqual(positions(bench));
          expect(opened.store.map.value?.axes).toEqual(store.map.value?.axes);
          const [mine, theirs] = [bench, opened].map(({ store: { history } }) => {
            const { at, nodes } = history.value;
            return told(nodes[at ?? -1] as HistoryNode);
          });
          expect({ ...theirs, id: 0, parent: 0 }).toEqual({ ...mine, id: 0, parent: 0 });
        },
      ),
      { numRuns: 12 },
    );
  }, 120_000);
});

describe('a link to a local file', () => {
  const named = (text: string, name = 'mine.csv'): File => new File([text], name);

  it('waits for the file, refuses another, which can be opened plainly, and goes on with the right one', async () => {
    const bench = await trained(2, named(csv()));
    select(bench, 4);
    await bench.actions.retrain();
    const share = await bench.actions.shareLink();
    expect(share.notes.join()).toContain('needs the file mine.csv');
    const opened = await page(share.hash ?? '');
    const { store, actions } = opened;
    expect(store.phase.value.kind).toBe('empty');
    expect(notices(opened)[0]).toContain('A saved view of “mine.csv” is waiting');
    await actions.open(named(csv().replace('odd', 'eve')));
    expect(notices(opened)).toEqual([expect.stringContaining('is not the file of the saved view')]);
    expect([store.phase.value.kind, store.table.value]).toEqual(['empty', null]);
    store.notices.value[0]?.other?.run();
    expect(notices(opened)[0]).toContain('is waiting');
    // One that is written in another way is another one, too, not a broken one.
    await actions.open(named(csv().replaceAll(',', ';')));
    expect(notices(opened)).toEqual([expect.stringContaining('is not the file of the saved view')]);
    store.notices.value[0]?.other?.run();
    // By any name: the content counts.
    await actions.open(named(csv(), 'renamed.csv'));
    expect(positions(opened)).toEqual(positions(bench));
    expect(notices(opened)).toEqual([]);
    // From here on a file is a file.
    await actions.open(named(csv(), 'again.csv'));
    expect(store.table.value?.info.name).toBe('again.csv');
    expect(store.history.value.nodes).toHaveLength(1);
  });

  it('asks before a training gives way to its file, and waits on when it does not', async () => {
    const bench = await trained(2, named(csv()));
    const opened = await page(await hashOf(bench));
    const { actions, store } = opened;
    void actions.open('kinds');
    await expect.poll(() => store.phase.value.kind, WAIT).toBe('running');
    await actions.pause();
    await actions.open(named(csv()));
    expect(notices(opened)).toEqual(['Training is under way. Open the saved view instead?']);
    store.notices.value[0]?.other?.run();
    expect(notices(opened)[0]).toContain('is waiting');
    await actions.open(named(csv()));
    store.notices.value[0]?.action?.run();
    await expect.poll(() => store.announcement.value, WAIT).toContain('every row is where it was');
    expect(positions(opened)).toEqual(positions(bench));
  });

  it('can be given up, and another file opened plainly', async () => {
    const bench = await trained(2, named(csv()));
    const hash = await hashOf(bench);
    const opened = await page(hash);
    opened.store.notices.value[0]?.other?.run();
    expect(notices(opened)).toEqual([]);
    const other = await page(hash);
    await other.actions.open(named(csv().replace('odd', 'eve'), 'other.csv'));
    other.store.notices.value[0]?.action?.run();
    await expect.poll(() => other.store.table.value?.info.name, WAIT).toBe('other.csv');
    await rested(other);
    expect(notices(other)).toEqual([]);
  });
});

describe('the command line', () => {
  const { path, unfold, remove } = commandLine();
  afterAll(remove);

  const floats = (file: string): number[] => {
    const bytes = readFileSync(path(file));
    const start = bytes.byteOffset + 10 + bytes.readUInt16LE(8);
    return [...new Float32Array(bytes.buffer.slice(start, bytes.byteOffset + bytes.length))];
  };

  it('comes to the page’s places: new starts, other axes, stops and all', async () => {
    const bench = await trained(3, new File([csv()], 'mine.csv'));
    const { actions, store, engine } = bench;
    select(bench, 3);
    await actions.retrain();
    actions.setAxes([2, 0]);
    await engine.request({ type: 'refresh', map: store.map.value?.map ?? 0 });
    select(bench, 2);
    await actions.trainFromScratch();
    const scratch = { hash: await hashOf(bench), places: positions(bench) };
    expect(store.history.value.nodes[2]?.align).not.toBeNull();
    actions.setAxes([0, 1]);
    await actions.exclude();
    const later = { hash: await hashOf(bench), places: positions(bench) };
    /* What was before the new start is cut off: how the map was laid onto it is told. */
    expect((await linkIn(later.hash)).path.map(({ kind }) => kind)).toEqual(['scratch', 'exclude']);
    writeFileSync(path('mine.csv'), csv());
    for (const { hash, places } of [scratch, later]) {
      const args = [
        'open',
        hash,
        '--data',
        path('mine.csv'),
        '--out',
        path('z.npy'),
        '--report',
        path('r.json'),
      ];
      expect(await unfold(...args)).toEqual({ status: 0, out: '', err: '' });
      expect(floats('z.npy')).toEqual(places);
      expect(JSON.parse(readFileSync(path('r.json'), 'utf8'))).toMatchObject({ rows: ROWS, same: true });
    }
    actions.setAxes([2, 0]);
    await engine.request({ type: 'refresh', map: store.map.value?.map ?? 0 });
    const turned = await hashOf(bench);
    await unfold('open', turned, '--data', path('mine.csv'), '--out', path('z.npy'));
    expect(floats('z.npy')).toEqual(positions(bench));
    const opened = await page(turned);
    await opened.actions.open(new File([csv()], 'mine.csv'));
    expect(positions(opened)).toEqual(positions(bench));
  });

  it('says what is wrong with a link, or with the file, and writes nothing', async () => {
    const bench = await trained(2, new File([csv()], 'mine.csv'));
    const hash = await hashOf(bench);
    writeFileSync(path('other.csv'), csv().replace('odd', 'eve'));
    const out = ['--out', path('none.npy')];
    const cases: [string[], number, string][] = [
      [['open', '#v1.AAAA', ...out], 2, 'damaged'],
      [['open', hash, ...out], 2, 'local file mine.csv: name it with --data'],
      [['open', hash, '--data', path('other.csv'), ...out], 1, 'is not the data of the link'],
      [['open', hash, '--data', path('missing.csv'), ...out], 1, 'There is no file'],
      [['open', hash], 2, '--out is missing'],
      [['open', ...out], 2, 'A link is missing'],
      [['open', hash, hash, ...out], 2, 'One link is opened at a time'],
      [['open', hash, '--seed', '2', ...out], 2, 'the link says the rest'],
      [['open', hash, '--data', path('mine.csv'), '--out', path('mine.csv')], 2, 'it would be overwritten'],
    ];
    for (const [args, status, said] of cases) {
      const ended = await unfold(...args);
      expect([ended.status, ended.err], said).toEqual([status, expect.stringContaining(said)]);
    }
    expect(existsSync(path('none.npy'))).toBe(false);
    const link = await linkIn(hash);
    const other = `#${await encodeLink({ ...link, kernels: 99 })}`;
    writeFileSync(path('mine.csv'), csv());
    const told = await unfold('open', other, '--data', path('mine.csv'), ...out);
    expect(told.status).toBe(0);
    expect(told.err).toMatch(
      /^Made with other kernels \(revision 99, here \d+\): every row is where it was all the same\.\n$/,
    );
  });
});

describe('what a link can’t do is said', () => {
  async function changed(hash: string, change: (link: Link) => Partial<Link>): Promise<Bench> {
    const link = await linkIn(hash);
    return page(`#${await encodeLink({ ...link, ...change(link) })}`);
  }

  it('other kernels, rows elsewhere, other data, selections that are none, numbers out of bounds (row 76)', async () => {
    const bench = await trained();
    select(bench, 5);
    await bench.actions.retrain();
    const hash = await hashOf(bench);

    const kernels = await changed(hash, () => ({ kernels: 99 }));
    expect(notices(kernels)).toEqual([
      expect.stringMatching(/^Made with other kernels \(revision 99, here \d+\): every row/),
    ]);
    const both = await changed(hash, () => ({ kernels: 99, places: 1 }));
    expect(notices(both)).toEqual([expect.stringMatching(/here \d+\): the picture may differ\.$/)]);
    const elsewhere = await changed(hash, () => ({ places: 1 }));
    expect(notices(elsewhere)).toEqual(['The rows are not where they were when the link was made.']);

    for (const other of [
      await changed(hash, () => ({ print: 'abc' })),
      await changed(hash, () => ({ id: 'gone' })),
      await changed(hash, ({ params }) => ({ params: { ...params, latent: 4096 } })),
      await changed(hash, ({ fit }) => ({ fit: { ...fit, epochs: 1e9 } })),
      await changed(hash, ({ path }) => ({
        path: path.map((one) => ({ ...one, fits: one.fits.map((fit) => ({ ...fit, batch: 0.5e9 })) })),
      })),
      await page('#nonsense'),
    ]) {
      expect(notices(other)).toHaveLength(1);
      expect(other.store.notices.value[0]?.hint).toBe('Nothing of it was used.');
      expect([other.store.table.value, other.store.model.value, other.store.phase.value.kind]).toEqual([
        null,
        null,
        'empty',
      ]);
    }
  });

  it('nothing of what is on the page gives way to a link that can’t be followed (row 76)', async () => {
    const bench = await trained();
    select(bench, 5);
    await bench.actions.retrain();
    const { actions, store } = bench;
    const link = await linkIn(await hashOf(bench));
    const rated = (rate: number): Link['path'] =>
      link.path.map((one) => ({
        ...one,
        fits: one.fits.map((fit) => ({ ...fit, rates: [{ after: 1, rate }] })),
      }));
    const wrong: [Partial<Link>, RegExp][] = [
      [{ sets: link.sets?.map((set) => ({ ...set, hash: 7 })) ?? [] }, /is not one of these rows/],
      [{ path: rated(-5) }, /learning_rate is -5/],
      [{ retrain: { focus: 1, epochs: 2 ** 50, learning_rate: 0.01 } }, /epochs is \d+/],
      [{ retrain: { focus: 1, epochs: 5, learning_rate: -1e300 } }, /learning_rate is -1e\+300/],
      [{ colour: { kind: 'column', column: 40_000 } }, /can’t be/],
      [
        { params: { ...link.params, hidden: Array<number>(8).fill(4096) } },
        /parameters; at most|more memory/,
      ],
    ];
    const here = () => ({
      table: store.table.value?.info.table,
      nodes: store.history.value.nodes.map(told),
      retrain: store.retrain.value,
      colour: store.colour.value,
      selected: [...rowsOf(store.bulk.selected)],
      phase: store.phase.value.kind,
      places: positions(bench),
    });
    const before = here();
    expect(before.nodes).toHaveLength(2);
    for (const [change, why] of wrong) {
      expect(await actions.openLink(`#${await encodeLink({ ...link, ...change })}`)).toBe(false);
      expect(notices(bench)).toEqual([expect.stringMatching(why)]);
      expect(store.notices.value[0]?.hint).toBe('Nothing of it was used.');
      expect(here()).toEqual(before);
    }
    // And what is on the page goes on.
    await actions.retrain();
    expect(store.history.value.nodes).toHaveLength(3);
  });

  it('the part of the map is shown by the next map that is drawn, of these data alone', async () => {
    const bench = await trained();
    const view = { cx: 1, cy: 2, span: 3 };
    const opened = await changed(await hashOf(bench), () => ({ view }));
    expect(opened.store.announcement.value).toContain('every row is where it was');
    expect(opened.store.bulk.aim).toEqual(view);
    void opened.actions.open(new File([csv()], 'mine.csv'));
    await expect.poll(() => opened.store.table.value?.origin, WAIT).toBe('file');
    expect(opened.store.bulk.aim).toBeNull();
    await rested(opened);
  });

  it('a file’s link that can’t be followed is not waited for any longer', async () => {
    const bench = await trained(2, new File([csv()], 'mine.csv'));
    select(bench, 5);
    await bench.actions.retrain();
    const opened = await changed(await hashOf(bench), ({ sets }) => ({
      sets: sets?.map((set) => ({ ...set, hash: 7 })) ?? [],
    }));
    expect(notices(opened)[0]).toContain('is waiting');
    await opened.actions.open(new File([csv()], 'mine.csv'));
    expect(notices(opened)).toEqual([expect.stringContaining('is not one of these rows')]);
    expect([opened.store.table.value, opened.store.phase.value.kind]).toEqual([null, 'empty']);
    void opened.actions.open(new File([csv()], 'mine.csv'));
    await rested(opened);
    expect(opened.store.history.value.nodes).toHaveLength(1);
  });

  it('a training that was stopped on the way is not the link’s, and can be begun again', async () => {
    const bench = await trained();
    bench.actions.setField('epochs', '300');
    await bench.actions.train();
    const hash = await hashOf(bench);
    const opened = await page();
    /* The second training is stopped as soon as it is there. */
    let stopped = false;
    const unfollow = effect(() => {
      const { nodes } = opened.store.history.value;
      if (stopped || nodes.length !== 1 || !goes(opened)) return;
      stopped = true;
      queueMicrotask(() => void opened.actions.stop());
    });
    const following = opened.actions.openLink(hash);
    expect(await following).toBe(true);
    unfollow();
    expect(notices(opened)).toEqual([expect.stringContaining('were stopped on the way')]);
    opened.store.notices.value[0]?.action?.run();
    await expect.poll(() => opened.store.announcement.value, WAIT).toContain('every row is where it was');
    expect(positions(opened)).toEqual(positions(bench));
    expect(notices(opened)).toEqual([]);
  });

  it('many short trainings can be given up between two of them', async () => {
    const bench = await trained();
    for (let i = 0; i < 6; i += 1) await bench.actions.step();
    const hash = await hashOf(bench);
    const opened = await page();
    const unfollow = effect(() => {
      const { length } = opened.store.history.value.nodes;
      const notice = opened.store.notices.value.find(({ other }) => other?.label === 'Stop following');
      if (length === 2) notice?.other?.run();
    });
    await opened.actions.openLink(hash);
    unfollow();
    expect(opened.store.history.value.nodes.length).toBeLessThan(5);
    expect(notices(opened)).toEqual([expect.stringContaining('were stopped on the way')]);
  });

  it('work on the page is not given up unasked', async () => {
    const bench = await trained();
    const hash = await hashOf(bench);
    const opened = await page(hash);
    select(opened, 3);
    await opened.actions.retrain();
    const before = opened.store.model.value?.info.model;
    expect(await opened.actions.openLink(hash, true)).toBe(false);
    expect(notices(opened)).toEqual([expect.stringContaining('Open it?')]);
    opened.store.notices.value[0]?.other?.run();
    expect([notices(opened), opened.store.model.value?.info.model]).toEqual([[], before]);
    await opened.actions.openLink(hash, true);
    opened.store.notices.value[0]?.action?.run();
    await expect.poll(() => opened.store.history.value.nodes.length, WAIT).toBe(1);
    await expect.poll(() => opened.store.announcement.value, WAIT).toContain('every row is where it was');
  });
});

describe('making a link', () => {
  it('copies the address, says so, and puts it into the address bar; nothing before that', async () => {
    const bench = await trained();
    const share = await bench.actions.shareLink();
    expect(share.address).toBe(`https://host.example/lab/${share.hash}`);
    expect(bench.written).toEqual([]);
    expect(await bench.actions.copyLink(share)).toBe(true);
    expect([bench.copied, bench.written]).toEqual([[share.address], [share.hash]]);
    expect(bench.store.announcement.value).toBe('The link was copied.');
  });

  it('during a training is of the state before it, or of none', async () => {
    const bench = await trained();
    const { actions, store } = bench;
    const before = await linkIn(await hashOf(bench));
    /* It would end by itself when it has learnt enough. */
    actions.setField('patience', '0');
    actions.setField('epochs', '100000');
    const running = actions.train();
    await expect.poll(() => store.phase.value.kind, WAIT).toBe('running');
    await expect.poll(() => store.progress.value?.done ?? 0, WAIT).toBeGreaterThan(0);
    const share = await actions.shareLink();
    expect(share.training).toBe(true);
    expect(share.notes[0]).toContain('the link leads to the state before it, 0 Trained');
    expect((await linkIn(share.hash ?? '')).path).toMatchObject(before.path);
    await actions.stop();
    await running;
    const again = actions.startAgain();
    await expect.poll(() => store.history.value.nodes.length, WAIT).toBe(0);
    await expect.poll(() => store.phase.value.kind, WAIT).toBe('running');
    expect(await actions.shareLink()).toMatchObject({ address: null, training: true });
    expect((await actions.shareLink()).refused).toContain('first training');
    await actions.stop();
    await again;
  });

  it('says what makes one too large, and what to do', async () => {
    const lines = ['a,b', ...Array.from({ length: 200_000 }, (_, i) => `${i % 97},${(i * 31) % 89}`)];
    const bench = await page();
    void bench.actions.open(new File([lines.join('\n')], 'long.csv'));
    await expect.poll(() => bench.store.phase.value.kind, WAIT).toBe('running');
    await bench.actions.stop();
    await rested(bench);
    let state = 1;
    const random = Array.from({ length: 200_000 }, (_, row) => row).filter(() => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state < 2 ** 31;
    });
    const maker: Maker = { kind: 'polygon', points: [0, 0, 1, 0, 1, 1], step: 1, epoch: 3, axes: [0, 1] };
    bench.actions.selectBits(bitsOfRows(random, 200_000), maker, 'replace');
    const share = await bench.actions.shareLink();
    expect(share).toMatchObject({ address: null, hash: null });
    expect(share.refused).toMatch(
      /^The link would have \d+\.\d kB; 16\.4 kB is the most\. Most of it is lasso at epoch 3/,
    );
    expect(share.refused).toContain('select by a class, a range or a search');
    /* By what they are the same rows take no room. */
    await bench.actions.selectBy({ kind: 'range', column: 0, lo: 0, hi: 40 }, 'replace');
    expect((await bench.actions.shareLink()).hash?.length).toBeLessThan(1000);
  });
});
