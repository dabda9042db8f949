import { kubectl } from '../../common/command-line.ts';
import { nameList } from '../../common/sentences.ts';
import { finding } from '../../needs/findings.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckRow } from '../preflight-types.ts';

/** Whether pods run that no patch can stop, because nothing owns them. */
export const checkBarePods: CheckRow = {
  id: 'bare-pods',
  passed: 'Every running pod belongs to a workload.',
  run: ({ from, survey, input }) => {
    if (from === undefined || survey === undefined || survey.barePods.length === 0) return [];
    const ignored = input.options.ignoreBarePods;
    const isOne = survey.barePods.length === 1;
    const goesOn = isOne ? 'it keeps running' : 'they keep running';
    const names = nameList(survey.barePods.map((name) => `Pod ${name}`));
    return [
      finding(
        'bare-pods',
        ignored ? 'warn' : 'unsafe',
        names,
        `${names} in ${whereIs(from.side)} ${isOne ? 'has' : 'have'} no owner, so nothing can stop ${isOne ? 'it' : 'them'}${
          ignored
            ? `: ${goesOn} beside the other side`
            : ` without deleting ${isOne ? 'it' : 'them'} for good`
        }.`,
        ignored
          ? undefined
          : `Leave ${isOne ? 'it' : 'them'} running with --ignore-bare-pods, or delete ${isOne ? 'it' : 'them'}: ${kubectl(from.side, 'delete', 'pod', ...survey.barePods)}`,
      ),
    ];
  },
};
