import { hasStatus } from '../kube/api-errors.ts';
import type { KubeObject, ResourceType } from '../kube/api-types.ts';
import type { MoveSide } from '../sides/side-types.ts';

/**
 * What a read brings; undefined when it is gone, no longer served or may not be read. A missing right is one of the
 * findings, not an end; so is a type that is gone since it was discovered. Throws KubeApiError.
 */
export const ifAllowed = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await read();
  } catch (error) {
    if (hasStatus(error, 403, 404, 405)) return undefined;
    throw error;
  }
};

/** Reads one object of a side, as ifAllowed() does. Throws KubeApiError. */
export const readIfAllowed = (
  { cluster, namespace }: Pick<MoveSide, 'cluster' | 'namespace'>,
  { type, name }: { readonly type: ResourceType; readonly name: string },
  signal: AbortSignal,
): Promise<KubeObject | undefined> => ifAllowed(() => cluster.get({ type, namespace, name }, { signal }));
