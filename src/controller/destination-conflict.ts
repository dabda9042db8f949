import { destNamespaceOf, type NamespaceMapping } from '../mapping/custom-resources.ts';
import type { PooledCluster } from './cluster-pool.ts';
import { lookupsOf, type ManagerState } from './manager-state.ts';
import { clustersOf, type MappingBlock, type ResolvedMapping } from './resolve-mapping.ts';

/** The block of a mapping whose destination an older one has: of two, the younger waits. Pure but for the state. */
export const destinationConflict = (
  state: ManagerState,
  key: string,
  mapping: NamespaceMapping,
  { dest, destNamespace }: ResolvedMapping,
): MappingBlock | undefined => {
  // Until it has told its UID it may be a cluster that another name has already.
  if (dest.probe === undefined) {
    const message = `RemoteCluster ${dest.key} was not probed yet.`;
    return { reason: 'DestinationUnreachable', message, isStalled: false, isWaiting: true };
  }
  const older = [...state.mappings].find(
    ([other, one]) =>
      other !== key && isOlder(one, mapping) && destOf(state, one) === placeOf(dest, destNamespace),
  );
  if (older === undefined) return undefined;
  const message = `NamespaceMapping ${older[0]} is older and has the same destination, namespace ${destNamespace} of cluster ${dest.alias}.`;
  return { reason: 'DestinationConflict', message, isStalled: true };
};

// Two names of one cluster are one destination.
const placeOf = (
  { key, probe, resource }: Pick<PooledCluster, 'key' | 'probe' | 'resource'>,
  namespace: string,
): string => `${probe?.uid ?? resource.status.clusterUID ?? key}/${namespace}`;

const destOf = (state: ManagerState, mapping: NamespaceMapping): string | undefined => {
  const [, key = ''] = clustersOf(mapping, lookupsOf(state));
  const cluster = state.pool.get(key);
  return cluster && placeOf(cluster, destNamespaceOf(mapping.spec));
};

const isOlder = (one: NamespaceMapping, other: NamespaceMapping): boolean => {
  const [a, b] = [one, other].map(
    ({ object, uid }) => `${object.metadata.creationTimestamp ?? ''} ${uid ?? ''}`,
  ) as [string, string];
  return a < b;
};
