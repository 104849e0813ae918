// The demonstration trains epoch 1 on a file of the first rows and goes on with all of them. Told as two fits on all rows,
// as the history and a link tell it, it comes to the same bits.
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { FitSpec, Id } from '../../web/protocol/messages.ts';
import { formFor } from '../../web/state/form.ts';
import { invert, rowsOf } from '../../web/state/selection.ts';
import { type Hosted, host } from './session-host.ts';

const HEAD = 2000;
const file = (name: string): URL => new URL(`../../dist/data/${name}.tensor.gz`, import.meta.url);

async function open(hosted: Hosted, name: string) {
  const table = hosted.nextId();
  const source = { blob: new Blob([readFileSync(file(name))]), name };
  const info = await hosted.ask({
    type: 'open',
    table,
    job: hosted.nextId(),
    source,
    hints: { label: 'digit' },
  });
  const spec = { roles: info.columns.map(({ role }) => role), scale: 'auto' as const };
  const features = await hosted.ask({ type: 'prepare', table, job: hosted.nextId(), spec });
  return { table, features };
}

it.skipIf(!existsSync(file('mnist-10k')))(
  'the first epoch on the head is one on the first of all rows',
  async () => {
    const hosted = host();
    const [head, full] = [await open(hosted, 'mnist-10k-head'), await open(hosted, 'mnist-10k')];
    const form = formFor(full.features, null);
    const { params, method } = form;
    const create = async (table: Id): Promise<Id> => {
      const [model, map] = [hosted.nextId(), hosted.nextId()];
      await hosted.ask({ type: 'create', model, map, table, method, params, spec: { axes: [0, 1] } });
      return model;
    };
    const run = (model: Id, fit: FitSpec) =>
      hosted.ask({ type: 'run', job: hosted.nextId(), model, fit, live: false });

    const shown = await create(head.table);
    const { heldout } = form.fit;
    const bits = await hosted.ask({
      type: 'read',
      what: 'heldout',
      model: shown,
      heldout,
      of: full.features.n,
    });
    const rows = rowsOf(invert(bits, full.features.n)).filter((row) => row < HEAD);
    const first: FitSpec = { ...form.fit, rows, heldout: 0, epochs: 1, patience: 0 };
    const rest: FitSpec = { ...form.fit, table: full.table, epochs: 1 };
    const one = await run(shown, first);
    const two = await run(shown, rest);

    const told = await create(full.table);
    const again = await run(told, { ...first, table: full.table, steps: one.steps });
    expect([again.steps, again.train]).toEqual([one.steps, one.train]);
    await run(told, { ...rest, steps: two.steps - one.steps });
    const latent = (model: Id) => hosted.ask({ type: 'read', what: 'latent', model });
    const [a, b] = [await latent(shown), await latent(told)];
    expect(a).toHaveLength(2 * full.features.n);
    expect(Buffer.from(b.buffer).equals(Buffer.from(a.buffer))).toBe(true);
    expect(new Set(a).size).toBeGreaterThan(10_000);
  },
);
