// Train, pause, step, resume, stop; values that can't be used; a learning rate that runs away; and impatience.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import {
  clumps,
  drop,
  ended,
  epoch,
  field,
  mapPixels,
  named,
  pauseFor,
  record,
  recording,
  resting,
  runText,
  until,
} from './support.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite({ headers: 'none', before: record });
  const { page } = site;
  await named.map(page).locator('canvas').first().waitFor();
  await drop(page, [{ name: 'clumps.csv', bytes: clumps(3000) }]);
  await page.getByText('3,000 rows, 7 columns', { exact: true }).waitFor();
  await ended(page);
  await page.getByText('More', { exact: true }).click();
  await set('Patience', '0');
});
afterAll(() => site.close());

async function set(name: string, value: string): Promise<void> {
  await field(site.page, name).fill(value);
  await field(site.page, name).press('Enter');
}

const startAgain = () => site.page.getByRole('button', { name: 'Start again', exact: true });

test('pause rests, step does one epoch, resume goes on, stop ends and says so (row 57)', async () => {
  const { page } = site;
  await set('Epochs', '100000');
  await startAgain().click();
  await until('it has begun', async () => (await epoch(page)) >= 3);

  await named.pause(page).click();
  await named.resume(page).waitFor();
  const at = await epoch(page);
  const picture = await resting(page);
  await pauseFor(700);
  expect(await epoch(page)).toBe(at);
  expect((await mapPixels(page)).picture).toBe(picture);

  for (const by of [1, 2]) {
    await named.step(page).click();
    await until('one epoch more', async () => (await epoch(page)) === at + by);
    await named.resume(page).waitFor();
    expect(await epoch(page)).toBe(at + by);
  }
  await until('the step is seen', async () => (await mapPixels(page)).picture !== picture);

  await named.resume(page).click();
  await until('it goes on', async () => (await epoch(page)) > at + 4);
  await named.stop(page).click();
  const sentence = await ended(page);
  expect(sentence).toMatch(/^Stopped/);
  expect(sentence).toMatch(/\d+ epochs/);
  await named.train(page).waitFor();
  expect(await named.stop(page).getAttribute('aria-disabled')).toBe('true');

  // Train goes on from there.
  const stopped = await epoch(page);
  await named.train(page).click();
  await until('it goes on from where it stopped', async () => (await epoch(page)) > stopped);
  await named.stop(page).click();
  await ended(page);
  site.assertClean();
});

test('what can’t be used is told under its field, and the old value holds (row 56)', async () => {
  const { page } = site;
  await set('Epochs', '40');
  await set('Learning rate', '0.002');
  const cases: [string, string, RegExp][] = [
    ['Epochs', 'abc', /“abc” is not a number/],
    ['Epochs', '', /Write a number from 1 to/],
    ['Epochs', '1e', /“1e” is not a number/],
    ['Epochs', '-1', /“-1” is outside 1 to/],
    ['Epochs', '1e9', /“1e9” is outside 1 to/],
    ['Epochs', '1.5', /whole number/],
    ['Learning rate', '1,5', /“1,5” without a comma/],
    ['Learning rate', '-1', /outside/],
    ['Hidden layers', '10, x', /Layer 2: “x” is not a number/],
    ['Latent size', '0', /outside 1 to 64/],
  ];
  for (const [name, text, says] of cases) {
    const input = field(page, name);
    await set(name, text);
    const error = page.locator(`#${await input.getAttribute('id')}-error`);
    expect(await error.innerText(), `${name}: ${text}`).toMatch(says);
    expect(await error.innerText()).toMatch(name === 'Epochs' ? /Still 40\./ : /Still /);
    expect(await input.getAttribute('aria-invalid')).toBe('true');
    await input.press('Escape');
    expect(await error.count(), `${name}: Escape puts the old value back`).toBe(0);
    if (name === 'Epochs') expect(await input.inputValue()).toBe('40');
  }
  // A value that is refused is not what runs.
  await set('Epochs', 'abc');
  await startAgain().click();
  await until('it runs to the old value', async () => /epoch \d+ of 40\b/.test(await runText(page)));
  await ended(page);
  expect(await epoch(page)).toBe(40);
  await field(page, 'Epochs').press('Escape');
  site.assertClean();
});

