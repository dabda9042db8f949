import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectName } from '../kube/object-names.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckContext, PodTemplate } from './need-types.ts';
import { nodeDemand } from './node-match.ts';
import { usersByName } from './users-by-name.ts';

/** Whether the destination has a node for every pod that demands certain node labels. */
export const checkNodeLabels: Check = async (context) => {
  if (!context.templates.some(({ spec }) => nodeDemand(spec) !== undefined)) return [];
  const listed = await context.lister.list(
    'dest',
    'nodes',
    'whether nodes have the labels that pods require',
  );
  return listed.state === 'listed' ? nodeFindings(context, context.templates, listed.objects) : [];
};

/** Findings about demands that none of the nodes meets, one for each demand. Pure. */
export const nodeFindings = (
  { dest, destNamespace }: Pick<CheckContext, 'destNamespace'> & { dest: NamedCluster },
  templates: readonly PodTemplate[],
  nodes: readonly KubeObject[],
): Finding[] => {
  const unmet = templates.flatMap(({ object, spec }) => {
    const demand = nodeDemand(spec);
    if (demand === undefined || nodes.some((node) => demand.matches(node))) return [];
    return [{ name: demand.text, user: objectName(object) }];
  });
  return usersByName(unmet).map(([demand, users]) => ({
    level: 'warn',
    id: 'node-labels-missing',
    subject: demand,
    message:
      `No node of context ${dest.context} matches ${demand}, which is required by ` +
      `${nameList(users.sort())} in namespace ${destNamespace}: its pods stay Pending unless such a node is added. ` +
      `List the labels with: ${kubectl(dest, 'get', 'nodes', '--show-labels')}`,
  }));
};
