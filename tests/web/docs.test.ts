/**
 * The documentation is true: relative links lead somewhere, commands that it names exist, and code
 * blocks marked `run` are run. A block is marked in its first line: ```sh run or ```js run. It runs in
 * the folder of the checkout and must end with status 0.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

const tests = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'tests'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => /(\.(test|spec)\.tsx?|test_\w+\.c)$/.test(path) && !/docs\.test\.ts$/.test(path))
  .filter((path) => existsSync(join(root, path)));

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

interface Block {
  language: string;
  run: boolean;
  line: number;
  text: string;
}

/** The fenced blocks of a page. */
function blocks(text: string): Block[] {
  const found: Block[] = [];
  let open: Block | null = null;
  for (const [i, line] of text.split('\n').entries()) {
    const fence = /^```(\w*)\s*(.*)$/.exec(line);
    if (open === null && fence !== null) {
      open = { language: fence[1] ?? '', run: fence[2] === 'run', line: i + 1, text: '' };
    } else if (open !== null && line.startsWith('```')) {
      found.push(open);
      open = null;
    } else if (open !== null) {
      open.text += `${line}\n`;
    }
  }
  return found;
}

/** A page without its fenced blocks and inline code. */
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');

/** The name a heading can be linked by: lower case, spaces as hyphens, punctuation dropped. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

const anchors = (path: string): string[] =>
  [...read(path).matchAll(/^#+\s+(.*)$/gm)].map(([, heading = '']) => anchor(heading));

it('there is a page at the top and one in each room that it names', () => {
  expect(pages).toContain('README.md');
  for (const room of ['build', 'datasets', 'tests']) expect(pages).toContain(`${room}/README.md`);
});

describe('the table of faults in tests/README.md', () => {
  const rows = new Map(
    [...read('tests/README.md').matchAll(/^\| (\d+) \|.*\|([^|]*)\|$/gm)].map(([, row = '', cell = '']) => [
      Number(row),
      [...cell.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file).sort(),
    ]),
  );

  /** The test files that name a row of the table, by row. */
  const naming = new Map([...rows.keys()].map((row): [number, string[]] => [row, []]));
  for (const path of tests) {
    const lists = [...read(path).matchAll(/\b[Rr]ows? (\d+(?:(?:, | and |[-–])\d+)*)/g)];
    const named = lists.flatMap(([, list = '']) =>
      list.split(/, | and /).flatMap((part) => {
        const [first = 0, last = first] = part.split(/[-–]/).map(Number);
        return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
      }),
    );
    for (const row of new Set(named)) naming.get(row)?.push(path.replace(/^tests\//, ''));
  }

  it('lists for each row at least one test, and each of them names the row', () => {
    expect(rows.size).toBeGreaterThanOrEqual(16);
    for (const [row, files] of rows) {
      const known = naming.get(row) ?? [];
      expect(files.length, `row ${row} has no test; these name it: ${known.join(', ')}`).toBeGreaterThan(0);
      expect(known, `row ${row}`).toEqual(expect.arrayContaining(files));
    }
  });
});

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('links to files and headings that exist', () => {
    const links = [
      ...prose(text).matchAll(/!?\[[^\]]*\]\(([^)\s]+)\)/g),
      ...prose(text).matchAll(/\b(?:src|srcset|href)="([^"]+)"/g),
    ];
    const broken = links.flatMap(([, target = '']) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [path = '', heading] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, file))) return [target];
      return heading !== undefined && !anchors(file).includes(heading) ? [target] : [];
    });
    expect(broken).toEqual([]);
  });

  it('names commands that exist', () => {
    const missing = [...text.matchAll(/\bnpm run ([a-z:]+)/g)].flatMap(([, name = '']) =>
      name in scripts ? [] : [name],
    );
    expect(missing).toEqual([]);
    const files = [...text.matchAll(/\bnode ((?:build|datasets|tests)\/[\w./-]+\.mjs)/g)].map(
      ([, file = '']) => file,
    );
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('has code blocks that are closed, and those marked to be run do run', { timeout: 120_000 }, () => {
    expect((text.match(/^```/gm) ?? []).length % 2).toBe(0);
    for (const block of blocks(text)) {
      if (!block.run) continue;
      const [command, args] =
        block.language === 'js'
          ? [process.execPath, ['--input-type=module', '--eval', block.text]]
          : ['bash', ['-euo', 'pipefail', '-c', block.text]];
      const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}` };
      const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', timeout: 100_000, env });
      expect(result.status, `${page}:${block.line}\n${result.stdout}${result.stderr}`).toBe(0);
    }
  });
});
