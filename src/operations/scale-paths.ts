import { hasStatus } from '../kube/errors.ts';
import { objectsAt, stringAt } from '../kube/json.ts';
import type { ClusterReader, KubeObject, ResourceType } from '../kube/types.ts';
import { CRDS } from '../kube/well-known.ts';
import { isBuiltinGroup } from '../pipeline/groups.ts';

/**
 * Where the custom types that have a scale subresource keep their replica count, by groupKind. Reads the cluster's
 * CRDs only when there is such a type; without the right to read them the usual path is assumed.
 */
export const readScalePaths = async (
  cluster: ClusterReader,
  types: readonly ResourceType[],
  signal: AbortSignal,
): Promise<Map<string, readonly string[]>> => {
  const scalable = types.filter((type) => !isBuiltinGroup(type.group) && type.subresources.includes('scale'));
  if (scalable.length === 0) return new Map();
  try {
    return scalePathsOf(await cluster.list(CRDS, undefined, { signal }));
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    return new Map(scalable.map((type) => [`${type.kind}.${type.group}`, ['spec', 'replicas']]));
  }
};

/** The replica paths of types served by CRDs with a scale subresource, by groupKind: `.spec.replicas` -> steps. */
export const scalePathsOf = (crds: readonly KubeObject[]): Map<string, readonly string[]> => {
  const paths = new Map<string, readonly string[]>();
  for (const crd of crds) {
    const kind = stringAt(crd, 'spec', 'names', 'kind');
    const group = stringAt(crd, 'spec', 'group');
    for (const version of objectsAt(crd, 'spec', 'versions')) {
      const path = stringAt(version, 'subresources', 'scale', 'specReplicasPath');
      if (path !== undefined) paths.set(`${kind}.${group}`, path.replace(/^\./, '').split('.'));
    }
  }
  return paths;
};
