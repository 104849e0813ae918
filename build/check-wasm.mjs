/**
 * Holds a compiled module against what is written down: `node build/check-wasm.mjs [FILE] [--faults]`.
 *
 * - imports: nothing but `env.emscripten_notify_memory_growth`
 * - exports: exactly those of core/wasm/exports.txt, and what every such module has
 * - prints the size, as it is and gzip-compressed
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { dist, fail, isMain, root, say, shown } from './lib.mjs';

/** Tells JavaScript that its views of the memory are stale. */
const IMPORTS = new Set(['env.emscripten_notify_memory_growth']);

/** What the linker adds to every reactor module, whatever the list says. */
const ALWAYS = new Set(['memory', '_initialize', '__indirect_function_table']);
const SOMETIMES = new Set([
  '__errno_location',
  'stackSave',
  'stackRestore',
  'stackAlloc',
  'emscripten_stack_get_current',
]);

/** The names a list of exports has, without the underscore that Emscripten puts before C names. */
function namesIn(file) {
  const path = resolve(root, 'core/wasm', file);
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return lines.filter((line) => line.startsWith('_')).map((line) => line.trim().slice(1));
}

/** The functions a module must export; a build with fault hooks has some more. */
export function writtenExports({ faults = false } = {}) {
  return new Set([...namesIn('exports.txt'), ...(faults ? namesIn('exports-faults.txt') : [])]);
}

/** What is wrong with a module, as sentences; none when it is as written down. */
export function wasmProblems(bytes, { faults = false } = {}) {
  const module = new WebAssembly.Module(bytes);
  const problems = [];
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (!IMPORTS.has(`${from}.${name}`)) problems.push(`it imports ${from}.${name}, which is not allowed`);
  }
  const found = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const written = writtenExports({ faults });
  for (const name of written) {
    if (!found.has(name)) problems.push(`it does not export ${name}, which exports.txt names`);
  }
  for (const name of ALWAYS) {
    if (!found.has(name) && name !== '__indirect_function_table') problems.push(`it does not export ${name}`);
  }
  for (const name of found) {
    if (written.has(name) || ALWAYS.has(name) || SOMETIMES.has(name)) continue;
    problems.push(`it exports ${name}, which exports.txt does not name`);
  }
  return problems;
}

/** Ends the program with the reasons if the module is not as written down. */
export async function checkWasm(path, options) {
  const bytes = readFileSync(path);
  const problems = wasmProblems(bytes, options);
  if (problems.length > 0) fail(`${shown(path)}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  const kB = (n) => `${(n / 1000).toFixed(1)} kB`;
  say(`${shown(path)}: ${kB(bytes.length)}, ${kB(gzipSync(bytes, { level: 9 }).length)} compressed.`);
}

if (isMain(import.meta)) {
  const args = process.argv.slice(2);
  const faults = args.includes('--faults');
  const file =
    args.find((arg) => !arg.startsWith('--')) ?? `${dist}/${faults ? 'wasm-faults' : 'wasm'}/kernels.wasm`;
  await checkWasm(resolve(file), { faults });
}
