/**
 * Rules about the sources and the built site that neither the compilers nor the linters hold:
 * what may touch a number, what may import what, what a release must not contain.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Files of this checkout that git knows or would take, without what it ignores. */
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const within = (folder: string, endings: RegExp): string[] =>
  tracked.filter((path) => path.startsWith(`${folder}/`) && endings.test(path));

/** Source without comments, line numbers kept. Good enough for sources that a formatter has seen. */
function code(path: string): string {
  return read(path)
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}

/** Every match of a pattern in the code of some files, as "path:line: text". */
function findings(paths: string[], pattern: RegExp, text: (path: string) => string = code): string[] {
  return paths.flatMap((path) =>
    text(path)
      .split('\n')
      .flatMap((line, i) => {
        const at = line.search(pattern);
        if (at < 0) return [];
        // A bundle is one line: what stands around the match is enough.
        return [
          `${path}:${i + 1}: ${line.length < 300 ? line.trim() : line.slice(Math.max(0, at - 80), at + 80)}`,
        ];
      }),
  );
}

describe('numbers', () => {
  // A whole number to a whole power, as in 1024 ** 3, is exact.
  it('in worker, kernels and datasets only exactly rounded functions touch them', () => {
    const exact = 'sqrt|floor|ceil|round|trunc|abs|min|max|sign|fround|imul|clz32';
    const paths = [
      ...within('web/worker', /\.ts$/),
      ...within('web/kernels', /\.ts$/),
      ...within('datasets', /\.mjs$/),
    ];
    expect(paths.length).toBeGreaterThan(0);
    expect(findings(paths, new RegExp(`\\bMath\\.(?!(?:${exact})\\b)`))).toEqual([]);
    expect(
      findings(paths, /\bMath\s*\[|\bconst\s*\{[^}]*\}\s*=\s*Math\b|[\w)\]]\s*\*\*=?\s*(?!\d+\b)[\w(]/),
    ).toEqual([]);
  });

  it('in the core no function of the platform is used that is not exactly rounded', () => {
    const inexact =
      'exp|exp2|expm1|log|log2|log10|log1p|pow|cbrt|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|erf|tgamma|lgamma|hypot|fma|rint|nearbyint|remainder|fmod|ldexp|scalbn';
    const paths = within('core', /\.[ch]$/);
    expect(paths.length).toBeGreaterThan(0);
    expect(findings(paths, new RegExp(`(?<![\\w.])(?:__builtin_)?(?:${inexact})[fl]?\\s*\\(`))).toEqual([]);
  });
});

