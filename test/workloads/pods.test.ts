import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { controlledByCustomResource } from '../../src/workloads/owners.ts';
import { podsOfWorkloads } from '../../src/workloads/pods-under.ts';
import { object } from '../helpers/objects.ts';

/** An object with uid `u-<name>`, owned by another. */
const owned = (
  [apiVersion, kind, name]: readonly [string, string, string],
  owner?: KubeObject,
  extra: JsonObject = {},
  controller: boolean | undefined = true,
): KubeObject => {
  const reference = owner && {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller,
  };
  const ownerReferences = reference === undefined ? {} : { ownerReferences: [reference] };
  const { metadata, ...rest } = extra as { metadata?: JsonObject };
  return object(apiVersion, kind, name, {
    ...rest,
    metadata: { uid: `u-${name}`, ...ownerReferences, ...metadata },
  });
};

const database = owned(['example.com/v1', 'Database', 'pg']);
const web = owned(['apps/v1', 'Deployment', 'web']);
const webSet = owned(['apps/v1', 'ReplicaSet', 'web-1'], web);
const nightly = owned(['batch/v1', 'CronJob', 'nightly']);
const run = owned(['batch/v1', 'Job', 'nightly-1'], nightly);
const pgSet = owned(['apps/v1', 'StatefulSet', 'pg-set'], database);
const queue = owned(['apps/v1', 'StatefulSet', 'queue']);
const objects = [database, web, webSet, nightly, run, pgSet, queue];
const index = { byUid: (uid: string) => objects.find((item) => item.metadata.uid === uid) };

const pod = (name: string, owner?: KubeObject, extra: JsonObject = {}) =>
  owned(['v1', 'Pod', name], owner, extra);
const roots = (groups: ReturnType<typeof podsOfWorkloads>) =>
  groups.map(({ root, pods }) => [`${root.kind} ${root.name}`, ...pods.map((item) => item.metadata.name)]);

describe('pods by their root owner', () => {
  test('F17, F23: the chain of owners is walked to its top', () => {
    const pods = [
      pod('web-1-b', webSet),
      pod('web-1-a', webSet),
      pod('nightly-1-a', run),
      pod('pg-set-0', pgSet),
      pod('queue-0', queue),
      pod('alone'),
    ];
    expect(roots(podsOfWorkloads(pods, objects))).toEqual([
      ['CronJob nightly', 'nightly-1-a'],
      ['Database pg', 'pg-set-0'],
      ['Deployment web', 'web-1-a', 'web-1-b'],
      ['Pod alone', 'alone'],
      ['StatefulSet queue', 'queue-0'],
    ]);
  });

  test('F23: an owner that is not among the objects is the root, by its reference', () => {
    const gone = owned(['example.com/v1', 'Broker', 'mq']);
    expect(roots(podsOfWorkloads([pod('mq-0', gone)], objects))).toEqual([['Broker mq', 'mq-0']]);
    expect(roots(podsOfWorkloads([pod('web-1-a', webSet)], []))).toEqual([['ReplicaSet web-1', 'web-1-a']]);
  });

  test('F23: an owner of the same name with another UID is another object', () => {
    const former = owned(['apps/v1', 'ReplicaSet', 'web-1'], undefined, { metadata: { uid: 'u-former' } });
    expect(roots(podsOfWorkloads([pod('old', former)], objects))).toEqual([['ReplicaSet web-1', 'old']]);
  });

  test('F23: finished pods and mirror pods are left out unless asked for', () => {
    const mirror = pod('proxy-node1', undefined, {
      metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } },
    });
    const done = pod('nightly-1-a', run, { status: { phase: 'Succeeded' } });
    const failed = pod('web-1-a', webSet, { status: { phase: 'Failed' } });
    const pods = [mirror, done, failed];
    expect(podsOfWorkloads(pods, objects)).toEqual([]);
    expect(roots(podsOfWorkloads(pods, objects, { finished: true }))).toEqual([
      ['CronJob nightly', 'nightly-1-a'],
      ['Deployment web', 'web-1-a'],
    ]);
    expect(roots(podsOfWorkloads(pods, objects, { mirrors: true }))).toEqual([
      ['Pod proxy-node1', 'proxy-node1'],
    ]);
  });

  test('F23: owners that point at each other end the walk', () => {
    const a = owned(['example.com/v1', 'Ring', 'a']);
    const b = owned(['example.com/v1', 'Ring', 'b'], a);
    const ring = [
      { ...a, metadata: { ...a.metadata, ownerReferences: pod('x', b).metadata.ownerReferences } },
      b,
    ];
    expect(podsOfWorkloads([pod('p', b)], ring)).toHaveLength(1);
  });
});

describe('the custom resource that controls a workload', () => {
  test('F17: it is named for a direct child and for a grandchild', () => {
    const named = { apiVersion: 'example.com/v1', kind: 'Database', name: 'pg' };
    expect(controlledByCustomResource(pgSet, index)).toEqual(named);
    expect(controlledByCustomResource(pod('pg-set-0', pgSet), index)).toEqual(named);
  });

  test('F17: it is named even when it is not among the objects', () => {
    const gone = owned(['example.com/v1', 'Broker', 'mq']);
    expect(controlledByCustomResource(owned(['apps/v1', 'StatefulSet', 'mq'], gone), index)?.name).toBe('mq');
  });

  test.each([
    ['a workload without owners', web],
    ['a ReplicaSet of a Deployment', webSet],
    ['a Job of a CronJob', run],
    [
      'a workload owned by a custom resource that does not control it',
      owned(['apps/v1', 'Deployment', 'helper'], database, {}, false),
    ],
  ])('F17: %s has none', (_what, subject) => {
    expect(controlledByCustomResource(subject, index)).toBeUndefined();
  });
});
