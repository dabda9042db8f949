import { drSyncer } from '../../common/command-line.ts';
import { nameList } from '../../common/sentences.ts';
import { finding } from '../../needs/findings.ts';
import { remainingPods } from '../../sides/see-empty.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckRow } from '../preflight-types.ts';

/** Whether the side that a failback is to start runs already, because something has started it again. */
export const checkReturned: CheckRow = {
  id: 'runs-already',
  passed: 'The side to be started is not running.',
  run: ({ to, input }) => {
    if (input.kind !== 'failback') return [];
    const running = remainingPods(to.objects, { ignoreBarePods: true, ignoreJobs: true });
    if (running.length === 0) return [];
    const names = nameList(running.map(({ root }) => `${root.kind} ${root.name}`));
    return [
      finding(
        'runs-already',
        'refuse',
        names,
        `Pods of ${names} run in ${whereIs(to.side)}, although the other side is the live side.`,
        `Stop them first and keep their replica counts: ${drSyncer('fence', input)}`,
      ),
    ];
  },
};
