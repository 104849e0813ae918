// @vitest-environment happy-dom
// The pages to be read (web/docs, web/article) are true: what they list is what there is, their snippets can be used as they
// stand, and each is under the same policy and has the same way to the others.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { cleanup, render, screen } from '@testing-library/preact';
import { createElement } from 'preact';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { changeIn, changeText } from '../../web/article/words.ts';
import { type CommandName, OWN_ATTRIBUTES, SETTINGS } from '../../web/embed/api.ts';
import { readSettings, settingsOf } from '../../web/embed/schema.ts';
import { percentText } from '../../web/state/retrain-story.ts';
import { HelpSheet } from '../../web/ui/help-sheet.tsx';
import { PARTS } from '../../web/ui/parts.ts';
import { pressed } from '../../web/ui/shortcuts.ts';
import { createBench } from './session-fixture.ts';

const web = resolve(import.meta.dirname, '../../web');
const docs = readdirSync(resolve(web, 'docs')).filter((name) => name.endsWith('.html'));
const pages = [...docs.map((name) => `docs/${name}`), 'article/index.html'];

/** A page to look at: what it would load goes by another name (`x-script`), so that nothing is fetched. */
function documentOf(html: string): Document {
  const inert = html.replace(/<(\/?)(script|link|iframe)\b/g, '<$1x-$2');
  return new DOMParser().parseFromString(inert, 'text/html') as unknown as Document;
}

const parsed = (path: string): Document => documentOf(readFileSync(resolve(web, path), 'utf8'));

/** Text as it is read: spaces and line ends are one. */
const textOf = (element: Element | null | undefined): string =>
  (element?.textContent ?? '').replace(/\s+/g, ' ').trim();

const settings = new Set<string>([...SETTINGS, ...OWN_ATTRIBUTES]);

/** What can't be used of an element or a frame's hash, in the words of the figure itself. */
function refused(given: Record<string, string>): string[] {
  const { height, ...own } = given;
  return [
    ...readSettings(own).wrong,
    ...(height === undefined || /^\d{3,4}$/.test(height) ? [] : [`height ${height}`]),
  ];
}

const figuresIn = (root: ParentNode): Record<string, string>[] =>
  [...root.querySelectorAll('unfold-map')].map((figure) =>
    Object.fromEntries(
      [...figure.attributes].flatMap(({ name, value }) => (name === 'id' ? [] : [[name, value]])),
    ),
  );

describe.each(pages)('%s', (path) => {
  const page = parsed(path);

  it('is under the policy of the others, and has nothing that it forbids', () => {
    const policy = page.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content');
    expect(policy).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'",
    );
    expect(page.querySelectorAll('style, [style], x-script:not([src])')).toHaveLength(0);
    const handlers = [...page.querySelectorAll('*')].flatMap((element) =>
      [...element.attributes].filter(({ name }) => name.startsWith('on')),
    );
    expect(handlers).toEqual([]);
  });

  it('has the same head and foot, and says which page it is', () => {
    const links = (root: Element | null): string[] =>
      [...(root?.querySelectorAll('a') ?? [])].map((link) => {
        const to = new URL(link.getAttribute('href') ?? '', `https://x/${path}`);
        return `${textOf(link)} ${to.pathname}`;
      });
    expect(links(page.querySelector('header.site-header'))).toEqual([
      'Unfold /',
      'Article /article/',
      'Embed /docs/embed.html',
      'Host /docs/hosting.html',
      'Links /docs/links.html',
      'Privacy /docs/privacy.html',
      'Keys /docs/keyboard.html',
    ]);
    expect(links(page.querySelector('footer'))).toEqual(['Open Unfold /', 'All pages /docs/']);
    const current = page.querySelector('[aria-current]')?.getAttribute('href') ?? './index.html';
    expect(new URL(current, `https://x/${path}`).pathname.replace(/\/$/, '/index.html')).toBe(`/${path}`);
    expect(page.querySelectorAll('h1')).toHaveLength(1);
    expect(page.title).toBe(
      path === 'docs/index.html' ? 'About · Unfold' : `${textOf(page.querySelector('h1'))} · Unfold`,
    );
  });

  it('has figures whose every attribute is one that a figure takes', () => {
    for (const figure of figuresIn(page)) {
      expect(Object.keys(figure).filter((name) => !settings.has(name))).toEqual([]);
      expect(refused(figure)).toEqual([]);
    }
  });

  it('is named where it is listed', () => {
    if (path === 'docs/index.html') return;
    const list = parsed('docs/index.html').querySelector('main');
    const to = [...(list?.querySelectorAll('a') ?? [])].map(
      (link) => new URL(link.getAttribute('href') ?? '', 'https://x/docs/').pathname,
    );
    expect(to).toContain(`/${path}`.replace(/\/index\.html$/, '/'));
  });
});

