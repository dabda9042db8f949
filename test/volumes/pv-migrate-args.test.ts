import { describe, expect, it } from 'vitest';
import { detectVersion, dialectOf } from '../../src/volumes/mover-dialects.ts';
import type { MoverOptions } from '../../src/volumes/mover-types.ts';
import { cleanupArgs, copyArgs } from '../../src/volumes/pv-migrate-args.ts';
import { commandsOf, parseArgs, strategiesOf } from '../fixtures/pv-migrate/flag-tables.mjs';
import { options, pair, VERSIONS } from './helpers/stand-in.ts';

const dialect = (version: string) =>
  dialectOf(detectVersion(`pv-migrate version ${version}`) ?? { major: 0, minor: 0, patch: 0 });

const args = (version: string, changes: Partial<MoverOptions> = {}, values = '/p/values.yaml'): string[] =>
  copyArgs({
    dialect: dialect(version),
    pair: pair('data'),
    options: options(changes),
    source: { kubeconfig: '/p/src', context: 'prod' },
    dest: { kubeconfig: '/p/dst', context: 'dr' },
    values,
    id: 'dr-data-0123456789a',
  });

const parsed = (version: string, changes: Partial<MoverOptions> = {}, values?: string) => {
  const { major, minor } = dialect(version).version;
  return parseArgs(args(version, changes, values), commandsOf({ major, minor }));
};

