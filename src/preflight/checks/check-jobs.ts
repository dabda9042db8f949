import { nameList } from '../../common/sentences.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import type { Survey } from '../../sides/baseline.ts';
import { whereIs } from '../../sides/side.ts';
import type { MoveOptions, MoveSide } from '../../sides/side-types.ts';
import type { CheckRow } from '../preflight-types.ts';

/** What becomes of the Jobs that run, by the choice of --jobs. */
export const checkJobs: CheckRow = {
  id: 'running-jobs',
  passed: 'No running Job blocks the move.',
  run: ({ from, survey, input }) =>
    from === undefined || survey === undefined ? [] : jobRows(from.side, survey, input.options.jobs),
};

/** What there is to say about running Jobs. Pure. */
const jobRows = (
  side: MoveSide,
  { runningJobs, entries }: Pick<Survey, 'runningJobs' | 'entries'>,
  choice: MoveOptions['jobs'],
): Finding[] => {
  if (runningJobs.length === 0) return [];
  const say = (names: readonly string[], level: Finding['level'], clause: string, hint?: string) => {
    const subject = nameList(names.map((name) => `Job ${name}`));
    const verb = names.length === 1 ? 'runs' : 'run';
    return finding('running-jobs', level, subject, `${subject} ${verb} in ${whereIs(side)}${clause}.`, hint);
  };
  switch (choice) {
    case 'fail':
      return [
        say(
          runningJobs,
          'refuse',
          '',
          'Choose what happens to them: --jobs wait (until they finish), --jobs suspend (their pods end, and start again on the other side), or --jobs leave (they keep running beside the other side).',
        ),
      ];
    case 'wait':
      return [say(runningJobs, 'info', '; the move waits until they finish')];
    case 'leave':
      return [say(runningJobs, 'warn', ', left running beside the other side')];
    case 'suspend': {
      const stoppable = new Set(entries.filter(({ kind }) => kind === 'Job').map(({ name }) => name));
      const [own, made] = [
        runningJobs.filter((name) => stoppable.has(name)),
        runningJobs.filter((name) => !stoppable.has(name)),
      ];
      return [
        ...(own.length === 0 ? [] : [say(own, 'warn', ': suspended, so their pods end unfinished')]),
        ...(made.length === 0
          ? []
          : [
              say(
                made,
                'refuse',
                ' for a CronJob or another owner, and cannot be suspended alone',
                'Use --jobs wait, or delete these Jobs.',
              ),
            ]),
      ];
    }
  }
};
