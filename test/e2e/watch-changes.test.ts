import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ClusterReader } from '../../src/kube/api-types.ts';
import { openReader } from '../../src/kube/cluster.ts';
import { openInformer } from '../../src/kube/informer.ts';
import { type SeenChange, type WatchChangesOptions, watchChanges } from '../../src/kube/watch-changes.ts';
import { CONFIG_MAPS, DEPLOYMENTS, SECRETS } from '../../src/kube/well-known.ts';
import {
  applyObject,
  createNamespace,
  deleteJson,
  freshNamespace,
  patchJson,
  waitUntil,
} from '../cluster/client.ts';
import { copyingTo, expireWatch, fallSilent, matching, refuse } from '../helpers/faults.ts';
import { throughProxies } from '../helpers/proxied.ts';
import { CLUSTER, contextFor } from '../helpers/stage.ts';

const { proxies, ends } = throughProxies();
const one = freshNamespace('changes');
const two = freshNamespace('changes');
const LABEL = 'watch-changes-test';
const labels = { [LABEL]: one };
const labelSelector = `${LABEL}=${one}`;
const CANARY = 'canary-f3a9c1';
const isWatch = matching({ query: { watch: /1/ } });
const isConfigMapWatch = matching({ path: /\/configmaps$/, query: { watch: /1/ } });

let reader: ClusterReader;
let stop: AbortController;
let seen: SeenChange[];
let troubles: string[];

beforeAll(() => Promise.all([one, two].map((name) => createNamespace('source', name))));
afterAll(() => Promise.all([one, two].map((name) => deleteJson('source', 'Namespace', name))));
afterEach(async () => {
  stop?.abort();
  await reader?.close();
});

const open = (more: Partial<WatchChangesOptions> = {}) => {
  reader = openReader(contextFor('source', ends.source.kubeconfig), CLUSTER);
  stop = new AbortController();
  [seen, troubles] = [[], []];
  return watchChanges(reader, {
    types: [CONFIG_MAPS],
    labelSelector,
    signal: stop.signal,
    onChange: (change) => seen.push(change),
    onTrouble: (message) => troubles.push(message),
    ...more,
  });
};
const configMap = (name: string, colour: string, namespace = one) =>
  applyObject(
    'source',
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { colour } },
    namespace,
  );
const told = () => seen.map(({ namespace, name, deleted }) => `${deleted ? '-' : ''}${namespace}/${name}`);
const toBeTold = (...changes: string[]) =>
  waitUntil(
    `changes ${changes.join()}`,
    async () => changes.every((change) => told().includes(change)),
    15_000,
  );

