import { getEventListeners } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { DEFAULT_RETRY } from '../../src/kube/retry.ts';
import {
  type SharedCluster,
  type SharedClusterOptions,
  shareCluster,
} from '../../src/kube/shared-cluster.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';
import type { SeenRequest } from '../../src/kube/wire.ts';
import { OPEN_GATE } from '../../src/kube/write-gate.ts';
import { createNamespace, deleteJson, freshNamespace, waitUntil } from '../cluster/client.ts';
import { anything, delay, hang, matching, resetBeforeForward } from '../helpers/faults.ts';
import { throughProxies } from '../helpers/proxied.ts';
import { CLUSTER, contextFor } from '../helpers/stage.ts';

const { proxies, ends } = throughProxies();
const namespace = freshNamespace('shared');
const clusters: SharedCluster[] = [];

beforeAll(() => createNamespace('source', namespace));
afterAll(() => deleteJson('source', 'Namespace', namespace));
afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.close()));
});

const share = (options: Partial<SharedClusterOptions> = {}): SharedCluster => {
  const cluster = shareCluster(contextFor('source', ends.source.kubeconfig), { ...CLUSTER, ...options });
  clusters.push(cluster);
  return cluster;
};

const settings = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { colour: 'blue' },
});
const BY = { fieldManager: 'test' };
const isDiscovery = matching({ path: /^\/apis?$/ });
const discoveries = (): number => proxies.source.log().filter(isDiscovery).length;

describe('what the server serves', () => {
  test('is asked for once for all, and the question outlives whoever asked first', async () => {
    proxies.source.inject({ match: isDiscovery, times: 2, action: delay(300) });
    const cluster = share();
    const stop = new AbortController();
    const first = cluster.reader({ signal: stop.signal }).discover();
    const others = Array.from({ length: 5 }, () => cluster.writer().through(OPEN_GATE).discover());
    stop.abort(new Error('not needed any more'));
    await expect(first).rejects.toThrow('not needed any more');
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    const [found, ...same] = await Promise.all(others);
    expect(found?.types.some(({ resource }) => resource === 'configmaps')).toBe(true);
    expect(same.every((one) => one === found)).toBe(true);
    expect(await cluster.reader().discover()).toBe(found);
    expect(discoveries()).toBe(2);
    cluster.invalidate();
    expect(await cluster.reader().discover()).not.toBe(found);
    expect(discoveries()).toBe(4);
  });

  test('is asked for again after a while, and after a failure at once', async () => {
    const retry = { ...DEFAULT_RETRY, maxAttempts: 1 };
    const cluster = share({ discoveryMs: 0, retry });
    await cluster.reader().discover();
    await cluster.reader().discover();
    expect(discoveries()).toBe(4);
    const patient = share({ retry });
    proxies.source.inject({ match: isDiscovery, times: 2, action: resetBeforeForward() });
    const asked = [patient.reader().discover(), patient.reader().discover()];
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await patient.reader().discover()).types.length).toBeGreaterThan(20);
  });
});

