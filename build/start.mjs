/**
 * `npm start`: makes everything ready, builds what is not up to date, serves the built site on this
 * machine and prints its address. PORT names another port than 4173; when it is taken, the next
 * free one is used.
 */
import { buildAll } from './build.mjs';
import { fail } from './lib.mjs';
import { serveNear } from './serve.mjs';

const port = Number(process.env.PORT || 4173);
if (!Number.isInteger(port) || port < 1 || port > 65_525)
  fail(`PORT must be a number from 1 to 65525, not ${process.env.PORT}.`);

try {
  const { site } = await buildAll({ cli: false });
  const { url, close } = await serveNear({ root: site }, port);
  process.stdout.write(`Unfold is at ${url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void close().then(() => process.exit(0)));
  }
} catch (error) {
  fail(`Unfold could not start: ${error instanceof Error ? error.message : error}`);
}