test('pasted text is judged like typed text', async () => {
  const { page } = site;
  const input = field(page, 'Learning rate');
  await input.focus();
  await input.press('ControlOrMeta+a');
  await page.keyboard.insertText('1,5');
  await input.press('Tab');
  const error = page.locator(`#${await input.getAttribute('id')}-error`);
  expect(await error.innerText()).toMatch(/without a comma/);
  await set('Learning rate', '0.002');
  expect(await error.count()).toBe(0);
});

test('a learning rate of 1e6 stops at once, says so, and a lower one is one click away (row 54)', async () => {
  const { page } = site;
  await set('Learning rate', '1000');
  const most = await field(page, 'Learning rate').getAttribute('aria-invalid');
  if (most === 'true') throw new Error(await page.locator('.field-error').innerText());
  await set('Learning rate', '1e6');
  await startAgain().click();
  await page.getByRole('button', { name: /^Try learning rate/ }).waitFor();
  const sentence = await ended(page);
  process.stdout.write(`learning rate 1e6: ${sentence.replace(/\s+/g, ' ')}\n`);
  expect(sentence).toMatch(/ran away|not finite|grew|too high|diverged/i);
  expect((await mapPixels(page)).coloured).toBeGreaterThan(0);
  const offer = page.getByRole('button', { name: /^Try learning rate/ });
  await offer.click();
  await until('it trains again', async () => /Trained|Ended|epoch [1-9]/.test(await runText(page)));
  const next = await ended(page);
  expect(next).not.toMatch(/ran away|diverged/i);
  expect(Number(await field(page, 'Learning rate').inputValue())).toBeLessThan(1e6);
  site.assertClean();
});

test('settings changed while it runs: the rate applies at once, a new shape to the next training', async () => {
  const { page } = site;
  await set('Learning rate', '0.001');
  await set('Epochs', '100000');
  await startAgain().click();
  await until('it has begun', async () => (await epoch(page)) >= 2);
  await set('Learning rate', '0.0005');
  await set('Latent size', '3');
  await until('the worker was told', async () =>
    (await recording(page)).sent.some(
      ({ message }) =>
        message.type === 'set' && (message['params'] as { learning_rate?: number }).learning_rate === 0.0005,
    ),
  );
  const at = await epoch(page);
  await until('it goes on', async () => (await epoch(page)) > at);
  await page.getByText('Train starts again: the model’s shape or seed has changed.').waitFor();
  await set('Latent size', '2');
  await named.stop(page).click();
  await ended(page);
  site.assertClean();
});

test('twenty quick starts and stops leave it as usable as before (rows 57, 58)', async () => {
  const { page } = site;
  await set('Epochs', '300');
  for (let i = 0; i < 20; i++) {
    await startAgain().click();
    await named.pause(page).waitFor();
    if (i % 3 === 1) await named.pause(page).click();
    if (i % 3 === 2) await pauseFor(40);
    await named.stop(page).click();
    await page
      .locator('footer .status')
      .getByText(/^(finished|stopped)$/)
      .waitFor();
    await named.train(page).waitFor();
  }
  const { sent, received } = await recording(page);
  const runs = sent.filter(({ message }) => message.type === 'run').map(({ message }) => message.id);
  const answers = received.filter(({ message }) => message.type === 'reply').map(({ message }) => message.id);
  for (const id of runs) expect(answers.filter((one) => one === id)).toHaveLength(1);
  // Freeing what has gone with its model is answered so; nothing else has failed.
  const freed = new Set(
    sent.filter(({ message }) => message.type === 'free').map(({ message }) => message.id),
  );
  const failed = received.filter(
    ({ message }) =>
      message.type === 'fatal' ||
      (message.type === 'error' &&
        !freed.has(message.id) &&
        (message['failure'] as { code: string }).code !== 'cancelled'),
  );
  expect(failed.map(({ message }) => JSON.stringify(message))).toEqual([]);
  expect(await page.locator('.notice').count()).toBe(0);

  await set('Epochs', '10');
  await startAgain().click();
  await until('it trains to the end', async () => (await epoch(page)) === 10);
  await ended(page);
  site.assertClean();
});
