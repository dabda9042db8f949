import { skip } from '../../common/verdict.ts';
import type { OwnerReference } from '../../kube/api-types.ts';
import { controllerOf, directOwners, ownerName } from '../../kube/direct-owners.ts';
import type { Filter } from '../pipeline-types.ts';

/**
 * Leaves out what lives and dies with a pod: the PVC of a generic ephemeral volume, the ConfigMap by which an operator
 * is "leader for life", what a Spark driver makes for its executors. No pod is copied, and a copy without its owner keeps
 * the next pod waiting: the scheduler refuses a PVC that is not the pod's, and the lock is never let go.
 */
export const podOwned: Filter = {
  name: 'pod-owned',
  rules: ['F16'],
  evaluate(object) {
    const owners = directOwners(object);
    const controller = controllerOf(object);
    const [pod] = owners.filter(isPod);
    // With another owner besides it outlives the pod, unless the pod is the one that controls it.
    if (pod === undefined || !(owners.every(isPod) || (controller !== undefined && isPod(controller))))
      return undefined;
    return skip(
      `it belongs to ${ownerName(pod)} and is deleted with it; the pods of the destination create their own`,
    );
  },
};

const isPod = ({ apiVersion, kind }: OwnerReference): boolean => apiVersion === 'v1' && kind === 'Pod';
