import { hasStatus } from '../../kube/errors.ts';
import type { KubeObject, ResourceType } from '../../kube/types.ts';
import type { MoveSide } from '../move/types.ts';

/** Reads one object of a side; undefined when it is gone, no longer served or may not be read. Throws KubeApiError. */
export const readIfAllowed = async (
  { cluster, namespace }: Pick<MoveSide, 'cluster' | 'namespace'>,
  { type, name }: { readonly type: ResourceType; readonly name: string },
  signal: AbortSignal,
): Promise<KubeObject | undefined> => {
  try {
    return await cluster.get({ type, namespace, name }, { signal });
  } catch (error) {
    if (hasStatus(error, 403, 404, 405)) return undefined;
    throw error;
  }
};