describe('docs/embed.html', () => {
  const page = parsed('docs/embed.html');
  const listed = (of: string): string[] =>
    [...page.querySelectorAll(`dl[data-of="${of}"] dt`)].map((term) => textOf(term));

  it('lists every attribute, and no other', () => {
    expect(listed('Attributes').sort()).toEqual([...settings].sort());
  });

  it('lists every part that can be left out', () => {
    const hide = [...page.querySelectorAll('dl[data-of="Attributes"] div')].find(
      (entry) => textOf(entry.querySelector('dt')) === 'hide',
    );
    expect([...(hide?.querySelectorAll('dd code') ?? [])].map(textOf)).toEqual([...PARTS]);
  });

  it('lists every method, and no other', () => {
    /* By type, so that a command that joins does not compile here without being listed. */
    const commands: Record<CommandName, true> = {
      load: true,
      set: true,
      run: true,
      pause: true,
      retrain: true,
      select: true,
      selection: true,
      undo: true,
      redo: true,
      back: true,
      link: true,
    };
    const names = listed('Methods').map((text) => text.replace(/\(.*$/, ''));
    expect(names.sort()).toEqual([...Object.keys(commands), 'ready'].sort());
  });

  it('lists every event, and what each tells', () => {
    const api = readFileSync(resolve(web, 'embed/api.ts'), 'utf8');
    const body = (of: string): string =>
      new RegExp(`interface ${of} \\{([\\s\\S]*?)\\n\\}`).exec(api)?.[1] ?? '';
    const fields = (of: string): string[] =>
      [...body(of).matchAll(/^ {2}'?([\w-]+)'?\??: /gm)].map(([, name = '']) => name);
    expect(listed('Events')).toEqual(fields('FigureEvents'));
    const events = [...body('FigureEvents').matchAll(/'([\w-]+)': (\w+);/g)];
    expect(events).toHaveLength(4);
    for (const [, name, type = ''] of events) {
      const entry = [...page.querySelectorAll('dl[data-of="Events"] div')].find(
        (one) => textOf(one.querySelector('dt')) === name,
      );
      const detail = /\{ ([^}]*) \}/.exec(textOf(entry))?.[1]?.split(', ');
      expect(detail, name).toEqual(fields(type));
    }
  });

  const snippets = [...page.querySelectorAll('pre[data-snippet]')].map(
    (block) => [block.getAttribute('data-snippet') ?? '', block.textContent ?? ''] as const,
  );

  it('has snippets for plain HTML, a frame, Quarto, Jupyter and Observable', () => {
    expect(new Set(snippets.map(([kind]) => kind))).toEqual(
      new Set(['html', 'quarto', 'python', 'observable', 'js', 'csp']),
    );
  });

  it.each(snippets)('the snippet for %s uses only what there is: %s', (kind, text) => {
    const html = kind === 'html' || kind === 'quarto' || kind === 'python' ? text : '';
    const dom = documentOf(html);
    for (const figure of figuresIn(dom)) expect(refused(figure)).toEqual([]);
    for (const [, hash = ''] of text.matchAll(/embed\.html(#[^"]*)"/g)) {
      expect(refused(settingsOf(hash))).toEqual([]);
    }
    for (const [, name = '', value = ''] of text.matchAll(/setAttribute\("(\w+)", "([^"]*)"\)/g)) {
      expect(refused({ [name]: value })).toEqual([]);
    }
    for (const [address] of text.matchAll(/https?:[^"\s;]*/g)) {
      expect(address).toMatch(
        /^https:\/\/example\.org\/unfold\/(embed\.js|embed-classic\.js|embed\.html#.*)?$/,
      );
    }
    for (const script of dom.querySelectorAll('x-script[src]')) {
      const module = script.getAttribute('type') === 'module';
      expect(script.getAttribute('src')).toMatch(module ? /embed\.js$/ : /embed-classic\.js$/);
    }
  });
});

describe('the notebook snippet of docs/embed.html', () => {
  const snippet = [...parsed('docs/embed.html').querySelectorAll('pre[data-snippet="python"]')]
    .map(({ textContent }) => textContent ?? '')
    .find((text) => text.includes('json.dumps'));

  it('writes < of the data as an escape of JSON, which in Python takes two backslashes', () => {
    expect(snippet).toContain(String.raw`.replace("<", "\\u003c")`);
  });

  const python = spawnSync('python3', ['-c', 'print(1)']).status === 0;
  it.skipIf(!python)('run in Python, lets no text of a data frame become script', () => {
    const cells = 'a\n</script><script>alert(1)</script>\n';
    /* In place of the packages of a notebook: a frame of one text, and HTML that prints what it is given. */
    const stage =
      'class Frame:\n    def to_csv(self, index): return CELLS\n' +
      `frame = Frame()\nCELLS = ${JSON.stringify(cells)}\ndef HTML(text): print(text)\n`;
    const code = stage + (snippet ?? '').replace('from IPython.display import HTML\n', '');
    const { stdout, stderr } = spawnSync('python3', ['-c', code], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.match(/<\/?script/g)).toEqual(['<script', '</script']);
    const literal = /encode\((".*")\)/.exec(stdout)?.[1] ?? '""';
    expect(JSON.parse(literal)).toBe(cells);
  });
});

describe('docs/keyboard.html', () => {
  afterEach(cleanup);
  const page = parsed('docs/keyboard.html');
  const rows = [...page.querySelectorAll('tbody tr')].map((row) => ({
    keys: [...row.querySelectorAll('kbd')].map(textOf),
    line: `${textOf(row.querySelector('th'))}: ${textOf(row.querySelector('td'))}`,
  }));

  it('says what the help sheet of the page says', () => {
    vi.stubGlobal('__VERSION__', '1.0.0');
    const { store, actions } = createBench();
    HTMLDialogElement.prototype.showModal ??= () => undefined;
    render(createElement(HelpSheet, { store, actions, open: true, onClose: () => undefined }));
    const sheet = screen.getByText('Keys', { selector: 'h3' }).parentElement;
    const lists = [...(sheet?.querySelectorAll('dl') ?? [])];
    const words = lists.findIndex((list) => textOf(list.previousElementSibling) === 'Words');
    const said = lists.slice(0, words).flatMap((list) =>
      [...list.querySelectorAll('div')].map((entry) => {
        const keys = [...entry.querySelectorAll('kbd')].map(textOf).join(' ');
        return `${keys || textOf(entry.querySelector('dt'))}: ${textOf(entry.querySelector('dd'))}`;
      }),
    );
    expect(said.length).toBeGreaterThan(20);
    expect(rows.map(({ line }) => line)).toEqual(said);
  });

  it('lists a key for everything that a key does on the page', () => {
    const done = rows.flatMap(({ keys }) => {
      const key = keys.at(-1) ?? '';
      const shortcut = pressed({
        key: key === 'Space' ? ' ' : key,
        ctrlKey: keys.includes('Ctrl'),
        shiftKey: keys.includes('Shift'),
        metaKey: false,
        altKey: false,
        repeat: false,
        defaultPrevented: false,
        target: document.body,
      });
      return shortcut ? [shortcut] : [];
    });
    expect([...new Set(done)].sort()).toEqual(
      ['box', 'brush', 'help', 'lasso', 'pan', 'redo', 'retrain', 'search', 'step', 'toggle', 'undo'].sort(),
    );
  });
});

describe('the article', () => {
  it('writes changes as the page writes them, and reads them back', () => {
    for (const change of [0, 0.0004, -0.0006, 0.004, -0.0094, 0.0096, -0.2044, 0.427, 1.52, 26.97, -1]) {
      const text = changeText(change);
      expect(text).toBe(percentText(change));
      if (text !== 'unchanged')
        expect(changeIn(text)).toBeCloseTo(change * 100, Math.abs(change) < 0.009 ? 0 : -0.5);
    }
    expect(changeIn('unchanged')).toBe(0);
  });

  it('has three figures', () => {
    expect(figuresIn(parsed('article/index.html'))).toHaveLength(3);
  });
});
