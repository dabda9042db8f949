import { RefusedError } from '../common/errors.ts';
import { clauseList, count } from '../common/sentences.ts';
import { hasStatus } from '../kube/api-errors.ts';
import type { KubeObject, ResourceType } from '../kube/api-types.ts';
import { CLAIMS, PODS, STORAGE_CLASSES } from '../kube/well-known.ts';
import { finished } from '../workloads/is-finished.ts';
import { isTemporary } from '../workloads/temporary-objects.ts';
import type { DataSide, DataWork } from './data-types.ts';
import type { PairedClaim } from './mover-types.ts';
import { pairClaims } from './pair-pvcs.ts';

/**
 * `now`: the copy is about to begin. `running`: the side that has the data still runs and will be stopped; only pods
 * that stay then keep a claim in use. `unstaged`: as `running`, and claims that are missing are still to be made.
 */
export type Moment = 'now' | 'running' | 'unstaged';

/** Pairs the claims as they are now, without copying. Throws KubeApiError. */
export const pairNow = async (
  work: Pick<DataWork, 'from' | 'to' | 'options' | 'preCopy' | 'storageClassMap' | 'isStaging'>,
  moment: Moment,
  signal: AbortSignal,
): Promise<PairedClaim[]> => {
  const { from, to } = work;
  const list = (side: DataSide, type: ResourceType): Promise<KubeObject[]> =>
    side.cluster.list(type, side.namespace, { signal });
  const [sourceClaims, destClaims, sourcePods, destPods, destClasses] = await Promise.all([
    list(from, CLAIMS),
    list(to, CLAIMS),
    list(from, PODS),
    list(to, PODS),
    listClasses(to, signal),
  ]);
  // Pods that an earlier, killed run left are removed before its claim is copied again.
  const others = (pods: readonly KubeObject[]): KubeObject[] => pods.filter((pod) => !isTemporary(pod));
  return pairClaims({
    sourceNamespace: from.namespace,
    destNamespace: to.namespace,
    sourceClaims,
    destClaims,
    destClasses,
    sourcePods: others(sourcePods).filter((pod) => moment === 'now' || staysWhenStopped(pod)),
    destPods: others(destPods),
    storageClassMap: work.storageClassMap,
    preCopy: work.preCopy,
    ignoreSizes: work.options.mover.ignoreSizes,
    isStaging: work.isStaging,
    destIsStaged: moment !== 'unstaged',
  });
};

// Stopping a workload removes its running pods. Those that are over stay, and those that nobody owns.
const staysWhenStopped = (pod: KubeObject): boolean =>
  finished(pod) || (pod.metadata.ownerReferences ?? []).length === 0;

// Without the right to read classes their existence is not judged here; the mover will tell.
const listClasses = async (side: DataSide, signal: AbortSignal): Promise<KubeObject[] | undefined> => {
  try {
    return await side.cluster.list(STORAGE_CLASSES, undefined, { signal });
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    return undefined;
  }
};

// As many as a person reads; the reasons are mostly the same.
const MOST_NAMED = 10;

/** Throws RefusedError naming the claims that may not be copied, with their reasons. */
export const refuseSome = (paired: readonly PairedClaim[], from: DataSide): void => {
  const refused = paired.flatMap(({ pair, verdict }) =>
    verdict.kind === 'refuse' ? [`${pair.name}: ${verdict.reason}`] : [],
  );
  if (refused.length === 0) return;
  throw new RefusedError(
    `The data of ${count(refused.length, 'PVC')} in namespace ${from.namespace} of context ${from.cluster.context} cannot be copied: ${clauseList(refused, MOST_NAMED)}.`,
    { hint: 'Fix this, or label a PVC dr-syncer.io/ignore=true to leave it out.' },
  );
};
