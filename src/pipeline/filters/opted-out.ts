import { IGNORE } from '../../common/annotations.ts';
import { skip, warn } from '../../common/verdict.ts';
import type { Filter } from '../pipeline-types.ts';
import { annotationOf, labelOf } from './label-values.ts';

// Velero reads this one as a label only, and a namespace prepared for Velero means the same here.
const VELERO_EXCLUDE = 'velero.io/exclude-from-backup';

/**
 * Leaves out what the user marked, by label or annotation. A value that is neither `true` nor `false` leaves nothing
 * out, but it is reported: somebody meant something by it.
 */
export const optedOut: Filter = {
  name: 'opted-out',
  rules: ['F10'],
  evaluate(object) {
    const marks = [labelOf(object, IGNORE), annotationOf(object, IGNORE)];
    if (marks.includes('true')) return skip(`it is marked ${IGNORE}=true`);
    if (labelOf(object, VELERO_EXCLUDE) === 'true') return skip(`it is marked ${VELERO_EXCLUDE}=true`);
    const odd = marks.find((value) => value !== undefined && value !== 'false');
    return odd === undefined
      ? undefined
      : warn(`its ${IGNORE} is ${JSON.stringify(odd)}, and only "true" leaves an object out`);
  },
};
