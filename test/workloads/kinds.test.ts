import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/kube/api-types.ts';
import { planPark } from '../../src/workloads/park.ts';
import { live, SAMPLES, withSpec } from './samples.ts';

const owned = (apiVersion: string, kind: string, by: readonly [string, string], spec: JsonObject = {}) =>
  live(apiVersion, kind, {
    spec,
    metadata: {
      ownerReferences: [{ apiVersion: by[0], kind: by[1], name: 'parent', uid: 'u1', controller: true }],
    },
  });

describe('what parks each kind', () => {
  test.each(SAMPLES)('T20-T29: $object.kind is parked at $paths', ({ object, paths }) => {
    expect(planPark(object)?.fields.map(({ path }) => path.join('.'))).toEqual(paths);
  });

  test.each([
    ['Deployment', 'apps/v1', { replicas: 3 }, 0, 3],
    ['StatefulSet', 'apps/v1', { replicas: 3 }, 0, 3],
    ['CronJob', 'batch/v1', { suspend: false }, true, false],
    ['Job', 'batch/v1', {}, true, false],
    ['HorizontalPodAutoscaler', 'autoscaling/v2', { minReplicas: 0 }, 1, 0],
  ] as const)(
    'T20-T28: %s gets the parked value and keeps the original',
    (kind, version, spec, parked, original) => {
      expect(planPark(withSpec(version, kind, { ...spec }))?.fields).toMatchObject([{ parked, original }]);
    },
  );

  test('T20: a missing replica count of a built-in kind means 1', () => {
    const plan = planPark(withSpec('apps/v1', 'Deployment', {}));
    expect(plan).toMatchObject({ replicas: 1, fields: [{ parked: 0, original: 1 }] });
  });

  test('T25: a missing replica count of a custom kind stays absent on the way back, and counts as 1', () => {
    const plan = planPark(withSpec('argoproj.io/v1alpha1', 'Rollout', {}));
    expect(plan?.replicas).toBe(1);
    expect(plan?.fields[0]?.original).toBeUndefined();
  });

  test('T21: whenScaled Delete is named in a note, and whenScaled Retain is left alone', () => {
    const policy = (whenScaled: string) =>
      withSpec('apps/v1', 'StatefulSet', { persistentVolumeClaimRetentionPolicy: { whenScaled } });
    expect(planPark(policy('Delete'))?.notes.join()).toContain('deletes its PVCs');
    expect(planPark(policy('Retain'))).toMatchObject({ notes: [], fields: [{ path: ['spec', 'replicas'] }] });
  });

  test('T22: a DaemonSet keeps its own node selector in the plan', () => {
    const plan = planPark(
      withSpec('apps/v1', 'DaemonSet', { template: { spec: { nodeSelector: { disk: 'ssd' } } } }),
    );
    expect(plan?.fields[0]).toMatchObject({
      parked: { 'dr-syncer.io/parked': 'true' },
      original: { disk: 'ssd' },
    });
    expect(plan?.replicas).toBeUndefined();
  });

  test('T23, F18: a CronJob that was suspended stays so, and one that was not has its missed runs noted', () => {
    expect(planPark(withSpec('batch/v1', 'CronJob', { suspend: true }))).toMatchObject({
      fields: [{ parked: true, original: true }],
      notes: [],
    });
    const running = planPark(withSpec('batch/v1', 'CronJob', {}));
    expect(running?.notes.join()).toContain('startingDeadlineSeconds');
    const bounded = planPark(withSpec('batch/v1', 'CronJob', { startingDeadlineSeconds: 60 }));
    expect(bounded?.notes.join()).not.toContain('startingDeadlineSeconds');
  });

  test.each([
    ['Job', 'batch/v1', { conditions: [{ type: 'Complete', status: 'True' }] }],
    ['Job', 'batch/v1', { conditions: [{ type: 'Failed', status: 'True' }] }],
    ['Workflow', 'argoproj.io/v1alpha1', { phase: 'Succeeded' }],
  ] as const)(
    'T24, F19: a copy of a finished %s stays suspended, and a live one is left alone',
    (kind, version, status) => {
      const over = live(version, kind, { spec: {}, status: JSON.parse(JSON.stringify(status)) });
      expect(planPark(over)?.fields).toEqual([{ path: ['spec', 'suspend'], parked: true, original: true }]);
      expect(planPark(over, { stop: true })).toBeUndefined();
    },
  );

  test('T24: a Job whose Complete condition is False is not finished', () => {
    const running = live('batch/v1', 'Job', {
      spec: {},
      status: { conditions: [{ type: 'Complete', status: 'False' }] },
    });
    expect(planPark(running, { stop: true })?.fields[0]?.original).toBe(false);
  });

  test('T27: triggers of a DeploymentConfig are noted unless it is paused', () => {
    const config = (paused: boolean) =>
      planPark(
        withSpec('apps.openshift.io/v1', 'DeploymentConfig', {
          triggers: [{ type: 'ConfigChange' }],
          paused,
        }),
      );
    expect(config(false)?.notes.join()).toContain('triggers');
    expect(config(true)?.notes).toEqual([]);
  });

  test('T25: a Rollout with workloadRef names the Deployment that keeps its own count', () => {
    const plan = planPark(
      withSpec('argoproj.io/v1alpha1', 'Rollout', {
        replicas: 2,
        workloadRef: { kind: 'Deployment', name: 'shop' },
      }),
    );
    expect(plan?.notes.join()).toContain('Deployment shop');
  });
});

