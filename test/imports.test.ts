import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The linter is asked about files that break the rules, in a copy of the layout: a rule that has quietly stopped
// to match would let everything through.
const ROOT = join(import.meta.dirname, '..');
const TARGETS = [
  'cli',
  'program',
  'commands',
  'operations',
  'pipeline',
  'workloads',
  'data',
  'state',
  'ui',
  'kube',
] as const;
const PACKAGES = [
  'commander',
  'chalk',
  'ora',
  'execa',
  'yaml',
  '@kubernetes/client-node',
  'undici',
  'p-map',
  'node:process',
] as const;

interface Layer {
  readonly file: string;
  readonly layers: readonly (typeof TARGETS)[number][];
  readonly packages: readonly (typeof PACKAGES)[number][];
}

const BELOW_OPERATIONS = ['pipeline', 'workloads', 'data', 'state', 'kube'] as const;

// What each layer may import; everything else must be refused.
const LAYERS: Readonly<Record<string, Layer>> = {
  kube: {
    file: 'src/kube/x.ts',
    layers: ['kube'],
    packages: ['@kubernetes/client-node', 'undici', 'p-map'],
  },
  pipeline: { file: 'src/pipeline/filters/x.ts', layers: ['pipeline', 'kube'], packages: [] },
  workloads: { file: 'src/workloads/x.ts', layers: ['workloads', 'kube'], packages: [] },
  data: { file: 'src/data/x.ts', layers: ['data', 'kube'], packages: ['execa', 'yaml'] },
  state: { file: 'src/state/x.ts', layers: ['state', 'kube'], packages: [] },
  operations: {
    file: 'src/operations/move/x.ts',
    layers: ['operations', ...BELOW_OPERATIONS],
    packages: [],
  },
  ui: {
    file: 'src/ui/render/x.ts',
    layers: ['ui', 'operations', 'kube'],
    packages: ['chalk', 'ora', 'yaml'],
  },
  commands: {
    file: 'src/commands/x.ts',
    layers: ['commands', 'operations', 'ui', ...BELOW_OPERATIONS],
    packages: ['commander', 'yaml'],
  },
  program: {
    file: 'src/program.ts',
    layers: ['program', 'commands', 'operations', 'ui', ...BELOW_OPERATIONS],
    packages: ['commander'],
  },
  cli: { file: 'src/cli.ts', layers: TARGETS, packages: ['node:process'] },
};

const FORMS = [
  (from: string) => `import '${from}';`,
  (from: string) => `export * from '${from}';`,
  (from: string) => `import type { X } from '${from}';`,
  (from: string) => `export const x = import('${from}');`,
];

/** One line for each import in each form; `allowed` says whether the layer may have it. */
const linesOf = ({ file, layers, packages }: Layer): { code: string; allowed: boolean }[] => {
  const up = '../'.repeat(file.split('/').length - 2) || './';
  const targets = TARGETS.flatMap((target) => {
    const paths = [`${up}${target}.ts`, `${up}${target}/deep/y.ts`];
    return paths.map((path) => ({ path, allowed: layers.includes(target) }));
  });
  const homes = PACKAGES.map((path) => ({ path, allowed: packages.includes(path) }));
  return [...targets, ...homes].flatMap(({ path, allowed }) =>
    FORMS.map((form) => ({ code: form(path), allowed })),
  );
};

let home: string;
let found: { category: string; location: { path: string; start: { line: number } } }[];

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'dr-syncer-imports-'));
  copyFileSync(join(ROOT, 'biome.json'), join(home, 'biome.json'));
  for (const layer of Object.values(LAYERS)) {
    write(
      layer.file,
      linesOf(layer)
        .map(({ code }) => code)
        .join('\n'),
    );
  }
  write('src/operations/exits.ts', 'process.exit(1);');
  write('src/pipeline/prints.ts', 'console.log(1);');
  found = lint();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe.each(Object.entries(LAYERS))('%s', (_name, layer) => {
  test('may import what is below it and its own packages, and nothing else', () => {
    const refused = new Set(
      found
        .filter(({ category, location }) => category === RULE && location.path === layer.file)
        .map(({ location }) => location.start.line),
    );
    const lines = linesOf(layer);
    expect(lines.filter((_line, index) => refused.has(index + 1)).map(({ code }) => code)).toEqual(
      lines.filter(({ allowed }) => !allowed).map(({ code }) => code),
    );
  });
});

test('the process and the console have one home', () => {
  const categories = (path: string): string[] =>
    found.filter(({ location }) => location.path === path).map(({ category }) => category);
  expect(categories('src/operations/exits.ts')).toContain('lint/correctness/noProcessGlobal');
  expect(categories('src/pipeline/prints.ts')).toContain('lint/suspicious/noConsole');
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
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    return JSON.parse((error as { stdout: string }).stdout).diagnostics;
  }
  throw new Error('the linter found nothing at all');
}
