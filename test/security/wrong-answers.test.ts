import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isKubeApiError } from '../../src/kube/api-errors.ts';
import type { ClusterWriter, KubeObject, ObjectRef, WatchEvent } from '../../src/kube/api-types.ts';
import { openWriter } from '../../src/kube/cluster.ts';
import { DEFAULT_RETRY } from '../../src/kube/retry.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';
import { OPEN_GATE } from '../../src/kube/write-gate.ts';
import { contextOf, createNamespace, freshNamespace, pair } from '../cluster/client.ts';
import { type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts';
import { CLUSTER, contextFor } from '../helpers/stage.ts';
import { WRONG_ANSWERS } from '../helpers/wrong-answers.ts';

// Every way to ask a cluster something, with every form of an answer that is none: never empty, absent or done.

const namespace = freshNamespace('wrong-answers');
let proxy: FaultProxy;
let cluster: ClusterWriter;
beforeAll(async () => {
  await createNamespace('dest', namespace);
  const context = contextOf('dest');
  proxy = await startFaultProxy({ kubeconfig: pair().kubeconfig, context });
  cluster = openWriter(contextFor('dest', proxy.writeKubeconfig(context)), {
    ...CLUSTER,
    retry: { ...DEFAULT_RETRY, maxAttempts: 2, baseMs: 1, capMs: 2 },
  }).through(OPEN_GATE);
});
afterAll(async () => {
  await cluster.close();
  await proxy.stop();
});

const TYPE = CONFIG_MAPS;
const REF: ObjectRef = { type: TYPE, namespace, name: 'settings' };
const OBJECT: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace } };
const write = { fieldManager: 'test' };

const CALLS: Readonly<Record<string, () => Promise<unknown>>> = {
  discover: () => cluster.discover(),
  version: () => cluster.version(),
  clusterUid: () => cluster.clusterUid(),
  list: () => cluster.list(TYPE, namespace),
  snapshot: () => cluster.snapshot(TYPE, namespace),
  fold: () =>
    cluster.fold(
      TYPE,
      namespace,
      {},
      { start: () => [], add: (all: unknown[], object) => void all.push(object) },
    ),
  count: () => cluster.count(TYPE, namespace),
  get: () => cluster.get(REF),
  can: () => cluster.can({ verb: 'get', group: '', resource: 'configmaps', namespace }),
  apply: () => cluster.apply(TYPE, OBJECT, write),
  'apply (dry run)': () => cluster.apply(TYPE, OBJECT, { ...write, dryRun: true }),
  create: () => cluster.create(TYPE, OBJECT, write),
  replace: () => cluster.replace(TYPE, OBJECT, write),
  patch: () => cluster.patch(REF, { data: { a: 'b' } }, write),
  delete: () => cluster.delete(REF, {}),
};

describe.each(Object.keys(CALLS))('S7: %s', (name) => {
  test.each(Object.keys(WRONG_ANSWERS))('takes %s for no answer', async (form) => {
    proxy.clear();
    const action = WRONG_ANSWERS[form];
    if (action === undefined) throw new TypeError(form);
    proxy.inject({ match: () => true, action });
    // The server's own word for a deletion that is done.
    if (name === 'delete' && form === 'a bare success') return expect(await CALLS[name]?.()).toBe(true);
    const error = await CALLS[name]?.().then(
      (value) => expect.fail(`it gave ${JSON.stringify(value)}`),
      (reason: unknown) => reason,
    );
    expect(isKubeApiError(error), String(error)).toBe(true);
  });
});

test.each(Object.keys(WRONG_ANSWERS))('S7: watch takes %s for no event', async (form) => {
  proxy.clear();
  const action = WRONG_ANSWERS[form];
  if (action === undefined) throw new TypeError(form);
  proxy.inject({ match: () => true, action });
  const seen: WatchEvent[] = [];
  const signal = AbortSignal.timeout(5000);
  try {
    for await (const event of cluster.watch(TYPE, namespace, { resourceVersion: '1', signal }))
      seen.push(event);
  } catch (error) {
    expect(isKubeApiError(error), String(error)).toBe(true);
  }
  expect(seen.filter((event) => !isEnd(event))).toEqual([]);
});

// What says nothing about an object: the stream was opened, or is over.
const isEnd = ({ type }: WatchEvent): boolean => type === 'opened' || type === 'error';
