import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../src/program.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

const FILES = ['src', 'test', 'scripts', 'bench'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
);

// Flags of other programs that the pages name.
const FOREIGN = new Set([
  '--for',
  '--overwrite',
  '--patch',
  '--type',
  '--revision',
  '--to-revision',
  '--checksum',
  '--context',
  '--check',
  '--yes',
  '--namespace',
  '--create-namespace',
  '--kube-context',
  '--set',
  '--all-namespaces',
  '--raw',
  '--list',
  '--global',
  '--project',
  '--rsync-extra-args',
  '--numeric-ids',
  '--exclude',
  '--bwlimit',
  '--server-side',
  '--delay-ms',
  '--sequence',
  '--rounds',
  '--objects',
]);

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');

  it('links to pages that are there', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([]);
  });

  it('names files that are there', () => {
    const named = [...text.matchAll(/`([\w/.-]+\.ts)`/g)].map((match) => match[1] ?? '');
    expect(
      named.filter(
        (file) => !existsSync(join(ROOT, file)) && !FILES.some((path) => path.endsWith(`/${file}`)),
      ),
    ).toEqual([]);
  });

  it('names flags that are there', async () => {
    const known = await flagsOfHelp();
    const named = [...text.matchAll(/(?<![\w-])--[a-z][a-z0-9-]*/g)].map((match) => match[0]);
    expect(named.filter((flag) => !known.has(flag) && !FOREIGN.has(flag))).toEqual([]);
  });
});

const COMMANDS = [
  'stage',
  'plan',
  'cutover',
  'failback',
  'failover',
  'fence',
  'resume',
  'rollback',
  'repair',
  'preflight',
  'status',
  'history',
  'controller',
  'export',
];

let flags: Promise<ReadonlySet<string>> | undefined;

const flagsOfHelp = (): Promise<ReadonlySet<string>> => {
  flags ??= Promise.all([helpOf(), ...COMMANDS.map((name) => helpOf(name))]).then(
    (texts) => new Set(texts.join('\n').match(/--[a-z][a-z0-9-]*/g)),
  );
  return flags;
};

const helpOf = async (...command: string[]): Promise<string> => {
  let text = '';
  const write = (chunk: string): boolean => {
    text += chunk;
    return true;
  };
  const io = { stdout: { write }, stderr: { write }, version: '0' } as unknown as Parameters<
    typeof runProgram
  >[1];
  await runProgram([...command, '--help'], io, new AbortController().signal);
  return text;
};