describe('what runs no pods of its own', () => {
  test.each([
    ['ConfigMap', withSpec('v1', 'ConfigMap', {})],
    ['a bare Pod', withSpec('v1', 'Pod', {})],
    ['an HPA with minReplicas 1', withSpec('autoscaling/v2', 'HorizontalPodAutoscaler', { minReplicas: 1 })],
    ['an HPA without minReplicas', withSpec('autoscaling/v2', 'HorizontalPodAutoscaler', {})],
    ['a Deployment of another group', withSpec('example.com/v1', 'Deployment', { replicas: 3 })],
    ['an unknown custom resource', withSpec('example.com/v1', 'Database', { size: 3 })],
    ['a ReplicaSet of a Deployment', owned('apps/v1', 'ReplicaSet', ['apps/v1', 'Deployment'])],
    ['a ReplicaSet of a Rollout', owned('apps/v1', 'ReplicaSet', ['argoproj.io/v1alpha1', 'Rollout'])],
    [
      'an RC of a DeploymentConfig',
      owned('v1', 'ReplicationController', ['apps.openshift.io/v1', 'DeploymentConfig']),
    ],
    ['a Job of a CronJob', owned('batch/v1', 'Job', ['batch/v1', 'CronJob'])],
    [
      'the HPA of a ScaledObject',
      owned('autoscaling/v2', 'HorizontalPodAutoscaler', ['keda.sh/v1alpha1', 'ScaledObject'], {
        minReplicas: 0,
      }),
    ],
  ])('T20-T29, F11: %s has no plan', (_what, object) => {
    expect(planPark(object)).toBeUndefined();
  });

  test.each([
    ['StatefulSet', 'apps/v1'],
    ['Job', 'batch/v1'],
    ['ReplicaSet', 'apps/v1'],
  ])(
    'F14: a %s of a custom resource is parked, since its copy would run without the operator',
    (kind, version) => {
      expect(planPark(owned(version, kind, ['example.com/v1', 'Database']))).toBeDefined();
    },
  );
});

describe('custom resources', () => {
  const cases: [string, string, JsonObject, string, Json][] = [
    ['monitoring.coreos.com/v1', 'Prometheus', { replicas: 2 }, 'spec.replicas', 0],
    ['rabbitmq.com/v1beta1', 'RabbitmqCluster', { replicas: 3 }, 'spec.replicas', 0],
    ['ibp.com/v1alpha1', 'IBPPeer', { replicas: 1 }, 'spec.replicas', 0],
    ['kafka.strimzi.io/v1beta2', 'Kafka', { kafka: { replicas: 3 } }, 'spec.kafka.replicas', 0],
    ['acid.zalan.do/v1', 'postgresql', { numberOfInstances: 2 }, 'spec.numberOfInstances', 0],
    ['postgresql.cnpg.io/v1', 'Cluster', { instances: 3 }, 'metadata.annotations.cnpg.io/hibernation', 'on'],
    ['mongodbcommunity.mongodb.com/v1', 'MongoDBCommunity', { members: 3 }, 'spec.members', 0],
    ['couchbase.com/v2', 'CouchbaseCluster', {}, 'spec.paused', true],
    ['cassandra.datastax.com/v1beta1', 'CassandraDatacenter', { size: 3 }, 'spec.stopped', true],
    ['pxc.percona.com/v1', 'PerconaXtraDBCluster', {}, 'spec.pause', true],
    ['weblogic.oracle/v8', 'Domain', {}, 'spec.serverStartPolicy', 'NEVER'],
    ['weblogic.oracle/v9', 'Domain', {}, 'spec.serverStartPolicy', 'Never'],
    ['kubevirt.io/v1', 'VirtualMachine', { runStrategy: 'Always' }, 'spec.runStrategy', 'Halted'],
    ['kubevirt.io/v1', 'VirtualMachine', { running: true }, 'spec.running', false],
    ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', {}, 'spec.suspend', true],
    ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', {}, 'spec.suspend', true],
    ['argoproj.io/v1alpha1', 'Workflow', {}, 'spec.suspend', true],
    ['stork.libopenstorage.org/v1alpha1', 'ApplicationBackupSchedule', {}, 'spec.suspend', true],
    ['stork.libopenstorage.org/v1alpha1', 'MigrationSchedule', { suspend: false }, 'spec.suspend', true],
    ['snapscheduler.backube/v1', 'SnapshotSchedule', { schedule: '@daily' }, 'spec.disabled', true],
  ];
  test.each(cases)('T26: %s %s %j is parked by %s = %j', (version, kind, spec, path, parked) => {
    // The registry wins over a scale subresource: spec.size of a CassandraDatacenter cannot be 0.
    const plan = planPark(withSpec(version, kind, spec), { scalePath: ['spec', 'size'] });
    expect(plan?.fields.map((field) => [field.path.join('.'), field.parked])).toEqual([[path, parked]]);
  });

  test.each([
    ['a Kafka with node pools, whose count is elsewhere', 'kafka.strimzi.io/v1beta2', 'Kafka'],
    ['a kind of a known name in another group', 'example.com/v1', 'Prometheus'],
    ['another kind of a known group', 'rabbitmq.com/v1beta1', 'Queue'],
  ])('T26: %s is not in the registry', (_what, version, kind) => {
    expect(planPark(withSpec(version, kind, { replicas: 3 }))).toBeUndefined();
  });

  test('T25: any type is parked at the replica path of its scale subresource', () => {
    const plan = planPark(withSpec('example.com/v1', 'Database', { pool: { size: 3 } }), {
      scalePath: ['spec', 'pool', 'size'],
    });
    expect(plan).toMatchObject({
      kind: 'Database.example.com',
      replicas: 3,
      fields: [{ path: ['spec', 'pool', 'size'], parked: 0, original: 3 }],
    });
    expect(plan?.notes.join()).toContain('scale subresource');
  });
});
