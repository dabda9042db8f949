import type { ClusterReader } from '../kube/api-types.ts';
import { JOBS, PODS, REPLICA_SETS } from '../kube/well-known.ts';
import { podsOfWorkloads } from './pods-under.ts';
import { isTemporary } from './temporary-objects.ts';

/** A workload of which pods run, as `Deployment web`, and how many. */
export interface RunningWorkload {
  readonly workload: string;
  readonly pods: number;
}

/** What runs in a namespace, by workload; pods of data movers do not count. Throws KubeApiError. */
export const runningWorkloads = async (
  cluster: ClusterReader,
  namespace: string,
  signal: AbortSignal,
): Promise<RunningWorkload[]> => {
  const types = [PODS, REPLICA_SETS, JOBS];
  const lists = await Promise.all(types.map((type) => cluster.list(type, namespace, { signal })));
  const objects = lists.flat();
  const pods = objects.filter((object) => object.kind === 'Pod' && !isTemporary(object));
  return podsOfWorkloads(pods, objects).map(({ root, pods: members }) => ({
    workload: `${root.kind} ${root.name}`,
    pods: members.length,
  }));
};
