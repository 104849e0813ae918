/**
 * `npm run bench [-- NAME …]`: measures the kernels, and other programs on the same machine in the same
 * run. Reported, never pass or fail.
 *
 * Runs each script of tests/bench (or those named) by itself, one after the other, with two arguments:
 * a file of raw rows (mnist-10k, 10,000 × 784 bytes) and the compiled kernels. A script prints its
 * results as lines of JSON: `name`, `measure`, and numbers; other text of one that prints none is shown as it is.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { prepare } from '../datasets/prepare.mjs';
import { buildKernels } from './kernels.mjs';
import { dist, fail, root, say } from './lib.mjs';
import { capture } from './processes.mjs';
import { installModules, setup } from './setup.mjs';

const folder = join(root, 'tests/bench');

/** The pixels of mnist-10k as a file of their own, which any program can read. */
async function rowsFile() {
  await prepare({ unpacked: ['mnist-10k'] });
  const bytes = readFileSync(join(dist, 'data/mnist-10k.tensor'));
  const end = bytes.indexOf(0x0a);
  const { rows } = JSON.parse(bytes.subarray(0, end).toString('latin1'));
  const file = join(dist, 'bench/mnist-10k.u8');
  mkdirSync(join(dist, 'bench'), { recursive: true });
  writeFileSync(file, bytes.subarray(end + 1 + rows));
  return file;
}

/** The results in a script's output: its lines that are JSON objects. */
function results(text) {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

const number = (value) =>
  typeof value === 'number' ? value.toLocaleString('en', { maximumSignificantDigits: 4 }) : String(value);

setup();
installModules(folder);
const kernels = await buildKernels();
const rows = await rowsFile();

const scripts = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => basename(file, '.mjs'))
  .sort();
const named = process.argv.slice(2);
const unknown = named.filter((name) => !scripts.includes(name));
if (unknown.length > 0) fail(`There is no bench ${unknown.join(', ')}: ${scripts.join(', ')}.`);

process.stdout.write(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}\n`);
const all = [];
for (const name of named.length > 0 ? named : scripts) {
  say(`Running ${name}.`);
  const { code, text } = await capture(process.execPath, [join(folder, `${name}.mjs`), rows, kernels], {
    quiet: true,
    minutes: 10,
  });
  if (code !== 0) {
    process.stdout.write(`\n${name} ended with status ${code}:\n${text}\n`);
    process.exitCode = 1;
    continue;
  }
  const found = results(text);
  if (found.length === 0) process.stdout.write(`\n${text.trimEnd()}\n`);
  for (const { name: what, measure, ...values } of found) {
    all.push({ name: what, measure, ...values });
    process.stdout.write(`\n${what}: ${measure}\n`);
    for (const [key, value] of Object.entries(values)) {
      process.stdout.write(`  ${key.replaceAll('_', ' ')}: ${number(value)}\n`);
    }
  }
}
writeFileSync(join(dist, 'bench/results.json'), `${JSON.stringify(all, null, 2)}\n`);
