import { clause, count } from '../../common/sentences.ts';
import { finding } from '../../needs/findings.ts';
import { whereIs } from '../../sides/side.ts';
import { enoughOf, unreadyAmong } from '../../sides/unready-workloads.ts';
import type { CheckRow } from '../preflight-types.ts';

/** Whether all that runs is ready: on the other side no more is waited for than is here. */
export const checkUnready: CheckRow = {
  id: 'unready',
  passed: 'Everything that runs is ready.',
  run: ({ from, survey }) => {
    if (from === undefined || survey === undefined) return [];
    return unreadyAmong(survey.entries, from.objects, from.side.cluster.now()).map(
      ({ entry, reason, readyPods }) => {
        const enough = enoughOf({ ...entry, unready: true, readyPods }, entry.plan.replicas) ?? 0;
        return finding(
          'unready',
          'warn',
          `${entry.kind} ${entry.name}`,
          `${entry.kind} ${entry.name} in ${whereIs(from.side)} is not ready (${clause(reason)}); ${
            enough === 0
              ? 'the move does not wait for it after its start'
              : `after its start the move waits until ${count(enough, 'pod')} ${enough === 1 ? 'is' : 'are'} ready`
          }.`,
        );
      },
    );
  },
};
