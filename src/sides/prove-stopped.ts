import { PartialError } from '../common/errors.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectKey, refKey } from '../kube/object-names.ts';
import { type EmptyOptions, refusePods } from './see-empty.ts';
import { listSide, whereIs } from './side.ts';
import type { BaselineEntry, MoveDeps, MoveSide } from './side-types.ts';
import { isStopped } from './stop-side.ts';

/**
 * Proves with fresh lists that a side is still stopped: no pods, and every workload of the baseline at its parked
 * values. A watch may have stood still since the side was seen empty, in a long data copy for example; what is started
 * next must not rest on it. Throws PartialError naming what runs or was started again, KubeApiError.
 */
export const proveStopped = async (
  side: MoveSide,
  entries: readonly BaselineEntry[],
  deps: MoveDeps,
  options: EmptyOptions,
): Promise<void> => {
  const objects = await listSide(side, deps.signal);
  refusePods(side, objects, options);
  const back = startedAgain(entries, objects);
  if (back.length === 0) return;
  const names = nameList(back.map((entry) => `${entry.kind} ${entry.name}`));
  throw new PartialError(
    `${names} in ${whereIs(side)} ${back.length === 1 ? 'was' : 'were'} started again after ${back.length === 1 ? 'it was' : 'they were'} stopped.`,
    {
      hint: 'Find what starts it (an autoscaler, an operator, Argo CD or Flux), stop that, then resume or roll back.',
    },
  );
};

/** The workloads of a baseline that do not rest at their parked values; what is gone cannot run. Pure. */
export const startedAgain = (
  entries: readonly BaselineEntry[],
  objects: readonly KubeObject[],
): BaselineEntry[] => {
  const live = new Map(objects.map((object) => [objectKey(object), object]));
  return entries.filter((entry) => {
    const object = live.get(refKey(entry));
    return object !== undefined && !isStopped(object, entry);
  });
};
