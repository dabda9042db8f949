import { ONE_SHOT } from '../../common/annotations.ts';
import { refuse, skip } from '../../common/verdict.ts';
import { oneShotMark, oneShotOf } from '../one-shot.ts';
import type { Filter } from '../pipeline-types.ts';

/**
 * Leaves out custom resources that are done once and are over: runs, backups, restores. A copy has no status, so its
 * operator would do the work a second time, at the side that is parked.
 */
export const finishedRuns: Filter = {
  name: 'finished-runs',
  rules: ['F38'],
  evaluate(object, context) {
    const run = oneShotOf(object, { isLasting: context.isLasting, kinds: context.oneShotKinds });
    if (run?.state === 'over') {
      const why = `it has finished (${run.sign}); a copy would run again`;
      return skip(run.isKnown ? why : `${why}; if it must be copied, mark it ${ONE_SHOT}=false`);
    }
    const mark = oneShotMark(object);
    return mark === undefined || mark === 'true' || mark === 'false'
      ? undefined
      : refuse(`its ${ONE_SHOT} is ${JSON.stringify(mark)}; set it to "true" or "false", or remove it`);
  },
};
