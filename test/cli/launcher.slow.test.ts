import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

// Every case starts a process or two.
vi.setConfig({ testTimeout: 30_000 });

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const BUNDLE = join(ROOT, 'dist', 'dr-syncer.js');

// The launcher in a directory of its own, with a bundle that only says that it was loaded.
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'dr-syncer-launcher-'));
  for (const directory of ['bin', 'dist', 'bare/bin']) mkdirSync(join(home, directory), { recursive: true });
  for (const directory of ['bin', 'bare/bin'])
    copyFileSync(join(ROOT, 'bin', 'dr-syncer.js'), join(home, directory, 'dr-syncer.js'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(home, 'dist', 'dr-syncer.js'), "process.stdout.write('loaded'); process.exitCode = 5;");
  writeFileSync(
    join(home, 'pretend.cjs'),
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: process.env.PRETEND } });",
  );
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const run = (node: string, file: string, args: readonly string[] = [], env: Record<string, string> = {}) => {
  const all = { PATH: process.env['PATH'], HOME: home, ...env };
  const { status, stdout, stderr } = spawnSync(node, [...args, join(home, file)], {
    encoding: 'utf8',
    env: all,
  });
  return { status, stdout, stderr };
};

/** Does something with another bundle in place of the one that only says that it was loaded. */
const withBundle = <T>(text: string, work: () => T): T => {
  const bundle = join(home, 'dist', 'dr-syncer.js');
  const before = readFileSync(bundle, 'utf8');
  writeFileSync(bundle, text);
  try {
    return work();
  } finally {
    writeFileSync(bundle, before);
  }
};

describe('the launcher', () => {
  test.each(['0.10.48', '20.20.2', '22.18.9'])('says in one sentence that Node %s is too old', (version) => {
    const pretend = ['--require', join(home, 'pretend.cjs')];
    expect(run(NODE, 'bin/dr-syncer.js', pretend, { PRETEND: version })).toEqual({
      status: 2,
      stdout: '',
      stderr: `dr-syncer needs Node 22.19 or newer; this is Node ${version}.\n`,
    });
  });

  test('starts what may be large anew with a frugal engine, and nothing else', () => {
    const argsOf = (...args: readonly string[]) => {
      const file = join(home, 'bin', 'dr-syncer.js');
      const { stdout, stderr } = spawnSync(NODE, ['--no-deprecation', file, ...args], { encoding: 'utf8' });
      return [...JSON.parse(stdout), stderr];
    };
    const text = 'process.stdout.write(JSON.stringify([process.execArgv, process.argv.slice(2)]));';
    withBundle(text, () => {
      const frugal = ['--max-semi-space-size=4', '--optimize-for-size', '--no-deprecation'];
      expect(argsOf('stage', '-n', 'my shop')).toEqual([frugal, ['stage', '-n', 'my shop'], '']);
      expect(argsOf('status', '-n', 'shop')).toEqual([['--no-deprecation'], ['status', '-n', 'shop'], '']);
    });
  });

  test.each(['22.19.0', '23.0.0', '24.1.0'])('loads the bundle with Node %s', (version) => {
    const pretend = ['--require', join(home, 'pretend.cjs')];
    expect(run(NODE, 'bin/dr-syncer.js', pretend, { PRETEND: version })).toEqual({
      status: 5,
      stdout: 'loaded',
      stderr: '',
    });
  });

  describe('keeps compiled code where nobody else can put any: S8', () => {
    const SAYS_FOLDER =
      "import { getCompileCacheDir } from 'node:module'; process.stdout.write(JSON.stringify(getCompileCacheDir() ?? null));";
    const cached = (cache: string, tmp: string): { status: number | null; folder: string | null } =>
      withBundle(SAYS_FOLDER, () => {
        const { status, stdout } = run(NODE, 'bin/dr-syncer.js', [], { XDG_CACHE_HOME: cache, TMPDIR: tmp });
        return { status, folder: JSON.parse(stdout) };
      });
    const folders = () => {
      const base = mkdtempSync(join(home, 'user-'));
      const [cache, tmp] = [join(base, 'cache'), join(base, 'tmp')];
      mkdirSync(tmp);
      return { cache, tmp, compiled: join(cache, 'dr-syncer', 'compiled') };
    };

    test('in a folder of the user that is closed to others', () => {
      const { cache, tmp, compiled } = folders();
      const { status, folder } = cached(cache, tmp);
      expect(status).toBe(0);
      expect(folder?.startsWith(compiled)).toBe(true);
      expect(statSync(compiled).mode & 0o777).toBe(0o700);
      expect(readdirSync(tmp)).toEqual([]);
    });

    test.each<[string, (compiled: string) => void]>([
      ['that others may write to', (compiled) => chmodSync(compiled, 0o777)],
      ['that others may read', (compiled) => chmodSync(compiled, 0o755)],
      ['below one that others may change', (compiled) => chmodSync(join(compiled, '..'), 0o777)],
      [
        'that is a link',
        (compiled) => {
          renameSync(compiled, `${compiled}-elsewhere`);
          symlinkSync(`${compiled}-elsewhere`, compiled);
        },
      ],
    ])('and nowhere when it is one %s', (_what, spoil) => expectNone(spoil));

    const isRoot = process.getuid?.() === 0;
    test.skipIf(!isRoot)(
      `and nowhere when it is one that belongs to somebody else${isRoot ? '' : ' (skipped: only root can make one)'}`,
      () => expectNone((compiled) => chownSync(compiled, 65_534, 65_534)),
    );

    const expectNone = (spoil: (compiled: string) => void): void => {
      const { cache, tmp, compiled } = folders();
      mkdirSync(compiled, { recursive: true, mode: 0o700 });
      spoil(compiled);
      expect(cached(cache, tmp)).toEqual({ status: 0, folder: null });
      expect(readdirSync(tmp)).toEqual([]);
    };
  });

  test('takes the way to what all objects inherit away before it loads anything: S3', () => {
    const text = "const o = {}; o['__proto__'] = { x: 1 }; process.stdout.write(o.x + ' ' + Object.keys(o));";
    withBundle(text, () => expect(run(NODE, 'bin/dr-syncer.js').stdout).toBe('undefined __proto__'));
  });

  test('asks for the version that package.json names', () => {
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(engines.node).toBe('>=22.19');
  });

  test('says that the bundle is missing', () => {
    expect(run(NODE, 'bare/bin/dr-syncer.js')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'dr-syncer is not built: run npm run build in its directory.\n',
    });
  });
});

