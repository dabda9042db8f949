import { errorText } from '../common/errors.ts';
import type { ClusterWriter, KubeObject } from '../kube/api-types.ts';
import { equalJson } from '../kube/raw-json.ts';
import type { Change } from '../kube/watched-objects.ts';
import {
  CLUSTER_MAPPINGS,
  type ClusterMapping,
  clusterMappingOf,
  NAMESPACE_MAPPINGS,
  type NamespaceMapping,
  namespaceMappingOf,
  REMOTE_CLUSTERS,
  remoteClusterOf,
} from '../mapping/custom-resources.ts';
import { type ChangeHub, createChangeHub } from './change-hub.ts';
import { type ClusterPool, createClusterPool } from './cluster-pool.ts';
import { clusterMappingStatus, remoteClusterStatus } from './cluster-status.ts';
import type { ControllerDeps, ControllerOptions } from './controller-options.ts';
import { createEventRecorder, type EventRecorder } from './event-recorder.ts';
import { keepCluster } from './keep-cluster.ts';
import { freshMemory, type MappingMemory } from './mapping-memory.ts';
import type { ControllerMetrics, ScrapedFacts } from './metrics.ts';
import type { ReconcileContext } from './reconcile-context.ts';
import { reconcileMapping } from './reconcile-mapping.ts';
import { clustersOf, type ResolveOptions } from './resolve-mapping.ts';
import { createStatusWriter } from './status-writer.ts';
import { watchResources } from './watch-resources.ts';
import { createWorkQueue, type WorkQueue } from './work-queue.ts';

/** What a leader keeps going. */
export interface Manager {
  /** Works until the signal aborts and everything under way has ended. Throws what makes it impossible. */
  run(): Promise<void>;
  facts(): Omit<ScrapedFacts, 'leads' | 'shard' | 'eventLoopLag'>;
}

export interface ManagerInput {
  /** The management cluster; its gate is that of the leadership. */
  readonly management: ClusterWriter;
  readonly managementUid: string | undefined;
  readonly deps: ControllerDeps;
  readonly options: ControllerOptions;
  readonly metrics: ControllerMetrics;
}

/** Makes a manager; nothing is asked of any cluster yet. */
export const createManager = (input: ManagerInput): Manager => {
  const state: State = {
    input,
    mappings: new Map(),
    clusterMappings: new Map(),
    memories: new Map(),
    keepers: new Map(),
    clusterStatus: createStatusWriter(input.management, REMOTE_CLUSTERS),
    pairStatus: createStatusWriter(input.management, CLUSTER_MAPPINGS),
    mappingStatus: createStatusWriter(input.management, NAMESPACE_MAPPINGS),
    events: createEventRecorder(input.management, input.deps.instance, input.deps.log),
    pool: undefined as unknown as ClusterPool,
    hub: undefined as unknown as ChangeHub,
    queue: undefined as unknown as WorkQueue,
  };
  connectState(state);
  const context = contextOf(state);
  return {
    run: async () => {
      const { signal, log } = input.deps;
      const watching = watchResources(
        input.management,
        input.options.watchNamespaces,
        signal,
        log,
        (changes) => takeChanges(state, changes),
      );
      const working = state.queue.run(
        (key) => reconcileMapping(context, key),
        input.options.maxConcurrentSyncs,
        signal,
      );
      await Promise.all([watching, working]);
      await state.events.settle(2000);
      await state.pool.close();
    },
    facts: () => factsOf(state),
  };
};

interface State {
  readonly input: ManagerInput;
  readonly mappings: Map<string, NamespaceMapping>;
  readonly clusterMappings: Map<string, ClusterMapping>;
  readonly memories: Map<string, MappingMemory>;
  readonly keepers: Map<string, { readonly ending: AbortController; readonly version: string }>;
  readonly clusterStatus: ReturnType<typeof createStatusWriter>;
  readonly pairStatus: ReturnType<typeof createStatusWriter>;
  readonly mappingStatus: ReturnType<typeof createStatusWriter>;
  readonly events: EventRecorder;
  pool: ClusterPool;
  hub: ChangeHub;
  queue: WorkQueue;
}

const lookupsOf = (state: State): ResolveOptions => ({
  allowCrossNamespaceRefs: state.input.options.allowCrossNamespaceRefs,
  clusterMapping: (key) => state.clusterMappings.get(key),
  cluster: (key) => state.pool.get(key),
});

