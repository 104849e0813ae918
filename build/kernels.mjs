/**
 * Compiles the C core to `dist/wasm/kernels.wasm`, or with fault hooks to `dist/wasm-faults`, when its
 * sources, flags or compiler have changed since the last time: `node build/kernels.mjs [--faults]`.
 */
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkWasm } from './check-wasm.mjs';
import { dist, fail, filesUnder, hashOf, isMain, root, say, stamp } from './lib.mjs';
import { must } from './processes.mjs';
import { findEmscripten } from './setup.mjs';

/** What a compiled module depends on, besides the compiler. */
const SOURCES = ['core', 'CMakeLists.txt', 'build/flags.cmake', 'build/wasm.cmake'];

/** Where the module for a variant lies. */
export const wasmPath = (faults) => join(dist, faults ? 'wasm-faults' : 'wasm', 'kernels.wasm');

/** Builds one variant if needed and checks it. Resolves to the path of the module. */
export async function buildKernels({ faults = false } = {}) {
  const emscripten = findEmscripten();
  if (emscripten === null) fail('Emscripten was not found. Run `npm run setup`.');
  const target = wasmPath(faults);
  const made = stamp(
    `kernels${faults ? '-faults' : ''}`,
    hashOf(SOURCES, emscripten.version, String(faults)),
    [target],
  );
  if (made.current) return target;

  say(`Compiling the kernels with Emscripten ${emscripten.version}${faults ? ' and fault hooks' : ''}.`);
  const folder = join(dist, 'cmake', faults ? 'wasm-faults' : 'wasm');
  const toolchain = join(emscripten.root, 'cmake/Modules/Platform/Emscripten.cmake');
  await must('Configuring the kernels', 'cmake', [
    ...['-S', root, '-B', folder, '-G', 'Ninja', '--log-level=WARNING'],
    `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`,
    '-DCMAKE_BUILD_TYPE=Release',
    `-DUNFOLD_FAULTS=${faults ? 'ON' : 'OFF'}`,
  ]);
  await must('Compiling the kernels', 'cmake', ['--build', folder, '--target', 'kernels']);

  const built = filesUnder(folder)
    .filter((file) => file.endsWith('kernels.wasm'))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (built === undefined && !existsSync(target)) fail('The compiler left no kernels.wasm.');
  if (built !== undefined) {
    mkdirSync(join(target, '..'), { recursive: true });
    copyFileSync(built, target);
  }
  await checkWasm(target, { faults });
  made.save();
  return target;
}

if (isMain(import.meta)) await buildKernels({ faults: process.argv.includes('--faults') });
