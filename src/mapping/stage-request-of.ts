import type { OnConflict } from '../pipeline/immutable-strategy.ts';
import type { TypeSelection } from '../pipeline/select-types.ts';
import { DEFAULT_CONCURRENCY, RECREATE_TIMEOUT_MS } from '../stage/stage-defaults.ts';
import type { StageRequest } from '../verbs/stage.ts';
import { allowsNamespace } from './allowed-namespaces.ts';
import { type ConditionReason, destNamespaceOf, type NamespaceMapping } from './custom-resources.ts';
import { dataOptionsOf } from './data-options-of.ts';
import type { NamespaceMappingSpec } from './namespace-mapping-spec.ts';
import type { RemoteClusterSpec } from './remote-cluster.ts';
import { TOLD_FIELDS } from './told-fields.ts';

/** Why a mapping cannot be synced as it is. */
interface MappingProblem {
  readonly reason: ConditionReason;
  /** A sentence. */
  readonly message: string;
}

/** What a mapping asks of a stage. */
export interface MappedStage {
  readonly request: StageRequest;
  /** Sentences about fields that are accepted and not done, or done otherwise. */
  readonly warnings: readonly string[];
  /** With one of these, the request must not be run. */
  readonly problems: readonly MappingProblem[];
}

/**
 * The stage that a NamespaceMapping asks for, between the clusters of these RemoteClusters. Whether a missing namespace may
 * be created (`namespaceConfig.createNamespace`), when to run, and for how long, is the caller's. Pure.
 */
export const stageRequestOf = (
  { spec }: Pick<NamespaceMapping, 'spec'>,
  source: RemoteClusterSpec,
  dest: RemoteClusterSpec,
): MappedStage => {
  const copy = dataOptionsOf(spec, source, { preCopy: true });
  const told = (level: 'warning' | 'problem'): string[] =>
    TOLD_FIELDS.flatMap((row) => {
      const sentence = row.level === level ? row.say(spec) : undefined;
      return sentence === undefined ? [] : [`${row.field} ${sentence}`];
    });
  return {
    request: { stage: optionsOf(spec, source), preCopy: copy.data },
    warnings: [...told('warning'), ...copy.warnings],
    problems: [
      ...notAllowed(spec.sourceNamespace, source, 'source'),
      ...notAllowed(destNamespaceOf(spec), dest, 'destination'),
      ...[...told('problem'), ...copy.problems].map((message) => ({
        reason: 'NotSupported' as const,
        message,
      })),
    ],
  };
};

const DEFAULT_SCHEDULE = '*/5 * * * *';

/** The cron expression of a mapping: its own, else the default of the source cluster, else every 5 minutes. Pure. */
export const effectiveSchedule = (
  { spec }: Pick<NamespaceMapping, 'spec'>,
  source: RemoteClusterSpec,
): string => spec.schedule ?? source.defaultSchedule ?? DEFAULT_SCHEDULE;

const optionsOf = (spec: NamespaceMappingSpec, source: RemoteClusterSpec): StageRequest['stage'] => ({
  types: typesOf(spec, source),
  selector: spec.selector,
  onConflict: onConflictOf(spec),
  storageClassMap: mapOf(spec.pvcConfig.storageClassMappings),
  accessModeMap: mapOf(spec.pvcConfig.accessModeMappings),
  imageMap: mapOf(spec.imageMappings),
  hostMap: mapOf(spec.hostMappings),
  ingressClassMap: mapOf(spec.ingressClassMappings),
  preserveNodePorts: spec.service.preserveNodePorts,
  preserveLoadBalancerIp: spec.service.preserveLoadBalancerIP,
  holdLoadBalancers: spec.service.holdLoadBalancers,
  rewriteDns: spec.rewriteDNS,
  oneShotKinds: spec.oneShotKinds,
  keepGoing: spec.keepGoing,
  prune: spec.prune,
  // What only an operator may decide, for one run at a time: whoever may write mappings must not get more from them.
  acceptClusterRoles: [],
  acceptLiveDestination: false,
  clusterNeeds: false,
  dryRun: false,
  concurrency: DEFAULT_CONCURRENCY,
  recreateTimeoutMs: RECREATE_TIMEOUT_MS,
});

// `all` is how a selection says "all built-in types" next to others; an empty one says it alone.
const typesOf = (spec: NamespaceMappingSpec, source: RemoteClusterSpec): TypeSelection => {
  const named = spec.resourceTypes.length > 0 ? spec.resourceTypes : source.defaultResourceTypes;
  const isAll = named.length === 0 || named.includes('*');
  const others = [...named.filter((name) => name !== '*'), ...spec.namespaceScopedResources];
  const hasAll = others.length === 0 || spec.includeCustomResources;
  return {
    include: isAll ? (hasAll ? [] : ['all', ...others]) : others,
    exclude: spec.excludeResourceTypes,
    customResources: spec.includeCustomResources,
  };
};

const onConflictOf = ({
  immutableResourceConfig: { defaultHandling },
}: NamespaceMappingSpec): OnConflict | undefined =>
  defaultHandling === undefined ? undefined : ON_CONFLICT_OF[defaultHandling];

const ON_CONFLICT_OF = {
  NoChange: 'skip',
  Recreate: 'recreate',
  RecreateWithPodDrain: 'recreate',
  PartialUpdate: 'patch',
  // A PVC is never recreated, whatever is asked.
  ForceUpdate: 'recreate',
} as const satisfies Record<string, OnConflict>;

const mapOf = (
  pairs: readonly { readonly from: string; readonly to: string }[],
): ReadonlyMap<string, string> => new Map(pairs.map(({ from, to }) => [from, to]));

const notAllowed = (
  namespace: string,
  cluster: RemoteClusterSpec,
  side: 'source' | 'destination',
): MappingProblem[] =>
  allowsNamespace(cluster, namespace)
    ? []
    : [
        {
          reason: 'NotAllowed',
          message: `Namespace ${namespace} is not in allowedNamespaces of the RemoteCluster at the ${side}.`,
        },
      ];
