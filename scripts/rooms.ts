/**
 * The rooms of src, from the top to the bottom: each may import those below it and none above, so rooms cannot form a
 * circle. The linter enforces it; `node scripts/rooms.ts` writes its rules into biome.json from this table, and the table
 * into CONTRIBUTING.md.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Room {
  /** A folder of src, or one of its two files. */
  readonly name: string;
  readonly what: string;
  /** Packages that nobody else imports, unless they name them as well. */
  readonly packages: readonly string[];
}

export const ROOMS: readonly Room[] = [
  { name: 'cli', what: 'the process: arguments, signals, exit code', packages: ['node:process'] },
  { name: 'program', what: 'the commands with their flags and help', packages: ['commander'] },
  {
    name: 'commands',
    what: 'flags to a request, and the result to the terminal',
    packages: ['commander', 'yaml'],
  },
  {
    name: 'ui',
    what: 'logs, questions and rendered results; escapes what comes from outside',
    packages: ['chalk', 'ora', 'yaml'],
  },
  {
    name: 'controller',
    what: 'keeps many namespaces recoverable: clusters, triggers, queue, status',
    packages: ['croner', 'prom-client'],
  },
  {
    name: 'mapping',
    what: 'the custom resources: their types, and how a spec becomes a request',
    packages: [],
  },
  { name: 'verbs', what: 'one file for each verb; callable without a terminal', packages: [] },
  { name: 'repair', what: 'rebuilds lost or damaged records from what both sides show', packages: [] },
  { name: 'status', what: 'what both sides show, and the next command to run', packages: [] },
  { name: 'preflight', what: 'the checks before a move', packages: [] },
  {
    name: 'moves',
    what: 'the steps of each move, and the operation around them: lock, journal, result',
    packages: [],
  },
  { name: 'stage', what: 'collect, prepare, dry-run and apply a namespace', packages: [] },
  { name: 'sides', what: 'what runs on one side: survey, stop, watch, start, wait for ready', packages: [] },
  { name: 'needs', what: 'what the copy needs of its cluster, and the arithmetic of quotas', packages: [] },
  { name: 'volumes', what: 'PVCs, pv-migrate, verification', packages: ['execa', 'yaml'] },
  {
    name: 'workloads',
    what: 'how each kind is parked, restored, and when it is ready',
    packages: [],
  },
  { name: 'pipeline', what: 'filter, transform, order, compare, apply', packages: [] },
  { name: 'state', what: 'record, journal, history, lock', packages: [] },
  {
    name: 'kube',
    what: 'contexts, transport, discovery, lists, watches, writes',
    packages: ['@kubernetes/client-node', 'undici', 'p-map', 'p-limit', 'yaml'],
  },
  { name: 'common', what: 'errors, sentences, time and text, for every room', packages: [] },
];

/** Every package that has a home. */
export const HOMED: readonly string[] = [...new Set(ROOMS.flatMap(({ packages }) => packages))];

const FILES: ReadonlySet<string> = new Set(['cli', 'program']);

const override = ({ name, packages }: Room, index: number): object => {
  const above = ROOMS.slice(0, index);
  return {
    includes: [FILES.has(name) ? `src/${name}.ts` : `src/${name}/**`],
    linter: {
      rules: {
        style: {
          noRestrictedImports: {
            level: 'error',
            options: {
              paths: Object.fromEntries(
                HOMED.filter((home) => !packages.includes(home)).map((home) => [
                  home,
                  `${home} has one home; see scripts/rooms.ts`,
                ]),
              ),
              ...(above.length === 0
                ? {}
                : {
                    patterns: [
                      {
                        group: above.map(({ name: other }) =>
                          FILES.has(other) ? `**/${other}.ts` : `**/${other}/**`,
                        ),
                        message: `${name} imports only rooms below it; see scripts/rooms.ts`,
                      },
                    ],
                  }),
            },
          },
        },
      },
    },
  };
};

/** The text of biome.json with the rules of the table, before it is formatted. */
export const withRooms = (config: string): string => {
  const biome = JSON.parse(config);
  const isRoom = ({ includes: [first] }: { includes: string[] }): boolean =>
    ROOMS.some(({ name }) => first === `src/${name}.ts` || first === `src/${name}/**`);
  const others = biome.overrides.filter((item: { includes: string[] }) => !isRoom(item));
  return `${JSON.stringify({ ...biome, overrides: [...others, ...ROOMS.map(override)] }, null, 2)}\n`;
};

/** The text of CONTRIBUTING.md with the table of rooms between its marks. */
export const withTable = (page: string): string => {
  const rows = ROOMS.map(({ name, what, packages }) => {
    const place = FILES.has(name) ? `src/${name}.ts` : `src/${name}/`;
    return `| \`${place}\` | ${what} | ${packages.join(', ')} |`;
  });
  const table = ['| room | what lives there | packages at home there |', '|---|---|---|', ...rows].join('\n');
  return page.replace(
    /(<!-- rooms -->\n)[\s\S]*?(<!-- \/rooms -->)/,
    (_all, first, last) => `${first}${table}\n${last}`,
  );
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = join(import.meta.dirname, '..');
  const file = join(root, 'biome.json');
  writeFileSync(file, withRooms(readFileSync(file, 'utf8')));
  const page = join(root, 'CONTRIBUTING.md');
  writeFileSync(page, withTable(readFileSync(page, 'utf8')));
  execFileSync(join(root, 'node_modules', '.bin', 'biome'), ['format', '--write', file], { stdio: 'ignore' });
}
