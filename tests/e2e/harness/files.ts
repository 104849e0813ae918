/** Files for tests: a folder of their own, and the real data sets where there are any. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** Folder of a built site. */
export const built = (site: 'site' | 'site-faults'): string => resolve(root, 'dist', site);

/** A folder for a test's files, removed by the function that comes with it. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(resolve(tmpdir(), 'unfold-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Folder of raw data sets for tests, or null. A test that needs it and has none is skipped. */
export function dataMirror(): string | null {
  const named = process.env.UNFOLD_DATA_MIRROR;
  const folder = resolve(named !== undefined && named !== '' ? named : resolve(root, '../shared/data'));
  return existsSync(folder) ? folder : null;
}
