import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { UsageError } from '../../src/common/errors.ts';
import { inClusterContext } from '../../src/kube/in-cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-syncer-account-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'ca.crt'), 'CA\n');
writeFileSync(join(folder, 'namespace'), 'dr-system');

const ENV = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

it('connects as the ServiceAccount, with a token that rotates', () => {
  writeFileSync(join(folder, 'token'), 'first\n');
  const context = inClusterContext('hub', ENV, folder);
  expect(context).toMatchObject({
    name: 'hub',
    server: 'https://10.96.0.1:443',
    namespace: 'dr-system',
    hasTokenFile: true,
  });
  expect(context.load().getCurrentUser()?.token).toBe('first');
  expect(context.load().getCurrentCluster()?.caFile).toBe(join(folder, 'ca.crt'));
  writeFileSync(join(folder, 'token'), 'second\n');
  expect(context.load().getCurrentUser()?.token).toBe('second');
  const exported = JSON.parse(context.export());
  expect(exported['current-context']).toBe('hub');
  expect(exported.users[0].user).toEqual({ tokenFile: join(folder, 'token') });
});

it('knows addresses of IPv6', () => {
  const env = { ...ENV, KUBERNETES_SERVICE_HOST: 'fd00:10:96::1' };
  expect(inClusterContext('hub', env, folder).server).toBe('https://[fd00:10:96::1]:443');
});

it.each([
  ['without a host', { ...ENV, KUBERNETES_SERVICE_HOST: undefined }, folder, /KUBERNETES_SERVICE_HOST/],
  ['without a port', { ...ENV, KUBERNETES_SERVICE_PORT: '' }, folder, /are not set/],
  ['with nonsense', { ...ENV, KUBERNETES_SERVICE_PORT: 'http' }, folder, /not a host and a port/],
  ['without a token', ENV, join(folder, 'nowhere'), /nowhere\/token cannot be read/],
])('says %s that there is no cluster', (_what, env, where, why) => {
  expect(() => inClusterContext('hub', env, where)).toThrow(UsageError);
  expect(() => inClusterContext('hub', env, where)).toThrow(why);
});
