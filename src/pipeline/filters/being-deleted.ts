import { skip } from '../../verdict.ts';
import type { Filter } from '../types.ts';

/** Leaves out what the source is deleting: the copy would bring back what somebody wants gone. */
export const beingDeleted: Filter = {
  name: 'being-deleted',
  rules: ['F9'],
  evaluate(object) {
    const since = object.metadata.deletionTimestamp;
    return since === undefined || since === null ? undefined : skip('the source is deleting it');
  },
};
