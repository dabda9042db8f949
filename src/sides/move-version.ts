import { TAKEN_OVER } from '../common/annotations.ts';
import { isNotFound } from '../kube/api-errors.ts';
import type { ClusterWriter, KubeObject, ObjectRef } from '../kube/api-types.ts';
import { patchLive } from './patch-live.ts';

/**
 * Moves the version of an object by a label that is put on it and taken off again, so that a patch which carries an
 * earlier version is refused (409). Both patches carry one themselves: one of these that comes late must not leave the
 * label behind. An object that is gone by now needs none. `seen` is the object as it was listed. Throws KubeApiError.
 */
export const moveVersion = async (
  cluster: ClusterWriter,
  ref: ObjectRef,
  seen: KubeObject,
  signal: AbortSignal,
): Promise<void> => {
  const has = ({ metadata }: KubeObject): boolean => metadata.labels?.[TAKEN_OVER] !== undefined;
  const label = (value: string | null) => ({ metadata: { labels: { [TAKEN_OVER]: value } } });
  // A run that ended in between has left it there; then taking it off is what moves the version.
  try {
    await patchLive(cluster, ref, (live) => (has(live) ? undefined : label('true')), { seen, signal });
    await patchLive(cluster, ref, (live) => (has(live) ? label(null) : undefined), { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
};
