import { describe, expect, test } from 'vitest';
import { mappingWords } from '../../src/commands/mapping-flags.ts';
import { drSyncer, kubectl } from '../../src/common/command-line.ts';
import { runDr } from '../helpers/program.ts';

const nothing = { env: { HOME: '/nonexistent' } };
const errorOf = async (...args: string[]): Promise<string> => {
  const { exitCode, stderr } = await runDr(args, nothing);
  expect(exitCode).toBe(2);
  return stderr;
};
const MAPPING = ['--mapping', 'ops/shop'];

describe('--mapping with flags that say something else', () => {
  test.each<[string, string[]]>([
    ['--source-context', ['status', '--source-context', 'a']],
    ['--dest-kubeconfig', ['history', '--dest-kubeconfig', '/a']],
    ['-n/--namespace', ['failover', '-n', 'shop']],
    ['--source-namespace', ['repair', '--source-namespace', 'shop']],
    ['--dest-context, -n/--namespace', ['stage', '--dest-context', 'b', '-n', 'shop']],
  ])('%s names a side', async (flags, args) => {
    expect(await errorOf(...args, ...MAPPING)).toContain(
      `--mapping and ${flags}: the mapping names both sides.`,
    );
  });

  test.each<[string, string[]]>([
    ['--prune', ['stage', '--prune']],
    ['--selector', ['plan', '-l', 'app=web']],
    ['--migrate-pvc-data', ['cutover', '--migrate-pvc-data']],
    ['--reverse-migrate-pvc-data', ['failback', '--reverse-migrate-pvc-data']],
    ['--data-timeout, --verify', ['cutover', '--data-timeout', '12h', '--verify', 'none']],
    ['--image-map', ['preflight', '--image-map', 'a=b']],
  ])('%s says what is copied', async (flags, args) => {
    expect(await errorOf(...args, ...MAPPING)).toContain(
      `--mapping and ${flags}: the mapping says what is copied and how.`,
    );
  });

  test.each([
    ['stage', '--dry-run', '--accept-cluster-roles', 'view', '--include-cluster-needs'],
    ['cutover', '--smoke-url', 'https://a.b', '--pv-migrate-path', '/a', '--verify-image', 'a'],
    ['resume', '--data-timeout', '1h', '--verify', 'size'],
    ['rollback', '--destination-given-up'],
    ['fence', '--concurrency', '4'],
  ])('%s goes with it as far as finding the kubeconfig', async (...args) => {
    expect(await errorOf(...args, ...MAPPING)).toContain('No kubeconfig found');
  });
});

describe('flags about a mapping', () => {
  test.each(['--mapping-context', '--mapping-kubeconfig'])('%s requires --mapping', async (flag) => {
    expect(await errorOf('status', flag, 'a', '-n', 'shop')).toContain(`${flag} requires --mapping.`);
  });

  test.each(['shop', 'ops/', '/shop', 'ops/shop/x', 'ops/../x', 'Ops/shop', 'ops/a b'])(
    'a mapping is not called %j',
    async (name) => {
      expect(await errorOf('status', '--mapping', name)).toContain('Use the namespace and the name');
    },
  );

  test('an export takes none', async () => {
    expect(await errorOf('export', 'mapping', ...MAPPING)).toContain("Unknown option '--mapping'");
  });
});

describe('lines that are printed', () => {
  const flags = mappingWords(
    {
      mapping: { namespace: 'ops', name: 'shop' },
      mappingContext: 'hub',
      allowLoopbackServers: true,
      allowInsecureTls: false,
    },
    '/etc/hub.yaml',
  );
  const side = (role: 'source' | 'dest', namespace: string) => ({
    cluster: { context: role, mapping: { side: role, flags, kubectl: ['--kubeconfig', `<${role}>`] } },
    namespace,
  });
  const [source, dest] = [side('source', 'shop'), side('dest', 'shop-dr')];
  const named =
    '--mapping ops/shop --mapping-kubeconfig /etc/hub.yaml --mapping-context hub --allow-loopback-servers';

  test('name the mapping instead of contexts and namespaces', () => {
    expect(drSyncer('cutover', { source, dest }, '--yes')).toBe(`dr-syncer cutover ${named} --yes`);
    expect(drSyncer('status', { dest })).toBe(`dr-syncer status ${named}`);
  });

  test('name the sides where they are the other way round, which no mapping of theirs says', () => {
    expect(drSyncer('failback', { source: dest, dest: source })).toBe(
      'dr-syncer failback --source-context dest --dest-context source --source-namespace shop-dr --dest-namespace shop',
    );
  });

  test('of kubectl say what has to be put there, in one word', () => {
    expect(kubectl(dest, 'get', 'pods')).toBe("kubectl --kubeconfig '<dest>' -n shop-dr get pods");
  });
});
