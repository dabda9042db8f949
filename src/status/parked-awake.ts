import { RefusedError } from '../common/errors.ts';
import { hasStatus, isUnserved } from '../kube/api-errors.ts';
import type { ClusterReader, KubeObject } from '../kube/api-types.ts';
import { controllerOf } from '../kube/direct-owners.ts';
import { groupKind, objectName } from '../kube/object-names.ts';
import { workloadTypes } from '../sides/side.ts';
import { runs } from '../sides/wanted-pods.ts';
import { isMarked, recordedFields } from '../workloads/parked-annotation.ts';

/**
 * The workloads of a namespace that carry our mark and would run pods when started, as `Deployment web`, of every kind
 * that can be parked. Throws KubeApiError; with `readable`, a kind that may not be listed is left out instead.
 */
export const parkedWorkloads = async (
  cluster: ClusterReader,
  namespace: string,
  signal: AbortSignal,
  { readable = false }: { readonly readable?: boolean } = {},
): Promise<string[]> => {
  const types = workloadTypes(await cluster.discover({ signal }));
  const lists = await Promise.all(
    types.map((type) =>
      cluster.list(type, namespace, { signal }).catch((error: unknown) => {
        // The definition of a custom type may be gone since it was discovered.
        if (isUnserved(error, type) || (readable && hasStatus(error, 403))) return [];
        throw error;
      }),
    ),
  );
  return parkedAmong(lists.flat());
};

/** Those of these objects that carry our mark and would run pods when started, as `Deployment web`. Pure. */
export const parkedAmong = (objects: readonly KubeObject[]): string[] =>
  objects
    .filter((object) => isMarked(object) && controllerOf(object) === undefined && wouldRun(object))
    .map(objectName);

const wouldRun = (object: KubeObject): boolean => {
  const { apiVersion, kind } = object;
  try {
    const fields = recordedFields(object) ?? [];
    return runs({
      apiVersion,
      kind,
      plan: { kind: groupKind(object), fields, replicas: undefined, notes: [] },
    });
  } catch (error) {
    // Nobody can tell what a broken mark kept; a person has to look at it, so it is named.
    if (error instanceof RefusedError) return true;
    throw error;
  }
};
