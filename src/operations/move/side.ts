import { hasStatus } from '../../kube/errors.ts';
import { groupKind, groupOf } from '../../kube/names.ts';
import type { ClusterWriter, Discovery, KubeObject, ResourceType } from '../../kube/types.ts';
import { PODS } from '../../kube/well-known.ts';
import { preferredTypes } from '../../pipeline/choose-types.ts';
import { isBuiltinGroup } from '../../pipeline/groups.ts';
import { PAUSE_ROWS } from '../../workloads/registry.ts';
import { readScalePaths } from '../scale-paths.ts';
import type { LiveObject, MoveSide } from './types.ts';

/**
 * Opens one side of a move: what it serves, and which of its types run pods. One list of CRDs is read where a custom
 * type has a scale subresource. Throws KubeApiError when the side does not answer.
 */
export const openSide = async (
  cluster: ClusterWriter,
  namespace: string,
  role: MoveSide['role'],
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
        if (!hasStatus(error, 404)) throw error;
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
  if (found === undefined) throw new TypeError(`${groupKind(object)} is no workload type of ${side.role}`);
  return found;
};

/** Pairs objects with their types; objects of other types (pods) are left out. */
export const liveObjects = (side: MoveSide, objects: readonly KubeObject[]): LiveObject[] =>
  objects.flatMap((object) => {
    const type = side.types.find(
      (item) => item.kind === object.kind && item.group === groupOf(object.apiVersion),
    );
    return type === undefined ? [] : [{ type, object }];
  });

const BUILTIN: ReadonlySet<string> = new Set([
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'replicasets.apps',
  'replicationcontrollers',
  'cronjobs.batch',
  'jobs.batch',
  'horizontalpodautoscalers.autoscaling',
]);

// Custom kinds that the parking table knows by themselves, without a scale subresource or a row of the registry.
const KNOWN_CUSTOM: ReadonlySet<string> = new Set([
  'ScaledObject.keda.sh',
  'ScaledJob.keda.sh',
  'Rollout.argoproj.io',
  'CloneSet.apps.kruise.io',
  'DeploymentConfig.apps.openshift.io',
]);

const workloadTypes = (discovery: Discovery): ResourceType[] => {
  const registered = new Set(PAUSE_ROWS.map((row) => `${row.kind}.${row.group}`));
  return [...preferredTypes(discovery)].flatMap(([name, type]) => {
    if (!type.namespaced || !['list', 'watch', 'patch'].every((verb) => type.verbs.includes(verb))) return [];
    if (BUILTIN.has(name)) return [type];
    if (isBuiltinGroup(type.group)) return [];
    const kind = `${type.kind}.${type.group}`;
    return type.subresources.includes('scale') || registered.has(kind) || KNOWN_CUSTOM.has(kind)
      ? [type]
      : [];
  });
};
