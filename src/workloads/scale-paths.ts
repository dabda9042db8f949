import { hasStatus } from '../kube/api-errors.ts';
import type { ClusterReader, JsonObject, KubeObject, ResourceType } from '../kube/api-types.ts';
import { booleanAt, numberAt, objectAt, objectsAt, stringAt } from '../kube/raw-json.ts';
import { CRDS } from '../kube/well-known.ts';
import { isBuiltinGroup } from '../pipeline/api-groups.ts';
import type { ScalePath } from './workload-types.ts';

/**
 * Where the custom types that have a scale subresource keep their replica count, and whether 0 parks them. Reads the cluster's
 * CRDs only when there is such a type; without the right to read them the usual path is assumed.
 */
export const readScalePaths = async (
  cluster: ClusterReader,
  types: readonly ResourceType[],
  signal: AbortSignal,
): Promise<Map<string, ScalePath>> => {
  const scalable = types.filter((type) => !isBuiltinGroup(type.group) && type.subresources.includes('scale'));
  if (scalable.length === 0) return new Map();
  try {
    return scalePathsOf(await cluster.list(CRDS, undefined, { signal }));
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    return new Map(scalable.map((type) => [`${type.kind}.${type.group}`, ['spec', 'replicas']]));
  }
};

/** The scale paths of types served by CRDs with a scale subresource, by groupKind. Pure. */
export const scalePathsOf = (crds: readonly KubeObject[]): Map<string, ScalePath> => {
  const paths = new Map<string, ScalePath>();
  for (const crd of crds) {
    const kind = stringAt(crd, 'spec', 'names', 'kind');
    const group = stringAt(crd, 'spec', 'group');
    const found = objectsAt(crd, 'spec', 'versions').flatMap(
      (version) => scalePathOf(version, group ?? '') ?? [],
    );
    // One version that takes no 0 is enough: which one the objects are written in is not settled here.
    const path = found.find(({ parks }) => typeof parks === 'string') ?? found.at(-1);
    if (path !== undefined) paths.set(`${kind}.${group}`, path.parks);
  }
  return paths;
};

const scalePathOf = (version: JsonObject, group: string): { readonly parks: ScalePath } | undefined => {
  const text = stringAt(version, 'subresources', 'scale', 'specReplicasPath');
  if (text === undefined) return undefined;
  const path = text.replace(/^\./, '').split('.');
  if (NO_PODS.has(path.at(-1) ?? '') || COUNTS_MACHINES.test(group)) return { parks: 'no-pods' };
  const schema = path.reduce<JsonObject | undefined>(
    (above, step) => objectAt(above, 'properties', step),
    objectAt(version, 'schema', 'openAPIV3Schema'),
  );
  const minimum = numberAt(schema, 'minimum') ?? -1;
  const isAbove = minimum > 0 || (minimum === 0 && booleanAt(schema, 'exclusiveMinimum') === true);
  return { parks: isAbove ? 'never-zero' : path };
};

// Strimzi's KafkaConnector: the tasks of a connector, which run in the pods of its KafkaConnect.
const NO_PODS: ReadonlySet<string> = new Set(['tasksMax']);

// Cluster API, OpenShift and Gardener: their scale counts the machines of a cluster, and 0 would delete them.
const COUNTS_MACHINES = /(^|\.)cluster\.x-k8s\.io$|^machine\.openshift\.io$|^machine\.sapcloud\.io$/;
