/** What is to be read: a file, or a set of the catalogue by its id. */
import { openAsBlob } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FailureError, failure } from '../protocol/failure.ts';
import type { OpenHints, Source } from '../protocol/messages.ts';
import type { Options } from './args.ts';

interface CatalogEntry {
  id: string;
  title: string;
  file?: string;
  label?: string;
  synthetic?: Extract<Source, { synthetic: string }>['synthetic'];
  n?: number;
  rows: number;
  seed?: number;
}

export async function firstReadable(urls: readonly URL[]): Promise<Buffer | null> {
  for (const url of urls) {
    try {
      return await readFile(url);
    } catch {
      // The next place may have it.
    }
  }
  return null;
}

async function fromFile(path: string): Promise<Source | null> {
  try {
    if ((await stat(path)).isDirectory()) {
      throw failure('bad_file', `${path} is a folder.`, 'Name a file.');
    }
    return { blob: await openAsBlob(path), name: basename(path) };
  } catch (error) {
    if (error instanceof FailureError) {
      throw error;
    }
    const { code } = error as { code?: string };
    if (code === 'ENOENT') {
      return null;
    }
    throw failure('bad_file', `${path} can't be read (${code ?? 'unknown reason'}).`);
  }
}

async function fromCatalog(
  id: string,
  folders: readonly URL[],
): Promise<{ source: Source; hints: OpenHints } | null> {
  for (const folder of folders) {
    const text = await firstReadable([new URL('catalog.json', folder)]);
    const list = text === null ? [] : (JSON.parse(text.toString('utf8')) as CatalogEntry[]);
    const entry = list.find((candidate) => candidate.id === id);
    if (entry === undefined) {
      continue;
    }
    const hints: OpenHints = entry.label === undefined ? {} : { label: entry.label };
    if (entry.synthetic !== undefined) {
      const { synthetic, n = entry.rows, seed = 1, title } = entry;
      return { source: { synthetic, n, seed, name: title }, hints };
    }
    const bytes = await firstReadable([new URL(entry.file ?? '', folder)]);
    if (bytes !== null) {
      return { source: { blob: new Blob([new Uint8Array(bytes)]), name: entry.file ?? id }, hints };
    }
  }
  return null;
}

/** The file of that name, and nothing else. */
export async function findFile(path: string): Promise<Source> {
  const source = await fromFile(path);
  if (source === null) {
    throw failure('not_found', `There is no file ${path}.`);
  }
  return source;
}

/** A set of the catalogue, and nothing else. `data`: folders where catalog.json may lie. */
export async function findSet(
  id: string,
  data: readonly URL[],
): Promise<{ source: Source; hints: OpenHints }> {
  const found = await fromCatalog(id, data);
  if (found === null) {
    throw failure('not_found', `There is no data set ${id} in the catalogue.`);
  }
  return found;
}

/** `data`: folders where catalog.json may lie. */
export async function find(
  options: Pick<Options, 'file' | 'label'>,
  data: readonly URL[],
): Promise<{ source: Source; hints: OpenHints }> {
  const source = await fromFile(options.file);
  const found = source === null ? await fromCatalog(options.file, data) : { source, hints: {} };
  if (found === null) {
    throw failure(
      'not_found',
      `There is no file ${options.file}, and no data set of that name in the catalogue.`,
    );
  }
  const hints: OpenHints = options.label === null ? found.hints : { ...found.hints, label: options.label };
  return { source: found.source, hints };
}
