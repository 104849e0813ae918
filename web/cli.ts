/** `unfold METHOD FILE --out FILE`: the worker's session without a page. */
import { main } from './cli/main.ts';

/** Beside the program when it is built; in the tree, below dist/. */
const near = (path: string): URL => new URL(path, import.meta.url);

process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  version: __VERSION__,
  kernels: [near('./kernels.wasm'), near('../dist/wasm/kernels.wasm')],
  data: [near('./data/'), near('../dist/data/')],
});
