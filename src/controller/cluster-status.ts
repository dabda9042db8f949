import { ACCEPT_CLUSTER_UID } from '../common/annotations.ts';
import type { JsonObject } from '../kube/api-types.ts';
import type { ClusterMapping, RemoteCluster } from '../mapping/custom-resources.ts';
import { clusterMappingWarnings, remoteClusterWarnings } from '../mapping/told-of-clusters.ts';
import { timestamp } from '../state/time-text.ts';
import type { PooledCluster } from './cluster-pool.ts';
import {
  conditionsIn,
  conditionsJson,
  definedFields,
  nextConditions,
  readiness,
  type WantedCondition,
} from './status-conditions.ts';

// A probe that finds what the last one found is written this often, and no more.
const PROBE_TOLD_MS = 10 * 60_000;
const EXPIRES_SOON_MS = 7 * 24 * 3_600_000;

/** The status of a RemoteCluster after a probe, or after its kubeconfig was read. Pure. */
export const remoteClusterStatus = (
  resource: RemoteCluster,
  previous: JsonObject,
  cluster: PooledCluster,
  nowMs: number,
): JsonObject => {
  const { probe, access } = cluster;
  const isOpen = 'shared' in access;
  const ready = readinessOf(resource, cluster);
  const at = timestamp(nowMs);
  const told = Date.parse(String(previous['lastProbeTime'] ?? '')) || 0;
  const isDue =
    probe !== undefined && (probe.at - told > PROBE_TOLD_MS || previous['health'] !== healthOf(cluster));
  const extra: WantedCondition[] = [
    condition(
      'KubeconfigAvailable',
      isOpen || access.reason !== 'CredentialsInvalid',
      isOpen ? 'Available' : 'Missing',
      isOpen ? 'The kubeconfig was read.' : access.problem,
    ),
    condition(
      'KubeconfigValid',
      isOpen,
      isOpen ? 'Valid' : 'Invalid',
      isOpen ? 'The kubeconfig can be used.' : access.problem,
    ),
    ...(probe === undefined
      ? []
      : [
          condition(
            'ClusterAvailable',
            probe.isUp,
            probe.isUp ? 'Answers' : 'Silent',
            probe.problem ?? 'The API server answers.',
          ),
        ]),
    ...expiring(probe?.expiresAt, nowMs),
  ];
  const warnings = remoteClusterWarnings(resource.spec);
  return definedFields({
    ...previous,
    observedGeneration: resource.generation ?? 0,
    health: healthOf(cluster),
    lastProbeTime: isDue ? timestamp(probe.at) : previous['lastProbeTime'],
    clusterUID:
      cluster.changedUid === undefined ? (probe?.uid ?? previous['clusterUID']) : previous['clusterUID'],
    serverVersion: probe?.serverVersion ?? previous['serverVersion'],
    credentialsExpireAt: probe?.expiresAt === undefined ? undefined : timestamp(probe.expiresAt),
    warnings: warnings.length === 0 ? undefined : warnings,
    conditions: conditionsJson(
      nextConditions(conditionsIn(previous), [...ready.wanted, ...extra], {
        generation: resource.generation ?? 0,
        at,
        gone: [...ready.gone, ...(probe?.expiresAt === undefined ? ['CredentialsExpiring'] : [])],
      }),
    ),
  });
};

const healthOf = ({ probe, access }: PooledCluster): string => {
  if (!('shared' in access)) return access.reason === 'Reconciling' ? 'Unknown' : 'Unhealthy';
  if (probe === undefined) return 'Unknown';
  return probe.isUp && probe.problem === undefined ? 'Healthy' : 'Unhealthy';
};

const readinessOf = ({ spec }: RemoteCluster, { access, probe, changedUid }: PooledCluster) => {
  if (spec.paused)
    return readiness({ status: 'Unknown', reason: 'Paused', message: 'The RemoteCluster is paused.' });
  if (!('shared' in access))
    return access.reason === 'Reconciling'
      ? readiness({ status: 'Unknown', reason: 'Syncing', message: access.problem, isReconciling: true })
      : readiness({ status: 'False', reason: access.reason, message: access.problem, isStalled: true });
  if (changedUid !== undefined)
    return readiness({
      status: 'False',
      reason: 'ClusterChanged',
      message: `It answers as another cluster than before. If that is right, annotate it: ${ACCEPT_CLUSTER_UID}=${changedUid}`,
      isStalled: true,
    });
  if (probe === undefined)
    return readiness({
      status: 'Unknown',
      reason: 'Syncing',
      message: 'It was not probed yet.',
      isReconciling: true,
    });
  return probe.problem === undefined
    ? readiness({ status: 'True', reason: 'InSync', message: 'The API server answers.' })
    : readiness({
        status: 'False',
        reason: probe.isUp ? 'CredentialsInvalid' : 'DestinationUnreachable',
        message: probe.problem,
      });
};

