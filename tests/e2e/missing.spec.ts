// A file of the page that is fetched later and is not on the host any more (RELIABILITY 80): the host was given another
// build, and no service worker has kept this one.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openSite, type Site } from './harness/index.ts';
import { until } from './support.ts';

const LOST = /404|Failed to (load|fetch)|dynamically imported|error loading/i;
const reload = (page: Page) => page.getByRole('alert').getByRole('button', { name: 'Reload', exact: true });

interface Told {
  site: Site;
  /** How often the page was loaded. */
  loads(): number;
}

/** A page whose panels are not found; `other`: what the host answers when the page asks for itself names another build. */
async function open({
  other,
  panels,
}: {
  other: boolean;
  panels: (loads: number) => boolean;
}): Promise<Told> {
  let loads = 0;
  const site = await openSite({
    headers: 'none',
    allow: LOST,
    async before(page) {
      await page.route('**/assets/panels-*.js', (route) =>
        panels(loads) ? route.continue() : route.fulfill({ status: 404, body: 'gone' }),
      );
      await page.route(
        (url) => url.pathname === '/',
        async (route) => {
          if (route.request().resourceType() === 'document') loads += 1;
          else if (other) {
            const response = await route.fetch();
            const body = (await response.text()).replace(/index-[\w-]+\.js/, 'index-another.js');
            return route.fulfill({ response, body });
          }
          return route.continue();
        },
      );
    },
  });
  return { site, loads: () => loads };
}

test('row 80: the host has another build, and nothing would be lost: loaded anew once, and all is there', async () => {
  const { site, loads } = await open({ other: true, panels: (loaded) => loaded > 1 });
  try {
    await site.page
      .getByRole('region', { name: 'Selection' })
      .getByRole('button', { name: 'Invert' })
      .waitFor();
    expect(loads()).toBe(2);
    expect(await reload(site.page).count()).toBe(0);
    site.assertClean();
  } finally {
    await site.close();
  }
});

test('row 80: it is still not there after that: a message, no circle; what was trained goes on', async () => {
  const { site, loads } = await open({ other: true, panels: () => false });
  try {
    await reload(site.page).waitFor({ timeout: 60_000 });
    expect(loads()).toBe(2);
    await until('the demonstration goes on', async () =>
      /epoch [2-9]/.test(await site.page.locator('footer').innerText()),
    );
    expect(loads()).toBe(2);
    expect(await reload(site.page).count()).toBe(1);
    site.assertClean();
  } finally {
    await site.close();
  }
});

test('row 80: the host has this build without the file: told at once, and reloading is left to the person', async () => {
  let found = false;
  const { site, loads } = await open({ other: false, panels: () => found });
  try {
    await reload(site.page).waitFor({ timeout: 60_000 });
    expect(loads()).toBe(1);
    expect(await site.page.getByRole('alert').innerText()).toMatch(/it is not on the host/);
    found = true;
    await reload(site.page).click();
    await site.page
      .getByRole('region', { name: 'Selection' })
      .getByRole('button', { name: 'Invert' })
      .waitFor();
    expect(loads()).toBe(2);
    site.assertClean();
  } finally {
    await site.close();
  }
});
