import { clause, count } from '../../common/sentences.ts';
import { isAboutGrants, isAboutRights } from '../../kube/about-rights.ts';
import { objectName } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import type { AppliedRow } from '../../pipeline/apply-plan.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/** Whether the stage that a cutover begins with would go through: nothing is left out, and the server takes it all. */
export const checkCopy: CheckRow = {
  id: 'copy',
  passed: 'The server accepts everything to be staged.',
  run: (context) => copyRows(context),
};

/** What the plan and its dry run say, less what a missing right explains. Pure. */
const copyRows = ({ copy, to, input }: Pick<CheckContext, 'copy' | 'to' | 'input'>): Finding[] => {
  if (copy === undefined) return [];
  const level = input.stageOptions?.keepGoing === true ? 'warn' : 'refuse';
  const mayNotList = copy.collected.unlisted.length > 0;
  // What is on its way out has a check of its own.
  const refused = copy.prepared.flatMap(({ source, verdict, leaving }) =>
    verdict.kind === 'refuse' &&
    leaving === undefined &&
    !(mayNotList && /cannot be listed/.test(verdict.reason))
      ? [
          finding(
            'copy',
            level,
            objectName(source),
            `${objectName(source)} cannot be staged: ${clause(verdict.reason)}.`,
          ),
        ]
      : [],
  );
  const denied = copy.dryRun.refused
    .filter(({ outcome: { failure } }) => !isAboutRights(failure) && !isAboutGrants(failure))
    .map((applied) =>
      finding(
        'copy',
        level,
        nameOf(applied),
        `The server refuses ${nameOf(applied)} in ${whereIs(to.side)}: ${clause(applied.outcome.reason ?? '')}.`,
      ),
    );
  const { unknown } = copy.dryRun;
  const open =
    unknown.length === 0
      ? []
      : [
          finding(
            'copy',
            'unknown',
            count(unknown.length, 'object'),
            `Could not check ${count(unknown.length, 'object')} with the server, such as ${nameOf(unknown[0] as AppliedRow)}: ${clause(unknown[0]?.outcome.reason ?? '')}.`,
          ),
        ];
  const findings = copy.findings;
  return [...refused, ...denied, ...open, ...findings];
};

const nameOf = ({ item }: AppliedRow): string => objectName(item.whole);
