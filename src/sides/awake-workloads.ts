import { MANAGED, SCALE_OVERRIDE } from '../common/annotations.ts';
import type { ClusterReader } from '../kube/api-types.ts';
import type { RunningWorkload } from '../workloads/running-workloads.ts';
import { workloadTypes } from './side.ts';

/**
 * Of what runs in a standby namespace, the workloads that we parked there and that are no warm standby: somebody has
 * started them. Throws KubeApiError.
 */
export const awakeWorkloads = async (
  cluster: ClusterReader,
  namespace: string,
  running: readonly RunningWorkload[],
  signal: AbortSignal,
): Promise<RunningWorkload[]> => {
  if (running.length === 0) return [];
  const options = { labelSelector: `${MANAGED}=true`, signal };
  const types = workloadTypes(await cluster.discover({ signal })).filter(({ kind }) =>
    running.some(({ workload }) => workload.startsWith(`${kind} `)),
  );
  const lists = await Promise.all(types.map((type) => cluster.list(type, namespace, options)));
  const parked = lists
    .flat()
    .filter(({ metadata }) => {
      return (metadata.labels?.[SCALE_OVERRIDE] ?? metadata.annotations?.[SCALE_OVERRIDE]) === undefined;
    })
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  return running.filter(({ workload }) => parked.includes(workload));
};
