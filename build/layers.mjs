/**
 * What test.mjs runs its layers with: counts of passed, failed and skipped, taken from what the
 * programs of a layer print.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dist, root } from './lib.mjs';
import { capture } from './processes.mjs';

export const none = { passed: 0, failed: 0, skipped: 0 };
export const passed = { ...none, passed: 1 };
export const failed = { ...none, failed: 1 };
export const sum = (counts) =>
  counts.reduce(
    (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }),
    none,
  );

/** One check that either holds or does not; what it printed is shown when it does not. */
export async function check(command, args, options) {
  const { code, text } = await capture(command, args, { quiet: true, ...options });
  if (code === 0) return passed;
  process.stdout.write(text);
  return failed;
}

const COUNTS = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

/** The last line of counts in a program's output, or null. */
export function readCounts(text) {
  const line = text.split('\n').findLast((candidate) => COUNTS.test(candidate.trim()));
  if (line === undefined) return null;
  const [, p, f, s] = COUNTS.exec(line.trim());
  return { passed: Number(p), failed: Number(f), skipped: Number(s) };
}

/** Counts of one test program; one that failed without saying so, or crashed, is a failure. */
export async function testProgram(command, args, options) {
  const { code, text } = await capture(command, args, { ...options, quiet: true });
  const counts = readCounts(text);
  const lines = text.trimEnd().split('\n');
  const bad = code !== 0 || counts === null;
  // A program that is content needs one line; its skips and failures are shown whole.
  for (const line of bad ? lines : lines.filter((l) => /skip/i.test(l) && !COUNTS.test(l.trim()))) {
    process.stdout.write(`    ${line.trim()}\n`);
  }
  if (!bad) return counts;
  if (code !== 0 && (counts === null || counts.failed === 0)) {
    process.stdout.write(`    ended with exit status ${code}${counts === null ? ' and no counts' : ''}\n`);
    return sum([counts ?? none, failed]);
  }
  return counts ?? failed;
}

/** Configures and builds native code in a folder of its own. False, with the output shown, when it fails. */
export async function buildNative(name, options, targets = []) {
  const folder = join(dist, 'cmake/test', name);
  const steps = [
    ['-S', root, '-B', folder, '-G', 'Ninja', '--log-level=WARNING', ...options],
    ['--build', folder, ...targets.flatMap((target) => ['--target', target])],
  ];
  for (const args of steps) {
    const { code, text } = await capture('cmake', args, { quiet: true, minutes: 10 });
    if (code === 0) continue;
    process.stdout.write(text);
    return null;
  }
  return folder;
}

/** Runs a Vitest project (or some of its files) and counts from its report. */
export async function vitest(name, args, { minutes = 10 } = {}) {
  const report = join(dist, 'test-reports', `${name}.json`);
  mkdirSync(join(report, '..'), { recursive: true });
  rmSync(report, { force: true });
  const { code } = await capture(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      ...['--config', join(root, 'build/vitest.config.ts')],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      ...args,
    ],
    { minutes },
  );
  if (!existsSync(report)) return failed;
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const counts = { ...none };
  for (const file of result.testResults) {
    let failures = 0;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed += 1;
      else if (status === 'failed') failures += 1;
      else counts.skipped += 1;
    }
    // A file that could not be loaded, or whose hooks failed, has no failed test of its own.
    counts.failed += file.status === 'failed' ? Math.max(1, failures) : failures;
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}
