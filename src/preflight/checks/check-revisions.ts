import { objectKey, objectName, refKey } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { revisionProblems } from '../../sides/revision-problems.ts';
import { whereIs } from '../../sides/side.ts';
import { isPaused } from '../../workloads/revisions.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/** Whether a stop and a start bring back what runs: pods of an older revision come back only where that is asked for. */
export const checkRevisions: CheckRow = {
  id: 'revisions',
  passed: 'Every running pod has the current template of its workload.',
  run: (context) => {
    const { from, survey, input } = context;
    if (from === undefined || survey === undefined) return [];
    const ignored = input.options.ignoreRevisions;
    const problems = revisionProblems(from.side, survey, [...from.objects, ...context.revisions], {
      servingRevisions: input.options.servingRevisions,
      makesCopies: input.kind === 'cutover',
    });
    const named = new Set(problems.map(({ subject }) => subject));
    return [
      ...problems.map(({ subject, message, hint, isSolved }) =>
        ignored || isSolved
          ? finding('revisions', 'warn', subject, message)
          : finding('revisions', 'unsafe', subject, message, hint),
      ),
      ...pausedRows(context).filter(({ subject }) => !named.has(subject)),
    ];
  },
};

// At home everything is as it was; only a copy is made without the pause.
const pausedRows = ({ from, to, survey, input }: CheckContext): Finding[] => {
  if (input.kind !== 'cutover' || from === undefined || survey === undefined) return [];
  const stopped = new Set(survey.entries.map(refKey));
  return from.objects
    .filter((object) => stopped.has(objectKey(object)) && isPaused(object))
    .map((object) =>
      finding(
        'revisions',
        'warn',
        objectName(object),
        `The rollout of ${objectName(object)} in ${whereIs(from.side)} is paused; its copy in ${whereIs(to.side)} is not, as a paused one would start nothing.`,
      ),
    );
};
