import { IMMUTABLE_HANDLING, MANAGED } from '../common/annotations.ts';
import { UsageError } from '../common/errors.ts';
import type { Failure } from '../kube/api-errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { numberAt, stringAt } from '../kube/raw-json.ts';

/** What to do when the destination refuses to change a field of an existing object. */
export const ON_CONFLICT = ['patch', 'skip', 'recreate', 'fail'] as const;
export type OnConflict = (typeof ON_CONFLICT)[number];

export type Resolution =
  | { readonly do: 'recreate'; readonly propagation: 'Background' | 'Foreground' | 'Orphan' }
  | { readonly do: 'skip'; readonly reason: string }
  | { readonly do: 'fail'; readonly reason: string };

// Where recreating loses nothing, or nothing while the copy is parked. Kinds that are not here are skipped.
const RECREATED_BY_DEFAULT: ReadonlySet<string> = new Set([
  'Service',
  'Deployment.apps',
  'DaemonSet.apps',
  'ReplicaSet.apps',
  'ReplicationController',
  'StatefulSet.apps',
  'RoleBinding.rbac.authorization.k8s.io',
  'Secret',
  'ConfigMap',
  'EndpointSlice.discovery.k8s.io',
]);

// Never recreated, whatever is asked: their deletion loses data.
const NEVER_RECREATED: ReadonlySet<string> = new Set([
  'PersistentVolumeClaim',
  'Namespace',
  'PersistentVolume',
]);

/** Whether the API server refused because of a field that cannot change after creation. */
export const isImmutable = (failure: Failure): boolean =>
  failure.status === 422 && failure.about.includes('immutable');

/** Whether a node port is taken by another Service of the destination. */
export const isPortTaken = (failure: Failure): boolean => failure.about.includes('portTaken');

/** Whether the failure is an admission webhook that cannot be asked in a dry run: no answer, not a refusal. */
export const isDryRunUnsupported = (failure: Failure): boolean => failure.about.includes('noDryRun');

/**
 * Decides about an existing object that the server will not change. `flag` is `--on-conflict`; the object's own
 * label or annotation `dr-syncer.io/immutable-handling` wins over it. Only objects that carry our mark are ever
 * recreated, and only while they run nothing. Pure; throws UsageError for an unknown value of the label.
 */
export const resolveImmutable = (
  desired: KubeObject,
  live: KubeObject,
  flag: OnConflict | undefined,
): Resolution => {
  const kind = groupKind(desired);
  const asked = askedFor(desired) ?? flag;
  const choice = asked ?? (RECREATED_BY_DEFAULT.has(kind) ? 'recreate' : 'skip');
  if (choice === 'skip')
    return { do: 'skip', reason: 'the change is to a field that cannot change after creation' };
  if (choice !== 'recreate') {
    return { do: 'fail', reason: 'the change is to a field that cannot change after creation' };
  }
  const obstacle = whyNotRecreate(kind, live);
  if (obstacle !== undefined) return { do: asked === undefined ? 'skip' : 'fail', reason: obstacle };
  return { do: 'recreate', propagation: kind === 'StatefulSet.apps' ? 'Orphan' : 'Background' };
};

const whyNotRecreate = (kind: string, live: KubeObject): string | undefined => {
  if (NEVER_RECREATED.has(kind)) return `a ${live.kind} is never recreated, as its data would be lost`;
  if (live.metadata.labels?.[MANAGED] !== 'true') {
    return 'it must be recreated to change, and dr-syncer recreates only objects that it created';
  }
  const replicas =
    numberAt(live, 'status', 'replicas') ?? numberAt(live, 'status', 'currentNumberScheduled') ?? 0;
  if (replicas > 0) return `it must be recreated to change, and it runs ${replicas} pods`;
  if (stringAt(live, 'spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted') === 'Delete') {
    return 'it must be recreated to change, and its whenDeleted: Delete policy would delete its PVCs';
  }
  return undefined;
};

const askedFor = (object: KubeObject): OnConflict | undefined => {
  const value =
    object.metadata.labels?.[IMMUTABLE_HANDLING] ?? object.metadata.annotations?.[IMMUTABLE_HANDLING];
  if (value === undefined) return undefined;
  const known = ON_CONFLICT.find((item) => item === value.toLowerCase());
  if (known === undefined) {
    throw new UsageError(
      `${object.kind} ${object.metadata.name} has ${IMMUTABLE_HANDLING}: "${value}", which is not one of ${ON_CONFLICT.join(', ')}.`,
    );
  }
  return known;
};
