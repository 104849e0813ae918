/**
 * What setup.mjs does on a machine that lacks tools, with a PATH of nothing but what the test puts there.
 * No package is installed: the apt-get of these tests only writes down what it is asked, and "installs"
 * by creating the programs.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../e2e/harness/files.ts';

const root = resolve(import.meta.dirname, '../..');

let folder: ReturnType<typeof temporaryFolder>;
let bin: string;

beforeEach(() => {
  folder = temporaryFolder();
  bin = resolve(folder.path, 'bin');
  mkdirSync(bin);
});

afterEach(() => folder.remove());

function program(name: string, text = 'exit 0', to = bin): void {
  writeFileSync(resolve(to, name), `#!/bin/sh\n${text}\n`);
  chmodSync(resolve(to, name), 0o755);
}

/** An emcc of some version, with the files beside it that are looked for. */
function emscripten(version: string): void {
  const sdk = resolve(folder.path, 'sdk');
  mkdirSync(resolve(sdk, 'cmake/Modules/Platform'), { recursive: true });
  program('emcc', 'exit 0', sdk);
  writeFileSync(resolve(sdk, 'cmake/Modules/Platform/Emscripten.cmake'), '');
  writeFileSync(resolve(sdk, 'emscripten-version.txt'), `"${version}"\n`);
}

/** An apt-get that writes its arguments to a log, and creates these programs when it installs. */
function apt(...creates: string[]): string {
  const log = resolve(folder.path, 'apt.log');
  const make = creates
    .map((name) => `printf '#!/bin/sh\\n' > ${bin}/${name}; chmod +x ${bin}/${name}`)
    .join('; ');
  program(
    'apt-get',
    `PATH=/usr/bin:/bin\necho "$DEBIAN_FRONTEND: $*" >> ${log}\n[ "$1" = install ] && { ${make}; }\nexit 0`,
  );
  return log;
}

function setup(...args: string[]): { status: number | null; text: string } {
  const result = spawnSync(process.execPath, [resolve(root, 'build/setup.mjs'), ...args], {
    encoding: 'utf8',
    env: { PATH: `${bin}:${resolve(folder.path, 'sdk')}`, HOME: folder.path },
  });
  return { status: result.status, text: result.stdout + result.stderr };
}

describe('setup', () => {
  it('is silent when all is there', () => {
    emscripten('3.1.6');
    program('cmake');
    program('ninja');
    expect(setup()).toEqual({ status: 0, text: '' });
  });

  it('gives one instruction, with the packages by name, when it cannot install', () => {
    emscripten('3.1.6');
    program('cmake');
    const { status, text } = setup();
    expect(status).toBe(1);
    expect(text).toContain('Missing: ninja.');
    expect(text).toContain('apt-get install --no-install-recommends ninja-build');
    expect(text).toContain('brew install ninja');
    expect(text).not.toContain('at file:');
  });

  it('takes an Emscripten that is too old for a missing one', () => {
    emscripten('3.1.5');
    program('cmake');
    program('ninja');
    expect(setup().text).toContain('Missing: Emscripten 3.1.6 or later.');
    emscripten('3.1.74-git');
    expect(setup()).toEqual({ status: 0, text: '' });
  });

  it('asks for the tools of the tests only with --tests', () => {
    emscripten('4.0.0');
    program('cmake');
    program('ninja');
    const { status, text } = setup('--tests');
    expect(status).toBe(1);
    for (const name of ['gcc', 'clang', 'clang-format', 'clang-tidy', 'Chromium'])
      expect(text).toContain(name);
  });

  it.skipIf(process.getuid?.() !== 0)('as root, updates once and installs what is missing in one go', () => {
    emscripten('3.1.6');
    const log = apt('cmake', 'ninja');
    const { status, text } = setup();
    expect(status, text).toBe(0);
    expect(text).toMatch(/^Installing cmake, ninja-build with apt\./);
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual([
      'noninteractive: update -qq',
      'noninteractive: install -y -qq --no-install-recommends cmake ninja-build',
    ]);
    expect(setup(), 'a second time').toEqual({ status: 0, text: '' });
  });

  it.skipIf(process.getuid?.() !== 0)('says what is still missing when installing did not bring it', () => {
    emscripten('3.1.6');
    const log = apt('cmake');
    const { status, text } = setup();
    expect(status).toBe(1);
    expect(text).toContain('Missing: ninja.');
    expect(existsSync(log)).toBe(true);
  });
});
