/** `npm run format`: formats the TypeScript, JSON and CSS with Biome and the C with clang-format. */
import { join } from 'node:path';
import { filesUnder, root } from './lib.mjs';
import { must } from './processes.mjs';
import { setup } from './setup.mjs';

setup({ tests: true });
await must('Formatting', process.execPath, [
  join(root, 'node_modules/@biomejs/biome/bin/biome'),
  'check',
  '--write',
  '.',
]);
const c = filesUnder('core', 'tests').filter((file) => /\.[ch]$/.test(file));
if (c.length > 0) await must('Formatting C', 'clang-format', ['-i', ...c]);
