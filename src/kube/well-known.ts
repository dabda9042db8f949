import type { ResourceType } from './api-types.ts';

const wellKnown = (
  group: string,
  resource: string,
  kind: string,
  scope: 'namespaced' | 'cluster' = 'namespaced',
): ResourceType => ({
  group,
  version: 'v1',
  resource,
  kind,
  namespaced: scope === 'namespaced',
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  shortNames: [],
  singular: kind.toLowerCase(),
  categories: [],
  subresources: [],
});

// Types that every supported server serves in v1: for requests that need no discovery.
export const PODS = wellKnown('', 'pods', 'Pod');
export const EVENTS = wellKnown('', 'events', 'Event');
export const CONFIG_MAPS = wellKnown('', 'configmaps', 'ConfigMap');
export const SECRETS = wellKnown('', 'secrets', 'Secret');
export const SERVICES = wellKnown('', 'services', 'Service');
export const SERVICE_ACCOUNTS = wellKnown('', 'serviceaccounts', 'ServiceAccount');
export const CLAIMS = wellKnown('', 'persistentvolumeclaims', 'PersistentVolumeClaim');
export const NAMESPACES = wellKnown('', 'namespaces', 'Namespace', 'cluster');
export const QUOTAS = wellKnown('', 'resourcequotas', 'ResourceQuota');
export const NODES = wellKnown('', 'nodes', 'Node', 'cluster');
export const LEASES = wellKnown('coordination.k8s.io', 'leases', 'Lease');
/** Kinds with `spec.paused` whose controller then starts nothing of a template of which it has no pods yet. */
export const PAUSABLE: ReadonlySet<string> = new Set([
  'Deployment.apps',
  'DeploymentConfig.apps.openshift.io',
  'Rollout.argoproj.io',
]);
export const DEPLOYMENTS = wellKnown('apps', 'deployments', 'Deployment');
export const REPLICA_SETS = wellKnown('apps', 'replicasets', 'ReplicaSet');
export const CONTROLLER_REVISIONS = wellKnown('apps', 'controllerrevisions', 'ControllerRevision');
export const JOBS = wellKnown('batch', 'jobs', 'Job');
export const NETWORK_POLICIES = wellKnown('networking.k8s.io', 'networkpolicies', 'NetworkPolicy');
export const STORAGE_CLASSES = wellKnown('storage.k8s.io', 'storageclasses', 'StorageClass', 'cluster');
export const CRDS = wellKnown(
  'apiextensions.k8s.io',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  'cluster',
);
