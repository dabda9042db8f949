import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  applyYaml,
  createNamespace,
  freshNamespace,
  getJson,
  type Json,
  listJson,
  patchJson,
  waitUntil,
} from '../../cluster/client.ts';
import {
  type ControllerProcess,
  conditionOf,
  type Hub,
  kubeconfigOf,
  openHub,
  tokenOf,
} from '../../helpers/controller.ts';
import { deployment, installYaml } from '../../helpers/move-app.ts';
import { livePods, moveTo } from '../../helpers/moves.ts';
import { throughProxies } from '../../helpers/proxied.ts';

const { proxies, ends } = throughProxies();

let hub: Hub;
let controller: ControllerProcess;
beforeAll(async () => {
  hub = await openHub('outcomes');
  controller = await hub.start();
});
afterAll(() => hub?.close());

const SETTINGS = '{ apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, data: { color: blue } }';
const YEARLY = { schedule: '@yearly' };
const CONTINUOUS = { replicationMode: 'Continuous', continuous: { debounce: '1s' } };

const source = async (yaml = SETTINGS): Promise<string> => {
  const namespace = freshNamespace('outcomes-app');
  await createNamespace('source', namespace);
  await applyYaml('source', namespace, yaml);
  return namespace;
};
const mapped = async (spec: object, yaml = SETTINGS): Promise<string> => {
  const namespace = await source(yaml);
  await hub.map(namespace, namespace, spec);
  return namespace;
};
const copyOf = (namespace: string, name = 'settings'): Promise<Json> =>
  getJson('dest', 'ConfigMap', name, namespace);
const messageOf = (status: Json): string => conditionOf({ status }, 'Ready').message;
const isStalled = (status: Json): boolean => conditionOf({ status }, 'Stalled')?.status === 'True';

describe('what a stage ends with', () => {
  test('complete', async () => {
    const app = await mapped(YEARLY);
    const status = await hub.ready(app, 'True InSync');
    expect(status).toMatchObject({ phase: 'Completed', live: 'source' });
    for (const type of ['SourceReachable', 'DestinationReachable', 'DestinationParked', 'Synced'])
      expect(conditionOf({ status }, type)?.status, type).toBe('True');
    await waitUntil('the event', async () =>
      (await hub.events(app)).some((event) => event.startsWith('SyncCompleted: Staged')),
    );
  });

  test('an object that is refused, and the others', async () => {
    const app = await source();
    await createNamespace('dest', app);
    await applyYaml(
      'dest',
      app,
      '{ apiVersion: v1, kind: ResourceQuota, metadata: { name: none }, spec: { hard: { count/secrets: "0" } } }',
    );
    await applyYaml(
      'source',
      app,
      '{ apiVersion: v1, kind: Secret, metadata: { name: key }, stringData: { a: b } }',
    );
    await hub.map(app, app, { ...YEARLY, keepGoing: true });
    const status = await hub.ready(app, 'False Partial');
    expect(status.resourceStatus).toEqual([
      expect.objectContaining({ kind: 'Secret', name: 'key', status: 'Failed' }),
    ]);
    expect(status.retryStatus.retriesRemaining).toBeLessThan(5);
    expect(await copyOf(app)).toBeDefined();

    await hub.patch(app, { keepGoing: false });
    const refused = await hub.ready(app, 'False Refused');
    expect(messageOf(refused)).toContain('key');
  });

  test('a type that nobody knows', async () => {
    const app = await mapped({ ...YEARLY, resourceTypes: ['gizmos'] });
    const status = await hub.ready(app, 'False UnknownType');
    expect(isStalled(status)).toBe(true);
    expect(messageOf(status)).toContain('gizmos');
  });

  test('nothing to copy', async () => {
    const app = await mapped({ ...YEARLY, excludeResourceTypes: ['configmaps'] });
    expect(isStalled(await hub.ready(app, 'False EmptySelection'))).toBe(true);
  });

  test('no namespace, here or there', async () => {
    const missing = freshNamespace('nowhere');
    await hub.map(missing, missing, YEARLY);
    expect(isStalled(await hub.ready(missing, 'False NamespaceMissing'))).toBe(true);
    const app = await mapped({ ...YEARLY, namespaceConfig: { createNamespace: false } });
    expect(messageOf(await hub.ready(app, 'False NamespaceMissing'))).toContain(
      `Namespace ${app} does not exist`,
    );
    expect(await getJson('dest', 'Namespace', app)).toBeUndefined();
  });

  test('a destination that is live is left alone, and staged again after the failback', {
    timeout: 180_000,
  }, async () => {
    const app = await installYaml('outcomes-move', deployment('web', 2), { staged: false });
    await hub.map(app, app, CONTINUOUS);
    await hub.ready(app, 'True InSync');
    await moveTo(0, 'cutover', app);
    await applyYaml('source', app, SETTINGS);
    await hub.annotate(app, { 'dr-syncer.io/sync-now': 'please' });
    const live = await hub.ready(app, 'False DestinationLive');
    expect(live.live).toBe('dest');
    expect(conditionOf({ status: live }, 'DestinationParked').status).toBe('False');
    expect(await copyOf(app)).toBeUndefined();
    expect(await livePods('dest', app)).toHaveLength(2);

    await moveTo(0, 'failback', app);
    const back = await hub.ready(app, 'True InSync', 60_000);
    expect(back).toMatchObject({ live: 'source', lastHandledSyncNow: 'please' });
    expect(await copyOf(app)).toBeDefined();
    expect(await livePods('dest', app)).toEqual([]);
  });
});

