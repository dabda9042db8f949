import { count } from '../../common/sentences.ts';
import { objectName } from '../../kube/object-names.ts';
import { numberAt } from '../../kube/raw-json.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckRow } from '../preflight-types.ts';

/** Whether a workload says of itself that it is up late, or given up early. */
export const checkSlowStart: CheckRow = {
  id: 'slow-start',
  passed: 'No workload needs more time to start than the move waits.',
  run: ({ starters, to, input }) => {
    const limit = input.options.waitTimeoutMs / 1000;
    return starters.flatMap(({ object, pods }): Finding[] => {
      if (pods === 0) return [];
      const name = objectName(object);
      const held = numberAt(object, 'spec', 'minReadySeconds') ?? 0;
      const deadline = numberAt(object, 'spec', 'progressDeadlineSeconds') ?? limit;
      const where = `${name} in ${whereIs(to.side)}`;
      if (held >= limit)
        return [
          finding(
            'slow-start',
            'warn',
            name,
            `${where} counts as available ${count(held, 'second')} after its pods are ready (minReadySeconds), but the move waits only ${count(limit, 'second')}.`,
            `Wait longer with --wait-timeout ${Math.ceil(held + limit)}s.`,
          ),
        ];
      const rows: Finding[] = [];
      if (held > 0)
        rows.push(
          finding(
            'slow-start',
            held < SHORT_SECONDS ? 'info' : 'warn',
            name,
            `${where} counts as available ${count(held, 'second')} after its pods are ready (minReadySeconds); the move takes that much longer.`,
          ),
        );
      if (deadline < limit)
        rows.push(
          finding(
            'slow-start',
            'info',
            name,
            `The controller of ${where} gives up after ${count(deadline, 'second')} without progress (progressDeadlineSeconds), and so does the move.`,
          ),
        );
      return rows;
    });
  },
};

const SHORT_SECONDS = 30;
