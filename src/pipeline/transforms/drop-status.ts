import type { Transform } from '../pipeline-types.ts';

/** Removes status altogether: a custom resource without a status subresource rejects `status: null`. */
export const dropStatus: Transform = {
  name: 'drop-status',
  rules: ['T6'],
  apply(draft) {
    delete draft['status'];
  },
};
