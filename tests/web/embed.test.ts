// What a figure takes from outside, whom it hears, and that its script says the same as its types.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { MOST_BYTES, SETTINGS, VERSION } from '../../web/embed/api.ts';
import { BURST, createPeer, type Hearing, PER_SECOND, TroubleError } from '../../web/embed/peer.ts';
import { HIDDEN, messageSchema, readSettings, settingsOf } from '../../web/embed/schema.ts';

const root = resolve(import.meta.dirname, '../..');
const element = readFileSync(resolve(root, 'web/embed/element.ts'), 'utf8');

describe('settings of a figure', () => {
  it('are read from the hash of its address', () => {
    const hash =
      '#data=iris&seed=7&layers=64%2C+16&epochs=3&focus=.5&select=random%3D20&hide=data%2C+method&start=load';
    const { figure, wrong } = readSettings(settingsOf(hash));
    expect(wrong).toEqual([]);
    expect(figure).toMatchObject({
      data: 'iris',
      fields: [
        ['seed', '7'],
        ['hidden', '64, 16'],
        ['epochs', '3'],
      ],
      focus: 0.5,
      select: { random: 20 },
      start: 'load',
      theme: 'auto',
    });
    expect([...figure.hide]).toEqual(['data', 'method']);
  });

  it('have defaults, and a class of any name can be selected', () => {
    const { figure } = readSettings({ select: 'Iris <setosa>' });
    expect(figure).toMatchObject({ data: null, start: 'visible', select: { class: 'Iris <setosa>' } });
    expect([...figure.hide]).toEqual([...HIDDEN]);
  });

  it.each([
    ['data', '../../etc/passwd'],
    ['data', 'https://elsewhere.example/x.csv'],
    ['link', 'javascript:alert(1)'],
    ['link', `#v1.${'A'.repeat(20_000)}`],
    ['method', 'tsne'],
    ['seed', '-1'],
    ['layers', '64; drop'],
    ['latent', 'two'],
    ['epochs', '1e9'],
    ['learning_rate', 'fast'],
    ['focus', '2'],
    ['colour', 'x'.repeat(300)],
    ['hide', 'walls'],
    ['theme', 'pink'],
    ['start', 'never'],
    ['onload', 'alert(1)'],
    ['__proto__', 'x'],
  ])('says that %s can’t be %s, and does without', (name, value) => {
    const given = Object.fromEntries([
      ['data', 'iris'],
      [name, value],
    ]);
    const { figure, wrong } = readSettings(given);
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toContain(name);
    expect((wrong[0] as string).length).toBeLessThan(200);
    expect(figure.start).toBe('visible');
    if (name !== 'data') expect(figure.data).toBe('iris');
  });
});

describe('messages', () => {
  const command = { unfold: 1, type: 'command', id: 1 };

  it.each([
    { ...command, command: 'select', rows: { rows: [0, 5] } },
    { ...command, command: 'select', rows: { range: 'age', from: 20, to: null } },
    { ...command, command: 'set', parameters: { hidden: [64], epochs: 3, activation: 'tanh' } },
    { ...command, command: 'load', buffer: new ArrayBuffer(8), name: 'a.csv', header: true },
    { ...command, command: 'retrain', focus: 0.5, kind: 'scratch' },
    { unfold: 1, type: 'near', near: false },
  ])('takes %j', (message) => {
    expect(v.safeParse(messageSchema, message).success).toBe(true);
  });

  it.each([
    { ...command, command: 'select', rows: { rows: [-1] } },
    { ...command, command: 'select', rows: { rows: [0], class: 'x' } },
    { ...command, command: 'set', parameters: { epochs: Number.NaN } },
    {
      ...command,
      command: 'set',
      parameters: Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`f${i}`, 1])),
    },
    { ...command, command: 'load', buffer: 'text' },
    { ...command, command: 'load', buffer: new Uint8Array(8) },
    { ...command, command: 'retrain', focus: 1.5 },
    { ...command, command: 'run', more: 1 },
    { ...command, command: 'constructor' },
    { ...command, id: -1, command: 'run' },
    { unfold: 2, type: 'near', near: false },
  ])('refuses %j', (message) => {
    expect(v.safeParse(messageSchema, message).success).toBe(false);
  });
});

