import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { olderRevisions } from '../../src/workloads/revisions.ts';
import { object } from '../helpers/objects.ts';

const owned = (kind: string, name: string, extra: JsonObject): KubeObject => {
  const { metadata, ...rest } = extra;
  return object(kind === 'Pod' ? 'v1' : 'apps/v1', kind, name, {
    metadata: {
      ...(metadata as JsonObject),
      uid: `uid-${name}`,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'X', name: 'web', uid: 'uid-web', controller: true }],
    },
    ...rest,
  });
};

const workload = (apiVersion: string, kind: string, spec: JsonObject, status: JsonObject): KubeObject =>
  object(apiVersion, kind, 'web', { metadata: { uid: 'uid-web' }, spec, status });

const replicaSet = (name: string, revision: number, readyReplicas: number): KubeObject =>
  owned('ReplicaSet', name, {
    metadata: { annotations: { 'deployment.kubernetes.io/revision': String(revision) } },
    status: { readyReplicas },
  });

const pod = (name: string, revision: string, ready = 'True'): KubeObject =>
  owned('Pod', name, {
    metadata: { labels: { 'controller-revision-hash': revision } },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });

const told = (object: KubeObject, ...others: KubeObject[]): unknown[] =>
  olderRevisions([object], [object, ...others]).map(({ pods, because }) => [pods, because]);

const counts = (replicas: number, updatedReplicas: number, readyReplicas: number): JsonObject => ({
  replicas,
  updatedReplicas,
  readyReplicas,
});

test.each<[string, KubeObject, KubeObject[], unknown[]]>([
  ['all of the newest', workload('apps/v1', 'Deployment', {}, counts(2, 2, 2)), [], []],
  ['nothing runs', workload('apps/v1', 'Deployment', {}, {}), [], []],
  [
    'the newest never came up',
    workload(
      'apps/v1',
      'Deployment',
      {},
      {
        ...counts(3, 1, 2),
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
      },
    ),
    [replicaSet('a', 9, 2), replicaSet('b', 10, 0)],
    [[2, 'its rollout has exceeded its progress deadline']],
  ],
  [
    'half-way',
    workload('apps/v1', 'Deployment', {}, counts(3, 1, 3)),
    [replicaSet('a', 1, 2), replicaSet('b', 2, 1)],
    [[2, 'its rollout is not complete']],
  ],
  [
    'older pods that do not serve either',
    workload('apps/v1', 'Deployment', {}, counts(3, 1, 1)),
    [replicaSet('a', 1, 0), replicaSet('b', 2, 1)],
    [],
  ],
  [
    'paused, with a template that has no ReplicaSet yet',
    workload('apps/v1', 'Deployment', { paused: true }, counts(2, 0, 2)),
    [replicaSet('a', 1, 2)],
    [[2, 'its rollout is paused']],
  ],
  [
    'paused, with all of its pods',
    workload('apps/v1', 'Deployment', { paused: true }, counts(2, 2, 2)),
    [],
    [],
  ],
  [
    'held by its partition',
    workload(
      'apps/v1',
      'StatefulSet',
      { updateStrategy: { rollingUpdate: { partition: 1 } } },
      { updateRevision: 'web-2' },
    ),
    [pod('web-0', 'web-1'), pod('web-1', 'web-2')],
    [[1, 'its partition is 1']],
  ],
  [
    'a StatefulSet whose older pods do not serve',
    workload('apps/v1', 'StatefulSet', {}, { updateRevision: 'web-2' }),
    [pod('web-0', 'web-1', 'False'), pod('web-1', 'web-2')],
    [],
  ],
  [
    'OnDelete',
    workload(
      'apps/v1',
      'DaemonSet',
      { updateStrategy: { type: 'OnDelete' } },
      { currentNumberScheduled: 3, updatedNumberScheduled: 1, numberReady: 3 },
    ),
    [],
    [[2, 'its updates are OnDelete']],
  ],
  [
    'a CloneSet names its revision in short',
    workload(
      'apps.kruise.io/v1alpha1',
      'CloneSet',
      { updateStrategy: { partition: '50%' } },
      { updateRevision: 'web-22' },
    ),
    [pod('web-a', '11'), pod('web-b', '22')],
    [[1, 'its partition is 50%']],
  ],
  [
    'an Argo Rollout between its steps',
    workload('argoproj.io/v1alpha1', 'Rollout', {}, counts(4, 1, 4)),
    [],
    [[3, 'its rollout is not complete']],
  ],
])('%s', (_, object, others, expected) => {
  expect(told(object, ...others)).toEqual(expected);
});
