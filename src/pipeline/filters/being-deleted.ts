import { skip } from '../../common/verdict.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import type { Filter } from '../pipeline-types.ts';

/** Leaves out what the source is deleting: the copy would bring back what somebody wants gone. */
export const beingDeleted: Filter = {
  name: 'being-deleted',
  rules: ['F9'],
  evaluate(object) {
    return isBeingDeleted(object) ? skip('the source is deleting it') : undefined;
  },
};

/** Whether somebody has asked the server to delete the object and only waits for grace periods and finalizers. */
export const isBeingDeleted = ({ metadata }: KubeObject): boolean =>
  typeof metadata.deletionTimestamp === 'string';
