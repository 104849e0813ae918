/**
 * Small things the build scripts share: paths, running programs, hashing, stamps.
 * Plain Node without dependencies, because setup.mjs runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the checkout. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Folder for everything generated. */
export const dist = join(root, 'dist');

/** A path relative to the checkout, with forward slashes: what messages show. */
export const shown = (path) => relative(root, path).split(sep).join('/') || '.';

/** One line to the person at the terminal. On stderr, so that stdout stays for results. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Prints a sentence and ends the program with exit status 1. */
export function fail(text) {
  say(text);
  process.exit(1);
}

/** True when this file is the program being run, and not imported by another. */
export const isMain = (meta) =>
  process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(meta.url);

/** Path of a program on PATH, or null. */
export function which(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder || '.', name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** What a program prints on stdout, trimmed, or null if it fails. */
export function output(command, args) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return result.status === 0 ? result.stdout.trim() : null;
}

/** Every file under the given files and folders, sorted, as absolute paths; missing ones are passed over. */
export function filesUnder(...paths) {
  const found = [];
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.name === 'node_modules') continue;
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child);
      else if (entry.isFile()) found.push(child);
    }
  };
  for (const path of paths.map((p) => resolve(root, p))) {
    if (!existsSync(path)) continue;
    try {
      visit(path);
    } catch (error) {
      if (error.code !== 'ENOTDIR') throw error;
      found.push(path);
    }
  }
  return found.sort();
}

/** SHA-256 of some bytes, in hexadecimal. */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** One hash over the names and contents of files, and over any further strings. */
export function hashOf(paths, ...strings) {
  const hash = createHash('sha256');
  for (const file of filesUnder(...paths)) {
    const bytes = readFileSync(file);
    hash.update(`${shown(file)}\0${bytes.length}\0`).update(bytes);
  }
  for (const text of strings) hash.update(`\0${text}`);
  return hash.digest('hex');
}

/**
 * Remembers what a result was made from. `current` is true when the result was made from the same
 * inputs and is still there; `save` is called after it was made.
 */
export function stamp(name, inputs, results) {
  const file = join(dist, 'stamps', name);
  return {
    current:
      existsSync(file) && readFileSync(file, 'utf8') === inputs && results.every((path) => existsSync(path)),
    save() {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, inputs);
    },
  };
}
