/**
 * `npm test`: makes the machine ready, then runs every layer of tests in order and prints the count
 * and time of each. The last line is the sum: `N passed, N failed, N skipped`. Ends with status 1
 * when anything failed; a skip is never counted as passed.
 *
 *   --fast          for working: types, style, the native release build, and the TypeScript units
 *   --only=A,B      the named layers
 *
 * tests/README.md says what each layer proves and how long it takes.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../datasets/prepare.mjs';
import { buildNative, check, failed, none, passed, sum, testProgram, vitest } from './layers.mjs';
import { dist, fail, filesUnder, root, say, shown } from './lib.mjs';
import { capture } from './processes.mjs';
import { setup } from './setup.mjs';

const FUZZ_SECONDS = 15;

const GCC = ['-DCMAKE_C_COMPILER=gcc'];
const CLANG = ['-DCMAKE_C_COMPILER=clang'];
const RELEASE = '-DCMAKE_BUILD_TYPE=Release';
const DEBUG = '-DCMAKE_BUILD_TYPE=Debug';

/** The first report of a sanitizer ends the program with a status of its own. */
const SANITIZERS = {
  ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:exitcode=99',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  TSAN_OPTIONS: 'halt_on_error=1:exitcode=99',
};

const cFiles = (...folders) => filesUnder(...folders).filter((file) => /\.[ch]$/.test(file));

/** Runs `task` over `items`, as many at a time as there are cores. */
async function inParallel(items, task) {
  const queue = [...items];
  const results = [];
  const work = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) results.push(await task(item));
  };
  await Promise.all(cpus().map(work));
  return results;
}

// ------------------------------------------------------------------------------------------- layers

async function style() {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const c = cFiles('core', 'tests');
  const formatted = await inParallel(c, async (file) => {
    const { code, text } = await capture('clang-format', [file], { quiet: true });
    const same = code === 0 && text === readFileSync(file, 'utf8');
    if (!same) process.stdout.write(`${shown(file)} is not formatted: run \`npm run format\`\n`);
    return same;
  });
  return sum([
    await check(process.execPath, [biome, 'check', '--error-on-warnings', '--max-diagnostics=50', '.']),
    formatted.every(Boolean) ? passed : failed,
  ]);
}

/** clang-tidy over each file of the core, with the flags it is compiled with. */
async function tidy() {
  const folder = join(dist, 'cmake/test/tidy');
  const options = [...CLANG, DEBUG, '-DUNFOLD_PAR=pthread'];
  const configured = await check('cmake', ['-S', root, '-B', folder, '-G', 'Ninja', ...options]);
  if (configured.failed > 0) return configured;
  const files = cFiles('core').filter((file) => file.endsWith('.c'));
  const counts = await inParallel(files, (file) => {
    // The wasm entry and the serial loop are not part of this build.
    const apart = /core\/wasm\/|par_serial/.test(file);
    const how = apart ? [file, '--', '-std=c11', `-I${join(root, 'core')}`] : ['-p', folder, file];
    return check('clang-tidy', ['--quiet', ...how]);
  });
  return sum(counts);
}

async function types() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  // From nothing each time: an incremental check can miss that a library is no longer seen.
  return check(process.execPath, [tsc, '-b', 'web', '--force', '--pretty', 'false']);
}

/** Every native test program of a build. */
async function native(name, options, { only = /^test_/, minutes = 10, env = SANITIZERS } = {}) {
  const folder = await buildNative(name, options);
  if (folder === null) return failed;
  const programs = readdirSync(join(folder, 'tests'))
    .filter((file) => /^test_\w+$/.test(file) && only.test(file))
    .sort();
  if (programs.length === 0) return failed;
  const counts = await inParallel(programs, async (program) => {
    const started = performance.now();
    const count = await testProgram(join(folder, 'tests', program), [], { minutes, env });
    process.stdout.write(`  ${program}: ${line(count)} (${seconds(started)})\n`);
    return count;
  });
  return sum(counts);
}

const coreRelease = () => native('gcc-release', [...GCC, RELEASE]);
const coreSanitized = () =>
  native('clang-sanitize', [...CLANG, DEBUG, '-DUNFOLD_SANITIZE=address,undefined'], { minutes: 15 });

/** The thread pool, and a training run on four threads, under the thread sanitizer. */
async function coreThreads() {
  const options = [...CLANG, DEBUG, '-DUNFOLD_SANITIZE=thread', '-DUNFOLD_PAR=pthread'];
  const pool = await native('clang-threads', options, { only: /^test_(base|par)$/ });
  const run = join(dist, 'cmake/test/clang-threads/tests/run_hash');
  const above = await check(run, ['4'], { env: SANITIZERS });
  process.stdout.write(`  run_hash on 4 threads: ${above.failed > 0 ? 'FAILED' : 'no race'}\n`);
  return sum([pool, above]);
}

/** The same short run in eight native builds must give the hash that is written down; the wasm tests hold theirs to it. */
async function determinism() {
  const counts = [];
  const { hash: wanted } = JSON.parse(readFileSync(join(root, 'tests/golden/run-hash.json'), 'utf8'));
  for (const compiler of ['gcc', 'clang']) {
    for (const level of ['O0', 'O3']) {
      for (const par of ['serial', 'pthread']) {
        const name = `bits-${compiler}-${level}-${par}`;
        const options = [
          `-DCMAKE_C_COMPILER=${compiler}`,
          RELEASE,
          `-DUNFOLD_OPT=${level}`,
          `-DUNFOLD_PAR=${par}`,
        ];
        const folder = await buildNative(name, options, ['run_hash']);
        const threads = par === 'pthread' ? ['4'] : [];
        const result =
          folder === null
            ? { code: 1, text: '' }
            : await capture(join(folder, 'tests/run_hash'), threads, { quiet: true });
        const hash = result.code === 0 ? result.text.trim() : '';
        const agrees = hash === wanted;
        process.stdout.write(`  ${name}: ${hash || 'no hash'}${agrees ? '' : ', which differs'}\n`);
        counts.push(agrees ? passed : failed);
      }
    }
  }
  return sum(counts);
}

