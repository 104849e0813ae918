// What the page must not let happen, whoever tries: hosts without headers, scripts put into the page, and files
// whose names and cells are written to do harm (rows 21 to 23 and 94 of the catalogue).
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import { drop, ended, mapPixels, named, record, recording, until } from './support.ts';

const PROVOKED = /Content.Security.Policy|Refused to|violates|Trusted/i;
let site: Site;
/** Violations that a test has provoked are held against none, but what they were is looked at. */
const violations: string[] = [];
let dialogs = 0;

beforeAll(async () => {
  site = await openSite({
    headers: 'none',
    base: '/deep/inside/',
    allow: PROVOKED,
    async before(page) {
      await record(page);
      await page.exposeFunction('__violated', (text: string) => violations.push(text));
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
          (globalThis as unknown as { __violated(text: string): void }).__violated(
            `${effectiveDirective} ${blockedURI}`,
          );
        });
      });
      page.on('dialog', (dialog) => {
        dialogs++;
        void dialog.dismiss();
      });
    },
  });
  await named.map(site.page).locator('canvas').first().waitFor();
  await named.pause(site.page).waitFor();
});
afterAll(() => site.close());
afterEach(() => {
  const outside = site.requests.filter((url) => !url.startsWith(site.url) && !url.startsWith('blob:'));
  expect(outside).toEqual([]);
  expect(dialogs).toBe(0);
  site.assertClean();
});

/** A server of another origin that would answer anything. */
async function elsewhere(): Promise<{ url: string; asked(): number; close(): void }> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.end('here');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const at = server.address();
  return {
    url: `http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}/`,
    asked: () => asked,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('the policy is in the page itself', async () => {
  const content = await site.page
    .locator('meta[http-equiv="Content-Security-Policy"]')
    .first()
    .getAttribute('content');
  expect(content).toMatch(/default-src '(none|self)'/);
  expect(content).toMatch(/connect-src 'self'/);
  expect(content).toMatch(/require-trusted-types-for 'script'/);
  expect(content).toMatch(/object-src 'none'|default-src 'none'/);
  expect(content).not.toMatch(/'unsafe-inline'[^;]*;?.*script|script-src[^;]*'unsafe-inline'/);
  const first = await fetch(site.url);
  expect(first.headers.get('content-security-policy')).toBeNull();
});

test('nothing is fetched from elsewhere, by page or worker, in any of the ways there are', async () => {
  const other = await elsewhere();
  try {
    const ask = (url: string): Promise<string> =>
      fetch(url, { mode: 'no-cors' }).then(
        () => 'answered',
        () => 'refused',
      );
    expect(await site.page.evaluate(ask, other.url)).toBe('refused');
    for (const worker of site.page.workers()) expect(await worker.evaluate(ask, other.url)).toBe('refused');
    expect(site.page.workers().length).toBeGreaterThan(0);
    const ways = await site.page.evaluate(async (url) => {
      const image = new Image();
      const imaged = new Promise<string>((done) => {
        image.onload = () => done('loaded');
        image.onerror = () => done('refused');
      });
      image.src = `${url}a.png`;
      let beacon = 'sent';
      try {
        beacon = navigator.sendBeacon(`${url}b`, 'rows') ? 'queued' : 'refused';
      } catch {
        beacon = 'refused';
      }
      const socket = await new Promise<string>((done) => {
        try {
          const one = new WebSocket(url.replace('http', 'ws'));
          one.onopen = () => done('open');
          one.onerror = () => done('refused');
        } catch {
          done('refused');
        }
      });
      const frame = document.createElement('iframe');
      frame.src = url;
      document.body.append(frame);
      const style = document.createElement('link');
      style.rel = 'stylesheet';
      style.href = `${url}c.css`;
      document.head.append(style);
      await new Promise((done) => setTimeout(done, 400));
      frame.remove();
      style.remove();
      return { image: await imaged, socket, beacon };
    }, other.url);
    expect(ways.image).toBe('refused');
    expect(ways.socket).toBe('refused');
    expect(other.asked(), 'what arrived elsewhere').toBe(0);
    expect(violations.length).toBeGreaterThan(0);
  } finally {
    other.close();
    // What the browser was made to try is no request of the page.
    for (let i = site.requests.length - 1; i >= 0; i--) {
      if (site.requests[i]?.startsWith(other.url.slice(0, -1))) site.requests.splice(i, 1);
    }
    for (let i = site.problems.length - 1; i >= 0; i--) {
      if (site.problems[i]?.includes(other.url.slice(7, -1))) site.problems.splice(i, 1);
    }
  }
});

test('a script put into the page does not run, and markup can’t be assigned', async () => {
  const tried = await site.page.evaluate(async () => {
    const scope = globalThis as unknown as { ran?: string };
    const refusals: string[] = [];
    const attempt = (what: string, run: () => void): void => {
      try {
        run();
        refusals.push(`${what}: went through`);
      } catch (error) {
        refusals.push(`${what}: ${(error as Error).name}`);
      }
    };
    const host = document.createElement('div');
    document.body.append(host);
    attempt('innerHTML', () => {
      host.innerHTML = '<img src=x onerror="globalThis.ran = \'image\'">';
    });
    attempt('outerHTML', () => {
      host.outerHTML = '<b>x</b>';
    });
    attempt('insertAdjacentHTML', () => host.insertAdjacentHTML('beforeend', '<b>x</b>'));
    attempt('document.write', () => document.write('<b>x</b>'));
    attempt('another policy', () => {
      const { trustedTypes } = globalThis as unknown as {
        trustedTypes: { createPolicy(name: string, rules: object): unknown };
      };
      trustedTypes.createPolicy('mine', { createHTML: (text: string) => text });
    });
    attempt('a script’s text', () => {
      const script = document.createElement('script');
      script.textContent = "globalThis.ran = 'script'";
      document.head.append(script);
    });
    /* An attribute is no script yet: it must not become one. */
    const button = document.createElement('button');
    try {
      button.setAttribute('onclick', "globalThis.ran = 'attribute'");
    } catch {
      /* refused already */
    }
    host.append(button);
    button.click();
    host.remove();
    await new Promise((done) => setTimeout(done, 200));
    return { refusals, ran: scope.ran ?? null };
  });
  expect(tried.ran).toBeNull();
  for (const what of ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'document.write', 'another policy']) {
    expect(tried.refusals).toContainEqual(`${what}: TypeError`);
  }
});

