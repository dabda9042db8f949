import { count } from '../../common/sentences.ts';
import { objectName } from '../../kube/object-names.ts';
import { numberAt } from '../../kube/raw-json.ts';
import { row, whereIs } from '../finding-row.ts';
import type { CheckRow, PreflightCheck } from '../preflight-types.ts';

/** Whether a workload says of itself that it is up late, or given up early. */
export const checkSlowStart: CheckRow = {
  id: 'slow-start',
  passed: 'No workload asks for more time than it is given.',
  run: ({ starters, to, input }) => {
    const limit = input.options.waitTimeoutMs / 1000;
    return starters.flatMap(({ object, pods }): PreflightCheck[] => {
      if (pods === 0) return [];
      const name = objectName(object);
      const held = numberAt(object, 'spec', 'minReadySeconds') ?? 0;
      const deadline = numberAt(object, 'spec', 'progressDeadlineSeconds') ?? limit;
      const where = `${name} in ${whereIs(to.side)}`;
      if (held >= limit)
        return [
          row(
            'slow-start',
            'warn',
            name,
            `${where} counts as available ${count(held, 'second')} after its pods are ready (minReadySeconds), and is waited for ${count(limit, 'second')}.`,
            `Wait longer with --wait-timeout ${Math.ceil(held + limit)}s.`,
          ),
        ];
      const rows: PreflightCheck[] = [];
      if (held > 0)
        rows.push(
          row(
            'slow-start',
            held < SHORT_SECONDS ? 'info' : 'warn',
            name,
            `${where} counts as available ${count(held, 'second')} after its pods are ready (minReadySeconds); the move takes that much longer.`,
          ),
        );
      if (deadline < limit)
        rows.push(
          row(
            'slow-start',
            'info',
            name,
            `${where} is given up by its controller after ${count(deadline, 'second')} without progress (progressDeadlineSeconds), and by the move with it.`,
          ),
        );
      return rows;
    });
  },
};

const SHORT_SECONDS = 30;
