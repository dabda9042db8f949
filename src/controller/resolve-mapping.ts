import { ACCEPT_CLUSTER_UID } from '../common/annotations.ts';
import type { SharedCluster } from '../kube/shared-cluster.ts';
import type { ClusterMapping, ConditionReason, NamespaceMapping } from '../mapping/custom-resources.ts';
import { destNamespaceOf } from '../mapping/custom-resources.ts';
import { effectiveSchedule, type MappedStage, stageRequestOf } from '../mapping/stage-request-of.ts';
import type { PooledCluster } from './cluster-pool.ts';
import { readSchedule, type SyncSchedule } from './sync-schedule.ts';

/** A mapping with everything that it names, ready to be synced. */
export interface ResolvedMapping {
  readonly source: ReadyCluster;
  readonly dest: ReadyCluster;
  readonly destNamespace: string;
  readonly stage: MappedStage;
  readonly schedule: SyncSchedule;
  /** Another one whenever the spec or the access to a cluster is. */
  readonly version: string;
}

export interface ReadyCluster extends PooledCluster {
  readonly shared: SharedCluster;
}

/** Why a mapping cannot be synced now. */
export interface MappingBlock {
  readonly reason: ConditionReason;
  readonly message: string;
  /** Somebody has to change something; otherwise what is missing may come by itself. */
  readonly isStalled: boolean;
  /** The side that does not answer. */
  readonly silent?: 'source' | 'dest' | undefined;
  /** Nothing is known of it yet, as this process has just begun: it is no news. */
  readonly isWaiting?: boolean;
}

export interface ResolveOptions {
  readonly allowCrossNamespaceRefs: boolean;
  clusterMapping(key: string): ClusterMapping | undefined;
  cluster(key: string): PooledCluster | undefined;
}

/** Finds what a mapping names. Pure but for what `options` looks up. */
export const resolveMapping = (
  mapping: NamespaceMapping,
  options: ResolveOptions,
): ResolvedMapping | { readonly block: MappingBlock } => {
  const names = namesOf(mapping, options);
  if ('block' in names) return names;
  const [source, dest] = [
    readyCluster(names.source, 'source', options),
    readyCluster(names.dest, 'dest', options),
  ];
  if ('block' in source) return source;
  if ('block' in dest) return dest;
  const stage = stageRequestOf(mapping, source.resource.spec, dest.resource.spec);
  const [problem] = stage.problems;
  if (problem !== undefined) return stalled(problem.reason, problem.message);
  try {
    const expression = effectiveSchedule(mapping, source.resource.spec);
    const schedule = readSchedule(expression, mapping.spec.timeZone ?? 'UTC');
    const version = [mapping.generation, source.version, dest.version].join('/');
    return { source, dest, destNamespace: destNamespaceOf(mapping.spec), stage, schedule, version };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return stalled('InvalidSchedule', `The ${error.message}.`);
  }
};

/** The keys of the RemoteClusters that a mapping names; empty while it cannot be told. */
export const clustersOf = (mapping: NamespaceMapping, options: ResolveOptions): readonly string[] => {
  const names = namesOf(mapping, options);
  return 'block' in names ? [] : [names.source, names.dest];
};

const stalled = (reason: ConditionReason, message: string) => ({
  block: { reason, message, isStalled: true },
});

const namesOf = (
  { namespace, spec }: NamespaceMapping,
  options: ResolveOptions,
): { readonly source: string; readonly dest: string } | { readonly block: MappingBlock } => {
  const { clusterMappingRef: ref, sourceCluster, destinationCluster } = spec;
  if (ref === undefined)
    return { source: `${namespace}/${sourceCluster}`, dest: `${namespace}/${destinationCluster}` };
  const where = ref.namespace || namespace;
  if (where !== namespace && !options.allowCrossNamespaceRefs)
    return stalled(
      'NotAllowed',
      `ClusterMapping ${where}/${ref.name} is in another namespace than the mapping: that is only allowed with --allow-cross-namespace-refs.`,
    );
  const found = options.clusterMapping(`${where}/${ref.name}`);
  if (found === undefined) return stalled('NotAllowed', `There is no ClusterMapping ${where}/${ref.name}.`);
  if (found.spec.paused)
    return {
      block: {
        reason: 'Paused',
        message: `ClusterMapping ${where}/${ref.name} is paused.`,
        isStalled: false,
      },
    };
  return { source: `${where}/${found.spec.sourceCluster}`, dest: `${where}/${found.spec.targetCluster}` };
};

const readyCluster = (
  key: string,
  side: 'source' | 'dest',
  { cluster }: ResolveOptions,
): ReadyCluster | { readonly block: MappingBlock } => {
  const found = cluster(key);
  if (found === undefined) return stalled('NotAllowed', `There is no RemoteCluster ${key}.`);
  if (found.resource.spec.paused)
    return { block: { reason: 'Paused', message: `RemoteCluster ${key} is paused.`, isStalled: false } };
  if (found.changedUid !== undefined)
    return stalled(
      'ClusterChanged',
      `RemoteCluster ${key} answers as another cluster than before (${found.changedUid}). If that is right, annotate it: ${ACCEPT_CLUSTER_UID}=${found.changedUid}`,
    );
  if ('problem' in found.access) {
    const isWaiting = found.access.reason === 'Reconciling';
    const reason = isWaiting ? UNREACHABLE[side] : found.access.reason;
    return {
      block: {
        reason: reason as ConditionReason,
        message: `RemoteCluster ${key}: ${found.access.problem}`,
        isStalled: !isWaiting,
        isWaiting,
      },
    };
  }
  if (found.breaker.isOpen())
    return {
      block: {
        reason: UNREACHABLE[side],
        message: `RemoteCluster ${key} does not answer.`,
        isStalled: false,
        silent: side,
      },
    };
  return { ...found, shared: found.access.shared };
};

const UNREACHABLE = { source: 'SourceUnreachable', dest: 'DestinationUnreachable' } as const;
