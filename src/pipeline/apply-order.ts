import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { isBuiltinGroup } from './api-groups.ts';

/**
 * The tiers in which objects are written. Objects of one tier are written in parallel, and a tier starts when the
 * one before has ended: what others refer to comes first, workloads come after all they mount, scalers follow their
 * parked target, and quotas come last as they could refuse the rest.
 */
export const TIERS: readonly { readonly name: string; readonly kinds: readonly string[] }[] = [
  { name: 'policies', kinds: ['LimitRange', 'NetworkPolicy.networking.k8s.io'] },
  { name: 'service accounts', kinds: ['ServiceAccount'] },
  { name: 'configuration', kinds: ['Secret', 'ConfigMap'] },
  { name: 'rights', kinds: ['Role.rbac.authorization.k8s.io', 'RoleBinding.rbac.authorization.k8s.io'] },
  { name: 'claims', kinds: ['PersistentVolumeClaim', 'ResourceClaimTemplate.resource.k8s.io'] },
  // Endpoints before the Service: else the endpoints controller could make some of its own.
  { name: 'endpoints', kinds: ['Endpoints', 'EndpointSlice.discovery.k8s.io'] },
  { name: 'services', kinds: ['Service'] },
  {
    name: 'custom configuration',
    kinds: [
      'Issuer.cert-manager.io',
      'SecretStore.external-secrets.io',
      'AnalysisTemplate.argoproj.io',
      'ReferenceGrant.gateway.networking.k8s.io',
    ],
  },
  { name: 'certificates', kinds: ['Certificate.cert-manager.io', 'ExternalSecret.external-secrets.io'] },
  {
    name: 'workloads',
    kinds: [
      'Deployment.apps',
      'StatefulSet.apps',
      'DaemonSet.apps',
      'ReplicaSet.apps',
      'ReplicationController',
      'Job.batch',
      'CronJob.batch',
      'Rollout.argoproj.io',
      'DeploymentConfig.apps.openshift.io',
    ],
  },
  {
    name: 'scaling and disruption',
    kinds: [
      'PodDisruptionBudget.policy',
      'HorizontalPodAutoscaler.autoscaling',
      'TriggerAuthentication.keda.sh',
      'ScaledObject.keda.sh',
      'ScaledJob.keda.sh',
    ],
  },
  {
    name: 'entrances',
    kinds: [
      'Ingress.networking.k8s.io',
      'Route.route.openshift.io',
      'Gateway.gateway.networking.k8s.io',
      'HTTPRoute.gateway.networking.k8s.io',
    ],
  },
  { name: 'custom resources', kinds: [] },
  { name: 'quotas', kinds: ['ResourceQuota'] },
];

const TIER_OF: ReadonlyMap<string, number> = new Map(
  TIERS.flatMap((tier, index) => tier.kinds.map((kind) => [kind, index] as const)),
);
const CUSTOM_TIER = TIERS.findIndex((tier) => tier.name === 'custom resources');
// A built-in kind that the table does not know yet is treated like configuration: nothing waits for it.
const UNKNOWN_BUILTIN_TIER = TIERS.findIndex((tier) => tier.name === 'scaling and disruption');

/** The index into TIERS of an object. */
export const tierOf = (object: KubeObject): number =>
  TIER_OF.get(groupKind(object)) ??
  (isBuiltinGroup(groupKind(object).split('.').slice(1).join('.')) ? UNKNOWN_BUILTIN_TIER : CUSTOM_TIER);

/** Sorts by tier, kind and name: the same input always gives the same order. */
export const byApplyOrder = (a: KubeObject, b: KubeObject): number =>
  tierOf(a) - tierOf(b) || a.kind.localeCompare(b.kind) || a.metadata.name.localeCompare(b.metadata.name);
