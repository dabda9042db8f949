import { ORIGINAL_REPLICAS, PARKED } from '../../common/annotations.ts';
import { skip } from '../../common/verdict.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { controllerOf } from '../../kube/direct-owners.ts';
import { groupKind } from '../../kube/object-names.ts';
import { valueAt } from '../../kube/raw-json.ts';
import type { Filter } from '../pipeline-types.ts';
import { annotationOf } from './label-values.ts';

const KINDS = ['ReplicaSet.apps', 'ReplicaSet.extensions'];

/**
 * Leaves out a ReplicaSet that nothing controls and that runs nothing: the rest of a deleted Deployment. One that
 * dr-syncer parked at 0 is an application at rest and stays.
 */
export const idleReplicaSets: Filter = {
  name: 'idle-replica-sets',
  rules: ['F25'],
  evaluate(object) {
    if (!KINDS.includes(groupKind(object)) || controllerOf(object) !== undefined) return undefined;
    if (valueAt(object, 'spec', 'replicas') !== 0 || isParked(object)) return undefined;
    return skip('it runs no pods and no Deployment controls it');
  },
};

const isParked = (object: KubeObject): boolean =>
  [ORIGINAL_REPLICAS, PARKED].some((key) => annotationOf(object, key) !== undefined);