const expiring = (expiresAt: number | undefined, nowMs: number): WantedCondition[] => {
  if (expiresAt === undefined) return [];
  const isSoon = expiresAt - nowMs < EXPIRES_SOON_MS;
  const message = `The credentials end at ${timestamp(expiresAt)}.`;
  return [condition('CredentialsExpiring', isSoon, isSoon ? 'ExpiresSoon' : 'NotSoon', message)];
};

/** The status of a ClusterMapping by what is known of its two clusters. Pure. */
export const clusterMappingStatus = (
  mapping: ClusterMapping,
  previous: JsonObject,
  [source, target]: readonly [PooledCluster | undefined, PooledCluster | undefined],
  nowMs: number,
): JsonObject => {
  const { sourceCluster, targetCluster } = mapping.spec;
  const sides = [
    { type: 'SourceReachable', name: sourceCluster, cluster: source },
    { type: 'TargetReachable', name: targetCluster, cluster: target },
  ].map(({ type, name, cluster }) => reachable(type, name, cluster));
  const failed = sides.find(({ status }) => status === 'False');
  const unknown = sides.find(({ status }) => status === 'Unknown');
  const worst = failed ?? unknown;
  const ready = readiness({
    status: worst?.status ?? 'True',
    reason:
      failed === undefined
        ? unknown === undefined
          ? 'InSync'
          : 'Syncing'
        : failed.type === 'SourceReachable'
          ? 'SourceUnreachable'
          : 'DestinationUnreachable',
    message: worst?.message ?? 'Both clusters answer.',
    isReconciling: failed === undefined && unknown !== undefined,
  });
  const uids = [source?.probe?.uid, target?.probe?.uid];
  const isSame = uids[0] !== undefined && uids[0] === uids[1];
  const same =
    uids[0] === undefined || uids[1] === undefined
      ? []
      : [
          condition(
            'SameCluster',
            isSame,
            isSame ? 'Same' : 'Different',
            isSame ? 'Both names are of the same cluster.' : 'They are two clusters.',
          ),
        ];
  const phase = failed === undefined ? (unknown === undefined ? 'Connected' : 'Connecting') : 'Failed';
  const at = timestamp(nowMs);
  const isNews = previous['phase'] !== phase;
  const warnings = clusterMappingWarnings(mapping.spec);
  return definedFields({
    ...previous,
    observedGeneration: mapping.generation ?? 0,
    phase,
    message: worst?.message ?? 'Both clusters answer.',
    lastVerified: phase === 'Connected' && isNews ? at : previous['lastVerified'],
    lastAttemptTime: isNews ? at : previous['lastAttemptTime'],
    warnings: warnings.length === 0 ? undefined : warnings,
    conditions: conditionsJson(
      nextConditions(conditionsIn(previous), [...ready.wanted, ...sides, ...same], {
        generation: mapping.generation ?? 0,
        at,
        gone: ready.gone,
      }),
    ),
  });
};

const reachable = (type: string, name: string, cluster: PooledCluster | undefined): WantedCondition => {
  if (cluster === undefined)
    return { type, status: 'False', reason: 'Missing', message: `There is no RemoteCluster ${name}.` };
  if (!('shared' in cluster.access))
    return {
      type,
      status: 'False',
      reason: 'NoAccess',
      message: `RemoteCluster ${name}: ${cluster.access.problem}`,
    };
  const { probe } = cluster;
  if (probe === undefined)
    return {
      type,
      status: 'Unknown',
      reason: 'NotProbed',
      message: `RemoteCluster ${name} was not probed yet.`,
    };
  return probe.isUp
    ? { type, status: 'True', reason: 'Answers', message: `RemoteCluster ${name} answers.` }
    : {
        type,
        status: 'False',
        reason: 'Silent',
        message: `RemoteCluster ${name}: ${probe.problem ?? 'it does not answer.'}`,
      };
};

const condition = (type: string, isTrue: boolean, reason: string, message: string): WantedCondition => ({
  type,
  status: isTrue ? 'True' : 'False',
  reason,
  message,
});