describe('each user', () => {
  test('has its own counts, and closes nothing', async () => {
    const cluster = share();
    const [one, two] = [cluster.reader(), cluster.writer()];
    await one.list(CONFIG_MAPS, namespace);
    await one.list(CONFIG_MAPS, namespace);
    await two.through(OPEN_GATE).create(CONFIG_MAPS, settings('counted'), BY);
    expect(one.counts()).toMatchObject({ lists: 2, writes: 0, total: 2 });
    expect(two.counts()).toMatchObject({ lists: 0, writes: 1, total: 1 });
    expect([one.written(), two.written()]).toEqual([0, 1]);
    await one.close();
    await two.close();
    expect(await cluster.reader().get({ type: CONFIG_MAPS, namespace, name: 'counted' })).toBeDefined();
  });

  test('reads as a reader has to, and writes nothing but dry runs before it has a gate', async () => {
    const cluster = share();
    const writes = ['apply', 'create', 'replace', 'patch', 'delete', 'through'];
    const reader: object = cluster.reader();
    expect(Object.keys(reader).filter((key) => writes.includes(key))).toEqual([]);
    const writer = cluster.writer();
    await writer.create(CONFIG_MAPS, settings('tried'), { ...BY, dryRun: true });
    await expect(writer.create(CONFIG_MAPS, settings('tried'), BY)).rejects.toThrow('without the lock');
    expect(await writer.get({ type: CONFIG_MAPS, namespace, name: 'tried' })).toBeUndefined();
  });

  test('ends by its own signal, and leaves no listener on one that lives longer', async () => {
    const life = new AbortController();
    const cluster = share({ signal: life.signal });
    const stop = new AbortController();
    const [one, two] = [cluster.writer({ signal: stop.signal }), cluster.writer()];
    for (const user of [one, two]) {
      await Promise.all(Array.from({ length: 20 }, () => user.list(CONFIG_MAPS, namespace)));
      const write = user.through(OPEN_GATE, { signal: life.signal });
      await write.apply(CONFIG_MAPS, settings('heard'), BY);
    }
    const { resourceVersion } = await one.snapshot(CONFIG_MAPS, namespace);
    for await (const event of one.watch(CONFIG_MAPS, namespace, { resourceVersion })) {
      expect(event.type).toBe('opened');
      expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
      break;
    }
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    expect(getEventListeners(life.signal, 'abort')).toEqual([]);
    stop.abort(new Error('this one ends'));
    await expect(one.list(CONFIG_MAPS, namespace)).rejects.toThrow('this one ends');
    await two.list(CONFIG_MAPS, namespace);
  });

  test('has its own patience with a server that is away', async () => {
    const cluster = share({ retry: { ...DEFAULT_RETRY, baseMs: 20, capMs: 50 } });
    const [patient, other] = [cluster.reader(), cluster.reader()];
    await Promise.all([patient, other].map((user) => user.list(CONFIG_MAPS, namespace)));
    patient.endure(60_000);
    await proxies.source.goDown();
    const waiting = patient.list(CONFIG_MAPS, namespace);
    await expect(other.list(CONFIG_MAPS, namespace)).rejects.toThrow(/listing configmaps .*failed/);
    await waitUntil('more attempts than usual', async () => patient.counts().retries > 5);
    await proxies.source.comeBack();
    await waiting;
    expect(other.counts().retries).toBe(4);
  });

  test('is ended with the cluster', async () => {
    const cluster = share();
    proxies.source.inject({ match: anything, action: hang() });
    const asked = [cluster.reader().list(CONFIG_MAPS, namespace), cluster.reader().discover()];
    const outcomes = Promise.allSettled(asked);
    await cluster.close();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

test('every attempt is told, for metrics', async () => {
  const seen: SeenRequest[] = [];
  const cluster = share({
    onRequest: (request) => seen.push(request),
    retry: { ...DEFAULT_RETRY, baseMs: 5, capMs: 5 },
  });
  const writer = cluster.writer().through(OPEN_GATE);
  const { resourceVersion } = await writer.snapshot(CONFIG_MAPS, namespace);
  await writer.get({ type: CONFIG_MAPS, namespace, name: 'not-there' });
  proxies.source.inject({
    match: matching({ method: 'PATCH' }),
    times: 1,
    action: resetBeforeForward(),
  });
  await writer.apply(CONFIG_MAPS, settings('told'), BY);
  const stop = new AbortController();
  for await (const _event of writer.watch(CONFIG_MAPS, namespace, { resourceVersion, signal: stop.signal }))
    break;
  stop.abort();
  await writer
    .get({ type: CONFIG_MAPS, namespace, name: 'told' }, { signal: stop.signal })
    .catch(() => undefined);
  expect(seen.map(({ verb, status }) => `${verb} ${status}`)).toEqual([
    'LIST 200',
    'GET 404',
    'PATCH 0',
    'PATCH 201',
    'WATCH 200',
  ]);
  expect(seen.every(({ seconds }) => seconds > 0 && seconds < 60)).toBe(true);
});
