// Everything by keyboard alone, from the moment the page is open (row 71): no pointer is used in this file.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import { dataSet, ended, epoch, mapPixels, named, resting, runText, until } from './support.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite({ headers: 'none' });
  await named.map(site.page).locator('canvas').first().waitFor();
});
afterAll(() => site.close());

interface Focus {
  role: string;
  name: string;
  /** It can be told by its looks that it has the focus. */
  visible: boolean;
  /** Which element it is. */
  key: string;
}

/** What has the focus, and whether that can be seen. */
function focus(): Promise<Focus> {
  return site.page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (!element || element === document.body) return { role: 'body', name: '', visible: true, key: 'body' };
    const shows = (one: Element | null, part?: string): boolean => {
      if (!one) return false;
      const style = getComputedStyle(one, part);
      const outlined = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1;
      return outlined || style.boxShadow !== 'none';
    };
    const box = element.getBoundingClientRect();
    /* What is hidden by itself shows its focus on its label. */
    const label = (element as HTMLInputElement).labels?.[0] ?? null;
    const aside = element.nextElementSibling;
    const text = element.getAttribute('aria-label') ?? label?.textContent ?? element.textContent ?? '';
    const all = [...document.querySelectorAll('*')];
    return {
      role: element.getAttribute('role') ?? element.tagName.toLowerCase(),
      name: text.trim().slice(0, 60),
      visible:
        shows(element) ||
        shows(element, '::after') ||
        (box.width <= 2 && (shows(label) || shows(aside))) ||
        shows(label),
      key: String(all.indexOf(element)),
    };
  });
}

const press = (key: string): Promise<void> => site.page.keyboard.press(key);

/** Goes on with Tab until what has the focus is the wanted thing. */
async function tabTo(name: string | RegExp, role?: string, most = 160): Promise<void> {
  for (let i = 0; i < most; i++) {
    await press('Tab');
    const now = await focus();
    const fits = typeof name === 'string' ? now.name === name : name.test(now.name);
    if (fits && (role === undefined || now.role === role)) return;
  }
  throw new Error(`${name} was not reached in ${most} steps.`);
}

test('a data set is chosen in the menu', async () => {
  const { page } = site;
  await tabTo('Data set', 'select');
  for (let i = 0; i < 20 && (await dataSet(page).inputValue()) !== 'iris'; i++) {
    await page.keyboard.type('Iris');
    await page.waitForTimeout(300);
  }
  await page.getByText('150 rows, 5 columns', { exact: true }).waitFor();
  await ended(page);
  site.assertClean();
});

test('the focus goes round the whole page, is always to be seen, and is never caught', async () => {
  await resting(site.page);
  const seen: Focus[] = [];
  await site.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await press('Tab');
  const first = await focus();
  for (let i = 0; i < 200; i++) {
    const now = await focus();
    if (seen.length > 0 && now.key === first.key) break;
    /* Once round, the browser's own window has the focus for one step. */
    if (now.role !== 'body') {
      expect(now.key, `caught at ${now.name}`).not.toBe(seen.at(-1)?.key);
      seen.push(now);
    }
    await press('Tab');
  }
  const names = seen.map(({ name }) => name);
  for (const name of [
    'Data set',
    'Open a data file',
    'Theme',
    'Help',
    'Role of sepal_length',
    'Epochs',
    'Learning rate',
    'Hidden layers',
    'Latent size',
    'Train',
    'Step',
    'Zoom in',
    'Fit',
    'Next row',
  ]) {
    expect(names).toContainEqual(expect.stringContaining(name));
  }
  expect(seen.filter(({ visible }) => !visible).map(({ role, name }) => `${role} ${name}`)).toEqual([]);
  // And back again.
  await press('Shift+Tab');
  await press('Shift+Tab');
  expect(seen.map(({ key }) => key)).toContain((await focus()).key);
});

test('a role and a parameter are changed', async () => {
  const { page } = site;
  await tabTo(/^Role of petal_width/, 'select');
  await page.keyboard.type('ign');
  await page.getByText('150 rows of 3 numbers.', { exact: true }).waitFor();
  await ended(page);
  await tabTo('Epochs', 'input');
  await press('ControlOrMeta+a');
  await page.keyboard.type('100000');
  await press('Enter');
  await tabTo('More', 'summary');
  await press('Enter');
  await tabTo('Patience', 'input');
  await press('ControlOrMeta+a');
  await page.keyboard.type('0');
  await press('Enter');
  expect(await page.getByLabel('Epochs', { exact: true }).inputValue()).toBe('100000');
  site.assertClean();
});