/** Each fuzz target over its corpus, then a short search from there. */
async function fuzz() {
  const folder = await buildNative('fuzz', [
    ...CLANG,
    DEBUG,
    '-DUNFOLD_FUZZ=ON',
    '-DUNFOLD_SANITIZE=address,undefined',
  ]);
  if (folder === null) return failed;
  const targets = readdirSync(join(folder, 'tests')).filter((file) => /^fuzz_\w+$/.test(file));
  if (targets.length === 0) return failed;
  const counts = await inParallel(targets, async (target) => {
    const corpus = join(root, 'tests/fuzz/corpus', target.replace(/^fuzz_/, ''));
    const found = join(dist, 'fuzz', target);
    mkdirSync(found, { recursive: true });
    const seeds = existsSync(corpus) ? [corpus] : [];
    const options = [
      '-rss_limit_mb=2048',
      '-timeout=20',
      `-artifact_prefix=${found}/crash-`,
      '-print_final_stats=1',
    ];
    const program = join(folder, 'tests', target);
    const replay = await check(program, [...options, '-runs=0', ...seeds], { env: SANITIZERS });
    const search = await check(program, [...options, `-max_total_time=${FUZZ_SECONDS}`, found, ...seeds], {
      env: SANITIZERS,
    });
    process.stdout.write(
      `  ${target}: corpus ${replay.failed ? 'FAILED' : 'ok'}, search ${search.failed ? 'FAILED' : 'ok'}\n`,
    );
    return sum([replay, search]);
  });
  return sum(counts);
}

/** The release and the build with fault hooks, as a person would build them. */
const build = () => check(process.execPath, [join(root, 'build/build.mjs'), '--faults']);

/** The TypeScript tests read dist/wasm: it must be that of the sources, also when `build` was not asked for. */
async function typescript(name, args, options) {
  const current = await check(process.execPath, [join(root, 'build/kernels.mjs')]);
  return current.failed > 0 ? failed : vitest(name, args, options);
}

const DOCS = 'tests/web/docs.test.ts';

const LAYERS = [
  { name: 'style', run: style, fast: true },
  { name: 'types', run: types, fast: true },
  { name: 'tidy', run: tidy },
  { name: 'core', run: coreRelease, fast: true },
  { name: 'sanitizers', run: coreSanitized },
  { name: 'threads', run: coreThreads },
  { name: 'determinism', run: determinism },
  { name: 'fuzz', run: fuzz },
  { name: 'build', run: build, fast: true },
  { name: 'wasm', run: () => typescript('wasm', ['--project', 'wasm']) },
  { name: 'web', run: () => typescript('web', ['--project', 'web', '--exclude', DOCS]), fast: true },
  { name: 'docs', run: () => vitest('docs', ['--project', 'web', DOCS]), fast: true },
  { name: 'e2e', run: () => vitest('e2e', ['--project', 'e2e'], { minutes: 24 }) },
];

// ------------------------------------------------------------------------------------------- running

const line = ({ passed: p, failed: f, skipped: s }) => `${p} passed, ${f} failed, ${s} skipped`;
const seconds = (started) => `${((performance.now() - started) / 1000).toFixed(1)} s`;

function chosen(args) {
  const only = args
    .find((arg) => arg.startsWith('--only='))
    ?.slice('--only='.length)
    .split(',');
  const unknown = only?.filter((name) => !LAYERS.some((layer) => layer.name === name)) ?? [];
  if (unknown.length > 0)
    fail(`There is no layer ${unknown.join(', ')}: ${LAYERS.map((layer) => layer.name).join(', ')}.`);
  if (only !== undefined) return LAYERS.filter((layer) => only.includes(layer.name));
  return args.includes('--fast') ? LAYERS.filter((layer) => layer.fast) : LAYERS;
}

const layers = chosen(process.argv.slice(2));

// Whatever ends this program before the sum is printed is a failure, and the last line says so.
let finished = false;
process.on('exit', () => {
  if (!finished) process.stdout.write(`\n${line(failed)}\n`);
});

setup({ tests: true });
await prepare({ unpacked: ['mnist-10k', 'mnist-test'] });

const results = [];
for (const { name, run } of layers) {
  process.stdout.write(`\n=== ${name}\n`);
  const started = performance.now();
  let counts = none;
  try {
    counts = await run();
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    counts = failed;
  }
  const time = seconds(started);
  process.stdout.write(`${name}: ${line(counts)} (${time})\n`);
  results.push({ name, counts, time });
}

process.stdout.write('\n');
for (const { name, counts, time } of results) {
  process.stdout.write(`${name.padEnd(12)} ${line(counts)}, ${time}\n`);
}
if (!existsSync(process.env.UNFOLD_DATA_MIRROR || join(root, '../shared/data'))) {
  process.stdout.write('No data mirror: tests on its files were skipped.\n');
}
finished = true;
const total = sum(results.map((result) => result.counts));
process.stdout.write(`\n${line(total)}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
