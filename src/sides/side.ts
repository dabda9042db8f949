import type { SideRole } from '../common/side-role.ts';
import { isUnserved } from '../kube/api-errors.ts';
import type { ClusterWriter, Discovery, KubeObject, ResourceType } from '../kube/api-types.ts';
import { groupKind, groupOf } from '../kube/object-names.ts';
import { PODS } from '../kube/well-known.ts';
import { isBuiltinGroup } from '../pipeline/api-groups.ts';
import { preferredTypes } from '../pipeline/choose-types.ts';
import { parkableKinds } from '../workloads/kinds.ts';
import { readScalePaths } from '../workloads/scale-paths.ts';
import type { MoveSide } from './side-types.ts';

/**
 * Opens one side of a move: what it serves, and which of its types run pods. One list of CRDs is read where a custom
 * type has a scale subresource. Throws KubeApiError when the side does not answer.
 */
export const openSide = async (
  cluster: ClusterWriter,
  namespace: string,
  role: SideRole,
  signal: AbortSignal,
): Promise<MoveSide> => {
  const discovery = await cluster.discover({ signal });
  const types = workloadTypes(discovery);
  return {
    role,
    cluster,
    namespace,
    discovery,
    types,
    scalePaths: await readScalePaths(cluster, types, signal),
  };
};

/** `namespace shop of context dr`: how sentences name a side. */
export const whereIs = ({ namespace, cluster }: Pick<MoveSide, 'namespace' | 'cluster'>): string =>
  `namespace ${namespace} of context ${cluster.context}`;

/**
 * Lists everything on a side that runs pods, and the pods, in one go per type. A custom type whose definition was
 * removed since the side was opened has no objects.
 */
export const listSide = async (side: MoveSide, signal: AbortSignal): Promise<KubeObject[]> => {
  const lists = await Promise.all(
    [...side.types, PODS].map((type) =>
      side.cluster.list(type, side.namespace, { signal }).catch((error: unknown) => {
        if (!isUnserved(error, type)) throw error;
        return [];
      }),
    ),
  );
  return lists.flat();
};

/** The type by which an object of this side is addressed. Throws when the side does not serve it. */
export const typeOf = (
  side: MoveSide,
  object: { readonly apiVersion: string; readonly kind: string },
): ResourceType => {
  const group = groupOf(object.apiVersion);
  const found = side.types.find((type) => type.kind === object.kind && type.group === group);
  if (found === undefined) throw new TypeError(`${groupKind(object)} is not a workload type of ${side.role}`);
  return found;
};

/**
 * The types of a cluster that this program can park, by their fields or by their scale subresource: they run pods, or
 * decide about those that do. Pure.
 */
export const workloadTypes = (discovery: Discovery): ResourceType[] => {
  const parkable = parkableKinds();
  return [...preferredTypes(discovery).values()].filter(
    (type) =>
      type.namespaced &&
      ['list', 'watch', 'patch'].every((verb) => type.verbs.includes(verb)) &&
      (parkable.has(type.group === '' ? type.kind : `${type.kind}.${type.group}`) ||
        (!isBuiltinGroup(type.group) && type.subresources.includes('scale'))),
  );
};
