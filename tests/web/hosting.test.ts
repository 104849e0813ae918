/** What hosts and systems read of the site: the workflow that deploys it, the manifest, the icons. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawIcon, readMark } from '../../build/icons.mjs';
import { PNG } from '../e2e/png.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the workflow for GitHub Pages', () => {
  const text = read('.github/workflows/pages.yml');
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const runs = [...text.matchAll(/^\s+-? ?run: (.*)$/gm)].map(([, line = '']) => line);

  it('runs the commands that people use, tests before it builds, and deploys what was built', () => {
    const commands = runs.flatMap((line) =>
      [...line.matchAll(/\bnpm (?:run )?([\w:]+)/g)].map(([, name = '']) => name),
    );
    expect(commands).toEqual(['test', 'build']);
    for (const name of commands) expect(Object.keys(scripts)).toContain(name);
    for (const line of runs) expect(line).toMatch(/^(npm|git config) /);
    expect(text).toMatch(/path: dist\/site$/m);
  });

  it('runs on Debian 12 with a Node that the build takes, and pins what it uses', () => {
    const [, node = '0'] = /image: node:(\d+)-bookworm$/m.exec(text) ?? [];
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    expect(Number(node)).toBeGreaterThanOrEqual(Number(/\d+/.exec(engines.node)?.[0]));
    const used = [...text.matchAll(/uses: (.*)$/gm)].map(([, action = '']) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^actions\/[\w-]+@v\d+$/);
  });
});

describe('the manifest', () => {
  const manifest = JSON.parse(read('web/public/manifest.webmanifest')) as {
    start_url: string;
    scope: string;
    id?: string;
    display: string;
    icons: { src: string; sizes: string; purpose: string }[];
    file_handlers: { action: string; accept: Record<string, string[]> }[];
  };
  it('is relative, so that it works in any folder and two copies are two apps', () => {
    for (const address of [manifest.start_url, manifest.scope, manifest.file_handlers[0]?.action]) {
      expect(new URL(address ?? '', 'http://host.test/some/folder/x').href).toBe(
        'http://host.test/some/folder/',
      );
    }
    expect(manifest.id).toBeUndefined();
    expect(manifest.display).toBe('standalone');
  });
  it('opens the kinds of file that the page reads', () => {
    const endings = manifest.file_handlers.flatMap(({ accept }) => Object.values(accept).flat());
    for (const ending of ['.csv', '.tsv', '.txt', '.gz', '.unfold']) expect(endings).toContain(ending);
  });

  const built = join(root, 'dist/site');
  it.skipIf(!existsSync(join(built, 'icons')))('names icons that are there, of their sizes', () => {
    for (const { src, sizes } of manifest.icons.filter(({ src: name }) => name.endsWith('.png'))) {
      const { width, height } = new PNG(readFileSync(join(built, src)));
      expect(`${width}x${height}`, src).toBe(sizes);
    }
    expect(readdirSync(join(built, 'icons'))).toContain('apple-touch-180.png');
  });
});

describe('an icon', () => {
  const mark = readMark(read('web/public/favicon.svg'));
  const at = (rgba: Uint8Array, side: number, x: number, y: number): number[] => [
    ...rgba.subarray((y * side + x) * 4, (y * side + x) * 4 + 4),
  ];
  it('is the mark: white dots on blue, where the drawing has them', () => {
    expect(mark.dots).toHaveLength(3);
    const side = 128;
    const rgba = drawIcon(mark, { side, ground: 'rounded', scale: 1 });
    for (const [x = 0, y = 0] of mark.dots) {
      expect(at(rgba, side, Math.round(x * 4), Math.round(y * 4))).toEqual([255, 255, 255, 255]);
    }
    expect(at(rgba, side, 64, 12)).toEqual([...mark.ground, 255]);
    expect(at(rgba, side, 0, 0)[3], 'corners are clear').toBe(0);
  });
  it('is whole to the edge, with the mark inside the middle four fifths, where systems cut it', () => {
    const side = 100;
    const rgba = drawIcon(mark, { side, ground: 'whole', scale: 0.75 });
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const [r = 0, , , alpha] = at(rgba, side, x, y);
        expect(alpha).toBe(255);
        if (Math.hypot(x + 0.5 - 50, y + 0.5 - 50) > 40) expect(r).toBe(mark.ground[0]);
      }
    }
  });
});
