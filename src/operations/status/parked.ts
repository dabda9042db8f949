import { PARKED } from '../../annotations.ts';
import type { ClusterReader } from '../../kube/types.ts';
import { DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS } from '../../kube/well-known.ts';
import { controllerOf } from '../../workloads/owners.ts';
import { recordedReplicas } from '../../workloads/record.ts';

/** The workloads of a namespace that carry our mark and would run pods when started, as `Deployment web`. Throws KubeApiError. */
export const parkedWorkloads = async (
  cluster: ClusterReader,
  namespace: string,
  signal: AbortSignal,
): Promise<string[]> => {
  const types = [DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS];
  const lists = await Promise.all(types.map((type) => cluster.list(type, namespace, { signal })));
  return lists
    .flat()
    .filter((object) => controllerOf(object) === undefined)
    .filter((object) => object.metadata.annotations?.[PARKED] !== undefined)
    .filter((object) => object.kind === 'DaemonSet' || recordedReplicas(object) !== 0)
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
};
