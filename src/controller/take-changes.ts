import { errorText } from '../common/errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { equalJson } from '../kube/raw-json.ts';
import type { SeenChange } from '../kube/watch-changes.ts';
import type { Change } from '../kube/watched-objects.ts';
import {
  CLUSTER_MAPPINGS,
  clusterMappingOf,
  destNamespaceOf,
  NAMESPACE_MAPPINGS,
  namespaceMappingOf,
  REMOTE_CLUSTERS,
  type RemoteCluster,
  remoteClusterOf,
} from '../mapping/custom-resources.ts';
import type { WatchedSide } from './change-hub.ts';
import type { ControllerOptions } from './controller-options.ts';
import { keepCluster } from './keep-cluster.ts';
import { enqueue, lookupsOf, type ManagerState, memoryOf } from './manager-state.ts';
import { clustersOf } from './resolve-mapping.ts';
import { tellCluster, tellClusterMapping } from './tell-clusters.ts';

/** Takes changes of the custom resources in, and puts the mappings in line that they are about. Never throws. */
export const takeChanges = (state: ManagerState, changes: readonly Change[]): void => {
  // Clusters first: a mapping that comes with its clusters should find them.
  const order = [REMOTE_CLUSTERS.kind, CLUSTER_MAPPINGS.kind, NAMESPACE_MAPPINGS.kind];
  const rank = ({ now, before }: Change): number => order.indexOf((now ?? before)?.kind ?? '');
  for (const change of [...changes].sort((a, b) => rank(a) - rank(b))) {
    try {
      takeChange(state, change);
    } catch (error) {
      state.input.deps.log.warn(errorText(error));
    }
  }
};

const withDefaults = (
  resource: RemoteCluster,
  { defaultSchedule, defaultResourceTypes = [] }: ControllerOptions,
): RemoteCluster => {
  const { spec } = resource;
  const types = spec.defaultResourceTypes.length > 0 ? spec.defaultResourceTypes : defaultResourceTypes;
  return {
    ...resource,
    spec: { ...spec, defaultSchedule: spec.defaultSchedule ?? defaultSchedule, defaultResourceTypes: types },
  };
};

// Our own writes of a status come back as changes; nothing is to be done about them.
const isOnlyStatus = ({ before, now }: Change): boolean =>
  before !== undefined &&
  now !== undefined &&
  before.metadata.uid === now.metadata.uid &&
  before.metadata.generation === now.metadata.generation &&
  before.metadata.deletionTimestamp === now.metadata.deletionTimestamp &&
  equalJson(before.metadata.annotations, now.metadata.annotations) &&
  equalJson(before.metadata.labels, now.metadata.labels);

const takeChange = (state: ManagerState, change: Change): void => {
  const { now, before } = change;
  const object = (now ?? before) as KubeObject;
  const key = keyOf(object);
  if (object.kind === REMOTE_CLUSTERS.kind) {
    if (now === undefined) dropCluster(state, key);
    else {
      state.pool.set(withDefaults(remoteClusterOf(now), state.input.options));
      if (!isOnlyStatus(change)) startKeeper(state, key);
    }
    return;
  }
  if (object.kind === CLUSTER_MAPPINGS.kind) {
    if (now === undefined) state.clusterMappings.delete(key);
    else state.clusterMappings.set(key, clusterMappingOf(now));
    if (!isOnlyStatus(change)) clusterMappingChanged(state, key);
    return;
  }
  if (now === undefined) {
    dropMapping(state, key, object);
    return;
  }
  if (before !== undefined && before.metadata.uid !== now.metadata.uid) dropMapping(state, key, before);
  const isNews = !isOnlyStatus(change);
  state.mappings.set(key, namespaceMappingOf(now));
  if (isNews) enqueue(state, key, before === undefined ? 'background' : 'change');
};

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

const dropMapping = (state: ManagerState, key: string, object: KubeObject): void => {
  state.mappings.delete(key);
  state.memories.delete(key);
  state.queue.forget(key);
  state.mappingStatus.forget(object);
  state.input.metrics.forget(key);
};

const dropCluster = (state: ManagerState, key: string): void => {
  state.keepers.get(key)?.ending.abort();
  state.keepers.delete(key);
  state.hub.drop(key);
  state.pool.remove(key);
  clusterChanged(state, key);
};

const startKeeper = (state: ManagerState, key: string): void => {
  state.keepers.get(key)?.ending.abort();
  const ending = new AbortController();
  state.keepers.set(key, { ending, version: state.pool.get(key)?.version ?? '' });
  const { deps } = state.input;
  void keepCluster(state.pool, key, () => state.pool.get(key)?.resource.status.clusterUID, {
    signal: AbortSignal.any([deps.signal, ending.signal]),
    log: deps.log,
    tell: () => tellCluster(state, key),
  });
  clusterChanged(state, key);
};

const clusterMappingChanged = (state: ManagerState, key: string): void => {
  tellClusterMapping(state, key).catch((error: unknown) => state.input.deps.log.debug(errorText(error)));
  for (const [name, { namespace, spec }] of state.mappings) {
    const ref = spec.clusterMappingRef;
    if (ref !== undefined && `${ref.namespace || namespace}/${ref.name}` === key)
      enqueue(state, name, 'background');
  }
};

/** Lets whoever waits for a cluster look again: its access, its breaker, or the cluster behind it is another one. */
export const clusterChanged = (state: ManagerState, key: string): void => {
  // New credentials are tried at once, whenever the next probe would have been.
  const cluster = state.pool.get(key);
  const kept = state.keepers.get(key);
  if (cluster !== undefined && kept !== undefined && kept.version !== cluster.version) {
    startKeeper(state, key);
    return;
  }
  tellCluster(state, key).catch((error: unknown) => state.input.deps.log.debug(errorText(error)));
  const lookups = lookupsOf(state);
  for (const [name, mapping] of state.mappings)
    if (clustersOf(mapping, lookups).includes(key)) enqueue(state, name, 'background');
};

/** Notes a change in a namespace of a cluster for the mappings that copy from it or to it. */
export const changeSeen = (
  state: ManagerState,
  cluster: string,
  side: WatchedSide,
  { namespace, at }: SeenChange,
): void => {
  const lookups = lookupsOf(state);
  const ms = Date.now() - (performance.now() - at);
  for (const [key, mapping] of state.mappings) {
    const { spec } = mapping;
    const [source, dest] = clustersOf(mapping, lookups);
    const isHere =
      side === 'source'
        ? source === cluster && spec.sourceNamespace === namespace
        : dest === cluster && destNamespaceOf(spec) === namespace;
    if (!isHere || spec.replicationMode === 'Manual') continue;
    const memory = memoryOf(state, key);
    const isDrift = side === 'dest' && (memory.changes?.isDrift ?? true);
    memory.changes = { first: memory.changes?.first ?? ms, latest: ms, isDrift };
    if (spec.replicationMode === 'Continuous') state.queue.addIn(key, spec.continuous.debounceMs, 'change');
  }
};

/** Lets a mapping that keeps its hands off a destination look whether the move there is over. */
export const recordChanged = (state: ManagerState, cluster: string, namespace: string): void => {
  const lookups = lookupsOf(state);
  for (const [key, mapping] of state.mappings) {
    const [, dest] = clustersOf(mapping, lookups);
    if (dest === cluster && destNamespaceOf(mapping.spec) === namespace && memoryOf(state, key).isHandsOff)
      enqueue(state, key, 'change');
  }
};
