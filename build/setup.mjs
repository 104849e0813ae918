/**
 * Makes a fresh machine ready: `node build/setup.mjs [--tests]`.
 *
 * What is present is used. What is missing is installed with apt when this runs as root on a system
 * that has apt; otherwise one instruction says what to install, and the exit status is 1.
 * Runs before `npm ci`, so it is plain Node without dependencies. Quick and silent when all is
 * there; safe to run twice or after being interrupted.
 *
 *   --tests   also what `npm test` needs: native compilers, sanitizers, linters, Chromium, Firefox
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, filesUnder, isMain, output, root, say, which } from './lib.mjs';

const OLDEST_NODE = [20, 19, 0];
const OLDEST_EMSCRIPTEN = [3, 1, 6];

/** Where browsers are looked for, after the environment variable CHROMIUM. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Likewise Firefox, after the environment variable FIREFOX. */
const FIREFOXES = ['firefox-esr', 'firefox'];

const numbers = (version) => version.split(/[.-]/).slice(0, 3).map(Number);

function atLeast(version, oldest) {
  const found = numbers(version);
  for (let i = 0; i < oldest.length; i += 1) {
    if ((found[i] ?? 0) !== oldest[i]) return (found[i] ?? 0) > oldest[i];
  }
  return true;
}

/** The installed Emscripten: version and folder, or null. */
export function findEmscripten() {
  const emcc = which('emcc');
  if (emcc === null) return null;
  // Reading the version file takes no time; starting emcc takes a third of a second.
  for (const folder of [dirname(realpathSync(emcc)), output('em-config', ['EMSCRIPTEN_ROOT'])]) {
    if (folder === null || !existsSync(join(folder, 'cmake/Modules/Platform/Emscripten.cmake'))) continue;
    const file = join(folder, 'emscripten-version.txt');
    const version = existsSync(file) ? readFileSync(file, 'utf8').replace(/[\s"]/g, '') : '0.0.0';
    return { emcc, version, root: folder };
  }
  return null;
}

function findBrowser(variable, names, mac) {
  const named = process.env[variable];
  if (named !== undefined && named !== '') return existsSync(named) ? named : null;
  for (const name of names) {
    const path = which(name);
    if (path !== null) return path;
  }
  return existsSync(mac) ? mac : null;
}

/** Path of the Chromium to test with, or null. */
export const findChromium = () =>
  findBrowser('CHROMIUM', BROWSERS, '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome');

/** Path of the Firefox to test with, or null. */
export const findFirefox = () =>
  findBrowser('FIREFOX', FIREFOXES, '/Applications/Firefox.app/Contents/MacOS/firefox');

/** clang's address sanitizer and fuzzer runtimes: a package of their own on Debian. */
function hasClangRuntimes() {
  const folder = which('clang') === null ? null : output('clang', ['-print-resource-dir']);
  return folder !== null && filesUnder(join(folder, 'lib')).some((file) => file.includes('clang_rt.fuzzer'));
}

/** Each need: how to see that it is met, Debian's packages for it, and Homebrew's. */
function needs(tests) {
  const program = (name, apt, brew = apt) => ({ name, met: () => which(name) !== null, apt: [apt], brew });
  const list = [
    {
      name: `Emscripten ${OLDEST_EMSCRIPTEN.join('.')} or later`,
      met: () => atLeast(findEmscripten()?.version ?? '0.0.0', OLDEST_EMSCRIPTEN),
      apt: ['emscripten'],
      brew: 'emscripten',
    },
    program('cmake', 'cmake'),
    program('ninja', 'ninja-build', 'ninja'),
  ];
  if (!tests) return list;
  return [
    ...list,
    program('gcc', 'gcc'),
    {
      name: 'C library headers',
      met: () => process.platform !== 'linux' || existsSync('/usr/include/stdio.h'),
      apt: ['libc6-dev'],
      brew: null,
    },
    program('clang', 'clang', 'llvm'),
    program('clang-format', 'clang-format'),
    program('clang-tidy', 'clang-tidy', 'llvm'),
    {
      name: 'lld',
      met: () => which('ld.lld') !== null || process.platform !== 'linux',
      apt: ['lld'],
      brew: 'lld',
    },
    program('llvm-symbolizer', 'llvm', 'llvm'),
    { name: "clang's sanitizer runtimes", met: hasClangRuntimes, apt: ['libclang-rt-14-dev'], brew: 'llvm' },
    { name: 'Chromium', met: () => findChromium() !== null, apt: ['chromium'], brew: '--cask chromium' },
    {
      name: 'Firefox',
      met: () => findFirefox() !== null,
      // Debian has the long-lived line; elsewhere it has its own name.
      apt: ['firefox-esr'],
      brew: '--cask firefox',
    },
  ];
}

function installWithApt(packages) {
  say(`Installing ${packages.join(', ')} with apt. This happens once and can take some minutes.`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => {
    // apt's own chatter goes to stderr: stdout is for results.
    const result = spawnSync('apt-get', args, { env, stdio: ['ignore', 2, 2] });
    if (result.status !== 0) fail(`apt-get ${args[0]} failed. Install by hand: ${packages.join(' ')}`);
  };
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
  // Debian's Emscripten brings Debian's Node. Beside the one in use that is harmless; in its very place it is not.
  const there = spawnSync(process.execPath, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  if (there.stdout?.trim() !== process.versions.node) {
    fail(
      `Installing Emscripten put Debian's Node ${there.stdout?.trim()} in the place of ${process.versions.node} ` +
        `(${process.execPath}). Install Node 20.19 or later again, under /usr/local, and repeat the command.`,
    );
  }
}

function instruction(missing) {
  const names = missing.map((need) => need.name).join(', ');
  const apt = missing.flatMap((need) => need.apt).join(' ');
  const brew = missing.flatMap((need) => (need.brew === null ? [] : [need.brew])).join(' ');
  return [
    `Missing: ${names}.`,
    `  Debian or Ubuntu:  sudo apt-get install --no-install-recommends ${apt}`,
    `  macOS:             brew install ${brew}`,
    '  Emscripten also comes from emsdk (https://emscripten.org/docs/getting_started); put emcc on the PATH.',
    'Then run the same command again.',
  ].join('\n');
}

/** npm's own script, to be run by this Node: the `npm` on PATH may belong to another one. */
function npmScript() {
  const bin = dirname(realpathSync(process.execPath));
  const onPath = which('npm');
  const candidates = [
    process.env.npm_execpath ?? '',
    join(bin, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(bin, 'node_modules/npm/bin/npm-cli.js'),
    onPath === null ? '' : realpathSync(onPath),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ];
  return candidates.find((path) => path.endsWith('npm-cli.js') && existsSync(path)) ?? null;
}

/** Runs npm in `folder` with this Node; false if it fails. */
export function npm(folder, ...args) {
  const script = npmScript();
  if (script === null)
    fail('npm was not found beside Node. Install Node from https://nodejs.org, which brings npm.');
  const result = spawnSync(process.execPath, [script, ...args], { cwd: folder, stdio: ['ignore', 2, 2] });
  return result.status === 0;
}

/**
 * True when node_modules was installed from the lockfile as it is now. npm writes what it installed
 * into node_modules/.package-lock.json as its last act, so a half-finished install does not pass.
 */
export function modulesMatchLockfile(folder) {
  const installed = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const wanted = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const same = (a, b) => a !== undefined && a.version === b.version && a.integrity === b.integrity;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    // Optional packages are other platforms' binaries: absent here is right, different is not.
    if (found[path] === undefined && (entry.optional || entry.devOptional)) continue;
    if (!same(found[path], entry) || !existsSync(join(folder, path))) return false;
  }
  return true;
}

/** Installs the packages of the lockfile in `folder`, unless that was done. */
export function installModules(folder) {
  if (modulesMatchLockfile(folder)) return;
  say('Installing npm packages.');
  if (!npm(folder, 'ci', '--ignore-scripts', '--no-audit', '--no-fund')) {
    fail('npm could not install the packages. The messages above say why; run the same command again.');
  }
}

/** Makes this machine ready, or ends the program with an instruction. */
export function setup({ tests = false } = {}) {
  if (!atLeast(process.versions.node, OLDEST_NODE)) {
    fail(`Node ${OLDEST_NODE.join('.')} or later is needed; this is ${process.versions.node}.`);
  }
  let missing = needs(tests).filter((need) => !need.met());
  if (missing.length > 0 && process.getuid?.() === 0 && which('apt-get') !== null) {
    installWithApt(missing.flatMap((need) => need.apt));
    missing = needs(tests).filter((need) => !need.met());
  }
  if (missing.length > 0) fail(instruction(missing));
  installModules(root);
}

if (isMain(import.meta)) setup({ tests: process.argv.includes('--tests') });