const old = oldNode();
describe.skipIf(old === undefined)(
  `a Node that is too old${old ? '' : ' (skipped: none is installed here)'}`,
  () => {
    test('can read the launcher, and it says so', () => {
      const { status, stdout, stderr } = run(old ?? '', 'bin/dr-syncer.js');
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(/^dr-syncer needs Node 22\.19 or newer; this is Node (1\d|20|21)\.[\d.]+\.\n$/);
    });
  },
);

const isBuilt = existsSync(BUNDLE);
describe.skipIf(!isBuilt)(`the bundle${isBuilt ? '' : ' (skipped: npm run build makes it)'}`, () => {
  test('knows its version and its commands', () => {
    const dr = (...args: string[]) =>
      spawnSync(NODE, [join(ROOT, 'bin', 'dr-syncer.js'), ...args], { encoding: 'utf8' });
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(dr('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(dr('--help').stdout).toMatch(/^ {2}cutover /m);
    expect(dr('nothing').status).toBe(2);
  });

  test('is told nothing by Node when the environment asks for colours and for none', () => {
    const env = { PATH: process.env['PATH'], NO_COLOR: '1', FORCE_COLOR: '1' };
    const { stderr } = spawnSync(NODE, [join(ROOT, 'bin', 'dr-syncer.js'), 'nothing'], {
      encoding: 'utf8',
      env,
    });
    expect(stderr).not.toContain('Warning');
    expect(stderr).toContain('nothing');
  });
});

// A system's own Node may be older than the one of devDependencies.
function oldNode(): string | undefined {
  return ['/usr/bin/node', '/usr/local/bin/node', '/opt/homebrew/bin/node'].find((file) => {
    const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)\./.exec(stdout ?? '')?.[1] ?? 99) < 22;
  });
}
