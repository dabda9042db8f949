import { UsageError } from '../common/errors.ts';
import type { KubeObject, ResourceType } from '../kube/api-types.ts';
import { apiVersionOf } from '../kube/object-names.ts';
import { objectAt } from '../kube/raw-json.ts';
import {
  CLUSTER_MAPPING_SPEC,
  CLUSTER_MAPPING_STATUS,
  type ClusterMappingSpec,
  type ClusterMappingStatus,
} from './cluster-mapping.ts';
import { NAMESPACE_MAPPING_SPEC, type NamespaceMappingSpec } from './namespace-mapping-spec.ts';
import { NAMESPACE_MAPPING_STATUS, type NamespaceMappingStatus } from './namespace-mapping-status.ts';
import {
  REMOTE_CLUSTER_SPEC,
  REMOTE_CLUSTER_STATUS,
  type RemoteClusterSpec,
  type RemoteClusterStatus,
} from './remote-cluster.ts';

const customType = (resource: string, kind: string, shortName: string): ResourceType => ({
  group: 'dr-syncer.io',
  version: 'v1alpha1',
  resource,
  kind,
  namespaced: true,
  verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  shortNames: [shortName],
  singular: kind.toLowerCase(),
  categories: ['dr-syncer'],
  subresources: ['status'],
});

export const REMOTE_CLUSTERS = customType('remoteclusters', 'RemoteCluster', 'rcl');
export const CLUSTER_MAPPINGS = customType('clustermappings', 'ClusterMapping', 'clmap');
export const NAMESPACE_MAPPINGS = customType('namespacemappings', 'NamespaceMapping', 'nsmap');

/** `dr-syncer.io/v1alpha1`. */
export const MAPPING_API_VERSION = apiVersionOf(NAMESPACE_MAPPINGS);

/** The reasons of the conditions Ready, Reconciling, Stalled and Synced. The list is closed: alerts depend on it. */
export const CONDITION_REASONS = [
  'InSync',
  'Syncing',
  'Planned',
  'Partial',
  'Refused',
  'Unsafe',
  'DestinationLive',
  'OperationRunning',
  'Yielded',
  'SourceUnreachable',
  'DestinationUnreachable',
  'CredentialsInvalid',
  'RightsMissing',
  'UnknownType',
  'NamespaceMissing',
  'EmptySelection',
  'DestinationConflict',
  'NotAllowed',
  'InvalidSchedule',
  'NotSupported',
  'Paused',
  'Internal',
  'ClusterChanged',
  'SyncTimeout',
] as const;

export type ConditionReason = (typeof CONDITION_REASONS)[number];

/** A custom resource as it was read: the defaults of its CRD are filled in, and durations are ms. */
interface CustomResource<Spec, Status> {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly isDeleted: boolean;
  readonly spec: Spec;
  readonly status: Status;
  /** The object itself: labels, annotations, finalizers. */
  readonly object: KubeObject;
}

export type RemoteCluster = CustomResource<RemoteClusterSpec, RemoteClusterStatus>;
export type ClusterMapping = CustomResource<ClusterMappingSpec, ClusterMappingStatus>;
export type NamespaceMapping = CustomResource<NamespaceMappingSpec, NamespaceMappingStatus>;

/** Reads a RemoteCluster, whatever is in it: what its CRD would not allow counts as not there. */
export const remoteClusterOf = (object: KubeObject): RemoteCluster => ({
  ...namesOf(object),
  spec: REMOTE_CLUSTER_SPEC.read(object['spec']),
  status: REMOTE_CLUSTER_STATUS.read(object['status']) ?? {},
});

/** The same for a ClusterMapping. Throws UsageError when a required field is not there. */
export const clusterMappingOf = (object: KubeObject): ClusterMapping => ({
  ...namesOf(object),
  spec: CLUSTER_MAPPING_SPEC.read(object['spec']) ?? incomplete(object, 'sourceCluster and targetCluster'),
  status: CLUSTER_MAPPING_STATUS.read(object['status']) ?? {},
});

/** The same for a NamespaceMapping. Throws UsageError when a required field is not there. */
export const namespaceMappingOf = (object: KubeObject): NamespaceMapping => ({
  ...namesOf(object),
  spec: NAMESPACE_MAPPING_SPEC.read(object['spec']) ?? incomplete(object, 'sourceNamespace'),
  status: NAMESPACE_MAPPING_STATUS.read(object['status']) ?? {},
});

/** The namespace of the copy: that of the source where none is named. */
export const destNamespaceOf = (spec: NamespaceMappingSpec): string =>
  spec.destinationNamespace ?? spec.sourceNamespace;

const namesOf = (object: KubeObject) => ({
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
  uid: object.metadata.uid,
  generation: object.metadata.generation,
  isDeleted: object.metadata.deletionTimestamp !== undefined,
  object,
});

const incomplete = (object: KubeObject, fields: string): never => {
  const { namespace, name } = object.metadata;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  const what = objectAt(object, 'spec') === undefined ? 'no spec' : `no valid ${fields} in its spec`;
  throw new UsageError(`${object.kind} ${name}${where} has ${what}.`);
};
