import { clause, nameList } from '../../common/sentences.ts';
import { isAboutRights } from '../../kube/about-rights.ts';
import { objectName } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/**
 * What `stage --include-cluster-needs` would create outside the namespace, and whether the server takes it. The move itself
 * creates none of it, so what is missing is refused by the other checks all the same.
 */
export const checkBroughtNeeds: CheckRow = {
  id: 'cluster-needs',
  passed: 'The server accepts what stage --include-cluster-needs would create.',
  run: (context) => needsRows(context),
};

/** The rows about the needs that were tried in dry runs, less what a missing right explains. Pure. */
const needsRows = ({ copy, to }: Pick<CheckContext, 'copy' | 'to'>): Finding[] => {
  const tried = copy?.clusterNeeds;
  if (tried === undefined || tried.length === 0) return [];
  const { context } = to.side.cluster;
  const names = tried.map(({ need }) => objectName(need.body));
  const refused = tried.filter(({ action, failure }) => action === 'failed' && !isAboutRights(failure));
  return [
    finding(
      'cluster-needs',
      'info',
      `context ${context}`,
      `stage --include-cluster-needs would create ${nameList(names)} in context ${context}.`,
    ),
    ...refused.map(({ need, reason }) =>
      finding(
        'cluster-needs',
        'refuse',
        objectName(need.body),
        `${objectName(need.body)} cannot be created in context ${context}: ${clause(reason)}.`,
      ),
    ),
  ];
};
