import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject, OwnerReference } from '../../../src/kube/types.ts';
import type { FilterContext } from '../../../src/pipeline/types.ts';
import { controlledBy, judged } from '../../helpers/filters.ts';
import { object } from '../../helpers/objects.ts';

const owned = (apiVersion: string, kind: string, ...ownerReferences: OwnerReference[]): KubeObject =>
  object(apiVersion, kind, 'child', { metadata: { ownerReferences }, spec: { replicas: 1 } });

describe('derived-objects', () => {
  const derived: [string, string, string, string][] = [
    ['v1', 'Pod', 'apps/v1', 'StatefulSet'],
    ['apps/v1', 'ReplicaSet', 'apps/v1', 'Deployment'],
    ['apps/v1', 'ReplicaSet', 'argoproj.io/v1alpha1', 'Rollout'],
    ['extensions/v1beta1', 'ReplicaSet', 'extensions/v1beta1', 'Deployment'],
    ['apps/v1', 'ControllerRevision', 'apps/v1', 'DaemonSet'],
    ['discovery.k8s.io/v1', 'EndpointSlice', 'v1', 'Service'],
    ['batch/v1', 'Job', 'batch/v1', 'CronJob'],
    ['v1', 'ReplicationController', 'apps.openshift.io/v1', 'DeploymentConfig'],
    ['autoscaling/v2', 'HorizontalPodAutoscaler', 'keda.sh/v1alpha1', 'ScaledObject'],
    ['coordination.k8s.io/v1', 'Lease', 'v1', 'Node'],
    ['argoproj.io/v1alpha1', 'AnalysisRun', 'argoproj.io/v1alpha1', 'Rollout'],
  ];
  it.each(derived)('F11: leaves out a %s %s of a %s %s', (apiVersion, kind, ownerVersion, ownerKind) => {
    const source = owned(apiVersion, kind, controlledBy(ownerVersion, ownerKind, 'web'));
    expect(judged(source)).toBe(`skip: created by ${ownerKind} web`);
    expect(judged(source, [], { includeCustomResources: false })).toBe(`skip: created by ${ownerKind} web`);
  });

  it.each([
    ['ReplicaSet', object('apps/v1', 'ReplicaSet', 'web', { spec: { replicas: 1 } })],
    ['ReplicationController', object('v1', 'ReplicationController', 'web')],
    ['Job', object('batch/v1', 'Job', 'import')],
    ['HorizontalPodAutoscaler', object('autoscaling/v2', 'HorizontalPodAutoscaler', 'web')],
    ['AnalysisRun', object('argoproj.io/v1alpha1', 'AnalysisRun', 'check')],
  ])('F11: keeps a %s without an owner', (_kind, source) => {
    expect(judged(source)).toBe('keep');
  });

  it('F11: keeps a ReplicaSet whose Deployment does not control it', () => {
    const reference = { ...controlledBy('apps/v1', 'Deployment', 'web'), controller: undefined };
    expect(judged(owned('apps/v1', 'ReplicaSet', reference))).toBe('keep');
  });

  it('F11: keeps a Job that another built-in kind controls', () => {
    expect(judged(owned('batch/v1', 'Job', controlledBy('apps/v1', 'Deployment', 'web')))).toBe('keep');
  });

  const CERTIFICATE = 'cert-manager.io/v1';
  it.each(['networking.k8s.io/v1', 'extensions/v1beta1'])(
    'F15: leaves out a Certificate that cert-manager makes for an Ingress of %s',
    (apiVersion) => {
      const source = owned(CERTIFICATE, 'Certificate', controlledBy(apiVersion, 'Ingress', 'web'));
      expect(judged(source)).toBe('skip: created by Ingress web');
    },
  );

  it('F15: keeps a Certificate that nothing or something else owns', () => {
    expect(judged(owned(CERTIFICATE, 'Certificate'))).toBe('keep');
    const source = owned(CERTIFICATE, 'Certificate', controlledBy('apps/v1', 'Deployment', 'web'));
    expect(judged(source)).toBe('keep');
  });
});

describe('pod-owned', () => {
  const POD = controlledBy('v1', 'Pod', 'db-0');
  const holder = { ...POD, controller: undefined };
  const LEFT =
    'skip: it belongs to Pod db-0 and is deleted with it; the pods of the destination create their own';

  it.each([
    ['the claim of a generic ephemeral volume', 'PersistentVolumeClaim', [POD]],
    ['the lock of an operator that leads for life', 'ConfigMap', [holder]],
    ['a Secret', 'Secret', [POD]],
    ['the Service of a Spark driver', 'Service', [POD]],
    ['what several pods own', 'ConfigMap', [holder, { ...holder, name: 'db-1' }]],
    [
      'what a pod controls and something else owns',
      'ConfigMap',
      [POD, { ...controlledBy('apps/v1', 'Deployment', 'web'), controller: undefined }],
    ],
  ])('F16, F12, F13: leaves out %s', (_title, kind, owners) => {
    expect(judged(owned('v1', kind, ...owners))).toBe(LEFT);
    expect(judged(owned('v1', kind, ...owners), [], { includeCustomResources: false })).toBe(LEFT);
  });

  it('F16: keeps what outlives the pod, and what a custom kind of that name owns', () => {
    const other = { ...controlledBy('apps/v1', 'Deployment', 'web'), controller: undefined };
    expect(judged(owned('v1', 'ConfigMap', holder, other))).toBe('keep');
    expect(judged(owned('v1', 'Secret', controlledBy('example.com/v1', 'Pod', 'db-0')))).toBe('keep');
  });
});

