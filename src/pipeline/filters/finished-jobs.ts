import { skip } from '../../common/verdict.ts';
import { groupKind } from '../../kube/object-names.ts';
import { objectsAt } from '../../kube/raw-json.ts';
import type { Filter } from '../pipeline-types.ts';

// The first of each pair comes a moment earlier, while the last pods end; neither is ever taken back.
const COMPLETED = ['SuccessCriteriaMet', 'Complete'];
const FAILED = ['FailureTarget', 'Failed'];

/** Leaves out Jobs that are over: a copy would do their work a second time. */
export const finishedJobs: Filter = {
  name: 'finished-jobs',
  rules: ['F38'],
  evaluate(object) {
    if (groupKind(object) !== 'Job.batch') return undefined;
    const has = (types: readonly string[]): boolean =>
      objectsAt(object, 'status', 'conditions').some(
        ({ type, status }) => typeof type === 'string' && types.includes(type) && status === 'True',
      );
    if (has(COMPLETED)) return skip('the Job has completed; a copy would run again');
    if (has(FAILED)) return skip('the Job has failed; a copy would run again');
    return undefined;
  },
};
