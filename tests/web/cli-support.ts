/** The command line run in this process, in a folder of its own that goes with the tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main } from '../../web/cli/main.ts';

const root = resolve(import.meta.dirname, '../..');
const wasm = process.env.UNFOLD_WASM ?? resolve(root, 'dist/wasm/kernels.wasm');

/** Where the catalogue lies, when it was prepared. */
export const data = resolve(root, 'dist/data');

export interface Ended {
  status: number;
  out: string;
  err: string;
}

export interface Runner {
  folder: string;
  path(name: string): string;
  unfold(...args: string[]): Promise<Ended>;
  remove(): void;
}

export function commandLine(): Runner {
  const folder = mkdtempSync(resolve(tmpdir(), 'unfold-cli-'));
  const path = (name: string): string => resolve(folder, name);
  return {
    folder,
    path,
    remove: () => rmSync(folder, { recursive: true }),
    async unfold(...args) {
      let [out, err] = ['', ''];
      const status = await main(args, {
        stdout: { write: (text) => (out += text) },
        stderr: { write: (text) => (err += text) },
        version: '1.2.3',
        kernels: [pathToFileURL(path('missing.wasm')), pathToFileURL(wasm)],
        data: [pathToFileURL(`${data}/`)],
      });
      return { status, out, err };
    },
  };
}