describe('owned-by-custom-resource', () => {
  const KAFKA = 'kafka.strimzi.io/v1beta2';
  const owner = controlledBy(KAFKA, 'Kafka', 'events');
  const kafka = (metadata: JsonObject = {}): KubeObject =>
    object(KAFKA, 'Kafka', 'events', { metadata: { uid: owner.uid, ...metadata } });
  const statefulSet = owned('apps/v1', 'StatefulSet', owner);
  const WITHOUT = 'warn: copied without its owner Kafka events';

  it.each([
    ['apps/v1', 'StatefulSet'],
    ['v1', 'Service'],
    ['v1', 'ServiceAccount'],
    ['rbac.authorization.k8s.io/v1', 'Role'],
    ['core.strimzi.io/v1beta2', 'StrimziPodSet'],
  ])('F14: leaves out a %s %s that its custom resource recreates', (apiVersion, kind) => {
    expect(judged(owned(apiVersion, kind, owner), [kafka()])).toBe(
      'skip: its owner Kafka events recreates it',
    );
  });

  const absences: [string, KubeObject[], Partial<FilterContext>, string][] = [
    [
      'custom resources stay behind',
      [kafka()],
      { includeCustomResources: false },
      'custom resources are not part of this run',
    ],
    [
      'the destination does not know the kind',
      [kafka()],
      { destServes: (group, kind) => !(group === 'kafka.strimzi.io' && kind === 'Kafka') },
      'the destination does not serve Kafka.kafka.strimzi.io',
    ],
    ['the owner is not there', [], {}, 'it is not in namespace shop'],
    ['an owner of that name is another one', [kafka({ uid: 'other' })], {}, 'it is not in namespace shop'],
    [
      'the user left the owner out',
      [kafka({ labels: { 'dr-syncer.io/ignore': 'true' } })],
      {},
      'which is left out: it is marked dr-syncer.io/ignore=true',
    ],
    [
      'the owner is being deleted',
      [kafka({ deletionTimestamp: '2026-01-01T00:00:00Z' })],
      {},
      'which is left out: the source is deleting it',
    ],
  ];
  it.each(absences)('F14: copies with a warning when %s', (_title, others, overrides, why) => {
    expect(judged(statefulSet, others, overrides)).toBe(`${WITHOUT} (${why})`);
  });

  it('F14: an owner with an odd ignore value still comes along', () => {
    expect(judged(statefulSet, [kafka({ labels: { 'dr-syncer.io/ignore': 'no' } })])).toBe(
      'skip: its owner Kafka events recreates it',
    );
  });

  it('F14: keeps what a custom resource owns without controlling it', () => {
    expect(judged(owned('v1', 'Service', { ...owner, controller: false }), [kafka()])).toBe('keep');
  });

  it('F14: keeps what a built-in kind owns, without a warning', () => {
    const source = owned(
      'rbac.authorization.k8s.io/v1',
      'Role',
      controlledBy('apps/v1', 'Deployment', 'web'),
    );
    expect(judged(source)).toBe('keep');
  });

  it.each([
    ['F33', 'networking.k8s.io/v1', 'Ingress', 'acme.cert-manager.io/v1', 'Challenge'],
    ['F35', 'apps/v1', 'Deployment', 'operators.coreos.com/v1alpha1', 'ClusterServiceVersion'],
  ])('%s: leaves out a %s %s that belongs to a %s %s', (_rule, apiVersion, kind, ownerVersion, ownerKind) => {
    const source = owned(apiVersion, kind, controlledBy(ownerVersion, ownerKind, 'x'));
    expect(judged(source, [], { includeCustomResources: false })).toMatch(
      new RegExp(`^skip: it belongs to ${ownerKind} x: `),
    );
  });

  it('F35: leaves out what the Operator Lifecycle Manager installs, which it does not control', () => {
    const csv = controlledBy('operators.coreos.com/v1alpha1', 'ClusterServiceVersion', 'acme.v1');
    const owner = { ...csv, controller: false };
    for (const [apiVersion, kind] of [
      ['apps/v1', 'Deployment'],
      ['v1', 'ServiceAccount'],
    ] as const)
      expect(judged(owned(apiVersion, kind, owner))).toMatch(
        /^skip: it belongs to ClusterServiceVersion acme.v1: /,
      );
  });

  it.each([
    ['F12', 'PersistentVolumeClaim'],
    ['F13', 'Secret'],
    ['F13', 'ConfigMap'],
  ])('%s: keeps a %s whoever owns it', (_rule, kind) => {
    const owners = [
      owner,
      controlledBy('apps/v1', 'StatefulSet', 'db'),
      controlledBy('acme.cert-manager.io/v1', 'Order', 'x'),
    ];
    for (const each of owners) expect(judged(owned('v1', kind, each), [kafka()])).toBe('keep');
  });

  it('F13: still leaves out an owned Secret for another reason', () => {
    const token = object('v1', 'Secret', 'bootstrap-token-abcdef', {
      type: 'bootstrap.kubernetes.io/token',
      metadata: { ownerReferences: [owner] },
    });
    expect(judged(token, [kafka()])).toBe('skip: nodes join the source cluster with it');
  });
});