describe('the peer', () => {
  function open(hearing: Partial<Hearing> = {}) {
    const sent: { message: Record<string, unknown>; to: unknown }[] = [];
    const parent = {
      postMessage: (message: Record<string, unknown>, to: unknown) => sent.push({ message, to }),
    };
    const heard: string[] = [];
    let hear: (event: MessageEvent) => void = () => undefined;
    const clock = { now: 0 };
    const peer = createPeer(
      {
        parent: parent as unknown as Window,
        listen: (listener) => {
          hear = listener;
        },
        now: () => clock.now,
      },
      {
        connect: () => heard.push('connect'),
        near: (near) => heard.push(`near ${near}`),
        theme: (theme) => heard.push(`theme ${theme}`),
        command: async ({ command }) => {
          heard.push(command);
          return null;
        },
        ...hearing,
      },
    );
    const tell = (data: unknown, origin = 'https://article.example', source: unknown = parent): void =>
      hear({ data, origin, source } as unknown as MessageEvent);
    return { sent, heard, clock, peer, tell };
  }
  const connect = { unfold: VERSION, type: 'connect', theme: null, near: true, link: true };

  it('says to anyone only that it is there, and all else to the origin that connected first', () => {
    const { sent, peer, tell, heard } = open();
    peer.event('unfold-ready', { name: 'Secret', rows: 1, columns: 1 });
    expect(sent).toEqual([{ message: { unfold: 1, type: 'hello' }, to: '*' }]);
    tell(connect);
    expect(sent.slice(1).map(({ to }) => to)).toEqual(['https://article.example']);
    tell({ unfold: 1, type: 'near', near: false }, 'https://evil.example');
    tell({ ...connect }, 'https://evil.example');
    expect(heard).toEqual(['connect']);
  });

  it('row 88: hears no other window, no other version, and no command before it is connected', () => {
    const { heard, tell } = open();
    tell({ unfold: 1, type: 'near', near: false });
    tell(connect, 'https://article.example', {});
    tell({ ...connect, unfold: 2 });
    tell(null);
    tell('connect');
    expect(heard).toEqual([]);
  });

  it('can answer a page that has no origin', () => {
    const { sent, tell, peer } = open();
    tell(connect, 'null');
    peer.event('unfold-ready', { name: 'a', rows: 1, columns: 1 });
    expect(sent.at(-1)?.to).toBe('*');
  });

  it('row 88: reads so many messages, tells once that the others are dropped, and reads again later', async () => {
    const { heard, tell, sent, clock } = open();
    tell(connect);
    for (let i = 0; i < 10_000; i++) tell({ unfold: 1, type: 'near', near: false });
    expect(heard).toHaveLength(BURST);
    const told = sent.filter(({ message }) => JSON.stringify(message).includes('too_many'));
    expect(told).toHaveLength(1);
    tell({ unfold: 1, type: 'command', id: 9, command: 'run' });
    expect(sent.at(-1)?.message).toMatchObject({ type: 'answer', id: 9, error: { code: 'too_many' } });
    clock.now += 1000;
    for (let i = 0; i < 10_000; i++) tell({ unfold: 1, type: 'near', near: true });
    expect(heard).toHaveLength(BURST + PER_SECOND);
  });

  it('answers what it refuses and what goes wrong with a sentence, and moves what it gives', async () => {
    const bits = new Uint32Array([1, 2]);
    const { tell, sent } = open({
      command: async ({ command }) => {
        if (command === 'run') throw new TroubleError('not_ready', 'There is no data yet.');
        if (command === 'undo') throw new Error('Odd.');
        return bits;
      },
    });
    tell(connect);
    tell({ unfold: 1, type: 'command', id: 1, command: 'fly' });
    for (const [id, name] of ['run', 'undo', 'selection'].entries()) {
      tell({ unfold: 1, type: 'command', id: id + 2, command: name });
    }
    await vi.waitFor(() => expect(sent).toHaveLength(5));
    expect(sent.slice(1).map(({ message }) => message['error'] ?? message['value'])).toEqual([
      { code: 'bad_command', message: 'That message is not one that a figure takes.' },
      { code: 'not_ready', message: 'There is no data yet.' },
      { code: 'internal', message: 'Odd.' },
      bits,
    ]);
  });
});

describe('embed.js', () => {
  it('has the version, the limit and the attributes that the types tell of', () => {
    expect(element).toContain(`MESSAGES_VERSION = ${VERSION};`);
    expect(element).toContain('MOST = 512 * 1024 * 1024');
    expect(MOST_BYTES).toBe(512 * 1024 * 1024);
    const listed = /OBSERVED: readonly Setting\[\] = \[([^\]]*)\]/.exec(element)?.[1] ?? '';
    const names = [...listed.matchAll(/'(\w+)'/g)].map(([, name]) => name);
    expect([...names, 'theme'].sort()).toEqual([...SETTINGS].sort());
    /* An attribute that every element has would mean something else besides. */
    for (const name of names)
      expect(['hidden', 'title', 'style', 'class', 'id', 'lang', 'dir']).not.toContain(name);
  });

  it('imports nothing but types, so that it stays one file', () => {
    const imports = [...element.matchAll(/^import (?!type)/gm)];
    expect(imports).toEqual([]);
  });
});
