import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { drSyncer, kubectl, shellWord } from '../../src/common/command-line.ts';

const side = (context: string, namespace: string, kubeconfig?: string) => ({
  cluster: { context, kubeconfig },
  namespace,
});

test('a kubectl command names the kubeconfig of a flag, the context and the namespace', () => {
  expect(kubectl({ context: 'dr' }, 'get', 'nodes')).toBe('kubectl --context dr get nodes');
  expect(kubectl(side('dr', 'shop'), 'get', 'pods')).toBe('kubectl --context dr -n shop get pods');
  expect(kubectl(side('dr', 'shop', '/etc/dr site.yaml'), 'get', 'pods')).toBe(
    "kubectl --kubeconfig '/etc/dr site.yaml' --context dr -n shop get pods",
  );
});

test('a dr-syncer command names each side as far as it is known', () => {
  const pair = { source: side('a', 'shop', '/a.yaml'), dest: side('b', 'shop-dr') };
  expect(drSyncer('cutover', pair, '--yes')).toBe(
    'dr-syncer cutover --source-kubeconfig /a.yaml --source-context a --dest-context b --source-namespace shop --dest-namespace shop-dr --yes',
  );
  const named = { context: 'a', kubeconfig: '/a.yaml', namespace: 'shop' };
  expect(drSyncer('failover', { sourceName: named, dest: side('b', 'shop', '/b.yaml') })).toBe(
    'dr-syncer failover --source-kubeconfig /a.yaml --source-context a --dest-kubeconfig /b.yaml --dest-context b -n shop',
  );
  expect(drSyncer('status', { dest: side('b', 'shop') })).toBe('dr-syncer status --dest-context b -n shop');
});

test.each(["it's", '', 'a b', '$HOME', 'admin@kind-1', '*', '{.spec}', '<name>', 'x;reboot', 'a\nb'])(
  'a shell takes %j for one word',
  (word) => {
    const command = `printf '[%s]' ${shellWord(word)}`;
    expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' })).toBe(`[${word}]`);
  },
);
