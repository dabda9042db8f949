import { hasStatus } from '../kube/api-errors.ts';
import type { ClusterReader, KubeObject } from '../kube/api-types.ts';
import { groupKind, objectKey } from '../kube/object-names.ts';
import { CONTROLLER_REVISIONS } from '../kube/well-known.ts';
import { olderRevisions } from './revisions.ts';
import { servingRevision } from './serving.ts';

/** Where revisions are read: a namespace of a cluster. */
interface Place {
  readonly cluster: ClusterReader;
  readonly namespace: string;
}

/** Kinds whose controller keeps its revisions as ControllerRevisions; those of others are among what runs pods. */
export const KEPT_APART: ReadonlySet<string> = new Set(['StatefulSet.apps', 'DaemonSet.apps']);

/**
 * The ControllerRevisions of a side, where one of these objects needs them: a StatefulSet or DaemonSet of which pods of
 * an older revision serve. Empty where they may not be listed. Throws KubeApiError.
 */
export const readRevisions = (
  side: Place,
  objects: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly KubeObject[]> => {
  const apart = objects.filter((object) => KEPT_APART.has(groupKind(object)));
  return olderRevisions(apart, objects).length === 0 ? Promise.resolve([]) : listRevisions(side, signal);
};

/** All ControllerRevisions of a side; empty where they may not be listed. Throws KubeApiError. */
export const listRevisions = async (
  { cluster, namespace }: Place,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> => {
  try {
    return await cluster.list(CONTROLLER_REVISIONS, namespace, { signal });
  } catch (error) {
    if (!hasStatus(error, 403, 404)) throw error;
    return [];
  }
};

/**
 * By the key of a workload the name of the older revision of which its pods serve, where a start can bring that back;
 * `all` has the ControllerRevisions. Pure.
 */
export const servingNames = (all: readonly KubeObject[]): ReadonlyMap<string, string> =>
  new Map(
    olderRevisions(all, all).flatMap(({ object }) => {
      const name = servingRevision(object, all)?.name;
      return name === undefined ? [] : [[objectKey(object), name] as const];
    }),
  );
