/** What every command does: finds the kernels, refuses outputs that can't be, writes files, counts seconds. */
import { access, constants, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { compileFailure } from '../kernels/module.ts';
import { type FailureError, failure } from '../protocol/failure.ts';
import { UsageError } from './args.ts';
import { firstReadable } from './source.ts';

export interface Surroundings {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  version: string;
  kernels: readonly URL[]; // where kernels.wasm may lie
  data: readonly URL[]; // folders where catalog.json may lie
}

/** A stage with the seconds it took. */
export interface Stage {
  name: string;
  seconds: number;
}

export async function loadKernels(around: Surroundings): Promise<WebAssembly.Module> {
  const bytes = await firstReadable(around.kernels);
  if (bytes === null) {
    throw failure('worker_start', 'kernels.wasm is missing beside the program.', 'Run npm run build.');
  }
  try {
    return await WebAssembly.compile(new Uint8Array(bytes));
  } catch (error) {
    throw compileFailure(error);
  }
}

/** Throws when a file can't be written, as far as that can be told before it is. */
async function checkWritable(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) {
    throw unwritable(path, 'it is a folder');
  }
  try {
    await access(found === null ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, why: unknown): FailureError {
  const reason = typeof why === 'string' ? why : (why as { code?: string }).code;
  return failure('internal', `${path} can't be written (${reason ?? 'unknown reason'}).`);
}

/**
 * Refuses to write over what is read, or one output over the other, however the paths are spelled; and what can't be
 * written, before time is spent on it.
 */
export async function checkOutputs(
  { out, report }: { out: string | null; report: string | null },
  read: readonly string[],
): Promise<void> {
  const real = async (path: string): Promise<string> => {
    try {
      return await realpath(path);
    } catch {
      return resolve(path); // not there yet
    }
  };
  const inputs = await Promise.all(read.map(real));
  const outputs = [
    { name: '--out', path: out },
    { name: '--report', path: report },
  ].flatMap(({ name, path }) => (path === null ? [] : [{ name, path }]));
  const places = await Promise.all(outputs.map(({ path }) => real(path)));
  outputs.forEach(({ name }, i) => {
    if (inputs.includes(places[i] ?? '')) {
      throw new UsageError(`${name} is a file that is read: it would be overwritten.`);
    }
  });
  if (places.length === 2 && places[0] === places[1]) {
    throw new UsageError('--out and --report are the same file.');
  }
  for (const { path } of outputs) {
    await checkWritable(path);
  }
}

/** Seconds of each stage, in the order in which they first came. */
export class Stages {
  readonly #seconds = new Map<string, number>();

  async timed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.#seconds.set(name, this.seconds(name) + (performance.now() - start) / 1000);
    return result;
  }

  seconds(name: string): number {
    return this.#seconds.get(name) ?? 0;
  }

  list(): Stage[] {
    return Array.from(this.#seconds, ([name, seconds]) => ({ name, seconds }));
  }
}

export async function write(path: string, content: string | Uint8Array | Iterable<string>): Promise<void> {
  try {
    await writeFile(path, content);
  } catch (error) {
    throw unwritable(path, error);
  }
}
