import { ORIGINAL_REPLICAS, PARKED } from '../common/annotations.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { finished } from '../workloads/is-finished.ts';
import { patchLive } from './patch-live.ts';
import { typeOf, whereIs } from './side.ts';
import type { MoveDeps, MoveOptions, MoveSide, StartTarget } from './side-types.ts';

/**
 * Takes the Jobs out of what a failback starts that must not run again: those that have ended at the destination
 * (or are gone there), and those that are left running there. Pure.
 */
export const splitJobs = (
  targets: readonly StartTarget[],
  destination: readonly KubeObject[],
  jobs: MoveOptions['jobs'],
): { readonly start: StartTarget[]; readonly over: StartTarget[] } => {
  const unfinished = new Set(
    destination
      .filter((object) => groupKind(object) === JOB && !finished(object))
      .map(({ metadata }) => metadata.name),
  );
  const isOver = (target: StartTarget): boolean =>
    groupKind(target) === JOB && (jobs === 'leave' || !unfinished.has(target.name));
  return {
    start: targets.filter((target) => !isOver(target)),
    over: targets.filter(isOver),
  };
};

/**
 * Leaves such Jobs suspended for good: only our marks go, so that a later move takes the suspension for their own.
 * Throws KubeApiError.
 */
export const leaveSuspended = async (
  side: MoveSide,
  over: readonly StartTarget[],
  deps: MoveDeps,
): Promise<void> => {
  for (const target of over) {
    const ref = { type: typeOf(side, target), namespace: side.namespace, name: target.name };
    const patch = { metadata: { annotations: { [PARKED]: null, [ORIGINAL_REPLICAS]: null } } };
    await patchLive(side.cluster, ref, () => patch, { signal: deps.signal });
    deps.reporter.warning(
      `Job ${target.name} was moved to the destination and does not run again in ${whereIs(side)}; it stays suspended.`,
    );
  }
};

const JOB = 'Job.batch';
