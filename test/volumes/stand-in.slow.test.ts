import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bench, openBench, STAND_IN } from './helpers/stand-in.ts';

// The stand-in is worth only as much as it refuses.
let bench: Bench;
let file: string;
beforeEach(() => {
  bench = openBench('3.6.1');
  file = join(bench.root, 'kubeconfig');
  writeFileSync(file, 'contexts: [{name: prod}, {name: dr}]\n', { mode: 0o600 });
});
afterEach(() => bench.remove());

const run = (version: string, args: readonly string[]) =>
  execa(STAND_IN, args, {
    env: { ...bench.env, PV_MIGRATE_FAKE_VERSION: version },
    extendEnv: false,
    reject: false,
  });

const sides = (): string[] => [
  `--source-kubeconfig=${file}`,
  '--source-context=prod',
  `--dest-kubeconfig=${file}`,
  '--dest-context=dr',
];
const good = (): string[] => ['--source=a', '--dest=b', ...sides(), '--strategies=local'];

describe('the stand-in', { timeout: 120_000 }, () => {
  const refused: [title: string, version: string, args: () => string[], said: RegExp][] = [
    ['an unknown flag', '3.6.1', () => [...good(), '--nope'], /^Error: unknown flag: --nope\nUsage:/],
    ['a missing --source and --dest', '3.6.1', sides, /required flag\(s\) "dest", "source" not set/],
    ['the migrate command in version 3', '3.6.1', () => ['migrate', 'a', 'b'], /unknown command "migrate"/],
    ['one word too few in version 1', '1.8.0', () => ['migrate', 'a'], /accepts 2 arg/],
    ['--source in version 1', '1.8.0', () => ['migrate', '--source=a', 'a', 'b'], /unknown flag: --source/],
    [
      '--compress in version 1',
      '1.8.0',
      () => ['migrate', '--compress=false', 'a', 'b'],
      /unknown flag: --compress/,
    ],
    ['--id before 3.2', '3.0.0', () => [...good(), '--id=x'], /unknown flag: --id/],
    ['--ignore-sizes before 3.5', '3.2.0', () => [...good(), '--ignore-sizes'], /unknown flag/],
    ['old flags in version 3', '3.0.0', () => [...good(), '--lbsvc-timeout=1m'], /unknown flag/],
    ['new flags in version 2', '2.2.1', () => [...good(), '--loadbalancer-timeout=1m'], /unknown flag/],
    ['cleanup before 3.2', '3.0.0', () => ['cleanup', 'x'], /unknown command "cleanup"/],
    ['a duration without a unit', '3.6.1', () => [...good(), '--helm-timeout=60'], /invalid argument "60"/],
    [
      'fancy as log format in version 3',
      '3.6.1',
      () => [...good(), '--log-format=fancy'],
      /unknown log format: fancy/,
    ],
    [
      'text as log format in version 1',
      '1.8.0',
      () => ['migrate', '--log-format=text', 'a', 'b'],
      /unknown log format/,
    ],
    [
      'old strategy names in version 3',
      '3.6.1',
      () => [...good(), '--strategies=mnt2'],
      /strategy not found: mnt2/,
    ],
    [
      'new strategy names in version 2',
      '2.2.1',
      () => [...good(), '--strategies=nodeport'],
      /strategy not found: nodeport/,
    ],
    ['an id with capitals', '3.6.1', () => [...good(), '--id=Data'], /invalid operation ID/],
    ['an id of 25 characters', '3.6.1', () => [...good(), `--id=${'a'.repeat(25)}`], /invalid operation ID/],
    ['an id that ends in a hyphen', '3.6.1', () => [...good(), '--id=a-'], /invalid operation ID/],
    ['a values file that is not there', '3.6.1', () => [...good(), '--helm-values=/nowhere'], /no such file/],
    [
      'a context that is not in the file',
      '3.6.1',
      () => [...good(), '--dest-context=other'],
      /context .*other.* does not exist/,
    ],
    [
      'a kubeconfig that is not there',
      '3.6.1',
      () => [...good(), '--dest-kubeconfig=/nowhere'],
      /no such file/,
    ],
  ];
  it.each(refused)('refuses %s', async (_title, version, args, said) => {
    const result = await run(version, args());
    expect(result.exitCode).toBe(1);
    expect(`${result.stderr}\n${result.stdout}`).toMatch(said);
  });

  it('D9: refuses a kubeconfig that others may read', async () => {
    chmodSync(file, 0o644);
    expect((await run('3.6.1', good())).stderr).toContain('has mode 644, not 600');
  });

  it('refuses a second copy with an id that is in use, until it is cleaned up by force', async () => {
    const args = [...good(), '--source-namespace=s', '--dest-namespace=d', '--id=x-1', '--strategies=local'];
    const first = execa(STAND_IN, args, {
      env: { ...bench.env, PV_MIGRATE_FAKE_SCENARIO: '{"a":"crash"}' },
      reject: false,
    });
    expect((await first).signal).toBe('SIGKILL');
    expect(bench.releases()).toHaveLength(2);
    expect((await run('3.6.1', args)).stderr).toContain('cannot re-use a name');
    // That second copy has cleaned up after itself: its id is the same.
    expect(bench.releases()).toEqual([]);
  });

  it('D16: speaks on stdout in version 1 and on stderr since version 2', async () => {
    const old = await run('1.8.0', [
      'migrate',
      ...sides(),
      '--strategies=local',
      '--log-format=json',
      'a',
      'b',
    ]);
    expect([old.exitCode, old.stderr]).toEqual([0, '']);
    expect(old.stdout).toContain('"msg":"Migration succeeded"');
    const now = await run('3.6.1', [...good(), '--log-format=json']);
    expect([now.exitCode, now.stdout]).toEqual([0, '']);
    expect(now.stderr).toContain('"msg":"✅ Migration succeeded"');
  });

  it('still takes the migrate command in version 2', async () => {
    expect((await run('2.2.1', ['migrate', ...sides(), '--strategies=local', 'a', 'b'])).exitCode).toBe(0);
  });

  it('shows progress only with JSON at debug level', async () => {
    expect((await run('3.6.1', [...good(), '--log-format=json'])).stderr).not.toContain('"progress"');
    expect((await run('3.6.1', [...good(), '--log-format=json', '--log-level=debug'])).stderr).toContain(
      '"progress"',
    );
  });
});