describe('clusters', () => {
  test('a source that does not answer is not asked again by every mapping, and its return is noticed', async () => {
    await hub.remote('shaky', readFileSync(ends.source.kubeconfig, 'utf8'), { interval: '5s' });
    const app = await mapped({ ...YEARLY, sourceCluster: 'shaky' });
    await hub.ready(app, 'True InSync');
    await proxies.source.goDown();
    const lost = await hub.ready(app, 'False SourceUnreachable', 60_000);
    expect(conditionOf({ status: lost }, 'SourceReachable').status).toBe('False');
    expect(await copyOf(app)).toBeDefined();
    await proxies.source.comeBack();
    const back = await hub.ready(app, 'True InSync', 60_000);
    expect(conditionOf({ status: back }, 'SourceReachable').status).toBe('True');
  });

  test('credentials and rights that do not do', async () => {
    await hub.remote('stranger', kubeconfigOf('source', { token: 'not-a-token' }));
    const app = await mapped({ ...YEARLY, sourceCluster: 'stranger' });
    await hub.ready(app, 'False CredentialsInvalid');

    await applyYaml(
      'source',
      hub.namespace,
      '{ apiVersion: v1, kind: ServiceAccount, metadata: { name: nobody } }',
    );
    await hub.remote('nobody', kubeconfigOf('source', await tokenOf('source', hub.namespace, 'nobody')));
    const other = await mapped({ ...YEARLY, sourceCluster: 'nobody' });
    const status = await hub.ready(other, 'False RightsMissing');
    expect(messageOf(status)).toContain('auth can-i');
  });

  const user = (entry: string) => kubeconfigOf('source').replace(/client-certificate-data: .*/, entry);
  test.each<[string, () => string, string]>([
    [
      'a program',
      () => user('exec: { apiVersion: client.authentication.k8s.io/v1, command: /bin/true }'),
      'user.exec is not allowed',
    ],
    ['a file', () => user('client-certificate: /etc/passwd'), 'user.client-certificate is not allowed'],
    ['a token file', () => user('tokenFile: /etc/passwd'), 'user.tokenFile is not allowed'],
    [
      'no check of the server',
      () =>
        kubeconfigOf('source').replace(/certificate-authority-data: .*/, 'insecure-skip-tls-verify: true'),
      'cluster.insecure-skip-tls-verify is not allowed',
    ],
  ])('a kubeconfig with %s is refused', async (what, text, why) => {
    const name = `bad-${what.replaceAll(' ', '-')}`;
    await hub.remote(name, text());
    const app = await mapped({ ...YEARLY, sourceCluster: name });
    const status = await hub.ready(app, 'False CredentialsInvalid');
    expect(messageOf(status)).toContain(why);
    expect(isStalled(status)).toBe(true);
    const cluster = await getJson('source', 'RemoteCluster', name, hub.namespace);
    expect(conditionOf(cluster, 'KubeconfigValid').status).toBe('False');
  });

  test('only allowed namespaces are read and written', async () => {
    await hub.remote('fenced', 'dest', { allowedNamespaces: ['team-a-*'] });
    const app = await mapped({ ...YEARLY, destinationCluster: 'fenced' });
    const status = await hub.ready(app, 'False NotAllowed');
    expect(isStalled(status)).toBe(true);
    expect(await getJson('dest', 'Namespace', app)).toBeUndefined();
    await hub.patch(app, { destinationCluster: 'dr' });
    await hub.ready(app, 'True InSync');
  });

  test('nothing of another namespace is used', async () => {
    const other = freshNamespace('outcomes-other');
    await createNamespace('source', other);
    await applyYaml(
      'source',
      other,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'theirs' },
        stringData: { kubeconfig: kubeconfigOf('source') },
      }),
    );
    await hub.apply('RemoteCluster', 'theirs', { kubeconfigSecretRef: { name: 'theirs', namespace: other } });
    const app = await mapped({ ...YEARLY, sourceCluster: 'theirs' });
    expect(messageOf(await hub.ready(app, 'False NotAllowed'))).toContain('--allow-cross-namespace-refs');
    const pair = await source();
    await hub.map(pair, pair, { clusterMappingRef: { name: 'pair', namespace: other } });
    expect(messageOf(await hub.ready(pair, 'False NotAllowed'))).toContain('--allow-cross-namespace-refs');
  });

  test('of two mappings with one destination the older one has it', async () => {
    const app = await mapped(YEARLY);
    await hub.ready(app, 'True InSync');
    await hub.remote('again', 'dest');
    const other = await source();
    await hub.map(other, other, { ...YEARLY, destinationCluster: 'again', destinationNamespace: app });
    const status = await hub.ready(other, 'False DestinationConflict');
    expect(messageOf(status)).toContain(`NamespaceMapping ${hub.namespace}/${app} is older`);
  });
});

