import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { EXAMPLES } from '../../src/commands/examples.ts';
import { EXIT_CODES } from '../../src/common/exit-codes.ts';
import { type ProgramRun, runDr } from '../helpers/program.ts';

// The first run of a command loads everything that it is made of.
vi.setConfig({ testTimeout: 30_000 });

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const ESCAPE = String.fromCharCode(27);

/** The words of a command line as a shell splits it, quotes and all. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

const withoutKubeconfig = { env: { HOME: '/nonexistent' } };

describe('help', () => {
  test('lists every command and every exit code', async () => {
    const { exitCode, stdout, stderr } = await runDr(['--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const listed = [...stdout.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, name]) => name);
    expect(listed.sort()).toEqual(Object.keys(EXAMPLES).sort());
    for (const { code } of Object.values(EXIT_CODES))
      expect(stdout).toMatch(new RegExp(`^ +${code} {2}\\S`, 'm'));
  });

  test.each(Object.entries(EXAMPLES))('%s has examples, and they parse', async (command, lines) => {
    const { exitCode, stdout, stderr } = await runDr([command, '--help']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`Examples:\n  dr-syncer ${lines[0]}\n`);
    expect(stdout).not.toContain(ESCAPE);
    for (const line of lines) {
      // Every flag is known when nothing but the kubeconfig is missing.
      const run = await runDr(words(line), withoutKubeconfig);
      expect(run.stderr, line).toContain('✗ No kubeconfig found');
      expect(run.exitCode).toBe(2);
    }
  });

  test('the version is one line', async () => {
    expect(await runDr(['--version'])).toEqual({ exitCode: 0, stdout: '0.0.0-test\n', stderr: '' });
  });
});

const SIDES = ['--source-context', 'a', '--dest-context', 'b', '-n', 'shop'];

describe('a command line that is wrong', () => {
  test.each<[string[], RegExp]>([
    [['stag'], /^Unknown command 'stag'\. Did you mean stage\?$/],
    [['stage', '--dry-rum'], /^Unknown option '--dry-rum'\. Did you mean --dry-run\?$/],
    [['stage', 'shop'], /^Too many arguments for 'stage'/],
    [
      ['stage', '--on-conflict', 'patsh'],
      /patsh.* Use one of patch, skip, recreate, fail; did you mean "patch"\?$/,
    ],
    [['stage', '--image-map', 'a'], /"a" is not of the form from=to\.$/],
    [['stage', '--concurrency', '0'], /Use a whole number from 1 to 256\.$/],
    [['stage', '--concurrency'], /argument missing\.$/],
    [['stage', '--timeout', '5 minutes'], /Use a duration such as 30s, 5m or 1h30m\.$/],
    [['stage', '--log-level', 'loud'], /Use one of debug, info, warn, error, silent/],
    [
      ['cutover', '--ignore-preflight', 'copy,qota'],
      /There is no preflight check "qota"; did you mean "quota"\?$/,
    ],
    [['cutover', '--jobs', 'kill'], /Use one of wait, fail, suspend, leave/],
    [['preflight', 'sideways'], /Allowed choices are cutover, failback, failover\.$/],
    [['status', '--interval', '-1s'], /Use a duration/],
  ])('%j is a usage error with a sentence, in every form', async (args, sentence) => {
    const text = await runDr(args, withoutKubeconfig);
    expect(text.stdout).toBe('');
    const [first = '', second] = text.stderr.split('\n');
    const [, told = ''] = /^\d{4}-\S+Z ✗ ([A-Z].*)/.exec(first) ?? [];
    expect(told).toMatch(sentence);
    expect(second).toMatch(/^ {2}See the flags with: dr-syncer ([a-z]+ )?--help$/);
    for (const [form, read] of FORMS) {
      const run = await runDr([args[0] ?? '', '--output', form, ...args.slice(1)], withoutKubeconfig);
      expect(run.exitCode).toBe(2);
      expect(read(run)).toMatchObject({
        schema: 'dr-syncer.io/error/v1',
        outcome: 'usage',
        exitCode: 2,
        error: { type: 'usage', message: expect.stringMatching(sentence) },
      });
    }
    expect(text.exitCode).toBe(2);
  });

  test('a form that does not exist is named', async () => {
    const run = await runDr(['status', '-o', 'jsom'], withoutKubeconfig);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/Use one of text, json, yaml, ndjson; did you mean "json"\?/);
  });

  test.each(['json', 'yaml'])('status --watch is refused as %s, which is one document', async (form) => {
    const run = await runDr(['status', ...SIDES, '--watch', '--output', form], withoutKubeconfig);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/✗ --watch writes a stream of results.*\n {2}Use --output ndjson/);
  });

  test.each([
    ['stagee', "Unknown command 'stagee'. Did you mean stage?"],
    ['shop', "Unknown command 'shop'."],
  ])('help of %s says that there is no such command', async (topic, sentence) => {
    const run = await runDr(['help', topic]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toContain(`✗ ${sentence}\n`);
    expect(run.stderr).not.toContain('Usage:');
    expect((await runDr(['help', 'stage'])).exitCode).toBe(0);
  });

  test('no command at all is a usage error that shows the commands', async () => {
    const run = await runDr([]);
    expect(run).toMatchObject({ exitCode: 2, stdout: '' });
    expect(run.stderr).toMatch(/Usage: dr-syncer[\s\S]*✗ No command given\.\n/);
  });

  test('the narration of an error is one JSON line with --log-format json', async () => {
    const run = await runDr(['stage', ...SIDES, '--log-format', 'json'], withoutKubeconfig);
    const lines = run.stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      kind: 'failure',
      msg: expect.stringContaining('No kubeconfig found'),
      hint: expect.stringContaining('KUBECONFIG'),
    });
  });
});

test('docs/exit-codes.md has the table of the code', () => {
  const rows = readFileSync(join(DOCS, 'exit-codes.md'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, code, meaning] = /^\| (\d+) \| `?\w+`? \| (.+?) \|/.exec(line) ?? [];
      return code === undefined ? [] : [[Number(code), meaning]];
    });
  expect(rows).toEqual(Object.values(EXIT_CODES).map(({ code, meaning }) => [code, meaning]));
});

const FORMS: readonly (readonly [string, (run: ProgramRun) => unknown])[] = [
  ['json', ({ stdout }) => JSON.parse(stdout)],
  ['yaml', ({ stdout }) => parse(stdout)],
  [
    'ndjson',
    ({ stdout }) => {
      expect(stdout.trimEnd()).not.toContain('\n');
      return JSON.parse(stdout);
    },
  ],
];