describe('the core', () => {
  const sources = within('core', /\.[ch]$/);

  it('allocates in base/mem.c alone, and does no input or output, reads no clock and no environment', () => {
    const others = sources.filter((path) => path !== 'core/base/mem.c');
    expect(
      findings(others, /(?<!\w)(?:malloc|calloc|realloc|free|aligned_alloc|posix_memalign)\s*\(/),
    ).toEqual([]);
    expect(
      findings(sources, /(?<!\w)(?:f?printf|puts|fopen|time|clock|rand|srand|getenv|exit)\s*\(/),
    ).toEqual([]);
    expect(findings(sources, /#\s*include\s*<(?:stdio|time|locale|signal)\.h>/)).toEqual([]);
  });

  it('includes nothing from a room above', () => {
    const level: Record<string, number> = {
      base: 0,
      math: 1,
      table: 2,
      nn: 2,
      graph: 2,
      models: 3,
      embed: 3,
      measure: 3,
      detect: 3,
      wasm: 4,
    };
    // Normal numbers need a logarithm and a cosine; fmath in turn includes nothing but math/simd.h.
    const exceptions = ['core/base/rng.c includes math/fmath.h'];
    const upward = sources.flatMap((path) => {
      const room = path.split('/')[1] ?? '';
      return [...code(path).matchAll(/#\s*include\s*"([^"]+)"/g)].flatMap(([, target = '']) => {
        const other = target.includes('/') ? (target.split('/')[0] ?? '') : room;
        const allowed = room === other || (level[other] ?? 99) < (level[room] ?? -1);
        return allowed ? [] : [`${path} includes ${target}`];
      });
    });
    expect(upward.filter((line) => !exceptions.includes(line))).toEqual([]);
  });

  it('keeps intrinsics in math/simd.h', () => {
    const others = sources.filter((path) => path !== 'core/math/simd.h');
    expect(findings(others, /immintrin|emmintrin|arm_neon|wasm_simd128|_mm_\w+|__builtin_ia32/)).toEqual([]);
  });
});

describe('imports', () => {
  /** What each room of web/ may import from, besides itself. */
  const rooms: Record<string, string[]> = {
    protocol: [],
    render: [],
    kernels: ['protocol'],
    worker: ['protocol', 'kernels', 'methods'],
    methods: ['protocol'],
    client: ['protocol', 'methods'],
    saved: ['protocol'],
    storage: ['protocol', 'saved', 'state'],
    state: ['protocol', 'client', 'methods', 'render', 'saved', 'storage'],
    ui: ['protocol', 'client', 'methods', 'render', 'state'],
  };

  it('follow the arrows', () => {
    /* What is kept has the store's types, and nothing that runs. */
    const types = /import type [^;]*'\.\.\/state\/store\.ts';/g;
    const wrong = within('web', /\.tsx?$/).flatMap((path) => {
      const room = path.split('/')[1] ?? '';
      const allowed = rooms[room];
      if (allowed === undefined) return [];
      const text = room === 'saved' ? code(path).replace(types, '') : code(path);
      return [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)].flatMap(([, target = '']) => {
        // The worker's script is imported by address: nothing of it becomes part of the page.
        if (target.endsWith('?worker&url')) return [];
        const to = relative(join(root, 'web'), resolve(root, dirname(path), target)).split(sep)[0] ?? '';
        return to === room || allowed.includes(to) ? [] : [`${path} imports ${target}`];
      });
    });
    expect(wrong).toEqual([]);
  });
});

describe('packages', () => {
  it('are imported by the page and the tools alone: one that brings the DOM types would hide violations', () => {
    const rooms = ['web/protocol', 'web/kernels', 'web/worker', 'web/render'];
    const paths = rooms.flatMap((room) => within(room, /\.tsx?$/));
    expect(findings(paths, /(?:from|import)\s*\(?\s*['"](?!\.|@kernels\/)[^'"]+['"]/)).toEqual([]);
  });
});

describe('the page and the worker', () => {
  const sources = within('web', /\.(tsx?|html)$/);

  it('never turn text into markup or code', () => {
    expect(
      findings(
        sources,
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\s*\(|new Function\b|setHTMLUnsafe/i,
      ),
    ).toEqual([]);
  });

  it('keep no view of the kernel memory in a field', () => {
    const paths = [...within('web/kernels', /\.ts$/), ...within('web/worker', /\.ts$/)];
    const view = String.raw`(?:[\w.?!]+\.(?:u8|u16|u32|i32|f32|f64)\(|new (?:Uint8|Uint16|Uint32|Int32|Float32|Float64)Array\([^)]*\.buffer\b)`;
    // A copy may be kept: `.slice()` at the end of the expression makes one.
    const stored = findings(
      paths,
      new RegExp(
        `(?:this\\.#?\\w+|(?:readonly|private|static)\\s+#?\\w+[^=(]*|^\\s*#\\w+[^=(]*)\\s*=\\s*${view}`,
      ),
    );
    expect(stored.filter((line) => !/\.slice\(/.test(line))).toEqual([]);
  });

  it('name no other origin', () => {
    const addresses = findings(sources, /['"(=]\s*(?:https?:)?\/\/[a-z0-9]/i).filter(
      (line) =>
        !/www\.w3\.org|doi\.org|arxiv\.org/.test(line) &&
        // Stands in snippets for wherever the site lies; a name that is nobody's (RFC 2606).
        !(line.startsWith('web/docs/') && /https:\/\/example\.org\/unfold\//.test(line)),
    );
    expect(addresses).toEqual([]);
    const elsewhere = /url\(\s*['"]?(?:https?:)?\/\/|@import\s+(?!"\.\.?\/)/i;
    expect(findings(within('web', /\.(css|html)$/), elsewhere, read)).toEqual([]);
  });
});

describe('the repository', () => {
  const lockfiles = tracked.filter((path) => path.endsWith('package-lock.json'));
  const texts = tracked.filter((path) => !/\.(png|gz|npy|bin|ico)$|^tests\/fuzz\/corpus\//.test(path));

  it('has lockfiles without download addresses', () => {
    expect(lockfiles).toContain('package-lock.json');
    expect(
      findings(
        lockfiles,
        /"resolved"|https?:\/\/(?!github\.com\/sponsors|[\w.-]*(?:patreon|opencollective|tidelift|paypal))[^"]*\.tgz/,
        read,
      ),
    ).toEqual([]);
  });

  it('has lockfiles that are whole: every dependency in them is in them, on other platforms too', () => {
    for (const lockfile of lockfiles) {
      const { packages } = JSON.parse(read(lockfile)) as { packages: Record<string, Record<string, object>> };
      const names = Object.values(packages).flatMap((entry) => [
        ...Object.keys(entry.dependencies ?? {}),
        ...Object.keys(entry.optionalDependencies ?? {}),
      ]);
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter((name) => !(`node_modules/${name}` in packages))).toEqual([]);
    }
  });

  it('names no folder of one machine', () => {
    const folders = ['work', 'home', 'Users', 'root'].map((name) => `/${name}/`);
    const pattern = new RegExp(`(?:^|[\\s'"\`(=:])(?:${folders.join('|')})`);
    expect(
      findings(
        texts.filter((path) => path !== 'tests/web/boundaries.test.ts'),
        pattern,
        read,
      ),
    ).toEqual([]);
  });

  it('has no generated file, and no data', () => {
    expect(
      tracked.filter((path) => /^(dist|node_modules)\/|\.wasm$|\.tensor(\.gz)?$|ubyte(\.gz)?$/.test(path)),
    ).toEqual([]);
  });

  it('has nothing that fetches from an address except `npm run datasets`', () => {
    const paths = [...within('build', /\.(mjs|ts)$/), ...within('datasets', /\.mjs$/)];
    expect(
      findings(paths, /\bfetch\(|\bcurl\b|\bwget\b|https?\.get\(/).map((line) => line.split(':')[0]),
    ).toEqual(['datasets/prepare.mjs']);
  });
});

describe.skipIf(!existsSync(join(root, 'dist/site/index.html')))('the built site', () => {
  const filesOf = (site: string, endings: RegExp): string[] =>
    readdirSync(join(root, 'dist', site), { recursive: true, encoding: 'utf8' })
      .filter((path) => endings.test(path))
      .map((path) => join('dist', site, path));
  const exportsOf = (path: string): string[] =>
    WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(join(root, path)))).map(
      ({ name }) => name,
    );

  /** How the hooks are reached: the functions of the kernels by name, and the parameter of the address. */
  const hooks: string[] = read('core/wasm/exports-faults.txt').match(/(?<=^_)\w+/gm) ?? [];
  const hooked = new RegExp(`\\b(?:${hooks.join('|')})\\b|get\\([\`'"]faults?[\`'"]\\)|@epoch`);

  it('has no fault hooks, neither in scripts nor in kernels', () => {
    expect(hooks.length).toBeGreaterThan(0);
    const scripts = filesOf('site', /\.js$/);
    expect(scripts.length).toBeGreaterThan(0);
    expect(findings(scripts, hooked, read)).toEqual([]);
    const [kernels = ''] = filesOf('site', /\.wasm$/);
    expect(exportsOf(kernels).filter((name) => hooks.includes(name))).toEqual([]);
  });

  it.skipIf(!existsSync(join(root, 'dist/site-faults/index.html')))('has them in the build for tests', () => {
    const scripts = filesOf('site-faults', /\.js$/);
    expect(findings(scripts, hooked, read).length).toBeGreaterThan(0);
    const [kernels = ''] = filesOf('site-faults', /\.wasm$/);
    expect(exportsOf(kernels)).toEqual(expect.arrayContaining(hooks));
  });

  it('runs from any folder: every address in the page is relative', () => {
    const html = read('dist/site/index.html');
    const addresses = [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, address = '']) => address);
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(address).toMatch(/^(\.\/|#|data:)/);
  });

  it('has a Content-Security-Policy and no inline script', () => {
    const html = read('dist/site/index.html');
    expect(html).toMatch(/<meta[^>]+http-equiv="Content-Security-Policy"/i);
    expect([...html.matchAll(/<script\b(?![^>]*\bsrc=)[^>]*>/g)].map(([tag]) => tag)).toEqual([]);
    expect(html).not.toMatch(/\son\w+\s*=/i);
  });
});