const connectState = (state: State): void => {
  const { deps, options, management, metrics } = state.input;
  const lookups = lookupsOf(state);
  state.pool = createClusterPool({
    management,
    policy: {
      allowExec: options.allowKubeconfigExec,
      allowInsecureTls: options.allowInsecureTls,
      allowLoopback: options.allowLoopbackServers,
    },
    allowCrossNamespaceRefs: options.allowCrossNamespaceRefs,
    env: deps.env,
    userAgent: `dr-syncer/${deps.version} (controller)`,
    signal: deps.signal,
    onChange: (key) => clusterChanged(state, key),
    onRequest: (cluster, { verb, status }) =>
      metrics.apiRequests.inc({ cluster, verb, code: String(status) }),
  });
  state.hub = createChangeHub({
    signal: deps.signal,
    onChange: (cluster, side, { namespace, at }) => sourceChanged(state, cluster, side, namespace, at),
    onTrouble: (cluster, message) => deps.log.warn(message, { cluster }),
  });
  state.queue = createWorkQueue({
    clustersOf: (key) => {
      const mapping = state.mappings.get(key);
      return mapping === undefined ? [] : clustersOf(mapping, lookups);
    },
    capacityOf: (key) => state.pool.get(key)?.resource.spec.maxConcurrentSyncs ?? Number.POSITIVE_INFINITY,
    onTaken: (seconds) => metrics.queueWait.observe(seconds),
  });
};

const contextOf = (state: State): ReconcileContext => ({
  deps: state.input.deps,
  options: state.input.options,
  lookups: lookupsOf(state),
  status: state.mappingStatus,
  events: state.events,
  metrics: state.input.metrics,
  hub: state.hub,
  mapping: (key) => state.mappings.get(key),
  memory: (key) => memoryOf(state, key),
  again: (key, ms, priority) => state.queue.addIn(key, ms, priority),
  conflict: (key, mapping, { dest, destNamespace }) => {
    const older = [...state.mappings].find(
      ([other, one]) =>
        other !== key && isOlder(one, mapping) && destOf(state, one) === placeOf(dest, destNamespace),
    );
    if (older === undefined) return undefined;
    const message = `NamespaceMapping ${older[0]} is older and has the same destination, namespace ${destNamespace} of cluster ${dest.alias}.`;
    return { reason: 'DestinationConflict', message, isStalled: true };
  },
  managedBy: ({ namespace, name }) =>
    state.input.managementUid === undefined ? undefined : `${namespace}/${name}@${state.input.managementUid}`,
});

const memoryOf = (state: State, key: string): MappingMemory => {
  const known = state.memories.get(key) ?? freshMemory();
  state.memories.set(key, known);
  return known;
};

type Place = Parameters<ReconcileContext['conflict']>[2]['dest'];

// Two names of one cluster are one destination.
const placeOf = ({ key, probe }: Pick<Place, 'key' | 'probe'>, namespace: string): string =>
  `${probe?.uid ?? key}/${namespace}`;

const destOf = (state: State, mapping: NamespaceMapping): string | undefined => {
  const [, key = ''] = clustersOf(mapping, lookupsOf(state));
  const cluster = state.pool.get(key);
  const { destinationNamespace, sourceNamespace } = mapping.spec;
  return cluster && placeOf(cluster, destinationNamespace ?? sourceNamespace);
};

const isOlder = (one: NamespaceMapping, other: NamespaceMapping): boolean => {
  const [a, b] = [one, other].map(
    ({ object, uid }) => `${object.metadata.creationTimestamp ?? ''} ${uid ?? ''}`,
  ) as [string, string];
  return a < b;
};

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

