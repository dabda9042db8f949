import { skip } from '../../common/verdict.ts';
import { controllerOf, ownerName } from '../../kube/direct-owners.ts';
import { groupKind } from '../../kube/object-names.ts';
import type { Filter } from '../pipeline-types.ts';

/** Leaves out what a built-in or well-known controller makes from its owner, which makes its own where it is copied. */
export const derivedObjects: Filter = {
  name: 'derived-objects',
  rules: ['F11', 'F15', 'F38'],
  evaluate(object) {
    const makers = MAKERS.get(groupKind(object));
    const owner = controllerOf(object);
    if (makers === undefined || owner === undefined) return undefined;
    return makers === 'any' || makers.includes(groupKind(owner))
      ? skip(`created by ${ownerName(owner)}`)
      : undefined;
  },
};

const REPLICA_SET_MAKERS = ['Deployment.apps', 'Deployment.extensions', 'Rollout.argoproj.io'];

/** Kinds by the owners that derive them. Pods have a rule of their own. */
const MAKERS: ReadonlyMap<string, readonly string[] | 'any'> = new Map<string, readonly string[] | 'any'>([
  ['ReplicaSet.apps', REPLICA_SET_MAKERS],
  ['ReplicaSet.extensions', REPLICA_SET_MAKERS],
  ['ReplicationController', ['DeploymentConfig.apps.openshift.io', 'DeploymentConfig']],
  ['ControllerRevision.apps', 'any'],
  ['EndpointSlice.discovery.k8s.io', 'any'],
  ['Job.batch', ['CronJob.batch']],
  ['HorizontalPodAutoscaler.autoscaling', ['ScaledObject.keda.sh']],
  ['Lease.coordination.k8s.io', 'any'],
  ['AnalysisRun.argoproj.io', 'any'],
  // cert-manager makes one for an annotated Ingress, and never adopts a copy without its owner.
  ['Certificate.cert-manager.io', ['Ingress.networking.k8s.io', 'Ingress.extensions']],
]);
