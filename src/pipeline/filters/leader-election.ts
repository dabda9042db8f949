import { skip } from '../../common/verdict.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { groupKind } from '../../kube/object-names.ts';
import { objectAt } from '../../kube/raw-json.ts';
import type { Filter } from '../pipeline-types.ts';
import { annotationOf } from './label-values.ts';

const LEADER = 'control-plane.alpha.kubernetes.io/leader';

/**
 * Leaves out Endpoints and ConfigMaps that are locks of a leader election: the holder is a process of the source. A
 * ConfigMap that also has data is somebody's configuration and stays; the lock in its annotations is taken off on
 * the way.
 */
export const leaderElection: Filter = {
  name: 'leader-election',
  rules: ['F22'],
  evaluate(object) {
    if (annotationOf(object, LEADER) === undefined) return undefined;
    const kind = groupKind(object);
    const isLock = kind === 'Endpoints' || (kind === 'ConfigMap' && !hasData(object));
    return isLock ? skip('it is the lock of a leader election on the source') : undefined;
  },
};

const hasData = (object: KubeObject): boolean =>
  ['data', 'binaryData'].some((field) => Object.keys(objectAt(object, field) ?? {}).length > 0);
