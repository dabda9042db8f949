import { clusterMappingStatus, remoteClusterStatus } from './cluster-status.ts';
import type { ManagerState } from './manager-state.ts';

/** Writes the status of a RemoteCluster, and those of the ClusterMappings that name it. Throws KubeApiError. */
export const tellCluster = async (state: ManagerState, key: string): Promise<void> => {
  const cluster = state.pool.get(key);
  if (cluster === undefined) return;
  const { object } = cluster.resource;
  const previous = state.clusterStatus.statusOf(object);
  await state.clusterStatus.write(
    object,
    remoteClusterStatus(cluster.resource, previous, cluster, Date.now()),
  );
  await Promise.all([...state.clusterMappings.keys()].map((name) => tellClusterMapping(state, name, key)));
};

/** Writes the status of a ClusterMapping; with `about`, only when it names that RemoteCluster. Throws KubeApiError. */
export const tellClusterMapping = async (state: ManagerState, key: string, about?: string): Promise<void> => {
  const mapping = state.clusterMappings.get(key);
  if (mapping === undefined) return;
  const names = [mapping.spec.sourceCluster, mapping.spec.targetCluster].map(
    (name) => `${mapping.namespace}/${name}`,
  );
  if (about !== undefined && !names.includes(about)) return;
  const [source = '', target = ''] = names;
  const clusters = [state.pool.get(source), state.pool.get(target)] as const;
  const previous = state.pairStatus.statusOf(mapping.object);
  await state.pairStatus.write(mapping.object, clusterMappingStatus(mapping, previous, clusters, Date.now()));
};
