import type { Json, JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { clone, isObject } from '../../src/kube/raw-json.ts';
import { object } from '../helpers/objects.ts';

/** A live object: it has a resourceVersion, which merge patches carry. */
export const live = (
  apiVersion: string,
  kind: string,
  extra: JsonObject & { metadata?: JsonObject } = {},
): KubeObject =>
  object(apiVersion, kind, 'web', { ...extra, metadata: { resourceVersion: '7', ...extra.metadata } });

export const withSpec = (apiVersion: string, kind: string, spec: JsonObject): KubeObject =>
  live(apiVersion, kind, { spec });

/** JSON merge patch as RFC 7386 section 2 defines it. */
const mergePatch = (target: Json | undefined, patch: Json): Json => {
  if (!isObject(patch)) return clone(patch);
  const result: JsonObject = isObject(target) ? clone(target) : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
};

/** The patched object, without what only the request needs. */
export const patched = (target: KubeObject, patch: JsonObject): KubeObject =>
  mergePatch(target, patch) as KubeObject;

/** What a server makes of a forced apply body: maps merge, except nodeSelector, which is atomic. */
export const serverApply = (target: Json | undefined, body: Json, path = ''): Json => {
  if (!isObject(body) || !isObject(target) || path.endsWith('.nodeSelector')) return clone(body);
  const result = clone(target);
  for (const [key, value] of Object.entries(body)) {
    if (value !== undefined) result[key] = serverApply(result[key], value, `${path}.${key}`);
  }
  return result;
};

/** One sample per parkable kind: what it is, and where it is changed when parked. */
export const SAMPLES: readonly { readonly object: KubeObject; readonly paths: readonly string[] }[] = [
  { object: withSpec('apps/v1', 'Deployment', { replicas: 3 }), paths: ['spec.replicas'] },
  { object: withSpec('apps/v1', 'ReplicaSet', { replicas: 2 }), paths: ['spec.replicas'] },
  { object: withSpec('v1', 'ReplicationController', { replicas: 2 }), paths: ['spec.replicas'] },
  { object: withSpec('apps/v1', 'StatefulSet', { replicas: 5 }), paths: ['spec.replicas'] },
  {
    object: withSpec('apps/v1', 'StatefulSet', {
      replicas: 5,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' },
    }),
    paths: ['spec.persistentVolumeClaimRetentionPolicy.whenScaled', 'spec.replicas'],
  },
  {
    object: withSpec('apps/v1', 'DaemonSet', { template: { spec: { nodeSelector: { disk: 'ssd' } } } }),
    paths: ['spec.template.spec.nodeSelector'],
  },
  {
    object: withSpec('apps/v1', 'DaemonSet', { template: { spec: {} } }),
    paths: ['spec.template.spec.nodeSelector'],
  },
  { object: withSpec('batch/v1', 'CronJob', { suspend: false }), paths: ['spec.suspend'] },
  { object: withSpec('batch/v1', 'CronJob', { suspend: true }), paths: ['spec.suspend'] },
  { object: withSpec('batch/v1', 'Job', { suspend: false }), paths: ['spec.suspend'] },
  {
    object: withSpec('autoscaling/v2', 'HorizontalPodAutoscaler', { minReplicas: 0, maxReplicas: 9 }),
    paths: ['spec.minReplicas'],
  },
  {
    object: withSpec('keda.sh/v1alpha1', 'ScaledObject', {}),
    paths: [
      'metadata.annotations.autoscaling.keda.sh/paused',
      'metadata.annotations.autoscaling.keda.sh/paused-replicas',
    ],
  },
  {
    object: withSpec('keda.sh/v1alpha1', 'ScaledJob', {}),
    paths: ['metadata.annotations.autoscaling.keda.sh/paused'],
  },
  { object: withSpec('argoproj.io/v1alpha1', 'Rollout', { replicas: 4 }), paths: ['spec.replicas'] },
  { object: withSpec('apps.kruise.io/v1alpha1', 'CloneSet', { replicas: 4 }), paths: ['spec.replicas'] },
  { object: withSpec('apps.openshift.io/v1', 'DeploymentConfig', { replicas: 1 }), paths: ['spec.replicas'] },
  { object: withSpec('image.toolkit.fluxcd.io/v1', 'ImageUpdateAutomation', {}), paths: ['spec.suspend'] },
  { object: withSpec('cluster.x-k8s.io/v1beta1', 'Cluster', {}), paths: ['spec.paused'] },
  {
    object: withSpec('clickhouse.altinity.com/v1', 'ClickHouseInstallation', { stop: 'no' }),
    paths: ['spec.stop'],
  },
];