test('Space trains, pauses and resumes; a full stop steps', async () => {
  const { page } = site;
  await tabTo('Train', 'button');
  await press('Enter');
  await named.pause(page).waitFor();
  await until('it runs', async () => /of 10\d,\d\d\d/.test(await runText(page)));
  await tabTo(/rows|map/i, 'application');
  await press('Space');
  await named.resume(page).waitFor();
  const at = await epoch(page);
  await press('.');
  await until('one epoch more', async () => (await epoch(page)) === at + 1);
  await named.resume(page).waitFor();
  await press('Space');
  await until('it goes on', async () => (await epoch(page)) > at + 1);
  await tabTo('Stop', 'button');
  await press('Space');
  await ended(page);
  // Stop keeps the focus, though there is nothing to stop any more.
  expect((await focus()).name).toBe('Stop');
  site.assertClean();
});

test('on the map, arrows go from row to row, Enter keeps one, Escape lets go', async () => {
  const { page } = site;
  const row = () => named.inspector(page).getByRole('spinbutton').inputValue();
  await tabTo(/rows|map/i, 'application');
  await press('ArrowRight');
  await until('a row is shown', async () => (await row()) !== '');
  const first = await row();
  await press('ArrowLeft');
  await press('ArrowLeft');
  await until('another row', async () => (await row()) !== first);
  await until('it is said', async () =>
    /^Row \d+/.test(await page.getByRole('status', { name: 'Messages' }).innerText()),
  );
  await press('Enter');
  await page.getByRole('button', { name: 'Let go of the row' }).waitFor();
  await press('Escape');
  await until('it is let go', async () => (await row()) === '');

  await press('0');
  const fitted = await resting(page);
  await press('+');
  await until('it is larger', async () => (await mapPixels(page)).picture !== fitted);
  await press('Shift+ArrowRight');
  await press('0');
  expect(await resting(page)).toBe(fitted);
  expect((await focus()).role).toBe('application');
  site.assertClean();
});

test('a question mark opens the help, Escape closes it, and the focus is where it was', async () => {
  const { page } = site;
  const before = await focus();
  await press('?');
  const sheet = page.getByRole('dialog', { name: 'Help' });
  await sheet.waitFor();
  expect(await sheet.innerText()).toMatch(/train, pause, resume/);
  // Within the sheet only.
  for (let i = 0; i < 6; i++) {
    await press('Tab');
    const inside = await page.evaluate(
      () => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null,
    );
    expect(inside).toBe(true);
  }
  await press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  expect((await focus()).key).toBe(before.key);
});

test('a slash opens the search among the ways to select, Escape gives the focus back', async () => {
  const { page } = site;
  const before = await focus();
  await press('/');
  const panel = page.getByRole('dialog', { name: 'Select by…' });
  await panel.waitFor();
  await until('the text has the focus', async () => (await focus()).name === 'Text');
  await page.keyboard.type('no such text/');
  expect(await panel.getByLabel('Text').inputValue()).toBe('no such text/');
  await press('Enter');
  await panel.getByText(/^No row found/).waitFor();
  await press('Escape');
  await panel.waitFor({ state: 'hidden' });
  const after = await focus();
  expect([after.role, after.name]).toEqual([before.role, before.name]);

  /* What is typed into a field is put back by Escape, and only the next one closes its panel. */
  await tabTo(/^Retrain settings/, 'button');
  await press('Enter');
  const epochs = page.getByLabel('Retrain epochs');
  await epochs.waitFor();
  await until('it has the focus', async () => /Retrain epochs/.test((await focus()).name));
  const was = await epochs.inputValue();
  await page.keyboard.type('77');
  await press('Escape');
  expect(await epochs.inputValue()).toBe(was);
  await press('Escape');
  await epochs.waitFor({ state: 'hidden' });
  site.assertClean();
});

test('the theme is changed, and the table of rows opened', async () => {
  const { page } = site;
  const ground = () =>
    page.evaluate(() => getComputedStyle(document.querySelector('.top-bar') as Element).backgroundColor);
  await tabTo('Theme', 'button');
  const grounds = new Set([await ground()]);
  for (let i = 0; i < 3; i++) {
    await press('Enter');
    grounds.add(await ground());
  }
  expect(grounds.size).toBe(2);
  await tabTo(/^Rows/, 'button');
  await press('Enter');
  await page.getByRole('grid').waitFor();
  await tabTo(/rows$/, 'grid');
  await press('ArrowDown');
  await press('Enter');
  await page.getByRole('button', { name: 'Let go of the row' }).waitFor();
  site.assertClean();
});

test('single keys can be turned off', async () => {
  const { page } = site;
  await press('?');
  await page.getByRole('dialog', { name: 'Help' }).waitFor();
  await tabTo(/^Keys without/, 'input', 12);
  await press('Space');
  await press('Escape');
  const at = await epoch(page);
  await press('.');
  await press('?');
  await page.waitForTimeout(300);
  expect(await epoch(page)).toBe(at);
  expect(await page.getByRole('dialog', { name: 'Help' }).isVisible()).toBe(false);
  site.assertClean();
});
