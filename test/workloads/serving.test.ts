import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import {
  copyableRevision,
  revisionOfTemplate,
  revisionsOf,
  servingRevision,
} from '../../src/workloads/serving.ts';
import { object } from '../helpers/objects.ts';

const templateOf = (image: string, labels: JsonObject = {}): JsonObject => ({
  metadata: { creationTimestamp: null, labels: { app: 'web', ...labels } },
  spec: { containers: [{ name: 'main', image }] },
});

const owned = (apiVersion: string, kind: string, name: string, extra: JsonObject, uid = 'uid-web') => {
  const { metadata, ...rest } = extra;
  return object(apiVersion, kind, name, {
    metadata: {
      ...(metadata as JsonObject),
      uid: `uid-${name}`,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'X', name: 'web', uid, controller: true }],
    },
    ...rest,
  });
};

const workload = (kind: string, spec: JsonObject, status: JsonObject, image = 'new'): KubeObject =>
  object('apps/v1', kind, 'web', {
    metadata: { uid: 'uid-web' },
    spec: { ...spec, template: templateOf(image) },
    status,
  });

const replicaSet = (name: string, number: number, image: string, ready: number, uid?: string): KubeObject =>
  owned(
    'apps/v1',
    'ReplicaSet',
    name,
    {
      metadata: { annotations: { 'deployment.kubernetes.io/revision': String(number) } },
      spec: { template: templateOf(image, { 'pod-template-hash': name }) },
      status: { readyReplicas: ready },
    },
    uid,
  );

const kept = (name: string, revision: number, image: string): KubeObject =>
  owned('apps/v1', 'ControllerRevision', name, {
    metadata: { labels: { 'controller-revision-hash': name.replace('web-', '') } },
    data: { spec: { template: { ...templateOf(image), $patch: 'replace' } } },
    revision,
  });

const pod = (name: string, made: string): KubeObject =>
  owned('v1', 'Pod', name, {
    metadata: { labels: { 'controller-revision-hash': made } },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });

const hung = { replicas: 3, updatedReplicas: 1, readyReplicas: 2 };
const held = (partition: number): JsonObject => ({ updateStrategy: { rollingUpdate: { partition } } });
const ON_DELETE = { updateStrategy: { type: 'OnDelete' } };
const AT_2 = { updateRevision: 'web-2' };
const BOTH = [kept('web-1', 1, 'old'), kept('web-2', 2, 'new')];
const daemons = { currentNumberScheduled: 2, updatedNumberScheduled: 0, numberReady: 2 };

test.each<[string, KubeObject, KubeObject[], string | undefined, string | undefined]>([
  [
    'a rollout that hangs',
    workload('Deployment', {}, hung),
    [replicaSet('a', 1, 'old', 2), replicaSet('b', 2, 'new', 0)],
    'a',
    'a',
  ],
  [
    'of several older ones the one with most pods',
    workload('Deployment', {}, hung),
    [replicaSet('a', 1, 'older', 0), replicaSet('b', 2, 'old', 2), replicaSet('c', 3, 'new', 0)],
    'b',
    'b',
  ],
  [
    'a ReplicaSet of somebody else is none of its revisions',
    workload('Deployment', {}, hung),
    [replicaSet('a', 1, 'old', 2, 'uid-other'), replicaSet('b', 2, 'new', 0)],
    undefined,
    undefined,
  ],
  [
    'a history that drops it when nothing runs',
    workload('Deployment', { revisionHistoryLimit: 0 }, hung),
    [replicaSet('a', 1, 'old', 2), replicaSet('b', 2, 'new', 0)],
    undefined,
    undefined,
  ],
  [
    'a paused one without a ReplicaSet of its template',
    workload('Deployment', { paused: true }, { replicas: 2, readyReplicas: 2 }),
    [replicaSet('a', 1, 'old', 2)],
    'a',
    'a',
  ],
  [
    'all held',
    workload('StatefulSet', held(2), AT_2),
    [...BOTH, pod('web-0', 'web-1'), pod('web-1', 'web-1')],
    'web-1',
    'web-1',
  ],
  [
    'some held: a copy has but one template',
    workload('StatefulSet', held(1), AT_2),
    [...BOTH, pod('web-0', 'web-1'), pod('web-1', 'web-2')],
    'web-1',
    undefined,
  ],
  [
    'older pods that the partition does not hold',
    workload('StatefulSet', held(1), AT_2),
    [...BOTH, pod('web-0', 'web-1'), pod('web-1', 'web-1')],
    undefined,
    undefined,
  ],
  [
    'ordinals that do not begin at 0',
    workload('StatefulSet', { ...held(1), ordinals: { start: 5 } }, AT_2),
    [...BOTH, pod('web-5', 'web-1'), pod('web-6', 'web-2')],
    'web-1',
    undefined,
  ],
  [
    'OnDelete with pods of both: nobody knows which are to be which',
    workload('StatefulSet', ON_DELETE, AT_2),
    [...BOTH, pod('web-0', 'web-1'), pod('web-1', 'web-2')],
    undefined,
    undefined,
  ],
  [
    'a DaemonSet with OnDelete',
    workload('DaemonSet', ON_DELETE, daemons),
    [...BOTH, pod('web-x', '1'), pod('web-y', '1')],
    'web-1',
    'web-1',
  ],
  [
    'a DaemonSet whose parking is one revision too many',
    workload('DaemonSet', { ...ON_DELETE, revisionHistoryLimit: 1 }, daemons),
    [...BOTH, pod('web-x', '1'), pod('web-y', '1')],
    undefined,
    undefined,
  ],
  [
    'ControllerRevisions that may not be read',
    workload('DaemonSet', ON_DELETE, daemons),
    [pod('web-x', '1')],
    undefined,
    undefined,
  ],
])('%s', (_, found, others, serving, copied) => {
  const all = [found, ...others];
  expect(servingRevision(found, all)?.name).toBe(serving);
  expect(copyableRevision(found, all)?.name).toBe(copied);
});

test('a revision is what the workload would be with it, without what its controller has put into it', () => {
  const found = workload('Deployment', {}, hung);
  const revisions = revisionsOf(found, [replicaSet('a', 1, 'old', 2), replicaSet('b', 2, 'new', 0)]);
  expect(revisions.map(({ number, template }) => [number, template])).toEqual([
    [1, { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'old' }] } }],
    [2, { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'new' }] } }],
  ]);
  expect(revisionOfTemplate(found, revisions)?.name).toBe('b');
  const [old] = revisionsOf(workload('StatefulSet', {}, AT_2), BOTH);
  expect(old?.template).not.toHaveProperty('$patch');
});

test('the template of a parked DaemonSet is the one that it runs with', () => {
  const parked = workload('DaemonSet', {}, daemons);
  const selector = ['spec', 'template', 'spec', 'nodeSelector'];
  const mark = [{ path: selector, parked: { 'dr-syncer.io/parked': 'true' } }];
  const spec = parked['spec'] as { template: { spec: JsonObject } };
  spec.template.spec['nodeSelector'] = { 'dr-syncer.io/parked': 'true' };
  const marked = {
    ...parked,
    metadata: { ...parked.metadata, annotations: { 'dr-syncer.io/parked': JSON.stringify(mark) } },
  };
  expect(revisionOfTemplate(marked, revisionsOf(parked, BOTH))?.name).toBe('web-2');
  expect(revisionOfTemplate(parked, revisionsOf(parked, BOTH))).toBeUndefined();
});
