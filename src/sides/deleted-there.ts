import { LEFT_OUT, ORIGINAL_REPLICAS, PARKED } from '../common/annotations.ts';
import { count, nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { patchLive } from './patch-live.ts';
import { typeOf, whereIs } from './side.ts';
import type { BaselineEntry, MoveDeps, MoveSide, StartTarget } from './side-types.ts';
import { isIgnored, runs } from './wanted-pods.ts';

/** What is parked at home and what there is at the side that is live. */
export interface BothSides {
  /** What a failback would start at home. */
  readonly starts: readonly BaselineEntry[];
  readonly home: readonly KubeObject[];
  readonly live: readonly KubeObject[];
}

/**
 * Workloads that wait at home to be started and that somebody has deleted at the live side since they ran there. What is
 * ignored never had a copy, and a Job may be gone because it has ended. With `stagedAt` (RFC 3339), what was made at home
 * after it never had one either. Pure.
 */
export const deletedThere = ({ starts, home, live }: BothSides, stagedAt?: string): BaselineEntry[] => {
  const there = new Set(live.map(objectKey));
  const atHome = new Map(home.map((object) => [objectKey(object), object]));
  return starts.filter((entry) => {
    const object = atHome.get(refKey(entry));
    if (object === undefined || there.has(refKey(entry)) || entry.kind === 'Job') return false;
    const isNew =
      stagedAt !== undefined && Date.parse(object.metadata.creationTimestamp ?? '') > Date.parse(stagedAt);
    return (
      !isNew && !isIgnored(object) && object.metadata.annotations?.[LEFT_OUT] === undefined && runs(entry)
    );
  });
};

/** The sentence about them for whoever decides about a failback; undefined when there are none. Pure. */
export const deletedSentence = (
  from: MoveSide,
  to: MoveSide,
  deleted: readonly BaselineEntry[],
  isKept: boolean,
): string | undefined => {
  if (deleted.length === 0) return undefined;
  const names = nameList(deleted.map(({ kind, name }) => `${kind} ${name}`));
  const [has, is] = deleted.length === 1 ? ['was', 'is'] : ['were', 'are'];
  return isKept
    ? `${names} ${has} deleted in ${whereIs(from)}, and ${is} not started in ${whereIs(to)}.`
    : `${names} ${has} deleted in ${whereIs(from)}, but ${is} still started in ${whereIs(to)}; --sync-config keeps deleted workloads stopped.`;
};

/**
 * Leaves them stopped at home for good: only our marks go, so that a later move does not take them for what it has stopped.
 * What they ran with is told. Returns a clause, empty when there are none. Throws KubeApiError.
 */
export const leaveStopped = async (
  side: MoveSide,
  deleted: readonly StartTarget[],
  starts: readonly BaselineEntry[],
  deps: MoveDeps,
): Promise<string> => {
  const replicas = new Map(starts.map((entry) => [refKey(entry), entry.plan.replicas]));
  const names: string[] = [];
  for (const target of deleted) {
    const ref = { type: typeOf(side, target), namespace: side.namespace, name: target.name };
    const patch = { metadata: { annotations: { [PARKED]: null, [ORIGINAL_REPLICAS]: null } } };
    await patchLive(side.cluster, ref, () => patch, { signal: deps.signal });
    const ran = replicas.get(refKey(target));
    names.push(
      `${target.kind} ${target.name}${ran === undefined ? '' : ` (ran with ${count(ran, 'replica')})`}`,
    );
  }
  if (names.length === 0) return '';
  const said = `left stopped because deleted at the destination: ${nameList(names, names.length)}`;
  deps.reporter.warning(`In ${whereIs(side)}: ${said}.`);
  return said;
};