describe('copyArgs', () => {
  it('D3: writes the whole call of version 3.6', () => {
    expect(args('3.6.1', { deleteExtraneous: true, helmTimeoutMs: 90_000 })).toEqual([
      '--source=data',
      '--dest=data',
      '--source-kubeconfig=/p/src',
      '--source-context=prod',
      '--source-namespace=shop',
      '--dest-kubeconfig=/p/dst',
      '--dest-context=dr',
      '--dest-namespace=shop-dr',
      '--strategies=loadbalancer,nodeport,local',
      '--log-format=json',
      '--log-level=debug',
      '--show-progress-bar=false',
      '--helm-timeout=90s',
      '--loadbalancer-timeout=1s',
      '--helm-values=/p/values.yaml',
      '--id=dr-data-0123456789a',
      '--dest-delete-extraneous-files',
    ]);
  });

  it.each([
    ['reg.example:5000/mirror/rsync:v3', ['reg.example:5000/mirror/rsync', 'v3']],
    ['reg.example:5000/mirror/rsync', ['reg.example:5000/mirror/rsync']],
    ['reg/rsync@sha256:abc', ['reg/rsync@sha256', 'abc']],
  ])('D43: splits the image %s into what the chart joins with a colon', (image, [repository, tag]) => {
    for (const part of ['rsync', 'sshd'] as const) {
      expect(args('3.6.1', { images: { [part]: image } }).filter((arg) => arg.includes('.image.'))).toEqual([
        `--helm-set-string=${part}.image.repository=${repository}`,
        ...(tag === undefined ? [] : [`--helm-set-string=${part}.image.tag=${tag}`]),
      ]);
    }
  });

  it('D43: refuses an image that would set more than an image', () => {
    expect(() => args('3.6.1', { images: { rsync: 'a:b,sshd.image.tag=c' } })).toThrow(
      /--pv-migrate-rsync-image: "a:b,sshd.image.tag=c" is not an image reference/,
    );
  });

  it('D3: writes the whole call of version 1.8', () => {
    expect(args('1.8.0')).toEqual([
      'migrate',
      '--source-kubeconfig=/p/src',
      '--source-context=prod',
      '--source-namespace=shop',
      '--dest-kubeconfig=/p/dst',
      '--dest-context=dr',
      '--dest-namespace=shop-dr',
      '--strategies=lbsvc,local',
      '--log-format=json',
      '--log-level=debug',
      '--no-progress-bar',
      '--helm-timeout=1s',
      '--lbsvc-timeout=1s',
      '--helm-values=/p/values.yaml',
      'data',
      'data',
    ]);
  });

  const changes: [title: string, changes: Partial<MoverOptions>][] = [
    ['the defaults', {}],
    ['deletion of extraneous files', { deleteExtraneous: true }],
    ['a pre-copy', { ignoreMounted: true }],
    ['no chown', { chown: false }],
    ['smaller destinations', { ignoreSizes: true }],
    ['all strategies', { strategies: ['mount', 'clusterip', 'loadbalancer', 'nodeport', 'local'] }],
    ['a bandwidth limit', { bandwidthKBps: 20_000, strategies: ['loadbalancer'] }],
    ['extra flags', { extraFlags: ['--helm-set', 'rsync.maxRetries=3', '--ssh-key-algorithm=rsa'] }],
  ];
  const matrix = VERSIONS.flatMap((version) =>
    changes.map(([title, change]) => [version, title, change] as const),
  );
  it.each(matrix)('D3: is accepted by the flags of version %s with %s', (version, _title, change) => {
    const { name, values, words } = parsed(version, change);
    const isV1 = version.startsWith('1');
    expect(name).toBe(isV1 ? 'migrate' : '');
    expect(isV1 ? words : [values['source'], values['dest']]).toEqual(['data', 'data']);
    expect(values['source-context']).toBe('prod');
    expect(values['dest-namespace']).toBe('shop-dr');
    expect(strategiesOf(dialect(version).version)).toEqual(
      expect.arrayContaining(values['strategies'] as string[]),
    );
  });

  it.each(VERSIONS)('D3: has no short flag in version %s', (version) => {
    for (const arg of args(version, { deleteExtraneous: true, ignoreMounted: true, chown: false })) {
      expect(arg).not.toMatch(/^-[a-zA-Z]/);
    }
  });

  it('D46: switches compression off by the flag of each version', () => {
    expect(args('2.2.1', { compress: false })).toContain('--compress=false');
    expect(args('3.6.1', { compress: false })).toContain('--no-compress');
    expect(() => args('1.8.0', { compress: false })).toThrow(/always compresses/);
  });

  it('D4: passes an id and the size flag only to versions that take them', () => {
    expect(args('3.0.0').join(' ')).not.toContain('--id');
    expect(args('3.2.0')).toContain('--id=dr-data-0123456789a');
    expect(args('3.2.0', { ignoreSizes: true })).not.toContain('--ignore-sizes');
    expect(args('3.6.1', { ignoreSizes: true })).toContain('--ignore-sizes');
  });

  it('D4: refuses to run without root before 3.1', () => {
    expect(() => args('3.0.0', { nonRoot: true })).toThrow(/needs 3\.1/);
    expect(args('3.2.0', { nonRoot: true })).toContain('--non-root');
  });

  it('D46: limits the bandwidth by flag since 3.2, and refuses a limit that would not hold', () => {
    expect(args('3.2.0', { bandwidthKBps: 5 })).toContain('--rsync-extra-args=--bwlimit=5');
    expect(args('3.0.0', { bandwidthKBps: 5, strategies: ['loadbalancer'] }).join(' ')).not.toContain(
      'bwlimit',
    );
    expect(() => args('3.0.0', { bandwidthKBps: 5 })).toThrow(/strategy local/);
  });

  it('D7: quotes the path of the values file, as the flag is a comma-separated list', () => {
    for (const path of ['/tmp/a,b/values.yaml', '/tmp/a"b/values.yaml', '/tmp/plain.yaml']) {
      expect(parsed('3.6.1', {}, path).values['helm-values']).toEqual([path]);
    }
  });

  it('D6: refuses an extra flag that dr-syncer owns', () => {
    expect(() => args('3.6.1', { extraFlags: ['--no-cleanup'] })).toThrow(/--no-cleanup/);
  });
});

describe('cleanupArgs', () => {
  it('D31: names one cluster and one namespace, and is accepted since 3.2', () => {
    const argv = cleanupArgs('dr-data-1', { kubeconfig: '/p/src', context: 'prod' }, 'shop');
    for (const minor of [2, 6]) {
      const { name, values, words } = parseArgs(argv, commandsOf({ major: 3, minor }));
      expect([name, words, values['force'], values['namespace']]).toEqual([
        'cleanup',
        ['dr-data-1'],
        true,
        'shop',
      ]);
    }
    expect(() => parseArgs(argv, commandsOf({ major: 3, minor: 0 }))).toThrow(/unknown command/);
  });
});
