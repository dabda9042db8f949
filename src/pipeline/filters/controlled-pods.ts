import { skip } from '../../common/verdict.ts';
import { directOwners, ownerName } from '../../kube/direct-owners.ts';
import { groupKind } from '../../kube/object-names.ts';
import { hasEnded } from '../../kube/pod-phase.ts';
import type { Filter } from '../pipeline-types.ts';
import { annotationOf } from './label-values.ts';

/** Leaves out every pod: a controller makes its pods anew, and a bare pod cannot be created without running. */
export const pods: Filter = {
  name: 'pods',
  rules: ['F11', 'F21'],
  evaluate(object) {
    if (groupKind(object) !== 'Pod') return undefined;
    if (annotationOf(object, 'kubernetes.io/config.mirror') !== undefined) {
      return skip('the kubelet of a source node creates it from a file');
    }
    const [owner] = directOwners(object);
    if (owner !== undefined) return skip(`created by ${ownerName(owner)}`);
    if (hasEnded(object)) return skip('the pod has ended');
    return skip('a bare pod is never copied: it would start at once');
  },
};