test('a hostile file is text everywhere, and changes nothing but the table', async () => {
  const { page } = site;
  const before = violations.length;
  const image = '<img src=x onerror=alert(1)>';
  const script = '</script><script>alert(2)</script>';
  const long = 'n'.repeat(10_000);
  const bidi = 'invoice\u202Efdp.exe';
  const names = [image, '__proto__', 'constructor', 'toString', bidi, long, script];
  const kinds = [image, script, '__proto__', 'javascript:alert(3)', `zero\u200Bwidth`];
  const lines = [[...names, 'hasOwnProperty'].map((name) => `"${name}"`).join(',')];
  for (let i = 0; i < 100; i++) {
    const values = names.map((_, j) => ((i * (j + 3)) % 17) / 7 + Math.sin(i + j));
    lines.push(`${values.map((value) => value.toFixed(3)).join(',')},"${kinds[i % kinds.length]}"`);
  }
  await drop(page, [{ name: `${image}.csv`, bytes: lines.join('\r\n') }]);
  await page.getByText('100 rows, 8 columns', { exact: true }).waitFor();
  await ended(page);

  // In the table of columns, the notes, the legend, the inspector, the rows and the map's menu.
  const role = (name: string) => page.getByRole('combobox', { name: `Role of ${name}`, exact: true });
  for (const name of [image, '__proto__', 'constructor', 'toString', script]) await role(name).waitFor();
  expect(await role('hasOwnProperty').inputValue()).toBe('label');
  const text = await page.locator('.columns').innerText();
  expect(text).toContain('invoice‹U+202E›fdp.exe');
  expect(text).not.toContain('\u202E');
  expect(text).toContain(`${'n'.repeat(200)}…`);
  expect(text).not.toContain('n'.repeat(201));
  const legend = await named.classes(page).allInnerTexts();
  expect(legend.sort()).toEqual(
    [image, script, '__proto__', 'javascript:alert(3)', 'zero‹U+200B›width'].sort(),
  );
  for (const item of await named.classes(page).all()) await item.click();

  await page.getByRole('button', { name: 'Next row' }).click();
  await named.inspector(page).getByText(image).first().waitFor();
  await page.getByText('All 8 cells of the row').click();
  await page.getByRole('region', { name: 'Rows' }).getByRole('button', { name: 'Rows' }).click();
  await until('the rows are read', async () =>
    (await page.getByRole('grid').innerText()).includes('javascript:alert(3)'),
  );
  const menu = page.getByRole('combobox', { name: 'Colour by', exact: true });
  for (const name of ['__proto__', 'constructor']) {
    await menu.selectOption({ label: name });
    await until('it is the legend’s title', async () =>
      (await named.legend(page).innerText()).includes(name),
    );
  }
  expect((await mapPixels(page)).coloured).toBeGreaterThan(0);

  // And what must not have happened.
  const state = await page.evaluate(() => ({
    prototype: Object.getOwnPropertyNames(Object.prototype).sort(),
    images: document.querySelectorAll('img').length,
    inline: [...document.querySelectorAll('script')].filter(({ src }) => src === '').length,
    handlers: document.querySelectorAll('[onerror], [onclick], [onload]').length,
    own: ({} as { polluted?: unknown }).polluted ?? null,
  }));
  const clean = await page.context().newPage();
  const usual = await clean.evaluate(() => Object.getOwnPropertyNames(Object.prototype).sort());
  await clean.close();
  expect(state).toEqual({ prototype: usual, images: 0, inline: 0, handlers: 0, own: null });
  expect(violations.slice(before)).toEqual([]);
  expect(await page.title()).not.toContain('\u202E');

  // A role can be changed by such a name, too.
  await role('__proto__').selectOption('ignored');
  await page.getByText('100 rows of 6 numbers.', { exact: true }).waitFor();
  await ended(page);
  const failed = (await recording(page)).received.filter(({ message }) => message.type === 'fatal');
  expect(failed).toEqual([]);
});

test('reading a file, training on it and looking at it asks the host for nothing', async () => {
  const { page } = site;
  const before = site.requests.length;
  await drop(page, [{ name: 'mine.csv', bytes: 'x,y,z\n1,2,3\n4,5,7\n3,1,2\n9,8,1\n2,2,2\n7,1,5\n' }]);
  await page.getByText('6 rows, 3 columns', { exact: true }).waitFor();
  await ended(page);
  await page.getByRole('button', { name: 'Next row' }).click();
  await named.inspector(page).getByText('Code', { exact: true }).waitFor();
  const asked = site.requests.slice(before).filter((url) => !url.startsWith('blob:'));
  // At most a part of the page that was not needed before; never a word about the data.
  for (const url of asked) expect(url).toMatch(/\/assets\/[\w.-]+\.(js|css)$/);
});