const takeChanges = (state: State, changes: readonly Change[]): void => {
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

// Our own writes of a status come back as changes; nothing is to be done about them.
const isOnlyStatus = ({ before, now }: Change): boolean =>
  before !== undefined &&
  now !== undefined &&
  before.metadata.uid === now.metadata.uid &&
  before.metadata.generation === now.metadata.generation &&
  before.metadata.deletionTimestamp === now.metadata.deletionTimestamp &&
  equalJson(before.metadata.annotations, now.metadata.annotations) &&
  equalJson(before.metadata.labels, now.metadata.labels);

const takeChange = (state: State, change: Change): void => {
  const { now, before } = change;
  const object = (now ?? before) as KubeObject;
  const key = keyOf(object);
  if (object.kind === REMOTE_CLUSTERS.kind) {
    if (now === undefined) dropCluster(state, key);
    else {
      state.pool.set(remoteClusterOf(now));
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

const enqueue = (state: State, key: string, priority: 'sync-now' | 'change' | 'background'): void => {
  state.input.metrics.queueAdds.inc();
  state.queue.add(key, priority);
};

const dropMapping = (state: State, key: string, object: KubeObject): void => {
  state.mappings.delete(key);
  state.memories.delete(key);
  state.queue.forget(key);
  state.mappingStatus.forget(object);
  state.input.metrics.forget(key);
};

const dropCluster = (state: State, key: string): void => {
  state.keepers.get(key)?.ending.abort();
  state.keepers.delete(key);
  state.hub.drop(key);
  state.pool.remove(key);
  clusterChanged(state, key);
};

const startKeeper = (state: State, key: string): void => {
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

const tellCluster = async (state: State, key: string): Promise<void> => {
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

const tellClusterMapping = async (state: State, key: string, about?: string): Promise<void> => {
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

const clusterMappingChanged = (state: State, key: string): void => {
  tellClusterMapping(state, key).catch((error: unknown) => state.input.deps.log.debug(errorText(error)));
  for (const [name, { namespace, spec }] of state.mappings) {
    const ref = spec.clusterMappingRef;
    if (ref !== undefined && `${ref.namespace || namespace}/${ref.name}` === key)
      enqueue(state, name, 'background');
  }
};

// Its access, its breaker, or the cluster behind it: whoever waits for it looks again.
const clusterChanged = (state: State, key: string): void => {
  if (state.pool === undefined) return;
  // New credentials are tried at once, whenever the next probe would have been.
  const cluster = state.pool.get(key);
  const kept = state.keepers.get(key);
  if (cluster !== undefined && kept !== undefined && kept.version !== cluster.version)
    return startKeeper(state, key);
  tellCluster(state, key).catch((error: unknown) => state.input.deps.log.debug(errorText(error)));
  const lookups = lookupsOf(state);
  for (const [name, mapping] of state.mappings)
    if (clustersOf(mapping, lookups).includes(key)) enqueue(state, name, 'background');
};

const sourceChanged = (
  state: State,
  cluster: string,
  side: 'source' | 'dest',
  namespace: string,
  at: number,
): void => {
  const lookups = lookupsOf(state);
  const ms = Date.now() - (performance.now() - at);
  for (const [key, mapping] of state.mappings) {
    const { spec } = mapping;
    const [source, dest] = clustersOf(mapping, lookups);
    const isHere =
      side === 'source'
        ? source === cluster && spec.sourceNamespace === namespace
        : dest === cluster && (spec.destinationNamespace ?? spec.sourceNamespace) === namespace;
    if (!isHere || spec.replicationMode === 'Manual') continue;
    const memory = memoryOf(state, key);
    const isDrift = side === 'dest' && (memory.changes?.isDrift ?? true);
    memory.changes = { first: memory.changes?.first ?? ms, latest: ms, isDrift };
    if (spec.replicationMode === 'Continuous') state.queue.addIn(key, spec.continuous.debounceMs, 'change');
  }
};

const factsOf = (state: State): ReturnType<Manager['facts']> => {
  const lookups = lookupsOf(state);
  const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
  return {
    mappings: [...state.mappings].map(([key, mapping]) => {
      const memory = memoryOf(state, key);
      const [source = '', dest = ''] = clustersOf(mapping, lookups);
      const { changes } = memory;
      return {
        mapping: key,
        source: state.pool.get(source)?.alias ?? source,
        destination: state.pool.get(dest)?.alias ?? dest,
        mode: mapping.spec.replicationMode,
        live: memory.live,
        lag:
          changes === undefined ? (memory.isProved() ? 0 : Number.NaN) : (Date.now() - changes.first) / 1000,
        verifiedAt: seconds(memory.verifiedAt),
        dataPoint: undefined,
        rpo: seconds(mapping.spec.objectives.rpoMs),
        rto: seconds(mapping.spec.objectives.rtoMs),
        rtoEstimate: undefined,
      };
    }),
    clusters: state.pool.all().map(({ key, breaker, probe }) => ({
      cluster: key,
      isUp: probe?.isUp === true && !breaker.isOpen(),
      expiry: seconds(probe?.expiresAt),
    })),
    queue: state.queue.stats(),
  };
};