test('the value of a Secret is in no log, status, event or metric', async () => {
  const canary = `canary-${Math.random().toString(36).slice(2)}`;
  const app = await source(
    `{ apiVersion: v1, kind: Secret, metadata: { name: key }, stringData: { password: ${canary} } }`,
  );
  await createNamespace('dest', app);
  await applyYaml(
    'dest',
    app,
    `{ apiVersion: v1, kind: Secret, metadata: { name: key }, immutable: true, stringData: { password: old-${canary} } }`,
  );
  await hub.remote('leaky', kubeconfigOf('source', { token: `token-${canary}` }));
  await hub.map(app, app, CONTINUOUS);
  const leaky = await mapped({ ...YEARLY, sourceCluster: 'leaky' });
  await hub.ready(leaky, 'False CredentialsInvalid');
  await waitUntil('the sync', async () => conditionOf(await hub.mapping(app), 'Synced'));
  await patchJson('source', 'Secret', 'key', app, { stringData: { password: `new-${canary}` } });
  await waitUntil('the second sync', async () => controller.log().split(`/${app}"`).length > 4);
  const [mappings, clusters, events] = await Promise.all(
    ['NamespaceMapping', 'RemoteCluster', 'events.events.k8s.io'].map((kind) =>
      listJson('source', kind, hub.namespace),
    ),
  );
  const told = JSON.stringify([controller.log(), await controller.metrics(), mappings, clusters, events]);
  for (const secret of [canary, Buffer.from(canary).toString('base64').slice(0, 12)])
    expect(told).not.toContain(secret);
  expect(told).toContain(app);
});