describe('changes of a cluster', () => {
  test('are told, in all namespaces, and a status is none; no byte of a value is received', async () => {
    const bytes: Buffer[] = [];
    proxies.source.inject({ match: () => true, action: copyingTo(bytes) });
    const secret = (value: string) =>
      applyObject(
        'source',
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', labels }, stringData: { value } },
        one,
      );
    await secret(CANARY);
    await configMap('same', 'blue', one);
    await configMap('same', 'blue', two);
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    };
    const spec = { replicas: 0, selector: { matchLabels: { app: 'web' } }, template };
    await applyObject(
      'source',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels }, spec },
      one,
    );
    const started = performance.now();
    const watch = await open({ types: [CONFIG_MAPS, SECRETS, DEPLOYMENTS] });
    expect(watch.unbrokenSince()).toBeGreaterThan(started);
    expect(watch.isCurrent()).toBe(true);
    await patchJson('source', 'Deployment', 'web', one, { status: { observedGeneration: 99 } }, 'status');
    await secret(`${CANARY}-new`);
    await configMap('same', 'red', two);
    await deleteJson('source', 'ConfigMap', 'same', one);
    await toBeTold(`${one}/key`, `${two}/same`, `-${one}/same`);
    await patchJson('source', 'Deployment', 'web', one, { spec: { paused: true } });
    await toBeTold(`${one}/web`);
    expect(told().filter((name) => name === `${one}/web`)).toHaveLength(1);
    const text = Buffer.concat(bytes).toString('utf8');
    expect(text).toContain('PartialObjectMetadata');
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(Buffer.from(CANARY).toString('base64').slice(0, 16));
    watch.stop();
    expect(watch.unbrokenSince()).toBeUndefined();
    const accepts = proxies.source.log().map(({ headers }) => headers.accept);
    expect(
      accepts.every((accept) =>
        /^application\/json;as=PartialObjectMetadata(List)?;[^,]*$/.test(accept ?? ''),
      ),
    ).toBe(true);
  });

  test('a connection that falls silent is noticed, and nothing is lost', async () => {
    proxies.source.inject({ match: isConfigMapWatch, times: 1, action: fallSilent() });
    const watch = await open({ limits: { seconds: 1, jitterSeconds: 0, graceMs: 500 } });
    const since = watch.unbrokenSince();
    await configMap('unheard', 'blue');
    await toBeTold(`${one}/unheard`);
    expect(watch.restarts().get('silent')).toBe(1);
    expect(watch.unbrokenSince()).toBe(since);
    expect(troubles).toEqual([expect.stringMatching(/watching configmaps failed/)]);
  });

  test('what happens while the server is away is told after it', async () => {
    const watch = await open();
    const since = watch.unbrokenSince();
    await proxies.source.goDown();
    await waitUntil('the loss to be noticed', async () => watch.unbrokenSince() === undefined);
    await configMap('meanwhile', 'blue');
    await proxies.source.comeBack();
    await toBeTold(`${one}/meanwhile`);
    expect(watch.unbrokenSince()).toBe(since);
    expect(watch.restarts().get('lost')).toBeGreaterThan(0);
  });

  test('a version that has expired leads to a comparison: what differs is told, and what is gone', async () => {
    await Promise.all(['left', 'altered', 'removed'].map((name) => configMap(name, 'blue')));
    const watch = await open();
    const since = watch.unbrokenSince() ?? 0;
    await proxies.source.goDown();
    await waitUntil('the loss to be noticed', async () => watch.unbrokenSince() === undefined);
    await configMap('altered', 'red');
    await deleteJson('source', 'ConfigMap', 'removed', one);
    proxies.source.inject({ match: isWatch, times: 1, action: expireWatch() });
    await proxies.source.comeBack();
    await toBeTold(`${one}/altered`, `-${one}/removed`);
    expect(told()).toHaveLength(2);
    await waitUntil('the watch', async () => watch.isCurrent());
    expect(watch.unbrokenSince()).toBeGreaterThan(since);
    expect(watch.restarts().get('expired')).toBe(1);
  });

  test('a type that may not be read, or is not served, stops no other', async () => {
    proxies.source.inject({
      match: matching({ path: /\/secrets$/ }),
      action: refuse(403, 'Forbidden', 'secrets is forbidden'),
    });
    const absent = { ...CONFIG_MAPS, group: 'absent.example.com', resource: 'things', kind: 'Thing' };
    const watch = await open({ types: [SECRETS, absent, CONFIG_MAPS] });
    expect(watch.refused().map(({ resource }) => resource)).toEqual(['secrets', 'things']);
    expect([watch.unbrokenSince(), watch.isCurrent()]).toEqual([undefined, false]);
    expect(watch.unbrokenSince(CONFIG_MAPS)).toBeDefined();
    expect(troubles.join()).toMatch(/listing secrets .*failed/);
    expect(troubles.join()).toMatch(/does not serve things\.absent\.example\.com/);
    await configMap('others', 'blue');
    await toBeTold(`${one}/others`);
  });
});

test('an informer of all namespaces tells objects of one name apart', async () => {
  await Promise.all([configMap('twin', 'blue', one), configMap('twin', 'red', two)]);
  reader = openReader(contextFor('source', ends.source.kubeconfig), CLUSTER);
  stop = new AbortController();
  const informer = await openInformer(reader, [{ type: CONFIG_MAPS, labelSelector }], undefined, {
    signal: stop.signal,
  });
  const twins = () =>
    informer
      .objects()
      .filter(({ metadata }) => metadata.name === 'twin')
      .map(({ metadata }) => metadata.namespace);
  expect(twins().sort()).toEqual([one, two].sort());
  await deleteJson('source', 'ConfigMap', 'twin', one);
  await waitUntil('one twin to be gone', async () => twins().length === 1);
  expect(twins()).toEqual([two]);
});
