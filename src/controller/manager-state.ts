import type { ClusterWriter } from '../kube/api-types.ts';
import type { SeenChange } from '../kube/watch-changes.ts';
import {
  CLUSTER_MAPPINGS,
  type ClusterMapping,
  NAMESPACE_MAPPINGS,
  type NamespaceMapping,
  REMOTE_CLUSTERS,
} from '../mapping/custom-resources.ts';
import { type ChangeHub, createChangeHub, type WatchedSide } from './change-hub.ts';
import { type ClusterPool, createClusterPool } from './cluster-pool.ts';
import type { ControllerDeps, ControllerOptions } from './controller-options.ts';
import { createEventRecorder, type EventRecorder } from './event-recorder.ts';
import { freshMemory, type MappingMemory } from './mapping-memory.ts';
import type { ControllerMetrics } from './metrics.ts';
import { clustersOf, type ResolveOptions } from './resolve-mapping.ts';
import { createStatusWriter, type StatusWriter } from './status-writer.ts';
import { createWorkQueue, type WorkQueue } from './work-queue.ts';

/** What a manager is made with. */
export interface ManagerInput {
  /** The management cluster; its gate is that of the leadership. */
  readonly management: ClusterWriter;
  readonly managementUid: string | undefined;
  readonly deps: ControllerDeps;
  readonly options: ControllerOptions;
  readonly metrics: ControllerMetrics;
}

/** Everything that a manager keeps in memory; keys are `namespace/name`. */
export interface ManagerState {
  readonly input: ManagerInput;
  readonly mappings: Map<string, NamespaceMapping>;
  readonly clusterMappings: Map<string, ClusterMapping>;
  readonly memories: Map<string, MappingMemory>;
  readonly keepers: Map<string, { readonly ending: AbortController; readonly version: string }>;
  readonly clusterStatus: StatusWriter;
  readonly pairStatus: StatusWriter;
  readonly mappingStatus: StatusWriter;
  readonly events: EventRecorder;
  readonly pool: ClusterPool;
  readonly hub: ChangeHub;
  readonly queue: WorkQueue;
}

/** Who hears of what happens to the clusters. */
export interface StateHandlers {
  clusterChanged(state: ManagerState, key: string): void;
  recordChanged(state: ManagerState, cluster: string, namespace: string): void;
  changeSeen(state: ManagerState, cluster: string, side: WatchedSide, change: SeenChange): void;
}

/** Makes the state of a manager that knows of nothing yet. */
export const createManagerState = (input: ManagerInput, handlers: StateHandlers): ManagerState => {
  const { deps, management, metrics } = input;
  const mappings = new Map<string, NamespaceMapping>();
  const state: ManagerState = {
    input,
    mappings,
    clusterMappings: new Map(),
    memories: new Map(),
    keepers: new Map(),
    clusterStatus: createStatusWriter(management, REMOTE_CLUSTERS),
    pairStatus: createStatusWriter(management, CLUSTER_MAPPINGS),
    mappingStatus: createStatusWriter(management, NAMESPACE_MAPPINGS),
    events: createEventRecorder(management, deps.instance, deps.log),
    pool: poolOf(input, (key) => handlers.clusterChanged(state, key)),
    hub: createChangeHub({
      signal: deps.signal,
      onChange: (cluster, side, change) => handlers.changeSeen(state, cluster, side, change),
      onRecord: (cluster, namespace) => handlers.recordChanged(state, cluster, namespace),
      onTrouble: (cluster, message) => deps.log.warn(message, { cluster }),
    }),
    queue: createWorkQueue({
      clustersOf: (key) => {
        const mapping = mappings.get(key);
        return mapping === undefined ? [] : clustersOf(mapping, lookupsOf(state));
      },
      capacityOf: (key) => state.pool.get(key)?.resource.spec.maxConcurrentSyncs ?? Number.POSITIVE_INFINITY,
      onTaken: (seconds) => metrics.queueWait.observe(seconds),
    }),
  };
  return state;
};

const poolOf = (
  { deps, options, management, metrics }: ManagerInput,
  onChange: (key: string) => void,
): ClusterPool =>
  createClusterPool({
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
    onChange,
    onRequest: (cluster, { verb, status }) =>
      metrics.apiRequests.inc({ cluster, verb, code: String(status) }),
  });

/** How what a mapping names is found. */
export const lookupsOf = (state: ManagerState): ResolveOptions => ({
  allowCrossNamespaceRefs: state.input.options.allowCrossNamespaceRefs,
  clusterMapping: (key) => state.clusterMappings.get(key),
  cluster: (key) => state.pool.get(key),
});

/** What is remembered of a mapping; made when it is asked for first. */
export const memoryOf = (state: ManagerState, key: string): MappingMemory => {
  const known = state.memories.get(key) ?? freshMemory();
  state.memories.set(key, known);
  return known;
};

/** Puts a mapping in line. */
export const enqueue = (
  state: ManagerState,
  key: string,
  priority: 'sync-now' | 'change' | 'background',
): void => {
  state.input.metrics.queueAdds.inc();
  state.queue.add(key, priority);
};
