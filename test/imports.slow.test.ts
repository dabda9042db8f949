import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOMED, ROOMS, type Room, withRooms, withTable } from '../scripts/rooms.ts';

// The linter is asked about files that break the rules, in a copy of the layout: a rule that has quietly stopped
// to match would let everything through.
const ROOT = join(import.meta.dirname, '..');

const isFile = (name: string): boolean => name === 'cli' || name === 'program';

const fileOf = ({ name }: Room): string => (isFile(name) ? `src/${name}.ts` : `src/${name}/x.ts`);

const FORMS = [
  (from: string) => `import '${from}';`,
  (from: string) => `export * from '${from}';`,
  (from: string) => `import type { X } from '${from}';`,
  (from: string) => `export const x = import('${from}');`,
];

/** One line for each import in each form; `allowed` says whether the room may have it. */
const linesOf = (room: Room, index: number): { code: string; allowed: boolean }[] => {
  const up = isFile(room.name) ? './' : '../';
  const targets = ROOMS.flatMap(({ name }, other) => {
    const paths = isFile(name) ? [`${up}${name}.ts`] : [`${up}${name}/y.ts`, `${up}${name}/deep/y.ts`];
    return paths.map((path) => ({ path, allowed: other >= index }));
  });
  const homes = HOMED.map((path) => ({ path, allowed: room.packages.includes(path) }));
  return [...targets, ...homes].flatMap(({ path, allowed }) =>
    FORMS.map((form) => ({ code: form(path), allowed })),
  );
};

let home: string;
let found: { category: string; location: { path: string; start: { line: number } } }[];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'dr-syncer-imports-'));
  writeFileSync(join(home, 'biome.json'), withRooms(readFileSync(join(ROOT, 'biome.json'), 'utf8')));
  ROOMS.forEach((room, index) => {
    write(
      fileOf(room),
      linesOf(room, index)
        .map(({ code }) => code)
        .join('\n'),
    );
  });
  write('src/moves/exits.ts', 'process.exit(1);');
  write('src/pipeline/prints.ts', 'console.log(1);');
  write('src/kube/one.ts', "import type { Two } from './two.ts';\nexport type One = Two;");
  write('src/kube/two.ts', "import type { One } from './one.ts';\nexport type Two = One;");
  write('src/kube/long.ts', `export const long = () => {\n${'  void 0;\n'.repeat(61)}};`);
  found = lint();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe.each(ROOMS.map((room, index) => [room.name, room, index] as const))('%s', (_name, room, index) => {
  test('may import what is below it and its own packages, and nothing else', () => {
    const refused = new Set(
      found
        .filter(({ category, location }) => category === RULE && location.path === fileOf(room))
        .map(({ location }) => location.start.line),
    );
    const lines = linesOf(room, index);
    expect(lines.filter((_line, line) => refused.has(line + 1)).map(({ code }) => code)).toEqual(
      lines.filter(({ allowed }) => !allowed).map(({ code }) => code),
    );
  });
});

const categories = (path: string): string[] =>
  found.filter(({ location }) => location.path === path).map(({ category }) => category);

test('the process and the console have one home', () => {
  expect(categories('src/moves/exits.ts')).toContain('lint/correctness/noProcessGlobal');
  expect(categories('src/pipeline/prints.ts')).toContain('lint/suspicious/noConsole');
});

test('files that import each other are refused, types included, and so is a function of more than 60 lines', () => {
  expect(categories('src/kube/one.ts')).toContain('lint/suspicious/noImportCycles');
  expect(categories('src/kube/long.ts')).toContain('lint/complexity/noExcessiveLinesPerFunction');
});

test('the rules in biome.json are those of the table of rooms', () => {
  const config = readFileSync(join(ROOT, 'biome.json'), 'utf8');
  expect(JSON.parse(config)).toEqual(JSON.parse(withRooms(config)));
});

test('CONTRIBUTING.md has the table of rooms', () => {
  const page = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  expect(page).toContain('| `src/verbs/` |');
  expect(page).toEqual(withTable(page));
});

const SOURCES = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

test('every folder of src is a room of the table', () => {
  const folders = new Set(
    SOURCES.filter((file) => file.includes('/')).map((file) => file.slice(0, file.indexOf('/'))),
  );
  expect([...folders].sort()).toEqual(
    ROOMS.map(({ name }) => name)
      .filter((name) => !isFile(name))
      .sort(),
  );
});

test('no room holds more than 15 % of the lines, and no two files have one name', () => {
  const lines = new Map<string, number>();
  for (const file of SOURCES) {
    const room = file.slice(0, Math.max(0, file.indexOf('/')));
    const count = readFileSync(join(ROOT, 'src', file), 'utf8').split('\n').length;
    lines.set(room, (lines.get(room) ?? 0) + count);
  }
  const all = [...lines.values()].reduce((sum, count) => sum + count, 0);
  expect([...lines].filter(([, count]) => count > all * 0.15)).toEqual([]);
  expect(
    [...Map.groupBy(SOURCES, (file) => basename(file)).values()].filter((same) => same.length > 1),
  ).toEqual([]);
});

const RULE = 'lint/style/noRestrictedImports';

function write(file: string, text: string): void {
  mkdirSync(dirname(join(home, file)), { recursive: true });
  writeFileSync(join(home, file), `${text}\n`);
}

function lint(): typeof found {
  const biome = join(ROOT, 'node_modules', '.bin', 'biome');
  const node = join(ROOT, 'node_modules', '.bin', 'node');
  const args = ['lint', '--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json', '.'];
  try {
    execFileSync(node, [biome, ...args], {
      cwd: home,
      encoding: 'utf8',
      maxBuffer: 100_000_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    return JSON.parse((error as { stdout: string }).stdout).diagnostics;
  }
  throw new Error('the linter found nothing at all');
}
